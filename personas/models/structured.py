"""Ways to make a hosted model answer in a schema, and what came back of each.

Servers that speak OpenAI's protocol differ: one answers HTTP 500 to `json_schema`, another ignores it, a third knows
tools only. `Method` names the ways, `request` builds one, `read_answer` reads the answer, whichever it was.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from persona_kit.records import Record
from personas.models.completion import Completion

if TYPE_CHECKING:  # a run whose answers are all stored asks nobody, and need not wait for LangChain to load
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessage, BaseMessage
    from langchain_core.runnables import Runnable

Method = Literal["json_schema", "function_calling", "json_object_schema", "prompt"]
"""`json_object_schema`: JSON mode with the schema beside it; `prompt`: the schema stands in the prompt, and nothing
holds the model to it."""

OPENAI_METHODS: tuple[Method, ...] = ("json_schema", "function_calling", "json_object_schema")
OTHER_METHODS: tuple[Method, ...] = ("function_calling",)
"""The one way that LangChain gives every provider."""

_CUT = frozenset({"length", "max_tokens", "MAX_TOKENS"})
_DECLINED = frozenset({"content_filter", "refusal", "SAFETY", "PROHIBITED_CONTENT"})
_BOUNDS = frozenset([
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minItems",
    "maxItems",
])
_OBJECT = re.compile(r"\{.*\}", re.DOTALL)


class StructuredPlan(Record):
    """How a server is asked, found out once."""

    method: Method
    constrained: bool
    """Whether the server was seen to hold the model to a schema against what the prompt asked for."""
    left_out: tuple[str, ...] = ()
    """Parameters the server refuses, such as `temperature`."""


def request(
    model: BaseChatModel, schema: Mapping[str, Any], *, name: str, method: Method
) -> Runnable[Sequence[BaseMessage], Any]:
    """The model bound to answer in the schema by the method."""
    if method == "json_schema":
        form = {"name": name, "schema": _without_bounds(schema), "strict": True}
        return model.bind(response_format={"type": "json_schema", "json_schema": form})
    if method == "json_object_schema":
        return model.bind(response_format={"type": "json_object", "schema": schema})
    if method == "function_calling":
        function = {"name": name, "description": "Gives the answer.", "parameters": schema}
        return model.bind_tools([{"type": "function", "function": function}], tool_choice=name)
    return model


def _without_bounds(node: Any, *, named: bool = False) -> Any:
    """A copy without what OpenAI's strict mode answers with HTTP 400; Pydantic holds the answer to it all the same."""
    if isinstance(node, list):
        return [_without_bounds(item) for item in node]
    if not isinstance(node, Mapping):
        return node
    return {
        key: _without_bounds(value, named=not named and key in {"properties", "$defs"})
        for key, value in node.items()
        if named or key not in _BOUNDS
    }


def with_schema_in_prompt(messages: Sequence[BaseMessage], schema: Mapping[str, Any]) -> list[BaseMessage]:
    """The messages with the schema at the end of the last one, for models that nothing else tells of it."""
    from langchain_core.messages import HumanMessage

    note = f"Answer with one JSON object that fits this JSON Schema, and nothing else:\n{json.dumps(schema)}"
    *before, last = messages
    return [*before, HumanMessage(f"{last.text}\n\n{note}")]


def read_answer(message: Any, *, max_tokens: int) -> Completion:
    """The completion in a model's answer, by whichever method it was asked."""
    from langchain_core.messages import AIMessage

    if not isinstance(message, AIMessage):
        raise TypeError(f"a chat model answered with {type(message).__name__}")
    usage = message.usage_metadata
    completion_tokens = usage["output_tokens"] if usage else 0
    text = _json_text(message)
    return Completion(
        text=text,
        finish=_finish(message, text, at_limit=completion_tokens >= max_tokens),
        prompt_tokens=usage["input_tokens"] if usage else 0,
        completion_tokens=completion_tokens,
    )


def _json_text(message: AIMessage) -> str:
    if message.tool_calls:
        return json.dumps(message.tool_calls[0]["args"], ensure_ascii=False)
    if message.invalid_tool_calls:
        return message.invalid_tool_calls[0]["args"] or ""
    text = str(message.text)
    # Models that are only asked in words like to wrap the object in a fence or a sentence.
    found = _OBJECT.search(text)
    return found[0] if found else text


def _finish(message: AIMessage, text: str, *, at_limit: bool) -> Literal["stop", "length", "refused"]:
    reasons = {str(message.response_metadata.get(name)) for name in ("finish_reason", "stop_reason")}
    if message.additional_kwargs.get("refusal") or reasons & _DECLINED:
        return "refused"
    # A tool call that was cut comes back as an invalid one, with `tool_calls` as its reason to finish; so does one that
    # is no JSON. Only the token count tells them apart.
    uncounted = bool(message.invalid_tool_calls) and not message.usage_metadata
    if reasons & _CUT or ((at_limit or uncounted) and not _is_json(text)):
        return "length"
    return "stop"


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True

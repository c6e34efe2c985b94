"""A chat model whose answers are written by a function: for tests, demonstrations and rehearsals without a model."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import BaseModel, PrivateAttr

from persona_kit.errors import PromptTooLong
from personas.models.completion import ALL_LANGUAGES, Cancelled, Completion, Profile, Sampling
from personas.models.grammar import answer_schema
from personas.models.prices import FREE, Price

if TYPE_CHECKING:
    from retrieval.documents import Language

Script = Callable[[Sequence[BaseMessage], Mapping[str, Any]], str]
"""From the messages and the answer's JSON Schema to the answer's text; it may raise what a model raises."""

CHARACTERS_PER_TOKEN = 4
"""A scripted token is this many characters, counted up."""


class ScriptedChatModel(BaseChatModel):
    """A LangChain chat model that answers what its script says; counts tokens and keeps limits like a real one."""

    script: Script
    n_ctx: int = 32_768
    max_tokens: int = 512

    _lock: threading.Lock = PrivateAttr(default_factory=threading.Lock)
    _asked: list[list[BaseMessage]] = PrivateAttr(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "personas-scripted"

    @property
    def asked(self) -> list[list[BaseMessage]]:
        """The messages of every call so far."""
        with self._lock:
            return list(self._asked)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        *,
        response_schema: Mapping[str, Any] | None = None,
        max_tokens: int | None = None,
        **_sampling: Any,
    ) -> ChatResult:
        limit = max_tokens or self.max_tokens
        prompt_tokens = sum(_tokens(str(message.text)) for message in messages)
        if prompt_tokens + limit > self.n_ctx:
            raise PromptTooLong(
                f"the prompt has {prompt_tokens} tokens and {limit} are kept for the answer, "
                f"but the model's window holds {self.n_ctx}",
                where="scripted",
                mend="give less evidence at a time, or use a model with a larger window",
            )
        with self._lock:
            self._asked.append(messages)
        text = self.script(messages, response_schema or {})
        finish = "stop" if _tokens(text) <= limit else "length"
        text = text[: limit * CHARACTERS_PER_TOKEN]
        usage = UsageMetadata(
            input_tokens=prompt_tokens, output_tokens=_tokens(text), total_tokens=prompt_tokens + _tokens(text)
        )
        message = AIMessage(content=text, usage_metadata=usage, response_metadata={"finish_reason": finish})
        return ChatResult(generations=[ChatGeneration(message=message)])


class ScriptedCompleter:
    """A scripted chat model behind an engine: ``Engine("scripted", ScriptedCompleter(ScriptedChatModel(script=f)))``.

    Args:
        chat: the model.
        identity: change it to keep its stored answers apart from another script's.
        profile: which prompts it is given.
        hosted: whether it counts as a model that prompts leave the machine for.
        languages: what it pretends to be good enough in.
        price: what it pretends to cost; None: not known.
    """

    structured_method = "script"

    def __init__(
        self,
        chat: ScriptedChatModel,
        *,
        identity: str = "scripted",
        profile: Profile = "large",
        hosted: bool = False,
        languages: frozenset[Language] = ALL_LANGUAGES,
        price: Price | None = FREE,
    ) -> None:
        self.chat = chat
        self.identity = identity
        self.profile = profile
        self.hosted = hosted
        self.languages = languages
        self.price = price
        self._cancelled = threading.Event()

    @property
    def context_tokens(self) -> int:
        """Size of the pretended context window."""
        return self.chat.n_ctx

    def prompt_tokens(self, messages: Sequence[BaseMessage], schema: type[BaseModel]) -> int:
        """Scripted tokens of the messages; the schema takes none."""
        return sum(_tokens(str(message.text)) for message in messages)

    def prompt_tokens_at_most(self, messages: Sequence[BaseMessage], schema: type[BaseModel]) -> int:
        """The same: the count is exact."""
        return self.prompt_tokens(messages, schema)

    def complete(
        self, messages: Sequence[BaseMessage], schema: type[BaseModel], sampling: Sampling, *, limit_s: float
    ) -> Completion:
        """The script's answer, however long it takes."""
        if self._cancelled.is_set():
            raise Cancelled("the call was cancelled")
        message = self.chat.invoke(
            list(messages),
            response_schema=answer_schema(schema),
            seed=sampling.seed,
            max_tokens=sampling.max_tokens,
            temperature=sampling.temperature,
        )
        usage = message.usage_metadata
        assert usage is not None
        return Completion(
            text=str(message.text),
            finish="length" if message.response_metadata["finish_reason"] == "length" else "stop",
            prompt_tokens=usage["input_tokens"],
            completion_tokens=usage["output_tokens"],
            cost_usd=self.price.cost_usd(usage["input_tokens"], usage["output_tokens"]) if self.price else None,
        )

    def cancel(self) -> None:
        """No further call is answered."""
        self._cancelled.set()

    def close(self) -> None:
        """Nothing to give back."""


def _tokens(text: str) -> int:
    return -(-len(text) // CHARACTERS_PER_TOKEN)

"""An engine that LangChain's `init_chat_model` opens, over a real connection: Azure's, whose package is installed."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from benchmarks.fault_server import Fault, FaultServer
from persona_kit.errors import MalformedAnswer, ModelError, RefusedAnswer, TruncatedAnswer
from personas.models import Engine, open_engine
from personas.models.governor import Governor, Limits
from personas.models.ledger import PREPARING
from personas.models.provider_errors import ProviderError
from personas.models.retrying import CallTimedOut, RetryPolicy
from prompts.loader import Message, RenderedPrompt

KEY = "a-key-that-nobody-may-see"
PROMPT = RenderedPrompt(
    name="word", version="1", variant="full", template_sha256="", messages=(Message(role="user", text="question"),)
)
Opened = Callable[..., tuple[Engine, FaultServer]]


class Word(BaseModel):
    """The answer."""

    word: str


def script(messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any]) -> str:
    return json.dumps({"word": f"answer to {messages[-1]['content']}"})


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opened]:
    """Opens an engine over a server of these faults; how it is asked is found out before the faults begin."""
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_API_VERSION", "2024-10-21")
    servers: list[FaultServer] = []

    def opening(*plan: Fault | None, limits: Limits | None = None) -> tuple[Engine, FaultServer]:
        server = FaultServer(script, stall_s=5.0)
        servers.append(server)
        monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", server.__enter__().url.removesuffix("/v1"))
        engine = open_engine(
            "azure_openai:script", responses=tmp_path / "responses.sqlite3", governor=Governor(limits), price="1/2"
        )
        engine._retries = RetryPolicy(base_s=0.01, chance=random.Random(0))
        engine._completer.prepare(lambda request: request.send(), limit_s=20)  # type: ignore[attr-defined]
        server.served.requests, server._plan = 0, list(plan)
        return engine, server

    yield opening
    for server in servers:
        server.__exit__()


def ask(engine: Engine) -> str:
    return engine.ask(PROMPT, Word, seed=1, max_tokens=50, temperature=0.3).value.word


def test_it_is_asked_through_a_tool_and_what_it_answered_is_counted_and_kept(opened: Opened) -> None:
    engine, server = opened()
    assert engine.hosted
    assert engine.structured_method == "function_calling"
    assert ask(engine) == ask(engine) == "answer to question"
    assert server.served.requests == 1
    (sent,) = server.served.bodies[-1:]
    assert [tool["function"]["name"] for tool in sent["tools"]] == ["Word"]
    assert sent["temperature"] == 0.3
    assert not sent.get("stream")
    assert 50 in (sent.get("max_tokens"), sent.get("max_completion_tokens"))
    totals = engine.ledger.stages["word"]
    assert (totals.made, totals.reused, totals.failed) == (1, 1, 0)
    assert totals.prompt_tokens > 0
    assert totals.cost_usd == pytest.approx((totals.prompt_tokens + 2 * totals.completion_tokens) / 1e6)


def test_how_it_is_asked_is_remembered(opened: Opened) -> None:
    first, _ = opened()
    assert first.ledger.stages.get(PREPARING) is None  # found out by the fixture, outside of the engine
    again, server = opened()
    assert ask(again) == "answer to question"
    assert server.served.requests == 1


@pytest.mark.parametrize("fault", ["429", "500", "503", "dropped", "half", "invalid json", "wrong schema", "empty"])
def test_a_fault_that_passes_costs_one_more_call(fault: Fault, opened: Opened) -> None:
    engine, server = opened(fault, None)
    assert ask(engine) == "answer to question"
    assert server.served.requests == 2
    assert (engine.ledger.total.made, engine.ledger.total.failed) == (1, 1)


@pytest.mark.parametrize(
    ("fault", "calls", "error"),
    [
        ("429", 4, ProviderError),
        ("dropped", 4, ProviderError),
        ("wrong schema", 4, MalformedAnswer),
        ("empty", 4, RefusedAnswer),
        ("refusal", 1, RefusedAnswer),
        ("truncated", 2, TruncatedAnswer),
    ],
)
def test_what_goes_wrong_is_told_apart_and_the_key_stands_in_no_message(
    fault: Fault, calls: int, error: type[ModelError], opened: Opened
) -> None:
    engine, server = opened(*[fault] * 6)
    with pytest.raises(error) as failure:
        ask(engine)
    assert server.served.requests == calls
    assert KEY not in failure.value.message


def test_a_stalled_call_ends_at_its_time_limit(opened: Opened) -> None:
    engine, server = opened("stall", "stall", limits=Limits(call_timeout_s=0.5))
    engine._retries = RetryPolicy(attempts=2, base_s=0.01)
    with pytest.raises(CallTimedOut):
        ask(engine)
    assert server.served.requests == 2

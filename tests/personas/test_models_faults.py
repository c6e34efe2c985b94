"""A hosted model's bad days, over a real connection: each fault told apart, calls bounded, nothing hangs."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from benchmarks.fault_server import FAULTS, Fault, FaultServer
from persona_kit.concurrency import map_concurrently
from persona_kit.errors import (
    BudgetExhausted,
    MalformedAnswer,
    ModelError,
    RefusedAnswer,
    TruncatedAnswer,
    UsageError,
)
from persona_kit.response_store import ResponseStore
from personas.models import hosted, open_engine, provider_errors
from personas.models.engine import Engine
from personas.models.governor import Allowance, CallsSpent, Governor, Limits
from personas.models.ledger import PREPARING
from personas.models.provider_errors import ProviderError
from personas.models.retrying import CallTimedOut, RetryPolicy
from personas.models.structured import StructuredPlan
from prompts.loader import Message, RenderedPrompt

PATIENT = Limits(max_concurrency=16, call_timeout_s=20)


class Word(BaseModel):
    """The answer."""

    word: str


def script(messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any]) -> str:
    return json.dumps({"word": f"answer to {messages[-1]['content']}"})


def prompt(text: str) -> RenderedPrompt:
    return RenderedPrompt(
        name="word", version="1", variant="full", template_sha256="", messages=(Message(role="user", text=text),)
    )


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "not-a-secret")


def hurried(engine: Engine) -> Engine:
    """The engine with shorter pauses, so that the tests do not wait."""
    engine._retries = RetryPolicy(base_s=0.01, chance=random.Random(0))
    return engine


def ask(engine: Engine, text: str = "question", **options: Any) -> str:
    return engine.ask(prompt(text), Word, seed=1, max_tokens=options.pop("max_tokens", 50), **options).value.word


@pytest.fixture
def facts(tmp_path: Path) -> Path:
    """A store that knows how the server is asked, so that plans count real calls only."""
    return tmp_path / "responses.sqlite3"


def opened(server: FaultServer, facts: Path, limits: Limits = PATIENT) -> Engine:
    engine = open_engine("openai:script", base_url=server.url, responses=facts, governor=Governor(limits))
    # Found out before the server's plan of faults begins.
    engine._completer.prepare(lambda request: request.send(), limit_s=20)  # type: ignore[attr-defined]
    server.served.requests = 0
    return hurried(engine)


@pytest.mark.parametrize("fault", ["429", "500", "503", "dropped", "half", "invalid json", "wrong schema", "empty"])
def test_a_fault_that_passes_costs_one_more_call(fault: Fault, facts: Path) -> None:
    with FaultServer(script) as server, opened(server, facts) as engine:
        server._plan = [fault, None]
        assert ask(engine) == "answer to question"
        assert server.served.requests == 2
        totals = engine.ledger.stages["word"]
        assert (totals.made, totals.failed) == (1, 1)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("429", ProviderError),
        ("500", ProviderError),
        ("dropped", ProviderError),
        ("half", ProviderError),
        ("invalid json", (MalformedAnswer, TruncatedAnswer)),
        ("wrong schema", MalformedAnswer),
        ("empty", RefusedAnswer),
    ],
)
def test_a_fault_that_stays_is_given_up_after_four_calls(fault: Fault, error: type[ModelError], facts: Path) -> None:
    with FaultServer(script) as server, opened(server, facts) as engine:
        server._plan = [fault] * 9
        with pytest.raises(error):
            ask(engine)
        assert 2 <= server.served.requests <= 4
        assert engine.ledger.stages["word"].failed == server.served.requests


def test_a_refusal_is_not_asked_again(facts: Path) -> None:
    with FaultServer(script) as server, opened(server, facts) as engine:
        server._plan = ["refusal"] * 3
        with pytest.raises(RefusedAnswer):
            ask(engine)
        assert server.served.requests == 1


def test_an_answer_that_was_cut_is_asked_for_again_with_more_room(facts: Path) -> None:
    with FaultServer(script) as server, opened(server, facts) as engine:
        server._plan = ["truncated", None]
        assert ask(engine) == "answer to question"
        server._plan = ["truncated"] * 5
        with pytest.raises(TruncatedAnswer, match="100 tokens"):
            ask(engine, "another")
        assert server.served.requests == 4


@pytest.mark.parametrize("fault", ["429 retry-after", "429 date"])
def test_the_wait_that_the_server_asks_for_is_kept(fault: Fault, facts: Path) -> None:
    with FaultServer(script) as server, opened(server, facts) as engine:
        server._plan = [fault, None]
        started = time.monotonic()
        assert ask(engine) == "answer to question"
        # A date has whole seconds: two seconds from now may be a little more than one.
        assert time.monotonic() - started >= 0.9


def test_a_wait_longer_than_the_deadline_is_not_begun(facts: Path) -> None:
    limits = PATIENT.model_copy(update={"deadline_s": 5.0})
    with FaultServer(script) as server, opened(server, facts, limits) as engine:
        engine._retries = RetryPolicy(base_s=400.0, cap_s=400.0, chance=random.Random(0))
        server._plan = ["429"] * 9
        with pytest.raises(ProviderError):
            ask(engine)
        assert server.served.requests == 1


def test_a_storm_of_refusals_ends_at_the_deadline(facts: Path) -> None:
    limits = PATIENT.model_copy(update={"deadline_s": 1.5})
    with FaultServer(script, faults=("429",)) as server, opened(server, facts, limits) as engine:
        server._share = 1.0
        outcomes = map_concurrently(lambda n: ask(engine, f"q{n}"), range(400), workers=16)
        assert any(isinstance(outcome, BudgetExhausted) for outcome in outcomes)
        assert all(isinstance(outcome, ProviderError | BudgetExhausted) for outcome in outcomes)
        assert server.served.requests < 400 * 4


def test_an_account_without_credit_is_not_asked_again(facts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider_errors, "_UNPAID", "fault")  # the code that this server's errors have
    with FaultServer(script) as server, opened(server, facts) as engine:
        server._plan = ["429"] * 4
        with pytest.raises(ProviderError, match="credit"):
            ask(engine)
        assert server.served.requests == 1


def test_more_room_is_given_once_and_only_where_the_window_has_it(facts: Path) -> None:
    with FaultServer(script) as server, opened(server, facts) as engine:
        server._plan = ["503", "truncated", "503", None]
        assert ask(engine, "one", max_tokens=80) == "answer to one"
        assert [body["max_tokens"] for body in server.served.bodies[-4:]] == [80, 80, 160, 160]
        server._plan = ["truncated", "503", "truncated", None]
        with pytest.raises(TruncatedAnswer, match="160 tokens"):
            ask(engine, "two", max_tokens=80)
        server._plan = ["truncated", None]
        with pytest.raises(TruncatedAnswer):
            ask(engine, "three", max_tokens=engine.context_tokens // 2)


def test_a_fault_on_the_way_changes_nothing_that_is_asked(facts: Path) -> None:
    with FaultServer(script) as server, opened(server, facts) as engine:
        server._plan = ["503", "dropped", "wrong schema", None]
        ask(engine)
        first, second, third, fourth = server.served.bodies[-4:]
        assert first == second == third
        assert fourth == {**first, "seed": first["seed"] + 1}


@pytest.mark.parametrize(
    ("limit", "error"), [(3, TruncatedAnswer), (500, MalformedAnswer)], ids=["at its token limit", "below it"]
)
def test_arguments_that_are_no_json_were_cut_only_at_the_token_limit(
    limit: int, error: type[ModelError], facts: Path
) -> None:
    with FaultServer(script) as server, opened(server, facts) as engine:
        completer = engine._completer
        completer._plan = StructuredPlan(method="function_calling", constrained=True)  # type: ignore[attr-defined]
        server._plan = ["invalid json"] * 4
        with pytest.raises(error):
            ask(engine, max_tokens=limit)


def test_a_request_that_was_given_up_ends_by_itself(facts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosted, "GRACE_S", 0.2)
    limits = PATIENT.model_copy(update={"call_timeout_s": 0.2})
    with FaultServer(script, stall_s=60) as server, opened(server, facts, limits) as engine:
        server._plan = ["stall"] * 4
        with pytest.raises(CallTimedOut):
            ask(engine)
        patience = time.monotonic() + 30  # half a stall
        while _calls_under_way() and time.monotonic() < patience:
            time.sleep(0.05)
        assert _calls_under_way() == 0


def _calls_under_way() -> int:
    return sum(thread.name == "model call" for thread in threading.enumerate())


def test_a_stall_while_it_is_found_out_how_to_ask_holds_nobody_up(facts: Path) -> None:
    limits = PATIENT.model_copy(update={"call_timeout_s": 0.5})
    with FaultServer(script, plan=["stall"], stall_s=60) as server:
        engine = hurried(open_engine("openai:script", base_url=server.url, responses=facts, governor=Governor(limits)))
        with engine:
            outcomes = map_concurrently(lambda n: ask(engine, f"q{n}"), range(16), workers=16)
        assert outcomes == [f"answer to q{n}" for n in range(16)]
        preparing = engine.ledger.stages[PREPARING]
        assert (preparing.made, preparing.failed) == (1, 1)
        assert server.served.requests == engine.ledger.total.made + preparing.failed


def test_finding_out_how_to_ask_is_paid_from_the_budget(facts: Path) -> None:
    governor = Governor(PATIENT.model_copy(update={"budget_tokens": 1_000_000}))
    with (
        FaultServer(script) as server,
        open_engine("openai:script", base_url=server.url, responses=facts, governor=governor) as engine,
    ):
        ask(engine)
        assert governor.spent_tokens == server.served.prompt_tokens + server.served.completion_tokens
        assert server.served.requests == engine.ledger.total.made == 2


def test_dollars_are_not_budgeted_without_a_price(facts: Path) -> None:
    governor = Governor(Limits(budget_usd=1.0))
    with pytest.raises(UsageError, match="price"):
        open_engine("openai:script", base_url="http://127.0.0.1:1/v1", responses=facts, governor=governor)
    with open_engine("openai:script", base_url="http://127.0.0.1:1/v1", governor=governor, price="1/2") as engine:
        assert engine.price is not None


def test_a_server_that_nobody_reached_costs_no_budget(facts: Path) -> None:
    governor = Governor(Limits(budget_tokens=100_000))
    with socket.socket() as taken:  # bound but not listening
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        with hurried(open_engine("openai:script", base_url=url, responses=facts, governor=governor)) as engine:
            with pytest.raises(ProviderError):
                ask(engine)
            assert engine.ledger.total.failed == 4
    assert governor.spent_tokens == 0


def test_a_stalled_call_ends_at_its_time_limit(facts: Path) -> None:
    limits = PATIENT.model_copy(update={"call_timeout_s": 0.3})
    with FaultServer(script, stall_s=30) as server, opened(server, facts, limits) as engine:
        server._plan = ["stall"] * 9
        started = time.monotonic()
        with pytest.raises(CallTimedOut):
            ask(engine)
        assert server.served.requests == 4
        assert time.monotonic() - started < 20  # far less than one stall


def test_retries_are_taken_from_the_allowance(facts: Path) -> None:
    with FaultServer(script) as server, opened(server, facts) as engine:
        server._plan = ["500"] * 9
        allowance = Allowance(2)
        with pytest.raises(CallsSpent):
            ask(engine, allowance=allowance)
        assert server.served.requests == allowance.used == 2


def test_what_was_answered_is_not_asked_again_and_what_failed_is(facts: Path) -> None:
    with FaultServer(script) as server:
        with opened(server, facts) as engine:
            server._plan = [None, "503", "503", "503", "503"]
            ask(engine, "one")
            with pytest.raises(ProviderError):
                ask(engine, "two")
        with opened(server, facts) as again:
            assert ask(again, "one") == "answer to one"
            assert server.served.requests == 0
            assert ask(again, "two") == "answer to two"
            assert server.served.requests == 1
            assert again.ledger.total.reused == 1


@pytest.mark.parametrize(
    ("fault", "calls"), [("truncated", 2), ("wrong schema", 4), ("invalid json", 4), ("refusal", 1)]
)
def test_what_the_model_failed_at_fails_again_without_a_call(fault: Fault, calls: int, facts: Path) -> None:
    with FaultServer(script) as server:
        with opened(server, facts) as engine:
            server._plan = [fault] * 9
            with pytest.raises(ModelError) as first:
                ask(engine)
            assert server.served.requests == calls
        with opened(server, facts) as again:
            allowance = Allowance(12)
            with pytest.raises(type(first.value)) as second:
                ask(again, allowance=allowance)
            assert str(second.value) == str(first.value)
            assert server.served.requests == 0
            # Each attempt counts as it did then, so that a run which was killed goes on as it would have.
            assert allowance.used == again.ledger.total.reused == calls
            assert again.ledger.total.failed == 0
        with ResponseStore(facts) as store:
            assert (store.count(kind="answer"), store.count(kind="failure")) == (0, calls)
            store.prune(kinds=("failure",))
        with opened(server, facts) as anew:
            server._plan = []
            assert ask(anew) == "answer to question"
            assert server.served.requests == 1


def test_an_attempt_that_failed_is_not_made_again_on_the_way_to_the_answer(facts: Path) -> None:
    with FaultServer(script) as server:
        for calls, reused in ((3, 0), (0, 3)):
            with opened(server, facts) as engine:
                server._plan = ["wrong schema", "truncated"]
                assert ask(engine) == "answer to question"
                assert (server.served.requests, engine.ledger.total.reused) == (calls, reused)


@pytest.mark.parametrize("fault", ["429", "half", "empty"])
def test_what_went_wrong_on_the_way_is_not_kept(fault: Fault, facts: Path) -> None:
    with FaultServer(script) as server, opened(server, facts) as engine:
        server._plan = [fault] * 4
        with pytest.raises(ModelError):
            ask(engine)
        server._plan = []
        assert ask(engine) == "answer to question"


def test_a_third_of_failures_leaves_calls_bounded_and_nothing_hanging(facts: Path) -> None:
    limits = PATIENT.model_copy(update={"call_timeout_s": 1.0})
    with FaultServer(script, share=0.3, stall_s=3.0, seed=5) as server:
        engine = hurried(open_engine("openai:script", base_url=server.url, responses=facts, governor=Governor(limits)))
        with engine:
            outcomes = map_concurrently(lambda n: ask(engine, f"q{n}"), range(80), workers=16)
        assert {outcome for outcome in outcomes if isinstance(outcome, str)} <= {f"answer to q{n}" for n in range(80)}
        assert sum(isinstance(outcome, str) for outcome in outcomes) >= 60
        assert all(isinstance(outcome, str | ModelError) for outcome in outcomes)
        assert len(server.served.faults) >= len(FAULTS) - 2
        probes = 30
        assert server.served.requests <= 80 * 4 + probes


def test_a_budget_is_not_passed_by_what_the_server_counts(facts: Path) -> None:
    budget = 30_000
    limits = PATIENT.model_copy(update={"budget_tokens": budget})
    faults: tuple[Fault, ...] = ("500", "invalid json", "truncated", "half")
    with FaultServer(script, faults=faults, seed=2) as server, opened(server, facts, limits) as engine:
        server._share = 0.3
        server.served.prompt_tokens = server.served.completion_tokens = 0
        outcomes = map_concurrently(lambda n: ask(engine, f"q{n}" * 50), range(400), workers=16)
        assert any(isinstance(outcome, BudgetExhausted) for outcome in outcomes)
        assert server.served.prompt_tokens + server.served.completion_tokens <= budget


def test_as_many_calls_at_a_time_as_allowed(facts: Path) -> None:
    limits = PATIENT.model_copy(update={"max_concurrency": 5})
    with FaultServer(script, delay_s=0.05) as server, opened(server, facts, limits) as engine:
        map_concurrently(lambda n: ask(engine, f"q{n}"), range(30), workers=16)
        assert server.served.most_at_a_time <= 5
        assert server.served.answered >= 30


INTERRUPTED = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    sys.path.insert(0, sys.argv[3])
    from persona_kit.concurrency import map_concurrently
    from personas.models import open_engine
    from personas.models.governor import Governor, Limits
    from tests.personas.test_models_faults import Word, prompt

    governor = Governor(Limits(max_concurrency=16))
    engine = open_engine("openai:script", base_url=sys.argv[1], responses=Path(sys.argv[2]), governor=governor)
    try:
        with engine, engine.cancelled_by_interrupt():
            ask = lambda n: engine.ask(prompt(f"q{n}"), Word, seed=1, max_tokens=50)
            ask(0)
            print("ready", flush=True)
            map_concurrently(ask, range(1, 80), workers=24)
    except KeyboardInterrupt:
        sys.exit(130)
    """
)


@pytest.fixture
def stalling() -> Iterator[FaultServer]:
    with FaultServer(script, plan=[None] * 6, share=1.0, faults=("stall",), stall_s=30) as server:
        yield server


@pytest.mark.skipif(not hasattr(signal, "SIGINT") or os.name == "nt", reason="needs POSIX signals")
def test_ctrl_c_ends_a_run_whose_server_stalls_and_keeps_what_was_answered(
    stalling: FaultServer, facts: Path, repository: Path
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, stalling.url, str(facts), str(repository)],
        stdout=subprocess.PIPE,
        cwd=repository,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    patience = time.monotonic() + 30
    while stalling.served.faults["stall"] < 16 and time.monotonic() < patience:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    started = time.monotonic()
    process.communicate(timeout=25)  # far less than a stall, so that a run that waits for it fails here

    assert process.returncode == 130
    assert time.monotonic() - started < 25
    with ResponseStore(facts) as store:
        assert store.count(kind="answer") == stalling.served.answered - 1 - _probes(stalling)


def _probes(server: FaultServer) -> int:
    return sum("hello" in text for text in server.served.prompts) - 1


def test_variables_of_other_programs_send_nothing_anywhere(
    facts: Path, trace_to: Callable[[str], Callable[[], None]]
) -> None:
    with FaultServer(script) as named, FaultServer(script) as unnamed:
        flush = trace_to(unnamed.url)
        with opened(named, facts) as engine:
            ask(engine)
        flush()
        assert named.served.requests == 1
        assert unnamed.served.posts == 0


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "OPENAI_PROXY"])
def test_what_goes_to_this_machine_goes_through_no_proxy(
    variable: str, facts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FaultServer(script) as named, FaultServer(script) as proxy:
        monkeypatch.setenv(variable, proxy.url.removesuffix("/v1"))
        with opened(named, facts) as engine:
            ask(engine)
        assert named.served.requests == 1
        assert proxy.served.requests == 0


def test_a_gateway_in_the_environment_is_refused_where_it_would_take_the_prompts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LANGSMITH_GATEWAY", "true")
    with pytest.raises(UsageError, match="LANGSMITH_GATEWAY"):
        open_engine("anthropic:some-model")

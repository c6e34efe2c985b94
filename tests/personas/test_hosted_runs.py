"""Whole runs over a hosted model that is a script behind a real connection: bounded calls, budgets, faults, kills."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.dry_run import write_answer
from benchmarks.fault_server import FaultServer
from personas import generate
from personas.authors.model_driven import CALLS_PER_PERSONA
from personas.models.ledger import PREPARING
from personas.options import GenerateOptions
from personas.pipeline import forecast
from personas.stored_answers import Wanted, prune
from tests.personas.corpora import english_people, run_options, write_table


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "not-a-secret")


@pytest.fixture
def sources(tmp_path: Path) -> list[str]:
    return [str(write_table(tmp_path / "reviews.csv", english_people(4)))]


def options_for(folder: Path, server: FaultServer, **changes: object) -> GenerateOptions:
    return run_options(folder, llm="openai:script", base_url=server.url, context_tokens=32_768, segments=3, **changes)


def manifest_of(options: GenerateOptions) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((options.out / "manifest.json").read_text("utf-8"))
    return found


def test_a_persona_costs_at_most_twelve_calls_and_its_claims_are_the_models(sources: list[str], tmp_path: Path) -> None:
    with FaultServer(write_answer) as server:
        result = generate(sources, options_for(tmp_path, server))
        probes = 1
        assert result.manifest["ledger"][PREPARING]["made"] == probes
        personas = result.persona_set.personas
        assert len(personas) == 3
        assert server.served.requests - probes <= CALLS_PER_PERSONA * len(personas)
        assert all(any(claim.origin == "llm" for claim in persona.claims) for persona in personas)
        calls = result.manifest["model_calls"]
        assert calls["made"] == server.served.requests
        ledger = result.manifest["ledger"]
        assert sum(stage["prompt_tokens"] for stage in ledger.values()) == result.manifest["tokens"]["prompt"]


def test_the_same_run_again_makes_no_call_and_after_one_changed_document_few(
    sources: list[str], tmp_path: Path
) -> None:
    with FaultServer(write_answer) as server:
        options = options_for(tmp_path, server)
        first = generate(sources, options)
        requests = server.served.requests
        again = generate(sources, options)
        assert server.served.requests == requests
        assert again.persona_set == first.persona_set
        # Without the kept results the store alone is enough.
        elsewhere = options.model_copy(update={"seed": options.seed, "title": "Another title", "out": tmp_path / "o2"})
        generate(sources, elsewhere)
        assert server.served.requests == requests

        table = Path(sources[0])
        rows = table.read_text("utf-8").splitlines()
        table.write_text("\n".join([*rows[:-1], rows[-1].replace(".", " indeed.")]) + "\n", encoding="utf-8")
        generate(sources, options.model_copy(update={"force": True}))
        assert server.served.requests - requests < requests - 1


def test_the_same_run_again_makes_no_call_where_answers_were_cut(sources: list[str], tmp_path: Path) -> None:
    with FaultServer(write_answer, share=0.4, faults=("truncated", "wrong schema", "refusal"), seed=1) as server:
        options = options_for(tmp_path, server)
        first = generate(sources, options)
        assert first.manifest["model_calls"]["failed"] > 0
        requests = server.served.requests
        # By the answers kept, and by the results kept.
        elsewhere = options.model_copy(update={"title": "Another title", "out": tmp_path / "o2"})
        for again in (generate(sources, elsewhere), generate(sources, elsewhere)):
            assert server.served.requests == requests
            assert again.manifest["model_calls"]["failed"] == 0
            assert again.persona_set.personas == first.persona_set.personas

        prune(options.workspace, Wanted.of(kind="failure", older_than_days=None, keep_mb=None))
        generate(sources, elsewhere)
        assert server.served.requests > requests


def test_results_do_not_depend_on_how_many_calls_are_made_at_a_time(sources: list[str], tmp_path: Path) -> None:
    written = []
    for concurrency in (1, 8):
        with FaultServer(write_answer) as server:
            folder = tmp_path / str(concurrency)
            generate(sources, options_for(folder, server, max_concurrency=concurrency))
            text = (folder / "out" / "personas.json").read_text("utf-8")
            written.append(text.replace(server.url, "URL"))
    assert written[0] == written[1]


def test_with_a_third_of_failures_every_segment_ends_in_a_persona(sources: list[str], tmp_path: Path) -> None:
    with FaultServer(write_answer, share=0.3, seed=3, stall_s=4.0) as server:
        result = generate(sources, options_for(tmp_path, server, call_timeout=1.0))
        personas = result.persona_set.personas
        assert len(personas) == 3
        assert all(persona.claims and persona.narrative and persona.name for persona in personas)
        assert sum(server.served.faults.values()) > 0
        probes = 30
        assert server.served.requests <= CALLS_PER_PERSONA * len(personas) + probes
        stood_in = [c for p in personas for c in p.claims if c.origin == "extractive"]
        assert all("model" in claim.note for claim in stood_in)


def test_a_server_that_always_fails_leaves_the_extractive_floor(sources: list[str], tmp_path: Path) -> None:
    with FaultServer(write_answer, share=1.0, faults=("429",)) as server:
        result = generate(sources, options_for(tmp_path, server, deadline=None, call_timeout=2.0, max_concurrency=16))
        assert {claim.origin for p in result.persona_set.personas for claim in p.claims} == {"extractive"}
        assert server.served.requests <= CALLS_PER_PERSONA * 3

    with FaultServer(write_answer) as mended:
        options = options_for(tmp_path, mended, force=True)
        again = generate(sources, options)
        assert any(claim.origin == "llm" for p in again.persona_set.personas for claim in p.claims)


SHARE = 0.8
"""Of what the whole run spends."""


def test_a_budget_leaves_whole_personas_and_the_next_run_goes_on(tmp_path: Path) -> None:
    # So many people that what a persona takes is much more than the most that one call could.
    sources = [str(write_table(tmp_path / "reviews.csv", english_people(22)))]
    with FaultServer(write_answer) as server:
        whole = generate(sources, options_for(tmp_path / "whole", server))
        spent = server.served.prompt_tokens + server.served.completion_tokens
        first = options_for(tmp_path, server, budget_tokens=round(spent * SHARE), max_concurrency=1)
        before = spent
        some = generate(sources, first)
        used = server.served.prompt_tokens + server.served.completion_tokens - before
        assert used <= spent * SHARE
        assert 0 < len(some.unfinished) < 3
        assert "budget" in some.reason
        assert len(some.persona_set.personas) + len(some.unfinished) == 3
        assert manifest_of(first)["unfinished_segments"] == list(some.unfinished)
        assert any("without a persona" in warning for warning in some.persona_set.warnings)

        requests = server.served.requests
        rest = generate(sources, first.model_copy(update={"budget_tokens": None}))
        assert rest.persona_set.personas == whole.persona_set.personas
        assert 0 < server.served.requests - requests < requests


def test_no_call_fits_a_tiny_budget_and_nothing_is_spent(sources: list[str], tmp_path: Path) -> None:
    with FaultServer(write_answer) as server:
        result = generate(sources, options_for(tmp_path, server, budget_tokens=10))
        assert len(result.unfinished) == 3
        assert result.persona_set.personas == ()
        assert server.served.requests == 0


def test_a_dry_run_sends_nothing_and_its_bound_holds(sources: list[str], tmp_path: Path) -> None:
    with FaultServer(write_answer) as server:
        options = options_for(tmp_path, server, price="1/2")
        told = forecast(sources, options)
        assert server.served.requests == 0
        assert not (options.out / "personas.json").exists()
        result = generate(sources, options)
        spent = server.served.prompt_tokens + server.served.completion_tokens
        assert spent <= told.tokens_at_most
        assert server.served.requests <= told.calls_at_most
        assert told.cost_usd_at_most is not None
        assert result.manifest["cost_usd"] <= told.cost_usd_at_most
        assert forecast(sources, options).calls_expected == 0


KILLED = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from personas import GenerateOptions, generate

    folder, url, source = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    generate([source], GenerateOptions(llm="openai:script", base_url=url, out=folder / "out",
        workspace=folder / "workspace", context_tokens=32768, segments="3", max_concurrency=2))
    """
)


@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
def test_killed_at_any_moment_and_started_again_it_asks_for_nothing_twice(
    sources: list[str], tmp_path: Path, repository: Path
) -> None:
    """Killed three times on the way, at moments drawn anew each time: before the first answer, in the middle, late."""
    at_a_time = 2
    with FaultServer(write_answer) as calm:
        undisturbed = generate(sources, options_for(tmp_path / "undisturbed", calm, max_concurrency=at_a_time))
        needed = calm.served.requests
    moments = sorted(random.Random().sample(range(needed - at_a_time - 1), 3))
    with FaultServer(write_answer, delay_s=0.15) as server:
        for answered in moments:
            process = subprocess.Popen(
                [sys.executable, "-c", KILLED, str(tmp_path), server.url, sources[0]], cwd=repository
            )
            patience = time.monotonic() + 60
            while server.served.answered < answered and time.monotonic() < patience:
                time.sleep(0.01)
            time.sleep(random.uniform(0, 0.15))
            process.send_signal(signal.SIGKILL)
            process.wait(timeout=20)
        assert server.served.requests < needed + len(moments) * at_a_time, moments
        result = generate(sources, options_for(tmp_path, server, max_concurrency=at_a_time))
        assert server.served.requests <= needed + len(moments) * at_a_time, moments  # those under way were not answered
        assert result.persona_set.personas == tuple(
            persona.model_copy(update={"provenance": result.persona_set.personas[at].provenance})
            for at, persona in enumerate(undisturbed.persona_set.personas)
        ), moments


def test_a_whole_run_sends_nothing_to_whom_only_the_environment_names(
    sources: list[str], tmp_path: Path, trace_to: Callable[[str], Callable[[], None]]
) -> None:
    with FaultServer(write_answer) as named, FaultServer(write_answer) as unnamed:
        flush = trace_to(unnamed.url)
        generate(sources, options_for(tmp_path, named))
        flush()
        assert named.served.requests > 10
        assert unnamed.served.posts == 0

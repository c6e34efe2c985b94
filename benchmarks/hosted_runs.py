"""Calls, time and warm runs over a scripted hosted model on this machine.

    python -m benchmarks.hosted_runs concurrency
    python -m benchmarks.hosted_runs calls DOCUMENTS.jsonl [--customers FILE]
    python -m benchmarks.hosted_runs faults CORPUS ...

`concurrency`: 160 calls of 0.5 s each, 16 at a time, to a server in another process; ideal is five seconds.
`calls`: calls for each persona with a quarter, half and all respondents, segments fixed; then the same run again.
`faults`: three calls in ten fail, in ten ways; every segment must end in a persona. `by model` is the share of the
claims that the model wrote, `ratio` that share over the one of a run without faults.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from benchmarks.dry_run import write_answer
from benchmarks.fault_server import FaultServer
from persona_kit.concurrency import map_concurrently
from personas.authors.model_driven import CALLS_PER_PERSONA
from personas.models import open_engine
from personas.models.governor import Governor, Limits
from personas.options import GenerateOptions
from personas.pipeline import RunResult, generate
from prompts.loader import Message, RenderedPrompt

CALLS, AT_A_TIME, DELAY_S = 160, 16, 0.5
SEGMENTS = "6"
MOST_PROBES = 15
"""Requests that finding out how a server gives structured answers may take, on top of the personas' calls."""


class Word(BaseModel):
    """An answer."""

    word: str


def _word(_messages: Sequence[Mapping[str, str]], _schema: Mapping[str, Any]) -> str:
    return json.dumps({"word": "yes"})


def measure_concurrency() -> None:
    """Prints wall clock over ideal."""

    def prompt(number: int) -> RenderedPrompt:
        message = Message(role="user", text=f"question {number}")
        return RenderedPrompt(name="word", version="1", variant="full", template_sha256="", messages=(message,))

    with tempfile.TemporaryDirectory() as name, _other_process() as url:
        governor = Governor(Limits(max_concurrency=AT_A_TIME))
        store = Path(name) / "responses.sqlite3"
        with open_engine("openai:script", base_url=url, responses=store, governor=governor) as engine:
            engine.ask(prompt(-1), Word, seed=0, max_tokens=20)  # finds out how the server is asked
            started = time.perf_counter()
            map_concurrently(
                lambda number: engine.ask(prompt(number), Word, seed=0, max_tokens=20),
                range(CALLS),
                workers=AT_A_TIME,
            )
            seconds = time.perf_counter() - started
    ideal = CALLS / AT_A_TIME * DELAY_S
    print(f"{CALLS} calls of {DELAY_S} s, {AT_A_TIME} at a time: {seconds:.2f} s, ideal {ideal:.2f} s")
    print(f"ratio {seconds / ideal:.3f}")


@contextmanager
def _other_process() -> Iterator[str]:
    """The server in a process of its own, so that the two do not wait for one interpreter."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.hosted_runs", "serve"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.communicate(timeout=30)  # closes its input, which ends it


def _serve() -> None:
    with FaultServer(_word, delay_s=DELAY_S) as server:
        print(server.url, flush=True)
        sys.stdin.read()


def _share_of(documents: Path, share: float, folder: Path) -> Path:
    """The documents of a share of the people, drawn once."""
    rows = [json.loads(line) for line in documents.read_text(encoding="utf-8").splitlines()]
    people = sorted({row["customer_id"] for row in rows})
    chosen = set(random.Random(0).sample(people, round(len(people) * share)))
    path = folder / f"documents-{round(100 * share)}.jsonl"
    lines = [json.dumps(row, ensure_ascii=False) for row in rows if row["customer_id"] in chosen]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def measure_calls(documents: Path, customers: str | None) -> None:
    """Prints the calls for each persona at three sizes, and what the same run costs a second time."""
    print(f"{'share':>7} {'personas':>8} {'calls':>6} {'a persona':>9} {'seconds':>8} {'again':>6} {'seconds':>8}")
    for share in (0.25, 0.5, 1.0):
        with tempfile.TemporaryDirectory() as name, FaultServer(write_answer) as server:
            folder = Path(name)
            options = GenerateOptions(
                llm="openai:script",
                base_url=server.url,
                context_tokens=32_768,
                segments=SEGMENTS,
                customers=customers,
                out=folder / "out",
                workspace=folder / "workspace",
            )
            source = str(_share_of(documents, share, folder))
            started = time.perf_counter()
            result = generate([source], options)
            first = time.perf_counter() - started
            requests = server.served.requests
            started = time.perf_counter()
            generate([source], options)
            again = time.perf_counter() - started
            personas = len(result.persona_set.personas)
            calls = result.manifest["model_calls"]
            made = calls["made"] + calls["failed"]
            print(
                f"{share:7} {personas:8} {made:6} {made / personas:9.1f} {first:8.1f} "
                f"{server.served.requests - requests:6} {again:8.2f}",
                flush=True,
            )


def measure_faults(corpora: Sequence[str]) -> None:
    """Prints how each corpus came through with three calls in ten failing, beside how it does with none."""
    heads = f"{'segments':>8} {'personas':>8} {'requests':>8} {'at most':>7} {'seconds':>8} {'by model':>8}"
    print(f"{'corpus':24} {heads} {'no fault':>8} {'ratio':>6}  faults")
    for corpus in corpora:
        calm, _, _ = _through(corpus, share=0.0)
        result, server, seconds = _through(corpus, share=0.3)
        personas = result.persona_set.personas
        segments = sum(segment.kind == "segment" for segment in result.persona_set.segments)
        by_model, without = _by_model(result), _by_model(calm)
        print(
            f"{Path(corpus).name[:24]:24} {segments:8} {len(personas):8} {server.served.requests:8} "
            f"{CALLS_PER_PERSONA * segments + MOST_PROBES:7} {seconds:8.1f} {by_model:8.2f} {without:8.2f} "
            f"{by_model / without:6.2f}  {dict(sorted(server.served.faults.items()))}",
            flush=True,
        )


def _through(corpus: str, *, share: float) -> tuple[RunResult, FaultServer, float]:
    """A run with so large a share of failing calls, its server and its seconds."""
    with tempfile.TemporaryDirectory() as name, FaultServer(write_answer, share=share, stall_s=30.0) as server:
        options = GenerateOptions(
            llm="openai:script",
            base_url=server.url,
            context_tokens=32_768,
            call_timeout=5.0,
            out=Path(name) / "out",
            workspace=Path(name) / "workspace",
        )
        started = time.perf_counter()
        result = generate([corpus], options)
        return result, server, time.perf_counter() - started


def _by_model(result: RunResult) -> float:
    """Share of the claims that the model wrote."""
    claims = [claim for persona in result.persona_set.personas for claim in persona.claims]
    return sum(claim.origin == "llm" for claim in claims) / max(1, len(claims))


def main() -> None:
    """Runs one of the three."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("concurrency")
    commands.add_parser("serve")
    calls = commands.add_parser("calls")
    calls.add_argument("documents", type=Path)
    calls.add_argument("--customers")
    faults = commands.add_parser("faults")
    faults.add_argument("corpora", nargs="+")
    arguments = parser.parse_args()
    os.environ.setdefault("OPENAI_API_KEY", "no-key-needed")
    if arguments.command == "concurrency":
        measure_concurrency()
    elif arguments.command == "serve":
        _serve()
    elif arguments.command == "calls":
        measure_calls(arguments.documents, arguments.customers)
    else:
        measure_faults(arguments.corpora)


if __name__ == "__main__":
    main()

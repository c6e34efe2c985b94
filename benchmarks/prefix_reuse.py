"""What the KV cache saves: the prompts of one segment with the longest common prefix kept, and with nothing kept.

    python -m benchmarks.prefix_reuse examples/kettlebird --customers examples/kettlebird/customers.csv [--rounds 2]

The bundled model writes the first segment's persona once, and every call is recorded in the order the author makes it.
The same calls are then made again in four ways, in turns: as a run makes them (`kept`), with the cache emptied before
each call (`emptied`, what --reproducible does), and both in another order of calls. `read` is the prompt tokens that
were evaluated, `ratio` the seconds of `emptied` over those of the line. Greedy answers are compared with those of
`emptied`; `emptied` in another order must give every answer again, sampled ones too, or the exit code is 1.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from langchain_core.messages import BaseMessage
from pydantic import BaseModel

from persona_kit.progress import Silent
from personas.authors import ModelAuthor
from personas.models import Engine
from personas.models.bundled import LANGUAGES, bundled_model_path
from personas.models.completion import Completion, Sampling
from personas.models.llama_cpp_chat import LlamaCppChat
from personas.models.local import LocalCompleter
from personas.options import GenerateOptions
from personas.pipeline import open_material
from personas.writing_up import write_personas

CALL_LIMIT_S = 600.0
SHUFFLING_SEED = 7


@dataclass(frozen=True)
class Call:
    """One call as the author made it."""

    messages: Sequence[BaseMessage]
    schema: type[BaseModel]
    sampling: Sampling


@dataclass
class Replay:
    """One way of making all calls."""

    name: str
    seconds: float = 0.0
    prompt_tokens: int = 0
    read: int = 0
    answers: dict[int, str] = field(default_factory=dict)
    """By the call's place in the author's order."""


class Recorder(LocalCompleter):
    """A local model that keeps what it was asked."""

    def __init__(self, chat: LlamaCppChat) -> None:
        super().__init__(chat, languages=LANGUAGES)
        self.calls: list[Call] = []

    def complete(
        self, messages: Sequence[BaseMessage], schema: type[BaseModel], sampling: Sampling, *, limit_s: float
    ) -> Completion:
        """As the model, and kept."""
        self.calls.append(Call(messages, schema, sampling))
        return super().complete(messages, schema, sampling, limit_s=limit_s)


def record(sources: Sequence[str], options: GenerateOptions, recorder: Recorder) -> list[Call]:
    """The calls for the first segment, in the order the author makes them."""

    @contextmanager
    def opened(spec: str, *, responses: Path) -> Iterator[Engine]:
        yield Engine(spec, recorder)

    with open_material(sources, options, opened) as (engine, material):
        assert engine is not None
        material = replace(material, described=material.described[:1])
        author = ModelAuthor(engine, material.base, candidates=options.candidates)
        ids = {described.segment.segment_id: "p" for described in material.described}
        write_personas(material, author, persona_ids=ids, one_at_a_time=True, progress=Silent())
    return recorder.calls


def play(chat: LlamaCppChat, calls: Sequence[Call], order: Sequence[int], replay: Replay, *, emptied: bool) -> None:
    """Makes the calls in the order, from an empty cache, and adds what they took."""
    chat.reproducible = emptied
    llama = chat._llama
    assert llama is not None
    llama.reset()  # type: ignore[no-untyped-call]  # llama-cpp-python types only part of itself
    completer = LocalCompleter(chat)
    evaluated = 0
    evaluate = llama.eval

    def counted(tokens: Sequence[int]) -> None:
        nonlocal evaluated
        evaluated += len(tokens)
        evaluate(tokens)

    replaced: Any = llama
    replaced.eval = counted
    try:
        for place in order:
            call, before = calls[place], evaluated
            started = time.perf_counter()
            completion = completer.complete(call.messages, call.schema, call.sampling, limit_s=CALL_LIMIT_S)
            replay.seconds += time.perf_counter() - started
            # Each token of the answer is evaluated too, but for the last of one that was cut.
            written = completion.completion_tokens - (completion.finish == "length")
            replay.read += evaluated - before - written
            replay.prompt_tokens += completion.prompt_tokens
            replay.answers[place] = completion.text
    finally:
        replaced.eval = evaluate


def same(one: Replay, other: Replay, places: Sequence[int]) -> int:
    """How many of these calls were answered letter by letter the same."""
    return sum(one.answers[place] == other.answers[place] for place in places)


def main() -> int:
    """The exit code: 1 where the reproducible mode gave another answer in another order."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", nargs="+")
    parser.add_argument("--customers")
    parser.add_argument("--candidates", type=int, default=4)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--rounds", type=int, default=1)
    arguments = parser.parse_args()
    chat = LlamaCppChat(path=bundled_model_path(), n_threads=arguments.threads)
    with tempfile.TemporaryDirectory() as folder:
        options = GenerateOptions(
            customers=arguments.customers,
            llm="llama-cpp",
            candidates=arguments.candidates,
            workspace=Path(folder) / "workspace",
        )
        calls = record(arguments.sources, options, Recorder(chat))
    greedy = [place for place, call in enumerate(calls) if call.sampling.temperature == 0]
    print(f"{len(calls)} calls of one segment, {len(greedy)} of them greedy, {arguments.rounds} rounds", flush=True)
    straight = list(range(len(calls)))
    shuffled = random.Random(SHUFFLING_SEED).sample(straight, len(straight))
    kept, emptied = Replay("kept"), Replay("emptied")
    kept_other, emptied_other = Replay("kept, another order"), Replay("emptied, another order")
    for _ in range(arguments.rounds):
        play(chat, calls, straight, kept, emptied=False)
        play(chat, calls, straight, emptied, emptied=True)
        play(chat, calls, shuffled, kept_other, emptied=False)
        play(chat, calls, shuffled, emptied_other, emptied=True)
    print(
        f"{'cache':24} {'seconds':>8} {'ratio':>6} {'prompt tokens':>14} {'read':>8} {'share':>6} "
        f"{'greedy the same':>16}"
    )
    for replay in (kept, emptied, kept_other, emptied_other):
        print(
            f"{replay.name:24} {replay.seconds:8.1f} {emptied.seconds / replay.seconds:6.2f} "
            f"{replay.prompt_tokens:14,} {replay.read:8,} {replay.read / replay.prompt_tokens:6.0%} "
            f"{f'{same(replay, emptied, greedy)} of {len(greedy)}':>16}"
        )
    held = same(emptied_other, emptied, straight)
    print(f"emptied, in another order: {held} of {len(calls)} answers the same")
    return int(held != len(calls))


if __name__ == "__main__":
    sys.exit(main())

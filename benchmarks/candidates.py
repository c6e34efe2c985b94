"""How many answers a small model should give to one question: claims, grounding and time for 1, 2, 4 and 8 candidates.

    python -m benchmarks.candidates documents.jsonl --customers customers.csv [--candidates 1 2 4 8] [--llm llama-cpp]

Each count is a run of its own from file to report in a fresh workspace, one after another in one process. `own` is the
claims that the model wrote, of all claims from what people said; `carried` the mean share of a value's words that stand
in its quotes; `close` the mean cosine of the value to the middle of its quotes (wordllama, whatever the run used);
`calls` and `seconds` are those of the model alone, `whole` is from file to report. The extractive author is the floor.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from personas.grounding import carried_share
from personas.options import GenerateOptions
from personas.pipeline import RunResult, generate
from personas.records import Claim
from retrieval.embedders import Embedder, open_embedder


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line of the table."""

    name: str
    personas: int
    claims: int
    own: int
    carried: float
    close: float
    calls: int
    seconds: float
    whole: float

    def line(self) -> str:
        """The row in columns of fixed width."""
        return (
            f"{self.name:>10} {self.personas:9} {self.claims:7} {self.own:5} {self.own / max(1, self.claims):7.0%} "
            f"{self.carried:8.3f} {self.close:7.3f} {self.calls:6} {self.seconds:8.1f} {self.whole:7.1f}"
        )


HEAD = (
    f"{'candidates':>10} {'personas':>9} {'claims':>7} {'own':>5} {'share':>7} {'carried':>8} {'close':>7} "
    f"{'calls':>6} {'seconds':>8} {'whole':>7}"
)


def measure(sources: Sequence[str], options: GenerateOptions, name: str, embedder: Embedder) -> Row:
    """One run in a fresh workspace."""
    with tempfile.TemporaryDirectory() as folder:
        fresh = {"workspace": Path(folder) / "workspace", "out": Path(folder) / "out"}
        started = time.perf_counter()
        result = generate(sources, options.model_copy(update=fresh))
        whole = time.perf_counter() - started
    own = "extractive" if options.llm == "extractive" else "llm"
    claims = [claim for persona in result.persona_set.personas for claim in persona.claims if claim.basis is None]
    chosen = [claim for claim in claims if claim.origin == own]
    calls, seconds = _asked(result)
    return Row(
        name=name,
        personas=len(result.persona_set.personas),
        claims=len(claims),
        own=len(chosen),
        carried=_mean([carried_share(claim.value, _quotes(claim)) for claim in chosen]),
        close=_mean([_closeness(claim, embedder) for claim in chosen]),
        calls=calls,
        seconds=seconds,
        whole=whole,
    )


def _asked(result: RunResult) -> tuple[int, float]:
    """Calls that went to the model, and the seconds they took."""
    stages = result.manifest["ledger"].values()
    return sum(stage["made"] + stage["failed"] for stage in stages), sum(stage["seconds"] for stage in stages)


def _quotes(claim: Claim) -> list[str]:
    return [citation.quote for citation in claim.citations]


def _closeness(claim: Claim, embedder: Embedder) -> float:
    value, *quotes = embedder.embed([claim.value, *_quotes(claim)])
    middle = np.mean(quotes, axis=0)
    return float(value @ middle / max(float(np.linalg.norm(middle)), 1e-9))


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", nargs="+")
    parser.add_argument("--customers")
    parser.add_argument("--candidates", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--llm", default="llama-cpp")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--reproducible", action="store_true")
    arguments = parser.parse_args()
    embedder = open_embedder("wordllama", texts=[])
    options = GenerateOptions(
        customers=arguments.customers,
        llm=arguments.llm,
        threads=arguments.threads,
        reproducible=arguments.reproducible,
    )
    print(HEAD, flush=True)
    floor = options.model_copy(update={"llm": "extractive"})
    print(measure(arguments.sources, floor, "extractive", embedder).line(), flush=True)
    for count in arguments.candidates:
        chosen = options.model_copy(update={"candidates": count})
        print(measure(arguments.sources, chosen, str(count), embedder).line(), flush=True)


if __name__ == "__main__":
    main()

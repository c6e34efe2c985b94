"""What a segment's ratios are worth: counted on the people it was made of, and on people it never saw.

    python -m benchmarks.cross_fit [--language en] [--world e-bikes] [--customers 400] [--seeds 4] [--segments 4]

Segments are made from what people say, so what is said in a segment is said there more often than elsewhere even where
people do not differ at all. Here the people of a simulated corpus are parted into halves. One half is grouped and
written up, with as many segments as asked for, and the ratio of every claim is what its persona tells (*descriptive*).
The people of the other half are placed into these segments by half of their documents (`personas assign`), and the
same claims are counted in the other half of their documents (*cross-fitted*): neither the segments nor who belongs
there was told by the words counted. *without differences*: one homogeneous population, cut into segments all the same;
its true ratio is 1. *with differences*: as many planted kinds of people as segments.

Ratios are shares here over shares elsewhere, evened out for how much people wrote; median over the claims. *sure* is
the share of claims whose 95 % interval in the segment lies above the share elsewhere.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np

from personas.assigning import assign
from personas.counting import Counted, count_supports
from personas.engines import open_chosen
from personas.evidence import EvidenceBase
from personas.options import GenerateOptions
from personas.pipeline import generate, open_material
from personas.records import Claim
from personas.scoring.voices import people_behind
from personas.simulation import SimulationOptions, simulate, world_names, write_simulation


@dataclass
class Ratios:
    """What was counted of all claims."""

    adjusted: list[float] = field(default_factory=list)
    sure: list[bool] = field(default_factory=list)

    def add(self, counted: Counted) -> None:
        """One claim; a ratio to nobody elsewhere counts as infinite."""
        self.adjusted.append(float("inf") if counted.adjusted_lift is None else counted.adjusted_lift)
        self.sure.append(counted.interval.low > counted.share_elsewhere)

    def __str__(self) -> str:
        """The median and the share that is sure."""
        return f"{median(self.adjusted):.2f}, sure {100 * sum(self.sure) / len(self.sure):.0f} %"


def part(documents: Path) -> tuple[Path, Path, Path]:
    """The documents of every other person; of the others, one half of what each wrote and the other half."""
    seen: Counter[str] = Counter()
    parts: tuple[list[str], list[str], list[str]] = ([], [], [])
    lines = documents.read_text(encoding="utf-8").splitlines()
    first = set(sorted({json.loads(line)["customer_id"] for line in lines})[::2])
    for line in lines:
        customer = json.loads(line)["customer_id"]
        seen[customer] += 1
        parts[0 if customer in first else 1 + seen[customer] % 2].append(line)
    paths = tuple(documents.with_name(f"{name}.jsonl") for name in ("grouped", "placed", "counted"))
    for path, kept in zip(paths, parts, strict=True):
        path.write_text("\n".join(kept) + "\n", encoding="utf-8")
    return paths[0], paths[1], paths[2]


def measure(options: SimulationOptions, segments: int, folder: Path) -> Iterator[tuple[Claim, Counted]]:
    """Each claim about what people say, with its count among those of the other half of people who belong there."""
    grouped, by, counted = part(write_simulation(simulate(options), folder / "simulated")["documents.jsonl"])
    run = GenerateOptions(out=folder / "out", workspace=folder / "workspace", llm="extractive", segments=segments)
    personas = generate([str(grouped)], run).persona_set.personas
    placed = {one.customer_id: one.persona_id for one in assign([str(by)], run.out).people}
    other = run.model_copy(update={"out": folder / "other", "workspace": folder / "other-workspace"})
    with open_material([str(counted)], other, partial(open_chosen, options=other)) as (_, material):
        for persona in personas:
            for claim in persona.claims:
                if claim.citations and claim.status != "anecdotal":
                    yield claim, _count_again(claim, persona.persona_id, placed, material.base)


def _count_again(claim: Claim, persona: str, placed: dict[str, str], base: EvidenceBase) -> Counted:
    inside = np.array([placed.get(customer) == persona for customer in base.corpus.customer_ids])
    bare = claim.model_copy(update={"citations": ()})
    return count_supports(people_behind(bare, base)[:, None], inside, base.strata)[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--language", default="en", choices=["en", "zh"])
    parser.add_argument("--world", default="e-bikes", choices=world_names())
    parser.add_argument("--customers", type=int, default=400)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--segments", type=int, default=4)
    given = parser.parse_args()
    for name, planted in (("without differences", 1), ("with differences", given.segments)):
        descriptive, fitted = Ratios(), Ratios()
        for seed in range(given.seeds):
            options = SimulationOptions(
                seed=seed, language=given.language, world=given.world, segments=planted, customers=given.customers
            )
            with tempfile.TemporaryDirectory() as folder:
                for claim, again in measure(options, given.segments, Path(folder)):
                    descriptive.add(claim)
                    fitted.add(again)
        print(f"{name}: {len(fitted.sure)} claims; descriptive {descriptive}; cross-fitted {fitted}")


if __name__ == "__main__":
    main()

"""Whether people are counted right: statements against labelled customers, and claims against labels.

    python -m benchmarks.prevalence DATA_FOLDER [--data jupyter zh_asap] [--each]

*Statements*: each line of `benchmarks/statements` is counted by the rule that counts claims
(`personas.support.saying`), and the people found are compared with those who carry its label: precision, recall (a
label is wider than one statement of it: "vim keybindings" are a part of *editor*), and the difference of the shares.

*Claims*: the claims of an extractive run on the survey. A claim is about the label that most of the people quoted carry
(at least six in ten, and more often than others do). Of the labels with an adjusted lift of 1.5 and more in a segment,
the share that a claim of its persona is about; and for those the share of the segment that carries the label less the
share that any of its claims counts.

The labels of `jupyter` are made by keyword rules (silver); those of `zh_asap` by people.
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import mean

import numpy as np
from numpy.typing import NDArray

from personas.counting import count_supports
from personas.engines import open_chosen
from personas.evidence import EvidenceBase
from personas.options import GenerateOptions
from personas.pipeline import generate, open_material
from personas.records import Claim, Persona
from personas.scoring.voices import people_behind
from personas.support.saying import SayingFinder
from personas.writing_up import Material

STATEMENTS = Path(__file__).parent / "statements"
LIFT = 1.5
LEAST_OF_QUOTED = 0.6
"""Share of the people quoted who must carry a label for a claim to be about it."""


@dataclass(frozen=True)
class Labelled:
    """A corpus whose people carry labels."""

    name: str
    sources: list[str]
    options: GenerateOptions
    labels: dict[str, set[tuple[str, int]]]
    """Customer (or document, where nobody is named) -> labels with their sign."""


def load_labelled(name: str, data: Path, folder: Path) -> Labelled:
    """The corpus and its labels.

    Args:
        name: `jupyter` or `zh_asap`.
        data: the folder that holds `jupyter_ux2015` and `zh_asap`.
        folder: for the workspace and the output.
    """
    out = {"out": folder / "out", "workspace": folder / "workspace", "llm": "extractive"}
    if name == "jupyter":
        home = data / "jupyter_ux2015"
        rows = [json.loads(line) for line in (home / "themes.jsonl").read_text(encoding="utf-8").splitlines()]
        labels = {row["customer_id"]: {(t, 0) for some in row["themes"].values() for t in some} for row in rows}
        options = GenerateOptions(customers=str(home / "customers.csv"), **out)  # type: ignore[arg-type]
        return Labelled(name, [str(home / "documents.jsonl")], options, labels)
    files = [data / "zh_asap" / part for part in ("train.csv", "dev.csv")]
    labels = {}
    for file in files:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            for row in csv.DictReader(lines):
                signs = {
                    key: int(float(value)) for key, value in row.items() if key not in ("index", "reviewbody", "star")
                }
                labels[row["index"]] = {(key, sign) for key, sign in signs.items() if sign != -2}
    return Labelled(name, [str(file) for file in files], GenerateOptions(text="reviewbody", **out), labels)  # type: ignore[arg-type]


def carried_by(labelled: Labelled, base: EvidenceBase) -> list[set[tuple[str, int]]]:
    """The labels of each of the corpus's customers, in their order."""
    document_of = {document.customer_id: document.document_id for document in base.corpus.documents}
    return [
        labelled.labels.get(customer, labelled.labels.get(document_of[customer], set()))
        for customer in base.corpus.customer_ids
    ]


def count_statements(labelled: Labelled, base: EvidenceBase) -> Iterator[tuple[str, int, int, int]]:
    """Each statement with the people found, those of them who carry its label, and all who carry it."""
    carried = carried_by(labelled, base)
    for row in _statements(labelled.name):
        wanted = {(label, int(row["sign"])) for label in row["labels"].split()}
        gold = np.array([bool(labels & wanted) for labels in carried])
        found = _people_found(row["value"], row["attribute"], base)
        yield row["value"], int(found.sum()), int((found & gold).sum()), int(gold.sum())


def _statements(name: str) -> list[dict[str, str]]:
    text = (STATEMENTS / f"{name}.tsv").read_text(encoding="utf-8")
    return list(csv.DictReader((line for line in text.splitlines() if not line.startswith("#")), delimiter="\t"))


def _people_found(value: str, attribute: str, base: EvidenceBase) -> NDArray[np.bool_]:
    found = np.zeros(len(base.corpus.customer_ids), dtype=bool)
    for at, space in enumerate(base.corpus.spaces):
        rows = np.flatnonzero(base.corpus.space_of_passage == at)
        found |= base.voiced_by(SayingFinder(value, attribute, space, base).find(rows).rows)
    return found


@dataclass(frozen=True)
class Raised:
    """A label that a segment carries more than others."""

    share: float
    told: float
    """Share of the segment that a claim about it counts; NaN where there is none."""


def read_claims(labelled: Labelled, material: Material, personas: Sequence[Persona]) -> Iterator[Raised]:
    """The labels that are raised in each segment, and what its claims make of them."""
    base = material.base
    carried = carried_by(labelled, base)
    names = sorted({label for labels in carried for label in labels})
    held = np.array([[name in labels for name in names] for labels in carried])
    places = {customer: at for at, customer in enumerate(base.corpus.customer_ids)}
    of_segment = {persona.segment_id: persona for persona in personas}
    for described in material.described:
        persona = of_segment.get(described.segment.segment_id)
        if persona is None:
            continue
        told: defaultdict[int, list[NDArray[np.bool_]]] = defaultdict(list)
        for claim in persona.claims:
            if claim.citations and claim.status != "anecdotal":
                about = _about(claim, held, places)
                if about is not None:
                    told[about].append(people_behind(claim, base) & described.inside)
        for at, support in enumerate(count_supports(held, described.inside, base.strata)):
            if support.people >= 3 and (support.adjusted_lift is None or support.adjusted_lift >= LIFT):
                counted = np.any(told[at], axis=0).sum() / described.inside.sum() if at in told else float("nan")
                yield Raised(support.share, float(counted))


def _about(claim: Claim, held: NDArray[np.bool_], places: dict[str, int]) -> int | None:
    quoted = held[[places[citation.customer_id] for citation in claim.citations]]
    shares, usual = quoted.mean(axis=0), held.mean(axis=0)
    telling = np.where(
        (shares >= LEAST_OF_QUOTED) & (shares > usual), shares * np.log(shares / np.maximum(usual, 1e-9) + 1e-9), -1
    )
    return int(np.argmax(telling)) if telling.max() > 0 else None


def report(labelled: Labelled, *, each: bool) -> None:
    """Prints the figures of one corpus."""
    personas = generate(labelled.sources, labelled.options).persona_set.personas
    with open_material(labelled.sources, labelled.options, partial(open_chosen, options=labelled.options)) as (
        _,
        material,
    ):
        people = len(material.base.corpus.customer_ids)
        counted = list(count_statements(labelled, material.base))
        raised = list(read_claims(labelled, material, personas))
    if each:
        for value, found, right, gold in counted:
            print(f"  {value}: {found} found, {right} of them labelled, {gold} labelled")
    precision = mean(right / found for _, found, right, _ in counted if found)
    print(
        f"{labelled.name}: {len(counted)} statements, precision {precision:.2f}, "
        f"recall {mean(right / gold for _, _, right, gold in counted if gold):.2f}, "
        f"shares off by {100 * mean(abs(found - gold) / people for _, found, _, gold in counted):.1f} points on average"
    )
    found = [one for one in raised if one.told == one.told]
    if found:
        off = 100 * mean(abs(one.share - one.told) for one in found)
        print(
            f"{labelled.name}: {len(raised)} labels raised {LIFT} times in a segment, claims about {len(found)} "
            f"of them ({len(found) / len(raised):.2f}); shares off by {off:.1f} points on average"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", nargs="+", default=["jupyter", "zh_asap"], choices=["jupyter", "zh_asap"])
    parser.add_argument("--each", action="store_true")
    arguments = parser.parse_args()
    for name in arguments.data:
        with tempfile.TemporaryDirectory() as folder:
            report(load_labelled(name, arguments.folder, Path(folder)), each=arguments.each)


if __name__ == "__main__":
    main()

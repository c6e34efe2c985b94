"""New customers into the segments of a run: how many are placed right, how sure, and who is told "none of these".

    python -m benchmarks.assigning [--seeds 1 2 3] [--languages en zh] [--customers 400]
    python -m benchmarks.assigning --sources FILE ... [--text COLUMN] [--customer COLUMN]

The first form simulates corpora. A fifth of the customers who write of the subject, and all who write of something
else, are held out; the segments are made of the others. `own`: share of the run's own placed people who are given their
own segment when asked about anew. `right`: share of the held-out people placed who come into the segment in which most
of the run's people of their true kind are; `none`: held-out people with enough text who are told none of these. `off
topic` and `strangers`: the share told none of these of the people who write of something else, and of customers of
another business. The last table is of all held-out people placed: how sure the answers were, and how often right.

The second form takes a corpus without known truth: a fifth of its people is held out, and `same` is the share of those
placed twice, in a run with them and in one without, who come into the segment that shares most people.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from persona_kit.progress import Silent
from persona_kit.workspace import Workspace
from personas.assigning import AssignedCustomer, SegmentModel, build_segment_model, render_segment_model
from personas.assigning.new_people import place_documents
from personas.assigning.opening import FinishedRun
from personas.assigning.placing import Ruler
from personas.describing import build_segments
from personas.options import GenerateOptions
from personas.pipeline import PASSAGE_CHARS
from personas.segmentation import segment_people
from personas.simulation import SimulationOptions, simulate, world_names
from personas.themes import find_themes
from retrieval.corpus import build_corpus
from retrieval.documents import Document
from retrieval.reading import ReadOptions, read_documents

HELD_OUT = 0.2
OFF_TOPIC = 0.1
STRANGERS = 100
BINS = (0.0, 0.7, 0.9, 0.95, 0.98, 1.0)


@dataclass(frozen=True)
class Documents:
    """What `build_corpus` reads."""

    documents: tuple[Document, ...]


@dataclass(frozen=True)
class Trained:
    """A run on the people that were not held out."""

    run: FinishedRun
    segment_of: Mapping[str, str]
    """Customer id -> segment, of those placed."""
    size: int
    seconds: float
    """For making the model, once the segments are there."""

    @property
    def model(self) -> SegmentModel:
        """As it was read again."""
        return self.run.model


def train(documents: Iterable[Document]) -> Trained:
    """The segments of these documents, and their model written and read again."""
    options = GenerateOptions()
    with tempfile.TemporaryDirectory() as folder, Workspace.open(Path(folder) / "workspace") as workspace:
        corpus = build_corpus(
            Documents(tuple(documents)),
            embedder="auto",
            workspace=workspace,
            progress=Silent(),
            max_chars=PASSAGE_CHARS,
            background=True,
        )
        themes = find_themes(corpus, seed=0)
        grouping = segment_people(corpus, themes, segments=None, seed=0)
        segments = build_segments(corpus, themes, grouping, silent=())
        started = time.perf_counter()
        model = build_segment_model(corpus, themes, grouping, segments, {}, options=options, max_chars=PASSAGE_CHARS)
        seconds = time.perf_counter() - started
    text = render_segment_model(model)
    run = FinishedRun("", "en", {}, Ruler(SegmentModel.model_validate_json(text)))
    proper = [segment for segment in segments if segment.kind == "segment"]
    segment_of = {customer: one.segment_id for one in proper for customer in one.customer_ids}
    return Trained(run, segment_of, len(text), seconds)


def place(run: FinishedRun, documents: Sequence[Document]) -> list[AssignedCustomer]:
    """Everybody who wrote enough."""
    people, _ = place_documents(run, documents)
    return [person for person in people if person.words >= run.model.least_words]


def share_none(people: Sequence[AssignedCustomer]) -> float:
    return sum(person.none_of_these for person in people) / len(people) if people else float("nan")


def own_share(trained: Trained, documents: Sequence[Document]) -> tuple[float, float]:
    """Of the run's people placed: the share given their own segment again, and told none of these."""
    again = [person for person in place(trained.run, documents) if person.customer_id in trained.segment_of]
    same = sum(person.segment_id == trained.segment_of[person.customer_id] for person in again)
    return same / len(again), share_none(again)


# --- simulated ----------------------------------------------------------------------------------------------------


def simulated(options: SimulationOptions) -> tuple[tuple[Document, ...], dict[str, str | None]]:
    """The documents and the true segment of everybody."""
    simulation = simulate(options)
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in simulation.documents)
    truth: dict[str, Any] = simulation.truth
    return read(lines), {row["customer_id"]: row["segment"] for row in truth["customers"]}


def read(lines: str) -> tuple[Document, ...]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "documents.jsonl"
        path.write_text(lines, encoding="utf-8")
        return read_documents([str(path)], ReadOptions(), progress=Silent()).documents


def measure(language: str, seed: int, customers: int) -> Iterator[tuple[float, bool]]:
    """Prints the line of one corpus; gives the confidence of each held-out person placed, and whether it was right."""
    worlds = world_names()
    asked = {"language": language, "seed": seed, "segments": 3 + seed % 5, "off_topic": OFF_TOPIC, "orders": False}
    world = worlds[seed % len(worlds)]
    documents, truth = simulated(SimulationOptions.model_validate({**asked, "world": world, "customers": customers}))
    other = worlds[(seed + 1) % len(worlds)]
    foreign = {**asked, "world": other, "customers": STRANGERS, "off_topic": 0.0, "seed": seed + 1000}
    strangers, _ = simulated(SimulationOptions.model_validate(foreign))
    about = sorted(customer for customer, segment in truth.items() if segment is not None)
    held = set(random.Random(seed).sample(about, int(HELD_OUT * len(about))))
    known = [d for d in documents if truth[d.customer_id] is not None and d.customer_id not in held]
    trained = train(known)
    kinds: dict[str | None, Counter[str]] = defaultdict(Counter)
    for customer, segment in trained.segment_of.items():
        kinds[truth[customer]][segment] += 1
    home = {kind: counts.most_common(1)[0][0] for kind, counts in kinds.items()}
    people = place(trained.run, [d for d in documents if d.customer_id in held])
    placed = [person for person in people if not person.none_of_these]
    right = [person.segment_id == home.get(truth[person.customer_id]) for person in placed]
    sure = [person.confidence or 0.0 for person in placed]
    own, own_none = own_share(trained, known)
    off = place(trained.run, [d for d in documents if truth[d.customer_id] is None])
    space = trained.model.spaces[0]
    print(
        f"{language:4} {seed:4} {world:13} {asked['segments']:5} {len(set(trained.segment_of.values())):5} "
        f"{space.representation:21} {space.replaced:8.3f} {own:6.3f} {own_none:9.3f} {len(placed):5} "
        f"{np.mean(right):6.3f} {np.mean(sure):6.3f} {share_none(people):6.3f} {share_none(off):9.3f} "
        f"{share_none(place(trained.run, strangers)):9.3f} {trained.size / 1024:6.0f} {trained.seconds:6.1f}",
        flush=True,
    )
    yield from zip(sure, right, strict=True)


HEAD = (
    f"{'':4} {'seed':>4} {'world':13} {'true':>5} {'found':>5} {'representation':21} {'replaced':>8} {'own':>6} "
    f"{'own none':>9} {'new':>5} {'right':>6} {'sure':>6} {'none':>6} {'off topic':>9} {'strangers':>9} {'KiB':>6} "
    f"{'s':>6}"
)


def print_calibration(pairs: Sequence[tuple[float, bool]]) -> None:
    print(f"{'confidence':>12} {'people':>7} {'mean':>6} {'right':>6}")
    for low, high in pairwise(BINS):
        mine = [(sure, right) for sure, right in pairs if low <= sure < high]
        if mine:
            sures, rights = zip(*mine, strict=True)
            print(f"{low:5.2f}-{high:4.2f} {len(mine):9} {np.mean(sures):6.3f} {np.mean(rights):6.3f}")
    sures, rights = zip(*pairs, strict=True)
    print(f"{'all':>10} {len(pairs):9} {np.mean(sures):6.3f} {np.mean(rights):6.3f}")


# --- given --------------------------------------------------------------------------------------------------------


def measure_given(sources: Sequence[str], options: ReadOptions) -> None:
    """Prints what happens to a fifth of the people of a corpus without known truth."""
    documents = read_documents(sources, options, progress=Silent()).documents
    everybody = sorted({document.customer_id for document in documents})
    held = set(random.Random(0).sample(everybody, int(HELD_OUT * len(everybody))))
    whole, part = train(documents), train([d for d in documents if d.customer_id not in held])
    people = place(part.run, [d for d in documents if d.customer_id in held])
    shared: dict[str, Counter[str]] = defaultdict(Counter)
    for customer, segment in part.segment_of.items():
        if customer in whole.segment_of:
            shared[segment][whole.segment_of[customer]] += 1
    like = {segment: counts.most_common(1)[0][0] for segment, counts in shared.items()}
    placed = [person for person in people if not person.none_of_these and person.customer_id in whole.segment_of]
    same = [like.get(person.segment_id) == whole.segment_of[person.customer_id] for person in placed]
    own, own_none = own_share(part, [d for d in documents if d.customer_id not in held])
    kept = Counter(whole.segment_of[c] == like[s] for c, s in part.segment_of.items() if c in whole.segment_of)
    for space in part.model.spaces:
        told = f"calibrated on {space.calibration.people}" if space.calibration else "not calibrated"
        print(
            f"{space.embedder}: {len(space.segments)} segments, {space.representation}, replaced "
            f"{space.replaced:.3f}, unseen {space.replaced_unseen:.3f}, {told}"
        )
    print(
        f"own {own:.3f}, own none {own_none:.3f}; held out: {len(people)} with enough text, none "
        f"{share_none(people):.3f}, same {np.mean(same):.3f} of {len(same)} (of the people in both runs "
        f"{kept[True] / sum(kept.values()):.3f}), sure {np.mean([p.confidence or 0 for p in placed]):.3f}; "
        f"model {part.size / 1024:.0f} KiB, made in {part.seconds:.1f} s"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--languages", nargs="+", default=["en", "zh"])
    parser.add_argument("--customers", type=int, default=400)
    parser.add_argument("--sources", nargs="+")
    parser.add_argument("--text")
    parser.add_argument("--customer")
    given = parser.parse_args()
    if given.sources:
        measure_given(given.sources, ReadOptions(text=given.text, customer=given.customer))
        return
    print(HEAD)
    for language in given.languages:
        pairs = [pair for seed in given.seeds for pair in measure(language, seed, given.customers)]
        print_calibration(pairs)


if __name__ == "__main__":
    main()

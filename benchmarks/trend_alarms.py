"""How often a change over time is called out where there is none, and how often where there is one.

    python -m benchmarks.trend_alarms [--worlds 200]
    python -m benchmarks.trend_alarms --corpus FOLDER [--worlds 20]

Every world has 30 themes; a world alarms where any of them is called rising or falling (or hot). With a corpus, the
worlds are the corpus itself with the dates dealt out anew among people with as many dated documents.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from persona_kit.progress import Silent
from persona_kit.workspace import Workspace
from personas.describing import build_segments
from personas.pipeline import PASSAGE_CHARS
from personas.segmentation import segment_people
from personas.themes import find_themes
from personas.trends.finding import LEAST_VOICES, find_trends
from personas.trends.records import Trend, TrendReport
from personas.trends.regression import Floats, correct_for_many, settle_doubt
from personas.trends.verdicts import SHARES, is_proven
from personas.trends.voices import PersonPeriods, Ruler
from retrieval.corpus import Corpus, build_corpus
from retrieval.documents import Document
from retrieval.reading import ReadOptions, read_documents

THEMES = 30

Shares = Callable[[np.random.Generator, int, int], Floats]
"""Draws ``(periods, themes)`` shares from the numbers of periods and themes."""


@dataclass
class Tally:
    """What was called out over worlds."""

    changed: int = 0
    hot: int = 0
    worlds: int = 0
    single: list[bool] = field(default_factory=list)
    found: list[float] = field(default_factory=list)


def even(rng: np.random.Generator, periods: int, themes: int) -> Floats:
    return np.tile(np.geomspace(0.02, 0.4, themes), (periods, 1))


def scattering(spread: float, part: float = 1.0) -> Shares:
    """Every period lifts or lowers the odds of each theme (or of a part of them) by a draw of its own."""

    def draw(rng: np.random.Generator, periods: int, themes: int) -> Floats:
        base = even(rng, periods, themes)
        shift = rng.normal(0, spread, base.shape) * (rng.random(themes) < part)
        odds = base / (1 - base) * np.exp(shift)
        return np.asarray(odds / (1 + odds))

    return draw


def rising(times: float, part: float = 0.2) -> Shares:
    """A fifth of the themes grows that many times from the first to the last period, in even steps of its share."""

    def draw(rng: np.random.Generator, periods: int, themes: int) -> Floats:
        base = np.full((periods, themes), 0.1)
        count = int(part * themes)
        base[:, :count] = np.linspace(0.1, 0.1 * times, periods)[:, None]
        return base

    return draw


def counted(shares: Floats, people: int, rng: np.random.Generator) -> tuple[PersonPeriods, list[NDArray[np.int64]]]:
    """New people every period."""
    periods, themes = shares.shape
    period = np.repeat(np.arange(periods), people)
    voiced = rng.random((len(period), themes)) < shares[period]
    return _rows(np.arange(len(period)), period, periods), [np.flatnonzero(column) for column in voiced.T]


def staying(shares: Floats, people: int, rng: np.random.Generator) -> tuple[PersonPeriods, list[NDArray[np.int64]]]:
    """People who write in a third of the periods, one after the other, and always say the same."""
    periods, themes = shares.shape
    length = max(2, periods // 3)
    count = people * periods // length
    begin = rng.integers(1 - length, periods, size=count)
    says = rng.random((count, themes)) < shares.mean(axis=0)
    person = np.repeat(np.arange(count), length)
    period = (begin[:, None] + np.arange(length)).ravel()
    inside = (period >= 0) & (period < periods)
    person, period = person[inside], period[inside]
    return _rows(person, period, periods), [np.flatnonzero(says[person, theme]) for theme in range(themes)]


def _rows(person: NDArray[np.int64], period: NDArray[np.int64], periods: int) -> PersonPeriods:
    nothing = np.zeros(len(person), dtype=np.int64)
    return PersonPeriods(person=person, period=period, stratum=nothing, of_passage=nothing, periods=periods, strata=1)


def measure(tally: Tally, rows: PersonPeriods, voices: list[NDArray[np.int64]], planted: int) -> None:
    """One world, as `personas.trends.finding` looks at it."""
    ruler = Ruler(rows, 0, rows.periods - 1)
    tally.worlds += 1
    for hot, x in ((False, ruler.line()), (True, ruler.step(max(1, rows.periods // 6)))):
        enough = [(at, own) for at, own in enumerate(voices) if ruler.people(own) >= LEAST_VOICES]
        fits = [(at, fit) for at, own in enough if (fit := ruler.fit(own, x)) is not None]
        repeats = [ruler.repeats(voices[at], x, fit) for at, fit in fits]
        settled = settle_doubt([fit for _, fit in fits], repeats, [ruler.people(voices[at]) for at, _ in fits])
        q_values = correct_for_many([fit.change().p for fit in settled])
        changes = [fit.change(q) for fit, q in zip(settled, q_values, strict=True)]
        proven = [is_proven(change, SHARES) and (not hot or change.value > 1) for change in changes]
        alarm = any(good for (at, _), good in zip(fits, proven, strict=True) if at >= planted)
        if hot:
            tally.hot += alarm
            continue
        tally.changed += alarm
        tally.single += [change.p <= 0.05 for (at, _), change in zip(fits, changes, strict=True) if at >= planted]
        if planted:
            tally.found.append(
                float(np.mean([good for (at, _), good in zip(fits, proven, strict=True) if at < planted]))
            )


def shuffle_dates(documents: Sequence[Document], rng: np.random.Generator) -> tuple[Document, ...]:
    """The documents with every person's dates given to another person with as many: who writes how often stays."""
    dated: dict[str, list[int]] = defaultdict(list)
    for at, document in enumerate(documents):
        if document.created_at:
            dated[document.customer_id].append(at)
    alike: dict[int, list[list[int]]] = defaultdict(list)
    for places in dated.values():
        alike[len(places)].append(places)
    shuffled = list(documents)
    for group in alike.values():
        for own, other in zip(group, rng.permutation(len(group)).tolist(), strict=True):
            for at, source in zip(own, rng.permutation(group[other]).tolist(), strict=True):
                shuffled[at] = replace(documents[at], created_at=documents[source].created_at)
    return tuple(shuffled)


def run_corpus(folder: Path, worlds: int) -> None:
    """Changes called out in the corpus, and in worlds of it in which dates mean nothing."""
    tables = tuple(str(folder / name) for name in ("customers.csv", "orders.csv", "events.csv"))
    with tempfile.TemporaryDirectory() as scratch, Workspace.open(Path(scratch)) as workspace:
        reading = read_documents([str(folder)], ReadOptions(exclude=tables), progress=Silent())
        corpus = build_corpus(reading, embedder="auto", workspace=workspace, progress=Silent(), max_chars=PASSAGE_CHARS)
        themes = find_themes(corpus, seed=0)
        segments = build_segments(corpus, themes, segment_people(corpus, themes, segments=None, seed=0), silent=())
        silent = np.zeros(len(corpus.passages), dtype=np.float32)
        for seed in range(-1, worlds):
            documents = corpus.documents if seed < 0 else shuffle_dates(corpus.documents, np.random.default_rng(seed))
            report = find_trends(Corpus(documents, corpus.passages, ()), themes, segments, sentiment=silent)
            if report is None:
                print("too few dates")
                return
            told = ", ".join(f"{name}: {_called_out(own)}" for name, own in _families(report))
            print(f"{'as it is' if seed < 0 else f'shuffled {seed}'}: {told}", flush=True)


def _families(report: TrendReport) -> list[tuple[str, tuple[Trend, ...]]]:
    return [("themes", report.themes), ("segments", report.segments)]


def _called_out(trends: Sequence[Trend]) -> str:
    changed = sum(trend.direction in {"rising", "falling"} for trend in trends)
    return f"{changed} rising or falling, {sum(trend.hot for trend in trends)} hot of {len(trends)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=200)
    parser.add_argument("--corpus", type=Path)
    options = parser.parse_args()
    worlds: int = options.worlds
    if options.corpus is not None:
        run_corpus(options.corpus, worlds)
        return
    cases: list[tuple[str, Shares, int]] = [
        ("nothing changes", even, 0),
        ("all scatter by 0.3", scattering(0.3), 0),
        ("a fifth scatters by 0.6", scattering(0.6, 0.2), 0),
        ("a fifth doubles", rising(2.0), THEMES // 5),
    ]
    print("periods, people each | world | alarms rising/falling | alarms hot | single p <= 0.05 | found")
    with threadpool_limits(1):
        for periods, people in ((5, 60), (8, 60), (12, 100), (26, 30)):
            for name, shares, planted in cases:
                _run(f"{periods}, {people} | {name}", counted, shares, periods, people, planted, worlds)
            _run(f"{periods}, {people} | people stay", staying, even, periods, people, 0, worlds)


def _run(
    name: str,
    make: Callable[..., tuple[PersonPeriods, list[NDArray[np.int64]]]],
    shares: Shares,
    periods: int,
    people: int,
    planted: int,
    worlds: int,
) -> None:
    tally = Tally()
    for seed in range(worlds):
        rng = np.random.default_rng(seed)
        rows, voices = make(shares(rng, periods, THEMES), people, rng)
        measure(tally, rows, voices, planted)
    found = f"{np.mean(tally.found):.2f}" if tally.found else ""
    told = f"{tally.changed / worlds:.3f} | {tally.hot / worlds:.3f} | {np.mean(tally.single):.3f} | {found}"
    print(f"{name} | {told}", flush=True)


if __name__ == "__main__":
    main()

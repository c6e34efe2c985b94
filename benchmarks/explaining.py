"""Explanations of groups: what text says of known columns, false alarms, true rules, and time and memory.

    python -m benchmarks.explaining columns DATA_FOLDER [--seeds 10]
    python -m benchmarks.explaining chance [--seeds 200]
    python -m benchmarks.explaining rules [--seeds 40]
    python -m benchmarks.explaining size [--people 800]

`columns`: the Jupyter survey's columns explained by themes and a hundred words alone; `role`, which is free text there,
is parted by keywords first; over the seeds of the folds. `chance`: how often random labels pass as explained. `rules`:
precision of a planted rule (83 %) as counted, against the truth. `size`: processor seconds and largest memory of an
explanation of 7 segments by 150 columns.
"""

from __future__ import annotations

import argparse
import re
import resource
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from persona_kit.progress import Silent
from persona_kit.workspace import Workspace
from personas.customers import read_customers
from personas.explaining import FeatureColumn, FeatureTable, build_feature_table, explain_column, explain_grouping
from personas.explaining.records import Block
from personas.explaining.rules import find_rules
from personas.segmentation import least_words
from personas.themes import find_themes
from retrieval.corpus import build_corpus
from retrieval.documents import Scalar
from retrieval.reading import ReadOptions, read_documents

ROLES = (
    ("student", r"student|phd cand|grad "),
    ("academic", r"prof|research|scien.*univ|academ|postdoc|lectur|teach|faculty|instruct"),
    ("data scientist", r"data sci|data anal|analyst|machine learn|statist|quant"),
    ("engineer", r"engineer|develop|program|software|devops"),
    ("scientist", r"scien|physic|biolog|astron|chem"),
)
NOTHING_TO_TELL = (
    (150, 12, (50, 50, 50)),
    (500, 60, (100, 100, 100, 100, 100)),
    (400, 60, (300, 60, 30, 10)),
    (60, 30, (35, 20, 5)),
)
"""People, themes and sizes of the groups."""

COLUMNS = ("role", "how_often", "how_long_used", "how_run", "audience_size", "years_in_role", "industry_1")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    commands = parser.add_subparsers(dest="command", required=True)
    columns = commands.add_parser("columns")
    columns.add_argument("folder", type=Path)
    columns.add_argument("--seeds", type=int, default=10)
    for name, seeds in (("chance", 200), ("rules", 40)):
        commands.add_parser(name).add_argument("--seeds", type=int, default=seeds)
    commands.add_parser("size").add_argument("--people", type=int, default=800)
    given = parser.parse_args()
    if given.command == "columns":
        survey_columns(given.folder, given.seeds)
    elif given.command == "chance":
        false_alarms(given.seeds)
    elif given.command == "rules":
        true_rules(given.seeds)
    else:
        time_and_memory(given.people)


def survey_columns(folder: Path, seeds: int) -> None:
    reading = read_documents([str(folder / "documents.jsonl")], ReadOptions(), progress=Silent())
    with tempfile.TemporaryDirectory() as place, Workspace.open(Path(place)) as workspace:
        corpus = build_corpus(reading, embedder="auto", workspace=workspace, progress=Silent())
        table = read_customers(str(folder / "customers.csv"), None, writing=corpus.customer_ids)
        rows = np.flatnonzero(corpus.words_per_customer >= least_words(corpus.words_per_customer))
        themes = find_themes(corpus, seed=0)
        features = build_feature_table(corpus, themes, table, None, None, rows, words=100)
        people = [table.customers.get(corpus.customer_ids[row]) for row in rows]
    print(
        "column | groups | accuracy | chance | way to certainty | beats chance | themes | words | length | verdicts | s"
    )
    for column in COLUMNS:
        cells = [None if person is None else person.attributes.get(column) for person in people]
        if column == "role":
            cells = [None if cell is None else kind_of_role(str(cell)) for cell in cells]
        survey_column(features, cells, column, seeds)


def survey_column(features: FeatureTable, cells: list[Scalar], column: str, seeds: int) -> None:
    text: tuple[Block, ...] = ("themes", "words")
    started = time.process_time()
    told = [explain_column(features, cells, column=column, seed=seed, blocks=text) for seed in range(seeds)]
    alone = [
        sum(block.accuracy.beats_chance for one in told for block in one.by_block if block.block == name)
        for name in ("themes", "words", "length")
    ]
    accuracy = np.array([[one.accuracy[0].value, one.accuracy[0].chance] for one in told])
    value, chance = accuracy.mean(axis=0)
    way = (value - chance) / (1 - chance)
    beats = sum(one.beats_chance for one in told)
    verdicts = Counter(one.verdict_en.split(" chance")[0] for one in told)
    seconds = (time.process_time() - started) / seeds
    print(
        f"{column} | {told[0].groups} | {value:.3f} ({accuracy[:, 0].min():.3f} to {accuracy[:, 0].max():.3f}) | "
        f"{chance:.3f} | {way:.2f} | {beats} of {seeds} | "
        + " | ".join(f"{count} of {seeds}" for count in alone)
        + f" | {', '.join(f'{count} {verdict}' for verdict, count in verdicts.items())} | {seconds:.1f}",
        flush=True,
    )


def kind_of_role(role: str) -> str:
    return next((kind for kind, pattern in ROLES if re.search(pattern, role.lower())), "other")


def false_alarms(seeds: int) -> None:
    for people, themes, sizes in NOTHING_TO_TELL:
        passed, names = Counter[str](), tuple(f"s{at}" for at in range(len(sizes)))
        for seed in range(seeds):
            rng = np.random.default_rng(seed)
            features, _ = population(rng, people, themes=themes, groups=len(names))
            labels = np.array(rng.permutation(np.repeat(np.arange(len(sizes)), sizes)), dtype=np.int64)
            told = explain_grouping(features, labels, segment_ids=names, seed=seed)
            passed.update(one.model for one in told.accuracy if one.beats_chance)
            passed["either"] += told.beats_chance
        print(
            f"{people} people, {themes} themes, groups of {', '.join(map(str, sizes))}: random labels that pass: "
            f"{passed['either']} of {seeds} (logistic regression {passed['logistic regression']}, "
            f"tree {passed['decision tree']})",
            flush=True,
        )


def true_rules(seeds: int) -> None:
    errors, covered, found = [], 0, 0
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        features, _ = population(rng, 600, themes=40, groups=3)
        planted = (features.values[:, 0] > 0.5) & (features.values[:, 1] > 0.5)
        labels = rng.choice(3, 600, p=[0.5, 0.3, 0.2])
        labels[planted] = np.where(rng.random(int(planted.sum())) < 0.83, 2, labels[planted] % 2)
        for rule in find_rules(features, labels, ("a", "b", "c"), seed=seed):
            if {condition.column for condition in rule.conditions} == {"t0", "t1"}:
                found += 1
                errors.append(rule.precision - 0.83)
                covered += rule.interval.low <= 0.83 <= rule.interval.high
    print(f"found {found} of {seeds}; mean error {np.mean(errors):+.3f}; interval holds the truth {covered} of {found}")


def time_and_memory(people: int) -> None:
    features, labels = population(np.random.default_rng(0), people, themes=150, groups=7)
    names = tuple(f"s{at}" for at in range(7))
    explain_grouping(features.keep(range(30)), labels % 2, segment_ids=names, seed=0)
    started, wall = time.process_time(), time.perf_counter()
    explain_grouping(features, labels, segment_ids=names, seed=0)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{people} people: {time.process_time() - started:.1f} s of CPU ({time.perf_counter() - wall:.1f} s), "
        f"{memory:.0f} MB at most, of which the table {features.values.nbytes / 2**20:.0f} MB"
    )


def population(
    rng: np.random.Generator, people: int, *, themes: int, groups: int
) -> tuple[FeatureTable, NDArray[np.int64]]:
    """People of whom the first themes tell the group."""
    labels = rng.integers(0, groups, people)
    share = np.tile(rng.uniform(0.05, 0.4, themes), (groups, 1))
    for at in range(min(themes, 3 * groups) if groups > 3 else 0):
        share[at % groups, at] = 0.6
    values = rng.random((people, themes)) < (share[labels] if groups > 3 else 0.4)
    columns = tuple(
        FeatureColumn(
            name=f"t{at}", block="themes", kind="yes/no", phrase_en=f"wrote about {at}", phrase_zh=f"写到{at}"
        )
        for at in range(themes)
    )
    return FeatureTable(columns=columns, values=values.astype(np.float64), written=rng.integers(5, 200, people)), labels


if __name__ == "__main__":
    main()

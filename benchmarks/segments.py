"""Segments and themes against known truth, and how well a survey's segments return.

    python -m benchmarks.segments simulated [--language en|zh] [--seeds 20]
    python -m benchmarks.segments multidogo CONVERSATIONS.jsonl
    python -m benchmarks.segments survey DOCUMENTS.jsonl
    python -m benchmarks.segments themes BANKING77_FOLDER

`simulated`: corpora of `personas simulate` with 3 to 10 segments, and one crowd without kinds in ten; people who write
of something else altogether belong to no segment and are left aside. `multidogo` holds `customer_id`, `domain` and
`turns`; a conversation is a customer. `survey` tells how well the segments return in samples of four fifths, and how
many of the old people stay together when a tenth of the people are others. `themes`: train.csv and test.csv of
PolyAI's Banking77, whose 77 intents are the truth.
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from persona_kit.progress import Silent
from persona_kit.workspace import Workspace
from personas.describing import build_segments, describe_segments, length_explains
from personas.segmentation import Grouping, segment_people
from personas.simulation import SimulationOptions, simulate, write_simulation
from personas.themes import ThemeModel, find_themes
from retrieval.corpus import Corpus, build_corpus
from retrieval.documents import Document
from retrieval.reading import Reading, ReadOptions, read_documents

PASSAGE_CHARS = 200
DRAWS = 4
COUNTS = (3, 4, 5, 6, 7, 8, 9, 10, 1, 5)


@contextmanager
def built(reading: Reading) -> Iterator[Corpus]:
    """The corpus of a reading, in a workspace of its own."""
    with tempfile.TemporaryDirectory() as folder, Workspace.open(Path(folder) / "workspace") as workspace:
        yield build_corpus(reading, embedder="auto", workspace=workspace, progress=Silent(), max_chars=PASSAGE_CHARS)


def group(corpus: Corpus) -> tuple[ThemeModel, Grouping]:
    """Themes and segments as a run finds them, from words alone."""
    themes = find_themes(corpus, seed=0)
    return themes, segment_people(corpus, themes, segments=None, seed=0)


def scores(truth: Sequence[str], labels: NDArray[np.int64]) -> tuple[float, float]:
    """Normalised mutual information and adjusted Rand index."""
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    return float(normalized_mutual_info_score(truth, labels)), float(adjusted_rand_score(truth, labels))


def measure_simulated(language: str, seeds: int) -> None:
    """A line a corpus, and the sums."""
    right, found = [], []
    for seed in range(seeds):
        count = COUNTS[seed % len(COUNTS)]
        options = SimulationOptions.model_validate({"seed": seed, "segments": count, "language": language})
        with tempfile.TemporaryDirectory() as folder:
            simulation = simulate(options)
            paths = write_simulation(simulation, Path(folder))
            truth = {one["customer_id"]: one["segment"] for one in simulation.truth["customers"]}
            reading = read_documents([str(paths["documents.jsonl"])], ReadOptions(), progress=Silent())
            with built(reading) as corpus:
                _, grouping = group(corpus)
                own = [truth[corpus.customer_ids[at]] for at in grouping.people]
        kept = np.flatnonzero([segment is not None for segment in own])
        _, rand = scores([own[at] for at in kept], grouping.labels[kept])
        print(f"seed {seed:2}: {count:2} planted, {grouping.count:2} found, ARI {rand:.3f}", flush=True)
        right.append(count == grouping.count)
        if count > 1:
            found.append(rand)
    print(f"true number in {sum(right)} of {seeds}; median ARI {np.median(found):.3f} of those with segments")


def measure_multidogo(path: Path) -> None:
    """Segments of conversations against their domains."""
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    domains = {line["customer_id"]: line["domain"] for line in lines}
    with built(read_documents([str(path)], ReadOptions(), progress=Silent())) as corpus:
        started = time.perf_counter()
        _, grouping = group(corpus)
        seconds = time.perf_counter() - started
        own = [domains[corpus.customer_ids[at]] for at in grouping.people]
    information, rand = scores(own, grouping.labels)
    print(f"{grouping.count} segments of 6 domains: NMI {information:.3f}, ARI {rand:.3f}, {seconds:.1f} s")


def measure_survey(path: Path) -> None:
    """How well the segments return, what text length explains, and who stays together when people change."""
    reading = read_documents([str(path)], ReadOptions(), progress=Silent())
    everybody = sorted({document.customer_id for document in reading.documents})
    with built(reading) as corpus:
        themes, grouping = group(corpus)
        described = describe_segments(corpus, themes, build_segments(corpus, themes, grouping, silent=()))
        print(
            f"{grouping.count} segments, agreement {grouping.stability:.3f}, per segment "
            f"{', '.join(f'{value:.2f}' for value in grouping.segment_stability)}"
        )
        print(f"log word count explained {length_explains(corpus, described):.3f}; told {grouping.told}")
        whole = members(corpus, grouping)
    shares = []
    for draw in range(DRAWS):
        order = np.random.default_rng(draw).permutation(len(everybody))
        before = {everybody[at] for at in order[len(everybody) // 11 :]}
        part = tuple(document for document in reading.documents if document.customer_id in before)
        with built(with_documents(reading, part)) as corpus:
            shares.append(together(members(corpus, group(corpus)[1]), whole))
    told = ", ".join(f"{share:.3f}" for share in shares)
    print(f"a tenth other people added, {DRAWS} times: {told} of the old ones stay together")


def together(old: dict[str, int], new: dict[str, int]) -> float:
    """The share of the people of both runs who stand with most of their old segment in the new one."""
    shared = sorted(set(old) & set(new))
    table = np.zeros((max(old.values()) + 1, max(new.values()) + 1), dtype=np.int64)
    for customer in shared:
        table[old[customer], new[customer]] += 1
    return float(table.max(axis=1).sum() / len(shared))


def with_documents(reading: Reading, documents: tuple[Document, ...]) -> Reading:
    """The reading with these documents alone."""
    from dataclasses import replace

    return replace(reading, documents=documents)


def members(corpus: Corpus, grouping: Grouping) -> dict[str, int]:
    """Customer id -> segment, of those who have one."""
    placed = zip(grouping.people, grouping.labels, strict=True)
    return {corpus.customer_ids[at]: int(label) for at, label in placed if label >= 0}


def measure_themes(folder: Path) -> None:
    """Themes of single sentences against their intents."""
    rows = []
    for name in ("train.csv", "test.csv"):
        with (folder / name).open(encoding="utf-8", newline="") as file:
            rows += [(f"{name}:{at}", row["category"]) for at, row in enumerate(csv.DictReader(file), start=1)]
    intents = dict(rows)
    sources = [str(folder / name) for name in ("train.csv", "test.csv")]
    with built(read_documents(sources, ReadOptions(text="text"), progress=Silent())) as corpus:
        started = time.perf_counter()
        themes = find_themes(corpus, seed=0)
        seconds = time.perf_counter() - started
        # A sentence of more than 200 characters is cut; its first passage stands for it.
        first = {passage.document_id: row for row, passage in reversed(list(enumerate(corpus.passages)))}
        truth = [intents[document] for document in first]
    information, rand = scores(truth, themes.passage_theme[list(first.values())])
    left = int((themes.passage_theme < 0).sum())
    count = len(themes.themes)
    print(f"{count} themes of 77 intents: NMI {information:.3f}, ARI {rand:.3f}, {left} left out, {seconds:.1f} s")


def main() -> None:
    """Runs what is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("simulated", "multidogo", "survey", "themes"))
    parser.add_argument("path", type=Path, nargs="?")
    parser.add_argument("--language", default="en")
    parser.add_argument("--seeds", type=int, default=20)
    arguments = parser.parse_args()
    if arguments.what == "simulated":
        measure_simulated(arguments.language, arguments.seeds)
    elif arguments.path is None:
        parser.error("name the file or folder")
    else:
        {"multidogo": measure_multidogo, "survey": measure_survey, "themes": measure_themes}[arguments.what](
            arguments.path
        )


if __name__ == "__main__":
    main()

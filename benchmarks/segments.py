"""Segments and themes against known truth, and how well a survey's segments return.

    python -m benchmarks.segments simulated [--language en|zh] [--seeds 20] [--first-seed 0] [--planted 1]
                                            [--text-features auto lda ...]
    python -m benchmarks.segments multidogo CONVERSATIONS.jsonl [--text-features auto lda ...]
    python -m benchmarks.segments crosswoz FOLDER
    python -m benchmarks.segments survey DOCUMENTS.jsonl
    python -m benchmarks.segments themes BANKING77_FOLDER [--bertopic-python PATH_TO_A_PYTHON_THAT_HAS_BERTOPIC]
    python -m benchmarks.segments themes BANKING77_FOLDER --intents 10 20 40

`simulated`: corpora of `personas simulate` with 3 to 10 segments, and one crowd without kinds in ten; people who write
of something else altogether belong to no segment and are left aside. `multidogo` holds `customer_id`, `domain` and
`turns`; a conversation is a customer. `crosswoz`: dialogues.jsonl of CrossWOZ; a dialogue is a customer, and each turn
of its user a document. The truth of a person is the set of domains of the goal, and the domain of most of the turns;
that of a turn its domain, where it names one, and what it asks or tells (domain and slot of its first act). `survey`
tells how well the segments return in samples of four fifths by the same themes and way of grouping, and how alike whole
runs are, in which themes and number of segments are found anew: who stays together when a tenth of the people are
others (segments that join keep their people together), and the adjusted Rand index, which counts joining too. `themes`:
train.csv and test.csv of PolyAI's Banking77, whose 77 intents are the truth, or of some of them drawn at random;
BERTopic is fitted to the same vectors, three times in turns with ours, choosing the number of themes included.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from persona_kit.progress import Silent
from persona_kit.workspace import Workspace
from personas.describing import build_segments, describe_segments, length_explains
from personas.options import TextFeatures
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


def group_by_each(corpus: Corpus, features: Sequence[TextFeatures]) -> Iterator[tuple[TextFeatures, Grouping, float]]:
    """Segments by each of the text features, and the processor seconds they took; the first also counts the themes."""
    started = time.process_time()
    themes = find_themes(corpus, seed=0)
    for name in features:
        yield (
            name,
            segment_people(corpus, themes, segments=None, seed=0, text_features=name),
            time.process_time() - started,
        )
        started = time.process_time()


def scores(truth: Sequence[str], labels: NDArray[np.int64]) -> tuple[float, float]:
    """Normalised mutual information and adjusted Rand index."""
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    return float(normalized_mutual_info_score(truth, labels)), float(adjusted_rand_score(truth, labels))


def measure_simulated(language: str, seeds: range, planted: int | None, features: Sequence[TextFeatures]) -> None:
    """A line a corpus and kind of text features, and the sums."""
    right: dict[TextFeatures, list[bool]] = {name: [] for name in features}
    found: dict[TextFeatures, list[float]] = {name: [] for name in features}
    for seed in seeds:
        count = planted or COUNTS[seed % len(COUNTS)]
        options = SimulationOptions.model_validate({"seed": seed, "segments": count, "language": language})
        with tempfile.TemporaryDirectory() as folder:
            simulation = simulate(options)
            paths = write_simulation(simulation, Path(folder))
            truth = {one["customer_id"]: one["segment"] for one in simulation.truth["customers"]}
            reading = read_documents([str(paths["documents.jsonl"])], ReadOptions(), progress=Silent())
            with built(reading) as corpus:
                for name, grouping, seconds in group_by_each(corpus, features):
                    own = [truth[corpus.customer_ids[at]] for at in grouping.people]
                    kept = np.flatnonzero([segment is not None for segment in own])
                    _, rand = scores([own[at] for at in kept], grouping.labels[kept])
                    told = f"{count:2} planted, {grouping.count:2} found, ARI {rand:.3f}, {seconds:.1f} s"
                    print(f"seed {seed:2}, {name}: {told}", flush=True)
                    right[name].append(count == grouping.count)
                    if count > 1:
                        found[name].append(rand)
    for name in features:
        told = f"; median ARI {np.median(found[name]):.3f} of those with segments" if found[name] else ""
        print(f"{name}: true number in {sum(right[name])} of {len(seeds)}{told}")


def measure_multidogo(path: Path, features: Sequence[TextFeatures]) -> None:
    """Segments of conversations against their domains."""
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    domains = {line["customer_id"]: line["domain"] for line in lines}
    with built(read_documents([str(path)], ReadOptions(), progress=Silent())) as corpus:
        for name, grouping, seconds in group_by_each(corpus, features):
            own = [domains[corpus.customer_ids[at]] for at in grouping.people]
            information, rand = scores(own, grouping.labels)
            told = f"NMI {information:.3f}, ARI {rand:.3f}, {seconds:.1f} s of processor time"
            print(f"{name}: {grouping.count} segments of 6 domains: {told}", flush=True)


@dataclass(frozen=True)
class Dialogues:
    """The user turns of a CrossWOZ file as documents, and what they are about."""

    lines: str
    goals: dict[str, str]
    """Customer id -> the domains of the goal."""
    main: dict[str, str]
    """Customer id -> the domain that most of the turns name."""
    domain: dict[str, str]
    """Document id -> its domain, of turns that name one alone."""
    act: dict[str, str]
    """Document id -> domain and slot of its first act, of the same turns."""


def read_dialogues(path: Path) -> Dialogues:
    """The dialogues as documents; greetings and thanks are documents too, and have no truth."""
    made = Dialogues("", {}, {}, {}, {})
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        dialogue = json.loads(line)
        customer, named = f"d{dialogue['id']}", Counter[str]()
        for at, turn in enumerate(turn for turn in dialogue["messages"] if turn["role"] == "usr"):
            document = f"{customer}-{at}"
            lines.append(json.dumps({"id": document, "customer_id": customer, "text": turn["content"]}))
            acts = [act for act in turn["dialog_act"] if act[0] in {"Inform", "Request", "Select"}]
            named.update(act[1] for act in acts)
            if len({act[1] for act in acts}) == 1:
                made.domain[document], made.act[document] = acts[0][1], " ".join(acts[0][1:3])
        made.goals[customer] = " ".join(sorted({part[1] for part in dialogue["goal"]}))
        made.main[customer] = min(named, key=lambda domain: (-named[domain], domain), default="")
    return replace(made, lines="\n".join(lines))


def measure_crosswoz(folder: Path, features: Sequence[TextFeatures]) -> None:
    """Segments of dialogues, and themes of their turns, against their domains."""
    known = read_dialogues(folder / "dialogues.jsonl")
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "documents.jsonl"
        path.write_text(known.lines, encoding="utf-8")
        reading = read_documents([str(path)], ReadOptions(), progress=Silent())
    with built(reading) as corpus:
        for name, grouping, seconds in group_by_each(corpus, features):
            people = [corpus.customer_ids[at] for at in grouping.people]
            for what, truth in (("sets of domains", known.goals), ("main domains", known.main)):
                information, rand = scores([truth[one] for one in people], grouping.labels)
                count = len({truth[one] for one in people})
                told = f"{grouping.count} segments of {len(people)} people, {count} {what}"
                print(f"{name}: {told}: NMI {information:.3f}, ARI {rand:.3f}, {seconds:.1f} s", flush=True)
        themes = find_themes(corpus, seed=0)
        for what, truth in (("domains", known.domain), ("domains and slots", known.act)):
            rows = [row for row, passage in enumerate(corpus.passages) if passage.document_id in truth]
            own = [truth[corpus.passages[row].document_id] for row in rows]
            information, rand = scores(own, themes.passage_theme[rows])
            told = f"{len(themes.themes)} themes, {len(rows)} passages, {len(set(own))} {what}"
            print(f"{told}: NMI {information:.3f}, ARI {rand:.3f}", flush=True)


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
    for what, left_out in (("a tenth other people added", len(everybody) // 11), ("four fifths", len(everybody) // 5)):
        for draw in range(DRAWS):
            order = np.random.default_rng(draw).permutation(len(everybody))
            before = {everybody[at] for at in order[left_out:]}
            part = tuple(document for document in reading.documents if document.customer_id in before)
            with built(with_documents(reading, part)) as corpus:
                old = members(corpus, group(corpus)[1])
            print(f"{what}, everything found anew: {compare_members(old, whole)}", flush=True)


def compare_members(old: dict[str, int], new: dict[str, int]) -> str:
    """How alike two runs place the people of both."""
    shared = sorted(set(old) & set(new))
    _, rand = scores([str(old[one]) for one in shared], np.array([new[one] for one in shared]))
    counts = " and ".join(str(len(set(run.values()))) for run in (old, new))
    return f"{counts} segments, ARI {rand:.3f}, {together(old, new):.3f} of the old ones stay together"


def together(old: dict[str, int], new: dict[str, int]) -> float:
    """The share of the people of both runs who stand with most of their old segment in the new one."""
    shared = sorted(set(old) & set(new))
    table = np.zeros((max(old.values()) + 1, max(new.values()) + 1), dtype=np.int64)
    for customer in shared:
        table[old[customer], new[customer]] += 1
    return float(table.max(axis=1).sum() / len(shared))


def with_documents(reading: Reading, documents: tuple[Document, ...]) -> Reading:
    """The reading with these documents alone."""
    return replace(reading, documents=documents)


def members(corpus: Corpus, grouping: Grouping) -> dict[str, int]:
    """Customer id -> segment, of those who have one."""
    placed = zip(grouping.people, grouping.labels, strict=True)
    return {corpus.customer_ids[at]: int(label) for at, label in placed if label >= 0}


BERTOPIC_SCRIPT = """
import sys, time
import numpy as np
vectors = np.load(sys.argv[1])
texts = open(sys.argv[2], encoding="utf-8").read().split(chr(0))
from bertopic import BERTopic
model = BERTopic()
started = time.perf_counter()
topics, _ = model.fit_transform(texts, embeddings=vectors)
print(time.perf_counter() - started, len(set(topics) - {-1}))
print(*topics)
"""
BERTOPIC_RUNS = 3


def compare_with_bertopic(python: Path, corpus: Corpus, first: dict[str, int], truth: Sequence[str]) -> None:
    """Seconds that the themes take, in turns with BERTopic on the same vectors; its libraries are loaded before."""
    rows = list(first.values())
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as folder:
        vectors, texts = Path(folder) / "vectors.npy", Path(folder) / "texts"
        np.save(vectors, corpus.spaces[0].vectors[corpus.row_in_space[rows]])
        texts.write_text("\0".join(corpus.passage_texts[row] for row in rows), encoding="utf-8")
        command = [str(python.absolute()), "-c", BERTOPIC_SCRIPT, str(vectors), str(texts)]
        for _ in range(BERTOPIC_RUNS):
            started = time.perf_counter()
            find_themes(corpus, seed=0)
            ours.append(time.perf_counter() - started)
            done = subprocess.run(command, check=True, capture_output=True, text=True, encoding="utf-8")
            told, topics = done.stdout.strip().splitlines()[-2:]
            theirs.append(float(told.split()[0]))
            information, rand = scores(truth, np.array([int(topic) for topic in topics.split()]))
            print(
                f"themes {ours[-1]:.1f} s; BERTopic {theirs[-1]:.1f} s, {told.split()[1]} topics, "
                f"NMI {information:.3f}, ARI {rand:.3f}",
                flush=True,
            )
    print(f"BERTopic takes {np.median(theirs) / np.median(ours):.1f} times as long")


def read_intents(folder: Path) -> dict[str, tuple[str, str]]:
    """Document id -> intent and sentence, of both files."""
    rows = {}
    for name in ("train.csv", "test.csv"):
        with (folder / name).open(encoding="utf-8", newline="") as file:
            for at, row in enumerate(csv.DictReader(file), start=1):
                rows[f"{name}:{at}"] = (row["category"], row["text"])
    return rows


def measure_fewer_intents(folder: Path, count: int) -> None:
    """Themes of the sentences of some of the intents, drawn twice: whether their number follows that of the intents."""
    rows = read_intents(folder)
    intents = sorted({intent for intent, _ in rows.values()})
    for draw in range(2):
        chosen = set(np.random.default_rng(draw).choice(intents, count, replace=False).tolist())
        truth = {document: intent for document, (intent, _) in rows.items() if intent in chosen}
        with tempfile.TemporaryDirectory() as place:
            path = Path(place) / "documents.jsonl"
            lines = [json.dumps({"id": document, "text": rows[document][1]}) for document in truth]
            path.write_text("\n".join(lines), encoding="utf-8")
            with built(read_documents([str(path)], ReadOptions(), progress=Silent())) as corpus:
                themes = find_themes(corpus, seed=0)
                first = {passage.document_id: row for row, passage in reversed(list(enumerate(corpus.passages)))}
                own = [truth[document] for document in first]
                information, rand = scores(own, themes.passage_theme[list(first.values())])
        told = f"NMI {information:.3f}, ARI {rand:.3f}"
        print(f"{len(themes.themes)} themes of {count} intents, {len(truth)} sentences: {told}", flush=True)


def measure_themes(folder: Path, bertopic: Path | None) -> None:
    """Themes of single sentences against their intents."""
    intents = {document: intent for document, (intent, _) in read_intents(folder).items()}
    sources = [str(folder / name) for name in ("train.csv", "test.csv")]
    with built(read_documents(sources, ReadOptions(text="text"), progress=Silent())) as corpus:
        started = time.perf_counter()
        themes = find_themes(corpus, seed=0)
        seconds = time.perf_counter() - started
        # A sentence of more than 200 characters is cut; its first passage stands for it.
        first = {passage.document_id: row for row, passage in reversed(list(enumerate(corpus.passages)))}
        truth = [intents[document] for document in first]
        if bertopic is not None:
            compare_with_bertopic(bertopic, corpus, first, truth)
    information, rand = scores(truth, themes.passage_theme[list(first.values())])
    left = int((themes.passage_theme < 0).sum())
    count = len(themes.themes)
    print(f"{count} themes of 77 intents: NMI {information:.3f}, ARI {rand:.3f}, {left} left out, {seconds:.1f} s")


def main() -> None:
    """Runs what is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("simulated", "multidogo", "crosswoz", "survey", "themes"))
    parser.add_argument("path", type=Path, nargs="?")
    parser.add_argument("--language", default="en")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--planted", type=int, help="segments in every corpus; by default 3 to 10, and 1 in ten")
    parser.add_argument("--text-features", nargs="+", choices=get_args(TextFeatures), default=["auto"])
    parser.add_argument("--bertopic-python", type=Path)
    parser.add_argument("--intents", type=int, nargs="+", help="themes of so many intents, drawn at random")
    arguments = parser.parse_args()
    if arguments.what == "simulated":
        seeds = range(arguments.first_seed, arguments.first_seed + arguments.seeds)
        measure_simulated(arguments.language, seeds, arguments.planted, arguments.text_features)
    elif arguments.path is None:
        parser.error("name the file or folder")
    elif arguments.what in {"multidogo", "crosswoz"}:
        measure = measure_multidogo if arguments.what == "multidogo" else measure_crosswoz
        measure(arguments.path, arguments.text_features)
    elif arguments.what == "survey":
        measure_survey(arguments.path)
    elif arguments.intents:
        for count in arguments.intents:
            measure_fewer_intents(arguments.path, count)
    else:
        measure_themes(arguments.path, arguments.bertopic_python)


if __name__ == "__main__":
    main()

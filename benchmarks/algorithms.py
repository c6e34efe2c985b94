"""Every algorithm of `personas.grouping` on sets whose groups are known: at the true number, and finding it itself.

    python -m benchmarks.algorithms banking77 BANKING77_FOLDER
    python -m benchmarks.algorithms multidogo MULTIDOGO_FOLDER

BANKING77_FOLDER holds train.csv and test.csv of PolyAI's Banking77 (13,083 sentences, 77 intents); MULTIDOGO_FOLDER a
conversations.jsonl of the customers' side of MultiDoGO (3,297 conversations, 6 domains), a conversation as one vector.
Vectors are wordllama's. NMI and ARI count the points that the algorithm left out as a group of their own.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from personas.communities import adjusted_rand
from personas.grouping import ALGORITHMS, PointGroups, group_points, score_grouping, tf_idf_points
from personas.terms import content_words
from retrieval.embedders import open_embedder

HEAD = (
    f"{'algorithm':>20} {'asked':>6} {'groups':>6} {'out':>6} {'NMI':>6} {'ARI':>6} {'seconds':>8} "
    f"{'silh.':>6} {'C-H':>7} {'D-B':>6}"
)


def read_banking77(folder: Path) -> tuple[list[str], list[str]]:
    """Sentences and their intents."""
    rows: list[dict[str, str]] = []
    for name in ("train", "test"):
        with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            rows += csv.DictReader(file)
    return [row["text"] for row in rows], [row["category"] for row in rows]


def read_multidogo(folder: Path) -> tuple[list[str], list[str]]:
    """What each customer wrote, and the domain."""
    lines = (folder / "conversations.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return ["\n".join(row["turns"]) for row in rows], [row["domain"] for row in rows]


READERS = {"banking77": read_banking77, "multidogo": read_multidogo}


def table_line(
    algorithm: str, asked: int | None, found: PointGroups, seconds: float, points: NDArray[np.float32], truth: list[str]
) -> str:
    from sklearn.metrics import normalized_mutual_info_score

    numbers = np.unique(truth, return_inverse=True)[1].astype(np.int64)
    criteria = score_grouping(points, found.labels, seed=0)
    shown = [
        "-" if value is None else f"{value:.{digits}f}"
        for value, digits in (
            (criteria.silhouette, 3),
            (criteria.calinski_harabasz, 0),
            (criteria.davies_bouldin, 2),
        )
    ]
    return (
        f"{algorithm:>20} {asked or 'none':>6} {found.count:6} {(found.labels < 0).mean():6.1%} "
        f"{normalized_mutual_info_score(numbers, found.labels):6.3f} {adjusted_rand(numbers, found.labels):6.3f} "
        f"{seconds:8.1f} {shown[0]:>6} {shown[1]:>7} {shown[2]:>6}  {found.parameters}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", choices=list(READERS))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--algorithms", nargs="+", choices=ALGORITHMS, default=list(ALGORITHMS))
    parser.add_argument("--features", choices=["wordllama", "tf-idf"], default="wordllama")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    texts, truth = READERS[arguments.set](arguments.folder)
    if arguments.features == "wordllama":
        points = open_embedder("wordllama", texts=[]).embed(texts)
    else:
        points = tf_idf_points([content_words(text) for text in texts], dimensions=128, seed=arguments.seed)
    print(HEAD, flush=True)
    for algorithm in arguments.algorithms:
        for asked in (len(set(truth)), None):
            started = time.process_time()
            found = group_points(points, algorithm=algorithm, count=asked, seed=arguments.seed)
            seconds = time.process_time() - started
            print(table_line(algorithm, asked, found, seconds, points, truth), flush=True)


if __name__ == "__main__":
    main()

"""The neighbour graph of many vectors: time, memory, recall, and what the communities found in it are worth.

    python -m benchmarks.neighbour_graph BANKING77_FOLDER --rows 50000 200000 --methods exact ours [--folder KEPT]

BANKING77_FOLDER holds train.csv and test.csv of PolyAI's Banking77. Its 13,083 sentences are recombined into as many as
are wanted: the beginning of one and the end of another of the same intent, every second time with a word exchanged.
They are embedded with wordllama. Each line is a process of its own; `cpu_s` is processor time, `mib` the largest the
process has been (the vectors, 1 KiB a row, included), `graph_sum` a checksum. `recall` is the share of the 15 nearest
of 1,000 rows that were found (to within 0.0005 of the cosine of the fifteenth); `intents` compares the communities
(Leiden, resolution 2) with the intents by NMI and ARI; `exact` is their ARI with those of the exact graph, where that
was made.

Methods: exact (every pair), ours (`personas.communities.neighbour_graph`), exact-shuffled (every pair, the rows in
another order: how much the communities move without any approximation), and where they are installed faiss (inverted
file), faiss-hnsw, usearch and pynndescent.
"""

from __future__ import annotations

import argparse
import csv
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

NEIGHBOURS = 15
RESOLUTION = 2.0
PROBED = 1000
WITHIN = 0.0005

Vectors = NDArray[np.float32]


def make_texts(data: Path, count: int) -> tuple[list[str], NDArray[np.int64]]:
    """Recombined sentences, and the number of the intent of each."""
    rows: list[dict[str, str]] = []
    for name in ("train", "test"):
        with (data / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            rows += csv.DictReader(file)
    intents = sorted({row["category"] for row in rows})
    of_intent = [[row["text"].split() for row in rows if row["category"] == intent] for intent in intents]
    words = sorted({word for texts in of_intent for text in texts for word in text})
    rng = np.random.default_rng(0)
    sizes = np.array([len(texts) for texts in of_intent], dtype=float)
    truth = rng.choice(len(intents), count, p=sizes / sizes.sum())
    draws = rng.random((count, 6))
    return [_recombine(of_intent[intent], words, draw) for intent, draw in zip(truth, draws, strict=True)], truth


def _recombine(texts: list[list[str]], words: list[str], draw: NDArray[np.float64]) -> str:
    first, second = texts[int(draw[0] * len(texts))], texts[int(draw[1] * len(texts))]
    cut = 0.3 + 0.4 * draw[2]
    mixed = first[: int(len(first) * cut) + 1] + second[int(len(second) * cut) :]
    if draw[3] < 0.5:
        mixed[int(draw[4] * len(mixed))] = words[int(draw[5] * len(words))]
    return " ".join(mixed)


def prepare(data: Path, folder: Path, count: int) -> None:
    """Writes the vectors and intents of `count` rows, unless they are there."""
    if (folder / f"{count}.npy").exists():
        return
    from retrieval.embedders import open_embedder

    texts, truth = make_texts(data, count)
    embedder = open_embedder("wordllama", texts=[])
    blocks = [embedder.embed(texts[start : start + 50_000]) for start in range(0, count, 50_000)]
    np.save(folder / f"{count}-intents.npy", truth)
    np.save(folder / f"{count}.npy", np.concatenate(blocks))


def exact(vectors: Vectors) -> NDArray[np.int32] | None:
    """None: the graph is made by `neighbour_graph` itself."""
    from personas import neighbours

    neighbours.EXACT_ROWS = len(vectors)
    return None


def ours(vectors: Vectors) -> NDArray[np.int32] | None:
    """None: as above, as it is; above its size among near cells."""
    from personas import neighbours

    neighbours.EXACT_ROWS = min(neighbours.EXACT_ROWS, len(vectors) - 1)
    return None


def faiss(vectors: Vectors) -> NDArray[np.int32]:
    import faiss as library

    cells = int(4 * np.sqrt(len(vectors)))
    index = library.IndexIVFFlat(
        library.IndexFlatIP(vectors.shape[1]), vectors.shape[1], cells, library.METRIC_INNER_PRODUCT
    )
    index.train(vectors[np.random.default_rng(0).permutation(len(vectors))[: 40 * cells]])
    index.add(vectors)
    index.nprobe = 24
    found: NDArray[np.int32] = index.search(vectors, NEIGHBOURS + 1)[1].astype(np.int32)
    return found


def faiss_hnsw(vectors: Vectors) -> NDArray[np.int32]:
    import faiss as library

    index = library.IndexHNSWFlat(vectors.shape[1], 16, library.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = 60
    index.hnsw.efSearch = 48
    index.add(vectors)
    found: NDArray[np.int32] = index.search(vectors, NEIGHBOURS + 1)[1].astype(np.int32)
    return found


def usearch(vectors: Vectors) -> NDArray[np.int32]:
    from usearch.index import Index

    index = Index(ndim=vectors.shape[1], metric="ip", dtype="f32", connectivity=16, expansion_add=64)
    index.expansion_search = 48
    index.add(np.arange(len(vectors)), vectors, threads=2)
    found: NDArray[np.int32] = index.search(vectors, NEIGHBOURS + 1, threads=2).keys.astype(np.int32)
    return found


def pynndescent(vectors: Vectors) -> NDArray[np.int32]:
    from pynndescent import NNDescent

    index = NNDescent(vectors, metric="dot", n_neighbors=NEIGHBOURS + 1, random_state=0, n_jobs=2)
    found: NDArray[np.int32] = index.neighbor_graph[0].astype(np.int32)
    return found


METHODS: dict[str, Callable[[Vectors], NDArray[np.int32] | None]] = {
    "exact": exact,
    "exact-shuffled": exact,
    "ours": ours,
    "faiss": faiss,
    "faiss-hnsw": faiss_hnsw,
    "usearch": usearch,
    "pynndescent": pynndescent,
}


def measure(folder: Path, count: int, method: str, *, communities: bool) -> dict[str, object]:
    """One line of the table, in this process."""
    from scipy.sparse import csr_matrix
    from sklearn.metrics import normalized_mutual_info_score

    from personas.communities import adjusted_rand, find_communities, neighbour_graph

    vectors, truth = np.load(folder / f"{count}.npy"), np.load(folder / f"{count}-intents.npy")
    order = np.arange(count)
    if method == "exact-shuffled":
        order = np.random.default_rng(0).permutation(count)
        vectors, truth = vectors[order], truth[order]
    started, used = time.perf_counter(), time.process_time()
    columns = METHODS[method](vectors)
    graph = neighbour_graph(vectors, neighbours=NEIGHBOURS, seed=0) if columns is None else _graph_of(vectors, columns)
    line: dict[str, object] = {"rows": count, "method": method, "graph_s": round(time.perf_counter() - started, 1)}
    line["graph_cpu_s"] = round(time.process_time() - used, 1)
    line["graph_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    line["recall"] = round(_recall(vectors, graph), 3)
    line["graph_sum"] = float(csr_matrix(graph).data.sum(dtype=np.float64))
    if not communities:
        return line
    used = time.process_time()
    labels = find_communities(graph, resolution=RESOLUTION, seed=0)
    line["leiden_cpu_s"] = round(time.process_time() - used, 1)
    line["all_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    line["communities"] = int(labels.max()) + 1
    line["intents"] = [
        round(float(normalized_mutual_info_score(truth, labels)), 3),
        round(adjusted_rand(truth, labels), 3),
    ]
    kept = folder / f"{count}-exact-labels.npy"
    if method == "exact":
        np.save(kept, labels)
    elif kept.exists():
        line["exact"] = round(adjusted_rand(np.load(kept)[order], labels), 3)
    return line


def _graph_of(vectors: Vectors, columns: NDArray[np.int32]) -> object:
    from scipy.sparse import csr_matrix

    count, width = columns.shape
    rows = np.repeat(np.arange(count, dtype=np.int32), width)
    columns = columns.ravel()
    kept = (columns >= 0) & (columns != rows)
    rows, columns = rows[kept], columns[kept]
    weights = np.empty(len(rows), dtype=np.float32)
    for start in range(0, len(rows), 20_000):
        part = slice(start, start + 20_000)
        weights[part] = np.einsum("ij,ij->i", vectors[rows[part]], vectors[columns[part]])
    graph = csr_matrix((np.clip(weights, 0, 1), (rows, columns)), shape=(count, count))
    return graph.maximum(graph.T).tocsr()


def _recall(vectors: Vectors, graph: object) -> float:
    shares = []
    rows = np.random.default_rng(1).permutation(len(vectors))[:PROBED]
    for block in np.split(rows, range(50, len(rows), 50)):
        for row, cosines in zip(block, vectors[block] @ vectors.T, strict=True):
            cosines[row] = -1.0
            bound = np.partition(cosines, -NEIGHBOURS)[-NEIGHBOURS] - WITHIN
            near = graph[row].indices  # type: ignore[index]  # scipy's sparse matrices ship no types
            shares.append(min(1.0, float((cosines[near] >= bound).sum()) / NEIGHBOURS))
    return float(np.mean(shares))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--rows", type=int, nargs="+", default=[50_000])
    parser.add_argument("--methods", nargs="+", choices=list(METHODS), default=["exact", "ours"])
    parser.add_argument("--folder", type=Path, help="where vectors are kept between calls")
    parser.add_argument("--no-communities", action="store_true")
    parser.add_argument("--here", action="store_true", help="measure in this process (the first rows and method)")
    arguments = parser.parse_args()
    if arguments.here:
        [count, *_], [method, *_] = arguments.rows, arguments.methods
        print(
            json.dumps(measure(arguments.folder, count, method, communities=not arguments.no_communities)), flush=True
        )
        return
    with tempfile.TemporaryDirectory() as name:
        folder = arguments.folder or Path(name)
        for count in arguments.rows:
            prepare(arguments.data, folder, count)
            for method in arguments.methods:
                command = [sys.executable, "-m", "benchmarks.neighbour_graph", str(arguments.data), "--here"]
                command += ["--rows", str(count), "--methods", method, "--folder", str(folder)]
                subprocess.run(command + ["--no-communities"] * arguments.no_communities, check=False)


if __name__ == "__main__":
    main()

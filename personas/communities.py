"""Communities of the nearest-neighbour graph: how passages become themes, and people groups.

Leiden on a cosine neighbour graph found the true intents of Banking77 better than k-means, HDBSCAN and BERTopic and
finds the number of groups by itself; a resolution sets the granularity (docs/decisions/0004).
"""

from __future__ import annotations

import ctypes
import sys
import threading
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from personas.neighbours import nearest_rows

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_C_RANDOM = threading.Lock()
"""Held from seeding C's generator, of which a process has one, until the last draw."""


def neighbour_graph(vectors: NDArray[np.float32], *, neighbours: int, seed: int = 0) -> csr_matrix:
    """The symmetric graph of each row's nearest rows by cosine, the same on any number of threads.

    Exact up to `personas.neighbours.EXACT_ROWS` rows, among near cells above.

    Args:
        vectors: ``(n, d)`` float32, rows of unit length (zero rows have no neighbours).
        neighbours: how many nearest rows each row links to, at most n - 1.
        seed: of the cells.

    Returns:
        ``(n, n)`` sparse matrix, weight = cosine clipped to 0..1, no self loops; a link found from either side counts.
    """
    from scipy.sparse import csr_matrix

    count = len(vectors)
    width = min(neighbours, count - 1)
    if width <= 0:
        return csr_matrix((count, count), dtype=np.float32)
    links = nearest_rows(vectors, neighbours=width, seed=seed).tocsr()
    return links.maximum(links.T).tocsr()


def find_communities(graph: csr_matrix, *, resolution: float, seed: int) -> NDArray[np.int64]:
    """Leiden communities of the graph, numbered from 0 by falling size.

    Returns:
        ``(n,)`` labels; nodes without links are communities of their own.

    Source:
        Traag, Waltman, van Eck: From Louvain to Leiden, Scientific Reports 9 (2019); scikit-network's implementation.
    """
    from sknetwork.clustering import Leiden

    count = graph.shape[0]
    if graph.nnz == 0:
        return np.arange(count, dtype=np.int64)
    with _C_RANDOM:
        # Its compiled part draws from the C library's generator, which `random_state` does not seed: without this, the
        # grouping would depend on what else the process has grouped before.
        _c_library().srand(seed % 2**31)
        leiden = Leiden(
            resolution=resolution,
            random_state=seed,
            sort_clusters=False,
            return_probs=False,
            return_aggregate=False,
        )
        labels = np.asarray(leiden.fit_predict(graph), dtype=np.int64)
    return relabel_by_size(labels)


@cache
def _c_library() -> ctypes.CDLL:
    return ctypes.CDLL("ucrtbase" if sys.platform == "win32" else None)


def relabel_by_size(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """The same grouping with labels 0, 1, ... by falling size (ties: by first member)."""
    values, first, inverse, counts = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    order = np.lexsort((first, -counts))
    rank = np.empty(len(values), dtype=np.int64)
    rank[order] = np.arange(len(values))
    return rank[inverse]


def adjusted_rand(first: NDArray[np.int64], second: NDArray[np.int64]) -> float:
    """Adjusted Rand index of two groupings of the same things; 1.0 is the same, 0.0 is chance."""
    from sklearn.metrics import adjusted_rand_score

    return float(adjusted_rand_score(first, second))

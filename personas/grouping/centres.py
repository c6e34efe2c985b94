"""Algorithms that are told the number of groups: three kinds of k-means, and Ward's agglomeration."""

from __future__ import annotations

import numpy as np

from personas.communities import neighbour_graph
from personas.grouping.criteria import unit_rows
from personas.grouping.fitting import nearest_known, sample_rows
from personas.grouping.merging import number_by_size
from personas.grouping.records import Labels, Points

STARTS = 5
STARTS_OF_MANY = 3
MANY = 20_000
"""Points from which on k-means starts from fewer places, to save time."""

BATCH = 2048

EVERY_PAIR = 8_000
"""Points up to which Ward's method compares every pair: the distances of 8,000 take 256 MB."""

LARGEST_TREE = 20_000
"""Points above which the tree is made of a sample, and the others go where their nearest point of it went."""

LINKS = 15


def k_means(points: Points, count: int, seed: int) -> Labels:
    """Lloyd's k-means from several k-means++ starts (scikit-learn)."""
    from sklearn.cluster import KMeans

    starts = STARTS if len(points) <= MANY else STARTS_OF_MANY
    return _labels(KMeans(_fitting(points, count), n_init=starts, random_state=seed % 2**31).fit_predict(points))


def mini_batch_k_means(points: Points, count: int, seed: int) -> Labels:
    """K-means that looks at a batch at a time, for very many points (scikit-learn)."""
    from sklearn.cluster import MiniBatchKMeans

    model = MiniBatchKMeans(_fitting(points, count), batch_size=BATCH, n_init=STARTS_OF_MANY, random_state=seed % 2**31)
    return _labels(model.fit_predict(points))


def bisecting_k_means(points: Points, count: int, seed: int) -> Labels:
    """Divisive: the group with the largest spread is cut in two, until there are enough (scikit-learn)."""
    from sklearn.cluster import BisectingKMeans

    model = BisectingKMeans(_fitting(points, count), n_init=STARTS_OF_MANY, random_state=seed % 2**31)
    return _labels(model.fit_predict(points))


def agglomerate(points: Points, count: int, seed: int) -> Labels:
    """Ward's method (scikit-learn); of many points, only neighbours are joined; of very many, those of a sample."""
    from sklearn.cluster import AgglomerativeClustering

    rows = sample_rows(len(points), LARGEST_TREE, seed=seed)
    few = points[rows]
    graph = None if len(few) <= EVERY_PAIR else neighbour_graph(unit_rows(few), neighbours=LINKS)
    model = AgglomerativeClustering(_fitting(few, count), linkage="ward", connectivity=graph)
    return _labels(model.fit_predict(few))[nearest_known(points, rows)]


def _fitting(points: Points, count: int) -> int:
    return min(count, len(points))


def _labels(labels: object) -> Labels:
    """Groups by falling size; a number that the algorithm left empty is no group."""
    return number_by_size(np.asarray(labels, dtype=np.int64))

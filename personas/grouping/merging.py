"""The tree over groups: which two are nearest, again and again, until one is left."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from personas.communities import relabel_by_size
from personas.grouping.records import Labels, Merge, Points


def merge_tree(points: Points, labels: Labels) -> tuple[Merge, ...]:
    """The joins of Ward's method over the groups, nearest first, for a dendrogram; groups count by their people.

    Args:
        points: ``(n, d)``.
        labels: ``(n,)`` groups 0, 1, ...; points with -1 are left aside.

    Source:
        Ward: Hierarchical grouping to optimize an objective function, JASA 58 (1963), begun with groups, not points.
    """
    centres, sizes = group_centres(points, labels)
    total = max(1.0, float(sizes.sum()))
    names = list(range(len(sizes)))
    merges: list[Merge] = []
    for name in range(len(sizes), 2 * len(sizes) - 1):
        left, right, loss = _nearest_pair(centres, sizes)
        people = sizes[left] + sizes[right]
        low, high = sorted((names[left], names[right]))
        merges.append(Merge(left=low, right=high, distance=float(np.sqrt(2 * loss / total)), people=int(people)))
        centres[left] = (sizes[left] * centres[left] + sizes[right] * centres[right]) / people
        sizes[left], names[left] = people, name
        centres, sizes = np.delete(centres, right, axis=0), np.delete(sizes, right)
        del names[right]
    return tuple(merges)


def merge_down(points: Points, labels: Labels, count: int) -> Labels:
    """The groups joined by Ward's method until `count` are left; those left out stay out."""
    groups = int(labels.max(initial=-1)) + 1
    members = [[group] for group in range(groups)]
    for merge in merge_tree(points, labels)[: max(0, groups - count)]:
        members.append(members[merge.left] + members[merge.right])
        members[merge.left], members[merge.right] = [], []
    joined = np.full(groups + 1, -1, dtype=np.int64)
    for name, parts in enumerate(part for part in members if part):
        joined[parts] = name
    return number_by_size(joined[labels])


def number_by_size(labels: Labels) -> Labels:
    """The same groups as 0, 1, ... by falling size; -1 stays."""
    numbered = np.full(len(labels), -1, dtype=np.int64)
    numbered[labels >= 0] = relabel_by_size(labels[labels >= 0])
    return numbered


def group_centres(points: Points, labels: Labels) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """``(groups, d)`` the mean point of each group, and ``(groups,)`` their sizes."""
    groups = int(labels.max(initial=-1)) + 1
    centres = np.zeros((groups, points.shape[1]))
    for group in range(groups):
        # A sum along an axis is taken in one order, whatever the number of threads.
        centres[group] = points[labels == group].mean(axis=0, dtype=np.float64)
    return centres, np.bincount(labels[labels >= 0], minlength=groups).astype(np.float64)


def _nearest_pair(centres: NDArray[np.float64], sizes: NDArray[np.float64]) -> tuple[int, int, float]:
    """The two groups whose join adds least to the sum of squares within groups, and what it adds."""
    norms = (centres**2).sum(axis=1)
    squared = np.maximum(norms[:, None] + norms - 2 * centres @ centres.T, 0.0)
    loss = squared * (sizes[:, None] * sizes) / (sizes[:, None] + sizes)
    loss[np.tril_indices(len(sizes))] = np.inf
    left, right = np.unravel_index(int(loss.argmin()), loss.shape)
    return int(left), int(right), float(loss[left, right])

"""Groups as communities of the graph of nearest neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from personas.communities import find_communities, neighbour_graph
from personas.grouping.criteria import unit_rows
from personas.grouping.fitting import Fit
from personas.grouping.merging import merge_down, number_by_size
from personas.grouping.records import Labels, Points

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

NEIGHBOURS = 15
RESOLUTION = 1.0
"""Where none is given: that of modularity itself."""

RESOLUTIONS = (0.01, 100.0)
STEPS = 12
"""Halvings of the range of resolutions, in logarithms, while looking for a number of groups."""


def graph_communities(points: Points, count: int | None, seed: int, *, resolution: float | None = None) -> Fit:
    """Leiden communities (scikit-network); points without any neighbour are left out.

    Where a number of groups is asked for, the resolution that gives it is looked for; where none does, the next
    larger number is joined down by Ward's method.
    """
    unit = unit_rows(points)
    graph = neighbour_graph(unit, neighbours=NEIGHBOURS, seed=seed)
    alone = np.diff(graph.indptr) == 0
    if count is None or resolution is not None:
        resolution = RESOLUTION if resolution is None else resolution
        labels = _communities(graph, alone, resolution, seed)
    else:
        labels, resolution = _search(graph, alone, count, seed)
    if count is not None:
        labels = merge_down(unit, labels, count)
    return Fit(labels=labels, parameters={"resolution": round(resolution, 6), "neighbours": NEIGHBOURS})


def _communities(graph: csr_matrix, alone: NDArray[np.bool_], resolution: float, seed: int) -> Labels:
    labels = find_communities(graph, resolution=resolution, seed=seed)
    labels[alone] = -1
    return number_by_size(labels)


def _search(graph: csr_matrix, alone: NDArray[np.bool_], count: int, seed: int) -> tuple[Labels, float]:
    """The fewest communities that are at least `count`, and their resolution."""
    low, high = np.log(RESOLUTIONS)
    best: Labels | None = None
    at = RESOLUTIONS[1]
    for _ in range(STEPS):
        middle = (low + high) / 2
        labels = _communities(graph, alone, float(np.exp(middle)), seed)
        groups = int(labels.max(initial=-1)) + 1
        if groups < count:
            low = middle
            continue
        high = middle
        if best is None or groups <= int(best.max(initial=-1)) + 1:
            best, at = labels, float(np.exp(middle))
        if groups == count:
            break
    return (_communities(graph, alone, at, seed) if best is None else best), at

"""Groups as dense places with emptier space between them; what lies in the space is left out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from personas.grouping.fitting import Fit, main_directions, nearest_known, sample_rows
from personas.grouping.memberships import distance_memberships
from personas.grouping.merging import merge_down, number_by_size
from personas.grouping.records import Labels, Memberships, Parameter, Points

DIMENSIONS = 15
"""Density is told in this many main directions: in hundreds of dimensions all points are about equally far apart."""

LARGEST = 20_000
"""Points above which a sample is grouped, and the others go where their nearest point of it went."""

LEAST_NEIGHBOURS = 10
"""Points, itself included, that must lie near a point for its place to count as dense; 5 below `FEW` points."""

FEW = 500
EPS_QUANTILES = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Where a number of groups is asked for, DBSCAN tries these places of the k-distance curve."""

SHARES_OF_A_GROUP = (0.5, 0.25, 0.12, 0.06, 0.03)
"""Where a number of groups is asked for, HDBSCAN tries these shares of an even group as the least size."""


@dataclass(frozen=True)
class _Try:
    labels: Labels
    strength: NDArray[np.float64]
    """0..1, how surely each point is in its group."""
    parameters: dict[str, Parameter]


def density_groups(points: Points, count: int | None, seed: int) -> Fit:
    """DBSCAN (scikit-learn), its radius from the bend of the k-distance curve.

    Source:
        Ester, Kriegel, Sander, Xu: A density-based algorithm for discovering clusters, KDD 1996, section 4.2.
    """
    from sklearn.cluster import DBSCAN
    from sklearn.neighbors import NearestNeighbors

    main = main_directions(points, DIMENSIONS)
    rows = sample_rows(len(points), LARGEST, seed=seed)
    few, least = main[rows], _least_neighbours(len(rows))
    curve = np.sort(NearestNeighbors(n_neighbors=least).fit(few).kneighbors(few)[0][:, -1])

    def group(radius: float) -> _Try:
        model = DBSCAN(eps=max(radius, 1e-6), min_samples=least).fit(few)
        labels = np.asarray(model.labels_, dtype=np.int64)
        strength = np.where(labels >= 0, 0.5, 0.0)
        strength[model.core_sample_indices_] = 1.0
        return _Try(labels, strength, {"eps": round(radius, 6), "min_samples": least})

    radii = [_bend(curve)] if count is None else [float(np.quantile(curve, at)) for at in EPS_QUANTILES]
    return _spread(main, rows, _closest(few, group, radii, count))


def hierarchical_density_groups(points: Points, count: int | None, seed: int) -> Fit:
    """HDBSCAN (scikit-learn), the least size of a group by the number of points; memberships are its probabilities.

    Source:
        Campello, Moulavi, Sander: Density-based clustering based on hierarchical density estimates, PAKDD 2013.
    """
    from sklearn.cluster import HDBSCAN

    main = main_directions(points, DIMENSIONS)
    rows = sample_rows(len(points), LARGEST, seed=seed)
    few, least = main[rows], _least_neighbours(len(rows))

    def group(size: float) -> _Try:
        model = HDBSCAN(min_cluster_size=max(2, int(size)), min_samples=least, copy=True).fit(few)
        labels = np.asarray(model.labels_, dtype=np.int64)
        strength = np.nan_to_num(np.asarray(model.probabilities_, dtype=np.float64))
        return _Try(labels, strength, {"min_cluster_size": max(2, int(size)), "min_samples": least})

    sizes = [max(5.0, np.sqrt(len(few)) / 2)]
    if count is not None:
        sizes = [len(few) / count * share for share in SHARES_OF_A_GROUP]
    return _spread(main, rows, _closest(few, group, sizes, count))


def _least_neighbours(count: int) -> int:
    return min(count, LEAST_NEIGHBOURS if count >= FEW else LEAST_NEIGHBOURS // 2)


def _bend(curve: NDArray[np.float64]) -> float:
    """Where the rising curve lies farthest below the line between its ends."""
    if len(curve) < 3:
        return float(curve[-1])
    line = np.linspace(curve[0], curve[-1], len(curve))
    return float(curve[int((line - curve).argmax())])


def _closest(points: Points, group: Callable[[float], _Try], settings: list[float], count: int | None) -> _Try:
    """The try whose number of groups is closest to the one asked for, groups above it joined."""
    tries = [group(setting) for setting in settings]
    if count is None:
        return tries[0]
    best = min(tries, key=lambda one: (abs(_groups(one) - count), int((one.labels < 0).sum())))
    return _Try(merge_down(points, number_by_size(best.labels), count), best.strength, best.parameters)


def _groups(one: _Try) -> int:
    return int(one.labels.max(initial=-1)) + 1


def _spread(main: Points, rows: NDArray[np.int64], found: _Try) -> Fit:
    """The try for all points: a point in a group has its strength there, and the rest by distance."""
    known = nearest_known(main, rows)
    labels, strength = found.labels[known], found.strength[known]
    soft: Memberships = distance_memberships(main, labels)
    placed = labels >= 0
    soft[placed] *= 1 - strength[placed, None]
    soft[placed, labels[placed]] += strength[placed]
    return Fit(labels=labels, soft=soft, parameters={**found.parameters, "fitted_on": len(rows)})

"""Points into groups by the algorithm that is named: the one door to all of them."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np

from persona_kit.errors import UsageError
from personas.grouping.centres import agglomerate, bisecting_k_means, k_means, mini_batch_k_means
from personas.grouping.counts import Cut, choose_count
from personas.grouping.density import density_groups, hierarchical_density_groups
from personas.grouping.fitting import Fit
from personas.grouping.graph import graph_communities
from personas.grouping.memberships import distance_memberships, keep_strongest
from personas.grouping.merging import number_by_size
from personas.grouping.mixture import gaussian_mixture
from personas.grouping.one_thread import one_thread
from personas.grouping.records import CountChoice, PointGroups, Points

_CUTS: dict[str, Cut] = {
    "k-means": k_means,
    "mini-batch k-means": mini_batch_k_means,
    "bisecting k-means": bisecting_k_means,
    "agglomerative": agglomerate,
}
"""Those that have to be told the number of groups: the criteria choose it."""

_FITS: dict[str, Callable[[Points, int | None, int], Fit]] = {
    "dbscan": density_groups,
    "hdbscan": hierarchical_density_groups,
    "gaussian mixture": gaussian_mixture,
}
"""Those that find the number of groups themselves."""

ALGORITHMS = (*_CUTS, *_FITS, "communities")
"""The names that `group_points` knows."""


def group_points(
    points: Points, *, algorithm: str, count: int | None, seed: int, resolution: float | None = None
) -> PointGroups:
    """The points in groups; the same for the same input and seed, on any number of threads.

    Args:
        points: ``(n, d)`` float32; `communities` looks at directions only, the others at distances.
        algorithm: one of `ALGORITHMS`.
        count: how many groups; None lets the algorithm choose: by the criteria (`choose_count`), by BIC (mixture), by
            density, or by the resolution (communities). Algorithms that find it themselves get close first and then
            join groups by Ward's method; where density finds fewer, there are fewer.
        seed: of everything random.
        resolution: granularity of communities; 1 where it is not given.

    Raises:
        UsageError: for a name that is not known, a count that does not fit the points, or a resolution for an
            algorithm that has none.
    """
    _check(points, algorithm, count, resolution)
    if count == 1 or len(points) == 0 or not np.ptp(points, axis=0).any():
        return _one_group(points)
    if algorithm == "communities":
        return _finish(points, graph_communities(points, count, seed, resolution=resolution))
    with one_thread(), warnings.catch_warnings():
        # Fewer different points than groups, or a fit that has not fully settled, still group the points.
        warnings.filterwarnings("ignore", category=UserWarning, module="sklearn")
        if algorithm in _FITS:
            return _finish(points, _FITS[algorithm](points, count, seed))
        cut, choice = _CUTS[algorithm], None
        if count is None:
            # A sample is no place for batches.
            choice = choose_count(points, cut=k_means if algorithm == "mini-batch k-means" else cut, seed=seed)
            count = choice.count
        if count == 1:
            return _one_group(points, choice)
        return _finish(points, Fit(labels=cut(points, count, seed), parameters={"count": count}), choice)


def _check(points: Points, algorithm: str, count: int | None, resolution: float | None) -> None:
    if algorithm not in ALGORITHMS:
        raise UsageError(
            f"{algorithm!r} is not an algorithm for grouping",
            where=f"--algorithm {algorithm}",
            mend=f"use one of: {', '.join(ALGORITHMS)}",
        )
    if count is not None and not 1 <= count <= max(1, len(points)):
        raise UsageError(
            f"{count} groups were asked for, of {len(points)} points",
            where=f"count {count}",
            mend=f"ask for 1 to {max(1, len(points))} groups",
        )
    if resolution is not None and algorithm != "communities":
        raise UsageError(
            f"{algorithm!r} has no resolution",
            where=f"resolution {resolution}",
            mend="leave the resolution away, or use the algorithm 'communities'",
        )


def _one_group(points: Points, choice: CountChoice | None = None) -> PointGroups:
    return PointGroups(
        labels=np.zeros(len(points), dtype=np.int64),
        memberships=np.ones((len(points), 1)),
        count=min(1, len(points)),
        parameters={"count": 1},
        choice=choice,
    )


def _finish(points: Points, fit: Fit, choice: CountChoice | None = None) -> PointGroups:
    """The fit with its groups by falling size and soft memberships."""
    labels = number_by_size(fit.labels)
    with one_thread():
        if fit.soft is None:
            memberships = distance_memberships(points, labels)
        else:
            # Columns as the labels now count, without groups in which nobody is.
            own, first = np.unique(labels, return_index=True)
            memberships = keep_strongest(fit.soft[:, fit.labels[first[own >= 0]]], labels)
    return PointGroups(
        labels=labels,
        memberships=memberships,
        count=int(labels.max(initial=-1)) + 1,
        parameters=fit.parameters,
        choice=choice,
    )

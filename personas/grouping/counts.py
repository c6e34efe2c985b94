"""How many groups there are, one included: prediction strength, the gap to one homogeneous crowd, and the criteria."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from personas.grouping.criteria import score_grouping
from personas.grouping.fitting import main_directions
from personas.grouping.merging import group_centres
from personas.grouping.records import CountChoice, CountTrial, Labels, Points

COUNTS = tuple(range(2, 13))
"""Tried where nothing else is asked for: a reader can tell apart a dozen."""

SAMPLE = 1000
"""Points that are looked at while choosing."""

SPLITS = 3
CROWDS = 8
"""Homogeneous crowds drawn to compare with."""

DIMENSIONS = 20
"""Directions of the largest spread that numbers of groups are tried in: the rest is noise in which no group shows, and
takes ten times as long."""

SURE = 3.0
"""Errors by which the gap of some number must stand above nothing: a dozen numbers are tried."""

Cut = Callable[[Points, int, int], Labels]
"""``cut(points, count, seed)``: the points in `count` groups."""


def prediction_strength(points: Points, count: int, *, cut: Cut, seed: int) -> float:
    """How well the groups of one half of the points predict those of the other, in the weakest group; 0..1.

    Args:
        points: ``(n, d)``.
        count: how many groups; for 1 the strength is 1.
        cut: the algorithm.
        seed: of the halves.

    Source:
        Tibshirani, Walther: Cluster validation by prediction strength, J. Comput. Graph. Stat. 14 (2005).
    """
    if count == 1:
        return 1.0
    rng = np.random.default_rng(seed)
    strengths = []
    for split in range(SPLITS):
        order = rng.permutation(len(points))
        halves = points[order[: len(points) // 2]], points[order[len(points) // 2 :]]
        labels = [cut(half, count, seed + split) for half in halves]
        strengths += [_strength(halves[0], labels[0], halves[1], labels[1])]
        strengths += [_strength(halves[1], labels[1], halves[0], labels[0])]
    return float(np.mean(strengths))


def _strength(train: Points, train_labels: Labels, test: Points, test_labels: Labels) -> float:
    centres, _ = group_centres(train, train_labels)
    predicted = _nearest(test, centres)
    shares = []
    for group in np.unique(test_labels):
        sizes = np.bincount(predicted[test_labels == group])
        pairs = sizes.sum() * (sizes.sum() - 1)
        # A group of one has no pair that could be told apart: it is no group that was found again.
        shares.append(float((sizes * (sizes - 1)).sum() / pairs) if pairs else 0.0)
    return min(shares)


def _nearest(points: Points, centres: NDArray[np.float64]) -> NDArray[np.int64]:
    squared = (centres**2).sum(axis=1) - 2 * points.astype(np.float64) @ centres.T
    nearest: NDArray[np.int64] = squared.argmin(axis=1)
    return nearest


def gap_statistic(points: Points, counts: Sequence[int], *, cut: Cut, seed: int) -> list[tuple[float, float]]:
    """For each count the gap, and its error: how much tighter the groups are than those of one homogeneous crowd.

    The crowd is one Gaussian with the spread of the points in each of their main directions: a cloud that is merely
    longer than wide has no gap.

    Source:
        Tibshirani, Walther, Hastie: Estimating the number of clusters in a data set via the gap statistic, J. R. Stat.
        Soc. B 63 (2001); the Gaussian in place of a box as in Liu, Hayes, Nobel, Marron: Statistical significance of
        clustering for high-dimension, low-sample size data, JASA 103 (2008).
    """
    main = main_directions(points, DIMENSIONS)
    rng = np.random.default_rng(seed)
    spread = main.std(axis=0)
    crowds = [(rng.standard_normal(main.shape) * spread).astype(np.float32) for _ in range(CROWDS)]
    gaps = []
    for count in counts:
        own = _log_within(main, cut(main, count, seed))
        theirs = np.array([_log_within(crowd, cut(crowd, count, seed)) for crowd in crowds])
        gaps.append((float(theirs.mean() - own), float(theirs.std() * np.sqrt(1 + 1 / CROWDS))))
    return gaps


def _log_within(points: Points, labels: Labels) -> float:
    centres, _ = group_centres(points, labels)
    return float(np.log(max(float(((points - centres[labels]) ** 2).sum()), 1e-12)))


def choose_count(points: Points, *, cut: Cut, seed: int, counts: Sequence[int] = COUNTS) -> CountChoice:
    """The number of groups: one where no number beats a homogeneous crowd, else what most criteria put first.

    Args:
        points: ``(n, d)``.
        cut: the algorithm.
        seed: of everything random.
        counts: which numbers above 1 are tried.
    """
    rng = np.random.default_rng(seed)
    sample = points[np.sort(rng.permutation(len(points))[:SAMPLE])]
    usable = [count for count in counts if 2 <= count <= len(sample) // 4]
    if not usable:
        return CountChoice(count=1, reason=f"{len(points)} points are too few to split", trials=())
    main = main_directions(sample, DIMENSIONS)
    gaps = gap_statistic(main, usable, cut=cut, seed=seed)
    trials = tuple(
        CountTrial(
            count=count,
            criteria=score_grouping(sample, cut(main, count, seed), seed=seed),
            prediction_strength=prediction_strength(main, count, cut=cut, seed=seed),
            gap=gap,
            gap_error=error,
        )
        for count, (gap, error) in zip(usable, gaps, strict=True)
    )
    return _decide(trials)


def _decide(trials: tuple[CountTrial, ...]) -> CountChoice:
    if all(trial.gap <= SURE * trial.gap_error for trial in trials):
        reason = "no number of groups is tighter than the same number cut from one homogeneous crowd"
        return CountChoice(count=1, reason=reason, trials=trials)
    best = min(trials, key=lambda trial: (_mean_rank(trial, trials), trial.count))
    reason = (
        f"of {len(trials)} numbers tried, {best.count} stands first on average over silhouette, Calinski-Harabasz, "
        "Davies-Bouldin, prediction strength and the gap to one homogeneous crowd"
    )
    return CountChoice(count=best.count, reason=reason, trials=trials)


def _mean_rank(trial: CountTrial, trials: tuple[CountTrial, ...]) -> float:
    """How many numbers of groups are better, over the criteria."""
    own, others = _merits(trial), [_merits(other) for other in trials]
    return float(np.mean([sum(other[at] > value for other in others) for at, value in enumerate(own)]))


def _merits(trial: CountTrial) -> tuple[float, ...]:
    """The criteria, all of them better when higher; what is undefined comes last."""
    criteria = trial.criteria
    merits = (
        criteria.silhouette,
        criteria.calinski_harabasz,
        None if criteria.davies_bouldin is None else -criteria.davies_bouldin,
        trial.prediction_strength,
        trial.gap,
    )
    return tuple(-np.inf if value is None else value for value in merits)

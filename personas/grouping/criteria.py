"""How well a grouping parts its points, and whether it tells of people what returns in what else they wrote."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from personas.grouping.one_thread import one_thread
from personas.grouping.records import Criteria, HalvesAgreement, Labels, Points

SAMPLE = 5000
"""Points looked at: the silhouette compares all pairs."""

FOLDS = 5
SHUFFLES = 199
"""With one more, a kappa above the 97.5th percentile is one in forty by chance."""


def score_grouping(points: Points, labels: Labels, *, seed: int, sample: int = SAMPLE) -> Criteria:
    """Silhouette (cosine), Calinski-Harabasz and Davies-Bouldin of the points that are in a group.

    Args:
        points: ``(n, d)``.
        labels: ``(n,)``; points with -1 are left aside.
        seed: of the sample.
        sample: how many points are looked at.

    Source:
        Rousseeuw, J. Comput. Appl. Math. 20 (1987); Caliński, Harabasz, Communications in Statistics 3 (1974); Davies,
        Bouldin, IEEE TPAMI 1 (1979); scikit-learn's implementations.
    """
    from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score, silhouette_score

    placed = np.flatnonzero(labels >= 0)
    rows = np.sort(np.random.default_rng(seed).permutation(placed)[:sample])
    mine = labels[rows]
    groups = len(np.unique(mine))
    if not 2 <= groups < len(rows):
        return Criteria(silhouette=None, calinski_harabasz=None, davies_bouldin=None)
    # A product of many numbers is summed in another order on more threads.
    with one_thread():
        return Criteria(
            silhouette=_finite(silhouette_score(unit_rows(points[rows]), mine, metric="cosine")),
            calinski_harabasz=_finite(calinski_harabasz_score(points[rows], mine)),
            davies_bouldin=_finite(davies_bouldin_score(points[rows], mine)),
        )


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def unit_rows(points: Points) -> Points:
    """The points at length 1; zeros stay."""
    lengths = np.linalg.norm(points, axis=1, keepdims=True)
    scaled: Points = (points / np.where(lengths > 0, lengths, 1.0)).astype(np.float32, copy=False)
    return scaled


def agreement_of_halves(first: Points, second: Points, labels: Labels, *, seed: int) -> HalvesAgreement:
    """Whether people are placed alike by one half of what they wrote and by the other.

    A cloud of points can be cut into groups that come back under resampling although every person is a random draw of
    the same crowd: short documents cluster by their subject. If groups are kinds of people, though, what a person wrote
    elsewhere falls into the same group. Each half goes to the nearest centre (cosine) learnt from other people.

    Args:
        first: ``(people, d)`` points from one half of each person's documents (drawn at random).
        second: ``(people, d)`` points from the other half.
        labels: ``(people,)`` groups made from all of it; -1 is left aside.
        seed: of the folds and shuffles.

    Source:
        Split-half reliability (Spearman 1910, Brown 1910) with Cohen's kappa (1960), against shuffled people.
    """
    rows = np.flatnonzero((labels >= 0) & first.any(axis=1) & second.any(axis=1))
    rng = np.random.default_rng(seed)
    one, two, mine = unit_rows(first[rows]), unit_rows(second[rows]), labels[rows]
    fold = rng.permutation(len(rows)) % FOLDS
    placed = np.zeros((2, len(rows)), dtype=np.int64)
    for part in range(FOLDS):
        here = fold == part
        centres = _unit_centres(one[~here] + two[~here], mine[~here], int(labels.max(initial=0)) + 1)
        placed[:, here] = (one[here] @ centres.T).argmax(axis=1), (two[here] @ centres.T).argmax(axis=1)
    shuffled = sorted(_kappa(placed[0], rng.permutation(placed[1])) for _ in range(SHUFFLES))
    low, high = np.percentile(shuffled, [2.5, 97.5])
    return HalvesAgreement(agreement=_kappa(placed[0], placed[1]), chance=(float(low), float(high)), people=len(rows))


def _unit_centres(points: Points, labels: Labels, groups: int) -> Points:
    centres = np.zeros((groups, points.shape[1]), dtype=np.float32)
    for group in np.unique(labels):
        centres[group] = points[labels == group].mean(axis=0)
    return unit_rows(centres)


def _kappa(first: NDArray[np.int64], second: NDArray[np.int64]) -> float:
    """Cohen's kappa; 0 where chance alone would always agree."""
    if len(first) == 0:
        return 0.0
    groups = int(max(first.max(), second.max())) + 1
    shares = np.bincount(first, minlength=groups) @ np.bincount(second, minlength=groups) / len(first) ** 2
    return float(((first == second).mean() - shares) / (1 - shares)) if shares < 1 else 0.0

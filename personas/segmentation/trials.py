"""What a way of grouping does on people: how many segments, how often they come back, what they tell of a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from personas.communities import adjusted_rand, relabel_by_size
from personas.segmentation.grouping import Centres, Labels
from personas.segmentation.methods import Method
from personas.segmentation.people import Points, unit_rows
from personas.sums import sum_rows

RESAMPLES = 3
RESAMPLES_ALONE = 5
"""Where nothing but how far groupings return decides between them; with 8, Banking77 fell into the same segments."""

RESAMPLED_SHARE = 0.8
FRINGE = 0.34
"""A group smaller than this part of the average is no segment: its members go to the nearest one, or are outliers.
A handful of people who write of something else altogether is a very stable group, and nobody's persona."""

AS_GOOD = 0.03
"""Groupings that are worth less by this share than the best are as good; of those the fewest segments are taken."""

LEAST_EFFECTIVE = 2.0
"""Segments of equal size that would tell people apart as much (the exponential of the entropy)."""

LEAST_CERTAINTY = 5.0
"""Standard errors that what segments tell must lie above chance; some twenty ways of grouping are tried."""

Halves = tuple[tuple[Points, Points], ...]


@dataclass(frozen=True)
class Trial:
    """A way of grouping, tried on a sample of the people."""

    method: Method
    labels: Labels
    """Of the sample."""
    segments: int
    stability: float
    """Mean adjusted Rand index with the groupings of samples of four fifths, not below 0."""
    entropy: float
    """Nats that a segment tells apart, were it always right."""
    told: float | None
    """Nats that the segment told from one half of what a person wrote says of the segment told from the other half,
    beyond chance; None where too few people wrote enough for two halves."""
    error: float
    """Standard error of `worth`."""
    certainty: float
    """`told` in standard errors of two unrelated groupings."""
    resamples: tuple[tuple[NDArray[np.int64], Labels], ...] = ()
    """Rows of the sample that were grouped again, and how."""

    @property
    def worth(self) -> float:
        """What is told and comes back.

        `told` grows with the number of segments as long as they are real and falls when they are not: splitting people
        who do not differ adds noise. Without halves there is only how far the grouping returns, and one that puts
        nearly everybody into one segment returns always: it counts for nothing (docs/decisions/0008).
        """
        if self.told is not None:
            return self.stability * max(self.told, 0.0)
        return self.stability if np.exp(self.entropy) >= LEAST_EFFECTIVE else 0.0

    @property
    def slack(self) -> float:
        """What `worth` may differ by chance."""
        return self.error if self.told is None else max(AS_GOOD * self.worth, self.error)

    @property
    def beats_chance(self) -> bool:
        """Whether the segments tell something of people at all; taken for granted without halves."""
        return self.told is None or self.certainty >= LEAST_CERTAINTY


def try_method(
    method: Method, points: Points, halves: Halves, *, draws: list[NDArray[np.int64]], most: int, seed: int
) -> Trial:
    """The trial of a way of grouping.

    Args:
        method: the way.
        points: of the sample of people, whatever is known of them.
        halves: of the same people; the first of each pair with whatever else is known, the second the words alone.
        draws: samples of the sample.
        most: segments above which a grouping is of no use, and is not tried further.
        seed: of the grouping.
    """
    everybody = np.arange(len(points))
    [labels] = group_segments(method, points, [everybody], seed=seed)
    if not 2 <= int(labels.max()) + 1 <= most:
        draws, halves = [], ()
    again = group_segments(method, points, draws, seed=seed) if draws else []
    scores = [adjusted_rand(labels[draw], found) for draw, found in zip(draws, again, strict=True)]
    shares = np.bincount(labels) / len(labels)
    count = int((shares > 0).sum())
    entropy = -float(sum(share * np.log(share) for share in shares if share > 0))
    told, error = _told(method, halves, seed=seed) if halves else (None, 1.0)
    return Trial(
        method=method,
        labels=labels,
        segments=count,
        stability=max(0.0, float(np.mean(scores or [0.0]))),
        entropy=entropy,
        told=told,
        error=_standard_error(scores) if told is None else error * float(np.mean(scores or [0.0])),
        certainty=0.0 if told is None else told / max(error, 1e-12),
        resamples=tuple(zip(draws, again, strict=True)),
    )


def _standard_error(scores: Sequence[float]) -> float:
    return float(np.std(scores) / np.sqrt(len(scores))) if scores else 0.0


def group_segments(method: Method, points: Points, parts: Sequence[NDArray[np.int64]], *, seed: int) -> list[Labels]:
    """The segments of each part of the points, as rows, by the same way of grouping."""
    group = method.over(points)
    return [_segments_of(group(rows, seed), points[rows], method.least) for rows in parts]


def _segments_of(labels: Labels, points: Points, least: int) -> Labels:
    """The groups that are large enough, numbered by size; who is in none of them goes to the nearest one."""
    sizes = np.bincount(labels[labels >= 0], minlength=1)
    average = len(points) / max(1, int((sizes > 0).sum()))
    kept = np.flatnonzero(sizes >= max(least, FRINGE * average if least > 1 else 1))
    if len(kept) == 0:
        return np.zeros(len(points), dtype=np.int64)
    place = np.full(len(sizes) + 1, -1, dtype=np.int64)
    place[kept] = np.arange(len(kept))
    labels = place[labels]
    left = labels < 0
    if left.any():
        labels[left] = nearest_centre(points[left], centres_of(points, labels, len(kept)))[0]
    return relabel_by_size(labels)


def centres_of(points: Points, labels: Labels, count: int) -> Centres:
    """``(count, dimensions)`` the middle of each group, at unit length."""
    return unit_rows(sum_rows(points[labels >= 0], labels[labels >= 0], count))


def nearest_centre(points: Points, centres: Centres) -> tuple[Labels, NDArray[np.float32]]:
    """The nearest centre of each point, and its cosine."""
    likeness = points @ centres.T
    return likeness.argmax(axis=1).astype(np.int64), likeness.max(axis=1)


def _told(method: Method, halves: Halves, *, seed: int) -> tuple[float, float]:
    """Nats beyond chance, and the standard error of that for two groupings that have nothing to do with each other."""
    told, errors = [], []
    for first, second in halves:
        both = np.flatnonzero(first.any(axis=1) & second.any(axis=1))
        [one] = group_segments(method, first[both], [np.arange(len(both))], seed=seed)
        count = int(one.max()) + 1
        words = unit_rows(first[both][:, : second.shape[1]])
        other = nearest_centre(second[both], centres_of(words, one, count))[0]
        told.append(_information(one, other))
        # Twice the information of unrelated groupings of n things is chi-square over n, with (k-1)^2 degrees.
        errors.append(max(count - 1, 1) / (np.sqrt(2) * len(both)))
    return float(np.mean(told)), float(np.mean(errors))


def _information(one: Labels, other: Labels) -> float:
    """Mutual information in nats, less what two unrelated groupings of these sizes have in common.

    Source:
        Vinh, Epps, Bailey: Information theoretic measures for clusterings comparison, JMLR 11 (2010).
    """
    from sklearn.metrics import mutual_info_score
    from sklearn.metrics.cluster import contingency_matrix, expected_mutual_information

    table = contingency_matrix(one, other, sparse=True).astype(np.int64)
    return float(mutual_info_score(None, None, contingency=table)) - float(
        expected_mutual_information(table, int(table.sum()))
    )

"""Everybody in the segments of the chosen way of grouping, and how far each segment holds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from persona_kit.hashing import stable_seed
from personas.communities import adjusted_rand, relabel_by_size
from personas.records import BlockShare, CandidateGrouping
from personas.segmentation.grouping import Grouping, Labels, Weights
from personas.segmentation.people import Points
from personas.segmentation.trials import (
    RESAMPLED_SHARE,
    Trial,
    centres_of,
    group_segments,
    nearest_centre,
)

FINAL_RESAMPLES = 10
"""With those that the way of grouping was chosen by."""

FINAL_RESAMPLES_OF_MANY = 5
MANY = 3000
"""People of whom fewer resamples say as much."""

FLOOR = 0.05
"""Of a segment's people, those who lie farther from its centre are as far as its edge."""

FAR = 0.75
"""Outliers lie below this share of the closeness that a segment's edge has."""

SHARPNESS = 8
"""Power of the cosine to a segment's centre in a soft membership."""


def settle(
    people: NDArray[np.int64],
    chosen: Trial,
    points: Points,
    rows: NDArray[np.int64],
    *,
    candidates: tuple[CandidateGrouping, ...],
    blocks: tuple[BlockShare, ...],
    reason: str,
    seed: int,
) -> Grouping:
    """Everybody in the segments of the chosen way of grouping, segments by falling size.

    Args:
        people: indices of the corpus's customers.
        chosen: the way of grouping, and what it did on a sample.
        points: of all the people.
        rows: of those who make the segments; the others go to the nearest one.
        candidates: what was tried.
        blocks: what the segments rest on.
        reason: why this way.
        seed: of the grouping and the resamples.
    """
    rng = np.random.default_rng(stable_seed(seed, "settle"))
    labels = chosen.labels
    if len(rows) < len(points):
        centres = centres_of(points[rows], labels, int(labels.max()) + 1)
        labels = relabel_by_size(nearest_centre(points, centres)[0])
    count = int(labels.max()) + 1
    centres = centres_of(points, labels, count)
    likeness = np.clip(points @ centres.T, 0.0, 1.0)
    closeness = likeness[np.arange(len(points)), labels]
    floors = np.array([np.quantile(closeness[labels == at], FLOOR) for at in range(count)], dtype=np.float32)
    stability, per_segment, held_out = _stability(chosen, points[rows], labels[rows], count, rng=rng, seed=seed)
    return Grouping(
        people=people,
        labels=np.where(closeness < FAR * floors[labels], -1, labels) if chosen.method.least > 1 else labels,
        weights=_soft(likeness, labels),
        closeness=closeness.astype(np.float32),
        floors=floors,
        representation=chosen.method.voice.representation,
        algorithm=chosen.method.algorithm,
        reason=reason,
        stability=stability,
        segment_stability=per_segment,
        told=chosen.told,
        halves_agreement=_halves_agreement(chosen, labels[rows], seed=seed),
        blocks=blocks,
        candidates=candidates,
        centres=centres,
        held_out=held_out,
    )


def _halves_agreement(chosen: Trial, labels: Labels, *, seed: int) -> float | None:
    halves = chosen.method.voice.halves
    if not halves:
        return None
    from personas.grouping import agreement_of_halves

    return agreement_of_halves(*halves[0], labels, seed=seed % 2**31).agreement


def _soft(likeness: NDArray[np.float32], labels: Labels) -> Weights:
    """Memberships by cosine to the centres; the segment that a person is in stays the strongest."""
    soft: Weights = likeness.astype(np.float64) ** SHARPNESS
    soft[np.arange(len(labels)), labels] = soft.max(axis=1) + 1e-9
    shares: Weights = soft / soft.sum(axis=1, keepdims=True)
    return shares


def _stability(
    chosen: Trial, points: Points, labels: Labels, count: int, *, rng: np.random.Generator, seed: int
) -> tuple[float, tuple[float, ...], NDArray[np.int64]]:
    """Over resamples: mean adjusted Rand index, the mean best Jaccard overlap of each segment, and those left out."""
    agreement, overlaps = [], []
    held_out = np.zeros((count, count), dtype=np.int64)
    taken = max(2, int(len(points) * RESAMPLED_SHARE))
    wanted = FINAL_RESAMPLES if len(points) < MANY else FINAL_RESAMPLES_OF_MANY
    more = max(0, wanted - len(chosen.resamples))
    samples = [np.sort(rng.permutation(len(points))[:taken]) for _ in range(more)]
    found = group_segments(chosen.method, points, samples, seed=seed)
    for sample, again in [*chosen.resamples, *zip(samples, found, strict=True)]:
        agreement.append(adjusted_rand(labels[sample], again))
        overlaps.append([_best_jaccard(labels[sample] == label, again) for label in range(count)])
        held_out += _place_left_out(points, labels, sample, again, count)
    return float(np.mean(agreement)), tuple(float(value) for value in np.mean(overlaps, axis=0)), held_out


def _place_left_out(
    points: Points, labels: Labels, sample: NDArray[np.int64], again: Labels, count: int
) -> NDArray[np.int64]:
    """``(segments, segments)`` those left out of a sample, by their own segment and by the one they go to.

    They go to the nearest group of those that were made without them; a group stands for the segment that most of its
    people are of. Who has no words among the others' goes nowhere, and is not counted.
    """
    left = np.setdiff1d(np.arange(len(points)), sample, assume_unique=True)
    left = left[points[left].any(axis=1)]
    groups = int(again.max()) + 1
    shared = np.zeros((groups, count), dtype=np.int64)
    np.add.at(shared, (again, labels[sample]), 1)
    nearest = nearest_centre(points[left], centres_of(points[sample], again, groups))[0]
    placed = np.zeros((count, count), dtype=np.int64)
    np.add.at(placed, (labels[left], shared.argmax(axis=1)[nearest]), 1)
    return placed


def _best_jaccard(members: NDArray[np.bool_], labels: Labels) -> float:
    """The Jaccard overlap of the members with the group that fits them best.

    Source:
        Hennig, Cluster-wise assessment of cluster stability, Computational Statistics & Data Analysis 52 (2007).
    """
    best = 0.0
    for label in np.unique(labels[members]):
        group = labels == label
        best = max(best, float((members & group).sum() / (members | group).sum()))
    return best

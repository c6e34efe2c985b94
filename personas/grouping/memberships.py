"""How strongly points belong to groups, where the algorithm itself does not say."""

from __future__ import annotations

import numpy as np

from personas.grouping.merging import group_centres
from personas.grouping.records import Labels, Memberships, Points

SHARPNESS = 4.0
"""Memberships fall with this power of the distance to a centre: fuzzy c-means with the fuzzifier 1.5 (Bezdek, Pattern
Recognition with Fuzzy Objective Function Algorithms, 1981)."""


def distance_memberships(points: Points, labels: Labels) -> Memberships:
    """``(n, groups)`` memberships by the distances to the groups' centres; the group a point is in stays the strongest.

    Points left out by density get them too: where they would belong.
    """
    centres, _ = group_centres(points, labels)
    soft = np.zeros((len(points), len(centres)))
    norms = (centres**2).sum(axis=1)
    for start in range(0, len(points), 8192):
        block = points[start : start + 8192].astype(np.float64)
        squared = (block**2).sum(axis=1)[:, None] + norms - 2 * block @ centres.T
        soft[start : start + 8192] = np.maximum(squared, 1e-9) ** (-SHARPNESS / 2)
    return keep_strongest(soft, labels)


def keep_strongest(soft: Memberships, labels: Labels) -> Memberships:
    """Rows that sum to 1, in which the group that a point is in has the largest share."""
    if soft.shape[1] == 0:
        return soft
    placed = np.flatnonzero(labels >= 0)
    own = labels[placed]
    strongest = soft[placed].max(axis=1)
    behind = soft[placed, own] < strongest
    soft[placed[behind], own[behind]] = strongest[behind] * (1 + 1e-9)
    sums = soft.sum(axis=1, keepdims=True)
    return np.where(sums > 0, soft / np.where(sums > 0, sums, 1.0), 1.0 / soft.shape[1])

"""The centres that place a run's own people where the run did, and how well they would place others."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from personas.assigning.calibrating import calibrate_known, margins_of
from personas.assigning.records import Calibration, Representation
from personas.segmentation.people import Points, unit_rows
from personas.sums import sum_rows

Labels = NDArray[np.int64]
Likeness = NDArray[np.float32]
"""``(people, segments)`` cosines."""

ROUNDS = 50
STEP = 0.5
"""Of one person's own weight."""


@dataclass(frozen=True)
class Fitting:
    """The run's people beside their segments in one representation."""

    representation: Representation
    points: Points
    labels: Labels
    """From 0, without gaps."""
    move: bool
    """Whether the centres are moved from the middles, so that they give everybody their segment back."""

    @cached_property
    def sums(self) -> Points:
        """``(segments, dimensions)`` the sum of each segment's people."""
        return sum_rows(self.points, self.labels, int(self.labels.max()) + 1)

    @cached_property
    def centres(self) -> Points:
        """``(segments, dimensions)`` unit rows that new people are compared with."""
        return unit_rows(_move_apart(self.points, self.labels, self.sums) if self.move else self.sums)

    @cached_property
    def seen(self) -> Likeness:
        """Of everybody to the centres."""
        likeness: Likeness = self.points @ self.centres.T
        return likeness

    @cached_property
    def unseen(self) -> Likeness:
        """Of everybody to the middles, each person left out of their own segment's."""
        return leave_out(self.points, self.points, self.sums, self.labels)

    @property
    def replaced(self) -> float:
        """Share of the people whose nearest centre is their own segment's."""
        return float((self.seen.argmax(axis=1) == self.labels).mean())

    @cached_property
    def right(self) -> NDArray[np.bool_]:
        """Who is nearest to the middle of their own segment, left out of it."""
        placed: NDArray[np.bool_] = self.unseen.argmax(axis=1) == self.labels
        return placed

    @property
    def replaced_unseen(self) -> float:
        """The share of them."""
        return float(self.right.mean())

    @property
    def tells(self) -> bool:
        """Whether the share placed right, averaged over the segments, is above that of guessing (by two errors)."""
        count = len(self.sums)
        shares = np.array([self.right[self.labels == row].mean() for row in range(count)])
        sizes = np.bincount(self.labels, minlength=count)
        error = float(np.sqrt((shares * (1 - shares) / sizes).sum())) / count
        return count == 1 or float(shares.mean()) - 2 * error > 1 / count

    def calibrate_known(self) -> Calibration | None:
        """How sure answers are where people's segments are known facts."""
        return calibrate_known(margins_of(self.unseen), self.right, segments=len(self.sums))


def leave_out(points: Points, own: Points, sums: Points, labels: Labels) -> Likeness:
    """Cosines of points to the middles of the segments; to that of the person's own as it would be without them.

    Args:
        points: of these people, from all or some of what they wrote.
        own: of the same people, as they stand in the sums.
        sums: of the segments.
        labels: of the people.
    """
    likeness: Likeness = points @ unit_rows(sums).T
    without = unit_rows(sums[labels] - own)
    likeness[np.arange(len(labels)), labels] = np.einsum("ij,ij->i", points, without)
    return likeness


def _move_apart(points: Points, labels: Labels, sums: Points) -> Points:
    """The sums, moved until everybody is nearest to their own segment's, or as many as can be.

    The middles do not give everybody their segment back: the run placed people by the middles of groups of which these
    segments are what became, and by what it knew beside their words. Whoever is placed wrongly draws their own segment
    nearer and pushes the other away, a little each round (a perceptron, Rosenblatt 1958); the best round counts.
    """
    best, fewest = sums, len(labels) + 1
    for _ in range(ROUNDS):
        placed = (points @ unit_rows(sums).T).argmax(axis=1)
        wrong = np.flatnonzero(placed != labels)
        if len(wrong) < fewest:
            best, fewest = sums, len(wrong)
        if not len(wrong):
            break
        mine, count = points[wrong], len(sums)
        sums = sums + STEP * (sum_rows(mine, labels[wrong], count) - sum_rows(mine, placed[wrong], count))
    return best

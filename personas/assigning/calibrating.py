"""How sure an answer is: learnt from the run's own people, each of whom is placed twice."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from personas.assigning.records import Calibration

Floats = NDArray[np.float64]

LEAST_PEOPLE = 60
"""Fewer say nothing of the rest (as `personas.segmentation.people.LEAST_HALVED`)."""

LEAST_IN_BIN = 25
MOST_BINS = 10
LEAST_BEYOND_CHANCE = 0.05
SURE = 0.99
"""Nobody is told more than this: the rarest mistakes are those that were never seen."""


def margins_of(likeness: NDArray[np.floating]) -> Floats:
    """``(people,)`` how much nearer the nearest segment is than the second; of one segment, its closeness."""
    ordered = np.sort(np.asarray(likeness, dtype=np.float64), axis=1)
    margins: Floats = ordered[:, -1] - (ordered[:, -2] if ordered.shape[1] > 1 else 0.0)
    return margins


def calibrate_halves(margins: Floats, agree: NDArray[np.bool_], *, segments: int, people: int) -> Calibration | None:
    """The calibration from pairs of halves of what a person wrote; None where there are too few.

    The other half is no truth: it is as unsure as the first. Were each half right with probability q, and wrong ones
    spread over the other segments, halves would agree in q^2 + (1-q)^2/(k-1) of all cases. That gives q, and with it
    how often a first half is right that agrees with the second half so or so often.

    Args:
        margins: of the first halves.
        agree: whether the second half fell into the same segment.
        segments: how many there are.
        people: how many different people the pairs are of.
    """
    if people < LEAST_PEOPLE or segments < 2:
        return None
    overall = float(agree.mean())
    right = _each_right(overall, segments)
    by_chance = (1 - right) / (segments - 1) if right is not None else 0.0
    reach = right if right is not None else 1.0
    bins = _bins(margins, agree.astype(np.float64), people)
    shares = [(share - by_chance) / (reach - by_chance) for _, share in bins]
    return _rising(bins, shares, segments, people, overall)


def of_whole(halves: Calibration, *, segments: int) -> Calibration:
    """The calibration of people who wrote twice as much as the halves it was learnt from.

    The noise of a margin falls with the root of the amount written. So what a margin says beyond chance, in log odds,
    counts root two times as much.
    """
    prior = math.log(segments - 1)
    shares = np.clip(np.array(halves.shares), 1e-6, SURE)
    odds = math.sqrt(2) * (np.log(shares / (1 - shares)) + prior) - prior
    whole = np.clip(1 / (1 + np.exp(-odds)), 1 / segments, SURE)
    return halves.model_copy(update={"shares": tuple(round(float(share), 6) for share in whole)})


def calibrate_known(margins: Floats, right: NDArray[np.bool_], *, segments: int) -> Calibration | None:
    """The calibration where the true segment of each person is known, as by a column; each left out of the centres."""
    if len(margins) < LEAST_PEOPLE or segments < 2:
        return None
    bins = _bins(margins, right.astype(np.float64), len(margins))
    return _rising(bins, [share for _, share in bins], segments, len(margins), float(right.mean()))


def confidence_of(calibration: Calibration, margin: float) -> float:
    """How often an answer with this margin is right."""
    return float(np.interp(margin, calibration.margins, calibration.shares))


def _each_right(agreement: float, segments: int) -> float | None:
    """The q of q^2 + (1-q)^2/(k-1) = agreement; None where halves agree no more than by chance."""
    k = segments
    within = 1 - k * (1 - agreement * (k - 1))
    # Just above chance the correction would divide by next to nothing.
    return min(1.0, (1 + math.sqrt(within)) / k) if within > LEAST_BEYOND_CHANCE else None


def _bins(margins: Floats, outcome: Floats, people: int) -> list[tuple[float, float]]:
    """Mean margin and share of each bin of like margins, rising; shares drawn to the overall one by two cases."""
    count = int(np.clip(people // LEAST_IN_BIN, 1, MOST_BINS))
    order = np.argsort(margins, kind="stable")
    overall = float(outcome.mean())
    return [
        (float(margins[rows].mean()), float((outcome[rows].sum() + 2 * overall) / (len(rows) + 2)))
        for rows in np.array_split(order, count)
    ]


def _rising(
    bins: list[tuple[float, float]], shares: list[float], segments: int, people: int, agreement: float
) -> Calibration:
    from sklearn.isotonic import IsotonicRegression

    margins = np.array([margin for margin, _ in bins])
    fitted = IsotonicRegression().fit_transform(np.arange(len(bins)), np.array(shares))
    return Calibration(
        margins=tuple(round(float(margin), 6) for margin in margins),
        shares=tuple(round(float(share), 6) for share in np.clip(fitted, 1 / segments, SURE)),
        people=people,
        agreement=round(agreement, 6),
    )

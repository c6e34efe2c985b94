"""What a comparison could have seen: the smallest true loss that would be called one four times in five.

The promise has to hold where formulas do not: for a dozen cases, for scores that tie, for metrics that are nearly
always 1. So runs with a loss are simulated from the comparison's own answers, and judged by its own test.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

POWER = 0.8
"""Chance with which a loss of the promised size is seen."""

TRIALS = 200
SIGNS = 1_000
STEPS = 8
"""Halvings of the share of answers that are lost: the last one is 0.4 %."""

Repeats = Sequence[Sequence[float]]
"""Of each case its scores, one a repeat."""

Answers = NDArray[np.float64]
"""Scores of simulated runs: (trials, cases, repeats)."""


def detectable_loss(before: Repeats, after: Repeats, *, margin: float, alpha: float, seed: int = 0) -> float:
    """The smallest true loss of the mean score that the flipping of signs would show with a chance of `POWER`.

    Args:
        before: of the baseline.
        after: of the candidate, the same cases in the same order.
        margin: smallest loss that matters.
        alpha: two-sided chance of a false alarm.
        seed: of the simulation.

    Returns:
        The loss; infinite where not even the loss of the whole score would be seen.
    """
    cases = len(before)
    if 2.0 ** (1 - cases) >= alpha:
        return float("inf")
    rng = np.random.default_rng(seed)
    first, second = _simulated(before, after, rng)
    signs = 2.0 * rng.integers(0, 2, (SIGNS, cases)) - 1
    luck, values = rng.random(second.shape), np.unique(second)

    def power(share: float) -> float:
        loss = (first - _lowered(second, share, luck, values)).mean(axis=2)
        sums = loss.sum(axis=1)
        # Sums that tie with the one observed count as reached, whatever their last digit.
        reached = np.abs(signs @ loss.T) >= np.abs(sums) - 1e-9
        p = (1 + reached.sum(axis=0)) / (SIGNS + 1)
        return float(np.mean((p < alpha) & (sums >= margin * cases - 1e-9)))

    low, high = 0.0, 1.0
    if power(high) < POWER:
        return float("inf")
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if power(middle) >= POWER else (middle, high)
    # How far answers spread is only known from as many cases as there are; so much more keeps the promise over what
    # different comparisons print (benchmarks/eval_statistics.py).
    needed = (1 + 2 / cases) * high
    return needed * float(np.abs(second).mean()) if needed <= 1 else float("inf")


def _simulated(before: Repeats, after: Repeats, rng: np.random.Generator) -> tuple[Answers, Answers]:
    """Two runs without a difference, `TRIALS` times.

    Either the two runs' answers to a case change places by chance, as the test supposes; or, if that makes for more of
    a difference, each run's answers are drawn from both: two runs that hold the same answers say nothing of the next.
    """
    repeats = max(map(len, [*before, *after]))
    both = np.array([[np.resize(run, repeats) for run in case] for case in zip(before, after, strict=True)])
    # What all cases gained or lost is no spread.
    both[:, 1] -= np.median((both[:, 1] - both[:, 0]).mean(axis=1))
    turned = rng.integers(0, 2, (TRIALS, len(both), 1))
    exchanged = np.where(turned, both[:, 1], both[:, 0]), np.where(turned, both[:, 0], both[:, 1])
    pool = np.broadcast_to(both.reshape(1, len(both), -1), (TRIALS, len(both), 2 * repeats))
    drawn = np.take_along_axis(pool, rng.integers(0, 2 * repeats, pool.shape), axis=2)
    redrawn = drawn[:, :, :repeats], drawn[:, :, repeats:]
    return max(exchanged, redrawn, key=lambda runs: float(np.mean((runs[0] - runs[1]).mean(axis=2) ** 2)))


def _lowered(answers: Answers, share: float, luck: Answers, values: NDArray[np.float64]) -> Answers:
    """The answers less a share of their scores, in steps of the values that the metric takes.

    Where it knows right and wrong alone, a share of the right answers turns wrong; where it takes many values, each
    answer loses a little.
    """
    aim = answers - share * np.abs(answers)
    steps = np.union1d(values, [0.0]) if values[0] >= 0 else values
    at = np.searchsorted(steps, aim, side="right") - 1
    below, above = steps[np.maximum(at, 0)], steps[np.minimum(at + 1, len(steps) - 1)]
    width = above - below
    rounded = np.where(luck * width < aim - below, above, below)
    # A cost can rise beyond all that were seen.
    return np.where(at < 0, aim, rounded)


def detectable_breaks(*, passed: int, cases: int, by_luck: int, margin: float, alpha: float) -> float:
    """The smallest true loss of the pass rate that McNemar's test would show with a chance of `POWER`.

    Args:
        passed: cases that passed before, each of which may break.
        cases: all of them.
        by_luck: cases that break, and as many that are mended, without a loss.
        margin: smallest loss that matters.
        alpha: two-sided chance of a false alarm.

    Returns:
        The loss; infinite where not even the loss of all would be seen.
    """
    from scipy.stats import beta, binomtest

    needed = next(
        (
            count
            for count in range(1, passed + 1)
            if count >= margin * cases - 1e-9 and binomtest(count + by_luck, count + 2 * by_luck).pvalue < alpha
        ),
        None,
    )
    if needed is None:
        return float("inf")
    # The share at which so many of the passed cases, or more, break with that chance.
    return float(beta.ppf(POWER, needed, passed - needed + 1)) * passed / cases

"""Intervals of mean shares and of differences between shares, and Holm's correction."""

from __future__ import annotations

from math import sqrt

import numpy as np
from numpy.typing import NDArray

from personas.counting import wilson_interval
from personas.records import Interval


def mean_share_interval(successes: NDArray[np.int64], totals: NDArray[np.int64]) -> Interval:
    """The 95 % interval of the mean of several groups' shares, each of at least one person.

    Source:
        Zou, Donner: Construction of confidence limits about effect measures: a general approach, Statistics in Medicine
        27 (2008), on the groups' Wilson intervals: it does not shrink to nothing where every share is 0 or 1.
    """
    shares = successes / totals
    intervals = [wilson_interval(int(s), int(n)) for s, n in zip(successes, totals, strict=True)]
    mean, groups = float(shares.mean()), len(shares)
    below = sqrt(sum((share - one.low) ** 2 for share, one in zip(shares, intervals, strict=True))) / groups
    above = sqrt(sum((one.high - share) ** 2 for share, one in zip(shares, intervals, strict=True))) / groups
    return Interval(low=max(0.0, mean - below), high=min(1.0, mean + above))


def difference_interval(here: int, total_here: int, there: int, total_there: int) -> Interval:
    """The 95 % interval of the difference of two shares, -1..1.

    Source:
        Newcombe: Interval estimation for the difference between independent proportions, Statistics in Medicine 17
        (1998), method 10.
    """
    if total_here == 0 or total_there == 0:
        return Interval(low=-1.0, high=1.0)
    first, second = wilson_interval(here, total_here), wilson_interval(there, total_there)
    a, b = here / total_here, there / total_there
    low = a - b - sqrt((a - first.low) ** 2 + (second.high - b) ** 2)
    high = a - b + sqrt((first.high - a) ** 2 + (b - second.low) ** 2)
    return Interval(low=max(-1.0, low), high=min(1.0, high))


def holm(p_values: NDArray[np.float64], *, tests: int | None = None) -> NDArray[np.float64]:
    """The p-values corrected so that all together are wrong with the chance of one; in the order given.

    Args:
        p_values: of the tests looked at.
        tests: how many there could have been, at least as many as given; the others count as larger.

    Source:
        Holm: A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6 (1979).
    """
    count = len(p_values)
    order = np.argsort(p_values, kind="stable")
    factors = max(tests or 0, count) - np.arange(count)
    corrected = np.empty(count)
    corrected[order] = np.minimum(1.0, np.maximum.accumulate(p_values[order] * factors))
    return corrected

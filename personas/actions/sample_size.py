"""How many people a comparison of two shares needs, and how small a difference given people can show."""

from __future__ import annotations

from math import ceil, sqrt
from statistics import NormalDist

ALPHA = 0.05
"""Two-sided: how often a difference is seen where there is none."""

POWER = 0.8
"""How often a difference is seen where it is there.

Source: Cohen, Statistical Power Analysis for the Behavioral Sciences (2nd ed., 1988), 2.4: the usual convention.
"""

_STEPS = 40
"""Halvings of the interval in which a share is looked for: to far below a person in a thousand millions."""


def people_per_arm(before: float, after: float, *, alpha: float = ALPHA, power: float = POWER) -> int:
    """People that each of two equal groups needs to tell two shares apart.

    Args:
        before: share in the one group, 0..1.
        after: share in the other, different from it.
        alpha: two-sided level.
        power: chance of seeing the difference.

    Raises:
        ValueError: when the shares are the same or lie outside 0..1.

    Source:
        Fleiss, Levin, Paik: Statistical Methods for Rates and Proportions (3rd ed., 2003), formula 4.14, without the
        correction for continuity.
    """
    if not (0 <= before <= 1 and 0 <= after <= 1) or before == after:
        raise ValueError(f"two different shares from 0 to 1 are needed, not {before} and {after}")
    normal = NormalDist()
    mean = (before + after) / 2
    by_chance = normal.inv_cdf(1 - alpha / 2) * sqrt(2 * mean * (1 - mean))
    by_effect = normal.inv_cdf(power) * sqrt(before * (1 - before) + after * (1 - after))
    return ceil(((by_chance + by_effect) / (after - before)) ** 2)


def visible_share(
    before: float, people: int, *, rising: bool, alpha: float = ALPHA, power: float = POWER
) -> float | None:
    """The share nearest to `before` that so many people in each group can tell from it; None where none can.

    Args:
        before: share without a change, 0..1.
        people: in each of the two groups.
        rising: whether the change raises the share or lowers it.
        alpha: two-sided level.
        power: chance of seeing the difference.
    """
    end = 1.0 if rising else 0.0
    if people < 1 or before == end or people_per_arm(before, end, alpha=alpha, power=power) > people:
        return None
    seen, unseen = end, before
    for _ in range(_STEPS):
        middle = (seen + unseen) / 2
        if middle in (seen, unseen):
            break
        if people_per_arm(before, middle, alpha=alpha, power=power) <= people:
            seen = middle
        else:
            unseen = middle
    return seen

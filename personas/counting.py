"""How many people stand behind a statement, here and elsewhere, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from math import log, sqrt
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from personas.records import Interval

Z_95 = 1.959963984540054
"""Two-sided 95 % quantile of the standard normal distribution."""

LENGTH_STRATA = 5
"""Fifths of how much people wrote: people who write more mention more of everything."""


@dataclass(frozen=True, kw_only=True)
class Support:
    """People behind a statement; counts are distinct customers."""

    people: int
    people_elsewhere: int
    share: float
    share_elsewhere: float
    interval: Interval
    lift: float | None
    adjusted_lift: float | None


class Counted(Protocol):
    """Anything with people behind it: a `Support`, or a claim."""

    @property
    def share(self) -> float:
        """Share of the segment."""

    @property
    def share_elsewhere(self) -> float:
        """Share of everybody else."""

    @property
    def interval(self) -> Interval:
        """Of the share."""

    @property
    def adjusted_lift(self) -> float | None:
        """Ratio with length evened out; None where nobody elsewhere says it or it was not adjusted."""


def how_telling(counted: Counted, *, others: int) -> float:
    """How much a thing says of its segment: the square root of its share times the logarithm of its sure ratio.

    The sure ratio is the smaller of the adjusted one and what the low end of the interval still carries, so that three
    people never outrank thirty. What many say here and everywhere tells something too, and stands behind (below 0).

    Args:
        counted: the people behind it.
        others: people outside of the segment; nobody elsewhere counts as one.
    """
    sure = counted.interval.low / max(counted.share_elsewhere, 1 / max(others, 1))
    ratio = sure if counted.adjusted_lift is None else min(sure, counted.adjusted_lift)
    return sqrt(counted.share) * log(ratio) if ratio > 1.0 else counted.share - 1.0


def wilson_interval(successes: int, total: int) -> Interval:
    """The 95 % Wilson score interval of a share; 0..1 where nobody was asked.

    Source:
        Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927).
    """
    if total == 0:
        return Interval(low=0.0, high=1.0)
    share = successes / total
    denominator = 1 + Z_95**2 / total
    centre = (share + Z_95**2 / (2 * total)) / denominator
    half = Z_95 * sqrt(share * (1 - share) / total + Z_95**2 / (4 * total**2)) / denominator
    # At the ends the formula is exactly 0 or 1; rounding must not move it off.
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == total else min(1.0, centre + half)
    return Interval(low=low, high=high)


def length_strata(words: NDArray[np.int64]) -> NDArray[np.int64]:
    """The fifth of written length, 0..4, that each person falls into; ``(people,)``."""
    if len(words) == 0:
        return np.zeros(0, dtype=np.int64)
    edges = np.quantile(words, np.linspace(0, 1, LENGTH_STRATA + 1)[1:-1])
    return np.searchsorted(edges, words, side="right").astype(np.int64)


def mantel_haenszel_ratios(
    voiced: NDArray[np.bool_], inside: NDArray[np.bool_], strata: NDArray[np.int64]
) -> list[float | None]:
    """The risk ratio of voicing each thing inside against outside, pooled over strata; None where nobody outside does.

    Args:
        voiced: ``(people, things)`` who says what.
        inside: ``(people,)`` who belongs to the segment.
        strata: ``(people,)`` stratum of each person.

    Source:
        Greenland, Robins: Estimation of a common effect parameter from sparse follow-up data, Biometrics 41 (1985).
    """
    people, counts = _tabulate(Voiced.of(voiced), inside, strata)
    return _ratios(people, counts)


@dataclass(frozen=True)
class Voiced:
    """Who says what: few people voice a thing, so those are held and not everybody."""

    people: NDArray[np.int64]
    """``(pairs,)`` the person of each pair."""
    things: NDArray[np.int64]
    """``(pairs,)`` what they say, once each."""
    width: int
    """How many things there are."""

    @classmethod
    def of(cls, voiced: NDArray[np.bool_]) -> Voiced:
        """The pairs of a ``(people, things)`` matrix."""
        people, things = np.nonzero(voiced)
        return cls(people, things, voiced.shape[1])


def _tabulate(
    voiced: Voiced, inside: NDArray[np.bool_], strata: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """People ``(strata, 2)`` and those who voice each thing ``(strata, 2, things)``, outside and inside."""
    values, place = np.unique(strata, return_inverse=True)
    cell = 2 * place + inside
    cells = 2 * len(values)
    people = np.bincount(cell, minlength=cells).reshape(-1, 2)
    pairs = cell[voiced.people] * voiced.width + voiced.things
    counts = np.bincount(pairs, minlength=cells * voiced.width).reshape(len(values), 2, voiced.width)
    return people, counts


def _ratios(people: NDArray[np.int64], counts: NDArray[np.int64]) -> list[float | None]:
    above = (people[:, 0] / people.sum(axis=1)) @ counts[:, 1]
    below = (people[:, 1] / people.sum(axis=1)) @ counts[:, 0]
    return [float(a / b) if b > 0 else None for a, b in zip(above, below, strict=True)]


def count_supports(
    voiced: NDArray[np.bool_] | Voiced, inside: NDArray[np.bool_], strata: NDArray[np.int64]
) -> list[Support]:
    """Counts, shares, interval and lifts of each thing voiced by people, inside a segment against everybody else.

    Args:
        voiced: ``(people, things)`` who says what.
        inside: ``(people,)`` who belongs to the segment.
        strata: ``(people,)`` fifth of written length, see `length_strata`.
    """
    people, counts = _tabulate(voiced if isinstance(voiced, Voiced) else Voiced.of(voiced), inside, strata)
    total_there, total_here = (int(total) for total in people.sum(axis=0))
    there, here = counts.sum(axis=0)
    ratios = _ratios(people, counts)
    return [
        _support(int(mine), total_here, int(theirs), total_there, ratio)
        for mine, theirs, ratio in zip(here, there, ratios, strict=True)
    ]


def _support(here: int, total_here: int, there: int, total_there: int, adjusted: float | None) -> Support:
    share = here / total_here if total_here else 0.0
    share_there = there / total_there if total_there else 0.0
    return Support(
        people=here,
        people_elsewhere=there,
        share=share,
        share_elsewhere=share_there,
        interval=wilson_interval(here, total_here),
        lift=share / share_there if share_there else None,
        adjusted_lift=adjusted,
    )

"""Whether shares surely differ between two runs: an exact test and an interval must both say so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from personas.diffing.records import Direction, ShareChange
from personas.explaining.intervals import difference_interval
from personas.trends.regression import correct_for_many
from personas.trends.verdicts import FALSE_DISCOVERIES


class SharePair(NamedTuple):
    """People behind a thing, of how many, in A and in B."""

    people_a: int
    of_a: int
    people_b: int
    of_b: int


def compare_shares(pairs: Sequence[SharePair]) -> list[ShareChange]:
    """The change of each share; as many tests are made as there are pairs, and every q is corrected for all of them.

    Somebody who is in both runs counts in both samples. That makes the two shares alike, so that the test, which takes
    them as independent, misses changes rather than inventing them.

    Source:
        Fisher, The logic of inductive inference, JRSS 98 (1935), for the test; `difference_interval` and
        `correct_for_many` name theirs.
    """
    corrected = correct_for_many([_p_value(pair) for pair in pairs])
    return [_change(pair, q) for pair, q in zip(pairs, corrected, strict=True)]


def _p_value(pair: SharePair) -> float:
    if pair.of_a == 0 or pair.of_b == 0:
        return 1.0
    from scipy.stats import fisher_exact

    table = [[pair.people_a, pair.of_a - pair.people_a], [pair.people_b, pair.of_b - pair.people_b]]
    return min(1.0, float(fisher_exact(table)[1]))


def _change(pair: SharePair, q: float) -> ShareChange:
    interval = difference_interval(pair.people_b, pair.of_b, pair.people_a, pair.of_a)
    share_a = pair.people_a / pair.of_a if pair.of_a else 0.0
    share_b = pair.people_b / pair.of_b if pair.of_b else 0.0
    direction: Direction | None = None
    if q <= FALSE_DISCOVERIES and (interval.low > 0 or interval.high < 0):
        direction = "up" if interval.low > 0 else "down"
    return ShareChange(
        people_a=pair.people_a,
        of_a=pair.of_a,
        people_b=pair.people_b,
        of_b=pair.of_b,
        difference=share_b - share_a,
        interval=interval,
        q=q,
        direction=direction,
    )

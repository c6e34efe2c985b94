"""Counts, intervals and ratios against values worked out by hand or published."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from personas.counting import (
    count_supports,
    how_telling,
    length_strata,
    mantel_haenszel_ratios,
    wilson_interval,
)


def flags(*blocks: tuple[int, int]) -> list[bool]:
    """`yes` times True, then `no` times False, block after block."""
    return [value for yes, no in blocks for value in [True] * yes + [False] * no]


@pytest.mark.parametrize(
    ("successes", "total", "low", "high"),
    [
        # Newcombe, Two-sided confidence intervals for the single proportion (1998), table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (29, 29, 0.8830, 1.0),
    ],
)
def test_the_interval_is_the_published_one(successes: int, total: int, low: float, high: float) -> None:
    interval = wilson_interval(successes, total)

    assert (round(interval.low, 4), round(interval.high, 4)) == (low, high)


def test_nobody_asked_tells_nothing() -> None:
    interval = wilson_interval(0, 0)

    assert (interval.low, interval.high) == (0.0, 1.0)


@given(st.integers(1, 100_000).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total))))
def test_the_interval_holds_the_share_and_stays_within_0_and_1(case: tuple[int, int]) -> None:
    successes, total = case
    interval = wilson_interval(successes, total)

    assert 0.0 <= interval.low <= successes / total <= interval.high <= 1.0
    assert interval.low < interval.high
    assert (interval.low == 0.0) == (successes == 0)
    assert (interval.high == 1.0) == (successes == total)


def hand_worked() -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.int64]]:
    """Two strata: inside 4 of 10 and 6 of 8, outside 5 of 20 and 1 of 2."""
    voiced = np.array(flags((4, 6), (5, 15), (6, 2), (1, 1)))[:, None]
    inside = np.array([True] * 10 + [False] * 20 + [True] * 8 + [False] * 2)
    strata = np.array([0] * 30 + [1] * 10)
    return voiced, inside, strata


def test_the_pooled_ratio_is_the_hand_worked_one() -> None:
    # Numerator 4*20/30 + 6*2/10 = 3.8667; denominator 5*10/30 + 1*8/10 = 2.4667.
    [ratio] = mantel_haenszel_ratios(*hand_worked())

    assert ratio == pytest.approx(3.8666667 / 2.4666667)


def test_the_pooled_ratio_undoes_what_length_alone_explains() -> None:
    # Within a stratum both groups say it equally often, but the segment holds most of the long writers.
    voiced = np.array(flags((9, 9), (1, 1), (1, 9), (9, 81)))[:, None]
    inside = np.array([True] * 18 + [False] * 2 + [True] * 10 + [False] * 90)
    strata = np.array([1] * 20 + [0] * 100)
    [support] = count_supports(voiced, inside, strata)

    assert support.lift is not None
    assert support.lift > 3
    assert support.adjusted_lift == pytest.approx(1.0)


def test_a_stratum_without_people_inside_or_outside_adds_nothing() -> None:
    voiced, inside, strata = hand_worked()
    lonely = np.array([[True], [True], [False]])
    only_inside = mantel_haenszel_ratios(
        np.vstack([voiced, lonely]), np.append(inside, [True] * 3), np.append(strata, [4] * 3)
    )
    only_outside = mantel_haenszel_ratios(
        np.vstack([voiced, lonely]), np.append(inside, [False] * 3), np.append(strata, [3] * 3)
    )

    assert only_inside == pytest.approx(mantel_haenszel_ratios(voiced, inside, strata))
    assert only_outside == pytest.approx(mantel_haenszel_ratios(voiced, inside, strata))


def test_there_is_no_ratio_to_nobody() -> None:
    voiced = np.array([[True], [True], [False], [False]])
    inside = np.array([True, True, False, False])
    [support] = count_supports(voiced, inside, np.zeros(4, dtype=np.int64))

    assert (support.people, support.people_elsewhere) == (2, 0)
    assert (support.lift, support.adjusted_lift) == (None, None)


def test_everybody_in_one_segment_has_nobody_to_be_compared_with() -> None:
    [support] = count_supports(np.array([[True], [False]]), np.array([True, True]), np.zeros(2, dtype=np.int64))

    assert (support.share, support.share_elsewhere, support.lift, support.adjusted_lift) == (0.5, 0.0, None, None)


def test_an_empty_segment_has_a_share_of_0_and_the_widest_interval() -> None:
    [support] = count_supports(np.array([[True], [False]]), np.array([False, False]), np.zeros(2, dtype=np.int64))

    assert (support.people, support.share, support.interval.low, support.interval.high) == (0, 0.0, 0.0, 1.0)


def test_strata_are_fifths_of_written_length() -> None:
    strata = length_strata(np.arange(1, 101, dtype=np.int64))

    assert np.bincount(strata).tolist() == [20, 20, 20, 20, 20]
    assert (np.diff(strata) >= 0).all()
    assert len(length_strata(np.zeros(0, dtype=np.int64))) == 0


def test_people_who_wrote_equally_much_share_a_stratum() -> None:
    assert len(set(length_strata(np.full(7, 12, dtype=np.int64)).tolist())) == 1


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(0, 4)), min_size=1, max_size=60))
def test_counts_add_up_whatever_the_people(people: list[tuple[bool, bool, int]]) -> None:
    voiced = np.array([[says] for says, _, _ in people])
    inside = np.array([here for _, here, _ in people])
    strata = np.array([stratum for _, _, stratum in people])
    [support] = count_supports(voiced, inside, strata)

    assert support.people == sum(says and here for says, here, _ in people)
    assert support.people_elsewhere == sum(says and not here for says, here, _ in people)
    assert support.interval.low <= support.share <= support.interval.high


def test_a_third_of_a_segment_tells_more_than_three_people_whom_nobody_joins() -> None:
    people = np.arange(500)
    inside = people < 144
    many = (people < 45) | ((people >= 144) & (people < 155))
    few = people < 3
    supports = count_supports(np.stack([many, few], axis=1), inside, np.zeros(500, dtype=np.int64))
    assert supports[1].people_elsewhere == 0
    assert how_telling(supports[0], others=356) > how_telling(supports[1], others=356) > 0


def test_what_is_said_as_often_elsewhere_tells_less_than_nothing() -> None:
    people = np.arange(400)
    voiced = people % 2 == 0
    support = count_supports(voiced[:, None], people < 200, np.zeros(400, dtype=np.int64))[0]
    assert how_telling(support, others=200) == pytest.approx(-0.5)


def test_of_nothing_said_there_are_no_ratios() -> None:
    strata = np.zeros(4, dtype=np.int64)
    assert mantel_haenszel_ratios(np.zeros((4, 0), dtype=bool), np.array([True, True, False, False]), strata) == []

"""Time cut into periods: which unit, from where to where, and which of them the data cover as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from personas.trends.dates import Dates
from personas.trends.records import Period, PeriodUnit

UNITS: Final[tuple[PeriodUnit, ...]] = ("day", "week", "month", "quarter")
LONGEST_DAYS: Final[dict[PeriodUnit, float]] = {"day": 31, "week": 182, "month": 1096, "quarter": float("inf")}
"""Longest span, in days, that is told in each unit: 31 days, 26 weeks, 36 months."""

LEAST_PERIODS = 4
"""Whole periods below which no line is fitted: two fix it, and at least two must show how far it is off."""

COARSER_PERIODS = 5
"""Whole periods that a coarser unit must leave."""

USUAL_PEOPLE = 30
"""A coarser unit is taken where the median period has fewer people than this: their shares jump about."""

LEAST_ACTIVE = 5
"""First and last periods with fewer people are left out: a handful of early documents is no period to compare with."""

BULK = 0.98
"""Share of the documents, the middle ones in time, whose span chooses the unit."""

EDGE_SHARE = 0.05
"""Part of a period that may lie beyond the first or last document before it counts as cut."""

_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Layout:
    """Periods of one unit over a corpus."""

    unit: PeriodUnit
    periods: tuple[Period, ...]
    of_document: NDArray[np.int64]
    """``(documents,)`` index into `periods`; -1 without a usable date, or before or after the periods."""
    first: int
    """The first whole period."""
    last: int
    """The last whole one, included; `first - 1` where there is none."""

    @property
    def whole(self) -> int:
        """How many periods are whole."""
        return self.last - self.first + 1


def lay_out_periods(
    dates: Dates, customers: NDArray[np.int64], active: NDArray[np.bool_], *, unit: PeriodUnit | None
) -> Layout | None:
    """The periods of the corpus; None where nobody wrote anything with a date.

    Args:
        dates: of the documents.
        customers: ``(documents,)`` who wrote each.
        active: ``(documents,)`` whether the document has words.
        unit: of the periods; None chooses it by the span, and a coarser one where periods have few people.
    """
    chosen = dates.usable & active
    if not chosen.any():
        return None
    if unit is not None:
        return _lay_out(dates, customers, chosen, unit)
    at = UNITS.index(_unit_by_span(dates.begin[chosen]))
    layout = _lay_out(dates, customers, chosen, UNITS[at])
    while layout is not None and _median_people(layout) < USUAL_PEOPLE and at + 1 < len(UNITS):
        coarser = _lay_out(dates, customers, chosen, UNITS[at + 1])
        if coarser is None or coarser.whole < COARSER_PERIODS:
            break
        layout, at = coarser, at + 1
    if at and (layout is None or layout.whole < LEAST_PERIODS):
        layout = _lay_out(dates, customers, chosen, UNITS[at - 1])
    return layout


def _unit_by_span(moments: NDArray[np.float64]) -> PeriodUnit:
    low, high = np.quantile(moments, [(1 - BULK) / 2, 1 - (1 - BULK) / 2])
    return next(unit for unit in UNITS if high - low <= LONGEST_DAYS[unit])


def _median_people(layout: Layout) -> float:
    people = [period.people for period in layout.periods[layout.first : layout.last + 1]]
    return float(np.median(people)) if people else 0.0


def _lay_out(dates: Dates, customers: NDArray[np.int64], chosen: NDArray[np.bool_], unit: PeriodUnit) -> Layout | None:
    indices = np.full(len(dates.begin), -1, dtype=np.int64)
    absolute = _index(np.floor(dates.begin[chosen]).astype(np.int64), unit)
    offset = int(absolute.min())
    indices[chosen] = absolute - offset
    people = _people(indices[chosen], customers[chosen])
    busy = np.flatnonzero(people >= LEAST_ACTIVE)
    if not len(busy):
        return None
    low, high = int(busy[0]), int(busy[-1])
    inside = (indices >= low) & (indices <= high)
    of_document = np.where(inside, indices - low, -1)
    starts = [_start(offset + at, unit) for at in range(low, high + 2)]
    whole_first, whole_last = _whole_edges(dates, of_document, starts)
    # Where documents lie beyond an edge, the edge itself is covered.
    whole_first |= low > 0
    whole_last |= high < len(people) - 1
    count = high - low + 1
    whole = [(at > 0 or whole_first) and (at < count - 1 or whole_last) for at in range(count)]
    periods = tuple(
        Period(
            name=_name(starts[at], unit), start=starts[at].isoformat(), people=int(people[low + at]), whole=whole[at]
        )
        for at in range(count)
    )
    first = 0 if whole[0] else 1
    return Layout(unit, periods, of_document, first, count - 1 if whole[-1] else count - 2)


def _people(periods: NDArray[np.int64], customers: NDArray[np.int64]) -> NDArray[np.int64]:
    """``(periods,)`` distinct customers in each."""
    pairs = np.unique(np.stack([periods, customers]), axis=1)
    return np.bincount(pairs[0], minlength=int(periods.max()) + 1).astype(np.int64)


def _whole_edges(dates: Dates, of_document: NDArray[np.int64], starts: list[date]) -> tuple[bool, bool]:
    """Whether the first and the last period are covered.

    One is where its documents begin (or end) no farther from its border than those of nine in ten inner periods, or
    than a twentieth of its length.
    """
    borders = np.array([(start - _EPOCH).days for start in starts], dtype=np.float64)
    count = len(borders) - 1
    begins, ends = np.full(count, np.inf), np.full(count, -np.inf)
    used = of_document >= 0
    np.minimum.at(begins, of_document[used], dates.begin[used])
    np.maximum.at(ends, of_document[used], dates.end[used])
    late, early = begins - borders[:-1], borders[1:] - ends
    inner = np.isfinite(begins[1:-1])
    lengths = np.diff(borders)
    return (
        bool(late[0] <= max(EDGE_SHARE * lengths[0], _usual(late[1:-1][inner]))),
        bool(early[-1] <= max(EDGE_SHARE * lengths[-1], _usual(early[1:-1][inner]))),
    )


def _usual(values: NDArray[np.float64]) -> float:
    return float(np.quantile(values, 0.9, method="higher")) if len(values) else 0.0


def _index(days: NDArray[np.int64], unit: PeriodUnit) -> NDArray[np.int64]:
    """The number of each day's period, counted from 1970."""
    if unit == "day":
        return days
    if unit == "week":
        return (days + 3) // 7  # 1970-01-01 was a Thursday; weeks begin on Monday
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return months if unit == "month" else months // 3


def _start(index: int, unit: PeriodUnit) -> date:
    if unit in {"day", "week"}:
        return _EPOCH + timedelta(days=index if unit == "day" else 7 * index - 3)
    month = index if unit == "month" else 3 * index
    return date(1970 + month // 12, month % 12 + 1, 1)


def _name(start: date, unit: PeriodUnit) -> str:
    if unit == "day":
        return start.isoformat()
    if unit == "week":
        year, week, _ = start.isocalendar()
        return f"{year}-W{week:02d}"
    return f"{start.year}-{start.month:02d}" if unit == "month" else f"{start.year}-Q{(start.month + 2) // 3}"

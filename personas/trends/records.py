"""What is told of change over time: periods, series of people, and how sure a change is."""

from __future__ import annotations

from typing import Literal

from persona_kit.records import Record

PeriodUnit = Literal["day", "week", "month", "quarter"]
Direction = Literal["rising", "falling", "steady", "too few to tell"]
Facet = Literal["source", "kind", "question", "product"]


class DateReport(Record):
    """Which documents carry a date that can be used; the counts add up to `documents`."""

    documents: int
    dated: int
    undated: int
    unreadable: int = 0
    """The date is not one of ISO 8601."""
    too_old: int = 0
    """Before 1990: 1970-01-01, 1900-01-01 and 0001-01-01 stand for "not known" in many systems."""
    future: int = 0
    """After the day of the run."""
    far: int = 0
    """More than two years from the bulk of the dates."""
    first: str | None = None
    """ISO 8601 day of the first document that is used."""
    last: str | None = None
    zones: int = 0
    """Distinct time zones that the dates name; each document is counted on the day as it is written."""


class Period(Record):
    """A stretch of time, and how many people wrote in it."""

    name: str
    """``2026-03-14``, ``2026-W11``, ``2026-03`` or ``2026-Q1``."""
    start: str
    """ISO 8601 day."""
    people: int
    """Distinct customers who wrote in it."""
    whole: bool
    """False for a first or last period that the data cover in part only; it is shown and not compared."""


class Change(Record):
    """A change with its 95 % interval."""

    value: float
    """Shares: the ratio of the later one to the earlier one. Feelings: the difference of the means."""
    low: float
    high: float
    p: float
    """Probability of a change at least as clear where nothing changes, for this one alone."""
    q: float
    """The same corrected for looking at many (Benjamini-Hochberg)."""


class Mix(Record):
    """A change that is gone once like is compared with like: a part of the data grew or shrank."""

    facet: Facet
    value: str
    begins: str | None = None
    """Name of the period the part begins in, where that is not the first."""
    ends: str | None = None
    """Name of the period it ends in, where that is not the last."""
    left: float
    """The ratio that is left when the parts are compared each with itself."""


class Trend(Record):
    """A theme or a segment over the periods; all numbers are of distinct customers."""

    key: str
    """theme_id or segment_id."""
    label: str
    people: int
    """Who voiced it (or belongs to it and wrote) in a compared period."""
    series: tuple[int, ...]
    """People per period, in the order of `TrendReport.periods`."""
    shares: tuple[float | None, ...]
    """Of the people who wrote in the period; None where nobody wrote."""
    lows: tuple[float | None, ...]
    """Lower ends of the 95 % Wilson intervals of the shares."""
    highs: tuple[float | None, ...]
    direction: Direction
    change: Change | None = None
    """Last compared period against the first, by the fitted line; None where there are too few people to fit one."""
    recent: Change | None = None
    """The last `TrendReport.recent` compared periods against the compared ones before them."""
    hot: bool = False
    """More people lately than before, beyond chance."""
    uneven: bool = False
    """It goes up and down more than chance and a straight line explain: seasons, campaigns, single events."""
    peak: str | None = None
    """Name of the compared period with the largest share, where it is uneven."""
    mix: Mix | None = None


class FeelingTrend(Record):
    """How people feel per period: means over people, each counted once a period."""

    measure: Literal["rating", "sentiment"]
    """``rating``: 0 to 1, as given. ``sentiment``: -1 to 1, by the word list."""
    segment_id: str | None = None
    """None: everybody."""
    people: int
    counts: tuple[int, ...]
    """People with a value per period."""
    means: tuple[float | None, ...]
    lows: tuple[float | None, ...]
    """Lower ends of the 95 % intervals of the means."""
    highs: tuple[float | None, ...]
    direction: Direction
    change: Change | None = None
    """The difference from the first to the last compared period, by the fitted line."""


class TrendReport(Record):
    """Change over time of a corpus."""

    dates: DateReport
    unit: PeriodUnit
    periods: tuple[Period, ...]
    first: int
    """Index into `periods` of the first compared one."""
    last: int
    """The last compared one, included."""
    recent: int
    """How many of the last compared periods count as lately."""
    left_out: int
    """People who wrote only before or after the periods, where fewer than five a period did."""
    people: int
    """Distinct customers in the compared periods."""
    themes: tuple[Trend, ...]
    segments: tuple[Trend, ...]
    feelings: tuple[FeelingTrend, ...]

"""Bars and intervals: places on a drawing 200 units wide, never outside it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from personas.records import Interval

BAR_WIDTH = 200
_MARGIN = 5
_THINNEST = 4.0


@dataclass(frozen=True)
class IntervalBar:
    """A value with its interval, and a value to compare with (None: none)."""

    low: float
    width: float
    here: float
    there: float | None


def bar_width(value: float, top: float = 1.0) -> float:
    """How far a bar reaches whose full length stands for `top`; a value above nothing is never drawn as nothing."""
    if value <= 0 or top <= 0:
        return 0.0
    return round(min(max(BAR_WIDTH * value / top, 1.5), BAR_WIDTH), 1)


@dataclass(frozen=True)
class Axis:
    """The values at both ends of a drawing."""

    low: float = 0.0
    high: float = 1.0

    def draw(self, value: float, interval: Interval | None, there: float | None = None) -> IntervalBar:
        """The value as a dot, its interval as a band and `there` as a stroke; what lies beyond an end stands at it."""
        low = self.place(interval.low if interval else value)
        high = self.place(interval.high if interval else value)
        # A band that is too thin to be seen is widened, but not beyond the right end.
        width = max(high - low, _THINNEST)
        return IntervalBar(
            low=round(min(low, BAR_WIDTH - _MARGIN - width), 1),
            width=round(width, 1),
            here=self.place(value),
            there=None if there is None else self.place(there),
        )

    def place(self, value: float) -> float:
        """Where on the drawing the value lies."""
        part = (value - self.low) / max(self.high - self.low, 1e-9)
        return round(_MARGIN + min(max(part, 0.0), 1.0) * (BAR_WIDTH - 2 * _MARGIN), 1)


def axis_over(intervals: Iterable[Interval]) -> Axis:
    """An axis from 0, or from below it, that holds all the intervals."""
    known = list(intervals)
    low = min((interval.low for interval in known), default=0.0)
    high = max((interval.high for interval in known), default=1.0)
    return Axis(min(low, 0.0), high if high > 0 else 1.0)

"""When a change counts as one: beyond chance, corrected for looking at many, and not negligible."""

from __future__ import annotations

from dataclasses import dataclass

from personas.trends.records import Change, Direction

FALSE_DISCOVERIES = 0.05
"""Share of the changes called out that may be chance."""


@dataclass(frozen=True)
class Bounds:
    """How small a change must be, with its interval, to count as none."""

    none: float
    """The change that is none: 1 for a ratio, 0 for a difference."""
    negligible: tuple[float, float]
    """A change that surely lies in here is steady, however sure it is."""
    steady: tuple[float, float]
    """An unproven change that surely lies in here is steady; one that may be larger is not told."""


SHARES = Bounds(none=1.0, negligible=(1 / 1.1, 1.1), steady=(0.5, 2.0))
RATINGS = Bounds(none=0.0, negligible=(-0.02, 0.02), steady=(-0.1, 0.1))
SENTIMENTS = Bounds(none=0.0, negligible=(-0.04, 0.04), steady=(-0.2, 0.2))


def _within(change: Change, bounds: tuple[float, float]) -> bool:
    return bounds[0] < change.low and change.high < bounds[1]


def is_proven(change: Change | None, bounds: Bounds) -> bool:
    """Whether there is a change beyond chance that is not negligible; test and interval must both say so."""
    if change is None or change.q > FALSE_DISCOVERIES or _within(change, bounds.negligible):
        return False
    return change.low > bounds.none or change.high < bounds.none


def tell_direction(change: Change | None, bounds: Bounds) -> Direction:
    """Rising or falling where that is proven, steady where anything large is ruled out, else too few to tell."""
    if change is None:
        return "too few to tell"
    if is_proven(change, bounds):
        return "rising" if change.value > bounds.none else "falling"
    return "steady" if _within(change, bounds.steady) else "too few to tell"

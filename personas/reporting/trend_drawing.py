"""Small lines over time: places on a drawing, and no more than the template needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

SPARK_WIDTH, SPARK_HEIGHT = 180, 40
VOLUME_WIDTH, VOLUME_HEIGHT = 720, 72
_MARGIN = 4


@dataclass(frozen=True)
class Spark:
    """A line with its interval.

    `line` and `band` are path data over the compared periods; `dots` are compared periods that stand alone between
    silent ones, `pale` are periods that are covered in part.
    """

    line: str
    band: str
    dots: tuple[tuple[float, float], ...]
    pale: tuple[tuple[float, float], ...]
    end: tuple[float, float] | None
    base: float | None
    """Height of a line to compare with, such as 0; None where it is the lower edge."""


@dataclass(frozen=True)
class Bar:
    """A period's people: place, size, and whether it is covered as a whole."""

    x: float
    y: float
    width: float
    height: float
    whole: bool
    title: str


def draw_spark(
    values: Sequence[float | None],
    lows: Sequence[float | None],
    highs: Sequence[float | None],
    *,
    first: int,
    last: int,
    limits: tuple[float, float] | None = None,
    base: float | None = None,
) -> Spark:
    """The line of the values with the band of their intervals.

    Args:
        values: per period; None where there is none.
        lows: lower ends of the intervals.
        highs: upper ends.
        first: index of the first compared period.
        last: of the last one, included.
        limits: values of the lower and the upper edge; None draws from 0 to a third above the largest value: the band
            of a period of three people must not flatten the line, and is cut there.
        base: value of a line to compare with, drawn where it lies within.
    """
    low, top = limits or (0.0, max(1.35 * max((value or 0.0) for value in values), 1e-9))
    place = _Scale(count=len(values), low=low, top=top)
    runs = _runs(values, first, last)
    compared = [at for at in range(first, last + 1) if values[at] is not None]
    return Spark(
        line=" ".join(_path([place(at, values[at]) for at in run]) for run in runs if len(run) > 1),
        band=" ".join(
            _path([*(place(at, highs[at]) for at in run), *(place(at, lows[at]) for at in reversed(run))]) + "Z"
            for run in runs
            if len(run) > 1
        ),
        dots=tuple(place(run[0], values[run[0]]) for run in runs if len(run) == 1),
        pale=tuple(
            place(at, value) for at, value in enumerate(values) if value is not None and not first <= at <= last
        ),
        end=place(compared[-1], values[compared[-1]]) if compared else None,
        base=place(0, base)[1] if base is not None and low < base < top else None,
    )


@dataclass(frozen=True)
class _Scale:
    count: int
    low: float
    top: float

    def __call__(self, at: int, value: float | None) -> tuple[float, float]:
        x = _MARGIN + (SPARK_WIDTH - 2 * _MARGIN) * (at / (self.count - 1) if self.count > 1 else 0.5)
        up = ((value if value is not None else self.low) - self.low) / max(self.top - self.low, 1e-9)
        return round(x, 1), round(SPARK_HEIGHT - _MARGIN - (SPARK_HEIGHT - 2 * _MARGIN) * min(max(up, 0.0), 1.0), 1)


def _runs(values: Sequence[float | None], first: int, last: int) -> list[list[int]]:
    """Stretches of compared periods with a value."""
    runs: list[list[int]] = [[]]
    for at in range(first, last + 1):
        if values[at] is None:
            runs.append([])
        else:
            runs[-1].append(at)
    return [run for run in runs if run]


def _path(places: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x} {y}" for x, y in places)


def draw_volume(people: Sequence[int], whole: Sequence[bool], titles: Sequence[str]) -> tuple[Bar, ...]:
    """A bar per period, as high as its people."""
    most = max(people, default=0) or 1
    step = VOLUME_WIDTH / max(len(people), 1)
    bars = []
    for at, count in enumerate(people):
        height = round(VOLUME_HEIGHT * count / most, 1)
        bars.append(
            Bar(
                x=round(at * step + step * 0.1, 1),
                y=round(VOLUME_HEIGHT - height, 1),
                width=round(step * 0.8, 1),
                height=height,
                whole=whole[at],
                title=titles[at],
            )
        )
    return tuple(bars)

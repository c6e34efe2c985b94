"""Charts over the number of segments, and the tree of the segments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from personas.grouping.records import Merge

CHART_WIDTH, CHART_HEIGHT = 320, 160
_LEFT, _RIGHT, _TOP, _BOTTOM = 42, 14, 14, 26
TREE_WIDTH, TREE_ROW = 300, 30
MOST_TICKS = 12

Place = tuple[float, float]


@dataclass(frozen=True)
class Tried:
    """A way of grouping on a chart."""

    count: int
    value: float
    best: bool
    """The one that the line goes through at its number of segments."""
    chosen: bool


@dataclass(frozen=True)
class Chart:
    """A criterion over the number of segments: a line through the best ways, dots for all."""

    line: str
    dots: tuple[Place, ...]
    pale: tuple[Place, ...]
    chosen: tuple[Place, ...]
    counts: tuple[tuple[float, str], ...]
    """Places and texts along the lower edge."""
    values: tuple[tuple[float, str], ...]
    """Heights and texts along the left edge."""
    base: float
    left: float = _LEFT
    right: float = CHART_WIDTH - _RIGHT


def draw_chart(tried: Sequence[Tried], *, low: float, high: float) -> Chart:
    """The chart.

    Args:
        tried: at least one way of grouping.
        low: value of the lower edge.
        high: value of the upper edge.
    """
    counts = sorted({one.count for one in tried})
    scale = _Scale(counts[0], counts[-1], low, high if high > low else low + 1.0)
    best = sorted((one for one in tried if one.best), key=lambda one: one.count)
    step = -(-(counts[-1] - counts[0] + 1) // MOST_TICKS)
    return Chart(
        line="M" + "L".join(f"{x} {y}" for x, y in map(scale.place, best)) if len(best) > 1 else "",
        dots=tuple(scale.place(one) for one in best if not one.chosen),
        pale=tuple(scale.place(one) for one in tried if not one.best and not one.chosen),
        chosen=tuple(scale.place(one) for one in tried if one.chosen),
        counts=tuple((scale.x(count), str(count)) for count in range(counts[0], counts[-1] + 1, step)),
        values=((scale.y(scale.low), f"{scale.low:.2f}"), (scale.y(scale.high), f"{scale.high:.2f}")),
        base=scale.y(scale.low),
    )


@dataclass(frozen=True)
class _Scale:
    first: int
    last: int
    low: float
    high: float

    def place(self, one: Tried) -> Place:
        return self.x(one.count), self.y(one.value)

    def x(self, count: int) -> float:
        part = (count - self.first) / (self.last - self.first) if self.last > self.first else 0.5
        # Dots at both ends stay clear of the edges.
        return round(_LEFT + 8 + part * (CHART_WIDTH - _LEFT - _RIGHT - 16), 1)

    def y(self, value: float) -> float:
        part = min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)
        return round(CHART_HEIGHT - _BOTTOM - part * (CHART_HEIGHT - _TOP - _BOTTOM), 1)


@dataclass(frozen=True)
class Tree:
    """The joins of the segments: brackets, and the segments from top to bottom."""

    paths: tuple[str, ...]
    leaves: tuple[int, ...]
    """Places in the list of segments, from top to bottom."""
    height: int
    farthest: float
    """Distance at the left edge."""


def draw_tree(merges: Sequence[Merge], groups: int) -> Tree | None:
    """The tree, its leaves on the right; None where the joins do not make one tree of all groups."""
    if groups < 2 or len(merges) != groups - 1:
        return None
    below: dict[int, list[int]] = {group: [group] for group in range(groups)}
    for number, merge in enumerate(merges):
        if merge.left not in below or merge.right not in below or merge.left == merge.right:
            return None
        below[groups + number] = below.pop(merge.left) + below.pop(merge.right)
    leaves = below[groups + len(merges) - 1]
    farthest = max(max(merge.distance for merge in merges), 1e-9)
    heights = {group: (at + 0.5) * TREE_ROW for at, group in enumerate(leaves)}
    reach = dict.fromkeys(leaves, float(TREE_WIDTH))
    paths = []
    for number, merge in enumerate(merges):
        x = round(6 + (TREE_WIDTH - 6) * (1 - max(merge.distance, 0.0) / farthest), 1)
        one, two = heights[merge.left], heights[merge.right]
        paths.append(f"M{reach[merge.left]} {one}H{x}V{two}H{reach[merge.right]}")
        heights[groups + number], reach[groups + number] = (one + two) / 2, x
    root = groups + len(merges) - 1
    paths.append(f"M{reach[root]} {heights[root]}H0")
    return Tree(tuple(paths), tuple(leaves), groups * TREE_ROW, farthest)

"""The map of the customers: dots, and names that lie near their people without covering each other."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from personas.records import MapPoint

WIDTH, HEIGHT, MARGIN = 560, 420, 16
WIDE_FONT, NARROW_FONT = 13, 21
"""Text sizes in map units: on a desktop the map is drawn at about its own size, on a phone at about 0.6 of it."""


@dataclass(frozen=True)
class Crowd:
    """The people of a segment: their class, what the tooltip calls them, and where they are.

    Nobody's id is among it: who belongs to which segment stands in assignments.csv only.
    """

    css: str
    name: str
    placed: bool
    places: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Label:
    """A segment's name, centred at (x, y)."""

    x: float
    y: float
    text: str


@dataclass(frozen=True)
class MapDrawing:
    """What the template draws; labels for a wide and for a narrow page."""

    crowds: tuple[Crowd, ...]
    wide: tuple[Label, ...]
    narrow: tuple[Label, ...]


@dataclass(frozen=True)
class _Box:
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: _Box) -> bool:
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )


def draw_map(
    points: Sequence[MapPoint], css: Mapping[str, str], names: Mapping[str, str], labelled: Sequence[str]
) -> MapDrawing:
    """The drawing.

    Args:
        points: everybody, x and y in 0..1.
        css: class per segment_id.
        names: what a segment is called, per segment_id.
        labelled: segment_ids whose names are written into the map, the most important first.
    """
    short = _without_common_start({segment_id: names[segment_id] for segment_id in labelled})
    medians = [(short[segment_id], *_middle(points, segment_id)) for segment_id in labelled if _has(points, segment_id)]
    return MapDrawing(
        crowds=_crowds(points, css, names),
        wide=place_labels([(_shorten(name, 28), x, y) for name, x, y in medians], font=WIDE_FONT),
        narrow=place_labels([(_shorten(name, 16), x, y) for name, x, y in medians], font=NARROW_FONT),
    )


def _without_common_start(names: Mapping[str, str]) -> dict[str, str]:
    """The names without the words that three or more of them all begin with: a map has little room."""
    split = {segment_id: name.split() for segment_id, name in names.items()}
    while (
        len(split) >= 3 and all(len(name) > 1 for name in split.values()) and len({n[0] for n in split.values()}) == 1
    ):
        split = {segment_id: name[1:] for segment_id, name in split.items()}
    return {segment_id: " ".join(name) for segment_id, name in split.items()}


def _crowds(points: Sequence[MapPoint], css: Mapping[str, str], names: Mapping[str, str]) -> tuple[Crowd, ...]:
    """The segments in drawing order: unplaced people underneath, the smallest segment on top."""
    places: dict[str, list[tuple[float, float]]] = {}
    for point in points:
        places.setdefault(point.segment_id, []).append(_to_map(point))
    crowds = []
    for segment_id, own in sorted(places.items()):
        colour = css.get(segment_id, "sx")
        name = names.get(segment_id, segment_id)
        crowds.append(Crowd(css=colour, name=name, placed=colour != "sx", places=tuple(own)))
    return tuple(sorted(crowds, key=lambda crowd: (crowd.placed, -len(crowd.places))))


def _to_map(point: MapPoint) -> tuple[float, float]:
    x = MARGIN + min(max(point.x, 0.0), 1.0) * (WIDTH - 2 * MARGIN)
    y = MARGIN + min(max(point.y, 0.0), 1.0) * (HEIGHT - 2 * MARGIN)
    return round(x, 1), round(y, 1)


def _has(points: Sequence[MapPoint], segment_id: str) -> bool:
    return any(point.segment_id == segment_id for point in points)


def _middle(points: Sequence[MapPoint], segment_id: str) -> tuple[float, float]:
    own = [_to_map(point) for point in points if point.segment_id == segment_id]
    return median(x for x, _ in own), median(y for _, y in own)


def place_labels(wanted: Iterable[tuple[str, float, float]], *, font: float) -> tuple[Label, ...]:
    """Labels as near as possible to where they are wanted, none over another, none outside the frame.

    A label for which no place is left is left out: the list beside the map has every name.
    """
    taken: list[_Box] = []
    labels: list[Label] = []
    for text, x, y in wanted:
        width, height = text_width(text) * font + 8, font + 5
        for at_x, at_y in _places(x, y, width, height):
            box = _Box(at_x - width / 2, at_y - height / 2, at_x + width / 2, at_y + height / 2)
            if not any(box.meets(other) for other in taken):
                taken.append(box)
                labels.append(Label(x=round(at_x, 1), y=round(at_y, 1), text=text))
                break
    return tuple(labels)


def _places(x: float, y: float, width: float, height: float) -> list[tuple[float, float]]:
    """Centres inside the frame, nearest to (x, y) first."""
    half_w, half_h = min(width / 2, WIDTH / 2), height / 2
    found = set()
    for row in range(-24, 25):
        for column in range(-6, 7):
            at_x = min(max(x + column * 40, half_w), WIDTH - half_w)
            at_y = min(max(y + row * height / 2, half_h), HEIGHT - half_h)
            found.add((at_x, at_y))
    return sorted(found, key=lambda place: ((place[0] - x) ** 2 + (place[1] - y) ** 2, place))


def text_width(text: str) -> float:
    """Width in units of the font size, on the safe side for bold sans-serif."""
    return sum(1.0 if unicodedata.east_asian_width(letter) in {"W", "F"} else 0.62 for letter in text)


def _shorten(name: str, width: int) -> str:
    """The name without its article, cut where it is wider than `width` Latin letters."""
    text = name.removeprefix("The ").removeprefix("the ")
    if text_width(text) <= width * 0.62:
        return text
    while text and text_width(text) > (width - 1) * 0.62:
        text = text[:-1]
    return text.rstrip() + "…"

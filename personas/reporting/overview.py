"""What the whole set shows above and below the cards: segments, how sure, themes side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log

from personas.records import PersonaSet, Segment, Theme
from personas.reporting.palette import heat_class
from personas.reporting.report_wording import Words
from personas.reporting.visible import visible

MOST_THEMES = 40
HEAT_ROWS = 16
"""Rows of the side-by-side table, shared out among the segments."""
LEAST_VOICED = 0.02
"""Share of a segment from which a theme can be telling of it; below, a ratio rests on hardly anybody."""


@dataclass(frozen=True)
class SegmentLine:
    """A segment in the list: name, class, size, and the anchor of its card (empty: it has none)."""

    segment_id: str
    name: str
    css: str
    people: int
    share: float
    bar: float
    anchor: str
    tendency: bool


@dataclass(frozen=True)
class HeatCell:
    """A ratio and a share, as text, and the class of their colour."""

    ratio: str
    share: str
    css: str


@dataclass(frozen=True)
class ThemeRow:
    """A theme with a cell per segment."""

    label: str
    terms: str
    people: int
    cells: tuple[HeatCell, ...]


def list_segments(persona_set: PersonaSet, words: Words) -> list[SegmentLine]:
    """All segments: those with a card by falling size, then those without."""
    cards = {persona.segment_id: at for at, persona in enumerate(persona_set.personas, start=1)}
    total, most = max(persona_set.people, 1), max(persona_set.sizes.values(), default=1)
    known = {segment.segment_id: segment for segment in persona_set.segments}
    lines = []
    for segment_id, people in persona_set.sizes.items():
        at = cards.get(segment_id)
        persona = persona_set.personas[at - 1] if at else None
        lines.append(
            SegmentLine(
                segment_id=segment_id,
                name=visible(persona.name) if persona else _name(known.get(segment_id), segment_id, words),
                css=f"s{at - 1}" if at else "sx",
                people=people,
                share=people / total,
                bar=round(200 * people / max(most, 1), 1),
                anchor=f"persona-{at}" if at else "",
                tendency=persona is not None and persona.standing == "tendency",
            )
        )
    return sorted(lines, key=lambda line: (not line.anchor, -line.people, line.segment_id))


def _name(segment: Segment | None, segment_id: str, words: Words) -> str:
    if segment is None or segment.kind == "segment":
        return words("segment", id=visible(segment_id))
    return words(segment.kind)


def say_how_sure(persona_set: PersonaSet, words: Words) -> str:
    """How many segments hold, which do not, and how many people could not be placed."""
    stability = {s.segment_id: s.quality.stability for s in persona_set.segments if s.quality is not None}
    personas = persona_set.personas
    held = [persona for persona in personas if persona.standing == "persona"]
    values = [stability[persona.segment_id] for persona in held if persona.segment_id in stability]
    said = [_held(len(personas), len(held), values, words)]
    if held:
        for persona in personas:
            if persona.standing == "tendency":
                said.append(_tendency(visible(persona.name), stability.get(persona.segment_id), words))
    for kind, key in (("too little text", "sure_quiet"), ("outliers", "sure_outliers")):
        people = sum(persona_set.sizes.get(s.segment_id, 0) for s in persona_set.segments if s.kind == kind)
        if people:
            said.append(words(key, share=words.percent(people / max(persona_set.people, 1))))
    return ("" if words.language == "zh" else " ").join(said)


def _held(count: int, held: int, values: Sequence[float], words: Words) -> str:
    if not count:
        return words("sure_zero")
    if not held:
        return words("sure_none", n=count)
    if held < count or not values:
        return words("sure_some", held=held, n=count)
    key = "sure_one" if count == 1 else "sure_all"
    return words(key, n=count, low=f"{min(values):.2f}", high=f"{max(values):.2f}")


def _tendency(name: str, stability: float | None, words: Words) -> str:
    if stability is None:
        return words("sure_tendency_unknown", name=name)
    return words("sure_tendency", name=name, stability=f"{stability:.2f}")


def side_by_side(
    persona_set: PersonaSet,
    shares: Mapping[str, Mapping[str, float]],
    lifts: Mapping[str, Mapping[str, float | None]],
    words: Words,
) -> list[ThemeRow]:
    """The most telling themes of each segment, a row each, with the adjusted ratio in every segment."""
    segments = [persona.segment_id for persona in persona_set.personas]
    if not segments:
        return []
    by_id = {theme.theme_id: theme for theme in persona_set.themes}
    chosen: list[str] = []
    for segment_id in segments:
        telling = _telling(shares.get(segment_id, {}), lifts.get(segment_id, {}))
        fresh = [theme_id for theme_id in telling if theme_id in by_id and theme_id not in chosen]
        chosen += fresh[: max(1, HEAT_ROWS // len(segments))]
    return [
        _row(by_id[theme_id], [_heat_cell(theme_id, shares.get(s, {}), lifts.get(s, {}), words) for s in segments])
        for theme_id in chosen
    ]


def _telling(shares: Mapping[str, float], lifts: Mapping[str, float | None]) -> list[str]:
    """Themes that are more common here, ordered by share times the logarithm of the ratio."""

    def score(theme_id: str) -> float:
        ratio = lifts.get(theme_id)
        # Nobody elsewhere: as telling as eight times as often.
        return shares[theme_id] * log(max(ratio if ratio is not None else 8.0, 1.0))

    voiced = [theme_id for theme_id, share in shares.items() if share >= LEAST_VOICED and score(theme_id) > 0]
    return sorted(voiced, key=lambda theme_id: (-score(theme_id), theme_id))


def _heat_cell(theme_id: str, shares: Mapping[str, float], lifts: Mapping[str, float | None], words: Words) -> HeatCell:
    share, ratio = shares.get(theme_id, 0.0), lifts.get(theme_id)
    alone = ratio is None and share > 0
    return HeatCell(
        ratio=words.ratio(ratio, alone=alone), share=words.percent(share), css=heat_class(ratio, alone=alone)
    )


def list_themes(persona_set: PersonaSet, shares: Mapping[str, Mapping[str, float]], words: Words) -> list[ThemeRow]:
    """The themes voiced by most people, at most `MOST_THEMES`, with the share of every persona's segment."""
    most = sorted(persona_set.themes, key=lambda theme: (-theme.people, theme.theme_id))[:MOST_THEMES]
    segments = [persona.segment_id for persona in persona_set.personas]
    rows = []
    for theme in most:
        own = [shares.get(segment_id, {}).get(theme.theme_id, 0.0) for segment_id in segments]
        top = max(own, default=0.0)
        cells = [
            HeatCell("", words.percent(s), "top" if s == top and s > 0 else "dim" if s < top / 2 else "") for s in own
        ]
        rows.append(_row(theme, cells))
    return rows


def _row(theme: Theme, cells: Sequence[HeatCell]) -> ThemeRow:
    return ThemeRow(
        label=visible(theme.label),
        terms=", ".join(visible(term) for term in theme.terms[:6]),
        people=theme.people,
        cells=tuple(cells),
    )

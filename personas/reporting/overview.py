"""What the whole set shows above and below the cards: segments, how sure, themes side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log

from personas.persona_set import PersonaSet
from personas.records import Segment, Theme
from personas.reporting.cards import QuoteView, ratio_chip
from personas.reporting.palette import heat_class
from personas.reporting.report_wording import Words
from personas.reporting.visible import visible

MOST_THEMES = 40
HEAT_ROWS = 16
"""Rows of the side-by-side table, shared out among the segments."""
TERMS_IN_NAME = 2
THEMES_OF_SEGMENT = 5
HOLDS = 0.6
"""Overlap from which a segment without a persona is not marked as a tendency; that of `personas.assembling`."""
LEAST_VOICED = 0.02
"""Share of a segment from which a theme can be telling of it; below, a ratio rests on hardly anybody."""


@dataclass(frozen=True)
class SegmentLine:
    """A segment in the list: name, class, size, and the anchor of its card (empty: it has none).

    Only segments proper have a card and a colour; those without a persona have a small card.
    """

    segment_id: str
    name: str
    css: str
    people: int
    share: float
    bar: float
    anchor: str
    tendency: bool
    persona: bool


@dataclass(frozen=True)
class SegmentTheme:
    """A theme that a segment voices more than others: its share here and the ratio to elsewhere."""

    label: str
    share: str
    ratio: str
    chip: str


@dataclass(frozen=True)
class SegmentGroup:
    """A segment that nobody has written a persona for."""

    anchor: str
    name: str
    css: str
    people: int
    share: float
    stability: str
    tendency: bool
    terms: tuple[str, ...]
    themes: tuple[SegmentTheme, ...]


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
    quotes: tuple[QuoteView, ...] = ()


def proper_segments(persona_set: PersonaSet) -> list[Segment]:
    """The segments that are no rest, in their order."""
    return [segment for segment in persona_set.segments if segment.kind == "segment"]


def list_segments(
    persona_set: PersonaSet, words: Words, terms: Mapping[str, Sequence[str]] | None = None
) -> list[SegmentLine]:
    """All segments: those with a persona by falling size, then those without, then who could not be placed.

    Args:
        persona_set: what is told.
        words: of the page.
        terms: segment_id -> its telling words, which name a segment that has no persona.
    """
    cards = {persona.segment_id: at for at, persona in enumerate(persona_set.personas, start=1)}
    total, most = max(persona_set.people, 1), max(persona_set.sizes.values(), default=1)
    known = {segment.segment_id: segment for segment in persona_set.segments}
    bare = [s.segment_id for s in proper_segments(persona_set) if s.segment_id not in cards]
    places = {segment_id: len(cards) + at for at, segment_id in enumerate(bare, start=1)}
    lines = []
    for segment_id, people in persona_set.sizes.items():
        persona = persona_set.personas[cards[segment_id] - 1] if segment_id in cards else None
        at = cards.get(segment_id) or places.get(segment_id)
        segment = known.get(segment_id)
        lines.append(
            SegmentLine(
                segment_id=segment_id,
                name=visible(persona.name) if persona else _name(segment, segment_id, words, terms or {}),
                css=f"s{at - 1}" if at else "sx",
                people=people,
                share=people / total,
                bar=round(200 * people / max(most, 1), 1),
                anchor=f"{'persona' if persona else 'segment'}-{at}" if at else "",
                tendency=persona.standing == "tendency" if persona else _leans(segment),
                persona=persona is not None,
            )
        )
    return sorted(lines, key=lambda line: (not line.persona, not line.anchor, -line.people, line.segment_id))


def _leans(segment: Segment | None) -> bool:
    return segment is not None and segment.quality is not None and segment.quality.stability < HOLDS


def list_groups(
    persona_set: PersonaSet,
    lines: Sequence[SegmentLine],
    shares: Mapping[str, Mapping[str, float]],
    lifts: Mapping[str, Mapping[str, float | None]],
    terms: Mapping[str, Sequence[str]],
    words: Words,
) -> list[SegmentGroup]:
    """The segments that have no persona, in the order of the list."""
    stability = {s.segment_id: s.quality.stability for s in persona_set.segments if s.quality is not None}
    labels = {theme.theme_id: visible(theme.label) for theme in persona_set.themes}
    drawn = persona_set.segmentation.algorithm not in {"none", "by column"}
    return [
        SegmentGroup(
            anchor=line.anchor,
            name=line.name,
            css=line.css,
            people=line.people,
            share=line.share,
            stability=f"{stability[line.segment_id]:.2f}" if drawn and line.segment_id in stability else "",
            tendency=line.tendency,
            terms=tuple(visible(term) for term in terms.get(line.segment_id, ())),
            themes=_themes_of(shares.get(line.segment_id, {}), lifts.get(line.segment_id, {}), labels, words),
        )
        for line in lines
        if line.anchor and not line.persona
    ]


def _themes_of(
    shares: Mapping[str, float], lifts: Mapping[str, float | None], labels: Mapping[str, str], words: Words
) -> tuple[SegmentTheme, ...]:
    telling = [theme_id for theme_id in _telling(shares, lifts) if theme_id in labels][:THEMES_OF_SEGMENT]
    return tuple(
        SegmentTheme(
            label=labels[theme_id],
            share=words.percent(shares[theme_id]),
            ratio=words.ratio(lifts.get(theme_id), alone=True),
            chip=ratio_chip(lifts.get(theme_id), alone=True),
        )
        for theme_id in telling
    )


def _name(segment: Segment | None, segment_id: str, words: Words, terms: Mapping[str, Sequence[str]]) -> str:
    if segment is None or segment.kind == "segment":
        own = [visible(term) for term in terms.get(segment_id, ())[:TERMS_IN_NAME]]
        if own:
            return words("segment_terms", id=visible(segment_id), terms=words("comma").join(own))
        return words("segment", id=visible(segment_id))
    return words(segment.kind)


def say_how_sure(persona_set: PersonaSet, lines: Sequence[SegmentLine], words: Words) -> str:
    """How many segments hold, which do not, and how many people could not be placed."""
    report = persona_set.segmentation
    if report.algorithm == "none":
        said = [words("sure_homogeneous" if report.candidates else "sure_undivided")]
    elif report.algorithm == "by column":
        said = [words("sure_column", name=visible(report.representation))]
    else:
        said = _say_which_hold(persona_set, lines, words)
    for kind, key in (("too little text", "sure_quiet"), ("outliers", "sure_outliers")):
        people = sum(persona_set.sizes.get(s.segment_id, 0) for s in persona_set.segments if s.kind == kind)
        if people:
            said.append(words(key, share=words.percent(people / max(persona_set.people, 1))))
    return ("" if words.language == "zh" else " ").join(said)


def _say_which_hold(persona_set: PersonaSet, lines: Sequence[SegmentLine], words: Words) -> list[str]:
    """Of the segments with a persona; of all where none has one."""
    stability = {s.segment_id: s.quality.stability for s in persona_set.segments if s.quality is not None}
    told = [line for line in lines if line.persona] or [line for line in lines if line.anchor]
    held = [line for line in told if not line.tendency]
    values = [stability[line.segment_id] for line in held if line.segment_id in stability]
    said = [_held(len(told), len(held), values, words)]
    if held:
        said += [_tendency(line, stability.get(line.segment_id), words) for line in told if line.tendency]
    return said


def _held(count: int, held: int, values: Sequence[float], words: Words) -> str:
    if not count:
        return words("sure_zero")
    if not held:
        return words("sure_none", n=count)
    if held < count or not values:
        return words("sure_some", held=held, n=count)
    key = "sure_one" if count == 1 else "sure_all"
    return words(key, n=count, low=f"{min(values):.2f}", high=f"{max(values):.2f}")


def _tendency(line: SegmentLine, stability: float | None, words: Words) -> str:
    if stability is None:
        return words("sure_tendency_unknown", name=line.name)
    return words("sure_tendency" if line.persona else "sure_segment", name=line.name, stability=f"{stability:.2f}")


def side_by_side(
    persona_set: PersonaSet,
    lines: Sequence[SegmentLine],
    shares: Mapping[str, Mapping[str, float]],
    lifts: Mapping[str, Mapping[str, float | None]],
    words: Words,
) -> list[ThemeRow]:
    """The most telling themes of each segment, a row each, with the adjusted ratio in every segment."""
    segments = [line.segment_id for line in lines]
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


def list_themes(
    persona_set: PersonaSet,
    lines: Sequence[SegmentLine],
    shares: Mapping[str, Mapping[str, float]],
    quotes: Mapping[str, Sequence[QuoteView]],
    words: Words,
) -> list[ThemeRow]:
    """The themes voiced by most people, at most `MOST_THEMES`, with the share of every segment of the lines."""
    rows = []
    for theme in most_voiced(persona_set):
        own = [shares.get(line.segment_id, {}).get(theme.theme_id, 0.0) for line in lines]
        top = max(own, default=0.0)
        cells = [
            HeatCell("", words.percent(s), "top" if s == top and s > 0 else "dim" if s < top / 2 else "") for s in own
        ]
        rows.append(_row(theme, cells, quotes.get(theme.theme_id, ())))
    return rows


def most_voiced(persona_set: PersonaSet) -> list[Theme]:
    """The themes that are shown: those voiced by most people."""
    return sorted(persona_set.themes, key=lambda theme: (-theme.people, theme.theme_id))[:MOST_THEMES]


def _row(theme: Theme, cells: Sequence[HeatCell], quotes: Sequence[QuoteView] = ()) -> ThemeRow:
    return ThemeRow(
        label=visible(theme.label),
        terms=", ".join(visible(term) for term in theme.terms[:6]),
        people=theme.people,
        cells=tuple(cells),
        quotes=tuple(quotes),
    )

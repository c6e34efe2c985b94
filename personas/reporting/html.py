"""The report: one HTML file that opens offline, works without scripts and lets nothing in from outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from personas.records import MapPoint, PersonaSet
from personas.reporting.cards import AttributeLabels, Card, build_card
from personas.reporting.making import tell_making
from personas.reporting.map_drawing import HEIGHT, WIDTH, draw_map
from personas.reporting.overview import SegmentLine, list_segments, list_themes, say_how_sure, side_by_side
from personas.reporting.page import content_policy, page_environment, read_template, trusted
from personas.reporting.palette import palette_css
from personas.reporting.report_wording import Words
from personas.reporting.source_texts import Sources, citations_of, gather_sources
from personas.reporting.visible import visible
from retrieval.documents import Document

if TYPE_CHECKING:
    from jinja2 import Environment


def render_html(
    persona_set: PersonaSet,
    *,
    map_points: Sequence[MapPoint],
    documents: Mapping[str, Document],
    theme_shares: Mapping[str, Mapping[str, float]],
    segment_lifts: Mapping[str, Mapping[str, float | None]],
    manifest: Mapping[str, Any],
) -> str:
    """The page as text.

    Args:
        persona_set: what is told.
        map_points: a place in 0..1 by 0..1 for everybody on the map.
        documents: the cited documents by id; a quote whose document is missing is shown without a way to its source.
        theme_shares: segment_id -> theme_id -> share of the segment's people who voice it.
        segment_lifts: the same for the adjusted ratio to everybody else; None where nobody else voices it.
        manifest: how the run was made, see `personas.outputs.build_manifest`; any part may be missing.
    """
    words = Words(persona_set.language)
    sources = gather_sources(persona_set, documents, words)
    lines = list_segments(persona_set, words)
    cards = _cards(persona_set, sources, words)
    css = {line.segment_id: line.css for line in lines}
    names = {line.segment_id: line.name for line in lines}
    style = read_template("style.css") + palette_css(len(cards))
    script = read_template("script.js")
    return (
        _environment(words)
        .get_template("report.html.j2")
        .render(
            title=visible(persona_set.title),
            language="zh-Hans" if persona_set.language == "zh" else "en",
            policy=content_policy(style=style, script=script),
            style=trusted(style),
            script=trusted(script),
            facts=_facts(persona_set, words),
            map=draw_map(map_points, css, names, _labelled(lines)),
            map_size=(WIDTH, HEIGHT),
            map_people=(len(map_points), persona_set.data.customers),
            lines=lines,
            how_sure=say_how_sure(persona_set, words),
            cards=cards,
            heat=side_by_side(persona_set, theme_shares, segment_lifts, words),
            themes=list_themes(persona_set, theme_shares, words),
            themes_total=len(persona_set.themes),
            making=tell_making(persona_set, manifest, words),
            sources=sources.texts,
            version=visible(manifest.get("tool_version", "")),
        )
    )


def _cards(persona_set: PersonaSet, sources: Sources, words: Words) -> list[Card]:
    labels = AttributeLabels(persona_set.language)
    stability = {s.segment_id: s.quality.stability for s in persona_set.segments if s.quality is not None}
    return [
        build_card(
            persona,
            number=number,
            css=f"s{number - 1}",
            stability=stability.get(persona.segment_id),
            sources=sources,
            labels=labels,
            words=words,
        )
        for number, persona in enumerate(persona_set.personas, start=1)
    ]


def _labelled(lines: Sequence[SegmentLine]) -> list[str]:
    return [line.segment_id for line in lines if line.anchor]


def _facts(persona_set: PersonaSet, words: Words) -> list[tuple[str, bool]]:
    """The line under the title: text, and whether it is set strong."""
    data = persona_set.data
    held = sum(persona.standing == "persona" for persona in persona_set.personas)
    leaning = len(persona_set.personas) - held
    quotes = {
        (citation.document_id, citation.start, citation.end)
        for persona in persona_set.personas
        for citation in citations_of(persona)
    }
    facts = [(words.count("people", persona_set.people), True), (words.count("documents", data.documents), True)]
    if data.first_date and data.last_date:
        same = data.first_date == data.last_date
        dates = data.first_date if same else words("dates", first=data.first_date, last=data.last_date)
        facts.append((visible(dates), False))
    facts.append((words.count("personas", held), False))
    if leaning:
        facts.append((words.count("tendencies", leaning), False))
    return [*facts, (words.count("quotes_verified", len(quotes)), False)]


def _environment(words: Words) -> Environment:
    environment = page_environment()
    environment.globals.update(t=words, count=words.count)
    environment.filters.update(pct=words.percent, num=words.number, known=words.known)
    return environment

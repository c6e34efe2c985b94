"""The report: one HTML file that opens offline, works without scripts and lets nothing in from outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from personas.persona_set import PersonaSet
from personas.records import MapPoint
from personas.reporting.actions_section import product_quotes, products_title, render_advice, render_products
from personas.reporting.cards import AttributeLabels, Card, build_card, view_quote
from personas.reporting.corrections_section import render_corrections, tell_corrections
from personas.reporting.finding_sections import render_explanation, render_grouping, render_value
from personas.reporting.finding_wording import FindingWords
from personas.reporting.making import tell_making
from personas.reporting.map_drawing import HEIGHT, WIDTH, MapDrawing, draw_map
from personas.reporting.overview import (
    SegmentLine,
    list_groups,
    list_segments,
    list_themes,
    most_voiced,
    proper_segments,
    say_how_sure,
    side_by_side,
)
from personas.reporting.page import content_policy, page_environment, read_template, trusted
from personas.reporting.palette import palette_css
from personas.reporting.report_wording import Words
from personas.reporting.scorecard_section import names_of, render_scorecard, score_tiles
from personas.reporting.segment_names import SegmentNames
from personas.reporting.source_texts import Sources, citations_of, gather_sources
from personas.reporting.themes_view import THEMES_HEAD, THEMES_RIGHT, build_fineness
from personas.reporting.trends_section import render_trends
from personas.reporting.trends_wording import TrendWords
from personas.reporting.visible import visible
from personas.scoring.wording import ScoreWords
from retrieval.documents import Citation, Document

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

STYLES = ("style.css", "trends.css", "findings.css", "actions.css")


def render_html(
    persona_set: PersonaSet,
    *,
    map_points: Sequence[MapPoint],
    documents: Mapping[str, Document],
    theme_shares: Mapping[str, Mapping[str, float]],
    segment_lifts: Mapping[str, Mapping[str, float | None]],
    manifest: Mapping[str, Any],
    theme_quotes: Mapping[str, Sequence[Citation]] | None = None,
    segment_terms: Mapping[str, Sequence[str]] | None = None,
) -> str:
    """The page as text.

    Args:
        persona_set: what is told.
        map_points: a place in 0..1 by 0..1 for everybody on the map.
        documents: the cited documents by id; a quote whose document is missing is shown without a way to its source.
        theme_shares: segment_id -> theme_id -> share of the segment's people who voice it.
        segment_lifts: the same for the adjusted ratio to everybody else; None where nobody else voices it.
        manifest: how the run was made, see `personas.outputs.build_manifest`; any part may be missing.
        theme_quotes: theme_id -> quotes of it; those of the themes that are shown stand beside them.
        segment_terms: segment_id -> telling words; they name segments that have no persona.
    """
    words = FindingWords(persona_set.language)
    terms = segment_terms or {}
    quotes = {theme.theme_id: (theme_quotes or {}).get(theme.theme_id, ()) for theme in most_voiced(persona_set)}
    examples = [*(one for own in quotes.values() for one in own), *product_quotes(persona_set)]
    sources = gather_sources(persona_set, documents, words, examples)
    lines = list_segments(persona_set, words, terms)
    placed = [line for line in lines if line.anchor]
    names = SegmentNames.of(lines, words)
    views = {theme_id: [view_quote(one, sources) for one in own] for theme_id, own in quotes.items()}
    return (
        _environment(words)
        .get_template("report.html.j2")
        .render(
            **_frame(persona_set, len(placed)),
            facts=_facts(persona_set, examples, words),
            map=_map(map_points, lines),
            map_size=(WIDTH, HEIGHT),
            map_people=(len(map_points), persona_set.data.customers),
            lines=lines,
            placed=placed,
            how_sure=say_how_sure(persona_set, lines, words),
            cards=_cards(persona_set, sources, words),
            groups=list_groups(persona_set, lines, theme_shares, segment_lifts, terms, words),
            heat=side_by_side(persona_set, placed, theme_shares, segment_lifts, words),
            sections=_sections(persona_set, names, words, sources),
            themes=list_themes(persona_set, placed, theme_shares, views, words),
            themes_total=len(persona_set.themes),
            fineness=build_fineness(persona_set),
            fineness_head=(THEMES_HEAD, THEMES_RIGHT),
            trends=_trends(persona_set, placed),
            making=tell_making(persona_set, manifest, words),
            sources=sources.texts,
            version=visible(manifest.get("tool_version", "")),
        )
    )


def _frame(persona_set: PersonaSet, segments: int) -> dict[str, Any]:
    """What surrounds the content: title, language, and the one stylesheet and script that the policy lets in."""
    style = "".join(read_template(name) for name in STYLES) + palette_css(segments)
    script = read_template("script.js")
    return {
        "title": visible(persona_set.title),
        "language": "zh-Hans" if persona_set.language == "zh" else "en",
        "policy": content_policy(style=style, script=script),
        "style": trusted(style),
        "script": trusted(script),
    }


def _map(points: Sequence[MapPoint], lines: Sequence[SegmentLine]) -> MapDrawing:
    css = {line.segment_id: line.css for line in lines}
    names = {line.segment_id: line.name for line in lines}
    return draw_map(points, css, names, [line.segment_id for line in lines if line.anchor])


def _sections(
    persona_set: PersonaSet, names: SegmentNames, words: Words, sources: Sources
) -> list[tuple[str, str, Markup]]:
    """The sections on what the numbers found that are not empty: anchor, name in the contents, and HTML."""
    rendered = (
        ("corrected", render_corrections(persona_set)),
        ("scores", render_scorecard(persona_set, names)),
        ("grouped", render_grouping(persona_set, names)),
        ("explained", render_explanation(persona_set, names)),
        ("value", render_value(persona_set, names)),
    )
    found = [(anchor, words(anchor), section) for anchor, section in rendered if section]
    products = render_products(persona_set, sources)
    return [*found, ("products", products_title(words.language), products)] if products else found


def _trends(persona_set: PersonaSet, placed: Sequence[SegmentLine]) -> tuple[str, Markup] | None:
    """The section on change over time, with its name in the contents."""
    if persona_set.trends is None:
        return None
    section = render_trends(
        persona_set.trends,
        persona_set.language,
        names={line.segment_id: line.name for line in placed},
        colours={line.segment_id: line.css for line in placed},
    )
    return TrendWords(persona_set.language)("trends"), section


def _cards(persona_set: PersonaSet, sources: Sources, words: Words) -> list[Card]:
    labels = AttributeLabels(persona_set.language, persona_set.personas)
    stability = {s.segment_id: s.quality.stability for s in persona_set.segments if s.quality is not None}
    scored, names = ScoreWords(persona_set.language), names_of(persona_set)
    return [
        replace(
            build_card(
                persona,
                number=number,
                css=f"s{number - 1}",
                stability=stability.get(persona.segment_id),
                sources=sources,
                labels=labels,
                words=words,
            ),
            scores=score_tiles(persona, names, scored),
            corrected=tell_corrections(persona_set, persona.persona_id),
            advice=render_advice(persona, number=number),
        )
        for number, persona in enumerate(persona_set.personas, start=1)
    ]


def _facts(persona_set: PersonaSet, examples: Sequence[Citation], words: Words) -> list[tuple[str, bool]]:
    """The line under the title: text, and whether it is set strong."""
    data = persona_set.data
    held = sum(persona.standing == "persona" for persona in persona_set.personas)
    leaning = len(persona_set.personas) - held
    quotes = {
        (citation.document_id, citation.start, citation.end)
        for persona in persona_set.personas
        for citation in citations_of(persona)
    }
    quotes |= {(one.document_id, one.start, one.end) for one in examples}
    facts = [(words.count("people", persona_set.people), True), (words.count("documents", data.documents), True)]
    if data.first_date and data.last_date:
        same = data.first_date == data.last_date
        dates = data.first_date if same else words("dates", first=data.first_date, last=data.last_date)
        facts.append((visible(dates), False))
    if persona_set.personas:
        facts.append((words.count("personas", held), False))
    if leaning:
        facts.append((words.count("tendencies", leaning), False))
    bare = len(proper_segments(persona_set)) - len(persona_set.personas)
    if bare > 0:
        facts.append((words.count("segments_found", bare), False))
    return [*facts, (words.count("quotes_verified", len(quotes)), False)] if quotes else facts


def _environment(words: Words) -> Environment:
    environment = page_environment()
    environment.globals.update(t=words, count=words.count)
    environment.filters.update(pct=words.percent, num=words.number, known=words.known)
    return environment

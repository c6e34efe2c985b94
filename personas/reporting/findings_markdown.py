"""Segments, grouping, explanation, value and themes as GitHub Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from personas.persona_set import PersonaSet
from personas.reporting.explanation_view import ExplanationView, ValueRow, build_explanation
from personas.reporting.finding_wording import FindingWords
from personas.reporting.markdown_text import escape, markdown_list, markdown_table, quote_markdown
from personas.reporting.overview import SegmentLine, list_groups, most_voiced
from personas.reporting.segment_names import SegmentNames
from personas.reporting.segmentation_view import TRIED_HEAD, TRIED_RIGHT, GroupingView, build_grouping
from personas.reporting.themes_view import THEMES_HEAD, THEMES_RIGHT, FinenessView, build_fineness
from personas.reporting.value_view import RfmTable, ValueView, build_value
from retrieval.documents import Citation


def groups_markdown(
    persona_set: PersonaSet, lines: Sequence[SegmentLine], terms: Mapping[str, Sequence[str]]
) -> list[str]:
    """The segments without a persona: size, how well they hold, and their words."""
    words = FindingWords(persona_set.language)
    groups = list_groups(persona_set, lines, {}, {}, terms, words)
    if not groups:
        return []
    parts = [f"## {words('segment_cards')}"]
    for group in groups:
        told = [words.count("people", group.people), words.percent(group.share)]
        told += [words("segment_overlap", value=group.stability)] if group.stability else []
        told += [words("standing_tendency")] if group.tendency else []
        parts += [f"### {escape(group.name)}", escape(words("sep").join(told))]
        parts.append(escape(words("comma").join(group.terms)))
    return parts


def findings_markdown(persona_set: PersonaSet, names: SegmentNames) -> list[str]:
    """How the people were grouped, what tells the segments apart, and what they are worth."""
    words = FindingWords(persona_set.language)
    parts = _grouping(build_grouping(persona_set, names, words), words)
    if persona_set.explanation is not None:
        parts += _explanation(build_explanation(persona_set.explanation, names, words), words)
    value = build_value(persona_set, names, words)
    return parts if value is None or value.is_empty else parts + _value(value, words)


def themes_markdown(persona_set: PersonaSet, quotes: Mapping[str, Sequence[Citation]]) -> list[str]:
    """The themes voiced by most people with their quotes; nothing where there are no quotes to show."""
    words = FindingWords(persona_set.language)
    shown = [theme for theme in most_voiced(persona_set) if quotes.get(theme.theme_id)]
    if not shown:
        return []
    lines = []
    for theme in shown:
        told = f"{escape(theme.label)} ({escape(words.count('people', theme.people))})"
        lines.append(f"- {told}\n" + "\n".join(f"  - {quote_markdown(quote)}" for quote in quotes[theme.theme_id]))
    section = [f"## {words('themes')}", escape(words("themes_note_plain")), "\n".join(lines)]
    return section + _fineness(build_fineness(persona_set), words)


def _fineness(view: FinenessView | None, words: FindingWords) -> list[str]:
    if view is None:
        return []
    head = [words(key) for key in THEMES_HEAD] + [words("col_taken")]
    cells = [[*map(escape, row), words("yes") if taken else ""] for row, taken in view.rows]
    return [f"### {escape(view.title)}", escape(view.note), markdown_table(head, cells, right=THEMES_RIGHT)]


def _grouping(view: GroupingView, words: FindingWords) -> list[str]:
    parts = [f"## {words('grouped')}", f"**{escape(view.lead)}** {escape(view.said)}".strip()]
    if view.holds:
        rows = [
            (escape(row.name) + (f" ({words('standing_tendency')})" if row.tendency else ""), row.value)
            for row in view.holds
        ]
        table = markdown_table((words("segments"), words("stability")), rows, right=(1,))
        parts += [f"### {words('holds')}", escape(view.holds_note), table]
    if view.blocks:
        told = [escape(f"{row.name}: {row.share} ({row.weight})") for row in view.blocks]
        parts += [f"### {words('rests')}", escape(words("rests_note")), markdown_list(told)]
    if view.topics:
        parts += [f"### {words('word_topics')}", escape(words("word_topics_note"))]
        for one in view.topics:
            told = [escape(f"{terms} ({share})") for terms, share in one.topics]
            parts += [f"**{escape(one.name)}**", markdown_list(told)]
    if view.tree:
        parts += [f"### {words('tree')}", markdown_list([escape(join) for join in view.tree.joins])]
    if view.tried:
        head = [words(key) for key in TRIED_HEAD] + [words("col_taken")]
        cells = [[*map(escape, row), words("yes") if taken else ""] for row, taken in view.tried]
        parts += [f"### {escape(view.tried_title)}", escape(words("tried_note"))]
        parts.append(markdown_table(head, cells, right=TRIED_RIGHT))
    return parts


def _explanation(view: ExplanationView, words: FindingWords) -> list[str]:
    parts = [f"## {words('explained')}", escape(view.verdict)]
    if view.importance:
        parts += [f"### {words('matters')}", escape(words("matters_note")), _rows(view.importance, words)]
    if view.rules:
        parts += [f"### {words('rules')}", escape(words("rules_note"))]
        for rules in view.rules:
            parts.append(f"**{escape(rules.name)}**")
            parts.append(markdown_list([f"{escape(row.name)} ({escape(row.detail)})" for row in rules.rows]))
    if view.contrasts:
        parts.append(f"### {words('contrasts')}")
        head = [words(key) for key in ("contrast_what", "here", "contrast_there", "contrast_difference")]
        for one in view.contrasts:
            cells = [tuple(map(escape, (row.name, row.value, there, apart))) for row, there, apart in one.rows]
            parts += [f"**{escape(one.heading)}**", markdown_table(head, cells, right=(1, 2, 3))]
    for heading, rows in (("accuracy", view.accuracy), ("alone", view.alone), ("recalls", view.recalls)):
        if rows:
            parts += [f"### {words(heading)}", _rows(rows, words)]
    if view.associations:
        told = [f"{escape(text)} ({escape(detail)})" for text, detail in view.associations]
        parts += [f"### {escape(words('goes_with', n=len(told)))}", markdown_list(told)]
    if view.notes:
        parts += [f"### {words('explained_careful')}", markdown_list([escape(note) for note in view.notes])]
    return parts


def _rows(rows: Sequence[ValueRow], words: FindingWords) -> str:
    told = []
    for row in rows:
        doubt = f" ({words('not_better')})" if row.doubt else ""
        told.append(escape(f"{row.name}: {row.value} ({row.detail})") + doubt)
    return markdown_list(told)


def _value(view: ValueView, words: FindingWords) -> list[str]:
    parts = [f"## {words('value')}", escape(view.lead)]
    if view.priorities:
        rows = [
            tuple(map(escape, (row.rank, row.name, f"{row.points} ({row.interval})", row.parts)))
            for row in view.priorities
        ]
        head = ("", words("segments"), words("priority_points", points="").strip(), "")
        parts += [f"### {words('priority')}", escape(f"{words('priority_note')} {view.priority_weights}")]
        parts.append(markdown_table(head, rows))
    if view.sizes:
        whats = [bar.what for bar in view.sizes[0].bars]
        rows = [
            (escape(row.name), *(escape(f"{bar.share} ({bar.detail})") for bar in row.bars), escape(row.facts))
            for row in view.sizes
        ]
        parts += [f"### {words('sizes')}", markdown_table((words("segments"), *whats, ""), rows)]
    if view.expected:
        parts += [f"### {words('expected')}", escape(words.join(list(view.expected)))]
    if view.rfm:
        parts += [f"### {words('rfm')}", escape(words("rfm_note")), _rfm(view.rfm, words)]
    if view.unusual:
        lines = [escape(line) for line in (*view.unusual, view.unusual_more) if line]
        parts += [f"### {escape(view.unusual_title)}", escape(words("unusual_note")), markdown_list(lines)]
    if view.notes:
        parts += [f"### {words('value_notes')}", markdown_list([escape(note) for note in view.notes])]
    return parts


def _rfm(table: RfmTable, words: FindingWords) -> str:
    head = [words("rfm_segment"), words("everybody_heading")] + ([words("rfm_revenue")] if table.with_revenue else [])
    head += [escape(name) for name, _ in table.segments]
    rows = [(escape(name), *map(escape, cells)) for name, cells in table.rows]
    return markdown_table(head, rows, right=tuple(range(1, len(head))))

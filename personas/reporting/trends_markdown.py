"""The section on change over time as GitHub Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from personas.reporting.markdown_text import escape
from personas.reporting.report_wording import ReportLanguage
from personas.reporting.trends_view import ChangeCell, TrendRow, build_view
from personas.reporting.trends_wording import TrendWords
from personas.trends.records import TrendReport


def trends_markdown(report: TrendReport, language: ReportLanguage, *, names: Mapping[str, str] | None = None) -> str:
    """The section as text: the changing themes, the segments, feelings, and what is compared.

    Args:
        report: what is told.
        language: of the text.
        names: what a segment is called, by segment_id.
    """
    words = TrendWords(language)
    view = build_view(report, words, names=names or {}, colours={})
    parts = [f"## {words('trends')}", escape(view.lead), escape(view.themes_said)]
    unit = words(report.unit)
    drawn = words("col_line", unit=unit)
    parts.append(_table(view.changing, words("col_theme"), drawn, report, words))
    if view.segments:
        table = _table(view.segments, words("col_segment"), drawn, report, words)
        parts += [f"### {words('segments_time')}", table]
    if view.feelings:
        parts += [f"### {words('feelings')}", escape(words("feelings_note", unit=unit))]
        parts += [_table(part.rows, part.heading, part.drawn, report, words) for part in view.feelings]
    parts.append("\n".join(f"- {escape(note)}" for note in view.notes))
    return "\n\n".join(part for part in parts if part)


def _table(rows: Sequence[TrendRow], head: str, drawn: str, report: TrendReport, words: TrendWords) -> str:
    if not rows:
        return ""
    lately = any(row.recent for row in rows)
    titles = [head, words("col_people"), drawn, words("col_change", unit=words(report.unit))]
    titles += [words("col_recent")] if lately else []
    lines = ["| " + " | ".join(escape(title) for title in titles) + " |", "| --- |" + " --: |" * (len(titles) - 1)]
    for row in rows:
        told = f"{row.arrow} {row.direction}" + (f", {words('hot')}" if row.hot else "")
        name = f"{escape(row.name)} ({escape(words('sep').join([told, *row.notes]))})"
        shares = f"{row.from_value} → {row.to_value}"
        cells = [name, words.number(row.people), shares, _cell(row.change)]
        cells += [_cell(row.recent)] if lately else []
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(cell: ChangeCell | None) -> str:
    return "" if cell is None else escape(f"{cell.value} ({cell.interval})")

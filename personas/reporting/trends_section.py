"""The section on change over time as HTML: what rises and falls, segments and feelings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from personas.reporting.page import page_environment, trusted
from personas.reporting.trend_drawing import SPARK_HEIGHT, SPARK_WIDTH, VOLUME_HEIGHT, VOLUME_WIDTH, draw_volume
from personas.reporting.trends_view import build_view, period_name, units
from personas.reporting.trends_wording import TrendWords
from personas.trends.records import TrendReport

if TYPE_CHECKING:
    from markupsafe import Markup

    from personas.reporting.report_wording import ReportLanguage


def render_trends(
    report: TrendReport,
    language: ReportLanguage,
    *,
    names: Mapping[str, str] | None = None,
    colours: Mapping[str, str] | None = None,
) -> Markup:
    """The section as HTML, to be placed between those of the page; its rules are in ``templates/trends.css``.

    Args:
        report: what is told.
        language: of the page.
        names: what a segment is called, by segment_id; "Segment s1" where it is missing.
        colours: class of a segment's colour, by segment_id.
    """
    words = TrendWords(language)
    view = build_view(report, words, names=names or {}, colours=colours or {})
    people = [period.people for period in report.periods]
    shown = [period_name(period, report, words) for period in report.periods]
    environment = page_environment()
    environment.globals.update(t=words)
    environment.filters.update(num=words.number)
    environment.globals.update(num=words.number)
    text = environment.get_template("trends.html.j2").render(
        **vars(view),
        unit=words(report.unit),
        recent_title=words("col_recent_title", n=report.recent, units=units(report, words, report.recent)),
        spark_size=(SPARK_WIDTH, SPARK_HEIGHT),
        volume_size=(VOLUME_WIDTH, VOLUME_HEIGHT),
        volume=draw_volume(
            people,
            [period.whole for period in report.periods],
            [f"{name}: {words.count('people', count)}" for name, count in zip(shown, people, strict=True)],
        ),
        volume_label=words("volume_label", unit=words(report.unit), low=min(people), high=max(people)),
        volume_ends=(shown[0], shown[-1]),
    )
    section: Markup = trusted(text)
    return section

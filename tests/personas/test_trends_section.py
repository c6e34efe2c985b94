"""The section on change over time: complete, escaped, in both languages, and drawn within its frame."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from selectolax.lexbor import LexborHTMLParser, LexborNode

from personas.reporting.page import content_policy, read_template
from personas.reporting.palette import palette_css
from personas.reporting.report_wording import ReportLanguage
from personas.reporting.trend_drawing import SPARK_HEIGHT, SPARK_WIDTH, VOLUME_HEIGHT, VOLUME_WIDTH, draw_spark
from personas.reporting.trends_markdown import trends_markdown
from personas.reporting.trends_section import render_trends
from personas.reporting.trends_wording import TRENDS_CHINESE, TRENDS_ENGLISH
from personas.trends.finding import find_trends
from personas.trends.records import TrendReport
from tests.personas.dated import Said, Shares, corpus_of, months_of_writing, segment_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

HOSTILE = '</script><script>alert(1)</script>"><img src=x onerror=alert(1)>'
LANGUAGES: tuple[ReportLanguage, ...] = ("en", "zh")


def _make(*, hostile: bool = False) -> TrendReport:
    shares: Shares = {
        1: np.linspace(0.08, 0.35, 12),
        2: np.linspace(0.35, 0.1, 12),
        3: [0.2] * 12,
        4: [0.0] * 9 + [0.3] * 2 + [0.0],
        5: [0.1] * 4 + [0.5] + [0.1] * 7,
        6: [0.004] * 12,
    }
    text = "It is great and I love it."
    said = months_of_writing(shares, people=[90] * 11 + [30], seed=4, last_day=9, text=text)
    said = [Said(one.customer, one.when, one.themes, text=one.text, rating=0.7) for one in said]
    late = [
        Said(f"chat-{at}", f"2025-{8 + at % 4:02d}-10", (1,), source=HOSTILE if hostile else "chats.jsonl")
        for at in range(200)
    ]
    corpus, model = corpus_of([*said, *late, Said("n", None, (1,)), Said("o", "1970-01-01", (1,))], 7)
    if hostile:
        themes = tuple(theme.model_copy(update={"label": HOSTILE}) for theme in model.themes)
        model = type(model)(
            themes=themes, passage_theme=model.passage_theme, confidence=model.confidence, spaces=model.spaces
        )
    ids = sorted({one.customer for one in said})
    segments = (segment_of("s1", ids[::2]), segment_of("s2", ids[1::2]))
    report = find_trends(corpus, model, segments, today=date(2026, 11, 1))
    assert report is not None
    return report


@pytest.fixture(scope="module")
def report() -> TrendReport:
    return _make()


def _parsed(report: TrendReport, language: ReportLanguage) -> LexborHTMLParser:
    names = {"s1": "The Wi-Fi fighters", "s2": HOSTILE}
    return LexborHTMLParser(str(render_trends(report, language, names=names, colours={"s1": "s0", "s2": "s1"})))


def _text(node: LexborHTMLParser | LexborNode, selector: str) -> str:
    found = node.css_first(selector)
    assert found is not None
    return found.text()


def test_both_languages_have_the_same_texts_with_the_same_blanks() -> None:
    assert TRENDS_ENGLISH.keys() == TRENDS_CHINESE.keys()
    for key, english in TRENDS_ENGLISH.items():
        # Chinese has no plural, and says "1" where English says "one".
        blanks = [
            set(re.findall(r"{(\w+)}", text.replace("{units}", "{unit}"))) - {"n"}
            for text in (english, TRENDS_CHINESE[key])
        ]
        assert blanks[0] == blanks[1], key


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_rises_and_falls_stands_in_the_table(report: TrendReport, language: ReportLanguage) -> None:
    page = _parsed(report, language)
    tables = page.css("table.trends")
    rows = {_text(row, "th"): row for row in tables[0].css("tbody tr")}
    rising = next(row for name, row in rows.items() if name.startswith("theme 1"))
    assert rising.css_first("svg.spark.up") is not None
    assert "×" in rising.text()
    assert ("chats.jsonl" in _text(rising, "th")) == (report.themes[1].mix is not None)
    falling = next(row for name, row in rows.items() if name.startswith("theme 2"))
    assert falling.css_first("svg.spark.down") is not None
    assert not any(name.startswith("theme 3") for name in rows)
    assert any(_text(row, "th").startswith("theme 3") for row in tables[1].css("tbody tr"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_notes_tell_what_is_left_out(report: TrendReport, language: ReportLanguage) -> None:
    said = _text(_parsed(report, language), ".note")
    assert "2025-12" in said
    assert ("1 document has no date" if language == "en" else "1 篇文本没有日期") in said
    assert "1990" in said
    assert "Benjamini-Hochberg" in said


def test_nothing_of_the_data_becomes_markup() -> None:
    hostile = _make(hostile=True)
    for language in LANGUAGES:
        page = _parsed(hostile, language)
        assert page.css("script, img, style, [style], [onerror]") == []
        assert HOSTILE in _text(page, "table.trends th[scope=row]")
        told = trends_markdown(hostile, language, names={"s2": HOSTILE})
        assert "<script" not in re.sub(r"\\.", "", told)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_drawing_lies_within_its_frame_and_says_what_it_shows(
    report: TrendReport, language: ReportLanguage
) -> None:
    page = _parsed(report, language)
    sparks = page.css("svg.spark")
    assert len(sparks) >= 6
    for spark in sparks:
        assert "2025-01" in (spark.attributes["aria-label"] or "")
        for path in spark.css("path"):
            places = re.findall(r"([\d.-]+) ([\d.-]+)", path.attributes["d"] or "")
            assert len(places) >= 11
            assert all(0 <= float(x) <= SPARK_WIDTH and 0 <= float(y) <= SPARK_HEIGHT for x, y in places)
    bars = page.css("rect.vol")
    assert len(bars) == 12
    assert len(page.css("rect.vol.part")) == 1
    for bar in bars:
        x, y, width, height = (float(bar.attributes[name] or "") for name in ("x", "y", "width", "height"))
        assert x >= 0
        assert x + width <= VOLUME_WIDTH
        assert y + height <= VOLUME_HEIGHT + 0.1


def test_a_silent_period_breaks_the_line() -> None:
    values = [0.1, 0.2, None, 0.3, None, 0.1, 0.2]
    spark = draw_spark(values, values, values, first=0, last=5)
    assert spark.line.count("M") == 1
    assert len(spark.dots) == 2
    assert len(spark.pale) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_markdown_tells_the_same(report: TrendReport, language: ReportLanguage) -> None:
    told = trends_markdown(report, language, names={"s1": "The Wi-Fi fighters"})
    assert told.startswith("## Over time" if language == "en" else "## 随时间的变化")
    assert "theme 1" in told
    assert "↗" in told
    assert "The Wi-Fi fighters" in told
    tables = [block for block in told.split("\n\n") if block.startswith("|")]
    assert len(tables) == 4
    for table in tables:
        lines = table.splitlines()
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in lines}) == 1


def _write(report: TrendReport, language: ReportLanguage, path: Path) -> str:
    style = read_template("style.css") + read_template("trends.css") + palette_css(2)
    section = render_trends(report, language, names={"s1": "The Wi-Fi fighters"}, colours={"s1": "s0", "s2": "s1"})
    head = (
        f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" '
        f'content="{content_policy(style=style, script=None)}">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1">'
    )
    path.write_text(
        f'<!doctype html><html lang="{language}"><head>{head}<title>t</title><style>{style}</style></head>'
        f"<body><main>{section}</main></body></html>",
        encoding="utf-8",
    )
    return path.as_uri()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    yield page
    page.close()


@pytest.mark.browser
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [400, 1280])
def test_it_fits_the_page_and_breaks_no_rule_of_it(
    page: Page, report: TrendReport, tmp_path: Path, language: ReportLanguage, width: int
) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(_write(report, language, tmp_path / "trends.html"))
    page.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true })")
    assert said == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    line = page.locator(".spark.up .spark-line").first
    box = line.bounding_box()
    assert box is not None
    assert box["width"] > (60 if width == 400 else 100)
    assert page.locator(".vol").first.evaluate("node => getComputedStyle(node).fill") == "rgb(0, 114, 178)"


@pytest.mark.browser
def test_on_a_dark_screen_lines_are_light(browser: Browser, report: TrendReport, tmp_path: Path) -> None:
    page = browser.new_page(color_scheme="dark")
    page.goto(_write(report, "en", tmp_path / "trends.html"))
    assert (
        page.locator(".spark.up .spark-line").first.evaluate("n => getComputedStyle(n).stroke") == "rgb(91, 179, 232)"
    )
    page.close()

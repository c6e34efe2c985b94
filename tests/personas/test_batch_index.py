"""The page over all reports: complete, escaped, offline, and no wider than a phone."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from selectolax.lexbor import LexborHTMLParser, LexborNode

from personas.batch_record import BatchRecord, Counts, Failure, JobRecord, PersonaLine, Spending, add_up
from personas.reporting.batch_index import render_index, tell_cost

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

HOSTILE = "<script>alert('x')</script>\"'><img src=x onerror=alert(1)>\u202egnp.exe"
LONG = "Donaudampfschifffahrtsgesellschaftskapitaen" * 4


def personas(count: int, name: str = "Voice") -> tuple[PersonaLine, ...]:
    return tuple(
        PersonaLine(
            persona_id=f"p-{at}",
            name=f"{name} {at}",
            tagline=f"“says {at}”",
            people=10 - at % 10,
            share=0.9 / count,
            standing="tendency" if at == 1 else "persona",
            claims=4,
        )
        for at in range(count)
    )


def done(name: str, title: str, count: int = 3, **changes: object) -> JobRecord:
    job = JobRecord(
        name=name,
        title=title,
        state="done",
        exit_code=0,
        counts=Counts(inputs=90, documents=84, people=1_042, personas=count, claims=4 * count, warnings=0),
        personas=personas(count),
        report=f"{name}/report.html",
        spending=Spending(made=20, tokens=12_345, cost_usd=0.42),
        seconds=75.2,
        finished_at="2026-11-22T10:30:00+00:00",
    )
    return job.model_copy(update=changes)


def record_of(*jobs: JobRecord, title: str = "Spring research") -> BatchRecord:
    return BatchRecord(
        tool_version="0.1.0", title=title, updated_at="2026-11-22T10:31:07+00:00", totals=add_up(jobs), jobs=jobs
    )


JOBS = (
    done("coffee", "Coffee machines", warnings=("3 rows cannot be read", HOSTILE)),
    done("火锅", "火锅：用户画像", 14, language="zh", personas=personas(14, "谈论排队的人")),
    JobRecord(
        name="broken",
        title="broken",
        state="failed",
        exit_code=3,
        error=Failure(what=f"no column {HOSTILE}", where=f"a.csv: {LONG}", mend="choose one"),
    ),
    done(
        "half",
        HOSTILE + LONG,
        state="unfinished",
        exit_code=3,
        error=Failure(what="900 of 1,000 tokens are spent"),
        personas=personas(2, HOSTILE + LONG),
        spending=Spending(tokens=900, cost_usd=None),
    ),
    JobRecord(name="later", title="later", error=Failure(what="not begun")),
)


@pytest.fixture(scope="module")
def page() -> LexborHTMLParser:
    return LexborHTMLParser(render_index(record_of(*JOBS, title=HOSTILE)))


def first(page: LexborHTMLParser | LexborNode, selector: str) -> LexborNode:
    node = page.css_first(selector)
    assert node is not None, selector
    return node


def words(node: LexborNode) -> str:
    return " ".join(node.text(separator=" ").split())


def test_a_row_a_job_in_order_with_its_state(page: LexborHTMLParser) -> None:
    rows = page.css("article.job")
    assert [first(row, ".state").text() for row in rows] == ["done", "done", "failed", "unfinished", "unfinished"]
    assert [first(row, "h2").text() for row in rows[:3]] == ["Coffee machines", "火锅：用户画像", "broken"]
    assert "2 of 5 reports done · 1 failed · 2 unfinished" in words(first(page, ".facts"))
    assert "at least $0.84 spent" in words(first(page, ".facts"))


def test_a_row_holds_its_numbers_personas_and_warnings(page: LexborHTMLParser) -> None:
    row = page.css("article.job")[0]
    numbers = {first(cell, "dt").text(): first(cell, "dd").text() for cell in row.css(".numbers div")}
    assert numbers == {
        "people": "1,042",
        "personas": "3",
        "claims": "12",
        "warnings": "0",
        "cost · 12k tokens": "$0.42",
    }
    assert "84 documents · 2026-11-22 10:30 UTC · 1 min 15 s" in words(first(row, ".meta"))
    chips = row.css(".chips li")
    assert [first(chip, ".chip-name a").text() for chip in chips] == ["Voice 0", "Voice 1", "Voice 2"]
    assert "tendency" in words(chips[1])
    assert "10 · 30\u00a0%" in chips[0].text()
    assert first(row, ".careful summary").text() == "2 warnings"
    assert len(row.css(".careful li")) == 2


def test_links_lead_to_the_reports_beside_the_page(page: LexborHTMLParser) -> None:
    links = [node.attributes["href"] or "" for node in page.css("a[href]")]
    assert links[:4] == ["#jobs", "coffee/report.html", "coffee/report.html#persona-1", "coffee/report.html#persona-2"]
    assert "%E7%81%AB%E9%94%85/report.html#persona-14" in links
    assert [link for link in links[1:] if not link.partition("/report.html")[1]] == []


def test_a_failure_says_what_where_and_how_to_mend_it(page: LexborHTMLParser) -> None:
    why = words(first(page.css("article.job")[2], ".why"))
    assert "no column <script>" in why
    assert "To mend it: choose one" in why
    assert words(first(page.css("article.job")[4], ".why")) == "not begun"


def test_nothing_from_a_job_becomes_markup(page: LexborHTMLParser) -> None:
    assert page.css("script, img, iframe, object, embed, link, base, form, [style], [src]") == []
    assert [n.tag for n in page.css("*") if any(name.startswith("on") for name in n.attributes)] == []
    text = render_index(record_of(*JOBS, title=HOSTILE))
    assert "\u202e" not in text
    assert first(page, "h1").text() == HOSTILE.replace("\u202e", "\ufffd")


def test_nothing_is_fetched_and_the_policy_allows_this_style_only(page: LexborHTMLParser) -> None:
    style = first(page, "style").text()
    policy = first(page, "meta[http-equiv='Content-Security-Policy']").attributes["content"] or ""
    assert policy.startswith("default-src 'none'; ")
    assert f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'" in policy
    assert "script-src" not in policy
    assert "url(" not in style
    assert "@import" not in style
    assert "http" not in "".join(node.attributes.get("href") or "" for node in page.css("[href]"))


def test_every_colour_of_a_persona_is_defined(page: LexborHTMLParser) -> None:
    style = first(page, "style").text()
    assert all(f".s{at}{{" in style for at in range(14))
    assert len(page.css("article.job")[1].css("svg.people rect.fill")) == 14


def test_bars_never_leave_their_drawing(page: LexborHTMLParser) -> None:
    for strip in page.css("svg.strip"):
        ends = [float(r.attributes["x"] or 0) + float(r.attributes["width"] or 0) for r in strip.css("rect.fill")]
        assert ends == sorted(ends)
        assert not ends or ends[-1] <= 1000.1


@pytest.mark.parametrize(
    ("cost", "told"), [(None, "not known"), (0.0, "$0"), (0.004, "<$0.01"), (0.016, "$0.02"), (1234.5, "$1,234.50")]
)
def test_costs_are_told_as_people_read_them(cost: float | None, told: str) -> None:
    assert tell_cost(Spending(cost_usd=cost)) == told


def test_an_empty_batch_is_still_a_page() -> None:
    nothing = JobRecord(name="one", title="one", error=Failure(what="not begun"))
    page = LexborHTMLParser(render_index(record_of(nothing)))
    assert "0 of 1 report done" in words(first(page, ".facts"))
    assert page.css(".numbers") == []


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 760, 1280])
def test_the_page_fits_and_asks_for_nothing(browser: Browser, tmp_path: Path, width: int, scheme: str) -> None:
    path = tmp_path / "index.html"
    path.write_text(render_index(record_of(*JOBS)), encoding="utf-8")
    asked: list[str] = []
    said: list[str] = []
    shown: Page = browser.new_page(
        viewport={"width": width, "height": 800},
        color_scheme=scheme,  # type: ignore[arg-type]  # the two schemes above
    )
    shown.on("request", lambda request: asked.append(request.url))
    shown.on("console", lambda message: said.append(message.text))
    shown.goto(path.as_uri())
    shown.locator("details.careful").first.click()
    assert shown.evaluate("document.documentElement.scrollWidth") == width
    ground = shown.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(251, 250, 247)", "dark": "rgb(21, 23, 26)"}[scheme]
    assert (asked, said) == ([path.as_uri()], [])
    shown.close()

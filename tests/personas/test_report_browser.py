from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from personas.actions.records import ProductPoint, ProductVerdict
from personas.reporting.html import render_html
from tests.personas.reporting_example import chinese_example, english_example

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    return _write(tmp_path_factory.mktemp("report") / "report.html", "en")


def _write(path: Path, language: str) -> str:
    example = english_example() if language == "en" else chinese_example()
    path.write_text(render_html(example.persona_set, **example.arguments), encoding="utf-8")
    return path.as_uri()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    yield page
    page.close()


def test_opens_without_an_error_and_without_asking_for_anything(page: Page, address: str) -> None:
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    page.locator("blockquote a.src").first.click()
    assert said == []
    assert asked == [address]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("width", [400, 760, 1280])
def test_nothing_is_wider_than_the_page(page: Page, tmp_path: Path, language: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(_write(tmp_path / "report.html", language))
    page.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true })")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    beyond = (
        "[...document.querySelectorAll('article.card *')].filter(n => n.getClientRects().length &&"
        " n.getBoundingClientRect().right > innerWidth).map(n => n.outerHTML.slice(0, 80))"
    )
    assert page.evaluate(beyond) == []


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(("width", "media"), [(400, "screen"), (1280, "screen"), (690, "print")])
def test_what_is_claimed_has_room_in_both_tables(
    page: Page, tmp_path: Path, language: str, width: int, media: Any
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(media=media)
    page.goto(_write(tmp_path / "report.html", language))
    page.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true })")
    first = page.evaluate("document.querySelector('.claims .what').getBoundingClientRect().width")
    rest = page.evaluate("[...document.querySelectorAll('.more .what')].map(n => n.getBoundingClientRect().width)")
    assert first > 180
    tallest = "Math.max(...[...document.querySelectorAll('.evidence q')].map(n => n.getBoundingClientRect().height))"
    assert page.evaluate(tallest) < 260
    assert rest
    assert all(abs(room - first) < 2 for room in rest)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_quotes_of_products_stay_in_their_column_on_paper(page: Page, tmp_path: Path) -> None:
    example = chinese_example()
    quotes = next(claim.citations for claim in example.persona_set.personas[0].claims if claim.citations)
    points = (ProductPoint(word="把手", people=3, share=0.5, citations=quotes[:1]),)
    verdict = ProductVerdict(product="手冲壶", people=3, documents=3, praising=3, blaming=0, praised=points)
    (document,) = [one for one in example.arguments["documents"].values() if one.document_id == quotes[0].document_id]
    long = quotes[0].model_copy(update={"start": 0, "end": len(document.text), "quote": document.text})
    told = verdict.model_copy(update={"praised": (points[0].model_copy(update={"citations": (long,) * 2}),)})
    persona_set = example.persona_set.model_copy(update={"products": (told, told)})
    path = tmp_path / "report.html"
    path.write_text(render_html(persona_set, **example.arguments), encoding="utf-8")
    page.set_viewport_size({"width": 690, "height": 800})
    page.emulate_media(media="print")
    page.goto(path.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true })")
    wider = "[...document.querySelectorAll('#products article')].filter(n => n.scrollWidth > n.clientWidth).length"
    assert page.locator("#products article q").count() == 4
    assert page.evaluate(wider) == 0


def test_follows_the_colours_of_the_device(page: Page, address: str) -> None:
    grounds = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.goto(address)
        grounds.append(
            page.evaluate(
                "[document.body, document.querySelector('.card'), document.querySelector('.heat .u4')]"
                ".map(n => [getComputedStyle(n).backgroundColor, getComputedStyle(n).color].join())"
            )
        )
    assert all(light != dark for light, dark in zip(*grounds, strict=True))


def test_a_quote_opens_its_source_with_the_quote_marked(page: Page, address: str) -> None:
    page.goto(address)
    quote = page.locator("blockquote").nth(4)
    words = quote.locator("p").inner_text()
    quote.locator("a.src").click()
    assert page.locator("#reader").is_visible()
    assert page.locator("#reader mark.hit").inner_text() == words
    assert "Hello there." in page.locator("#reader .text").inner_text()
    page.keyboard.press("Escape")
    assert not page.locator("#reader").is_visible()


def test_a_reference_opens_the_folded_table_it_points_into(page: Page, address: str) -> None:
    page.goto(address)
    row = page.locator("#p1-c8")
    assert not row.is_visible()
    page.locator("a.ref[href='#p1-c8']").first.click()
    assert row.is_visible()


def test_everything_can_be_read_without_scripts(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    assert page.locator("#p1-c8").is_visible()
    page.locator("blockquote a.src").first.click()
    assert "#q" in page.url
    assert page.locator("mark:target").is_visible()
    context.close()


def test_printing_opens_what_is_folded(page: Page, address: str) -> None:
    page.goto(address)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details[open]").count() == 0


def test_names_on_the_map_do_not_cover_each_other(page: Page, address: str) -> None:
    for width, layer in ((1280, "wide"), (400, "narrow")):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(address)
        boxes = page.evaluate(
            f"[...document.querySelectorAll('.label.{layer} text')].map(n => n.getBoundingClientRect().toJSON())"
        )
        frame = page.evaluate("document.querySelector('.map svg').getBoundingClientRect().toJSON()")
        assert len(boxes) == 4
        for at, one in enumerate(boxes):
            assert frame["left"] <= one["left"] <= one["right"] <= frame["right"]
            assert frame["top"] <= one["top"] <= one["bottom"] <= frame["bottom"]
            for other in boxes[at + 1 :]:
                apart = one["right"] <= other["left"] or other["right"] <= one["left"]
                assert apart or one["bottom"] <= other["top"] or other["bottom"] <= one["top"]

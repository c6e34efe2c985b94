from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser, LexborNode

from personas.records import Interval, MapPoint
from personas.reporting.cards import rank_apart
from personas.reporting.html import render_html
from personas.reporting.map_drawing import HEIGHT, WIDE_FONT, WIDTH, place_labels, text_width
from personas.reporting.palette import SEGMENT_COLOURS, heat_class, palette_css
from personas.reporting.report_wording import CHINESE, ENGLISH
from personas.reporting.source_texts import shown_source
from tests.personas.reporting_example import HOSTILE, LONG_WORD, Example, chinese_example, english_example


def _page(example: Example) -> LexborHTMLParser:
    return LexborHTMLParser(render_html(example.persona_set, **example.arguments))


def _first(page: LexborHTMLParser, selector: str) -> LexborNode:
    node = page.css_first(selector)
    assert node is not None, selector
    return node


@pytest.fixture(scope="module")
def example() -> Example:
    return english_example()


@pytest.fixture(scope="module")
def page(example: Example) -> LexborHTMLParser:
    return _page(example)


@pytest.mark.parametrize("make", [english_example, chinese_example])
def test_every_link_leads_to_a_place_on_the_page_and_no_id_stands_twice(make: Callable[[], Example]) -> None:
    page = _page(make())
    ids = [node.attributes["id"] for node in page.css("[id]")]
    links = [node.attributes["href"] or "" for node in page.css("[href]")]
    assert len(ids) == len(set(ids))
    assert len(page.css(".lede a.ref")) == 8 * len(make().persona_set.personas)
    assert {link for link in links if link.removeprefix("#") not in ids} == set()


def test_every_claim_has_a_row_of_its_own_with_its_share(example: Example, page: LexborHTMLParser) -> None:
    for number, persona in enumerate(example.persona_set.personas, start=1):
        for at, claim in enumerate(persona.claims, start=1):
            row = page.css_first(f"tr#p{number}-c{at}")
            assert row is not None
            assert f"{round(claim.share * 100)}\u00a0%" in row.text()


def test_why_the_model_did_not_word_claims_is_told_once_a_card_in_the_language_of_the_page() -> None:
    chinese, english = _page(chinese_example()), _page(english_example())
    reason = "no answer of the model was carried by its quotes"

    assert [page.css("article.card li")[-1].text() for page in (chinese, english)] == [
        "4 条判断用的是客户原话，因为模型的回答都没有引文支持（行为习惯 2、痛点 1、价格敏感度 1）。",
        f"4 claims in customers' words, because {reason} (What they do 2, Pain points 1, Price 1).",
    ]
    assert {node.attributes["title"] for node in chinese.css(".what .meta > abbr")} == {"模型的回答都没有引文支持"}
    assert all(card.text().count(reason) == 1 for card in english.css("article.card"))
    assert {(node.text(), node.attributes["title"]) for node in english.css(".what b > abbr")} == {
        ("anecdotal", "Too few people for a share to mean much"),
        ("contested", "Others in the segment say the opposite"),
    }


@pytest.mark.parametrize("make", [english_example, chinese_example])
def test_every_quote_stands_in_its_marked_source(make: Callable[[], Example]) -> None:
    example = make()
    page = _page(example)
    marks = {node.text() for node in page.css("#sources mark")}
    clean = {quote.replace("\u202e", "\ufffd").replace("\u202c", "\ufffd") for quote in example.quotes}
    assert clean <= marks
    shown = {node.text() for node in page.css("article.card q, article.card blockquote p")}
    assert clean <= shown


def test_a_source_is_the_whole_document(example: Example, page: LexborHTMLParser) -> None:
    texts = [node.text() for node in page.css("#sources .text")]
    whole = [d.text for d in example.arguments["documents"].values() if "\u202e" not in d.text]
    assert set(whole) <= set(texts)


def test_a_very_long_document_is_shown_around_its_quotes(example: Example) -> None:
    documents = dict(example.arguments["documents"])
    cited = example.persona_set.personas[0].claims[0].citations[1]
    before = documents[cited.document_id]
    longer = replace(before, text=before.text + " filler" * 100_000 + " theend")
    arguments = {**example.arguments, "documents": {**documents, cited.document_id: longer}}
    text = render_html(example.persona_set, **arguments)
    assert "theend" not in text
    assert len(text) < 400_000
    assert cited.quote in {node.text() for node in LexborHTMLParser(text).css("#sources mark")}


def test_customers_cannot_write_markup(example: Example, page: LexborHTMLParser) -> None:
    assert len(page.css("script")) == 1
    assert page.css("img, iframe, object, embed, link, base, form") == []
    assert [n.tag for n in page.css("*") if any(name.startswith("on") for name in n.attributes)] == []
    assert [n for n in page.css("[href]") if not (n.attributes["href"] or "").startswith("#")] == []
    assert page.css("[src], [style], [srcset], [action]") == []
    for hostile in HOSTILE:
        assert hostile.replace("\u202e", "\ufffd").replace("\u202c", "\ufffd") in {m.text() for m in page.css("mark")}


def test_no_character_steers_the_direction_of_the_rest(example: Example) -> None:
    assert "\u202e" in "".join(example.quotes)
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", render_html(example.persona_set, **example.arguments))


def test_nothing_is_fetched(example: Example, page: LexborHTMLParser) -> None:
    style = _first(page, "style").text()
    assert "url(" not in style
    assert "@import" not in style
    without_text = re.sub(r">[^<]*<", "><", render_html(example.persona_set, **example.arguments))
    assert "http://" not in without_text
    assert "https://" not in without_text


def test_the_policy_allows_this_very_style_and_script_only(page: LexborHTMLParser) -> None:
    policy = _first(page, "meta[http-equiv='Content-Security-Policy']").attributes["content"] or ""
    for tag in ("style", "script"):
        digest = base64.b64encode(hashlib.sha256(_first(page, tag).text().encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy


def test_the_heat_table_says_its_numbers_in_words_of_the_data(page: LexborHTMLParser) -> None:
    cells = page.css("table.heat td")
    assert len(cells) == 4 * len(page.css("table.heat tbody tr"))
    assert any(cell.text().startswith("only here") for cell in cells)
    assert any("u4" in (cell.attributes["class"] or "") for cell in cells)
    assert any("d4" in (cell.attributes["class"] or "") for cell in cells)


def test_at_most_forty_themes(page: LexborHTMLParser) -> None:
    assert len(page.css("#themes table.themes tbody tr")) == 40
    assert "of 44" in _first(page, "#themes p").text()


def test_a_tendency_and_thin_claims_are_marked_in_words(page: LexborHTMLParser) -> None:
    assert "“The Price Watcher” does not (overlap 0.45)" in _first(page, ".note").text()
    assert "tendency" in _first(page, "#persona-4 .badge").text()
    assert "anecdotal" in _first(page, "#p1-c8").text()
    assert "contested" in _first(page, "#p1-c9").text()
    assert "On the other side" in _first(page, "#p1-c9").text()


def test_headings_labels_and_table_heads_are_there(page: LexborHTMLParser) -> None:
    assert len(page.css("h1")) == 1
    assert len(page.css("main")) == 1
    assert [node for node in page.css("th") if not node.attributes.get("scope")] == []
    assert [s for s in page.css("svg") if "aria-label" not in s.attributes and "aria-hidden" not in s.attributes] == []
    assert [node.attributes for node in page.css("svg text") if not node.text()] == []


def test_the_page_is_in_the_language_of_the_set() -> None:
    page = _page(chinese_example())
    assert _first(page, "html").attributes["lang"] == "zh-Hans"
    assert "与众不同之处" in _first(page, "#persona-1").text()
    assert ENGLISH.keys() == CHINESE.keys()


def test_texts_of_both_languages_take_the_same_values() -> None:
    for key, text in ENGLISH.items():
        assert set(re.findall(r"{(\w+)}", text)) == set(re.findall(r"{(\w+)}", CHINESE[key])), key


def test_a_set_without_personas_is_still_a_page(example: Example) -> None:
    empty = example.persona_set.model_copy(update={"personas": (), "themes": (), "segments": (), "sizes": {}})
    text = render_html(empty, map_points=[], documents={}, theme_shares={}, segment_lifts={}, manifest={})
    assert "No segment was found" in _first(LexborHTMLParser(text), ".note").text()


def test_a_quote_whose_document_is_missing_is_shown_without_a_link(example: Example) -> None:
    page = LexborHTMLParser(render_html(example.persona_set, **{**example.arguments, "documents": {}}))
    assert page.css("a.src") == []
    assert LONG_WORD in _first(page, "article.card").text()


def test_the_map_names_segments_and_nobody(example: Example, page: LexborHTMLParser) -> None:
    text = _first(page, ".map").html or ""
    assert len(page.css(".map circle")) == len(example.arguments["map_points"])
    assert [node.text() for node in page.css(".map title") if "Early Brewer" in node.text()] == [
        "The Early Brewer · 44 people"
    ]
    assert [point.customer_id for point in example.arguments["map_points"] if f"{point.customer_id} " in text] == []


def test_weight_for_many_people_and_documents(example: Example) -> None:
    points = [
        MapPoint(customer_id=f"somebody-{n}", x=n % 31 / 31, y=n % 30 / 30, segment_id=f"s{n % 4}") for n in range(956)
    ]
    documents = {k: replace(d, text=d.text + " word" * 200) for k, d in example.arguments["documents"].items()}
    text = render_html(example.persona_set, **{**example.arguments, "map_points": points, "documents": documents})
    assert len(documents) > 100
    assert len(text.encode()) < 600_000


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["Git", "The Engineer", "讲究的咖啡客", "A rather long name …"]),
            st.floats(-20, 600),
            st.floats(-20, 450),
        ),
        max_size=12,
    )
)
def test_labels_never_cover_each_other_or_leave_the_map(wanted: list[tuple[str, float, float]]) -> None:
    labels = place_labels(wanted, font=WIDE_FONT)
    assert len(labels) == len(wanted)
    for label in labels:
        half = text_width(label.text) * WIDE_FONT / 2
        assert half <= label.x <= WIDTH - half
        assert WIDE_FONT / 2 <= label.y <= HEIGHT - WIDE_FONT / 2
    for one, other in combinations(labels, 2):
        apart = abs(one.x - other.x) >= (text_width(one.text) + text_width(other.text)) * WIDE_FONT / 2
        assert apart or abs(one.y - other.y) >= WIDE_FONT


def test_text_on_coloured_ground_is_readable() -> None:
    pairs = re.findall(r"background:(#\w{6});color:(#\w{6})", palette_css(12))
    assert len(pairs) == 16
    for ground, ink in pairs:
        assert _contrast(ground, ink) >= 4.5, (ground, ink)


def test_segment_colours_differ_and_stand_out_from_the_card() -> None:
    for scheme, card in (("light", "#ffffff"), ("dark", "#1c1f23")):
        colours = [getattr(colour, scheme) for colour in SEGMENT_COLOURS]
        assert len(set(colours)) == 12
        assert min(_contrast(colour, card) for colour in colours) > 2.1


@given(st.none() | st.floats(0, 50), st.booleans())
def test_heat_goes_the_way_of_the_ratio(ratio: float | None, alone: bool) -> None:
    css = heat_class(ratio, alone=alone)
    assert css[0] == "u" if (ratio or 0) > 1.2 or (ratio is None and alone) else css[0] in "hd" or (ratio or 0) >= 1.15


def test_what_nobody_here_speaks_of_is_paler_than_what_few_do() -> None:
    assert (heat_class(0.0, alone=False), heat_class(0.1, alone=False)) == ("d1", "d4")


def _contrast(one: str, other: str) -> float:
    """Contrast ratio of WCAG 2."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_what_is_said_as_often_elsewhere_or_by_too_few_does_not_set_apart(example: Example) -> None:
    persona = example.persona_set.personas[0]
    many = persona.claims[1].model_copy(update={"claim_id": "c1", "adjusted_lift": 6.3})
    few = many.model_copy(
        update={
            "claim_id": "c2",
            "people": 3,
            "people_elsewhere": 0,
            "share": 3 / 44,
            "interval": Interval(low=0.023, high=0.18),
            "adjusted_lift": None,
        }
    )
    same = many.model_copy(update={"claim_id": "c3", "adjusted_lift": 1.0})
    thin = many.model_copy(update={"claim_id": "c4", "status": "anecdotal"})
    told = rank_apart(persona.model_copy(update={"claims": (many, same, few, thin)}))
    assert [claim.claim_id for claim in told] == ["c1", "c2"]


def test_folders_of_a_machine_are_not_shown() -> None:
    assert shown_source("/home/ann/secret project/reviews.csv") == "reviews.csv"
    assert shown_source("exports/reviews.csv") == "exports/reviews.csv"


def test_of_thousands_of_near_identical_posts_the_page_names_the_first_twenty(example: Example) -> None:
    data = example.persona_set.data
    bursts = tuple(f"{9_999 - at} people posted nearly the same words" for at in range(5_000))
    many = example.persona_set.model_copy(update={"data": data.model_copy(update={"bursts": bursts})})
    text = render_html(many, **example.arguments)

    assert text.count("people posted nearly the same words") == 20
    assert "9980 people posted" in text
    assert "and 4,980 more such groups" in text

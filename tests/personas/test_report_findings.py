"""The sections on grouping, explanation and value: true to the records, escaped, drawn within their frames."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser, LexborNode

from personas.grouping.records import Merge
from personas.persona_set import PersonaSet
from personas.records import Interval, TopicOfSegments
from personas.reporting.bar_drawing import BAR_WIDTH, Axis, bar_width
from personas.reporting.count_drawing import CHART_HEIGHT, CHART_WIDTH, TREE_WIDTH, Tried, draw_chart, draw_tree
from personas.reporting.finding_wording import CHINESE_FINDINGS, ENGLISH_FINDINGS, FindingWords
from personas.reporting.html import render_html
from personas.reporting.markdown import render_markdown
from personas.reporting.markdown_text import escape
from personas.reporting.report_wording import ENGLISH
from tests.personas.findings_example import HOSTILE_COLUMN, unexplained_of
from tests.personas.reporting_example import HOSTILE, Example, chinese_example, english_example

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SECTIONS = ("grouped", "explained", "value")
EXAMPLES = [english_example, chinese_example]


def _render(example: Example, **changes: Any) -> LexborHTMLParser:
    persona_set = example.persona_set.model_copy(update=changes)
    return LexborHTMLParser(render_html(persona_set, **example.arguments))


def _first(page: LexborHTMLParser | LexborNode, selector: str) -> LexborNode:
    node = page.css_first(selector)
    assert node is not None, selector
    return node


def _texts(page: LexborHTMLParser | LexborNode, selector: str) -> list[str]:
    return [" ".join(node.text().split()) for node in page.css(selector)]


def _changed(persona_set: PersonaSet, **changes: Any) -> dict[str, Any]:
    return {"segmentation": persona_set.segmentation.model_copy(update=changes)}


@pytest.fixture(scope="module")
def example() -> Example:
    return english_example()


@pytest.fixture(scope="module")
def page(example: Example) -> LexborHTMLParser:
    return _render(example)


def test_both_languages_have_the_same_texts_with_the_same_blanks() -> None:
    assert ENGLISH_FINDINGS.keys() == CHINESE_FINDINGS.keys()
    assert not ENGLISH_FINDINGS.keys() & ENGLISH.keys()
    for key, english in ENGLISH_FINDINGS.items():
        assert set(re.findall(r"{(\w+)}", english)) == set(re.findall(r"{(\w+)}", CHINESE_FINDINGS[key])), key


def test_every_way_that_was_tried_stands_in_the_table_with_its_criteria(
    example: Example, page: LexborHTMLParser
) -> None:
    rows = page.css("#grouped .tried tbody tr")
    candidates = example.persona_set.segmentation.candidates
    assert len(rows) == len(candidates)
    for row, candidate in zip(rows, candidates, strict=True):
        criteria = candidate.criteria
        assert criteria is not None
        assert criteria.silhouette is not None
        assert criteria.davies_bouldin is not None
        cells = _texts(row, "td")
        assert cells[2:7] == [
            str(candidate.segments),
            f"{candidate.worth:.2f}",
            f"{candidate.stability:.2f}" if candidate.stability is not None else "–",
            f"{candidate.told:.2f}",
            f"{criteria.silhouette:.2f}",
        ]
        assert cells[8] == f"{criteria.davies_bouldin:.2f}"
        assert (cells[9] == "yes") == candidate.chosen == ("chosen" in (row.attributes.get("class") or ""))


def test_each_segment_shows_how_well_it_holds(example: Example, page: LexborHTMLParser) -> None:
    told = _texts(_first(page, "#grouped ul.bars"), "li")
    segments = [s for s in example.persona_set.segments if s.quality is not None]
    assert len(told) == len(segments) == 4
    for line, segment in zip(told, segments, strict=True):
        assert segment.quality is not None
        assert line.endswith(f"{segment.quality.stability:.2f}")
    assert ["tendency" in line for line in told] == [False, False, False, True]


def test_the_chosen_number_is_marked_in_every_chart(page: LexborHTMLParser) -> None:
    charts = page.css("#grouped svg.chart")
    assert len(charts) == 3
    for chart in charts:
        ring, down = _first(chart, ".ring"), _first(chart, ".down")
        four = next(text for text in chart.css("text.below") if text.text() == "4")
        assert ring.attributes["cx"] == four.attributes["x"]
        assert (down.attributes["d"] or "").startswith(f"M{ring.attributes['cx']} ")


def test_rules_are_counted_sentences_under_their_segment(example: Example, page: LexborHTMLParser) -> None:
    explanation = example.persona_set.explanation
    assert explanation is not None
    groups = page.css("#explained .rules section")
    assert len(groups) == len(explanation.rules)
    for group, rule, persona in zip(groups, explanation.rules, example.persona_set.personas, strict=True):
        said = " ".join(group.text().split()).replace("\N{NO-BREAK SPACE}", " ")
        assert persona.name in said
        assert f"{rule.inside} of {rule.people} people" in said
        assert f"{round(100 * rule.precision)} % are in this segment" in said
        assert f"{round(100 * rule.interval.low)} % to {round(100 * rule.interval.high)} %" in said
        assert f"Reaches {round(100 * rule.coverage)} %" in said


def test_the_contrast_and_the_importance_are_those_of_the_record(example: Example, page: LexborHTMLParser) -> None:
    explanation = example.persona_set.explanation
    assert explanation is not None
    tables = page.css("#explained table.contrast")
    assert len(tables) == 4
    items = [item for contrast in explanation.contrasts for item in contrast.items]
    shown = [
        [cell.replace("\N{NO-BREAK SPACE}", " ") for cell in _texts(row, "td.num")]
        for row in page.css("table.contrast tbody tr")
    ]
    for item, cells in zip(items, shown, strict=True):
        assert cells[:2] == [f"{round(100 * item.share)} %", f"{round(100 * item.share_there)} %"]
        assert cells[2].startswith(FindingWords.in_points(item.difference))
    values = _texts(page.css("#explained > ul.bars")[0], ".bar-n b")
    assert values == [f"{100 * one.value:.1f} points" for one in explanation.importance]


def test_a_kind_of_knowledge_no_better_than_chance_says_so(page: LexborHTMLParser) -> None:
    rows = [line for line in _texts(page, "#explained .bars li") if "not better than chance" in line]
    assert len(rows) == 1
    assert rows[0].startswith("How much they wrote")


def test_nothing_is_claimed_where_nothing_beats_chance(example: Example) -> None:
    page = _render(example, explanation=unexplained_of(["s0", "s1"]))
    section = _first(page, "#explained")
    assert "Not better than chance" in section.text()
    assert _texts(section, "h3, h4") == []
    assert "doubted" in (_first(section, "p").attributes["class"] or "")


def test_value_is_told_by_people_and_by_revenue(example: Example, page: LexborHTMLParser) -> None:
    rows = page.css("#value .sizes li")
    values = sorted(example.persona_set.values, key=lambda value: -value.people)
    total = sum(value.people for value in values)
    assert len(rows) == len(values)
    for row, value in zip(rows, values, strict=True):
        said = [text.replace("\N{NO-BREAK SPACE}", " ") for text in _texts(row, ".size-bars b")]
        assert value.share_of_revenue is not None
        assert said[:2] == [f"{round(100 * value.people / total)} %", f"{round(100 * value.share_of_revenue)} %"]
        assert f"{value.revenue[0].amount:,.0f}" in row.text()
        assert f"{value.at_risk} at risk" in row.text()


def test_the_priority_names_its_parts_and_its_doubt(example: Example, page: LexborHTMLParser) -> None:
    rows = _texts(page, "#value .priority li")
    for row, priority in zip(rows, example.persona_set.priorities, strict=True):
        assert f"{priority.points:.0f} points {priority.interval.low:.0f} to {priority.interval.high:.0f}" in row
        assert all(f"{round(100 * part.share)}\N{NO-BREAK SPACE}%" in row for part in priority.parts) or all(
            f"{round(100 * part.share)} %" in row for part in priority.parts
        )
    assert ["not surely" in row for row in rows] == [False, True, False, False]


def test_the_cross_cut_by_rfm_counts_every_segment(example: Example, page: LexborHTMLParser) -> None:
    behaviour = example.persona_set.behaviour
    assert behaviour is not None
    for row, group in zip(page.css("#value .rfm tbody tr"), behaviour.rfm, strict=True):
        assert _texts(row, "th") == [group.name]
        cells = _texts(row, "td")
        assert cells[0] == str(group.people)
        assert cells[2:] == [str(value.rfm.get(group.name, 0)) for value in example.persona_set.values]
    zh = _render(chinese_example())
    assert "重要价值客户" in _texts(zh, "#value .rfm tbody th")


def test_unusual_customers_are_shown_by_their_reasons_and_never_by_name(
    example: Example, page: LexborHTMLParser
) -> None:
    behaviour = example.persona_set.behaviour
    assert behaviour is not None
    section = _first(page, "#value").text()
    assert f"Unusual customers: {len(behaviour.unusual)}" in section
    assert behaviour.unusual[0].reasons[0].text_en in section
    assert "secret-" not in render_html(example.persona_set, **example.arguments)
    assert "secret-" not in render_markdown(example.persona_set)


@pytest.mark.parametrize("make", EXAMPLES)
def test_nothing_of_the_data_becomes_markup(make: Callable[[], Example]) -> None:
    page = _render(make())
    assert page.css("img") == []
    assert len(page.css("script")) == 1
    for anchor in (*SECTIONS, "trends"):
        if make is english_example or anchor != "grouped":
            assert (HOSTILE_COLUMN in _first(page, f"#{anchor}").text()) == (anchor != "grouped"), anchor
    told = render_markdown(make().persona_set, theme_quotes=make().arguments["theme_quotes"])
    assert not re.search(r"(?<!\\)<(script|img|/svg)", told)


def test_the_quotes_of_a_theme_lead_to_their_marks(page: LexborHTMLParser) -> None:
    first = page.css("#themes tbody tr")[0]
    quotes = first.css("q")
    assert quotes[0].text() == HOSTILE[0]
    assert len(quotes) == 2
    link = _first(first, "a.src").attributes["href"] or ""
    assert _first(page, link).text() == HOSTILE[0]


def test_absent_parts_leave_no_heading_behind(example: Example) -> None:
    gone = {"explanation": None, "trends": None, "behaviour": None, "values": (), "priorities": ()}
    bare = example.persona_set.segmentation.model_copy(
        update={"blocks": (), "candidates": (), "tree": (), "halves_agreement": None}
    )
    page = _render(example, **gone, segmentation=bare)
    links = [node.attributes["href"] for node in page.css("nav a")]
    for anchor in ("explained", "value", "trends"):
        assert page.css_first(f"#{anchor}") is None
        assert f"#{anchor}" not in links
    assert _texts(page, "#grouped h3") == ["How well each segment holds"]
    assert page.css("#grouped details, #grouped figure") == []
    told = render_markdown(example.persona_set.model_copy(update={**gone, "segmentation": bare}))
    assert "What tells the segments apart" not in told
    assert "Value and priority" not in told
    for heading, after in re.findall(r"^(#+ .*)\n\n(.*)$", told, flags=re.MULTILINE):
        assert not after.startswith("#") or heading.count("#") < after.count("#"), heading


def test_no_heading_stands_over_nothing(example: Example, page: LexborHTMLParser) -> None:
    empty = example.persona_set.behaviour
    assert empty is not None
    quiet = empty.model_copy(update={"rfm": (), "unusual": (), "model": None, "notes": ()})
    for parsed in (page, _render(example, behaviour=quiet, values=(), priorities=())):
        for heading in parsed.css("main h3, main h4"):
            following = heading.next
            while following is not None and following.tag == "-text":
                following = following.next
            assert following is not None, heading.text()
            assert following.tag not in {"h2", "h3", "h4"}, heading.text()


def test_a_missing_model_says_why(example: Example) -> None:
    behaviour = example.persona_set.behaviour
    assert behaviour is not None
    without = behaviour.model_copy(update={"model": None, "why_no_orders_expected": "only 12 customers <b>ordered</b>"})
    page = _render(example, behaviour=without)
    assert "There are no expected orders: only 12 customers <b>ordered</b>" in _first(page, "#value").text()


def test_ways_of_several_languages_make_no_line(example: Example) -> None:
    first, *rest = example.persona_set.segmentation.candidates
    candidates = (first.model_copy(update={"chosen": True}), *rest)
    page = _render(example, **_changed(example.persona_set, candidates=candidates))
    assert len(page.css("#grouped .chart .ring")) == 6
    assert page.css("#grouped .chart .line") == []
    assert "different languages" in _first(page, "#grouped p").text()


def test_one_group_is_said_plainly(example: Example) -> None:
    persona_set = example.persona_set
    candidates = tuple(c.model_copy(update={"chosen": False}) for c in persona_set.segmentation.candidates)
    one = _changed(persona_set, algorithm="none", representation="one group", candidates=candidates, tree=())
    page = _render(
        example,
        **one,
        segments=persona_set.segments[:1],
        personas=persona_set.personas[:1],
        sizes={"s0": 44},
        explanation=None,
        values=(),
        priorities=(),
        behaviour=None,
    )
    assert "These people are one group" in _first(page, "#grouped p").text()
    assert "These people are one group" in _first(page, ".note").text()
    assert page.css("#grouped .ring") == []
    assert len(page.css("#grouped .tried tbody tr")) == len(candidates)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (english_example, "told as one group. 3 people wrote enough to be placed, too few to split."),
        (chinese_example, "作为一个整体来描述。只有 3 人写得够多，不足以再分。"),
    ],
)
def test_one_group_says_why(make: Callable[[], Example], told: str) -> None:
    example = make()
    reason = "3 people wrote enough to be placed, too few to split"
    one = {"algorithm": "none", "reason": reason, "candidates": (), "tree": (), "halves_agreement": None}
    page = _render(example, **_changed(example.persona_set, **one))

    assert _first(page, "#grouped p").text().replace("。 ", "。").endswith(told)


def test_without_two_halves_kinds_of_people_and_subjects_are_not_told_apart(example: Example) -> None:
    candidates = tuple(c.model_copy(update={"told": None}) for c in example.persona_set.segmentation.candidates)
    changed = _changed(example.persona_set, candidates=candidates, told=None, halves_agreement=None)

    assert "kinds of people or only subjects" in _first(_render(example, **changed), "#grouped p").text()
    assert "subjects of single texts" not in _first(_render(example), "#grouped p").text()


def test_a_way_that_was_not_drawn_anew_shows_no_stability(example: Example) -> None:
    first, *rest = example.persona_set.segmentation.candidates
    undrawn = first.model_copy(update={"stability": None, "told": None, "worth": 0.0})
    page = _render(example, **_changed(example.persona_set, candidates=(undrawn, *rest)))

    assert _texts(page.css("#grouped .tried tbody tr")[0], "td")[3:6] == ["–", "–", "–"]


@pytest.mark.parametrize("make", EXAMPLES)
def test_every_granularity_of_the_themes_stands_with_its_criteria(make: Callable[[], Example]) -> None:
    example = make()
    tried = example.persona_set.segmentation.theme_candidates
    words = FindingWords(example.persona_set.language)
    page = _render(example)
    rows = page.css("#themes .tried tbody tr")

    assert len(rows) == len(tried) == 14
    assert _texts(rows[0], "td")[1:7] == ["0.5", "1", "–", "–", "–", "–"]
    assert _texts(rows[3], "td") == ["wordllama", "2", "13", "0.65", "0.16", "350.0", "3.00", words("yes")]
    assert [at for at, row in enumerate(rows) if _texts(row, "td")[7]] == [3, 7]
    note = _first(page, "#themes .fold .dim").text()
    assert "wordllama" in note
    assert "13" in note
    assert "0.65" in note
    told = render_markdown(example.persona_set, theme_quotes=example.arguments["theme_quotes"])
    assert f"### {escape(words('fineness', n=14))}" in told


def test_a_run_of_an_older_version_tells_no_granularities(example: Example) -> None:
    page = _render(example, **_changed(example.persona_set, theme_candidates=()))

    assert page.css("#themes .tried") == []
    assert page.css("#themes .themes")


@pytest.mark.parametrize("make", EXAMPLES)
def test_topics_stand_with_the_segments_that_write_of_them(make: Callable[[], Example]) -> None:
    example = make()
    first, second, *_ = (one.segment_id for one in example.persona_set.segments)
    topics = (
        TopicOfSegments(words=("steam", HOSTILE_COLUMN), share=0.25, shares={first: 0.5, second: 0.1}),
        TopicOfSegments(words=("refund",), share=0.2, shares={first: 0.2, second: 0.6}),
    )
    changed = _changed(example.persona_set, representation="LDA topics", topics=topics)
    page = _render(example, **changed)

    items = _texts(page, "#grouped .topics li")
    assert len(items) == 2
    assert "steam" in items[0]
    assert HOSTILE_COLUMN in items[0]
    assert "50%" in items[0].replace(" ", "")
    assert "refund" not in items[0]
    assert "refund" in items[1]
    assert "LDA" in _first(page, "#grouped p").text()
    text = render_markdown(example.persona_set.model_copy(update=changed))
    words = FindingWords(example.persona_set.language)
    assert f"### {words('word_topics')}" in text
    assert "steam" in text[text.index(words("word_topics")) :]


def test_without_topics_of_words_nothing_is_said_of_them(page: LexborHTMLParser) -> None:
    assert page.css("#grouped .topics") == []


def test_a_grouping_by_column_claims_no_stability(example: Example) -> None:
    changed = _changed(
        example.persona_set, algorithm="by column", representation="plan & more", candidates=(), stability=1.0
    )
    page = _render(example, **changed)
    assert "plan & more" in _first(page, "#grouped p").text()
    assert "How well each segment holds" not in _texts(page, "#grouped h3")
    assert "plan & more" in _first(page, ".note").text()


def test_segments_without_personas_have_cards_of_their_own(example: Example) -> None:
    page = _render(example, personas=())
    cards = page.css("#segments article")
    assert len(cards) == 4
    assert _texts(cards[0], "h3") == ["s0: steam, wand"]
    assert "44 people" in cards[0].text()
    assert "overlap 0.92" in cards[0].text()
    assert "tendency" in cards[3].text()
    assert len(page.css("#side .heat thead th")) == 5
    assert page.css("article.card") == []
    ids = [node.attributes["id"] for node in page.css("[id]")]
    assert len(ids) == len(set(ids))
    links = [node.attributes["href"] or "" for node in page.css("[href]")]
    assert {link for link in links if link.removeprefix("#") not in ids} == set()
    told = render_markdown(
        example.persona_set.model_copy(update={"personas": ()}), segment_terms=example.arguments["segment_terms"]
    )
    assert "### s0\\: steam, wand" in told


@pytest.mark.parametrize("make", EXAMPLES)
def test_markdown_tells_the_same_findings(make: Callable[[], Example]) -> None:
    example = make()
    words = FindingWords(example.persona_set.language)
    told = render_markdown(example.persona_set, theme_quotes=example.arguments["theme_quotes"])
    for key in ("grouped", "holds", "rests", "explained", "rules", "contrasts", "value", "sizes", "rfm", "priority"):
        assert re.search(rf"^##+ {words(key)}$", told, flags=re.MULTILINE), key
    assert "34 of 41" in told or "41 人中 34" in told


def test_everything_is_drawn_within_its_frame(page: LexborHTMLParser) -> None:
    for svg in page.css("#grouped svg, #explained svg, #value svg"):
        _, _, width, height = map(float, (svg.attributes["viewBox"] or "").split())
        assert svg.attributes["aria-label"]
        for rect in svg.css("rect"):
            assert float(rect.attributes.get("x") or 0) >= 0
            assert float(rect.attributes.get("x") or 0) + float(rect.attributes["width"] or "") <= width
        for circle in svg.css("circle"):
            x, y, radius = (float(circle.attributes[name] or "") for name in ("cx", "cy", "r"))
            assert radius <= x + 0.01
            assert x <= width - radius
            assert y - radius >= 0
            assert y + radius <= height
        for path in svg.css("path"):
            places = re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", path.attributes["d"] or "")
            assert all(0 <= float(x) <= width and 0 <= float(y) <= height for x, y in places)


@given(st.floats(-5, 5), st.floats(-5, 5), st.floats(-5, 5), st.none() | st.floats(-5, 5), st.floats(-2, 3))
def test_an_interval_never_leaves_its_drawing(
    value: float, low: float, high: float, there: float | None, end: float
) -> None:
    bar = Axis(0.0, end).draw(value, Interval(low=min(low, high), high=max(low, high)), there)
    assert bar.low >= 0
    assert bar.low + bar.width <= BAR_WIDTH
    assert 0 <= bar.here <= BAR_WIDTH
    assert bar.there is None or 0 <= bar.there <= BAR_WIDTH
    assert 0 <= bar_width(value, end) <= BAR_WIDTH


@given(
    st.lists(
        st.tuples(st.integers(1, 60), st.floats(-1, 2), st.booleans(), st.booleans()),
        min_size=1,
        max_size=40,
    )
)
def test_a_chart_keeps_every_way_within_its_frame(drawn: list[tuple[int, float, bool, bool]]) -> None:
    tried = [Tried(count=count, value=value, best=best, chosen=chosen) for count, value, best, chosen in drawn]
    chart = draw_chart(tried, low=0.0, high=1.0)
    dots = [*chart.dots, *chart.pale, *chart.chosen]
    assert len(dots) == len(tried)
    assert all(0 < x < CHART_WIDTH and 0 < y < CHART_HEIGHT for x, y in dots)
    assert len(chart.counts) <= 12
    assert all(0 < x < CHART_WIDTH for x, _ in chart.counts)


@given(st.integers(2, 14), st.randoms(use_true_random=False))
def test_a_tree_has_every_segment_once_and_no_crossing(groups: int, random: Any) -> None:
    open_groups, merges = list(range(groups)), []
    for number in range(groups - 1):
        left, right = random.sample(open_groups, 2)
        open_groups = [group for group in open_groups if group not in {left, right}] + [groups + number]
        merges.append(Merge(left=left, right=right, distance=random.random() * 3, people=2))
    tree = draw_tree(merges, groups)
    assert tree is not None
    assert sorted(tree.leaves) == list(range(groups))
    for path in tree.paths:
        numbers = [float(number) for number in re.findall(r"-?[\d.]+", path)]
        assert all(0 <= number <= max(TREE_WIDTH, tree.height) for number in numbers)


def test_joins_that_make_no_tree_are_not_drawn() -> None:
    merge = Merge(left=0, right=1, distance=0.2, people=4)
    assert draw_tree((merge,), 3) is None
    assert draw_tree((merge, merge), 3) is None
    assert draw_tree((), 1) is None


@pytest.fixture
def tab(browser: Browser) -> Iterator[Page]:
    tab = browser.new_page(viewport={"width": 1280, "height": 900})
    yield tab
    tab.close()


def _write(path: Path, example: Example, **changes: Any) -> str:
    persona_set = example.persona_set.model_copy(update=changes)
    path.write_text(render_html(persona_set, **example.arguments), encoding="utf-8")
    return path.as_uri()


@pytest.mark.browser
@pytest.mark.parametrize("width", [400, 1280])
@pytest.mark.parametrize("kind", ["en", "zh", "segments"])
def test_nothing_is_wider_than_the_page(tab: Page, tmp_path: Path, kind: str, width: int) -> None:
    said: list[str] = []
    tab.on("console", lambda message: said.append(message.text))
    tab.set_viewport_size({"width": width, "height": 900})
    example = chinese_example() if kind == "zh" else english_example()
    changes: dict[str, Any] = {"personas": ()} if kind == "segments" else {}
    tab.goto(_write(tmp_path / "report.html", example, **changes))
    tab.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true })")
    assert said == []
    assert tab.evaluate("document.documentElement.scrollWidth") == width
    beyond = (
        "[...document.querySelectorAll('main *')].filter(n => n.getClientRects().length && !n.closest('.scroll')"
        " && !n.closest('.unseen') && n.getBoundingClientRect().right > innerWidth + 0.5)"
        ".map(n => n.outerHTML.slice(0, 90))"
    )
    assert tab.evaluate(beyond) == []


@pytest.mark.browser
def test_bars_and_charts_have_room_and_follow_the_colours_of_the_device(tab: Page, tmp_path: Path) -> None:
    address = _write(tmp_path / "report.html", english_example())
    grounds = []
    for scheme in ("light", "dark"):
        tab.emulate_media(color_scheme=scheme)
        for width in (400, 1280):
            tab.set_viewport_size({"width": width, "height": 900})
            tab.goto(address)
            tab.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true })")
            wide = "n => n.getBoundingClientRect().width"
            assert min(tab.locator(".hbar, .ibar:visible").evaluate_all(f"all => all.map({wide})")) > 90
            assert min(tab.locator("svg.chart").evaluate_all(f"all => all.map({wide})")) > 240
        grounds.append(tab.locator(".chart .line").first.evaluate("n => getComputedStyle(n).stroke"))
    assert grounds[0] != grounds[1]

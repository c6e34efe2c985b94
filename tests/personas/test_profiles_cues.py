"""What customers say of themselves is found; what they deny, suppose, quote or ask is not."""

from __future__ import annotations

import pytest

from personas.profiles.cues import cue_rules, find_cues


def tags_of(text: str) -> set[tuple[str, str]]:
    return {(cue.tag, cue.value) for cue in find_cues(text)}


MEANT = [
    ("It's too expensive for me.", ("price", "yes")),
    ("We can't afford the new plan.", ("price", "yes")),
    ("I only buy when there's a sale.", ("price", "yes")),
    ("My wife and I can't afford that price increase.", ("price", "yes")),
    ("My colleague thinks it's too pricey and I agree.", ("price", "yes")),
    ("Worth every penny.", ("price", "no")),
    ("The price doesn't matter to me.", ("price", "no")),
    ("I cancelled my subscription yesterday.", ("leave", "high")),
    ("I won't be renewing.", ("leave", "high")),
    ("We are taking our business elsewhere.", ("leave", "high")),
    ("If this happens again I will switch to a competitor.", ("leave", "medium")),
    ("I would never cancel my subscription.", ("leave", "low")),
    ("We want to upgrade to the bigger plan.", ("grow", "high")),
    ("We need more seats.", ("grow", "high")),
    ("I downgraded, the small plan is enough.", ("grow", "low")),
    ("I use it every morning with my coffee.", ("habit", "daily use")),
    ("I called support twice.", ("habit", "contacts support")),
    ("I’m taking my business elsewhere.", ("leave", "high")),
    ("这个太贵了。", ("price", "yes")),
    ("等打折再买。", ("price", "yes")),
    ("贵得值，愿意多花钱。", ("price", "no")),
    ("确实值这个价。", ("price", "no")),
    ("只要好用，多少钱都行。", ("price", "no")),
    ("说到价格，我觉得太贵了。", ("price", "yes")),
    ("我已经取消了订阅。", ("leave", "high")),
    ("再也不会来了。", ("leave", "high")),
    ("如果再涨价我就换别家了。", ("leave", "medium")),
    ("打算升级到专业版。", ("grow", "high")),
    ("我每天早上都用。", ("habit", "daily use")),
]


@pytest.mark.parametrize(("text", "tag"), MEANT)
def test_what_is_meant_is_found(text: str, tag: tuple[str, str]) -> None:
    assert tag in tags_of(text)


NOT_MEANT = [
    ("It isn't too expensive.", "negated"),
    ("It was never too expensive for us.", "negated"),
    ("My sister says it's too expensive.", "reported"),
    ("I heard it is too expensive.", "reported"),
    ("People say the price is too high.", "reported"),
    ("If it were too expensive I would tell you.", "hypothetical"),
    ("Is it too expensive?", "question"),
    ("Other brands are too expensive.", "other product"),
    ("My old machine was too expensive.", "other product"),
    ("At first I thought it was too expensive, but it's worth it.", "past"),
    ("Too expensive, yeah right.", "sarcasm"),
    ("It is an expensive computation.", "another sense"),
    ("The learning curve is steep.", "another sense"),
    ("I can afford it easily.", "negated"),
    ("朋友说太贵了。", "reported"),
    ("一点都不贵。", "negated"),
    ("我以前觉得太贵，现在觉得值。", "past"),
    ("如果太贵就算了。", "hypothetical"),
    ("是不是太贵了？", "question"),
    ("别家太贵了。", "other product"),
]


@pytest.mark.parametrize(("text", "why"), NOT_MEANT)
def test_price_that_is_not_meant_is_left_out(text: str, why: str) -> None:
    assert ("price", "yes") not in tags_of(text), why


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("味道一般，不值这个价。", "negated"),
        ("算不上物超所值。", "negated"),
        ("收钱都行。", "another sense"),
        ("至于值这个价，没想过。", "mentioned"),
        ("不是值这个价的事。", "mentioned"),
    ],
)
def test_paying_gladly_that_is_not_meant_is_left_out(text: str, why: str) -> None:
    assert ("price", "no") not in tags_of(text), why


@pytest.mark.parametrize(
    "text",
    [
        "My friend cancelled her subscription.",
        "I'm not going to cancel, I love it.",
        "I almost cancelled my subscription last month but they fixed it.",
        "Would you cancel your subscription?",
        "I want to cancel one item of my order.",
        "When I am done, I close the lid.",
        "Someone warned me that everybody cancels the subscription.",
        "我不会取消订阅。",
        "朋友已经取消了订阅。",
        "有人提醒我小心退订。",
    ],
)
def test_leaving_that_is_not_meant_is_left_out(text: str) -> None:
    assert ("leave", "high") not in tags_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "I have no plans to upgrade to the bigger plan.",
        "My boss wants to upgrade to the bigger plan.",
        "不打算升级到专业版。",
    ],
)
def test_growth_that_is_not_meant_is_left_out(text: str) -> None:
    assert ("grow", "high") not in tags_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "I don't use it every day.",
        "I want to use it every day.",
        "Daily data analysis",
        "My brother uses it every day.",
        "I don't need it for work.",
        "每天10点开始营业。",
    ],
)
def test_habits_that_are_none_are_left_out(text: str) -> None:
    assert not {tag for tag in tags_of(text) if tag[0] == "habit"}


@pytest.mark.parametrize("text", [text for text, _ in MEANT] + ["  İyi. It's too expensive for me!  \n 我买不起。"])
def test_offsets_point_at_the_words(text: str) -> None:
    cues = find_cues(text)
    assert cues
    for cue in cues:
        words = text[cue.start : cue.end]
        assert words
        assert words.strip() == words
    assert find_cues(text) == cues


def test_a_cue_far_into_a_text_stands_where_it_stands() -> None:
    text = "The box came on Monday. " * 20 + "Sadly we can't afford it any more."
    cue = next(cue for cue in find_cues(text) if cue.tag == "price")
    assert text[cue.start : cue.end] == "can't afford"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_rule_has_a_needle_and_a_known_tag(language: str) -> None:
    rules = cue_rules("en" if language == "en" else "zh")
    assert len({rule.rule_id for rule in rules}) == len(rules)
    for rule in rules:
        assert rule.needles
        assert rule.tag in {"price", "leave", "grow", "habit", "interest"}
        assert 0 < rule.weight <= 0.95
        assert rule.allowed <= set("nhqrpos")
        # Chinese rules name products in Latin letters too; what is searched is lower case.
        assert all(needle == needle.lower() for needle in rule.needles)


def test_an_empty_text_says_nothing() -> None:
    assert find_cues("") == []
    assert find_cues("...\n") == []

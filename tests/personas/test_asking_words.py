"""What a question asks for, and which words are near to its own."""

from __future__ import annotations

import pytest

from personas.asking.finding import COVERED, COVERED_IN_KNOWN_WORDS, find_spoken
from personas.asking.likeness import nearness
from personas.asking.questions import take_apart
from personas.attributes import Attribute, AttributeSchema, load_schema
from personas.grounding.unheard import unheard_figure, unheard_name
from tests.personas.corpora import make_document


@pytest.mark.parametrize(
    ("question", "topics", "attributes"),
    [
        ("What do people say about the price?", (), ("price_sensitivity",)),
        ("What do people say about the price of beans?", (("price", "beans"),), ()),
        ("What annoys them about the app?", (("app",),), ("pain_points",)),
        ("What frustrates them?", (), ("pain_points",)),
        ("Do they mention phones or tablets?", (("phones",), ("tablets",)), ()),
        ("Do they use R?", (("r",),), ()),
        ("他们怎么看涨价？", (("涨价",),), ()),
        ("环境吵不吵？", (("环境", "吵"),), ()),
        ("他们抱怨什么？", (), ("pain_points",)),
    ],
)
def test_a_question_is_its_topic_and_what_it_asks_of_it(
    question: str, topics: tuple[tuple[str, ...], ...], attributes: tuple[str, ...]
) -> None:
    asked = take_apart(question, load_schema(None))
    assert (asked.topics, asked.attributes, asked.statement) == (topics, attributes, None)


def test_an_attribute_of_ones_own_is_asked_for_by_its_label() -> None:
    own = Attribute(key="waiting", label={"en": "Waiting rooms", "zh": "候诊"}, question={"en": "?", "zh": "？"})
    asked = take_apart("What about waiting rooms?", AttributeSchema(attribute=(own,)))
    assert asked.attributes == ("waiting",)
    assert asked.topics == ()


@pytest.mark.parametrize("question", ["How old are they?", "他们多大年纪？", "Are they married?", "What is their job?"])
def test_who_they_are_is_asked_of_what_they_state(question: str) -> None:
    assert take_apart(question, load_schema(None)).statement is not None


@pytest.mark.parametrize(
    ("asked", "word", "is_near"),
    [
        ("price", "expensive", True),
        ("documentation", "docs", True),
        ("completion", "autocompletion", True),
        ("spell", "spellcheck", True),
        ("停车位", "停车", True),
        ("甜点", "蛋糕", True),
        ("蛋糕", "甜点", False),
        ("教学质量", "质量", False),
        ("tablets", "table", False),
        ("timer", "time", False),
        ("parking", "par", False),
        ("price", "shipping", False),
    ],
)
def test_words_are_near_by_stem_list_or_meaning(asked: str, word: str, is_near: bool) -> None:
    assert (float(nearness([asked], [word])[0, 0]) > 0) == is_near


def test_a_topic_needs_its_telling_word() -> None:
    documents = [
        make_document("d1", "The beans are lovely and the machine is a joy to use.", customer="a"),
        make_document("d2", "My bag of beans was stale when it came in the post.", customer="b"),
        make_document("d3", "Our kitchen machine sits beside the window all day.", customer="c"),
    ]
    assert [one.document.document_id for one in find_spoken(documents, [("stale", "beans")])] == ["d2"]
    assert find_spoken(documents, [("stale", "bread")]) == []
    assert find_spoken(documents, [()]) == []
    assert COVERED_IN_KNOWN_WORDS < COVERED


def test_only_the_customers_own_turns_are_quoted() -> None:
    text = "agent: The warranty covers the pump.\ncustomer: my cup is chipped at the rim already"
    start = text.index("my cup")
    documents = [make_document("d1", text, turns=((start, len(text)),))]
    assert find_spoken(documents, [("warranty",)]) == []
    assert find_spoken(documents, [("cup",)])[0].text == "my cup is chipped at the rim already"


def test_figures_and_names_that_no_quote_holds_are_told() -> None:
    quotes = ["it took thirty days until Perch answered", "每周都去"]
    assert unheard_figure("after 30 days", quotes) == ""
    assert unheard_figure("after 31 days", quotes) == "31"
    assert unheard_figure("most of them waited", quotes) == "most of"
    assert unheard_figure("三分之二的人每周去", quotes) == "三分之"
    assert unheard_name("They wait for Perch", quotes) == ""
    assert unheard_name("They wait for Sarah", quotes) == "Sarah"

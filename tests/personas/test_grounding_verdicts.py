"""Every proposed quote gets a verdict: what changes a meaning is never repaired, what stands elsewhere is put right."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personas.grounding import LONGEST_QUOTE, Finding, find_quote, ground_quote
from personas.grounding.differences import are_opposites, is_negated_before, material_difference, number_value
from personas.grounding.folding import fold_quote
from retrieval.documents import Document
from tests.personas.corpora import make_document

REVIEW = make_document(
    "r1",
    "I bought it for 30 euros and I am happy with the machine. It doesn't leak and the app always finds my phone. "
    "I would not recommend the blue one to anybody. Delivery took three days in all. We found it useful "
    "for the office.",
)
OTHER = make_document(
    "r2", "The steam wand is strong and the milk foam is silky every single morning.", customer="else"
)
CHINESE = make_document(
    "z1", "服务员的态度非常好，上菜也很快。等位等了三十分钟，汤底的味道不太好喝，下次不会再来了。", language="zh"
)


def judge(quote: str, named: Document = REVIEW) -> Finding:
    return ground_quote(quote, named, [REVIEW, OTHER, CHINESE])


@pytest.mark.parametrize(
    "quote",
    [
        "I am not happy with the machine",
        "I am unhappy with the machine",
        "It does leak and the app always finds my phone",
        "It doesn't leak and the app never finds my phone",
        "I would recommend the blue one to anybody",
        "I would recommend the blue one to everybody",
        "We found it useless for the office",
        "We found it not useful for the office",
        "recommend the blue one to anybody",
        "leak and the app always finds my phone",
        "I am happy with the machine. It does",
    ],
)
def test_a_negation_that_came_or_went_is_told_and_never_cited(quote: str) -> None:
    finding = judge(quote)

    assert (finding.citation, finding.verdict) == (None, "negation-flipped")
    assert finding.reason.startswith("negation-flipped: the source says ")
    assert finding.tell("zh").startswith("否定颠倒：")


@pytest.mark.parametrize(
    "quote",
    [
        "服务员的态度非常不好，上菜也很快",
        "服务员的态度非常差，上菜也很快",
        "服务员的态度非常好，上菜也很慢",
        "汤底的味道好喝，下次会再来了",
        "汤底的味道太好喝，下次不会再来了",
        "服務員的態度非常不好，上菜也很快",
        "好喝，下次不会再来了",
    ],
)
def test_a_negation_in_chinese_is_told_and_never_cited(quote: str) -> None:
    assert judge(quote, CHINESE).verdict == "negation-flipped"
    assert find_quote(quote, CHINESE) is None


@pytest.mark.parametrize(
    ("quote", "document", "words"),
    [
        ("I bought it for thirty euros and I am hapy with the machine", REVIEW, "for 30 euros"),
        ("It does not leak and the app always finds my phone", REVIEW, "doesn't leak"),
        ("I wouldn't recommend the blue one to anybody", REVIEW, "would not recommend"),
        ("Delivery took 3 days in all. We found it usefull", REVIEW, "three days"),
        ("等位等了30分钟，汤底的味道不太好喝", CHINESE, "三十分钟"),
        ("服务员的态度特别好，上菜也很快。等位等了三十分钟", CHINESE, "非常好"),
        ("服务员态度非常好，上菜也很快", CHINESE, "服务员的态度"),
    ],
)
def test_other_words_for_the_same_are_repaired_with_those_of_the_source(
    quote: str, document: Document, words: str
) -> None:
    finding = judge(quote, document)

    assert finding.verdict == "repaired"
    assert finding.citation is not None
    assert words in finding.citation.quote


@pytest.mark.parametrize(
    ("quote", "document"),
    [
        ("I bought it for 300 euros and I am happy", REVIEW),
        ("I bought it for 3 euros and I am happy", REVIEW),
        ("Delivery took thirty days in all", REVIEW),
        ("等位等了三分钟，汤底的味道不太好喝", CHINESE),
        ("等位等了40分钟，汤底的味道不太好喝", CHINESE),
        ("0 euros and I am happy with the machine", REVIEW),
    ],
)
def test_another_number_is_no_slip_of_the_pen(quote: str, document: Document) -> None:
    finding = judge(quote, document)

    assert (finding.citation, finding.verdict) == (None, "number-changed")
    assert finding.detail in document.text


def test_a_number_that_begins_after_its_point_is_another_number() -> None:
    document = make_document("n", "I gave it 4.5 stars out of five because of the noise")

    assert ground_quote("5 stars out of five because of the noise", document, []).verdict == "number-changed"
    assert ground_quote("4.5 stars out of five because", document, []).verdict == "verified"


def test_words_that_stand_in_another_document_are_cited_from_there() -> None:
    finding = judge("the milk foam is silky every single morning")

    assert finding.verdict == "misattributed"
    assert finding.citation is not None
    assert (finding.citation.document_id, finding.citation.verdict) == ("r2", "verified")
    assert finding.reason == "misattributed: stands in r2, not in r1"
    assert ground_quote("the milk foam is silky every single morning", None, [REVIEW, OTHER]).verdict == "verified"


def test_words_to_the_letter_elsewhere_go_before_words_that_nearly_stand_where_named() -> None:
    near = make_document("a", "The app loses its connection every mornings, sadly")
    exact = make_document("b", "The app loses its connection every morning, sadly")
    finding = ground_quote("The app loses its connection every morning, sadly", near, [near, exact])

    assert finding.citation is not None
    assert (finding.citation.document_id, finding.verdict) == ("b", "misattributed")


@pytest.mark.parametrize(
    "quote",
    [
        "I am happy with the machine and the milk foam is silky",
        "I am happy with the machine ... We found it useful for the office",
        "服务员的态度非常好，汤底的味道不太好喝",
        "I bought it for 30 euros and I am happy with the machine. It doesn't leak and the milk foam is silky",
    ],
)
def test_pieces_that_do_not_stand_together_are_stitched(quote: str) -> None:
    finding = judge(quote)

    assert (finding.citation, finding.verdict) == (None, "stitched")
    assert finding.reason == "stitched: 2 pieces stand in the evidence, but not together"


def test_words_of_nobody_are_not_found() -> None:
    assert judge("The handle broke off within a week of use").verdict == "not found"
    assert judge("优惠券根本用不了，客服电话打不通").verdict == "not found"


def test_words_of_the_agent_are_told_apart() -> None:
    text = "Agent: Have you tried turning it off and on?\nCustomer: Yes, that did help a little."
    chat = make_document("c", text, turns=((text.index("Yes"), len(text)),))

    assert ground_quote("Have you tried turning it off and on", chat, []).verdict == "not the customer's"
    assert ground_quote("Yes, that did help a little", chat, []).verdict == "verified"


@pytest.mark.parametrize(
    ("quote", "verdict"),
    [
        ("", "too short"),
        ("…", "too short"),
        ("\u200b\u0301 \u3000", "too short"),
        ("happy with the", "too short"),
        ("a " * 4_000_000, "too long"),
        ("\u0301" * 5_000, "too long"),
        ("ﷺ" * 200, "too long"),
        ("x" * (LONGEST_QUOTE + 1), "too long"),
        (" " * 1_000_000 + "I am happy with the machine", "verified"),
        ("I am ha\u200bppy with the ma\u00adchine", "verified"),
        ("I\u0336 am\u0336 happy with the machine", "verified"),
        ("**I am happy with the machine.**", "verified"),
        ("「I am happy with the machine」", "verified"),
        ("> I am happy with the machine", "verified"),
    ],
)
def test_hostile_and_decorated_quotes_get_a_verdict(quote: str, verdict: str) -> None:
    assert judge(quote).verdict == verdict


def test_a_quote_never_begins_inside_a_word() -> None:
    document = make_document("u", "My parents were unable to connect the machine at home")

    assert ground_quote("able to connect the machine at home", document, []).verdict == "negation-flipped"
    repaired = ground_quote("arents were unable to connect the mach", document, [])
    assert repaired.citation is not None
    assert repaired.citation.quote == "parents were unable to connect the machine"


@pytest.mark.parametrize(
    ("before", "negated"),
    [
        ("i am not ", True),
        ("they don't really ", True),
        ("i don't think it is ", True),
        ("not only ", False),
        ("no, ", False),
        ("i know ", False),
        ("味道不", True),
        ("味道不太", True),
        ("服务特别", False),
        ("你说是不是", False),
        ("有没有", False),
    ],
)
def test_a_negation_directly_before_counts(before: str, negated: bool) -> None:
    assert is_negated_before(before) is negated


@pytest.mark.parametrize(
    ("one", "two", "difference"),
    [
        ("it is not only cheap but good", "it is not only cheap but good", None),
        ("the food is not good but it is cheap", "the food is good but it is not cheap", "negation"),
        ("i cannot open it", "i can't open it", None),
        ("i dont like it", "i do not like it", None),
        ("味道非常好", "味道特别好", None),
        ("味道不错", "味道错", "negation"),
        ("味道不错", "味道不好", "negation"),
        ("你们有没有优惠", "你们有优惠", None),
        ("waited 5,000 days", "waited 5000 days", None),
        ("waited for days", "waited 3 days", None),
        ("waited 3 days", "waited days", "number"),
        ("等了一个小时", "等了个小时", None),
        ("花了两百块", "花了200块", None),
    ],
)
def test_what_is_material(one: str, two: str, difference: str | None) -> None:
    assert material_difference(one, two) == difference


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5,000", "5000"),
        ("5千", "5000"),
        ("3.0", "3"),
        ("三十", "30"),
        ("两百五十", "250"),
        ("十", "10"),
        ("二〇二三", "2023"),
        ("1万", "10000"),
        ("10k", "10000"),
    ],
)
def test_numbers_are_compared_by_value(text: str, value: str) -> None:
    assert number_value(text) == value


@pytest.mark.parametrize(
    ("quote", "source", "cited"),
    [
        (
            "We waited long and the staff at the counter were polite",
            "We waited long and the staff at the counter were rude.",
            None,
        ),
        (
            "We waited long and the staff at the counter were tired",
            "We waited long and the staff at the counter were tall, all of them.",
            "We waited long and the staff at the counter were tall",
        ),
        (
            "Nobody saw the staff at the counter when it was late",
            "Everybody saw the staff at the counter when it was late",
            None,
        ),
    ],
)
def test_other_words_at_an_end_are_compared_as_well(quote: str, source: str, cited: str | None) -> None:
    citation = ground_quote(quote, make_document("e", source), []).citation

    assert (citation.quote if citation else None) == cited


def test_opposites_go_both_ways() -> None:
    assert are_opposites("unable", "able")
    assert are_opposites("useful", "useless")
    assert are_opposites("before", "after")
    assert not are_opposites("usefull", "useful")
    assert not are_opposites("machine", "machines")


PIECES = st.sampled_from([
    "the app",
    " never ",
    "works",
    " fine",
    "不好",
    "很好吃",
    "，",
    "。",
    "3 days",
    "\n",
    "e\u0301",
    "ﬁ",
    "\u200b",
    " — ",
    "“",
    "𠮷",
])


@given(st.lists(st.tuples(PIECES, st.booleans()), max_size=30), st.lists(PIECES, max_size=12))
def test_a_citation_lies_in_the_customers_turns_and_holds_what_stands_there(
    parts: list[tuple[str, bool]], quoted: list[str]
) -> None:
    text, turns = "", []
    for part, is_customer in parts:
        if is_customer:
            turns.append((len(text), len(text) + len(part)))
        text += part
    document = make_document("d", text, turns=tuple(turns))
    finding = ground_quote("".join(quoted), document, [OTHER])
    if finding.citation is None:
        assert finding.verdict not in {"verified", "repaired", "misattributed"}
        assert finding.reason
        return
    place = finding.citation
    held = document if place.document_id == "d" else OTHER
    assert held.text[place.start : place.end] == place.quote != ""
    assert not held.turns or any(start <= place.start and place.end <= end for start, end in held.turns)


@given(st.text(max_size=120), st.integers(0, 119), st.integers(1, 60))
def test_any_slice_gets_a_verdict_and_what_is_verified_is_the_same_to_the_letter(
    text: str, start: int, size: int
) -> None:
    document = make_document("d", text)
    finding = ground_quote(text[start : start + size], document, [])

    if finding.verdict == "verified":
        assert finding.citation is not None
        assert fold_quote(finding.citation.quote) == fold_quote(text[start : start + size])

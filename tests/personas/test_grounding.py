"""Quotes are found in their sources or refused; what is cited are the source's own words."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personas.grounding import carried_share, find_quote, ground_quote, quote_words, quotes_hold
from personas.records import Claim
from personas.wording import percent
from retrieval.documents import Citation, Document
from tests.personas.corpora import make_document

REVIEW = make_document(
    "r1",
    "Bought it in May. The app loses the wifi connection every morning — “offline” it says,\nand I can't   get it back "
    "without a restart. The crema is lovely though, thick and sweet. Café staff helped me.",
)


def cited(quote: str, document: Document = REVIEW) -> Citation:
    citation = find_quote(quote, document)
    assert citation is not None, quote
    assert document.text[citation.start : citation.end] == citation.quote
    return citation


def test_exact_words_are_verified() -> None:
    citation = cited("The app loses the wifi connection every morning")

    assert citation.quote == "The app loses the wifi connection every morning"
    assert citation.verdict == "verified"
    assert (citation.document_id, citation.customer_id) == ("r1", "someone")


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        ("THE APP LOSES the WiFi connection", "The app loses the wifi connection"),
        ("ｔｈｅ ａｐｐ ｌｏｓｅｓ ｔｈｅ ｗｉｆｉ", "The app loses the wifi"),
        ('every morning - "offline" it says', "every morning — “offline” it says"),
        ("it says, and I can’t get it back", "it says,\nand I can't   get it back"),
        ("“The crema is lovely though…”", "The crema is lovely though"),
        ("  the crema\tis\nlovely though, thick. ", "The crema is lovely though, thick"),
        ("Cafe\u0301 staff helped me", "Café staff helped me"),
    ],
)
def test_case_width_quotes_dashes_and_white_space_do_not_matter(quote: str, found: str) -> None:
    citation = cited(quote)

    assert citation.quote == found
    assert citation.verdict == "verified"


def test_a_typo_is_repaired_with_the_words_of_the_source() -> None:
    citation = cited("The app looses the wifi conection every morning")

    assert citation.quote == "The app loses the wifi connection every morning"
    assert citation.verdict == "repaired"


def test_a_repair_never_cuts_a_word() -> None:
    citation = cited("pp loses the wifi conection every mornin")

    assert citation.quote == "app loses the wifi connection every morning"


@pytest.mark.parametrize(
    "quote",
    [
        "The battery dies within an hour of use",
        "The app loses the wifi connection and the crema is lovely though",
        "Bought it in May ... thick and sweet ... every morning",
        "The app is wonderful and never loses a thing",
        "",
        "…",
        "“”",
    ],
)
def test_invented_and_stitched_quotes_are_refused(quote: str) -> None:
    assert find_quote(quote, REVIEW) is None


def test_a_quote_stitched_from_two_short_documents_is_refused() -> None:
    first = make_document("a", "The milk foam is silky and sweet")
    second = make_document("b", "Cancelling takes far too long")
    stitched = "The milk foam is silky and sweet. Cancelling takes far too long"

    assert ground_quote(stitched, first, [first, second]).citation is None
    assert ground_quote(stitched, None, [second, first]).citation is None


def test_a_quote_said_to_come_from_another_document_is_found_where_it_stands() -> None:
    other = make_document("r2", "Delivery came two days late and the box was wet.", customer="else")
    finding = ground_quote("the box was wet and crushed", REVIEW, [REVIEW, other])
    misattributed = ground_quote("Delivery came two days late", REVIEW, [REVIEW, other])

    assert finding.citation is None
    assert finding.reason == "not found in the evidence"
    assert misattributed.citation is not None
    assert (misattributed.citation.document_id, misattributed.citation.customer_id) == ("r2", "else")


CHAT = "Agent: Have you tried turning it off and on?\nCustomer: I have tried turning it off and on.\nAgent: Try again."


def conversation() -> Document:
    start = CHAT.index("I have")
    return make_document("c1", CHAT, turns=((start, CHAT.index("\nAgent: Try")),))


def test_the_words_of_an_agent_are_nobodys_voice() -> None:
    assert find_quote("Have you tried turning it off", conversation()) is None
    assert find_quote("turning it off and on. Agent: Try again", conversation()) is None
    assert cited("I have tried turning it off and on", conversation()).verdict == "verified"


def test_what_the_customer_repeats_after_the_agent_is_the_customers() -> None:
    citation = cited("tried turning it off and on", conversation())

    assert citation.start > CHAT.index("Customer:")


CHINESE = make_document("z1", "排队等了一个小时，服务员态度很差。不过汤底味道很香，下次还来！", language="zh")


def test_chinese_quotes_are_found() -> None:
    assert cited("服务员态度很差", CHINESE).verdict == "verified"
    assert cited("等了一个小时,服务员态度很差", CHINESE).quote == "等了一个小时，服务员态度很差"
    assert find_quote("排队等了一个小时，汤底味道很香", CHINESE) is None


@pytest.mark.parametrize(
    ("quote", "document"), [("the crema is", REVIEW), ("wifi", REVIEW), ("汤底味道", CHINESE), ("服务员很", CHINESE)]
)
def test_fewer_than_four_words_show_nothing(quote: str, document: Document) -> None:
    assert ground_quote(quote, document, [document]).citation is None


def test_two_chinese_characters_count_as_a_word() -> None:
    assert [quote_words("汤底味道很香啊"), quote_words("the crema is lovely"), quote_words("app 很难用")] == [3, 4, 2]


WORDS = st.sampled_from([
    "the",
    "app",
    "COULD",
    "connect",
    "—",
    "“offline”",
    "café",
    "ﬁne",
    "Straße",
    "İstanbul",
    "10%",
    "...",
    "no-one",
    "",
    "",
    "\n",
    "it's",
    "e-mail",
    "½",
    "™",
    "5,000",
    "x²",
])


@given(st.lists(WORDS, min_size=4, max_size=40), st.data())
def test_any_slice_of_at_least_four_words_is_found(words: list[str], data: st.DataObject) -> None:
    text = " ".join(words).strip()
    document = make_document("d", text)
    first = data.draw(st.integers(0, len(words) - 4))
    last = data.draw(st.integers(first + 4, len(words)))
    slice_of_text = " ".join(words[first:last])
    if quote_words(slice_of_text) < 4:
        return
    citation = find_quote(slice_of_text, document)

    assert citation is not None
    assert citation.verdict == "verified"
    assert document.text[citation.start : citation.end] == citation.quote
    assert citation.quote in text


@given(st.text(max_size=200), st.text(max_size=60))
def test_a_citation_always_holds_what_stands_at_its_place(text: str, quote: str) -> None:
    citation = find_quote(quote, make_document("d", text))

    assert citation is None or text[citation.start : citation.end] == citation.quote != ""


def count_steps(quote: str, text: str) -> int:
    """How many calls of Python and C functions a search makes."""
    document = make_document("long", text)
    steps = 0

    def step(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal steps
        steps += event in {"call", "c_call"}

    find_quote(quote, document)  # imports and caches are not what is counted
    before = sys.getprofile()
    sys.setprofile(step)
    try:
        find_quote(quote, document)
    finally:
        sys.setprofile(before)
    return steps


@pytest.mark.parametrize("quote", ["nobody ever wrote these words anywhere at all", "The end of teh long story"])
def test_a_long_document_takes_work_in_proportion_to_its_length(quote: str) -> None:
    line = "The machine brews well and I grind my beans each day. "
    short, long = (line * (length // len(line)) + "The end of the long story." for length in (50_000, 200_000))

    assert len(long) >= 199_000
    assert count_steps(quote, long) <= 4.2 * count_steps(quote, short)


def test_a_value_is_carried_by_the_words_of_its_quotes() -> None:
    quotes = ["the app loses its connection", "connections break in the morning"]

    assert carried_share("app connection", quotes) == 1.0
    assert carried_share("connection battery", quotes) == 0.5
    assert carried_share("battery life", quotes) == 0.0
    assert carried_share("the and of", quotes) == 0.0
    assert carried_share("汤底味道", ["汤底的味道很香"]) == 1.0


def make_claim(*citations: Citation) -> Claim:
    return Claim.model_validate({
        "claim_id": "c1",
        "attribute": "needs",
        "value": "wifi",
        "status": "supported",
        "people": 1,
        "people_elsewhere": 0,
        "share": 1.0,
        "share_elsewhere": 0.0,
        "interval": {"low": 0.2, "high": 1.0},
        "lift": None,
        "adjusted_lift": None,
        "citations": citations,
        "origin": "llm",
    })


def test_faults_are_told_for_each_quote_that_does_not_stand() -> None:
    good = cited("The app loses the wifi connection")
    moved = good.model_copy(update={"start": good.start + 1, "end": good.end + 1})
    gone = good.model_copy(update={"document_id": "r9"})

    assert quotes_hold([make_claim(good)], {"r1": REVIEW}) == []
    assert len(quotes_hold([make_claim(good, moved, gone)], {"r1": REVIEW})) == 2
    counter = make_claim(good).model_copy(update={"counter_citations": (moved,)})
    assert len(quotes_hold([counter], {"r1": REVIEW})) == 1


def test_percentages_are_whole() -> None:
    assert [percent(0.0), percent(0.004), percent(0.995), percent(1.0)] == [0, 0, 100, 100]

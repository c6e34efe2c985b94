"""Texts are folded for comparing only, and every folded character knows where it came from."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personas.grounding import find_quote
from personas.grounding.folding import fold, fold_document, fold_quote, simplified_characters
from personas.grounding.searching import MOST_HITS, nearest_place, pieces_in
from tests.personas.corpora import make_document


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("The APP", "ｔｈｅ　ａｐｐ"),
        ("it’s “fine” — really…", 'it\'s "fine" - really...'),
        ("他说：「很好吃。。。」", "他说:“很好吃……”"),
        ("用 app 很 方便\n下次再来", "用app很方便下次再来"),
        ("服務員態度很好，價錢實惠", "服务员态度很好，价钱实惠"),
        ("ﬁne oﬃce x²", "fine office x2"),
        ("Straße in İstanbul", "strasse in istanbul"),
        ("a\u200bb\u00adc\ufe0f d\u0336", "abc d"),
        ("Cafe\u0301", "CAFÉ"),
        ("one -- two", "one — two"),
    ],
)
def test_what_is_typed_otherwise_is_the_same(one: str, two: str) -> None:
    assert fold_quote(one) == fold_quote(two)


@pytest.mark.parametrize(
    ("one", "two"), [("resume", "résumé"), ("no-one", "no one"), ("10%", "10"), ("很好吃", "很好"), ("a,b", "ab")]
)
def test_what_means_something_else_stays_apart(one: str, two: str) -> None:
    assert fold_quote(one) != fold_quote(two)


@given(st.text(max_size=200))
def test_every_folded_character_comes_from_its_offset(text: str) -> None:
    folded = fold(text)
    offsets = folded.offsets.tolist()

    assert len(offsets) == len(folded.text)
    assert offsets == sorted(offsets)
    assert all(0 <= offset < len(text) for offset in offsets)
    for character, offset in zip(folded.text, offsets, strict=True):
        assert character in fold(f"x{text[offset]}x").text.strip("x") or character in "x "


@given(st.text(max_size=200))
def test_folding_twice_changes_nothing(text: str) -> None:
    once = fold(unicodedata.normalize("NFKC", text)).text

    assert fold(once).text == fold(fold(once).text).text


def test_a_document_is_folded_once() -> None:
    text = "Some words that nobody else has folded yet"

    assert fold_document(text) is fold_document(text)


def test_the_words_of_the_source_are_cited_in_its_own_script() -> None:
    document = make_document("t", "這家店的服務員態度很好，價錢也實惠。", language="zh")
    citation = find_quote("服务员态度很好,价钱也实惠", document)

    assert citation is not None
    assert (citation.quote, citation.verdict) == ("服務員態度很好，價錢也實惠", "verified")


def test_no_simplified_form_is_simplified_again() -> None:
    table = simplified_characters()

    assert len(table) > 2900
    assert all(len(one) == len(two) == 1 for one, two in table.items())
    chained = {one for one, two in table.items() if two in table}
    assert all(find_quote(f"我们很喜欢{one}这家店", make_document("d", f"我们很喜欢{one}这家店")) for one in chained)


def test_the_nearest_place_of_a_long_text_is_found_among_many_like_it() -> None:
    text = "the app is good and the wifi is fine. " * (MOST_HITS * 2) + "the wifi of the kitchen breaks at night."
    near = nearest_place("the wifi of the kitchn breaks at nigth", text, 0, len(text))

    assert near is not None
    assert text[near.start : near.end].strip(" .") == "the wifi of the kitchen breaks at night"


def test_pieces_are_whole_words() -> None:
    evidence = "the milk foam is silky\nthe steam wand is strong"

    assert pieces_in("the milk foam is xxx steam wand is strong", evidence) == [
        "the milk foam is ",
        "steam wand is strong",
    ]
    assert pieces_in("", evidence) == []

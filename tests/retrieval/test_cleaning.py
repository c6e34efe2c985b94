"""Normalisation and faults."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.cleaning import find_fault, normalise_text, same_words_key


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  a\r\nb\rc\u2028d  ", "a\nb\nc\nd"),
        ("\ufeffe\u0301", "é"),
        ("a\x00b\x07c\td", "abc\td"),
        ("bad \ud83d half", "bad \ufffd half"),
        ("👩\u200d🚀 ok", "👩\u200d🚀 ok"),
        ("literal \\n stays", "literal \\n stays"),
    ],
)
def test_normalisation(text: str, expected: str) -> None:
    assert normalise_text(text) == expected


@given(st.text())
def test_normalisation_is_idempotent_and_writable(text: str) -> None:
    once = normalise_text(text)
    assert normalise_text(once) == once
    assert unicodedata.is_normalized("NFC", once)
    once.encode("utf-8")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("-", "no words"),
        ("👍👍", "no words"),
        ("N/A", "no words"),
        ("[email]", "no words"),
        ("QUJD" * 200, "not text"),
        ("word " * 500_000, "not text"),
        ("nothing", None),
        ("无", None),
    ],
)
def test_faults(text: str, reason: str | None) -> None:
    fault = find_fault(text)
    assert (fault[0] if fault else None) == reason


def test_same_words_differ_in_case_space_and_punctuation_only() -> None:
    assert same_words_key("Great  app!") == same_words_key("great app")
    assert same_words_key("很好！") == same_words_key("很好")
    assert same_words_key("great apps") != same_words_key("great app")


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        (r"好吃！\n\n老公说好", "好吃！\n老公说好"),
        (r"很好\\n   下次还来", "很好\n   下次还来"),
        (r"Done.\nNext", "Done.\nNext"),
        (r"C:\new\names", r"C:\new\names"),
    ],
)
def test_written_line_ends_become_line_ends_outside_of_paths(raw: str, clean: str) -> None:
    assert normalise_text(raw) == clean
    assert normalise_text(clean) == clean

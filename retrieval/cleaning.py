"""The declared normalisation of texts, and what is no text."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

from retrieval.hostile.characters import clean_characters

Reason = Literal["empty", "no words", "unreadable", "duplicate of same customer", "duplicate id", "not text"]

MAX_DOCUMENT_CHARS = 2_000_000
"""A longer text is no document of one customer."""


_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_WRITTEN_LINE_END = re.compile(r"(?<=[^\x00-\x7f]|[.!?)\"])(?:\\{1,2}(?:r\\{1,2})?n)+")
_SURROGATES = re.compile("[\ud800-\udfff]")
_PLACEHOLDER = re.compile(r"\[(?:email|phone|card|iban|id number|login|ip address)\]")
_WORD = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\u3040-\u30ff]|[^\W_]+(?:['’][^\W_]+)*")
_FILLERS = frozenset({"n/a", "na", "n.a", "n.a.", "nan", "null", "#n/a", "nil", "<na>", "[deleted]", "[removed]"})


def normalise_text(text: str) -> str:
    r"""The text in NFC, lines ended by ``\n``, without what no reader sees and outer white space.

    A line end that an export wrote out as a backslash and an ``n`` becomes one behind the end of a
    sentence or a Chinese character, where it cannot be part of a path.
    Lone surrogates (from broken JSON escapes) become U+FFFD, so that every text can be written as UTF-8.
    """
    if "\\" in text:
        text = _WRITTEN_LINE_END.sub("\n", text)
    if text.isascii() and text.isprintable():
        return text.strip()
    if not text.isascii() or "\r" in text or not text.isprintable():
        text = clean_characters(_LINE_ENDS.sub("\n", text))
        text = _SURROGATES.sub("\ufffd", text)
    return unicodedata.normalize("NFC", text).strip()


def find_fault(text: str) -> tuple[Reason, str] | None:
    """Why a normalised (and perhaps redacted) text is no document, with a detail; None where it is one."""
    if not text:
        return "empty", "the text field is empty"
    if len(text) > MAX_DOCUMENT_CHARS:
        return "not text", f"{len(text):,} characters in one document; the limit is {MAX_DOCUMENT_CHARS:,}: split it"
    if text.casefold() in _FILLERS:
        return "no words", f"{text!r} stands for a missing answer"
    bare = _PLACEHOLDER.sub("", text) if "[" in text else text
    if not any(character.isalpha() for character in bare):
        return "no words", "it holds no letters" if bare == text else "nothing is left beside redacted data"
    return _find_junk(text)


def _find_junk(text: str) -> tuple[Reason, str] | None:
    if text.count("\ufffd") > max(3, 0.1 * len(text)):
        return "not text", "more than a tenth of its characters could not be read"
    # Encoded images and keys: hundreds of characters of ASCII without a space. Other scripts may go without.
    if len(text) > 400 and text.isascii() and len(text.split()) < len(text) / 300:
        return "not text", "hundreds of characters without a space, such as encoded data"
    return None


def words_of(text: str) -> list[str]:
    """The words of the text in lower case: Latin words whole, each Chinese or Japanese character by itself."""
    return _WORD.findall(text.casefold())


def same_words_key(text: str) -> str:
    """Equal for texts that differ in case, white space and punctuation only."""
    return " ".join(words_of(text))

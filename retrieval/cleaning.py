"""The declared normalisation of texts, what is no text, duplicates and bursts."""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections import defaultdict
from collections.abc import Sequence
from typing import Literal

from retrieval.documents import Document

Reason = Literal["empty", "no words", "unreadable", "duplicate of same customer", "duplicate id", "not text"]

MAX_DOCUMENT_CHARS = 2_000_000
"""A longer text is no document of one customer."""

BURST_LEAST_WORDS = 12
"""Shorter posts are alike by chance ("git", "the app")."""
BURST_LEAST_CUSTOMERS = 3
BURST_SIMILARITY = 0.75
"""Jaccard overlap of three-word shingles from which two posts count as near-identical."""

_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_WRITTEN_LINE_END = re.compile(r"(?<=[^\x00-\x7f]|[.!?)\"])(?:\\{1,2}(?:r\\{1,2})?n)+")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ufeff]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_PLACEHOLDER = re.compile(r"\[(?:email|phone|card|iban|id number|login|ip address)\]")
_WORD = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\u3040-\u30ff]|[^\W_]+(?:['’][^\W_]+)*")
_FILLERS = frozenset({"n/a", "na", "n.a", "n.a.", "nan", "null", "#n/a", "nil", "<na>", "[deleted]", "[removed]"})


def normalise_text(text: str) -> str:
    r"""The text in NFC, lines ended by ``\n``, without control characters and outer white space.

    A line end that an export wrote out as a backslash and an ``n`` becomes one behind the end of a
    sentence or a Chinese character, where it cannot be part of a path.
    Lone surrogates (from broken JSON escapes) become U+FFFD, so that every text can be written as UTF-8.
    """
    if "\\" in text:
        text = _WRITTEN_LINE_END.sub("\n", text)
    if text.isascii() and text.isprintable():
        return text.strip()
    if "\r" in text or not text.isprintable():
        text = _CONTROLS.sub("", _LINE_ENDS.sub("\n", text))
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


def find_bursts(documents: Sequence[Document]) -> tuple[str, ...]:
    """Sentences on groups of near-identical long posts by several customers, largest group first.

    Two posts are near-identical where their three-word shingles overlap by `BURST_SIMILARITY`; candidates share one of
    the four smallest shingle hashes (a bottom-k sketch, Broder 1997), so the cost stays linear.
    """
    shingles: dict[int, frozenset[int]] = {}
    buckets: dict[int, list[int]] = defaultdict(list)
    for row, document in enumerate(documents):
        # A conversation repeats its agent's phrases.
        if document.turns or len(document.text) < 2 * BURST_LEAST_WORDS:
            continue
        words = words_of(document.text)
        if len(words) < BURST_LEAST_WORDS:
            continue
        shingles[row] = _shingle(words)
        for value in sorted(shingles[row])[:4]:
            buckets[value].append(row)
    groups = _group_alike(shingles, buckets)
    told = [(rows, {documents[row].customer_id for row in rows}) for rows in groups]
    told = [entry for entry in told if len(entry[1]) >= BURST_LEAST_CUSTOMERS]
    told.sort(key=lambda entry: (-len(entry[0]), entry[0][0]))
    return tuple(_tell_burst([documents[row] for row in rows], len(people)) for rows, people in told)


def _shingle(words: list[str]) -> frozenset[int]:
    return frozenset(zlib.crc32(" ".join(words[i : i + 3]).encode("utf-8", "replace")) for i in range(len(words) - 2))


def _group_alike(shingles: dict[int, frozenset[int]], buckets: dict[int, list[int]]) -> list[list[int]]:
    leader = {row: row for row in shingles}

    def find(row: int) -> int:
        while leader[row] != row:
            leader[row] = leader[leader[row]]
            row = leader[row]
        return row

    for rows in buckets.values():
        # Each post is compared with the bucket's first few only: in a burst these are alike themselves.
        for place, row in enumerate(rows):
            for other in rows[: min(place, 8)]:
                first, second = find(other), find(row)
                if first != second and _overlap(shingles[other], shingles[row]) >= BURST_SIMILARITY:
                    leader[max(first, second)] = min(first, second)
    groups: dict[int, list[int]] = defaultdict(list)
    for row in shingles:
        groups[find(row)].append(row)
    return [rows for rows in groups.values() if len(rows) > 1]


def _overlap(left: frozenset[int], right: frozenset[int]) -> float:
    shared = len(left & right)
    return shared / (len(left) + len(right) - shared)


def _tell_burst(posts: list[Document], people: int) -> str:
    ids = ", ".join(post.document_id for post in posts[:5]) + (", ..." if len(posts) > 5 else "")
    start = " ".join(posts[0].text[:80].split())
    return f"{len(posts)} near-identical posts by {people} customers ({ids}): “{start}”"

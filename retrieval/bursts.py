"""Near-identical long posts by several people within a short time: a campaign, counted as one voice."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from retrieval.cleaning import words_of
from retrieval.documents import Document

LEAST_WORDS: Final = 12
"""Shorter posts are alike by chance ("git", "the app")."""
LEAST_CUSTOMERS: Final = 3
SIMILARITY: Final = 0.75
"""Jaccard overlap of three-word shingles from which two posts count as near-identical."""
SHORT_TIME: Final = timedelta(days=14)
"""From one post of a burst to the next at most; where posts carry no date, their wording alone decides."""

FORMS: Final = 1 / 3
"""Share of all documents from which undated posts alike are forms that were filled in, and no campaign: where nobody
knows when they came, so many are what the corpus is."""


@dataclass(frozen=True)
class Burst:
    """Near-identical posts."""

    places: tuple[int, ...]
    """Among the documents, in their order."""
    people: int


def find_bursts(documents: Sequence[Document]) -> tuple[Burst, ...]:
    """Groups of near-identical long posts by several customers within a short time, largest group first.

    Two posts are near-identical where their three-word shingles overlap by `SIMILARITY`; candidates share one of the
    four smallest shingle hashes (a bottom-k sketch, Broder 1997), so the cost stays linear.
    """
    shingles: dict[int, frozenset[int]] = {}
    buckets: dict[int, list[int]] = defaultdict(list)
    for row, document in enumerate(documents):
        # A conversation repeats its agent's phrases.
        if document.turns or len(document.text) < 2 * LEAST_WORDS:
            continue
        words = words_of(document.text)
        if len(words) < LEAST_WORDS:
            continue
        shingles[row] = _shingle(words)
        for value in sorted(shingles[row])[:4]:
            buckets[value].append(row)
    found = []
    for rows in _group_alike(shingles, buckets):
        for close in _close_in_time(rows, documents):
            people = len({documents[row].customer_id for row in close})
            if people >= LEAST_CUSTOMERS:
                found.append(Burst(tuple(close), people))
    return tuple(sorted(found, key=lambda burst: (-len(burst.places), burst.places[0])))


def count_once(documents: Sequence[Document], bursts: Sequence[Burst]) -> tuple[Document, ...]:
    """The documents; all posts of a burst but the first are marked as repeating it."""
    marked = list(documents)
    undated = [burst for burst in bursts if not _is_dated(documents[burst.places[0]])]
    forms = sum(len(burst.places) for burst in undated) > FORMS * len(documents)
    for burst in bursts:
        if forms and burst in undated:
            continue
        first = documents[burst.places[0]]
        for place in burst.places[1:]:
            if documents[place].customer_id != first.customer_id:
                marked[place] = replace(documents[place], repeats=first.document_id)
    return tuple(marked)


def tell_burst(burst: Burst, documents: Sequence[Document]) -> str:
    """The burst as a sentence; the words of a flagged one are not told."""
    posts = [documents[place] for place in burst.places]
    ids = ", ".join(post.document_id for post in posts[:5]) + (", ..." if len(posts) > 5 else "")
    told = f"{len(posts)} near-identical posts by {burst.people} customers ({ids})"
    return told if any(post.flagged for post in posts) else f"{told}: “{' '.join(posts[0].text[:80].split())}”"


def _close_in_time(rows: list[int], documents: Sequence[Document]) -> list[list[int]]:
    """The rows, parted where more than `SHORT_TIME` lies in between; those without a date stay together."""
    dated = sorted((day, row) for row in rows if (day := _day(documents[row].created_at)) is not None)
    parts = [[row for row in rows if _day(documents[row].created_at) is None]]
    last: date | None = None
    for day, row in dated:
        if last is None or day - last > SHORT_TIME:
            parts.append([])
        parts[-1].append(row)
        last = day
    return [sorted(part) for part in parts if part]


def _is_dated(document: Document) -> bool:
    return _day(document.created_at) is not None


def _day(created_at: str | None) -> date | None:
    try:
        return None if created_at is None else date.fromisoformat(created_at[:10])
    except ValueError:
        return None


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
                if first != second and _overlap(shingles[other], shingles[row]) >= SIMILARITY:
                    leader[max(first, second)] = min(first, second)
    groups: dict[int, list[int]] = defaultdict(list)
    for row in shingles:
        groups[find(row)].append(row)
    return [rows for rows in groups.values() if len(rows) > 1]


def _overlap(left: frozenset[int], right: frozenset[int]) -> float:
    shared = len(left & right)
    return shared / (len(left) + len(right) - shared)

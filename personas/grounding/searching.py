"""Where a folded quote stands in a folded text, to the letter or nearly so; in time that grows with the text.

A near match is looked for where grams of the quote stand: they vote for the place where it would begin, and only the
places with most votes are compared letter by letter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final, NamedTuple

MOST_PLACES: Final = 50
"""Exact places looked at for one that is no part of a word and has no negation before it."""

MOST_HITS: Final = 2_000
"""Places of one gram that vote; a gram that stands everywhere tells of no place."""

MOST_GRAMS: Final = 64
MOST_CANDIDATES: Final = 3

FAINT_RATIO: Final = 70.0
"""Similarity from which a place is worth a look: a quote with "not" put in may be as far as this from its source."""


class Near(NamedTuple):
    """The nearest place: `start` and `end` in the text, similarity 0..100."""

    start: int
    end: int
    ratio: float


def exact_places(wanted: str, text: str, start: int, end: int) -> Iterator[int]:
    """Where the words stand to the letter between two places of the text, the first `MOST_PLACES`."""
    place = text.find(wanted, start, end)
    for _ in range(MOST_PLACES):
        if place < 0:
            return
        yield place
        place = text.find(wanted, place + 1, end)


def is_han(character: str) -> bool:
    """Whether the character is of a script written without blanks."""
    return "\u2e80" <= character <= "\u9fff" or character >= "\U00020000"


def nearest_place(wanted: str, text: str, start: int, end: int) -> Near | None:
    """The place between two places of the text that is nearest to the words, None below `FAINT_RATIO`."""
    from rapidfuzz.fuzz import partial_ratio_alignment

    size = len(wanted)
    best: Near | None = None
    if end - start < size * FAINT_RATIO / 200:
        return None
    for first in _candidates(wanted, text, start, end):
        low = max(start, first - size // 2 - 8)
        window = text[low : min(end, first + size + size // 2 + 8)]
        found = partial_ratio_alignment(wanted, window, score_cutoff=FAINT_RATIO - 15)
        if found is None or found.dest_end == found.dest_start:
            continue
        near = _fit(wanted, window, found.dest_start, found.dest_end)
        if near.ratio >= FAINT_RATIO and (best is None or near.ratio > best.ratio):
            best = Near(near.start + low, near.end + low, near.ratio)
    return best


def _candidates(wanted: str, text: str, start: int, end: int) -> list[int]:
    """Where the quote would begin, by most votes of its grams."""
    size = 2 if sum(map(is_han, wanted)) * 2 > len(wanted) else 4
    step = max(1, -(-len(wanted) // MOST_GRAMS))
    width = max(8, len(wanted) // 4)
    votes: Counter[int] = Counter()
    for offset in range(0, len(wanted) - size + 1, step):
        gram = wanted[offset : offset + size]
        place = text.find(gram, start, end)
        # A gram votes once for a place, however often it stands there.
        voted = {(found - offset) // width for found in _hits(gram, text, place, end)}
        votes.update(voted)
    if not votes:
        return []
    joined = {bucket: count + votes.get(bucket + 1, 0) for bucket, count in votes.items()}
    ranked = sorted(joined, key=lambda bucket: (-joined[bucket], bucket))
    return [max(start, bucket * width + width // 2) for bucket in ranked[:MOST_CANDIDATES]]


def _hits(gram: str, text: str, place: int, end: int) -> Iterator[int]:
    for _ in range(MOST_HITS):
        if place < 0:
            return
        yield place
        place = text.find(gram, place + 1, end)


def _fit(wanted: str, window: str, start: int, end: int) -> Near:
    """The span with its ends moved to where it is most like the words; the window found has the quote's own length."""
    from rapidfuzz.fuzz import ratio

    reach = max(6, len(wanted) // 4)
    cuts = [i for i in range(len(window) + 1) if _may_cut(window, i)]
    ends = [cut for cut in cuts if abs(cut - end) <= reach and cut > start] or [end]
    end = max(ends, key=lambda cut: (ratio(wanted, window[start:cut]), -cut))
    starts = [cut for cut in cuts if abs(cut - start) <= reach and cut < end] or [start]
    start = max(starts, key=lambda cut: (ratio(wanted, window[cut:end]), cut))
    ends = [cut for cut in cuts if abs(cut - end) <= reach and cut > start] or [end]
    end = max(ends, key=lambda cut: (ratio(wanted, window[start:cut]), -cut))
    return Near(start, end, ratio(wanted, window[start:end]))


def _may_cut(text: str, place: int) -> bool:
    """Whether a cut there parts no word."""
    if place in {0, len(text)}:
        return True
    before, after = text[place - 1], text[place]
    return not (before.isalnum() and after.isalnum()) or is_han(before) or is_han(after)


def pieces_in(wanted: str, evidence: str) -> list[str]:
    """The longest pieces of the quote, one after the other, that each stand in the evidence; short ones are left out.

    Args:
        wanted: folded.
        evidence: the folded texts, joined by a character that no folded text holds.
    """
    pieces: list[str] = []
    place = 0
    while place < len(wanted):
        least = 4 if is_han(wanted[place]) else 12
        whole = wanted[place].isalnum() and _may_cut(wanted, place)
        if not whole or wanted[place : place + least] not in evidence:
            place += 1
            continue
        low, high = min(least, len(wanted) - place), len(wanted) - place
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if wanted[place : place + middle] in evidence else (low, middle - 1)
        pieces.append(wanted[place : place + low])
        place += low
    return pieces

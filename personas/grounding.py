"""Finds a proposed quote in its source: nothing a model quotes is believed, the source's own words are cited.

Both texts are normalised for the search only (case, width, white space, quotation marks, dashes); the span found
indexes the text of record, and the citation holds its words.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from personas.records import Claim
from personas.terms import stems
from retrieval.documents import Citation, Document

LEAST_RATIO = 90.0
"""Similarity, 0..100, from which a near match is repaired rather than dropped (two typos in twenty characters)."""

LEAST_QUOTE_WORDS = 4
"""Shorter quotes show nothing; a Chinese word is about two characters."""

SHORTEST_REPAIR = 12
"""Characters; anything shorter is near to something everywhere."""

SAME_CHARACTERS = str.maketrans({
    "‘": "'",
    "’": "'",
    "‚": "'",
    "“": '"',
    "”": '"',
    "„": '"',
    "«": '"',
    "»": '"',
    "–": "-",
    "—": "-",
    "‑": "-",
    "−": "-",
})


@dataclass(frozen=True)
class Finding:
    """What became of a proposed quote; `reason` says why there is no citation."""

    citation: Citation | None
    reason: str = ""


@dataclass(frozen=True)
class _Folded:
    """A text folded for searching, with the offset in the original of each of its characters."""

    text: str
    offsets: list[int]


def _fold(text: str) -> _Folded:
    characters: list[str] = []
    offsets: list[int] = []
    for offset, character in enumerate(text):
        for folded in unicodedata.normalize("NFKC", character).translate(SAME_CHARACTERS).casefold():
            blank = folded.isspace()
            if blank and (not characters or characters[-1] == " "):
                continue
            characters.append(" " if blank else folded)
            offsets.append(offset)
    return _Folded("".join(characters), offsets)


def find_quote(quote: str, document: Document) -> Citation | None:
    """The quote as it stands in the document, or None where it does not.

    Exact after folding is `verified`, a near match is `repaired`: then the source's own words are cited.
    Time grows with the length of the document, not with its square.
    """
    quote = unicodedata.normalize("NFC", quote)  # as the text of record is
    wanted = _fold(quote.strip().strip("\"'“”‘’「」『』…").strip()).text.strip(" .…")
    if not wanted:
        return None
    source = _fold(document.text)
    place = source.text.find(wanted)
    while place >= 0:
        citation = _cite(document, source, place, place + len(wanted), verdict="verified", exact=True)
        if citation is not None:
            return citation
        # The agent may have said it first, and the customer after.
        place = source.text.find(wanted, place + 1)
    if len(wanted) < SHORTEST_REPAIR:
        return None
    from rapidfuzz.fuzz import partial_ratio_alignment

    match = partial_ratio_alignment(wanted, source.text, score_cutoff=LEAST_RATIO)
    if match is None or match.dest_end - match.dest_start < SHORTEST_REPAIR:
        return None
    if match.src_end - match.src_start < len(wanted) * LEAST_RATIO / 100:
        # A short document that stands whole within a longer quote: the rest of the quote is from elsewhere.
        return None
    return _cite(document, source, match.dest_start, match.dest_end, verdict="repaired", exact=False)


def _cite(document: Document, source: _Folded, start: int, end: int, *, verdict: str, exact: bool) -> Citation | None:
    first, last = source.offsets[start], source.offsets[end - 1] + 1
    if not exact:
        first, last = _whole_words(document.text, first, last)
    while first < last and document.text[first].isspace():
        first += 1
    while last > first and document.text[last - 1].isspace():
        last -= 1
    if document.turns and not any(begin <= first and last <= finish for begin, finish in document.turns):
        # The words of an agent or an interviewer are nobody's voice.
        return None
    return Citation.model_validate({
        "document_id": document.document_id,
        "customer_id": document.customer_id,
        "start": first,
        "end": last,
        "quote": document.text[first:last],
        "verdict": verdict,
    })


def _whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    """The span widened to whole words (Latin script; other scripts have no spaces to widen to)."""
    while start > 0 and _is_latin(text[start - 1]) and _is_latin(text[start]):
        start -= 1
    while end < len(text) and _is_latin(text[end - 1]) and _is_latin(text[end]):
        end += 1
    return start, end


def _is_latin(character: str) -> bool:
    return character.isalnum() and ord(character) < 0x2E80


def ground_quote(quote: str, named: Document | None, others: Sequence[Document]) -> Finding:
    """The citation of a proposed quote: in the document named, else in another piece of evidence, else none."""
    for document in [named, *others] if named is not None else others:
        assert document is not None
        citation = find_quote(quote, document)
        if citation is not None:
            if quote_words(citation.quote) < LEAST_QUOTE_WORDS:
                return Finding(None, f"fewer than {LEAST_QUOTE_WORDS} words")
            return Finding(citation)
    return Finding(None, "not found in the evidence")


def quote_words(quote: str) -> int:
    """Words in a quote as a reader counts them, between spaces; two Chinese characters count as one word."""
    han = sum(1 for character in quote if "\u3400" <= character <= "\u9fff")
    latin = "".join(" " if "\u3400" <= character <= "\u9fff" else character for character in quote)
    return sum(any(character.isalnum() for character in word) for word in latin.split()) + han // 2


def carried_share(value: str, quotes: Sequence[str]) -> float:
    """How much of a claim's value its quotes carry: the share of its content stems that occur in them, 0..1.

    A value without content words carries nothing.
    """
    wanted = stems(value)
    if not wanted:
        return 0.0
    found: set[str] = set()
    for quote in quotes:
        found |= stems(quote)
    return len(wanted & found) / len(wanted)


def quotes_hold(claims: Sequence[Claim], documents: dict[str, Document]) -> list[str]:
    """What is wrong with the claims' citations against the documents; empty where every quote stands where it says."""
    faults = []
    for claim in claims:
        for citation in (*claim.citations, *claim.counter_citations):
            document = documents.get(citation.document_id)
            if document is None:
                faults.append(f"{claim.claim_id}: document {citation.document_id} is not there")
            elif document.text[citation.start : citation.end] != citation.quote:
                faults.append(f"{claim.claim_id}: the quote from {citation.document_id} does not stand there")
    return faults

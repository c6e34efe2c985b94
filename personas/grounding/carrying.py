"""Whether quotes carry what is claimed, how long they are, and whether they still stand where they are cited."""

from __future__ import annotations

from collections.abc import Sequence

from personas.records import Claim
from personas.terms import stems
from retrieval.documents import Document

LEAST_QUOTE_WORDS = 4
"""Shorter quotes show nothing; a Chinese word is about two characters."""


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

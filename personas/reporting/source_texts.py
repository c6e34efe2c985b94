"""The cited documents with their quotes marked, and where each quote is found on the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import PurePath

from personas.persona_set import PersonaSet
from personas.records import Persona
from personas.reporting.report_wording import Words
from personas.reporting.visible import visible
from retrieval.documents import Citation, Document


@dataclass(frozen=True)
class Limits:
    """How much of a document is shown."""

    whole_up_to: int
    """Characters up to which it is shown whole; of a longer one the surroundings of its quotes are."""
    around: int
    """Characters shown before and after each quote of a longer one."""


LIMITS = Limits(whole_up_to=12_000, around=1_500)
EXAMPLE_LIMITS = Limits(whole_up_to=2_000, around=500)
"""Of a document that no claim rests on."""


@cache
def shown_source(source: str) -> str:
    """A source as a report names it: a report is passed around, and the folders of a machine are nobody's business."""
    return PurePath(source).name if PurePath(source).is_absolute() else source


@dataclass(frozen=True)
class Piece:
    """A stretch of a document; `anchor` is set where it is a quote."""

    text: str
    anchor: str = ""


@dataclass(frozen=True)
class SourceText:
    """A document as the page shows it."""

    anchor: str
    document_id: str
    customer_id: str
    facts: tuple[str, ...]
    question: str
    pieces: tuple[Piece, ...]
    cut: bool


@dataclass(frozen=True)
class Sources:
    """All cited documents, and the anchor of each quote."""

    texts: tuple[SourceText, ...]
    _anchors: Mapping[tuple[str, int, int], str] = field(default_factory=dict)

    def anchor_of(self, citation: Citation) -> str:
        """The id of the mark that holds the quote, empty where its document is not on the page."""
        return self._anchors.get((citation.document_id, citation.start, citation.end), "")


def citations_of(persona: Persona) -> Iterable[Citation]:
    """Every citation of a persona, some more than once."""
    for claim in persona.claims:
        yield from claim.citations
        yield from claim.counter_citations
    yield from persona.quotes


def gather_sources(
    persona_set: PersonaSet,
    documents: Mapping[str, Document],
    words: Words,
    examples: Iterable[Citation] = (),
) -> Sources:
    """The cited documents, ordered by id, with their quotes marked.

    Args:
        persona_set: whose personas cite documents.
        documents: by id; those that are missing are left out.
        words: of the page.
        examples: further quotes; of a document that is cited by these alone, less is shown.
    """
    spans: dict[str, set[tuple[int, int]]] = {}
    for persona in persona_set.personas:
        for citation in citations_of(persona):
            spans.setdefault(citation.document_id, set()).add((citation.start, citation.end))
    evidence = set(spans)
    for citation in examples:
        spans.setdefault(citation.document_id, set()).add((citation.start, citation.end))
    texts: list[SourceText] = []
    anchors: dict[tuple[str, int, int], str] = {}
    for number, document_id in enumerate(sorted(set(spans) & set(documents)), start=1):
        document = documents[document_id]
        merged = _merge(spans[document_id], len(document.text))
        for at, (low, high) in enumerate(merged, start=1):
            for start, end in spans[document_id]:
                if low <= start and end <= high:
                    anchors[document_id, start, end] = f"q{number}-{at}"
        limits = LIMITS if document_id in evidence else EXAMPLE_LIMITS
        texts.append(_source_text(document, number, merged, words, limits))
    return Sources(texts=tuple(texts), _anchors=anchors)


def _merge(spans: Iterable[tuple[int, int]], length: int) -> list[tuple[int, int]]:
    """Overlapping spans become one, for marks cannot overlap."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted((max(0, start), min(length, end)) for start, end in spans):
        if end <= start:
            continue
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _source_text(
    document: Document, number: int, marks: list[tuple[int, int]], words: Words, limits: Limits
) -> SourceText:
    pieces: list[Piece] = []
    cut = len(document.text) > limits.whole_up_to
    around = limits.around if cut else len(document.text)
    at = 0
    for index, (start, end) in enumerate(marks, start=1):
        pieces += _between(document.text, at, start, first=index == 1, last=False, around=around)
        pieces.append(Piece(text=visible(document.text[start:end]), anchor=f"q{number}-{index}"))
        at = end
    pieces += _between(document.text, at, len(document.text), first=not marks, last=True, around=around)
    return SourceText(
        anchor=f"d{number}",
        document_id=visible(document.document_id),
        customer_id=visible(document.customer_id),
        facts=tuple(visible(fact) for fact in _facts(document, words) if fact),
        question=visible(document.question),
        pieces=tuple(pieces),
        cut=cut,
    )


def _between(text: str, start: int, end: int, *, first: bool, last: bool, around: int) -> list[Piece]:
    """The text between two quotes; of a long document only what lies near them."""
    stretch = text[start:end]
    room = around if first or last else 2 * around
    if len(stretch) <= room:
        return [Piece(text=visible(stretch))] if stretch else []
    before = "" if first else stretch[:around]
    after = "" if last else stretch[-around:]
    return [Piece(text=visible(f"{before} […] {after}"))]


def _facts(document: Document, words: Words) -> list[str]:
    rating = document.rating
    rated = words("rating", raw=f"{rating.raw:g}", high=f"{rating.scale[1]:g}") if rating else ""
    date = (document.created_at or "")[:10]
    return [document.kind, date, rated, document.product or "", shown_source(document.source)]

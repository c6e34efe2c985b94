"""Claims about who people are: kept where the people quoted say it of themselves, refused otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from personas.abstaining.self_statements import own_statements, speaks_of_self
from personas.abstaining.traits import find_traits, uncarried_traits
from personas.attributes import Attribute, AttributeSchema
from personas.claims import Grounded
from personas.evidence import EvidenceBase, EvidenceGroup
from personas.terms import stems
from retrieval.documents import Document


def only_self_stated(
    groups: Sequence[EvidenceGroup], schema: AttributeSchema, base: EvidenceBase
) -> list[EvidenceGroup]:
    """The groups, those of sensitive attributes with nothing but what people say of themselves; empty ones left out.

    So nobody is quoted for, or counted behind, what was said of others. An answer to a question that asks for it
    ("your job?") is one of oneself.
    """
    parts = (
        _own_part(group, schema[group.attribute], base) if schema[group.attribute].sensitive else group
        for group in groups
    )
    return [part for part in parts if part.items]


def _own_part(group: EvidenceGroup, attribute: Attribute, base: EvidenceBase) -> EvidenceGroup:
    corpus = base.corpus
    own = [
        _is_own(corpus.passage_texts[row], corpus.document_by_id[corpus.passages[row].document_id], attribute)
        for row in group.rows
    ]
    items = tuple(item for item in group.items if _is_own(item.quote, item.document, attribute))
    return replace(group, rows=group.rows[np.array(own, dtype=bool)], items=items)


def _is_own(text: str, document: Document, attribute: Attribute) -> bool:
    asked = bool(document.question) and attribute.question_pattern.search(document.question.lower()) is not None
    return asked or speaks_of_self(text)


def refuse_inferred(grounded: Grounded, attribute: Attribute) -> Grounded:
    """The proposal, with a fault where it says who people are and those quoted do not say it of themselves.

    Of a sensitive attribute every quote must be a self-statement, and they must hold the value's words. Of any other,
    what a model puts in words of its own must not bring in a trait ("nurses", "young") that nobody says of themselves.
    """
    if grounded.fault:
        return grounded
    allowed = {label for choice in attribute.choices for label in choice.label.values()}
    if allowed and grounded.proposal.value not in allowed:
        return replace(grounded, fault="the schema does not know this value")
    quotes = [citation.quote for citation in grounded.citations]
    if attribute.sensitive:
        return _refuse_sensitive(grounded, attribute)
    if grounded.proposal.origin == "llm":
        own = [statement for quote in quotes for statement in own_statements(quote)]
        strange = uncarried_traits(grounded.proposal.value, own=own, said=quotes)
        if strange:
            return replace(grounded, fault=f"nobody quoted says of themselves: {', '.join(strange)}")
    return grounded


def _refuse_sensitive(grounded: Grounded, attribute: Attribute) -> Grounded:
    value = grounded.proposal.value
    documents = {
        item.document.document_id: item.document for quote in grounded.proposal.quotes for item in quote.group.items
    }
    kept = []
    dropped = list(grounded.dropped)
    own: set[str] = set()
    for citation in grounded.citations:
        document = documents.get(citation.document_id)
        if document is not None and _is_own(citation.quote, document, attribute):
            kept.append(citation)
            statements = own_statements(citation.quote) or [citation.quote]
            own |= {root for statement in statements for root in stems(statement)}
        else:
            dropped.append(f"{citation.quote[:80]!r}: nobody says it of themselves")
    grounded = replace(grounded, citations=tuple(kept), dropped=tuple(dropped))
    if not kept:
        return replace(grounded, fault="it is sensitive, and nobody quoted says it of themselves")
    traits = {root for trait in find_traits(value) for root in stems(trait.word)}
    if traits - own or not (stems(value) & own):
        return replace(grounded, fault="it is sensitive, and says more than people say of themselves")
    return grounded

"""From a group of evidence to the sentences that say one claim."""

from __future__ import annotations

from dataclasses import replace

from personas.evidence import EvidenceBase, EvidenceGroup
from personas.support.saying import Clause, find_said
from retrieval.documents import Document


def narrow_group(value: str, group: EvidenceGroup, base: EvidenceBase) -> EvidenceGroup:
    """The group with the sentences of the segment's own people that say the value, the closest to its words first.

    Nothing is left of it where nobody says it in a sentence that can be quoted.
    """
    said = find_said(value, group.attribute, group.space, base)
    own = set(group.own.tolist())
    spans = [
        span for clause in said.clauses if clause.row in own and (span := quotable_sentence(clause, base)) is not None
    ]
    probe = group.space.embedder.embed([value])[0]
    return replace(group, items=base.make_items(spans, probe, group.space, repeated=True))


def quotable_sentence(clause: Clause, base: EvidenceBase) -> tuple[int, Document, int, int] | None:
    """The quotable sentence that the clause stands in."""
    place = base.corpus.passages[clause.row].start + clause.start
    for document, start, end in base.quotable(clause.row):
        if start <= place < end:
            return clause.row, document, start, end
    return None

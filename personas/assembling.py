"""From drafts to personas: names that differ, telling quotes and cautions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from persona_kit.errors import BudgetExhausted, ModelError
from personas.attributes import AttributeSchema, labels_unlike_shipped
from personas.authors.extractive import ExtractiveAuthor
from personas.authors.seam import PersonaAuthor, ProposedName, SegmentBrief
from personas.describing import DescribedSegment
from personas.evidence import EvidenceBase
from personas.output_checks import find_unsafe
from personas.persona_graph import SegmentDraft
from personas.records import Characteristic, Claim, Persona, Provenance
from personas.wording import CAUTIONS
from retrieval.documents import Citation

QUOTES_SHOWN = 6

HOLDS = 0.6
"""Mean Jaccard overlap from which a segment holds under resampling.

Source: Hennig, Cluster-wise assessment of cluster stability (2007): below 0.6 a cluster is not to be trusted.
"""

NOTABLE_LENGTH = 1.3
FEW_PEOPLE = 20


def name_apart(
    author: PersonaAuthor, drafts: Sequence[tuple[SegmentBrief, SegmentDraft]], base: EvidenceBase
) -> list[ProposedName]:
    """A name and tagline for each draft, no two alike."""
    names: list[ProposedName] = []
    for brief, draft in drafts:
        taken = [name.name for name in names]
        try:
            proposed = author.name(brief, draft.claims, taken)
            if proposed.origin == "llm" and find_unsafe(f"{proposed.name}. {proposed.tagline}"):
                proposed = ExtractiveAuthor(base).name(brief, draft.claims, taken)
        except (ModelError, BudgetExhausted):
            # A persona is finished without a name of the model's own.
            proposed = ExtractiveAuthor(base).name(brief, draft.claims, taken)
        names.append(_made_distinct(proposed, taken))
    return names


def _made_distinct(proposed: ProposedName, taken: Sequence[str]) -> ProposedName:
    name, number = proposed.name, 2
    while name.casefold() in {other.casefold() for other in taken}:
        name, number = f"{proposed.name} {number}", number + 1
    return ProposedName(name=name, tagline=proposed.tagline, origin=proposed.origin)


def assemble_persona(
    *,
    persona_id: str,
    described: DescribedSegment,
    brief: SegmentBrief,
    draft: SegmentDraft,
    name: ProposedName,
    characteristics: tuple[Characteristic, ...],
    author: PersonaAuthor,
    schema: AttributeSchema,
    base: EvidenceBase,
) -> Persona:
    """The persona of a segment with everything that belongs to it."""
    quality = described.segment.quality
    holds = quality is not None and quality.stability >= HOLDS and brief.share < 1.0
    return Persona(
        persona_id=persona_id,
        name=name.name,
        tagline=name.tagline,
        segment_id=described.segment.segment_id,
        language=brief.language,
        people=brief.people,
        share=brief.share,
        standing="persona" if holds else "tendency",
        claims=draft.claims,
        narrative=draft.narrative,
        quotes=telling_quotes(draft.claims),
        characteristics=characteristics,
        not_stated=draft.not_stated,
        cautions=tuple(_cautions(described, brief, draft, base)),
        terms=described.terms,
        provenance=Provenance(
            author=author.kind, model=author.model, prompts=author.prompts_used(), fallbacks=draft.fallbacks
        ),
        attribute_labels=labels_unlike_shipped(schema, brief.language),
    )


def telling_quotes(claims: Sequence[Claim]) -> tuple[Citation, ...]:
    """One quote of each of the strongest claims, each from another person."""
    chosen: list[Citation] = []
    people: set[str] = set()
    for claim in claims:
        fresh = [citation for citation in claim.citations if citation.customer_id not in people]
        if fresh:
            # A full sentence reads better than a fragment, a long one worse than both.
            best = min(fresh, key=lambda citation: (abs(len(citation.quote) - 110), citation.document_id))
            chosen.append(best)
            people.add(best.customer_id)
        if len(chosen) == QUOTES_SHOWN:
            break
    return tuple(chosen)


def _cautions(described: DescribedSegment, brief: SegmentBrief, draft: SegmentDraft, base: EvidenceBase) -> list[str]:
    words = CAUTIONS[brief.language]
    cautions = []
    others = base.corpus.words_per_customer[~described.inside]
    there = float(np.median(others)) if len(others) else described.median_words
    here = described.median_words
    if here > there * NOTABLE_LENGTH:
        cautions.append(words["more"].format(here=here, there=there))
    elif here * NOTABLE_LENGTH < there:
        cautions.append(words["less"].format(here=here, there=there))
    if brief.people < FEW_PEOPLE:
        cautions.append(words["few"].format(people=brief.people, step=round(100 / brief.people)))
    quality = described.segment.quality
    if quality is not None and quality.stability < HOLDS:
        cautions.append(words["unstable"].format(stability=round(100 * quality.stability)))
    for claim in draft.claims:
        if (
            claim.lift is not None
            and claim.adjusted_lift is not None
            and claim.lift >= 1.25
            and claim.adjusted_lift <= 1.05
        ):
            cautions.append(words["length"].format(value=claim.value, raw=claim.lift, adjusted=claim.adjusted_lift))
    return [*cautions, words["same"]]

"""From proposals to claims: quotes found in their sources, values carried by them, people counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from personas.attributes import Attribute, AttributeSchema
from personas.authors.seam import ProposedClaim
from personas.counting import Support
from personas.evidence import EvidenceBase, EvidenceGroup
from personas.grounding import Finding, carried_share, ground_quote
from personas.grounding.unheard import unheard_figure, unheard_name
from personas.output_checks import find_unsafe
from personas.records import Basis, Characteristic, Claim, ClaimStatus
from personas.support.saying import find_said
from personas.terms import stems
from retrieval.documents import Citation

DEFAULT_MIN_PEOPLE = 3
"""Fewer people than this are an anecdote."""

MOST_QUOTES = 5
LONGEST_VALUE_BYTES = 240
"""In UTF-8: forty words of English or eighty Chinese characters, several times what is asked for."""

LEAST_CARRIED = 0.5
"""Share of a value's content words that its quotes must hold (the prompt's examples and the model's own knowledge do
not count as evidence)."""

LEAST_SPOKEN, LEAST_NEAR = 1 / 3, 0.4
"""Share of a model's words that each of its quotes must hold, or how near (cosine) it must come to them otherwise."""


NOT_SAID = "does not say it"


@dataclass(frozen=True)
class Grounded:
    """A proposal that holds, or what was wrong with it."""

    proposal: ProposedClaim
    citations: tuple[Citation, ...]
    dropped: tuple[str, ...]
    """Quotes that were not kept, each with the reason."""
    fault: str = ""
    """Why the claim is dropped; empty where it holds."""
    corrected: tuple[str, ...] = ()
    """Quotes that were kept otherwise than proposed, each with the reason: repaired, or found in another document."""
    judged: tuple[tuple[str, Finding], ...] = ()
    """The quotes of `dropped` and `corrected` as they were proposed, with what became of each; for the trace."""


def ground_proposal(proposal: ProposedClaim) -> Grounded:
    """The proposal with its quotes found in their sources, one a person.

    It is dropped where no quote is left, or where the quotes do not carry its value.
    """
    citations: dict[str, Citation] = {}
    dropped: list[str] = []
    corrected: list[str] = []
    judged: list[tuple[str, Finding]] = []
    for quote in proposal.quotes:
        items = quote.group.items
        named = items[quote.item].document if quote.item is not None and quote.item < len(items) else None
        finding = ground_quote(quote.text, named, [item.document for item in items])
        if finding.citation is None or finding.reason:
            judged.append((quote.text, finding))
        if finding.citation is None:
            dropped.append(f"{quote.text[:80]!r}: {finding.reason}")
            continue
        if finding.reason:
            corrected.append(f"{quote.text[:80]!r}: {finding.reason}")
        if proposal.origin == "llm" and not _speaks_of(proposal.value, finding.citation.quote, quote.group):
            dropped.append(f"{quote.text[:80]!r}: {NOT_SAID}")
            continue
        citations.setdefault(finding.citation.customer_id, finding.citation)
    kept = tuple(citations.values())[:MOST_QUOTES]
    fault = ""
    if len(proposal.value.encode("utf-8", "replace")) > LONGEST_VALUE_BYTES:
        fault = "its value is a text, not a phrase"
    elif unsafe := find_unsafe(proposal.value):
        fault = f"its value may not stand in an output: {unsafe}"
    elif not kept:
        stands = any(NOT_SAID in reason for reason in dropped)
        fault = "its quotes do not carry its value" if stands else "none of its quotes stands in the evidence"
    elif proposal.chosen:
        pass  # a label stands for what is said; the sentences were chosen by the schema's own cues
    elif carried_share(proposal.value, [citation.quote for citation in kept]) < LEAST_CARRIED:
        fault = "its quotes do not carry its value"
    elif proposal.origin == "llm" and (strange := _unheard(proposal, kept)):
        fault = f"says what no quote holds: {strange}"
    return Grounded(proposal, kept, tuple(dropped), fault, tuple(corrected), tuple(judged))


def _speaks_of(value: str, quote: str, group: EvidenceGroup) -> bool:
    """Whether a quote is about the value at all: five true quotes of something else carry nothing."""
    if carried_share(value, [quote]) >= LEAST_SPOKEN:
        return True
    vectors = group.space.embedder.embed([value, quote])
    return float(vectors[0] @ vectors[1]) >= LEAST_NEAR


def _unheard(proposal: ProposedClaim, kept: Sequence[Citation]) -> str:
    """A figure of the value that its quotes do not hold, or a name that stands nowhere in the evidence."""
    evidence = [item.quote for quote in proposal.quotes for item in quote.group.items]
    return unheard_figure(proposal.value, [citation.quote for citation in kept]) or unheard_name(
        proposal.value, evidence
    )


def count_claim(grounded: Grounded, base: EvidenceBase, inside: NDArray[np.bool_]) -> Support:
    """The people behind a grounded claim, inside and outside of the segment; those quoted always count.

    A claim is narrower than its theme, and is said in other themes too: its people are counted passage by passage in
    all that speaks of its attribute (docs/support.md).
    """
    quotes = grounded.proposal.quotes
    group = quotes[0].group
    said = find_said(grounded.proposal.value, grounded.proposal.attribute, group.space, base).rows
    quoted = {citation.document_id: citation for citation in grounded.citations}
    cited = [
        item.row
        for group in {id(quote.group): quote.group for quote in quotes}.values()
        for item in group.items
        if (citation := quoted.get(item.document.document_id)) is not None
        and item.start < citation.end
        and citation.start < item.end
    ]
    return base.count(np.union1d(said, np.array(cited, dtype=np.int64)), inside)


def make_claim(
    number: int, grounded: Grounded, support: Support, attribute: Attribute, base: EvidenceBase, *, min_people: int
) -> Claim:
    """The claim with its numbers; `anecdotal` where fewer than the least number stand behind it or are quoted."""
    least = attribute.min_people or min_people
    quoted = len({citation.customer_id for citation in grounded.citations})
    status: ClaimStatus = "supported" if min(support.people, quoted) >= least else "anecdotal"
    note = grounded.proposal.note
    if status == "anecdotal":
        note = "; ".join(filter(None, [note, f"{min(support.people, quoted)} people quoted, {least} needed"]))
    themes = sorted({theme for quote in grounded.proposal.quotes for theme in quote.group.themes})
    return Claim(
        claim_id=f"c{number}",
        attribute=attribute.key,
        value=grounded.proposal.value,
        status=status,
        citations=grounded.citations,
        theme_ids=tuple(base.themes.themes[theme].theme_id for theme in themes),
        origin=grounded.proposal.origin,
        note=note,
        **_numbers(support),
    )


def _numbers(support: Support) -> dict[str, object]:
    return {
        "people": support.people,
        "people_elsewhere": support.people_elsewhere,
        "share": support.share,
        "share_elsewhere": support.share_elsewhere,
        "interval": support.interval,
        "lift": support.lift,
        "adjusted_lift": support.adjusted_lift,
    }


SAME_WORDS, SAME_QUOTES = 0.6, 0.5
"""Share of stems (of both values together), or of quotes, from which a proposal repeats another."""


def drop_repeats(grounded: Sequence[Grounded]) -> list[Grounded]:
    """The proposals without those that repeat an earlier one.

    Of one attribute, in words or in quotes. Words that were only taken over stand under one attribute; a model may
    find a need and a complaint in the same words.
    """
    kept: list[Grounded] = []
    for candidate in grounded:
        if not any(_repeats(candidate, other) for other in kept):
            kept.append(candidate)
    return kept


def _repeats(candidate: Grounded, other: Grounded) -> bool:
    if candidate.proposal.chosen or other.proposal.chosen:
        # One sentence may name two choices.
        named = (candidate.proposal, other.proposal)
        return len({(one.attribute, one.value, one.chosen) for one in named}) == 1
    mine, theirs = stems(candidate.proposal.value), stems(other.proposal.value)
    same_words = bool(mine) and len(mine & theirs) / len(mine | theirs) >= SAME_WORDS
    if other.proposal.attribute != candidate.proposal.attribute:
        return same_words and candidate.proposal.origin == other.proposal.origin == "extractive"
    spans = {(c.document_id, c.start) for c in candidate.citations}
    quoted = len(spans & {(c.document_id, c.start) for c in other.citations})
    return same_words or quoted > len(spans) * SAME_QUOTES


BEHAVIOUR_WORDS = (
    "order",
    "spent",
    "buy",
    "often",
    "usage",
    "use",
    "frequency",
    "visit",
    "device",
    "plan",
    "how_",
    "tenure",
    "long",
)
"""Columns whose name holds one of these tell what people do; the others who they are."""

MOST_DATA_CLAIMS = 4


def data_claims(
    characteristics: Sequence[Characteristic], files: dict[str, str], schema: AttributeSchema, *, min_people: int
) -> list[Claim]:
    """Claims from the customer table: the values over-represented among the members, each with its basis.

    Their ids are given when the segment's claims are ordered.

    Args:
        characteristics: of the segment.
        files: column -> the file it comes from.
        schema: only its attributes are claimed.
        min_people: least number of people of a claim.
    """
    raised = [
        item
        for item in characteristics
        if item.share > item.share_elsewhere and item.people >= min_people and schema.has(_attribute_of(item.column))
    ]
    return [
        Claim(
            claim_id="data",
            attribute=_attribute_of(item.column),
            value=f"{item.column.replace('_', ' ')}: {item.value}",
            status="supported",
            people=item.people,
            people_elsewhere=item.people_elsewhere,
            share=item.share,
            share_elsewhere=item.share_elsewhere,
            interval=item.interval,
            lift=item.ratio,
            adjusted_lift=None,
            basis=Basis(file=files.get(item.column, ""), column=item.column, value=item.value),
            origin="data",
            note=f"known of {item.known} people of the segment",
        )
        for item in raised[:MOST_DATA_CLAIMS]
    ]


def _attribute_of(column: str) -> str:
    return "behaviours" if any(word in column.lower() for word in BEHAVIOUR_WORDS) else "demographics"

"""Whether the counts of a claim can be right: who is quoted is of the segment, shares are people over people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from personas.records import Claim, Persona

ROUNDING = 5e-4
"""How far a stored share may lie from its people over the segment's."""


def claim_faults(persona: Persona, segment_of: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with the claims of a persona, one sentence each.

    Args:
        persona: as it is stored.
        segment_of: customer -> segment_id, of assignments.csv.
    """
    for claim in persona.claims:
        for fault in _faults(claim, persona, segment_of):
            yield f"{persona.name}, {claim.claim_id}: {fault}"


def _faults(claim: Claim, persona: Persona, segment_of: Mapping[str, str]) -> Iterator[str]:
    quoted = {citation.customer_id for citation in claim.citations}
    outside = sorted(key for key in quoted if segment_of.get(key) != persona.segment_id)
    if outside:
        yield f"quotes people who are not of the segment: {', '.join(outside)}"
    if len(quoted) > claim.people:
        yield f"quotes {len(quoted)} people and counts {claim.people}"
    if claim.people > persona.people:
        yield f"counts {claim.people} people in a segment of {persona.people}"
    # A share of the table is of those of whom the column is known.
    if claim.basis is None and abs(claim.share - claim.people / persona.people) > ROUNDING:
        yield f"{claim.people} of {persona.people} people are no share of {claim.share:.3f}"

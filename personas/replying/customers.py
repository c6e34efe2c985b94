"""Which persona a customer belongs to: by the run's assignments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from personas.persona_set import PersonaSet
from personas.records import Persona
from personas.replying.records import CustomerStatus
from retrieval.redaction import RedactLevel, public_id


@dataclass(frozen=True, kw_only=True)
class Addressee:
    """Who is answered."""

    customer_id: str
    """As the run knows it: an id that is a mail address or a number is told by its code."""
    status: CustomerStatus
    persona: Persona | None


def find_addressee(
    customer_id: str, segment_of: Mapping[str, str], persona_set: PersonaSet, *, redact: RedactLevel
) -> Addressee:
    """The customer and their persona; without one where the run does not know them, or wrote none for their segment.

    Args:
        customer_id: as it was given.
        segment_of: customer id -> segment id, of everybody in the run.
        persona_set: of the run.
        redact: how the run redacted ids.
    """
    known = customer_id if customer_id in segment_of else public_id(customer_id.strip(), level=redact)
    if known not in segment_of:
        return Addressee(customer_id=known, status="unknown", persona=None)
    own = (one for one in persona_set.personas if one.segment_id == segment_of[known])
    persona = next(own, None)
    return Addressee(customer_id=known, status="no persona" if persona is None else "known", persona=persona)

"""Whether what is told and advised of a persona rests on claims that it has."""

from __future__ import annotations

from collections.abc import Iterator

from personas.attributes import AttributeSchema
from personas.authors.seam import ProposedSentence
from personas.narrative import check_sentence
from personas.records import Persona


def sentence_faults(persona: Persona, schema: AttributeSchema | None) -> Iterator[str]:
    """What is wrong with the narrative and the actions of a persona, one sentence each.

    Every sentence must name claims that are there and pass the check it passed when it was written: its numbers, names
    and quotations stand in these claims. Every action must name claims that are there.

    Args:
        persona: as it is stored.
        schema: the attributes of the run; None where it cannot be read any more.
    """
    for number, sentence in enumerate(persona.narrative, start=1):
        proposed = ProposedSentence(text=sentence.text, claim_ids=sentence.claim_ids, origin=sentence.origin)
        if fault := check_sentence(proposed, persona.claims, schema):
            yield f"{persona.name}, sentence {number} of the narrative: {fault}"
    known = {claim.claim_id for claim in persona.claims}
    for action in persona.actions:
        strange = [claim_id for claim_id in action.claim_ids if claim_id not in known]
        if strange or not action.claim_ids:
            named = ", ".join(strange) or "none"
            yield f"{persona.name}, action {action.action_id}: names no claim that exists: {named}"

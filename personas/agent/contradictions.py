"""Contradictions: between claims of one persona, and between a claim and what its people say elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from personas.agent.gaps import Held
from personas.agent.opposition import Opposition, OppositionFinder, Statement
from personas.agent.steps import Contradiction, Settlement
from personas.evidence import EvidenceBase
from personas.support.contrary import MOST_CONTRARY, find_contrary

WEAKER_SHARE: Final = 1 / 3
"""People behind the weaker of two opposite claims, of those behind the stronger, from which both are told."""

LEAST_CONTRARY: Final = 2
"""People who must say the contrary for a claim to be contested: one finds everything otherwise."""


def weigh_contrary(held: Held, base: EvidenceBase, inside: NDArray[np.bool_]) -> Held:
    """The claim with what the segment's own people say against it; contested where enough of them do.

    Enough is a third of those who say the claim, and `LEAST_CONTRARY` people.

    Args:
        held: the claim.
        base: everything said.
        inside: ``(people,)`` the segment's members.
    """
    quotes = held.grounded.proposal.quotes
    if not quotes:
        return held
    contrary = find_contrary(held.claim.value, held.claim.attribute, quotes[0].group.space, base, inside)
    if not contrary.people:
        return held
    enough = contrary.people >= max(LEAST_CONTRARY, WEAKER_SHARE * held.support.people)
    contested = enough and held.claim.status == "supported"
    note = "1 person says otherwise" if contrary.people == 1 else f"{contrary.people} people say otherwise"
    changed: dict[str, object] = {
        "counter_citations": contrary.citations,
        "status": "contested" if contested else held.claim.status,
        "note": "; ".join(filter(None, [held.claim.note, note])),
    }
    return replace(held, claim=held.claim.model_copy(update=changed))


def settle_contradictions(
    held: Sequence[Held], base: EvidenceBase, *, number: int
) -> tuple[list[Held], list[Contradiction]]:
    """The claims without those that lose to their opposite, and what was settled.

    A supported claim is never dropped for another: both are contested, each with quotes of the other side, and an
    anecdote among them stays marked as one. One that too few people carry is dropped where the other is supported and
    has more than three times as many people; where neither is supported, both stay the anecdotes that they are.

    Args:
        held: the claims, those of the customer table left out.
        base: everything said.
        number: of the round.
    """
    order = sorted(range(len(held)), key=lambda at: (-held[at].support.people, held[at].told))
    finder = OppositionFinder(base, [statement_of(one) for one in held])
    settled = list(held)
    lost: set[int] = set()
    steps: list[Contradiction] = []
    for place, strong in enumerate(order):
        for weak in order[place + 1 :]:
            opposition = None if {strong, weak} & lost else finder.compare(strong, weak)
            if opposition is None:
                continue
            # As they came: what was settled before must not weigh on what is settled now.
            outcome = _settle(held[strong], held[weak])
            steps.append(_step(held[strong], held[weak], opposition, outcome, number))
            if outcome == "weaker dropped":
                lost.add(weak)
            else:
                settled[strong] = _against(settled[strong], held[weak], outcome)
                settled[weak] = _against(settled[weak], held[strong], outcome)
    return [one for at, one in enumerate(settled) if at not in lost], steps


def statement_of(held: Held) -> Statement:
    """The claim as far as it can be contradicted."""
    quotes = held.grounded.proposal.quotes
    return Statement(
        attribute=held.claim.attribute,
        value=held.claim.value,
        themes=frozenset(held.claim.theme_ids),
        space=quotes[0].group.space if quotes else None,
    )


def _settle(strong: Held, weak: Held) -> Settlement:
    carried = [one.claim.status in ("supported", "contested") for one in (strong, weak)]
    if not any(carried):
        return "left as they are"
    few = weak.support.people < WEAKER_SHARE * strong.support.people
    return "weaker dropped" if few and carried == [True, False] else "both contested"


def _against(held: Held, other: Held, outcome: Settlement) -> Held:
    """The claim with the other side's quotes, and the number of people it has."""
    claim = held.claim
    there = {(one.document_id, one.start) for one in (*claim.citations, *claim.counter_citations)}
    more = [one for one in other.claim.citations if (one.document_id, one.start) not in there]
    # What was found on purpose before stays.
    more = more[: max(0, MOST_CONTRARY - len(claim.counter_citations))]
    note = f"{other.support.people} people say the contrary: “{other.claim.value}”"
    changed: dict[str, object] = {
        "counter_citations": (*claim.counter_citations, *more),
        # An anecdote stays one: "contested" would hide that too few people say it.
        "status": "contested" if outcome == "both contested" and claim.status == "supported" else claim.status,
        "note": "; ".join(filter(None, [claim.note, note])),
    }
    return replace(held, claim=claim.model_copy(update=changed))


def _step(strong: Held, weak: Held, opposition: Opposition, outcome: Settlement, number: int) -> Contradiction:
    return Contradiction(
        round=number,
        attribute=strong.claim.attribute,
        value=strong.claim.value,
        people=strong.support.people,
        against_attribute=weak.claim.attribute,
        against_value=weak.claim.value,
        against_people=weak.support.people,
        ground=opposition.ground,
        words=opposition.words,
        outcome=outcome,
    )

"""Where the people of two runs went: with their persona, to another, or out of all; and what that makes of personas."""

from __future__ import annotations

from collections.abc import Mapping

from personas.diffing.matching import Crossing, Matching, groupings_agree
from personas.diffing.opening import OpenedSet
from personas.diffing.records import ABSENT, OUTSIDE, Lone, Movement, Part, PeopleShift, PersonaHead, Relation
from personas.records import Persona


def tell_head(persona: Persona, opened: OpenedSet) -> PersonaHead:
    """A persona as it stands in its set."""
    return PersonaHead(
        persona_id=persona.persona_id,
        name=persona.name,
        standing=persona.standing,
        people=persona.people,
        of=max(opened.personas.people, persona.people),
    )


def tell_people(crossing: Crossing, before: str, after: str) -> PeopleShift:
    """The people of a persona of A and of the same one in B."""
    stayed = crossing.shared(before, after)
    return PeopleShift(
        stayed=stayed,
        moved_out=crossing.of_a.get(before, 0) - stayed,
        gone=crossing.shared(before, ABSENT),
        moved_in=crossing.of_b.get(after, 0) - stayed,
        joined=crossing.shared(ABSENT, after),
    )


def find_appeared(b: OpenedSet, matching: Matching) -> tuple[Lone, ...]:
    """The personas of B without a counterpart that are neither part of a split nor made by a merger."""
    explained = {other for _, other in matching.stayed | matching.followed}
    return tuple(
        Lone(
            persona=tell_head(persona, b),
            flows=() if matching.crossing is None else matching.crossing.flows(after=persona.persona_id),
        )
        for persona in b.personas.personas
        if persona.persona_id not in explained
    )


def find_went(a: OpenedSet, matching: Matching) -> tuple[Lone, ...]:
    """The personas of A without a counterpart that neither split nor were merged into another."""
    explained = {one for one, _ in matching.stayed | matching.followed}
    return tuple(
        Lone(
            persona=tell_head(persona, a),
            flows=() if matching.crossing is None else matching.crossing.flows(before=persona.persona_id),
        )
        for persona in a.personas.personas
        if persona.persona_id not in explained
    )


def tell_relations(
    found: Mapping[str, tuple[str, ...]], wholes: OpenedSet, parts: OpenedSet, crossing: Crossing | None
) -> tuple[Relation, ...]:
    """Splits or mergers with names and numbers.

    Args:
        found: whole -> its parts.
        wholes: the set that the wholes are of.
        parts: the set that the parts are of.
        crossing: with `wholes` before `parts`.
    """
    if crossing is None:
        return ()
    return tuple(
        Relation(
            persona_id=whole,
            name=wholes.by_id[whole].name,
            people=crossing.of_a.get(whole, 0),
            parts=tuple(
                Part(
                    persona_id=part,
                    name=parts.by_id[part].name,
                    shared=crossing.shared(whole, part),
                    of=crossing.of_b.get(part, 0),
                )
                for part in its_parts
            ),
        )
        for whole, its_parts in found.items()
    )


def tell_movement(a: OpenedSet, b: OpenedSet, matching: Matching) -> Movement | None:
    """Everybody of either run by what they did; None where it is not known who is in a persona."""
    if matching.crossing is None or a.places is None or b.places is None:
        return None
    counts = dict.fromkeys(("only_a", "only_b", "stayed", "followed", "moved", "came_in", "fell_out", "outside"), 0)
    for pair, people in matching.crossing.counts.items():
        counts[_what_they_did(pair, matching)] += people
    flows = tuple(
        flow
        for flow in matching.crossing.flows()
        if _what_they_did((flow.before, flow.after), matching) not in {"only_a", "only_b", "stayed", "outside"}
    )
    return Movement(
        both=sum(matching.crossing.of_a.values()), flows=flows, agreement=groupings_agree(a.places, b.places), **counts
    )


def _what_they_did(pair: tuple[str, str], matching: Matching) -> str:
    """What people of that place in A and in B did, as a field of `Movement`."""
    if ABSENT in pair:
        return "only_b" if pair[0] == ABSENT else "only_a"
    if pair == (OUTSIDE, OUTSIDE):
        return "outside"
    if OUTSIDE in pair:
        return "came_in" if pair[0] == OUTSIDE else "fell_out"
    return "stayed" if pair in matching.stayed else "followed" if pair in matching.followed else "moved"

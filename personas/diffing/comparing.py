"""Compares two persona sets: personas, the people in them, their claims, and what differs between the runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from persona_kit.errors import InputError
from personas.diffing.causes import compare_documents, find_causes
from personas.diffing.claim_pairs import (
    ClaimPair,
    pair_claims,
    share_pair,
    shift_of_evidence,
    tell_claim,
    written_otherwise,
)
from personas.diffing.matching import Crossing, Matching, cross, match_sets
from personas.diffing.moving import (
    find_appeared,
    find_went,
    tell_head,
    tell_movement,
    tell_people,
    tell_relations,
)
from personas.diffing.opening import OpenedSet, open_set
from personas.diffing.records import (
    EvidenceShift,
    Movement,
    PersonaChange,
    PersonaMatch,
    SetDiff,
    SetHead,
    ShareChange,
)
from personas.diffing.shares import SharePair, compare_shares
from personas.records import Persona


@dataclass(frozen=True)
class _Couple:
    """A persona of A, the same one in B, and their claims side by side."""

    before: Persona
    after: Persona
    matched_by: PersonaMatch
    claims: Sequence[ClaimPair]


def diff(a: Path, b: Path) -> SetDiff:
    """What changed from the personas of one run to those of another.

    Args:
        a: the folder that `generate` wrote before, or its personas.json.
        b: the one it wrote after.

    Raises:
        InputError: when either cannot be read, holds no personas, or the two have nobody in common.
    """
    return compare_sets(open_set(a), open_set(b))


def compare_sets(a: OpenedSet, b: OpenedSet) -> SetDiff:
    """What changed from A to B.

    Raises:
        InputError: when the two have nobody in common, or, where that is not known, no persona.
    """
    crossing = None if a.places is None or b.places is None else cross(a.places, b.places)
    _check_alike(a, b, crossing)
    matching = match_sets(list(a.by_id), list(b.by_id), crossing)
    personas = tuple(_compare_personas(a, b, matching))
    appeared, went = find_appeared(b, matching), find_went(a, matching)
    documents, movement = compare_documents(a, b), tell_movement(a, b, matching)
    apart = bool(appeared or went or matching.splits or matching.merges or _unsettled(movement))
    return SetDiff(
        a=_head(a),
        b=_head(b),
        differs=apart or any(one.differs for one in personas),
        causes=find_causes(a, b, documents),
        documents=documents,
        movement=movement,
        personas=personas,
        appeared=appeared,
        went=went,
        splits=tell_relations(matching.splits, a, b, crossing),
        merges=tell_relations(matching.merges, b, a, None if crossing is None else crossing.turned()),
        tests=sum(1 + sum(claim.share is not None for claim in one.claims) for one in personas),
    )


def _check_alike(a: OpenedSet, b: OpenedSet, crossing: Crossing | None) -> None:
    if crossing is None and not a.by_id.keys() & b.by_id.keys():
        raise InputError(
            "the two share no persona id, and nothing tells who is in their personas",
            where=f"{a.path}, {b.path}",
            mend="name the folders that `personas generate` wrote: assignments.csv in them tells who is where",
        )
    if crossing is not None and not crossing.of_a:
        raise InputError(
            "nobody is in both: the two are about other people, and nothing can be compared",
            where=f"{a.path}, {b.path}",
            mend="compare runs over the same customers; where rows name no customer, a person is called "
            "<file name>:<row number>, so name the column with --customer or keep the file's name",
        )


def _unsettled(movement: Movement | None) -> bool:
    """Whether anybody is elsewhere than before."""
    return movement is not None and bool(movement.only_a or movement.only_b or movement.flows)


def _head(opened: OpenedSet) -> SetHead:
    personas = opened.personas
    return SetHead(
        path=str(opened.path),
        title=personas.title,
        language=personas.language,
        personas=len(personas.personas),
        people=personas.people,
        stability=personas.segmentation.stability,
    )


def _compare_personas(a: OpenedSet, b: OpenedSet, matching: Matching) -> Iterator[PersonaChange]:
    """The matched personas in the order of B; all their shares are tested together."""
    order = list(b.by_id)
    couples = []
    for one, (other, how) in sorted(matching.same.items(), key=lambda match: order.index(match[1][0])):
        before, after = a.by_id[one], b.by_id[other]
        couples.append(_Couple(before, after, how, pair_claims(before.claims, after.claims)))
    changes = iter(compare_shares([pair for couple in couples for pair in _share_pairs(couple, a, b)]))
    for couple in couples:
        yield _compare_couple(couple, changes, a, b, matching.crossing)


def _share_pairs(couple: _Couple, a: OpenedSet, b: OpenedSet) -> Iterator[SharePair]:
    """The persona's share of everybody, then those of the claims that are in both."""
    before, after = tell_head(couple.before, a), tell_head(couple.after, b)
    yield SharePair(before.people, before.of, after.people, after.of)
    for pair in couple.claims:
        if (shares := share_pair(pair, couple.before, couple.after)) is not None:
            yield shares


def _compare_couple(
    couple: _Couple, changes: Iterator[ShareChange], a: OpenedSet, b: OpenedSet, crossing: Crossing | None
) -> PersonaChange:
    """Takes its changes of shares from the iterator, in the order of `_share_pairs`."""
    before, after = couple.before, couple.after
    size = next(changes)
    claims = []
    for pair in couple.claims:
        change = None if pair.before is None or pair.after is None else next(changes)
        claims.append(tell_claim(pair, change, _evidence(pair, couple, a, b), (before, after)))
    everybody = a.members.get(before.persona_id, frozenset()) | b.members.get(after.persona_id, frozenset())
    return PersonaChange(
        matched_by=couple.matched_by,
        before=tell_head(before, a),
        after=tell_head(after, b),
        size=size,
        people=None if crossing is None else tell_people(crossing, before.persona_id, after.persona_id),
        documents=compare_documents(a, b, of=everybody),
        other_author=written_otherwise(before, after),
        claims=tuple(claims),
    )


def _evidence(pair: ClaimPair, couple: _Couple, a: OpenedSet, b: OpenedSet) -> EvidenceShift | None:
    if pair.after is not None:
        return shift_of_evidence(pair.after, couple.before.persona_id, b, a)
    return shift_of_evidence(pair.newest, couple.after.persona_id, a, b)

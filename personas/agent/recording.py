"""What the graph's nodes did, as steps of the trace."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from personas.agent.gaps import LEAST_VOICES, Held, people_speaking
from personas.agent.steps import (
    Counted,
    Dropped,
    Evidence,
    Kept,
    Narrated,
    NotStated,
    Proposed,
    Quote,
    Replaced,
    Silence,
    TraceStep,
)
from personas.attributes import AttributeSchema
from personas.claims import Grounded
from personas.evidence import EvidenceBase, EvidenceGroup
from personas.records import Claim, Sentence

LONGEST_SHOWN = 200
"""Characters of a quote or sentence that was not believed; a model may write pages."""

REPEATED = "it says what another claim of the attribute says, or rests on the same quotes"
LONE = "only one person says it"
BY_HAND = "rejected by hand"
AT_THE_END = frozenset({LONE, BY_HAND})
"""Why claims are dropped that had been kept when they were proposed."""


def evidence(groups: Sequence[EvidenceGroup], base: EvidenceBase) -> list[TraceStep]:
    """The groups chosen for the first pass."""
    themes = base.themes.themes
    return [
        Evidence(
            attribute=group.attribute,
            themes=tuple(themes[theme].theme_id for theme in group.themes),
            about=themes[group.themes[0]].label if group.themes else "",
            people=group.support.people,
            share=round(group.support.share, 4),
            adjusted_lift=_rounded(group.support.adjusted_lift),
            sentences=len(group.items),
        )
        for group in groups
    ]


def proposed(fresh: Sequence[Grounded], number: int) -> list[TraceStep]:
    """The claims put forward in a round."""
    return [
        Proposed(
            round=number,
            attribute=one.proposal.attribute,
            value=shown(one.proposal.value),
            quotes=len(one.proposal.quotes),
            origin=one.proposal.origin,
            note=one.proposal.note,
        )
        for one in fresh
    ]


def grounded(fresh: Sequence[Grounded], kept: Sequence[Grounded], number: int) -> list[TraceStep]:
    """What became of them: quotes put right or dropped, claims kept or dropped.

    Args:
        fresh: the claims put forward in the round, checked.
        kept: the claims of all rounds that are left.
        number: of the round.
    """
    left = {id(one) for one in kept}
    return [step for one in fresh for step in _fate(one, id(one) in left, number)]


def _fate(one: Grounded, kept: bool, number: int) -> Iterator[TraceStep]:
    attribute, value = one.proposal.attribute, shown(one.proposal.value)
    for text, finding in one.judged:
        yield Quote(
            round=number,
            attribute=attribute,
            value=value,
            quote=shown(text),
            verdict=finding.verdict,
            detail=finding.detail,
            cited=finding.citation is not None,
        )
    if kept:
        yield Kept(round=number, attribute=attribute, value=value, quotes=len(one.citations))
    else:
        yield Dropped(round=number, attribute=attribute, value=value, reason=one.fault or REPEATED)


def rejected(claims: Sequence[Claim], number: int) -> list[TraceStep]:
    """The claims that corrections say are not to be made."""
    return [
        Dropped(round=number, attribute=claim.attribute, value=shown(claim.value), reason=BY_HAND) for claim in claims
    ]


def lone(held: Sequence[Held], voices: int, number: int) -> list[TraceStep]:
    """The claims that too few people make for telling them at all."""
    return [
        Dropped(round=number, attribute=one.claim.attribute, value=shown(one.claim.value), reason=LONE)
        for one in held
        if one.support.people < voices
    ]


def counted(claim: Claim, number: int) -> TraceStep:
    """A claim as the persona holds it."""
    return Counted(
        round=number,
        claim_id=claim.claim_id,
        attribute=claim.attribute,
        value=claim.value,
        status=claim.status,
        people=claim.people,
        share=round(claim.share, 4),
        people_elsewhere=claim.people_elsewhere,
        adjusted_lift=_rounded(claim.adjusted_lift),
        quoted=len({citation.customer_id for citation in claim.citations}),
        contrary=len({citation.customer_id for citation in claim.counter_citations}),
    )


def not_stated(
    claims: Sequence[Claim],
    tried: Collection[tuple[str, str]],
    base: EvidenceBase,
    inside: NDArray[np.bool_],
    schema: AttributeSchema,
    number: int,
) -> list[TraceStep]:
    """The attributes without a claim, each with the reason.

    Args:
        claims: of the persona.
        tried: what was searched for, attributes as (key, "").
        base: everything said.
        inside: ``(people,)`` the segment's members.
        schema: the attributes.
        number: of the last round.
    """
    found = {claim.attribute for claim in claims}
    return [
        NotStated(round=number, attribute=key, reason=_silence(people_speaking(key, base, inside), (key, "") in tried))
        for key in schema.keys
        if key not in found
    ]


def _silence(people: int, searched: bool) -> Silence:
    if people == 0:
        return "nobody speaks of it"
    if people < LEAST_VOICES:
        return "one voice"
    return "nothing held" if searched else "not searched"


def narrated(
    faults: Sequence[tuple[str, str]], again: Sequence[str], narrative: Sequence[Sentence], number: int
) -> list[TraceStep]:
    """The sentences that did not pass, and the narrative as it stands.

    Args:
        faults: each sentence as the author wrote it first, with what is wrong with it; empty where nothing is.
        again: the sentences of the author's second answer.
        narrative: what is told.
        number: of the last round.
    """
    first, told = {text for text, _ in faults}, {sentence.text for sentence in narrative}
    taken = [text for text in again if text in told and text not in first]
    steps: list[TraceStep] = []
    for text, fault in faults:
        if fault:
            by: Literal["a second answer", "a plain sentence"] = "a second answer" if taken else "a plain sentence"
            taken = taken[1:]
            steps.append(Replaced(round=number, text=shown(text), reason=fault, by=by))
    by_model = sum(sentence.origin == "llm" for sentence in narrative)
    return [*steps, Narrated(round=number, sentences=len(narrative), by_model=by_model)]


def shown(text: str) -> str:
    """The text, cut where it is too long for a line of the trace."""
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"


def _rounded(ratio: float | None) -> float | None:
    return None if ratio is None else round(ratio, 3)

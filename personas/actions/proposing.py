"""The actions of a persona: ideas from its claims, put in words, each with a trial that could prove it wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil, floor
from typing import Final

from personas.actions.ideas import Idea, find_ideas
from personas.actions.records import Action, BaselineFrom, OlderGroup, Recommendation, Trial
from personas.actions.sample_size import ALPHA, POWER, people_per_arm, visible_share
from personas.actions.tone import NEUTRAL_TONE, Tone
from personas.actions.wording import (
    ANSWER_SO,
    BECAUSE,
    BECAUSE_BOUGHT,
    MEASURE,
    THEN,
    TONES,
    WHAT,
    of_language,
    tell_against,
    tell_share,
)
from personas.attributes import OutputLanguage
from personas.records import Claim, Persona

CHANGE: Final = 1 / 3
"""Smallest change worth acting on: a third of those it could reach, so that a plan is never for the eighth decimal."""

REORDER_DAYS: Final = 90
"""Time in which somebody is asked to order again."""

ASSUMED: Final[Mapping[str, float]] = {
    "more answer": 0.10,
    "fewer come back": 0.20,
    "more stay": 0.80,
    "more take it": 0.10,
    "more order": 0.20,
}
"""Shares to reckon with where the run holds none; round figures to be replaced, and marked as such."""

FALLING: Final = frozenset({"fewer say so", "fewer come back"})
"""Outcomes that are better where the share is lower."""


@dataclass(frozen=True, kw_only=True)
class SegmentFacts:
    """What is known of a segment beside its persona's claims."""

    tone: Tone = NEUTRAL_TONE
    at_risk: int = 0
    """Customers whose orders thin out, by RFM."""
    reorder: float | None = None
    """Share of its customers who ordered before and ordered again in the last `REORDER_DAYS` of the orders."""
    older: OlderGroup | None = None
    recommendations: tuple[Recommendation, ...] = ()
    product_of: Mapping[str, str | None] = field(default_factory=dict)
    """Document id -> product, of the documents that the claims cite."""


def propose_actions(persona: Persona, facts: SegmentFacts) -> tuple[Action, ...]:
    """Hypotheses to try for marketing, product, service, risk and growth, each tied to claims of the persona.

    Args:
        persona: with its claims.
        facts: of its segment.

    Returns:
        The actions in the order of `AREAS`' work: product, marketing, service, risk, growth; none without claims.
    """
    ideas = find_ideas(persona.claims, facts.recommendations, at_risk=facts.at_risk, product_of=facts.product_of)
    return tuple(
        Action(
            action_id=f"a{number}",
            area=idea.area,
            kind=idea.kind,
            what=_what(idea, facts, persona.language),
            hypothesis=_hypothesis(idea, persona),
            claim_ids=tuple(claim.claim_id for claim in idea.claims),
            trial=plan_trial(idea, persona, facts),
        )
        for number, idea in enumerate(ideas, start=1)
    )


def plan_trial(idea: Idea, persona: Persona, facts: SegmentFacts) -> Trial:
    """How the idea would be found out, half of the people against the other half."""
    language = persona.language
    baseline, origin = _baseline(idea, facts)
    rising = idea.outcome not in FALLING
    target = round(baseline + CHANGE * min(baseline, 1 - baseline) * (1 if rising else -1), 4)
    people = persona.people if idea.people is None else idea.people
    seen = visible_share(baseline, people // 2, rising=rising)
    return Trial(
        measure=of_language(MEASURE[idea.outcome], language).format(days=REORDER_DAYS),
        baseline=round(baseline, 4),
        target=target,
        baseline_from=origin,
        people_per_arm=people_per_arm(baseline, target),
        alpha=ALPHA,
        power=POWER,
        available=people,
        visible_target=None if seen is None else _outward(seen, rising=rising),
        older=facts.older,
        against=tell_against(facts.older, language),
    )


def _outward(share: float, *, rising: bool) -> float:
    """The share to four places, never nearer to the baseline than it is."""
    return (ceil(share * 1e4) if rising else floor(share * 1e4)) / 1e4


def _baseline(idea: Idea, facts: SegmentFacts) -> tuple[float, BaselineFrom]:
    """The share without the action, and where it is from; never none or all, which nothing could fall or rise from."""
    if idea.outcome == "fewer say so" and 0 < idea.claims[0].share < 1:
        return idea.claims[0].share, "claim"
    if idea.outcome == "more order" and facts.reorder is not None and 0 < facts.reorder < 1:
        return facts.reorder, "orders"
    return ASSUMED.get(idea.outcome, 0.5), "assumed"


def _what(idea: Idea, facts: SegmentFacts, language: OutputLanguage) -> str:
    values: dict[str, object] = {"value": _value(idea.claims[0]), "at_risk": facts.at_risk}
    values["tone"] = _tone(facts.tone, language)
    if idea.offer is not None:
        values |= {"item": idea.offer.item, "reach": idea.offer.reach}
    return of_language(WHAT[idea.kind], language).format_map(values)


def _hypothesis(idea: Idea, persona: Persona) -> str:
    language = persona.language
    said = [_because(claim, persona) for claim in idea.claims]
    if idea.offer is not None:
        said.insert(0, _because_bought(idea.offer, language))
    joint = "" if language == "zh" else " "
    return joint.join([*said, of_language(THEN[idea.outcome], language)])


def _because(claim: Claim, persona: Persona) -> str:
    language = persona.language
    return of_language(BECAUSE, language).format(
        people=claim.people,
        members=persona.people,
        share=tell_share(claim.share, language),
        there=tell_share(claim.share_elsewhere, language),
    )


def _because_bought(offer: Recommendation, language: OutputLanguage) -> str:
    return of_language(BECAUSE_BOUGHT, language).format(
        people=offer.people,
        known=offer.known,
        share=tell_share(offer.share, language),
        there=tell_share(offer.share_elsewhere, language),
    )


def _value(claim: Claim) -> str:
    return claim.value.rstrip(".。")


def _tone(tone: Tone, language: OutputLanguage) -> str:
    manner, length, feeling = (
        of_language(TONES[key], language)
        for key in (("manner", tone.manner), ("length", tone.length), ("feeling", tone.feeling))
    )
    return of_language(ANSWER_SO, language).format(manner=manner, length=length, feeling=feeling)

"""Which claims call for which action: one or two ideas an area, from what most people here say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from personas.actions.records import Area, Recommendation
from personas.profiles.cues import find_cues
from personas.records import Claim
from personas.sentiment import score_sentiment

FIXES = 2
"""Actions on what gets in their way; every other idea comes once."""

LEAST_REACHED = 3
"""People that an offer or a letter is for."""

USABLE = ("supported", "contested")
"""Statuses of claims that an action may rest on; a contested one only where no other does."""

BAD, GOOD = -0.1, 0.1
"""Mean feeling of a claim's quotes below which it is no praise, and above which it is no complaint."""

WANTED = frozenset({"goals", "values_lifestyle"})
"""Attributes of `PROUD` that are told without feeling; of the others only what pleases is taken up."""

PROUD = ("satisfaction", "goals", "values_lifestyle", "interests")
"""Attributes that a message can take up, the first first."""


@dataclass(frozen=True, kw_only=True)
class Idea:
    """A kind of action and the claims it rests on, the first of which it names."""

    area: Area
    kind: str
    claims: tuple[Claim, ...]
    outcome: str
    """What is expected, see `wording.THEN`."""
    offer: Recommendation | None = None
    people: int | None = None
    """Whom it is for; None: everybody in the segment."""


@dataclass
class _Picker:
    """The claims of a persona, of which each carries one action where it can."""

    claims: Sequence[Claim]
    taken: set[str] = field(default_factory=set)

    def has(self, claim: Claim) -> bool:
        """Whether an action rests on the claim already."""
        return claim.claim_id in self.taken

    def take(self, *attributes: str, fits: Callable[[Claim], bool] = lambda _claim: True) -> Claim | None:
        """The first claim of the first attribute that has one; those no action rests on yet come before the others."""
        for attribute in attributes:
            found = [claim for claim in self.claims if claim.attribute == attribute and fits(claim)]
            if found:
                best = min(found, key=lambda claim: (claim.status != "supported", self.has(claim)))
                self.taken.add(best.claim_id)
                return best
        return None


def find_ideas(
    claims: Sequence[Claim],
    recommendations: Sequence[Recommendation],
    *,
    at_risk: int,
    product_of: Mapping[str, str | None],
) -> list[Idea]:
    """What the claims call for, area by area; nothing for an area that no claim speaks for.

    Args:
        claims: of a persona, the most telling first; those of the customer table carry no action.
        recommendations: products that go with the segment.
        at_risk: customers of the segment whose orders thin out.
        product_of: document id -> the product it is about.
    """
    said = [claim for claim in claims if claim.status in USABLE and claim.citations]
    picker = _Picker(said)
    return [
        *_product(picker),
        *_marketing(picker),
        *_offers(said, recommendations, product_of),
        *_service(picker),
        *_risk(picker, at_risk),
        *_growth(picker),
    ]


def feeling_of(claim: Claim) -> float:
    """Mean feeling of the claim's quotes, -1..1."""
    quotes = [citation.quote for citation in claim.citations]
    return sum(map(score_sentiment, quotes)) / max(len(quotes), 1)


def is_leaving(claim: Claim) -> bool:
    """Whether the quotes of a claim on loyalty tell of going rather than of staying."""
    cues = [cue for citation in claim.citations for cue in find_cues(citation.quote) if cue.tag == "leave"]
    going = sum(cue.value in {"high", "medium"} for cue in cues)
    staying = len(cues) - going
    return going > staying if cues else feeling_of(claim) <= 0


def _product(picker: _Picker) -> list[Idea]:
    ideas = []
    for _ in range(FIXES):
        claim = picker.take("pain_points", fits=lambda claim: not picker.has(claim) and feeling_of(claim) <= GOOD)
        if claim is not None:
            ideas.append(Idea(area="product", kind="fix", claims=(claim,), outcome="fewer say so"))
    if (wish := picker.take("needs")) is not None:
        ideas.append(Idea(area="product", kind="build", claims=(wish,), outcome="fewer say so"))
    return ideas


def _marketing(picker: _Picker) -> list[Idea]:
    ideas = []
    if (proud := picker.take(*PROUD, fits=_is_proud)) is not None:
        ideas.append(Idea(area="marketing", kind="message", claims=(proud,), outcome="more answer"))
    if (price := picker.take("price_sensitivity")) is not None:
        ideas.append(Idea(area="marketing", kind="price", claims=(price,), outcome="more order"))
    return ideas


def _is_proud(claim: Claim) -> bool:
    return feeling_of(claim) > (BAD if claim.attribute in WANTED else GOOD)


def _offers(
    claims: Sequence[Claim], recommendations: Sequence[Recommendation], product_of: Mapping[str, str | None]
) -> list[Idea]:
    """An offer of a product that goes with the segment, where a claim speaks of it without complaint."""
    for offer in recommendations:
        if offer.kind != "product" or offer.because or offer.reach < LEAST_REACHED:
            continue
        speaking = [claim for claim in claims if feeling_of(claim) > BAD and _is_about(claim, offer.item, product_of)]
        if speaking:
            claims, people = (speaking[0],), offer.reach
            return [
                Idea(area="marketing", kind="offer", claims=claims, outcome="more take it", offer=offer, people=people)
            ]
    return []


def _is_about(claim: Claim, product: str, product_of: Mapping[str, str | None]) -> bool:
    """Whether a quote of the claim names the product, or stands in a document about it."""
    name = product.casefold()
    return any(
        name in citation.quote.casefold() or name == (product_of.get(citation.document_id) or "").casefold()
        for citation in claim.citations
    )


def _service(picker: _Picker) -> list[Idea]:
    claim = picker.take("channels", "objections", "pain_points", fits=lambda claim: feeling_of(claim) <= GOOD)
    return [] if claim is None else [Idea(area="service", kind="answer", claims=(claim,), outcome="fewer come back")]


def _risk(picker: _Picker, at_risk: int) -> list[Idea]:
    ideas = []
    if (leaving := picker.take("loyalty_churn", fits=is_leaving)) is not None:
        ideas.append(Idea(area="risk", kind="keep", claims=(leaving,), outcome="more stay"))
    elif (doubt := picker.take("objections")) is not None:
        ideas.append(Idea(area="risk", kind="doubt", claims=(doubt,), outcome="more stay"))
    if at_risk >= LEAST_REACHED:
        trouble = picker.take("loyalty_churn", "pain_points", "price_sensitivity", "objections", fits=_is_trouble)
        if trouble is not None:
            claims = (trouble,)
            ideas.append(Idea(area="risk", kind="win back", claims=claims, outcome="more order", people=at_risk))
    return ideas


def _is_trouble(claim: Claim) -> bool:
    return is_leaving(claim) if claim.attribute == "loyalty_churn" else feeling_of(claim) <= GOOD


def _growth(picker: _Picker) -> list[Idea]:
    ideas = []
    if (more := picker.take("potential")) is not None:
        ideas.append(Idea(area="growth", kind="invite", claims=(more,), outcome="more take it"))
    loyal = picker.take("loyalty_churn", fits=lambda claim: not is_leaving(claim)) or picker.take(
        "satisfaction", fits=lambda claim: feeling_of(claim) > GOOD
    )
    if loyal is not None:
        ideas.append(Idea(area="growth", kind="recommend", claims=(loyal,), outcome="more answer"))
    return ideas

"""What a card shows of actions and recommendations, and the page of products; for HTML and for Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from personas.actions.records import AREAS, Action, ProductPoint, ProductVerdict, Recommendation, Trial
from personas.persona_set import PersonaSet
from personas.records import Persona
from personas.reporting.actions_wording import ActionWords
from personas.reporting.bar_drawing import bar_width
from personas.reporting.finding_wording import tidy
from retrieval.documents import Citation


@dataclass(frozen=True)
class ActionView:
    """An action: what, why, the numbers of its claims, and how it would be found out."""

    what: str
    why: str
    refs: tuple[int, ...]
    trial: tuple[str, ...]


@dataclass(frozen=True)
class AdviceView:
    """What to do about a persona."""

    areas: tuple[tuple[str, tuple[ActionView, ...]], ...]
    nothing: str
    """The areas without an action; empty where every one has one, or none has."""
    goes: tuple[str, ...]
    """Recommendations, a sentence each."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return not (self.areas or self.goes)


@dataclass(frozen=True)
class PointView:
    """A word that people praise or blame a product with, and their sentences."""

    text: str
    detail: str
    citations: tuple[Citation, ...]


@dataclass(frozen=True)
class ProductView:
    """A product: who wrote about it and what they say."""

    name: str
    facts: str
    told: str
    good: float
    bad: float
    """Widths of the two bars, of all people who wrote about it."""
    label: str
    sides: tuple[tuple[str, tuple[PointView, ...]], ...]

    @property
    def is_bare(self) -> bool:
        """Whether no word stands out."""
        return not any(points for _, points in self.sides)


def view_advice(persona: Persona, words: ActionWords) -> AdviceView:
    """What the card of a persona shows of what to do.

    Args:
        persona: with its actions; one of an older version has none.
        words: of the page.
    """
    numbers = {claim.claim_id: at for at, claim in enumerate(persona.claims, start=1)}
    areas = [
        (words(f"area_{area}"), tuple(_action(one, numbers, words) for one in persona.actions if one.area == area))
        for area in AREAS
    ]
    empty = [name for name, actions in areas if not actions]
    return AdviceView(
        areas=tuple((name, actions) for name, actions in areas if actions),
        nothing=words("nothing_for", areas=_listed(empty, words)) if empty and persona.actions else "",
        goes=tuple(tell_recommendation(one, words) for one in persona.recommendations),
    )


def _action(action: Action, numbers: dict[str, int], words: ActionWords) -> ActionView:
    return ActionView(
        what=tidy(action.what),
        why=tidy(action.hypothesis),
        refs=tuple(numbers[claim_id] for claim_id in action.claim_ids if claim_id in numbers),
        trial=tuple(tidy(line) for line in tell_trial(action.trial, words)),
    )


def tell_trial(trial: Trial, words: ActionWords) -> tuple[str, ...]:
    """What to measure, how many people, against whom: a sentence each."""
    measure = words(
        "trial_measure",
        measure=_capital(trial.measure),
        baseline=words.percent(trial.baseline),
        origin=words(f"from_{trial.baseline_from}"),
        target=words.percent(trial.target),
    )
    needed = words(
        "trial_people",
        n=words.number(trial.people_per_arm),
        alpha=words.percent(trial.alpha),
        power=words.percent(trial.power),
    )
    key = "trial_enough" if trial.is_feasible else "trial_none" if trial.visible_target is None else "trial_visible"
    seen = "" if trial.visible_target is None else words.percent(trial.visible_target)
    enough = words(key, people=words.number(trial.available), target=seen)
    return measure, f"{needed}{'' if words.language == 'zh' else ' '}{enough}", trial.against


def tell_recommendation(one: Recommendation, words: ActionWords) -> str:
    """A recommendation with its figures."""
    key = "goes_content" if one.kind == "content" else "goes_because" if one.because else "goes_product"
    ratio = one.adjusted_lift if one.kind == "content" else one.lift
    return tidy(
        words(
            key,
            item=one.item,
            because=_listed(one.because, words),
            people=words.number(one.people),
            known=words.number(one.known),
            share=words.percent(one.share),
            there=words.percent(one.share_elsewhere),
            ratio=words("ratio", ratio=words.ratio(ratio, alone=True)),
            reach=words.number(one.reach),
        )
    )


def view_products(persona_set: PersonaSet, words: ActionWords) -> tuple[ProductView, ...]:
    """What the page shows of each product."""
    return tuple(_product(verdict, words) for verdict in persona_set.products)


def _product(verdict: ProductVerdict, words: ActionWords) -> ProductView:
    facts = [words("judged_people", people=words.count("people", verdict.people))]
    facts += [] if verdict.buyers is None else [words("judged_bought", n=words.number(verdict.buyers))]
    facts += [] if verdict.rating is None else [words("judged_rating", share=words.percent(verdict.rating))]
    counts = {"good": words.number(verdict.praising), "bad": words.number(verdict.blaming)}
    name = tidy(verdict.product)
    sides = ((words("praised"), verdict.praised), (words("blamed"), verdict.blamed))
    return ProductView(
        name=name,
        facts=words("sep").join(facts),
        told=words("praise_blame", **counts),
        good=bar_width(verdict.praising / max(verdict.people, 1)),
        bad=bar_width(verdict.blaming / max(verdict.people, 1)),
        label=words("bar_label", product=name, **counts),
        sides=tuple((side, tuple(_point(point, words) for point in points)) for side, points in sides),
    )


def _point(point: ProductPoint, words: ActionWords) -> PointView:
    share, there = words.percent(point.share), point.share_elsewhere
    detail = words("point_share", share=share)
    if there is not None:
        detail = words("point_shares", share=share, there=words.percent(there))
    return PointView(
        text=words("point", word=tidy(point.word), people=words.count("people", point.people)),
        detail=detail,
        citations=point.citations,
    )


def _listed(names: Sequence[str], words: ActionWords) -> str:
    return words("comma").join(names)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]

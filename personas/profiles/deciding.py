"""From cues and figures to one tag: what speaks for it is added up, what speaks against it takes it back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from personas.profiles.order_signs import LONG_OVERDUE, OVERDUE, OrderSign
from personas.profiles.records import Evidence, Tag

MOST_EVIDENCE: Final = 3
SURE: Final = 0.75
"""Confidence from which price, leaving and growth are tagged; below it the tag is blank."""

HINTED: Final = 0.6
"""Confidence from which a risk or a potential is medium."""

AGAINST: Final = 0.5
"""Confidence of the opposite from which only the later of the two counts."""

HIGHEST: Final = 0.97
ORDERS_WEIGHT: Final = 0.8
LONG_WEIGHT: Final = 0.88


@dataclass(frozen=True)
class Sign:
    """Something that speaks for a value of a tag."""

    value: str
    weight: float
    rule: str
    evidence: Evidence
    when: str = ""
    """Date of the document, ISO 8601; empty where not known."""


def combine(signs: Sequence[Sign]) -> float:
    """How sure the signs make together: one from each document, as if they were independent.

    The same words sent twice are one sign.
    """
    strongest: dict[str, float] = {}
    for sign in signs:
        key = sign.evidence.quote.lower() or f"{sign.evidence.column}={sign.evidence.value}"
        strongest[key] = max(strongest.get(key, 0.0), sign.weight)
    doubt = 1.0
    for weight in strongest.values():
        doubt *= 1 - weight
    return min(HIGHEST, 1 - doubt)


def tag_of(value: str, signs: Sequence[Sign], *, label: str = "", confidence: float | None = None) -> Tag:
    """The tag with its strongest signs as evidence."""
    ranked = sorted(signs, key=lambda sign: (-sign.weight, sign.evidence.document_id or "", sign.evidence.start or 0))
    return Tag(
        value=value,
        label=label,
        confidence=round(combine(signs) if confidence is None else confidence, 3),
        rule=ranked[0].rule,
        evidence=tuple(sign.evidence for sign in ranked[:MOST_EVIDENCE]),
    )


def decide_price(signs: Sequence[Sign], orders: OrderSign | None) -> Tag | None:
    """`yes`, `no`, or None where the customer says neither clearly."""
    more = [*signs, *_discount_sign(orders)]
    yes = [sign for sign in more if sign.value == "yes"]
    no = [sign for sign in more if sign.value == "no"]
    return _one_of(("yes", yes), ("no", no))


def decide_leaving(signs: Sequence[Sign], orders: OrderSign | None) -> Tag | None:
    """`high`, `medium` or `low`; None where nothing tells."""
    going = [sign for sign in signs if sign.value in {"high", "medium"}]
    silence = _silence_sign(orders)
    staying = [sign for sign in signs if sign.value == "low"]
    told = _one_of(("high", [*(sign for sign in going if sign.value == "high"), *silence]), ("low", staying))
    if told is not None:
        return told
    hints = [*going, *silence]
    if hints and combine(hints) >= HINTED and combine(staying) < AGAINST:
        return tag_of("medium", hints)
    return None


def decide_growth(signs: Sequence[Sign], orders: OrderSign | None) -> Tag | None:
    """`high`, `medium` or `low`; None where nothing tells."""
    more = [sign for sign in signs if sign.value == "high"] + _rising_sign(orders)
    less = [sign for sign in signs if sign.value == "low"]
    told = _one_of(("high", more), ("low", less))
    if told is None and more and combine(more) >= HINTED and combine(less) < AGAINST:
        return tag_of("medium", more)
    return told


def decide_habits(signs: Sequence[Sign], orders: OrderSign | None) -> tuple[Tag, ...]:
    """What the customer does, most certain first."""
    by_value: dict[str, list[Sign]] = {}
    for sign in [*signs, *_order_habits(orders)]:
        by_value.setdefault(sign.value, []).append(sign)
    tags = [tag_of(value, found) for value, found in by_value.items()]
    return tuple(sorted(tags, key=lambda tag: (-tag.confidence, tag.value)))


def _one_of(first: tuple[str, list[Sign]], second: tuple[str, list[Sign]]) -> Tag | None:
    """The value that is sure while the other is not; of two, the one said later."""
    chances = [(combine(signs) if signs else 0.0, value, signs) for value, signs in (first, second)]
    sure = [item for item in chances if item[0] >= SURE]
    if not sure:
        return None
    if len(sure) == 1:
        other = next(item for item in chances if item is not sure[0])
        if other[0] < AGAINST:
            return tag_of(sure[0][1], sure[0][2])
    latest = [max((sign.when for sign in signs), default="") for _, _, signs in chances]
    if not all(latest) or latest[0] == latest[1]:
        return None
    chance, value, signs = chances[0 if latest[0] > latest[1] else 1]
    # What was said against it stays a doubt.
    return tag_of(value, signs, confidence=SURE * chance) if chance >= SURE else None


def _figure(column: str, value: object) -> Evidence:
    return Evidence(kind="orders", column=column, value=str(value))


def _discount_sign(orders: OrderSign | None) -> list[Sign]:
    if orders is None or not orders.likes_discounts:
        return []
    value = f"{orders.discounted} of {orders.orders} orders at a discount (usual: {orders.usual_discount:.0%})"
    return [Sign("yes", LONG_WEIGHT, "orders: discounts", _figure("discount", value))]


def _silence_sign(orders: OrderSign | None) -> list[Sign]:
    chance = orders.silence_chance if orders is not None else None
    if orders is None or chance is None or chance >= OVERDUE:
        return []
    span, silence = orders.days[-1] - orders.days[0], orders.as_of - orders.days[-1]
    value = f"{silence} days since the last order, {span / (len(orders.days) - 1):.0f} days between orders before"
    weight = LONG_WEIGHT if chance < LONG_OVERDUE else HINTED
    return [Sign("high", weight, "orders: overdue", _figure("recency_days", value))]


def _rising_sign(orders: OrderSign | None) -> list[Sign]:
    if orders is None or not orders.days or not orders.rises or _silence_sign(orders):
        return []
    earlier, later = orders.halves
    value = f"{later} days with an order in the later half of the time, {earlier} in the earlier"
    return [Sign("high", ORDERS_WEIGHT, "orders: rising", _figure("orders", value))]


def _order_habits(orders: OrderSign | None) -> Iterable[Sign]:
    if orders is None or not orders.days:
        return
    named = (
        ("buys at a discount", _discount_sign(orders)),
        ("stopped ordering", [sign for sign in _silence_sign(orders) if sign.weight >= SURE]),
        ("orders more often", _rising_sign(orders)),
    )
    for value, signs in named:
        for sign in signs:
            yield Sign(value, sign.weight, sign.rule, sign.evidence)

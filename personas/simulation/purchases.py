"""What people bought and did: orders and events that fit what is true of them."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from personas.simulation.grammar import pick
from personas.simulation.people import DAYS, Person, date_of
from personas.simulation.population import Plan

ORDERING = 0.88
"""Share of people who order at all."""

ORDERS_A_YEAR = 9.0
LEAST_TO_SHOW = 4
"""Orders from which behaviour can be told."""

SILENT_DAYS = 120
"""Without an order for so long at the end of the year somebody who ordered has left."""

_DISCOUNTS = (0.1, 0.15, 0.2, 0.25, 0.3)
_CHANNELS = ("web", "app", "store", "phone")


@dataclass(frozen=True)
class Purchases:
    """One person's orders and events, as rows of the two tables."""

    orders: list[dict[str, Any]]
    events: list[dict[str, Any]]
    shown: frozenset[str]
    """Which tags the orders show: `leaving`, `growing`, `price_sensitive`."""


def draw_purchases(plan: Plan, person: Person) -> Purchases:
    """The orders and events of one person; nothing where the options leave them out."""
    if not plan.options.orders:
        return Purchases([], [], frozenset())
    random = plan.random(person.index, "purchases")
    days = _order_days(person, random)
    orders = [_order(plan, person, number, day, random) for number, day in enumerate(days, start=1)]
    events = _events(person, days, random)
    return Purchases(orders, events, _shown(days, orders))


def _order_days(person: Person, random: Random) -> list[int]:
    if random.random() >= ORDERING and not (person.leaving or person.growing):
        return []
    rate = ORDERS_A_YEAR * random.lognormvariate(0.0, 0.45)
    if person.leaving:
        count = max(LEAST_TO_SHOW, round(rate * person.stops / DAYS))
        return sorted(random.randrange(person.stops) for _ in range(count))
    if person.growing:
        # The root of an even number leans to the end of the year.
        return sorted(int(DAYS * random.random() ** 0.5) for _ in range(max(LEAST_TO_SHOW + 2, round(rate * 1.4))))
    # Steady people order at even distances, with some jitter, up to the end.
    count = max(1, round(rate))
    start = random.random()
    return sorted(min(DAYS - 1, max(0, int(DAYS * (at + start) / count + random.gauss(0, 6)))) for at in range(count))


def _order(plan: Plan, person: Person, number: int, day: int, random: Random) -> dict[str, Any]:
    products = plan.world.products
    favourite = person.index % len(products)
    product = products[favourite] if random.random() < 0.5 else pick(random, products)
    growth = 1 + (2 * day / DAYS if person.growing else 0)
    quantity = max(1, round(growth * pick(random, (1, 1, 1, 2))))
    discount = pick(random, _DISCOUNTS) if random.random() < (0.85 if person.price_sensitive else 0.12) else 0.0
    return {
        "order_id": f"O-{person.index + 1:06d}-{number:03d}",
        "customer_id": person.customer_id,
        "order_date": date_of(day),
        "product": product.name[plan_tongue(plan)],
        "quantity": quantity,
        "amount": round(quantity * product.price[plan_tongue(plan)] * (1 - discount), 2),
        "currency": "CNY" if plan_tongue(plan) == "zh" else "USD",
        "discount": discount,
    }


def plan_tongue(plan: Plan) -> Any:
    """The language of the tables: Chinese where everybody writes it."""
    return "zh" if plan.options.language == "zh" else "en"


def _events(person: Person, order_days: list[int], random: Random) -> list[dict[str, Any]]:
    """Visits, mostly on the person's own channel, a purchase for every order, and what leaving people look for."""
    channel = _channel(person, random)
    until = person.stops if person.leaving else DAYS
    happened = [(day, "purchase") for day in order_days]
    happened += [(random.randrange(until), "visit") for _ in range(random.randint(2, 12))]
    if person.leaving:
        happened += [(min(DAYS - 1, person.stops + random.randint(-20, 5)), "looked up how to cancel")]
    if person.growing:
        happened += [(random.randrange(DAYS // 2, DAYS), "compared larger plans")]
    return [
        _event(person, number, day, what, channel, random)
        for number, (day, what) in enumerate(sorted(happened), start=1)
    ]


def _channel(person: Person, random: Random) -> str:
    tags = [value.tag.removeprefix("channel:") for value, _ in person.held if value.tag.startswith("channel:")]
    return tags[0] if tags and tags[0] in _CHANNELS else pick(random, _CHANNELS[:2])


def _event(person: Person, number: int, day: int, what: str, channel: str, random: Random) -> dict[str, Any]:
    minute = int((6 + 18 * random.random()) * 60)
    return {
        "event_id": f"E-{person.index + 1:06d}-{number:03d}",
        "customer_id": person.customer_id,
        "time": f"{date_of(day)}T{minute // 60:02d}:{minute % 60:02d}",
        "event": what,
        "channel": channel if random.random() < 0.8 else pick(random, _CHANNELS),
    }


def _shown(days: list[int], orders: list[dict[str, Any]]) -> frozenset[str]:
    """What the orders show beyond doubt, judged from the orders alone."""
    if len(days) < LEAST_TO_SHOW:
        return frozenset()
    shown = set()
    early = sum(order["amount"] for order, day in zip(orders, days, strict=True) if day < DAYS / 2)
    late = sum(order["amount"] for order, day in zip(orders, days, strict=True) if day >= DAYS / 2)
    if DAYS - days[-1] >= SILENT_DAYS:
        shown.add("leaving")
    elif len(days) >= LEAST_TO_SHOW + 2 and late > 2 * early:
        shown.add("growing")
    if sum(order["discount"] > 0 for order in orders) >= 0.6 * len(orders):
        shown.add("price_sensitive")
    return frozenset(shown)

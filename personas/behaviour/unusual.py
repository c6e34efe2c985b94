"""Order patterns so far off that a person should look at them, each with its reason.

A robust z-score on logarithms (on cube roots for numbers of orders), with the spread of the upper half as its scale:
the skew of orders and money does not raise alarms by itself, and a few odd ones do not hide each other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from personas.behaviour.dates import NO_DAY
from personas.behaviour.history import History
from personas.behaviour.orders import Orders
from personas.behaviour.records import UnusualCustomer, UnusualKind, UnusualReason
from personas.behaviour.wording import unusual_reason

FAR_OFF = 5.0
"""Spreads above the middle from which a value is unusual; a normal tail holds 3 of ten million beyond it."""
UPPER_QUANTILE = 0.95
UPPER_Z = 1.6448536269514722
"""Spreads at which that quantile lies in a normal tail."""
LEAST_SPREAD = 0.3
"""On either scale, so that the first to order twice among people who order once is not five spreads off."""
LEAST_OWN_SPREAD = 0.5
"""For orders against the customer's own: twelve times the usual amount at the least."""
LEAST_COMPARED = 50
"""Fewer values than this have no tail to be far out in."""
OWN_ORDERS = 5
"""From so many orders a customer has a habit to depart from."""
LEAST_REFUNDS = 3
REFUND_CHANCE = 0.001
"""Chance of the refunds of even one customer of the table, if everybody gave back alike."""
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class _Hit:
    person: int
    kind: UnusualKind
    off: float
    """Spreads above the middle."""
    value: float
    usual: float
    currency: str = ""


def find_unusual(
    orders: Orders, history: History, person: Ints, customer_ids: Sequence[str]
) -> tuple[UnusualCustomer, ...]:
    """The customers with a pattern far off from the others', the furthest first.

    Args:
        orders: of the table.
        history: of the customers.
        person: ``(customer texts,)`` the customer of each text of the customer column.
        customer_ids: of the customers.
    """
    whose = person[orders.customer]
    hits = [
        *_large_orders(orders, whose),
        *_unlike_themselves(orders, whose),
        *_of_people("quantity", _most_of_each(orders.pieces, whose, len(customer_ids))),
        *_of_people("orders in a day", _most_in_a_day(orders, whose, len(customer_ids))),
        *_of_people("orders", history.orders.astype(np.float64), np.cbrt),
        *_refunds(history),
    ]
    found: dict[int, list[_Hit]] = defaultdict(list)
    for hit in hits:
        found[hit.person].append(hit)
    ranked = sorted(found.items(), key=lambda item: (-max(hit.off for hit in item[1]), customer_ids[item[0]]))
    return tuple(
        UnusualCustomer(
            customer_id=customer_ids[place],
            reasons=tuple(_reason(hit) for hit in sorted(own, key=lambda hit: (-hit.off, hit.kind))),
        )
        for place, own in ranked
    )


def _reason(hit: _Hit) -> UnusualReason:
    english, chinese = unusual_reason(hit.kind, hit.value, hit.usual, hit.currency)
    return UnusualReason(kind=hit.kind, text_en=english, text_zh=chinese)


def spreads_above(
    values: Floats, scale: Callable[[Floats], Floats] = np.log, *, least: float = LEAST_SPREAD
) -> tuple[Floats, float]:
    """How many spreads each value lies above the middle, and the value that 95 of 100 stay below.

    Values of zero and less, and unknown ones, are never far off. All are 0 where there are too few to compare.

    Args:
        values: ``(things,)``.
        scale: on which a usual tail is about normal: logarithms for money, cube roots for counts of orders (the tail
            of a gamma distribution, Wilson and Hilferty 1931), which falls off sooner.
        least: spread that is taken where the values differ less.
    """
    positive = np.nan_to_num(values) > 0
    if positive.sum() < LEAST_COMPARED:
        return np.zeros(len(values)), 0.0
    middle, upper = np.quantile(values[positive], [0.5, UPPER_QUANTILE])
    ends = scale(np.array([middle, upper]))
    spread = max(float(ends[1] - ends[0]) / UPPER_Z, least)
    off = np.zeros(len(values))
    off[positive] = (scale(values[positive]) - ends[0]) / spread
    return off, float(upper)


def _of_people(kind: UnusualKind, values: Floats, scale: Callable[[Floats], Floats] = np.log) -> list[_Hit]:
    off, usual = spreads_above(values, scale)
    far = np.flatnonzero(off > FAR_OFF)
    return [_Hit(int(place), kind, float(off[place]), float(values[place]), usual) for place in far]


def _large_orders(orders: Orders, whose: Ints) -> list[_Hit]:
    """The largest order of a customer, against all orders in its currency."""
    hits: dict[int, _Hit] = {}
    for currency, name in enumerate(orders.currencies):
        here = np.flatnonzero((orders.currency == currency) & ~orders.refund)
        off, usual = spreads_above(orders.amount[here])
        for place in np.flatnonzero(off > FAR_OFF):
            row = here[place]
            hit = _Hit(int(whose[row]), "largest order", float(off[place]), float(orders.amount[row]), usual, name)
            if hit.person not in hits or hits[hit.person].off < hit.off:
                hits[hit.person] = hit
    return list(hits.values())


def _unlike_themselves(orders: Orders, whose: Ints) -> list[_Hit]:
    """An order far above the customer's own middle, where that is more than orders usually stand above it."""
    usable = np.flatnonzero((np.nan_to_num(orders.amount) > 0) & ~orders.refund)
    # One more key than the customer: a customer's orders in another currency are another habit.
    key = whose[usable] * len(orders.currencies) + orders.currency[usable]
    order = np.lexsort((orders.amount[usable], key))
    usable, key = usable[order], key[order]
    starts = np.flatnonzero(np.diff(key, prepend=-1))
    counts = np.diff(np.append(starts, len(key)))
    with_habit = counts > OWN_ORDERS
    middles = orders.amount[usable][starts + counts // 2]
    owner = np.repeat(np.arange(len(starts)), counts)
    ratio = np.where(with_habit[owner], orders.amount[usable] / middles[owner], np.nan) if len(key) else np.zeros(0)
    off, _ = spreads_above(ratio, least=LEAST_OWN_SPREAD)
    last = (starts + counts - 1)[with_habit]
    return [
        _Hit(
            person=int(whose[usable[place]]),
            kind="unlike themselves",
            off=float(off[place]),
            value=float(orders.amount[usable[place]]),
            usual=float(middles[owner[place]]),
            currency=orders.currencies[orders.currency[usable[place]]],
        )
        for place in last[off[last] > FAR_OFF]
    ]


def _most_of_each(values: Floats, whose: Ints, people: int) -> Floats:
    most = np.zeros(people)
    np.maximum.at(most, whose, np.nan_to_num(values))
    return most


def _most_in_a_day(orders: Orders, whose: Ints, people: int) -> Floats:
    dated = np.flatnonzero((orders.day != NO_DAY) & ~orders.refund)
    width = 1 << 20
    key, counts = np.unique(whose[dated] * width + orders.day[dated], return_counts=True)
    return _most_of_each(counts.astype(np.float64), key // width, people)


def _refunds(history: History) -> list[_Hit]:
    """Customers who gave back more than chance explains at the rate of all customers."""
    all_orders = history.orders + history.refunds
    candidates = np.flatnonzero(history.refunds >= LEAST_REFUNDS)
    if not len(candidates) or (all_orders > 0).sum() < LEAST_COMPARED:
        return []
    # The beta integral is the tail of the binomial; scipy.stats takes seconds to import.
    from scipy.special import betainc

    hits = []
    for place in candidates:
        # The rate of the others: one who gives everything back must not set the standard.
        given = int(history.refunds.sum() - history.refunds[place]) + 1
        rate = given / (int(all_orders.sum() - all_orders[place]) + 1)
        refunds, number = int(history.refunds[place]), int(all_orders[place])
        chance = float(betainc(refunds, number - refunds + 1, rate))
        if chance * int((all_orders > 0).sum()) < REFUND_CHANCE:
            hits.append(_Hit(int(place), "refunds", FAR_OFF * (1 + refunds / number), float(refunds), rate))
    return hits

"""What each customer did, as arrays over all customers: counted once, read by everything after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from personas.behaviour.dates import NO_DAY
from personas.behaviour.orders import Orders

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

NO_CURRENCY = -1
"""A customer whose orders are in several currencies, or who has none."""


@dataclass(frozen=True)
class Ranges:
    """For each customer some items with a count, one customer's after the other's."""

    start: Ints
    """``(customers + 1,)`` where each customer's items begin."""
    item: Ints
    count: Floats

    def of(self, customer: int) -> tuple[Ints, Floats]:
        """Items and counts of one customer."""
        span = slice(self.start[customer], self.start[customer + 1])
        return self.item[span], self.count[span]


@dataclass(frozen=True)
class History:
    """The orders of all customers; every array has one entry a customer."""

    orders: Ints
    refunds: Ints
    spent: Floats
    """Net of refunds; NaN where no amount is known or the currencies differ."""
    currency: Ints
    """Index into `Orders.currencies`, or `NO_CURRENCY`."""
    first_day: NDArray[np.int32]
    last_day: NDArray[np.int32]
    basket: Floats
    products: Ranges
    """Most bought first."""


def gather_history(orders: Orders, person: Ints, people: int) -> History:
    """The history of each customer.

    Args:
        orders: of the table.
        person: ``(customer texts,)`` the customer that each text of the customer column stands for.
        people: number of customers.
    """
    whose = person[orders.customer]
    bought = ~orders.refund
    counts = np.bincount(whose[bought], minlength=people).astype(np.int64)
    currency = _only_currency(orders, whose, people)
    comparable = currency != NO_CURRENCY
    known = ~np.isnan(orders.amount)
    spent, any_known = _sum_of(whose, orders.amount, known, people)
    paid, times = _sum_of(whose, orders.amount, known & bought, people)
    with np.errstate(invalid="ignore", divide="ignore"):
        basket = np.where(comparable & (times > 0), paid / times, np.nan)
    first_day, last_day = _span_of(orders, whose, bought, people)
    return History(
        orders=counts,
        refunds=np.bincount(whose[orders.refund], minlength=people).astype(np.int64),
        spent=np.where(comparable & (any_known > 0), spent, np.nan),
        currency=currency,
        first_day=first_day,
        last_day=last_day,
        basket=basket,
        products=count_items(
            person[orders.row_customer], orders.row_product, orders.row_pieces, people, names=orders.products
        ),
    )


def _sum_of(whose: Ints, values: Floats, where: NDArray[np.bool_], people: int) -> tuple[Floats, Floats]:
    """Sum and number of the values of each customer."""
    return (
        np.bincount(whose[where], weights=values[where], minlength=people).astype(np.float64),
        np.bincount(whose[where], minlength=people).astype(np.float64),
    )


def _only_currency(orders: Orders, whose: Ints, people: int) -> Ints:
    """The one currency of the customer's known amounts; `NO_CURRENCY` where there are several or none."""
    known = ~np.isnan(orders.amount)
    low = np.full(people, len(orders.currencies), dtype=np.int64)
    high = np.full(people, NO_CURRENCY, dtype=np.int64)
    np.minimum.at(low, whose[known], orders.currency[known])
    np.maximum.at(high, whose[known], orders.currency[known])
    return np.where(low == high, high, NO_CURRENCY)


def _span_of(
    orders: Orders, whose: Ints, bought: NDArray[np.bool_], people: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """First and last day of an order, `NO_DAY` where none has a date."""
    dated = bought & (orders.day != NO_DAY)
    latest = np.iinfo(np.int32).max
    first = np.full(people, latest, dtype=np.int32)
    last = np.full(people, NO_DAY, dtype=np.int32)
    np.minimum.at(first, whose[dated], orders.day[dated])
    np.maximum.at(last, whose[dated], orders.day[dated])
    return np.where(first == latest, NO_DAY, first).astype(np.int32), last


def count_items(whose: Ints, item: Ints, weight: Floats, people: int, *, names: Sequence[str]) -> Ranges:
    """Each customer's items, the most counted first; ties by name, so that every run gives the same order."""
    width = max(len(names), 1)
    key, place = np.unique(whose * width + item, return_inverse=True)
    count = np.bincount(place, weights=weight, minlength=len(key)).astype(np.float64)
    owner, what = np.divmod(key, width)
    ranks = _ranks(names)
    order = np.lexsort((ranks[what] if len(names) else what, -count, owner))
    start = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=people))])
    return Ranges(start.astype(np.int64), what[order].astype(np.int64), count[order])


def _ranks(names: Sequence[str]) -> Ints:
    ranks = np.empty(len(names), dtype=np.int64)
    ranks[np.array(sorted(range(len(names)), key=lambda place: names[place]), dtype=np.int64)] = np.arange(len(names))
    return ranks

"""What a customer's own orders tell: bought at a discount, overdue by their own rhythm, ordering more often."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from retrieval.redaction import RedactLevel, public_id

DISCOUNT_COLUMNS: Final = (
    "discount", "discount_pct", "discount_percent", "discount_rate", "discount_amount", "discount_code", "coupon",
    "coupon_code", "voucher", "promo_code", "promotion", "rebate", "折扣", "优惠", "优惠金额", "优惠券", "折扣率",
)  # fmt: skip
LEAST_ORDERS: Final = 4
"""Days with an order from which somebody has a rhythm."""

LEAST_DISCOUNTED: Final = 3
LEAST_DISCOUNTED_SHARE: Final = 0.5
DISCOUNT_SURPRISE: Final = 0.02
"""How unlikely so many discounted orders must be for somebody who gets as many as everybody."""

OVERDUE: Final = 0.03
LONG_OVERDUE: Final = 0.01
"""How unlikely so long a silence must be at the person's own rate of ordering; so many who go on are taken wrongly."""

RISING: Final = 0.12
LEAST_RISING_ORDERS: Final = 5
LEAST_RISE: Final = 2.0
"""The later half of the time must hold this many times the orders of the earlier half."""

NO_DISCOUNTS: Final = frozenset({
    "",
    "0",
    "0.0",
    "0.00",
    "0%",
    "no",
    "none",
    "false",
    "n",
    "nan",
    "null",
    "-",
    "无",
    "否",
})


@dataclass(frozen=True)
class OrderSign:
    """The orders of one customer."""

    days: tuple[int, ...]
    """Different days with an order since 1970, ascending."""
    orders: int
    discounted: int | None
    """Orders at a discount; None where the table does not tell."""
    as_of: int
    """The last day in the table."""
    usual_discount: float
    """Share of all customers' orders that were at a discount."""

    @property
    def silence_chance(self) -> float | None:
        """How likely a silence of this length is for somebody who orders at this rate; None with too few orders.

        With a Gamma posterior of the rate after ``n`` gaps in ``t`` days, silence for ``s`` days has the chance
        ``(t / (t + s)) ** n``.
        """
        gaps, span, silence = len(self.days) - 1, self.days[-1] - self.days[0], self.as_of - self.days[-1]
        if len(self.days) < LEAST_ORDERS or span <= 0:
            return None
        return float((span / (span + silence)) ** gaps)

    @property
    def discount_chance(self) -> float | None:
        """How likely so many discounted orders are for somebody like everybody; None where the table does not tell."""
        if self.discounted is None or self.orders == 0:
            return None
        return _binomial_tail(self.discounted, self.orders, self.usual_discount)

    @property
    def halves(self) -> tuple[int, int]:
        """Days with an order in the earlier and the later half of the time since the first."""
        middle = (self.days[0] + self.as_of) / 2
        earlier = sum(day <= middle for day in self.days)
        return earlier, len(self.days) - earlier

    @property
    def rises(self) -> bool:
        """Whether more orders came later than chance would bring."""
        earlier, later = self.halves
        # The first order is what the time is counted from, and says nothing of its halves.
        earlier -= 1
        if earlier + later < LEAST_RISING_ORDERS - 1 or later < LEAST_RISE * max(earlier, 1):
            return False
        return _binomial_tail(later, earlier + later, 0.5) < RISING

    @property
    def likes_discounts(self) -> bool:
        """Whether the customer buys at a discount more than others do."""
        chance = self.discount_chance
        return (
            chance is not None
            and self.discounted is not None
            and self.discounted >= LEAST_DISCOUNTED
            and self.discounted >= LEAST_DISCOUNTED_SHARE * self.orders
            and chance < DISCOUNT_SURPRISE
        )


def _binomial_tail(successes: int, trials: int, chance: float) -> float:
    return sum(math.comb(trials, k) * chance**k * (1 - chance) ** (trials - k) for k in range(successes, trials + 1))


@dataclass(frozen=True)
class OrderSigns(Mapping[str, OrderSign]):
    """The orders of all customers as arrays; a customer's are made when asked for."""

    customer_ids: tuple[str, ...] = ()
    start: NDArray[np.int64] = field(default_factory=lambda: np.zeros(1, dtype=np.int64))
    """``(customers + 1,)`` where each customer's orders begin."""
    day: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, dtype=np.int32))
    discounted: NDArray[np.int8] = field(default_factory=lambda: np.zeros(0, dtype=np.int8))
    """1 at a discount, 0 not, -1 not told."""
    as_of: int = 0
    usual_discount: float = 0.0

    @cached_property
    def _place(self) -> dict[str, int]:
        return {customer_id: at for at, customer_id in enumerate(self.customer_ids)}

    def __getitem__(self, customer_id: str) -> OrderSign:
        at = self._place[customer_id]
        span = slice(self.start[at], self.start[at + 1])
        told = self.discounted[span]
        return OrderSign(
            days=tuple(int(day) for day in np.unique(self.day[span])),
            orders=len(told),
            discounted=int(told.sum()) if len(told) and (told >= 0).all() else None,
            as_of=self.as_of,
            usual_discount=self.usual_discount,
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self.customer_ids)

    def __len__(self) -> int:
        return len(self.customer_ids)


def read_order_signs(path: str | None, *, writing: Collection[str], redact: RedactLevel = "standard") -> OrderSigns:
    """The signs in an orders table; empty where there is none, or it holds no dates.

    Args:
        path: of the orders table, a row an order or an item.
        writing: ids of the customers who wrote something, to find the column that joins.
        redact: how the documents were redacted; ids that are personal data are made public the same way.

    Raises:
        InputError: when the file cannot be read, or joins with nobody who wrote.
    """
    from personas.behaviour.column_names import order_columns
    from personas.behaviour.columnar import read_columns
    from personas.behaviour.dates import NO_DAY, parse_days
    from personas.joining import join_column

    if path is None:
        return OrderSigns()
    table = read_columns(path, what="the orders table")
    values = {name: partial(getattr, column, "values") for name, column in table.columns.items()}
    key = join_column(values, rows=table.rows, writing=set(writing), path=path, redact=redact)
    names = order_columns(table.columns, customer=key)
    if names.date is None:
        return OrderSigns()
    dates = table.columns[names.date]
    day = np.asarray(dates.spread(parse_days(dates.values).days, NO_DAY), dtype=np.int32)
    discounted = np.full(table.rows, -1, dtype=np.int8)
    lowered = {name.lower().strip(): name for name in table.columns if name != key}
    discount = next((lowered[name] for name in DISCOUNT_COLUMNS if name in lowered), None)
    if discount is not None:
        column = table.columns[discount]
        told = np.array([value.lower() not in NO_DISCOUNTS for value in column.values], dtype=np.int8)
        discounted = np.asarray(column.spread(told, 0), dtype=np.int8)
    orders = table.columns[names.order_number].codes if names.order_number is not None else None
    ids = [public_id(value, level=redact) for value in table.columns[key].values]
    return _gather(ids, table.columns[key].codes, day, discounted, orders, no_day=int(NO_DAY))


def _gather(
    ids: list[str],
    codes: NDArray[np.int32],
    day: NDArray[np.int32],
    discounted: NDArray[np.int8],
    orders: NDArray[np.int32] | None,
    *,
    no_day: int,
) -> OrderSigns:
    customer_ids = tuple(sorted(set(ids)))
    place = {customer_id: at for at, customer_id in enumerate(customer_ids)}
    person = np.array([*(place[customer_id] for customer_id in ids), -1], dtype=np.int64)[codes]
    kept = np.flatnonzero((person >= 0) & (day != no_day))
    if orders is not None and (orders >= 0).all():
        # Several rows of one order number are one order.
        _, first = np.unique(orders[kept], return_index=True)
        kept = kept[np.sort(first)]
    kept = kept[np.lexsort((day[kept], person[kept]))]
    start = np.searchsorted(person[kept], np.arange(len(customer_ids) + 1))
    told = discounted[kept]
    return OrderSigns(
        customer_ids=customer_ids,
        start=start.astype(np.int64),
        day=day[kept],
        discounted=told,
        as_of=int(day[kept].max()) if len(kept) else 0,
        usual_discount=float(np.median(_shares(told, start))) if len(kept) and (told >= 0).all() else 0.0,
    )


def _shares(told: NDArray[np.int8], start: NDArray[np.int64]) -> NDArray[np.float64]:
    """The share of discounted orders of each customer with orders."""
    total = np.concatenate([[0], np.cumsum(told, dtype=np.int64)])
    count = np.diff(start)
    shares: NDArray[np.float64] = (np.diff(total[start]) / np.maximum(count, 1))[count > 0]
    return np.maximum(shares, 0.05)

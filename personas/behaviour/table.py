"""The behaviour of all customers: arrays inside, one record a customer on demand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from personas.behaviour.dates import NO_DAY, to_date
from personas.behaviour.events import Visits, channel_counts
from personas.behaviour.history import NO_CURRENCY, History
from personas.behaviour.records import Behaviour, BehaviourReport, UnusualCustomer
from personas.behaviour.rfm import RULES, Rfm

MOST_PRODUCTS = 5
MOST_CHANNELS = 6
"""Channels that become a column of their own for grouping; the rest are rarer."""

LOGARITHM = "log "
IN = " in "
"""Between the name of a column of money and its unit."""
MEDIANS = "medians"
ZERO_WHERE_ABSENT = frozenset({"log orders", "log money", "log refunds", "log visits"})
"""Whom no row names ordered nothing, spent nothing and did not come."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class BehaviourTable:
    """What the customers of the orders and events did."""

    customer_ids: tuple[str, ...] = ()
    """Sorted; those with a row in either table, whether they wrote or not."""
    report: BehaviourReport = field(default_factory=BehaviourReport)
    history: History | None = None
    """None without an orders table."""
    rfm: Rfm | None = None
    visits: Visits | None = None
    """None without an events table."""
    currencies: tuple[str, ...] = ("",)
    products: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    as_of: int = int(NO_DAY)
    expected_orders: Floats = field(default_factory=lambda: np.zeros(0))
    expected_value: Floats = field(default_factory=lambda: np.zeros(0))
    """In the customer's own currency; NaN where nothing is expected."""
    unusual: tuple[UnusualCustomer, ...] = ()
    """All of them; the report lists the furthest off."""
    joined_by: Mapping[str, str] = field(default_factory=dict)
    """File -> column of the customers' ids."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What was read, taken for granted and left out."""
        return self.report.notes

    @cached_property
    def place_of(self) -> Mapping[str, int]:
        """Customer id -> place in the arrays."""
        return {customer_id: place for place, customer_id in enumerate(self.customer_ids)}

    @cached_property
    def of(self) -> Mapping[str, Behaviour]:
        """Customer id -> what this customer did; each record is made when it is asked for."""
        return _Behaviours(self)

    def bought(self, customer_id: str) -> tuple[str, ...]:
        """All products of a customer, most bought first."""
        if self.history is None:
            return ()
        items, _ = self.history.products.of(self.place_of[customer_id])
        return tuple(self.products[item] for item in items)

    @cached_property
    def unusual_of(self) -> Mapping[str, tuple[str, ...]]:
        """Customer id -> reasons why a person should look at it."""
        return {one.customer_id: tuple(reason.text_en for reason in one.reasons) for one in self.unusual}

    def behaviour(self, customer_id: str) -> Behaviour:
        """What one customer did.

        Raises:
            KeyError: when neither table holds the customer.
        """
        place = self.place_of[customer_id]
        visits = self.visits
        return Behaviour.model_validate({
            "customer_id": customer_id,
            **(self._ordered(customer_id, place) if self.history is not None else {}),
            "visits": int(visits.visits[place]) if visits is not None else None,
            "channels": channel_counts(visits.channels, self.channels, place) if visits is not None else {},
            "expected_orders": _rounded(self.expected_orders[place]) if len(self.expected_orders) else None,
            "expected_value": _rounded(self.expected_value[place]) if len(self.expected_value) else None,
            "unusual": self.unusual_of.get(customer_id, ()),
        })

    def _ordered(self, customer_id: str, place: int) -> dict[str, object]:
        history, rfm = self.history, self.rfm
        assert history is not None
        assert rfm is not None
        currency = int(history.currency[place])
        first, last = int(history.first_day[place]), int(history.last_day[place])
        scores = (int(rfm.recency[place]), int(rfm.frequency[place]), int(rfm.money[place]))
        return {
            "orders": int(history.orders[place]),
            "refunds": int(history.refunds[place]),
            "spent": _rounded(history.spent[place]),
            "currency": (self.currencies[currency] or None) if currency != NO_CURRENCY else None,
            "first_order": to_date(first),
            "last_order": to_date(last),
            "recency_days": float(self.as_of - last) if last != NO_DAY else None,
            "tenure_days": float(self.as_of - first) if first != NO_DAY else None,
            "basket": _rounded(history.basket[place]),
            "products": self.bought(customer_id)[:MOST_PRODUCTS],
            "rfm": scores if all(scores) else None,
            "rfm_segment": RULES[int(rfm.rule[place])].name if rfm.rule[place] >= 0 else None,
        }


class _Behaviours(Mapping[str, Behaviour]):
    def __init__(self, table: BehaviourTable) -> None:
        self._table = table

    def __getitem__(self, customer_id: str) -> Behaviour:
        return self._table.behaviour(customer_id)

    def __iter__(self) -> Iterator[str]:
        return iter(self._table.customer_ids)

    def __len__(self) -> int:
        return len(self._table.customer_ids)


def _rounded(value: float) -> float | None:
    """The figure without the dust of adding; None for NaN."""
    return None if np.isnan(value) else round(float(value), 4)


def behaviour_columns(table: BehaviourTable, customer_ids: Sequence[str]) -> tuple[tuple[str, ...], Floats]:
    """Numeric features of behaviour for grouping and explaining people.

    Names are `log orders`, `log money`, `recency days`, `tenure days`, `log basket`, `log refunds`, `log visits` and
    `channel NAME` (share of the customer's events); logarithms are of one more, see `plain_value`. Money and basket
    name their currency (`log money in EUR`) where it is known; with several they are in medians of what the customers
    of each spent (`log money in medians`). A person without a row in the orders ordered nothing; what that leaves open
    is NaN.

    Args:
        table: of the run.
        customer_ids: the people, in the order wanted.

    Returns:
        The names, and ``(people, columns)`` with NaN for what is not known.
    """
    places = np.array([table.place_of.get(customer_id, -1) for customer_id in customer_ids], dtype=np.int64)
    columns: dict[str, Floats] = {}
    if table.history is not None:
        columns.update(_order_columns(table, table.history))
    if table.visits is not None:
        columns.update(_event_columns(table, table.visits))
    names = tuple(columns)
    found = np.full((len(places), len(names)), np.nan)
    for column, name in enumerate(names):
        absent = 0.0 if name.split(IN)[0] in ZERO_WHERE_ABSENT else np.nan
        values = columns[name]
        found[:, column] = np.where(places >= 0, values[places] if len(values) else absent, absent)
    return names, found


def plain_value(name: str, value: float) -> float:
    """A value of a behaviour column in its own unit: orders, money, days, visits, a share."""
    return float(np.expm1(value)) if name.startswith(LOGARITHM) else value


def _order_columns(table: BehaviourTable, history: History) -> dict[str, Floats]:
    one = len(table.currencies) == 1
    scale = np.ones(len(history.orders)) if one else _currency_medians(history, len(table.currencies))
    dated = history.last_day != NO_DAY
    money = np.log1p(np.maximum(history.spent, 0.0) / scale)
    unit = table.currencies[0] if one else MEDIANS
    named = f"{IN}{unit}" if unit else ""
    columns = {
        "log orders": np.log1p(history.orders.astype(np.float64)),
        f"log money{named}": np.where((history.orders == 0) & np.isnan(money), 0.0, money),
        "recency days": np.where(dated, table.as_of - history.last_day.astype(np.float64), np.nan),
        "tenure days": np.where(dated, table.as_of - history.first_day.astype(np.float64), np.nan),
        f"log basket{named}": np.log1p(np.maximum(history.basket, 0.0) / scale),
        "log refunds": np.log1p(history.refunds.astype(np.float64)),
    }
    # A column that is the same for everybody known tells nothing apart.
    return {name: values for name, values in columns.items() if _varies(values) or name == "log orders"}


def _varies(values: Floats) -> bool:
    known = values[~np.isnan(values)]
    return len(known) > 0 and bool((known != known[0]).any())


def _currency_medians(history: History, currencies: int) -> Floats:
    """The median money spent of the customers of each customer's currency; NaN where the currency is not one."""
    medians = np.full(currencies + 1, np.nan)
    for currency in range(currencies):
        spent = history.spent[(history.currency == currency) & (np.nan_to_num(history.spent) > 0)]
        if len(spent):
            medians[currency] = float(np.median(spent))
    return medians[history.currency]


def _event_columns(table: BehaviourTable, visits: Visits) -> dict[str, Floats]:
    people = len(table.customer_ids)
    owner = np.repeat(np.arange(people), np.diff(visits.channels.start))
    total = np.bincount(owner, weights=visits.channels.count, minlength=people)
    columns = {"log visits": np.log1p(visits.visits.astype(np.float64))}
    used = np.bincount(visits.channels.item, weights=visits.channels.count, minlength=len(table.channels))
    ranked = sorted(range(len(table.channels)), key=lambda place: (-used[place], table.channels[place]))
    for channel in ranked[:MOST_CHANNELS]:
        here = visits.channels.item == channel
        count = np.bincount(owner[here], weights=visits.channels.count[here], minlength=people)
        columns[f"channel {table.channels[channel]}"] = np.divide(
            count, total, out=np.full(people, np.nan), where=total > 0
        )
    return columns

"""What people did and what they are worth, as stored records."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from persona_kit.records import Record
from personas.records import Interval

UnusualKind = Literal["largest order", "orders in a day", "orders", "refunds", "quantity", "unlike themselves"]

PriorityPart = Literal["people", "revenue", "expected value", "unhappy people", "customers at risk"]


class Behaviour(Record):
    """What one customer did: orders and events, and what follows from them."""

    customer_id: str
    orders: int = 0
    """Orders that were not cancelled; several rows of one order number are one order."""
    refunds: int = 0
    """Refunds: orders marked as one, and rows of an order number of their own below zero."""
    spent: float | None = None
    """Money of all orders less the refunds; None where no amount is known or it is in several currencies."""
    currency: str | None = None
    """ISO 4217 code, or the bare sign where it could be several; None where the table names none, or several."""
    first_order: date | None = None
    last_order: date | None = None
    recency_days: float | None = None
    """Days from the last order to the last date in the table."""
    tenure_days: float | None = None
    """Days from the first order to the last date in the table."""
    basket: float | None = None
    """Mean amount of an order, refunds apart."""
    products: tuple[str, ...] = ()
    """Most bought first, five at most."""
    visits: int | None = None
    """From events: sessions where the table has them, else different days; None without an events table."""
    channels: dict[str, int] = Field(default_factory=dict)
    """Channel -> events."""
    rfm: tuple[int, int, int] | None = None
    """Recency, frequency and money, 1..5 each, 5 best; None where one of them cannot be ranked."""
    rfm_segment: str | None = None
    expected_orders: float | None = None
    """Days with an order in the next `BehaviourReport.horizon_days` days."""
    expected_value: float | None = None
    """Money of them, in `currency`, before refunds."""
    unusual: tuple[str, ...] = ()
    """Why a person should look at it; empty for nearly everybody."""


class RfmShare(Record):
    """The customers of one RFM segment."""

    name: str
    people: int
    spent: float | None
    """None where the table is in several currencies."""
    share_of_revenue: float | None
    """See `SegmentValue.share_of_revenue`."""


class UnusualReason(Record):
    """One thing about a customer that is far off from everybody else."""

    kind: UnusualKind
    text_en: str
    text_zh: str


class UnusualCustomer(Record):
    """A customer whom a person should look at, the furthest off first."""

    customer_id: str
    reasons: tuple[UnusualReason, ...]


class HoldoutCheck(Record):
    """The same model, fitted without the last quarter of the time, against what that quarter brought."""

    days: int
    customers: int
    """Those who had ordered before."""
    expected_orders: float
    observed_orders: int
    ratio: Interval
    """95 % interval of observed over expected."""
    rank_correlation: float
    """Of expected and observed orders over these customers: whether those ordered more of whom more was expected."""
    beats_chance: bool
    """Whether that is above nothing with 95 % certainty."""


class ValueModel(Record):
    """The model behind expected orders and expected value."""

    name: str
    """`BG/NBD` or `MBG/NBD`, with `Gamma-Gamma` where it also tells money."""
    library: str
    parameters: dict[str, float]
    customers: int
    """Whom it speaks of."""
    fitted_on: int
    """Customers drawn for fitting."""
    check: HoldoutCheck


class BehaviourReport(Record):
    """What the tables of orders and events hold as a whole."""

    as_of: date | None = None
    """The last date in the orders: recency counts back from it."""
    first_date: date | None = None
    horizon_days: int = 365
    currency: str | None = None
    """None where the amounts name none, or several."""
    currencies: dict[str, int] = Field(default_factory=dict)
    """Currency -> orders; an empty name where none is named."""
    customers_with_orders: int = 0
    customers_with_events: int = 0
    orders: int = 0
    refunds: int = 0
    revenue: float | None = None
    """Net of refunds; None without amounts or with several currencies."""
    rfm: tuple[RfmShare, ...] = ()
    model: ValueModel | None = None
    why_no_orders_expected: str = ""
    """Why there are no expected orders; empty where there are."""
    why_no_orders_expected_zh: str = ""
    why_no_value_expected: str = ""
    """Why there is no expected value; empty where there is."""
    why_no_value_expected_zh: str = ""
    unusual: tuple[UnusualCustomer, ...] = ()
    notes: tuple[str, ...] = ()
    notes_zh: tuple[str, ...] = ()
    """The same notes in Chinese, one for one; empty in runs made before they were."""


class Money(Record):
    """An amount in one currency, which never adds to another."""

    currency: str | None
    amount: float
    share: float | None
    """Of all the money of this currency; None where that is nothing."""


class SegmentValue(Record):
    """What the people of one segment ordered and are expected to order."""

    segment_id: str
    people: int
    customers_with_orders: int
    revenue: tuple[Money, ...]
    share_of_revenue: float | None
    """Of one currency plainly; with several, the shares within each, weighed by its orders (amounts never add)."""
    median_spent: tuple[Money, ...]
    """Per customer with orders, by currency; `share` is None."""
    expected_value: tuple[Money, ...]
    """Of the next `horizon_days`; empty without a model."""
    share_of_expected_value: float | None
    expected_orders: float | None
    rfm: dict[str, int]
    """RFM segment -> customers, in the order of the rules."""
    at_risk: int
    """Customers of the RFM segments that are slipping away."""


class PartOfPriority(Record):
    """One part of a priority: the segment's share of the whole."""

    part: PriorityPart
    share: float
    """0..1; shares of one part add up to 1 over the segments."""
    weight: float
    """Weights of the parts in use add up to 1."""


class PersonaPriority(Record):
    """How much of what matters lies with one segment, and from what that is added up."""

    segment_id: str
    rank: int
    """1 is first."""
    points: float
    """100 times the sum of share times weight; the points of all segments add up to 100."""
    interval: Interval
    """95 % of the points, over drawing the people anew."""
    parts: tuple[PartOfPriority, ...]
    sure: bool
    """Whether it stays ahead of the next one, over drawing the people anew, with 95 % certainty."""

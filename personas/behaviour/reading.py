"""Orders and events read and turned into what each customer did."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from persona_kit.errors import EnvironmentProblem
from personas.behaviour.column_names import order_columns
from personas.behaviour.columnar import Columns, read_columns
from personas.behaviour.dates import NO_DAY, to_date
from personas.behaviour.events import gather_visits, read_events
from personas.behaviour.expectation import Expectation, OrderDays, expect
from personas.behaviour.history import NO_CURRENCY, History, gather_history
from personas.behaviour.notes import in_chinese, labelled, note
from personas.behaviour.orders import Orders, read_orders
from personas.behaviour.records import BehaviourReport, RfmShare, UnusualCustomer
from personas.behaviour.rfm import RULES, Rfm, score_rfm
from personas.behaviour.shares import orders_by_currency, share_of_money
from personas.behaviour.table import BehaviourTable
from personas.behaviour.unusual import find_unusual
from personas.behaviour.wording import counted
from personas.joining import join_column
from retrieval.redaction import RedactLevel, public_id

HORIZON_DAYS = 365
MOST_SHOWN = 50
"""Unusual customers that the report lists; the furthest off come first."""

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class _Joined:
    """A table and the people its customer column names."""

    label: str
    table: Columns
    customer: str
    ids: tuple[str, ...]
    """Public id of each different text of the customer column."""


def read_behaviour(
    orders: str | None,
    events: str | None,
    *,
    writing: Collection[str],
    redact: RedactLevel = "standard",
    expected: bool = True,
    horizon_days: int = HORIZON_DAYS,
    today: date | None = None,
    seed: int = 0,
) -> BehaviourTable:
    """What the customers did, from the tables of orders and events; an empty table where neither is given.

    Args:
        orders: path of the orders: a row an order, or a row an item with an order number.
        events: path of the events: a row a visit, click or call.
        writing: ids of the customers who wrote something, to find the column that joins.
        redact: how the documents were redacted; ids that are personal data are made public the same way.
        expected: whether to fit what customers are expected to order (seconds; needs the extra `value`, without which
            the report says why there is none).
        horizon_days: how far ahead.
        today: later dates are not believed; None takes dates far beyond all others for slips instead, so that the same
            files give the same figures on any day.
        seed: for drawing the customers that the model is fitted on, where there are many.

    Raises:
        InputError: when a file cannot be read, or joins with nobody who wrote.
    """
    ordered = _join(orders, "the orders table", writing, redact)
    visited = _join(events, "the events table", writing, redact)
    customer_ids = tuple(sorted({*(ordered.ids if ordered else ()), *(visited.ids if visited else ())}))
    place = {customer_id: number for number, customer_id in enumerate(customer_ids)}
    table = BehaviourTable(customer_ids=customer_ids)
    if ordered is not None:
        table = _with_orders(ordered, place, expected=expected, horizon_days=horizon_days, today=today, seed=seed)
    if visited is not None:
        table = _with_events(table, visited, place)
    return table


def read_from_columns(table: Columns, customer: str, *, label: str = "orders") -> BehaviourTable:
    """The same for an orders table that is already read and whose customer column is known; nothing is expected."""
    joined = _Joined(label, table, customer, table.columns[customer].values)
    place = {customer_id: number for number, customer_id in enumerate(sorted(joined.ids))}
    return _with_orders(joined, place, expected=False, horizon_days=HORIZON_DAYS, today=None, seed=0)


def _join(path: str | None, what: str, writing: Collection[str], redact: RedactLevel) -> _Joined | None:
    if path is None:
        return None
    table = read_columns(path, what=what)
    values = {name: partial(getattr, column, "values") for name, column in table.columns.items()}
    customer = join_column(values, rows=table.rows, writing=set(writing), path=path, redact=redact)
    ids = tuple(public_id(value, level=redact) for value in table.columns[customer].values)
    return _Joined(Path(path).name, table, customer, ids)


def _person_of(joined: _Joined, place: dict[str, int]) -> Ints:
    return np.array([place[customer_id] for customer_id in joined.ids], dtype=np.int64)


def _with_orders(
    joined: _Joined, place: dict[str, int], *, expected: bool, horizon_days: int, today: date | None, seed: int
) -> BehaviourTable:
    names = order_columns(joined.table.columns, customer=joined.customer)
    orders = read_orders(joined.table, names, customer=joined.customer, label=joined.label, today=today)
    person = _person_of(joined, place)
    customer_ids = tuple(place)
    history = gather_history(orders, person, len(customer_ids))
    rfm = score_rfm(history, orders.as_of, len(orders.currencies))
    expectation, medians = _expected(orders, history, person, expected, horizon_days, seed)
    unusual = find_unusual(orders, history, person, customer_ids)
    report = _report(joined, orders, history, rfm, expectation, unusual, horizon_days)
    return BehaviourTable(
        customer_ids=customer_ids,
        report=report,
        history=history,
        rfm=rfm,
        currencies=orders.currencies,
        products=orders.products,
        as_of=orders.as_of,
        expected_orders=expectation.orders,
        expected_value=expectation.orders * expectation.amount * medians,
        unusual=unusual,
        joined_by={joined.label: joined.customer},
    )


def _expected(
    orders: Orders, history: History, person: Ints, wanted: bool, horizon_days: int, seed: int
) -> tuple[Expectation, NDArray[np.float64]]:
    """What is expected, and the median order of each customer's currency, in which it is counted."""
    people = len(history.orders)
    medians = np.full(len(orders.currencies) + 1, np.nan)
    positive = (np.nan_to_num(orders.amount) > 0) & ~orders.refund
    for currency in range(len(orders.currencies)):
        if (here := positive & (orders.currency == currency)).any():
            medians[currency] = float(np.median(orders.amount[here]))
    of_people = medians[history.currency]
    nothing = np.full(people, np.nan)
    if not wanted:
        return Expectation(nothing, nothing, None, note("not asked"), note("not asked")), of_people
    try:
        days = _order_days(orders, person, medians)
        found = expect(days, people=people, as_of=orders.as_of, horizon_days=horizon_days, seed=seed)
    except EnvironmentProblem as missing:
        why = note("not installed", what=missing.what, mend=missing.mend)
        return Expectation(nothing, nothing, None, why, why), of_people
    return found, of_people


def _order_days(orders: Orders, person: Ints, medians: NDArray[np.float64]) -> OrderDays:
    """The orders of one customer and day as one, in medians of the currency."""
    used = np.flatnonzero((orders.day != NO_DAY) & ~orders.refund)
    whose, day = person[orders.customer[used]], orders.day[used].astype(np.int64)
    width = int(day.max(initial=0)) + 1
    key, place = np.unique(whose * width + day, return_inverse=True)
    amount = orders.amount[used] / medians[orders.currency[used]]
    known = ~np.isnan(amount)
    total = np.bincount(place, weights=np.where(known, amount, 0.0), minlength=len(key))
    any_known = np.bincount(place, weights=known, minlength=len(key)) > 0
    return OrderDays(key // width, key % width, np.where(any_known, total, np.nan))


def _report(
    joined: _Joined,
    orders: Orders,
    history: History,
    rfm: Rfm,
    expectation: Expectation,
    unusual: tuple[UnusualCustomer, ...],
    horizon_days: int,
) -> BehaviourReport:
    counts = np.bincount(orders.currency[~orders.refund], minlength=len(orders.currencies))
    dated = orders.day[orders.day != NO_DAY]
    one = len(orders.currencies) == 1
    known = orders.amount[~np.isnan(orders.amount)]
    notes: list[str] = [
        labelled(joined.label, note("joined", column=joined.customer)),
        *orders.notes,
        *_about_people(history),
        *rfm.notes,
        *expectation.notes,
    ]
    if len(unusual) > MOST_SHOWN:
        notes.append(note("unusual", len(unusual), shown=MOST_SHOWN))
    return BehaviourReport(
        as_of=to_date(orders.as_of),
        first_date=to_date(int(dated.min())) if len(dated) else None,
        horizon_days=horizon_days,
        currency=(orders.currencies[0] or None) if one else None,
        currencies={name: int(count) for name, count in zip(orders.currencies, counts, strict=True)},
        customers_with_orders=int((history.orders > 0).sum()),
        orders=int(history.orders.sum()),
        refunds=int(history.refunds.sum()),
        revenue=round(float(known.sum()), 2) if one and len(known) else None,
        rfm=_rfm_shares(history, rfm, orders, one=one),
        model=expectation.model,
        why_no_orders_expected=str(expectation.why_no_orders),
        why_no_orders_expected_zh=in_chinese(expectation.why_no_orders),
        why_no_value_expected=str(expectation.why_no_value),
        why_no_value_expected_zh=in_chinese(expectation.why_no_value),
        unusual=unusual[:MOST_SHOWN],
        notes=tuple(map(str, notes)),
        notes_zh=tuple(map(in_chinese, notes)),
    )


def _about_people(history: History) -> tuple[str, ...]:
    several = int(((history.currency == NO_CURRENCY) & (history.basket != history.basket) & (history.orders > 0)).sum())
    only_refunds = int(((history.orders == 0) & (history.refunds > 0)).sum())
    notes: list[str] = []
    if several and (history.currency != NO_CURRENCY).any():
        notes.append(note("no money", several, customers=counted(several, "customer")))
    if only_refunds:
        notes.append(note("only refunds", only_refunds, customers=counted(only_refunds, "customer")))
    return tuple(notes)


def _rfm_shares(history: History, rfm: Rfm, orders: Orders, *, one: bool) -> tuple[RfmShare, ...]:
    shares = share_of_money(history.spent, history.currency, orders_by_currency(history, len(orders.currencies)))
    found = []
    for place, rule in enumerate(RULES):
        here = rfm.rule == place
        if here.any():
            found.append(
                RfmShare(
                    name=rule.name,
                    people=int(here.sum()),
                    spent=round(float(np.nansum(history.spent[here])), 2) if one else None,
                    share_of_revenue=None if shares is None else round(float(shares[here].sum()), 6),
                )
            )
    return tuple(found)


def _with_events(table: BehaviourTable, joined: _Joined, place: dict[str, int]) -> BehaviourTable:
    events = read_events(joined.table, customer=joined.customer, label=joined.label)
    visits = gather_visits(events, _person_of(joined, place), len(place))
    notes = (labelled(joined.label, note("joined", column=joined.customer)), *events.notes)
    report = table.report.model_copy(
        update={
            "customers_with_events": int((visits.visits > 0).sum()),
            "notes": (*table.report.notes, *map(str, notes)),
            "notes_zh": (*table.report.notes_zh, *map(in_chinese, notes)),
        }
    )
    return replace(
        table,
        report=report,
        visits=visits,
        channels=events.channels,
        joined_by={**table.joined_by, joined.label: joined.customer},
    )

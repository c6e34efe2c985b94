"""The rows of an orders table as orders: whose, when, how much, in which currency; every row is accounted for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from personas.behaviour.amounts import parse_amounts
from personas.behaviour.column_names import OrderColumns
from personas.behaviour.columnar import Column, Columns
from personas.behaviour.currencies import Currencies, settle_currencies
from personas.behaviour.dates import NO_DAY, last_believable, parse_days, to_date
from personas.behaviour.notes import labelled, note, together
from personas.behaviour.wording import counted
from retrieval.word_lists import words_in

CANCELLED = frozenset(
    words_in("""
        cancelled canceled failed unpaid void voided declined abandoned 已取消 取消 交易关闭 未付款 待付款 支付失败
    """)
)
REFUNDED = frozenset(words_in("refunded refund returned return chargeback 已退款 退款 已退货 退货 退款成功"))

LEAST_SAME_TOTALS = 10
"""From so many orders of several rows that repeat one amount, the amount is the order's and not the row's."""

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Orders:
    """Orders of all customers, by customer and day; refunds stand among them."""

    customer: Ints
    """``(orders,)`` index into the different texts of the customer column."""
    day: NDArray[np.int32]
    """Days since 1970-01-01, `NO_DAY` where unknown."""
    amount: Floats
    """NaN where unknown; below zero for a refund."""
    currency: Ints
    """Index into `currencies`."""
    pieces: Floats
    """Quantity of the largest row; NaN where there is no such column."""
    refund: NDArray[np.bool_]
    """An order marked as refunded, or one of its own below zero."""
    currencies: tuple[str, ...]
    row_customer: Ints
    """``(bought rows,)`` for the products."""
    row_product: Ints
    row_pieces: Floats
    products: tuple[str, ...]
    as_of: int
    """The last believable day."""
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Rows:
    """The rows of the table that name a customer and were not cancelled."""

    customer: Ints
    order_number: Ints
    day: NDArray[np.int32]
    amount: Floats
    currency: Ints
    pieces: Floats
    product: Ints
    refunded: NDArray[np.bool_]


def read_orders(table: Columns, names: OrderColumns, *, customer: str, label: str, today: date | None = None) -> Orders:
    """The orders of a table.

    Args:
        table: column by column.
        names: which column holds what.
        customer: the column of the customers' ids.
        label: name of the file, for the notes.
        today: later dates are not believed; None leaves that to `last_believable`.
    """
    notes: list[str] = [_what_was_taken(names)]
    currencies, numbers = _money(table, names, notes)
    days = _days(table, names.date, notes)
    as_of = last_believable(days, today=today)
    late = (days > as_of) & (days != NO_DAY)
    if late.any():
        count = int(late.sum())
        notes.append(note("late", count, rows=counted(count, "row"), day=to_date(as_of)))
    days = np.where(late, NO_DAY, days)
    rows, kept_notes = _kept_rows(table, names, customer, days, numbers, currencies)
    notes += kept_notes
    return _gathered(rows, table, names, currencies, as_of, [labelled(label, one) for one in notes], label)


def _what_was_taken(names: OrderColumns) -> str:
    kind = {"row": "the row", "order total": "the order", "unit price": "one piece"}[names.amount_is]
    number = names.order_number
    return together([
        note("date from", column=names.date) if names.date else note("no dates"),
        note(f"amount of {kind}", column=names.amount) if names.amount else note("no amounts"),
        note("order numbers", column=number) if number else note("no order numbers"),
    ])


def _money(table: Columns, names: OrderColumns, notes: list[str]) -> tuple[Currencies, Floats]:
    """Currency and amount of every row, `unit price` times quantity where the amount is of one piece."""
    rows = table.rows
    if names.amount is None:
        return Currencies(("",), np.zeros(rows, dtype=np.int64)), np.full(rows, np.nan)
    column = table.columns[names.amount]
    read = parse_amounts(column.values)
    numbers = column.spread(read.numbers, np.nan)
    _tell_unread(column, np.isnan(read.numbers), "unread amounts", notes)
    if read.decimal_comma:
        notes.append(note("decimal comma"))
    if read.ambiguous:
        notes.append(note("ambiguous", read.ambiguous))
    if names.amount_is == "unit price" and names.quantity is not None:
        pieces = _quantities(table.columns[names.quantity])
        numbers = numbers * np.where(np.isnan(pieces), 1.0, pieces)
        notes.append(note("times quantity", amount=names.amount, quantity=names.quantity))
    named = table.columns[names.currency] if names.currency else None
    currencies = settle_currencies(named, Column(read.currencies, column.codes), names.currency_of_name)
    notes += currencies.notes
    return currencies, numbers


def _quantities(column: Column) -> Floats:
    return column.spread(parse_amounts(column.values).numbers, np.nan)


def _days(table: Columns, name: str | None, notes: list[str]) -> NDArray[np.int32]:
    if name is None:
        return np.full(table.rows, NO_DAY, dtype=np.int32)
    column = table.columns[name]
    read = parse_days(column.values)
    _tell_unread(column, read.days == NO_DAY, "unread dates", notes)
    empty = int((column.codes < 0).sum())
    if empty:
        notes.append(note("undated", empty, rows=counted(empty, "row")))
    if read.order_unsure:
        notes.append(note("month first"))
    return column.spread(read.days, NO_DAY)


def _tell_unread(column: Column, unread: NDArray[np.bool_], key: str, notes: list[str]) -> None:
    if not unread.any():
        return
    codes = column.codes[column.codes >= 0]
    count = int(unread[codes].sum())
    examples = ", ".join(repr(column.values[place]) for place in np.flatnonzero(unread)[:3])
    notes.append(note(key, count, rows=counted(count, "row"), examples=examples))


def _kept_rows(
    table: Columns,
    names: OrderColumns,
    customer: str,
    days: NDArray[np.int32],
    numbers: Floats,
    currencies: Currencies,
) -> tuple[_Rows, list[str]]:
    people = table.columns[customer].codes
    cancelled, refunded = _status(table, names.status)
    notes: list[str] = []
    if nameless := int((people < 0).sum()):
        notes.append(note("nameless", nameless, rows=counted(nameless, "row")))
    if gone := int((cancelled & (people >= 0)).sum()):
        notes.append(note("cancelled", gone, rows=counted(gone, "row")))
    keep = (people >= 0) & ~cancelled
    rows = table.rows
    none = np.full(rows, -1, dtype=np.int64)

    def codes(name: str | None) -> Ints:
        return none if name is None else table.columns[name].codes.astype(np.int64)

    pieces = _quantities(table.columns[names.quantity]) if names.quantity else np.full(rows, np.nan)
    kept = _Rows(
        customer=people[keep].astype(np.int64),
        order_number=codes(names.order_number)[keep],
        day=days[keep],
        amount=numbers[keep],
        currency=currencies.of_row[keep],
        pieces=pieces[keep],
        product=codes(names.product)[keep],
        refunded=refunded[keep],
    )
    return kept, notes


def _status(table: Columns, name: str | None) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which rows are cancelled, and which refunded."""
    if name is None:
        return np.zeros(table.rows, dtype=bool), np.zeros(table.rows, dtype=bool)
    column = table.columns[name]
    folded = [value.casefold() for value in column.values]
    return (
        column.spread(np.array([value in CANCELLED for value in folded], dtype=bool), False),
        column.spread(np.array([value in REFUNDED for value in folded], dtype=bool), False),
    )


def _gathered(
    rows: _Rows,
    table: Columns,
    names: OrderColumns,
    currencies: Currencies,
    as_of: int,
    notes: list[str],
    label: str,
) -> Orders:
    """The rows put together by order number."""
    place, count = _order_of_row(rows)
    once = names.order_number is not None and _repeats_totals(rows, place, count)
    if once and names.amount is not None:
        notes.append(labelled(label, note("repeats", column=names.amount)))
    amount = _largest(rows.amount, place, count) if once else _summed(rows.amount, place, count)
    first = _first_row(place, count)
    mixed = _differs(rows.currency, place, first)
    if mixed.any():
        many = int(mixed.sum())
        notes.append(labelled(label, note("mixed", many, orders=counted(many, "order"))))
        amount = np.where(mixed, np.nan, amount)
    marked = np.bincount(place, weights=rows.refunded, minlength=count) > 0
    refund = marked | (amount < 0)
    if refund.any():
        back = int(refund.sum())
        notes.append(labelled(label, note("refunds", back, refunds=counted(back, "refund"))))
    # An order marked as refunded gave its money back: it counts for nothing, not below.
    amount = np.where(marked & ~(amount < 0), 0.0, amount)
    bought = (rows.product >= 0) & ~refund[place]
    pieces = np.where(np.isnan(rows.pieces), 1.0, np.abs(rows.pieces))
    return Orders(
        customer=rows.customer[first],
        day=_earliest(rows.day, place, count),
        amount=amount,
        currency=rows.currency[first],
        pieces=_largest(rows.pieces, place, count),
        refund=refund,
        currencies=currencies.names,
        row_customer=rows.customer[bought],
        row_product=rows.product[bought],
        row_pieces=pieces[bought],
        products=table.columns[names.product].values if names.product else (),
        as_of=as_of,
        notes=tuple(notes),
    )


def _order_of_row(rows: _Rows) -> tuple[Ints, int]:
    """The order each row belongs to, 0.. in the order of customers and order numbers, and how many there are."""
    count = len(rows.customer)
    # A row without an order number is an order of its own.
    number = np.where(
        rows.order_number >= 0, rows.order_number, rows.order_number.max(initial=0) + 1 + np.arange(count)
    )
    key = rows.customer * (int(number.max(initial=0)) + 1) + number
    different, place = np.unique(key, return_inverse=True)
    return place.astype(np.int64), len(different)


def _first_row(place: Ints, count: int) -> Ints:
    first = np.empty(count, dtype=np.int64)
    backwards = np.arange(len(place) - 1, -1, -1)
    first[place[backwards]] = backwards
    return first


def _differs(values: Ints, place: Ints, first: Ints) -> NDArray[np.bool_]:
    return np.bincount(place, weights=values != values[first][place], minlength=len(first)) > 0


def _summed(values: Floats, place: Ints, count: int) -> Floats:
    """Sums by order, unknown values left aside; NaN where none is known."""
    known = ~np.isnan(values)
    total = np.bincount(place, weights=np.where(known, values, 0.0), minlength=count)
    return np.where(np.bincount(place, weights=known, minlength=count) > 0, total, np.nan)


def _largest(values: Floats, place: Ints, count: int) -> Floats:
    found = np.full(count, -np.inf)
    np.maximum.at(found, place, np.where(np.isnan(values), -np.inf, values))
    return np.where(np.isinf(found), np.nan, found)


def _earliest(days: NDArray[np.int32], place: Ints, count: int) -> NDArray[np.int32]:
    latest = np.iinfo(np.int32).max
    found = np.full(count, latest, dtype=np.int32)
    np.minimum.at(found, place, np.where(days == NO_DAY, latest, days).astype(np.int32))
    return np.where(found == latest, NO_DAY, found).astype(np.int32)


def _repeats_totals(rows: _Rows, place: Ints, count: int) -> bool:
    """Whether every order of several rows repeats one amount, and the orders differ: then it is the order's total."""
    size = np.bincount(place, minlength=count)
    several = size > 1
    if several.sum() < LEAST_SAME_TOTALS:
        return False
    first = _first_row(place, count)
    cents = np.where(np.isnan(rows.amount), -1, np.rint(rows.amount * 100)).astype(np.int64)
    same = ~_differs(cents, place, first)
    return bool(same[several].mean() >= 0.99 and len(set(cents[first][several].tolist())) > 2)

"""What is known of people beside what they wrote: the customer table and the orders."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import floor, isnan
from pathlib import Path

import numpy as np

from personas.behaviour.columnar import from_table
from personas.behaviour.dates import to_month
from personas.behaviour.reading import read_behaviour, read_from_columns
from personas.behaviour.table import BehaviourTable
from personas.counting import wilson_interval
from personas.joining import join_column
from personas.records import Characteristic, Customer
from retrieval.documents import Scalar
from retrieval.hostile import find_instructions
from retrieval.loading.tables import Table, read_table
from retrieval.redaction import RedactLevel, public_id

MOST_CATEGORIES = 30
"""A column with more different values than this says nothing of a group of people (names, free text, ids)."""

LIST_SEPARATOR = ";"
"""Several values in one cell, as survey tools export multiple choice."""

ORDER_ATTRIBUTES = ("orders", "spent", "last order", "buys")
"""What the orders tell of each customer, where they hold it."""

MOST_CHARACTERISTICS = 8
LEAST_PEOPLE = 3


@dataclass(frozen=True, kw_only=True)
class CustomerTable:
    """The customers that the tables know, and which file each attribute comes from."""

    customers: dict[str, Customer]
    file_of_column: dict[str, str]
    notes: tuple[str, ...] = ()


def read_customers(
    customers: str | None,
    orders: str | None,
    *,
    writing: Sequence[str],
    redact: RedactLevel = "standard",
    behaviour: BehaviourTable | None = None,
) -> CustomerTable:
    """The customers of the table and the orders, by id; empty where neither is given.

    Args:
        customers: path of the customer table.
        orders: path of the orders table; becomes `orders`, `spent`, `last order` and `buys` attributes.
        writing: ids of the customers who wrote something, to find the column that joins.
        redact: how the documents were redacted; ids that are personal data are made public the same way.
        behaviour: the orders, where they are already read.

    Raises:
        InputError: when a file cannot be read, or joins with nobody who wrote.
    """
    attributes: dict[str, dict[str, Scalar]] = {}
    files: dict[str, str] = {}
    notes: list[str] = []
    if customers is not None:
        table = read_table(customers, what="the customer table")
        key = _join_column(table, set(writing), customers, redact)
        notes.append(f"{Path(customers).name}: joined by {key!r}")
        for row in table.rows:
            values = {column: value for column, value in row.items() if column != key and value not in (None, "")}
            if row[key] is not None:
                attributes.setdefault(public_id(str(row[key]), level=redact), {}).update(values)
        files.update({column: Path(customers).name for column in table.columns if column != key})
    if orders is not None:
        ordered = behaviour or read_behaviour(orders, None, writing=writing, redact=redact, expected=False)
        notes += ordered.notes
        for customer_id, features in order_attributes(ordered).items():
            attributes.setdefault(customer_id, {}).update(features)
        files.update(dict.fromkeys(ORDER_ATTRIBUTES, Path(orders).name))
    records = {key: Customer(customer_id=key, attributes=value) for key, value in sorted(attributes.items())}
    return CustomerTable(customers=records, file_of_column=files, notes=tuple(notes))


def _join_column(table: Table, writing: set[str], path: str, redact: RedactLevel) -> str:
    """The column that holds the customers' ids."""
    values = {
        column: partial(dict.fromkeys, [str(row[column]) for row in table.rows if row.get(column) is not None])
        for column in table.columns
    }
    return join_column(values, rows=len(table.rows), writing=writing, path=path, redact=redact)


def order_features(table: Table, key: str) -> dict[str, dict[str, Scalar]]:
    """What each customer of an orders table did, see `order_attributes`; `key` is the column of the customers."""
    return order_attributes(read_from_columns(from_table(table), key))


def order_attributes(behaviour: BehaviourTable) -> dict[str, dict[str, Scalar]]:
    """What each customer ordered: number of orders, money spent, month of the last order, products bought.

    Money is left out where the orders are in several currencies, whose amounts cannot be compared.
    """
    history = behaviour.history
    if history is None:
        return {}
    months = {day: to_month(day) for day in set(history.last_day.tolist())}
    one_currency = len(behaviour.currencies) == 1
    told = zip(
        behaviour.customer_ids,
        history.orders.tolist(),
        history.refunds.tolist(),
        history.spent.tolist(),
        history.last_day.tolist(),
        strict=True,
    )
    found: dict[str, dict[str, Scalar]] = {}
    for customer_id, orders, refunds, spent, last in told:
        if orders or refunds:
            attributes: dict[str, Scalar] = {
                "orders": orders,
                "spent": round(spent, 4) if one_currency and not isnan(spent) else None,
                "last order": months[last],
                "buys": LIST_SEPARATOR.join(sorted(behaviour.bought(customer_id))) or None,
            }
            found[customer_id] = {name: value for name, value in attributes.items() if value is not None}
    return found


def categorise(customers: Mapping[str, Customer]) -> dict[str, dict[str, tuple[str, ...]]]:
    """For each column the values each customer has, numbers cut into thirds: ``{column: {customer_id: values}}``.

    Columns with too many different values (names, free text) are left out, and columns and values that speak to a
    machine and not to a reader.
    """
    columns: dict[str, dict[str, Scalar]] = defaultdict(dict)
    for customer in customers.values():
        for column, value in customer.attributes.items():
            columns[column][customer.customer_id] = value
    categories = {column: _categories(values) for column, values in columns.items()}
    telling = {column: values for column, values in categories.items() if _is_telling(values)}
    return {column: _without_orders(values) for column, values in telling.items() if not find_instructions(column)}


def _without_orders(values: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    orders = {part for part in {part for parts in values.values() for part in parts} if find_instructions(part)}
    if not orders:
        return values
    return {key: kept for key, parts in values.items() if (kept := tuple(p for p in parts if p not in orders))}


def _categories(values: dict[str, Scalar]) -> dict[str, tuple[str, ...]]:
    numbers = {key: float(value) for key, value in values.items() if isinstance(value, int | float)}
    if len(numbers) == len(values) and len(set(numbers.values())) > 6:
        return _thirds(numbers)
    return {
        key: tuple(sorted({part.strip() for part in _text(value).split(LIST_SEPARATOR) if part.strip()}))
        for key, value in values.items()
    }


def _text(value: Scalar) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _thirds(numbers: dict[str, float]) -> dict[str, tuple[str, ...]]:
    low, high = (float(edge) for edge in np.quantile(list(numbers.values()), [1 / 3, 2 / 3]))
    after = low
    if all(value.is_integer() for value in numbers.values()):
        # Years and counts are told in whole numbers; who stands in which third stays the same.
        low, high = float(floor(low)), float(floor(high))
        after = low + 1
    middle = f"{_edge(after)} to {_edge(high)}" if after < high else _edge(high)
    return {
        key: (f"up to {_edge(low)}" if value <= low else middle if value <= high else f"above {_edge(high)}",)
        for key, value in numbers.items()
    }


def _edge(number: float) -> str:
    return f"{number:.0f}" if number.is_integer() and abs(number) < 1e15 else f"{number:g}"


def _is_telling(values: dict[str, tuple[str, ...]]) -> bool:
    different = {part for parts in values.values() for part in parts}
    return 1 < len(different) <= MOST_CATEGORIES


def find_characteristics(
    categories: Mapping[str, Mapping[str, tuple[str, ...]]], members: Sequence[str], others: Sequence[str]
) -> tuple[Characteristic, ...]:
    """The table's values that are over- or under-represented among the members, most telling first.

    A value counts where the share among the others lies outside the 95 % interval of the members' share.
    """
    found = []
    for column, values in sorted(categories.items()):
        here = [values[key] for key in members if key in values]
        there = [values[key] for key in others if key in values]
        if not here or not there:
            continue
        counts, counts_there = Counter(v for vs in here for v in vs), Counter(v for vs in there for v in vs)
        for value in sorted(set(counts) | set(counts_there)):
            item = _compare(column, value, counts[value], len(here), counts_there[value], len(there))
            if item is not None:
                found.append(item)
    found.sort(key=lambda item: (-abs(item.share - item.share_elsewhere), item.column, item.value))
    return tuple(found[:MOST_CHARACTERISTICS])


def _compare(
    column: str, value: str, people: int, known: int, people_there: int, known_there: int
) -> Characteristic | None:
    interval = wilson_interval(people, known)
    share_there = people_there / known_there
    if max(people, people_there) < LEAST_PEOPLE or interval.low <= share_there <= interval.high:
        return None
    return Characteristic(
        column=column,
        value=value,
        share=people / known,
        share_elsewhere=share_there,
        people=people,
        people_elsewhere=people_there,
        known=known,
        ratio=(people / known) / share_there if share_there else None,
        interval=interval,
    )

"""What is known of people beside what they wrote: the customer table and the orders."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import numpy as np

from persona_kit.errors import InputError
from personas.counting import wilson_interval
from personas.records import Characteristic, Customer
from retrieval.documents import Scalar
from retrieval.loading.tables import Table, read_table
from retrieval.redaction import RedactLevel, public_id

ID_COLUMNS = (
    "customer_id",
    "customerid",
    "customer",
    "user_id",
    "userid",
    "user",
    "client_id",
    "id",
    "客户编号",
    "用户id",
)
AMOUNT_COLUMNS = ("amount", "total", "price", "revenue", "value", "金额", "总价", "订单金额")
DATE_COLUMNS = ("order_date", "date", "created_at", "ordered_at", "time", "下单时间", "日期")
PRODUCT_COLUMNS = ("product", "item", "sku", "product_name", "产品", "商品")

MOST_CATEGORIES = 30
"""A column with more different values than this says nothing of a group of people (names, free text, ids)."""

LEAST_JOINED = 0.05
"""Where fewer of the writing customers than this are in the table, the ids are not the same ids."""

LIST_SEPARATOR = ";"
"""Several values in one cell, as survey tools export multiple choice."""

MOST_CHARACTERISTICS = 8
LEAST_PEOPLE = 3


@dataclass(frozen=True, kw_only=True)
class CustomerTable:
    """The customers that the tables know, and which file each attribute comes from."""

    customers: dict[str, Customer]
    file_of_column: dict[str, str]
    notes: tuple[str, ...] = ()


def read_customers(
    customers: str | None, orders: str | None, *, writing: Sequence[str], redact: RedactLevel = "standard"
) -> CustomerTable:
    """The customers of the table and the orders, by id; empty where neither is given.

    Args:
        customers: path of the customer table.
        orders: path of the orders table; becomes `orders`, `spent`, `last order` and `buys` attributes.
        writing: ids of the customers who wrote something, to find the column that joins.
        redact: how the documents were redacted; ids that are personal data are made public the same way.

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
        table = read_table(orders, what="the orders table")
        key = _join_column(table, set(writing), orders, redact)
        notes.append(f"{Path(orders).name}: joined by {key!r}")
        for customer_id, features in order_features(table, key).items():
            attributes.setdefault(public_id(customer_id, level=redact), {}).update(features)
            files.update(dict.fromkeys(features, Path(orders).name))
    records = {key: Customer(customer_id=key, attributes=value) for key, value in sorted(attributes.items())}
    return CustomerTable(customers=records, file_of_column=files, notes=tuple(notes))


def _join_column(table: Table, writing: set[str], path: str, redact: RedactLevel) -> str:
    """The column that holds the customers' ids: of those named like one first, the one that joins most."""
    lowered = {column.lower().strip(): column for column in table.columns}
    candidates = [lowered[name] for name in ID_COLUMNS if name in lowered] + list(table.columns)
    joined = {
        column: len(writing & {public_id(str(row.get(column)), level=redact) for row in table.rows})
        for column in candidates
    }
    best = max(candidates, key=lambda column: joined[column], default="")
    if not best or joined[best] < max(1, LEAST_JOINED * min(len(writing), len(table.rows))):
        raise _does_not_join(table, writing, path, best)
    return best


def _does_not_join(table: Table, writing: set[str], path: str, best: str) -> InputError:
    here = ", ".join(repr(str(row.get(best))) for row in table.rows[:3]) if best else "nothing"
    there = ", ".join(repr(customer_id) for customer_id in sorted(writing)[:3])
    close = get_close_matches(str(table.rows[0].get(best)), sorted(writing)[:1000], n=1) if best and table.rows else []
    hint = f"; {close[0]!r} in the documents looks alike" if close else ""
    return InputError(
        "the table does not join with the documents: no column holds the customer ids of the documents",
        where=f"{path}: columns {', '.join(table.columns)}; ids such as {here}, the documents have {there}{hint}",
        mend="name the documents' customer column with --customer, or give the table the same ids",
    )


def order_features(table: Table, key: str) -> dict[str, dict[str, Scalar]]:
    """What each customer did: number of orders, money spent, last order and the product bought most.

    Money is left out where the orders are in several currencies, whose amounts cannot be added.
    """
    columns = {column.lower().strip(): column for column in table.columns}
    amount, date, product = (
        next((columns[name] for name in names if name in columns), None)
        for names in (AMOUNT_COLUMNS, DATE_COLUMNS, PRODUCT_COLUMNS)
    )
    currency = columns.get("currency")
    if currency and len({row[currency] for row in table.rows}) > 1:
        amount = None
    by_customer: dict[str, list[dict[str, Scalar]]] = defaultdict(list)
    for row in table.rows:
        if row.get(key) not in (None, ""):
            by_customer[str(row[key])].append(row)
    return {customer_id: _features(rows, amount, date, product) for customer_id, rows in by_customer.items()}


def _features(
    rows: list[dict[str, Scalar]], amount: str | None, date: str | None, product: str | None
) -> dict[str, Scalar]:
    features: dict[str, Scalar] = {"orders": len(rows)}
    if amount is not None:
        features["spent"] = sum(float(row[amount] or 0) for row in rows if isinstance(row[amount], int | float))
    if date is not None:
        dates = sorted(str(row[date]) for row in rows if row[date])
        features["last order"] = dates[-1][:7] if dates else None
    if product is not None:
        bought = Counter(str(row[product]) for row in rows if row[product])
        features["buys"] = LIST_SEPARATOR.join(sorted(bought))
    return {name: value for name, value in features.items() if value is not None}


def categorise(customers: Mapping[str, Customer]) -> dict[str, dict[str, tuple[str, ...]]]:
    """For each column the values each customer has, numbers cut into thirds: ``{column: {customer_id: values}}``.

    Columns with too many different values (names, free text) are left out.
    """
    columns: dict[str, dict[str, Scalar]] = defaultdict(dict)
    for customer in customers.values():
        for column, value in customer.attributes.items():
            columns[column][customer.customer_id] = value
    categories = {column: _categories(values) for column, values in columns.items()}
    return {column: values for column, values in categories.items() if _is_telling(values)}


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
    return {
        key: (f"up to {low:g}" if value <= low else f"{low:g} to {high:g}" if value <= high else f"above {high:g}",)
        for key, value in numbers.items()
    }


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

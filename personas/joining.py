"""Finding the column of a table that holds the ids of the people who wrote."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Set
from difflib import get_close_matches
from itertools import islice

from persona_kit.errors import InputError
from retrieval.redaction import RedactLevel, public_id

ID_COLUMNS = (
    "customer_id",
    "customerid",
    "customer",
    "user_id",
    "userid",
    "user",
    "client_id",
    "clientid",
    "member_id",
    "buyer_id",
    "account_id",
    "id",
    "客户编号",
    "客户id",
    "用户id",
    "用户编号",
    "顾客id",
    "会员id",
    "会员编号",
    "买家id",
)

LEAST_JOINED = 0.05
"""Where fewer of the writing customers than this are in the table, the ids are not the same ids."""

WELL_JOINED = 0.5
"""A column named like an id that joins so many is taken without looking at the others."""


def join_column(
    values: Mapping[str, Callable[[], Collection[str]]],
    *,
    rows: int,
    writing: Set[str],
    path: str,
    redact: RedactLevel,
) -> str:
    """The column that holds the customers' ids: of those named like one first, the one that joins most.

    Args:
        values: what gives the different values of each column, in the order of the table.
        rows: of the table.
        writing: ids of the customers who wrote something.
        path: of the table, for the message.
        redact: how the documents were redacted; ids that are personal data join in their public form.

    Raises:
        InputError: when no column joins.
    """
    lowered = {column.casefold().strip().replace(" ", "_"): column for column in values}
    named = [lowered[name] for name in ID_COLUMNS if name in lowered]
    joined = {column: _joined(values[column](), writing, redact) for column in named}
    best = max(named, key=lambda column: joined[column], default="")
    if not best or joined[best] < WELL_JOINED * min(len(writing), len(values[best]())):
        others = [column for column in values if column not in joined]
        joined.update({column: _joined(values[column](), writing, redact) for column in others})
        best = max([*named, *others], key=lambda column: joined[column], default="")
    # A column of small numbers joins by chance: only one named like an id is judged by its different values.
    most = len(values[best]()) if best in named else rows
    if not best or joined[best] < max(1, LEAST_JOINED * min(len(writing), most)):
        raise _does_not_join(tuple(values), values[best]() if best else (), writing, path)
    return best


def _joined(values: Collection[str], writing: Set[str], redact: RedactLevel) -> int:
    return len(writing & {public_id(value, level=redact) for value in values})


def _does_not_join(columns: Collection[str], values: Collection[str], writing: Set[str], path: str) -> InputError:
    first = list(islice(values, 3))
    here = ", ".join(repr(value) for value in first) or "nothing"
    there = ", ".join(repr(customer_id) for customer_id in sorted(writing)[:3])
    close = get_close_matches(first[0], sorted(writing)[:1000], n=1) if first else []
    hint = f"; {close[0]!r} in the documents looks alike" if close else ""
    return InputError(
        "the table does not join with the documents: no column holds the customer ids of the documents",
        where=f"{path}: columns {', '.join(columns)}; ids such as {here}, the documents have {there}{hint}",
        mend="name the documents' customer column with --customer, or give the table the same ids",
    )

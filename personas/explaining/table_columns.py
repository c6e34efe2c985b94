"""Columns of the customer table and of behaviour, as numbers and as yes and no."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from personas.customers import LIST_SEPARATOR
from personas.explaining.columns import Cells, FeatureColumn, Scale
from retrieval.documents import Scalar
from retrieval.loading.values import day_comes_first, iso_date

MOST_VALUES = 12
"""Values of one column that become columns of their own, the most frequent ones."""

MOSTLY = 0.9
"""A column of which this share are numbers or dates is one of numbers or dates; the rest is not known."""

_LIST = re.compile(rf"\s*{re.escape(LIST_SEPARATOR)}\s*")
_NUMBERED = re.compile(r"(?:^|[^a-z])(?:id|no|nr|number|phone|code)$|编号|电话|手机|号码")
"""Names of columns whose numbers only tell people apart."""
_MONTH = re.compile(r"\d{4}-\d{2}$")
_EPOCH = np.datetime64("1970-01-01")


def table_columns(name: str, cells: Sequence[Scalar], *, least: int) -> list[tuple[FeatureColumn, Cells]]:
    """The columns that one column of the customer table becomes; none where it tells nothing.

    Numbers and dates become one column of numbers; anything else a yes/no column for each frequent value, several
    values in a cell counting each. Of two values that part the people between them only the rarer one is kept.

    Args:
        name: of the column.
        cells: of each person; None or an empty text is not known.
        least: people who must hold a value, and people who must not.
    """
    known = [cell for cell in cells if not _is_empty(cell)]
    if len(known) < 2 * least:
        return []
    numbers = _numbers(cells)
    if np.isfinite(numbers).sum() >= MOSTLY * len(known):
        return _number_column(name, numbers)
    days = _days(cells)
    if np.isfinite(days).sum() >= MOSTLY * len(known):
        return _number_column(name, days, scale="date")
    return _value_columns(name, cells, least)


def _is_empty(cell: Scalar) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip()) or cell != cell


def _numbers(cells: Sequence[Scalar]) -> Cells:
    return np.array([np.nan if cell is None else _number(cell) for cell in cells], dtype=np.float64)


def _number(cell: Scalar) -> float:
    if isinstance(cell, bool) or cell is None:
        return np.nan
    try:
        number = float(cell)
    except (ValueError, OverflowError):
        return np.nan
    return number if np.isfinite(number) else np.nan


def _days(cells: Sequence[Scalar]) -> Cells:
    """Days since 1970-01-01."""
    texts = [cell.strip() if isinstance(cell, str) else "" for cell in cells]
    day_first = day_comes_first(text[:10] for text in texts if text)
    return np.array([_day(text, day_first=day_first) for text in texts], dtype=np.float64)


def _day(text: str, *, day_first: bool) -> float:
    if not text or not any(character.isdigit() for character in text):
        return np.nan
    read = iso_date(f"{text}-01" if _MONTH.match(text) else text, day_first=day_first)
    return np.nan if read is None else float((np.datetime64(read[:10]) - _EPOCH).astype(np.int64))


def _number_column(name: str, numbers: Cells, *, scale: Scale = "plain") -> list[tuple[FeatureColumn, Cells]]:
    known = numbers[np.isfinite(numbers)]
    different = len(np.unique(known))
    if different < 2 or (different == len(known) and _NUMBERED.search(name.casefold())):
        return []
    column = FeatureColumn(name=name, block="table", kind="number", phrase_en=name, phrase_zh=name, scale=scale)
    return [(column, numbers)]


def _value_columns(name: str, cells: Sequence[Scalar], least: int) -> list[tuple[FeatureColumn, Cells]]:
    held = [None if _is_empty(cell) else frozenset(_parts(cell)) for cell in cells]
    known = sum(values is not None for values in held)
    sizes = Counter(value for values in held if values is not None for value in values)
    telling = [value for value in sizes if least <= sizes[value] <= known - least]
    frequent = sorted(telling, key=lambda value: (-sizes[value], value))
    several = any(values is not None and len(values) > 1 for values in held)
    if not several and len(sizes) == 2 and len(frequent) == 2:
        frequent = frequent[1:]
    return [
        (
            _value_column(name, value, several=several),
            np.array([np.nan if values is None else float(value in values) for values in held]),
        )
        for value in frequent[:MOST_VALUES]
    ]


def _parts(cell: Scalar) -> list[str]:
    if isinstance(cell, bool):
        return ["yes" if cell else "no"]
    text = f"{cell:g}" if isinstance(cell, float) else str(cell)
    return [part for part in _LIST.split(text.strip()) if part]


def _value_column(name: str, value: str, *, several: bool) -> FeatureColumn:
    holds, lacks = ("has", "lacks") if several else ("is", "is not")
    holds_zh, lacks_zh = ("含", "不含") if several else ("为", "不为")
    return FeatureColumn(
        name=f"{name}={value}",
        block="table",
        kind="yes/no",
        phrase_en=f"{name} {holds} {value}",
        phrase_zh=f"{name} {holds_zh} {value}",
        negated_en=f"{name} {lacks} {value}",
        negated_zh=f"{name} {lacks_zh} {value}",
        source=name,
    )


_BEHAVIOUR: tuple[tuple[str, str, str, Scale], ...] = (
    ("orders", "ordered", "下单", "times"),
    ("refunds", "asked for a refund", "退款", "times"),
    ("visits", "visited", "访问", "times"),
    ("spent", "spent", "消费", "amount"),
    ("money", "spent", "消费", "amount"),
    ("basket", "spent per order", "每单消费", "amount"),
    ("recency", "days since the last order", "距最近一次下单的天数", "plain"),
    ("tenure", "days since the first order", "距第一次下单的天数", "plain"),
)
"""Part of a behaviour column's name -> how it reads."""


def behaviour_column(name: str, values: Cells) -> tuple[FeatureColumn, Cells]:
    """A column of behaviour, worded by its name as `personas.behaviour` gives it.

    Names that begin with ``log`` hold the logarithm of one more, which is undone for readers; ``channel NAME`` holds a
    share of the customer's visits.
    """
    if name.startswith("channel "):
        channel = name.removeprefix("channel ")
        known: tuple[str, str, str, Scale] = ("", f"share of visits by {channel}", f"经“{channel}”访问的比例", "share")
    else:
        words = name.casefold().split()
        known = next((row for row in _BEHAVIOUR if row[0] in words), ("", name, name, "plain"))
    _, phrase_en, phrase_zh, scale = known
    column = FeatureColumn(
        name=name,
        block="behaviour",
        kind="number",
        phrase_en=phrase_en,
        phrase_zh=phrase_zh,
        scale=scale,
        logarithm=name.startswith("log "),
    )
    return column, np.asarray(values, dtype=np.float64)

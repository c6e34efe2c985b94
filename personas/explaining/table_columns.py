"""Columns of the customer table and of behaviour, as numbers and as yes and no."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from personas.behaviour.table import IN, MEDIANS
from personas.customers import LIST_SEPARATOR
from personas.explaining.columns import Cells, FeatureColumn, Scale
from retrieval.documents import Scalar
from retrieval.loading.values import day_comes_first, iso_date

MOST_VALUES = 12
"""Values of one column that become columns of their own, the most frequent ones."""

MOSTLY = 0.9
"""A column of which this share are numbers or dates is one of numbers or dates; the rest is not known."""

BOUGHT = "buys"
"""The column of products that `personas.customers.order_attributes` makes."""

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
    english, chinese = aloud(name), quoted(aloud(name))
    column = FeatureColumn(name=name, block="table", kind="number", phrase_en=english, phrase_zh=chinese, scale=scale)
    return [(column, numbers)]


def _value_columns(name: str, cells: Sequence[Scalar], least: int) -> list[tuple[FeatureColumn, Cells]]:
    held = [None if _is_empty(cell) else frozenset(_parts(cell)) for cell in cells]
    known = sum(values is not None for values in held)
    sizes = Counter(value for values in held if values is not None for value in values)
    telling = [value for value in sizes if least <= sizes[value] <= known - least]
    frequent = sorted(telling, key=lambda value: (-sizes[value], value))
    several = any(values is not None and len(values) > 1 for values in held)
    truths = all(cell is None or isinstance(cell, bool) for cell in cells)
    if not several and len(sizes) == 2 and len(frequent) == 2:
        frequent = frequent[1:]
    return [
        (
            _value_column(name, value, several=several, other=_OTHER_TRUTH.get(value, "") if truths else ""),
            np.array([np.nan if values is None else float(value in values) for values in held]),
        )
        for value in frequent[:MOST_VALUES]
    ]


def _parts(cell: Scalar) -> list[str]:
    if isinstance(cell, bool):
        return ["yes" if cell else "no"]
    text = f"{cell:g}" if isinstance(cell, float) else str(cell)
    return [part for part in _LIST.split(text.strip()) if part]


_OTHER_TRUTH = {"yes": "no", "no": "yes"}
_WORD_BREAK = re.compile(r"[_\s]+|(?<=[a-z])(?=[A-Z][a-z])")


def aloud(name: str) -> str:
    """The name of a column as it is said: `signup_date` and `SignupDate` are "signup date"; `NPS` stays."""
    words = [word for word in _WORD_BREAK.split(name) if word]
    return " ".join(word if word[1:] != word[1:].lower() else word.lower() for word in words) or name


def quoted(name: str) -> str:
    """A name in a Chinese sentence: in quotes where it is not Chinese itself."""
    return f"“{name}”" if name.isascii() else name


def _value_column(name: str, value: str, *, several: bool, other: str = "") -> FeatureColumn:
    """A yes/no column of one value; `other` is what people have who do not have it, where there is only one."""
    said, said_zh = aloud(name), quoted(aloud(name))
    if name == BOUGHT:
        phrases = f"bought {value}", f"never bought {value}", f"买过“{value}”", f"没买过“{value}”"
    elif several:
        phrases = (
            f"“{value}” among their {said}",
            f"no “{value}” among their {said}",
            f"{said_zh}中有“{value}”",
            f"{said_zh}中没有“{value}”",
        )
    else:
        isnt, isnt_zh = (f"is {other}", f"为“{other}”") if other else (f"is not {value}", f"不为“{value}”")
        phrases = f"{said} is {value}", f"{said} {isnt}", f"{said_zh}为“{value}”", f"{said_zh}{isnt_zh}"
    return FeatureColumn(
        name=f"{name}={value}",
        block="table",
        kind="yes/no",
        phrase_en=phrases[0],
        negated_en=phrases[1],
        phrase_zh=phrases[2],
        negated_zh=phrases[3],
        source=name,
    )


_BEHAVIOUR: tuple[tuple[str, str, str, Scale], ...] = (
    ("orders", "ordered", "下单", "times"),
    ("refunds", "asked for a refund", "退款", "times"),
    ("visits", "visited", "访问", "times"),
    ("spent", "spent", "消费", "amount"),
    ("money", "spent", "消费", "amount"),
    ("basket", "spent per order", "每单消费", "amount"),
    ("recency", "days since the last order", "距最近一次下单的天数", "days"),
    ("tenure", "days since the first order", "距第一次下单的天数", "days"),
)
"""Part of a behaviour column's name -> how it reads."""


def behaviour_column(name: str, values: Cells) -> tuple[FeatureColumn, Cells]:
    """A column of behaviour, worded by its name as `personas.behaviour` gives it.

    Names that begin with ``log`` hold the logarithm of one more, which is undone for readers; those that end with
    ``in EUR`` or ``in medians`` hold money; ``channel NAME`` holds a share of the customer's visits.
    """
    unit = ""
    if name.startswith("channel "):
        channel = name.removeprefix("channel ")
        known: tuple[str, str, str, Scale] = ("", f"share of visits by {channel}", f"经“{channel}”访问的比例", "share")
    else:
        measured, _, unit = name.partition(IN)
        words = measured.casefold().split()
        known = next((row for row in _BEHAVIOUR if row[0] in words), ("", name, name, "plain"))
    _, phrase_en, phrase_zh, scale = known
    if scale == "amount" and unit == MEDIANS:
        scale, unit = "medians", ""
    column = FeatureColumn(
        name=name,
        block="behaviour",
        kind="number",
        phrase_en=phrase_en,
        phrase_zh=phrase_zh,
        scale=scale,
        unit=unit,
        logarithm=name.startswith("log "),
    )
    return column, np.asarray(values, dtype=np.float64)

"""Cell values read as dates, ratings and scalars."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from decimal import Decimal

from retrieval.documents import Rating, Scalar

_ISO = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](\d{1,2}:\d{2}(?::\d{2})?)(?:\.\d+)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?)?$"
)
_YEAR_FIRST = re.compile(r"(\d{4})[/.年](\d{1,2})[/.月](\d{1,2})日?(?:\s*(\d{1,2}:\d{2}(?::\d{2})?))?$")
_YEAR_LAST = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?:,?\s+(\d{1,2}:\d{2}(?::\d{2})?))?$")
_MONTH_NAME = re.compile(
    r"(?:(\d{1,2})(?:st|nd|rd|th)?\.?\s+)?([A-Za-z]{3,9})\.?\s+(?:(\d{1,2})(?:st|nd|rd|th)?,?\s+)?(\d{4})$"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_EPOCH = re.compile(r"1[0-9]{9}(?:[0-9]{3})?$")

_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)?$")
_OUT_OF = re.compile(r"(\d+(?:[.,]\d+)?)\s*(?:/|out of|of|von|sur)\s*(\d+)(?:\s*stars?)?$", re.IGNORECASE)
_STARS = re.compile(r"(-?\d+(?:[.,]\d+)?)\s*(?:stars?|星|分|⭐|★|%)$", re.IGNORECASE)
_HAN_STARS = {"一星": 1.0, "二星": 2.0, "两星": 2.0, "三星": 3.0, "四星": 4.0, "五星": 5.0}

Scale = tuple[float, float]


def scalar_of(value: object) -> Scalar:
    """The value as a table cell: text, number, truth value or None; dates in ISO 8601, everything else as text."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Decimal):
        return float(value) if value.is_finite() else None
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, list | tuple) and all(isinstance(part, str | int | float) for part in value):
        return "; ".join(str(part) for part in value)
    return _as_json(value)


def _as_json(value: object) -> str:
    import json

    return json.dumps(value, ensure_ascii=False, default=str)


def text_of(value: object) -> str:
    """The value as text, empty for None; whole numbers without a fraction (spreadsheets hold 7 as 7.0)."""
    value = scalar_of(value)
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return value if isinstance(value, str) else str(value)


def day_comes_first(values: Iterable[str]) -> bool:
    """Whether dates such as 03/04/2024 of a column begin with the day: true where one has a first part above 12."""
    return any(int(match[1]) > 12 for value in values if (match := _YEAR_LAST.match(value.strip())))


def iso_date(value: str, *, day_first: bool = False) -> str | None:
    """The ISO 8601 form of a date or date-time; None where the value is neither.

    Source: epoch seconds and milliseconds are read between 2001 and 2033 (10 and 13 digits that begin with 1).
    """
    value = value.strip()
    if match := _ISO.match(value):
        return _iso(match[1], match[2], match[3], match[4], match[5])
    if match := _YEAR_FIRST.match(value):
        return _iso(match[1], match[2], match[3], match[4])
    if match := _YEAR_LAST.match(value):
        first, second = (match[2], match[1]) if day_first or "." in value else (match[1], match[2])
        return _iso(match[3], first, second, match[4])
    if match := _MONTH_NAME.match(value):
        return _named_month(match)
    if _EPOCH.match(value):
        moment = datetime.fromtimestamp(int(value[:10]), tz=UTC)
        return moment.isoformat().replace("+00:00", "Z")
    return None


def _named_month(match: re.Match[str]) -> str | None:
    name = match[2].lower()
    day = match[1] or match[3]
    if day is None or name[:3] not in _MONTHS:
        return None
    return _iso(match[4], str(_MONTHS.index(name[:3]) + 1), day)


def _iso(year: str, month: str, day: str, clock: str | None = None, zone: str | None = None) -> str | None:
    try:
        whole = date(int(year), int(month), int(day)).isoformat()
        if clock is None:
            return whole
        hours, *rest = clock.split(":")
        minute, second = ([int(part) for part in rest] + [0, 0])[:2]
        told = time(int(hours), minute, second).isoformat()
    except ValueError:
        return None
    return f"{whole}T{told}{'Z' if zone in {'Z', 'UTC'} else zone or ''}"


def rating_number(value: str) -> tuple[float, float | None] | None:
    """The number of a rating such as 4, "4/5", "4 stars" or 四星, with its best mark where the value names one."""
    value = value.strip()
    if _NUMBER.match(value):
        return float(value.replace(",", ".")), None
    if match := _OUT_OF.match(value):
        return float(match[1].replace(",", ".")), float(match[2])
    if match := _STARS.match(value):
        return float(match[1].replace(",", ".")), 100.0 if value.endswith("%") else None
    if value in _HAN_STARS:
        return _HAN_STARS[value], 5.0
    if value and not value.strip("★☆⭐"):
        return float(value.count("★") + value.count("⭐")), float(len(value)) if "☆" in value else 5.0
    return None


def guess_scale(numbers: list[float], *, column: str = "") -> Scale | None:
    """The scale that holds all the numbers of a column; None where they are no ratings.

    Tried from the narrowest: -1..1, 0..1 (thumbs, where a zero stands), 1..5, 0..5, 0..10, 1..10 (thirty ratings and no
    zero), 0..100.
    """
    if not numbers or any(not math.isfinite(number) for number in numbers):
        return None
    low, high = min(numbers), max(numbers)
    is_nps = "nps" in column.casefold()
    if low < 0:
        return (-1.0, 1.0) if low >= -1 and high <= 1 else None
    if is_nps and high <= 10:
        return (0.0, 10.0)
    if high <= 1 and low < 1:
        return (0.0, 1.0)
    if high <= 5:
        return (1.0, 5.0) if low >= 1 else (0.0, 5.0)
    if high <= 10:
        return (1.0, 10.0) if low >= 1 and len(numbers) >= 30 else (0.0, 10.0)
    return (0.0, 100.0) if high <= 100 else None


def rating_of(value: str, scale: Scale | None) -> Rating | None:
    """The rating on the column's scale, or on the one the value itself names; None where it is off the scale."""
    read = rating_number(value)
    if read is None:
        return None
    number, best = read
    # "1/5" is the worst mark there is; nobody gives zero stars of five.
    own = (1.0 if best == 5 and number >= 1 else 0.0, best) if best else scale
    if own is None or not own[0] <= number <= own[1]:
        return None
    return Rating(value=(number - own[0]) / (own[1] - own[0]), raw=number, scale=own)

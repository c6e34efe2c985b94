"""Days of orders and events, from dates written in many ways."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from retrieval.loading.values import day_comes_first, iso_date

NO_DAY = np.int32(-(2**31))
"""Stands for a date that is missing or cannot be read."""

EARLIEST = date(1990, 1, 1)
"""Earlier dates (1970-01-01, 1900-01-01) are what databases write for none."""

STRAY_GAP_DAYS = 366
STRAY_SHARE = 0.005
"""So few dates, so far beyond all others, are slips of the pen: one order of 2099 would make everybody inactive."""

_YEAR_FIRST = re.compile(r"\d{4}([-/.])\d{1,2}\1\d{1,2}(?!\d)|\d{4}年\d{1,2}月\d{1,2}日?")
_YEAR_LAST = re.compile(r"\d{1,2}([/.-])\d{1,2}\1\d{4}(?!\d)")
_YEAR_SHORT = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{2})(?!\d)")
_COMPACT = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})(?:\d{4}|\d{6}|T\d+Z?)?$")
_CLOCK = re.compile(r"[ ,T]+\d{1,2}:\d{2}.*$")
_WEEKDAY = re.compile(r"^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\s+", re.IGNORECASE)
_SPREADSHEET_DAY = re.compile(r"\d{5}(?:\.\d+)?$")
_SPREADSHEET_START = date(1899, 12, 30).toordinal()
_AFTER_DAY = frozenset({"", " ", "T"})
"""What follows the day in a moment of ISO 8601."""
_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True)
class Days:
    """Different texts of a date column, read."""

    days: NDArray[np.int32]
    """Days since 1970-01-01; `NO_DAY` where the text is no date."""
    day_first: bool
    """Whether 03/04/2024 is read as 3 April."""
    order_unsure: bool
    """Whether there are such dates and none of them settles it."""


def parse_days(texts: Sequence[str]) -> Days:
    """The days of a column's different texts; times of day and zones are left aside, the day as written counts."""
    heads = [text[:10] if text[4:5] == "-" == text[7:8] and text[10:11] in _AFTER_DAY else text for text in texts]
    different = dict.fromkeys(heads)
    others = [head for head in different if head[4:5] != "-"]
    day_first = day_comes_first(text[:10] for text in others if _YEAR_LAST.match(text)) or _short_day_first(others)
    known = {head: _day(head, day_first=day_first) for head in different}
    slashed = not day_first and any(re.match(r"\d{1,2}/", text) for text in others)
    return Days(
        days=np.array([known[head] for head in heads], dtype=np.int32),
        day_first=day_first,
        order_unsure=slashed and not _month_comes_first(others),
    )


def _head_of(text: str) -> str:
    """The part of a moment that tells its day."""
    match = _YEAR_FIRST.match(text) or _YEAR_LAST.match(text)
    return match[0] if match else text


def _day(text: str, *, day_first: bool) -> int:
    folded = _WEEKDAY.sub("", _CLOCK.sub("", unicodedata.normalize("NFKC", text).strip()))
    if match := _COMPACT.match(folded):
        folded = f"{match[1]}-{match[2]}-{match[3]}"
    elif match := _YEAR_SHORT.match(folded):
        folded = f"{match[1]}{match[2]}{match[3]}{match[2]}20{match[4]}"
    elif _SPREADSHEET_DAY.match(folded):
        folded = date.fromordinal(_SPREADSHEET_START + int(float(folded))).isoformat()
    else:
        folded = _head_of(folded)
    read = iso_date(folded, day_first=day_first)
    if read is None:
        return int(NO_DAY)
    found = date.fromisoformat(read[:10])
    return found.toordinal() - _EPOCH if found >= EARLIEST else int(NO_DAY)


def _short_day_first(texts: Sequence[str]) -> bool:
    return any(int(match[1]) > 12 for text in texts if (match := _YEAR_SHORT.match(text)))


def _month_comes_first(texts: Sequence[str]) -> bool:
    """Whether some date with slashes has a second part that is no month."""
    seconds = (re.match(r"\d{1,2}/(\d{1,2})/", text) for text in texts)
    return any(int(match[1]) > 12 for match in seconds if match)


def last_believable(days: NDArray[np.int32], *, today: date | None) -> int:
    """The latest day that is taken for true; `NO_DAY` where no day is known.

    Days after `today` are not, where it is given. Without it, a few days more than a year beyond all others are not.

    Args:
        days: of the rows, `NO_DAY` where unknown.
        today: the day of the run.
    """
    known = np.sort(days[days != NO_DAY])
    if today is not None:
        known = known[known <= today.toordinal() - _EPOCH]
    if not len(known):
        return int(NO_DAY)
    allowed = max(1, int(STRAY_SHARE * len(known))) if len(known) >= 20 else 0
    tail = known[len(known) - allowed - 1 :]
    gaps = np.flatnonzero(np.diff(tail) > STRAY_GAP_DAYS)
    return int(tail[gaps[0]]) if len(gaps) else int(known[-1])


def to_date(day: int) -> date | None:
    """The day as a date; None for `NO_DAY`."""
    return None if day == NO_DAY else date.fromordinal(day + _EPOCH)


def to_month(day: int) -> str | None:
    """The month of the day, such as `2026-03`; None for `NO_DAY`."""
    found = to_date(day)
    return found.isoformat()[:7] if found else None

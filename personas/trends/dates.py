"""The dates of documents: which can be used, and what is wrong with the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from personas.trends.records import DateReport
from retrieval.documents import Document

OLDEST = date(1990, 1, 1)
"""Older dates stand for "not known": the epochs of Unix (1970), of spreadsheets (1900, 1904) and of .NET (0001)."""

FAR_DAYS = 730
"""A silence longer than this parts the dates; only the part with most documents is used."""

_EPOCH = date(1970, 1, 1)
_DAY = 24 * 60 * 60


@dataclass(frozen=True)
class Dates:
    """When documents were written, as days since 1970 on the calendar of the place they were written in.

    Shapes: ``(documents,)`` each; NaN in `begin` and `end` where there is no date that can be used.
    """

    begin: NDArray[np.float64]
    """The moment, as days with a fraction."""
    end: NDArray[np.float64]
    """The same, and the end of the day where only the day is known."""
    report: DateReport

    @property
    def usable(self) -> NDArray[np.bool_]:
        """``(documents,)`` whether a document has a date that can be used."""
        known: NDArray[np.bool_] = ~np.isnan(self.begin)
        return known


def read_dates(documents: Sequence[Document], *, today: date | None = None) -> Dates:
    """The dates of the documents; what cannot be one is left out and counted.

    A time zone is not converted: the day as written is the day on which the customer wrote.

    Args:
        documents: in order.
        today: dates after it lie in the future; by default the day after the present one in UTC, as it is tomorrow
            somewhere already.
    """
    limit = (today or datetime.now(UTC).date()) + timedelta(days=0 if today else 1)
    begin = np.full(len(documents), np.nan)
    end = np.full(len(documents), np.nan)
    wrong = dict.fromkeys(("undated", "unreadable", "too_old", "future"), 0)
    zones: set[timedelta] = set()
    for row, document in enumerate(documents):
        read = _read(document.created_at, limit)
        if isinstance(read, str):
            wrong[read] += 1
            continue
        begin[row], end[row], zone = read
        if zone is not None:
            zones.add(zone)
    far = _far(begin)
    begin[far] = end[far] = np.nan
    known = begin[~np.isnan(begin)]
    report = DateReport(
        documents=len(documents),
        dated=len(known),
        far=int(far.sum()),
        first=_iso(known.min()) if len(known) else None,
        last=_iso(known.max()) if len(known) else None,
        zones=len(zones),
        **wrong,
    )
    return Dates(begin, end, report)


def tell_unusable(report: DateReport) -> str:
    """Why nothing is told over time, where dates were given and cannot be used; empty where none were."""
    wrong = {
        "cannot be read": report.unreadable,
        f"lie before {OLDEST.year}": report.too_old,
        "lie in the future": report.future,
        "lie far from the others": report.far,
    }
    told = ", ".join(f"{count:,} {what}" for what, count in wrong.items() if count)
    return f"nothing is told over time: of the dates of {report.documents:,} documents {told}" if told else ""


def _read(value: str | None, limit: date) -> tuple[float, float, timedelta | None] | str:
    """Begin and end in days and the offset from UTC; or what is wrong."""
    if value is None or not value.strip():
        return "undated"
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        return "unreadable"
    if moment.date() < OLDEST:
        return "too_old"
    if moment.date() > limit:
        return "future"
    day = (moment.date() - _EPOCH).days
    if len(value.strip()) <= len("2026-01-31"):
        return float(day), day + 1.0, None
    within = (moment.hour * 3600 + moment.minute * 60 + moment.second) / _DAY
    return day + within, day + within, moment.utcoffset()


def _far(begin: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Documents beyond a silence of `FAR_DAYS` from where most of them are; the later part of two equal ones stays."""
    known = np.flatnonzero(~np.isnan(begin))
    far = np.zeros(len(begin), dtype=bool)
    if not len(known):
        return far
    order = known[np.argsort(begin[known], kind="stable")]
    block = np.concatenate([[0], np.cumsum(np.diff(begin[order]) > FAR_DAYS)])
    sizes = np.bincount(block)
    keep = len(sizes) - 1 - int(np.argmax(sizes[::-1]))
    far[order[block != keep]] = True
    return far


def _iso(days: float) -> str:
    return (_EPOCH + timedelta(days=int(days))).isoformat()

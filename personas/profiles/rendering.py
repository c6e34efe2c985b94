"""Profiles as files: one customer a line with all evidence, and flat columns for a CRM."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Final

from personas.profiles.records import CustomerProfile, Tag
from personas.spreadsheet import harmless

CSV_COLUMNS: Final = (
    "customer_id",
    "segment_id",
    "persona_id",
    "documents",
    "topics",
    "interests",
    "entities",
    "sentiment",
    "sentiment_score",
    "sentiment_trend",
    "behaviours",
    "price_sensitive",
    "risk_of_leaving",
    "growth_potential",
    "rfm_segment",
    "spent",
    "currency",
    "orders",
    "recommendations",
)
SEPARATOR: Final = ";"


def render_profiles_jsonl(profiles: Iterable[CustomerProfile]) -> Iterator[str]:
    """A line of JSON for each customer, line end included."""
    for profile in profiles:
        yield profile.model_dump_json(exclude_none=True) + "\n"


def render_profiles_csv(profiles: Iterable[CustomerProfile]) -> Iterator[str]:
    """The header, then a line for each customer, line ends included; lists are joined by ``;``."""
    yield _line(CSV_COLUMNS)
    for profile in profiles:
        yield _line(_cells(profile))


def _cells(profile: CustomerProfile) -> tuple[str, ...]:
    return (
        harmless(profile.customer_id),
        harmless(profile.segment_id),
        harmless(profile.persona_id),
        str(profile.documents),
        _joined(profile.topics),
        _joined(profile.interests),
        _joined(profile.entities),
        _value(profile.sentiment),
        "" if profile.sentiment_score is None else f"{profile.sentiment_score:g}",
        _value(profile.sentiment_trend),
        _joined(profile.behaviours),
        _value(profile.price_sensitive),
        _value(profile.risk_of_leaving),
        _value(profile.growth_potential),
        harmless(profile.rfm_segment or ""),
        "" if profile.spent is None else f"{profile.spent:.2f}",
        harmless(profile.currency or ""),
        "" if profile.orders is None else str(profile.orders),
        _joined(profile.recommendations),
    )


def _value(tag: Tag | None) -> str:
    return "" if tag is None else harmless(tag.value)


def _joined(tags: Iterable[Tag]) -> str:
    """Labels where there are some; a separator inside a name becomes a comma."""
    return harmless(SEPARATOR.join((tag.label or tag.value).replace(SEPARATOR, ",") for tag in tags))


def _line(cells: tuple[str, ...]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(cells)
    return buffer.getvalue()

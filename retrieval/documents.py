r"""What is read, what it is cut into, and what a quote points at.

Every offset counts Unicode code points of a document's *text of record*: the loaded text after the declared
normalisation (NFC, line ends as ``\\n``) and after redaction. Loading the same source again gives the same text.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field
from pydantic.dataclasses import dataclass

from persona_kit.records import Record

Language = Literal["en", "zh", "other", "unknown"]
"""`unknown` where the text is too short or holds no letters."""

Scalar = str | int | float | bool | None
"""A value of a table cell."""


def _unit_interval(value: float | None) -> float | None:
    if value is not None and not 0.0 <= value <= 1.0:
        raise ValueError(f"a normalised rating lies in 0..1, got {value}")
    return value


_MANY = ConfigDict(extra="forbid")


# There may be a million of these, of documents and of passages: with slots each takes a sixth of a model's instance.
@dataclass(frozen=True, slots=True, kw_only=True, config=_MANY)
class Rating:
    """A rating brought to 0..1, with the scale it was read on."""

    value: Annotated[float, AfterValidator(_unit_interval)]
    raw: float
    scale: tuple[float, float]
    """Lowest and highest rating of the scale, such as (1, 5)."""


@dataclass(frozen=True, slots=True, kw_only=True, config=_MANY)
class Document:
    """One thing a customer wrote, with its text of record."""

    document_id: str
    customer_id: str
    text: str
    source: str
    """Path as the user named it (relative to the folder given), without the row."""
    kind: str = ""
    """What sort of text it is where the data says: review, chat, survey, interview, ..."""
    question: str = ""
    """The question this text answers, where the data names one; it is not part of the text."""
    language: Language = "unknown"
    created_at: str | None = None
    """ISO 8601 date or date-time."""
    rating: Rating | None = None
    product: str | None = None
    turns: tuple[tuple[int, int], ...] = ()
    """Offsets of the customer's own turns where the text is a conversation; empty: all of it is the customer's."""
    metadata: dict[str, Scalar] = Field(default_factory=dict)
    text_sha256: str
    merged_ids: tuple[str, ...] = ()
    """Ids of documents of the same customer with the same words, merged into this one."""
    flagged: tuple[str, ...] = ()
    """Why its words are not to be relied on, see `retrieval.hostile.FlagKind`; it is counted, and neither quoted nor
    shown to a model."""
    repeats: str = ""
    """Id of the post that it repeats as one of a burst; its author is a customer, and no further voice."""


class Quarantined(Record):
    """An input that was not processed, and why."""

    document_id: str
    source: str
    reason: Literal["empty", "no words", "unreadable", "duplicate of same customer", "duplicate id", "not text"]
    detail: str = ""
    excerpt: str = ""
    """The first 200 characters, redacted; empty where the text speaks to a machine."""


@dataclass(frozen=True, slots=True, kw_only=True, config=_MANY)
class Passage:
    """A chunk of one document that never cuts a sentence or a chat turn if it can help it."""

    passage_id: str
    document_id: str
    customer_id: str
    start: int
    end: int


class Citation(Record):
    """A quote and where it stands: ``document.text[start:end] == quote``."""

    document_id: str
    customer_id: str
    start: int
    end: int
    quote: str
    verdict: Literal["verified", "repaired"]


def cite(document: Document, start: int, end: int) -> Citation:
    """A span of the document as a citation, which holds by what it is made of."""
    return Citation(
        document_id=document.document_id,
        customer_id=document.customer_id,
        start=start,
        end=end,
        quote=document.text[start:end],
        verdict="verified",
    )

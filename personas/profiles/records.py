"""What is told of one customer: tags, each with the words or figures it rests on."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from persona_kit.records import Record

EvidenceKind = Literal["words", "rating", "table", "orders"]
Level = Literal["low", "medium", "high"]


class Evidence(Record):
    """What a tag rests on: words of a document, or a figure."""

    kind: EvidenceKind
    document_id: str | None = None
    """For words and ratings."""
    start: int | None = None
    end: int | None = None
    """For words: ``document.text[start:end] == quote``, in code points of the text of record."""
    quote: str = ""
    column: str = ""
    """For figures: the column of the customer table, or the figure of the orders, such as `recency_days`."""
    value: str = ""
    """For figures and ratings: what stands there."""


class Tag(Record):
    """One thing said of a customer."""

    value: str
    """A theme id, a name, `yes`, `high`, `better`, ..."""
    label: str = ""
    """The value for readers, where it is an id."""
    confidence: float = Field(ge=0.0, le=1.0)
    """How often a tag like this was right where it was measured, roughly; see docs/profiles.md."""
    rule: str
    """Which rule or model gave it, as docs/profiles.md names it."""
    evidence: tuple[Evidence, ...] = ()
    """The strongest first, three at most."""


class CustomerProfile(Record):
    """One customer: where they belong, what they voice, and what that and their orders tell."""

    customer_id: str
    segment_id: str = ""
    persona_id: str = ""
    documents: int = 0
    topics: tuple[Tag, ...] = ()
    """Themes the customer voices, most certain first, ten at most."""
    interests: tuple[Tag, ...] = ()
    """Themes they come back to, or say they enjoy."""
    entities: tuple[Tag, ...] = ()
    """Products and other names they mention."""
    sentiment: Tag | None = None
    """`positive` or `negative`; None where the documents are too few, or do not tell clearly."""
    sentiment_score: float | None = None
    """-1..1, mean over the customer's documents; None where no document tells anything."""
    sentiment_trend: Tag | None = None
    """`better`, `worse` or `steady` over the customer's dated documents; None where they do not tell."""
    behaviours: tuple[Tag, ...] = ()
    price_sensitive: Tag | None = None
    """`yes` or `no`."""
    risk_of_leaving: Tag | None = None
    growth_potential: Tag | None = None
    rfm_segment: str | None = None
    spent: float | None = None
    currency: str | None = None
    orders: int | None = None
    recommendations: tuple[Tag, ...] = ()
    """Products and contents to offer, the surest first; empty where no products are named."""

"""A drafted answer, and what each of its lines rests on."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from persona_kit.records import Record
from personas.actions.tone import Tone
from personas.attributes import OutputLanguage
from personas.records import Origin
from retrieval.documents import Citation

LineKind = Literal["greeting", "opening", "earlier", "others", "asked", "to fill in", "closing"]

CustomerStatus = Literal["known", "no persona", "unknown"]
"""`no persona`: in the run, but in no segment that a persona was written for."""


class ReplyLine(Record):
    """A line of a draft."""

    kind: LineKind
    text: str
    citations: tuple[int, ...] = ()
    """Places in the draft's `citations`, counted from 1."""
    claim_ids: tuple[str, ...] = ()
    """Claims of the persona it rests on."""
    origin: Origin = "extractive"


class ReplyClaim(Record):
    """What the customer's persona says that has to do with the message, for whoever sends the answer."""

    claim_id: str
    attribute: str
    value: str
    people: int
    share: float
    about: Literal["message", "mind"]
    """`mind`: not about the message, but what people like this are touchy about."""


class ReplyDraft(Record):
    """An answer to a customer's message, to be read, filled in and sent by a person."""

    message: str
    """As it was redacted."""
    customer_id: str
    status: CustomerStatus
    persona_id: str = ""
    name: str = ""
    language: OutputLanguage
    tone: Tone
    lines: tuple[ReplyLine, ...]
    citations: tuple[Citation, ...] = ()
    """The customer's own earlier words: those of others are never quoted to them."""
    claims: tuple[ReplyClaim, ...] = ()
    asked: tuple[str, ...] = ()
    """What the message asks for that nothing here can promise: `refund`, `date`, ..."""
    author: str
    """`llm` or `extractive`."""
    model: str = ""
    prompts: dict[str, str] = Field(default_factory=dict)
    """Prompt name with version -> SHA-256 of its template."""
    notes: tuple[str, ...] = ()
    """What whoever sends it should know: that the customer is unknown, why a model's sentence was dropped."""

    @property
    def text(self) -> str:
        """The draft as it would be sent."""
        return "\n".join(line.text for line in self.lines)

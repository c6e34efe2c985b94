"""The steps of a persona's making, as records: one line each of `trace.jsonl`.

Attributes are keys of the schema, values are claims as they were proposed, counts are distinct customers of the
segment. Reasons are English in the file; `telling` says them in the reader's language.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from persona_kit.records import Record
from personas.grounding import QuoteVerdict
from personas.records import ClaimStatus, Origin

SearchReason = Literal["no claim", "few quotes"]
SearchOutcome = Literal["read again", "quotes added", "too few people", "nothing new"]
Ground = Literal["opposite words", "negation", "feeling"]
Settlement = Literal["both contested", "weaker dropped", "left as they are"]
Silence = Literal["nobody speaks of it", "one voice", "nothing held", "not searched"]


class TraceStep(Record):
    """What every step has."""

    persona_id: str = ""
    """Set when the trace is written; a segment that was not finished has no persona and no lines."""
    round: int = 0
    """0: what was at hand; 1 and more: after searches."""


class Evidence(TraceStep):
    """A group of passages that was chosen for the first pass."""

    step: Literal["evidence"] = "evidence"
    attribute: str
    themes: tuple[str, ...]
    about: str
    """Label of the first theme."""
    people: int
    share: float
    adjusted_lift: float | None
    sentences: int
    """Quotable ones that are shown to the author."""


class Proposed(TraceStep):
    """A claim that the author, or what stood in for it, put forward."""

    step: Literal["proposed"] = "proposed"
    attribute: str
    value: str
    quotes: int
    origin: Origin
    note: str = ""


class Quote(TraceStep):
    """A proposed quote that did not stand as it was proposed: put right and cited, or dropped."""

    step: Literal["quote"] = "quote"
    attribute: str
    value: str
    quote: str
    verdict: QuoteVerdict
    detail: str
    """What the verdict is about: the source's words, its document, the number of pieces."""
    cited: bool


class Kept(TraceStep):
    """A claim whose quotes hold."""

    step: Literal["kept"] = "kept"
    attribute: str
    value: str
    quotes: int


class Dropped(TraceStep):
    """A claim that is not told."""

    step: Literal["dropped"] = "dropped"
    attribute: str
    value: str
    reason: str


class Thin(Record):
    """A claim that enough people make, of whom too few are quoted to show it."""

    attribute: str
    value: str
    people: int
    quoted: int
    needed: int


class Gaps(TraceStep):
    """What was missing before a round of searches."""

    step: Literal["gaps"] = "gaps"
    empty: tuple[str, ...]
    """Attributes without a claim that enough people speak of to be searched for."""
    unheard: tuple[str, ...]
    """Attributes without a claim that fewer people speak of than a claim needs."""
    thin: tuple[Thin, ...]


class Searched(TraceStep):
    """A search within the segment's own passages."""

    step: Literal["searched"] = "searched"
    attribute: str
    reason: SearchReason
    value: str = ""
    """The claim that more quotes were looked for."""
    queries: tuple[str, ...]
    within: int
    """Passages looked through: those of the segment that speak of the attribute."""
    passages: int
    """Passages found."""
    people: int
    """Their writers."""
    outcome: SearchOutcome
    added: int = 0
    """Quotes added, each of another person."""


class Contradiction(TraceStep):
    """Two claims that say the opposite of one thing, and what became of them."""

    step: Literal["contradiction"] = "contradiction"
    attribute: str
    value: str
    people: int
    against_attribute: str
    against_value: str
    against_people: int
    """At most `people`: the weaker of the two."""
    ground: Ground
    words: str
    """What they differ in."""
    outcome: Settlement


class Counted(TraceStep):
    """A claim as the persona holds it."""

    step: Literal["counted"] = "counted"
    claim_id: str
    attribute: str
    value: str
    status: ClaimStatus
    people: int
    share: float
    people_elsewhere: int
    adjusted_lift: float | None
    quoted: int
    """People quoted."""
    contrary: int
    """People quoted who say the contrary."""


class NotStated(TraceStep):
    """An attribute that stays without a claim."""

    step: Literal["not stated"] = "not stated"
    attribute: str
    reason: Silence


class Replaced(TraceStep):
    """A sentence of the narrative that did not pass the check."""

    step: Literal["sentence replaced"] = "sentence replaced"
    text: str
    reason: str
    by: Literal["a second answer", "a plain sentence"]


class Narrated(TraceStep):
    """The narrative as it stands."""

    step: Literal["narrated"] = "narrated"
    sentences: int
    by_model: int


Step = Annotated[
    Evidence
    | Proposed
    | Quote
    | Kept
    | Dropped
    | Gaps
    | Searched
    | Contradiction
    | Counted
    | NotStated
    | Replaced
    | Narrated,
    Field(discriminator="step"),
]
"""Any step, told apart by its `step`."""

"""What a model answers with: evidence before conclusions, every field required, no bounds a grammar cannot hold."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from personas.records import NarrativeSection


class _ModelAnswer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ClaimValue(_ModelAnswer):
    """What customers have in common, in a few words."""

    value: str = Field(max_length=80)


class EvidenceQuote(_ModelAnswer):
    """A quote, copied from a numbered piece of evidence."""

    n: int
    quote: str


class ClaimAnswer(_ModelAnswer):
    """A claim: its quotes first, then the value they carry."""

    quotes: list[EvidenceQuote]
    value: str


class AttributeClaims(_ModelAnswer):
    """Claims about one attribute; empty where the evidence does not speak of it."""

    attribute: str
    claims: list[ClaimAnswer]


class ProposedClaims(_ModelAnswer):
    """Claims about each of the attributes asked for."""

    attributes: list[AttributeClaims]


class SentenceAnswer(_ModelAnswer):
    """A sentence: the section it belongs to, the ids of the claims it rests on, then what it says."""

    section: NarrativeSection = "summary"
    claim_ids: list[str]
    text: str


class ProposedNarrative(_ModelAnswer):
    """The narrative, sentence by sentence."""

    sentences: list[SentenceAnswer]


class PersonaName(_ModelAnswer):
    """A tagline and the name that follows from it."""

    tagline: str = Field(max_length=120)
    name: str = Field(max_length=60)


class AttributeSearches(_ModelAnswer):
    """Queries to look for evidence of one attribute with."""

    attribute: str
    queries: list[str]


class PlannedSearches(_ModelAnswer):
    """Queries for each of the attributes asked for."""

    searches: list[AttributeSearches]


class QuotedSentence(_ModelAnswer):
    """A sentence of an answer to a question: what it rests on first, then what it says."""

    quotes: list[EvidenceQuote]
    text: str


class EvidenceAnswer(_ModelAnswer):
    """An answer from evidence, or that the evidence holds none."""

    answerable: bool
    sentences: list[QuotedSentence]

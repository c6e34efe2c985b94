"""What the domain produces: themes, segments, claims, personas and the set of them.

`Document`, `Passage` and `Citation` live in `retrieval.documents`.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from persona_kit.records import Record
from personas.actions.records import Action, Recommendation
from personas.grouping.records import Criteria
from personas.options import NarrativeTemplate as NarrativeTemplate
from retrieval.documents import Citation, Language, Scalar

ClaimStatus = Literal["supported", "anecdotal", "contested", "withheld"]
Origin = Literal["llm", "extractive", "data"]
Standing = Literal["persona", "tendency"]
GroupKind = Literal["segment", "outliers", "too little text"]
NarrativeSection = Literal["summary", "day", "goals", "frustrations", "speak"]


class Customer(Record):
    """A person: what the customer table and the orders say of them."""

    customer_id: str
    attributes: dict[str, Scalar] = Field(default_factory=dict)
    """Columns of the customer table, and `orders_*` features computed from the orders."""


class Theme(Record):
    """Passages, from whomever, that say the same thing."""

    theme_id: str
    label: str
    """A short phrase in the words of the passages."""
    terms: tuple[str, ...]
    """Most distinctive terms by c-TF-IDF, best first."""
    language: Language
    passage_ids: tuple[str, ...]
    people: int
    """Distinct customers who wrote at least one of the passages."""
    quality: float
    """Mean cosine of the passages to the theme's centre, 0..1."""


class SegmentQuality(Record):
    """How far a segment can be trusted."""

    stability: float
    """Mean Jaccard overlap with its best match over resamples, 0..1."""
    separation: float
    """Mean difference between a member's strongest and second membership, 0..1."""


class Segment(Record):
    """People who voice like things, or a named group of people who cannot be placed."""

    segment_id: str
    kind: GroupKind
    customer_ids: tuple[str, ...]
    """Sorted; every customer stands in exactly one segment."""
    memberships: tuple[float, ...]
    """Strength of each customer's membership, in the order of `customer_ids`, 0..1."""
    theme_profile: dict[str, float] = Field(default_factory=dict)
    """Share of the members who voice each theme."""
    quality: SegmentQuality | None = None


class Basis(Record):
    """Where a claim from a table comes from."""

    file: str
    column: str
    value: str


class Interval(Record):
    """A 95 % Wilson score interval of a share."""

    low: float
    high: float


class Claim(Record):
    """One statement about a segment, with the evidence that carries it."""

    claim_id: str
    """`c1`, `c2`, ... within its persona."""
    attribute: str
    """Key of the attribute schema, such as `pain_points`."""
    value: str
    status: ClaimStatus
    people: int
    """Distinct members of the segment behind the claim."""
    people_elsewhere: int
    """Distinct people outside the segment behind the same claim."""
    share: float
    share_elsewhere: float
    interval: Interval
    lift: float | None
    """Share here over share elsewhere; None where nobody elsewhere says it."""
    adjusted_lift: float | None
    """Mantel-Haenszel risk ratio over fifths of how much people wrote."""
    citations: tuple[Citation, ...] = ()
    counter_citations: tuple[Citation, ...] = ()
    basis: Basis | None = None
    theme_ids: tuple[str, ...] = ()
    """Themes the count rests on."""
    origin: Origin
    note: str = ""
    """Why the claim has its status or origin, where that needs saying."""


class Sentence(Record):
    """One sentence of the narrative and the claims it rests on."""

    text: str
    claim_ids: tuple[str, ...]
    origin: Origin
    section: NarrativeSection = "summary"
    """What it is part of: the summary or the day, their goals, their frustrations, or how to speak to them."""


class Score(Record):
    """One line of the scorecard."""

    name: str
    value: float | None
    """None where it could not be scored."""
    reason: str
    count: int | None = None
    """Where the value is a share: how many."""
    total: int | None = None
    """Of how many."""
    chance: float | None = None
    """The value that chance would give, where that is known."""
    nearest: str = ""
    """Id of the persona that it was compared with."""


class Provenance(Record):
    """What made a persona."""

    author: str
    model: str
    prompts: dict[str, str] = Field(default_factory=dict)
    """Prompt name with version -> SHA-256 of its template."""
    fallbacks: tuple[str, ...] = ()
    """Attributes for which the extractive author stood in for the model, each with the reason."""


class Characteristic(Record):
    """A value of the customer table that is over- or under-represented in a segment."""

    column: str
    value: str
    share: float
    share_elsewhere: float
    people: int
    people_elsewhere: int = 0
    known: int
    """Members of the segment of whom the column is known."""
    ratio: float | None
    interval: Interval


class Persona(Record):
    """A segment as a person a product team can talk about; every claim carries its evidence."""

    persona_id: str
    name: str
    tagline: str
    segment_id: str
    language: Literal["en", "zh"]
    people: int
    share: float
    standing: Standing
    claims: tuple[Claim, ...]
    narrative: tuple[Sentence, ...]
    quotes: tuple[Citation, ...]
    """The most telling quotes, each from another person."""
    characteristics: tuple[Characteristic, ...] = ()
    not_stated: tuple[str, ...] = ()
    """Attributes nobody spoke of, or fewer people than the least number."""
    cautions: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    scorecard: tuple[Score, ...] = ()
    provenance: Provenance
    actions: tuple[Action, ...] = ()
    """What to try for marketing, product, service, risk and growth, as hypotheses."""
    recommendations: tuple[Recommendation, ...] = ()
    """Products and contents that go with its people; empty where no products are named."""
    attribute_labels: dict[str, str] = Field(default_factory=dict)
    """What the attributes of a schema of the user's own are called, by key; empty with the schema that ships."""


class DataQuality(Record):
    """What was found in the input; input = processed + quarantined."""

    inputs: int
    documents: int
    quarantined: int
    merged: int
    """Documents merged into another of the same customer (counted in `quarantined` too)."""
    customers: int
    passages: int
    words: int
    """Words in English, characters in Chinese."""
    languages: dict[str, int]
    """Documents per language."""
    sources: dict[str, int]
    kinds: dict[str, int] = Field(default_factory=dict)
    reasons: dict[str, int] = Field(default_factory=dict)
    """Quarantined documents per reason."""
    redactions: dict[str, int] = Field(default_factory=dict)
    """Replacements per kind of personal data."""
    redact_level: str = "standard"
    columns: tuple[str, ...] = ()
    """Which column was read as what, one sentence each."""
    bursts: tuple[str, ...] = ()
    """Near-identical posts by several people, one sentence each."""
    repeated: int = 0
    """Posts of those that repeat another customer's: counted once."""
    flagged: dict[str, int] = Field(default_factory=dict)
    """Documents that speak to a machine and not to a reader, by kind; one may be of several."""
    flagged_documents: int = 0
    flagged_people: int = 0
    """Their authors."""
    flagged_examples: tuple[str, ...] = ()
    """Ids of the first of them; their words are not shown."""
    flagged_policy: Literal["withhold", "use"] = "withhold"
    hidden: dict[str, int] = Field(default_factory=dict)
    """Characters that no reader sees and that were taken out, by kind."""
    first_date: str | None = None
    last_date: str | None = None
    customers_in_table: int = 0
    customers_joined: int = 0


class CandidateGrouping(Record):
    """One way of grouping people that was tried."""

    representation: str
    algorithm: str = ""
    segments: int
    stability: float | None
    """Adjusted Rand index with the groupings of four fifths of the people, mean; None where there was nothing to draw
    for: one group, or more than may be."""
    told: float | None = None
    """Nats that half of what a person wrote says of the segment the other half falls into, beyond chance; None where
    too few people wrote enough for two halves."""
    worth: float = 0.0
    """What the choice goes by: what is told times how far it returns."""
    criteria: Criteria | None = None
    chosen: bool


class CandidateThemes(Record):
    """One granularity of the themes of one vector space that was tried."""

    embedder: str
    """What made the vectors of these passages."""
    resolution: float
    """Of the communities; larger is finer."""
    themes: int
    stability: float | None
    """Adjusted Rand index with the themes of four fifths of the passages, mean; None where nothing is told: all
    passages one theme, or each its own."""
    criteria: Criteria | None = None
    """Shown beside it; the choice goes by stability."""
    chosen: bool


class TopicOfSegments(Record):
    """A topic of words, and how much of what people wrote is of it."""

    words: tuple[str, ...]
    """Best first."""
    share: float
    """Mean over the people placed, 0..1."""
    shares: dict[str, float]
    """Mean over the people of each segment, by segment_id."""


class BlockShare(Record):
    """How much a kind of knowledge sets the segments apart."""

    block: str
    """`text`, `table`, `behaviour` or `feelings`."""
    weight: float
    """Beside the others, in the likeness of two people; 0: it does not take part."""
    contribution: float
    """Its part of the spread of the segments' centres, 0..1."""


class MapPoint(Record):
    """A customer on the map."""

    customer_id: str
    x: float
    y: float
    segment_id: str

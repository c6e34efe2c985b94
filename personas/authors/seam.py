"""The seam between the persona graph and whoever writes: proposals in, nothing believed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from personas.attributes import Attribute, OutputLanguage
from personas.evidence import EvidenceGroup
from personas.models.ledger import Totals
from personas.records import Claim, NarrativeSection, NarrativeTemplate, Origin


@dataclass(frozen=True, kw_only=True)
class SegmentBrief:
    """What an author is told of a segment beside the evidence."""

    segment_id: str
    language: OutputLanguage
    """Language to write in."""
    source_language: OutputLanguage
    """Language most of the segment's people wrote in."""
    people: int
    share: float
    terms: tuple[str, ...]
    """What sets the segment's words apart, best first."""
    neighbours: tuple[str, ...]
    """Terms of the nearest other segments, one line each."""
    seed: int
    narrative: NarrativeTemplate = "summary"
    """Which sections the narrative has."""
    faults: tuple[str, ...] = ()
    """What was wrong with the sentences of the first attempt, where the narrative is asked for again."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """An attribute and the evidence of it, in groups that each say like things."""

    attribute: Attribute
    groups: Sequence[EvidenceGroup]
    whole: EvidenceGroup | None = None
    """All that is said of the attribute, whatever its theme: what few say in each theme, many may say in all."""


@dataclass(frozen=True, kw_only=True)
class ProposedQuote:
    """A quote as the author wrote it, and the evidence it is said to come from (an index into the group's items)."""

    text: str
    group: EvidenceGroup
    item: int | None


@dataclass(frozen=True, kw_only=True)
class ProposedClaim:
    """A claim before anything of it is checked."""

    attribute: str
    value: str
    quotes: tuple[ProposedQuote, ...]
    origin: Origin
    note: str = ""
    chosen: bool = False
    """Whether the value is a choice of the schema: a label, whose words its quotes need not hold."""


@dataclass(frozen=True, kw_only=True)
class ProposedSentence:
    """A sentence of the narrative before it is checked."""

    text: str
    claim_ids: tuple[str, ...]
    origin: Origin
    section: NarrativeSection = "summary"


@dataclass(frozen=True, kw_only=True)
class ProposedName:
    """A name and a tagline."""

    name: str
    tagline: str
    origin: Origin


class PersonaAuthor(Protocol):
    """Writes what a segment's evidence shows; everything it returns is a proposal."""

    @property
    def kind(self) -> str:
        """`llm` or `extractive`."""

    @property
    def model(self) -> str:
        """Identity of the model, empty where there is none."""

    @property
    def stages(self) -> dict[str, Totals]:
        """What the model cost so far by the prompt asked; empty where there is none."""

    @property
    def failures(self) -> int:
        """Calls that gave nothing after all retries, for which another run would ask again."""

    @property
    def concurrency(self) -> int:
        """How many segments may be worked on at a time."""

    def propose(self, brief: SegmentBrief, questions: Sequence[Question]) -> list[ProposedClaim]:
        """Claims about each attribute from its evidence; how many calls that takes is the author's business."""

    def stand_in(self, brief: SegmentBrief, question: Question) -> list[ProposedClaim]:
        """Claims without a model, for an attribute of which nothing proposed could be grounded."""

    def plan_searches(self, brief: SegmentBrief, attributes: Sequence[Attribute]) -> dict[str, list[str]]:
        """Attribute key -> queries to look for evidence with, for attributes that have none."""

    def narrate(
        self, brief: SegmentBrief, claims: Sequence[Claim], not_stated: Sequence[str]
    ) -> list[ProposedSentence]:
        """The narrative from the claims; asked again for the sentences that do not pass the check."""

    def name(self, brief: SegmentBrief, claims: Sequence[Claim], taken: Sequence[str]) -> ProposedName:
        """A name and a tagline, different from the names taken."""

    def prompts_used(self) -> dict[str, str]:
        """Prompt name with variant and version -> SHA-256 of its template."""

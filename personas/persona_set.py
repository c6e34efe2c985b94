"""Everything a run found, as it is written."""

from __future__ import annotations

from typing import Literal

from persona_kit.records import Record
from personas.actions.records import ProductVerdict
from personas.behaviour.records import BehaviourReport, PersonaPriority, SegmentValue
from personas.corrections.records import AppliedCorrection
from personas.explaining.records import Explanation
from personas.grouping.records import Merge
from personas.records import (
    BlockShare,
    CandidateGrouping,
    CandidateThemes,
    DataQuality,
    Persona,
    Score,
    Segment,
    Theme,
    TopicOfSegments,
)
from personas.trends.records import TrendReport

FORMAT_VERSION = "1"


class SegmentationReport(Record):
    """How the people were grouped, and how far to trust it."""

    representation: str
    """`theme profiles` or `whole-person vectors`, what --text-features names, or the column named with --segment-by."""
    reason: str
    stability: float
    """Adjusted Rand index with the grouping of resamples, mean; 1 is the same every time."""
    algorithm: str = ""
    told: float | None = None
    """Nats that half of what a person wrote says of the segment the other half falls into, beyond chance."""
    halves_agreement: float | None = None
    """How often both halves fall into the same segment, beyond chance (Cohen's kappa); None where too few people wrote
    enough for two."""
    blocks: tuple[BlockShare, ...] = ()
    """What the segments rest on: what people wrote, are, did and feel."""
    candidates: tuple[CandidateGrouping, ...] = ()
    topics: tuple[TopicOfSegments, ...] = ()
    """What the segments were made by, where these were topics of words (`--text-features lda` or `nmf`)."""
    tree: tuple[Merge, ...] = ()
    """The joins of the segments, nearest first; groups are numbered as the segments proper stand in `segments`."""
    embedder: str
    themes: int
    theme_candidates: tuple[CandidateThemes, ...] = ()
    """How fine the themes might have been, coarse to fine; a run of each vector space."""
    length_explains: float
    """Share of the variance of log text length that the groups explain; less is better."""


class PersonaSet(Record):
    """Everything a run found: what `personas.json` holds."""

    format_version: str = FORMAT_VERSION
    title: str
    language: Literal["en", "zh"]
    personas: tuple[Persona, ...]
    segments: tuple[Segment, ...]
    """Without member lists: these stand in assignments.csv only."""
    themes: tuple[Theme, ...]
    """Without passage lists: these stand in themes.csv only."""
    data: DataQuality
    segmentation: SegmentationReport
    sizes: dict[str, int]
    """People per segment_id."""
    warnings: tuple[str, ...] = ()
    explanation: Explanation | None = None
    """What tells who is in which segment; None for a single one."""
    trends: TrendReport | None = None
    """None where the documents carry too few dates."""
    behaviour: BehaviourReport | None = None
    """None without orders or events."""
    values: tuple[SegmentValue, ...] = ()
    """What each segment ordered; empty without orders."""
    priorities: tuple[PersonaPriority, ...] = ()
    """Which segment matters most, first."""
    scorecard: tuple[Score, ...] = ()
    """Of all personas together; empty without one."""
    corrections: tuple[AppliedCorrection, ...] = ()
    """What was corrected by hand, in the order it was applied."""
    products: tuple[ProductVerdict, ...] = ()
    """What each product is praised and blamed for; empty where no products are named."""

    @property
    def people(self) -> int:
        """People in all segments."""
        return sum(self.sizes.values())

"""What is kept of a run's segments to place new people in them, and what placing gives."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from persona_kit.records import Record
from personas.assigning.arrays import StoredArray
from personas.assigning.lsa_state import LsaState

MODEL_FORMAT = "1"
ASSIGNMENT_FORMAT = "1"

Representation = Literal["theme profiles", "whole-person vectors"]
Script = Literal["latin", "other", "any"]


class Calibration(Record):
    """From how much nearer the nearest segment is than the second, to how often that answer is right."""

    margins: tuple[float, ...]
    """Rising differences of cosines."""
    shares: tuple[float, ...]
    """Never falling, 0..1; between two margins it goes straight."""
    people: int
    """Of how many of the run's people it was learnt."""
    agreement: float
    """How often the two tries on a person agreed."""


class SegmentCentre(Record):
    """A segment in one vector space."""

    segment_id: str
    persona_id: str
    """Empty where nobody was written up."""
    people: int
    """The run's people of this segment who write in this space."""
    centre: StoredArray
    """``(dimensions,)`` unit length, in the space's representation."""
    floor: float
    """The closeness to the centre that 95 in 100 of these people have."""
    tested: int = 0
    """Of these people, those who were placed once more, each left out of the centres."""
    right_unseen: int = 0
    """Of those, how many were nearest to this segment."""


class SpaceModel(Record):
    """The segments of the people who write in one vector space."""

    embedder: str
    fingerprint: str
    script: Script
    """Which documents belong here: told apart by script where the embedder was `auto`."""
    theme_centres: StoredArray
    """``(themes, dimensions)``."""
    lsa: LsaState | None = None
    representation: Representation = "theme profiles"
    segments: tuple[SegmentCentre, ...] = ()
    """Empty where nobody of this space is in a segment."""
    familiarity: float = 0.0
    """How familiar the words of 98 in 100 of the run's people are at least; who lies below writes of other things."""
    replaced: float = 0.0
    """Share of the run's people of these segments whose nearest centre is their own segment's."""
    replaced_unseen: float = 0.0
    """The same, each person left out of the centres."""
    tells: bool = True
    """Whether what people write tells these segments apart at all."""
    calibration: Calibration | None = None


class SegmentModel(Record):
    """All that is needed to place new people in the segments of a run, without its documents: `segment_model.json`."""

    format_version: str = MODEL_FORMAT
    grouped_by: str
    """What the run's people were grouped by: a representation, or a column of the customer table."""
    by_column: bool
    spaces: tuple[SpaceModel, ...]
    latin_majority: bool
    """Where documents without letters go."""
    least_words: int
    """People with fewer cannot be placed."""
    max_chars: int
    """Longest passage in Latin characters."""
    redact: Literal["off", "standard", "strict"]
    columns: dict[str, str] = Field(default_factory=dict)
    """Columns that the run's user named: part -> name."""
    base_url: str | None = None


class AssignedCustomer(Record):
    """Where one new customer belongs."""

    customer_id: str
    segment_id: str
    """Empty for none of these."""
    persona_id: str
    persona_name: str
    confidence: float | None
    """How probable it is that this is the right one of the segments, 0..1; None for none of these."""
    none_of_these: bool
    reason: str
    """Why none of these; empty otherwise."""
    nearest_segment_id: str
    """Also for none of these, where anything is near."""
    documents: int
    words: int


class Assignment(Record):
    """New customers in the segments of a run."""

    format_version: str = ASSIGNMENT_FORMAT
    run: str
    """The run's key, as its manifest holds it."""
    calibrated: bool
    """Whether the confidences were checked against the run's own people; else they are soft memberships."""
    notes: tuple[str, ...]
    documents: int
    quarantined: int
    """Inputs that are no documents."""
    people: tuple[AssignedCustomer, ...]
    """By customer id."""

    @property
    def placed(self) -> int:
        """How many people belong to a segment."""
        return sum(not person.none_of_these for person in self.people)

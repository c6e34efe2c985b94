"""What a comparison of two persona sets holds: A is the one before, B the one after; counts are of people."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from persona_kit.records import Record
from personas.records import ClaimStatus, Interval, Origin, Standing

FORMAT_VERSION = "1"

OUTSIDE = "outside"
"""The place of people who are in a run and in no persona: outliers, too little text, a segment not written up."""

ABSENT = "absent"
"""The place of people who are in the other run only."""

PersonaMatch = Literal["id", "people"]
ClaimMatch = Literal["wording", "evidence", "table"]
ClaimVerdict = Literal["same", "changed", "appeared", "went"]
Direction = Literal["up", "down"]
CauseKind = Literal[
    "documents",
    "files",
    "tables",
    "reading",
    "grouping",
    "writing",
    "language",
    "engine",
    "prompt",
    "embedder",
    "version",
    "other",
]
Why = Literal["other documents", "other words", "other people", "other author", "other choice"]


class SetHead(Record):
    """One of the two sets."""

    path: str
    title: str
    language: Literal["en", "zh"]
    personas: int
    people: int
    stability: float
    """Adjusted Rand index of its segments with those of resamples, mean."""


class PersonaHead(Record):
    """A persona as it stands in one of the sets."""

    persona_id: str
    name: str
    standing: Standing
    people: int
    of: int
    """Everybody in the set."""


class Flow(Record):
    """People who are in both runs, by where they were and where they are: a persona id, `outside`, or `absent`."""

    before: str
    after: str
    people: int


class Lone(Record):
    """A persona without a counterpart in the other set."""

    persona: PersonaHead
    flows: tuple[Flow, ...] = ()
    """Where its people were before (appeared), or are now (went), most first; empty where that is not known."""


class Part(Record):
    """One of several personas that a persona of the other set fell into, or came from."""

    persona_id: str
    name: str
    shared: int
    """People in both personas."""
    of: int
    """People of this one who are in both runs."""


class Relation(Record):
    """A persona of A that lies mostly in several of B (split), or one of B that mostly comes from several of A."""

    persona_id: str
    name: str
    people: int
    """Its people who are in both runs."""
    parts: tuple[Part, ...]


class ShareChange(Record):
    """A share in A and in B, and whether it surely differs."""

    people_a: int
    of_a: int
    people_b: int
    of_b: int
    difference: float
    """Share in B minus share in A."""
    interval: Interval
    """95 % of the difference, Newcombe's."""
    q: float
    """Fisher's exact test, two-sided, corrected for all that were made (Benjamini-Hochberg)."""
    direction: Direction | None
    """Where q <= 0.05 and the interval leaves out 0; None is told as no sure change."""


class ClaimState(Record):
    """A claim as it stands in one of the sets."""

    claim_id: str
    value: str
    status: ClaimStatus
    origin: Origin
    people: int
    of: int
    """People of the persona, or those of whom a table knows the column."""
    share: float
    interval: Interval
    quotes: int


class EvidenceShift(Record):
    """What a claim quotes, against the other run."""

    documents: int
    missing: int
    """Documents quoted that the other run does not have."""
    reworded: int
    """Documents quoted whose text is another there."""
    people: int
    elsewhere: int
    """People quoted who are in the other run, but not in the persona compared with."""


class ClaimChange(Record):
    """A claim of one of two matched personas, or of both."""

    attribute: str
    verdict: ClaimVerdict
    matched_by: ClaimMatch | None = None
    before: ClaimState | None = None
    after: ClaimState | None = None
    reworded: bool = False
    status_changed: bool = False
    share: ShareChange | None = None
    evidence: EvidenceShift | None = None
    """Of the claim in B against A; of one that went, in A against B. None without lists of documents."""
    why: tuple[Why, ...] = ()
    """What of the evidence and its author differs; empty for claims that stayed, and where nothing can be told."""


class PeopleShift(Record):
    """The people of two matched personas."""

    stayed: int
    moved_out: int
    """Of A's persona, now elsewhere in B."""
    gone: int
    """Of A's persona, not in B at all."""
    moved_in: int
    joined: int
    """Of B's persona, not in A at all."""

    @property
    def jaccard(self) -> float:
        """Overlap of those who are in both runs, 0..1."""
        everybody = self.stayed + self.moved_out + self.moved_in
        return self.stayed / everybody if everybody else 0.0


class DocumentShift(Record):
    """Documents of two runs, or of two matched personas."""

    kept: int
    new: int
    gone: int
    reworded: int
    """In both, with other words."""
    sources: dict[str, int] = Field(default_factory=dict)
    """New documents by where they came from, most first."""

    @property
    def differs(self) -> bool:
        """Whether any document is in one only, or reads otherwise."""
        return bool(self.new or self.gone or self.reworded)


class PersonaChange(Record):
    """A persona that is in both sets."""

    matched_by: PersonaMatch
    before: PersonaHead
    after: PersonaHead
    size: ShareChange
    people: PeopleShift | None = None
    documents: DocumentShift | None = None
    other_author: bool = False
    """Whether another author, model or prompt wrote it."""
    claims: tuple[ClaimChange, ...]

    @property
    def differs(self) -> bool:
        """Whether anything a reader sees of it changed: its name, standing, people or claims."""
        return (
            self.before.name != self.after.name
            or self.before.standing != self.after.standing
            or self.before.people != self.after.people
            or (self.people is not None and bool(self.people.moved_in + self.people.joined))
            or any(claim.verdict != "same" for claim in self.claims)
        )


class Movement(Record):
    """Where the people of both runs went."""

    both: int
    only_a: int
    only_b: int
    stayed: int
    """With their persona."""
    followed: int
    """Their persona into one of its parts, or into what it was merged with."""
    moved: int
    """To another persona."""
    came_in: int
    """From no persona into one."""
    fell_out: int
    """From a persona into none."""
    outside: int
    """In no persona, before and after."""
    flows: tuple[Flow, ...]
    """All of them but those who stayed, most first."""
    agreement: float | None = None
    """Adjusted Rand index of the two groupings over those who are in a persona in both; None for a single one."""


class Cause(Record):
    """Something that differs between the runs."""

    kind: CauseKind
    what: str
    before: str = ""
    after: str = ""


class SetDiff(Record):
    """Two persona sets compared: what `personas diff --json` prints."""

    format_version: str = FORMAT_VERSION
    a: SetHead
    b: SetHead
    differs: bool
    """Whether personas, their people, names, standing or claims differ; what `--exit-code` goes by."""
    causes: tuple[Cause, ...] | None
    """What differs between the runs; None without manifests."""
    documents: DocumentShift | None
    movement: Movement | None
    """None where only personas.json is known, which does not tell who is in a persona."""
    personas: tuple[PersonaChange, ...]
    appeared: tuple[Lone, ...]
    went: tuple[Lone, ...]
    splits: tuple[Relation, ...]
    merges: tuple[Relation, ...]
    tests: int
    """Shares compared, for which every q is corrected."""

"""What `corrections.toml` may say, and what became of it in a run."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from persona_kit.records import Record

CorrectionKind = Literal["split", "merge", "rename", "reject", "pin"]

MOST_PARTS = 12
"""Parts of a segment that is split: as many as a run makes segments."""


def _filled(text: str) -> str:
    if not text.strip():
        raise ValueError("it is empty")
    return " ".join(text.split())


Words = Annotated[str, AfterValidator(_filled)]


class Split(Record):
    """`[[split]]`: the people of a persona in several, by a column or by grouping them once more."""

    persona: Words
    by: Words | None = None
    """Column of the customer table."""
    into: Annotated[int, Field(ge=2, le=MOST_PARTS)] | None = None
    """How many parts; None beside no column: as many as hold."""
    note: str = ""

    @model_validator(mode="after")
    def _one_way(self) -> Split:
        if self.by is not None and self.into is not None:
            raise ValueError("give `by` or `into`, not both")
        return self


class Merge(Record):
    """`[[merge]]`: the people of several personas as one, under the id of the first."""

    personas: Annotated[tuple[Words, ...], Field(min_length=2)]
    note: str = ""


class Rename(Record):
    """`[[rename]]`: what a persona is called."""

    persona: Words
    name: Words
    tagline: Words | None = None
    note: str = ""


class Reject(Record):
    """`[[reject]]`: a claim that is not to be made."""

    persona: Words | None = None
    """None: whichever persona makes it."""
    attribute: Words | None = None
    """Key or label of the attribute; None: whatever the claim is filed under."""
    value: Words
    """What the claim says; see `personas.corrections.matching` for how near a claim must come."""
    note: str = ""


class Pin(Record):
    """`[[pin]]`: a quote that always stands among a persona's."""

    persona: Words
    quote: Words
    document: Words | None = None
    """Id of the document it stands in; None: looked for in all that the persona's people wrote."""
    note: str = ""


class Corrections(Record):
    """Everything corrected by hand; each kind in the order of the file."""

    split: tuple[Split, ...] = ()
    merge: tuple[Merge, ...] = ()
    rename: tuple[Rename, ...] = ()
    reject: tuple[Reject, ...] = ()
    pin: tuple[Pin, ...] = ()

    @property
    def count(self) -> int:
        """How many there are."""
        return sum(len(entries) for entries in (self.split, self.merge, self.rename, self.reject, self.pin))

    @property
    def regroups(self) -> bool:
        """Whether people are put elsewhere."""
        return bool(self.split or self.merge)


class AppliedCorrection(Record):
    """What became of one entry of `corrections.toml`."""

    kind: CorrectionKind
    number: int
    """Of the entry among those of its kind, from 1."""
    applied: bool
    """False where a claim to reject was not made in this run."""
    personas: tuple[str, ...] = ()
    """The ids that the entry names."""
    results: tuple[str, ...] = ()
    """The personas of this run that it concerns."""
    details: tuple[str, ...] = ()
    """The values or numbers of the parts of a split, the name before, the claims rejected, the document quoted."""
    people: tuple[int, ...] = ()
    """Of each part of a split, of each persona merged."""
    attribute: str = ""
    text: str = ""
    """The name, the value, the quote or the column that the entry gives."""
    nearest: str = ""
    """Where nothing was rejected: the claim that comes nearest, if any does."""
    note: str = ""

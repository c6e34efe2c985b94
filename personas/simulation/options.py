"""What is to be simulated."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, ModelWrapValidatorHandler, ValidationError, model_validator

from persona_kit.errors import UsageError
from persona_kit.records import Record
from personas.simulation.material import world_names

DEFAULT_CUSTOMERS = 300
DOCUMENTS_PER_CUSTOMER = 5
"""The mean; the distribution has a long tail, and a fifth of all people write once."""


class SimulationOptions(Record):
    """What is to be simulated; the same options give the same bytes.

    Raises:
        UsageError: when a value is out of range, or two do not go together.
    """

    seed: int = Field(default=0, ge=0)
    language: Literal["en", "zh", "mixed"] = "en"
    """In `mixed` each customer writes one of the two."""
    world: str | None = None
    """One of `world_names()`; chosen by the seed where it is not given."""
    segments: int = Field(default=5, ge=1, le=10)
    """1: one homogeneous population, in which everybody draws from the same mix."""
    customers: int | None = Field(default=None, ge=1, le=200_000)
    """300 where neither they nor the documents are given, else a fifth of the documents."""
    documents: int | None = Field(default=None, ge=1, le=1_000_000)
    """How many documents in all; five for each customer where it is not given."""
    length: Literal["normal", "short"] = "normal"
    """`short`: one statement a document, and no chats."""
    overlap: float = Field(default=0.06, ge=0.0, le=1.0)
    """Share of statements that voice what people of another segment voice."""
    noise: float = Field(default=0.3, ge=0.0, le=1.0)
    """Typos, casing, filler words, registers and sarcasm; 0: plain sentences."""
    duplicates: float = Field(default=0.02, ge=0.0, le=0.5)
    """Share of documents that the same customer sent before."""
    contradictions: float = Field(default=0.03, ge=0.0, le=1.0)
    """Share of the people with two documents or more who later say the opposite."""
    off_topic: float = Field(default=0.03, ge=0.0, le=0.9)
    """Share of people who write of something else altogether."""
    personal_data: float = Field(default=0.03, ge=0.0, le=1.0)
    """Share of documents with made-up personal data."""
    instructions: float = Field(default=0.01, ge=0.0, le=1.0)
    """Share of documents with an instruction to whatever model reads them."""
    orders: bool = True
    """Whether orders and events are made too."""
    phrasings: Literal["all", "first", "second"] = "all"
    """Which half of the phrasings of every value people use: learn from one, test on the other."""

    @model_validator(mode="wrap")
    @classmethod
    def _tell_the_user(cls, values: Any, handler: ModelWrapValidatorHandler[SimulationOptions]) -> SimulationOptions:
        try:
            options = handler(values)
        except ValidationError as error:
            first = error.errors()[0]
            raise UsageError(
                f"the simulation cannot be made: {first['msg']}",
                where=f"{'.'.join(map(str, first['loc']))} = {first['input']!r}",
                mend="choose a value in the range that the option's help names",
            ) from error
        options._check_together()
        return options

    def _check_together(self) -> None:
        if self.world is not None and self.world not in world_names():
            raise UsageError(
                f"there is no world {self.world!r}", where="world", mend=f"choose one of {', '.join(world_names())}"
            )
        if self.people * (1 - self.off_topic) < self.segments:
            raise UsageError(
                f"{self.people} customers are too few for {self.segments} segments",
                where=f"customers, segments and off_topic = {self.off_topic}",
                mend="ask for more customers or fewer segments",
            )
        if self.size < self.people:
            raise UsageError(
                f"{self.people:,} customers cannot write {self.size:,} documents: each writes at least one",
                where="customers and documents",
                mend="ask for more documents or fewer customers",
            )

    @property
    def people(self) -> int:
        """How many customers there are."""
        if self.customers is not None:
            return self.customers
        if self.documents is None:
            return DEFAULT_CUSTOMERS
        return min(200_000, max(1, self.documents // DOCUMENTS_PER_CUSTOMER))

    @property
    def size(self) -> int:
        """How many documents there are."""
        return self.documents if self.documents is not None else DOCUMENTS_PER_CUSTOMER * self.people

"""An answer, and what each of its sentences rests on."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from persona_kit.records import Record
from personas.attributes import OutputLanguage
from personas.records import Origin
from retrieval.documents import Citation

Voice = Literal["plain", "in-voice"]


class AnswerSentence(Record):
    """A sentence of an answer."""

    text: str
    citations: tuple[int, ...] = ()
    """Places in the answer's `citations`, counted from 1."""
    claim_ids: tuple[str, ...] = ()
    """Claims of the persona that it repeats."""
    origin: Origin


class PersonaAnswer(Record):
    """What a segment's documents say to a question; nothing in it comes from anywhere else."""

    question: str
    persona_id: str
    name: str
    segment_id: str
    language: OutputLanguage
    voice: Voice
    answered: bool
    """False: nobody in the segment spoke about that."""
    sentences: tuple[AnswerSentence, ...]
    citations: tuple[Citation, ...] = ()
    """What the sentences quote: each ``document.text[start:end]``, one a person as far as they go."""
    people: int = 0
    """Members of the segment who spoke about that; 0 where the answer only repeats the persona's claims."""
    members: int
    """People in the segment."""
    people_elsewhere: int | None = None
    """People outside of it who spoke about that; told only where nobody in it did."""
    author: str
    """`llm` or `extractive`."""
    model: str = ""
    prompts: dict[str, str] = Field(default_factory=dict)
    """Prompt name with version -> SHA-256 of its template."""
    notes: tuple[str, ...] = ()
    """What the reader should know: why the model did not answer, where the text was read from."""

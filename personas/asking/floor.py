"""The answer without a model: what the persona claims, how many spoke of it, and their own sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from personas.asking.finding import COVERED, Spoken, cover, find_spoken, find_stated
from personas.asking.likeness import nearness, words_of
from personas.asking.questions import Asked
from personas.asking.records import AnswerSentence, Voice
from personas.asking.wording import say, say_claim
from personas.attributes import AttributeSchema
from personas.records import Claim, Persona
from retrieval.documents import Citation, Document

QUOTES_SHOWN = 5
CLAIMS_SHOWN = 4
QUOTES_PER_CLAIM = 2
RELATED_SHOWN = 2
"""Claims told beside what was found: the quotes are the answer."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """What was found for a question before it is put in words."""

    claims: tuple[Claim, ...] = ()
    spoken: tuple[Spoken, ...] = ()
    """Best first, one a person."""
    people: int = 0
    is_stated: bool = False
    """Whether it was asked who they are."""

    @property
    def is_empty(self) -> bool:
        """Whether nobody spoke of it."""
        return not self.claims and not self.spoken


@dataclass(frozen=True, kw_only=True)
class Turn:
    """A question, whom it was put to, and what was found for it."""

    question: str
    """As it was asked."""
    asked: Asked
    persona: Persona
    documents: Sequence[Document]
    """What the members of its segment wrote."""
    found: Found
    voice: Voice

    @property
    def members(self) -> int:
        """People in the segment."""
        return self.persona.people


@dataclass
class Draft:
    """An answer as it grows: its sentences, and the citations they point at."""

    sentences: list[AnswerSentence] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)

    def place(self, citation: Citation) -> int:
        """Where the citation stands, counted from 1; taken up where it is new."""
        if citation not in self.citations:
            self.citations.append(citation)
        return self.citations.index(citation) + 1


def look_up(asked: Asked, persona: Persona, documents: Sequence[Document], schema: AttributeSchema) -> Found:
    """What the persona's claims and the segment's documents hold of what is asked."""
    if asked.statement is not None and not asked.topics:
        return _stated(asked, persona, documents)
    if asked.is_whole:
        return Found(claims=persona.claims[:CLAIMS_SHOWN])
    if asked.topics:
        return _about(asked, asked.topics, persona, documents, schema)
    claims = tuple(c for c in persona.claims if c.attribute in asked.attributes and c.status != "withheld")
    if claims:
        return Found(claims=claims[:CLAIMS_SHOWN])
    return _cued(asked, documents, schema) or _about(asked, (asked.spoken_for,), persona, documents, schema)


def compose(found: Found, *, voice: Voice, asked: Asked, members: int) -> Draft:
    """The answer: how many, what the persona claims, what they said."""
    draft = Draft()
    language = asked.language
    quoted = found.spoken[:QUOTES_SHOWN]
    if quoted:
        text = say("stated" if found.is_stated else "spoke", voice, language, people=found.people, members=members)
        places = tuple(draft.place(one.cite()) for one in quoted)
        draft.sentences.append(AnswerSentence(text=text, citations=places, origin="extractive"))
    for claim in found.claims:
        places = tuple(draft.place(citation) for citation in claim.citations[:QUOTES_PER_CLAIM])
        text = say_claim(claim, voice, language)
        draft.sentences.append(
            AnswerSentence(text=text, citations=places, claim_ids=(claim.claim_id,), origin=claim.origin)
        )
    for one in quoted:
        text = say("quote", voice, language, quote=" ".join(one.text.split()))
        draft.sentences.append(AnswerSentence(text=text, citations=(draft.place(one.cite()),), origin="extractive"))
    return draft


def _stated(asked: Asked, persona: Persona, documents: Sequence[Document]) -> Found:
    assert asked.statement is not None
    column = asked.statement.column
    claims = tuple(c for c in persona.claims if c.basis is not None and column.search(c.basis.column.lower()))
    spoken = find_stated(documents, asked.statement.stated)
    return Found(claims=claims[:CLAIMS_SHOWN], spoken=_one_a_person(spoken), people=_people(spoken), is_stated=True)


def _cued(asked: Asked, documents: Sequence[Document], schema: AttributeSchema) -> Found | None:
    """What people say of the attributes asked for where no claim could be made of it; None where nobody does.

    What is sensitive is not looked for by its cues: only claims tell it.
    """
    cues = [schema[key].cue_pattern for key in asked.attributes if not schema[key].sensitive]
    found = [one for pattern in cues for one in find_stated(documents, pattern)]
    spoken = [one for one in found if _is_felt(one, asked, schema)]
    return Found(spoken=_one_a_person(spoken), people=_people(spoken)) if spoken else None


def _about(
    asked: Asked,
    topics: Sequence[Sequence[str]],
    persona: Persona,
    documents: Sequence[Document],
    schema: AttributeSchema,
) -> Found:
    spoken = [one for one in find_spoken(documents, topics) if _is_felt(one, asked, schema)]
    related = _related(persona.claims, topics, asked)
    return Found(claims=related, spoken=_one_a_person(spoken), people=_people(spoken))


def _is_felt(one: Spoken, asked: Asked, schema: AttributeSchema) -> bool:
    """Whether a passage feels as it is asked for: who asks what they love is not told what they hate."""
    wanted = {key for key in ("satisfaction", "pain_points") if key in asked.attributes}
    if len(wanted) != 1:
        return True
    key = wanted.pop()
    if one.document.question and schema[key].question_pattern.search(one.document.question.lower()):
        return True
    feeling = one.feeling if key == "satisfaction" else -one.feeling
    return feeling > 0 or (feeling == 0 and schema[key].cue_pattern.search(one.around.lower()) is not None)


def _related(claims: Sequence[Claim], topics: Sequence[Sequence[str]], asked: Asked) -> tuple[Claim, ...]:
    """Claims that speak of a topic themselves, of the attributes asked for where some are."""
    usable = [claim for claim in claims if claim.status != "withheld"]
    words = [words_of(f"{claim.value} {claim.basis.column if claim.basis else ''}") for claim in usable]
    held: set[int] = set()
    for topic in filter(None, topics):
        near = np.zeros((len(topic), len(usable)), dtype=np.float32)
        for at, some in enumerate(words):
            if some:
                near[:, at] = nearness(topic, some).max(axis=1)
        coverage, _ = cover(near)
        held.update(np.flatnonzero(coverage >= COVERED).tolist())
    wanted = [usable[at] for at in sorted(held) if not asked.attributes or usable[at].attribute in asked.attributes]
    return tuple(wanted[:RELATED_SHOWN])


def _one_a_person(spoken: Sequence[Spoken]) -> tuple[Spoken, ...]:
    """The best sentence of each person, those long enough to quote first."""
    ordered = sorted(spoken, key=lambda one: not one.is_quotable)
    return tuple({one.document.customer_id: one for one in reversed(ordered)}.values())[::-1]


def _people(spoken: Sequence[Spoken]) -> int:
    return len({one.document.customer_id for one in spoken})

"""Can a reader tell the personas apart? A blind matching exercise, and its score.

A reader who does not know who belongs where gets the personas' cards without ids, and one bundle of randomly drawn
answers for each segment, shuffled. If the personas say what sets their segments apart, card and bundle can be matched.
Guessing gets one in as many right as there are personas.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from persona_kit.errors import InputError
from persona_kit.records import Record
from personas.persona_set import PersonaSet
from personas.records import Persona
from personas.wording import percent
from retrieval.documents import Document


class MatchingSheet(Record):
    """What the reader gets, and the key that scores it."""

    cards: dict[str, str]
    """Card letter -> the persona's text."""
    bundles: dict[str, tuple[str, ...]]
    """Bundle number -> answers of one segment, at most one a person."""
    key: dict[str, str]
    """Card letter -> the number of its bundle; not for the reader."""

    def for_reader(self) -> str:
        """The exercise as Markdown, without the key."""
        parts = ["# Which bundle was written by which persona's people?", "", "Name one bundle for each card."]
        for letter, text in self.cards.items():
            parts += ["", f"## Card {letter}", "", text]
        for number, answers in self.bundles.items():
            parts += ["", f"## Bundle {number}", "", *(f"- {answer}" for answer in answers)]
        return "\n".join(parts) + "\n"


class MatchingScore(Record):
    """How a reader did."""

    right: int
    total: int
    chance: float
    """Share that guessing gets right on average."""

    @property
    def share(self) -> float:
        """Share of the cards matched to their own bundle."""
        return self.right / self.total


def build_matching(
    persona_set: PersonaSet,
    segment_of: Mapping[str, str],
    documents: Sequence[Document],
    *,
    answers: int = 20,
    seed: int = 0,
) -> MatchingSheet:
    """A matching exercise over all personas of a set.

    Args:
        persona_set: the personas.
        segment_of: customer id -> segment id, as in assignments.csv.
        documents: what the customers wrote. Documents quoted on a card are left out, so that nothing can be looked up.
        answers: documents in a bundle, each of another person where there are as many.
        seed: of the draw and the order.

    Raises:
        InputError: when a segment has no document left to draw from, or there are fewer than two personas.
    """
    if len(persona_set.personas) < 2:
        raise InputError("a matching exercise needs at least two personas", mend="use a run that found more segments")
    rng = random.Random(seed)
    quoted = {c.document_id for p in persona_set.personas for claim in p.claims for c in claim.citations}
    letters = [chr(ord("A") + place) for place in range(len(persona_set.personas))]
    order = rng.sample(range(len(letters)), len(letters))
    cards, bundles, key = {}, {}, {}
    for letter, persona, place in zip(letters, persona_set.personas, order, strict=True):
        cards[letter] = _card(persona)
        mine = [
            d for d in documents if segment_of.get(d.customer_id) == persona.segment_id and d.document_id not in quoted
        ]
        bundles[str(place + 1)] = tuple(_draw(mine, answers, rng, persona))
        key[letter] = str(place + 1)
    return MatchingSheet(cards=cards, bundles=dict(sorted(bundles.items(), key=lambda item: int(item[0]))), key=key)


def _draw(documents: Sequence[Document], count: int, rng: random.Random, persona: Persona) -> list[str]:
    if not documents:
        raise InputError(f"no document of {persona.persona_id} is left to draw from", mend="use a larger corpus")
    shuffled = rng.sample(list(documents), len(documents))
    first = list({document.customer_id: document for document in reversed(shuffled)}.values())
    rng.shuffle(first)
    return [" ".join(document.text.split()) for document in first[:count]]


def _card(persona: Persona) -> str:
    narrative = " ".join(sentence.text for sentence in persona.narrative)
    claims = "\n".join(
        f"- {claim.attribute}: {claim.value} ({percent(claim.share)} % against {percent(claim.share_elsewhere)} %)"
        for claim in persona.claims
        if claim.status == "supported"
    )
    return f"**{persona.name}.** {persona.tagline}\n\n{narrative}\n\n{claims}"


def score_matching(sheet: MatchingSheet, answers: Mapping[str, str]) -> MatchingScore:
    """The score of a reader's answers, card letter -> bundle number; a card without an answer is wrong."""
    right = sum(answers.get(letter) == number for letter, number in sheet.key.items())
    return MatchingScore(right=right, total=len(sheet.key), chance=1 / len(sheet.key))

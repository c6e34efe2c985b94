"""The blind matching exercise: fair draws, no way to look an answer up, and a score that can be low."""

from __future__ import annotations

from dataclasses import replace

import pytest

from eval.matching import build_matching, score_matching
from persona_kit.errors import InputError
from persona_kit.hashing import sha256_text
from personas.persona_set import PersonaSet
from retrieval.documents import Document
from tests.personas.reporting_example import english_example


def _documents(persona_set: PersonaSet) -> tuple[dict[str, str], list[Document]]:
    segment_of: dict[str, str] = {}
    documents = []
    for persona in persona_set.personas:
        for person in range(30):
            customer = f"{persona.segment_id}-{person}"
            segment_of[customer] = persona.segment_id
            for number in range(2):
                text = f"answer {number} of {customer}"
                documents.append(
                    Document(
                        document_id=f"{customer}-{number}",
                        customer_id=customer,
                        text=text,
                        source="made-up.csv",
                        text_sha256=sha256_text(text),
                    )
                )
    return segment_of, documents


def test_a_bundle_holds_answers_of_its_segment_one_a_person() -> None:
    persona_set = english_example().persona_set
    segment_of, documents = _documents(persona_set)
    sheet = build_matching(persona_set, segment_of, documents, answers=20, seed=3)
    for persona, letter in zip(persona_set.personas, sheet.cards, strict=True):
        bundle = sheet.bundles[sheet.key[letter]]
        people = {answer.split(" of ")[1] for answer in bundle}
        assert len(bundle) == len(people) == 20
        assert all(segment_of[person] == persona.segment_id for person in people)


def test_quoted_documents_are_not_drawn_and_the_key_is_not_shown() -> None:
    persona_set = english_example().persona_set
    segment_of, documents = _documents(persona_set)
    citation = persona_set.personas[0].claims[0].citations[0]
    quoted = replace(documents[0], document_id=citation.document_id, text="the quoted answer")
    sheet = build_matching(persona_set, segment_of, [quoted, *documents], answers=60, seed=1)
    assert all("the quoted answer" not in bundle for bundle in sheet.bundles.values())
    assert all(persona.persona_id not in sheet.for_reader() for persona in persona_set.personas)


def test_the_score_counts_what_is_right() -> None:
    persona_set = english_example().persona_set
    segment_of, documents = _documents(persona_set)
    sheet = build_matching(persona_set, segment_of, documents, seed=2)
    assert score_matching(sheet, sheet.key).share == 1.0
    wrong = {letter: "0" for letter in sheet.key}
    assert score_matching(sheet, wrong).right == 0
    one = {**wrong, "A": sheet.key["A"]}
    assert score_matching(sheet, one).share == pytest.approx(1 / len(persona_set.personas))


def test_one_persona_cannot_be_matched() -> None:
    persona_set = english_example().persona_set
    alone = persona_set.model_copy(update={"personas": persona_set.personas[:1]})
    with pytest.raises(InputError):
        build_matching(alone, {}, [], seed=0)

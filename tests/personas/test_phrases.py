"""A claim's words are the customers' own, and those that most people say most in."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from personas.attributes import load_schema
from personas.authors.phrases import (
    PHRASES_PER_ATTRIBUTE,
    PHRASES_PER_GROUP,
    GroupPhrases,
    candidate_phrases,
    choose_phrases,
    phrases_of,
)
from personas.evidence import EvidenceBase, EvidenceGroup
from personas.grounding import quote_words
from personas.support.clauses import LONGEST_PHRASE
from personas.terms import stems
from tests.personas.corpora import corpus_of, evidence_of, make_document

SHARED = [
    "Honestly the lid broke after one week.",
    "The lid broke on a Sunday morning.",
    "For my aunt the lid broke at once.",
    "Yesterday the lid broke and I laughed.",
    "The parcel came late and it was damp.",
    "Again the parcel came late this month.",
    "My parcel came late, as always here.",
    "Nobody answers at [email] about any of it.",
]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EvidenceBase]:
    documents = [make_document(f"d{n}", text, customer=f"in-{n}") for n, text in enumerate(SHARED)]
    documents += [
        make_document(f"t{n}", f"Green tea in the garden number {n}, with lemon.", customer=f"out-{n}")
        for n in range(12)
    ]
    with corpus_of(documents, tmp_path_factory.mktemp("phrases")) as corpus:
        yield evidence_of(corpus)


@pytest.fixture
def group(base: EvidenceBase) -> EvidenceGroup:
    inside = np.array([customer_id.startswith("in-") for customer_id in base.corpus.customer_ids])
    rows = np.flatnonzero(inside[base.corpus.passage_customer])
    return base.make_group("pain_points", (), rows, base.count(rows, inside), inside)


def test_what_most_people_say_alike_is_chosen_first(base: EvidenceBase, group: EvidenceGroup) -> None:
    chosen = choose_phrases([GroupPhrases(group, base, load_schema(None)["pain_points"])])
    values = [value for _, value in chosen]
    assert stems("lid broke") <= stems(values[0])
    assert stems("parcel late") & stems(values[1])
    assert len(values) <= PHRASES_PER_GROUP


def test_a_phrase_stands_in_the_customers_words(base: EvidenceBase, group: EvidenceGroup) -> None:
    phrases = candidate_phrases(group, base)
    assert phrases == sorted(phrases)
    assert all(any(phrase.text in text for text in SHARED) for phrase in phrases)
    assert all(1 <= quote_words(phrase.text) <= LONGEST_PHRASE for phrase in phrases)
    # Around what stands for an address is no opinion.
    assert not any("answers" in phrase.text for phrase in phrases)


def test_no_phrase_repeats_another_of_the_segment(base: EvidenceBase, group: EvidenceGroup) -> None:
    schema = load_schema(None)
    both = [GroupPhrases(group, base, schema["pain_points"]), GroupPhrases(group, base, schema["needs"])]
    values = [stems(value) for _, value in choose_phrases(both)]
    for at, one in enumerate(values):
        assert all(len(one & other) < 0.7 * min(len(one), len(other)) for other in values[:at])


def test_an_attribute_has_room_for_so_many(base: EvidenceBase, group: EvidenceGroup) -> None:
    attribute = load_schema(None)["pain_points"]
    chosen = choose_phrases([GroupPhrases(group, base, attribute) for _ in range(4)])
    assert 0 < len(chosen) <= PHRASES_PER_ATTRIBUTE


def test_nothing_is_chosen_where_nothing_can_be_quoted(base: EvidenceBase) -> None:
    inside = np.array([customer_id == "in-7" for customer_id in base.corpus.customer_ids])
    rows = np.flatnonzero(inside[base.corpus.passage_customer])
    bare = base.make_group("pain_points", (), rows, base.count(rows, inside), inside)
    assert choose_phrases([GroupPhrases(bare, base, load_schema(None)["pain_points"])]) == []


def test_parts_of_a_clause_begin_and_end_with_a_telling_word() -> None:
    found = {phrase.text: phrase.whole for phrase in phrases_of("The grinder of my aunt is loud.")}
    assert found["The grinder of my aunt is loud"]
    assert not found["grinder of my aunt"]
    assert not {"of my", "The grinder", "is loud"} & set(found)

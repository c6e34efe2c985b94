"""Proposals become claims only where their quotes carry them, and people are counted, not documents."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from personas.attributes import load_schema
from personas.authors.seam import ProposedClaim, ProposedQuote
from personas.claims import (
    MOST_QUOTES,
    count_claim,
    data_claims,
    drop_repeats,
    ground_proposal,
    make_claim,
)
from personas.customers import find_characteristics
from personas.evidence import EvidenceBase, EvidenceGroup
from personas.records import Origin
from retrieval.documents import Document
from tests.personas.corpora import corpus_of, evidence_of, make_document

BROKEN = (
    "The lid broke after a week of use.",
    "After two weeks the lid broke off.",
    "Sadly the lid broke, a real problem.",
    "My lid broke when it fell down.",
    "The lid broke on the very first day.",
    "Of course the lid broke again today.",
    "Nobody told me the lid broke so fast.",
)


def lid_documents() -> list[Document]:
    """Seven people whose lid broke, the first of whom says so in three documents; two elsewhere; ten others."""
    people = [make_document(f"lid-{n}", text, customer=f"lid-{n}") for n, text in enumerate(BROKEN)]
    people += [make_document(f"more-{n}", f"{text} Truly.", customer="lid-0") for n, text in enumerate(BROKEN[1:3])]
    people += [make_document(f"far-{n}", "Here the lid broke as well.", customer=f"far-{n}") for n in range(2)]
    people += [
        make_document(f"tea-{n}", f"I drink green tea number {n} every evening.", customer=f"tea-{n}")
        for n in range(10)
    ]
    return people


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EvidenceBase]:
    with corpus_of(lid_documents(), tmp_path_factory.mktemp("lids"), embedder="hash") as corpus:
        yield evidence_of(corpus)


def members_of(base: EvidenceBase, prefix: str = "lid-") -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.array([customer_id.startswith(prefix) for customer_id in base.corpus.customer_ids])


@pytest.fixture
def group(base: EvidenceBase) -> EvidenceGroup:
    inside = members_of(base)
    rows = np.flatnonzero(["lid" in text for text in base.corpus.passage_texts]).astype(np.int64)
    return base.make_group("pain_points", (0,), rows, base.count(rows, inside), inside)


def propose(group: EvidenceGroup, value: str, *quotes: str, origin: Origin = "llm") -> ProposedClaim:
    told = tuple(ProposedQuote(text=quote, group=group, item=0) for quote in quotes)
    return ProposedClaim(attribute="pain_points", value=value, quotes=told, origin=origin)


def all_quotes(group: EvidenceGroup) -> list[str]:
    return [item.quote for item in group.items]


def test_quotes_are_of_the_segments_own_people_one_a_person(group: EvidenceGroup) -> None:
    customers = [item.document.customer_id for item in group.items]

    assert len(customers) == len(set(customers)) == 7
    assert all(customer.startswith("lid-") for customer in customers)
    assert all(item.document.text[item.start : item.end] == item.quote for item in group.items)


def test_a_value_that_its_quotes_carry_holds(group: EvidenceGroup) -> None:
    grounded = ground_proposal(propose(group, "the lid broke", *all_quotes(group)))

    assert grounded.fault == ""
    assert grounded.dropped == ()
    assert len(grounded.citations) == len({c.customer_id for c in grounded.citations}) == MOST_QUOTES


@pytest.mark.parametrize("value", ["parcels left in the rain", "booking a class online", "staff that remember them"])
def test_a_value_copied_from_the_examples_of_a_prompt_is_dropped(group: EvidenceGroup, value: str) -> None:
    assert ground_proposal(propose(group, value, *all_quotes(group))).fault == "its quotes do not carry its value"


def test_a_claim_without_a_quote_that_stands_is_dropped(group: EvidenceGroup) -> None:
    grounded = ground_proposal(propose(group, "the lid broke", "The lid of my car is dented and rusty.", "the lid"))

    assert grounded.fault == "none of its quotes stands in the evidence"
    assert len(grounded.dropped) == 2
    assert ground_proposal(propose(group, "the lid broke")).fault == "none of its quotes stands in the evidence"


def test_one_good_quote_among_bad_ones_is_kept(group: EvidenceGroup) -> None:
    grounded = ground_proposal(propose(group, "the lid broke", "The handle fell off in my hand.", BROKEN[3]))

    assert grounded.fault == ""
    assert [c.quote for c in grounded.citations] == [BROKEN[3].rstrip(".")]
    assert len(grounded.dropped) == 1
    assert "handle" in grounded.dropped[0]


def test_people_are_counted_and_not_documents(base: EvidenceBase, group: EvidenceGroup) -> None:
    support = count_claim(ground_proposal(propose(group, "the lid broke", *all_quotes(group))), base, members_of(base))

    assert len(group.rows) > 9
    assert (support.people, support.people_elsewhere) == (7, 2)
    assert support.share == 1.0
    assert support.share_elsewhere == pytest.approx(2 / 12)
    assert support.lift == pytest.approx(6.0)


def test_a_narrower_claim_has_fewer_people_but_always_those_quoted(base: EvidenceBase, group: EvidenceGroup) -> None:
    narrow = ground_proposal(propose(group, "broke when it fell down", BROKEN[3]))
    support = count_claim(narrow, base, members_of(base))

    assert (support.people, support.people_elsewhere) == (1, 0)


@pytest.mark.parametrize(("least", "status"), [(3, "supported"), (5, "supported"), (6, "anecdotal")])
def test_fewer_people_than_the_least_number_are_an_anecdote(
    base: EvidenceBase, group: EvidenceGroup, least: int, status: str
) -> None:
    grounded = ground_proposal(propose(group, "the lid broke", *all_quotes(group)))
    support = count_claim(grounded, base, members_of(base))
    claim = make_claim(1, grounded, support, load_schema(None)["pain_points"], base, min_people=least)

    assert claim.status == status
    assert ("5 people quoted, 6 needed" in claim.note) == (status == "anecdotal")
    assert (claim.claim_id, claim.people, claim.interval.high) == ("c1", 7, 1.0)


def test_an_attributes_own_least_number_goes_before_the_runs(base: EvidenceBase, group: EvidenceGroup) -> None:
    grounded = ground_proposal(propose(group, "the lid broke", *all_quotes(group)[:2]))
    support = count_claim(grounded, base, members_of(base))
    attribute = load_schema(None)["pain_points"]

    assert make_claim(1, grounded, support, attribute, base, min_people=3).status == "anecdotal"
    strict = attribute.model_copy(update={"min_people": 2})
    assert make_claim(1, grounded, support, strict, base, min_people=3).status == "supported"


def test_repeats_in_words_or_in_quotes_are_dropped(group: EvidenceGroup) -> None:
    first = ground_proposal(propose(group, "the lid broke", BROKEN[0], BROKEN[1]))
    same_words = ground_proposal(propose(group, "a lid broke", BROKEN[2], BROKEN[3]))
    same_quotes = ground_proposal(propose(group, "broke after a week", BROKEN[0]))
    other = ground_proposal(propose(group, "broke when it fell down", BROKEN[3]))
    another_attribute = ground_proposal(
        ProposedClaim(attribute="needs", value="the lid broke", quotes=first.proposal.quotes, origin="llm")
    )

    assert drop_repeats([first, same_words, same_quotes, other, another_attribute]) == [
        first,
        other,
        another_attribute,
    ]


def test_data_claims_carry_their_basis() -> None:
    members, others = [f"m{n}" for n in range(10)], [f"o{n}" for n in range(30)]
    gold = {key: ("gold",) for key in [*members[:9], *others[:3]]}
    plans = {key: gold.get(key, ("basic",)) for key in [*members, *others]}
    cities = {key: ("Ghent",) if key in members else ("Lyon",) for key in [*members, *others]}
    found = find_characteristics({"plan": plans, "city": cities}, members, others)
    claims = data_claims(found, {"plan": "customers.csv", "city": "customers.csv"}, load_schema(None), min_people=3)

    assert [(c.attribute, c.value, c.people, c.people_elsewhere) for c in claims] == [
        ("demographics", "city: Ghent", 10, 0),
        ("behaviours", "plan: gold", 9, 3),
    ]
    for claim in claims:
        assert claim.basis is not None
        assert claim.basis.file == "customers.csv"
        assert f"{claim.basis.column}: {claim.basis.value}" == claim.value
        assert (claim.origin, claim.citations, claim.note) == ("data", (), "known of 10 people of the segment")


def test_data_claims_keep_to_the_schema_and_to_the_least_number_of_people() -> None:
    members, others = [f"m{n}" for n in range(10)], [f"o{n}" for n in range(30)]
    plans = {**dict.fromkeys(members[:5], ("gold",)), **dict.fromkeys(others, ("basic",))}
    found = find_characteristics({"plan": plans}, members, others)
    schema = load_schema(None)
    pains = schema.model_copy(update={"attribute": (schema["pain_points"],)})

    assert data_claims(found, {}, schema, min_people=5)
    assert data_claims(found, {}, schema, min_people=6) == []
    assert data_claims(found, {}, pains, min_people=1) == []


def test_what_is_rarer_among_the_members_is_no_claim() -> None:
    members, others = [f"m{n}" for n in range(10)], [f"o{n}" for n in range(30)]
    plans = {**dict.fromkeys(members, ("basic",)), **dict.fromkeys(others, ("gold",))}
    claims = data_claims(find_characteristics({"plan": plans}, members, others), {}, load_schema(None), min_people=3)

    assert [claim.value for claim in claims] == ["plan: basic"]


def test_the_folder_of_the_module_is_real(tmp_path: Path, base: EvidenceBase) -> None:
    # What the base was built from can be built again from the same documents, passage for passage.
    with corpus_of(lid_documents(), tmp_path, embedder="hash") as corpus:
        assert corpus.passage_texts == base.corpus.passage_texts


def test_a_quote_from_another_document_is_cited_there_and_said_to_be(group: EvidenceGroup) -> None:
    named, other = group.items[0], group.items[1]
    grounded = ground_proposal(propose(group, other.quote, other.quote))

    [citation] = grounded.citations
    assert citation.document_id == other.document.document_id != named.document.document_id
    [reason] = grounded.corrected
    assert other.quote[:20] in reason

"""The rules of a comparison: who is the same persona, which claims are one, and when a share surely changed."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personas.counting import wilson_interval
from personas.diffing.claim_pairs import asked, pair_claims
from personas.diffing.matching import cross, find_splits, groupings_agree, match_personas, match_sets
from personas.diffing.records import ABSENT, OUTSIDE
from personas.diffing.shares import SharePair, compare_shares
from personas.records import Basis, Claim
from retrieval.documents import Citation

PLACES = st.dictionaries(
    st.sampled_from([f"c{number}" for number in range(30)]), st.sampled_from(["p1", "p2", "p3", OUTSIDE]), min_size=1
)


def people(**groups: int) -> dict[str, str]:
    """Customers by place; the first group has the first numbers, so that two calls can be laid over each other."""
    names = (f"c{number}" for number in range(sum(groups.values())))
    return {next(names): place for place, count in groups.items() for _ in range(count)}


# --- personas -----------------------------------------------------------------------------------------------------


@given(a=PLACES, b=PLACES)
def test_everybody_is_counted_once_and_turning_changes_nothing(a: dict[str, str], b: dict[str, str]) -> None:
    crossing = cross(a, b)
    assert sum(crossing.counts.values()) == len(a.keys() | b.keys())
    assert sum(crossing.of_a.values()) == sum(crossing.of_b.values()) == len(a.keys() & b.keys())
    assert crossing.turned() == cross(b, a)
    assert crossing.turned().turned() == crossing


@given(a=PLACES, b=PLACES)
def test_a_persona_has_one_counterpart_at_most_and_shares_people_with_it(a: dict[str, str], b: dict[str, str]) -> None:
    crossing = cross(a, b)
    ids_a, ids_b = sorted({*a.values()} - {OUTSIDE}), sorted({*b.values()} - {OUTSIDE})
    # Ids that the two have in common would match by themselves.
    renamed = {who: place if place == OUTSIDE else f"q{place}" for who, place in b.items()}
    for other, crossed in ((ids_b, crossing), ([f"q{one}" for one in ids_b], cross(a, renamed))):
        same = match_personas(ids_a, other, crossed)
        assert max(Counter(found for found, _ in same.values()).values(), default=0) <= 1
        for one, (found, how) in same.items():
            if how == "people":
                shared = crossed.shared(one, found)
                assert shared * 2 >= max(crossed.of_a[one], crossed.of_b[found]) > 0


@given(a=PLACES, b=PLACES)
def test_parts_of_a_split_lie_mostly_in_it(a: dict[str, str], b: dict[str, str]) -> None:
    crossing = cross(a, b)
    for whole, parts in find_splits(["p1", "p2", "p3"], ["p1", "p2", "p3"], crossing).items():
        assert len(parts) >= 2
        assert all(crossing.shared(whole, part) * 2 >= crossing.of_b[part] for part in parts)
        assert sum(crossing.shared(whole, part) for part in parts) * 2 >= crossing.of_a[whole]


def test_an_id_tells_even_where_few_stayed_but_not_where_nobody_did() -> None:
    few = cross(people(p1=10, p2=10), people(p1=2, p9=8, p2=10))
    assert match_personas(["p1", "p2"], ["p1", "p9", "p2"], few) == {"p1": ("p1", "id"), "p2": ("p2", "id")}
    swapped = cross(people(p1=10, p2=10), people(p2=10, p1=10))
    assert match_personas(["p1", "p2"], ["p2", "p1"], swapped) == {"p1": ("p2", "people"), "p2": ("p1", "people")}
    assert match_personas(["p1", "p2"], ["p2"], None) == {"p2": ("p2", "id")}


def test_a_persona_in_two_halves_is_a_split_and_the_way_back_a_merger() -> None:
    one, two = people(p1=20, p2=10), people(q1=11, q2=9, q3=10)
    forth = match_sets(["p1", "p2"], ["q1", "q2", "q3"], cross(one, two))
    back = match_sets(["q1", "q2", "q3"], ["p1", "p2"], cross(two, one))
    assert (forth.splits, forth.merges) == ({"p1": ("q1", "q2")}, {})
    assert (back.merges, back.splits) == ({"p1": ("q1", "q2")}, {})
    assert forth.same == {"p1": ("q1", "people"), "p2": ("q3", "people")}
    assert forth.followed == {("p1", "q1"), ("p1", "q2")}


def test_a_few_who_left_make_no_split() -> None:
    crossing = cross(people(p1=20), people(q1=17, q2=3))
    assert find_splits(["p1"], ["q1", "q2"], crossing) == {}


def test_those_who_joined_others_make_no_split() -> None:
    # Half of p1 went to q2, where they are the fewer: q2 is no part of p1.
    a, b = people(p1=20, p2=30), people(q1=10, q2=40)
    assert find_splits(["p1", "p2"], ["q1", "q2"], cross(a, b)) == {}


def test_people_of_one_run_only_do_not_count_for_sameness() -> None:
    a = people(p1=10)
    b = {**{who: "q1" for who in a}, **{f"new{number}": "q1" for number in range(90)}}
    assert match_personas(["p1"], ["q1"], cross(a, b)) == {"p1": ("q1", "people")}
    assert cross(a, b).shared(ABSENT, "q1") == 90


def test_agreement_is_of_those_in_a_persona_in_both() -> None:
    a = people(p1=10, p2=10, outside=5)
    assert groupings_agree(a, a) == 1.0
    assert groupings_agree(people(p1=20), people(p1=20)) is None
    chance = {f"c{number}": f"p{number % 2}" for number in range(400)}
    other = {f"c{number}": f"p{number // 2 % 2}" for number in range(400)}
    assert abs(groupings_agree(chance, other) or 0.0) < 0.05


# --- claims -------------------------------------------------------------------------------------------------------


def claim(claim_id: str, value: str, *, quotes: tuple[tuple[str, int], ...] = (), **changes: object) -> Claim:
    citations = tuple(
        Citation(document_id=document, customer_id=document, start=at, end=at + 20, quote="x" * 20, verdict="verified")
        for document, at in quotes
    )
    values: dict[str, object] = {
        "claim_id": claim_id,
        "attribute": "pain_points",
        "value": value,
        "status": "supported",
        "people": 5,
        "people_elsewhere": 0,
        "share": 0.5,
        "share_elsewhere": 0.0,
        "interval": wilson_interval(5, 10),
        "lift": None,
        "adjusted_lift": None,
        "citations": citations,
        "origin": "extractive",
    }
    return Claim.model_validate(values | changes)


def paired(before: list[Claim], after: list[Claim]) -> set[tuple[str, str, str]]:
    return {
        (one.before.claim_id if one.before else "", one.after.claim_id if one.after else "", one.matched_by or "")
        for one in pair_claims(before, after)
    }


def test_claims_are_one_by_value_words_quotes_or_cell() -> None:
    cell = Basis(file="customers.csv", column="city", value="Graz")
    before = [
        claim("c1", "late  Parcels"),
        claim("c2", "the wifi connection drops every morning"),
        claim("c3", "rude people at the counter", quotes=(("d1", 0), ("d2", 50))),
        claim("c4", "city: Graz", basis=cell, origin="data"),
        claim("c5", "nothing like it"),
    ]
    after = [
        claim("k1", "city: graz", basis=cell.model_copy(update={"file": "new.csv"}), origin="data"),
        claim("k2", "unfriendly staff", quotes=(("d1", 5), ("d2", 45), ("d9", 0))),
        claim("k3", "wifi connections dropped every morning"),
        claim("k4", "Late parcels"),
        claim("k5", "another matter altogether"),
    ]
    assert paired(before, after) == {
        ("c1", "k4", "wording"),
        ("c2", "k3", "wording"),
        ("c3", "k2", "evidence"),
        ("c4", "k1", "table"),
        ("c5", "", ""),
        ("", "k5", ""),
    }


def test_claims_of_two_attributes_or_other_passages_are_two() -> None:
    before = [claim("c1", "late parcels"), claim("c2", "rude people", quotes=(("d1", 0),))]
    after = [claim("k1", "late parcels", attribute="needs"), claim("k2", "cold soup", quotes=(("d1", 20),))]
    assert {one[2] for one in paired(before, after)} == {""}


def test_the_same_value_wins_over_a_like_one() -> None:
    before = [claim("c1", "wifi connection drops"), claim("c2", "wifi connection drops daily")]
    after = [claim("k1", "wifi connection drops daily"), claim("k2", "wifi connection drops")]
    assert paired(before, after) == {("c1", "k2", "wording"), ("c2", "k1", "wording")}


VALUES = st.lists(st.sampled_from(["late parcels", "parcels late", "wifi drops", "rude staff", "city"]), max_size=5)


@given(before=VALUES, after=VALUES)
def test_every_claim_stands_once(before: list[str], after: list[str]) -> None:
    pairs = pair_claims(
        [claim(f"c{number}", value) for number, value in enumerate(before)],
        [claim(f"k{number}", value) for number, value in enumerate(after)],
    )
    assert sorted(one.before.claim_id for one in pairs if one.before) == [f"c{n}" for n in range(len(before))]
    assert sorted(one.after.claim_id for one in pairs if one.after) == [f"k{n}" for n in range(len(after))]
    assert all((one.matched_by is not None) == (one.before is not None and one.after is not None) for one in pairs)


def test_a_share_of_those_whom_a_table_knows_keeps_its_own_total(persona_of_forty: object) -> None:
    from personas.records import Persona

    assert isinstance(persona_of_forty, Persona)
    assert asked(claim("c1", "x", people=10, share=0.25), persona_of_forty) == 40
    assert asked(claim("c1", "x", people=10, share=10 / 24), persona_of_forty) == 24
    assert asked(claim("c1", "x", people=0, share=0.0), persona_of_forty) == 40


@pytest.fixture
def persona_of_forty() -> object:
    from personas.records import Persona, Provenance

    return Persona(
        persona_id="p1",
        name="Ada",
        tagline="",
        segment_id="s1",
        language="en",
        people=40,
        share=0.5,
        standing="persona",
        claims=(),
        narrative=(),
        quotes=(),
        provenance=Provenance(author="extractive", model=""),
    )


# --- shares -------------------------------------------------------------------------------------------------------


def test_a_plain_change_is_told_and_a_small_one_is_not() -> None:
    up, down, small, none, nobody = compare_shares([
        SharePair(5, 50, 30, 50),
        SharePair(30, 50, 5, 50),
        SharePair(10, 50, 14, 50),
        SharePair(7, 20, 7, 20),
        SharePair(0, 0, 3, 9),
    ])
    assert (up.direction, down.direction) == ("up", "down")
    assert up.difference == pytest.approx(0.5)
    assert 0 < up.interval.low < 0.5 < up.interval.high
    assert (small.direction, none.direction, nobody.direction) == (None, None, None)
    assert compare_shares([]) == []


def test_looking_at_more_shares_asks_for_more() -> None:
    pair = SharePair(4, 20, 12, 20)
    (alone,) = compare_shares([pair])
    among = compare_shares([pair, *[SharePair(7, 20, 7, 20)] * 19])[0]
    assert alone.direction == "up"
    assert among.direction is None
    assert among.q > alone.q


@pytest.mark.parametrize("stayed", [0.0, 0.7])
def test_changes_are_not_invented(stayed: float) -> None:
    """Two runs over people who are no different, many of them the same: the shares told as changed stay few."""
    random = np.random.default_rng(5)
    invented = 0
    for _ in range(200):
        chances = random.uniform(0.05, 0.6, size=12)
        first = random.random((40, 12)) < chances
        second = np.where(random.random((40, 1)) < stayed, first, random.random((40, 12)) < chances)
        pairs = [SharePair(int(a), 40, int(b), 40) for a, b in zip(first.sum(0), second.sum(0), strict=True)]
        invented += any(change.direction for change in compare_shares(pairs))
    assert invented <= 0.05 * 200

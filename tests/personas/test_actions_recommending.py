"""Recommendations: rules that hold, none where nothing does, and nothing that people there blame."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from personas.actions.advising import share_reordering
from personas.actions.holdings import Holdings, gather_holdings
from personas.actions.recommending import build_recommender
from personas.actions.records import ProductVerdict
from personas.actions.rules import PairRule, find_pair_rules
from personas.behaviour import BehaviourTable, read_behaviour
from personas.evidence import EvidenceBase
from personas.profiles import CSV_COLUMNS, build_profiles, render_profiles_csv
from personas.sentiment import score_sentiments
from personas.themes import find_themes
from retrieval.corpus import Corpus
from tests.personas.corpora import write_rows

HEADER = ("order_id", "customer_id", "order_date", "product", "amount")
Matrix = NDArray[np.float64]


def rules_of(matrix: Matrix) -> list[PairRule]:
    sparse = csr_matrix(matrix)
    return find_pair_rules(sparse, sparse, same=True)


def test_what_goes_together_is_found_with_its_counts() -> None:
    draw = np.random.default_rng(1)
    matrix = (draw.random((300, 6)) < 0.2).astype(np.float64)
    matrix[:60, 0] = 1
    matrix[:50, 1] = 1
    found = {(rule.given, rule.item): rule for rule in rules_of(matrix)}

    assert {(0, 1), (1, 0)} <= set(found)
    rule = found[0, 1]
    with_it, without = matrix[matrix[:, 0] == 1], matrix[matrix[:, 0] == 0]
    assert (rule.people, rule.known) == (int(with_it[:, 1].sum()), len(with_it))
    assert rule.share == pytest.approx(with_it[:, 1].mean())
    assert rule.share_elsewhere == pytest.approx(without[:, 1].mean())
    assert rule.lift == pytest.approx(rule.share / rule.share_elsewhere)
    assert rule.interval.low < rule.share < rule.interval.high
    assert not any(given == item for given, item in found)


def test_shares_are_the_confidences_of_mlxtend() -> None:
    pandas, patterns = pytest.importorskip("pandas"), pytest.importorskip("mlxtend.frequent_patterns")
    draw = np.random.default_rng(5)
    matrix = (draw.random((400, 8)) < 0.25).astype(np.float64)
    matrix[:, 3] = np.maximum(matrix[:, 3], matrix[:, 2] * (draw.random(400) < 0.6))
    frequent = patterns.apriori(pandas.DataFrame(matrix.astype(bool)), min_support=0.01, max_len=2)
    known = {
        (*row["antecedents"], *row["consequents"]): row["confidence"]
        for _, row in patterns.association_rules(frequent, metric="confidence", min_threshold=0.0).iterrows()
    }
    mine = rules_of(matrix)
    assert mine
    for rule in mine:
        assert rule.share == pytest.approx(known[rule.given, rule.item])


def test_nothing_is_found_in_baskets_of_chance() -> None:
    found = [rules_of((np.random.default_rng(seed).random((400, 20)) < 0.2).astype(np.float64)) for seed in range(20)]
    # Corrected to one chance finding in twenty tables; each pair of products is tested twice.
    assert sum(bool(rules) for rules in found) <= 3


def orders_of(people: list[str], folder: Path) -> BehaviourTable:
    """Every third person buys tea and a pot, every fourth tea, all sugar; those who wrote first buy a lamp."""
    rows = []
    for at, customer in enumerate(people):
        bought = ["Sugar"]
        bought += ["Tea", "Pot"] if at % 3 == 0 else ["Tea"] if at % 4 == 0 else []
        bought += ["Lamp"] if at < len(people) // 3 else []
        rows += [
            (f"O{at}-{n}", customer, f"2026-0{1 + (at + n) % 6}-0{1 + n}", name, 5) for n, name in enumerate(bought)
        ]
    path = write_rows(folder / "orders.csv", HEADER, rows)
    return read_behaviour(str(path), None, writing=people, expected=False)


@pytest.fixture(scope="module")
def english(english_base: EvidenceBase) -> Corpus:
    """What 42 people of three kinds wrote."""
    return english_base.corpus


@pytest.fixture(scope="module")
def segment_of(english: Corpus) -> dict[str, str]:
    """The three kinds of people as they were planted."""
    return {customer: f"s-{customer.split('-')[0]}" for customer in english.customer_ids}


@pytest.fixture(scope="module")
def behaviour(english: Corpus, tmp_path_factory: pytest.TempPathFactory) -> BehaviourTable:
    return orders_of(english.customer_ids, tmp_path_factory.mktemp("orders"))


def test_a_segment_is_offered_what_it_has_more_than_others(
    english: Corpus, english_base: EvidenceBase, behaviour: BehaviourTable, segment_of: dict[str, str]
) -> None:
    holdings = gather_holdings(english, behaviour)
    assert holdings is not None
    feelings = score_sentiments(english.passage_texts)
    made = build_recommender(english, english_base.themes, holdings, segment_of=segment_of, feelings=feelings)
    offers = made.for_segment("s-connecting")
    products = [one for one in offers if one.kind == "product" and not one.because]

    assert [one.item for one in products] == ["Lamp"]
    assert (products[0].people, products[0].known, products[0].share_elsewhere) == (14, 14, 0.0)
    assert products[0].lift is None
    assert products[0].reach == 0
    assert not [one for one in made.for_segment("s-saving") if one.item == "Lamp"]
    contents = [one for one in made.for_segment("s-crafting") if one.kind == "content"]
    assert contents
    assert all(one.share > one.share_elsewhere and one.item_id for one in contents)


def test_customers_are_offered_what_goes_with_what_they_have_and_never_what_they_own(
    english: Corpus, english_base: EvidenceBase, behaviour: BehaviourTable, segment_of: dict[str, str]
) -> None:
    holdings = gather_holdings(english, behaviour)
    assert holdings is not None
    made = build_recommender(
        english,
        english_base.themes,
        holdings,
        segment_of=segment_of,
        feelings=score_sentiments(english.passage_texts),
    )
    for customer in english.customer_ids:
        owned = {holdings.products[item] for item in holdings.of(customer)}
        told = made.for_customer(customer, segment_of[customer], ())
        products = [tag for tag in told if "content" not in tag.rule]
        assert not owned & {tag.value for tag in products}
        assert len(told) <= 3
        assert all(tag.evidence and 0 < tag.confidence < 1 for tag in told)
        if "Tea" in owned and "Pot" not in owned:
            assert [(tag.value, tag.evidence[0].value) for tag in products][:1] == [("Pot", "Tea")]
    assert made.for_customer("a stranger", "", ()) == ()


def test_what_a_segment_blames_is_not_recommended_there(
    english: Corpus, english_base: EvidenceBase, behaviour: BehaviourTable, segment_of: dict[str, str]
) -> None:
    verdict = ProductVerdict(
        product="Lamp", people=9, documents=9, praising=1, blaming=8, by_segment={"s-connecting": (1, 4)}
    )
    made = build_recommender(
        english,
        english_base.themes,
        gather_holdings(english, behaviour),
        segment_of=segment_of,
        feelings=score_sentiments(english.passage_texts),
        verdicts=[verdict],
    )
    assert not [one for one in made.for_segment("s-connecting") if one.item == "Lamp"]


def test_profiles_carry_recommendations_in_their_last_column(
    english: Corpus, english_base: EvidenceBase, behaviour: BehaviourTable, segment_of: dict[str, str]
) -> None:
    made = build_recommender(
        english,
        english_base.themes,
        gather_holdings(english, behaviour),
        segment_of=segment_of,
        feelings=score_sentiments(english.passage_texts),
    )
    without = list(build_profiles(english, english_base.themes))
    profiles = list(build_profiles(english, english_base.themes, recommend=made.for_customer))

    assert all(profile.recommendations == () for profile in without)
    told = [profile for profile in profiles if "Pot" in {tag.value for tag in profile.recommendations}]
    assert told
    assert CSV_COLUMNS[-1] == "recommendations"
    line = list(render_profiles_csv(told[:1]))[1].rstrip("\n")
    assert line.split(",")[-1].split(";")[0] == "Pot"


def test_without_products_nothing_is_recommended(english: Corpus) -> None:
    assert gather_holdings(english, BehaviourTable()) is None
    themes = find_themes(english, seed=0)
    feelings = score_sentiments(english.passage_texts)
    made = build_recommender(english, themes, None, segment_of={}, feelings=feelings)
    assert made.for_segment("s1") == ()
    assert made.for_customer("anyone", "s1", ()) == ()


def test_names_of_products_are_one_whatever_their_case(english: Corpus, tmp_path: Path) -> None:
    people = english.customer_ids
    names = ("Tea Pot", "tea pot", "Tea Pot")
    rows = [(f"O{at}", customer, "2026-01-02", names[at % 3], 5) for at, customer in enumerate(people)]
    path = write_rows(tmp_path / "orders.csv", HEADER, rows)
    holdings = gather_holdings(english, read_behaviour(str(path), None, writing=people, expected=False))
    assert isinstance(holdings, Holdings)
    assert holdings.products == ("Tea Pot",)
    assert len(holdings.people) == len(people)


def test_who_ordered_again_is_told_of_those_who_could(tmp_path: Path) -> None:
    days = {f"k{n}": ["2026-01-05", "2026-06-01"] if n < 3 else ["2026-01-05"] for n in range(10)} | {
        "new": ["2026-06-02"]
    }
    rows = [(f"O{c}{n}", c, day, "Tea", 5) for c, own in days.items() for n, day in enumerate(own)]
    path = write_rows(tmp_path / "orders.csv", HEADER, rows)
    table = read_behaviour(str(path), None, writing=list(days), expected=False)

    assert share_reordering(table, list(days)) == pytest.approx(0.3)
    assert share_reordering(table, ["k0", "k0", "k5"]) is None
    assert share_reordering(BehaviourTable(), ["k0"]) is None

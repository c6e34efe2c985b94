"""Rules are counted on people they were not learned from; associations and contrasts survive many comparisons."""

from __future__ import annotations

import numpy as np
import pytest

from personas.counting import wilson_interval
from personas.explaining.associations import find_associations
from personas.explaining.contrast import find_contrasts
from personas.explaining.intervals import difference_interval, holm, mean_share_interval
from personas.explaining.rules import find_rules
from tests.personas.populations import SEGMENTS, attribute, noise, number, orders, refund_population, table_of, theme

PLANTED = "wrote about refunds and ordered less than twice"


@pytest.mark.parametrize("seed", range(6))
def test_a_planted_rule_is_found_with_its_true_precision(seed: int) -> None:
    features, labels, truth = refund_population(seed)
    rules = find_rules(features, labels, SEGMENTS, seed=seed)
    planted = [rule for rule in rules if rule.text_en.startswith(PLANTED)]

    assert len(planted) == 1
    rule = planted[0]
    assert rule.segment_id == "s3"
    assert rule.interval.low < 0.83 < rule.interval.high
    assert rule.precision == pytest.approx(truth["precision"], abs=0.1)
    assert rule.people_in_all == truth["people"]
    assert rule.people < 0.65 * rule.people_in_all
    assert rule.text_en == f"{PLANTED}: {round(100 * rule.precision)} % are in segment s3"
    assert rule.text_zh == f"[wrote about refunds]，且下单不到 2 次：{round(100 * rule.precision)}% 属于群体 s3"


def test_precision_is_not_flattered_by_choosing() -> None:
    errors = []
    for seed in range(12):
        features, labels, _ = refund_population(seed, people=300)
        for rule in find_rules(features, labels, SEGMENTS, seed=seed):
            if rule.text_en.startswith(PLANTED):
                errors.append(rule.precision - 0.83)
    assert len(errors) >= 8
    assert abs(float(np.mean(errors))) < 0.05


def test_there_are_no_rules_of_noise() -> None:
    found = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        features = table_of(*noise(rng, 300, themes=20, others=8), orders(rng.poisson(2, 300)))
        found.append(len(find_rules(features, rng.integers(0, 3, 300), SEGMENTS, seed=seed)))
    assert sum(count > 0 for count in found) <= 2


def test_the_rules_of_a_segment_speak_of_different_people() -> None:
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 3, 600)
    told = rng.random(600) < np.where(labels == 0, 0.8, 0.1)
    columns = [theme("a", told), theme("nearly a", told ^ (rng.random(600) < 0.02)), *noise(rng, 600)]
    rules = [rule for rule in find_rules(table_of(*columns), labels, SEGMENTS, seed=1) if rule.segment_id == "s1"]

    assert len(rules) == 1


def test_a_rule_takes_on_no_condition_that_adds_nothing() -> None:
    rng = np.random.default_rng(2)
    labels = rng.integers(0, 3, 900)
    columns = [theme("a", rng.random(900) < np.where(labels == 0, 0.8, 0.05)), *noise(rng, 900, themes=30)]
    rules = find_rules(table_of(*columns), labels, SEGMENTS, seed=1)

    assert [c.column for c in next(rule for rule in rules if rule.segment_id == "s1").conditions] == ["a"]


def test_unknown_values_meet_no_condition() -> None:
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 2, 400)
    known = rng.random(400) < 0.6
    plan = attribute("plan", "gold", labels == 0, known)
    rules = find_rules(
        table_of(plan, number("age", np.where(known, 50.0 - 20 * labels, np.nan))), labels, SEGMENTS, seed=1
    )

    assert rules
    assert all(rule.people_in_all <= known.sum() for rule in rules)
    assert all(rule.precision == 1.0 for rule in rules)


def test_planted_associations_are_found_with_their_figures() -> None:
    rng = np.random.default_rng(4)
    gold = rng.random(800) < 0.3
    refunds = rng.random(800) < np.where(gold, 0.6, 0.2)
    columns = [attribute("plan", "gold", gold), theme("refunds", refunds), *noise(rng, 800, themes=20)]
    found = find_associations(table_of(*columns, written=rng.integers(10, 100, 800)))

    assert len(found) == 1
    one = found[0]
    assert {one.antecedents[0].column, one.consequent.column} == {"plan=gold", "refunds"}
    assert one.people == int((gold & refunds).sum())
    assert one.lift == pytest.approx((gold & refunds).mean() / (gold.mean() * refunds.mean()))
    assert one.interval.low < one.confidence < one.interval.high
    assert one.adjusted_lift is not None
    assert one.p_value < 0.001
    assert "of everybody" in one.text_en
    assert "所有人中为" in one.text_zh


def test_pure_noise_has_no_associations() -> None:
    found = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        columns = [*noise(rng, 300, themes=25, others=6), orders(rng.poisson(2, 300))]
        found.append(len(find_associations(table_of(*columns, written=rng.integers(10, 100, 300)))))
    assert sum(count > 0 for count in found) <= 2


def test_themes_that_only_wordy_people_share_are_not_associated() -> None:
    rng = np.random.default_rng(5)
    written = rng.choice([10, 40, 160, 640], 1200)
    share = 0.05 + written / 800
    columns = [theme(name, rng.random(1200) < share) for name in ("a", "b", "c", "d")]

    assert find_associations(table_of(*columns)) != ()
    assert find_associations(table_of(*columns, written=written)) == ()


def test_values_of_one_column_and_the_same_thing_twice_are_not_paired() -> None:
    rng = np.random.default_rng(6)
    gold = rng.random(500) < 0.4
    columns = [
        attribute("keywords", "fast", gold),
        attribute("keywords", "cheap", gold | (rng.random(500) < 0.03)),
        attribute("plan", "gold", gold),
        number("age", rng.normal(40, 10, 500)),
    ]

    assert find_associations(table_of(*columns)) == ()


def test_people_of_whom_a_side_is_unknown_are_not_counted() -> None:
    rng = np.random.default_rng(7)
    known, gold = rng.random(600) < 0.5, rng.random(600) < 0.4
    refunds = rng.random(600) < np.where(gold, 0.7, 0.2)
    found = find_associations(table_of(attribute("plan", "gold", gold, known), theme("refunds", refunds)))

    assert found[0].people == int((known & gold & refunds).sum())
    assert found[0].support == pytest.approx((gold & refunds)[known].mean())


def test_the_nearest_segment_is_named_with_what_differs() -> None:
    rng = np.random.default_rng(8)
    labels = np.repeat([0, 1, 2], 150)
    columns = [
        theme("shared", rng.random(450) < np.array([0.8, 0.8, 0.1])[labels]),
        theme("shared too", rng.random(450) < np.array([0.7, 0.7, 0.1])[labels]),
        theme("first only", rng.random(450) < np.array([0.7, 0.2, 0.2])[labels]),
        *noise(rng, 450),
    ]
    contrasts = find_contrasts(table_of(*columns, written=rng.integers(10, 100, 450)), labels, SEGMENTS)
    first = contrasts[0]

    assert (first.segment_id, first.nearest_id) == ("s1", "s2")
    assert contrasts[1].nearest_id == "s1"
    assert [item.column for item in first.items] == ["first only"]
    item = first.items[0]
    assert item.interval.low > item.interval_there.high
    assert item.difference_interval.low < 0.5 < item.difference_interval.high
    assert item.adjusted_ratio is not None
    assert item.adjusted_ratio > 2


def test_a_theme_that_only_follows_length_is_no_contrast() -> None:
    rng = np.random.default_rng(9)
    labels = np.repeat([0, 1], 600)
    written = np.where(rng.random(1200) < np.where(labels == 0, 0.8, 0.2), 300, 20)
    wordy = theme("wordy", rng.random(1200) < np.where(written == 300, 0.7, 0.2))
    plain = find_contrasts(table_of(wordy), labels, SEGMENTS)
    adjusted = find_contrasts(table_of(wordy, written=written), labels, SEGMENTS)

    assert [item.column for item in plain[0].items] == ["wordy"]
    assert adjusted[0].items == ()


def test_the_interval_of_a_mean_share_holds_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(10)
    shares, people = np.array([0.9, 0.4, 0.7]), np.array([40, 25, 60])
    held = 0
    for _ in range(400):
        interval = mean_share_interval(rng.binomial(people, shares), people)
        held += interval.low <= shares.mean() <= interval.high
    assert 0.92 <= held / 400 <= 0.98


def test_newcombe_gives_the_published_example() -> None:
    # Newcombe 1998, table II: 56/70 against 48/80 gives 0.0524 to 0.3339.
    interval = difference_interval(56, 70, 48, 80)

    assert interval.low == pytest.approx(0.0524, abs=5e-5)
    assert interval.high == pytest.approx(0.3339, abs=5e-5)
    assert difference_interval(0, 0, 5, 10).low == -1.0


def test_holm_corrects_for_all_that_could_have_been_tested() -> None:
    assert holm(np.array([0.01, 0.04, 0.03])).tolist() == pytest.approx([0.03, 0.06, 0.06])
    assert holm(np.array([0.01]), tests=50).tolist() == pytest.approx([0.5])


def test_mean_of_one_group_is_its_own_interval() -> None:
    interval, wilson = mean_share_interval(np.array([7]), np.array([10])), wilson_interval(7, 10)

    assert (interval.low, interval.high) == pytest.approx((wilson.low, wilson.high))

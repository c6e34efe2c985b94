"""What explains a grouping: said where it is so, and not where labels are shuffled, few, or of one kind."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from personas.explaining import Explanation, FeatureTable, explain_column, explain_grouping
from personas.explaining.records import Block, ModelAccuracy
from personas.explaining.wording import word_verdict
from personas.records import Interval
from tests.personas.populations import SEGMENTS, attribute, noise, number, orders, refund_population, table_of, theme


def explain(features: FeatureTable, labels: Any, seed: int = 1) -> Explanation:
    return explain_grouping(features, np.asarray(labels, dtype=np.int64), segment_ids=SEGMENTS, seed=seed)


@pytest.fixture(scope="module")
def told() -> Explanation:
    features, labels, _ = refund_population(3)
    return explain(features, labels)


def test_what_makes_the_segments_is_found(told: Explanation) -> None:
    assert told.beats_chance
    assert told.chance == pytest.approx(1 / 3, abs=0.05)
    assert {item.column for item in told.importance} == {"refunds", "orders"}
    assert told.verdict_en.startswith("Better than chance")
    assert told.verdict_zh.startswith("优于随机")
    best = max(told.accuracy, key=lambda accuracy: accuracy.value)
    assert best.interval.low < best.value < best.interval.high
    assert best.value > best.chance_high


def test_each_kind_of_features_is_tried_alone(told: Explanation) -> None:
    beats = {block.block: block.accuracy.beats_chance for block in told.by_block}

    assert beats == {"themes": True, "behaviour": True, "table": False, "length": False}
    assert told.block_importance[0].column in {"themes", "behaviour"}
    assert {item.column: item.interval.low <= 0 for item in told.block_importance}["table"]


def test_that_segments_come_from_the_same_texts_is_said(told: Explanation) -> None:
    assert "same texts" in told.notes[0].text_en
    assert "文字" in told.notes[0].text_zh


def test_random_labels_are_said_to_be_not_better_than_chance() -> None:
    wrong = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        told = explain(table_of(*noise(rng, 100, others=2), orders(rng.poisson(2, 100))), rng.integers(0, 3, 100), seed)
        if told.beats_chance:
            wrong.append(seed)
        else:
            assert told.verdict_en.startswith("Not better than chance")
            assert told.verdict_zh.startswith("不优于随机")
            assert not told.rules
            assert not told.importance
            assert not told.contrasts
    assert len(wrong) <= 1


def test_a_weak_signal_gets_the_same_verdict_however_people_are_parted() -> None:
    rng = np.random.default_rng(5)
    labels = rng.integers(0, 2, 300)
    features = table_of(theme("a", rng.random(300) < np.where(labels == 0, 0.55, 0.3)))
    told = [explain(features, labels, seed) for seed in range(4)]

    assert {one.verdict_en.split(" chance")[0] for one in told} == {"Better than"}
    assert {one.accuracy[0].chance for one in told} == {0.5}
    assert max(one.accuracy[0].value for one in told) < 0.75


def test_a_plain_signal_needs_no_more_repeats(told: Explanation) -> None:
    assert told.accuracy[0].repeats == 4


@pytest.mark.parametrize(
    ("value", "beats", "words", "words_zh"),
    [
        (0.36, False, "Not better than chance: nothing here explains “role”", "不优于随机：这些特征无法解释“role”"),
        (0.37, True, "Hardly better than chance: 6 % of the way", "仅略优于随机：从随机到完全确定只走了 6%"),
        (0.6, True, "Better than chance.", "优于随机。"),
    ],
)
def test_the_verdict_claims_no_more_than_the_figures(value: float, beats: bool, words: str, words_zh: str) -> None:
    accuracy = ModelAccuracy(
        model="decision tree",
        value=value,
        interval=Interval(low=value - 0.02, high=value + 0.02),
        chance=0.33,
        chance_high=0.365,
        repeats=4,
        beats_chance=beats,
    )
    english, chinese = word_verdict(accuracy, column="role")

    assert english.startswith(words)
    assert chinese.startswith(words_zh)
    assert f"{round(100 * value)} % of people" in english
    assert f"正确 {round(100 * value)}%" in chinese


def test_what_only_a_tree_sees_is_seen() -> None:
    rng = np.random.default_rng(2)
    one, other = rng.random(400) < 0.4, rng.random(400) < 0.4
    told = explain(table_of(theme("a", one), theme("b", other)), (one ^ other).astype(int))

    assert told.beats_chance
    assert told.accuracy[1].model == "decision tree"
    assert told.accuracy[1].value > 0.95 > told.accuracy[0].value


def test_separable_segments_are_told_with_an_interval_that_is_not_nothing() -> None:
    labels = np.repeat([0, 1, 2], 40)
    told = explain(table_of(theme("a", labels == 0), theme("b", labels == 1)), labels)

    assert told.accuracy[0].value == 1.0
    assert 0.9 < told.accuracy[0].interval.low < 1.0
    assert told.accuracy[0].interval.high == 1.0
    assert {rule.segment_id for rule in told.rules} >= {"s1", "s2"}


def test_one_segment_has_nothing_to_tell_apart() -> None:
    told = explain(table_of(*noise(np.random.default_rng(1), 60)), np.zeros(60))

    assert not told.beats_chance
    assert told.accuracy == ()
    assert told.groups == 1
    assert "only one group" in told.verdict_en


def test_a_segment_smaller_than_the_folds_is_left_out_and_named() -> None:
    rng = np.random.default_rng(4)
    labels = np.concatenate([rng.integers(0, 2, 117), np.full(3, 2)])
    told = explain(table_of(theme("a", labels == 0), *noise(rng, 120)), labels)

    assert told.groups == 3
    assert [recall.segment_id for recall in told.recalls] == ["s1", "s2"]
    assert any("s3" in note.text_en for note in told.notes)


def test_two_groups_of_which_one_is_too_small_cannot_be_tested() -> None:
    labels = np.array([0] * 40 + [1] * 2)
    told = explain(table_of(theme("a", labels == 1)), labels)

    assert not told.beats_chance
    assert told.accuracy == ()
    assert "Fewer than two groups" in told.verdict_en


@pytest.mark.parametrize("people", [0, 1, 7])
def test_few_people_are_no_error(people: int) -> None:
    told = explain(table_of(theme("a", np.arange(people) % 2 == 0)), np.arange(people) % 2)

    assert not told.beats_chance


def test_columns_without_content_are_passed_over() -> None:
    rng = np.random.default_rng(8)
    labels = rng.integers(0, 2, 100)
    empty, constant = number("empty", np.full(100, np.nan)), number("constant", np.full(100, 3.0))
    told = explain(table_of(empty, theme("a", labels == 0), constant), labels)
    nothing = explain(table_of(empty, constant), labels)

    assert told.columns == 1
    assert told.accuracy[0].value == 1.0
    assert nothing.columns == 0
    assert "Nothing is known" in nothing.verdict_en


def test_people_without_a_segment_are_left_out_and_counted() -> None:
    features, labels, _ = refund_population(3, people=300)
    labels[:20] = -1
    told = explain(features, labels)

    assert told.people == 280
    assert any("20" in note.text_en for note in told.notes)


def test_many_people_are_sampled_and_the_record_says_so() -> None:
    rng = np.random.default_rng(6)
    labels = rng.choice(3, 30_000, p=[0.6, 0.3, 0.1])
    columns = [theme(f"t{at}", rng.random(30_000) < 0.1 + 0.5 * (labels == at)) for at in range(3)]
    told = explain(table_of(*columns, *noise(rng, 30_000, themes=2, others=1)), labels)

    assert told.sampled == 2000
    assert told.people == 30_000
    assert any("2,000 of 30,000" in note.text_en for note in told.notes)
    assert any("10,000 of 30,000" in note.text_en for note in told.notes)
    assert max(rule.people for rule in told.rules) <= 5000 < max(rule.people_in_all for rule in told.rules)


def test_the_same_seed_tells_the_same_on_any_number_of_threads() -> None:
    features, labels, _ = refund_population(3, people=300)
    with threadpool_limits(2):
        first = explain(features, labels)
    with threadpool_limits(1):
        second = explain(features, labels)

    assert first.model_dump_json() == second.model_dump_json()


def test_the_order_of_columns_does_not_matter_to_what_is_found() -> None:
    features, labels, _ = refund_population(3, people=500)
    turned = features.keep(range(len(features.columns))[::-1])

    assert {item.column for item in explain(features, labels).importance} == {
        item.column for item in explain(turned, labels).importance
    }


def test_without_mlxtend_the_rest_is_told_and_the_extra_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def missing(name: str, *rest: Any, **named: Any) -> Any:
        if name.startswith("mlxtend"):
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", missing)
    features, labels, _ = refund_population(3, people=300)
    told = explain(features, labels)

    assert told.associations == ()
    assert any("personas[rules]" in note.text_en for note in told.notes)
    assert told.accuracy


def test_a_column_of_the_table_is_explained_without_itself() -> None:
    rng = np.random.default_rng(9)
    gold = rng.random(400) < 0.4
    columns = [
        theme("perks", rng.random(400) < np.where(gold, 0.7, 0.2)),
        attribute("plan", "gold", gold),
        attribute("plan", "free", ~gold),
        *noise(rng, 400),
    ]
    cells = [None if at < 30 else "gold" if one else "free" for at, one in enumerate(gold)]
    told = explain_column(table_of(*columns), cells, column="plan", seed=1)

    assert told.beats_chance
    assert told.people == 370
    assert [item.column for item in told.importance] == ["perks"]
    assert any("have plan gold" in rule.text_en for rule in told.rules)
    assert told.associations == ()


def test_a_column_that_the_text_does_not_carry_is_said_to_be_so() -> None:
    rng = np.random.default_rng(12)
    roles = [str(rng.choice(["engineer", "student", "analyst"])) for _ in range(300)]
    held = np.array([role == "student" for role in roles])
    features = table_of(attribute("degree", "none", held), *noise(rng, 300, others=0))
    text: tuple[Block, ...] = ("themes",)
    by_text = explain_column(features, roles, column="role", seed=1, blocks=text)
    by_all = explain_column(features, roles, column="role", seed=1)

    assert by_text.verdict_en.startswith("Not better than chance: nothing here explains “role”")
    assert by_all.beats_chance


def test_labels_of_a_column_are_thirds_of_numbers_and_frequent_single_values() -> None:
    rng = np.random.default_rng(11)
    numbers = [float(value) for value in rng.normal(50, 10, 300)]
    by_number = explain_column(
        table_of(theme("old", np.array(numbers) > 54), *noise(rng, 300)), numbers, column="age", seed=1
    )
    words = ["a"] * 150 + ["b"] * 130 + ["a;b"] * 15 + ["rare"] * 5
    by_word = explain_column(table_of(*noise(rng, 300)), words, column="letters", seed=1)

    assert by_number.groups == 3
    assert by_number.beats_chance
    assert by_word.people == 280
    assert any("several values" in note.text_en for note in by_word.notes)

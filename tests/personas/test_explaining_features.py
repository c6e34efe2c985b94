"""What is known of people becomes columns that read aloud, in English and Chinese."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from personas.customers import CustomerTable
from personas.explaining import FeatureColumn, FeatureTable, build_feature_table
from personas.explaining.columns import Scale
from personas.explaining.conditions import Atom, condition_record, find_atoms, meets
from personas.explaining.table_columns import behaviour_column, table_columns
from personas.records import Customer
from personas.themes import find_themes
from retrieval.documents import Scalar
from tests.personas.corpora import chinese_people, corpus_of, documents_of, english_people


def columns_of(name: str, cells: list[Scalar], least: int = 2) -> dict[str, list[float]]:
    return {column.name: values.tolist() for column, values in table_columns(name, cells, least=least)}


def test_values_become_yes_and_no_and_missing_ones_are_not_known() -> None:
    cells: list[Scalar] = ["gold", "free", "team", None, "gold", "free", "team", "", "once"]
    found = columns_of("plan", cells)

    assert set(found) == {"plan=gold", "plan=free", "plan=team"}
    np.testing.assert_equal(found["plan=gold"], [1, 0, 0, np.nan, 1, 0, 0, np.nan, 0])


def test_several_values_in_a_cell_count_each() -> None:
    found = columns_of("keywords", ["fast;cheap", "fast", "cheap ; odd", "odd", None, "odd"])

    assert set(found) == {"keywords=fast", "keywords=cheap", "keywords=odd"}
    np.testing.assert_equal(found["keywords=cheap"], [1, 0, 1, 0, np.nan, 0])


def test_of_two_values_only_the_rarer_is_kept() -> None:
    assert set(columns_of("sex", ["f", "f", "f", "m", "m"])) == {"sex=m"}


def test_truth_values_read_as_yes_and_no() -> None:
    found = table_columns("newsletter", [True, True, False, False, False, None], least=2)

    assert [(column.phrase_en, column.negated_en) for column, _ in found] == [("newsletter is yes", "newsletter is no")]
    np.testing.assert_equal(found[0][1], [1, 1, 0, 0, 0, np.nan])


@pytest.mark.parametrize(
    ("name", "cells", "phrases"),
    [
        (
            "Plan_type",
            ["gold", "free", "team"] * 2,
            ("plan type is free", "plan type is not free", "“plan type”为“free”"),
        ),
        (
            "signupChannel",
            ["app", "web"] * 3,
            ("signup channel is web", "signup channel is not web", "“signup channel”为“web”"),
        ),
        ("NPS_group", ["x", "y"] * 3, ("NPS group is y", "NPS group is not y", "“NPS group”为“y”")),
        ("城市", ["上海", "北京", "广州"] * 2, ("城市 is 上海", "城市 is not 上海", "城市为“上海”")),
        ("buys", ["oil;tea", "tea;rice", "rice", "oil"] * 2, ("bought oil", "never bought oil", "买过“oil”")),
        (
            "likes",
            ["oil;tea", "tea;rice", "rice", "oil"] * 2,
            ("“oil” among their likes", "no “oil” among their likes", "“likes”中有“oil”"),
        ),
    ],
)
def test_columns_of_the_table_read_as_a_person_says_them(
    name: str, cells: list[Scalar], phrases: tuple[str, str, str]
) -> None:
    told = [
        (column.phrase_en, column.negated_en, column.phrase_zh) for column, _ in table_columns(name, cells, least=2)
    ]

    assert phrases in told


def test_a_signup_date_reads_without_its_underscore() -> None:
    ((column, values),) = table_columns(
        "signup_date", ["2024-03-01", "2024-03-02", "2024-03-03", "2024-03-04"], least=2
    )
    condition = condition_record(column, Atom(column=0, comparison="at least", threshold=float(values[1])))

    assert (condition.text_en, condition.text_zh) == (
        "signup date on 2024-03-02 or later",
        "“signup date”在 2024-03-02 或之后",
    )


def test_numbers_stay_numbers_with_a_stray_word_among_them() -> None:
    found = columns_of("age", [*range(20, 40), "unknown"])

    np.testing.assert_equal(found["age"], [*range(20, 40), np.nan])


@pytest.mark.parametrize(
    "texts",
    [
        ["2024-03-01", "2024-03-02", "2024-03-31", "2024-02-29"],
        ["01/03/2024", "02/03/2024", "31/03/2024", "29/02/2024"],
        ["2024年3月1日", "2024年3月2日", "2024年3月31日", "2024年2月29日"],
    ],
)
def test_dates_are_numbers_that_read_as_days(texts: list[Scalar]) -> None:
    ((column, values),) = table_columns("joined", texts, least=2)

    assert column.scale == "date"
    assert (values - values[0]).tolist() == [0, 1, 30, -1]
    assert condition_record(column, Atom(column=0, comparison="below", threshold=values[1])).text_en == (
        "joined before 2024-03-02"
    )


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("name", [f"person {at}" for at in range(50)]),
        ("account_id", list(range(50))),
        ("country", ["NL"] * 50),
        ("empty", [None] * 50),
        ("few", ["x", "y"] + [None] * 48),
    ],
)
def test_columns_that_tell_nothing_are_left_out(name: str, cells: list[Scalar]) -> None:
    assert columns_of(name, cells, least=5) == {}


@pytest.mark.parametrize(
    ("name", "threshold", "below", "at_least"),
    [
        ("log orders", 1, "never ordered", "ordered at least once"),
        ("log orders", 2, "ordered less than twice", "ordered at least twice"),
        ("log orders", 5, "ordered fewer than 5 times", "ordered at least 5 times"),
        ("log money", 1200, "spent less than 1,200", "spent 1,200 or more"),
        ("log money in EUR", 1200, "spent less than 1,200 EUR", "spent 1,200 EUR or more"),
        ("log basket in ¥", 90, "spent per order less than 90 ¥", "spent per order 90 ¥ or more"),
        ("log money in medians", 1.3, "spent less than 1.3 times what the median customer in their currency spent",
         "spent at least 1.3 times what the median customer in their currency spent"),
        ("recency days", 30, "fewer than 30 days since the last order", "at least 30 days since the last order"),
        ("channel app", 0.4, "share of visits by app below 40 %", "share of visits by app 40 % or more"),
        ("tickets", 2.5, "tickets below 2.5", "tickets 2.5 or more"),
    ],
)  # fmt: skip
def test_behaviour_reads_as_what_people_did(name: str, threshold: float, below: str, at_least: str) -> None:
    column, _ = behaviour_column(name, np.zeros(3))
    records = [
        condition_record(column, Atom(column=0, comparison=one, threshold=threshold)) for one in ("below", "at least")
    ]

    assert [record.text_en for record in records] == [below, at_least]
    assert all(record.text_zh for record in records)


@pytest.mark.parametrize(
    ("scale", "below"),
    [
        ("times", "下单不到 2 次"),
        ("amount", "下单不到 2"),
        ("medians", "下单不到同币种客户消费中位数的 2 倍"),
        ("days", "下单不到 2 天"),
        ("plain", "下单低于 2"),
        ("date", "下单早于 1970-01-03"),
    ],
)
def test_conditions_read_in_chinese(scale: Scale, below: str) -> None:
    column = FeatureColumn(
        name="x", block="behaviour", kind="number", phrase_en="ordered", phrase_zh="下单", scale=scale
    )

    assert condition_record(column, Atom(column=0, comparison="below", threshold=2)).text_zh == below


def test_conditions_on_logarithms_are_met_by_the_numbers_people_read() -> None:
    column, values = behaviour_column("log orders", np.log1p(np.array([0, 1, 2, 3, 3, 2, 1, 0])))
    features = FeatureTable(columns=(column,), values=values[:, None])
    atoms = find_atoms(features)

    assert {atom.threshold for atom in atoms} == {1.0, 2.0, 3.0}
    two = next(atom for atom in atoms if atom.threshold == 2.0 and atom.comparison == "below")
    assert meets(features, two).tolist() == [True, True, False, False, False, False, True, True]


def test_thresholds_are_round() -> None:
    values = np.random.default_rng(1).normal(5000, 900, 500)
    column = FeatureColumn(name="x", block="table", kind="number", phrase_en="x", phrase_zh="x")
    atoms = find_atoms(FeatureTable(columns=(column,), values=values[:, None]))

    assert {atom.threshold % 100 for atom in atoms} == {0.0}
    assert len({atom.threshold for atom in atoms}) == 4


def test_everything_known_of_people_stands_in_one_table(tmp_path: Path) -> None:
    voices = english_people(10)
    with corpus_of(documents_of(voices), tmp_path) as corpus:
        themes = find_themes(corpus, seed=1)
        rows = np.arange(4, len(corpus.customer_ids))
        ids = [corpus.customer_ids[row] for row in rows]
        customers = {
            one: Customer(customer_id=one, attributes={"plan": "gold" if at % 2 else "free", "orders": at})
            for at, one in enumerate(ids[:-1])
        }
        table = CustomerTable(customers=customers, file_of_column={"plan": "p.csv", "orders": "o.csv", "void": "p.csv"})
        behaviour = (("log orders",), np.log1p(np.arange(len(ids), dtype=np.float64))[:, None])
        built = build_feature_table(corpus, themes, table, {ids[0]: 0.5}, behaviour, rows, words=5)
        voiced = themes.voices(corpus.passage_customer, len(corpus.customer_ids))[rows]
        again = build_feature_table(corpus, themes, table, None, None, rows)

    blocks = [column.block for column in built.columns]
    assert list(dict.fromkeys(blocks)) == ["themes", "words", "table", "behaviour", "feelings"]
    assert blocks.count("words") == 5
    names = [column.name for column in built.columns]
    first = next(at for at, one in enumerate(themes.themes) if one.theme_id == names[0])
    assert built.values[:, 0].tolist() == voiced[:, first].astype(float).tolist()
    assert built.columns[0].phrase_en == f"wrote about {themes.themes[first].label}"
    assert np.isnan(built.values[-1, names.index("plan=gold" if "plan=gold" in names else "plan=free")])
    assert np.nansum(built.values[:, names.index("feeling")]) == 0.5
    assert built.written is not None
    assert built.written.tolist() == corpus.words_per_customer[rows].tolist()
    assert "void" in built.notes[0].text_en
    assert "orders" not in names
    assert "orders" in [column.name for column in again.columns]


def test_chinese_themes_and_words_are_columns_too(tmp_path: Path) -> None:
    with corpus_of(documents_of(chinese_people(10)), tmp_path) as corpus:
        themes = find_themes(corpus, seed=1)
        rows = np.arange(len(corpus.customer_ids))
        built = build_feature_table(
            corpus, themes, CustomerTable(customers={}, file_of_column={}), None, None, rows, words=3
        )

    assert any(column.phrase_zh.startswith("写到“") for column in built.columns)
    assert all("一词" in column.phrase_zh for column in built.columns if column.block == "words")

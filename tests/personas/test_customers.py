"""Customer tables and orders: joined by the ids of those who wrote, and compared with everybody else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from persona_kit.errors import InputError
from personas.customers import categorise, find_characteristics, order_features, read_customers
from personas.records import Customer
from retrieval.loading.tables import read_table
from tests.personas.corpora import write_rows

WRITING = [f"u{n}" for n in range(20)]


def test_a_table_joins_by_the_column_that_holds_the_ids(tmp_path: Path) -> None:
    path = write_rows(
        tmp_path / "people.csv",
        ("row", "customer_id", "account", "plan"),
        [(n, f"x{n}", f"u{n}", "gold" if n % 2 else "") for n in range(20)],
    )
    table = read_customers(str(path), None, writing=WRITING)

    assert set(table.customers) == set(WRITING)
    assert table.customers["u1"].attributes == {"row": 1, "customer_id": "x1", "plan": "gold"}
    assert "plan" not in table.customers["u2"].attributes
    assert table.file_of_column["plan"] == "people.csv"
    assert "account" not in table.file_of_column
    assert "'account'" in table.notes[0]


def test_whole_numbers_join_with_ids_written_as_text(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "people.csv", ("user", "plan"), [(n, "gold") for n in range(100, 120)])
    table = read_customers(str(path), None, writing=[str(n) for n in range(100, 120)])

    assert len(table.customers) == 20


def test_personal_data_as_id_joins_with_its_public_form(tmp_path: Path) -> None:
    from retrieval.redaction import public_id

    mails = [f"person{n}@shop.example" for n in range(5)]
    path = write_rows(tmp_path / "people.csv", ("user", "plan"), [(mail, "gold") for mail in mails])
    writing = [public_id(mail, level="standard") for mail in mails]
    table = read_customers(str(path), None, writing=writing)

    assert sorted(table.customers) == sorted(writing)
    assert not any("@" in customer_id for customer_id in table.customers)


def test_a_table_that_does_not_join_says_what_it_looked_at(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "people.csv", ("customer_id", "plan"), [(f"U-{n}", "gold") for n in range(20)])
    with pytest.raises(InputError, match="does not join") as caught:
        read_customers(str(path), None, writing=[f"U_{n}" for n in range(20)])

    for told in ("customer_id, plan", "'U-0'", "'U_0'", "people.csv", "looks alike"):
        assert told in caught.value.where
    assert "--customer" in caught.value.mend


def test_one_chance_hit_among_many_is_no_join(tmp_path: Path) -> None:
    rows = [("u0", "gold"), *((f"v{n}", "gold") for n in range(60))]
    path = write_rows(tmp_path / "people.csv", ("customer_id", "plan"), rows)
    with pytest.raises(InputError):
        read_customers(str(path), None, writing=[f"u{n}" for n in range(60)])


def test_no_tables_are_no_customers() -> None:
    assert read_customers(None, None, writing=WRITING).customers == {}


def orders(tmp_path: Path, currencies: tuple[str, str] = ("EUR", "EUR")) -> str:
    rows = [
        ("u0", "2026-01-05", 10.5, "beans", currencies[0]),
        ("u0", "2026-03-09", 4.5, "filter", currencies[1]),
        ("u1", "2025-12-01", 20, "beans", currencies[0]),
    ]
    return str(write_rows(tmp_path / "orders.csv", ("customer", "order_date", "amount", "product", "currency"), rows))


def test_orders_become_features(tmp_path: Path) -> None:
    table = read_customers(None, orders(tmp_path), writing=WRITING[:2])

    assert table.customers["u0"].attributes == {
        "orders": 2,
        "spent": 15.0,
        "last order": "2026-03",
        "buys": "beans;filter",
    }
    assert table.customers["u1"].attributes["spent"] == 20
    assert table.file_of_column["spent"] == "orders.csv"


def test_amounts_of_several_currencies_are_not_added(tmp_path: Path) -> None:
    features = order_features(read_table(orders(tmp_path, ("EUR", "USD")), what="the orders"), "customer")

    assert all("spent" not in values for values in features.values())
    assert features["u0"]["orders"] == 2


def customers(**columns: list[object]) -> dict[str, Customer]:
    count = len(next(iter(columns.values())))
    return {
        f"u{n}": Customer.model_validate({
            "customer_id": f"u{n}",
            "attributes": {name: values[n] for name, values in columns.items()},
        })
        for n in range(count)
    }


def test_numbers_are_cut_into_thirds() -> None:
    found = categorise(customers(age=list(range(30))))["age"]
    values = [value for (value,) in found.values()]

    assert [values.count(value) for value in dict.fromkeys(values)] == [10, 10, 10]
    assert values[0].startswith("up to ")
    assert values[-1].startswith("above ")


def test_whole_numbers_are_told_in_whole_numbers_and_cut_where_they_were() -> None:
    years: list[Any] = [1961, 1974, 1975, 1980, 1988, 1990, 1991, 2001]
    found = categorise(customers(born=years))["born"]
    low, high = np.quantile(years, [1 / 3, 2 / 3])

    assert list(dict.fromkeys(found[f"u{n}"][0] for n in range(len(years)))) == [
        "up to 1976",
        "1977 to 1989",
        "above 1989",
    ]
    thirds = [0 if year <= low else 1 if year <= high else 2 for year in years]
    assert len({(found[f"u{n}"], third) for n, third in enumerate(thirds)}) == 3


def test_few_numbers_stay_as_they_are_and_lists_are_parted() -> None:
    found = categorise(customers(people=[1, 2, 2, 3.0, 4], uses=["tea; milk", "tea", "milk;", "tea;tea", "water"]))

    assert found["people"]["u3"] == ("3",)
    assert found["uses"] == {"u0": ("milk", "tea"), "u1": ("tea",), "u2": ("milk",), "u3": ("tea",), "u4": ("water",)}


def test_columns_that_tell_nothing_are_left_out() -> None:
    names: list[object] = [f"name {n}" for n in range(40)]
    assert categorise(customers(name=names, all_the_same=["yes"] * 40)) == {}


def plans(here: int, there: int) -> dict[str, dict[str, tuple[str, ...]]]:
    """`here` of 20 members and `there` of 40 others are on the gold plan."""
    return {
        "plan": {
            **{f"m{n}": ("gold" if n < here else "basic",) for n in range(20)},
            **{f"o{n}": ("gold" if n < there else "basic",) for n in range(40)},
        }
    }


MEMBERS, OTHERS = [f"m{n}" for n in range(20)], [f"o{n}" for n in range(40)]


def test_over_and_under_represented_values_are_found() -> None:
    found = {item.value: item for item in find_characteristics(plans(16, 8), MEMBERS, OTHERS)}

    assert set(found) == {"gold", "basic"}
    gold, basic = found["gold"], found["basic"]
    assert (gold.people, gold.people_elsewhere, gold.known, gold.share, gold.share_elsewhere) == (16, 8, 20, 0.8, 0.2)
    assert gold.ratio == pytest.approx(4.0)
    assert [basic.share, basic.share_elsewhere] == pytest.approx([0.2, 0.8])
    assert gold.interval.low > gold.share_elsewhere
    assert basic.interval.high < basic.share_elsewhere


def test_a_difference_that_chance_explains_is_left_out() -> None:
    assert find_characteristics(plans(10, 19), MEMBERS, OTHERS) == ()


def test_only_people_of_whom_the_column_is_known_count() -> None:
    known = plans(16, 8)
    for n in range(5):
        del known["plan"][f"m{15 + n}"]
    [gold] = [item for item in find_characteristics(known, MEMBERS, OTHERS) if item.value == "gold"]

    assert (gold.people, gold.known, gold.share) == (15, 15, 1.0)


def test_two_people_are_not_enough() -> None:
    few = {"plan": {"m0": ("gold",), "m1": ("gold",), "m2": ("tin",), **{f"o{n}": ("basic",) for n in range(2)}}}

    assert find_characteristics(few, ["m0", "m1", "m2"], ["o0", "o1"]) == ()
    assert find_characteristics(plans(16, 8), MEMBERS, []) == ()

"""RFM scores and names, and order patterns shown to a person: few on clean data, all that were planted."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personas.behaviour import RULES, BehaviourTable, read_behaviour, rules_table
from personas.behaviour.rfm import fifths
from tests.personas.corpora import write_rows
from tests.personas.purchases import HEADER, START, Row, simulate_purchases

DOCS = Path(__file__).resolve().parents[2] / "docs"
WITH_CURRENCY = (*HEADER, "currency")


def read(tmp_path: Path, rows: list[Row], *, header: tuple[str, ...] = HEADER) -> BehaviourTable:
    path = write_rows(tmp_path / "orders.csv", header, rows)
    return read_behaviour(str(path), None, writing=sorted({row[1] for row in rows}), expected=False)


def test_every_pair_of_scores_has_one_name() -> None:
    for recency in range(1, 6):
        for worth in range(1, 6):
            names = [
                rule.name
                for rule in RULES
                if rule.recency[0] <= recency <= rule.recency[1] and rule.worth[0] <= worth <= rule.worth[1]
            ]
            assert len(names) == 1, (recency, worth, names)
    assert len({rule.name for rule in RULES}) == len(RULES) == 11


def test_the_page_shows_the_rules_of_the_code() -> None:
    assert rules_table() in (DOCS / "value.md").read_text(encoding="utf-8")


@given(st.lists(st.integers(0, 8), min_size=1, max_size=60))
def test_equal_values_get_equal_fifths_and_larger_ones_no_lower(values: list[int]) -> None:
    scores = fifths(np.array(values, dtype=np.float64))

    assert set(scores) <= {1, 2, 3, 4, 5}
    for a, one in zip(values, scores, strict=True):
        for b, other in zip(values, scores, strict=True):
            assert (one == other) if a == b else ((a < b) <= (one <= other))


def test_different_values_fill_the_fifths_evenly() -> None:
    assert np.bincount(fifths(np.arange(100.0)))[1:].tolist() == [20] * 5
    assert set(fifths(np.zeros(30))) == {3}


def shop(*, people: int = 50, currencies: tuple[str, ...] = ("EUR",)) -> list[tuple[object, ...]]:
    """Customer n ordered n times, the last time n days before the end, for n each."""
    rows: list[tuple[object, ...]] = []
    for person in range(1, people + 1):
        for number in range(person):
            day = date(2026, 6, 1) - timedelta(days=person + 3 * number)
            currency = currencies[person % len(currencies)]
            rows.append((f"o{person}-{number}", f"c{person:02d}", day.isoformat(), person, "beans", currency))
    return rows


def test_scores_follow_recency_frequency_and_money(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "orders.csv", WITH_CURRENCY, shop())
    table = read_behaviour(str(path), None, writing=[f"c{n:02d}" for n in range(1, 51)], expected=False)

    assert (table.of["c01"].rfm, table.of["c01"].rfm_segment) == ((5, 1, 1), "New Customers")
    assert (table.of["c50"].rfm, table.of["c50"].rfm_segment) == ((1, 5, 5), "Can't Lose Them")
    assert (table.of["c25"].rfm, table.of["c25"].rfm_segment) == ((3, 3, 3), "Needs Attention")
    assert sum(row.people for row in table.report.rfm) == 50
    assert sum(row.share_of_revenue or 0 for row in table.report.rfm) == pytest.approx(1)
    assert sum(row.spent or 0 for row in table.report.rfm) == table.report.revenue


def test_one_order_is_never_often(tmp_path: Path) -> None:
    rows: list[Row] = [(f"o{n}", f"c{n:02d}", f"2026-01-{n % 28 + 1:02d}", 10.0 + n, "beans") for n in range(40)]
    rows += [(f"p{n}", f"c{n:02d}", "2026-01-05", 10.0, "beans") for n in range(4)]
    table = read(tmp_path, rows)

    assert {table.of[f"c{n:02d}"].rfm[1] for n in range(4, 40)} == {1}  # type: ignore[index]  # RFM is known of all here
    assert all((table.of[f"c{n:02d}"].rfm or (0, 0, 0))[1] == 5 for n in range(4))


def test_money_is_ranked_within_its_currency(tmp_path: Path) -> None:
    rows = shop(people=60, currencies=("EUR", "EUR", "USD", "GBP", "GBP", "GBP"))
    path = write_rows(tmp_path / "orders.csv", WITH_CURRENCY, rows)
    table = read_behaviour(str(path), None, writing=[f"c{n:02d}" for n in range(1, 61)], expected=False)
    of_currency = {name: [did for did in table.of.values() if did.currency == name] for name in ("EUR", "USD", "GBP")}

    assert [len(of_currency[name]) for name in ("EUR", "USD", "GBP")] == [20, 10, 30]
    for name in ("EUR", "GBP"):
        counts = np.bincount([did.rfm[2] for did in of_currency[name] if did.rfm])[1:]
        assert len(set(counts.tolist())) == 1
    assert all(did.rfm is None and did.rfm_segment for did in of_currency["USD"])
    assert any("10 customers" in note and "recency and frequency alone" in note for note in table.notes)


def test_few_customers_are_not_ranked(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "orders.csv", WITH_CURRENCY, shop(people=12))
    table = read_behaviour(str(path), None, writing=[f"c{n:02d}" for n in range(1, 13)], expected=False)

    assert {did.rfm_segment for did in table.of.values()} == {None}
    assert any("too few to rank" in note for note in table.notes)


@pytest.fixture(scope="module")
def clean() -> list[Row]:
    return simulate_purchases(customers=3000, seed=11).rows


def test_clean_orders_raise_hardly_an_alarm(tmp_path: Path, clean: list[Row]) -> None:
    table = read(tmp_path, clean)

    assert len(table.unusual) <= 0.001 * len(table.customer_ids)


def planted(clean: list[Row]) -> list[Row]:
    amounts = sorted(row[3] for row in clean)
    large = 60 * amounts[len(amounts) // 2]
    day = (START + timedelta(days=400)).isoformat()
    busy = clean[7][1]
    return [
        *clean,
        ("x1", clean[3][1], day, large, "product a"),
        *((f"y{n}", busy, day, 20.0, "product a") for n in range(9)),
        *(
            (f"z{n}", "often", (START + timedelta(days=int(n * 1.3))).isoformat(), 20.0, "product a")
            for n in range(500)
        ),
        *((f"r{n}", "returns", day, -20.0, "product a") for n in range(5)),
        ("r9", "returns", day, 20.0, "product a"),
        *((f"t{n}", f"fair {n}", day, -20.0, "product a") for n in range(30)),
    ]


def test_what_was_planted_is_shown_with_its_reason(tmp_path: Path, clean: list[Row]) -> None:
    table = read(tmp_path, planted(clean))
    kinds = {one.customer_id: {reason.kind for reason in one.reasons} for one in table.unusual}

    assert "largest order" in kinds[clean[3][1]]
    assert "orders in a day" in kinds[clean[7][1]]
    assert "orders" in kinds["often"]
    assert "refunds" in kinds["returns"]
    assert not any(name.startswith("fair") for name in kinds)
    assert len(kinds) <= 4 + 0.001 * len(table.customer_ids)
    told = table.of[clean[7][1]].unusual
    assert any(text.startswith("9 orders on one day; 95 of 100 customers never have more than 2") for text in told)
    chinese = [reason.text_zh for one in table.unusual if one.customer_id == clean[7][1] for reason in one.reasons]
    assert any(text.startswith("同一天下了 9 笔订单") for text in chinese)


def test_an_order_unlike_the_customers_own_is_shown(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    rows: list[Row] = []
    for person in range(100):
        # Some shop for thousands, some for a few coins: no order stands out among all of them.
        level = float(np.exp(rng.uniform(0, 9)))
        for number in range(10):
            day = (START + timedelta(days=int(rng.integers(0, 600)))).isoformat()
            rows.append((
                f"o{person}-{number}",
                f"c{person:03d}",
                day,
                round(level * rng.uniform(0.8, 1.2), 2),
                "beans",
            ))
    usual = min(row[3] for row in rows)
    odd = next(row[1] for row in rows if row[3] == usual)
    rows.append(("odd", odd, START.isoformat(), round(100 * usual, 2), "beans"))
    table = read(tmp_path, rows)

    assert [one.customer_id for one in table.unusual] == [odd]
    assert [reason.kind for reason in table.unusual[0].reasons] == ["unlike themselves"]
    assert "half of their own orders stay below" in table.of[odd].unusual[0]


def test_few_customers_have_nothing_unusual(tmp_path: Path) -> None:
    rows: list[Row] = [(f"o{n}", f"c{n}", "2026-01-05", 10.0, "beans") for n in range(9)]
    rows.append(("x", "c0", "2026-01-05", 99_999.0, "beans"))

    assert read(tmp_path, rows).unusual == ()

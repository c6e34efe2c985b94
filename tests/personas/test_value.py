"""What customers can be expected to order, what segments are worth, and which come first."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from persona_kit.errors import EnvironmentProblem
from personas.behaviour import BehaviourTable, customers_by_value, persona_priority, read_behaviour, segment_value
from personas.behaviour.expectation import OrderDays, expect, require_clvkit
from tests.personas.corpora import write_rows
from tests.personas.purchases import HEADER, Purchases, simulate_purchases

CUSTOMERS = 1500


def read(tmp_path: Path, purchases: Purchases, *, seed: int = 0, expected: bool = True) -> BehaviourTable:
    path = write_rows(tmp_path / "orders.csv", HEADER, purchases.rows)
    return read_behaviour(str(path), None, writing=purchases.customer_ids, seed=seed, expected=expected)


@pytest.fixture(scope="module")
def purchases() -> Purchases:
    return simulate_purchases(customers=CUSTOMERS, seed=3)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory, purchases: Purchases) -> BehaviourTable:
    pytest.importorskip("clvkit")
    return read(tmp_path_factory.mktemp("value"), purchases)


def known(table: BehaviourTable, purchases: Purchases, what: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """What the customers of the table really did afterwards, in the table's order."""
    place = {customer_id: number for number, customer_id in enumerate(purchases.customer_ids)}
    values = getattr(purchases, what).astype(np.float64)
    return np.array([values[place[customer_id]] for customer_id in table.customer_ids])


def test_expected_orders_are_what_came(table: BehaviourTable, purchases: Purchases) -> None:
    came = known(table, purchases, "later_days")
    expected = table.expected_orders
    # The total lies within four standard errors of its own scatter and of five percent for the parameters.
    scatter = float(np.sqrt(((came - expected) ** 2).sum()))

    assert abs(expected.sum() - came.sum()) < 4 * scatter + 0.05 * came.sum()
    assert np.corrcoef(expected, came)[0, 1] > 0.6
    for low, high in ((0.0, 0.5), (0.5, 0.8), (0.8, 1.0)):
        band = (expected >= np.quantile(expected, low)) & (expected <= np.quantile(expected, high))
        assert expected[band].sum() == pytest.approx(came[band].sum(), rel=0.25, abs=20)


def test_the_planted_parameters_come_back(table: BehaviourTable) -> None:
    model = table.report.model
    assert model is not None
    assert model.name == "BG/NBD and Gamma-Gamma"
    assert model.library.startswith("clvkit ")
    # Mean rate a week 0.8 / 6, mean chance of leaving after an order 0.8 / 3.8, mean amount 6 * 60 / (4 - 1).
    assert model.parameters["r"] / model.parameters["alpha"] == pytest.approx(0.8 / 6, rel=0.15)
    assert model.parameters["a"] / (model.parameters["a"] + model.parameters["b"]) == pytest.approx(0.8 / 3.8, rel=0.2)
    assert model.check.beats_chance
    assert model.check.ratio.low < 1.1
    assert model.check.ratio.high > 0.9


def test_expected_value_is_what_was_spent(table: BehaviourTable, purchases: Purchases) -> None:
    spent = known(table, purchases, "later_money")
    total = float(np.nansum(table.expected_value))

    assert total == pytest.approx(spent.sum(), rel=0.15)
    one = table.of[table.customer_ids[int(np.nanargmax(table.expected_value))]]
    assert one.expected_value is not None
    assert one.expected_orders is not None
    assert one.expected_value / one.expected_orders == pytest.approx(one.basket, rel=0.5)


def test_the_same_seed_gives_the_same_figures(tmp_path: Path) -> None:
    pytest.importorskip("clvkit")
    small = simulate_purchases(customers=300, seed=8)
    first, second = (read(tmp_path, small, seed=4) for _ in range(2))

    assert np.array_equal(first.expected_orders, second.expected_orders)
    assert first.report == second.report


def test_without_the_library_the_reason_is_told(
    tmp_path: Path, purchases: Purchases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "clvkit", None)
    table = read(tmp_path, purchases)

    assert table.report.model is None
    assert "pip install '.[value]'" in table.report.why_no_orders_expected
    did = table.of[purchases.customer_ids[0]]
    assert (did.expected_orders, did.expected_value) == (None, None)
    assert did.rfm is not None
    with pytest.raises(EnvironmentProblem, match="clvkit"):
        require_clvkit()


def order_days(purchases: Purchases) -> OrderDays:
    table = sorted((row[1], row[2], row[3]) for row in purchases.rows)
    people = {customer_id: place for place, customer_id in enumerate(purchases.customer_ids)}
    days = [np.datetime64(day).astype(int) for _, day, _ in table]
    return OrderDays(
        np.array([people[customer_id] for customer_id, _, _ in table]),
        np.array(days, dtype=np.int64),
        np.array([amount for _, _, amount in table]),
    )


def test_too_little_is_said_to_be_too_little(purchases: Purchases) -> None:
    pytest.importorskip("clvkit")
    days = order_days(purchases)
    once = np.unique(days.customer, return_index=True)[1]
    single = OrderDays(days.customer[once], days.day[once], days.amount[once])
    told = expect(single, people=CUSTOMERS, as_of=int(days.day.max()), horizon_days=365, seed=0)
    assert "only 0 customers ordered on two days" in told.why_no_orders
    assert np.isnan(told.orders).all()

    early = days.day < days.day.min() + 100
    short = OrderDays(days.customer[early], days.day[early], days.amount[early])
    told = expect(short, people=CUSTOMERS, as_of=int(short.day.max()), horizon_days=365, seed=0)
    assert "99 days" in told.why_no_orders


def test_a_model_that_does_not_hold_is_not_used(purchases: Purchases) -> None:
    pytest.importorskip("clvkit")
    days = order_days(purchases)
    # Everybody stops one day, as when a shop closes: no model of single customers foresees it.
    end = int(days.day.min()) + 500
    kept = days.day < end
    closed = OrderDays(days.customer[kept], days.day[kept], days.amount[kept])
    told = expect(closed, people=CUSTOMERS, as_of=end + 230, horizon_days=365, seed=0)

    assert told.model is None
    assert "does not hold" in told.why_no_orders
    assert np.isnan(told.orders).all()


def test_orders_without_amounts_are_expected_without_money(purchases: Purchases) -> None:
    pytest.importorskip("clvkit")
    days = order_days(purchases)
    bare = OrderDays(days.customer, days.day, np.full(len(days.day), np.nan))
    told = expect(bare, people=CUSTOMERS, as_of=int(days.day.max()), horizon_days=365, seed=0)

    assert told.model is not None
    assert told.model.name == "BG/NBD"
    assert told.orders.min() >= 0
    assert np.isnan(told.amount).all()
    assert "customers have a second order with an amount" in told.why_no_value


def test_thousands_of_orders_of_one_customer_do_not_overflow() -> None:
    pytest.importorskip("clvkit")
    days = order_days(simulate_purchases(customers=300, seed=8, days=2400))
    last = int(days.day.max())
    daily = np.arange(last - 2399, last + 1)
    heavy = OrderDays(
        np.append(days.customer, np.full(2400, 300)),
        np.append(days.day, daily),
        np.append(days.amount, np.full(2400, 5.0)),
    )
    told = expect(heavy, people=301, as_of=last, horizon_days=365, seed=0)

    assert told.model is not None, told.why_no_orders
    assert 250 < told.orders[300] < 400
    assert told.amount[300] == pytest.approx(5.0, rel=0.05)


def small_shop(tmp_path: Path, currencies: tuple[str, ...] = ("EUR",)) -> BehaviourTable:
    rows = [
        (f"o{n}", f"c{n}", f"2026-01-{n % 28 + 1:02d}", 10 * (n + 1), "beans", currencies[n % len(currencies)])
        for n in range(10)
    ]
    path = write_rows(tmp_path / "orders.csv", (*HEADER, "currency"), rows)
    return read_behaviour(str(path), None, writing=[f"c{n}" for n in range(10)], expected=False)


def test_segments_hold_their_people_orders_and_money(tmp_path: Path) -> None:
    table = small_shop(tmp_path)
    first, second = segment_value(table, {"c0": "a", "c9": "a", "c1": "b", "silent": "b"})

    assert (first.segment_id, first.people, first.customers_with_orders) == ("a", 2, 2)
    assert (second.people, second.customers_with_orders) == (2, 1)
    assert (first.revenue[0].amount, first.revenue[0].currency) == (110.0, "EUR")
    assert first.share_of_revenue == pytest.approx(110 / 130)
    assert (first.share_of_revenue or 0) + (second.share_of_revenue or 0) == pytest.approx(1)
    assert first.median_spent[0].amount == 55.0
    assert (first.expected_value, first.share_of_expected_value, first.expected_orders) == ((), None, None)


def test_shares_of_several_currencies_weigh_by_orders(tmp_path: Path) -> None:
    table = small_shop(tmp_path, ("EUR", "USD"))
    # c0 and c2 pay 10 and 30 in euros, c1 pays 20 in dollars.
    first, second = segment_value(table, {"c0": "a", "c1": "a", "c2": "b"})

    assert [(money.currency, money.amount, money.share) for money in first.revenue] == [
        ("EUR", 10, 0.25),
        ("USD", 20, 1),
    ]
    assert first.share_of_revenue == pytest.approx(0.5 * 0.25 + 0.5 * 1)
    assert second.share_of_revenue == pytest.approx(0.5 * 0.75)


def test_customers_stand_by_value(tmp_path: Path, table: BehaviourTable) -> None:
    assert [did.customer_id for did in customers_by_value(small_shop(tmp_path), limit=3)] == ["c9", "c8", "c7"]
    # 90 of 250 EUR is a larger share than 100 of 300 USD.
    mixed = customers_by_value(small_shop(tmp_path, ("EUR", "USD")), limit=2)
    assert [did.customer_id for did in mixed] == ["c8", "c9"]
    assert customers_by_value(BehaviourTable(), limit=3) == ()

    expected = [did.expected_value or 0.0 for did in customers_by_value(table, limit=20)]
    assert expected == sorted(expected, reverse=True)
    assert expected[0] == pytest.approx(float(np.nanmax(table.expected_value)), abs=1e-3)


def test_value_and_risk_of_simulated_segments(table: BehaviourTable) -> None:
    assignments = {customer_id: f"s{number % 2}" for number, customer_id in enumerate(table.customer_ids)}
    values = segment_value(table, assignments)

    assert sum(value.people for value in values) == CUSTOMERS
    assert sum(value.share_of_expected_value or 0 for value in values) == pytest.approx(1, abs=1e-5)
    assert sum(value.expected_orders or 0 for value in values) == pytest.approx(table.expected_orders.sum(), abs=0.1)
    assert all(sum(value.rfm.values()) == value.customers_with_orders for value in values)
    assert all(0 < value.at_risk < value.people for value in values)


def test_points_are_shares_of_what_matters(tmp_path: Path) -> None:
    table = small_shop(tmp_path)
    assignments = {f"c{n}": "rich" if n == 9 else "many" for n in range(10)}
    unhappy = {"c9": 1.0, **{f"c{n}": 0.25 for n in range(4)}}
    first, second = persona_priority(table, assignments, unhappy=unhappy)

    assert [part.part for part in first.parts] == ["people", "revenue", "unhappy people"]
    many = {part.part: part.share for part in first.parts}
    assert (first.segment_id, first.rank, second.rank) == ("many", 1, 2)
    assert many["people"] == 0.9
    assert many["revenue"] == pytest.approx(450 / 550, abs=1e-6)
    assert many["unhappy people"] == 0.5
    assert first.points == pytest.approx(100 * (0.9 + 450 / 550 + 0.5) / 3, abs=1e-3)
    assert first.points + second.points == pytest.approx(100)
    assert first.interval.low < first.points < first.interval.high


def test_weights_and_segments_can_be_chosen(tmp_path: Path) -> None:
    table = small_shop(tmp_path)
    assignments = {f"c{n}": ("a", "b", "outliers")[n % 3] for n in range(10)}
    ranked = persona_priority(table, assignments, among={"a", "b"}, weights={"revenue": 2.0})

    assert [one.segment_id for one in ranked] == ["a", "b"]
    assert [part.part for part in ranked[0].parts] == ["revenue"]
    assert ranked[0].points == pytest.approx(100 * 220 / (220 + 150))
    assert persona_priority(table, {}) == ()


def test_without_orders_people_and_feelings_count() -> None:
    assignments = {f"c{n}": "a" if n < 60 else "b" for n in range(100)}
    ranked = persona_priority(None, assignments, unhappy={f"c{n}": 1.0 for n in range(90, 100)})

    assert [(one.segment_id, one.points) for one in ranked] == [("b", 70.0), ("a", 30.0)]
    assert persona_priority(None, assignments)[0].points == 60.0
    # One unhappy person would be all the unhappiness there is.
    few = persona_priority(None, assignments, unhappy={"c99": 1.0})
    assert [part.part for part in few[0].parts] == ["people"]


def test_a_lead_is_sure_when_drawing_people_anew_keeps_it() -> None:
    close = persona_priority(None, {f"c{n}": "a" if n < 51 else "b" for n in range(100)})
    clear = persona_priority(None, {f"c{n}": "a" if n < 90 else "b" for n in range(100)})

    assert [one.sure for one in close] == [False, True]
    assert clear[0].sure
    # The interval is that of drawing the people anew.
    draws = np.random.default_rng(0).binomial(100, 0.51, 4000)
    low, high = np.quantile(draws, [0.025, 0.975])
    assert close[0].interval.low == pytest.approx(low, abs=1.5)
    assert close[0].interval.high == pytest.approx(high, abs=1.5)


def test_nothing_known_is_nothing_told() -> None:
    assert segment_value(BehaviourTable(), {"c0": "a"}) == ()

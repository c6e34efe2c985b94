"""Simulated tables agree with the truth: orders, tags, columns and what people say of themselves."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date
from typing import Any

from personas.simulation.material import load_world
from tests.personas.simulated import make, text_of


def test_orders_fit_the_truth() -> None:
    simulation = make(segments=8, customers=800)
    by_customer: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in simulation.orders:
        by_customer[row["customer_id"]].append(row)
    last = date(2026, 8, 31)
    seen: Counter[str] = Counter()
    for entry in simulation.truth["customers"]:
        orders, tags = by_customer[entry["customer_id"]], entry["tags"]
        if "stopped-ordering" in tags["behaviours"]:
            assert (last - date.fromisoformat(orders[-1]["order_date"])).days >= 119
            assert tags["leaving"]
        if "buys-at-discount" in tags["behaviours"]:
            assert sum(row["discount"] > 0 for row in orders) >= 0.6 * len(orders)
            assert tags["price_sensitive"]
        if "orders-more" in tags["behaviours"]:
            assert tags["growing"]
        seen.update(tag for tag in ("leaving", "growing", "price_sensitive") if tags[tag])
    assert min(seen.values()) > 30
    assert all(row["amount"] > 0 and row["quantity"] > 0 for row in simulation.orders)


def test_tags_rest_on_documents_or_orders() -> None:
    values = load_world("e-bikes").values
    shown = {"price_sensitive": "buys-at-discount", "leaving": "stopped-ordering", "growing": "orders-more"}
    for orders in (True, False):
        for entry in make(orders=orders).truth["customers"]:
            voiced = {values[value].tag for value in entry["tags"]["topics"]}
            for tag, behaviour in shown.items():
                assert entry["tags"][tag] == (tag in voiced or behaviour in entry["tags"]["behaviours"])
    assert make(orders=False).orders == make(orders=False).events == []


def test_columns_go_with_the_segment_where_the_truth_says_so() -> None:
    simulation = make("mobile-bank", segments=6, customers=1200)
    segment_of = {entry["customer_id"]: entry["segment"] for entry in simulation.truth["customers"]}
    columns = simulation.truth["columns"]
    assert set(columns) == set(simulation.customers[0]) - {"customer_id"}
    for column in ("plan", "region", "newsletter", "occupation"):
        shares = []
        for segment in {entry["segment"] for entry in simulation.truth["segments"]}:
            values = [row[column] for row in simulation.customers if segment_of[row["customer_id"]] == segment]
            counts = Counter(value for value in values if value is not None)
            shares.append({value: count / counts.total() for value, count in counts.items()})
        spread = max(abs(a.get(v, 0) - b.get(v, 0)) for a in shares for b in shares for v in {*a, *b})
        assert (spread > 0.4) == (columns[column]["related_to"] == "segment"), column
    missing = [row for row in simulation.customers if row["age"] is None]
    assert 0.08 < len(missing) / 1200 < 0.25


def test_demographics_are_stated_only_where_the_truth_says_so() -> None:
    simulation = make(customers=400)
    texts: dict[str, str] = defaultdict(str)
    for row in simulation.documents:
        texts[row["customer_id"]] += text_of(row).lower() + "\n"
    table = {row["customer_id"]: row for row in simulation.customers}
    stated = 0
    for entry in simulation.truth["customers"]:
        facts = entry["demographics"]
        for key in ("job", "household"):
            if facts[key]["stated"]:
                stated += 1
                assert facts[key]["value"].lower() in texts[entry["customer_id"]]
        assert (table[entry["customer_id"]]["age"] is not None) == facts["age"]["in_table"]
        assert not facts["region"]["stated"]
    assert 60 < stated < 180

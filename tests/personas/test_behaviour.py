"""Orders and events become what each customer did; every row is counted or told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from persona_kit.errors import InputError
from personas.behaviour import Behaviour, BehaviourTable, behaviour_columns, columnar, plain_value, read_behaviour
from personas.behaviour.columnar import read_columns
from personas.customers import read_customers
from retrieval.redaction import public_id
from tests.personas.corpora import write_rows

HEADER = ("order_id", "customer", "order_date", "amount", "product", "currency")
EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "kettlebird"


def read(
    tmp_path: Path,
    rows: Sequence[Sequence[object]],
    header: tuple[str, ...] = HEADER,
    *,
    writing: Sequence[str] = ("u0", "u1"),
    today: date | None = None,
    name: str = "orders.csv",
) -> BehaviourTable:
    path = write_rows(tmp_path / name, header, rows)
    return read_behaviour(str(path), None, writing=writing, expected=False, today=today)


def told(table: BehaviourTable, *words: str) -> bool:
    """Whether one note holds all the words."""
    return any(all(word in note for word in words) for note in table.notes)


def test_one_customer_with_everything(tmp_path: Path) -> None:
    rows = [
        ("o1", "u0", "2026-01-05", "10.50", "beans", "EUR"),
        ("o2", "u0", "2026-03-09", "4.50", "filter", "EUR"),
        ("o3", "u0", "2026-03-10", "6", "beans", "EUR"),
        ("o4", "u1", "2026-04-01", "20", "beans", "EUR"),
    ]
    table = read(tmp_path, rows)

    assert table.of["u0"] == Behaviour(
        customer_id="u0",
        orders=3,
        spent=21.0,
        currency="EUR",
        first_order=date(2026, 1, 5),
        last_order=date(2026, 3, 10),
        recency_days=22.0,
        tenure_days=86.0,
        basket=7.0,
        products=("beans", "filter"),
    )
    assert (table.report.as_of, table.report.currency, table.report.revenue) == (date(2026, 4, 1), "EUR", 41.0)
    assert table.report.why_no_orders_expected == "not asked for"


def test_rows_of_one_order_number_are_one_order(tmp_path: Path) -> None:
    rows = [
        ("o1", "u0", "2026-01-05", 10, "beans", "EUR"),
        ("o1", "u0", "2026-01-05", 5, "filter", "EUR"),
        ("o2", "u0", "2026-01-06", 3, "beans", "EUR"),
        ("", "u0", "2026-01-07", 1, "beans", "EUR"),
        ("", "u0", "2026-01-07", 1, "beans", "EUR"),
        ("o1", "u1", "2026-01-05", 7, "beans", "EUR"),
    ]
    did = read(tmp_path, rows).of["u0"]

    assert (did.orders, did.spent, did.basket) == (4, 20.0, 5.0)
    assert read(tmp_path, rows).of["u1"].orders == 1


def test_a_total_repeated_in_every_row_counts_once(tmp_path: Path) -> None:
    rows = [
        (f"o{order}", f"u{order % 2}", "2026-01-05", 10 + order, item, "EUR")
        for order in range(12)
        for item in ("beans", "filter", "cup")
    ]
    table = read(tmp_path, rows)

    assert table.report.revenue == sum(10 + order for order in range(12))
    assert told(table, "'amount'", "counted once an order")

    # Items of different amounts are not a repeated total.
    varied = [(*row[:3], row[3] + (row[4] == "cup"), *row[4:]) for row in rows]
    assert read(tmp_path, varied).report.revenue == sum(3 * (10 + order) + 1 for order in range(12))


def test_prices_of_one_piece_are_multiplied(tmp_path: Path) -> None:
    rows = [
        ("u0", "2026-01-05", "2,50 €", 4),
        ("u0", "2026-01-06", "1.000,00 €", ""),
        ("u1", "2026-01-06", "3,00 €", -2),
    ]
    table = read(tmp_path, rows, ("customer", "date", "unit price", "quantity"))

    assert table.of["u0"].spent == 1010.0
    assert (table.of["u1"].spent, table.of["u1"].refunds, table.of["u1"].orders) == (-6.0, 1, 0)
    assert told(table, "'unit price' times 'quantity'")
    assert told(table, "decimal comma")
    assert told(table, "1 customer with refunds and no order")


def test_refunds_are_taken_off_the_money_and_are_no_orders(tmp_path: Path) -> None:
    rows = [
        ("o1", "u0", "2026-01-05", 50, "beans", "EUR"),
        ("o2", "u0", "2026-02-05", -20, "beans", "EUR"),
        ("o3", "u0", "2026-01-20", 10, "cup", "EUR"),
        ("o3", "u0", "2026-01-20", -10, "cup", "EUR"),
    ]
    did = read(tmp_path, rows).of["u0"]

    # An order that nets to nothing was placed all the same.
    assert (did.orders, did.refunds, did.spent, did.basket) == (2, 1, 30.0, 25.0)
    assert did.last_order == date(2026, 1, 20)
    assert did.recency_days == 16.0


def test_the_status_of_an_order_counts(tmp_path: Path) -> None:
    header = ("customer", "date", "amount", "status")
    rows = [
        ("u0", "2026-01-01", 10, "completed"),
        ("u0", "2026-01-02", 20, "Cancelled"),
        ("u0", "2026-01-03", 30, "refunded"),
        ("u1", "2026-01-04", 40, "已取消"),
    ]
    table = read(tmp_path, rows, header)

    assert (table.of["u0"].orders, table.of["u0"].refunds, table.of["u0"].spent) == (1, 1, 10.0)
    assert table.of["u1"].orders == 0
    assert told(table, "2 rows of cancelled or unpaid orders: left out")


def test_currencies_are_never_added(tmp_path: Path) -> None:
    rows = [
        ("o1", "u0", "2026-01-05", 10, "beans", "EUR"),
        ("o2", "u0", "2026-01-06", 20, "beans", "USD"),
        ("o3", "u1", "2026-01-07", 30, "beans", "USD"),
        ("o4", "u2", "2026-01-07", 40, "beans", "EUR"),
        ("o4", "u2", "2026-01-07", 50, "beans", "USD"),
    ]
    table = read(tmp_path, rows)

    both, single, mixed = (table.of[name] for name in ("u0", "u1", "u2"))
    assert (both.orders, both.spent, both.currency, both.basket) == (2, None, None, None)
    assert (single.spent, single.currency) == (30.0, "USD")
    assert (mixed.orders, mixed.spent) == (1, None)
    assert (table.report.currency, table.report.revenue) == (None, None)
    assert table.report.currencies == {"EUR": 2, "USD": 2}
    assert told(table, "EUR, USD", "never added")
    assert told(table, "1 order with amounts of several currencies")


def test_nothing_unreadable_is_lost_silently(tmp_path: Path) -> None:
    rows = [
        ("o1", "u0", "2026-01-05", 10, "beans", "EUR"),
        ("o2", "u0", "yesterday", 20, "beans", "EUR"),
        ("o3", "u0", "2026-01-07", "ask Tom", "beans", "EUR"),
        ("o4", "", "2026-01-07", 30, "beans", "EUR"),
        ("o5", "u1", "", "", "", ""),
    ]
    table = read(tmp_path, rows)
    did = table.of["u0"]

    assert (did.orders, did.spent, did.basket) == (3, 30.0, 15.0)
    assert did.last_order == date(2026, 1, 7)
    alone = table.of["u1"]
    assert (alone.orders, alone.spent, alone.last_order, alone.recency_days) == (1, None, None, None)
    assert told(table, "1 row with dates that cannot be read ('yesterday')")
    assert told(table, "1 row with amounts that cannot be read ('ask Tom')")
    assert told(table, "1 row without a customer: left out")
    assert told(table, "1 row without a date")
    assert table.report.orders == 4


def test_dates_to_come_are_not_believed(tmp_path: Path) -> None:
    rows = [(f"o{n}", f"u{n % 2}", f"2026-01-{n + 1:02d}", 10, "beans", "EUR") for n in range(28)]
    rows.append(("late", "u0", "2062-01-05", 10, "beans", "EUR"))
    table = read(tmp_path, rows)

    assert table.report.as_of == date(2026, 1, 28)
    assert (table.of["u0"].orders, table.of["u0"].last_order) == (15, date(2026, 1, 27))
    assert told(table, "1 row dated after 2026-01-28")

    early = read(tmp_path, rows, today=date(2026, 1, 10))
    assert early.report.as_of == date(2026, 1, 10)
    assert told(early, "19 rows dated after 2026-01-10")


def test_chinese_tables_are_read(tmp_path: Path) -> None:
    header = ("订单编号", "客户编号", "下单时间", "商品名称", "数量", "实付金额")
    rows = [
        ("1", "甲", "2026年3月5日 14:30", "咖啡豆", "2", "￥1,299.00"),
        ("2", "甲", "2026/3/9", "滤纸", "1", "99元"),
        ("3", "乙", "2026-03-10", "咖啡豆", "1", "0.5万元"),
    ]
    table = read(tmp_path, rows, header, writing=["甲", "乙", "丙"])
    did = table.of["甲"]

    assert (did.orders, did.spent, did.currency) == (2, 1398.0, "CNY")
    assert did.products == ("咖啡豆", "滤纸")
    assert did.recency_days == 1.0
    assert table.of["乙"].spent == 5000.0


def test_people_who_wrote_nothing_and_people_who_ordered_nothing(tmp_path: Path) -> None:
    rows = [("o1", "u0", "2026-01-05", 10, "beans", "EUR"), ("o2", "silent", "2026-01-09", 30, "beans", "EUR")]
    table = read(tmp_path, rows, writing=["u0", "u1"])

    assert sorted(table.of) == ["silent", "u0"]
    with pytest.raises(KeyError):
        table.of["u1"]
    names, values = behaviour_columns(table, ["u1", "silent", "u0"])
    orders, money, recency = (
        values[:, names.index(name)] for name in ("log orders", "log money in EUR", "recency days")
    )
    assert [plain_value("log orders", value) for value in orders] == pytest.approx([0, 1, 1])
    assert [plain_value("log money in EUR", value) for value in money] == pytest.approx([0, 30, 10])
    assert np.isnan(recency[0])
    assert recency[1:].tolist() == [0.0, 4.0]


def test_ids_that_are_personal_data_join_in_their_public_form(tmp_path: Path) -> None:
    mails = [f"person{n}@shop.example" for n in range(4)]
    writing = [public_id(mail, level="standard") for mail in mails]
    rows = [("o", mail, "2026-01-05", 10, "beans", "EUR") for mail in mails]
    table = read(tmp_path, rows, writing=writing)

    assert sorted(table.of) == sorted(writing)


def test_a_table_of_other_people_is_refused(tmp_path: Path) -> None:
    rows = [("o1", f"X-{n}", "2026-01-05", n, "beans", "EUR") for n in range(40)]
    with pytest.raises(InputError, match="does not join"):
        read(tmp_path, rows, writing=[f"U_{n}" for n in range(40)])
    # Quantities that happen to be ids of people are no join either.
    with pytest.raises(InputError, match="does not join"):
        read(tmp_path, rows, writing=[str(n) for n in range(1000, 2000)] + ["1"])


def test_few_customers_with_many_orders_join(tmp_path: Path) -> None:
    rows = [(f"o{n}", f"u{n % 3}", "2026-01-05", 10, "beans", "EUR") for n in range(300)]
    table = read(tmp_path, rows, writing=[f"u{n}" for n in range(2000)])

    assert table.report.customers_with_orders == 3


def test_a_large_file_is_read_like_a_small_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        (
            f"o{n}",
            f"u{n % 7}",
            f"2026-01-{n % 28 + 1:02d}",
            ["10", " 5.50 ", "", "-3", "007"][n % 5],
            "beans, roasted",
            "EUR",
        )
        for n in range(200)
    ]
    rows.append(("", "", "", "", 'say "hi"', ""))
    path = write_rows(tmp_path / "orders.csv", HEADER, rows)
    small = read_columns(str(path), what="the orders table")
    monkeypatch.setattr(columnar, "LARGE_BYTES", 1)
    large = read_columns(str(path), what="the orders table")

    assert (large.rows, list(large.columns)) == (small.rows, list(small.columns))
    for name in small.columns:
        texts = [
            [column.values[code] if code >= 0 else "" for code in column.codes]
            for column in (small.columns[name], large.columns[name])
        ]
        if name != "amount":
            assert texts[0] == texts[1]
    assert read_behaviour(str(path), None, writing=["u1"], expected=False).report.revenue == pytest.approx(
        40 * (10 + 5.5 - 3 + 7)
    )


def test_a_broken_large_file_goes_to_the_careful_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columnar, "LARGE_BYTES", 1)
    path = tmp_path / "orders.csv"
    path.write_text("customer,date,amount\nu0,2026-01-05,10,extra\nu1,2026-01-06\n", encoding="utf-8")
    table = read_behaviour(str(path), None, writing=["u0", "u1"], expected=False)

    assert (table.of["u0"].spent, table.of["u1"].spent) == (10.0, None)


def test_parquet_gives_the_same(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {
        "customer": ["u0", "u0", "u1"],
        "date": pa.array([date(2026, 1, 5), date(2026, 1, 6), None], type=pa.date32()),
        "amount": [10.0, 2.5, None],
        "order_id": pa.array([7.0, 8.0, None]),
        "product": pa.array(["beans", "cup", "beans"]).dictionary_encode(),
    }
    path = tmp_path / "orders.parquet"
    pq.write_table(pa.table(columns), path)
    table = read_behaviour(str(path), None, writing=["u0"], expected=False)

    assert (table.of["u0"].orders, table.of["u0"].spent, table.of["u0"].last_order) == (2, 12.5, date(2026, 1, 6))
    assert (table.of["u1"].orders, table.of["u1"].spent, table.of["u1"].products) == (1, None, ("beans",))


def events(tmp_path: Path, header: tuple[str, ...], rows: Sequence[Sequence[object]]) -> BehaviourTable:
    path = write_rows(tmp_path / "events.csv", header, rows)
    return read_behaviour(None, str(path), writing=["u0", "u1", "u2"])


def test_events_become_visits_and_channels(tmp_path: Path) -> None:
    rows = [
        ("u0", "2026-01-05 10:00", "web"),
        ("u0", "2026-01-05 11:00", "web"),
        ("u0", "2026-01-06", "shop"),
        ("u1", "some day", "web"),
        ("u1", "", ""),
    ]
    table = events(tmp_path, ("customer", "event_time", "channel"), rows)

    assert table.of["u0"].visits == 2
    assert table.of["u0"].channels == {"web": 2, "shop": 1}
    assert table.of["u1"].visits == 2
    assert (table.of["u1"].orders, table.of["u1"].spent) == (0, None)
    assert told(table, "2 rows without a date that can be read")
    names, values = behaviour_columns(table, ["u0", "u1", "u2"])
    assert names == ("log visits", "channel web", "channel shop")
    assert values[0].tolist() == pytest.approx([np.log(3), 2 / 3, 1 / 3])
    assert values[2, 0] == 0
    assert np.isnan(values[2, 1])


def test_sessions_are_visits_where_there_are_any(tmp_path: Path) -> None:
    rows = [
        ("u0", "s1", "2026-01-05"),
        ("u0", "s1", "2026-01-06"),
        ("u0", "s2", "2026-01-06"),
        ("u0", "", "2026-01-06"),
    ]

    assert events(tmp_path, ("customer", "session_id", "date"), rows).of["u0"].visits == 3


def test_events_stand_beside_orders(tmp_path: Path) -> None:
    orders = write_rows(tmp_path / "orders.csv", HEADER, [("o1", "u0", "2026-01-05", 10, "beans", "EUR")])
    visits = write_rows(tmp_path / "events.csv", ("customer", "date"), [("u0", "2026-01-05"), ("u1", "2026-01-07")])
    table = read_behaviour(str(orders), str(visits), writing=["u0", "u1"], expected=False)

    assert (table.of["u0"].orders, table.of["u0"].visits) == (1, 1)
    assert (table.of["u1"].orders, table.of["u1"].visits, table.of["u1"].recency_days) == (0, 1, None)
    assert table.report.customers_with_orders == 1
    assert table.report.customers_with_events == 2
    attributes = read_customers(None, str(orders), writing=["u0", "u1"], behaviour=table).customers
    assert set(attributes) == {"u0"}


def test_neither_table_is_nobody() -> None:
    table = read_behaviour(None, None, writing=["u0"])

    assert dict(table.of) == {}
    assert behaviour_columns(table, ["u0"])[1].shape == (1, 0)


def test_the_example_is_read() -> None:
    writing = [f"KB-{n:03d}" for n in range(1, 170)]
    table = read_behaviour(str(EXAMPLES / "orders.csv"), None, writing=writing, expected=False)

    assert table.report.orders == 680
    assert set(table.report.currencies) == {"AUD", "CAD", "CNY", "EUR", "GBP", "USD"}
    assert table.report.customers_with_orders == len(table.of)
    assert sum(row.people for row in table.report.rfm) == len(table.of)
    assert sum(row.share_of_revenue or 0 for row in table.report.rfm) == pytest.approx(1)

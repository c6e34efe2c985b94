"""Cells of an orders table: amounts, currencies, dates and column names as exports write them."""

from __future__ import annotations

import math
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personas.behaviour.amounts import currency_of, parse_amounts
from personas.behaviour.column_names import order_columns
from personas.behaviour.columnar import Column
from personas.behaviour.currencies import settle_currencies
from personas.behaviour.dates import NO_DAY, last_believable, parse_days, to_date


def number(text: str, *beside: str) -> float:
    return float(parse_amounts([text, *beside]).numbers[0])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12", 12.0),
        ("12.50", 12.5),
        ("-12.50", -12.5),
        ("−12.50", -12.5),
        ("12.50-", -12.5),
        ("(12.50)", -12.5),
        ("(€12.50)", -12.5),
        ("1,234.50 €", 1234.5),
        ("€1.234,50", 1234.5),
        ("1 234,50 €", 1234.5),
        ("1\u202f234,50\u00a0€", 1234.5),
        ("CHF 1'234.50", 1234.5),
        ("￥99", 99.0),
        ("¥ 1,299.00", 1299.0),
        ("１２３４．５", 1234.5),
        ("99元", 99.0),
        ("1.2万元", 12_000.0),
        ("-$5", -5.0),
        ("$-5.00", -5.0),
        ("$12.30 USD", 12.3),
        ("USD 12.30", 12.3),
        ("12,- €", 12.0),
        ("1,234,567", 1_234_567.0),
        ("1.234.567", 1_234_567.0),
        ("₹1,00,000", 100_000.0),
        (".5", 0.5),
        ("0,500", 0.5),
        ("12,5", 12.5),
    ],
)
def test_amounts_are_read_as_they_are_written(text: str, expected: float) -> None:
    assert number(text) == pytest.approx(expected)


@pytest.mark.parametrize("text", ["n/a", "free", "", "12 apples", "50%", "2024-01-05", "1,2,3", "12.50/unit", "$5 EUR"])
def test_what_is_no_amount_is_not_made_one(text: str) -> None:
    assert math.isnan(number(text, "12.50"))


@pytest.mark.parametrize(
    ("beside", "expected", "unsure"),
    [
        ((), 1234.0, 1),
        (("9.99",), 1234.0, 0),
        (("9,99",), 1.234, 0),
        (("2.345,00",), 1.234, 0),
        (("1,234,567",), 1234.0, 0),
    ],
)
def test_the_column_tells_whether_a_comma_parts_thousands(
    beside: tuple[str, ...], expected: float, unsure: int
) -> None:
    read = parse_amounts(["1,234", *beside])

    assert read.numbers[0] == pytest.approx(expected)
    assert read.ambiguous == unsure


def test_points_before_three_digits_are_thousands_where_commas_are_decimals() -> None:
    assert number("1.234", "9,99") == 1234.0
    assert number("1.234", "9.99") == 1.234
    assert parse_amounts(["1.234", "5.678"]).ambiguous == 2


@given(st.decimals(min_value=-9_999_999, max_value=9_999_999, places=2, allow_nan=False))
def test_one_amount_in_four_notations(amount: float) -> None:
    english = f"{amount:,.2f}"
    german = english.replace(",", "_").replace(".", ",").replace("_", ".")
    french = english.replace(",", " ").replace(".", ",")
    for text in (f"{amount:.2f}", english, f"{german} €", french):
        assert number(text) == pytest.approx(float(amount))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("eur", "EUR"),
        ("€", "EUR"),
        ("RMB", "CNY"),
        ("人民币", "CNY"),
        ("￥", "¥"),
        ("US$", "USD"),
        ("$", "$"),
        ("beans", ""),
    ],
)
def test_currencies_go_by_their_code(text: str, code: str) -> None:
    assert currency_of(text) == code


def column(*cells: str) -> Column:
    values = tuple(dict.fromkeys(cell for cell in cells if cell))
    return Column(values, np.array([values.index(cell) if cell else -1 for cell in cells], dtype=np.int32))


def signs(*marks: str) -> Column:
    return Column(marks, np.arange(len(marks), dtype=np.int32))


def test_an_ambiguous_sign_is_the_one_currency_it_can_be() -> None:
    found = settle_currencies(None, signs("¥", "CNY", "EUR"), None)
    assert [found.names[place] for place in found.of_row] == ["CNY", "CNY", "EUR"]

    unsure = settle_currencies(None, signs("$", "USD", "CAD"), None)
    assert [unsure.names[place] for place in unsure.of_row] == ["$", "USD", "CAD"]
    assert "never added" in unsure.notes[0]


def test_a_cell_says_more_than_a_sign_and_a_sign_more_than_the_name() -> None:
    found = settle_currencies(column("GBP", "", ""), signs("EUR", "EUR", ""), "usd")
    assert [found.names[place] for place in found.of_row] == ["GBP", "EUR", "USD"]

    alone = settle_currencies(column("EUR", ""), signs("", ""), None)
    assert alone.names == ("EUR",)
    assert "taken as EUR" in alone.notes[0]


def day(text: str, *beside: str) -> date | None:
    return to_date(int(parse_days([text, *beside]).days[0]))


@pytest.mark.parametrize(
    "text",
    [
        "2024-03-05",
        "2024-3-5",
        "2024/03/05",
        "2024.03.05",
        "20240305",
        "20240305143000",
        "2024-03-05T23:59:59Z",
        "2024-03-05 23:59:59.123+08:00",
        "2024/3/5 14:30",
        "2024年3月5日",
        "2024年3月5日 14:30",
        "05.03.2024",
        "5.3.2024 14:30",
        "03/05/2024",
        "3/5/2024 2:30 PM",
        "3/5/24",
        "5.3.24",
        "Mar 5, 2024",
        "5 March 2024",
        "Tue, 5 Mar 2024 10:15:00",
        "45356",
        "45356.5",
        "1709600000",
        "1709600000000",
        "２０２４-０３-０５",
    ],
)
def test_a_day_is_read_however_it_is_written(text: str) -> None:
    assert day(text) == date(2024, 3, 5)


@pytest.mark.parametrize("text", ["soon", "2024-02-30", "1970-01-01", "1900-01-01", "13/13/2024", "12", "2024", ""])
def test_what_is_no_day_is_not_made_one(text: str) -> None:
    assert day(text) is None


def test_one_day_above_twelve_settles_the_order_for_its_column() -> None:
    assert day("03/04/2024", "25/12/2024") == date(2024, 4, 3)
    assert day("03/04/2024", "12/25/2024") == date(2024, 3, 4)
    assert parse_days(["03/04/2024", "05/06/2024"]).order_unsure
    assert not parse_days(["03/04/2024", "12/25/2024"]).order_unsure
    assert not parse_days(["2024-03-04", "2024-12-25"]).order_unsure


@given(st.dates(date(1990, 1, 1), date(2090, 12, 31)))
def test_every_day_comes_back(one: date) -> None:
    assert day(one.isoformat()) == one
    assert day(f"{one.year}年{one.month}月{one.day}日") == one
    assert day(one.strftime("%d.%m.%Y")) == one


def days_of(*dates: date) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    return parse_days([one.isoformat() for one in dates]).days


def test_a_slip_of_the_pen_does_not_end_the_table() -> None:
    usual = [date(2024, 1, 1) + timedelta(days=number) for number in range(300)]
    last = usual[-1]

    assert to_date(last_believable(days_of(*usual, date(2099, 1, 1)), today=None)) == last
    assert to_date(last_believable(days_of(*usual, last + timedelta(days=200)), today=None)) != last
    many = [date(2099, 1, 1)] * 20
    assert to_date(last_believable(days_of(*usual, *many), today=None)) == many[0]
    assert to_date(last_believable(days_of(*usual, *many), today=date(2025, 1, 1))) == last
    assert last_believable(np.array([NO_DAY]), today=None) == NO_DAY


@pytest.mark.parametrize(
    ("columns", "date_column", "amount", "kind", "order_number"),
    [
        (("Order ID", "Customer ID", "Order Date", "Total"), "Order Date", "Total", "order total", "Order ID"),
        (
            ("InvoiceNo", "StockCode", "Quantity", "InvoiceDate", "UnitPrice"),
            "InvoiceDate",
            "UnitPrice",
            "unit price",
            "InvoiceNo",
        ),
        (
            ("订单编号", "客户编号", "下单时间", "实付金额", "商品名称"),
            "下单时间",
            "实付金额",
            "order total",
            "订单编号",
        ),
        (("orderId", "createdAt", "amount", "order_total"), "createdAt", "amount", "row", "orderId"),
        (("date", "Total (EUR)"), "date", "Total (EUR)", "order total", None),
        (("日期", "金额（元）"), "日期", "金额（元）", "row", None),
        (("plan", "note"), None, None, "row", None),
    ],
)
def test_columns_are_found_by_their_names(
    columns: tuple[str, ...], date_column: str | None, amount: str | None, kind: str, order_number: str | None
) -> None:
    found = order_columns(columns, customer="Customer ID")

    assert (found.date, found.amount, found.amount_is, found.order_number) == (date_column, amount, kind, order_number)


def test_the_name_of_the_amount_may_hold_the_currency() -> None:
    assert order_columns(("Total (EUR)",), customer="id").currency_of_name == "eur"
    assert order_columns(("金额（元）",), customer="id").currency_of_name == "元"
    assert order_columns(("amount_usd",), customer="id").currency_of_name == "usd"


def test_the_customers_own_column_is_no_order_number() -> None:
    assert order_columns(("order", "amount"), customer="order").order_number is None

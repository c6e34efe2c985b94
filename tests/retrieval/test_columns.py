"""Columns guessed by name and content."""

import pytest

from retrieval.loading.columns import Columns, guess_columns
from retrieval.loading.tables import parse_table, read_table
from retrieval.loading.values import guess_scale, iso_date, rating_of


def guess(csv: str, **chosen: str) -> Columns:
    return guess_columns(parse_table(csv.encode(), ending=".csv", where="a.csv"), chosen=chosen)


def test_english_names() -> None:
    columns = guess(
        "review_id,user_id,review_text,star_rating,review_date,product_title,category\n"
        "r1,u1,I love it so much,5,2026-01-02,One,x\nr2,u1,It broke after a week,1,2026-01-03,Mini,y\n"
    )
    assert (columns.id, columns.customer, columns.text) == ("review_id", "user_id", ("review_text",))
    assert (columns.rating, columns.time, columns.product) == ("star_rating", "review_date", "product_title")
    assert "category" not in columns.used


def test_chinese_names() -> None:
    columns = guess(
        "评论内容,用户,评分,评论时间,商品名称\n味道很好,小王,5,2026年1月2日,咖啡机\n价格太贵,小李,2,2026年1月3日,磨豆机\n"
    )
    assert (columns.text, columns.customer, columns.rating) == (("评论内容",), "用户", "评分")
    assert (columns.time, columns.product) == ("评论时间", "商品名称")


def test_a_name_alone_is_not_enough() -> None:
    columns = guess("text,verbatim_answer,rating\n1,The lid leaks every day,good\n2,The app is slow to open,bad\n")
    assert columns.text == ("verbatim_answer",)
    assert columns.rating == ""


def test_the_longest_text_without_a_name() -> None:
    rows = "\n".join(f"{i},the thing number {i} stopped working and nobody answers me" for i in range(5))
    columns = guess(f"k,v\n{rows}\n")
    assert columns.text == ("v",)
    assert columns.reasons["text"] == "the longest text"


@pytest.mark.parametrize(
    "csv",
    [
        "customer_id,plan,country,signup_date,birth_year,household,channel,devices,nps\nK1,none,DE,2025-01-02,,2,web,1,9\n",
        "order_id,customer_id,order_date,product,quantity,amount,currency\n1,K1,2025-01-02,Kettlebird One,1,189,USD\n",
    ],
)
def test_tables_without_customer_text(csv: str) -> None:
    columns = guess(csv)
    assert columns.text == ()
    assert columns.turns == ""


def test_a_source_is_a_kind_only_where_it_names_one() -> None:
    assert guess("text,source\nhello you,survey\nbye now,survey\n").kind == "source"
    assert guess("text,source\nhello you,newsletter-7\nbye now,partner-2\n").kind == ""


def test_choices_of_a_survey_are_no_answers() -> None:
    rows = "\n".join(f"{'yes' if i % 2 else 'no'},reason number {i} is mine,other words {i}" for i in range(40))
    columns = guess(f"Do you like it?,Why is that so?,What else?\n{rows}\n")
    assert columns.text == ("Why is that so?", "What else?")


def test_options_override() -> None:
    columns = guess("text,body,who\nhello you,bye now,u1\n", text="body", customer="who")
    assert (columns.text, columns.customer, columns.reasons["text"]) == (("body",), "who", "option")


@pytest.mark.parametrize(
    ("value", "iso"),
    [
        ("2026-01-02", "2026-01-02"),
        ("2026-1-2 10:30", "2026-01-02T10:30:00"),
        ("2026-01-02T10:30:00Z", "2026-01-02T10:30:00Z"),
        ("2026年1月2日", "2026-01-02"),
        ("1/2/2026", "2026-01-02"),
        ("2.1.2026", "2026-01-02"),
        ("Jan 2, 2026", "2026-01-02"),
        ("2 January 2026", "2026-01-02"),
        ("1767312000", "2026-01-02T00:00:00Z"),
        ("2026-13-40", None),
        ("soon", None),
    ],
)
def test_dates(value: str, iso: str | None) -> None:
    assert iso_date(value) == iso


@pytest.mark.parametrize(
    ("numbers", "scale"),
    [
        ([1, 5, 3], (1, 5)),
        ([0, 5], (0, 5)),
        ([0, 10, 7], (0, 10)),
        ([55, 100], (0, 100)),
        ([0, 1], (0, 1)),
        ([101], None),
    ],
)
def test_scales(numbers: list[float], scale: tuple[float, float] | None) -> None:
    assert guess_scale([float(number) for number in numbers]) == scale


def test_ratings_name_their_own_scale() -> None:
    rating = rating_of("4/5", None)
    assert rating is not None
    assert (rating.value, rating.scale) == (0.75, (1.0, 5.0))
    assert rating_of("7", (1.0, 5.0)) is None


def test_tables_of_plain_cells_are_typed(tmp_path: object) -> None:
    from pathlib import Path

    path = Path(str(tmp_path)) / "customers.csv"
    path.write_text("customer_id,devices,zip_code,spend,plan\nK1,2,01234,9.50,\nK2,,99999,3,flock\n", encoding="utf-8")
    table = read_table(str(path), what="the customer table")
    assert table.rows == [
        {"customer_id": "K1", "devices": 2, "zip_code": "01234", "spend": 9.5, "plan": None},
        {"customer_id": "K2", "devices": None, "zip_code": "99999", "spend": 3.0, "plan": "flock"},
    ]

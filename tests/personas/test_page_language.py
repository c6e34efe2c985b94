"""What a reader of a Chinese page sees is Chinese: notes of behaviour, reasons, how files were read."""

from __future__ import annotations

import copy
import pickle
import re
from pathlib import Path
from typing import get_args

import pytest

from personas.behaviour import read_behaviour
from personas.behaviour.notes import NOTES, Note, in_chinese, labelled, note, together
from personas.persona_set import PersonaSet
from personas.reporting.finding_wording import FindingWords
from personas.reporting.making import tell_making
from personas.reporting.record_wording import NAMES, name_of, say
from personas.reporting.report_wording import Words
from personas.reporting.segment_names import SegmentNames
from personas.reporting.segmentation_view import tell_grouping
from personas.reporting.value_view import build_value
from personas.wording import table_words
from retrieval.cleaning import Reason
from retrieval.loading.columns import Columns, tell_columns
from retrieval.redaction import PLACEHOLDERS
from tests.personas.corpora import write_rows
from tests.personas.reporting_example import chinese_example, english_example

ENGLISH_WORDS = re.compile(r"[A-Za-z]{3,} [A-Za-z]{3,}")
"""Two words in a row; names and abbreviations stand alone."""


@pytest.mark.parametrize("key", sorted(NOTES))
def test_every_note_has_both_languages_and_the_same_facts(key: str) -> None:
    english, chinese = (set(re.findall(r"{(\w+)", text)) for text in NOTES[key])
    named = {"rows", "customers", "orders", "refunds", "number"}

    assert english - named == chinese - {"count"} or key == "not installed"
    assert bool(english & named) == ("count" in chinese)
    assert not ENGLISH_WORDS.search(re.sub(r"{\w+}", "", NOTES[key][1]))


def test_a_note_is_english_and_knows_its_chinese() -> None:
    told = labelled("o.csv", together([note("date from", column="day"), note("no amounts")]))

    assert told == "o.csv: date from 'day', no column of amounts"
    assert in_chinese(told) == "o.csv：日期取自“day”，没有金额列"
    assert in_chinese("plain") == "plain"


def test_copies_of_a_note_keep_its_chinese() -> None:
    told = note("undated", 1234, rows="1,234 rows")

    for again in (copy.deepcopy(told), pickle.loads(pickle.dumps(told))):
        assert (again, again.chinese) == ("1,234 rows without a date", "1,234 行没有日期")
        assert isinstance(again, Note)


def test_all_notes_of_awkward_orders_are_told_in_chinese(tmp_path: Path) -> None:
    header = ("order_id", "customer", "order_date", "amount", "status", "currency")
    rows = [
        ("o1", "u0", "2026-01-05", "10.50", "paid", "EUR"),
        ("o2", "u0", "soon", "4.50", "paid", "USD"),
        ("o3", "u1", "", "much", "paid", "EUR"),
        ("o4", "", "2026-04-01", "20", "paid", "EUR"),
        ("o5", "u1", "2026-04-01", "20", "cancelled", "EUR"),
        ("o6", "u1", "2026-04-02", "-3", "paid", "EUR"),
    ]
    orders = write_rows(tmp_path / "orders.csv", header, rows)
    visits = write_rows(tmp_path / "events.csv", ("customer", "event_time"), [("u0", "2026-01-05"), ("u1", "x")])
    report = read_behaviour(str(orders), str(visits), writing=["u0", "u1"]).report

    assert len(report.notes) == len(report.notes_zh) >= 8
    assert all(type(text) is str for text in (*report.notes, *report.notes_zh))
    assert "订单只跨" in report.why_no_orders_expected_zh or "位客户在两天" in report.why_no_orders_expected_zh
    for told in (*report.notes_zh, report.why_no_orders_expected_zh, report.why_no_value_expected_zh):
        assert not ENGLISH_WORDS.search(told), told


def test_pages_show_the_notes_in_their_language_and_old_runs_as_they_are(tmp_path: Path) -> None:
    orders = write_rows(
        tmp_path / "orders.csv",
        ("customer", "order_date", "amount"),
        [("u0", "2026-01-05", 3), ("u1", "2026-01-06", 4)],
    )
    report = read_behaviour(str(orders), None, writing=["u0", "u1"]).report
    shown = {
        (example.persona_set.language, old): _notes_of(
            example.persona_set.model_copy(
                update={"behaviour": report.model_copy(update={"notes_zh": ()}) if old else report}
            )
        )
        for example in (english_example(), chinese_example())
        for old in (True, False)
    }

    assert shown["en", False] == shown["en", True] == shown["zh", True]
    assert "joined by 'customer'" in shown["en", False]
    assert "按“customer”对应客户" in shown["zh", False]


def _notes_of(persona_set: PersonaSet) -> str:
    words = FindingWords(persona_set.language)
    view = build_value(persona_set, SegmentNames(words, {}), words)
    assert view is not None
    return "\n".join(view.notes)


def test_why_people_were_grouped_so_is_worded_from_the_numbers() -> None:
    english, chinese = (
        tell_grouping(example.persona_set, FindingWords(example.persona_set.language))
        for example in (english_example(), chinese_example())
    )

    assert english.startswith("4 segments, by whole-person vectors (communities of the neighbour graph). Of 14 ways")
    assert not ENGLISH_WORDS.search(chinese)
    assert "14" in chinese


@pytest.mark.parametrize(
    ("reason", "chinese"),
    [
        ("one segment was asked for", "按要求只分一个群体"),
        ("12 people wrote enough to be placed, too few to split", "只有 12 人写得够多，不足以再分"),
    ],
)
def test_the_reason_for_one_group_is_told_in_chinese(reason: str, chinese: str) -> None:
    persona_set = chinese_example().persona_set
    report = persona_set.segmentation.model_copy(update={"algorithm": "none", "reason": reason})
    changed = persona_set.model_copy(update={"segmentation": report})

    assert tell_grouping(changed, FindingWords("zh")) == chinese
    assert tell_grouping(changed, FindingWords("en")) == reason


def test_nothing_on_the_page_of_the_making_is_english_but_names() -> None:
    warned = ("2 rows cannot be read; they stand in the quarantine",)
    making = tell_making(chinese_example().persona_set.model_copy(update={"warnings": warned}), {}, Words("zh"))

    assert making.warnings == ("2 行无法读取，已搁置",)
    for name, value in (*making.data, *making.grouping):
        assert not ENGLISH_WORDS.search(f"{name} {value}"), (name, value)


@pytest.mark.parametrize(
    ("column", "value", "chinese"),
    [
        ("age", "up to 39", ("age", "不超过 39")),
        ("age", "39 to 53", ("age", "39 至 53")),
        ("spent", "above 1517.67", ("消费金额", "高于 1517.67")),
        ("last order", "2026-07", ("最近一次下单", "2026-07")),
        ("mood", "up to something", ("mood", "up to something")),
        ("route", "A to B", ("route", "A to B")),
    ],
)
def test_values_cut_from_numbers_are_told_in_chinese(column: str, value: str, chinese: tuple[str, str]) -> None:
    assert table_words(column, value, "zh") == chinese
    assert table_words(column, value, "en") == (column, value)


def test_names_of_the_data_have_a_chinese_one() -> None:
    for name in (*get_args(Reason), *PLACEHOLDERS):
        assert name in NAMES
        assert name_of(name, "en") == name
    assert name_of("some-source.csv", "zh") == "some-source.csv"


def test_how_a_file_was_read_is_told_in_chinese() -> None:
    columns = Columns(
        text=("body", "title"),
        customer="user id",
        rating="stars",
        reasons={"text": "option", "customer": "by its name"},
    )
    told = say(tell_columns("my reviews.csv", columns), "zh")

    assert "文本取自“body、title”（按选项）" in told
    assert "客户取自“user id”（按列名）" in told
    assert say(tell_columns("r.csv", columns), "en") == tell_columns("r.csv", columns)


@pytest.mark.parametrize(
    ("sentence", "chinese"),
    [
        ("2 people quoted, 3 needed", "引用了 2 人，需要 3 人"),
        ("known of 10 people of the segment", "已知其中 10 人的情况"),
        ("3 people say the contrary: “不错”", "3 人说法相反：“不错”"),
        ("the model does not write Simplified Chinese", "模型不会写中文"),
        ("the model failed: 时间到", "模型出错：时间到"),
        ("a.csv was not read: 空", "a.csv 未读取：空"),
        ("a.csv: 1,200 rows cannot be read; they stand in the quarantine", "a.csv: 1,200 行无法读取，已搁置"),
        ("a.csv: not UTF-8; read as gb18030 (guessed)", "a.csv: 不是 UTF-8；推测为 gb18030 并按此读取"),
        (
            "a.csv: 2 rows have more cells than the header (rows 3, 9): joined to the text",
            "a.csv: 2 行的单元格多于表头（第 3, 9 行）：多出的并入文本",
        ),
        (
            "a.csv: 2 rows have fewer cells than the header: the missing ones count as empty",
            "a.csv: 2 行的单元格少于表头：缺少的视为空白",
        ),
        (
            "a.csv: a quote opened in line 7 is never closed: read as an ordinary character",
            "a.csv: 第 7 行的引号没有结束：按普通字符读取",
        ),
        (
            "a.csv: the first line is no header; its columns are called column_1 to column_3",
            "a.csv: 第一行不是表头；各列称为 column_1 至 column_3",
        ),
        (
            "a.xlsx: sheet '甲' was read; left out for their other columns: 乙, 丙",
            "a.xlsx: 读取了工作表“甲”；因列不同而未读取：乙, 丙",
        ),
        (
            "ids used more than once with different texts; both were kept, the later ones as r1#2, r2#2 and 5 more",
            "同一编号用于不同的文本；都予保留，后出现的改为 r1#2, r2#2 等（另有 5 个）",
        ),
        ("without a persona, because 预算用完: s3, s4", "没有画像（预算用完）：s3, s4"),
        ("corrections, [[rename]] 2: no persona yet", "修正 [[rename]] 2：尚无画像"),
        (
            "corrections, [[reject]] 1: no claim of p-1 under needs says '甲'; the nearest claim is '乙': "
            "copy its words to reject it",
            "修正 [[reject]] 1：p-1 没有这样的判断：'甲'；最接近的判断是 '乙'：照抄其原文即可剔除",
        ),
        ("r.csv: ratings from 'stars' read on a scale of 1 to 5", "r.csv: “stars”的评分按 1 到 5 读取"),
        (
            "no date can be read in 2 of 4 rows of 'when', such as 'soon'",
            "“when”的 4 行中有 2 行的日期无法读取，例如“soon”",
        ),
        (
            "7 near-identical posts by 5 customers (a, b): “buy it now”",
            "5 位客户的 7 篇几乎相同的文本（a, b）： “buy it now”",
        ),
    ],
)
def test_sentences_of_records_are_told_in_chinese(sentence: str, chinese: str) -> None:
    assert say(sentence, "zh") == chinese
    assert say(sentence, "en") == sentence

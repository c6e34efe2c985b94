"""Which dates can be used, and how time is cut into periods."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personas.trends.dates import read_dates, tell_unusable
from personas.trends.periods import Layout, lay_out_periods
from personas.trends.records import PeriodUnit
from tests.personas.dated import Said, corpus_of

TODAY = date(2026, 6, 30)


def _said(*when: str | None) -> list[Said]:
    return [Said(f"c{at}", value, (0,)) for at, value in enumerate(when)]


def _layout(said: list[Said], unit: PeriodUnit | None = None) -> Layout | None:
    corpus, _ = corpus_of(said, 1)
    dates = read_dates(corpus.documents, today=TODAY)
    customers = np.arange(len(said))
    return lay_out_periods(dates, customers, np.ones(len(said), dtype=bool), unit=unit)


def _daily(first: date, last: date, each: int = 6) -> list[str]:
    days = (last - first).days + 1
    return [(first + timedelta(days=day)).isoformat() for day in range(days) for _ in range(each)]


def test_what_cannot_be_a_date_is_counted_and_left_out() -> None:
    corpus, _ = corpus_of(
        _said(
            "2026-03-01",
            None,
            "",
            "soon",
            "1970-01-01",
            "0001-01-01T00:00:00",
            "1900-01-01",
            "2026-07-01",
            "9999-12-31",
        ),
        1,
    )
    report = read_dates(corpus.documents, today=TODAY).report
    assert (report.dated, report.undated, report.unreadable, report.too_old, report.future) == (1, 2, 1, 3, 2)
    assert report.first == report.last == "2026-03-01"
    assert report.documents == 9
    assert tell_unusable(report) == (
        "nothing is told over time: of the dates of 9 documents 1 cannot be read, 3 lie before 1990, "
        "2 lie in the future"
    )


def test_without_dates_nothing_is_wrong_with_them() -> None:
    assert tell_unusable(read_dates(corpus_of(_said(None, "2026-03-01"), 1)[0].documents, today=TODAY).report) == ""


def test_a_day_counts_as_it_is_written_whatever_the_time_zone() -> None:
    corpus, _ = corpus_of(_said("2026-01-01T00:30:00+08:00", "2025-12-31T23:30:00-05:00", "2026-01-01T10:00:00Z"), 1)
    dates = read_dates(corpus.documents, today=TODAY)
    new_year = (date(2026, 1, 1) - date(1970, 1, 1)).days
    assert np.floor(dates.begin).tolist() == [new_year, new_year - 1, new_year]
    assert dates.report.zones == 3


def test_a_default_date_far_from_all_others_is_left_out() -> None:
    corpus, _ = corpus_of(_said(*["2000-01-01"] * 40, *_daily(date(2026, 1, 1), date(2026, 3, 31))), 1)
    report = read_dates(corpus.documents, today=TODAY).report
    assert report.far == 40
    assert report.first == "2026-01-01"


@pytest.mark.parametrize(
    ("first", "last", "unit"),
    [
        (date(2026, 3, 1), date(2026, 3, 20), "day"),
        (date(2026, 1, 1), date(2026, 5, 31), "week"),
        (date(2025, 1, 1), date(2026, 5, 31), "month"),
        (date(2020, 1, 1), date(2026, 5, 31), "quarter"),
    ],
)
def test_the_unit_follows_the_span(first: date, last: date, unit: str) -> None:
    layout = _layout(_said(*_daily(first, last, each=31 if unit == "day" else 5)))
    assert layout is not None
    assert layout.unit == unit


def test_few_people_get_a_coarser_unit() -> None:
    days = [(date(2026, 1, 1) + timedelta(days=day)).isoformat() for day in range(0, 151)]
    layout = _layout(_said(*days))
    assert layout is not None
    assert layout.unit == "month"
    assert [period.people for period in layout.periods] == [31, 28, 31, 30, 31]


def test_a_month_cut_short_is_not_whole() -> None:
    layout = _layout(_said(*_daily(date(2025, 1, 10), date(2026, 3, 12))))
    assert layout is not None
    assert [period.whole for period in layout.periods] == [False, *[True] * 13, False]
    assert (layout.first, layout.last) == (1, 13)


def test_a_full_month_is_whole_though_nobody_writes_on_its_last_days() -> None:
    waves = [f"2025-{month:02d}-{day:02d}" for month in range(1, 13) for day in (9, 10) for _ in range(40)]
    layout = _layout(_said(*waves), "month")
    assert layout is not None
    assert layout.whole == 12


def test_a_handful_of_early_documents_is_no_period() -> None:
    layout = _layout(_said("2024-02-03", "2024-05-01", *_daily(date(2025, 1, 1), date(2026, 3, 31))))
    assert layout is not None
    assert layout.periods[0].name == "2025-01"
    assert layout.periods[0].whole
    assert layout.of_document[:2].tolist() == [-1, -1]


def test_weeks_begin_on_monday_and_quarters_are_named() -> None:
    weeks = _layout(_said(*_daily(date(2026, 1, 5), date(2026, 3, 1))), "week")
    quarters = _layout(_said(*_daily(date(2025, 1, 1), date(2026, 3, 31))), "quarter")
    assert weeks is not None
    assert quarters is not None
    assert [period.start for period in weeks.periods][:2] == ["2026-01-05", "2026-01-12"]
    assert weeks.periods[0].name == "2026-W02"
    assert [period.name for period in quarters.periods] == ["2025-Q1", "2025-Q2", "2025-Q3", "2025-Q4", "2026-Q1"]


def test_without_dates_there_are_no_periods() -> None:
    assert _layout(_said(None, None)) is None


@given(
    st.lists(st.dates(date(1985, 1, 1), date(2030, 1, 1)), min_size=1, max_size=60),
    st.sampled_from(["day", "week", "month", "quarter", None]),
)
def test_every_dated_person_is_in_its_period_or_outside_of_all(days: list[date], unit: PeriodUnit | None) -> None:
    said = _said(*(day.isoformat() for day in days for _ in range(3)))
    corpus, _ = corpus_of(said, 1)
    report = read_dates(corpus.documents, today=TODAY).report
    assert report.dated + report.undated + report.unreadable + report.too_old + report.future + report.far == len(said)
    layout = _layout(said, unit)
    if layout is None:
        return
    starts = [date.fromisoformat(period.start) for period in layout.periods]
    counts = [0] * len(starts)
    for one, at in zip(said, layout.of_document.tolist(), strict=True):
        if at >= 0:
            assert starts[at] <= date.fromisoformat(one.when or "")
            assert at + 1 == len(starts) or date.fromisoformat(one.when or "") < starts[at + 1]
            counts[at] += 1
    assert counts == [period.people for period in layout.periods]
    assert counts[0] >= 5
    assert counts[-1] >= 5

"""What is planted to change must be found, and what is not must not."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from personas.sentiment import score_sentiment
from personas.trends.finding import find_trends
from personas.trends.records import Trend, TrendReport
from tests.personas.dated import Said, Shares, corpus_of, months_of_writing, segment_of

TODAY = date(2026, 11, 1)
MONTHS = 12


def _report(said: list[Said], themes: int, **options: object) -> TrendReport:
    corpus, model = corpus_of(said, themes)
    report = find_trends(corpus, model, (), today=TODAY, **options)  # type: ignore[arg-type]  # options of a test
    assert report is not None
    return report


@pytest.fixture(scope="module")
def planted() -> TrendReport:
    """Twice as many people write at the end; what they say rises, falls, stays, appears late, and peaks."""
    shares: Shares = {
        1: np.linspace(0.08, 0.3, MONTHS),
        2: np.linspace(0.35, 0.1, MONTHS),
        3: [0.2] * MONTHS,
        4: [0.0] * 10 + [0.15] * 2,
        5: [0.1] * 4 + [0.45] + [0.1] * 7,
        6: [0.003] * MONTHS,
    }
    said = months_of_writing(shares, people=np.linspace(80, 160, MONTHS).astype(int).tolist(), seed=4)
    return _report(said, 7)


def _by_key(report: TrendReport) -> dict[str, Trend]:
    return {trend.key: trend for trend in report.themes}


def test_a_rise_and_a_fall_are_found_with_their_ratio_in_the_interval(planted: TrendReport) -> None:
    found = _by_key(planted)
    for key, direction, ratio in (("t1", "rising", 0.3 / 0.08), ("t2", "falling", 0.1 / 0.35)):
        trend = found[key]
        assert trend.direction == direction
        assert trend.change is not None
        assert trend.change.low < ratio < trend.change.high
        assert trend.change.q <= 0.05


def test_more_people_writing_is_no_rise(planted: TrendReport) -> None:
    trend = _by_key(planted)["t3"]
    assert trend.series[-1] > 1.4 * trend.series[0]
    assert trend.direction == "steady"
    assert not trend.hot


def test_what_everybody_says_all_the_time_is_steady(planted: TrendReport) -> None:
    assert _by_key(planted)["t0"].direction == "steady"


def test_a_theme_that_appears_lately_is_hot(planted: TrendReport) -> None:
    trend = _by_key(planted)["t4"]
    assert trend.hot
    assert trend.recent is not None
    assert trend.recent.low > 2
    assert planted.recent == 2


def test_a_peak_in_between_is_neither_and_is_named(planted: TrendReport) -> None:
    trend = _by_key(planted)["t5"]
    assert trend.direction not in {"rising", "falling"}
    assert trend.uneven
    assert trend.peak == "2025-05"
    assert not any(_by_key(planted)[key].uneven for key in ("t1", "t2", "t3"))


def test_of_a_handful_of_people_nothing_is_told(planted: TrendReport) -> None:
    trend = _by_key(planted)["t6"]
    assert trend.people < 10
    assert trend.direction == "too few to tell"
    assert trend.change is None


def test_people_are_counted_and_not_documents() -> None:
    said = months_of_writing({1: [0.2] * MONTHS}, people=[40] * MONTHS, seed=1)
    once, often = _report(said, 2), _report([*said, *said, *said], 2)
    assert [trend.series for trend in once.themes] == [trend.series for trend in often.themes]
    assert once.people == often.people == 480


def test_series_share_and_interval_belong_together(planted: TrendReport) -> None:
    for trend in planted.themes:
        for at, period in enumerate(planted.periods):
            share, low, high = trend.shares[at], trend.lows[at], trend.highs[at]
            assert share == pytest.approx(trend.series[at] / period.people, abs=1e-4)
            assert share is not None
            assert low is not None
            assert high is not None
            assert low <= share <= high


def test_a_last_month_cut_short_is_shown_and_not_compared() -> None:
    shares = {1: [0.2] * 11 + [0.9]}
    report = _report(months_of_writing(shares, people=[100] * 11 + [30], seed=2, last_day=9), 2)
    assert not report.periods[-1].whole
    assert report.last == 10
    assert report.themes[1].series[-1] > 20
    assert report.themes[1].direction == "steady"
    assert not report.themes[1].hot


def test_one_day_or_no_dates_tell_nothing() -> None:
    said = months_of_writing({1: [0.2] * 4}, people=[30] * 4, seed=0)
    for when in ("2025-05-05", None):
        corpus, model = corpus_of([Said(one.customer, when, one.themes) for one in said], 2)
        assert find_trends(corpus, model, (), today=TODAY) is None


def test_few_people_tell_nothing() -> None:
    corpus, model = corpus_of(months_of_writing({1: [0.5] * 6}, people=[6] * 6, seed=0, returning=12), 2)
    assert find_trends(corpus, model, (), today=TODAY) is None


def test_documents_without_a_date_are_counted_and_do_not_change_the_rest() -> None:
    said = months_of_writing({1: np.linspace(0.1, 0.4, MONTHS)}, people=[80] * MONTHS, seed=3)
    bare = [Said(f"x{at}", None, (1,)) for at in range(50)]
    wrong = [Said(f"y{at}", "1970-01-01", (1,)) for at in range(20)]
    report = _report([*said, *bare, *wrong], 2)
    assert (report.dates.undated, report.dates.too_old) == (50, 20)
    assert report.themes == _report(said, 2).themes
    assert report.left_out == 0


def test_a_new_channel_that_explains_a_rise_is_named() -> None:
    reviews = months_of_writing({1: [0.1] * MONTHS, 2: np.linspace(0.1, 0.5, MONTHS)}, people=[80] * MONTHS, seed=5)
    chats = months_of_writing({1: [0.6] * MONTHS, 2: np.linspace(0.1, 0.5, MONTHS)}, people=[80] * MONTHS, seed=6)
    late = [
        Said(f"chat-{one.customer}", one.when, one.themes, text=one.text, source="chats.jsonl")
        for one in chats
        if (one.when or "") >= "2025-07"
    ]
    found = _by_key(_report([*reviews, *late], 3))
    assert found["t1"].direction == "rising"
    assert found["t1"].mix is not None
    assert (found["t1"].mix.facet, found["t1"].mix.value) == ("source", "chats.jsonl")
    assert found["t1"].mix.begins == "2025-07"
    assert found["t1"].mix.left < 1.4
    # What rises within each channel is a rise.
    assert found["t2"].direction == "rising"
    assert found["t2"].mix is None


def test_longer_letters_are_no_rise() -> None:
    """From July on everybody writes three times as much, and so mentions three times as much of everything."""
    rng = np.random.default_rng(8)
    said = []
    for month in range(MONTHS):
        for person in range(150):
            # Half of the people write briefly all the time; the others come to write more.
            passages = 3 if person % 2 and month >= 6 else int(rng.integers(1, 4))
            themes = tuple(int(theme) for theme in rng.integers(0, 8, size=passages))
            said.append(Said(f"c{month}-{person}", f"2025-{month + 1:02d}-{person % 28 + 1:02d}", themes))
    report = _report(said, 8)
    assert all(sum(trend.series[6:]) > 1.1 * sum(trend.series[:6]) for trend in report.themes)
    assert {trend.direction for trend in report.themes} == {"steady"}


def _alarms(report: TrendReport) -> tuple[int, int]:
    proven = [trend for trend in report.themes if trend.direction in {"rising", "falling"}]
    return len(proven), sum(trend.hot for trend in report.themes)


@pytest.mark.parametrize("returning", [0, 90])
def test_noise_raises_no_more_alarms_than_promised(returning: int) -> None:
    """Nothing changes in any of 20 worlds of 15 themes: a world with any alarm is one in twenty, for each kind."""
    rising = hot = uneven = 0
    tested: list[float] = []
    for seed in range(20):
        shares = {theme: [0.03 + 0.02 * theme] * 8 for theme in range(1, 16)}
        report = _report(months_of_writing(shares, people=[60] * 8, seed=seed, returning=returning), 16)
        changed, warm = _alarms(report)
        rising += changed > 0
        hot += warm > 0
        uneven += any(trend.uneven for trend in report.themes)
        tested += [trend.change.p for trend in report.themes if trend.change is not None]
    # More than four of twenty has a chance of 0.3 % where each has one of 5 %.
    assert rising <= 4
    assert hot <= 4
    assert uneven <= 4
    assert float(np.mean(np.array(tested) <= 0.05)) <= 0.07


def test_people_who_stay_for_months_and_repeat_themselves_are_no_proof() -> None:
    """Each person writes in four months running and always says the same: an alarm in few of 20 worlds."""
    alarms = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        said = []
        for person in range(150):
            themes = tuple(theme for theme in range(1, 11) if rng.random() < 0.2)
            begin = int(rng.integers(-3, 12))
            said += [
                Said(f"c{person}", f"2025-{month + 1:02d}-{rng.integers(1, 29):02d}", (0, *themes))
                for month in range(max(begin, 0), min(begin + 4, 12))
            ]
        alarms += sum(_alarms(_report(said, 11))) > 0
    assert alarms <= 4


def test_segments_over_time() -> None:
    said = months_of_writing({1: np.linspace(0.1, 0.5, MONTHS)}, people=[80] * MONTHS, seed=9)
    members = {one.customer for one in said if 1 in one.themes}
    corpus, model = corpus_of(said, 2)
    report = find_trends(corpus, model, (segment_of("s1", sorted(members)), segment_of("s2", ["nobody"])), today=TODAY)
    assert report is not None
    first, second = report.segments
    assert first.direction == "rising"
    assert first.people == len(members)
    assert second.direction == "too few to tell"
    assert sum(second.series) == 0


def test_ratings_and_feelings_over_time() -> None:
    rng = np.random.default_rng(1)
    said = []
    for month in range(MONTHS):
        for person in range(60):
            bad = person % 2 == 0 and rng.random() < month / MONTHS
            text = "It is terrible and I hate it." if bad else "It is great and I love it."
            rating = 0.2 if bad else 0.8
            customer = f"{'a' if person % 2 else 'b'}-{month}-{person}"
            said.append(Said(customer, f"2025-{month + 1:02d}-{person % 28 + 1:02d}", (0,), text=text, rating=rating))
    corpus, model = corpus_of(said, 1)
    ids = sorted({one.customer for one in said})
    segments = (segment_of("s1", [i for i in ids if i[0] == "a"]), segment_of("s2", [i for i in ids if i[0] == "b"]))
    report = find_trends(corpus, model, segments, today=TODAY)
    assert report is not None
    told = {(str(feeling.measure), feeling.segment_id): feeling for feeling in report.feelings}
    assert set(told) == {(measure, who) for measure in ("rating", "sentiment") for who in (None, "s1", "s2")}
    drops = (
        ("rating", -0.6),
        ("sentiment", score_sentiment("It is terrible and I hate it.") - score_sentiment("It is great and I love it.")),
    )
    for measure, drop in drops:
        assert told[measure, "s1"].direction == "steady"
        fallen = told[measure, "s2"]
        assert fallen.direction == "falling"
        assert fallen.change is not None
        assert fallen.change.low < drop * 11 / 12 < fallen.change.high
        assert told[measure, None].direction == "falling"


def test_sentiment_that_is_known_already_is_used() -> None:
    said = months_of_writing({}, people=[30] * MONTHS, seed=0, text="Plain words.")
    corpus, model = corpus_of(said, 1)
    known = np.full(len(corpus.passages), 0.5, dtype=np.float32)
    report = find_trends(corpus, model, (), today=TODAY, sentiment=known)
    assert report is not None
    assert [feeling.measure for feeling in report.feelings] == ["sentiment"]
    assert set(report.feelings[0].means) == {0.5}
    assert report.feelings[0].direction == "steady"
    assert _report(said, 1).feelings == ()


def test_chinese_counts_like_english() -> None:
    shares = {1: np.linspace(0.05, 0.5, MONTHS)}
    report = _report(months_of_writing(shares, people=[60] * MONTHS, seed=7, text="味道很好，我很喜欢。"), 2)
    assert report.themes[1].direction == "rising"
    assert report.feelings[0].measure == "sentiment"
    assert report.feelings[0].direction == "steady"


def test_the_same_input_gives_the_same_bytes_in_any_order() -> None:
    said = months_of_writing({1: [0.3] * 6, 2: [0.1] * 6}, people=[50] * 6, seed=0)
    straight = _report(said, 3).model_dump_json()
    assert straight == _report(said, 3).model_dump_json()
    backwards = _report(list(reversed(said)), 3)
    assert [trend.series for trend in backwards.themes] == [trend.series for trend in _report(said, 3).themes]

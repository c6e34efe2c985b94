"""What the section on change over time shows, in words and places; for the page and for Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log

from personas.reporting.trend_drawing import Spark, draw_spark
from personas.reporting.trends_wording import TrendWords
from personas.reporting.visible import visible
from personas.trends.records import Change, FeelingTrend, Mix, Period, Trend, TrendReport

MOST_CHANGING = 15
MOST_OTHERS = 20
"""Themes in the two tables; personas.json has them all."""

LARGEST_RATIO = 20.0
"""A larger ratio is shown as more than this: next to nothing can be told apart from nothing."""

LEAST_REACH = 0.15
"""Half of the least range of feelings that is drawn."""

ARROWS = {"rising": "↗", "falling": "↘", "steady": "→", "too few to tell": "·"}
_WAYS = {"rising": "up", "falling": "down", "steady": "", "too few to tell": ""}


@dataclass(frozen=True)
class ChangeCell:
    """A change as text, its interval, and the class of its chip."""

    value: str
    interval: str
    css: str


@dataclass(frozen=True)
class TrendRow:
    """A theme or a segment in a table."""

    name: str
    colour: str
    direction: str
    arrow: str
    css: str
    hot: bool
    people: int
    change: ChangeCell | None
    recent: ChangeCell | None
    notes: tuple[str, ...]
    spark: Spark
    from_value: str
    to_value: str
    label: str


@dataclass(frozen=True)
class FeelingTable:
    """One measure, a row for everybody and for every segment with enough people."""

    heading: str
    drawn: str
    rows: tuple[TrendRow, ...]


@dataclass(frozen=True)
class TrendsView:
    """Everything that the page and the Markdown file show."""

    lead: str
    themes_said: str
    changing: tuple[TrendRow, ...]
    others: tuple[TrendRow, ...]
    others_title: str
    segments: tuple[TrendRow, ...]
    feelings: tuple[FeelingTable, ...]
    notes: tuple[str, ...]


def build_view(
    report: TrendReport, words: TrendWords, *, names: Mapping[str, str], colours: Mapping[str, str]
) -> TrendsView:
    """What is shown, in words and places.

    Args:
        report: what is told.
        words: of the language.
        names: what a segment is called, by segment_id.
        colours: class of a segment's colour, by segment_id.
    """
    changing = sorted((trend for trend in report.themes if _changes(trend)), key=_how_much)
    quiet = sorted((trend for trend in report.themes if not _changes(trend)), key=lambda trend: -trend.people)
    others = [*changing[MOST_CHANGING:], *quiet]
    return TrendsView(
        lead=_lead(report, words),
        themes_said=_say_themes(report, words),
        changing=tuple(_row(trend, report, words) for trend in changing[:MOST_CHANGING]),
        others=tuple(_row(trend, report, words) for trend in others[:MOST_OTHERS]),
        others_title=_title_others(len(others), bool(changing), words),
        segments=tuple(
            _row(trend, report, words, name=_segment_name(trend.key, names, words), colour=colours.get(trend.key, ""))
            for trend in report.segments
        ),
        feelings=_feelings(report, words, names, colours),
        notes=_notes(report, words),
    )


def _title_others(count: int, some_change: bool, words: TrendWords) -> str:
    if count <= MOST_OTHERS:
        return words("themes_others" if some_change else "themes_all", n=count)
    return words("themes_others_cut" if some_change else "themes_all_cut", n=count, shown=MOST_OTHERS)


def _changes(trend: Trend) -> bool:
    return trend.direction in {"rising", "falling"} or trend.hot or trend.uneven


def _how_much(trend: Trend) -> tuple[bool, float, str]:
    """The surest change first: the end of the interval that is nearer to none, lately or over all; uneven ones last."""

    def sure(change: Change | None) -> float:
        if change is None or change.low <= 1 <= change.high:
            return 0.0
        return min(abs(log(change.low)), abs(log(change.high)))

    proven = trend.direction in {"rising", "falling"} or trend.hot
    return not proven, -max(sure(trend.change), sure(trend.recent)), trend.key


def _lead(report: TrendReport, words: TrendWords) -> str:
    ends = [period_name(report.periods[at], report, words) for at in (report.first, report.last)]
    people = words.count("people", report.people)
    return words("trends_lead", people=people, first=ends[0], last=ends[1], unit=words(report.unit))


def _say_themes(report: TrendReport, words: TrendWords) -> str:
    said = [] if any(_changes(trend) for trend in report.themes) else [words("themes_none")]
    calm = [trend.direction for trend in report.themes if not _changes(trend)]
    for direction, key in (("steady", "themes_steady"), ("too few to tell", "themes_few")):
        if direction in calm:
            said.append(words.count(key, calm.count(direction)))
    return ("" if words.language == "zh" else " ").join(said)


def _row(trend: Trend, report: TrendReport, words: TrendWords, *, name: str = "", colour: str = "") -> TrendRow:
    notes = [_say_mix(trend.mix, words)] if trend.mix else []
    if trend.peak and not _peaks_at_its_end(trend, report):
        notes.append(words("peak", peak=_name_of(trend.peak, report, words)))
    swings = trend.uneven and trend.direction == "too few to tell"
    from_value, to_value, label = _ends(trend.shares, report, words, [words.percent(s or 0.0) for s in trend.shares])
    return TrendRow(
        name=name or visible(trend.label),
        colour=colour,
        direction=words("swings" if swings else trend.direction),
        arrow="↕" if swings else ARROWS[trend.direction],
        css=_WAYS[trend.direction],
        hot=trend.hot,
        people=trend.people,
        change=_ratio_cell(trend.change, words, proven=trend.direction in {"rising", "falling"}),
        recent=_ratio_cell(trend.recent, words, proven=trend.hot),
        notes=tuple(notes),
        spark=draw_spark(trend.shares, trend.lows, trend.highs, first=report.first, last=report.last),
        from_value=from_value,
        to_value=to_value,
        label=label,
    )


def _peaks_at_its_end(trend: Trend, report: TrendReport) -> bool:
    """Whether the peak is where what rises or falls has it anyway."""
    compared = [period.name for period in report.periods[report.first : report.last + 1]]
    up = trend.hot or trend.direction == "rising"
    return (up and trend.peak in compared[-report.recent :]) or (
        trend.direction == "falling" and trend.peak in compared[: report.recent]
    )


def _ratio_cell(change: Change | None, words: TrendWords, *, proven: bool) -> ChangeCell | None:
    """The ratio; only what is proven gets a coloured chip, as one interval of many excludes 1 by chance."""
    if change is None:
        return None
    css = "l0" if not proven else "l2" if change.value > 1 else "ld"
    interval = words("interval_of", low=_times(change.low), high=_times(change.high))
    return ChangeCell(value=_ratio(change.value), interval=interval, css=css)


def _ratio(ratio: float) -> str:
    told = _times(ratio)
    return f"{told[0]}×{told[1:]}" if told[0] in "<>" else f"×{told}"


def _times(ratio: float) -> str:
    if ratio > LARGEST_RATIO:
        return f">{LARGEST_RATIO:.0f}"
    if ratio < 1 / LARGEST_RATIO:
        return f"<{1 / LARGEST_RATIO:.2f}"
    return f"{ratio:.1f}" if ratio >= 0.95 else f"{ratio:.2f}"


def _say_mix(mix: Mix, words: TrendWords) -> str:
    when = ""
    if mix.begins and mix.ends:
        when = words("mix_both", begins=mix.begins, ends=mix.ends)
    elif mix.begins or mix.ends:
        when = words("mix_begins" if mix.begins else "mix_ends", begins=mix.begins, ends=mix.ends)
    value = visible(mix.value) or words("mix_unnamed")
    return words("mix", facets=words(f"facet_{mix.facet}"), value=value, when=when, left=_ratio(mix.left))


def _ends(
    values: Sequence[float | None], report: TrendReport, words: TrendWords, told: Sequence[str]
) -> tuple[str, str, str]:
    """The first and the last compared value as text, and a sentence for who cannot see the line."""
    known = [at for at in range(report.first, report.last + 1) if values[at] is not None]
    if not known:
        return "", "", ""
    top = max(known, key=lambda at: (values[at] or 0.0, -at))
    label = words(
        "spark_label",
        first=period_name(report.periods[known[0]], report, words),
        first_share=told[known[0]],
        last=period_name(report.periods[known[-1]], report, words),
        last_share=told[known[-1]],
        top=told[top],
        peak=period_name(report.periods[top], report, words),
    )
    return told[known[0]], told[known[-1]], label


def period_name(period: Period, report: TrendReport, words: TrendWords) -> str:
    """What a period is called: weeks by their first day, as nobody knows the number of a week."""
    return words("week_of", start=period.start) if report.unit == "week" else period.name


def _name_of(name: str, report: TrendReport, words: TrendWords) -> str:
    return next((period_name(period, report, words) for period in report.periods if period.name == name), name)


def _segment_name(segment_id: str, names: Mapping[str, str], words: TrendWords) -> str:
    return visible(names[segment_id]) if segment_id in names else words("segment", id=visible(segment_id))


def units(report: TrendReport, words: TrendWords, count: int) -> str:
    """The unit of the periods as it stands behind a count."""
    return words(report.unit if count == 1 and words.language == "en" else f"{report.unit}s")


def _feelings(
    report: TrendReport, words: TrendWords, names: Mapping[str, str], colours: Mapping[str, str]
) -> tuple[FeelingTable, ...]:
    tables = []
    for measure in dict.fromkeys(feeling.measure for feeling in report.feelings):
        own = [feeling for feeling in report.feelings if feeling.measure == measure]
        limits = _limits(own)
        heading = words(f"{measure}_heading")
        rows = tuple(
            _feeling_row(
                feeling,
                limits,
                report,
                words,
                name=words("everybody") if (who := feeling.segment_id) is None else _segment_name(who, names, words),
                colour="" if who is None else colours.get(who, ""),
            )
            for feeling in own
        )
        tables.append(FeelingTable(heading, words("col_mean", measure=heading, unit=words(report.unit)), rows))
    return tuple(tables)


def _limits(feelings: Sequence[FeelingTrend]) -> tuple[float, float]:
    """One scale for all groups, and not so fine that nothing looks like something."""
    means = [mean for feeling in feelings for mean in feeling.means if mean is not None]
    low, high = min(means, default=0.0), max(means, default=0.0)
    middle, reach = (low + high) / 2, max(0.65 * (high - low), LEAST_REACH)
    return middle - reach, middle + reach


def _feeling_row(
    feeling: FeelingTrend,
    limits: tuple[float, float],
    report: TrendReport,
    words: TrendWords,
    *,
    name: str,
    colour: str,
) -> TrendRow:
    told = ["" if mean is None else f"{mean:.2f}" for mean in feeling.means]
    from_value, to_value, label = _ends(feeling.means, report, words, told)
    way = {"rising": "better", "falling": "worse"}.get(feeling.direction, feeling.direction)
    base = 0.0 if feeling.measure == "sentiment" else None
    return TrendRow(
        name=name,
        colour=colour,
        direction=words(way),
        arrow=ARROWS[feeling.direction],
        css=_WAYS[feeling.direction],
        hot=False,
        people=feeling.people,
        change=_difference_cell(feeling.change, words, proven=feeling.direction in {"rising", "falling"}),
        recent=None,
        notes=(),
        spark=draw_spark(
            feeling.means, feeling.lows, feeling.highs, first=report.first, last=report.last, limits=limits, base=base
        ),
        from_value=from_value,
        to_value=to_value,
        label=label,
    )


def _difference_cell(change: Change | None, words: TrendWords, *, proven: bool) -> ChangeCell | None:
    if change is None:
        return None
    css = "l0" if not proven else "l2" if change.value > 0 else "ld"
    value, low, high = (
        f"{number + 0.0:+.2f}".replace("-0.00", "+0.00") for number in (change.value, change.low, change.high)
    )
    return ChangeCell(value=value, interval=words("interval_of", low=low, high=high), css=css)


def _notes(report: TrendReport, words: TrendWords) -> tuple[str, ...]:
    unit = words(report.unit)
    limit = "limit_change_one" if report.recent == 1 else "limit_change"
    notes = [words(limit, unit=unit, n=report.recent, units=units(report, words, report.recent))]
    tested = sum(trend.change is not None for trend in report.themes)
    if tested:
        notes.append(words.count("limit_many", tested))
    notes.append(words("limit_writers"))
    notes += [
        words("partial", name=period_name(period, report, words)) for period in report.periods if not period.whole
    ]
    if report.left_out:
        key = "left_out_one" if report.left_out == 1 else "left_out"
        notes.append(words(key, n=report.left_out, unit=unit, units=words(f"{report.unit}s")))
    dates = report.dates
    aside = [
        words.count(key, count)
        for key in ("undated", "unreadable", "too_old", "future", "far")
        if (count := getattr(dates, key))
    ]
    if aside:
        joined = ("" if words.language == "zh" else " ").join(aside)
        notes.append(words("not_counted", list=joined.rstrip("；") + ("。" if words.language == "zh" else "")))
    if dates.zones > 1:
        notes.append(words("zones", n=dates.zones))
    return tuple(notes)

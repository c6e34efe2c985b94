"""Themes and segments over time: who voiced what in which period, and what of that changes beyond chance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from personas.grouping.one_thread import one_thread
from personas.records import Segment
from personas.themes import ThemeModel
from personas.trends.dates import Dates, read_dates
from personas.trends.feelings import tell_feelings
from personas.trends.mix import Mixes
from personas.trends.periods import LEAST_PERIODS, Layout, lay_out_periods
from personas.trends.records import Change, PeriodUnit, Trend, TrendReport
from personas.trends.regression import Fit, Floats, correct_for_many, settle_doubt
from personas.trends.verdicts import FALSE_DISCOVERIES, SHARES, is_proven, tell_direction
from personas.trends.voices import (
    Indices,
    PersonPeriods,
    Ruler,
    count_person_periods,
    passage_periods,
    split_person_periods,
    tell_series,
)
from retrieval.corpus import Corpus

LEAST_PEOPLE = 20
"""People with dated documents in whole periods below which nothing is told."""

LEAST_VOICES = 10
"""People behind a theme or segment below which no change is looked for."""

RECENT_PART = 6
"""One in so many compared periods, the last, count as lately."""

LEAST_A_PERIOD = 2.0
"""Mean people per period from which ups and downs are looked for."""


@dataclass(frozen=True)
class _Subject:
    """A theme or segment: its name, its rows, and its rows in any other table of rows."""

    key: str
    label: str
    own: Indices
    find: Callable[[PersonPeriods], Indices]


def find_trends(
    corpus: Corpus,
    themes: ThemeModel,
    segments: Sequence[Segment],
    *,
    unit: PeriodUnit | None = None,
    today: date | None = None,
    sentiment: NDArray[np.float32] | None = None,
) -> TrendReport | None:
    """How themes, segments and feelings change over the time that the documents cover.

    Args:
        corpus: its documents' `created_at` says when.
        themes: of its passages.
        segments: with their members; only those of kind ``segment`` are told.
        unit: of the periods; None chooses it by the span of the dates.
        today: dates after it lie in the future and are left out; None is the present day.
        sentiment: ``(passages,)`` -1 to 1, where it is known already; None scores the passages.

    Returns:
        None where fewer than `LEAST_PEOPLE` people wrote in fewer than `LEAST_PERIODS` whole periods;
        `personas.trends.dates.read_dates` tells what the dates are like.
    """
    dates = read_dates(corpus.documents, today=today)
    layout = _layout(corpus, dates, unit)
    if layout is None or layout.whole < LEAST_PERIODS:
        return None
    with one_thread():
        return _report(corpus, themes, segments, dates, layout, sentiment)


def _layout(corpus: Corpus, dates: Dates, unit: PeriodUnit | None) -> Layout | None:
    place = {customer_id: at for at, customer_id in enumerate(corpus.customer_ids)}
    customers = np.array([place[document.customer_id] for document in corpus.documents], dtype=np.int64)
    written = {passage.document_id for passage in corpus.passages}
    active = np.array([document.document_id in written for document in corpus.documents], dtype=bool)
    return lay_out_periods(dates, customers, active, unit=unit)


def _report(
    corpus: Corpus,
    themes: ThemeModel,
    segments: Sequence[Segment],
    dates: Dates,
    layout: Layout,
    sentiment: NDArray[np.float32] | None,
) -> TrendReport | None:
    period_of = passage_periods(corpus, layout)
    periods = len(layout.periods)
    lengths = Ruler(count_person_periods(corpus, period_of, periods), layout.first, layout.last)
    everybody = np.arange(len(lengths.rows.person))
    people = lengths.people(everybody)
    if people < LEAST_PEOPLE:
        return None
    recent = max(1, layout.whole // RECENT_PART)
    # A person's segment does not depend on how much they wrote in a period: no strata there.
    plain = Ruler(
        split_person_periods(corpus, period_of, periods, np.zeros(len(period_of), dtype=np.int64), 1),
        layout.first,
        layout.last,
    )
    mixes = Mixes(corpus, period_of, layout)
    member_of = _members(corpus, segments)
    return TrendReport(
        dates=dates.report,
        unit=layout.unit,
        periods=layout.periods,
        first=layout.first,
        last=layout.last,
        recent=recent,
        left_out=len(np.unique(corpus.passage_customer))
        - len(np.unique(lengths.rows.person))
        - _undated(corpus, dates),
        people=people,
        themes=_trends(_theme_subjects(themes, lengths.rows), lengths, mixes, layout, recent),
        segments=_trends(_segment_subjects(segments, member_of, plain.rows), plain, mixes, layout, recent),
        feelings=tell_feelings(corpus, layout, period_of, segments, member_of, sentiment),
    )


def _undated(corpus: Corpus, dates: Dates) -> int:
    """People with words of whose documents none has a date that can be used."""
    written = {passage.document_id for passage in corpus.passages}
    everybody = {document.customer_id for document in corpus.documents if document.document_id in written}
    dated = {
        document.customer_id
        for document, usable in zip(corpus.documents, dates.usable.tolist(), strict=True)
        if usable and document.document_id in written
    }
    return len(everybody - dated)


def _members(corpus: Corpus, segments: Sequence[Segment]) -> Indices:
    """``(people,)`` index into `segments` of each person who is in one; -1 for the others."""
    place = {customer_id: at for at, customer_id in enumerate(corpus.customer_ids)}
    member_of = np.full(len(place), -1, dtype=np.int64)
    for at, segment in enumerate(segments):
        if segment.kind == "segment":
            member_of[[place[customer_id] for customer_id in segment.customer_ids if customer_id in place]] = at
    return member_of


def _theme_subjects(themes: ThemeModel, rows: PersonPeriods) -> list[_Subject]:
    subjects = []
    order = np.argsort(themes.passage_theme, kind="stable")
    borders = np.searchsorted(themes.passage_theme[order], np.arange(len(themes.themes) + 1))
    for at, theme in enumerate(themes.themes):
        passages = order[borders[at] : borders[at + 1]]

        def find(table: PersonPeriods, passages: Indices = passages) -> Indices:
            return table.voicing(passages)

        subjects.append(_Subject(theme.theme_id, theme.label, find(rows), find))
    return subjects


def _segment_subjects(segments: Sequence[Segment], member_of: Indices, rows: PersonPeriods) -> list[_Subject]:
    subjects = []
    for at, segment in enumerate(segments):
        if segment.kind != "segment":
            continue

        def find(table: PersonPeriods, at: int = at) -> Indices:
            return np.flatnonzero(member_of[table.person] == at)

        subjects.append(_Subject(segment.segment_id, segment.segment_id, find(rows), find))
    return subjects


def _trends(subjects: Sequence[_Subject], ruler: Ruler, mixes: Mixes, layout: Layout, recent: int) -> tuple[Trend, ...]:
    """The trends of a family that is looked at together."""
    line, step = ruler.line(), ruler.step(recent)
    enough = [subject for subject in subjects if ruler.people(subject.own) >= LEAST_VOICES]
    lines, steps = _fit_all(enough, ruler, line), _fit_all(enough, ruler, step)
    changes, recents = _corrected(lines), _corrected(steps)
    uneven = _uneven(enough, lines, ruler)
    people = np.array([period.people for period in layout.periods])
    constant = {subject.key for subject in enough} - lines.keys()
    trends = []
    for subject in subjects:
        change, lately = changes.get(subject.key), recents.get(subject.key)
        # What everybody voices all the time has no line, and does not change.
        direction = "steady" if subject.key in constant else tell_direction(change, SHARES)
        hot = is_proven(lately, SHARES) and lately is not None and lately.value > 1
        fit, x = (
            (lines.get(subject.key), line) if direction in {"rising", "falling"} else (steps.get(subject.key), step)
        )
        told = fit is not None and (hot or direction in {"rising", "falling"})
        series, shares, lows, highs = tell_series(ruler.rows, subject.own, people)
        trends.append(
            Trend(
                key=subject.key,
                label=subject.label,
                people=ruler.people(subject.own),
                series=series,
                shares=shares,
                lows=lows,
                highs=highs,
                direction=direction,
                change=change,
                recent=lately,
                hot=hot,
                uneven=subject.key in uneven,
                peak=_peak(lows, layout) if subject.key in uneven else None,
                mix=mixes.explain(fit, x, subject.find) if told and fit is not None else None,
            )
        )
    return tuple(trends)


def _fit_all(subjects: Sequence[_Subject], ruler: Ruler, x: Floats) -> dict[str, Fit]:
    """The fits whose doubt is settled over all of them, by key."""
    found = [(subject, fit) for subject in subjects if (fit := ruler.fit(subject.own, x)) is not None]
    repeats = [ruler.repeats(subject.own, x, fit) for subject, fit in found]
    people = [ruler.people(subject.own) for subject, _ in found]
    settled = settle_doubt([fit for _, fit in found], repeats, people)
    return {subject.key: fit for (subject, _), fit in zip(found, settled, strict=True)}


def _corrected(fits: dict[str, Fit]) -> dict[str, Change]:
    q_values = correct_for_many([fit.change().p for fit in fits.values()])
    return {key: fit.change(q) for (key, fit), q in zip(fits.items(), q_values, strict=True)}


def _uneven(subjects: Sequence[_Subject], fits: dict[str, Fit], ruler: Ruler) -> set[str]:
    """Which go up and down more than chance explains, corrected for looking at many."""
    from scipy.stats import chi2

    periods = ruler.last - ruler.first + 1
    asked = [
        subject.key
        for subject in subjects
        if subject.key in fits and fits[subject.key].freedom and len(subject.own) >= LEAST_A_PERIOD * periods
    ]
    chances = [float(chi2.sf(fits[key].dispersion * fits[key].freedom, fits[key].freedom)) for key in asked]
    q_values = correct_for_many(chances)
    return {key for key, q in zip(asked, q_values, strict=True) if q <= FALSE_DISCOVERIES}


def _peak(lows: Sequence[float | None], layout: Layout) -> str:
    """The compared period whose share is surely the largest."""
    compared = range(layout.first, layout.last + 1)
    return layout.periods[max(compared, key=lambda at: (lows[at] or 0.0, -at))].name

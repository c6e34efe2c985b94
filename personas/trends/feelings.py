"""How people feel over time: ratings where they gave some, and the feeling in their words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from personas.counting import Z_95
from personas.records import Segment
from personas.sentiment import score_sentiments
from personas.trends.periods import Layout
from personas.trends.records import Change, FeelingTrend
from personas.trends.regression import Floats, correct_for_many
from personas.trends.verdicts import RATINGS, SENTIMENTS, tell_direction
from personas.trends.voices import Indices
from retrieval.corpus import Corpus

LEAST_FELT = 20
"""People with a value in the compared periods below which nothing is told."""


@dataclass(frozen=True)
class _Felt:
    """A value for every person in every period they gave one in; ``(rows,)`` each."""

    person: Indices
    period: Indices
    value: Floats

    def of(self, chosen: NDArray[np.bool_]) -> _Felt:
        return _Felt(self.person[chosen], self.period[chosen], self.value[chosen])


def tell_feelings(
    corpus: Corpus,
    layout: Layout,
    period_of: Indices,
    segments: Sequence[Segment],
    member_of: Indices,
    sentiment: NDArray[np.float32] | None,
) -> tuple[FeelingTrend, ...]:
    """Ratings and sentiment over time, of everybody and of every segment with enough people.

    Args:
        corpus: the documents with their ratings, and the passages.
        layout: the periods.
        period_of: ``(passages,)`` the period of each passage.
        segments: who belongs together.
        member_of: ``(people,)`` index into `segments`, -1 for none.
        sentiment: ``(passages,)`` or None to score the passages here.
    """
    told: list[FeelingTrend] = []
    for measure, felt in (
        ("rating", _ratings(corpus, layout)),
        ("sentiment", _sentiments(corpus, period_of, len(layout.periods), sentiment)),
    ):
        groups: list[tuple[str | None, _Felt]] = [(None, felt)]
        groups += [
            (segment.segment_id, felt.of(member_of[felt.person] == at))
            for at, segment in enumerate(segments)
            if segment.kind == "segment"
        ]
        told += _tell(measure, groups, layout)
    return tuple(told)


def _ratings(corpus: Corpus, layout: Layout) -> _Felt:
    place = {customer_id: at for at, customer_id in enumerate(corpus.customer_ids)}
    rated = [
        (place[document.customer_id], period, document.rating.value)
        for document, period in zip(corpus.documents, layout.of_document.tolist(), strict=True)
        if document.rating is not None and period >= 0
    ]
    table = np.array(rated, dtype=np.float64).reshape(-1, 3)
    return _mean_rows(table[:, 0].astype(np.int64), table[:, 1].astype(np.int64), table[:, 2], len(layout.periods))


def _sentiments(corpus: Corpus, period_of: Indices, periods: int, sentiment: NDArray[np.float32] | None) -> _Felt:
    """Of passages that show a feeling: the others would draw the mean of who writes long towards 0."""
    dated = np.flatnonzero(period_of >= 0)
    if sentiment is None:
        texts = corpus.passage_texts
        scores = score_sentiments([texts[at] for at in dated]).astype(np.float64)
    else:
        scores = sentiment[dated].astype(np.float64)
    shown = dated[scores != 0]
    return _mean_rows(corpus.passage_customer[shown], period_of[shown], scores[scores != 0], periods)


def _mean_rows(person: Indices, period: Indices, value: Floats, periods: int) -> _Felt:
    keys, places = np.unique(person * periods + period, return_inverse=True)
    sums = np.bincount(places, value, minlength=len(keys))
    counts = np.bincount(places, minlength=len(keys))
    return _Felt(keys // periods, keys % periods, sums / np.maximum(counts, 1))


def _tell(measure: str, groups: Sequence[tuple[str | None, _Felt]], layout: Layout) -> list[FeelingTrend]:
    """The trends of one measure; those with too few people are left out, but nothing is told without everybody's."""
    name: Literal["rating", "sentiment"] = "rating" if measure == "rating" else "sentiment"
    bounds = RATINGS if name == "rating" else SENTIMENTS
    compared = [
        (who, felt, felt.of((felt.period >= layout.first) & (felt.period <= layout.last))) for who, felt in groups
    ]
    compared = [(who, felt, own) for who, felt, own in compared if len(np.unique(own.person)) >= LEAST_FELT]
    if not compared or compared[0][0] is not None:
        return []
    changes = [_fit_line(own, layout) for _, _, own in compared]
    q_values = iter(correct_for_many([change.p for change in changes if change is not None]))
    told = []
    for (who, felt, own), change in zip(compared, changes, strict=True):
        settled = change.model_copy(update={"q": next(q_values)}) if change is not None else None
        counts, means, lows, highs = _means(felt, len(layout.periods), limits=(0.0 if name == "rating" else -1.0, 1.0))
        told.append(
            FeelingTrend(
                measure=name,
                segment_id=who,
                people=len(np.unique(own.person)),
                counts=counts,
                means=means,
                lows=lows,
                highs=highs,
                direction=tell_direction(settled, bounds),
                change=settled,
            )
        )
    return told


def _means(
    felt: _Felt, periods: int, *, limits: tuple[float, float]
) -> tuple[tuple[int, ...], tuple[float | None, ...], tuple[float | None, ...], tuple[float | None, ...]]:
    """People, mean and the ends of its 95 % t interval, per period.

    The spread is that of all periods together: three people who agree by chance are not sure of anything.
    """
    from scipy.stats import t

    counts = np.bincount(felt.period, minlength=periods)
    means = np.bincount(felt.period, felt.value, minlength=periods) / np.maximum(counts, 1)
    freedom = max(len(felt.value) - int((counts > 0).sum()), 1)
    spread = float(np.sqrt(((felt.value - means[felt.period]) ** 2).sum() / freedom))
    half = float(t.ppf(0.975, freedom)) * spread / np.sqrt(np.maximum(counts, 1))
    told = [round(float(mean), 4) if count else None for mean, count in zip(means, counts, strict=True)]
    lows = [
        None if mean is None else round(max(limits[0], mean - reach), 4) for mean, reach in zip(told, half, strict=True)
    ]
    highs = [
        None if mean is None else round(min(limits[1], mean + reach), 4) for mean, reach in zip(told, half, strict=True)
    ]
    return tuple(counts.tolist()), tuple(told), tuple(lows), tuple(highs)


def _fit_line(felt: _Felt, layout: Layout) -> Change | None:
    """The difference from the first to the last compared period by least squares, every person once a period.

    People are the clusters of its variance, which grows where the periods scatter about the line more than people do.

    Source:
        Liang, Zeger, Longitudinal data analysis using generalized linear models, Biometrika 73 (1986).
    """
    from scipy.stats import t

    if float(np.ptp(felt.value)) < 1e-9:  # everybody feels the same all the time
        return Change(value=0.0, low=0.0, high=0.0, p=1.0, q=1.0)
    x = (felt.period - layout.first) / (layout.last - layout.first)
    centred = x - x.mean()
    spread = float(centred @ centred)
    periods = len(np.unique(felt.period))
    if spread <= 0 or periods < 3:
        return None
    slope = float(centred @ felt.value) / spread
    residual = felt.value - felt.value.mean() - slope * centred
    scores = np.bincount(felt.person, centred * residual)
    people = len(np.unique(felt.person))
    variance = float(scores @ scores) / spread**2 * people / max(people - 1, 1)
    variance *= max(1.0, _lack_of_fit(felt, residual, periods))
    if variance <= 0:
        return None
    error = float(np.sqrt(variance))
    p = float(2 * t.sf(abs(slope) / error, people - 1))
    return Change(value=slope, low=slope - Z_95 * error, high=slope + Z_95 * error, p=p, q=p)


def _lack_of_fit(felt: _Felt, residual: Floats, periods: int) -> float:
    """How many times more the periods' means scatter about the line than people do within periods."""
    counts = np.bincount(felt.period).astype(np.float64)
    means = np.bincount(felt.period, residual) / np.maximum(counts, 1)
    freedom = len(residual) - periods
    if freedom < 1 or periods < 3:
        return 1.0
    within = float(((residual - means[felt.period]) ** 2).sum()) / freedom
    between = float((counts * means**2).sum()) / (periods - 2)
    return between / within if within > 0 else 1.0

"""Who wrote in which period, and who voiced what in it: people are counted once a period, whatever they wrote."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from personas.counting import length_strata, wilson_interval
from personas.trends.periods import Layout
from personas.trends.regression import Fit, Floats, fit_change, repeat_inflation
from retrieval.corpus import Corpus
from retrieval.words import count_words

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class PersonPeriods:
    """A row for every person in every period they wrote in.

    Shapes: ``(rows,)`` unless said.
    """

    person: Indices
    period: Indices
    stratum: Indices
    """What the row is compared within: the fifth of how much was written, or the part of the data."""
    of_passage: Indices
    """``(passages,)`` the row of each passage; -1 where its document lies in no period."""
    periods: int
    strata: int

    def voicing(self, passages: Indices) -> Indices:
        """The rows with at least one of the passages (indices), ascending."""
        rows = np.unique(self.of_passage[passages])
        return rows[rows >= 0]


def passage_periods(corpus: Corpus, layout: Layout) -> Indices:
    """``(passages,)`` the period of each passage's document; -1 for none."""
    place = {document.document_id: at for at, document in enumerate(corpus.documents)}
    of_passage = np.array([place[passage.document_id] for passage in corpus.passages], dtype=np.int64)
    return layout.of_document[of_passage]


def count_person_periods(corpus: Corpus, period_of: Indices, periods: int) -> PersonPeriods:
    """The rows, each in its fifth of how much the person wrote in the period.

    Who writes more mentions more of everything, so a theme must not rise because people have come to write more.
    """
    rows = split_person_periods(corpus, period_of, periods, np.zeros(len(period_of), dtype=np.int64), 1)
    words = np.zeros(len(rows.person), dtype=np.int64)
    dated = rows.of_passage >= 0
    texts = corpus.passage_texts
    np.add.at(words, rows.of_passage[dated], [count_words(texts[at]) for at in np.flatnonzero(dated)])
    strata = length_strata(words)
    return PersonPeriods(
        person=rows.person,
        period=rows.period,
        stratum=strata,
        of_passage=rows.of_passage,
        periods=periods,
        strata=int(strata.max()) + 1 if len(strata) else 1,
    )


def split_person_periods(
    corpus: Corpus, period_of: Indices, periods: int, part_of: Indices, parts: int
) -> PersonPeriods:
    """A row for every person, period and part of the data they wrote in; the part is the stratum.

    Args:
        corpus: who wrote each passage.
        period_of: ``(passages,)`` see `passage_periods`.
        periods: how many there are.
        part_of: ``(passages,)`` 0 to ``parts - 1``.
        parts: how many there are.
    """
    dated = np.flatnonzero(period_of >= 0)
    keys = (corpus.passage_customer[dated] * periods + period_of[dated]) * parts + part_of[dated]
    distinct, places = np.unique(keys, return_inverse=True)
    of_passage = np.full(len(period_of), -1, dtype=np.int64)
    of_passage[dated] = places
    rest = distinct // parts
    return PersonPeriods(
        person=rest // periods,
        period=rest % periods,
        stratum=distinct % parts,
        of_passage=of_passage,
        periods=periods,
        strata=parts,
    )


@dataclass(frozen=True)
class Ruler:
    """Fits changes over the compared periods ``first`` to ``last``, both included."""

    rows: PersonPeriods
    first: int
    last: int

    @cached_property
    def _compared(self) -> NDArray[np.bool_]:
        return (self.rows.period >= self.first) & (self.rows.period <= self.last)

    @cached_property
    def active(self) -> Floats:
        """``(compared periods, strata)`` rows."""
        return self._tally(np.flatnonzero(self._compared))

    @cached_property
    def _returning(self) -> bool:
        return bool((np.bincount(self.rows.person[self._compared]) > 1).any())

    def line(self) -> Floats:
        """``(compared periods,)`` time from 0 at the first to 1 at the last."""
        return np.linspace(0.0, 1.0, self.last - self.first + 1)

    def step(self, recent: int) -> Floats:
        """``(compared periods,)`` 1 for the last `recent` ones, 0 for those before."""
        x = np.zeros(self.last - self.first + 1)
        x[-recent:] = 1.0
        return x

    def people(self, own: Indices) -> int:
        """Distinct people among these rows in the compared periods."""
        return len(np.unique(self.rows.person[own[self._compared[own]]]))

    def voiced(self, own: Indices) -> Floats:
        """``(compared periods, strata)`` how many of the rows `own` there are."""
        return self._tally(own[self._compared[own]])

    def _tally(self, rows: Indices) -> Floats:
        shape = (self.last - self.first + 1, self.rows.strata)
        keys = (self.rows.period[rows] - self.first) * shape[1] + self.rows.stratum[rows]
        return np.bincount(keys, minlength=shape[0] * shape[1]).reshape(shape).astype(np.float64)

    def fit(self, own: Indices, x: Floats) -> Fit | None:
        """How the share of the rows `own` changes with x; None where it cannot be told."""
        return fit_change(x, self.voiced(own), self.active)

    def repeats(self, own: Indices, x: Floats, fit: Fit) -> float:
        """How many times the variance grows because the same people write in several periods."""
        if not self._returning:
            return 1.0
        chosen = np.flatnonzero(self._compared)
        periods, strata = self.rows.period[chosen] - self.first, self.rows.stratum[chosen]
        mean = fit.fitted[periods, strata]
        observed = np.zeros(len(self.rows.person))
        observed[own] = 1.0
        return repeat_inflation(
            x[periods], strata, observed[chosen] - mean, mean * (1 - mean), self.rows.person[chosen]
        )


def tell_series(
    rows: PersonPeriods, own: Indices, people: Indices
) -> tuple[tuple[int, ...], tuple[float | None, ...], tuple[float | None, ...], tuple[float | None, ...]]:
    """People per period, their share, and the ends of its Wilson interval; None where nobody wrote.

    Args:
        rows: everybody.
        own: the rows told of.
        people: ``(periods,)`` who wrote.
    """
    counts = np.bincount(rows.period[own], minlength=rows.periods)
    shares: list[float | None] = []
    lows: list[float | None] = []
    highs: list[float | None] = []
    for count, total in zip(counts.tolist(), people.tolist(), strict=True):
        interval = wilson_interval(count, total)
        shares.append(round(count / total, 4) if total else None)
        lows.append(round(interval.low, 4) if total else None)
        highs.append(round(interval.high, 4) if total else None)
    return tuple(counts.tolist()), tuple(shares), tuple(lows), tuple(highs)

"""Whether a change is one of the people, or of where the documents come from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Final

import numpy as np

from personas.trends.periods import Layout
from personas.trends.records import Facet, Mix
from personas.trends.regression import Fit, Floats
from personas.trends.voices import Indices, PersonPeriods, Ruler, split_person_periods
from retrieval.corpus import Corpus
from retrieval.documents import Document

FACETS: Final[tuple[Facet, ...]] = ("source", "kind", "question", "product")
MOST_PARTS = 11
"""Parts of a facet that are looked at one by one; the rest is one more."""

LEFT = 0.5
"""A change is one of the mix where less than this part of it, on the log scale, is left within the parts."""


class Mixes:
    """The parts of the data by source, kind, question and product, and what their coming and going explains.

    Args:
        corpus: its documents name the parts.
        period_of: ``(passages,)`` the period of each passage.
        layout: the periods.
    """

    def __init__(self, corpus: Corpus, period_of: Indices, layout: Layout) -> None:
        self._corpus = corpus
        self._period_of = period_of
        self._layout = layout

    def explain(self, fit: Fit, x: Floats, find: Callable[[PersonPeriods], Indices]) -> Mix | None:
        """The part of the data whose growing or shrinking makes the change; None where it is one within the parts.

        Args:
            fit: of the change.
            x: what it was fitted on.
            find: the rows that voice the theme, in a table of rows.
        """
        for facet, values, ruler in self._rulers:
            own = find(ruler.rows)
            within = ruler.fit(own, x)
            if within is None or abs(within.log_ratio) >= LEFT * abs(fit.log_ratio):
                continue
            half = 1.96 * within.error * float(np.sqrt(fit.inflation))
            part = _grown_part(ruler, own, x, sign=float(np.sign(fit.log_ratio)))
            if abs(within.log_ratio) < half and part < len(values):
                return self._tell(facet, values[part], ruler.active[:, part], left=within.log_ratio)
        return None

    def _tell(self, facet: Facet, value: str, active: Floats, *, left: float) -> Mix:
        present = np.flatnonzero(active > 0) + self._layout.first
        begins, ends = int(present[0]), int(present[-1])
        names = [period.name for period in self._layout.periods]
        return Mix(
            facet=facet,
            value=value,
            begins=names[begins] if begins > self._layout.first else None,
            ends=names[ends] if ends < self._layout.last else None,
            left=float(np.exp(left)),
        )

    @cached_property
    def _rulers(self) -> list[tuple[Facet, list[str], Ruler]]:
        """For each facet that parts the data in another way than those before, its parts and their rows."""
        documents = self._corpus.document_by_id
        writers = [documents[passage.document_id] for passage in self._corpus.passages]
        dated = self._period_of >= 0
        seen: list[Indices] = []
        rulers = []
        for facet in FACETS:
            values, parts = _parts([_value(document, facet) for document in writers], dated.tolist())
            if len(values) < 2 or any(np.array_equal(parts[dated], other[dated]) for other in seen):
                continue
            seen.append(parts)
            rows = split_person_periods(
                self._corpus, self._period_of, len(self._layout.periods), parts, len(values) + 1
            )
            rulers.append((facet, values, Ruler(rows, self._layout.first, self._layout.last)))
        return rulers


def _value(document: Document, facet: Facet) -> str:
    return str(getattr(document, facet) or "")


def _parts(values: Sequence[str], dated: Sequence[bool]) -> tuple[list[str], Indices]:
    """The most common values, and for each passage the place of its own; those not among them come last."""
    counts = Counter(value for value, used in zip(values, dated, strict=True) if used)
    most = sorted(counts, key=lambda value: (-counts[value], value))[:MOST_PARTS]
    place = {value: at for at, value in enumerate(most)}
    return most, np.array([place.get(value, len(most)) for value in values], dtype=np.int64)


def _grown_part(ruler: Ruler, own: Indices, x: Floats, *, sign: float) -> int:
    """The part that adds most to the change: its share of the rows grew (or shrank) and it voices the theme more.

    Source:
        Kitagawa, Components of a difference between two rates, JASA 50 (1955).
    """
    active, voiced = ruler.active, ruler.voiced(own)
    late = x > 0.5
    mix = [active[side].sum(axis=0) / max(active[side].sum(), 1.0) for side in (~late, late)]
    rate = voiced.sum(axis=0) / np.maximum(active.sum(axis=0), 1.0)
    overall = voiced.sum() / max(active.sum(), 1.0)
    return int(np.argmax(sign * (mix[1] - mix[0]) * (rate - overall)))

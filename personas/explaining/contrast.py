"""What tells a segment from the segment most like it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from personas.counting import length_strata, mantel_haenszel_ratios, wilson_interval
from personas.explaining.columns import FeatureTable
from personas.explaining.conditions import Atom, Members, condition_record, find_atoms, meets
from personas.explaining.intervals import difference_interval, holm
from personas.explaining.model_input import model_input
from personas.explaining.records import Contrast, ContrastItem

MEDIAN = (0.5,)
WRITTEN = ("themes", "words")
MOST = 8
ALPHA = 0.05
LEAST_RATIO = 1.1
"""A theme that stands out by less once length is evened out does not stand out."""

Groups = NDArray[np.int64]


def find_contrasts(features: FeatureTable, labels: Groups, segment_ids: Sequence[str]) -> tuple[Contrast, ...]:
    """For each group the group nearest to it and what differs most between the two; none where there is one group.

    Args:
        features: the people.
        labels: ``(people,)`` the group of each, indices into `segment_ids`.
        segment_ids: names of the groups.
    """
    present = np.unique(labels)
    points = model_input(features).points
    if len(present) < 2 or points.shape[1] == 0:
        return ()
    centres = np.stack([points[labels == label].mean(axis=0) for label in present])
    distances = np.sqrt(((centres[:, None] - centres) ** 2).mean(axis=2))
    np.fill_diagonal(distances, np.inf)
    shares = _Shares(features)
    return tuple(
        Contrast(
            segment_id=segment_ids[label],
            nearest_id=segment_ids[present[nearest]],
            distance=float(distances[at, nearest]),
            items=shares.compare(labels == label, labels == present[nearest]),
        )
        for at, (label, nearest) in enumerate(zip(present, distances.argmin(axis=1), strict=True))
    )


class _Shares:
    """What is true of people, one condition a column: a yes, or the upper half of a number."""

    def __init__(self, features: FeatureTable) -> None:
        self._features = features
        atoms = find_atoms(features, cuts=MEDIAN, few=2, negations=False)
        self._atoms = [atom for atom in atoms if atom.comparison != "below"]
        self._met: Members = (
            np.column_stack([meets(features, atom) for atom in self._atoms])
            if self._atoms
            else np.zeros((len(features.values), 0), dtype=bool)
        )
        self._known = np.isfinite(features.values[:, [atom.column for atom in self._atoms]])
        self._strata = None if features.written is None else length_strata(features.written)

    def compare(self, here: Members, there: Members) -> tuple[ContrastItem, ...]:
        """What is true of more people here than there or of fewer, beyond chance; the surest first."""
        sums = [part[side].sum(axis=0) for side in (here, there) for part in (self._met, self._known)]
        counts = [tuple(int(one) for one in row) for row in zip(*sums, strict=True)]
        usable = [at for at, (_, known, _, known_there) in enumerate(counts) if known and known_there]
        if not usable:
            return ()
        corrected = holm(_two_sided(np.array([counts[at] for at in usable])))
        items = [
            item
            for at, p_value in zip(usable, corrected, strict=True)
            if p_value < ALPHA and (item := self._item(at, counts[at], self._ratio(at, here, there))) is not None
        ]
        return tuple(sorted(items, key=lambda item: -_surely(item))[:MOST])

    def _ratio(self, at: int, here: Members, there: Members) -> float | None:
        if self._strata is None or self._features.columns[self._atoms[at].column].block not in WRITTEN:
            return None
        among = here | there
        return mantel_haenszel_ratios(self._met[among, at][:, None], here[among], self._strata[among])[0]

    def _item(self, at: int, counts: tuple[int, ...], ratio: float | None) -> ContrastItem | None:
        here, known, there, known_there = counts
        difference = here / known - there / known_there
        if ratio is not None and not (ratio >= LEAST_RATIO if difference > 0 else ratio <= 1 / LEAST_RATIO):
            return None
        atom: Atom = self._atoms[at]
        column = self._features.columns[atom.column]
        condition = condition_record(column, atom)
        return ContrastItem(
            column=column.name,
            block=column.block,
            text_en=condition.text_en,
            text_zh=condition.text_zh,
            share=here / known,
            interval=wilson_interval(here, known),
            share_there=there / known_there,
            interval_there=wilson_interval(there, known_there),
            difference=difference,
            difference_interval=difference_interval(here, known, there, known_there),
            adjusted_ratio=ratio,
        )


def _two_sided(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Fisher's exact test, both sides as twice the smaller one.

    Args:
        counts: ``(things, 4)`` true here, known here, true there, known there.
    """
    from scipy.stats import hypergeom

    here, known, there, known_there = counts.T
    total, holding = known + known_there, here + there
    more = hypergeom.sf(here - 1, total, holding, known)
    fewer = hypergeom.cdf(here, total, holding, known)
    return np.asarray(np.minimum(1.0, 2 * np.minimum(more, fewer)))


def _surely(item: ContrastItem) -> float:
    """How large the difference is at least."""
    interval = item.difference_interval
    return interval.low if item.difference > 0 else -interval.high

"""What explains who is in which group: a model, rules, associations and contrasts, put together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from persona_kit.errors import EnvironmentProblem
from persona_kit.hashing import stable_seed
from personas.customers import LIST_SEPARATOR
from personas.explaining import wording
from personas.explaining.accuracy import FOLDS, MODELS, Tested, examine_model, group_recalls
from personas.explaining.associations import find_associations
from personas.explaining.columns import FeatureTable
from personas.explaining.contrast import find_contrasts
from personas.explaining.importance import block_importance, column_importance
from personas.explaining.model_input import ModelInput, model_input, telling_columns
from personas.explaining.records import Block, BlockAccuracy, Explanation, Remark
from personas.explaining.rules import find_rules
from personas.grouping.one_thread import one_thread
from retrieval.documents import Scalar

MODEL_PEOPLE = 2_000
"""People the models are fitted and tested on; with more the fits take long and the answer stays."""

COUNTED_PEOPLE = 10_000
"""People rules, associations and contrasts are found and counted on."""

MOST_LABELS = 12
LEAST_PER_LABEL = 10
"""Values of an explained column that fewer people hold are left out."""

MOST_DIFFERENT_NUMBERS = 6
"""A column of numbers with more different ones is cut into thirds before it is explained."""


@dataclass(frozen=True)
class _Subject:
    """What is explained."""

    labels: NDArray[np.int64]
    names: tuple[str, ...]
    column: str | None
    """None where segments are explained."""
    notes: tuple[Remark, ...]


def explain_grouping(
    features: FeatureTable, labels: NDArray[np.int64], *, segment_ids: Sequence[str], seed: int
) -> Explanation:
    """What tells the segments apart, and whether anything does.

    Nothing is claimed where no model beats guessing: rules, importance and contrasts are empty then.

    Args:
        features: what is known of the people.
        labels: ``(people,)`` the segment of each, indices into `segment_ids`; -1 is left out.
        segment_ids: names of the segments.
        seed: of everything random.
    """
    return _explain(features, _Subject(labels, tuple(segment_ids), None, (wording.CIRCULAR,)), seed)


def explain_column(
    features: FeatureTable,
    cells: Sequence[Scalar],
    *,
    column: str,
    seed: int,
    blocks: Collection[Block] | None = None,
) -> Explanation:
    """The same for a column of the customer table: whether the other features carry it.

    Features of the same column are left out. People without a value, with several values, or with one of the rare ones
    are left out too; numbers are cut into thirds.

    Args:
        features: what is known of the people.
        cells: of each person, in the order of the features' rows.
        column: name of the column.
        seed: of everything random.
        blocks: kinds of features to explain it by; all where None.
    """
    chosen = [
        at
        for at, one in enumerate(features.columns)
        if not (one.block == "table" and one.origin == column) and (blocks is None or one.block in blocks)
    ]
    kept = features.keep(chosen)
    if all(one.block != "table" for one in kept.columns):
        kept = replace(kept, notes=())
    return _explain(kept, _column_subject(cells, column), seed)


def _column_subject(cells: Sequence[Scalar], column: str) -> _Subject:
    values = _label_texts(cells)
    several = [value is not None and LIST_SEPARATOR in value for value in values]
    single = [None if more else value for value, more in zip(values, several, strict=True)]
    sizes = Counter(value for value in single if value is not None)
    frequent = sorted((value for value in sizes if sizes[value] >= LEAST_PER_LABEL), key=lambda v: (-sizes[v], v))
    names = tuple(frequent[:MOST_LABELS])
    place = {name: at for at, name in enumerate(names)}
    labels = np.array([-1 if value is None else place.get(value, -1) for value in single], dtype=np.int64)
    notes = (wording.note_several(sum(several), column),) if any(several) else ()
    return _Subject(labels, names, column, notes)


def _label_texts(cells: Sequence[Scalar]) -> list[str | None]:
    numbers = [float(cell) for cell in cells if isinstance(cell, int | float) and not isinstance(cell, bool)]
    known = [cell for cell in cells if cell is not None]
    if len(numbers) == len(known) and len(set(numbers)) > MOST_DIFFERENT_NUMBERS:
        low, high = (float(edge) for edge in np.quantile(numbers, [1 / 3, 2 / 3]))
        names = (f"up to {low:g}", f"{low:g} to {high:g}", f"above {high:g}")
        return [None if cell is None else names[int(float(cell) > low) + int(float(cell) > high)] for cell in cells]
    return [None if cell is None else (f"{cell:g}" if isinstance(cell, float) else str(cell).strip()) for cell in cells]


def _explain(features: FeatureTable, subject: _Subject, seed: int) -> Explanation:
    placed = np.flatnonzero(subject.labels >= 0)
    # Sums in another order differ in the last bit: one thread tells the same on any machine.
    with one_thread():
        everybody = _rows(features, placed)
        everybody = everybody.keep(telling_columns(everybody))
        return _Explaining(everybody, replace(subject, labels=subject.labels[placed]), len(features.values), seed).run()


def _rows(features: FeatureTable, rows: NDArray[np.int64]) -> FeatureTable:
    if len(rows) == len(features.values):
        return features
    written = None if features.written is None else features.written[rows]
    return replace(features, values=features.values[rows], written=written)


class _Explaining:
    """One explanation in the making."""

    def __init__(self, features: FeatureTable, subject: _Subject, given: int, seed: int) -> None:
        self.features, self.subject, self.seed = features, subject, seed
        self.labels = subject.labels
        self.notes: list[Remark] = [*subject.notes, *features.notes]
        if given > len(self.labels):
            self.notes.append(wording.note_unplaced(given - len(self.labels)))
        # Samples are the first of one order, so that the smaller lies within the larger.
        self.order = np.random.default_rng(stable_seed(seed, "sample")).permutation(len(self.labels))

    def run(self) -> Explanation:
        """The whole explanation."""
        sample = self._sample(COUNTED_PEOPLE)
        model_rows = self._model_rows()
        said: dict[str, Any]
        if len(np.unique(self.labels)) < 2:
            said = _unsaid(wording.ONE_GROUP)
        elif not self.features.columns:
            said = _unsaid(wording.NOTHING_KNOWN)
        elif len(np.unique(self.labels[model_rows])) < 2:
            said = _unsaid(tuple(text.format(least=FOLDS) for text in wording.TOO_FEW))
        else:
            said = self._model(model_rows, sample)
        # A column's explanation would tell the same associations once more.
        associations = self._associations(sample) if self.subject.column is None else ()
        if len(sample) < len(self.labels):
            self.notes.append(wording.note_counted(len(sample), len(self.labels)))
        return Explanation(
            subject=self.subject.column or "segments",
            people=len(self.labels),
            sampled=len(model_rows) if len(self.labels) > MODEL_PEOPLE else None,
            columns=len(self.features.columns),
            groups=len(np.unique(self.labels)),
            associations=associations,
            notes=tuple(self.notes),
            **said,
        )

    def _sample(self, most: int) -> NDArray[np.int64]:
        return np.sort(self.order[:most])

    def _model_rows(self) -> NDArray[np.int64]:
        """The people models are fitted and tested on: of groups that every part can hold somebody of."""
        rows = self._sample(MODEL_PEOPLE)
        sizes = np.bincount(self.labels[rows], minlength=len(self.subject.names))
        small = [self.subject.names[label] for label in np.unique(self.labels) if sizes[label] < FOLDS]
        if small and len(np.unique(self.labels)) > 1:
            self.notes.append(wording.note_small(small, FOLDS))
        if len(rows) < len(self.labels):
            self.notes.append(wording.note_sample(len(rows), len(self.labels)))
        return rows[sizes[self.labels[rows]] >= FOLDS]

    def _model(self, rows: NDArray[np.int64], sample: NDArray[np.int64]) -> dict[str, Any]:
        data, labels = model_input(_rows(self.features, rows)), self.labels[rows]
        tested = [examine_model(data.points, labels, name, seed=self.seed) for name in MODELS]
        best = max(tested, key=lambda one: (one.accuracy.beats_chance, one.accuracy.value))
        verdict = wording.word_verdict(best.accuracy, column=self.subject.column)
        said = {
            "accuracy": tuple(one.accuracy for one in tested),
            "chance": best.accuracy.chance,
            "beats_chance": best.accuracy.beats_chance,
            "explained": wording.share_explained(best.accuracy),
            "verdict_en": verdict[0],
            "verdict_zh": verdict[1],
            "recalls": group_recalls(best, labels, self.subject.names),
            "by_block": self._by_block(data, rows, tested[0]),
        }
        return said | self._claims(data, labels, best, sample) if best.accuracy.beats_chance else said

    def _claims(
        self, data: ModelInput, labels: NDArray[np.int64], best: Tested, sample: NDArray[np.int64]
    ) -> dict[str, Any]:
        """What is said only where something beats chance."""
        names, column = self.subject.names, self.subject.column
        return {
            "importance": column_importance(data, labels, best, seed=stable_seed(self.seed, "columns")),
            "block_importance": block_importance(data, labels, best, seed=stable_seed(self.seed, "blocks")),
            "rules": find_rules(
                _rows(self.features, sample),
                self.labels[sample],
                names,
                seed=stable_seed(self.seed, "rules"),
                everybody=self.features,
                column=column,
            ),
            "contrasts": find_contrasts(_rows(self.features, sample), self.labels[sample], names),
        }

    def _by_block(self, data: ModelInput, rows: NDArray[np.int64], everything: Tested) -> tuple[BlockAccuracy, ...]:
        labels = self.labels[rows]
        names: list[str] = list(dict.fromkeys(column.block for column in data.columns))
        points = {name: data.block(name).points for name in names}
        if self.features.written is not None and len(np.unique(self.features.written[rows])) > 1:
            length = np.log1p(self.features.written[rows].astype(np.float64))
            points["length"] = ((length - length.mean()) / length.std())[:, None]

        def alone(name: str, mine: NDArray[np.float64]) -> Tested:
            if len(names) == 1 and name in names:
                return everything
            return examine_model(mine, labels, "logistic regression", seed=stable_seed(self.seed, "block", name))

        return tuple(
            BlockAccuracy(block=name, columns=mine.shape[1], accuracy=alone(name, mine).accuracy)
            for name, mine in points.items()
        )

    def _associations(self, sample: NDArray[np.int64]) -> tuple[Any, ...]:
        try:
            return find_associations(_rows(self.features, sample))
        except EnvironmentProblem:
            self.notes.append(wording.NO_ASSOCIATIONS)
            return ()


def _unsaid(verdict: Sequence[str]) -> dict[str, Any]:
    return {"verdict_en": verdict[0], "verdict_zh": verdict[1]}

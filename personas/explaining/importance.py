"""What a model's accuracy rests on: what is lost when one thing is shuffled among people it has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from persona_kit.hashing import stable_seed
from personas.explaining.accuracy import FEWEST_REPEATS, Fold, Tested, balanced
from personas.explaining.columns import FeatureColumn, Values
from personas.explaining.model_input import ModelInput
from personas.explaining.records import Importance
from personas.explaining.table_columns import aloud, quoted
from personas.records import Interval

MOST = 15
Z_95 = 1.959963984540054
ALPHA = 0.05
"""The chance that any thing without importance is shown at all, over all things looked at."""

BLOCK_PHRASES: dict[str, tuple[str, str]] = {
    "themes": ("what they wrote about", "所写的主题"),
    "words": ("the words they used", "用词"),
    "table": ("the customer table", "客户表"),
    "behaviour": ("what they did", "行为"),
    "feelings": ("how they feel", "情感"),
}


def column_importance(
    data: ModelInput, labels: NDArray[np.int64], tested: Tested, *, seed: int
) -> tuple[Importance, ...]:
    """The things that matter beyond chance, most first; values of one table column are shuffled together."""
    groups: dict[tuple[str, str], list[int]] = {}
    for at, column in enumerate(data.columns):
        groups.setdefault((column.block, column.origin), []).append(at)
    found = []
    for (block, origin), places in groups.items():
        loss = _loss(data.points, labels, tested, places, seed=stable_seed(seed, block, origin))
        value, error = _mean_and_error(loss, labels)
        if value > 0 and value - _quantile(len(groups)) * error > 0:
            phrases = _phrases([data.columns[at] for at in places])
            found.append(_record(origin, block, phrases, value, error))
    return tuple(sorted(found, key=lambda item: (-item.value, item.block, item.column))[:MOST])


def block_importance(
    data: ModelInput, labels: NDArray[np.int64], tested: Tested, *, seed: int
) -> tuple[Importance, ...]:
    """What each block of features adds to the others, most first."""
    found = []
    for block in dict.fromkeys(column.block for column in data.columns):
        places = [at for at, column in enumerate(data.columns) if column.block == block]
        loss = _loss(data.points, labels, tested, places, seed=stable_seed(seed, block))
        value, error = _mean_and_error(loss, labels)
        found.append(_record(block, block, BLOCK_PHRASES[block], value, error))
    return tuple(sorted(found, key=lambda item: -item.value))


def _loss(points: Values, labels: NDArray[np.int64], tested: Tested, places: Sequence[int], *, seed: int) -> Values:
    """``(people,)`` how much less often each person is placed right with these columns shuffled."""
    rng = np.random.default_rng(seed)
    loss = np.zeros(len(labels))
    # One shuffle for each time that somebody is held out: other folds tell more than more shuffles of the same.
    for fold in tested.folds:
        scores = _scores_shuffled(fold, points[fold.held_out], places, rng.permutation(len(fold.held_out)))
        right = fold.model.place(scores) == labels[fold.held_out]
        loss[fold.held_out] += fold.hits.astype(np.float64) - right
    return loss / FEWEST_REPEATS


def _scores_shuffled(fold: Fold, there: Values, places: Sequence[int], order: NDArray[np.int64]) -> Values:
    columns = there[:, list(places)]
    if fold.model.weights is None:
        mixed = there.copy()
        mixed[:, list(places)] = columns[order]
        return fold.model.of(mixed)
    return fold.model.of(there) + (columns[order] - columns) @ fold.model.weights[list(places)]


def _mean_and_error(loss: Values, labels: NDArray[np.int64]) -> tuple[float, float]:
    """The loss with every group weighing the same, and its standard error over people."""
    present = np.unique(labels)
    parts = [loss[labels == label] for label in present]
    variance = sum(float(part.var(ddof=1)) / len(part) for part in parts) / len(present) ** 2
    return balanced(loss, labels), sqrt(variance)


def _quantile(tests: int) -> float:
    from scipy.stats import norm

    return float(norm.ppf(1 - ALPHA / tests))


def _phrases(columns: Sequence[FeatureColumn]) -> tuple[str, str]:
    first = columns[0]
    if len(columns) == 1 and not first.source:
        return first.phrase_en, first.phrase_zh
    return aloud(first.origin), quoted(aloud(first.origin))


def _record(column: str, block: str, phrases: tuple[str, str], value: float, error: float) -> Importance:
    return Importance(
        column=column,
        block=block,
        phrase_en=phrases[0],
        phrase_zh=phrases[1],
        value=value,
        interval=Interval(low=max(-1.0, value - Z_95 * error), high=min(1.0, value + Z_95 * error)),
    )

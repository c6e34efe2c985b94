"""The feature table as models take it: known columns, evened out, nothing missing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from personas.explaining.columns import Cells, FeatureColumn, FeatureTable, Values

LEAST_KNOWN = 10
"""A column known of fewer people says nothing."""

SKEWED = 2.0
"""Numbers whose skewness lies above this, and none below 0, are taken by their logarithm."""


@dataclass(frozen=True)
class ModelInput:
    """What models are fitted on."""

    columns: tuple[FeatureColumn, ...]
    points: Values
    """``(people, columns)`` mean 0, standard deviation 1; 0 where not known."""

    def block(self, name: str) -> ModelInput:
        """The columns of one block."""
        chosen = [at for at, column in enumerate(self.columns) if column.block == name]
        return ModelInput(tuple(self.columns[at] for at in chosen), self.points[:, chosen])


def telling_columns(features: FeatureTable) -> NDArray[np.int64]:
    """The columns with at least two values, known of enough people: as indices, ascending."""
    known = np.isfinite(features.values)
    lowest = np.where(known, features.values, np.inf).min(axis=0, initial=np.inf)
    highest = np.where(known, features.values, -np.inf).max(axis=0, initial=-np.inf)
    return np.flatnonzero((known.sum(axis=0) >= min(LEAST_KNOWN, len(known))) & (highest > lowest))


def model_input(features: FeatureTable) -> ModelInput:
    """The telling columns as points; labels play no part, so shuffling these stays a fair test."""
    chosen = telling_columns(features)
    points = [_standardised(features.values[:, at], features.columns[at]) for at in chosen]
    matrix = np.column_stack(points) if points else np.zeros((len(features.values), 0))
    return ModelInput(tuple(features.columns[at] for at in chosen), matrix)


def _standardised(cells: Cells, column: FeatureColumn) -> Cells:
    known = np.isfinite(cells)
    values = cells[known]
    if column.kind == "number" and values.min() >= 0 and _skewness(values) > SKEWED:
        values = np.log1p(values)
    spread = float(values.std())
    points = np.zeros(len(cells))
    points[known] = (values - values.mean()) / (spread if spread > 1e-12 else 1.0)
    return points


def _skewness(values: Cells) -> float:
    spread = float(values.std())
    return float((((values - values.mean()) / spread) ** 3).mean()) if spread > 0 else 0.0

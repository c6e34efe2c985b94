"""Conditions on people: "wrote about refunds", "ordered less than twice"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from personas.explaining.columns import Cells, FeatureColumn, FeatureTable, Scale
from personas.explaining.records import Comparison, Condition
from personas.explaining.wording import word_number

FEW_VALUES = 6
"""A number with at most so many different values is cut between any two of them, one with more at its fifths."""

FIFTHS = (0.2, 0.4, 0.6, 0.8)
THIRDS = (1 / 3, 2 / 3)

Members = NDArray[np.bool_]
"""``(people,)`` or ``(people, conditions)`` who meets it."""


@dataclass(frozen=True, kw_only=True)
class Atom:
    """A condition on one column."""

    column: int
    comparison: Comparison
    threshold: float = 0.0
    """As people read it; nothing for yes and no."""

    @property
    def negative(self) -> bool:
        """Whether it tells what people did not do."""
        return self.comparison == "is not"


def shown_values(features: FeatureTable, at: int) -> Cells:
    """The values of a column as people read them."""
    values = features.values[:, at]
    return np.expm1(values) if features.columns[at].logarithm else values


def meets(features: FeatureTable, atom: Atom) -> Members:
    """``(people,)`` who meets the condition; who is not known to does not."""
    values = shown_values(features, atom.column)
    if atom.comparison == "is":
        return np.asarray(values > 0.5)
    if atom.comparison == "is not":
        return np.asarray(values <= 0.5)
    # Logarithms and their undoing differ in the last digits.
    edge = atom.threshold - 1e-9 * max(1.0, abs(atom.threshold))
    return np.asarray(values < edge if atom.comparison == "below" else values >= edge)


def meets_all(features: FeatureTable, atoms: Sequence[Atom]) -> Members:
    """``(people,)`` who meets every one of the conditions."""
    return np.asarray(np.all([meets(features, atom) for atom in atoms], axis=0))


def find_atoms(
    features: FeatureTable, *, cuts: Sequence[float] = FIFTHS, few: int = FEW_VALUES, negations: bool = True
) -> list[Atom]:
    """Every condition worth trying on each column, in the order of the columns.

    Args:
        features: the people whose values set the cuts of numbers.
        cuts: quantiles at which numbers of many values are cut.
        few: numbers with at most so many different values are cut between all of them.
        negations: whether what people did not do counts as a condition.
    """
    atoms: list[Atom] = []
    for at, column in enumerate(features.columns):
        if column.kind == "yes/no":
            atoms.append(Atom(column=at, comparison="is"))
            atoms.extend([Atom(column=at, comparison="is not")] if negations else [])
            continue
        for threshold in _thresholds(shown_values(features, at), column.scale, cuts, few):
            atoms.append(Atom(column=at, comparison="below", threshold=threshold))
            atoms.append(Atom(column=at, comparison="at least", threshold=threshold))
    return atoms


def _thresholds(values: Cells, scale: Scale, cuts: Sequence[float], few: int) -> list[float]:
    known = values[np.isfinite(values)]
    different = np.unique(np.round(known, 9))
    if len(different) < 2:
        return []
    if len(different) <= few:
        return [float(value) for value in different[1:]]
    whole = scale in ("times", "date") or bool(np.all(different == np.round(different)))
    edges = {_readable(float(value), whole=whole, exact=scale == "date") for value in np.quantile(known, cuts)}
    return sorted(edge for edge in edges if different[0] < edge <= different[-1])


def _readable(value: float, *, whole: bool, exact: bool) -> float:
    """Rounded to two digits, or to a whole number where the column holds only these."""
    if exact or value == 0:
        return float(np.ceil(value))
    digits = 1 - int(np.floor(np.log10(abs(value))))
    return float(np.ceil(round(value, digits))) if whole else float(round(value, digits))


def condition_record(column: FeatureColumn, atom: Atom) -> Condition:
    """The condition as it is stored and read."""
    if column.kind == "yes/no":
        text_en = column.phrase_en if atom.comparison == "is" else column.negated_en or f"not: {column.phrase_en}"
        text_zh = column.phrase_zh if atom.comparison == "is" else column.negated_zh or f"并非：{column.phrase_zh}"
        return Condition(column=column.name, comparison=atom.comparison, text_en=text_en, text_zh=text_zh)
    text_en, text_zh = word_number(column, below=atom.comparison == "below", threshold=atom.threshold)
    return Condition(
        column=column.name,
        comparison=atom.comparison,
        threshold=atom.threshold,
        text_en=text_en,
        text_zh=text_zh,
    )

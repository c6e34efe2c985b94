"""Made-up people of whom it is known what goes with what."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from personas.explaining import FeatureColumn, FeatureTable

Column = tuple[FeatureColumn, NDArray[np.float64]]


def theme(name: str, voiced: NDArray[np.bool_]) -> Column:
    """A theme that these people wrote about."""
    return _yes_no(name, "themes", f"wrote about {name}", f"did not write about {name}", voiced)


def attribute(name: str, value: str, held: NDArray[np.bool_], known: NDArray[np.bool_] | None = None) -> Column:
    """A value of a column of the customer table, known of all people unless said."""
    column, values = _yes_no(f"{name}={value}", "table", f"{name} is {value}", f"{name} is not {value}", held)
    if known is not None:
        values = np.where(known, values, np.nan)
    return column.__class__(**{**vars(column), "source": name}), values


def _yes_no(name: str, block: str, yes: str, no: str, held: NDArray[np.bool_]) -> Column:
    column = FeatureColumn(
        name=name,
        block=block,  # type: ignore[arg-type]  # a literal handed through
        kind="yes/no",
        phrase_en=yes,
        phrase_zh=f"[{yes}]",
        negated_en=no,
        negated_zh=f"[{no}]",
    )
    return column, held.astype(np.float64)


def orders(counts: NDArray[np.int64] | NDArray[np.float64]) -> Column:
    """How often people ordered."""
    column = FeatureColumn(
        name="orders", block="behaviour", kind="number", phrase_en="ordered", phrase_zh="下单", scale="times"
    )
    return column, np.asarray(counts, dtype=np.float64)


def number(name: str, values: NDArray[np.float64]) -> Column:
    """A column of numbers of the customer table."""
    column = FeatureColumn(name=name, block="table", kind="number", phrase_en=name, phrase_zh=name, source=name)
    return column, values


def table_of(*columns: Column, written: NDArray[np.int64] | None = None) -> FeatureTable:
    """The columns side by side."""
    return FeatureTable(
        columns=tuple(column for column, _ in columns),
        values=np.column_stack([values for _, values in columns]),
        written=written,
    )


def noise(rng: np.random.Generator, people: int, *, themes: int = 6, others: int = 4) -> list[Column]:
    """Columns that have nothing to do with anything."""
    voiced = [theme(f"noise{at}", rng.random(people) < 0.3) for at in range(themes)]
    return [*voiced, *(number(f"number{at}", rng.standard_normal(people)) for at in range(others))]


def refund_population(seed: int, *, people: int = 900) -> tuple[FeatureTable, NDArray[np.int64], Mapping[str, float]]:
    """Three segments; of those who wrote about refunds and ordered less than twice, 83 of 100 are in the third.

    Everybody else is in one of the three as it happens, the first having twice as many people as the others.
    """
    rng = np.random.default_rng(seed)
    refunds, counts = rng.random(people) < 0.4, rng.poisson(1.7, people)
    labels = rng.choice(3, people, p=[0.5, 0.25, 0.25])
    planted = refunds & (counts < 2)
    labels[planted] = np.where(rng.random(int(planted.sum())) < 0.83, 2, rng.choice(2, int(planted.sum())))
    columns = [theme("refunds", refunds), orders(counts), *noise(rng, people)]
    features = table_of(*columns, written=rng.integers(10, 200, people))
    return features, labels, {"precision": float((labels[planted] == 2).mean()), "people": float(planted.sum())}


SEGMENTS = ("s1", "s2", "s3")

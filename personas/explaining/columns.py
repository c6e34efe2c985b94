"""A table of what is known of people, whose columns can be read aloud."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from personas.explaining.records import Block, Remark

Scale = Literal["plain", "times", "amount", "medians", "share", "days", "date"]
"""How a number reads: `age below 30`, `ordered less than twice`, `spent less than 30 EUR`, `spent less than 1.3 times
what the median customer of their currency did`, `30 %`, `fewer than 30 days since the last order`, a day."""

Values = NDArray[np.float64]
"""``(people, columns)``; NaN is not known."""

Cells = NDArray[np.float64]
"""``(people,)``; NaN is not known."""


@dataclass(frozen=True, kw_only=True)
class FeatureColumn:
    """One thing that is known of people, and how it reads."""

    name: str
    block: Block
    kind: Literal["number", "yes/no"]
    phrase_en: str
    """What is true of a person with a yes ("wrote about refunds", "plan is gold"); for numbers what is counted."""
    phrase_zh: str
    negated_en: str = ""
    """What is true of a person with a no."""
    negated_zh: str = ""
    source: str = ""
    """What it comes from: the values of one column of the table share it; the name where empty."""
    scale: Scale = "plain"
    """How a number reads."""
    unit: str = ""
    """Of an amount: its currency."""
    logarithm: bool = False
    """Whether the values are the logarithm of one plus what people read."""

    @property
    def origin(self) -> str:
        """What the column comes from, within its block."""
        return self.source or self.name


@dataclass(frozen=True, kw_only=True)
class FeatureTable:
    """What is known of people; a row each."""

    columns: tuple[FeatureColumn, ...]
    values: Values
    """``(people, columns)``; 1 and 0 for yes and no; NaN is not known."""
    written: NDArray[np.int64] | None = None
    """``(people,)`` words each person wrote, for comparing people who wrote about as much; None where nobody did."""
    notes: tuple[Remark, ...] = ()

    def __post_init__(self) -> None:
        assert self.values.ndim == 2
        assert self.values.shape[1] == len(self.columns)
        assert self.written is None or len(self.written) == len(self.values)

    def keep(self, chosen: Sequence[int] | NDArray[np.int64]) -> FeatureTable:
        """The same people, with these columns only."""
        columns = tuple(self.columns[at] for at in chosen)
        return FeatureTable(
            columns=columns, values=self.values[:, list(chosen)], written=self.written, notes=self.notes
        )

"""Rules such as "who has A has B more often than others": every pair counted, tested and corrected.

They are association rules with one thing on each side, counted as mlxtend would, but as two matrix products, so that
the extra `rules` is not needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from personas.counting import wilson_interval
from personas.explaining.intervals import holm
from personas.records import Interval

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

LEAST_TOGETHER = 5
"""People who have both sides."""

LEAST_LIFT = 1.2
"""As of `personas.explaining.associations`: below, knowing the one side hardly helps."""

ALPHA = 0.05

Numbers = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class PairRule:
    """Of people with the one thing, more have the other."""

    given: int
    item: int
    people: int
    """With both."""
    known: int
    """With the one given."""
    share: float
    share_elsewhere: float
    """Of those without it."""
    interval: Interval
    """95 % Wilson interval of the share."""
    lift: float | None
    """Share over the share elsewhere; None where nobody elsewhere has it."""
    p_value: float
    """One-sided, Fisher's exact test, corrected by Holm over all pairs tested."""


def find_pair_rules(given: csr_matrix, items: csr_matrix, *, same: bool) -> list[PairRule]:
    """The rules that hold after correcting for all that were looked at; by what is given, the surest first.

    Args:
        given: ``(people, things)`` 1 where it is true of somebody.
        items: ``(people, items)`` the same for what may follow.
        same: whether both are the same things, which do not follow from themselves.

    Source:
        Lift and confidence as in Agrawal, Imielinski, Swami: Mining association rules, SIGMOD (1993), with those who
        lack the one side for "elsewhere"; Holm: A simple sequentially rejective multiple test procedure (1979).
    """
    from scipy.stats import hypergeom

    total = given.shape[0]
    both = np.asarray((given.T @ items).todense(), dtype=np.float64)
    here = np.asarray(given.sum(axis=0), dtype=np.float64).reshape(-1, 1)
    having = np.asarray(items.sum(axis=0), dtype=np.float64).reshape(1, -1)
    elsewhere = np.divide(having - both, total - here, out=np.zeros_like(both), where=total > here)
    share = np.divide(both, here, out=np.zeros_like(both), where=here > 0)
    tested = (here > 0) & (here < total) & (having > 0)
    if same:
        tested &= ~np.eye(len(here), dtype=bool)
    rows, columns = np.nonzero(tested & (both >= LEAST_TOGETHER) & (share >= LEAST_LIFT * elsewhere))
    if not len(rows):
        return []
    p_values = hypergeom.sf(both[rows, columns] - 1, total, having[0, columns], here[rows, 0])
    corrected = holm(np.asarray(p_values, dtype=np.float64), tests=int(tested.sum()))
    found = [
        _rule(int(row), int(column), both, here, share, elsewhere, float(p_value))
        for row, column, p_value in zip(rows, columns, corrected, strict=True)
        if p_value < ALPHA
    ]
    return sorted(found, key=lambda rule: (rule.given, -rule.interval.low, rule.item))


def _rule(
    row: int, column: int, both: Numbers, here: Numbers, share: Numbers, elsewhere: Numbers, p_value: float
) -> PairRule:
    people, known = int(both[row, column]), int(here[row, 0])
    other = float(elsewhere[row, column])
    return PairRule(
        given=row,
        item=column,
        people=people,
        known=known,
        share=float(share[row, column]),
        share_elsewhere=other,
        interval=wilson_interval(people, known),
        lift=float(share[row, column]) / other if other else None,
        p_value=p_value,
    )

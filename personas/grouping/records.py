"""What a grouping of points is, and what is told of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from persona_kit.records import Record

Points = NDArray[np.float32]
"""``(n, d)`` points, one a row."""

Labels = NDArray[np.int64]
"""``(n,)`` groups from 0 by falling size; -1 is left out by density."""

Memberships = NDArray[np.float64]
"""``(n, groups)`` how strongly each point belongs to each group; rows sum to 1."""

Parameter = str | int | float | None


class Criteria(Record):
    """How far groups stand apart; None where undefined: fewer than two groups, or a group for every point."""

    silhouette: float | None
    """-1..1, higher is better; by cosine, on a sample."""
    calinski_harabasz: float | None
    """Above 0, higher is better; spread between groups over spread within."""
    davies_bouldin: float | None
    """Above 0, lower is better; the closest pair of groups, on average."""


class CountTrial(Record):
    """What the criteria say of one number of groups."""

    count: int
    criteria: Criteria
    prediction_strength: float
    """0..1: of the pairs in the weakest group of one half, how many the other half also puts together."""
    gap: float
    """How much tighter than the same grouping of one homogeneous crowd, in logarithms."""
    gap_error: float


class CountChoice(Record):
    """The number of groups chosen, and why."""

    count: int
    reason: str
    trials: tuple[CountTrial, ...]


class Merge(Record):
    """One join of the tree of groups.

    Groups have the numbers of their labels; what the join number m (from 0) makes has the number ``groups + m``.
    """

    left: int
    right: int
    distance: float
    """Ward's distance over the square root of the number of all points: sets of different size compare."""
    people: int
    """Points under the join."""


class HalvesAgreement(Record):
    """Whether the two halves of what each person wrote place the person in the same group."""

    agreement: float
    """Cohen's kappa: 1 is always the same group, 0 is chance."""
    chance: tuple[float, float]
    """The middle 95 % of the kappas when the second halves are shuffled over the people."""
    people: int

    @property
    def beats_chance(self) -> bool:
        """Whether the groups tell something of people that returns in what else they wrote."""
        return self.agreement > self.chance[1]


@dataclass(frozen=True, kw_only=True)
class PointGroups:
    """Points in groups."""

    labels: Labels
    memberships: Memberships
    """Also for points left out: where they would belong at the most."""
    count: int
    parameters: dict[str, Parameter]
    """What the algorithm was run with."""
    choice: CountChoice | None = None
    """Where the criteria chose the number of groups."""


@dataclass(frozen=True, kw_only=True)
class Topics:
    """Topics of texts."""

    weights: NDArray[np.float64]
    """``(n, topics)`` shares of the topics in each text, rows sum to 1; zeros for a text without a known word."""
    terms: tuple[tuple[str, ...], ...]
    """The words of each topic, best first."""

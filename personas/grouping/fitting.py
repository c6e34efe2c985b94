"""What an algorithm hands back, and what several of them share: fewer directions, and a sample in place of all."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from personas.grouping.records import Labels, Memberships, Parameter, Points


@dataclass(frozen=True, kw_only=True)
class Fit:
    """Groups as the algorithm numbers them."""

    labels: Labels
    """-1 is left out."""
    soft: Memberships | None = None
    """A column for each number of a group, where the algorithm has soft memberships."""
    parameters: dict[str, Parameter] = field(default_factory=dict)


def main_directions(points: Points, width: int) -> Points:
    """The points along their directions of largest spread, at most `width` of them (principal components)."""
    from sklearn.decomposition import PCA

    if not np.ptp(points, axis=0).any():
        return np.zeros((len(points), 1), dtype=np.float32)
    width = max(1, min(width, points.shape[1], len(points) - 1))
    tall = len(points) > points.shape[1]
    solver = PCA(width, svd_solver="covariance_eigh" if tall else "full")
    main: Points = solver.fit_transform(points.astype(np.float64)).astype(np.float32)
    return main


def sample_rows(count: int, most: int, *, seed: int) -> NDArray[np.int64]:
    """At most `most` of `count` rows, ascending."""
    if count <= most:
        return np.arange(count, dtype=np.int64)
    return np.sort(np.random.default_rng(seed).permutation(count)[:most]).astype(np.int64)


def nearest_known(points: Points, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """``(n,)`` which of the known `rows` each point is, or is nearest to, as an index into `rows`."""
    if len(rows) == len(points):
        return np.arange(len(points), dtype=np.int64)
    from sklearn.neighbors import NearestNeighbors

    index = NearestNeighbors(n_neighbors=1).fit(points[rows])
    nearest = np.empty(len(points), dtype=np.int64)
    for start in range(0, len(points), 50_000):
        block = points[start : start + 50_000]
        nearest[start : start + 50_000] = index.kneighbors(block, return_distance=False)[:, 0]
    nearest[rows] = np.arange(len(rows))
    return nearest

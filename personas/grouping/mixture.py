"""Groups as overlapping bells: a Gaussian mixture in few directions, its number and shape by BIC."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from personas.grouping.counts import COUNTS
from personas.grouping.fitting import Fit, main_directions, sample_rows
from personas.grouping.records import Points

if TYPE_CHECKING:
    from sklearn.mixture import GaussianMixture

DIMENSIONS = 20
"""Main directions: a bell in 256 of them would have 33,000 numbers to learn."""

LARGEST = 20_000
"""Points that a mixture is learnt from; the others are placed in it."""

SHAPES = ("diag", "tied", "full")
"""Bells along the directions, all of one shape, or each of its own."""

LEAST_PER_NUMBER = 1.0
"""Points for each number that a mixture learns; a shape with more numbers is not tried."""


def gaussian_mixture(points: Points, count: int | None, seed: int) -> Fit:
    """A Gaussian mixture (scikit-learn) with the least BIC over shapes and, where not given, the numbers 1 to 12.

    Source:
        Fraley, Raftery: Model-based clustering, discriminant analysis, and density estimation, JASA 97 (2002).
    """
    main = main_directions(points, DIMENSIONS).astype(np.float64)
    rows = sample_rows(len(main), LARGEST, seed=seed)
    few = main[rows]
    counts = (1, *COUNTS) if count is None else (count,)
    counts = tuple(number for number in counts if number <= max(1, len(few) // 2)) or (1,)
    models = [_fit(few, number, shape, seed=seed) for number in counts for shape in _shapes(few, number)]
    scores = [float(model.bic(few)) for model in models]
    best = models[int(np.argmin(scores))]
    soft = np.asarray(best.predict_proba(main), dtype=np.float64)
    parameters = {
        "components": int(best.n_components),
        "covariance": str(best.covariance_type),
        "bic": round(min(scores), 3),
        "dimensions": main.shape[1],
        "fitted_on": len(few),
    }
    return Fit(labels=soft.argmax(axis=1).astype(np.int64), soft=soft, parameters=parameters)


def _shapes(points: NDArray[np.float64], count: int) -> tuple[str, ...]:
    """The shapes for whose numbers there are points enough; bells along the directions always."""
    width = points.shape[1]
    numbers = {"diag": 2 * width * count, "tied": width * (count + width / 2), "full": width * (1 + width / 2) * count}
    fitting = tuple(shape for shape in SHAPES if numbers[shape] * LEAST_PER_NUMBER <= points.size)
    return fitting or SHAPES[:1]


def _fit(points: NDArray[np.float64], count: int, shape: str, *, seed: int) -> GaussianMixture:
    from sklearn.mixture import GaussianMixture

    # A little spread is added to each bell, by that of the points: one that stands on a single point has no end.
    floor = 1e-3 * float(points.var(axis=0).mean()) + 1e-12
    model = GaussianMixture(count, covariance_type=shape, reg_covar=floor, n_init=2, random_state=seed % 2**31)
    return model.fit(points)

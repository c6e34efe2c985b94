"""Rows of unit length."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def unit_rows(matrix: NDArray[Any]) -> NDArray[np.float32]:
    """The rows scaled to unit length, float32; rows of zeros, and rows that are not finite, become zeros."""
    # einsum sums every row the same way whatever the number of rows; norm(axis=1) may not.
    wide = np.asarray(matrix, dtype=np.float64)
    wide = np.where(np.isfinite(wide).all(axis=1, keepdims=True), wide, 0.0)
    lengths = np.sqrt(np.einsum("ij,ij->i", wide, wide))
    lengths[lengths == 0.0] = 1.0
    return np.ascontiguousarray(wide / lengths[:, None], dtype=np.float32)

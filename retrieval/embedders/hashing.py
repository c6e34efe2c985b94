"""A small deterministic embedder without a model: words hashed into signed buckets. For tests and dry runs."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from retrieval.embedders.rows import unit_rows

_TOKEN: Final = re.compile(r"[^\W_]+")


class HashEmbedder:
    """Texts that share words lie close, on every machine alike; it knows nothing of meaning.

    Args:
        dimension: numbers per vector.
    """

    name: Final = "hash"

    def __init__(self, dimension: int = 64) -> None:
        if dimension < 1:
            raise ValueError(f"dimension must be positive, got {dimension}")
        self.dimension = dimension

    @cached_property
    def fingerprint(self) -> str:
        """Of the scheme and its dimension."""
        return f"hash-1-{self.dimension}"

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of the texts, (n, dimension) float32 of unit length; zeros for a text without words."""
        matrix = np.zeros((len(texts), self.dimension), dtype=np.float64)
        for row, text in enumerate(texts):
            for token in _TOKEN.findall(text.lower()):
                digest = int.from_bytes(hashlib.blake2b(token.encode("utf-8", "replace"), digest_size=8).digest())
                matrix[row, (digest >> 1) % self.dimension] += 1.0 if digest & 1 else -1.0
        return unit_rows(matrix)

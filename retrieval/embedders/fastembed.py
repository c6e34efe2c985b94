"""Embeddings from ONNX models through fastembed (an extra)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from persona_kit.errors import EnvironmentProblem
from persona_kit.hashing import sha256_json
from retrieval.embedders import missing_extra
from retrieval.embedders.rows import unit_rows
from retrieval.encodable import encodable


class FastEmbedder:
    """A model of fastembed's list; fastembed downloads it on first use and keeps it in its own cache.

    Args:
        model: its name, such as `BAAI/bge-small-en-v1.5`.

    Raises:
        EnvironmentProblem: when fastembed is not installed, or the model cannot be loaded.
    """

    def __init__(self, model: str) -> None:
        self.name = f"fastembed:{model}"
        self._model_name = model
        self._model = _load(self.name, model)

    @cached_property
    def fingerprint(self) -> str:
        """Of the model's name and fastembed's version, which pins the model's files."""
        return f"fastembed-{sha256_json([self._model_name, version('fastembed')])[:32]}"

    @cached_property
    def dimension(self) -> int:
        """Numbers per vector."""
        return int(next(iter(self._model.embed(["dimension"]))).shape[0])

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of the texts, (n, dimension) float32 of unit length; zeros for a text of spaces only."""
        rows = np.zeros((len(texts), self.dimension), dtype=np.float64)
        filled = [row for row, text in enumerate(texts) if text.strip()]
        for row, vector in zip(filled, self._model.embed([encodable(texts[row]) for row in filled]), strict=True):
            rows[row] = vector
        return unit_rows(rows)


def _load(name: str, model: str) -> Any:
    try:
        from fastembed import TextEmbedding
    except ImportError as error:
        raise missing_extra(name, "fastembed") from error
    try:
        return TextEmbedding(model_name=model)
    except (ValueError, OSError) as error:
        raise EnvironmentProblem(
            f"fastembed cannot load the model: {error}",
            where=name,
            mend="choose a model of fastembed's list; the first use of one downloads it",
        ) from error

"""Embeddings from sentence-transformers models (an extra; brings PyTorch)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from persona_kit.errors import EnvironmentProblem
from persona_kit.hashing import sha256_file, sha256_json
from retrieval.embedders import missing_extra
from retrieval.embedders.rows import unit_rows
from retrieval.encodable import encodable


class SentenceTransformersEmbedder:
    """A model by its name or its folder; a name is downloaded on first use, by the library, into its own cache.

    Args:
        model: such as `paraphrase-multilingual-MiniLM-L12-v2`, or a folder.

    Raises:
        EnvironmentProblem: when sentence-transformers is not installed, or the model cannot be loaded.
    """

    def __init__(self, model: str) -> None:
        self.name = f"sentence-transformers:{model}"
        self._model_name = model
        self._model = _load(self.name, model)

    @cached_property
    def fingerprint(self) -> str:
        """Of the model's files where it is a folder, else of its name; and of the library's version."""
        folder = Path(self._model_name).expanduser()
        files = sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []
        content: list[str] = [f"{path.relative_to(folder)}:{sha256_file(path)}" for path in files]
        return f"st-{sha256_json([self._model_name, version('sentence-transformers'), content])[:32]}"

    @cached_property
    def dimension(self) -> int:
        """Numbers per vector."""
        return int(self._model.encode(["dimension"], show_progress_bar=False).shape[1])

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of the texts, (n, dimension) float32 of unit length; zeros for a text of spaces only."""
        rows = np.zeros((len(texts), self.dimension), dtype=np.float64)
        filled = [row for row, text in enumerate(texts) if text.strip()]
        if filled:
            rows[filled] = self._model.encode([encodable(texts[row]) for row in filled], show_progress_bar=False)
        return unit_rows(rows)


def _load(name: str, model: str) -> Any:
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise missing_extra(name, "sentence-transformers") from error
    try:
        return SentenceTransformer(model)
    except (ValueError, OSError) as error:
        raise EnvironmentProblem(
            f"sentence-transformers cannot load the model: {error}",
            where=name,
            mend="give the folder of a model, or a name that it can download",
        ) from error

"""Embeddings from a local GGUF model through llama-cpp-python, in this process."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from persona_kit.errors import EnvironmentProblem, ModelError
from persona_kit.hashing import sha256_file
from retrieval.embedders import missing_extra
from retrieval.embedders.rows import unit_rows
from retrieval.encodable import encodable

_CONTEXT: Final = 512
"""Tokens of a passage that are read: the longest of 320 characters has some 200."""


class LlamaCppEmbedder:
    """One passage at a time: packed together, a text's vector would depend on its neighbours in the last digits.

    Args:
        path: the GGUF file; an embedding model with its own pooling, or any other, whose token vectors are averaged.

    Raises:
        EnvironmentProblem: when llama-cpp-python is not installed, or the file is not a model it can read.
    """

    def __init__(self, path: str) -> None:
        self.name = f"llama-cpp:{path}"
        self._path = Path(path).expanduser()
        self._model = _load(self.name, self._path)
        # One context, one cache: concurrent calls would corrupt it.
        self._lock = threading.Lock()

    @cached_property
    def fingerprint(self) -> str:
        """Of the model file and the engine's version."""
        engine = version("llama-cpp-python").replace(".", "-").replace("+", "-")
        return f"llama-cpp-{engine}-{sha256_file(self._path)[:32]}"

    @cached_property
    def dimension(self) -> int:
        """Numbers per vector."""
        return int(self._model.n_embd())

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of the texts, (n, dimension) float32 of unit length; zeros for a text of spaces only.

        Raises:
            ModelError: when the engine fails on a text.
        """
        rows = np.zeros((len(texts), self.dimension), dtype=np.float64)
        for row, text in enumerate(texts):
            if text.strip():
                rows[row] = self._one(encodable(text))
        return unit_rows(rows)

    def close(self) -> None:
        """Frees the model."""
        with self._lock:
            self._model.close()

    def _one(self, text: str) -> NDArray[np.float64]:
        try:
            with self._lock:
                vector = np.asarray(self._model.embed(text, truncate=True), dtype=np.float64)
        except (RuntimeError, ValueError) as error:
            raise ModelError(
                f"the embedding model failed: {error}", where=self.name, mend="choose another GGUF file"
            ) from error
        # A model without pooling of its own gives a vector for each token.
        return vector.mean(axis=0) if vector.ndim == 2 else vector


def _load(name: str, path: Path) -> Any:
    try:
        from llama_cpp import Llama
    except ImportError as error:
        raise missing_extra(name, "local") from error
    if not path.is_file():
        raise EnvironmentProblem(
            "there is no such model file", where=name, mend="give the path of a GGUF file after llama-cpp:"
        )
    try:
        return Llama(
            model_path=str(path), embedding=True, n_ctx=_CONTEXT, n_batch=_CONTEXT, n_ubatch=_CONTEXT, verbose=False
        )
    except (ValueError, RuntimeError, OSError) as error:
        raise EnvironmentProblem(
            f"llama.cpp cannot read the model: {error}", where=name, mend="check that it is a whole GGUF file"
        ) from error

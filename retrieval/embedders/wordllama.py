"""Static token embeddings that come inside the wordllama package: no download, thousands of texts a second."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from persona_kit.errors import EnvironmentProblem
from persona_kit.hashing import sha256_file
from persona_kit.quiet_imports import root_logger_untouched
from retrieval.embedders.rows import unit_rows
from retrieval.encodable import encodable

_BATCH: Final = 512
"""Texts embedded at a time: about 15,000 tokens, 15 MB of token vectors."""


class WordLlamaEmbedder:
    """Mean of the token vectors of wordllama's bundled `l2_supercat` model, 256 numbers.

    Good for Latin-script languages, English above all; it barely tells Chinese texts apart.

    Raises:
        EnvironmentProblem: when the package or its bundled weights are not there.
    """

    name: Final = "wordllama"
    dimension: Final = 256

    def __init__(self) -> None:
        self._folder = _package_folder()
        self._model = _load(self._folder)

    @cached_property
    def fingerprint(self) -> str:
        """Of the weights, the tokenizer and this pooling."""
        files = sorted([*self._folder.glob("weights/*.safetensors"), *self._folder.glob("tokenizers/*.json")])
        digest = "".join(sha256_file(file)[:8] for file in files)
        return f"wordllama-2-{version('tokenizers').replace('.', '-')}-{digest}"

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of the texts, (n, 256) float32 of unit length; zeros for an empty text."""
        sums = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for start in range(0, len(texts), _BATCH):
            # A line break is a token of its own, and a vector like any other: chats in lines would be alike by that.
            batch = [encodable(" ".join(text.split())) for text in texts[start : start + _BATCH]]
            self._add_tokens(batch, sums[start : start + len(batch)])
        return unit_rows(sums)

    def _add_tokens(self, batch: list[str], sums: NDArray[np.float32]) -> None:
        """Adds up each text's token vectors; without padding, so a long neighbour costs a short text nothing."""
        encoded = self._model.tokenizer.encode_batch(batch, add_special_tokens=False)
        for row, tokens in enumerate(encoded):
            ids = np.asarray(tokens.ids, dtype=np.int64)
            if ids.size:
                np.minimum(ids, len(self._model.embedding) - 1, out=ids)
                sums[row] = self._model.embedding[ids].sum(axis=0)


def _package_folder() -> Path:
    found = importlib.util.find_spec("wordllama")
    if found is None or found.origin is None:
        raise EnvironmentProblem(
            "the package wordllama is not installed",
            where="--embedder wordllama",
            mend="install it with: pip install wordllama, or choose --embedder lsa",
        )
    return Path(found.origin).parent


def _load(folder: Path) -> Any:
    with root_logger_untouched():
        from wordllama import WordLlama
    try:
        # Without cache_dir it looks for the tokenizer under the home folder, and then in the network.
        model = WordLlama.load(cache_dir=folder, disable_download=True)
    except (OSError, ValueError) as error:
        raise EnvironmentProblem(
            f"wordllama's bundled weights cannot be read: {error}",
            where=str(folder),
            mend="reinstall it with: pip install --force-reinstall wordllama, or choose --embedder lsa",
        ) from error
    model.tokenizer.no_padding()
    return model

"""Texts to vectors: one protocol, and a factory that opens an embedder by its spec."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Protocol

from persona_kit.errors import EnvironmentProblem, UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["EMBEDDER_SPECS", "Embedder", "FitStore", "missing_extra", "open_embedder"]

EMBEDDER_SPECS: Final = (
    "wordllama",
    "lsa",
    "hash",
    "openai:MODEL",
    "llama-cpp:PATH",
    "fastembed:MODEL",
    "sentence-transformers:MODEL",
    "gensim:PATH",
)
"""The specs `open_embedder` knows; `auto` is resolved document by document in `retrieval.corpus`."""


class Embedder(Protocol):
    """Turns texts into vectors."""

    @property
    def name(self) -> str:
        """The spec that opens it."""

    @property
    def fingerprint(self) -> str:
        """Letters, digits and hyphens that change whenever the vectors would."""

    @property
    def dimension(self) -> int:
        """Numbers per vector."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of the texts.

        Shapes: (n, dimension) float32; rows of unit length, or of zeros for a text without anything known. A row
        depends on its own text alone, not on the others of the call or their order.

        Raises:
            ModelError: when an engine behind it fails.
        """


class FitStore(Protocol):
    """Keeps what an embedder learnt from a corpus."""

    def load_fit(self, key: str) -> bytes | None:
        """The stored bytes; None where there are none."""

    def save_fit(self, key: str, content: bytes) -> None:
        """Keeps the bytes under the key."""


def open_embedder(
    spec: str, *, texts: Sequence[str], base_url: str | None = None, fits: FitStore | None = None
) -> Embedder:
    """The embedder that the spec names, ready to embed.

    Args:
        spec: one of `EMBEDDER_SPECS`.
        texts: the corpus, for embedders that are fitted on it.
        base_url: where an OpenAI-compatible server listens; for `openai:MODEL` only.
        fits: where a fitted embedder keeps its state, so that the same corpus is fitted once.

    Raises:
        UsageError: when the spec is not known or lacks its model.
        EnvironmentProblem: when the extra it needs is not installed, or its model file is not there.
    """
    kind, _, model = spec.partition(":")
    if base_url is not None and kind != "openai":
        raise UsageError(
            "a base URL for embeddings goes with an openai:MODEL embedder only",
            where=f"--embedder {spec}",
            mend="name the model with --embedder openai:MODEL",
        )
    if kind in {"wordllama", "lsa", "hash"} and not model:
        return _open_built_in(kind, texts, fits)
    if kind in {"openai", "llama-cpp", "fastembed", "sentence-transformers", "gensim"} and model:
        return _open_optional(kind, model, base_url)
    raise UsageError(
        f"there is no embedder {spec!r}", where="--embedder", mend=f"use one of: auto, {', '.join(EMBEDDER_SPECS)}"
    )


def _open_built_in(kind: str, texts: Sequence[str], fits: FitStore | None) -> Embedder:
    if kind == "wordllama":
        from retrieval.embedders.wordllama import WordLlamaEmbedder

        return WordLlamaEmbedder()
    if kind == "lsa":
        from retrieval.embedders.lsa import LsaEmbedder

        return LsaEmbedder.fit(texts, fits=fits)
    from retrieval.embedders.hashing import HashEmbedder

    return HashEmbedder()


def _open_optional(kind: str, model: str, base_url: str | None) -> Embedder:
    if kind == "openai":
        from retrieval.embedders.openai import OpenAIEmbedder

        return OpenAIEmbedder(model, base_url=base_url)
    if kind == "llama-cpp":
        from retrieval.embedders.llama_cpp import LlamaCppEmbedder

        return LlamaCppEmbedder(model)
    if kind == "fastembed":
        from retrieval.embedders.fastembed import FastEmbedder

        return FastEmbedder(model)
    if kind == "sentence-transformers":
        from retrieval.embedders.sentence_transformers import SentenceTransformersEmbedder

        return SentenceTransformersEmbedder(model)
    from retrieval.embedders.gensim import GensimEmbedder

    return GensimEmbedder(model)


def missing_extra(spec: str, extra: str) -> EnvironmentProblem:
    """The error for an embedder whose extra is not installed."""
    return EnvironmentProblem(
        f"the embedder {spec} needs the extra {extra!r}, which is not installed",
        where=f"--embedder {spec}",
        mend=f"install it with pip install '.[{extra}]' in the checkout, or choose --embedder auto",
    )

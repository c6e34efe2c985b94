"""How familiar what somebody writes is to the run: the mean over the person's passages.

Closeness to a segment says little here, because people who write of something else are about as near to the middle of
everything as anybody. Whether their passages are like those that the run has seen tells much more (docs/assigning.md).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from personas.themes import BLOCK_PASSAGES
from retrieval.embedders.lsa import LsaEmbedder

Floats = NDArray[np.float64]


class MeasuredLsa(LsaEmbedder):
    """An lsa embedder that also tells how much of a text it understands.

    Its vectors do not: they have unit length whatever a text is about.
    """

    def strengths(self, texts: Sequence[str]) -> Floats:
        """``(n,)`` 0..1: the share of a text's n-grams that is known, times its vector's length before scaling."""
        if not texts:
            return np.zeros(0)
        counts = self._vectorizer.transform(texts)
        lengths = np.sqrt(np.square(np.asarray(counts @ self._axes, dtype=np.float64)).sum(axis=1))
        analyse: Callable[[str], list[str]] = self._vectorizer.build_analyzer()
        known = self._vectorizer.vocabulary_
        shares = [_share_known(analyse(text), known) for text in texts]
        measured: Floats = lengths * np.array(shares)
        return measured


def _share_known(ngrams: list[str], known: dict[str, int]) -> float:
    return sum(ngram in known for ngram in ngrams) / len(ngrams) if ngrams else 0.0


def nearest_theme(vectors: NDArray[np.float32], centres: NDArray[np.float32]) -> Floats:
    """``(n,)`` cosine of each passage to the nearest theme, 0..1."""
    if not centres.size:
        return np.zeros(len(vectors))
    nearest = np.empty(len(vectors))
    for start in range(0, len(vectors), BLOCK_PASSAGES):
        block = slice(start, start + BLOCK_PASSAGES)
        nearest[block] = np.clip((vectors[block] @ centres.T).max(axis=1), 0.0, 1.0)
    return nearest

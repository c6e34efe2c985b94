"""Topics of texts by LDA or NMF, and TF-IDF features: description where words must be read, features where not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from personas.grouping.records import Topics
from personas.grouping.word_models import TopicKind, count_words, learn_tf_idf, learn_topics


def fit_topics(texts_words: Sequence[Sequence[str]], *, kind: TopicKind, topics: int, seed: int) -> Topics:
    """Topics of the texts, largest first (`learn_topics`).

    Args:
        texts_words: the content words of each text (`personas.terms.content_words`, English or Chinese).
        kind: `lda` or `nmf`.
        topics: how many; fewer where there are fewer words or texts that could carry them.
        seed: of everything random.

    Raises:
        UsageError: for another kind, or fewer than one topic.
    """
    texts = count_words(texts_words)
    texts = texts.of_words(texts.telling())
    model = learn_topics(texts, kind=kind, topics=topics, seed=seed)
    return Topics(weights=model.shares(texts.counts), terms=model.terms)


def tf_idf_points(texts_words: Sequence[Sequence[str]], *, dimensions: int, seed: int) -> NDArray[np.float32]:
    """``(n, dimensions)`` texts as points by their words (`learn_tf_idf`), rows of unit length.

    Args:
        texts_words: the content words of each text.
        dimensions: how many numbers a point has; fewer where the texts have fewer words.
        seed: of the SVD.

    Returns:
        float32; zeros for a text without a word that another text has.
    """
    texts = count_words(texts_words)
    texts = texts.of_words(texts.telling())
    return learn_tf_idf(texts, dimensions=dimensions, seed=seed).points(texts.counts)

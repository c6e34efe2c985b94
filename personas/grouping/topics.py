"""Topics of texts by LDA or NMF, and TF-IDF features: description where words must be read, features where not."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from persona_kit.errors import UsageError
from personas.grouping.one_thread import one_thread
from personas.grouping.records import Topics

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

TopicKind = Literal["lda", "nmf"]

TERMS = 10
"""Words shown of a topic."""

LEAST_TEXTS = 2
"""Texts a word must stand in: one that stands in a single text groups nothing."""

MOST_SHARE = 0.5
"""A word in more than this share of the texts tells none of them apart."""

RELEVANCE = 0.6
"""Weight of a word's probability in its topic against its lift over the whole (Sievert, Shirley: LDAvis, 2014)."""

ROUNDS = 20
ROUNDS_OF_NMF = 300
STARTS = 5
MANY_TEXTS = 10_000
"""From here on LDA learns from a batch at a time, and from one start."""


def fit_topics(texts_words: Sequence[Sequence[str]], *, kind: TopicKind, topics: int, seed: int) -> Topics:
    """Topics of the texts, largest first, by scikit-learn's LDA (on counts) or NMF (on TF-IDF).

    Args:
        texts_words: the content words of each text (`personas.terms.content_words`, English or Chinese).
        kind: `lda` mixes words into probabilities, for longer texts; `nmf` is sharper on short ones.
        topics: how many; fewer where there are fewer words or texts that could carry them.
        seed: of everything random.

    Raises:
        UsageError: for another kind, or fewer than one topic.

    Source:
        Blei, Ng, Jordan: Latent Dirichlet allocation, JMLR 3 (2003); Lee, Seung, Nature 401 (1999).
    """
    if kind not in {"lda", "nmf"} or topics < 1:
        raise UsageError(
            f"topics of the kind {kind!r}, {topics} of them, cannot be made",
            where=f"kind {kind}, topics {topics}",
            mend="use the kind 'lda' or 'nmf', and at least 1 topic",
        )
    counts, words = _count_words(texts_words)
    if counts.shape[1] == 0:
        return Topics(weights=np.zeros((len(texts_words), 0)), terms=())

    fit = _lda if kind == "lda" else _nmf
    with one_thread(), warnings.catch_warnings():
        # Topics that have not fully settled still describe; scikit-learn would say so in a warning.
        warnings.filterwarnings("ignore", category=UserWarning, module="sklearn")
        weights, components = fit(counts, min(topics, *counts.shape), seed)
    weights[np.asarray(counts.sum(axis=1)).ravel() == 0] = 0.0
    sums = weights.sum(axis=1, keepdims=True)
    weights = np.divide(weights, sums, out=np.zeros_like(weights), where=sums > 0)
    order = np.argsort(-weights.sum(axis=0), kind="stable")
    return Topics(weights=weights[:, order], terms=_terms(components[order], words))


def tf_idf_points(texts_words: Sequence[Sequence[str]], *, dimensions: int, seed: int) -> NDArray[np.float32]:
    """``(n, dimensions)`` texts as points by their words: TF-IDF and a truncated SVD, rows of unit length.

    Args:
        texts_words: the content words of each text.
        dimensions: how many numbers a point has; fewer where the texts have fewer words.
        seed: of the SVD.

    Returns:
        float32; zeros for a text without a word that another text has.

    Source:
        Deerwester et al.: Indexing by latent semantic analysis, JASIS 41 (1990).
    """
    from sklearn.decomposition import TruncatedSVD

    counts, _ = _count_words(texts_words)
    width = min(dimensions, counts.shape[1] - 1, counts.shape[0])
    if width < 1:
        return np.zeros((len(texts_words), max(0, min(1, counts.shape[1]))), dtype=np.float32)
    # Texts that are all the same have no variance; scikit-learn divides by it for a figure that is not used.
    with one_thread(), np.errstate(invalid="ignore", divide="ignore"):
        svd = TruncatedSVD(width, n_iter=7, random_state=seed % 2**31)
        points = np.asarray(svd.fit_transform(_tf_idf(counts)), dtype=np.float32)
    lengths = np.linalg.norm(points, axis=1, keepdims=True)
    unit: NDArray[np.float32] = np.divide(points, lengths, out=np.zeros_like(points), where=lengths > 1e-6)
    return unit


def _count_words(texts_words: Sequence[Sequence[str]]) -> tuple[csr_matrix, NDArray[np.str_]]:
    """``(n, words)`` how often each word stands in each text, and the words in alphabetical order."""
    from scipy.sparse import csr_matrix
    from sklearn.feature_extraction.text import CountVectorizer

    counter = CountVectorizer(analyzer=lambda words: words)
    if not any(len(words) for words in texts_words):
        return csr_matrix((len(texts_words), 0)), np.array([], dtype=np.str_)
    counts = csr_matrix(counter.fit_transform(texts_words))
    words = np.asarray(counter.get_feature_names_out())
    texts = np.bincount(counts.indices, minlength=counts.shape[1])
    kept = (texts >= min(LEAST_TEXTS, len(texts_words))) & (texts <= max(LEAST_TEXTS, MOST_SHARE * len(texts_words)))
    return csr_matrix(counts[:, kept]), words[kept]


def _tf_idf(counts: csr_matrix) -> csr_matrix:
    from sklearn.feature_extraction.text import TfidfTransformer

    return TfidfTransformer(sublinear_tf=True).fit_transform(counts.astype(np.float64))


def _lda(counts: csr_matrix, topics: int, seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The likeliest of several fits: one alone often ends where two subjects share a topic."""
    from sklearn.decomposition import LatentDirichletAllocation

    many = counts.shape[0] >= MANY_TEXTS
    models = [
        LatentDirichletAllocation(
            topics,
            learning_method="online" if many else "batch",
            batch_size=1024,
            max_iter=ROUNDS,
            n_jobs=1,
            random_state=(seed + start) % 2**31,
        ).fit(counts)
        for start in range(1 if many else STARTS)
    ]
    model = max(models, key=lambda one: float(one.score(counts)))
    return np.asarray(model.transform(counts), dtype=np.float64), np.asarray(model.components_, dtype=np.float64)


def _nmf(counts: csr_matrix, topics: int, seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    from sklearn.decomposition import NMF

    model = NMF(topics, init="nndsvda", max_iter=ROUNDS_OF_NMF, tol=1e-3, random_state=seed % 2**31)
    weights = np.asarray(model.fit_transform(_tf_idf(counts)), dtype=np.float64)
    # A topic's size must not hang on the scale of its words.
    return weights * model.components_.sum(axis=1), np.asarray(model.components_, dtype=np.float64)


def _terms(components: NDArray[np.float64], words: NDArray[np.str_]) -> tuple[tuple[str, ...], ...]:
    """The words of each topic by relevance: common in it, and more common than elsewhere."""
    inside = components / np.maximum(components.sum(axis=1, keepdims=True), 1e-12)
    whole = components.sum(axis=0) / max(float(components.sum()), 1e-12)
    with np.errstate(divide="ignore"):
        relevance = np.log(inside) - (1 - RELEVANCE) * np.log(whole)
    terms = []
    for row in range(len(components)):
        # Rounded: words that are level stand in alphabetical order.
        best = np.argsort(-np.round(relevance[row], 9), kind="stable")[:TERMS]
        terms.append(tuple(str(words[at]) for at in best if components[row, at] > 0))
    return tuple(terms)

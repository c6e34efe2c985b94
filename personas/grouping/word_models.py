"""What is learnt once from the words of texts, and told of any texts by the same words: topics, and TF-IDF."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from persona_kit.errors import UsageError
from personas.grouping.one_thread import one_thread

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


@dataclass(frozen=True)
class WordCounts:
    """How often each word stands in each text."""

    counts: csr_matrix
    """``(n, words)``."""
    words: NDArray[np.str_]
    """In alphabetical order."""

    def summed(self, owners: NDArray[np.int64], count: int) -> WordCounts:
        """The counts of the owners of the texts: `owners` has one of `count` for each text, -1 for texts left out."""
        from scipy.sparse import csr_matrix

        rows = np.flatnonzero(owners >= 0)
        ones = np.ones(len(rows), dtype=self.counts.dtype)
        return WordCounts(csr_matrix((ones, (owners[rows], rows)), (count, len(owners))) @ self.counts, self.words)

    def of_words(self, kept: NDArray[np.bool_]) -> WordCounts:
        """The same texts by these words alone."""
        return WordCounts(self.counts[:, np.flatnonzero(kept)], self.words[kept])

    def telling(self) -> NDArray[np.bool_]:
        """``(words,)`` whether a word can group texts: it stands in some of them, and not in most."""
        texts = np.bincount(self.counts.indices, minlength=self.counts.shape[1])
        whole = self.counts.shape[0]
        told: NDArray[np.bool_] = (texts >= min(LEAST_TEXTS, whole)) & (texts <= max(LEAST_TEXTS, MOST_SHARE * whole))
        return told


def count_words(texts_words: Sequence[Sequence[str]]) -> WordCounts:
    """The counts of the content words of each text, all words that there are."""
    from scipy.sparse import csr_matrix
    from sklearn.feature_extraction.text import CountVectorizer

    if not any(len(words) for words in texts_words):
        return WordCounts(csr_matrix((len(texts_words), 0)), np.array([], dtype=np.str_))
    counter = CountVectorizer(analyzer=lambda words: words)
    counts = csr_matrix(counter.fit_transform(texts_words))
    return WordCounts(counts, np.asarray(counter.get_feature_names_out()))


@dataclass(frozen=True)
class TopicModel:
    """Topics that were learnt, largest first."""

    terms: tuple[tuple[str, ...], ...]
    """The words of each topic, best first."""
    _model: Any
    _idf: Any
    """None where the topics are told from counts as they are."""
    _order: NDArray[np.int64]

    def shares(self, counts: csr_matrix) -> NDArray[np.float64]:
        """``(n, topics)`` shares of the topics in texts, rows sum to 1; zeros for a text without a known word."""
        if not len(self._order) or not counts.shape[0]:
            return np.zeros((counts.shape[0], len(self._order)))
        with _quiet():
            weights = _weigh(self._model, self._idf, counts)[:, self._order]
        weights[np.asarray(counts.sum(axis=1)).ravel() == 0] = 0.0
        sums = weights.sum(axis=1, keepdims=True)
        shares: NDArray[np.float64] = np.divide(weights, sums, out=np.zeros_like(weights), where=sums > 0)
        return shares


def learn_topics(texts: WordCounts, *, kind: TopicKind, topics: int, seed: int) -> TopicModel:
    """Topics of the texts, by scikit-learn's LDA (on counts) or NMF (on TF-IDF).

    Args:
        texts: their words.
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
    count = min(topics, *texts.counts.shape)
    if count == 0:
        return TopicModel((), None, None, np.zeros(0, dtype=np.int64))
    with _quiet():
        idf = None if kind == "lda" else _fit_idf(texts.counts)
        model = _lda(texts.counts, count, seed) if idf is None else _nmf(idf.transform(texts.counts), count, seed)
        weights = _weigh(model, idf, texts.counts)
    weights[np.asarray(texts.counts.sum(axis=1)).ravel() == 0] = 0.0
    weights /= np.maximum(weights.sum(axis=1, keepdims=True), 1e-12)
    order = np.argsort(-weights.sum(axis=0), kind="stable")
    components = np.asarray(model.components_, dtype=np.float64)[order]
    return TopicModel(_terms(components, texts.words), model, idf, order)


@dataclass(frozen=True)
class TfIdfModel:
    """Directions of words that were learnt."""

    _idf: Any
    _svd: Any
    dimensions: int

    def points(self, counts: csr_matrix) -> NDArray[np.float32]:
        """``(n, dimensions)`` texts as rows of unit length; zeros for a text without a known word."""
        if self._svd is None or not counts.shape[0]:
            return np.zeros((counts.shape[0], self.dimensions), dtype=np.float32)
        with one_thread():
            points = np.asarray(self._svd.transform(self._idf.transform(counts)), dtype=np.float32)
        lengths = np.linalg.norm(points, axis=1, keepdims=True)
        unit: NDArray[np.float32] = np.divide(points, lengths, out=np.zeros_like(points), where=lengths > 1e-6)
        return unit


def learn_tf_idf(texts: WordCounts, *, dimensions: int, seed: int) -> TfIdfModel:
    """TF-IDF and a truncated SVD, of as many directions as are asked for, or fewer where the words have fewer.

    Source:
        Deerwester et al.: Indexing by latent semantic analysis, JASIS 41 (1990).
    """
    from sklearn.decomposition import TruncatedSVD

    width = min(dimensions, texts.counts.shape[1] - 1, texts.counts.shape[0])
    if width < 1:
        return TfIdfModel(None, None, max(0, min(1, texts.counts.shape[1])))
    idf = _fit_idf(texts.counts)
    # Texts that are all the same have no variance; scikit-learn divides by it for a figure that is not used.
    with one_thread(), np.errstate(invalid="ignore", divide="ignore"):
        svd = TruncatedSVD(width, n_iter=7, random_state=seed % 2**31).fit(idf.transform(texts.counts))
    return TfIdfModel(idf, svd, width)


@contextmanager
def _quiet() -> Iterator[None]:
    with one_thread(), warnings.catch_warnings():
        # Topics that have not fully settled still describe; scikit-learn would say so in a warning.
        warnings.filterwarnings("ignore", category=UserWarning, module="sklearn")
        yield


def _fit_idf(counts: csr_matrix) -> Any:
    from sklearn.feature_extraction.text import TfidfTransformer

    return TfidfTransformer(sublinear_tf=True).fit(counts.astype(np.float64))


def _lda(counts: csr_matrix, topics: int, seed: int) -> Any:
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
    return models[0] if many else max(models, key=lambda one: float(one.score(counts)))


def _nmf(tf_idf: csr_matrix, topics: int, seed: int) -> Any:
    from sklearn.decomposition import NMF

    return NMF(topics, init="nndsvda", max_iter=ROUNDS_OF_NMF, tol=1e-3, random_state=seed % 2**31).fit(tf_idf)


def _weigh(model: Any, idf: Any, counts: csr_matrix) -> NDArray[np.float64]:
    if idf is None:
        return np.asarray(model.transform(counts), dtype=np.float64)
    # A topic's size must not hang on the scale of its words.
    weights: NDArray[np.float64] = np.asarray(model.transform(idf.transform(counts)), dtype=np.float64)
    sizes: NDArray[np.float64] = model.components_.sum(axis=1)
    return weights * sizes


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

"""Evidence for a question: vectors and words together, by distinct people, diverse, the same every time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from retrieval.corpus import Corpus, Space
from retrieval.words import search_words

if TYPE_CHECKING:
    from collections.abc import Iterator

RRF_K: Final = 60
"""Cormack, Clarke and Buettcher, "Reciprocal rank fusion outperforms Condorcet and individual rank learning methods",
SIGIR 2009: k = 60."""

MMR_LAMBDA: Final = 0.7
"""Weight of relevance against novelty (Carbonell and Goldstein, SIGIR 1998): mostly relevance."""

EXACT_ROWS: Final = 100_000
"""Up to so many passages of a space every vector is compared; above, Chroma proposes and these are compared."""

_LEAST_POOL: Final = 50
_POOL_PER_HIT: Final = 5
_CHROMA_FETCH: Final = 1_000
"""A fixed number: with Chroma, asking for more can change the head of the list."""


@dataclass(frozen=True)
class Hit:
    """A passage found."""

    row: int
    """Index into the corpus's passages."""
    passage_id: str
    score: float
    """Reciprocal rank fusion of its ranks, larger is better; comparable within one search only."""
    distance: float
    """Exact cosine distance to the query in the passage's own space, 0..2."""
    words: float
    """BM25 score, 0 where no word is shared."""


class EvidenceSearch:
    """Hybrid search over a corpus.

    Args:
        corpus: what to search.
        exact_rows: see `EXACT_ROWS`.
    """

    def __init__(self, corpus: Corpus, *, exact_rows: int = EXACT_ROWS) -> None:
        self._corpus = corpus
        self._exact_rows = exact_rows
        self._query_vectors: dict[tuple[int, str], NDArray[np.float32]] = {}

    @property
    def corpus(self) -> Corpus:
        """What is searched."""
        return self._corpus

    def search(
        self,
        query: str,
        *,
        within: NDArray[np.int64] | None = None,
        limit: int = 8,
        per_customer: int = 2,
        diverse: bool = True,
    ) -> list[Hit]:
        """The passages that answer the query best, best first.

        Words (BM25) and meaning (exact cosine) each rank the passages, the ranks are fused, and the best are picked one
        by one: each the most relevant that is least like those picked already, at most `per_customer` of one customer.
        The same corpus and query give the same list; ties go by passage id.

        Args:
            query: words, or a sentence.
            within: rows of the passages to search, such as a segment's; None: all.
            limit: at most so many hits.
            per_customer: at most so many hits of one customer.
            diverse: False: by relevance alone.

        Raises:
            ModelError: when the embedder fails on the query.
        """
        if limit < 1 or per_customer < 1:
            return []
        rows = self._rows(within)
        if not rows.size or not query.strip():
            return []
        words = self._word_scores(query)
        pool_size = max(_LEAST_POOL, _POOL_PER_HIT * limit)
        scores = self._fuse(query, rows, words, pool_size)
        order = sorted(scores, key=lambda row: (-scores[row], self._corpus.passages[row].passage_id))
        pool = list(self._capped(order, pool_size, per_customer))
        picked = self._pick(pool, scores, limit) if diverse else pool
        kept = list(self._capped(picked, limit, per_customer))
        distances = self._distances(query, kept)
        return [
            Hit(row, self._corpus.passages[row].passage_id, scores[row], distances[row], float(words[row]))
            for row in kept
        ]

    def _rows(self, within: NDArray[np.int64] | None) -> NDArray[np.int64]:
        if within is None:
            return np.arange(len(self._corpus.passages), dtype=np.int64)
        return np.unique(np.asarray(within, dtype=np.int64))

    def _fuse(
        self, query: str, rows: NDArray[np.int64], words: NDArray[np.float32], pool_size: int
    ) -> dict[int, float]:
        """Sum of 1 / (k + rank) over the rankings, by row."""
        scores: dict[int, float] = {}
        for ranking in self._rankings(query, rows, words, pool_size):
            for rank, row in enumerate(ranking, start=1):
                scores[row] = scores.get(row, 0.0) + 1.0 / (RRF_K + rank)
        return scores

    def _rankings(
        self, query: str, rows: NDArray[np.int64], words: NDArray[np.float32], pool_size: int
    ) -> Iterator[list[int]]:
        shared = rows[words[rows] > 0]
        yield self._best(shared, words[shared], pool_size)
        for place, space in enumerate(self._corpus.spaces):
            positions = self._positions(place, rows)
            if positions.size > self._exact_rows:
                positions = self._proposed(place, query, positions)
            cosines = space.vectors[positions] @ self._query_vector(place, query)
            close = cosines > 0
            yield self._best(space.rows[positions[close]], cosines[close], pool_size)

    def _positions(self, place: int, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Where in the space's vectors the rows lie that belong to it."""
        own = rows[self._corpus.space_of_passage[rows] == place]
        return np.asarray(np.searchsorted(self._corpus.spaces[place].rows, own), dtype=np.int64)

    def _proposed(self, place: int, query: str, positions: NDArray[np.int64]) -> NDArray[np.int64]:
        """The positions among these that Chroma holds for near the query."""
        space = self._corpus.spaces[place]
        everything = positions.size == len(space.rows)
        within = None if everything else [self._id_of(space, position) for position in positions.tolist()]
        vector = self._query_vector(place, query)
        near = space.index.query(vector, limit=min(_CHROMA_FETCH, positions.size), within=within)
        found = [self._corpus.row_by_passage_id[passage_id] for passage_id, _ in near]
        return np.asarray(np.searchsorted(space.rows, sorted(found)), dtype=np.int64)

    def _id_of(self, space: Space, position: int) -> str:
        return self._corpus.passages[int(space.rows[position])].passage_id

    def _best(self, rows: NDArray[np.int64], scores: NDArray[np.float32], count: int) -> list[int]:
        """The rows by falling score, ties by passage id, at most `count`."""
        if rows.size > count:
            # Everything tied with the last one stays in, so that the tie is broken by id and not by place.
            threshold = np.partition(scores, rows.size - count)[rows.size - count]
            rows, scores = rows[scores >= threshold], scores[scores >= threshold]
        passages = self._corpus.passages
        pairs = sorted(
            zip(scores.tolist(), rows.tolist(), strict=True), key=lambda p: (-p[0], passages[p[1]].passage_id)
        )
        return [row for _, row in pairs[:count]]

    def _capped(self, order: Sequence[int], limit: int, per_customer: int) -> Iterator[int]:
        customers: dict[str, int] = {}
        taken = 0
        for row in order:
            customer = self._corpus.passages[row].customer_id
            if taken == limit:
                return
            if customers.get(customer, 0) < per_customer:
                customers[customer] = customers.get(customer, 0) + 1
                taken += 1
                yield row

    def _pick(self, pool: list[int], scores: dict[int, float], limit: int) -> list[int]:
        """Maximal marginal relevance; `pool` comes ordered, so the first of equals is taken."""
        if not pool:
            return []
        relevance = np.array([scores[row] for row in pool]) / scores[pool[0]]
        likeness = self._likeness(pool)
        closest = np.zeros(len(pool))
        left = np.ones(len(pool), dtype=bool)
        picked: list[int] = []
        while left.any() and len(picked) < limit:
            # Rounded: sums that differ in their last bits only are ties.
            value = np.round(MMR_LAMBDA * relevance - (1 - MMR_LAMBDA) * closest, 9)
            best = int(np.argmax(np.where(left, value, -np.inf)))
            left[best] = False
            picked.append(pool[best])
            closest = np.maximum(closest, likeness[best])
        return picked

    def _likeness(self, pool: list[int]) -> NDArray[np.float64]:
        """Cosine of each pair, 0 between spaces and where it is negative."""
        likeness = np.zeros((len(pool), len(pool)))
        rows = np.array(pool, dtype=np.int64)
        for place, space in enumerate(self._corpus.spaces):
            here = np.flatnonzero(self._corpus.space_of_passage[rows] == place)
            vectors = space.vectors[np.searchsorted(space.rows, rows[here])]
            likeness[np.ix_(here, here)] = np.maximum(vectors @ vectors.T, 0.0)
        return likeness

    def _distances(self, query: str, rows: list[int]) -> dict[int, float]:
        distances = {}
        for row in rows:
            place = int(self._corpus.space_of_passage[row])
            space = self._corpus.spaces[place]
            vector = space.vectors[int(np.searchsorted(space.rows, row))]
            distances[row] = 1.0 - float(vector @ self._query_vector(place, query))
        return distances

    def _query_vector(self, place: int, query: str) -> NDArray[np.float32]:
        key = (place, query)
        if key not in self._query_vectors:
            self._query_vectors[key] = self._corpus.spaces[place].embedder.embed([query])[0]
        return self._query_vectors[key]

    def _word_scores(self, query: str) -> NDArray[np.float32]:
        """BM25 of every passage, (passages,) float32."""
        index = self._bm25
        tokens = [token for token in search_words(query) if index is not None and token in index.vocab_dict]
        if not tokens:
            return np.zeros(len(self._corpus.passages), dtype=np.float32)
        return np.asarray(index.get_scores(tokens), dtype=np.float32)

    @cached_property
    def _bm25(self) -> Any:
        """The index over all passages; None where none holds a word to search for."""
        import bm25s

        tokens = [search_words(text) for text in self._corpus.passage_texts]
        if not any(tokens):
            return None
        index = bm25s.BM25(method="lucene")
        index.index(tokens, show_progress=False)
        return index

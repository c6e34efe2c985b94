"""What people wrote as points by their words: TF-IDF, or the shares of LDA or NMF topics in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from personas.grouping.criteria import unit_rows
from personas.grouping.word_models import WordCounts, count_words, learn_tf_idf, learn_topics
from personas.records import TopicOfSegments
from personas.segmentation.grouping import Grouping
from personas.sums import owners_among
from personas.terms import content_words
from retrieval.corpus import Corpus

DIMENSIONS = 128
TOPICS = 24
"""Twice the most segments: one kind of person writes of several subjects."""

PEOPLE_PER_TOPIC = 5
"""Fewer people make fewer topics: as many as would be a segment."""

Teller = Callable[[NDArray[np.bool_] | None, NDArray[np.int64] | None], NDArray[np.float32]]
"""``(people, d)`` points, unit or zero rows, from the chosen passages (None: all) of these customers (None: all)."""


@dataclass(frozen=True)
class Told:
    """A way of telling what people wrote."""

    representation: str
    points: Teller
    topics: tuple[tuple[str, ...], ...] = ()
    """The words of each column; empty where columns have none."""


def tell_by_words(corpus: Corpus, kind: Literal["tf-idf", "lda", "nmf"], *, seed: int) -> Told:
    """Points by words. What they are made of is learnt once, from the whole of what each person wrote.

    All that a person wrote is one text: passages are too short for topics to mix in them.

    Args:
        corpus: who wrote what; Chinese is cut into words (`personas.terms.content_words`).
        kind: of the points.
        seed: of what is learnt.
    """
    passages = count_words([content_words(text) for text in corpus.passage_texts])
    people = len(corpus.customer_ids)
    whole = passages.summed(corpus.passage_customer, people)
    written = whole.of_words(whole.telling())
    passages = passages.of_words(whole.telling())

    def words_of(chosen: NDArray[np.bool_] | None, some: NDArray[np.int64] | None) -> WordCounts:
        who = np.arange(people) if some is None else some
        owners = owners_among(corpus.passage_customer, who, people)
        return passages.summed(owners if chosen is None else np.where(chosen, owners, -1), len(who))

    if kind == "tf-idf":
        directions = learn_tf_idf(written, dimensions=DIMENSIONS, seed=seed)
        return Told("TF-IDF", lambda chosen, some: directions.points(words_of(chosen, some).counts))
    writers = int((np.diff(written.counts.indptr) > 0).sum())
    topics = learn_topics(written, kind=kind, topics=int(np.clip(writers // PEOPLE_PER_TOPIC, 2, TOPICS)), seed=seed)
    name = f"{kind.upper()} topics"

    def shares(chosen: NDArray[np.bool_] | None, some: NDArray[np.int64] | None) -> NDArray[np.float32]:
        return unit_rows(topics.shares(words_of(chosen, some).counts).astype(np.float32))

    return Told(name, shares, topics.terms)


def topics_of_segments(told: Told, grouping: Grouping) -> tuple[TopicOfSegments, ...]:
    """The topics and how much of each segment's words they take, topics by falling share; none where none are told.

    Args:
        told: how people's words were told.
        grouping: of the people.
    """
    if not told.topics:
        return ()
    mine = told.points(None, grouping.people).astype(np.float64)
    shares = mine / np.maximum(mine.sum(axis=1, keepdims=True), 1e-12)
    writers = mine.any(axis=1)
    inside = [writers & (grouping.labels == label) for label in range(grouping.count)]
    return tuple(
        TopicOfSegments(
            words=words,
            share=float(shares[writers, at].mean()),
            shares={f"s{label + 1}": float(shares[own, at].mean()) for label, own in enumerate(inside) if own.any()},
        )
        for at, words in enumerate(told.topics)
        if writers.any()
    )

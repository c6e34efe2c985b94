"""Sentences of a segment that speak of a topic, found by the words asked for and words near to them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from personas.asking.likeness import nearness, words_of
from personas.grounding import LEAST_QUOTE_WORDS, quote_words
from personas.sentiment import score_sentiment
from retrieval.documents import Citation, Document, cite
from retrieval.splitting import sentence_spans, split_document

PASSAGE_CHARS = 200
"""As a run splits (`personas.pipeline`): one or two sentences."""

COVERED = 0.62
"""Share of a topic, its words weighed by rarity, that a passage must hold to speak of it, where the segment never says
one of the words. docs/asking.md tells how this and the next were set and on what they were tried."""

COVERED_IN_KNOWN_WORDS = 0.45
"""The same where the segment says all of them, if not together: "a loyalty rate" for "a loyalty discount"."""

LOOSELY_COVERED = 0.3
"""The same for what a model is shown: it reads what words alone cannot tell."""

KEY = 0.95
"""Share of the largest weight in a topic from which a word is a key to it: "stale" of "stale beans"."""

BESIDE = 0.6
"""What a word counts in the passage before or after of the same document: "the pump leaks. It did so twice"."""

IN_QUESTION = 0.8
"""What a word counts that stands in the survey's question which the text answers."""

LONGEST_QUOTE = 240
NEAR_ENOUGH = 0.5
"""Nearness from which a word of the segment counts for how common the word asked for is."""


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """A sentence that speaks of the topic, in its passage."""

    document: Document
    start: int
    end: int
    passage: tuple[int, int]
    coverage: float
    """How much of the topic its passage says itself, 0..1."""

    @property
    def text(self) -> str:
        """The sentence as the customer wrote it."""
        return self.document.text[self.start : self.end]

    @property
    def around(self) -> str:
        """The passage it stands in."""
        return self.document.text[slice(*self.passage)]

    @property
    def feeling(self) -> float:
        """How the passage feels, -1..1; by the rating where its words do not tell."""
        told = score_sentiment(self.around)
        if told == 0.0 and self.document.rating is not None:
            return 2 * self.document.rating.value - 1
        return told

    @property
    def is_quotable(self) -> bool:
        """Whether it is long enough to show something."""
        return quote_words(self.text) >= LEAST_QUOTE_WORDS

    def cite(self) -> Citation:
        """The sentence as a citation, which holds by what it is made of."""
        return cite(self.document, self.start, self.end)


def find_spoken(
    documents: Sequence[Document], topics: Sequence[Sequence[str]], *, least: float | None = None
) -> list[Spoken]:
    """The best sentence of each passage that speaks of one of the topics, best first.

    Args:
        documents: what the people wrote; only their own turns are looked at.
        topics: the words asked for, topic by topic.
        least: share of a topic a passage must hold; by what the segment says of it where None.
    """
    spans = [(d, p.start, p.end) for d in documents for p in split_document(d, max_chars=PASSAGE_CHARS)]
    words = [words_of(document.text[start:end]) for document, start, end in spans]
    best: dict[int, Spoken] = {}
    for topic in topics:
        if not topic or not spans:
            continue
        own, near = _nearness_of_passages(topic, words, spans)
        coverage, needed = cover(near)
        weights = rarity(near)
        said = weights @ own / weights.sum()
        speaks = coverage >= (needed if least is None else least)
        if least is None:
            speaks &= says_the_key(own, weights)
        for at in np.flatnonzero(speaks).tolist():
            share = float(said[at])
            if at not in best or share > best[at].coverage:
                best[at] = _best_sentence(spans[at], topic, weights, share)
    return [best[at] for at in sorted(best, key=lambda at: (-round(best[at].coverage, 6), at))]


def cover(near: NDArray[np.float32]) -> tuple[NDArray[np.float64], float]:
    """``(texts,)`` how much of a topic each text holds, 0..1, and how much it must hold to speak of it.

    Args:
        near: ``(topic, texts)`` how near each text comes to each word.
    """
    weights = rarity(near)
    known = bool((near >= NEAR_ENOUGH).any(axis=1).all())
    share: NDArray[np.float64] = weights @ near / weights.sum()
    return share, COVERED_IN_KNOWN_WORDS if known else COVERED


def says_the_key(own: NDArray[np.float32], weights: NDArray[np.float64]) -> NDArray[np.bool_]:
    """``(texts,)`` which say the word that tells most of the topic, or one about as telling, themselves.

    Where nobody says such a word, how much a text holds must do.
    """
    key = own[weights >= KEY * weights.max()]
    said = np.asarray((key >= NEAR_ENOUGH).any(axis=0))
    return said if said.any() else np.ones(own.shape[1], dtype=bool)


def rarity(near: NDArray[np.float32]) -> NDArray[np.float64]:
    """``(topic,)`` how much each word of the topic tells: the rarer it and its like are, the more.

    Args:
        near: ``(topic, texts)``.
    """
    holding = (near >= NEAR_ENOUGH).sum(axis=1)
    weights: NDArray[np.float64] = np.log(1 + near.shape[1] / (1 + holding))
    return weights


def find_stated(documents: Sequence[Document], stated: re.Pattern[str]) -> list[Spoken]:
    """Sentences in which people state something of themselves, in the order of the documents."""
    return [
        Spoken(document=document, start=start, end=end, passage=(passage.start, passage.end), coverage=1.0)
        for document in documents
        if stated.search(document.text.lower())
        for passage in split_document(document, max_chars=PASSAGE_CHARS)
        for start, end in sentence_spans(document.text, passage.start, passage.end)
        if end - start <= LONGEST_QUOTE and stated.search(document.text[start:end].lower())
    ]


def _nearness_of_passages(
    topic: Sequence[str], words: Sequence[Sequence[str]], spans: Sequence[tuple[Document, int, int]]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """``(topic, passages)`` how near a passage comes to each word of the topic: by itself, and with what is beside."""
    asked = {document.question: words_of(document.question.replace("_", " ")) for document, _, _ in spans}
    vocabulary = sorted({word for some in (*words, *asked.values()) for word in some})
    place = {word: at for at, word in enumerate(vocabulary)}
    of_word = nearness(topic, vocabulary)
    own = np.zeros((len(topic), len(words)), dtype=np.float32)
    for at, some in enumerate(words):
        if some:
            own[:, at] = of_word[:, [place[word] for word in some]].max(axis=1)
    _add_questions(own, of_word, asked, place, words, spans)
    near = own.copy()
    for at in range(1, len(spans)):
        if spans[at][0] is spans[at - 1][0]:
            near[:, at] = np.maximum(near[:, at], BESIDE * own[:, at - 1])
            near[:, at - 1] = np.maximum(near[:, at - 1], BESIDE * own[:, at])
    return own, near


def _add_questions(
    own: NDArray[np.float32],
    of_word: NDArray[np.float32],
    asked: Mapping[str, Sequence[str]],
    place: Mapping[str, int],
    words: Sequence[Sequence[str]],
    spans: Sequence[tuple[Document, int, int]],
) -> None:
    """What the survey's questions say counts for their answers too."""
    of_question = {
        question: IN_QUESTION * of_word[:, [place[word] for word in some]].max(axis=1)
        for question, some in asked.items()
        if some
    }
    for at, (document, _, _) in enumerate(spans):
        if document.question in of_question and words[at]:
            own[:, at] = np.maximum(own[:, at], of_question[document.question])


def _best_sentence(
    span: tuple[Document, int, int], topic: Sequence[str], weights: NDArray[np.float64], coverage: float
) -> Spoken:
    """The sentence of the passage that holds most of the topic; one that can be quoted before one that cannot."""
    document, start, end = span
    sentences = [pair for pair in sentence_spans(document.text, start, end) if pair[1] - pair[0] <= LONGEST_QUOTE]
    whole = Spoken(document=document, start=start, end=end, passage=(start, end), coverage=coverage)
    if not sentences:
        return whole
    spoken = [replace(whole, start=first, end=last) for first, last in sentences]
    held = [_held(one.text, topic, weights) for one in spoken]
    best = max(range(len(spoken)), key=lambda at: (held[at], spoken[at].is_quotable, -at))
    # A sentence too short to quote stands with its passage, which says what it is about.
    return spoken[best] if spoken[best].is_quotable else whole


def _held(text: str, topic: Sequence[str], weights: NDArray[np.float64]) -> float:
    words = words_of(text)
    return float(weights @ nearness(topic, words).max(axis=1)) if words else 0.0

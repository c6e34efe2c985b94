"""Which themes a customer voices, sentence by sentence, and which of them interest the customer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from personas.profiles.deciding import Sign, tag_of
from personas.profiles.records import Evidence, Tag
from personas.sentiment import HAN, score_sentiment
from personas.terms import content_words
from personas.themes import ThemeModel
from retrieval.corpus import Corpus, Space
from retrieval.documents import Document
from retrieval.splitting import sentence_spans

MOST_TOPICS: Final = 10
LEAST_TOPIC: Final = 0.62
"""Confidence from which a theme is a topic of the customer."""

NEARNESS: Final = (0.35, 0.5, 0.6, 0.7, 0.8, 1.0)
CONFIDENCE: Final = (0.3, 0.5, 0.62, 0.8, 0.93, 0.98)
"""How often a sentence so near to a theme's centre was right, see docs/profiles.md.

Nearness is the cosine to the centre, stretched so that 0 is the mean cosine of any passage to any centre and 1 is the
centre itself: embedders differ in how near everything lies to everything.
"""

SHARPNESS: Final = (0.6, 0.8, 0.9, 1.0)
SHARP_CONFIDENCE: Final = (0.5, 0.6, 0.68, 0.85)
"""The same for coarse themes, whose members all lie far from the centre: how near a sentence lies compared with the
theme's middle member, times how much nearer than to the next theme."""

GAP_STRETCH: Final = 1.5

CENTRE_SAMPLE: Final = 2_000
LEAST_WORDS: Final = 2
"""Words that can carry a topic; sentences with fewer ("Thanks, bye.") voice none, unless they answer a question."""

LEAST_CHARACTERS: Final = 6
"""The same for Chinese."""

COMES_BACK: Final = 2
"""Documents on one theme from which it is an interest."""

_LOVED: Final = 0.05
"""What words such as "I love" add to a topic's confidence where nothing else makes it an interest."""


@dataclass(frozen=True)
class Sentence:
    """A sentence of a customer; offsets are those of the document."""

    row: int
    """Its passage."""
    document: Document
    start: int
    end: int
    whole: bool
    """Whether it is all of its passage, so that its vector is known."""

    @property
    def text(self) -> str:
        """Its words."""
        return self.document.text[self.start : self.end]


class TopicFinder:
    """The centres of a corpus's themes, and which sentences lie near them."""

    def __init__(self, corpus: Corpus, themes: ThemeModel) -> None:
        self._corpus = corpus
        self._themes = themes
        self._centres = [_centres(space, themes) for space in corpus.spaces]
        self._baseline = [
            _baseline(space, centres) for space, (_, centres) in zip(corpus.spaces, self._centres, strict=True)
        ]
        self._middle = [
            _middle_members(space, themes, *found) for space, found in zip(corpus.spaces, self._centres, strict=True)
        ]
        self._place_in_space = np.full(len(corpus.passages), -1, dtype=np.int64)
        for space in corpus.spaces:
            self._place_in_space[space.rows] = np.arange(len(space.rows))

    def sentences_of(self, rows: NDArray[np.int64]) -> list[Sentence]:
        """The sentences of these passages that can carry a topic."""
        found = []
        for row in rows:
            passage = self._corpus.passages[row]
            document = self._corpus.document_by_id[passage.document_id]
            spans = list(sentence_spans(document.text, passage.start, passage.end))
            for start, end in spans:
                if document.question or _carries_topic(document.text[start:end]):
                    found.append(Sentence(int(row), document, start, end, len(spans) == 1))
        return found

    def voiced(self, sentences: Sequence[Sentence]) -> list[tuple[int, float]]:
        """The theme of each sentence and how sure it is; (-1, 0) for one that lies near none."""
        answers: list[tuple[int, float]] = [(-1, 0.0)] * len(sentences)
        rows = np.array([sentence.row for sentence in sentences], dtype=np.int64)
        spaces = self._corpus.space_of_passage[rows]
        for at, space in enumerate(self._corpus.spaces):
            mine = [place for place, where in enumerate(spaces) if where == at]
            labels, centres = self._centres[at]
            if not mine or not len(labels):
                continue
            vectors = self._vectors(space, [sentences[place] for place in mine])
            cosines = vectors @ centres.T
            best = cosines.argmax(axis=1)
            sure = self._confidence(at, cosines, best)
            for place, theme, confidence in zip(mine, labels[best], sure, strict=True):
                answers[place] = (int(theme), float(confidence))
        return answers

    def _confidence(self, at: int, cosines: NDArray[np.float32], best: NDArray[np.int64]) -> NDArray[np.float64]:
        """How sure the nearest theme of each sentence is."""
        baseline = self._baseline[at]
        every = np.arange(len(best))
        own = cosines[every, best] - baseline
        rest = cosines.copy()
        rest[every, best] = -1.0
        gap = (cosines[every, best] - rest.max(axis=1)) / np.maximum(own, 1e-6)
        typical = own / np.maximum(self._middle[at][best] - baseline, 1e-6)
        sharp = np.minimum(1.0, typical) * np.clip(GAP_STRETCH * gap, 0.0, 1.0)
        sure: NDArray[np.float64] = np.maximum(
            np.interp(own / (1 - baseline), NEARNESS, CONFIDENCE, left=0.0),
            np.interp(sharp, SHARPNESS, SHARP_CONFIDENCE, left=0.0),
        )
        return np.where(own > 0, sure, 0.0)

    def _vectors(self, space: Space, sentences: Sequence[Sentence]) -> NDArray[np.float32]:
        vectors = np.empty((len(sentences), space.vectors.shape[1]), dtype=np.float32)
        known = np.array([sentence.whole for sentence in sentences], dtype=bool)
        rows = np.array([sentence.row for sentence in sentences], dtype=np.int64)
        vectors[known] = space.vectors[self._place_in_space[rows[known]]]
        texts = [sentence.text for sentence in sentences if not sentence.whole]
        if texts:
            vectors[~known] = space.embedder.embed(texts)
        return vectors

    def signs(self, sentences: Sequence[Sentence], voiced: Sequence[tuple[int, float]]) -> dict[int, list[Sign]]:
        """The sentences as signs for the themes they voice."""
        signs: dict[int, list[Sign]] = {}
        for sentence, (theme, confidence) in zip(sentences, voiced, strict=True):
            if theme >= 0 and confidence > 0:
                evidence = Evidence(
                    kind="words",
                    document_id=sentence.document.document_id,
                    start=sentence.start,
                    end=sentence.end,
                    quote=sentence.text,
                )
                when = sentence.document.created_at or ""
                theme_id = self._themes.themes[theme].theme_id
                signs.setdefault(theme, []).append(Sign(theme_id, confidence, "themes: nearest centre", evidence, when))
        return signs


def _carries_topic(text: str) -> bool:
    if HAN.search(text):
        return sum(character.isalnum() for character in text) >= LEAST_CHARACTERS
    return len(set(content_words(text))) >= LEAST_WORDS


def _centres(space: Space, themes: ThemeModel) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The themes of the space, and the unit mean vector of each."""
    labels = themes.passage_theme[space.rows]
    order = np.argsort(labels, kind="stable")
    present, starts = np.unique(labels[order], return_index=True)
    ends = [*starts[1:], len(order)]
    kept = [(theme, order[a:b]) for theme, a, b in zip(present, starts, ends, strict=True) if theme >= 0]
    if not kept:
        return np.zeros(0, dtype=np.int64), np.zeros((0, space.vectors.shape[1]), dtype=np.float32)
    centres = np.stack([space.vectors[rows].mean(axis=0, dtype=np.float64) for _, rows in kept])
    centres /= np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-9)
    return np.array([theme for theme, _ in kept], dtype=np.int64), centres.astype(np.float32)


def _middle_members(
    space: Space, themes: ThemeModel, labels: NDArray[np.int64], centres: NDArray[np.float32]
) -> NDArray[np.float64]:
    """The cosine of each theme's middle member to its centre."""
    mine = themes.passage_theme[space.rows]
    order = np.argsort(mine, kind="stable")
    starts = np.searchsorted(mine[order], labels)
    ends = np.searchsorted(mine[order], labels, side="right")
    return np.array([
        float(np.median(space.vectors[order[a:b]] @ centre)) for a, b, centre in zip(starts, ends, centres, strict=True)
    ])


def _baseline(space: Space, centres: NDArray[np.float32]) -> float:
    """The mean cosine of any passage to any centre."""
    if not len(centres) or not len(space.vectors):
        return 0.0
    step = max(1, len(space.vectors) // CENTRE_SAMPLE)
    return float(np.clip((space.vectors[::step] @ centres.T).mean(dtype=np.float64), 0.0, 0.9))


def decide_topics(themes: ThemeModel, signs: dict[int, list[Sign]]) -> tuple[Tag, ...]:
    """The themes the customer voices, most certain first, ten at most."""
    tags = []
    for theme, found in signs.items():
        # Sentences of one person are no independent witnesses of the theme's border: the nearest one counts.
        best = max(sign.weight for sign in found)
        if best >= LEAST_TOPIC:
            here = themes.themes[theme]
            tags.append(tag_of(here.theme_id, found, label=here.label, confidence=best))
    return tuple(sorted(tags, key=lambda tag: (-tag.confidence, tag.value))[:MOST_TOPICS])


def decide_interests(
    themes: ThemeModel, topics: Sequence[Tag], signs: dict[int, list[Sign]], enjoyed: Sequence[Sign]
) -> tuple[Tag, ...]:
    """The topics the customer comes back to in several documents without complaint, or says they enjoy.

    Args:
        themes: of the corpus.
        topics: of the customer.
        signs: of `TopicFinder.signs`.
        enjoyed: words such as "I love", with their offsets.
    """
    place = {theme.theme_id: at for at, theme in enumerate(themes.themes)}
    found = []
    for topic in topics:
        sentences = [sign for sign in signs[place[topic.value]] if sign.weight >= LEAST_TOPIC]
        documents = {sign.evidence.document_id for sign in sentences}
        loved = [sign for sign in enjoyed if any(_within(sign.evidence, one.evidence) for one in sentences)]
        liked = all(score_sentiment(sign.evidence.quote) >= 0 for sign in sentences)
        if len(documents) >= COMES_BACK and liked:
            found.append(topic.model_copy(update={"rule": "themes: comes back"}))
        elif loved:
            confidence = min(0.95, topic.confidence + _LOVED)
            found.append(tag_of(topic.value, loved, label=topic.label, confidence=confidence))
    return tuple(sorted(found, key=lambda tag: (-tag.confidence, tag.value)))


def _within(inner: Evidence, outer: Evidence) -> bool:
    return (
        inner.document_id == outer.document_id
        and (outer.start or 0) <= (inner.start or 0)
        and (inner.end or 0) <= (outer.end or 0)
    )

"""Which attribute a passage speaks of, and the (theme, attribute) facets that claims are made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from personas.attributes import AttributeSchema
from personas.themes import ThemeModel
from retrieval.corpus import Corpus
from retrieval.documents import Document

QUESTION_WEIGHT = 1.5
"""What was asked tells more of an answer than one cue word in it."""

FEELING_WEIGHT = 0.6
"""Sentiment or the rating decides only where no cue does."""

GOOD_RATING = 0.75
BAD_RATING = 0.4
FALLBACK_KEY = "interests"
"""Where a passage without cue or feeling goes: it is something they talk about."""


@dataclass(frozen=True, kw_only=True)
class Facet:
    """What people say of one theme under one attribute."""

    theme: int
    attribute: str
    rows: NDArray[np.int64]
    """Passages, ascending."""


def tag_passages(corpus: Corpus, schema: AttributeSchema, feelings: NDArray[np.float32]) -> list[tuple[str, ...]]:
    """The attributes each passage speaks of, strongest first; one, or two where a second has a cue of its own.

    Args:
        corpus: who wrote what.
        schema: the attributes.
        feelings: ``(passages,)`` how each passage feels, -1..1.
    """
    questions = {
        document.question: _question_scores(document.question, schema)
        for document in corpus.documents
        if document.question
    }
    return [
        _tags_of(text, corpus.document_by_id[passage.document_id], float(feeling), schema, questions)
        for passage, text, feeling in zip(corpus.passages, corpus.passage_texts, feelings, strict=True)
    ]


def _question_scores(question: str, schema: AttributeSchema) -> dict[str, float]:
    """The attribute a question asks for; the cue that stands last decides between several.

    ``workflow_needs_not_addressed`` asks for needs and ``workflow_needs_addressed`` for goals: longest match wins.
    """
    found = {
        attribute.key: max(
            (len(match.group()) for match in attribute.question_pattern.finditer(question.lower())), default=0
        )
        for attribute in schema.attribute
    }
    longest = max(found.values(), default=0)
    if longest == 0:
        return {}
    return {next(key for key, length in found.items() if length == longest): QUESTION_WEIGHT}


def _tags_of(
    text: str, document: Document, sentiment: float, schema: AttributeSchema, questions: dict[str, dict[str, float]]
) -> tuple[str, ...]:
    lowered = text.lower()
    cues = {attribute.key: float(min(2, len(attribute.cue_pattern.findall(lowered)))) for attribute in schema.attribute}
    scores = {key: score + questions.get(document.question, {}).get(key, 0.0) for key, score in cues.items()}
    feeling = _feeling_key(sentiment, document)
    if feeling is not None and feeling in scores:
        scores[feeling] += FEELING_WEIGHT
    ranked = sorted((key for key in scores if scores[key] > 0), key=lambda key: -scores[key])
    if not ranked:
        return (FALLBACK_KEY,) if schema.has(FALLBACK_KEY) else (_told_freely(schema),)
    return tuple(ranked[:1] + [key for key in ranked[1:2] if cues[key] >= 1])


def _told_freely(schema: AttributeSchema) -> str:
    """The first attribute that any passage may be filed under."""
    free = (one.key for one in schema.attribute if not one.sensitive and not one.choices)
    return next(free, schema.keys[0])


def _feeling_key(sentiment: float, document: Document) -> str | None:
    if sentiment == 0.0 and document.rating is not None:
        value = document.rating.value
        sentiment = 1.0 if value >= GOOD_RATING else -1.0 if value <= BAD_RATING else 0.0
    if sentiment == 0.0:
        return None
    return "satisfaction" if sentiment > 0 else "pain_points"


def build_facets(themes: ThemeModel, tags: list[tuple[str, ...]]) -> list[Facet]:
    """All (theme, attribute) facets, ordered by theme and attribute."""
    rows: dict[tuple[int, str], list[int]] = {}
    for row, keys in enumerate(tags):
        theme = int(themes.passage_theme[row])
        if theme >= 0:
            for key in keys:
                rows.setdefault((theme, key), []).append(row)
    return [
        Facet(theme=theme, attribute=key, rows=np.array(rows[theme, key], dtype=np.int64))
        for theme, key in sorted(rows)
    ]

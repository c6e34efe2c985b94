"""How a customer feels over their documents, and whether that gets better or worse."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from personas.profiles.records import Evidence, Tag
from personas.sentiment import DOUBT, chinese_feelings, english_feelings
from personas.sentiment import HAN as _HAN
from retrieval.documents import Document

CLEAR: Final = 0.15
"""Mean over a customer's documents and a neutral one from which the feeling is positive (or, below zero, negative)."""

FELT: Final = 0.25
"""Score of a document from which it counts as one that feels."""

LEAST_ANSWER: Final = 0.6
"""An answer to a question tells a feeling only from this score: asked for wishes, people write "better search"."""

LEAST_FELT: Final = 2
"""Documents of the same feeling from which a person is called positive or negative."""

LEAST_DATED: Final = 4
"""Dated documents from which there is a trend."""

WORDS_COUNT: Final = 0.25
"""What a document without stars counts where one with stars counts one: its score is four times as uncertain."""

SPREAD: Final = 0.35
"""Standard deviation of the stars of one person's documents around their mean, on -1..1."""

LEAST_SEEN: Final = 2.0
"""What the documents of each half must count together."""

LEAST_CHANGE: Final = 0.4
"""Difference between the later and the earlier half from which it is a trend."""

LEAST_RATIO: Final = 2.4
"""The difference must be this many times its standard error."""

STEADY_CHANGE: Final = 0.2
"""Difference up to which the feeling is steady."""

RATING_WEIGHT: Final = 0.8
"""Of the stars, where somebody gave some; the words have the rest."""


@dataclass(frozen=True)
class DocumentFeeling:
    """How one document feels."""

    document_id: str
    when: str
    score: float
    """-1..1."""
    felt: bool
    """Whether words or stars tell anything at all."""
    counts: float
    """What it counts in a trend."""
    strongest: Evidence


def feel_document(document: Document, spans: Sequence[tuple[int, int]]) -> DocumentFeeling:
    """The document's feeling: its words, and its stars where it has some.

    Args:
        document: in question.
        spans: the customer's own passages in it.
    """
    total, size = 0.0, 0.0
    sums: list[tuple[float, int, int]] = []
    for start, end in spans:
        text = document.text[start:end]
        values = english_feelings(text) if any(c.isascii() and c.isalpha() for c in text) else []
        if _HAN.search(text):
            values = values + chinese_feelings(text)
        if values:
            total += sum(values)
            size += sum(map(abs, values))
            sums.append((sum(values), start, end))
    score = total / (size + DOUBT)
    strongest = max(sums, key=lambda item: (item[0] * (1 if total >= 0 else -1), -item[1]), default=None)
    evidence = _rating_evidence(document) if strongest is None else _words(document, strongest[1], strongest[2])
    if document.question and document.rating is None and abs(score) < LEAST_ANSWER:
        score, sums = 0.0, []
    if document.rating is not None:
        stars = 2 * document.rating.value - 1
        score = stars if not sums else RATING_WEIGHT * stars + (1 - RATING_WEIGHT) * score
    return DocumentFeeling(
        document_id=document.document_id,
        when=document.created_at or "",
        score=score,
        felt=bool(sums) or document.rating is not None,
        counts=1.0 if document.rating is not None else WORDS_COUNT if sums else 0.0,
        strongest=evidence,
    )


def _words(document: Document, start: int, end: int) -> Evidence:
    return Evidence(
        kind="words", document_id=document.document_id, start=start, end=end, quote=document.text[start:end]
    )


def _rating_evidence(document: Document) -> Evidence:
    value = "" if document.rating is None else f"{document.rating.raw:g}"
    return Evidence(kind="rating", document_id=document.document_id, column="rating", value=value)


def mean_feeling(feelings: Sequence[DocumentFeeling]) -> float | None:
    """The mean over the documents; those that tell nothing count as neutral. None where none tells."""
    if not any(feeling.felt for feeling in feelings):
        return None
    return sum(feeling.score for feeling in feelings) / len(feelings)


def decide_feeling(feelings: Sequence[DocumentFeeling]) -> Tag | None:
    """`positive` or `negative`; None where it is not clear."""
    if mean_feeling(feelings) is None:
        return None
    # A neutral document more: one document does not make a person happy.
    mean = sum(feeling.score for feeling in feelings) / (len(feelings) + 1)
    good = [feeling for feeling in feelings if feeling.score >= FELT]
    bad = [feeling for feeling in feelings if feeling.score <= -FELT]
    value, backing = ("positive", good) if mean > 0 else ("negative", bad)
    if abs(mean) < CLEAR or len(backing) < LEAST_FELT:
        return None
    confidence = min(0.97, 0.82 + 0.4 * (abs(mean) - CLEAR) + 0.03 * math.log1p(len(backing)))
    ranked = sorted(backing, key=lambda feeling: (-abs(feeling.score), feeling.document_id))
    return Tag(
        value=value,
        confidence=round(confidence, 3),
        rule="feelings: words and stars" if any(f.strongest.kind == "rating" for f in ranked) else "feelings: words",
        evidence=tuple(feeling.strongest for feeling in ranked[:3]),
    )


def decide_trend(feelings: Sequence[DocumentFeeling]) -> Tag | None:
    """`better`, `worse` or `steady`: the later half of the dated documents against the earlier; None where unclear."""
    dated = sorted((f for f in feelings if f.when), key=lambda f: (f.when, f.document_id))
    if len(dated) < LEAST_DATED or dated[0].when == dated[-1].when:
        return None
    half = len(dated) // 2
    earlier, later = dated[:half], dated[-half:]
    seen = _seen(earlier), _seen(later)
    if min(seen) < LEAST_SEEN:
        return None
    change = _mean(later) - _mean(earlier)
    error = SPREAD * math.sqrt(1 / seen[0] + 1 / seen[1])
    if abs(change) >= LEAST_CHANGE and abs(change) >= LEAST_RATIO * error:
        confidence = min(0.95, 0.75 + 0.06 * (abs(change) / error - LEAST_RATIO) + 0.1 * (abs(change) - LEAST_CHANGE))
        ends = (min, max) if change > 0 else (max, min)
        shown = (ends[0](earlier, key=_by_score), ends[1](later, key=_by_score))
        return _trend_tag("better" if change > 0 else "worse", confidence, shown)
    if abs(change) <= STEADY_CHANGE:
        return _trend_tag("steady", 0.9, (earlier[0], later[-1]))
    return None


def _trend_tag(value: str, confidence: float, shown: tuple[DocumentFeeling, DocumentFeeling]) -> Tag:
    return Tag(
        value=value,
        confidence=round(confidence, 3),
        rule="feelings: later half against earlier",
        evidence=tuple(feeling.strongest for feeling in shown),
    )


def _by_score(feeling: DocumentFeeling) -> tuple[float, str]:
    return feeling.score, feeling.document_id


def _seen(feelings: Sequence[DocumentFeeling]) -> float:
    return sum(feeling.counts for feeling in feelings)


def _mean(feelings: Sequence[DocumentFeeling]) -> float:
    return sum(feeling.counts * feeling.score for feeling in feelings) / _seen(feelings)

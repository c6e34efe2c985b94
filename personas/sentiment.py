"""How people feel in what they write: a small word list, with negation; English and Chinese."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

HAN = re.compile(r"[\u3400-\u9fff]")
ENGLISH_NEGATION = re.compile(r"\b(?:not|no|don't|doesn't|didn't|isn't|wasn't|aren't|without|hardly|nothing)\b", re.I)
CHINESE_NEGATION = "不没无非别未"
NEGATION_REACH = 3
"""A negation turns the valence of words at most this many English words behind it."""


@cache
def _valence() -> dict[str, int]:
    text = (files("personas") / "lexicons" / "valence.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return {word: int(value) for word, value in rows}


@cache
def _chinese_words() -> re.Pattern[str]:
    words = sorted((word for word in _valence() if HAN.search(word)), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, words)))


def score_sentiment(text: str) -> float:
    """How the text feels, from -1 (bad) over 0 (neutral or mixed) to 1 (good)."""
    scores = _english_scores(text.lower()) + (_chinese_scores(text) if HAN.search(text) else [])
    return float(np.mean(scores)) if scores else 0.0


def score_sentiments(texts: list[str]) -> NDArray[np.float32]:
    """`score_sentiment` of each text; ``(n,)``."""
    return np.array([score_sentiment(text) for text in texts], dtype=np.float32)


def _english_scores(text: str) -> list[int]:
    valence = _valence()
    words = re.findall(r"[a-z']+", text.replace("’", "'"))
    scores = []
    for position, word in enumerate(words):
        if word in valence:
            before = " ".join(words[max(0, position - NEGATION_REACH) : position])
            scores.append(-valence[word] if ENGLISH_NEGATION.search(before) else valence[word])
    return scores


def _chinese_scores(text: str) -> list[int]:
    valence = _valence()
    scores = []
    for match in _chinese_words().finditer(text):
        before = text[max(0, match.start() - 2) : match.start()]
        negated = any(character in CHINESE_NEGATION for character in before)
        scores.append(-valence[match.group()] if negated else valence[match.group()])
    return scores

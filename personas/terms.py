"""Words of passages, and which of them set a group of passages apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

import numpy as np

from retrieval.words import search_words


@cache
def stop_words() -> frozenset[str]:
    """English and Chinese words that say nothing of a topic; one a line in ``stop_words.txt``."""
    text = (files("personas") / "lexicons" / "stop_words.txt").read_text(encoding="utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("#"))


@lru_cache(maxsize=100_000)
def content_words(text: str) -> tuple[str, ...]:
    """The text's words that can carry a topic, lower case, in order; Chinese is cut by jieba."""
    silent = stop_words()
    return tuple(word for word in search_words(text) if len(word) > 1 and word not in silent and not word.isnumeric())


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """A crude common stem of an English word, enough to see that two quotes use the same word."""
    for ending in ("ations", "ation", "ings", "ing", "ies", "ied", "ers", "er", "ed", "es", "s", "ly"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)].rstrip("ei")
    return word.rstrip("e") if len(word) > 3 else word


def stems(text: str) -> set[str]:
    """Stems of the text's content words."""
    return {stem(word) for word in content_words(text)}


LOUD_TIMES: Final = 3
LOUD_LEAST: Final = 5
"""A person's uses of a word count up to three times those of the next person, and five in any case."""


def level_voices(texts: Sequence[Sequence[str]], people: Sequence[int]) -> list[list[str]]:
    """The words of each text without what one person alone repeats over and over, so that nobody names a group.

    Args:
        texts: the content words of each text.
        people: who wrote each.
    """
    uses: dict[str, Counter[int]] = {}
    for words, person in zip(texts, people, strict=True):
        for word in words:
            uses.setdefault(word, Counter())[person] += 1
    spare: Counter[tuple[str, int]] = Counter()
    if len(set(people)) > 1:
        for word, counts in uses.items():
            (person, most), *others = counts.most_common(2)
            most_allowed = max(LOUD_LEAST, LOUD_TIMES * (others[0][1] if others else 0))
            if most > most_allowed:
                spare[word, person] = most - most_allowed
    if not spare:
        return [list(words) for words in texts]
    levelled = []
    for words, person in zip(texts, people, strict=True):
        kept = []
        for word in words:
            if spare[word, person] > 0:
                spare[word, person] -= 1
            else:
                kept.append(word)
        levelled.append(kept)
    return levelled


def distinctive_terms(groups: Sequence[Iterable[Sequence[str]]], *, top: int) -> list[tuple[str, ...]]:
    """The terms that set each group of texts apart, best first, by class-based TF-IDF.

    Args:
        groups: for each group the content words of each of its texts.
        top: how many terms a group gets at most.

    Source:
        Grootendorst, BERTopic: neural topic modeling with a class-based TF-IDF procedure, arXiv 2203.05794.
    """
    counts = [Counter(word for words in group for word in words) for group in groups]
    total: Counter[str] = Counter()
    for count in counts:
        total.update(count)
    if not total:
        return [() for _ in counts]
    average = sum(total.values()) / len(counts)
    weight = {word: float(np.log(1 + average / frequency)) for word, frequency in total.items()}
    return [_best_terms(count, weight, top) for count in counts]


def _best_terms(count: Counter[str], weight: dict[str, float], top: int) -> tuple[str, ...]:
    # A word that occurs once is an accident, unless the group has nothing else.
    common = {word: n for word, n in count.items() if n > 1} or dict(count)
    ranked = sorted(common, key=lambda word: (-common[word] * weight[word], word))
    return tuple(ranked[:top])

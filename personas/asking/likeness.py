"""How near two words are: the same stem, listed as standing for one another, or close in a table of word vectors."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from personas.asking.lexicon import HAN, question_words
from personas.grounding.folding import simplified_characters
from personas.terms import stem
from retrieval.words import search_words

if TYPE_CHECKING:
    from retrieval.embedders import Embedder

LISTED = 0.9
"""How near words of one row of `lexicons/asking.tsv` are."""

CONTAINED = 0.9
"""How near a Chinese word and a longer one that holds it are: 价格 and 高价格."""

BEGUN = 0.7
"""How near a Chinese word and the beginning of it are: 停车位 and 停车."""

SHARED = 0.8
"""How near a Latin word and one that holds it are, from six letters on (completion and autocompletion), or that begins
with it, from five (spell and spellcheck)."""

LEAST_COSINE = 0.55
"""Cosine of two words in WordLlama's table below which they are not near: "price" and "cost" have 0.67, "pets" and
"dog" 0.40, "price" and "shipping" 0.20."""

LEAST_COSINE_ALIKE = 0.85
_SHORT = 3
_LONG = 6
_LONG_START = 5
_NO_ROWS: frozenset[int] = frozenset()


def nearness(asked: Sequence[str], words: Sequence[str]) -> NDArray[np.float32]:
    """``(asked, words)`` how near each word is to each word asked for: 1 the same, 0 not near."""
    near = np.zeros((len(asked), len(words)), dtype=np.float32)
    if not asked or not words:
        return near
    for at, word in enumerate(asked):
        near[at] = [_listed_nearness(word, other) for other in words]
    latin, others = _in_table(asked), _in_table(words)
    if latin and others:
        table = _table()
        cosines = table.embed([asked[at] for at in latin]) @ table.embed([words[at] for at in others]).T
        needed = np.array([[_least_cosine(asked[at], words[other]) for other in others] for at in latin])
        close = np.where(cosines >= needed, np.minimum(cosines, 0.95), 0.0)
        near[np.ix_(latin, others)] = np.maximum(near[np.ix_(latin, others)], close)
    return near


def _in_table(words: Sequence[str]) -> list[int]:
    """Places of Latin words; those of three letters and less are pieces of others to the table."""
    return [at for at, word in enumerate(words) if len(word) > _SHORT and not HAN.search(word)]


def _least_cosine(asked: str, word: str) -> float:
    """More of words that begin or end alike: the table knows words by their pieces, and takes tablets for tables."""
    alike = asked[:3] == word[:3] or asked[-4:] == word[-4:]
    return LEAST_COSINE_ALIKE if alike else LEAST_COSINE


def _listed_nearness(asked: str, word: str) -> float:
    if asked == word or (not HAN.search(asked) and _same_stem(asked, word)):
        return 1.0
    lexicon = question_words()
    if lexicon.rows_of.get(asked, _NO_ROWS) & lexicon.rows_of.get(word, _NO_ROWS) or word in lexicon.kinds.get(
        asked, ()
    ):
        return LISTED
    if HAN.search(asked):
        return _chinese_nearness(asked, word)
    long = (len(asked) >= _LONG and asked in word) or (len(word) >= _LONG and word in asked)
    return SHARED if long or (len(asked) >= _LONG_START and word.startswith(asked)) else 0.0


def _same_stem(asked: str, word: str) -> bool:
    """Whether they are forms of one word; the crude stem alone takes a timer for time."""
    short, long = sorted((asked, word), key=len)
    return stem(asked) == stem(word) and not (long == short + "r" or (long.endswith("er") and short == long[:-2]))


def _chinese_nearness(asked: str, word: str) -> float:
    """Of a word that holds the one asked for, or begins it: 停车 begins 停车位, but 质量 does not 教学质量."""
    if len(asked) > 1 and asked in word:
        return CONTAINED
    return BEGUN if len(word) > 1 and asked.startswith(word) else 0.0


def words_of(text: str) -> tuple[str, ...]:
    """The words of a text for comparing: lower case, traditional characters simplified, Chinese cut by jieba."""
    lowered = text.lower()
    return search_words(lowered.translate(_to_simplified()) if HAN.search(lowered) else lowered)


@lru_cache(maxsize=1)
def _to_simplified() -> dict[int, str]:
    return str.maketrans(dict(simplified_characters()))


@lru_cache(maxsize=1)
def _table() -> Embedder:
    """WordLlama's table of word vectors, whatever the run embedded its passages with: it is there and it is quick."""
    from retrieval.embedders import open_embedder

    return open_embedder("wordllama", texts=[])

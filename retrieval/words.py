"""Words of a text: for counting how much somebody wrote, and for searching by words."""

from __future__ import annotations

import re
import warnings
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_CJK_CLASS: Final = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
_UNIT: Final = re.compile(rf"[{_CJK_CLASS}]|(?:(?![{_CJK_CLASS}])\w)+(?:['’](?:(?![{_CJK_CLASS}])\w)+)*")
_RUN: Final = re.compile(rf"[{_CJK_CLASS}]+|(?:(?![{_CJK_CLASS}])\w)+(?:['’](?:(?![{_CJK_CLASS}])\w)+)*")
_IS_CJK: Final = re.compile(rf"[{_CJK_CLASS}]")

_ENGLISH: Final = (
    "a an the and or but if of to in on at by for from with as is are was were be been being am i me my we our you "
    "your he she it its they them their this that these those there here do does did have has had will would can "
    "could should so than then too very just also"
)
_CHINESE: Final = (
    "的 了 是 在 我 有 和 就 都 也 很 还 又 这 那 他 她 它 们 你 我们 你们 他们 一个 着 过 吗 呢 吧 啊 把 被 与 及"
)

STOP_WORDS: Final = frozenset(f"{_ENGLISH} {_CHINESE}".split())
"""A light list: words that say nothing of what a passage is about. Negations stay."""


def count_words(text: str) -> int:
    """How much is written: a word is one, and a Chinese, Japanese or Korean character is one."""
    return len(_UNIT.findall(text))


@lru_cache(maxsize=100_000)
def search_words(text: str) -> tuple[str, ...]:
    """The lower-case words of the text for word search, Chinese cut by jieba, without the light stop list.

    Themes, claims and the search all ask for the words of the same passages: they are cut once.
    """
    return tuple(word for word in _all_words(text) if word not in STOP_WORDS)


def _all_words(text: str) -> Iterator[str]:
    lowered = text.lower()
    for start, end in word_spans(lowered):
        word = lowered[start:end]
        yield word if _IS_CJK.match(word) else word.replace("’", "'").removesuffix("'s")


def word_spans(text: str) -> Iterator[tuple[int, int]]:
    """Where the words of the text stand, in order; Chinese cut by jieba."""
    for run in _RUN.finditer(text):
        if not _IS_CJK.match(run.group()):
            yield run.span()
            continue
        start = run.start()
        for word in _jieba().cut(run.group()):
            yield start, start + len(word)
            start += len(word)


@cache
def _jieba() -> Any:
    """A jieba tokenizer with its bundled dictionary, read afresh.

    jieba's own start keeps a marshal file in the shared temporary folder, which anybody on the machine could plant, and
    writes to stderr; reading the dictionary takes about a second instead.
    """
    import logging

    with warnings.catch_warnings():
        # Its source holds invalid escape sequences, which Python warns of when it compiles them for the first time.
        warnings.simplefilter("ignore")
        import jieba
    jieba.setLogLevel(logging.WARNING)
    tokenizer = jieba.Tokenizer()
    tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(tokenizer.get_dict_file())
    tokenizer.initialized = True
    return tokenizer

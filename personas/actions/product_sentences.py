"""The sentences that are about a product and feel good or bad, with who wrote them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from personas.grounding import LEAST_QUOTE_WORDS, quote_words
from personas.sentiment import HAN, score_sentiment
from personas.terms import content_words, stem
from retrieval.corpus import Corpus
from retrieval.documents import Citation, Document, cite
from retrieval.splitting import sentence_spans
from retrieval.word_lists import words_in

GOOD_RATING: Final = 0.75
BAD_RATING: Final = 0.4
"""As of `personas.facets`: what a document's rating says of a passage whose words tell no feeling."""

FELT: Final = 0.25
"""Feeling of a sentence from which it praises or, below zero, blames."""

LONGEST_QUOTE: Final = 240
MOST_READ: Final = 4_000
"""Passages read for one product, spread evenly: hundreds of people say what thousands would."""

COUNTS_AND_TIMES: Final = frozenset(
    words_in("""
        one two three four five six seven eight nine ten dozen half second third first last next once twice end start
        time times day days week weeks month months year years hour hours minute minutes morning evening night today
        yesterday tomorrow ago later monday tuesday wednesday thursday friday saturday sunday thing things way lot bit
        wrote star stars
        一个 两个 三个 第一 第二 第一次 第二次 每次 一次 两次 一天 每天 今天 昨天 明天 现在 时候 时间 小时 分钟 个月
        一年 上午 下午 晚上 早上 东西 有点 一点 已经 感觉 觉得 真的 最后 之前 之后 后来 开始
    """)
)
"""Words that say when and how much, not what is good or bad."""

MOST_NAMES: Final = 300
"""Products that are looked for in the words; those most documents are about."""


@dataclass(frozen=True)
class Judgement:
    """A sentence about a product."""

    document: Document
    start: int
    end: int
    good: bool

    @property
    def text(self) -> str:
        """As the customer wrote it."""
        return self.document.text[self.start : self.end]

    @property
    def is_quotable(self) -> bool:
        """Whether it is neither too short to show something nor too long to be read."""
        return self.end - self.start <= LONGEST_QUOTE and quote_words(self.text) >= LEAST_QUOTE_WORDS

    def words(self) -> dict[str, str]:
        """Stem -> word of what it speaks of; counts and times are left out."""
        return {stem(word): word for word in content_words(self.text) if word not in COUNTS_AND_TIMES}

    def cite(self) -> Citation:
        """The sentence as a citation, which holds by what it is made of."""
        return cite(self.document, self.start, self.end)


def passages_of_products(corpus: Corpus, spelt: Mapping[str, str]) -> dict[str, list[int]]:
    """Product -> the passages about it: those that name it and no other, else those of documents about it.

    Args:
        corpus: who wrote what.
        spelt: every product's name in one case -> as it is written, see `holdings.spell_products`.
    """
    names = sorted(spelt, key=lambda name: (-len(name), name))[:MOST_NAMES]
    pattern = _any_of(name for name in names if len(name) >= 3)
    found: dict[str, list[int]] = {}
    for row, (passage, text) in enumerate(zip(corpus.passages, corpus.passage_texts, strict=True)):
        document = corpus.document_by_id[passage.document_id]
        named = set(pattern.findall(text.casefold())) if pattern is not None else set()
        own = named.pop() if len(named) == 1 else (document.product or "").casefold()
        if own in spelt:
            found.setdefault(spelt[own], []).append(row)
    return found


def _any_of(names: Iterable[str]) -> re.Pattern[str] | None:
    parts = [re.escape(name) if HAN.search(name) else rf"(?<!\w){re.escape(name)}(?!\w)" for name in names]
    return re.compile("|".join(parts)) if parts else None


def judge_passages(corpus: Corpus, rows: list[int]) -> Iterator[Judgement]:
    """The sentences of the passages that feel good or bad; where no word tells, what the document's rating says."""
    step = max(1, -(-len(rows) // MOST_READ))
    for row in rows[::step]:
        passage = corpus.passages[row]
        document = corpus.document_by_id[passage.document_id]
        scored = [
            (start, end, score_sentiment(document.text[start:end]))
            for start, end in sentence_spans(document.text, passage.start, passage.end)
        ]
        felt = [(start, end, score > 0) for start, end, score in scored if abs(score) >= FELT]
        if not felt and all(score == 0 for _, _, score in scored) and document.rating is not None:
            value = document.rating.value
            if value >= GOOD_RATING or value <= BAD_RATING:
                felt = [(start, end, value >= GOOD_RATING) for start, end, _ in scored]
        for start, end, good in felt:
            yield Judgement(document, start, end, good)

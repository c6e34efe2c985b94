"""How people write and feel, coarsely enough to answer them in kind: from their own documents, by counting."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, Literal

import numpy as np

from persona_kit.records import Record
from personas.sentiment import HAN, score_sentiment
from retrieval.documents import Document
from retrieval.words import count_words

Feeling = Literal["unhappy", "mixed", "happy"]
Length = Literal["short", "medium", "long"]
Manner = Literal["casual", "plain", "formal"]

MOST_READ: Final = 400
"""Documents read for a tone, spread evenly: more change nothing in three classes each."""

SHORT: Final = 15
LONG: Final = 60
"""Median words of a document (two Chinese characters to a word) below and above which people write short and long."""

FELT: Final = 0.12
"""Mean feeling from which people are happy or, below zero, unhappy; that of one document of feeling in three or so."""

MARKED: Final = 0.25
"""Share of documents with a mark of casual or formal writing from which people are taken to write so."""

_CASUAL: Final = re.compile(
    r"[!！]{2}|[?？]{2}|\b(?:lol|omg|btw|imo|idk|gonna|wanna|kinda|pls|thx|ur|u)\b|(?:^|[.!?]\s+)i\b|\bi'm\b|"
    r"[\U0001F300-\U0001FAFF]|哈哈|呵呵|啦|嘛|哦|呀|～|~"
)
_FORMAL: Final = re.compile(
    r"\b(?:dear (?:sir|madam|team|support|customer)|kind(?:est)? regards|best regards|yours (?:sincerely|faithfully)|"
    r"sincerely|i would like to|i am writing|we kindly|please find|hereby|furthermore|therefore)\b|您好|贵公司|贵司|"
    r"此致|敬礼|烦请|恳请|谨",
    re.IGNORECASE,
)


class Tone(Record):
    """How people write and feel."""

    feeling: Feeling
    length: Length
    manner: Manner
    """How they put things; `plain` where neither casual nor formal writing is marked."""
    documents: int
    """Read for it."""


NEUTRAL_TONE: Final = Tone(feeling="mixed", length="medium", manner="plain", documents=0)
"""Where nothing is known of how somebody writes."""


def hear_tone(documents: Iterable[Document]) -> Tone:
    """The tone of what people wrote; neutral where they wrote nothing.

    Args:
        documents: theirs; of conversations only their own turns are read.
    """
    every = list(documents)
    step = max(1, -(-len(every) // MOST_READ))
    texts = [_own_words(document) for document in every[::step]]
    texts = [text for text in texts if text.strip()]
    if not texts:
        return NEUTRAL_TONE
    mean = float(np.mean([score_sentiment(text) for text in texts]))
    casual, formal = (float(np.mean([bool(marks.search(text)) for text in texts])) for marks in (_CASUAL, _FORMAL))
    return Tone(
        feeling="happy" if mean >= FELT else "unhappy" if mean <= -FELT else "mixed",
        length=_length(texts),
        manner="formal" if formal >= max(MARKED, casual) else "casual" if casual >= MARKED else "plain",
        documents=len(texts),
    )


def _own_words(document: Document) -> str:
    spans = document.turns or ((0, len(document.text)),)
    return "\n".join(document.text[start:end] for start, end in spans)


def _length(texts: list[str]) -> Length:
    counts = [count_words(text) / (2 if HAN.search(text) else 1) for text in texts]
    median = float(np.median(counts))
    return "short" if median < SHORT else "long" if median > LONG else "medium"

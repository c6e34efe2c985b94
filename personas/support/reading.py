"""What a claim is about and how it feels, as far as somebody else may say the same."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from personas.sentiment import HAN, NEUTRAL, score_sentiment
from personas.terms import content_words, stem, stems
from retrieval.words import search_words

_FRAMES_EN = (
    "lack lacking lacks missing miss support supports supporting improve improved improvement improvements simple "
    "simpler easy easier easily harder fast faster quick quicker slow slower option options full proper limited"
)
_FRAMES_ZH = "没有 缺少 缺乏 比较 感觉 觉得 非常 特别 有点 有些 真的 十分 增加 支持"
FRAMES = frozenset(f"{_FRAMES_EN} {_FRAMES_ZH}".split())
"""Words that tell how something is wanted or judged, not what: "lack of documentation" and "lack of a debugger" have
nothing in common. Words that only feel, and those that say nothing anywhere, are left out besides."""

LONG_HAN = 4
"""Characters of a Chinese word that is cut in two: who says 服务 and who says 态度 speaks of 服务态度."""

FEELINGS = {"satisfaction": 1, "pain_points": -1}
"""Attributes that are a feeling, and its sign: what is filed there is felt, whether or not its words say so."""


@dataclass(frozen=True)
class Reading:
    """A claim's value, read."""

    value: str
    about: frozenset[str]
    """Stems of what it is about; all its stems where it only judges ("好吃", "great value")."""
    words: frozenset[str]
    """All its stems."""
    things: frozenset[str]
    """Things it names by a single Chinese character, which is no stem: 鱼."""
    judges: int
    """How its words feel: 1 pleased, -1 displeased, 0 neither."""
    feeling: int
    """The same, by its attribute where its words do not say."""


def read_value(value: str, attribute: str) -> Reading:
    """The value as others may say it in their words."""
    words = frozenset(stems(value))
    about = {stem(word) for word in content_words(value) if word not in FRAMES and score_sentiment(word) == 0.0}
    judges = sign_of(score_sentiment(value))
    things = frozenset(_single_things() & set(search_words(value)))
    return Reading(
        value, frozenset(_parts(about) or words), words, things, judges, judges or FEELINGS.get(attribute, 0)
    )


@cache
def _single_things() -> frozenset[str]:
    text = (files("personas") / "lexicons" / "single_things_zh.txt").read_text(encoding="utf-8")
    return frozenset("".join(line for line in text.splitlines() if not line.startswith("#")))


def _parts(about: set[str]) -> set[str]:
    parts: set[str] = set()
    for word in about:
        long = len(word) == LONG_HAN and HAN.match(word) is not None
        parts |= {word[:2], word[2:]} if long else {word}
    return parts


def sign_of(feeling: float) -> int:
    """1 for pleased, -1 for displeased, 0 for what is hardly felt."""
    return 0 if abs(feeling) < NEUTRAL else 1 if feeling > 0 else -1

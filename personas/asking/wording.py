"""What an answer says around the customers' own words, in English and Chinese."""

from __future__ import annotations

from typing import Final

from personas.asking.records import Voice
from personas.attributes import OutputLanguage
from personas.records import Claim
from personas.wording import plain_sentence

_TEXTS: Final[dict[tuple[Voice, OutputLanguage], dict[str, str]]] = {
    ("plain", "en"): {
        "spoke": "{people} of {members} people in this segment spoke about that.",
        "nobody": "Nobody in this segment spoke about that.",
        "stated": "{people} of {members} people in this segment state something of that themselves.",
        "unstated": "Nobody in this segment states that, and the customer table does not tell it.",
        "quote": "“{quote}”",
    },
    ("in-voice", "en"): {
        "spoke": "{people} of the {members} of us have spoken about that.",
        "nobody": "None of us has spoken about that.",
        "stated": "{people} of the {members} of us have said something of that.",
        "unstated": "None of us has said that.",
        "quote": "As one of us puts it: “{quote}”",
        "claim": "{people} of us say: “{value}”.",
    },
    ("plain", "zh"): {
        "spoke": "这个分群的 {members} 人中有 {people} 人谈到这一点。",
        "nobody": "这个分群里没有人谈到这一点。",
        "stated": "这个分群的 {members} 人中有 {people} 人自己提到过。",
        "unstated": "这个分群里没有人自己提到，客户表中也没有。",
        "quote": "“{quote}”",
    },
    ("in-voice", "zh"): {
        "spoke": "我们 {members} 人当中有 {people} 人谈到这一点。",
        "nobody": "我们当中没有人谈到这一点。",
        "stated": "我们 {members} 人当中有 {people} 人提到过。",
        "unstated": "我们当中没有人说过。",
        "quote": "我们当中有人这样说：“{quote}”",
        "claim": "我们当中有 {people} 人说：“{value}”。",
    },
}

ELSEWHERE: Final[dict[OutputLanguage, str]] = {
    "en": "Outside of this segment, {people} people did.",
    "zh": "在这个分群之外，有 {people} 人谈到过。",
}
OTHER_LANGUAGE: Final[dict[OutputLanguage, str]] = {
    "en": "most of this segment wrote in another language than the question: asked in theirs, more may be found",
    "zh": "这个分群的人大多用另一种语言书写：用他们的语言提问可能找到更多",
}
BY_WORDS: Final[dict[OutputLanguage, str]] = {
    "en": "found by the question's words and words near to them; in quite other words it may have been said "
    "(ask it otherwise, or let a model read: --llm)",
    "zh": "按问题中的词及其近义词查找；换一种说法也许有人谈过（可换个问法，或用 --llm 让模型来读）",
}
"""What to know of a "nobody" that no model has read for."""


def say(key: str, voice: Voice, language: OutputLanguage, **values: object) -> str:
    """A sentence of an answer.

    Args:
        key: one of `spoke`, `nobody`, `stated`, `unstated`, `quote`.
        voice: who speaks.
        language: of the answer.
        values: what stands in its gaps.
    """
    return _TEXTS[voice, language][key].format(**values)


def say_claim(claim: Claim, voice: Voice, language: OutputLanguage) -> str:
    """A claim of the persona as a sentence; one from the table is told the same in every voice."""
    if voice == "plain" or claim.basis is not None:
        return plain_sentence(claim, language)
    return _TEXTS[voice, language]["claim"].format(people=claim.people, value=claim.value.rstrip(".。"))

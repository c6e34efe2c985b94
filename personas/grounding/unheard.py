"""Figures and names in a model's words that the quotes it names do not hold."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from personas.grounding.differences import by_value
from personas.grounding.folding import fold_quote

_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)*")
_COUNTING: Final = re.compile(
    r"\b(?:half|a third|quarter|majority|minority|most (?:of|people|customers|users)|almost all|nearly all|dozens?"
    r"|hundreds?|thousands?|twice|(?:two|three|four|five|ten) times"
    r"|(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen"
    r"|(?:twen|thir|for|fif|six|seven|eigh|nine)ty) (?:out of|in|of|people|customers|users|%|percent))\b"
    r"|一半|半数|多数|少数|大部分|[两二三四五六七八九十百千万]+[位名个]?(?:人|用户|顾客|客户)|[二三四五六七八九十百]分之"
    r"|[一二三四五六七八九]成(?![都为本分功])",
    re.IGNORECASE,
)
"""Words that count or weigh people: people are counted, not judged by a model."""

_NAME: Final = re.compile(r"(?<![.!?“\"] )(?<!^)(?<![A-Za-z0-9_])[A-Z][a-z]{2,}(?![A-Za-z0-9_])")


def unheard_figure(text: str, quotes: Sequence[str]) -> str:
    """The first number or proportion of the text that no quote holds; empty where there is none.

    "30" is held by "thirty" and 三十, a proportion in words by the same words only.
    """
    source = " ".join(quotes)
    held = figures_of(source)
    strange = [number for number in _NUMBER.findall(text) if number not in held]
    folded = source.casefold()
    strange += [match.group() for match in _COUNTING.finditer(text) if match.group().casefold() not in folded]
    return strange[0] if strange else ""


def figures_of(text: str) -> set[str]:
    """The numbers of the text, those in words by their value too: "twenty bucks" holds 20."""
    return set(_NUMBER.findall(text)) | set(_NUMBER.findall(by_value(fold_quote(text))))


def unheard_name(text: str, quotes: Sequence[str]) -> str:
    """The first name inside the text, by its capital, that no quote holds; empty where there is none."""
    folded = " ".join(quotes).casefold()
    return next((name for name in _NAME.findall(text) if name.casefold() not in folded), "")

"""Passages that speak to a machine and not to a reader, in the open or disguised."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from typing import Final, Literal

from retrieval.hostile.folding import decoded, fold, mirrored, squeeze, unleet
from retrieval.hostile.patterns import FOREIGN, MARKUP, PLAIN, SQUEEZED, STRONG, TELLING, TOLD

FlagKind = Literal["instruction", "encoded text", "disguised instruction", "split instruction", "hidden text", "markup"]
FLAG_KINDS: Final[tuple[FlagKind, ...]] = (
    "instruction",
    "encoded text",
    "disguised instruction",
    "split instruction",
    "hidden text",
    "markup",
)

_HINTS: Final = (
    "ignor",
    "disregard",
    "instruct",
    "prompt",
    "overrid",
    "forget",
    "persona",
    "you are",
    "指令",
    "忽略",
    "无视",
)
_MIRRORED: Final = re.compile(
    "|".join({word[::-1] for word in _HINTS} | {codecs.encode(w, "rot13") for w in _HINTS[:8]})
)
"""What ROT13 and mirror writing make of words that most orders hold."""


def find_instructions(text: str) -> tuple[FlagKind, ...]:
    """Why the text is not to be relied on as what a customer says; empty for nearly all texts.

    Args:
        text: normalised; hidden characters are taken out already.
    """
    found: list[FlagKind] = []
    folded = fold(text)
    if speaks_to_machine(folded) or any(pattern.search(folded) for pattern in PLAIN):
        found.append("instruction")
    if _any(MARKUP, text):
        found.append("markup")
    if any(certain or speaks_to_machine(fold(told)) for told, certain in decoded(text)):
        found.append("encoded text")
    if not found and _is_disguised(text, folded):
        found.append("disguised instruction")
    return tuple(found)


def speaks_to_machine(folded: str) -> bool:
    """Whether a folded text holds what has no innocent reading."""
    if _any(STRONG, folded) or (TELLING.search(folded) and _any(TOLD, folded)):
        return True
    return not folded.isascii() and _any(FOREIGN, folded)


def _is_disguised(text: str, folded: str) -> bool:
    if SQUEEZED.search(squeeze(folded)):
        return True
    plain = unleet(folded)
    if plain != folded and (SQUEEZED.search(squeeze(plain)) or speaks_to_machine(plain)):
        return True
    return bool(_MIRRORED.search(folded)) and any(_reads_as_order(other) for other in mirrored(text))


def _reads_as_order(text: str) -> bool:
    folded = fold(text)
    return bool(SQUEEZED.search(squeeze(folded))) or speaks_to_machine(folded)


def _any(patterns: Sequence[re.Pattern[str]], text: str) -> bool:
    return any(pattern.search(text) for pattern in patterns)

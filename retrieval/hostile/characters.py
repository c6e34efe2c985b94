"""Characters that no reader sees: taken out of every text before anything else looks at it.

What carries meaning stays: joiners inside emoji and inside words of Arabic and Indic scripts, one variation selector
behind an emoji or a Chinese character, the tags of a flag such as Scotland's.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Final, Literal

HiddenKind = Literal["control", "bidirectional", "invisible", "tag"]

_EMOJI: Final = "\u00a9\u00ae\u203c-\u3299\ufe0f\U0001f000-\U0001faff"
_HAN: Final = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_JOINING: Final = "\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff\u0900-\u0dff\u0e00-\u0fff\u1000-\u109f\u1780-\u18af"
_SELECTORS: Final = "\ufe00-\ufe0f\U000e0100-\U000e01ef"

_PATTERNS: Final[tuple[tuple[HiddenKind, re.Pattern[str]], ...]] = (
    ("control", re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufff9-\ufffb]")),
    ("bidirectional", re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")),
    # A flag is a black flag, the letters of a region as tags, and the closing tag: all of it stays.
    (
        "tag",
        re.compile("(\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{2,6}\U000e007f)|[\U000e0000-\U000e007f]"),
    ),
    (
        "invisible",
        re.compile(
            "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0]"
            f"|(?<![{_EMOJI}{_JOINING}])[\u200c\u200d]|[\u200c\u200d](?![{_EMOJI}{_JOINING}])"
            f"|(?<![{_EMOJI}{_HAN}#*0-9])[{_SELECTORS}]|(?<=\ufe0f)[{_SELECTORS}]"
            "|[\U0001d173-\U0001d17a\U000e0080-\U000e00ff\U000e01f0-\U000e0fff]"
        ),
    ),
)

SMUGGLED: Final[dict[HiddenKind, int]] = {"tag": 4, "invisible": 16, "bidirectional": 8}
"""From so many of a kind on, something is hidden: four tags spell a word, and nobody types sixteen zero-width signs."""


def clean_characters(text: str) -> str:
    """The text without characters that no reader sees; see the module for those that stay."""
    if text.isascii() and text.isprintable():
        return text
    before = ""
    # What is taken out may bring a joiner or selector beside a character that it means nothing to.
    while before != text:
        before = text
        for _, pattern in _PATTERNS:
            text = pattern.sub(_kept, text)
    return text


def count_hidden(text: str) -> Counter[HiddenKind]:
    """How many characters of each kind `clean_characters` takes out."""
    counts: Counter[HiddenKind] = Counter()
    if text.isascii() and text.isprintable():
        return counts
    for kind, pattern in _PATTERNS:
        cleaned = pattern.sub(_kept, text)
        if len(cleaned) < len(text):
            counts[kind] = len(text) - len(cleaned)
            text = cleaned
    return counts


def _kept(found: re.Match[str]) -> str:
    return (found[1] or "") if found.re.groups else ""

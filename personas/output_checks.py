"""What a model writes may not do: link somewhere, mark up the page, or speak to a machine in its turn."""

from __future__ import annotations

import re
from typing import Final

from retrieval.hostile import find_instructions

_LINK: Final = re.compile(
    r"\b(?:https?|ftp|file|data|javascript|mailto)\s*:|\bwww\s?\.|[\w.+-]+@[\w-]+\.\w"
    r"|\b[a-z0-9-]{2,}\s?\.\s?(?:com|net|org|info|biz|xyz|top|site|online|shop|store|click|link|club|live|app|dev|io|co"
    r"|ai|me|tv|ru|cn|de|uk|fr|tk|ly|gg)\b(?:/|\b)",
    re.IGNORECASE,
)
_MARKUP: Final = re.compile(
    r"<\s*[/!?]?\s*[a-z][^<>]*>?|&#?\w{2,8};|\]\s?\(|!\[|```|\*\*|__\w|^\s*#{1,6}\s|^\s*\|", re.I | re.M
)


def find_unsafe(text: str) -> str:
    """What is wrong with a text of a model's own; empty where nothing is."""
    if _LINK.search(text):
        return "holds a link or an address"
    if _MARKUP.search(text):
        return "holds markup"
    return "speaks to a machine" if find_instructions(text) else ""

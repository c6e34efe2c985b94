"""Documents are written by strangers: what in them is meant for a machine and not for a reader."""

from retrieval.hostile.blanking import without_words_set_aside
from retrieval.hostile.characters import HiddenKind, clean_characters, count_hidden
from retrieval.hostile.instructions import FlagKind, find_instructions
from retrieval.hostile.spreading import find_spread

__all__ = [
    "FlagKind",
    "HiddenKind",
    "clean_characters",
    "count_hidden",
    "find_instructions",
    "find_spread",
    "without_words_set_aside",
]

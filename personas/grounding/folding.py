"""Texts folded for comparing: how a quote was typed does not matter, and every folded character knows its place.

The declared normalisation, on both sides and for the search only (what is cited are the source's own characters):

- compatibility forms (NFKC): full-width letters, ligatures, superscripts; case; accents typed as marks of their own
- every quotation mark is one, every dash is one, a full stop is a full stop in any script, an ellipsis is a full stop
- white space of any length is one blank, and none beside a Chinese or Japanese character
- traditional Chinese characters are simplified, one by one
- what cannot be seen is not there: zero-width and control characters, variation selectors, marks stacked on letters
"""

from __future__ import annotations

import threading
import unicodedata
from collections import OrderedDict
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

import numpy as np
from numpy.typing import NDArray

KEPT_CHARACTERS: Final = 40_000_000
"""Characters of folded texts that are kept for the next quote (at most about 200 MB, offsets included)."""

_MARKS: Final = "'\"‘’‚‛“”„‟«»‹›「」『』﹁﹂﹃﹄〝〞〟`´′″"
_DASHES: Final = "-‐‑‒–—―−⁃﹘﹣─"
_STOPS: Final = {"。": ".", "、": ","}
_UNSEEN: Final = frozenset({"Cf", "Cc", "Cs"})
_FILLERS: Final = frozenset("\u115f\u1160\u3164\uffa0")
_LONGEST_FOLD: Final = 24
"""U+FDFA stands for eighteen characters; nothing stands for more."""


@dataclass(frozen=True)
class Folded:
    """A text folded for comparing, with the offset in the original of each of its characters."""

    text: str
    offsets: NDArray[np.int32]
    """As long as the text, never falling."""

    def place(self, offset: int) -> int:
        """The first folded character that stands at the offset of the original or after it."""
        return int(np.searchsorted(self.offsets, offset, side="left"))

    def splits(self, position: int) -> bool:
        """Whether a cut before the position would part what is one character in the original."""
        return 0 < position < len(self.text) and bool(self.offsets[position] == self.offsets[position - 1])


@cache
def simplified_characters() -> dict[str, str]:
    """Traditional characters with their simplified forms, after OpenCC."""
    text = (files("personas") / "lexicons" / "traditional.tsv").read_text(encoding="utf-8")
    return dict(line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))


def _fold_character(character: str) -> str:
    folded = unicodedata.normalize("NFKC", character).casefold()
    return "".join(map(_fold_simple, folded))[:_LONGEST_FOLD]


def _fold_simple(character: str) -> str:
    if character.isspace():
        return " "
    if character in _MARKS:
        return "'"
    if character in _DASHES:
        return "-"
    stacked = "\u0300" <= character <= "\u036f" or "\ufe00" <= character <= "\ufe0f"
    if stacked or character in _FILLERS or unicodedata.category(character) in _UNSEEN:
        return ""
    return _STOPS.get(character) or simplified_characters().get(character, character)


class _FoldTable(dict[int, str]):
    """Code point -> its fold, worked out where it is first met; `lengths` says how long each is."""

    def __init__(self) -> None:
        super().__init__()
        self.lengths: NDArray[np.int8] = np.ones(0x110000, dtype=np.int8)

    def __missing__(self, code: int) -> str:
        fold = _fold_character(chr(code))
        self.lengths[code] = len(fold)  # before the fold is there for other threads
        self[code] = fold
        return fold


@cache
def _table() -> _FoldTable:
    return _FoldTable()


def _codes(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def fold(text: str) -> Folded:
    """The text folded for comparing; time and memory grow with its length."""
    folded = text.translate(_table())
    offsets = np.repeat(np.arange(len(text), dtype=np.int32), _table().lengths[_codes(text)])
    codes = _codes(folded)
    for keep in (_first_of_run, _beside_no_han):
        kept = keep(codes)
        if not kept.all():
            codes, offsets = codes[kept], offsets[kept]
    if len(codes) != len(folded):
        folded = codes.tobytes().decode("utf-32-le", "surrogatepass")
    return Folded(folded, offsets)


def _first_of_run(codes: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Blanks, dashes and full stops that do not follow their like; no blank in front."""
    kept = np.ones(len(codes), dtype=np.bool_)
    if len(codes):
        kept[0] = codes[0] != ord(" ")
        same = codes[1:] == codes[:-1]
        kept[1:] = ~(same & ((codes[1:] == ord(" ")) | (codes[1:] == ord("-")) | (codes[1:] == ord("."))))
    return kept


def _beside_no_han(codes: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """All but the blanks beside a character of a script that writes none."""
    wide = ((codes >= 0x2E80) & (codes <= 0x9FFF)) | ((codes >= 0x20000) & (codes <= 0x3FFFF))
    beside = np.zeros(len(codes), dtype=np.bool_)
    beside[1:] |= wide[:-1]
    beside[:-1] |= wide[1:]
    kept: NDArray[np.bool_] = ~(beside & (codes == ord(" ")))
    return kept


class _Kept:
    """Texts folded last, up to a number of characters in all; a document is searched for many quotes."""

    def __init__(self) -> None:
        self._texts: OrderedDict[str, Folded] = OrderedDict()
        self._characters = 0
        self._lock = threading.Lock()

    def fold(self, text: str) -> Folded:
        with self._lock:
            found = self._texts.get(text)
            if found is not None:
                self._texts.move_to_end(text)
                return found
        folded = fold(text)
        with self._lock:
            if text not in self._texts:
                self._texts[text] = folded
                self._characters += len(text) + len(folded.text)
            while self._characters > KEPT_CHARACTERS and len(self._texts) > 1:
                old, dropped = self._texts.popitem(last=False)
                self._characters -= len(old) + len(dropped.text)
        return folded


_kept = _Kept()


def fold_document(text: str) -> Folded:
    """The text of a document folded once, and kept for the quotes to come."""
    return _kept.fold(text)


def fold_quote(quote: str) -> str:
    """A proposed quote as it is looked for: folded, without the marks around it and the full stops at its ends."""
    return fold(unicodedata.normalize("NFC", quote)).text.strip(" '.*_#>|…")

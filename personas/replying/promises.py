"""What a message asks for, and whether a sentence commits the company to anything; from `lexicons/promises.tsv`."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Final

LEAST_REPEATED: Final = 0.6
"""Share of a further clause's pairs of neighbouring words that what the customer wrote must hold."""

_CLAUSE: Final = re.compile(r"[,;:，；：、]|\s[-–—]\s|\b(?:and|but|so|which|then|therefore)\b(?! (?:you|that|again)\b)")
_WORD: Final = re.compile(r"[\u3400-\u9fff]|[a-z0-9']+")
_BE: Final = dict.fromkeys(("was", "were", "are", "am"), "is")
_SIDES: Final = {"your": "my", "you": "i", "yours": "mine", "yourself": "myself", "您": "我", "你": "我", **_BE}


@cache
def _patterns(kind: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    text = (files("personas") / "lexicons" / "promises.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return tuple((key, re.compile(pattern)) for of_kind, key, pattern in rows if of_kind == kind)


def asked_for(message: str) -> tuple[str, ...]:
    """The remedies, prices and dates that a message asks for, as keys such as `refund`."""
    lowered = _plain(message)
    return tuple(key for key, pattern in _patterns("asks") if pattern.search(lowered))


def find_promise(sentence: str, message: str = "") -> str:
    """The words by which a sentence commits the company, or has it act; empty where it does neither.

    Nothing that customers wrote says what the company will do, so every commitment is one that the evidence does not
    hold; better a harmless sentence dropped than a promise sent.

    Args:
        sentence: of a draft.
        message: what it answers: times that the customer named themselves commit to nothing.
    """
    lowered, said = _plain(sentence), _plain(message)
    found = [_first("promises", lowered)]
    if not _first("frames", lowered):
        found.append(_first("remedies", lowered))
    times = (match.group() for _, pattern in _patterns("times") for match in pattern.finditer(lowered))
    found += [time for time in times if time.strip() not in said]
    return next(filter(None, found), "")


def find_stray(sentence: str, said: str) -> str:
    """The first clause of a sentence that does not take up what the customer said; empty where all do.

    "That fee is cancelled" promises in no word, and commits all the same; so does ", and it is granted" behind the
    kindest opening. A further clause may go on with what they said, or repeat it nearly to the letter.

    Args:
        sentence: of a draft.
        said: what the customer wrote, now or before.
    """
    clauses = [clause.strip(" .!。！") for clause in _CLAUSE.split(_plain(sentence))]
    first, *further = [clause for clause in clauses if clause]
    if not _first("takes up", first):
        return first
    pairs = _pairs(said)
    strays = (
        one
        for one in further
        if not _first("takes up", one)
        and not _first("goes on", one)
        and len(own := _pairs(one)) > 0
        and len(own & pairs) < LEAST_REPEATED * len(own)
    )
    return next(strays, "")


def _pairs(text: str) -> set[tuple[str, str]]:
    """Neighbouring words, the customer and the company seen from one side, then and now as one."""
    words = [_SIDES.get(word, word) for word in _WORD.findall(_plain(text))]
    return set(pairwise(words))


def _first(kind: str, text: str) -> str:
    matches = (pattern.search(text) for _, pattern in _patterns(kind))
    return next((match.group() for match in matches if match is not None), "")


def _plain(text: str) -> str:
    return " ".join(text.lower().replace("’", "'").split())

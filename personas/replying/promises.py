"""What a message asks for, and whether a sentence commits the company to anything; from `lexicons/promises.tsv`."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files


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


def _first(kind: str, text: str) -> str:
    matches = (pattern.search(text) for _, pattern in _patterns(kind))
    return next((match.group() for match in matches if match is not None), "")


def _plain(text: str) -> str:
    return " ".join(text.lower().replace("’", "'").split())

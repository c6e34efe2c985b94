"""The words of questions: what only asks, what asks for an attribute, and what stands for one another."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

HAN = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True)
class Statement:
    """A question for who somebody is, answered only by what people state of themselves or the customer table says."""

    asked: re.Pattern[str]
    stated: re.Pattern[str]
    column: re.Pattern[str]


@dataclass(frozen=True)
class QuestionWords:
    """The lexicon of `lexicons/asking.tsv`."""

    frame: frozenset[str]
    asks: tuple[tuple[str, re.Pattern[str]], ...]
    """Attribute key and the words that ask for it."""
    states: tuple[Statement, ...]
    whole: re.Pattern[str]
    """Asking the persona to tell of itself as a whole."""
    rows_of: dict[str, frozenset[int]]
    """Which rows of words that stand for one another hold a word."""
    kinds: dict[str, frozenset[str]]
    """A word for a kind of thing, and things of that kind."""


@cache
def question_words() -> QuestionWords:
    """The lexicon, read once."""
    rows = list(_rows())
    same = [fields[0].split() for kind, *fields in rows if kind == "same"]
    words = sorted({word for row in same for word in row})
    return QuestionWords(
        frame=frozenset(word for kind, *fields in rows if kind == "frame" for word in fields[0].split()),
        asks=tuple((fields[0], re.compile(fields[1])) for kind, *fields in rows if kind == "asks"),
        states=tuple(Statement(*map(re.compile, fields)) for kind, *fields in rows if kind == "states"),
        whole=re.compile("|".join(fields[0] for kind, *fields in rows if kind == "self")),
        kinds=_kinds([fields for kind, *fields in rows if kind == "kinds"]),
        rows_of={word: frozenset(at for at, row in enumerate(same) if word in row) for word in words},
    )


def _kinds(rows: list[list[str]]) -> dict[str, frozenset[str]]:
    return {head: frozenset(f"{heads} {things}".split()) for heads, things in rows for head in heads.split()}


def _rows() -> Iterator[list[str]]:
    text = (files("personas") / "lexicons" / "asking.tsv").read_text(encoding="utf-8")
    return (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))

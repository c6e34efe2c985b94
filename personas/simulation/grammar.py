"""Phrasings with choices and slots: ``the [box|crate] came {when}[, again|]``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import TypeVar

T = TypeVar("T")
Pools = Mapping[str, tuple["Phrasing", ...]]
"""What may stand in a slot, by the slot's name."""

_TOKEN = re.compile(r"[\[\]|]|\{[a-z_]+\}|[^\[\]|{}]+")


@dataclass(frozen=True, slots=True)
class Slot:
    """Filled from the pool of that name."""

    name: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several, any of which may be empty."""

    options: tuple[Phrasing, ...]


Phrasing = tuple[str | Slot | Choice, ...]


def pick(random: Random, options: tuple[T, ...]) -> T:
    """One of the options, each as likely; faster than `Random.choice`."""
    return options[int(random.random() * len(options))]


def parse(source: str) -> Phrasing:
    """The phrasing that a line of the material says.

    Raises:
        ValueError: when a bracket is not closed or opened, or a brace stands alone.
    """
    tokens = _TOKEN.findall(source)
    if "".join(tokens) != source:
        raise ValueError(f"a brace stands alone in {source!r}")
    place = iter(tokens)
    phrasing, ended_by = _sequence(place)
    if ended_by:
        raise ValueError(f"{ended_by!r} outside of brackets in {source!r}")
    return phrasing


def _sequence(tokens: Iterator[str]) -> tuple[Phrasing, str]:
    """Parts up to the token that ends them, and that token."""
    parts: list[str | Slot | Choice] = []
    for token in tokens:
        if token in {"|", "]"}:
            return tuple(parts), token
        if token == "[":
            parts.append(_choice(tokens))
        elif token[0] == "{":
            parts.append(Slot(token[1:-1]))
        else:
            parts.append(token)
    return tuple(parts), ""


def _choice(tokens: Iterator[str]) -> Choice:
    options = []
    while True:
        phrasing, ended_by = _sequence(tokens)
        options.append(phrasing)
        if ended_by == "]":
            return Choice(tuple(options))
        if not ended_by:
            raise ValueError("a bracket is not closed")


def slots_of(phrasing: Phrasing) -> set[str]:
    """Names of all slots, those inside choices too."""
    names: set[str] = set()
    for part in phrasing:
        if isinstance(part, Slot):
            names.add(part.name)
        elif isinstance(part, Choice):
            names.update(*map(slots_of, part.options))
    return names


def expand(phrasing: Phrasing, random: Random, pools: Pools) -> str:
    """The phrasing in words."""
    pieces = []
    for part in phrasing:
        if isinstance(part, str):
            pieces.append(part)
        elif isinstance(part, Slot):
            pieces.append(expand(pick(random, pools[part.name]), random, pools))
        else:
            pieces.append(expand(pick(random, part.options), random, pools))
    return "".join(pieces)

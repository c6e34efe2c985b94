"""Words that say who people are: age, sex, family, work, place, health, belief, money; and where they may be said."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

from personas.terms import stem

_QUOTED: Final = re.compile(r"“[^”]*”|「[^」]*」|\"[^\"]*\"")
_OF_OTHERS: Final = re.compile(
    r"\b(?:with|for|to|from|by|of|and|or|than|at)(?: (?:the|other|an?|some|any|new))?\s*$"
    r"|(?:给|跟|和|与|为|送|对|让|带|帮|替|向)$"
)
"""What stands before people that somebody deals with, and is not."""

_WORD_BEFORE: Final = re.compile(r"([a-z][a-z'-]+)[ -]$")
_PLAIN: Final = (
    "the a an these those this that their his her its our my your some many most are is as be being were was and or "
    "but of for with to from by mostly mainly often typically busy young old working who than like other all"
)
_PLAIN_BEFORE: Final = frozenset(_PLAIN.split())
"""What makes no compound with the word behind it."""


class Trait(NamedTuple):
    """A word that says who somebody is, and where it stands."""

    kind: str
    """`age`, `gender`, `family`, `job`, `place` and so on: the first column of ``lexicons/traits.tsv``."""
    word: str
    start: int


@cache
def _lexicon() -> tuple[tuple[str, re.Pattern[str]], ...]:
    text = (files("personas") / "lexicons" / "traits.tsv").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
    # Between a Chinese character and a Latin letter there is no word border.
    return tuple((kind, re.compile(rf"(?<![a-z0-9])(?:{pattern})(?![a-z0-9])")) for kind, pattern in rows)


def find_traits(text: str) -> Iterator[Trait]:
    """The trait words of the text, kind by kind; offsets are those of the text in lower case."""
    lowered = text.lower().replace("’", "'")
    for kind, pattern in _lexicon():
        for match in pattern.finditer(lowered):
            yield Trait(kind, match.group(), match.start())


def uncarried_traits(text: str, *, own: Sequence[str], said: Sequence[str], values: Sequence[str] = ()) -> list[str]:
    """The trait words that the text says of people and nothing carries, as they stand there; sorted.

    A word is carried where people say it of themselves; where the text quotes it; where it belongs to another word of
    the customers ("package manager"); and, of people whom somebody deals with ("notes for students"), where the
    customers name them.

    Args:
        text: a sentence or a claim's value.
        own: what may be said: self-statements, and values of a table.
        said: all that the customers are quoted with.
        values: what is claimed already; a Chinese word may be said again, as nothing there shows whom it is said of.
    """
    bare = _QUOTED.sub(lambda quoted: " " * len(quoted.group()), text).lower().replace("’", "'")
    ours, theirs = _stems(own), _stems(said)
    spoken = " ".join(said).lower()
    strange = set()
    for trait in find_traits(bare):
        wanted = _stems([trait.word])
        before = bare[: trait.start]
        in_value = _is_chinese(trait.word) and any(trait.word in value for value in values)
        if (
            wanted <= ours
            or in_value
            or (_OF_OTHERS.search(before) and wanted <= theirs)
            or _in_compound(trait, before, spoken)
        ):
            continue
        strange.add(trait.word)
    return sorted(strange)


def _stems(texts: Sequence[str]) -> set[str]:
    """Stems of the words; Chinese by two characters, since words are cut differently in different sentences."""
    joined = " ".join(texts).lower()
    pairs = {joined[at : at + 2] for at in range(len(joined) - 1) if "\u4e00" <= joined[at] <= "\u9fff"}
    return {stem(word) for word in re.findall(r"[a-z0-9]+", joined)} | {
        pair for pair in pairs if "\u4e00" <= pair[1] <= "\u9fff"
    }


def _is_chinese(word: str) -> bool:
    return "\u4e00" <= word[0] <= "\u9fff"


def _in_compound(trait: Trait, before: str, spoken: str) -> bool:
    word = _WORD_BEFORE.search(before)
    return word is not None and word[1] not in _PLAIN_BEFORE and f"{word[1]} {trait.word}" in spoken

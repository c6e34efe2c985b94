"""Where people say who they are themselves: "I'm a nurse", "my kids", 我是护士; not "nurses would like it".

Word patterns, read as their sentence means them (`personas.profiles.stance`): what is negated, supposed, told by or of
somebody else or no longer true says nothing of the writer. What is missed stays not stated, so patterns are narrow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import Final

from personas.grounding.carrying import quote_words
from personas.profiles.stance import Standing, Way
from personas.sentiment import HAN
from personas.terms import stems
from retrieval.splitting import sentence_spans

_NOT_MEANT: Final[frozenset[Way]] = frozenset({"n", "h", "r", "p", "s"})
_OWN_NEGATION: Final = re.compile(r"\bnot\b|n't\b|\bno longer\b|不是|并非")
_TOLD: Final = re.compile(
    r"(?:\b\w+ (?:said|says|told \w+|goes|wrote|replied|answered|shouted|asked)|说|问|回|喊)[,:：，]? ?[\"“'‘「]?$"
)
_PRETENDED: Final = re.compile(
    r"\b(?:you'?d think|thinks?|thought|assumes?|treats? (?:me|us)|feel(?:s|ing)?|as if|like)(?: that| like)? $"
)


@cache
def _patterns(language: str) -> re.Pattern[str]:
    text = (files("personas") / "lexicons" / "self_statements.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return re.compile("|".join(pattern for name, pattern in rows if name == language))


def own_statements(text: str) -> list[str]:
    """The parts of the text, in lower case, in which the writer says something of their own person or people.

    Of "My sister is a nurse" only "my sister" is one, of "I'm not a nurse" nothing.
    """
    return [text[start:end].lower().replace("’", "'") for start, end in own_spans(text)]


def own_spans(text: str) -> list[tuple[int, int]]:
    """Where these parts stand in the text."""
    found: list[tuple[int, int]] = []
    for start, end in sentence_spans(text, 0, len(text)):
        sentence = text[start:end].lower().replace("’", "'")
        # A few letters become two in lower case, and offsets would slip.
        if len(sentence) == end - start:
            found += [(start + first, start + last) for first, last in _of_sentence(sentence)]
    return found


def speaks_of_self(text: str) -> bool:
    """Whether the writer says something of their own person anywhere in the text."""
    return bool(own_statements(text))


def _of_sentence(sentence: str) -> Iterator[tuple[int, int]]:
    chinese = bool(HAN.search(sentence))
    for match in _patterns("zh" if chinese else "en").finditer(sentence):
        before = sentence[: match.start()]
        # A cue that begins with "I" or 我 is the writer's own, unless somebody else's speech is given.
        if _TOLD.search(before) or _PRETENDED.search(before) or _OWN_NEGATION.search(match.group()):
            continue
        ways = Standing(sentence, match.start(), match.end(), chinese).ways() & _NOT_MEANT
        if match.group().startswith(("my ", "our ")):
            # "My mother says it leaks" tells of the mother that there is one.
            ways -= {"r", "n", "p"}
        if not ways:
            yield match.span()


def common_statement(texts: Sequence[str], *, longest: int) -> str:
    """What most of the writers say of themselves, in the words of one of them; empty where nobody says anything.

    Args:
        texts: one of each writer.
        longest: words of the statement at most.
    """
    said = [(text[start:end], place) for place, text in enumerate(texts) for start, end in own_spans(text)]
    short = [(words.strip(), place) for words, place in said if 2 <= quote_words(words) <= longest and stems(words)]
    shared = {
        words: len({other for others, other in said if len(stems(words) & stems(others)) * 2 > len(stems(words))})
        for words, _ in short
    }
    # A number is one writer's own.
    plain = {words: not any(character.isdecimal() for character in words) for words in shared}
    return max(shared, key=lambda words: (shared[words], plain[words], len(words), words), default="")

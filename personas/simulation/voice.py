"""How people write: registers, fillers, sarcasm, typos."""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random
from typing import Literal

from personas.simulation.grammar import expand, pick
from personas.simulation.material import Wording

Register = Literal["plain", "chatty", "terse", "angry", "halting", "sarcastic"]
REGISTERS: tuple[Register, ...] = ("chatty", "chatty", "terse", "terse", "angry", "halting", "halting", "sarcastic")
"""All but the plain one, as often as they occur; `halting` is a learner's English, and in Chinese an accent."""

_SUBJECT = re.compile(r"^(?:I've|I'm|I|It's|It is|It|The|There is|There's|We|My|This)\s+", re.IGNORECASE)
_ARTICLE = re.compile(r"\b(?:the|a|an) ", re.IGNORECASE)
_HALTING = (
    (re.compile(r"\b(?:doesn't|don't|didn't|won't)\b"), "not"),
    (re.compile(r"\b(?:have|has|had) been\b"), "is"),
    (re.compile(r"\b(?:I'm|I am)\b"), "I"),
    (re.compile(r"\bwould\b"), "will"),
    (re.compile(r"\bmuch more\b"), "more more"),
)
_WORD = re.compile(r"[A-Za-z]{4,}")


@dataclass(frozen=True, slots=True)
class Style:
    """One person's way of writing."""

    register: Register
    lower: bool
    typos: float
    """Chance of a typo in each word of four letters or more, or in each Chinese sentence."""
    filler: float
    """Chance of an opener, a closer or a filler word."""


PLAIN = Style("plain", lower=False, typos=0.0, filler=0.0)


def draw_style(noise: float, random: Random) -> Style:
    """A style; without noise everybody writes plainly."""
    register: Register = pick(random, REGISTERS) if random.random() < min(1.0, 2.0 * noise) else "plain"
    return Style(
        register,
        lower=random.random() < 0.6 * noise or (register == "terse" and random.random() < noise),
        typos=noise * random.choice((0.0, 0.02, 0.06)),
        filler=min(1.0, noise * (2.0 if register == "chatty" else 0.8)),
    )


def dress(sentence: str, style: Style, wording: Wording, random: Random, *, feeling: float = 0.0) -> str:
    """The sentence as that person would write it, ending included."""
    if style is PLAIN:
        return sentence
    dressed = _dress_chinese if wording.tongue == "zh" else _dress_english
    return dressed(sentence, style, wording, random, feeling)


def _line(name: str, wording: Wording, random: Random) -> str:
    return expand(pick(random, wording.lists[name]), random, wording.pools)


def _dress_english(sentence: str, style: Style, wording: Wording, random: Random, feeling: float) -> str:
    register = style.register
    if register == "terse" and random.random() < 0.7:
        sentence = _capital(_SUBJECT.sub("", sentence, count=1)).rstrip(".")
    elif register == "halting":
        sentence = _halting(sentence, random)
    elif register == "angry" and feeling <= 0:
        sentence = _shout(sentence, random)
    elif register == "chatty" and random.random() < style.filler:
        sentence = f"{_capital(_line('chatty_before', wording, random))} {_uncapital(sentence)}"
    elif register == "sarcastic" and feeling < 0 and random.random() < 0.5:
        sentence = f"{sentence} {_line('sarcasm', wording, random)}"
    if style.typos:
        sentence = _WORD.sub(lambda match: _slip(match[0], style.typos, random), sentence)
    return sentence.lower() if style.lower else sentence


def _dress_chinese(sentence: str, style: Style, wording: Wording, random: Random, feeling: float) -> str:
    register = style.register
    if register == "terse" and random.random() < 0.7:
        sentence = sentence.removeprefix("我").rstrip("。")
    elif register == "halting":
        sentence = _swap(sentence, wording.plain["accent"], 0.5, random)
    elif register == "angry" and feeling <= 0:
        sentence = f"{sentence.rstrip('。')}{'！' * random.randint(1, 3)}"
    elif register == "chatty" and random.random() < style.filler:
        sentence = f"{_line('chatty_before', wording, random)}{sentence}"
    elif register == "sarcastic" and feeling < 0 and random.random() < 0.5:
        sentence = f"{sentence}{_line('sarcasm', wording, random)}"
    if random.random() < 3 * style.typos:
        sentence = _swap(sentence, wording.plain["slips"], 0.5, random)
    return sentence.replace("，", " ").rstrip("。") if style.lower else sentence


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _uncapital(text: str) -> str:
    """The first letter small, except of I and of words in capitals."""
    first = text.split(" ", 1)[0]
    keeps = first == "I" or first.startswith(("I'", "I’")) or (len(first) > 1 and first.isupper())
    return text if keeps else text[:1].lower() + text[1:]


def _halting(sentence: str, random: Random) -> str:
    sentence = _ARTICLE.sub(lambda match: "" if random.random() < 0.6 else match[0], sentence)
    for pattern, instead in _HALTING:
        if random.random() < 0.5:
            sentence = pattern.sub(instead, sentence)
    return _capital(sentence)


def _shout(sentence: str, random: Random) -> str:
    words = sentence.rstrip(".").split(" ")
    place = random.randrange(len(words))
    words[place] = words[place].upper()
    return f"{' '.join(words)}{'!' * random.randint(1, 3)}"


def _slip(word: str, chance: float, random: Random) -> str:
    """The word with two letters changed over, one lost or one doubled."""
    if random.random() >= chance:
        return word
    place = random.randrange(1, len(word) - 1)
    kind = random.randrange(3)
    if kind == 0:
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    return word[:place] + (word[place + 1 :] if kind == 1 else word[place] + word[place:])


def _swap(sentence: str, pairs: tuple[str, ...], chance: float, random: Random) -> str:
    """Characters changed for others, each of the pairs ("在=再") with that chance."""
    for pair in pairs:
        old, new = pair.split("=")
        if old in sentence and random.random() < chance:
            sentence = sentence.replace(old, new, 1)
    return sentence

"""Words by which customers tell of themselves, found in a passage and read as their sentence means them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final, Literal

from personas.profiles.stance import Standing
from personas.sentiment import HAN
from retrieval.splitting import sentence_spans

HABIT: Final = "habit"
_WANTED: Final = re.compile(
    r"\b(?:wants?|need|needed|would|wish|could|should|if|intend|hope|plan to|planning)\b|打算|希望|想"
)
"""What is only wanted is no habit."""


@dataclass(frozen=True)
class CueRule:
    """A way of saying something; one line of ``lexicons/cues_*.tsv``."""

    rule_id: str
    tag: str
    """`price`, `leave`, `grow`, `habit` or `interest`."""
    value: str
    weight: float
    """How often it is meant as the tag says, where the sentence does not take it back."""
    allowed: frozenset[str]
    """Ways in which the words may stand and still count, see `stance.Way`."""
    needles: tuple[str, ...]
    """One of these must occur: a quick look before the pattern is tried."""
    pattern: re.Pattern[str]


@dataclass(frozen=True)
class Cue:
    """A cue found in a passage; offsets are those of the passage."""

    rule_id: str
    tag: str
    value: str
    weight: float
    start: int
    end: int


@cache
def cue_rules(language: Literal["en", "zh"]) -> tuple[CueRule, ...]:
    """The rules of a language, in the order of its file."""
    text = (files("personas") / "lexicons" / f"cues_{language}.tsv").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
    return tuple(
        CueRule(
            rule_id=f"{tag}-{language}-{number}",
            tag=tag,
            value=value,
            weight=float(weight),
            allowed=frozenset(allowed.replace("-", "")),
            needles=tuple(needles.split("|")) if needles else (),
            pattern=re.compile(pattern),
        )
        for number, (tag, value, weight, allowed, needles, pattern) in enumerate(rows, start=1)
    )


def find_cues(text: str) -> list[Cue]:
    """The cues that the writer means, in the order of the text; at most one of each tag and value in a sentence."""
    lowered = _lowered(text)
    chinese = bool(HAN.search(lowered))
    rules = [rule for rule in _candidates(lowered, chinese) if rule.pattern.search(lowered)]
    if not rules:
        return []
    found: dict[tuple[int, str, str], Cue] = {}
    for start, end in sentence_spans(lowered):
        for cue in _in_sentence(lowered[start:end], start, rules, chinese):
            key = (start, cue.tag, cue.value)
            if key not in found or cue.weight > found[key].weight:
                found[key] = cue
    return sorted(found.values(), key=lambda cue: (cue.start, cue.end, cue.rule_id))


def _lowered(text: str) -> str:
    """Lower case and plain apostrophes, every character where it was."""
    lowered = text.lower().replace("’", "'")
    # A few capitals (such as the dotted I) grow in lower case, and offsets would shift.
    return lowered if len(lowered) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def _candidates(lowered: str, chinese: bool) -> Iterator[CueRule]:
    languages: tuple[Literal["en", "zh"], ...] = ("zh", "en") if chinese else ("en",)
    for language in languages:
        rules, needles = cue_rules(language), _rules_of_needle(language)
        places = {place for needle in needles if needle in lowered for place in needles[needle]}
        yield from (rules[place] for place in sorted(places))


@cache
def _rules_of_needle(language: Literal["en", "zh"]) -> dict[str, list[int]]:
    """Each needle with the places of the rules that need it, so that a text is searched for it once."""
    found: dict[str, list[int]] = {}
    for place, rule in enumerate(cue_rules(language)):
        for needle in rule.needles:
            found.setdefault(needle, []).append(place)
    return found


def _in_sentence(sentence: str, offset: int, rules: list[CueRule], chinese: bool) -> Iterator[Cue]:
    for rule in rules:
        for match in rule.pattern.finditer(sentence):
            start, end = match.span()
            if start == end:
                continue
            standing = Standing(sentence=sentence, start=start, end=end, chinese=chinese)
            if rule.tag == HABIT and _WANTED.search(standing.words):
                continue
            if standing.ways() <= rule.allowed:
                yield Cue(rule.rule_id, rule.tag, rule.value, rule.weight, offset + start, offset + end)
                break

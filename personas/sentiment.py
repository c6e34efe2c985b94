"""How people feel in what they write: a word list read clause by clause; English and Chinese.

A word counts with its strength, turned round by a negation before it, raised by "very", lowered by "a bit", read as a
want in "I wish it were fast" and as half a statement in a question. What follows "but" counts more than what stands
before it. Fast enough for every passage of a large corpus; see docs/profiles.md for how often it is right.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Final

import numpy as np
from numpy.typing import NDArray

HAN = re.compile(r"[\u3400-\u9fff]")

_TOKENS: Final = re.compile(r"[a-z0-9]+(?:[-'][a-z]+)*|[.,;:!?()\n]")
_FILLERS: Final = re.compile(
    r"\b(?:not (?:gonna|going to) lie|don't get me wrong|no offen[cs]e|no doubt|no matter|not sure (?:why|how"
    r"|if)|can't help but)\b"
)
"""Negations that negate nothing."""
_BREAKS: Final = frozenset(".,;:!?()\n")
_ENDS: Final = frozenset(".!?\n")
_TURNS: Final = frozenset({"but", "however", "yet", "although", "though", "except", "until", "despite"})

_NEGATIONS_WORDS: Final = (
    "not no don't doesn't didn't isn't wasn't aren't weren't without hardly nothing never cannot can't won't "
    "couldn't wouldn't shouldn't hasn't haven't hadn't ain't neither nor barely scarcely none nobody lacks "
    "lack lacking less dont doesnt didnt isnt wasnt cant wont couldnt anything far stopped rarely"
)
_NEGATIONS: Final = frozenset(_NEGATIONS_WORDS.split())
_FAILURES: Final = frozenset(["never", "cannot", "can't", "won't", "couldn't", "cant", "wont"])
"""Negations that tell of something that does not work even where they turn no word of feeling."""
_RAISERS_WORDS: Final = (
    "very really extremely so super absolutely totally incredibly especially highly truly completely utterly "
    "ridiculously insanely seriously always constantly"
)
_RAISERS: Final = frozenset(_RAISERS_WORDS.split())
_LOWERERS_WORDS: Final = "slightly somewhat bit little fairly rather sometimes occasionally kinda sorta almost"
_LOWERERS: Final = frozenset(_LOWERERS_WORDS.split())
_WANTS_WORDS: Final = (
    "wish would should could hope want wanted need needs if unless hoping please might maybe i'd we'd they'd you'd it'd"
)
_WANTS: Final = frozenset(_WANTS_WORDS.split())
_STATED_WANTS: Final = frozenset(["recommend", "recommended"])
"""Words that "would" does not turn into a want: "I would recommend it"."""
_COMPARATIVES: Final = frozenset({
    "better", "easier", "faster", "quicker", "simpler", "improved", "nicer", "smoother", "smarter", "cleaner",
})  # fmt: skip
_STATES: Final = frozenset({
    "is", "are", "was", "were", "it's", "that's", "they're", "much", "far", "way", "even", "works", "worked", "got",
    "gets", "getting", "feels", "looks", "made", "makes", "life", "so", "runs", "i'm", "now", "lot", "bit", "has",
    "and", "have", "work",
})  # fmt: skip
_TOO_LITTLE: Final = frozenset({
    "much",
    "many",
    "few",
    "little",
    "long",
    "short",
    "small",
    "big",
    "high",
    "low",
    "sweet",
})

NEGATION_REACH: Final = 3
"""A negation turns the valence of words at most this many English words behind it, within the clause."""

WANT_REACH: Final = 8
"""Words behind "wish", "would" or "if" that tell of what is not there; within the clause."""

DOUBT: Final = 1.0
"""Added to the sum of strengths: one mild word is not a strong feeling."""

NEUTRAL: Final = 0.15
"""Scores nearer to zero than this are mixed or neutral."""

_AFTER_TURN: Final = 1.5
_BEFORE_TURN: Final = 0.75
_QUESTION: Final = 0.5
_FLIPPED: Final = 0.75
"""A negated word is weaker than its opposite: "not bad" is less than "good"."""


@cache
def _valence() -> dict[str, int]:
    text = (files("personas") / "lexicons" / "valence.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return {word: int(value) for word, value in rows}


@cache
def _english_words() -> dict[str, int]:
    return {word: value for word, value in _valence().items() if not HAN.search(word) and " " not in word}


@cache
def _english_phrases() -> dict[str, list[tuple[tuple[str, ...], int]]]:
    """Phrases by their first word, longest first."""
    found: dict[str, list[tuple[tuple[str, ...], int]]] = {}
    for phrase, value in _valence().items():
        if " " in phrase:
            words = tuple(phrase.split())
            found.setdefault(words[0], []).append((words, value))
    return {first: sorted(phrases, key=lambda item: (-len(item[0]), item[0])) for first, phrases in found.items()}


def score_sentiment(text: str) -> float:
    """How the text feels, from -1 (bad) over 0 (neutral or mixed) to 1 (good)."""
    scores = english_feelings(text) if re.search("[A-Za-z]", text) else []
    if HAN.search(text):
        scores = scores + chinese_feelings(text)
    size = sum(map(abs, scores))
    score = sum(scores) / (size + DOUBT)
    return score if abs(score) >= NEUTRAL else 0.0


def score_sentiments(texts: list[str]) -> NDArray[np.float32]:
    """`score_sentiment` of each text; ``(n,)``."""
    return np.array([score_sentiment(text) for text in texts], dtype=np.float32)


def english_feelings(text: str) -> list[float]:
    """The strength of every English word of feeling in the text, in order, as its clause means it."""
    words, phrases = _english_words(), _english_phrases()
    tokens = _TOKENS.findall(_FILLERS.sub(",", text.lower().replace("’", "'")))
    scores: list[float] = []
    clause, at, turned = 0, 0, 0
    sentence: list[float] = []
    while at < len(tokens):
        token = tokens[at]
        if token in _BREAKS:
            clause = at + 1
            if token in _ENDS:
                scores += _weigh_sentence(sentence, turned, question=token == "?")
                sentence, turned = [], 0
        elif token in _TURNS:
            clause, turned = at, len(sentence) if token not in {"although", "though", "despite"} else turned
        else:
            length, value = _entry(tokens, at, words, phrases)
            if value and not _is_asked_for(tokens, clause, at):
                sentence.append(_in_clause(tokens, clause, at, value, length=length))
            at += length - 1
        at += 1
    return scores + _weigh_sentence(sentence, turned, question=False)


def _is_asked_for(tokens: list[str], clause: int, at: int) -> bool:
    """Whether a comparative names what is missing: "better search", but not "the search is better"."""
    if tokens[at] not in _COMPARATIVES or tokens[at + 1 : at + 2] == ["than"]:
        return False
    return at == clause or tokens[at - 1] not in _STATES


def _entry(
    tokens: list[str], at: int, words: dict[str, int], phrases: dict[str, list[tuple[tuple[str, ...], int]]]
) -> tuple[int, float]:
    """How many words the entry at this place takes, and its value; (1, 0) where there is none."""
    token = tokens[at]
    for phrase, value in phrases.get(token, ()):
        if tuple(tokens[at : at + len(phrase)]) == phrase:
            return len(phrase), float(value)
    if token in words:
        return 1, float(words[token])
    if token in _FAILURES and not any(word in words for word in tokens[at + 1 : at + 1 + NEGATION_REACH]):
        return 1, -1.0
    if token == "too" and at + 1 < len(tokens) and tokens[at + 1] in _TOO_LITTLE:
        return 2, -1.0
    return 1, 0.0


def _in_clause(tokens: list[str], clause: int, at: int, value: float, *, length: int) -> float:
    """The value as the words before it in its clause mean it."""
    before = tokens[max(clause, at - NEGATION_REACH) : at]
    if before and before[-1] in _RAISERS:
        value *= 1.5
    elif before and before[-1] in _LOWERERS and value < 0:
        value *= 0.6
    # A phrase such as "no problems" holds its negation already.
    # "Never been so angry" is very angry.
    raised = value < 0 and "never" in before and before[-1] in {"so", "more", "this", "such"}
    if any(word in _NEGATIONS for word in before) and (length == 1 or value > 0) and not raised:
        value = 0.0 if "only" in before else -value * _FLIPPED
    elif value > 0 and tokens[at] not in _STATED_WANTS:
        wanted = tokens[max(clause, at - WANT_REACH) : at]
        if any(word in _WANTS for word in wanted):
            value = -0.4 * value if "wish" in wanted or "should" in wanted else 0.0
    return value


def _weigh_sentence(sentence: list[float], turned: int, *, question: bool) -> list[float]:
    if not sentence:
        return []
    if turned:
        sentence = [value * (_AFTER_TURN if at >= turned else _BEFORE_TURN) for at, value in enumerate(sentence)]
    return [value * _QUESTION for value in sentence] if question else sentence


_CHINESE_BREAKS: Final = re.compile(r"[，。！？；、,.!?;：:\s~～…]+")
_CHINESE_NEGATION: Final = re.compile(
    r"(?:并?不(?:是|太|够|怎么|算|会|能|那么|再|大)?(?:很|特别|十分)?|没(?:有|那么|什么|啥)?(?:多|那么|很)?|无|毫无|非(?!常)|未|从不|谈不上|说不上|算不上|称不上|缺乏|缺少)$"
)
_NOT_NEGATION: Final = re.compile(
    r"(?:不但|不仅|不过|不得不|不愧|无论|不管|不只|不光|没想到|忍不住|不由得|毫不犹豫|不可不|不能不)$"
)
_CHINESE_RAISERS: Final = re.compile(r"(?:很|非常|特别|超级?|太|极其|十分|相当|真的?|实在|格外|巨|贼|简直)$")
_CHINESE_LOWERERS: Final = re.compile(r"(?:有点儿?|有些|稍微|略微?|稍|还算|比较|不太|偶尔)$")
_CHINESE_WANTS: Final = re.compile(
    r"希望|如果|要是|假如|建议|最好|应该|能不能|期望|本以为|原以为|以为|听说|据说|号称|想着"
)
_CHINESE_TURNS: Final = re.compile(r"^(?:但是?|可是|不过|然而|只是|就是|可惜|结果|没想到|偏偏)")
_CHINESE_VERDICTS: Final = re.compile(r"^(?:总体|总之|总的来说|总而言之|整体|综合|反正|最后|一句话)")
_VERDICT: Final = 1.5


@cache
def _chinese_words() -> re.Pattern[str]:
    """All words, longest first, gathered by their first character: one look tells where none can begin."""
    tails: dict[str, list[str]] = {}
    for word in sorted((word for word in _valence() if HAN.search(word)), key=lambda word: (-len(word), word)):
        tails.setdefault(word[0], []).append(re.escape(word[1:]))
    branches = "|".join(f"{first}(?:{'|'.join(tails[first])})" for first in sorted(tails))
    return re.compile(f"(?=[{''.join(sorted(tails))}])(?:{branches})")


def chinese_feelings(text: str) -> list[float]:
    """The strength of every Chinese word of feeling in the text, in order, as its clause means it."""
    valence, pattern = _valence(), _chinese_words()
    scores: list[float] = []
    for clause in _CHINESE_BREAKS.split(text):
        if len(clause) < 2 and clause not in valence:
            continue
        weight = 1.0
        if _CHINESE_TURNS.match(clause):
            weight = _AFTER_TURN
        elif _CHINESE_VERDICTS.match(clause):
            weight = _VERDICT
        for match in pattern.finditer(clause):
            value = valence[match.group()]
            if value:
                scores.append(weight * _in_chinese_clause(clause, match.start(), float(value)))
    return scores


def _in_chinese_clause(clause: str, start: int, value: float) -> float:
    before = clause[:start]
    near = before[-5:]
    if value > 0 and _CHINESE_WANTS.search(before):
        return 0.0 if clause.endswith("吗") else -0.3 * value
    if _CHINESE_NEGATION.search(near) and not _NOT_NEGATION.search(near):
        return -value * _FLIPPED
    if _CHINESE_RAISERS.search(near):
        return value * 1.5
    if _CHINESE_LOWERERS.search(near):
        # "有点惊喜" stays good; "有点" before a fault makes it smaller.
        return value * 0.7
    return value

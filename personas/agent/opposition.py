"""Whether two claims say the opposite of one thing: "ships fast" and "slow delivery", 发货快 and 物流太慢."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from personas.agent.steps import Ground
from personas.attributes import load_schema
from personas.evidence import EvidenceBase
from personas.grounding.differences import NOT, opposite_words, tokens
from personas.grounding.folding import fold_quote
from personas.sentiment import HAN, score_sentiment
from personas.terms import content_words, stem, stems
from retrieval.corpus import Space

ALIKE_OPPOSED: Final = 0.3
"""Likeness of what two claims are about, from which words of opposite meaning in them are about one thing."""

ALIKE_NEGATED: Final = 0.6
"""The same where one of them only has a negation more: all the other words must be nearly the same."""

ALIKE_IN_ALL: Final = 0.75
"""Or so much of all their words, however common: "we use it daily", "we do not use it daily"."""

ALIKE_FELT: Final = 0.6
"""The same where one only sounds pleased and the other not. The four were set on the pairs of
`tests/personas/test_agent_opposition.py`."""

TELLING_TOPIC: Final = 0.4
"""How telling, 0..1, the words must be that both are about where only the feeling differs: one person loves the coffee
and another's coffee is late, and neither contradicts the other. A word of every twentieth passage tells about 0.4."""

FELT: Final = 0.3
"""Strength, 0..1, from which a claim counts as pleased or displeased."""

TOLD_BY_ATTRIBUTE: Final = {"satisfaction": 0.5, "pain_points": -0.5, "objections": -0.5}
"""What a claim feels where its own words do not say: two complaints are no contradiction, however they are put."""

WISHES: Final = frozenset({"goals", "needs", "potential"})
"""Attributes that tell what is wanted, not what is: a wish contradicts nothing."""

_PLACES_EN: Final = "in out inside outside up down before after on off over under first last buy sell new old"
_PLACES_ZH: Final = "前 后 里 外 进 出 买 卖 有 无 缺 能 开 关 新 旧 以前 以后"
_PLACES: Final = frozenset([*_PLACES_EN.split(), *_PLACES_ZH.split()])
"""Words that are opposites in a quote, but say where and when rather than how something is."""


@dataclass(frozen=True, kw_only=True)
class Statement:
    """A claim as far as it can be contradicted."""

    attribute: str
    value: str
    themes: frozenset[str]
    space: Space | None
    """Where its evidence lies; None where there is none."""


@dataclass(frozen=True)
class Opposition:
    """What makes two statements opposites."""

    ground: Ground
    words: str


class OppositionFinder:
    """Compares statements in pairs; what they are about is told by their words, weighed by rarity, and their meaning.

    Args:
        base: everything said, which tells rare words from common ones.
        statements: all of one segment.
    """

    def __init__(self, base: EvidenceBase, statements: Sequence[Statement]) -> None:
        self._base = base
        self._all = statements
        self._topics = [_topic_words(statement.value) for statement in statements]
        self._wished = [_is_wish(statement) for statement in statements]
        self._vectors = [self._vector(at) for at in range(len(statements))]

    def compare(self, one: int, other: int) -> Opposition | None:
        """What makes the two statements at these places opposites; None where they are not."""
        mine, theirs = self._all[one], self._all[other]
        if self._wished[one] or self._wished[other]:
            return None
        found = find_opposition(mine, theirs)
        if found is None:
            return None
        shared = self._shared_words(one, other)
        if found.ground == "negation":
            near = shared >= ALIKE_NEGATED or _shared_tokens(mine.value, theirs.value) >= ALIKE_IN_ALL
            return found if near else None
        least = ALIKE_OPPOSED if found.ground == "opposite words" else ALIKE_FELT
        if found.ground == "opposite words" and mine.themes & theirs.themes:
            return found
        if found.ground == "feeling" and self._telling(one, other) < TELLING_TOPIC:
            return None
        return found if max(shared, self._closeness(one, other)) >= least else None

    def _shared_words(self, one: int, other: int) -> float:
        """Stems that both are about, of those that either is about, 0..1; a rare one weighs more."""
        both, either = self._topics_of(one, other)
        return self._weight(both) / total if (total := self._weight(either)) else 0.0

    def _telling(self, one: int, other: int) -> float:
        """How telling the stems are that both are about, 0 and more."""
        return self._weight(self._topics_of(one, other)[0])

    def _weight(self, words: set[str]) -> float:
        return sum(self._base.specificity({word}) for word in sorted(words))

    def _topics_of(self, one: int, other: int) -> tuple[set[str], set[str]]:
        """The stems that both, and that either, of two statements are about."""
        values = [self._all[at].value for at in (one, other)]
        # Praise that stands in both is no praise but what they are about: "love the support", "awful support".
        praised = stems(values[0]) & stems(values[1])
        mine, theirs = ({stem(word) for word in self._topics[at]} | praised for at in (one, other))
        # Chinese may be cut otherwise here and there.
        cut = {word for word in mine ^ theirs if HAN.match(word) and all(word in value for value in values)}
        return mine & theirs | cut, mine | theirs

    def _vector(self, at: int) -> NDArray[np.float32] | None:
        space = self._all[at].space
        if space is None or not self._topics[at]:
            return None
        vectors: NDArray[np.float32] = space.embedder.embed([" ".join(self._topics[at])])
        return np.asarray(vectors[0])

    def _closeness(self, one: int, other: int) -> float:
        mine, theirs = self._vectors[one], self._vectors[other]
        if mine is None or theirs is None or self._all[one].space is not self._all[other].space:
            return 0.0
        return float(mine @ theirs)


def find_opposition(one: Statement, other: Statement) -> Opposition | None:
    """What would make the two opposites if they were about one thing; None where nothing would."""
    mine, theirs = fold_quote(one.value), fold_quote(other.value)
    negated = _negations(mine) % 2 != _negations(theirs) % 2
    pair = next((pair for pair in opposite_words(mine, theirs) if not _PLACES.intersection(pair)), None)
    if pair is not None:
        # "not slow" is no opposite of "fast".
        return None if negated else Opposition("opposite words", " / ".join(pair))
    feels, felt = score_sentiment(one.value), score_sentiment(other.value)
    if negated:
        # "cannot connect" and "the connection fails" complain of one thing.
        return (
            None if _feeling(one) * _feeling(other) > 0 else Opposition("negation", "not" if mine.isascii() else "不")
        )
    if min(abs(feels), abs(felt)) >= FELT and feels * felt < 0:
        return Opposition("feeling", f"{feels:+.1f} / {felt:+.1f}")
    return None


def _shared_tokens(one: str, other: str) -> float:
    """Words of both, of the words of either, 0..1, negations and what they bring along left out."""
    mine, theirs = (
        {token.text for token in tokens(fold_quote(value))} - {NOT, "do", "does", "did"} for value in (one, other)
    )
    return len(mine & theirs) / len(mine | theirs) if mine | theirs else 0.0


def _negations(folded: str) -> int:
    return sum(token.text == NOT for token in tokens(folded))


def _feeling(statement: Statement) -> float:
    return score_sentiment(statement.value) or TOLD_BY_ATTRIBUTE.get(statement.attribute, 0.0)


@cache
def _wishing() -> re.Pattern[str]:
    """How a wish is worded, by the schema that ships, whatever the run's own is."""
    return load_schema(None)["needs"].cue_pattern


def _is_wish(statement: Statement) -> bool:
    return statement.attribute in WISHES or _wishing().search(statement.value.lower()) is not None


def _topic_words(value: str) -> list[str]:
    """What a claim is about: its content words without those that only praise or blame."""
    return [word for word in content_words(value) if score_sentiment(word) == 0.0]

"""Phrases that stand for what people say alike: found in their words, chosen by how many say how much in them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from personas.attributes import Attribute
from personas.evidence import PASSAGES_READ, EvidenceBase, EvidenceGroup
from personas.grounding import quote_words
from personas.sentiment import score_sentiment
from personas.support.clauses import LONGEST_PHRASE, short_clauses
from personas.support.reading import FEELINGS
from personas.support.saying import MOST_OF_IT
from personas.terms import content_words, stems
from retrieval.words import word_spans

PHRASES_PER_GROUP, PHRASES_PER_ATTRIBUTE, PHRASES_PER_SEGMENT = 4, 6, 20
"""A theme holds more than one thing that people say of it; a reader wants the most telling of all, not all."""

LEAST_SAYING = 3
"""People who must say a further phrase of a group: its first may be an anecdote."""

SAME_PHRASE = 0.7
"""Share of the stems of the shorter of two phrases that both have, from which they are one claim."""

LONGEST_PART = 5
"""Words of a part of a clause: what people share is a noun or two with what stands between them."""

PASSAGES_COMPARED = 200
"""Passages of the segment a phrase is looked for in, spread over all of the group."""

PHRASES_COMPARED = 40
"""The most shared phrases, of which how close they are to the group's centre is measured too."""

CLAUSE_WORTH, WORD_WORTH, AWKWARD_WORTH, SPEAKING_WORTH = 1.25, 0.4, 0.6, 0.3
"""What is said whole reads better than a part of it, and a single word says too little; what begins with "is" or "of"
reads badly; and of two phrases that say as much, the one that itself speaks of the attribute goes first: "some days I
just don't have six minutes" is no praise, whatever stands before it."""

LEAST_INFORMATION = 0.4
"""How telling, 0..1, a phrase must be to be a claim: a word of every twentieth passage tells about 0.4."""

_AWKWARD_EN = (
    "i|i'm|i've|we|it|its|it's|this|that|that's|he|she|they|you|there|did|do|does|is|are|was|were|be|been|am|would|could"
    "|should|can|will|have|has|had|got|and|or|if|when|what|who|why|how|not sure|of|to|for|from|as|by|at"
)
_AWKWARD_ZH = "我|你|他|她|它|这|那|不知道|也|就"
AWKWARD = re.compile(rf"(?:{_AWKWARD_EN}|{_AWKWARD_ZH})(?:\b|(?<=[\u3400-\u9fff]))", re.IGNORECASE)
"""How a phrase begins that reads badly on its own."""

_PLACEHOLDER = re.compile(r"\[[a-z_ ]+\]")
"""What stands for redacted personal data (`retrieval.redaction`): around it is an address, not an opinion."""


class Phrase(NamedTuple):
    """Words that may stand for a group."""

    text: str
    whole: bool
    """Whether it is a whole clause."""


@dataclass(frozen=True, eq=False)
class _Shared:
    """Which passages of the segment's own people say which phrases."""

    shares: NDArray[np.float64]
    """``(passages, phrases)`` how much of each phrase a passage says, 0..1; rare words weigh more."""
    writers: NDArray[np.int64]
    """``(passages,)``, ascending."""

    def people(self) -> NDArray[np.int64]:
        """``(phrases,)`` how many people say each."""
        if not len(self.writers):
            return np.zeros(self.shares.shape[1], dtype=np.int64)
        firsts = np.flatnonzero(np.r_[True, self.writers[1:] != self.writers[:-1]])
        said = np.logical_or.reduceat(self.shares >= MOST_OF_IT, firsts, axis=0)
        return np.asarray(said.sum(axis=0), dtype=np.int64)

    def carried(self) -> NDArray[np.float64]:
        """``(phrases,)`` how much of each phrase those who say it say, on average: one's own flourish is not shared."""
        said = self.shares >= MOST_OF_IT
        return np.asarray((self.shares * said).sum(axis=0) / np.maximum(said.sum(axis=0), 1))

    def without(self, phrase: int) -> _Shared:
        """The passages that do not say the phrase."""
        left = self.shares[:, phrase] < MOST_OF_IT
        return _Shared(self.shares[left], self.writers[left])


class GroupPhrases:
    """The phrases of one group, with what each is worth now.

    A phrase is worth the people who say it beside the first, times how telling its words are: what it saves to tell.

    Args:
        group: what people say of a theme under the attribute.
        base: all the evidence.
        attribute: what the group is about.
    """

    def __init__(self, group: EvidenceGroup, base: EvidenceBase, attribute: Attribute) -> None:
        self.group, self.attribute = group, attribute
        self.taken = 0
        self._phrases = candidate_phrases(group, base)
        self._stems = [stems(phrase.text) for phrase in self._phrases]
        if self._phrases:
            self._shared = _compare(self._stems, group, base)
            self._worth = self._worth_of(base)

    def _worth_of(self, base: EvidenceBase) -> NDArray[np.float64]:
        telling = np.array([base.specificity(words) for words in self._stems])
        worth = np.array([_reads(phrase, self.attribute) for phrase in self._phrases])
        worth *= np.array([
            _fullness(phrase.text, words) for phrase, words in zip(self._phrases, self._stems, strict=True)
        ])
        worth *= np.where(telling >= LEAST_INFORMATION, telling, telling / 4) * self._shared.carried() ** 2
        return worth * _closeness(self._phrases, self.group, worth * self._shared.people())

    def best(self, taken: Sequence[set[str]]) -> tuple[float, int]:
        """What the best phrase is worth that repeats none of those taken, and its place; (0, -1) where none is left.

        Args:
            taken: stems of the phrases chosen so far, of this group and of others.
        """
        if not self._phrases or self.taken >= PHRASES_PER_GROUP:
            return 0.0, -1
        people = self._shared.people()
        # What one person says is worth a little: where nothing is shared, the most central stands.
        gains = (np.maximum(people - 1, 0) + 0.01) * self._worth
        if self.taken:
            gains[people < LEAST_SAYING] = 0.0
        for place in np.argsort(-gains, kind="stable").tolist():
            if gains[place] <= 0:
                break
            if not any(_repeats(self._stems[place], other) for other in taken):
                return float(gains[place]), place
        return 0.0, -1

    def take(self, place: int) -> tuple[str, set[str]]:
        """The phrase and its stems; the passages that say it count for no other phrase of the group."""
        self.taken += 1
        self._shared = self._shared.without(place)
        return self._phrases[place].text, self._stems[place]


def choose_phrases(groups: Sequence[GroupPhrases]) -> list[tuple[GroupPhrases, str]]:
    """The phrases that say most of what a segment's people say alike, the best first, none twice.

    What is said under several attributes stands under the one where most people say it.
    """
    chosen: list[tuple[GroupPhrases, str]] = []
    taken: list[set[str]] = []
    per_attribute: Counter[str] = Counter()
    best = {at: group.best(taken) for at, group in enumerate(groups)}
    while best and len(chosen) < PHRASES_PER_SEGMENT:
        at = max(best, key=lambda at: (best[at][0], -at))
        group = groups[at]
        # Another group may have taken the words meanwhile, or the attribute has enough.
        current = (0.0, -1) if per_attribute[group.attribute.key] >= PHRASES_PER_ATTRIBUTE else group.best(taken)
        if current[1] < 0:
            del best[at]
        elif current < best[at]:
            best[at] = current
        else:
            text, words = group.take(current[1])
            chosen.append((group, text))
            taken.append(words)
            per_attribute[group.attribute.key] += 1
            best[at] = group.best(taken)
    return chosen


def _repeats(one: set[str], other: set[str]) -> bool:
    return bool(one and other) and len(one & other) >= SAME_PHRASE * min(len(one), len(other))


def candidate_phrases(group: EvidenceGroup, base: EvidenceBase) -> list[Phrase]:
    """Clauses, and parts of clauses between two telling words, of what the segment's own people say; sorted."""
    _, vectors = base.vectors_of(group.own)
    order = np.argsort(-(vectors @ group.centre), kind="stable") if len(vectors) == len(group.own) else group.own * 0
    found: set[Phrase] = set()
    for row in group.own[order][:PASSAGES_READ].tolist():
        for document, start, end in base.quotable(row):
            sentence = document.text[start:end]
            if not _PLACEHOLDER.search(sentence):
                found.update(phrases_of(sentence))
    return sorted(found)


def phrases_of(sentence: str) -> Iterator[Phrase]:
    """The sentence's short clauses and their parts."""
    for clause in short_clauses(sentence):
        yield Phrase(clause, True)
        yield from (Phrase(part, False) for part in _parts(clause) if part != clause)


def _parts(clause: str) -> Iterator[str]:
    words = list(word_spans(clause))
    telling = [bool(content_words(clause[start:end])) for start, end in words]
    for first in range(len(words)):
        for last in range(first, min(first + LONGEST_PART, len(words))):
            if telling[first] and telling[last]:
                part = clause[words[first][0] : words[last][1]]
                if quote_words(part) <= LONGEST_PHRASE and len(part) > 2:
                    yield part


def _compare(wanted: Sequence[set[str]], group: EvidenceGroup, base: EvidenceBase) -> _Shared:
    rows = group.own[:: max(1, -(-len(group.own) // PASSAGES_COMPARED))]
    rows = rows[np.argsort(base.corpus.passage_customer[rows], kind="stable")]
    places = {stem: at for at, stem in enumerate(sorted(set().union(*wanted)))}
    weights = np.zeros((len(places), len(wanted)))
    for at, words in enumerate(wanted):
        for word in words:
            weights[places[word], at] = base.specificity({word})
    weights /= np.maximum(weights.sum(axis=0), 1e-9)
    held = np.zeros((len(rows), len(places)))
    for at, row in enumerate(rows.tolist()):
        held[at, [places[word] for word in stems(base.corpus.passage_texts[row]) if word in places]] = 1.0
    return _Shared(held @ weights, base.corpus.passage_customer[rows])


def _fullness(phrase: str, words: set[str]) -> float:
    """A single word says too little, and one that only judges ("lovely") not even of what."""
    if len(words) > 1:
        return 1.0
    return WORD_WORTH if score_sentiment(phrase) == 0.0 else WORD_WORTH**2


def _reads(phrase: Phrase, attribute: Attribute) -> float:
    reads = (CLAUSE_WORTH if phrase.whole else 1.0) * (AWKWARD_WORTH if AWKWARD.match(phrase.text) else 1.0)
    return reads * (1 + SPEAKING_WORTH * speaks_of(attribute, phrase.text))


def _closeness(phrases: Sequence[Phrase], group: EvidenceGroup, worth: NDArray[np.float64]) -> NDArray[np.float64]:
    """``(phrases,)`` half to one and a half: how near to what the group is about; 0 for those not worth looking at."""
    best = np.argsort(-worth, kind="stable")[:PHRASES_COMPARED]
    near = np.zeros(len(phrases))
    near[best] = 0.5 + np.clip(group.space.embedder.embed([phrases[at].text for at in best]) @ group.centre, 0, 1)
    return near


def speaks_of(attribute: Attribute, phrase: str) -> float:
    """1 where the phrase itself is a sign of the attribute, -1 where it feels the other way, 0 where nothing tells."""
    feeling = FEELINGS.get(attribute.key, 0) * float(np.sign(score_sentiment(phrase)))
    return feeling or float(bool(attribute.cue_pattern.search(phrase.lower())))

"""Who says what a claim says: passages read clause by clause, by words, by meaning and by how they stand to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from personas.agent.opposition import FELT, TELLING_TOPIC, WISHES, Statement, find_opposition
from personas.evidence import EvidenceBase
from personas.grounding.differences import is_negated_before
from personas.grounding.unheard import figures_of
from personas.sentiment import HAN, score_sentiment
from personas.support.clauses import clause_spans
from personas.support.disowned import is_disowned
from personas.support.reading import read_value, sign_of
from personas.terms import stems
from retrieval.corpus import Space

MOST_OF_IT = 0.66
"""Share of what a claim is about, weighed by rarity, that a clause says to say the same."""

PART_OF_IT, CLOSE_WITH_IT = 0.5, 0.6
"""Or so much of it, and the clause lies so close to the claim (cosine)."""

ALL_WORDS = 0.75
"""Or so much of all the claim's words, the judging ones included."""

SAME_MEANING = 0.8
"""Or so close that it says the same in other words. The five were set on the claims of `benchmarks.claims` and on the
labelled passages of `benchmarks.prevalence`."""

LEAST_TELLING = 0.35
"""How telling, 0..1, the words in common must be: "notebook" says nothing where every tenth passage holds it."""

WORTH_READING = 0.4
"""Cosine of a whole passage to the claim from which its clauses are read though it shares few words."""


class Clause(NamedTuple):
    """A clause of a passage."""

    row: int
    start: int
    """In the passage's text."""
    end: int
    text: str
    alone: bool
    """Whether it is all that the passage says."""
    closeness: float
    """Cosine to the claim."""


@dataclass(frozen=True, eq=False)
class Said:
    """What was found of a claim."""

    clauses: tuple[Clause, ...]
    """That say it, in the order of the passages."""
    contrary: tuple[Clause, ...]
    """About the same things, turning it round."""

    @property
    def rows(self) -> NDArray[np.int64]:
        """Passages that say it; ascending."""
        return np.unique(np.array([clause.row for clause in self.clauses], dtype=np.int64))


_FOUND: WeakKeyDictionary[EvidenceBase, dict[tuple[str, str, int], Said]] = WeakKeyDictionary()
"""A claim is quoted, counted and scored by the same passages: they are read for it once."""


def find_chosen(value: str, attribute: str, space: Space, base: EvidenceBase) -> Said:
    """What everybody says of a choice of the schema: the sentences that hold one of its cues, not negated or disowned.

    Nothing is looked for that says the contrary: who says another choice stands behind that one.

    Args:
        value: the label of the choice.
        attribute: whose choice it is.
        space: of the passages that are read.
        base: everything said.
    """
    corpus, pattern = base.corpus, base.choices[attribute, value]
    here = np.flatnonzero(corpus.space_of_passage == corpus.spaces.index(space)).tolist()
    found = []
    for row in here:
        if not pattern.search(corpus.passage_texts[row].lower()):
            continue
        offset = corpus.passages[row].start
        for document, start, end in base.sentences(row):
            text = document.text[start:end]
            meant = any(not is_negated_before(text[: m.start()].lower()) for m in pattern.finditer(text.lower()))
            if meant and not is_disowned(text):
                found.append(Clause(row, start - offset, end - offset, text, False, 1.0))
    return Said(tuple(found), ())


def find_said(value: str, attribute: str, space: Space, base: EvidenceBase) -> Said:
    """What everybody says of a claim, in the passages that speak of its attribute in a space.

    Args:
        value: the claim.
        attribute: what it is filed under.
        space: the vectors it is compared in; those of two spaces cannot be compared.
        base: everything said.
    """
    found = _FOUND.setdefault(base, {})
    key = (value, attribute, base.corpus.spaces.index(space))
    if key not in found:
        if (attribute, value) in base.choices:
            found[key] = find_chosen(value, attribute, space, base)
            return found[key]
        found[key] = SayingFinder(value, attribute, space, base).find(base.rows_tagged(attribute, space))
    return found[key]


class SayingFinder:
    """Reads passages for what a claim says.

    A clause says the same where it speaks of the same things (most of their words, some of them and close in meaning,
    or very close in meaning) and does not turn it round: no negation more or less, no word of opposite meaning, no
    feeling of the other sign. A claim whose words praise or blame asks for a clause that does so too. Of a wish nothing
    is turned round: "no version control" and "better version control" ask for one thing. Sentences whose writer takes
    no side (`disowned`) say nothing.

    Args:
        value: the claim.
        attribute: what it is filed under; the passages to read speak of the same.
        space: the vectors it is compared in.
        base: tells rare words from common ones.
    """

    def __init__(self, value: str, attribute: str, space: Space, base: EvidenceBase) -> None:
        self._reading, self._attribute = read_value(value, attribute), attribute
        self._statement = self._state(value)
        # "one" mostly is no number.
        self._figures = figures_of(value) - {"1"}
        self._space, self._base = space, base
        self._probe = space.embedder.embed([value])[0]
        self._weights = {word: base.specificity({word}) for word in sorted(self._reading.about | self._reading.words)}

    def find(self, rows: NDArray[np.int64]) -> Said:
        """The clauses that say it, and those that say the contrary.

        Args:
            rows: the passages to read, ascending, all of the space.
        """
        said: list[Clause] = []
        contrary: list[Clause] = []
        for clause in self._clauses(rows):
            stand = self._stand(clause)
            if stand and self._is_disowned(clause):
                continue
            if stand > 0:
                said.append(clause)
            elif stand < 0:
                contrary.append(clause)
        return Said(tuple(said), tuple(contrary))

    def _clauses(self, rows: NDArray[np.int64]) -> list[Clause]:
        """The clauses of the passages that are worth reading."""
        base, reading, corpus = self._base, self._reading, self._base.corpus
        near = self._space.vectors[corpus.row_in_space[rows]] @ self._probe
        kept = (base.shares_said(set(reading.about), rows) >= PART_OF_IT) | (near >= WORTH_READING)
        kept |= base.shares_said(set(reading.words), rows) >= ALL_WORDS
        found: list[Clause] = []
        for at in np.flatnonzero(kept).tolist():
            text = corpus.passage_texts[rows[at]]
            spans = clause_spans(text)
            found += [Clause(int(rows[at]), s, e, text[s:e], len(spans) == 1, float(near[at])) for s, e in spans]
        parts = [place for place, clause in enumerate(found) if not clause.alone]
        if parts:
            closeness = self._space.embedder.embed([found[place].text for place in parts]) @ self._probe
            for place, close in zip(parts, closeness.tolist(), strict=True):
                found[place] = found[place]._replace(closeness=close)
        return found

    def _is_disowned(self, clause: Clause) -> bool:
        sentence = next(
            (
                document.text[start:end]
                for document, start, end in self._base.sentences(clause.row)
                if start <= clause.start + self._base.corpus.passages[clause.row].start < end
            ),
            clause.text,
        )
        return is_disowned(sentence)

    def _stand(self, clause: Clause) -> int:
        """1: it says the same; -1: it turns it round; 0: neither, or of something else."""
        if not self._same_things(clause) or not self._names_the_same(clause.text):
            return 0
        if self._attribute in WISHES:
            return 1
        feels = score_sentiment(clause.text)
        felt_alike = sign_of(feels) * self._reading.feeling
        if find_opposition(self._statement, self._state(clause.text)) is not None:
            # "limited IDE support" and "lacks IDE features" complain of one thing, however they are put.
            return -1 if felt_alike <= 0 and self._surely_same_things(clause) else 0
        if felt_alike < 0:
            return -1 if abs(feels) >= FELT and self._surely_same_things(clause) else 0
        # The bare answer "git" to the question what is missing judges nothing, and is meant so.
        return 1 if not self._reading.judges or sign_of(feels) or clause.alone else 0

    def _names_the_same(self, text: str) -> bool:
        """Whether it holds the claim's numbers, and the things that a single Chinese character names."""
        things = self._reading.things
        return all(thing in text for thing in things) and (not self._figures or self._figures <= figures_of(text))

    def _state(self, text: str) -> Statement:
        return Statement(attribute=self._attribute, value=text, themes=frozenset(), space=None)

    def _same_things(self, clause: Clause) -> bool:
        shared, telling = self._shared(self._reading.about, clause)
        words, _ = self._shared(self._reading.words, clause)
        near = clause.closeness >= CLOSE_WITH_IT
        same_things = telling >= LEAST_TELLING and shared >= (PART_OF_IT if near else MOST_OF_IT)
        return (same_things and words >= PART_OF_IT) or words >= ALL_WORDS or clause.closeness >= SAME_MEANING

    def _surely_same_things(self, clause: Clause) -> bool:
        """Whether the clause may speak against the claim: a single noun says nothing to be turned round."""
        shared, telling = self._shared(self._reading.about, clause)
        says_something = self._reading.judges != 0 or len(self._reading.about) > 1
        return says_something and shared >= MOST_OF_IT and telling >= TELLING_TOPIC

    def _shared(self, wanted: frozenset[str], clause: Clause) -> tuple[float, float]:
        """The share of the wanted stems that are said, rare ones weighing more, and how telling those are together."""
        said, text = stems(clause.text), clause.text
        total = sum(self._weights[word] for word in wanted)
        # Chinese may be cut otherwise here and there.
        held = sum(self._weights[word] for word in wanted if word in said or (HAN.match(word) and word in text))
        return (held / total if total else 0.0), held

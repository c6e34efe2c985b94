"""What each product is praised and blamed for, counted in people, with their own sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from personas.actions.holdings import spell_products
from personas.actions.product_sentences import Judgement, judge_passages, passages_of_products
from personas.actions.records import ProductPoint, ProductVerdict
from personas.behaviour import BehaviourTable
from personas.sentiment import english_feelings, score_sentiment
from personas.terms import content_words, stem
from retrieval.corpus import Corpus

LEAST_PEOPLE: Final = 3
"""People who say so: as of a supported claim."""

MOST_POINTS: Final = 4
MOST_PRODUCTS: Final = 30
QUOTES_PER_POINT: Final = 3

MOST_SHARED: Final = 0.5
"""A word that so much of the sentences hold on both sides names the thing itself, not what is good or bad of it."""

LEAST_RATIO: Final = 1.5
"""How many times as often the one side says a word as the other, at least."""

FURTHER: Final = 0.5
"""Share of a point's people who must not stand behind a point before it: the same sentence is not told twice."""


@dataclass(frozen=True)
class _Side:
    """The sentences that praise, or those that blame."""

    judgements: Sequence[Judgement]

    @cached_property
    def people(self) -> set[str]:
        """Who wrote one."""
        return {one.document.customer_id for one in self.judgements}

    @cached_property
    def by_word(self) -> dict[str, dict[str, Judgement]]:
        """Stem -> customer id -> the sentence that says it best; scraps of words say nothing."""
        found: dict[str, dict[str, Judgement]] = {}
        usable = (one for one in self.judgements if one.is_quotable)
        for one in sorted(usable, key=_how_readable):
            for stemmed in one.words():
                found.setdefault(stemmed, {}).setdefault(one.document.customer_id, one)
        return found


@dataclass(frozen=True, kw_only=True, eq=False)
class _Told:
    """What was written about one product."""

    product: str
    document_ids: Sequence[str]
    writers: set[str]
    good: _Side
    bad: _Side

    def side(self, *, good: bool) -> _Side:
        """Those who praise, or those who blame."""
        return self.good if good else self.bad


def judge_products(
    corpus: Corpus, behaviour: BehaviourTable, *, segment_of: Mapping[str, str]
) -> tuple[ProductVerdict, ...]:
    """What people say of each product that the documents or the orders name, the most written about first.

    Args:
        corpus: who wrote what.
        behaviour: the orders, if any.
        segment_of: customer id -> segment id, of those placed in a segment.

    Returns:
        One record a product that at least three people wrote about; empty where no product is named.
    """
    bought = [name for customer in behaviour.customer_ids for name in behaviour.bought(customer)]
    spelt = spell_products([*(d.product for d in corpus.documents if d.product), *bought])
    if not spelt:
        return ()
    buyers = Counter(
        name
        for customer in behaviour.customer_ids
        for name in {spelt[product.casefold()] for product in behaviour.bought(customer)}
    )
    told = [_gather(product, corpus, rows) for product, rows in sorted(passages_of_products(corpus, spelt).items())]
    silent = {stem(word) for name in spelt for word in content_words(name)}
    verdicts = [
        _verdict(one, [other for other in told if other is not one], corpus, segment_of, silent)
        for one in sorted(told, key=lambda one: (-len(one.writers), one.product))[:MOST_PRODUCTS]
        if len(one.writers) >= LEAST_PEOPLE
    ]
    return tuple(v.model_copy(update={"buyers": buyers[v.product]}) for v in verdicts) if bought else tuple(verdicts)


def _gather(product: str, corpus: Corpus, rows: list[int]) -> _Told:
    judgements = list(judge_passages(corpus, rows))
    documents = sorted({corpus.passages[row].document_id for row in rows})
    return _Told(
        product=product,
        document_ids=documents,
        writers={corpus.document_by_id[document_id].customer_id for document_id in documents},
        good=_Side([one for one in judgements if one.good]),
        bad=_Side([one for one in judgements if not one.good]),
    )


def _verdict(
    told: _Told, others: Sequence[_Told], corpus: Corpus, segment_of: Mapping[str, str], silent: set[str]
) -> ProductVerdict:
    ratings = [corpus.document_by_id[one].rating for one in told.document_ids]
    values = [rating.value for rating in ratings if rating is not None]
    return ProductVerdict(
        product=told.product,
        people=len(told.writers),
        documents=len(told.document_ids),
        rating=round(sum(values) / len(values), 4) if values else None,
        praising=len(told.good.people),
        blaming=len(told.bad.people),
        praised=_points(told, others, silent, good=True),
        blamed=_points(told, others, silent, good=False),
        by_segment=_by_segment(told.good.people, told.bad.people, segment_of),
    )


def _by_segment(good: set[str], bad: set[str], segment_of: Mapping[str, str]) -> dict[str, tuple[int, int]]:
    counts = [Counter(segment_of[one] for one in people if one in segment_of) for people in (good, bad)]
    return {name: (counts[0][name], counts[1][name]) for name in sorted({*counts[0], *counts[1]})}


def _points(told: _Told, others: Sequence[_Told], silent: set[str], *, good: bool) -> tuple[ProductPoint, ...]:
    """The words that most people of one side say: more of them than of the other side, and not fewer than elsewhere."""
    said, contrary = told.side(good=good).by_word, told.side(good=not good).by_word
    mine, theirs = (max(len(told.side(good=one).people), 1) for one in (good, not good))
    marks = {}
    for stemmed, people in said.items():
        here, there = len(people) / mine, len(contrary.get(stemmed, ())) / theirs
        elsewhere = _share_elsewhere(stemmed, others, good=good)
        share = len(people) / max(len(told.writers), 1)
        if (
            len(people) >= LEAST_PEOPLE
            and stemmed not in silent
            and here >= LEAST_RATIO * there
            and min(here, there) < MOST_SHARED
            and share >= (elsewhere or 0.0)
            and not _is_feeling(_spelling(stemmed, people.values()))
        ):
            marks[stemmed] = here - there + share - (elsewhere or 0.0)
    points: list[ProductPoint] = []
    behind: set[str] = set()
    for stemmed in sorted(marks, key=lambda one: (-marks[one], one)):
        people = said[stemmed]
        if len(people.keys() - behind) >= FURTHER * len(people):
            behind |= people.keys()
            points.append(_point(stemmed, people, len(told.writers), _share_elsewhere(stemmed, others, good=good)))
    return tuple(points[:MOST_POINTS])


def _share_elsewhere(stemmed: str, others: Sequence[_Told], *, good: bool) -> float | None:
    """The share of the people who wrote about other products and say the same of one; None without other products."""
    writers = {writer for other in others for writer in other.writers}
    if not writers:
        return None
    saying = {one for other in others for one in other.side(good=good).by_word.get(stemmed, ())}
    return len(saying) / len(writers)


def _point(stemmed: str, people: Mapping[str, Judgement], writers: int, elsewhere: float | None) -> ProductPoint:
    best = sorted(people.values(), key=_how_readable)[:QUOTES_PER_POINT]
    return ProductPoint(
        word=_spelling(stemmed, people.values()),
        people=len(people),
        share=len(people) / max(writers, 1),
        share_elsewhere=elsewhere,
        citations=tuple(one.cite() for one in best),
    )


def _spelling(stemmed: str, judgements: Collection[Judgement]) -> str:
    """The form of the word that most of the sentences use."""
    counts = Counter(one.words().get(stemmed, "") for one in judgements)
    return min(counts, key=lambda word: (-counts[word], word))


def _is_feeling(word: str) -> bool:
    """Whether the word only says that something is good or bad, and not what."""
    return bool(english_feelings(word)) or score_sentiment(word) != 0


def _how_readable(one: Judgement) -> tuple[bool, int, str, int]:
    """Quotable sentences first, those of about a hundred characters before shorter and longer ones."""
    return not one.is_quotable, abs(len(one.text) - 100), one.document.document_id, one.start

"""People as points: what they wrote, whole and in halves, and what else is known of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from persona_kit.hashing import stable_seed
from personas.options import TextFeatures
from personas.segmentation.text_features import Told, tell_by_words
from personas.sums import owners_among, sum_rows
from personas.themes import ThemeModel
from retrieval.corpus import Corpus

Points = NDArray[np.float32]
"""``(people, dimensions)`` rows of unit length, or zero where nothing is known."""

LEAST_WORDS = 12
"""People with fewer words cannot be placed; less where most people write little (`least_words`)."""

HALVINGS = 2
"""Times that what each person wrote is cut in two; the mean of two moved by less than 3 % with more."""

LEAST_HALVED = 60
LEAST_HALVED_SHARE = 0.3
"""Fewer people, or a smaller share of them, who wrote enough for two halves say nothing of the rest."""

PROFILES, VECTORS = "theme profiles", "whole-person vectors"


@dataclass(frozen=True)
class Voice:
    """What people wrote, as points of one kind."""

    representation: str
    whole: Points
    """Of the people that ways of grouping are tried on."""
    halves: tuple[tuple[Points, Points], ...]
    """Of each cut the two halves, rows as in `whole`; empty where too few people wrote enough for two."""
    everybody: Callable[[], Points]
    """Makes the same of all the people to be grouped: of hundreds of thousands only when they are to be placed."""

    @property
    def has_parts(self) -> bool:
        """Whether the columns are shares of something, none below zero: such points can be made of factors."""
        return self.representation not in {VECTORS, "TF-IDF"}


def least_words(words: NDArray[np.int64]) -> int:
    """How many words a person must have written to be placed: 12, less where the typical person writes little."""
    written = words[words > 0]
    if len(written) == 0:
        return 1
    return int(np.clip(np.median(written) / 3, 2, LEAST_WORDS))


def person_profiles(
    corpus: Corpus,
    themes: ThemeModel,
    chosen: NDArray[np.bool_] | None = None,
    people: NDArray[np.int64] | None = None,
) -> Points:
    """``(people, themes)`` mean soft theme profile of each person's passages.

    Args:
        corpus: who wrote what.
        themes: what they voice.
        chosen: ``(passages,)`` which passages count; None: all.
        people: whose, as indices of the corpus's customers; None: everybody's.
    """
    if people is None:
        return unit_rows(themes.soft_sums(corpus.passage_customer, len(corpus.customer_ids), chosen))
    owners = owners_among(corpus.passage_customer, people, len(corpus.customer_ids))
    return unit_rows(themes.soft_sums(owners, len(people), chosen))


def person_vectors(
    corpus: Corpus, chosen: NDArray[np.bool_] | None = None, people: NDArray[np.int64] | None = None
) -> Points:
    """``(people, sum of dimensions)`` mean vector of each person's passages in every space; arguments as above."""
    who = np.arange(len(corpus.customer_ids)) if people is None else people
    owners, count = owners_among(corpus.passage_customer, who, len(corpus.customer_ids)), len(who)
    weights = passage_weights(corpus)
    counted = owners >= 0 if chosen is None else (owners >= 0) & chosen
    blocks = []
    for space in corpus.spaces:
        kept = np.flatnonzero(counted[space.rows])
        rows = space.rows[kept]
        vectors = space.vectors if len(kept) == len(space.rows) else space.vectors[kept]
        blocks.append(sum_rows(vectors, owners[rows], count, weights[rows]))
    return unit_rows(np.hstack(blocks)) if blocks else np.zeros((count, 0), dtype=np.float32)


def passage_weights(corpus: Corpus) -> NDArray[np.float32]:
    """``(passages,)`` how much each counts in a person's mean vector: the logarithm of its words.

    "ok" and "thank you" say as much of a person as any passage otherwise; with words themselves one long story would be
    all that a person said. Profiles weigh all passages alike: with weights they tell of how much people write.
    """
    return np.log1p(corpus.words_per_passage).astype(np.float32)


def halve(corpus: Corpus, *, seed: int) -> NDArray[np.bool_]:
    """``(passages,)`` a random half of each person's documents, of the passages where a person wrote one document.

    Passages of one document are about one thing, so they are kept together: halves that share a document would agree
    by that alone.
    """
    rng = np.random.default_rng(seed)
    document = np.unique([passage.document_id for passage in corpus.passages], return_inverse=True)[1]
    customer = corpus.passage_customer
    documents = np.zeros(len(corpus.customer_ids), dtype=np.int64)
    np.add.at(documents, customer[np.unique(document, return_index=True)[1]], 1)
    unit = np.where(documents[customer] > 1, document, document.max(initial=0) + 1 + np.arange(len(document)))
    units, first, unit = np.unique(unit, return_index=True, return_inverse=True)
    order = rng.permutation(len(units))
    order = order[np.argsort(customer[first[order]], kind="stable")]
    owner = customer[first[order]]
    place = np.arange(len(order)) - np.searchsorted(owner, owner)
    flipped = rng.integers(0, 2, len(corpus.customer_ids))
    chosen = np.empty(len(units), dtype=bool)
    chosen[order] = (place + flipped[owner]) % 2 == 0
    return chosen[unit]


def list_tellers(corpus: Corpus, themes: ThemeModel, text_features: TextFeatures, *, seed: int) -> list[Told]:
    """The ways of telling what people wrote: theme profiles and whole-person vectors, or what is named instead."""
    profiles = Told(PROFILES, lambda chosen, people: person_profiles(corpus, themes, chosen, people))
    vectors = Told(VECTORS, lambda chosen, people: person_vectors(corpus, chosen, people))
    if text_features == "auto":
        return [profiles, vectors]
    if text_features == "themes":
        return [profiles]
    return [vectors if text_features == "vectors" else tell_by_words(corpus, text_features, seed=seed)]


def wrote_twice(corpus: Corpus, people: NDArray[np.int64]) -> bool:
    """Whether so many of these people wrote several passages that halves of what they wrote say something."""
    several = np.bincount(corpus.passage_customer, minlength=len(corpus.customer_ids))[people] > 1
    return bool(several.sum() >= max(LEAST_HALVED, LEAST_HALVED_SHARE * len(people)))


def cut_in_halves(corpus: Corpus, people: NDArray[np.int64], *, seed: int) -> list[NDArray[np.bool_]]:
    """Random halves of what everybody wrote; none where too few of these people wrote enough for two."""
    draws = HALVINGS if wrote_twice(corpus, people) else 0
    return [halve(corpus, seed=stable_seed(seed, "halves", draw)) for draw in range(draws)]


def hear(
    told: Told, people: NDArray[np.int64], tried: NDArray[np.int64], cuts: Sequence[NDArray[np.bool_]] = ()
) -> Voice:
    """What these people wrote, told in one way.

    Args:
        told: the way.
        people: indices of the corpus's customers.
        tried: of those of them that ways of grouping are tried on.
        cuts: halves of the passages.
    """
    whole = told.points(None, tried)
    # Themes that nobody voices; topics keep their columns, which their words belong to.
    used = whole.any(axis=0) if told.representation == PROFILES else np.ones(whole.shape[1], dtype=bool)
    halves = tuple((told.points(cut, tried)[:, used], told.points(~cut, tried)[:, used]) for cut in cuts)
    least = max(LEAST_HALVED, LEAST_HALVED_SHARE * len(tried))
    enough = all((one.any(axis=1) & two.any(axis=1)).sum() >= least for one, two in halves)
    whole = whole[:, used]

    def everybody() -> Points:
        return whole if len(tried) == len(people) else told.points(None, people)[:, used]

    return Voice(told.representation, whole, halves if enough else (), everybody)


def by_space(corpus: Corpus, people: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """The people parted by the vector space they wrote most in, most people first.

    Distances are told within a space only: people of two scripts cannot be compared, so they are not mixed.
    """
    written = np.zeros((len(corpus.customer_ids), max(1, len(corpus.spaces))), dtype=np.int64)
    for place, space in enumerate(corpus.spaces):
        np.add.at(written[:, place], corpus.passage_customer[space.rows], 1)
    main = written[people].argmax(axis=1)
    parts = [people[main == place] for place in range(written.shape[1])]
    return sorted((part for part in parts if len(part)), key=len, reverse=True) or [people]


def allot(segments: int, sizes: Sequence[int]) -> list[int]:
    """How many of the segments each part gets: at least one, the rest by people (largest remainder)."""
    total = sum(sizes)
    exact = [max(1.0, segments * size / total) if total else 1.0 for size in sizes]
    counts = [int(value) for value in exact]
    for place in sorted(range(len(sizes)), key=lambda at: counts[at] - exact[at])[: max(0, segments - sum(counts))]:
        counts[place] += 1
    return counts


def unit_rows(matrix: NDArray[np.float32]) -> Points:
    """The rows at unit length; zero rows stay."""
    unit: Points = matrix / np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-9)
    return unit

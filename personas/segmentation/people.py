"""People as points: what they wrote, whole and in halves, and what else is known of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from persona_kit.hashing import stable_seed
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


@dataclass(frozen=True)
class Voice:
    """What people wrote, as points of one kind."""

    representation: str
    whole: Points
    halves: tuple[tuple[Points, Points], ...]
    """Of each cut the two halves, rows as in `whole`; empty where too few people wrote enough for two."""


def least_words(words: NDArray[np.int64]) -> int:
    """How many words a person must have written to be placed: 12, less where the typical person writes little."""
    written = words[words > 0]
    if len(written) == 0:
        return 1
    return int(np.clip(np.median(written) / 3, 2, LEAST_WORDS))


def person_profiles(corpus: Corpus, themes: ThemeModel, chosen: NDArray[np.bool_] | None = None) -> Points:
    """``(people, themes)`` mean soft theme profile of each person's passages, of the chosen ones where given."""
    rows = np.arange(len(corpus.passages)) if chosen is None else np.flatnonzero(chosen)
    weights = np.ones(len(rows), dtype=np.float32)
    return unit_rows(_sums(themes.soft[rows], corpus.passage_customer[rows], weights, len(corpus.customer_ids)))


def person_vectors(corpus: Corpus, chosen: NDArray[np.bool_] | None = None) -> Points:
    """``(people, sum of dimensions)`` mean vector of each person's passages in every space."""
    blocks, weights = [], passage_weights(corpus)
    for space in corpus.spaces:
        kept = np.arange(len(space.rows)) if chosen is None else np.flatnonzero(chosen[space.rows])
        rows = space.rows[kept]
        owners = corpus.passage_customer[rows]
        blocks.append(_sums(space.vectors[kept], owners, weights[rows], len(corpus.customer_ids)))
    return unit_rows(np.hstack(blocks)) if blocks else np.zeros((len(corpus.customer_ids), 0), dtype=np.float32)


def _sums(
    values: NDArray[np.float32], owners: NDArray[np.int64], weights: NDArray[np.float32], people: int
) -> NDArray[np.float32]:
    """``(people, dimensions)`` the weighted sum of each owner's rows; a sparse product, far faster than add.at."""
    from scipy.sparse import csr_matrix

    sums: NDArray[np.float32] = csr_matrix((weights, (owners, np.arange(len(owners)))), (people, len(owners))) @ values
    return sums


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


def hear(corpus: Corpus, themes: ThemeModel, people: NDArray[np.int64], *, seed: int) -> list[Voice]:
    """What these people wrote, as theme profiles and as whole-person vectors."""
    profiles, vectors = person_profiles(corpus, themes)[people], person_vectors(corpus)[people]
    used = profiles.any(axis=0)
    halved = []
    several = np.bincount(corpus.passage_customer, minlength=len(corpus.customer_ids))[people] > 1
    for draw in range(HALVINGS if several.sum() >= LEAST_HALVED_SHARE * len(people) / 2 else 0):
        half = halve(corpus, seed=stable_seed(seed, "halves", draw))
        halved.append([
            (person_profiles(corpus, themes, side)[people][:, used], person_vectors(corpus, side)[people])
            for side in (half, ~half)
        ])
    kinds = (("theme profiles", profiles[:, used]), ("whole-person vectors", vectors))
    return [
        Voice(name, whole, tuple((first[at], second[at]) for first, second in halved))
        for at, (name, whole) in enumerate(kinds)
    ]


def voice_of(voice: Voice, people: NDArray[np.int64]) -> Voice:
    """The rows of these people, without halves where too few of them wrote enough for two."""
    whole = voice.whole[people]
    used = whole.any(axis=0)
    halves = tuple((one[people][:, used], two[people][:, used]) for one, two in voice.halves)
    least = max(LEAST_HALVED, LEAST_HALVED_SHARE * len(people))
    enough = all((one.any(axis=1) & two.any(axis=1)).sum() >= least for one, two in halves)
    return Voice(voice.representation, whole[:, used], halves if enough else ())


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

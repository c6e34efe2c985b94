"""People into segments by what they voice, and by what else is known of them where that helps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from persona_kit.errors import UsageError
from persona_kit.hashing import stable_seed
from personas.explaining import FeatureTable
from personas.grouping.one_thread import one_thread
from personas.options import TextFeatures
from personas.segmentation.blocks import Block, check_known, other_blocks, parse_weights
from personas.segmentation.choosing import Choice, choose_grouping
from personas.segmentation.grouping import Grouping, group_by_column, join_groupings, one_segment
from personas.segmentation.methods import AUTO, list_methods
from personas.segmentation.people import (
    allot,
    by_space,
    cut_in_halves,
    hear,
    least_words,
    list_tellers,
    person_profiles,
    person_vectors,
    wrote_twice,
)
from personas.segmentation.text_features import Told, tell_by_words, topics_of_segments
from personas.themes import ThemeModel
from retrieval.corpus import Corpus

__all__ = [
    "OUTLIERS",
    "TOO_LITTLE_TEXT",
    "Grouping",
    "group_by_column",
    "least_words",
    "parse_weights",
    "person_profiles",
    "person_vectors",
    "segment_people",
]

OUTLIERS = "outliers"
TOO_LITTLE_TEXT = "too-little-text"

MOST_SEGMENTS = 12
LEAST_PEOPLE_TO_SPLIT = 24

LARGEST_TRIAL = 2000
"""People who make the segments; where there are more, the others go to the nearest one."""

LARGEST_TRIAL_OF_SINGLE = 4000
"""The same where most wrote a single passage: only whole-person vectors are tried then, which is quicker. Groupings of
Banking77 made from two samples agree to 0.82, with half as many to 0.53."""

LEAST_WORDS_TO_SHARE = 20
"""Words of half of the people from which TF-IDF is tried too where most wrote a single passage: shorter ones share too
few. On MultiDoGO (26 words) its segments return at 0.84 to 0.95 and vectors' at 0.85 to 0.89, on Banking77 (11) at 0.70
and 0.87 (docs/decisions/0008)."""


def segment_people(
    corpus: Corpus,
    themes: ThemeModel,
    *,
    segments: int | None,
    seed: int,
    algorithm: str = AUTO,
    text_features: TextFeatures = "auto",
    features: FeatureTable | None = None,
    weights: Mapping[str, float] | None = None,
    among: NDArray[np.int64] | None = None,
) -> Grouping:
    """The people with enough text, grouped by what they voice.

    Args:
        corpus: who wrote what.
        themes: what they voice.
        segments: how many segments; None chooses 2 to 12 (or one, where nothing holds).
        seed: of everything random.
        algorithm: `auto`, or a name of `personas.grouping.ALGORITHMS`.
        text_features: what of their words people are grouped by; `auto` takes theme profiles or vectors.
        features: what else is known, a row for each of the corpus's customers.
        weights: of the blocks of features; None joins those that make the grouping worth more.
        among: the people to group, ascending, however little they wrote; None: everybody with enough text.

    Raises:
        UsageError: when more segments are asked for than there are people with enough text, an unknown algorithm, or
            a weight for something that is not known of anybody.
    """
    words = corpus.words_per_customer
    people = np.flatnonzero(words >= least_words(words)) if among is None else among
    if segments is not None and segments > len(people):
        raise UsageError(
            f"{segments} segments were asked for, but only {len(people)} people wrote enough to be placed",
            where=f"--segments {segments}",
            mend="ask for fewer segments, or leave --segments away to let the data choose",
        )
    if segments == 1:
        return one_segment(people, "one segment was asked for")
    parts = by_space(corpus, people)
    sizes = [len(part) for part in parts]
    counts = [None] * len(parts) if segments is None else allot(segments, sizes)
    limits = allot(MOST_SEGMENTS, sizes)
    tellers = list_tellers(corpus, themes, text_features, seed=seed)
    blocks = other_blocks(features)
    check_known(weights, blocks)
    # Sums in another order differ in the last bit: one thread gives the same segments on any machine, and matrices of
    # this size are not faster on two.
    with one_thread():
        grouping = join_groupings([
            _segment_part(corpus, part, tellers, blocks, Choice(count, algorithm, weights, most, seed))
            for part, count, most in zip(parts, counts, limits, strict=True)
        ])
    return replace(grouping, topics=topics_of_segments(tellers[0], grouping))


def _segment_part(
    corpus: Corpus, people: NDArray[np.int64], tellers: list[Told], blocks: list[Block], choice: Choice
) -> Grouping:
    """The people of one space, grouped as asked."""
    if choice.segments == 1:
        return one_segment(people, "of the segments asked for, one falls to this script")
    if choice.segments is None and len(people) < LEAST_PEOPLE_TO_SPLIT:
        counted = "1 person" if len(people) == 1 else f"{len(people)} people"
        return one_segment(people, f"{counted} wrote enough to be placed, too few to split")
    rng = np.random.default_rng(stable_seed(choice.seed, "choose"))
    single = not wrote_twice(corpus, people)
    most = LARGEST_TRIAL_OF_SINGLE if single else LARGEST_TRIAL
    if single and len(tellers) > 1 and np.median(corpus.words_per_customer[people]) >= LEAST_WORDS_TO_SHARE:
        tellers = [*tellers, tell_by_words(corpus, "tf-idf", seed=choice.seed)]
    rows = np.sort(rng.permutation(len(people))[:most])
    cuts = cut_in_halves(corpus, people[rows], seed=choice.seed)
    heard = [hear(told, people, people[rows], cuts) for told in tellers]
    # Words that everybody uses or only one person does are no points; the vectors of these texts may well be.
    voices = [voice for voice in heard if voice.whole.any()]
    if not voices:
        return one_segment(people, "nothing these people wrote has a place among the others' words")
    methods = list_methods(voices, choice.segments, choice.algorithm, len(people))
    mine = [Block(block.name, block.points[people]) for block in blocks]
    return choose_grouping(people, rows, methods, mine, choice, rng)

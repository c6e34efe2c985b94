"""People into segments by what they voice, and by what else is known of them where that helps."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from persona_kit.errors import UsageError
from personas.explaining import FeatureTable
from personas.grouping.one_thread import one_thread
from personas.segmentation.blocks import Block, other_blocks, parse_weights
from personas.segmentation.choosing import Choice, choose_grouping
from personas.segmentation.grouping import Grouping, group_by_column, join_groupings, one_segment
from personas.segmentation.methods import AUTO, list_methods
from personas.segmentation.people import (
    Voice,
    allot,
    by_space,
    hear,
    least_words,
    person_profiles,
    person_vectors,
    voice_of,
)
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


def segment_people(
    corpus: Corpus,
    themes: ThemeModel,
    *,
    segments: int | None,
    seed: int,
    algorithm: str = AUTO,
    features: FeatureTable | None = None,
    weights: Mapping[str, float] | None = None,
) -> Grouping:
    """The people with enough text, grouped by what they voice.

    Args:
        corpus: who wrote what.
        themes: what they voice.
        segments: how many segments; None chooses 2 to 12 (or one, where nothing holds).
        seed: of everything random.
        algorithm: `auto`, or a name of `personas.grouping.ALGORITHMS`.
        features: what else is known, a row for each of the corpus's customers.
        weights: of the blocks of features; None joins those that make the grouping worth more.

    Raises:
        UsageError: when more segments are asked for than there are people with enough text, or an unknown algorithm.
    """
    words = corpus.words_per_customer
    people = np.flatnonzero(words >= least_words(words))
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
    voices = hear(corpus, themes, np.arange(len(words)), seed=seed)
    blocks = other_blocks(features)
    # Sums in another order differ in the last bit: one thread gives the same segments on any machine, and matrices of
    # this size are not faster on two.
    with one_thread():
        return join_groupings([
            _segment_part(part, voices, blocks, Choice(count, algorithm, weights, most, seed))
            for part, count, most in zip(parts, counts, limits, strict=True)
        ])


def _segment_part(people: NDArray[np.int64], voices: list[Voice], blocks: list[Block], choice: Choice) -> Grouping:
    """The people of one space, grouped as asked."""
    mine = [voice_of(voice, people) for voice in voices]
    if choice.segments == 1:
        return one_segment(people, "of the segments asked for, one falls to this script")
    if choice.segments is None and len(people) < LEAST_PEOPLE_TO_SPLIT:
        return one_segment(people, f"{len(people)} people wrote enough to be placed, too few to split")
    if not all(voice.whole.any() for voice in mine):
        return one_segment(people, "nothing these people wrote has a place among the others' words")
    methods = list_methods(mine, choice.segments, choice.algorithm, len(people))
    return choose_grouping(people, methods, [Block(b.name, b.points[people]) for b in blocks], choice)

"""One person at a time beside the segments of a run.

Nothing here looks at anybody else: the same words give the same answer alone and among a thousand, in any order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from personas.assigning.calibrating import confidence_of, margins_of
from personas.assigning.familiarity import Floats, MeasuredLsa, nearest_theme
from personas.assigning.records import Representation, SegmentModel, SpaceModel
from personas.segmentation.people import unit_rows
from personas.segmentation.settling import FAR
from personas.segmentation.settling import SHARPNESS as MEMBERSHIP_SHARPNESS
from personas.themes import voice_softly
from retrieval.embedders import Embedder
from retrieval.words import count_words

NO_SPACE = -1
"""Where passages stand in whose script the run had no space."""


@dataclass(frozen=True)
class Said:
    """A passage of a new person."""

    space: int
    """Index into the model's spaces; -1 where none fits."""
    text: str
    vector: NDArray[np.float32]
    """In that space; empty where there is none."""
    familiarity: float
    """As the embedder has it; NaN where it does not tell, and the themes do."""


@dataclass(frozen=True)
class Placing:
    """Where somebody belongs."""

    segment: str
    """The nearest segment; empty where nothing is near."""
    confidence: float
    far: str
    """Why the answer is none of these, a key of `wording.REASONS`; empty where it is not."""
    value: float = 0.0
    """What fell short, where it is far."""
    least: float = 0.0
    """Of what was needed."""


class Ruler:
    """The model with its numbers read.

    Args:
        model: of a run.

    Raises:
        ValueError: when its numbers do not fit together.
    """

    def __init__(self, model: SegmentModel) -> None:
        self.model = model
        self.themes = [space.theme_centres.array() for space in model.spaces]
        if any(themes.ndim != 2 for themes in self.themes):
            raise ValueError("the centres of the themes are no table")
        self._centres = [
            np.stack([segment.centre.array() for segment in space.segments]) if space.segments else None
            for space in model.spaces
        ]
        self._check()

    def _check(self) -> None:
        sizes: dict[Representation, int] = {
            "theme profiles": sum(len(themes) for themes in self.themes),
            "whole-person vectors": sum(themes.shape[1] for themes in self.themes),
        }
        for space, centres in zip(self.model.spaces, self._centres, strict=True):
            if centres is not None and centres.shape[1:] != (sizes[space.representation],):
                raise ValueError("a segment's centre does not fit the themes and vectors")

    def hear(self, space: int, texts: Sequence[str], embedder: Embedder) -> list[Said]:
        """The passages with their vectors.

        Args:
            space: index into the model's spaces.
            texts: the passages.
            embedder: of this space.
        """
        strengths = embedder.strengths(texts) if isinstance(embedder, MeasuredLsa) else np.full(len(texts), np.nan)
        return [
            Said(space, text, vector, float(strength))
            for text, vector, strength in zip(texts, embedder.embed(texts), strengths, strict=True)
        ]

    def place(self, said: Sequence[Said]) -> Placing:
        """Where the person who said all this belongs."""
        words = sum(count_words(one.text) for one in said)
        if words < self.model.least_words:
            return Placing("", 0.0, "too little text", words, self.model.least_words)
        at = self._main_space(said)
        if at == NO_SPACE or self._centres[at] is None:
            return Placing("", 0.0, "other script")
        return self._place_in(at, said)

    def _main_space(self, said: Sequence[Said]) -> int:
        """The space of most passages; where two have as many, the run's first, and an unknown script last."""
        counts = [sum(one.space == at for one in said) for at in range(len(self.model.spaces))]
        best = max(counts, default=0)
        unknown = sum(one.space == NO_SPACE for one in said)
        return NO_SPACE if unknown > best or not best else counts.index(best)

    def _place_in(self, at: int, said: Sequence[Said]) -> Placing:
        space, centres = self.model.spaces[at], self._centres[at]
        assert centres is not None
        # Sums in another order differ in the last bit: sorted, the order of the rows does not matter.
        passages = [
            sorted((one for one in said if one.space == place), key=lambda one: one.text) for place in self._all
        ]
        stacks = [
            np.stack([one.vector for one in some]) if some else np.zeros((0, self.themes[place].shape[1]), np.float32)
            for place, some in enumerate(passages)
        ]
        points = self._profile(stacks) if space.representation == "theme profiles" else self._mean(stacks)
        likeness = np.einsum("ij,j->i", centres.astype(np.float64), points)
        nearest = int(likeness.argmax())
        segment, close = space.segments[nearest], float(likeness[nearest])
        familiar = self._familiar(at, stacks[at], passages[at])
        confidence = _confidence(space, likeness)
        if not space.tells:
            return Placing(segment.segment_id, confidence, "not told")
        if familiar < space.familiarity:
            return Placing(segment.segment_id, confidence, "unfamiliar", familiar, space.familiarity)
        if close < FAR * segment.floor:
            return Placing(segment.segment_id, confidence, "far", close, segment.floor)
        return Placing(segment.segment_id, confidence, "")

    @property
    def _all(self) -> range:
        return range(len(self.model.spaces))

    def _familiar(self, at: int, vectors: NDArray[np.float32], said: Sequence[Said]) -> float:
        if self.model.spaces[at].lsa is not None:
            return float(np.mean([one.familiarity for one in said]))
        return float(nearest_theme(vectors, self.themes[at]).mean())

    def _profile(self, stacks: Sequence[NDArray[np.float32]]) -> Floats:
        """The mean soft theme profile, as `personas.segmentation.person_profiles` has it."""
        soft = [voice_softly(vectors, centres) for vectors, centres in zip(stacks, self.themes, strict=True)]
        return _unit(np.concatenate([part.sum(axis=0) for part in soft]))

    def _mean(self, stacks: Sequence[NDArray[np.float32]]) -> Floats:
        """The mean vector in every space, as `personas.segmentation.person_vectors` has it."""
        return _unit(np.concatenate([vectors.sum(axis=0) for vectors in stacks]))


def _unit(point: NDArray[np.float32]) -> Floats:
    unit: Floats = unit_rows(point[None, :])[0].astype(np.float64)
    return unit


def _confidence(space: SpaceModel, likeness: Floats) -> float:
    if space.calibration is not None:
        return confidence_of(space.calibration, float(margins_of(likeness[None, :])[0]))
    soft = np.clip(likeness, 0.0, 1.0) ** MEMBERSHIP_SHARPNESS
    total = float(soft.sum())
    return float(soft.max()) / total if total > 0 else 1 / len(soft)

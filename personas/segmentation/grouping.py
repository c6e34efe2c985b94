"""Who belongs to which segment, how strongly, and how far to trust it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from persona_kit.errors import UsageError
from personas.records import BlockShare, CandidateGrouping, TopicOfSegments
from retrieval.corpus import Corpus

Labels = NDArray[np.int64]
"""``(people,)`` segments from 0 by falling size; -1 belongs to none."""

Weights = NDArray[np.float64]
"""``(people, segments)`` how strongly each person belongs to each segment; rows sum to 1."""

Centres = NDArray[np.float32]
"""``(segments, dimensions)`` unit rows, in the space of a representation."""

FEW_VALUES = 12
MOST_VALUES = 100
"""A column with more values makes no segments; nor does one with more than `FEW_VALUES` that most people have alone."""

NAMED = 12
"""Values that the reason names."""


@dataclass(frozen=True, kw_only=True)
class Grouping:
    """The people of a corpus in segments."""

    people: NDArray[np.int64]
    """The people placed, as indices into the corpus's customers."""
    labels: Labels
    """``(people,)`` the segment of each; -1 for outliers."""
    weights: Weights
    """Also of outliers: where they would belong at the most."""
    closeness: NDArray[np.float32]
    """``(people,)`` cosine to the centre of the strongest segment; 1 where segments have no centres."""
    floors: NDArray[np.float32]
    """``(segments,)`` the closeness that 95 in 100 of a segment's people have."""
    representation: str
    """`theme profiles`, `whole-person vectors`, `TF-IDF`, topics, or a column of the customer table."""
    algorithm: str
    reason: str
    stability: float
    """Mean adjusted Rand index with the groupings of resamples."""
    segment_stability: tuple[float, ...]
    """Mean best Jaccard overlap of each segment over resamples."""
    told: float | None = None
    """Nats that a person's segment, told from half of what they wrote, says of the other half, beyond chance."""
    halves_agreement: float | None = None
    """How often both halves of what a person wrote fall into the same segment, beyond chance (kappa)."""
    blocks: tuple[BlockShare, ...] = ()
    candidates: tuple[CandidateGrouping, ...] = ()
    centres: Centres | None = None
    """None where people were grouped by a column, or are one group."""
    topics: tuple[TopicOfSegments, ...] = ()
    """Where people were grouped by topics of words."""
    held_out: NDArray[np.int64] | None = None
    """``(segments, segments)`` people who were left out while the others were grouped, and then went to the nearest
    segment of these: by their own segment, and by the one they went to; None where nothing was grouped anew."""

    @property
    def count(self) -> int:
        """How many segments."""
        return int(self.weights.shape[1])


def one_segment(people: NDArray[np.int64], reason: str, candidates: tuple[CandidateGrouping, ...] = ()) -> Grouping:
    """Everybody in one segment."""
    return Grouping(
        people=people,
        labels=np.zeros(len(people), dtype=np.int64),
        weights=np.ones((len(people), 1)),
        closeness=np.ones(len(people), dtype=np.float32),
        floors=np.zeros(1, dtype=np.float32),
        representation="one group",
        algorithm="none",
        reason=reason,
        stability=1.0,
        segment_stability=(1.0,),
        candidates=candidates,
    )


def group_by_column(corpus: Corpus, values: dict[str, str], column: str) -> Grouping:
    """The people grouped by a column of the customer table; those without a value are outliers.

    Args:
        corpus: who wrote something.
        values: customer id -> value.
        column: its name, for the report.

    Raises:
        UsageError: when nobody who wrote something has a value, or there are too many values to be groups of people.
    """
    people = np.flatnonzero(corpus.words_per_customer > 0)
    mine = [values.get(corpus.customer_ids[at]) for at in people]
    sizes = Counter(value for value in mine if value is not None)
    _check_values(sizes, column)
    order = {value: place for place, value in enumerate(sorted(sizes, key=lambda value: (-sizes[value], value)))}
    labels = np.array([-1 if value is None else order[value] for value in mine], dtype=np.int64)
    weights = np.zeros((len(people), len(order)))
    weights[np.flatnonzero(labels >= 0), labels[labels >= 0]] = 1.0
    return Grouping(
        people=people,
        labels=labels,
        weights=weights,
        closeness=(labels >= 0).astype(np.float32),
        floors=np.zeros(len(order), dtype=np.float32),
        representation=column,
        algorithm="by column",
        reason=f"people are grouped by {column!r}, as asked: {_name_some(list(order))}",
        stability=1.0,
        segment_stability=(1.0,) * len(order),
    )


def _check_values(sizes: Counter[str], column: str) -> None:
    people = sum(sizes.values())
    if not people:
        raise UsageError(
            f"nobody who wrote something has a value in the column {column!r}",
            where=f"--segment-by {column}",
            mend="choose a column that is filled in for the customers who wrote",
        )
    if len(sizes) > MOST_VALUES or (len(sizes) > FEW_VALUES and 2 * len(sizes) > people):
        raise UsageError(
            f"the column {column!r} holds {len(sizes):,} values for {people:,} people who wrote: these are no segments",
            where=f"--segment-by {column}",
            mend="choose a column with fewer values, or join its values to ranges or regions in the table",
        )


def _name_some(values: list[str]) -> str:
    more = len(values) - NAMED
    return ", ".join(values[:NAMED]) + (f" and {more} more" if more > 0 else "")


def join_groupings(parts: list[Grouping]) -> Grouping:
    """The groupings of the parts as one; segments by falling size over all of them."""
    if len(parts) == 1:
        return parts[0]
    people = np.concatenate([part.people for part in parts])
    offsets = np.cumsum([0, *(part.count for part in parts)])
    weights = np.zeros((len(people), int(offsets[-1])))
    labels = np.concatenate([
        np.where(part.labels >= 0, part.labels + offset, -1) for part, offset in zip(parts, offsets[:-1], strict=True)
    ])
    row = 0
    for part, offset in zip(parts, offsets[:-1], strict=True):
        weights[row : row + len(part.people), offset : offset + part.count] = part.weights
        row += len(part.people)
    order = np.argsort(-np.bincount(labels + 1, minlength=int(offsets[-1]) + 1)[1:], kind="stable")
    rank = np.empty(len(order) + 1, dtype=np.int64)
    rank[order], rank[-1] = np.arange(len(order)), -1
    stabilities = [value for part in parts for value in part.segment_stability]
    floors = np.concatenate([part.floors for part in parts])
    return Grouping(
        people=people,
        labels=rank[labels],
        weights=weights[:, order],
        closeness=np.concatenate([part.closeness for part in parts]),
        floors=floors[order],
        representation=" and ".join(dict.fromkeys(part.representation for part in parts)),
        algorithm=" and ".join(dict.fromkeys(part.algorithm for part in parts)),
        reason="; ".join(f"{len(part.people)} people: {part.reason}" for part in parts),
        stability=float(np.average([part.stability for part in parts], weights=[len(part.people) for part in parts])),
        segment_stability=tuple(stabilities[at] for at in order),
        blocks=max(parts, key=lambda part: len(part.people)).blocks,
        candidates=tuple(candidate for part in parts for candidate in part.candidates),
        held_out=_join_held_out(parts)[np.ix_(order, order)],
    )


def _join_held_out(parts: list[Grouping]) -> NDArray[np.int64]:
    """The tables of the parts along the diagonal: people of one part never go to a segment of another."""
    from scipy.linalg import block_diag

    own = [part.held_out if part.held_out is not None else np.zeros((part.count,) * 2, np.int64) for part in parts]
    joined: NDArray[np.int64] = block_diag(*own).astype(np.int64)
    return joined

"""A grouping taken apart and put together again: labels, memberships and how far each piece holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from personas.records import TopicOfSegments
from personas.segmentation.grouping import Grouping

Fractions = NDArray[np.float64]
"""``(people,)`` how much of a person's membership in the segment as found goes to a piece of it."""

EDGE = 0.05
"""As while grouping: of a segment's people, those who lie farther from its centre are as far as its edge."""


class Pieces:
    """People in pieces: the segments of a grouping first, by their labels, then what they are split into.

    Args:
        grouping: as it was found.
    """

    def __init__(self, grouping: Grouping) -> None:
        self._found = grouping
        self.labels = grouping.labels.copy()
        """``(people,)`` the piece of each; -1 for none."""
        self._origin = list(range(grouping.count))
        self._stability = list(grouping.segment_stability)
        self._fractions: list[Fractions] = [np.ones(len(grouping.people)) for _ in range(grouping.count)]
        self._joined = {label: label for label in range(grouping.count)}
        self._untold = np.zeros(len(grouping.people), dtype=bool)

    def rows_of(self, piece: int) -> NDArray[np.int64]:
        """The rows of its people."""
        return np.flatnonzero(self.labels == piece)

    def split_by(self, label: int, values: Sequence[str | None]) -> dict[str, int]:
        """The pieces that the values of its people make, most people first: value -> piece.

        People without a value belong to no piece. A piece holds as far as the segment it is cut from: the values are
        known facts, its border to the others is not.

        Args:
            label: of a segment as it was found.
            values: of its people, in the order of `rows_of`.
        """
        rows = self.rows_of(label)
        sizes = {value: values.count(value) for value in values if value is not None}
        pieces = {}
        for value in sorted(sizes, key=lambda value: (-sizes[value], value)):
            own = rows[[at for at, mine in enumerate(values) if mine == value]]
            fractions = np.full(len(self.labels), sizes[value] / sum(sizes.values()))
            fractions[rows] = 0.0
            fractions[own] = 1.0
            pieces[value] = self._add(label, own, fractions, self._stability[label])
        untold = rows[[at for at, mine in enumerate(values) if mine is None]]
        self.labels[untold] = -1
        self._untold[untold] = True
        return pieces

    def split_into(self, label: int, part: Grouping) -> list[int]:
        """The pieces that grouping its people once more makes, in the order of that grouping.

        A piece holds where the segment and the division of it both do. Nobody is put out by a split: who fits no part
        goes to the nearest.

        Args:
            label: of a segment as it was found.
            part: of its people, in the order of `rows_of`.
        """
        rows = self.rows_of(label)
        own = np.where(part.labels >= 0, part.labels, part.weights.argmax(axis=1))
        pieces = []
        for at in range(part.count):
            mine = rows[own == at]
            fractions = np.full(len(self.labels), len(mine) / len(rows))
            fractions[rows] = part.weights[:, at]
            pieces.append(self._add(label, mine, fractions, self._stability[label] * part.segment_stability[at]))
        return [piece for piece in pieces if len(self.rows_of(piece))]

    def _add(self, label: int, rows: NDArray[np.int64], fractions: Fractions, stability: float) -> int:
        piece = len(self._origin)
        self._origin.append(label)
        self._fractions.append(fractions)
        self._stability.append(stability)
        self._joined[piece] = piece
        self.labels[rows] = piece
        return piece

    def join(self, pieces: Sequence[int]) -> None:
        """The people of all these in the first; it holds as far as they do on average, by people."""
        sizes = [len(self.rows_of(piece)) for piece in pieces]
        first = pieces[0]
        self._stability[first] = float(np.average([self._stability[piece] for piece in pieces], weights=sizes))
        for piece in pieces[1:]:
            self.labels[self.labels == piece] = first
            self._joined[piece] = first

    def put_together(self, reason: str) -> tuple[Grouping, list[int]]:
        """The grouping of the pieces that have people, by falling size, and which piece each of its segments is.

        Args:
            reason: what was done by hand, told after why people are grouped so.
        """
        found, sizes = self._found, np.bincount(self.labels + 1, minlength=len(self._origin) + 1)[1:]
        order = [int(piece) for piece in np.argsort(-sizes, kind="stable") if sizes[piece]]
        place = np.full(len(self._origin) + 1, -1, dtype=np.int64)
        place[order] = np.arange(len(order))
        labels = place[self.labels]
        weights = np.stack([self._weights(piece) for piece in order], axis=1)
        weights[self._untold] = 0.0
        floors = [np.quantile(found.closeness[labels == at], EDGE) for at in range(len(order))]
        grouping = replace(
            found,
            labels=labels,
            weights=weights,
            floors=np.array(floors, dtype=np.float32),
            segment_stability=tuple(self._stability[piece] for piece in order),
            reason=f"{found.reason}; {reason}",
            centres=None,
            topics=tuple(self._topic(topic, order) for topic in found.topics),
            held_out=self._held_out(order),
        )
        return grouping, order

    def _members(self, piece: int) -> list[int]:
        return [one for one, into in self._joined.items() if into == piece]

    def _weights(self, piece: int) -> Fractions:
        """Of a segment that was split, what is left of it has no people, and so no part in this."""
        cut = set(self._origin[self._found.count :])
        whole = [one for one in self._members(piece) if one >= self._found.count or one not in cut]
        weights: Fractions = sum(
            (self._found.weights[:, self._origin[one]] * self._fractions[one] for one in whole),
            np.zeros(len(self.labels)),
        )
        return weights

    def _held_out(self, order: Sequence[int]) -> NDArray[np.int64] | None:
        """Who was left out while the segments were found; nobody of a part, which was not found in that way."""
        found = self._found.held_out
        if found is None:
            return None
        own = [[label for label in self._members(piece) if label < self._found.count] for piece in order]
        placed = np.zeros((len(order), len(order)), dtype=np.int64)
        for at, mine in enumerate(own):
            for to, theirs in enumerate(own):
                placed[at, to] = found[np.ix_(mine, theirs)].sum()
            # Who went to a segment that is in parts now went elsewhere, whichever part that is.
            if mine:
                placed[at, at - 1] += found[mine].sum() - placed[at].sum()
        return placed

    def _topic(self, topic: TopicOfSegments, order: Sequence[int]) -> TopicOfSegments:
        """Its shares in the segments that are whole or merged of whole ones; of parts they are not known."""
        sizes = np.bincount(self._found.labels + 1, minlength=self._found.count + 1)[1:]
        shares = {}
        for at, piece in enumerate(order):
            labels = self._members(piece)
            if all(label < self._found.count and f"s{label + 1}" in topic.shares for label in labels):
                own = [topic.shares[f"s{label + 1}"] for label in labels]
                shares[f"s{at + 1}"] = float(np.average(own, weights=[int(sizes[label]) for label in labels]))
        return topic.model_copy(update={"shares": shares})

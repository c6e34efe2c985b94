"""Splits and merges: people put elsewhere by hand, before anybody is described or written up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from persona_kit.errors import InputError
from personas.corrections.identities import Identities
from personas.corrections.pieces import Pieces
from personas.corrections.reading import MEND, CorrectionFile
from personas.corrections.records import MOST_PARTS, AppliedCorrection, Split
from personas.customers import CustomerTable, categorise
from personas.identity import assign_persona_ids
from personas.segmentation.grouping import Grouping

Resegment = Callable[[NDArray[np.int64], int | None], Grouping]
"""Groups these people (indices of the corpus's customers) into so many segments; None: as many as hold."""

UNDIVIDED, BY_COLUMN = "none", "by column"
"""Algorithms of a grouping: everybody is one segment, or a column makes them."""


@dataclass(frozen=True, kw_only=True)
class Regrouped:
    """The people as they stand after the corrections."""

    grouping: Grouping
    persona_ids: Mapping[str, str]
    """Segment id -> persona id."""
    identities: Identities
    """To be kept for the next run."""
    applied: tuple[AppliedCorrection, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Regrouper:
    """Gives segments their persona ids, and puts people where the corrections want them."""

    file: CorrectionFile = field(default_factory=CorrectionFile)
    previous: Identities = field(default_factory=Identities)
    """Who stood behind which id in the run before."""

    def __call__(
        self, grouping: Grouping, customer_ids: Sequence[str], table: CustomerTable, resegment: Resegment
    ) -> Regrouped:
        """The grouping with splits and merges applied, each persona with an id that survives runs.

        Args:
            grouping: as it was found.
            customer_ids: of the corpus.
            table: whose columns a segment can be split by.
            resegment: groups the people of a segment once more.

        Raises:
            InputError: when a persona, a column or different people are not there; all faults at once.
        """
        names = [str(name) for name in np.array(customer_ids, dtype=object)[grouping.people]]
        found = {label: _names(names, grouping.labels, label) for label in range(grouping.count)}
        found = {label: people for label, people in found.items() if people}
        ids = assign_persona_ids({str(label): people for label, people in found.items()}, self.previous.segments)
        by_label = {label: ids[str(label)] for label in found}
        segments = {by_label[label]: people for label, people in found.items()}
        if not self.file.corrections.regroups:
            return Regrouped(
                grouping=grouping,
                persona_ids={f"s{label + 1}": persona_id for label, persona_id in by_label.items()},
                identities=Identities(segments=segments, parts=self.previous.parts),
            )
        desk = _Desk(self.file, grouping, names, by_label)
        splits = desk.split_all(table, resegment, self.previous.parts)
        merges = desk.merge_all()
        made, order = desk.pieces.put_together(_reason(splits, merges))
        return Regrouped(
            grouping=desk.as_divided(made),
            persona_ids={f"s{at + 1}": desk.ids[piece] for at, piece in enumerate(order)},
            identities=Identities(segments=segments, parts={**self.previous.parts, **desk.parts}),
            applied=(*splits, *merges),
        )


def _names(names: Sequence[str], labels: NDArray[np.int64], label: int) -> list[str]:
    return [names[row] for row in np.flatnonzero(labels == label).tolist()]


def _reason(splits: Sequence[AppliedCorrection], merges: Sequence[AppliedCorrection]) -> str:
    told = [f"{one.personas[0]} was split into {len(one.results)}" for one in splits]
    told += [f"{' and '.join(one.personas)} were merged" for one in merges]
    return f"by hand: {', '.join(told)}"


class _Desk:
    """Where the people of a run are put elsewhere.

    Args:
        file: the corrections.
        grouping: as it was found.
        names: of the people of the grouping.
        ids: label -> persona id.
    """

    def __init__(self, file: CorrectionFile, grouping: Grouping, names: Sequence[str], ids: Mapping[int, str]) -> None:
        self._file = file
        self._names = names
        self._grouping = grouping
        self.pieces = Pieces(grouping)
        self.ids = dict(ids)
        """Piece -> persona id."""
        self.parts: dict[str, list[str]] = {}
        """Persona id of a part -> customer ids."""
        self._divided: Grouping | str | None = None

    def split_all(
        self, table: CustomerTable, resegment: Resegment, previous: Mapping[str, Sequence[str]]
    ) -> list[AppliedCorrection]:
        """The splits, each with the ids of its parts; those of the run before where they have the same people."""
        entries = self._file.corrections.split
        self._check({f"[[split]] {at}": (entry.persona,) for at, entry in enumerate(entries, start=1)})
        faults: list[str] = []
        made: list[dict[int, str]] = []
        for number, entry in enumerate(entries, start=1):
            pieces, fault = self._split(entry, table, resegment)
            made.append(pieces)
            faults += [f"- [[split]] {number}, {entry.persona}: {fault}"] if fault else []
        self._raise(faults)
        everybody = {str(piece): _names(self._names, self.pieces.labels, piece) for pieces in made for piece in pieces}
        largest_first = dict(sorted(everybody.items(), key=lambda item: -len(item[1])))
        ids = assign_persona_ids(largest_first, previous)
        self.parts = {ids[piece]: people for piece, people in everybody.items()}
        self.ids |= {int(piece): persona_id for piece, persona_id in ids.items()}
        return [
            AppliedCorrection(
                kind="split",
                number=number,
                applied=True,
                personas=(entry.persona,),
                results=tuple(ids[str(piece)] for piece in pieces),
                details=tuple(pieces.values()),
                people=tuple(len(everybody[str(piece)]) for piece in pieces),
                text=entry.by or "",
                note=entry.note,
            )
            for number, (entry, pieces) in enumerate(zip(entries, made, strict=True), start=1)
        ]

    def _split(self, entry: Split, table: CustomerTable, resegment: Resegment) -> tuple[dict[int, str], str]:
        """The pieces with what tells each from the others, or why there are none."""
        label = next(label for label, persona_id in self.ids.items() if persona_id == entry.persona)
        rows = self.pieces.rows_of(label)
        if entry.by is None:
            part = resegment(self._grouping.people[rows], entry.into)
            if part.count < 2:
                return {}, f"its people cannot be told apart ({part.reason})"
            self._divided = part
            pieces = self.pieces.split_into(label, part)
            return {piece: str(at) for at, piece in enumerate(pieces, start=1)}, ""
        values = categorise(table.customers).get(entry.by)
        if values is None:
            there = ", ".join(sorted(categorise(table.customers))) or "none; give a table with --customers"
            return {}, f"no column {entry.by!r} to split by; columns of few values: {there}"
        told = ["; ".join(values[name]) if values.get(name := self._names[row]) else None for row in rows.tolist()]
        different = {value for value in told if value is not None}
        if not 2 <= len(different) <= MOST_PARTS:
            said = f"{len(different)} different values, 2 to {MOST_PARTS} can be split by"
            return {}, f"its people have {said} in {entry.by!r}"
        self._divided = entry.by
        return {piece: value for value, piece in self.pieces.split_by(label, told).items()}, ""

    def merge_all(self) -> list[AppliedCorrection]:
        """The merges, each under the id of the first persona it names."""
        entries = self._file.corrections.merge
        self._check({f"[[merge]] {at}": entry.personas for at, entry in enumerate(entries, start=1)})
        applied = []
        for number, entry in enumerate(entries, start=1):
            pieces = [self._present()[persona_id] for persona_id in entry.personas]
            people = tuple(len(self.pieces.rows_of(piece)) for piece in pieces)
            self.pieces.join(pieces)
            applied.append(
                AppliedCorrection(
                    kind="merge",
                    number=number,
                    applied=True,
                    personas=entry.personas,
                    results=entry.personas[:1],
                    people=people,
                    note=entry.note,
                )
            )
        return applied

    def _present(self) -> dict[str, int]:
        """Persona id -> piece, of pieces that have people."""
        return {persona_id: piece for piece, persona_id in self.ids.items() if len(self.pieces.rows_of(piece))}

    def _check(self, named: Mapping[str, Sequence[str]]) -> None:
        there = self._present()
        self._raise([
            f"- {entry}: there is no persona {persona_id}; there are {', '.join(sorted(there)) or 'none'}"
            for entry, persona_ids in named.items()
            for persona_id in persona_ids
            if persona_id not in there
        ])

    def _raise(self, faults: list[str]) -> None:
        if faults:
            raise InputError(
                "\n".join(["the corrections do not fit the segments of this run:", *faults]),
                where=self._file.where,
                mend=MEND,
            )

    def as_divided(self, grouping: Grouping) -> Grouping:
        """Where everybody was one segment, what divided it tells how people are grouped now."""
        if grouping.algorithm != UNDIVIDED or self._divided is None:
            return grouping
        if isinstance(self._divided, str):
            return replace(grouping, algorithm=BY_COLUMN, representation=self._divided)
        part = self._divided
        return replace(
            grouping,
            algorithm=part.algorithm,
            representation=part.representation,
            stability=part.stability,
            told=part.told,
            halves_agreement=part.halves_agreement,
            candidates=part.candidates,
        )

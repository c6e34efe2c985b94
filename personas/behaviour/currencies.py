"""In which currency each row is: a column, a sign beside the amount, or the name of the amount column."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from personas.behaviour.amounts import USED_BY, currency_of
from personas.behaviour.columnar import Column
from personas.behaviour.notes import note


@dataclass(frozen=True)
class Currencies:
    """The currencies of a table; amounts of different ones are never added."""

    names: tuple[str, ...]
    """ISO codes or bare signs, sorted; empty text where none is named."""
    of_row: NDArray[np.int64]
    """``(rows,)`` index into `names`."""
    notes: list[str] = field(default_factory=list)


def settle_currencies(named: Column | None, beside: Column, of_name: str | None) -> Currencies:
    """The currency of every row: what its cell says, else the sign beside its amount, else what the column's name says.

    An ambiguous sign ($, ¥, kr) counts as the one currency of the table that it may stand for, where there is just one;
    a row that names none counts as the only currency of the table.

    Args:
        named: the currency column.
        beside: the currencies found beside the amounts, by different amount, empty where there is none.
        of_name: currency in the name of the amount column.
    """
    fallback = currency_of(of_name) if of_name else ""
    cells = [currency_of(value) or value.upper() for value in named.values] if named is not None else []
    signs = [sign or fallback for sign in beside.values]
    found = sorted({fallback, *cells, *signs})
    index = {name: place for place, name in enumerate(found)}
    of_row = beside.spread(np.array([index[sign] for sign in signs], dtype=np.int64), index[fallback])
    if named is not None:
        told = named.spread(np.array([index[cell] for cell in cells], dtype=np.int64), -1)
        of_row = np.where(told >= 0, told, of_row)
    present = np.bincount(of_row, minlength=len(found)) > 0
    renamed, notes = _joined(found, present.tolist())
    final = sorted({name for name, is_there in zip(renamed, present, strict=True) if is_there}) or [""]
    places = np.array([final.index(name) if name in final else 0 for name in renamed], dtype=np.int64)
    return Currencies(tuple(final), places[of_row], notes)


def _joined(names: list[str], present: list[bool]) -> tuple[list[str], list[str]]:
    """The name that each name counts as, and what is to be told of it."""
    there = [name for name, is_there in zip(names, present, strict=True) if is_there]
    codes = {name for name in there if name and name not in USED_BY}
    renamed = []
    for name in names:
        behind = sorted(USED_BY.get(name, set()) & codes)
        renamed.append(behind[0] if len(behind) == 1 else name)
    different = sorted({new for new, is_there in zip(renamed, present, strict=True) if is_there and new})
    notes: list[str] = []
    if "" in there and len(different) == 1:
        notes.append(note("one currency", currency=different[0]))
        renamed = [name or different[0] for name in renamed]
    if len(different) > 1:
        notes.append(note("several currencies", currencies=", ".join(different)))
    return renamed, notes

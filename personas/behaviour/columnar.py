"""A table read column by column: a million orders are a few arrays, not a million mappings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from persona_kit.errors import InputError
from retrieval.loading.decoding import decode
from retrieval.loading.files import SourceFile, read_bytes
from retrieval.loading.tables import Table, read_delimited, read_table, sniff_delimiter
from retrieval.loading.values import text_of

LARGE_BYTES = 4_000_000
"""Smaller files go through the reader of all tables, which mends more; a large clean one is read by Arrow."""
HEAD_CHARS = 65_536
MOST_ROWS = 5_000_000

Codes = NDArray[np.int32]


class Column:
    """One column: its different values, and which of them each row holds.

    Args:
        values: different values without outer white space, in the order of their first row, or what gives them.
        codes: ``(rows,)`` index into `values`; -1 where the cell is empty.
    """

    def __init__(self, values: Sequence[str] | Callable[[], Sequence[str]], codes: Codes) -> None:
        self.codes = codes
        self._values = values

    @cached_property
    def values(self) -> tuple[str, ...]:
        """The different values; a million order numbers become text only where somebody looks at them."""
        return tuple(self._values() if callable(self._values) else self._values)

    def spread(self, of_values: NDArray[Any], empty: Any) -> NDArray[Any]:
        """What was found out of each different value, for every row."""
        if not len(of_values):
            return np.full(len(self.codes), empty, dtype=of_values.dtype)
        return np.where(self.codes >= 0, of_values[self.codes], np.array(empty, dtype=of_values.dtype))


@dataclass(frozen=True)
class Columns:
    """A table of such columns."""

    columns: Mapping[str, Column]
    rows: int


def read_columns(path: str, *, what: str) -> Columns:
    """The table of a file, column by column; `what` names it in messages ("the orders table").

    Raises:
        InputError: when the file is missing, empty, unreadable, or holds no row.
    """
    if not Path(path).is_file():
        raise InputError(f"{what} was not found", where=path, mend="check the path")
    ending = Path(path).suffix.lower()
    found = None
    if ending == ".parquet":
        found = _read_parquet(path)
    elif ending in {".csv", ".tsv", ".txt"} and Path(path).stat().st_size >= LARGE_BYTES:
        found = _read_large_text(path, ending)
    if found is None:
        return from_table(read_table(path, what=what))
    if not found.rows:
        raise InputError(f"{what} holds no row", where=path, mend="give a table with a header and at least one row")
    _give_memory_back()
    return found


def _give_memory_back() -> None:
    """What Arrow read with, and would keep for the next file: hundreds of megabytes after a large one."""
    import pyarrow as pa

    pa.default_memory_pool().release_unused()


def from_table(table: Table) -> Columns:
    """The same for a table that is already read."""
    return Columns(
        {name: _column_of(text_of(row[name]).strip() for row in table.rows) for name in table.columns},
        len(table.rows),
    )


def _column_of(texts: Iterable[str]) -> Column:
    index: dict[str, int] = {"": -1}
    codes = [index.setdefault(text, len(index) - 1) for text in texts]
    return Column(tuple(index)[1:], np.array(codes, dtype=np.int32))


def _read_large_text(path: str, ending: str) -> Columns | None:
    """The columns of a clean file; None where the careful reader must look at it."""
    data = read_bytes(SourceFile(path, Path(path).name, Path(path), chosen=True), stdin=None)
    text = decode(data, where=path).text.lstrip("\r\n")
    if text.count('"') % 2 or "\x00" in text:
        return None
    delimiter = "\t" if ending == ".tsv" else sniff_delimiter(text)
    head = read_delimited(text[: text.rfind("\n", 0, HEAD_CHARS) + 1 or None], path, delimiter=delimiter)
    if head.notes or any("\n" in name for name in head.columns):
        return None
    if text.count("\n") > 4 * MOST_ROWS:
        raise _too_many(path)
    return _parse_text(text, head.columns, delimiter, path)


def _parse_text(text: str, names: Sequence[str], delimiter: str, path: str) -> Columns | None:
    import pyarrow as pa
    from pyarrow import csv

    try:
        table = csv.read_csv(
            pa.BufferReader(text.encode()),
            # The first line is the header, which is already read.
            read_options=csv.ReadOptions(column_names=list(names), skip_rows=1),
            parse_options=csv.ParseOptions(delimiter=delimiter, newlines_in_values='"' in text),
            convert_options=csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
        )
    except pa.ArrowInvalid:
        return None
    return _from_arrow(table, path)


def _read_parquet(path: str) -> Columns | None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError, ValueError):
        # The careful reader tells what is wrong with it.
        return None
    return None if any(pa.types.is_nested(field.type) for field in table.schema) else _from_arrow(table, path)


def _from_arrow(table: Any, path: str) -> Columns:
    if table.num_rows > MOST_ROWS:
        raise _too_many(path)
    return Columns({name: _arrow_column(table[name]) for name in table.column_names}, table.num_rows)


def _arrow_column(chunked: Any) -> Column:
    import pyarrow as pa
    import pyarrow.compute as pc

    encoded = _as_text(chunked).combine_chunks().dictionary_encode()
    codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int32)
    texts = encoded.dictionary.cast(pa.string())
    trimmed = pc.utf8_trim_whitespace(texts)
    if trimmed.equals(texts) and not pc.any(pc.equal(texts, "")).as_py():
        return Column(texts.to_pylist, codes)
    # Trimming makes some values alike, and some nothing.
    inner = _column_of(trimmed.to_pylist())
    return Column(inner.values, np.where(codes >= 0, inner.codes[codes], np.int32(-1)))


def _as_text(chunked: Any) -> Any:
    """Every cell as text; whole numbers without the fraction that a column with gaps gives them."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(chunked.type):
        chunked = chunked.cast(chunked.type.value_type)
    if pa.types.is_floating(chunked.type):
        chunked = pc.if_else(pc.is_finite(chunked), chunked, None)
        if pc.all(pc.equal(pc.floor(chunked), chunked)).as_py() and (pc.max(pc.abs(chunked)).as_py() or 0) < 1e15:
            chunked = chunked.cast(pa.int64())
    return chunked.cast(pa.string())


def _too_many(path: str) -> InputError:
    return InputError(f"more than {MOST_ROWS:,} rows", where=path, mend="split the file, or take a sample of it")

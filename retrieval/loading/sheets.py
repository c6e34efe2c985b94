"""Parquet and Excel files, read row by row: what they say of their size is not believed."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, Final

from persona_kit.errors import EnvironmentProblem, InputError
from retrieval.loading.archives import check_archive
from retrieval.loading.tables import MAX_COLUMNS, MAX_ROWS, RawTable, add_row, close_table, too_many_rows, unique_names

MOST_BYTES: Final = 2 << 30
"""Of a Parquet file once it is decoded: a text of megabytes costs nothing to repeat a million times."""
_ROWS_AT_A_TIME: Final = 128


def read_parquet(data: bytes, where: str) -> RawTable:
    """The rows of a Parquet file.

    Raises:
        InputError: when it cannot be read, or is more than can be held.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = RawTable()
    decoded = number = 0
    try:
        with pq.ParquetFile(pa.BufferReader(data)) as file:
            if file.metadata.num_rows > MAX_ROWS:
                raise too_many_rows(where)
            table.columns = tuple(file.schema_arrow.names)
            for batch in file.iter_batches(batch_size=_ROWS_AT_A_TIME):
                decoded += batch.nbytes
                if decoded > MOST_BYTES:
                    raise InputError(
                        f"{where} grows to more than {MOST_BYTES >> 20:,} MB", where=where, mend="split the file"
                    )
                for row in batch.to_pylist():
                    number += 1
                    add_row(table, row, number)
    except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
        raise InputError(
            f"{where} is not a readable Parquet file: {error}", where=where, mend="export it again"
        ) from error
    return close_table(table) if table.rows else table


def read_excel(data: bytes, where: str) -> RawTable:
    """The rows of an Excel file: the largest sheet, and every other one with the same header.

    Raises:
        InputError: when it cannot be read, holds no rows, or is made to do harm.
        EnvironmentProblem: when openpyxl is not installed.
    """
    try:
        from openpyxl import load_workbook
    except ImportError as error:
        raise EnvironmentProblem(
            "reading .xlsx files needs openpyxl", where=where, mend="pip install '.[files]'"
        ) from error
    import warnings
    from zipfile import BadZipFile

    check_archive(data, where=where, kind="Excel")
    try:
        with warnings.catch_warnings():
            # openpyxl warns of styles and validations that it drops; the cells are all we read.
            warnings.simplefilter("ignore")
            book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
            sheets = [(sheet.title, list(_filled_rows(sheet, where))) for sheet in book.worksheets]
            book.close()
    # openpyxl meets broken files with all of these.
    except (
        BadZipFile,
        KeyError,
        ValueError,
        OSError,
        EOFError,
        TypeError,
        AttributeError,
        SyntaxError,
        IndexError,
    ) as error:
        raise InputError(
            f"{where} is not a readable Excel file: {error}", where=where, mend="save it again as .xlsx"
        ) from error
    filled = [(title, rows) for title, rows in sheets if len(rows) > 1]
    if not filled:
        raise InputError(f"{where} holds no rows", where=where, mend="give a sheet with a header and at least one row")
    return _read_sheets(filled)


def _filled_rows(sheet: Any, where: str) -> Iterator[list[Any]]:
    """The rows that hold something, without the empty cells at their end."""
    # A sheet may call itself a million rows of sixteen thousand cells, and every row would be filled up to that.
    sheet.reset_dimensions()
    count = 0
    for row in sheet.iter_rows(values_only=True):
        width = max((place for place, cell in enumerate(row, start=1) if cell is not None), default=0)
        if width > MAX_COLUMNS:
            raise InputError(f"more than {MAX_COLUMNS:,} columns", where=where, mend="check that the sheet is a table")
        if width:
            count += 1
            if count > MAX_ROWS + 1:
                raise too_many_rows(where)
            yield list(row[:width])


def _read_sheets(sheets: list[tuple[str, list[list[Any]]]]) -> RawTable:
    """The largest sheet, and every other one with the same header."""
    largest = max(sheets, key=lambda sheet: len(sheet[1]))
    width = max(map(len, largest[1]))
    header = [*largest[1][0], *[None] * (width - len(largest[1][0]))]
    columns = unique_names([str(cell).strip() if cell is not None else "" for cell in header])
    table = RawTable(columns=columns)
    left_out = []
    number = 0
    for title, rows in sheets:
        if rows[0] != largest[1][0]:
            left_out.append(title)
            continue
        for row in rows[1:]:
            number += 1
            table.rows.append(dict(zip(columns, row, strict=False)))
            table.numbers.append(number)
    if left_out:
        table.notes.append(f"sheet {largest[0]!r} was read; left out for their other columns: {', '.join(left_out)}")
    return table

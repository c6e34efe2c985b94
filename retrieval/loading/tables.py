"""Tables: CSV, TSV, JSON Lines, JSON, Parquet and Excel, read into rows of cells."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from persona_kit.errors import InputError
from retrieval.documents import Scalar
from retrieval.loading.decoding import decode
from retrieval.loading.files import TABLE_ENDINGS, SourceFile, read_bytes
from retrieval.loading.values import scalar_of

MAX_LINE_CHARS = 8_000_000
"""A longer line of CSV or JSON Lines is no row of a table; refusing it keeps time and memory bounded."""
MAX_COLUMNS = 10_000
MAX_ROWS = 1_000_000
"""More rows than one run holds in memory; a list of millions of numbers is no list of documents."""

_INTEGER = re.compile(r"(?:0|-?[1-9]\d{0,17})$")
_DECIMAL = re.compile(r"-?\d{1,15}\.\d{1,15}$")


@dataclass(frozen=True)
class Table:
    """A table of plain cells, such as the customer table or the orders."""

    columns: tuple[str, ...]
    rows: list[dict[str, Scalar]]
    """One mapping a row; an empty cell is None."""


@dataclass(frozen=True)
class BadRow:
    """A row that could not be read."""

    number: int
    detail: str
    excerpt: str


@dataclass
class RawTable:
    """A table as its file holds it: cells may be text, numbers, lists or objects."""

    columns: tuple[str, ...] = ()
    rows: list[dict[str, Any]] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    """Row numbers, the first data row is 1."""
    bad_rows: list[BadRow] = field(default_factory=list)
    ragged: dict[int, list[str]] = field(default_factory=dict)
    """Cells of rows that have more cells than the header, by index in `rows`."""
    notes: list[str] = field(default_factory=list)


def read_table(path: str, *, what: str) -> Table:
    """The table of a file as plain cells; `what` names it in messages ("the customer table").

    Columns whose every value is a whole number become int, decimal numbers float (never columns named like an id, whose
    zeros count); empty cells are None.

    Raises:
        InputError: when the file is missing, empty, unreadable, or holds no row.
    """
    file = SourceFile(path, Path(path).name, Path(path), chosen=True)
    if not Path(path).is_file():
        raise InputError(f"{what} was not found", where=path, mend="check the path")
    raw = parse_table(read_bytes(file, stdin=None), ending=file.ending, where=path)
    if not raw.rows:
        raise InputError(f"{what} holds no row", where=path, mend="give a table with a header and at least one row")
    if raw.bad_rows:
        bad = raw.bad_rows[0]
        raise InputError(f"{what}: row {bad.number} cannot be read: {bad.detail}", where=path, mend="mend the row")
    columns = raw.columns
    typed = {column: _typed([_plain(row.get(column)) for row in raw.rows], column) for column in columns}
    rows = [{column: typed[column][index] for column in columns} for index in range(len(raw.rows))]
    return Table(columns, rows)


def _plain(value: Any) -> Scalar:
    scalar = scalar_of(value)
    if isinstance(scalar, str):
        return scalar.strip() or None
    if isinstance(scalar, float) and scalar.is_integer() and abs(scalar) < 1e15:
        return int(scalar)
    return scalar


def _typed(values: list[Scalar], column: str) -> list[Scalar]:
    texts = [value for value in values if value is not None]
    if not texts or not all(isinstance(value, str) for value in texts):
        return values
    if all(_INTEGER.match(str(value)) for value in texts):
        return [None if value is None else int(value) for value in values]
    names_id = re.search(r"(?:^|[_\W])(?:id|no|code|sku|version|zip|phone)$", column.casefold())
    if not names_id and all(_DECIMAL.match(str(value)) or _INTEGER.match(str(value)) for value in texts):
        return [None if value is None else float(value) for value in values]
    return values


def parse_table(data: bytes, *, ending: str, where: str) -> RawTable:
    """The table in the bytes of a file with this ending (an unknown ending is looked at: JSON or delimited text).

    Raises:
        InputError: when the bytes are no such table.
        EnvironmentProblem: when the reader of the format is not installed.
    """
    if ending in {".parquet", ".xlsx", ".xlsm"}:
        from retrieval.loading.sheets import read_excel, read_parquet

        return (read_parquet if ending == ".parquet" else read_excel)(data, where)
    decoded = decode(data, where=where)
    if ending == ".json":
        table = _read_json(decoded.text, where)
    elif ending in {".jsonl", ".ndjson"} or (ending not in TABLE_ENDINGS and decoded.text.lstrip()[:1] in {"{", "["}):
        table = read_json_lines(decoded.text, where)
    else:
        table = read_delimited(decoded.text, where, delimiter="\t" if ending == ".tsv" else None)
    if decoded.note:
        table.notes.insert(0, decoded.note)
    return table


# --- delimited text -----------------------------------------------------------------------------------------------


def read_delimited(text: str, where: str, *, delimiter: str | None = None) -> RawTable:
    """The rows of CSV or TSV text; quoted line ends stay in their cell, ragged rows are kept and told.

    Raises:
        InputError: when a line is too long to be a row, or there is no header.
    """
    _refuse_long_lines(text, where)
    delimiter = delimiter or sniff_delimiter(text)
    table = RawTable()
    if text.count("\n") > 4 * MAX_ROWS:
        raise too_many_rows(where)
    records = [record for record in _records(text, delimiter, table) if any(cell.strip() for cell in record)]
    if len(records) > MAX_ROWS:
        raise too_many_rows(where)
    if not records:
        raise InputError(f"{where} holds no rows", where=where, mend="give a table with a header and at least one row")
    columns = _header(records, table)
    width = len(columns)
    short = 0
    for number, record in enumerate(records[1:] if table.columns else records, start=1):
        if len(record) > width:
            table.ragged[len(table.rows)] = record
        short += len(record) < width
        table.rows.append(dict(zip(columns, record, strict=False)))
        table.numbers.append(number)
    table.columns = columns
    if table.ragged:
        first = ", ".join(str(table.numbers[index]) for index in list(table.ragged)[:5])
        table.notes.append(
            f"{len(table.ragged):,} rows have more cells than the header (rows {first}): joined to the text"
        )
    if short:
        table.notes.append(f"{short:,} rows have fewer cells than the header: the missing ones count as empty")
    return table


def too_many_rows(where: str) -> InputError:
    """The error for more rows than one run holds."""
    return InputError(f"more than {MAX_ROWS:,} rows", where=where, mend="split the file, or take a sample of it")


def _refuse_long_lines(text: str, where: str) -> None:
    start = 0
    while len(text) - start > MAX_LINE_CHARS:
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        if end - start > MAX_LINE_CHARS:
            line = text.count("\n", 0, start) + 1
            raise InputError(
                f"line {line} is {end - start:,} characters long: that is no row of a table",
                where=where,
                mend="check that the file is CSV with one document a row; plain text belongs in a .txt file",
            )
        start = end + 1


def sniff_delimiter(text: str) -> str:
    """The delimiter that cuts the first records into the same number (above one) of cells; a comma where none does."""
    sample = text[:65_536]
    best, best_score = ",", 0.0
    for delimiter in (",", "\t", ";", "|"):
        widths = [len(record) for record in _sample_records(sample, delimiter)]
        if not widths or widths[0] < 2:
            continue
        same = sum(1 for width in widths if width == widths[0]) / len(widths)
        score = same + min(widths[0], 20) / 1000
        if score > best_score + 1e-9:
            best, best_score = delimiter, score
    return best


def _sample_records(sample: str, delimiter: str) -> list[list[str]]:
    csv.field_size_limit(MAX_LINE_CHARS * 16)
    records = []
    for record in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter):
        if record:
            records.append(record)
        if len(records) > 50:
            break
    # The last record of a cut sample is often broken.
    return records[:-1] if len(records) > 2 else records


def _records(text: str, delimiter: str, table: RawTable) -> Iterator[list[str]]:
    """All records; a quote that is never closed is read as an ordinary character of its line, and told.

    Without that repair one stray quote would swallow every row after it into one cell.
    """
    csv.field_size_limit(MAX_LINE_CHARS * 16)
    text = text.replace("\x00", "")
    for _ in range(20):
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        last_line, last = 0, None
        for record in reader:
            if last is not None:
                yield last
            previous, last_line, last = last_line, reader.line_num, record
        if last is None:
            return
        if last_line - previous < 2 or not _ends_inside_quotes(text, delimiter, previous):
            yield last
            return
        lines = io.StringIO(text, newline="").readlines()
        yield lines[previous].rstrip("\r\n").split(delimiter)
        table.notes.append(f"a quote opened in line {previous + 1} is never closed: read as an ordinary character")
        text = "".join(lines[previous + 1 :])
    yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quoting=csv.QUOTE_NONE)


def _ends_inside_quotes(text: str, delimiter: str, first_line: int) -> bool:
    tail = "".join(io.StringIO(text, newline="").readlines()[first_line:])
    try:
        for _ in csv.reader(io.StringIO(tail, newline=""), delimiter=delimiter, strict=True):
            pass
    except csv.Error as error:
        return "unexpected end of data" in str(error)
    return False


def _header(records: list[list[str]], table: RawTable) -> tuple[str, ...]:
    first = records[0]
    if len(first) > MAX_COLUMNS:
        raise InputError(f"{len(first):,} columns in the first line", mend="check that the file is CSV with a header")
    if _looks_like_data(records):
        table.notes.append(f"the first line is no header; its columns are called column_1 to column_{len(first)}")
        return tuple(f"column_{place}" for place in range(1, len(first) + 1))
    table.columns = tuple(first)
    return unique_names([cell.strip() for cell in first])


def _looks_like_data(records: list[list[str]]) -> bool:
    """Whether the first record is a row like the others: a number, date or long statement where a name should stand."""
    first = records[0]
    filled = [cell.strip() for cell in first if cell.strip()]
    if any(re.match(r"-?\d+(?:[.,]\d+)?$|\d{4}-\d\d-\d\d", cell) for cell in filled):
        return True
    if any(len(cell) > 200 or (cell.endswith((".", "!", "。", "！")) and len(cell.split()) > 3) for cell in filled):
        return True
    return (
        len(records) > 1
        and len(first) == 1
        and len(first[0].split()) > 5
        and not first[0].strip().endswith(("?", "？"))
    )


def unique_names(names: list[str]) -> tuple[str, ...]:
    """The names of columns, empty and equal ones told apart by their place."""
    seen: Counter[str] = Counter()
    unique = []
    for place, name in enumerate(names, start=1):
        name = name or f"column_{place}"
        seen[name] += 1
        unique.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return tuple(unique)


# --- JSON ---------------------------------------------------------------------------------------------------------


def read_json_lines(text: str, where: str) -> RawTable:
    """One JSON value a line; a broken line is kept as a bad row. A file that is one JSON value is read as that.

    Raises:
        InputError: when no line is JSON.
    """
    table = RawTable()
    number = 0
    if text.count("\n") > 4 * MAX_ROWS:
        raise too_many_rows(where)
    for line in text.split("\n"):
        if not line.strip():
            continue
        number += 1
        if len(line) > MAX_LINE_CHARS:
            table.bad_rows.append(BadRow(number, f"the line is {len(line):,} characters long", line[:200]))
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            table.bad_rows.append(BadRow(number, f"not JSON: {error}", line[:200]))
            continue
        if isinstance(value, list) and number == 1 and value and all(isinstance(item, dict | str) for item in value):
            return _read_json(text, where)
        add_row(table, value, number, line)
    if not table.rows and table.bad_rows:
        whole = _whole_json(text)
        if whole is not None:
            return _read_json(text, where)
        bad = table.bad_rows[0]
        raise InputError(
            f"no line is a JSON object; line {bad.number}: {bad.detail}",
            where=where,
            mend="give one JSON object a line",
        )
    return close_table(table)


def _whole_json(text: str) -> Any:
    if len(text) > 64 * MAX_LINE_CHARS:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def add_row(table: RawTable, value: Any, number: int, line: str = "") -> None:
    """Adds a JSON value as a row, or as a bad row where it is none."""
    if isinstance(value, str):
        value = {"text": value}
    if not isinstance(value, dict):
        table.bad_rows.append(BadRow(number, "neither a JSON object nor a text", line[:200] or str(value)[:200]))
        return
    row: dict[str, Any] = {}
    for key, cell in value.items():
        # One level of nesting, as in {"user": {"id": 7}}, becomes columns such as user.id.
        if isinstance(cell, dict):
            row.update({f"{key}.{inner}": part for inner, part in cell.items()})
        else:
            row[str(key)] = cell
    table.rows.append(row)
    table.numbers.append(number)


def close_table(table: RawTable) -> RawTable:
    """The table with the columns that its rows have."""
    names: dict[str, None] = {}
    for row in table.rows:
        names.update(dict.fromkeys(row))
    table.columns = tuple(names)
    return table


def _read_json(text: str, where: str) -> RawTable:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        lines = [line for line in text.split("\n", 3)[:3] if line.strip()]
        if len(lines) > 1 and lines[0].lstrip().startswith("{") and lines[0].rstrip().endswith("}"):
            return read_json_lines(text, where)
        raise InputError(
            f"{where} is not valid JSON: {error}", where=where, mend="mend the file, or export it again"
        ) from error
    table = RawTable()
    items = _items(value)
    if len(items) > MAX_ROWS:
        raise too_many_rows(where)
    for number, item in enumerate(items, start=1):
        add_row(table, item, number)
    if not table.rows:
        raise InputError(
            f"{where} holds no list of objects", where=where, mend="give a JSON list of objects, one a document"
        )
    return close_table(table)


def _items(value: Any) -> list[Any]:
    """The rows of a JSON value: a list, the longest list of objects in an object, or an object of columns or rows."""
    if isinstance(value, list):
        return value
    if not isinstance(value, dict):
        return []
    lists = [part for part in value.values() if isinstance(part, list) and part and isinstance(part[0], dict)]
    if lists and not _is_conversation(value):
        return max(lists, key=len)
    parts = list(value.values())
    if len(parts) > 1 and all(isinstance(part, dict) for part in parts):
        return [{"id": key, **part} for key, part in value.items()]
    if len(parts) > 1 and all(isinstance(part, list) and len(part) == len(parts[0]) for part in parts):
        return [dict(zip(value, cells, strict=True)) for cells in zip(*parts, strict=True)]
    return [value]


def _is_conversation(value: dict[str, Any]) -> bool:
    """Whether one of the lists holds turns: objects whose roles are those of a conversation."""
    from retrieval.loading.conversations import side_of, turns_of

    turns = [turns_of(part) or [] for part in value.values() if isinstance(part, list)]
    return any(side_of(role) != "unknown" for some in turns for role, _ in some[:20])

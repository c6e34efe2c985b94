"""One file of any kind, parsed: a table, or a text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from retrieval.loading.column_names import NAMES
from retrieval.loading.columns import guess_columns
from retrieval.loading.decoding import decode
from retrieval.loading.files import TABLE_ENDINGS, SourceFile
from retrieval.loading.office import docx_to_text, pdf_to_text
from retrieval.loading.tables import RawTable, parse_table, read_delimited, read_json_lines, sniff_delimiter
from retrieval.loading.texts import LEAST_LINES, LEAST_LINES_STDIN, html_to_text, split_lines, take_front


@dataclass(frozen=True)
class Parsed:
    """What a file holds: `table`, or `lines` (one document each), or one `text`."""

    table: RawTable | None = None
    text: str = ""
    lines: list[str] | None = None
    front: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def parse_file(file: SourceFile, data: bytes) -> Parsed:
    """The file's content by its ending; stdin and unknown endings by their looks (JSON, delimited text, text).

    Raises:
        InputError: when the bytes are not what the ending says, or no text at all.
        EnvironmentProblem: when the reader of the format is not installed.
    """
    where = file.source
    ending = file.ending
    if data.startswith(b"%PDF"):
        ending = ".pdf"
    elif ending not in TABLE_ENDINGS and data.startswith(b"PAR1"):
        ending = ".parquet"
    if ending in TABLE_ENDINGS:
        return Parsed(table=parse_table(data, ending=ending, where=where))
    if ending == ".pdf":
        return _text(pdf_to_text(data, where=where))
    if ending == ".docx":
        return _text(docx_to_text(data, where=where))
    decoded = decode(data, where=where)
    notes = (decoded.note,) if decoded.note else ()
    if ending in {".html", ".htm"}:
        return _text(html_to_text(decoded.text, where=where), notes)
    if ending in {".md", ".markdown"}:
        return _text(decoded.text, notes)
    if ending in {".txt", ".text"}:
        return _lines_or_text(decoded.text, notes, least=LEAST_LINES)
    return _by_looks(decoded.text, notes, where)


def _text(text: str, notes: tuple[str, ...] = ()) -> Parsed:
    front, rest = take_front(text.replace("\r\n", "\n"))
    return Parsed(text=rest, front=front, notes=notes)


def _lines_or_text(text: str, notes: tuple[str, ...], *, least: int) -> Parsed:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    front, rest = take_front(text)
    lines = None if front else split_lines(rest, least=least)
    if lines is None:
        return Parsed(text=rest, front=front, notes=notes)
    return Parsed(lines=lines, notes=(*notes, "read as one document a line (no blank lines part it)"))


def _by_looks(text: str, notes: tuple[str, ...], where: str) -> Parsed:
    start = text.lstrip()
    if start.startswith(("{", "[")) and (table := _json_table(text, where)):
        table.notes[:0] = notes
        return Parsed(table=table)
    first = start.split("\n", 1)[0].rstrip("\r")
    if "\n" in start and len(first) < 10_000 and (table := _delimited_table(text, first, where)):
        table.notes[:0] = notes
        return Parsed(table=table)
    return _lines_or_text(text, notes, least=LEAST_LINES_STDIN)


def _json_table(text: str, where: str) -> RawTable | None:
    import json

    first = next((line for line in text.split("\n") if line.strip()), "")
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        # A list or object written over several lines; anything else that begins with a bracket is prose.
        try:
            json.loads(text)
        except (ValueError, RecursionError):
            return None
    return read_json_lines(text, where)


def _delimited_table(text: str, first: str, where: str) -> RawTable | None:
    """The text as a table where its first line is a header: short names, and a text among them by name."""
    delimiter = sniff_delimiter(text)
    names = [name.strip().strip('"') for name in first.split(delimiter)]
    if any(len(name) > 60 for name in names):
        return None
    keys = {"".join(c for c in name.casefold() if c.isalnum()) for name in names}
    known = {name for part in ("text", "turns", "customer", "rating", "question") for name in NAMES[part]}
    if not keys & known or (len(names) == 1 and not keys & set(NAMES["text"])):
        return None
    table = read_delimited(text, where, delimiter=delimiter)
    columns = guess_columns(table, chosen={})
    return table if columns.text or columns.turns else None

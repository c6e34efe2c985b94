"""Cells of CSV files that a spreadsheet opens: nothing in them runs, and programs read them back as they were."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Final

_STARTS: Final = "=+\\-@\t\r\n＝＋－＠"
"""Spreadsheets read a cell that begins so as a formula (OWASP, CSV injection), the full-width forms too."""
# A cell may begin behind any sign that some spreadsheet parts cells by.
_FORMULA: Final = re.compile(f"(^|[;,|\t\r\n][ ]*)(?=[{_STARTS}])")
_GUARDED: Final = re.compile(f"(^|[;,|\t\r\n][ ]*)'(?=[{_STARTS}])")


def harmless(text: str) -> str:
    """The text with an apostrophe wherever a spreadsheet would begin to run it as a formula."""
    return _FORMULA.sub(r"\1'", text)


def as_it_was(cell: str) -> str:
    """The text that `harmless` made the cell of."""
    return _GUARDED.sub(r"\1", cell)


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A CSV file; texts in its cells are harmless."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([harmless(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return buffer.getvalue()

"""Where everybody was in A and is in B, as a file."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Final

from persona_kit.atomic_write import write_text_atomically
from persona_kit.errors import InputError
from personas.diffing.opening import OpenedSet
from personas.diffing.records import ABSENT
from personas.spreadsheet import harmless

CSV_COLUMNS: Final = ("customer_id", "before", "after")


def write_people(a: OpenedSet, b: OpenedSet, path: Path) -> int:
    """Writes a line for everybody of either run: a persona id, `outside` or `absent`; cells are safe in a spreadsheet.

    Returns:
        How many people.

    Raises:
        InputError: when either set was given alone, so that it is not known who is in it.
        OutputError: when the file cannot be written.
    """
    if a.places is None or b.places is None:
        raise InputError(
            "a persona set alone does not tell who is in a persona",
            where=str(a.path if a.places is None else b.path),
            mend="name the folder that `personas generate` wrote",
        )
    everybody = sorted(a.places.keys() | b.places.keys())
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    writer.writerows(
        (harmless(one), harmless(a.places.get(one, ABSENT)), harmless(b.places.get(one, ABSENT))) for one in everybody
    )
    write_text_atomically(path, buffer.getvalue())
    return len(everybody)

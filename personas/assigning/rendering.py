"""The assignment as a file that a CRM or a spreadsheet reads."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Final

from persona_kit.atomic_write import write_text_atomically
from personas.assigning.records import AssignedCustomer, Assignment
from personas.spreadsheet import harmless

CSV_COLUMNS: Final = (
    "customer_id",
    "segment_id",
    "persona_id",
    "persona_name",
    "confidence",
    "none_of_these",
    "reason",
    "nearest_segment_id",
)


def render_assignment_csv(assignment: Assignment) -> str:
    """The header, then a line for each customer; cells that a spreadsheet would run as a formula begin with ``'``."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    writer.writerows(map(_cells, assignment.people))
    return buffer.getvalue()


def write_assignment(assignment: Assignment, path: Path) -> None:
    """Writes the CSV; the file is whole or not there.

    Raises:
        OutputError: when it cannot be written.
    """
    write_text_atomically(path, render_assignment_csv(assignment))


def _cells(person: AssignedCustomer) -> tuple[str, ...]:
    return (
        harmless(person.customer_id),
        harmless(person.segment_id),
        harmless(person.persona_id),
        harmless(person.persona_name),
        "" if person.confidence is None else f"{person.confidence:.3f}",
        "yes" if person.none_of_these else "no",
        harmless(person.reason),
        harmless(person.nearest_segment_id),
    )

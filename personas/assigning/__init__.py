"""New customers into the segments of a finished run."""

from __future__ import annotations

from personas.assigning.building import MODEL_FILE, build_segment_model, render_segment_model
from personas.assigning.new_people import AssignOptions, assign
from personas.assigning.records import AssignedCustomer, Assignment, SegmentModel
from personas.assigning.rendering import render_assignment_csv, write_assignment

__all__ = [
    "MODEL_FILE",
    "AssignOptions",
    "AssignedCustomer",
    "Assignment",
    "SegmentModel",
    "assign",
    "build_segment_model",
    "render_assignment_csv",
    "render_segment_model",
    "write_assignment",
]

"""Names of the measures of a scorecard, as records hold them, and why one may have no value."""

from __future__ import annotations

GROUNDED, COVERED, COMPLETE = "grounded", "people covered", "completeness"
DISTINCT, CONSISTENT, STABLE, FIT = "distinctness", "consistency", "stability", "fit"
MEASURES = (GROUNDED, COVERED, COMPLETE, DISTINCT, CONSISTENT, STABLE, FIT)
"""In the order they are shown."""

NO_CLAIMS = "it has no claims"
NO_WORDS = "none of its claims rests on words"
NOT_GROUPED = "the segments are not found but given: a column, or everybody as one"
ALONE = "there is no other persona to compare with"
NOT_PLACED = "none of its people was left out and placed again"

"""What a segment is called on the page, and its colour."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from personas.reporting.overview import SegmentLine
from personas.reporting.report_wording import Words
from personas.reporting.visible import visible


@dataclass(frozen=True)
class SegmentNames:
    """Names and classes of the segments, safe to show; segments that the page does not know are called by their id."""

    words: Words
    lines: dict[str, SegmentLine] = field(default_factory=dict)

    @classmethod
    def of(cls, lines: Iterable[SegmentLine], words: Words) -> SegmentNames:
        """Those of the page's list of segments."""
        return cls(words, {line.segment_id: line for line in lines})

    def name(self, segment_id: str) -> str:
        """What it is called."""
        line = self.lines.get(segment_id)
        return line.name if line else self.words("segment", id=visible(segment_id))

    def css(self, segment_id: str) -> str:
        """The class of its colour."""
        line = self.lines.get(segment_id)
        return line.css if line else "sx"

    def tendency(self, segment_id: str) -> bool:
        """Whether it is marked as a tendency."""
        line = self.lines.get(segment_id)
        return line is not None and line.tendency

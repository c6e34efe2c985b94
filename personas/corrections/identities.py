"""Persona ids where people were put elsewhere by hand: the next run must find what the corrections name.

A merge names personas that, once merged, are no more in the set; a split names one that is in parts. So the ids of the
segments *as they were found* are kept beside those of the personas: in the next run they lead to the same segments, and
the same corrections can be applied to them again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from persona_kit.atomic_write import write_text_atomically
from personas.identity import load_previous

FILE_NAME = "segment_ids.json"

Members = Mapping[str, Sequence[str]]
"""Id -> customer ids."""


@dataclass(frozen=True, kw_only=True)
class Identities:
    """Who stood behind which id in a run."""

    segments: Members = field(default_factory=dict)
    """As they were found, before any correction."""
    parts: Members = field(default_factory=dict)
    """Of the segments that were split."""


def load_identities(runs: Path) -> Identities:
    """Those of the run before in this workspace.

    Where only the personas of a run are kept (it was made before there were corrections), these are its segments.
    """
    try:
        stored = json.loads((runs / FILE_NAME).read_text(encoding="utf-8"))
        segments, parts = (_members(stored[name]) for name in ("segments", "parts"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Identities(segments=load_previous(runs))
    return Identities(segments=segments, parts=parts)


def _members(stored: Mapping[str, Sequence[object]]) -> dict[str, list[str]]:
    return {str(key): [str(one) for one in people] for key, people in stored.items()}


def save_identities(runs: Path, identities: Identities) -> None:
    """Keeps them for the next run.

    Raises:
        OutputError: when the workspace cannot be written.
    """
    content = {
        "segments": {key: sorted(people) for key, people in identities.segments.items()},
        "parts": {key: sorted(people) for key, people in identities.parts.items()},
    }
    write_text_atomically(runs / FILE_NAME, json.dumps(content, ensure_ascii=False))

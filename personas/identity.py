"""Persona ids that survive runs: whoever shares at least half of its members with an earlier persona keeps its id."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from persona_kit.atomic_write import write_text_atomically
from persona_kit.hashing import sha256_json

FILE_NAME = "persona_ids.json"
LEAST_SHARED = 0.5


def assign_persona_ids(members: Mapping[str, Sequence[str]], previous: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """A persona id for each segment: the one of the previous persona it continues, else a new one.

    Args:
        members: segment id -> customer ids, larger segments first.
        previous: persona id -> customer ids of the run before.
    """
    free = {persona_id: set(customers) for persona_id, customers in previous.items()}
    ids: dict[str, str] = {}
    for segment_id, customers in members.items():
        mine = set(customers)
        best = max(free, key=lambda persona_id: (len(free[persona_id] & mine), persona_id), default=None)
        if best is not None and len(free[best] & mine) >= LEAST_SHARED * len(mine):
            ids[segment_id] = best
            del free[best]
        else:
            ids[segment_id] = _new_id(mine, {*previous, *ids.values()})
    return ids


def _new_id(customers: set[str], taken: set[str]) -> str:
    digest = sha256_json(sorted(customers))
    # Six letters tell personas apart; more only where two sets happen to share them.
    return next(name for length in range(6, 65) if (name := f"p-{digest[:length]}") not in taken)


def load_previous(runs: Path) -> dict[str, list[str]]:
    """The personas of the run before in this workspace; none where there was none, or its file is damaged."""
    try:
        stored = json.loads((runs / FILE_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return (
        {str(key): [str(item) for item in value] for key, value in stored.items()} if isinstance(stored, dict) else {}
    )


def save_current(runs: Path, ids: Mapping[str, str], members: Mapping[str, Sequence[str]]) -> None:
    """Keeps the personas of this run for the next.

    Raises:
        OutputError: when the workspace cannot be written.
    """
    current = {ids[segment_id]: sorted(members[segment_id]) for segment_id in ids}
    write_text_atomically(runs / FILE_NAME, json.dumps(current, ensure_ascii=False))

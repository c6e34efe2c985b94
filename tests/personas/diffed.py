"""Runs that are compared with each other, and what their differences are read with."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from personas import generate
from personas.diffing import choose_language, tell_diff
from personas.diffing.records import ClaimChange, SetDiff
from personas.persona_set import PersonaSet
from tests.personas.corpora import Voice, english_people, run_options, write_table

BASE = english_people(14)
GROWN = [*BASE, *(voice for voice in english_people(20) if voice.customer_id not in {v.customer_id for v in BASE})]


def run(folder: Path, name: str, voices: list[Voice], *, workspace: str = "", **options: object) -> Path:
    """The results of a run without a model; runs of one workspace keep their persona ids."""
    source = write_table(folder / "reviews.csv", voices)
    given = run_options(folder, out=folder / name, workspace=folder / (workspace or f"{name}-workspace"), **options)
    return generate([str(source)], given).out


def stored(out: Path) -> PersonaSet:
    return PersonaSet.model_validate_json((out / "personas.json").read_bytes())


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def change_json(path: Path, change: Callable[[Any], None]) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def changed_claims(found: SetDiff) -> list[ClaimChange]:
    return [claim for persona in found.personas for claim in persona.claims if claim.verdict != "same"]


def told(found: SetDiff, language: str = "en") -> str:
    return "\n".join(tell_diff(found, choose_language(language)))


def compared(folder: Path) -> Path:
    """`before`, `grown` and `strict` in one workspace, `again` and `two` in workspaces of their own."""
    run(folder, "before", BASE, workspace="shared", embedder="hash", segments="3")
    run(folder, "strict", BASE, workspace="shared", embedder="hash", segments="3", min_people=12)
    run(folder, "grown", GROWN, workspace="shared", embedder="hash", segments="3")
    run(folder, "again", BASE, embedder="hash", segments="3")
    run(folder, "two", BASE, embedder="hash", segments="2")
    return folder

"""The same run again computes nothing; anything that could change its results makes it run again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from persona_kit.progress import Silent
from personas import generate, kept_runs
from personas.options import GenerateOptions
from personas.outputs import MANIFEST
from tests.personas.corpora import english_people, run_options, write_table


class Stages(Silent):
    """Remembers which stages were begun."""

    def __init__(self) -> None:
        self.begun: list[str] = []

    def start(self, stage: str, total: int | None = None) -> None:
        self.begun.append(stage)


def run(sources: list[str], options: GenerateOptions) -> list[str]:
    stages = Stages()
    generate(sources, options, progress=stages)
    return stages.begun


@pytest.fixture
def first(tmp_path: Path) -> tuple[list[str], GenerateOptions]:
    sources = [str(write_table(tmp_path / "reviews.csv", english_people(4)))]
    options = run_options(tmp_path, embedder="hash")
    assert "personas" in run(sources, options)
    return sources, options


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != MANIFEST}


def test_the_same_run_again_gives_the_same_files_and_begins_no_stage_after_reading(
    first: tuple[list[str], GenerateOptions], tmp_path: Path
) -> None:
    sources, options = first
    elsewhere = options.model_copy(update={"out": tmp_path / "again"})

    begun = run(sources, elsewhere)

    assert not set(begun) & {"split", "embed", "themes", "segments", "personas", "report"}
    assert files_of(elsewhere.out) == files_of(options.out)
    manifest: dict[str, Any] = json.loads((elsewhere.out / MANIFEST).read_text("utf-8"))
    assert manifest["model_calls"]["made"] == 0
    assert manifest["run_key"] == json.loads((options.out / MANIFEST).read_text("utf-8"))["run_key"]


def test_a_changed_document_is_computed_anew(first: tuple[list[str], GenerateOptions]) -> None:
    sources, options = first
    table = Path(sources[0])
    table.write_text(table.read_text("utf-8").replace("wifi", "wi-fi", 1), encoding="utf-8")

    assert "personas" in run(sources, options.model_copy(update={"force": True}))


def test_a_changed_customer_table_is_computed_anew(tmp_path: Path) -> None:
    voices = english_people(4)
    sources = [str(write_table(tmp_path / "reviews.csv", voices))]
    customers = tmp_path / "customers.csv"
    rows = sorted({voice.customer_id for voice in voices})
    customers.write_text("customer_id,plan\n" + "".join(f"{name},basic\n" for name in rows), encoding="utf-8")
    options = run_options(tmp_path, embedder="hash", customers=str(customers))
    run(sources, options)
    customers.write_text(customers.read_text("utf-8").replace("basic", "gold", 3), encoding="utf-8")

    assert "personas" in run(sources, options.model_copy(update={"force": True}))


def test_another_run_in_between_is_not_mixed_up(first: tuple[list[str], GenerateOptions], tmp_path: Path) -> None:
    sources, options = first
    before = (options.out / "personas.json").read_bytes()
    other = options.model_copy(update={"seed": 3, "out": tmp_path / "other"})
    assert "personas" in run(sources, other)

    assert "personas" in run(sources, options)
    assert (options.out / "personas.json").read_bytes() == before


def test_a_damaged_file_is_computed_anew(first: tuple[list[str], GenerateOptions]) -> None:
    sources, options = first
    (kept,) = (options.workspace / "runs").rglob("personas.md")
    kept.write_text("something else", encoding="utf-8")

    assert "personas" in run(sources, options)


def test_other_code_does_not_take_the_results_for_its_own(
    first: tuple[list[str], GenerateOptions], monkeypatch: pytest.MonkeyPatch
) -> None:
    sources, options = first
    monkeypatch.setattr(kept_runs, "code_fingerprint", lambda: "other code")

    assert "personas" in run(sources, options)

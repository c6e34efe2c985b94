"""`personas simulate` and `personas segment`, as a user runs them, on a made-up corpus whose truth is known."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import cli
from persona_kit.errors import OutputError, PersonaKitError, UsageError

TABLES = ("customers", "orders", "events")


def call(*arguments: str) -> str:
    """What the command printed; its error where it failed."""
    result = CliRunner().invoke(cli.app, list(arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("simulated") / "made"
    call("simulate", str(folder), "--segments", "3", "--customers", "90", "--seed", "4")
    return folder


def flags(made: Path) -> list[str]:
    return [part for name in TABLES for part in (f"--{name}", str(made / "corpus" / f"{name}.csv"))]


@pytest.fixture(scope="module")
def out(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("segmented")
    places = ["--out", str(folder / "out"), "--workspace", str(folder / "workspace")]
    call("segment", str(made / "corpus"), *flags(made), *places)
    return folder / "out"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_truth_lies_apart_from_what_is_read(made: Path) -> None:
    assert sorted(path.name for path in (made / "truth").iterdir()) == ["truth.json", "truth_documents.jsonl"]
    assert {path.name for path in (made / "corpus").iterdir()} == {
        "documents.jsonl",
        *(f"{name}.csv" for name in TABLES),
    }


def test_a_corpus_that_is_there_is_not_written_over(made: Path) -> None:
    before = (made / "corpus" / "documents.jsonl").read_bytes()
    with pytest.raises(OutputError, match="something already") as caught:
        call("simulate", str(made))
    assert "--force" in caught.value.mend
    assert (made / "corpus" / "documents.jsonl").read_bytes() == before


@pytest.mark.parametrize("wrong", [["--segments", "0"], ["--language", "fr"], ["--noise", "2"], ["--world", "moon"]])
def test_what_cannot_be_simulated_is_told(tmp_path: Path, wrong: list[str]) -> None:
    with pytest.raises(UsageError):
        call("simulate", str(tmp_path / "made"), *wrong)
    assert list(tmp_path.iterdir()) == []


def test_planted_segments_are_found(made: Path, out: Path) -> None:
    truth = json.loads((made / "truth" / "truth.json").read_text(encoding="utf-8"))
    planted = {one["customer_id"]: one["segment"] for one in truth["customers"]}
    found: dict[str, Counter[str]] = {}
    for row in rows(out / "assignments.csv"):
        if planted[row["customer_id"]] and row["segment_id"].startswith("s"):
            found.setdefault(row["segment_id"], Counter())[planted[row["customer_id"]]] += 1
    assert len(found) == 3
    right = sum(counts.most_common(1)[0][1] for counts in found.values())
    assert right / sum(map(Counter.total, found.values())) >= 0.9
    assert len({counts.most_common(1)[0][0] for counts in found.values()}) == 3


def test_everybody_stands_once_in_assignments_and_profiles(made: Path, out: Path) -> None:
    everybody = sorted(row["customer_id"] for row in rows(made / "corpus" / "customers.csv"))
    assignments = rows(out / "assignments.csv")
    assert [row["customer_id"] for row in assignments] == everybody
    aside = [row for row in assignments if not row["segment_id"].startswith("s")]
    assert all(row["reason"] for row in aside)
    assert not any(row["reason"] for row in assignments if row["segment_id"].startswith("s"))
    profiles = [json.loads(line) for line in (out / "profiles.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [profile["customer_id"] for profile in profiles] == [
        row["customer_id"] for row in rows(out / "profiles.csv")
    ]


def load(out: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((out / "personas.json").read_text(encoding="utf-8"))
    return loaded


def test_the_report_tells_how_people_were_grouped(out: Path) -> None:
    found = load(out)
    assert found["personas"] == []
    segmentation = found["segmentation"]
    assert [candidate["chosen"] for candidate in segmentation["candidates"]].count(True) == 1
    assert {candidate["algorithm"] for candidate in segmentation["candidates"]} == {
        "non-negative factors",
        "communities",
    }
    assert segmentation["told"] > 0.3
    assert sum(block["contribution"] for block in segmentation["blocks"]) == pytest.approx(1)
    assert len(segmentation["tree"]) == 2
    assert found["explanation"]["beats_chance"]
    assert {value["segment_id"] for value in found["values"]} == {"s1", "s2", "s3"}
    assert [priority["rank"] for priority in found["priorities"]] == [1, 2, 3]
    assert "s1" in (out / "report.html").read_text(encoding="utf-8")


def test_a_crowd_without_kinds_is_one_segment(tmp_path: Path) -> None:
    call("simulate", str(tmp_path / "made"), "--segments", "1", "--customers", "120", "--seed", "2")
    places = ["--out", str(tmp_path / "out"), "--workspace", str(tmp_path / "workspace")]
    call("segment", str(tmp_path / "made" / "corpus"), *places)
    found = load(tmp_path / "out")
    assert [segment["segment_id"] for segment in found["segments"] if segment["kind"] == "segment"] == ["s1"]
    assert found["segmentation"]["reason"].startswith("one group")
    assert found["explanation"] is None


@pytest.mark.parametrize(
    "wrong",
    [["--features", "text=much"], ["--features", "smell=1"], ["--features", "text=0"], ["--algorithm", "magic"]],
)
def test_options_that_cannot_be_followed_are_told(made: Path, tmp_path: Path, wrong: list[str]) -> None:
    places = ["--out", str(tmp_path / "out"), "--workspace", str(tmp_path / "workspace")]
    with pytest.raises(PersonaKitError) as caught:
        call("segment", str(made / "corpus" / "documents.jsonl"), *places, *wrong)
    assert isinstance(caught.value, UsageError)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("algorithm", ["k-means", "hdbscan"])
def test_an_algorithm_by_name(made: Path, tmp_path: Path, algorithm: str) -> None:
    places = ["--out", str(tmp_path / "out"), "--workspace", str(tmp_path / "workspace")]
    call("segment", str(made / "corpus" / "documents.jsonl"), *places, "--algorithm", algorithm)
    candidates = load(tmp_path / "out")["segmentation"]["candidates"]
    assert {candidate["algorithm"] for candidate in candidates} == {algorithm}
    lines = (made / "corpus" / "documents.jsonl").read_text(encoding="utf-8").splitlines()
    everybody = {json.loads(line)["customer_id"] for line in lines}
    assert {row["customer_id"] for row in rows(tmp_path / "out" / "assignments.csv")} == everybody

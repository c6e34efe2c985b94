"""`personas generate`, `show` and `verify` on the example, each in a process of its own and without a model."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / "examples" / "kettlebird"
FILES = {
    "personas.json",
    "personas.md",
    "report.html",
    "assignments.csv",
    "documents.csv",
    "themes.csv",
    "quarantine.jsonl",
    "segment_model.json",
    "trace.jsonl",
    "manifest.json",
}
Run = Callable[..., subprocess.CompletedProcess[str]]


def _environment(home: Path) -> Mapping[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PERSONAS_", "XDG_", "OPENAI_"))}
    return kept | {"HOME": str(home), "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}


def _call(folder: Path, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "personas", *arguments],
        input=stdin or "",
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
        cwd=folder,
        env=_environment(folder),
    )


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """A folder with a copy of the example and a finished run in `out`, and what the run said."""
    folder = tmp_path_factory.mktemp("run")
    shutil.copytree(EXAMPLE, folder / "example")
    arguments = ["--customers", "example/customers.csv", "--orders", "example/orders.csv", "--llm", "extractive"]
    return folder, _call(folder, "generate", "example", *arguments, "--out", "out", "--json")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Calls the command in an empty folder that holds a small table."""
    words = (
        "The parcel came far too late and nobody answered my mails.",
        "Great coffee, the grinder is quiet and quick.",
    )
    lines = [f"c{number},{words[number % 2]} Order {number}." for number in range(40)]
    (tmp_path / "reviews.csv").write_text("\n".join(["customer,text", *lines]), encoding="utf-8")
    return lambda *arguments, **options: _call(tmp_path, *arguments, **options)


def test_generate_writes_every_file_and_prints_data_only(
    finished: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    folder, result = finished
    assert result.returncode == 0, result.stderr
    assert {path.name for path in (folder / "out").iterdir()} == FILES
    assert json.loads(result.stdout) == json.loads((folder / "out" / "personas.json").read_text(encoding="utf-8"))
    assert "written to out" in result.stderr
    assert "\x1b" not in result.stderr


def test_every_customer_is_assigned_once(finished: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, _ = finished
    with (folder / "out" / "assignments.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({row["customer_id"] for row in rows}) == len(rows)
    assert sum(json.loads((folder / "out" / "personas.json").read_text("utf-8"))["sizes"].values()) == len(rows)


def test_show_prints_the_overview_one_persona_and_json(
    finished: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    folder, result = finished
    first = json.loads(result.stdout)["personas"][0]
    overview = _call(folder, "show", "out")
    portrait = _call(folder, "show", "out", first["persona_id"])
    data = _call(folder, "show", "out", first["persona_id"], "--json")
    assert (overview.returncode, portrait.returncode, data.returncode) == (0, 0, 0)
    assert first["persona_id"] in overview.stdout
    assert first["claims"][0]["claim_id"] in portrait.stdout
    assert json.loads(data.stdout) == first
    unknown = _call(folder, "show", "out", "nobody")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert first["persona_id"] in unknown.stderr


def test_verify_passes_and_then_fails_on_a_changed_letter(
    finished: tuple[Path, subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    folder, result = finished
    passed = _call(folder, "verify", "out", "--json")
    assert passed.returncode == 0, passed.stderr
    report = json.loads(passed.stdout)
    assert report["ok"]
    assert report["checked"] > 0
    quotes = [quote for persona in json.loads(result.stdout)["personas"] for quote in persona["quotes"]]
    quote = next(quote for quote in quotes if quote["document_id"].startswith("R-"))
    reviews = folder / "example" / "reviews.csv"
    kept = reviews.read_text(encoding="utf-8")
    try:
        word = max(quote["quote"].split(), key=len)
        reviews.write_text(kept.replace(word, word[::-1]), encoding="utf-8")
        failed = _call(folder, "verify", "out", "--json")
    finally:
        reviews.write_text(kept, encoding="utf-8")
    assert failed.returncode == 1
    assert not json.loads(failed.stdout)["ok"]
    assert json.loads(failed.stdout)["failures"]


def test_a_different_run_is_not_written_over_without_force(run: Run, tmp_path: Path) -> None:
    arguments = ["generate", "reviews.csv", "--llm", "extractive", "--out", "out"]
    assert run(*arguments).returncode == 0
    before = (tmp_path / "out" / "personas.json").read_bytes()
    refused = run(*arguments, "--seed", "5", "--title", "Another")
    assert refused.returncode == 3
    assert "--force" in refused.stderr
    assert (tmp_path / "out" / "personas.json").read_bytes() == before
    assert run(*arguments, "--seed", "5", "--title", "Another", "--force").returncode == 0


def test_standard_input_is_a_source(run: Run, tmp_path: Path) -> None:
    table = (tmp_path / "reviews.csv").read_text(encoding="utf-8")
    result = run("generate", "-", "--llm", "extractive", "--out", "out", stdin=table)
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "out" / "report.html").is_file()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["missing.csv"], "missing.csv"),
        (["reviews.csv", "--text", "body"], "customer"),
        (["reviews.csv", "--customers", "missing.csv"], "missing.csv"),
        (["empty.csv"], "empty.csv"),
    ],
)
def test_input_that_cannot_be_used_is_exit_3_and_leaves_nothing(
    arguments: list[str], named: str, run: Run, tmp_path: Path
) -> None:
    (tmp_path / "empty.csv").write_text("", encoding="utf-8")
    result = run("generate", *arguments, "--llm", "extractive", "--out", "out")
    assert (result.returncode, result.stdout) == (3, ""), result.stderr
    assert result.stderr.count("error: ") == 1
    assert named in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "out").exists()


def test_an_out_that_cannot_be_written_is_exit_3(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    result = run("generate", "reviews.csv", "--llm", "extractive", "--out", "file/out")
    assert result.returncode == 3
    assert "--out" in result.stderr


def test_ctrl_c_leaves_nothing_half_written_and_the_next_run_goes_on(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE, tmp_path / "example")
    arguments = ["generate", "example", "--customers", "example/customers.csv", "--llm", "extractive", "--out", "out"]
    process = subprocess.Popen(
        [sys.executable, "-m", "personas", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=_environment(tmp_path),
    )
    assert process.stderr is not None
    while not process.stderr.readline().rstrip().split(" (")[0].endswith(": done"):
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=120)
    assert process.returncode == 130, stderr
    assert stdout == ""
    assert "interrupted: what was computed is kept in .personas" in stderr
    assert "Traceback" not in stderr
    assert not (tmp_path / "out").exists()
    again = _call(tmp_path, *arguments)
    assert again.returncode == 0, again.stderr
    assert {path.name for path in (tmp_path / "out").iterdir()} == FILES

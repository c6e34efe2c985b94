"""`personas diff` as a user calls it: streams, exit codes and files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import cli
from personas.diffing import SetDiff
from tests.personas.corpora import english_people, write_table


def call(*arguments: str) -> Result:
    return CliRunner().invoke(cli.app, list(arguments), catch_exceptions=False)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`a` over 36 people and `b` over 48, in one workspace."""
    folder = tmp_path_factory.mktemp("compared")
    for name, per_kind in (("a", 12), ("b", 16)):
        source = write_table(folder / "reviews.csv", english_people(per_kind))
        places = ["--out", str(folder / name), "--workspace", str(folder / "workspace")]
        how = ["--llm", "extractive", "--embedder", "hash", "--segments", "3"]
        assert call("generate", str(source), *places, *how).exit_code == 0
    return folder


def test_the_comparison_is_data_on_stdout(made: Path) -> None:
    result = call("diff", str(made / "a"), str(made / "b"))
    assert (result.exit_code, result.stderr) == (0, "")
    assert "36 people in both runs, 0 people only in A, 12 people only in B." in result.stdout
    assert "两次都有的 36 人" in call("diff", str(made / "a"), str(made / "b"), "--output-language", "zh").stdout


def test_json_is_the_whole_comparison(made: Path) -> None:
    result = call("diff", str(made / "a"), str(made / "b"), "--json")
    found = SetDiff.model_validate_json(result.stdout)
    assert found.differs
    assert found.movement is not None
    assert found.movement.only_b == 12
    assert json.loads(result.stdout)["a"]["path"] == str(made / "a")


def test_exit_code_tells_a_difference_only_where_asked(made: Path) -> None:
    a, b = str(made / "a"), str(made / "b")
    assert call("diff", a, b).exit_code == 0
    assert call("diff", a, b, "--exit-code").exit_code == 1
    assert call("diff", a, a, "--exit-code").exit_code == 0
    assert call("diff", a, b, "--exit-code", "--json").exit_code == 1


def test_people_are_written_where_asked(made: Path, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    result = call("diff", str(made / "a"), str(made / "b"), "--people", str(path))
    assert f"48 people, written to {path}" in " ".join(result.stderr.split())
    assert path.read_text(encoding="utf-8").splitlines()[0] == "customer_id,before,after"
    assert len(path.read_text(encoding="utf-8").splitlines()) == 49


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["nowhere", "{a}"], 3, "no personas to read"),
        (["{a}"], 2, "Missing argument"),
        (["{a}", "{b}", "--output-language", "fr"], 2, "choose auto, en or zh"),
        (["{a}", "{a}", "--exit-code"], 0, ""),
    ],
)
def test_failures_are_told_on_stderr(
    made: Path, tmp_path: Path, repository: Path, arguments: list[str], code: int, says: str
) -> None:
    filled = [argument.format(a=made / "a", b=made / "b") for argument in arguments]
    result = subprocess.run(
        [sys.executable, "-m", "personas", "diff", *filled],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(repository)},
    )
    assert result.returncode == code, result.stderr
    assert says in result.stderr
    assert bool(result.stdout) == (code == 0)
    assert "Traceback" not in result.stderr

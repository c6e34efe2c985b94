"""The walk-through of docs/evals.md, as it stands there: without a model, from the recordings that ship."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import cli
from eval.baselines import read_baseline
from eval.metrics import METRICS

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "evals.md").read_text(encoding="utf-8")


def lines() -> list[tuple[list[str], int]]:
    """Words and expected exit code of each line of the walk-through's blocks."""
    part = PAGE.partition("## The walk-through")[2].partition("\n## ")[0]
    blocks = re.findall(r"^```bash\n(.*?)\n```$", part, re.MULTILINE | re.DOTALL)
    found = []
    for line in "\n".join(blocks).splitlines():
        expected = re.search(r"# exit (\d)$", line)
        found.append((shlex.split(line, comments=True), int(expected[1]) if expected else 0))
    return found


def test_the_walk_through_goes_as_it_is_told(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "llama_cpp", None)
    (tmp_path / "examples").symlink_to(repository / "examples")
    said = ""
    for words, expected in lines():
        expanded = [path for word in words for path in (sorted(map(str, Path().glob(word))) if "*" in word else [word])]
        if expanded[0] == "cp":
            shutil.copytree(expanded[-2], expanded[-1])
            continue
        assert expanded[0] == "personas"
        result = CliRunner().invoke(cli.app, expanded[1:])
        assert result.exit_code == expected, (words, result.output, result.exception)
        said += result.stdout
    assert "-- The parcel was left in the rain again" in said or "+- The parcel was left in the rain again" in said
    shown = re.findall(r"^ (length|carried|tokens) +(.*?) *$", PAGE, re.MULTILINE)
    told = {" ".join(line.split()) for line in said.splitlines()}
    assert len(shown) == 3
    assert [row for row in shown if " ".join(" ".join(row).split()) not in told] == []
    assert "<del>" in (tmp_path / "why.html").read_text(encoding="utf-8")
    blessed = read_baseline(tmp_path / "my-evals" / "baselines" / "walk-through" / "llama-cpp.json")
    assert blessed.prompts[0].version == "1.1.0"


def test_every_metric_is_explained() -> None:
    assert [metric.name for metric in METRICS if not re.search(rf"^\|[^|]*\b{metric.name}\b", PAGE, re.MULTILINE)] == []

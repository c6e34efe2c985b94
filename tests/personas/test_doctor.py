from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

import personas.doctor
from persona_kit.workspace import Workspace
from personas.doctor import COMFORTABLE_BYTES, NEEDED_BYTES, Check, examine
from personas.options import GenerateOptions


def _checks(**options: object) -> dict[str, Check]:
    chosen = GenerateOptions.model_validate({"llm": "extractive"} | options)
    return {check.name: check for check in examine(chosen)}


def test_everything_is_well_here_and_nothing_is_left_behind(tmp_path: Path) -> None:
    checks = _checks(workspace=tmp_path / "new")
    assert [check for check in checks.values() if check.status == "broken"] == []
    assert list(tmp_path.iterdir()) == []


def test_a_workspace_in_use_is_broken(tmp_path: Path) -> None:
    with Workspace.open(tmp_path / "w"):
        check = _checks(workspace=tmp_path / "w")["workspace"]
    assert check.status == "broken"
    assert "in use" in check.detail
    assert _checks(workspace=tmp_path / "w")["workspace"].status == "ok"


@pytest.mark.parametrize(("llm", "status"), [("llama-cpp", "broken"), ("extractive", "warning")])
def test_a_missing_bundled_model_is_broken_only_where_it_is_needed(
    llm: str, status: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(name: str, package: str | None = None) -> None:
        return None

    monkeypatch.setattr("personas.models.bundled.find_spec", nothing)
    check = _checks(workspace=tmp_path, llm=llm)["bundled model"]
    assert (check.status, "'.[local]'" in check.mend) == (status, True)


def test_a_damaged_bundled_model_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    damaged = tmp_path / "model.gguf"
    damaged.write_bytes(b"<html>not found</html>")
    monkeypatch.setattr("personas.models.bundled.bundled_model_path", lambda: damaged)
    check = _checks(workspace=tmp_path / "w")["bundled model"]
    assert (check.status, "is not a GGUF file" in check.detail) == ("warning", True)


@pytest.mark.parametrize(
    ("free", "status"), [(NEEDED_BYTES - 1, "broken"), (NEEDED_BYTES, "warning"), (COMFORTABLE_BYTES, "ok")]
)
def test_a_full_disk_is_found(free: int, status: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type("Usage", (), {"free": free})
    monkeypatch.setattr("shutil.disk_usage", lambda folder: usage)
    assert _checks(workspace=tmp_path)["disk"].status == status


def test_another_python_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 1, "final", 0))
    assert _checks(workspace=tmp_path)["python"].status == "broken"


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(personas.doctor, "required_packages", lambda: ["numpy", "no-such-package"])
    check = _checks(workspace=tmp_path)["packages"]
    assert (check.status, check.detail) == ("broken", "no-such-package is not installed")


def test_a_package_that_does_not_load_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_wheel.py").write_text("raise OSError('wrong ELF class')", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(personas.doctor, "_COMPILED", ("broken_wheel",))
    check = _checks(workspace=tmp_path)["packages"]
    assert check.status == "broken"
    assert "broken_wheel (OSError: wrong ELF class)" in check.detail


@pytest.mark.local_model
def test_the_bundled_model_answers_within_its_schema(tmp_path: Path) -> None:
    if importlib.util.find_spec("llama_cpp") is None:
        pytest.skip("the extra `local` is not installed")
    check = _checks(workspace=tmp_path, llm="llama-cpp")["engine"]
    assert check.status == "ok", check.detail
    assert "answered within its schema" in check.detail

"""What ships: an allow-list of names, every data file that the code reads, and nothing that lay around."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator
from email.parser import HeaderParser
from pathlib import Path

import pytest

ROOMS = ("personas", "prompts", "retrieval", "eval", "persona_kit")
ALLOWED = [
    re.compile(pattern)
    for pattern in (
        r"cli\.py",
        rf"({'|'.join(ROOMS)})/([a-z_0-9]+/)*[a-z_0-9]+\.py",
        rf"({'|'.join(ROOMS)})/py\.typed",
        r"prompts/templates/([a-z_0-9]+\.[a-z]+|parts/[a-z_0-9]+)\.j2",
        r"prompts/templates/versions\.json",
        r"eval/suites/([a-z_0-9.]+|cases/[a-z_0-9]+)\.yaml",
        r"eval/suites/suite\.schema\.json",
        r"eval/(recordings|baselines)/[a-z_0-9.]+/[A-Za-z0-9._-]+\.json",
        r"eval/templates/report\.(css|html\.j2)",
        r"personas/([a-z_0-9]+/)*[a-z_0-9.]+\.(j2|css|js|toml)",
        r"retrieval/hostile/patterns\.toml",
        r"personas/simulation/worlds/[a-z-]+(\.[a-z]+)?\.toml",
        r"personas/lexicons/[a-z_0-9]+\.(txt|tsv)",
        r"personas-[0-9.]+\.dist-info/(METADATA|WHEEL|RECORD|entry_points\.txt|licenses/LICENSE)",
    )
]
STRAYS = (
    "eval/.env",
    "personas/notes.txt",
    "personas/corpus.sqlite3",
    "personas/draft.html",
    "prompts/templates/narrate.small.j2~",
    "prompts/templates/Copy of narrate.j2",
    "retrieval/.personas/corpus.sqlite3",
    "retrieval/__pycache__/index.cpython-311.pyc",
    "persona_kit/data.csv",
    "secrets.py",
    "conftest.py",
)


def _copy_of(repository: Path, target: Path) -> Path:
    """The checkout's files that a build looks at."""
    for room in ROOMS:
        shutil.copytree(repository / room, target / room, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("cli.py", "pyproject.toml", "README.md", "LICENSE", ".gitignore"):
        shutil.copy(repository / name, target / name)
    return target


def _build(checkout: Path, out: Path) -> Path:
    # The backend itself, in this environment: an isolated build would download it.
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    result = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False, timeout=120)
    assert result.returncode == 0, result.stderr
    (wheel,) = out.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout in which the strays lie around."""
    copy = _copy_of(Path(__file__).resolve().parents[1], tmp_path_factory.mktemp("checkout"))
    for stray in STRAYS:
        (copy / stray).parent.mkdir(parents=True, exist_ok=True)
        (copy / stray).write_text("stray", encoding="utf-8")
    return copy


@pytest.fixture(scope="module")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _build(checkout, tmp_path_factory.mktemp("dist"))


def _names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def _shipped_files(repository: Path) -> Iterator[str]:
    for room in ROOMS:
        for path in (repository / room).rglob("*"):
            name = path.relative_to(repository).as_posix()
            if path.is_file() and any(pattern.fullmatch(name) for pattern in ALLOWED):
                yield name


def test_nothing_but_the_allowed_names_ships(wheel: Path) -> None:
    strangers = [name for name in _names(wheel) if not any(pattern.fullmatch(name) for pattern in ALLOWED)]
    assert strangers == []


def test_no_stray_ships(wheel: Path) -> None:
    assert _names(wheel) & set(STRAYS) == set()


def test_everything_in_the_rooms_ships(wheel: Path, repository: Path) -> None:
    expected = {"cli.py", *_shipped_files(repository)}
    assert expected - _names(wheel) == set()
    assert {"prompts/py.typed", "personas/py.typed", "persona_kit/start.py"} <= expected


def test_every_file_of_the_rooms_has_an_allowed_name(repository: Path) -> None:
    """A data file of a new kind has to be allowed here and in pyproject.toml, or it would be missing when installed."""
    found = {path.relative_to(repository) for room in ROOMS for path in (repository / room).rglob("*")}
    files = {path.as_posix() for path in found if (repository / path).is_file() and "__pycache__" not in path.parts}
    assert files - set(_shipped_files(repository)) == set()


def test_metadata_says_how_it_is_started_and_that_it_stays_private(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        folder = next(name.split("/")[0] for name in archive.namelist() if ".dist-info/" in name)
        entry_points = archive.read(f"{folder}/entry_points.txt").decode()
        metadata = HeaderParser().parsestr(archive.read(f"{folder}/METADATA").decode())
    assert entry_points.split() == ["[console_scripts]", "personas", "=", "persona_kit.start:main"]
    assert "Private :: Do Not Upload" in (metadata.get_all("Classifier") or [])
    assert metadata["License-Expression"] == "Apache-2.0"


def test_constraints_hold_versions_only(repository: Path) -> None:
    """No address, no path, no option: the file works on any machine and with any index."""
    lines = (repository / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = re.compile(r"[a-z0-9][a-z0-9.-]*==[0-9][a-z0-9.]*( ; [a-z_0-9<>=!.'\" ()]+)?", re.IGNORECASE)
    assert [line for line in lines if not pinned.fullmatch(line)] == []


@pytest.mark.slow
def test_the_installed_wheel_runs_the_example_without_the_checkout(
    wheel: Path, repository: Path, tmp_path: Path
) -> None:
    """An empty environment with the wheel, and beside it the packages of this one (installing them needs a network)."""
    environment = tmp_path / "environment"
    venv.create(environment, with_pip=False, symlinks=True)
    scripts = environment / ("Scripts" if os.name == "nt" else "bin")
    paths = sysconfig.get_paths("venv", vars={"base": str(environment), "platbase": str(environment)})
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(paths["purelib"])
    (Path(paths["purelib"]) / "packages.pth").write_text(sysconfig.get_paths()["purelib"], encoding="utf-8")
    python, example = str(scripts / "python"), repository / "examples" / "kettlebird"
    tables = ["--customers", str(example / "customers.csv"), "--orders", str(example / "orders.csv")]
    result = subprocess.run(
        [python, "-m", "personas", "generate", str(example), *tables, "--llm", "extractive", "--out", "out"],
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
        cwd=tmp_path,
    )
    assert result.returncode == 0, result.stderr
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"personas.json", "personas.md", "report.html", "assignments.csv", "themes.csv", "manifest.json"} <= written
    where = subprocess.run(
        [python, "-c", "import personas, cli; print(personas.__file__); print(cli.__file__)"],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    assert all(Path(line).is_relative_to(environment) for line in where.stdout.splitlines())

"""The results of the last finished run of a workspace, so that the same run again computes nothing."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from persona_kit.errors import OutputError
from persona_kit.hashing import sha256_json, sha256_text
from persona_kit.version import code_fingerprint

FOLDER = "last"
KEY_FILE = "key"


def tell_result_key(run_key: str, engine: str) -> str:
    """A key of everything that a run's files depend on: inputs and options, the engine, and the program itself."""
    return sha256_json({"run": run_key, "engine": engine, "code": code_fingerprint()})


def load_kept(runs: Path, key: str) -> dict[str, str] | None:
    """The files by name, where the last finished run has this key and its files are whole; else None."""
    folder = runs / FOLDER
    try:
        stored_key, digest = (folder / KEY_FILE).read_text(encoding="utf-8").split()
        if stored_key != key:
            return None
        # As bytes: reading as text would turn the line ends that customers wrote into others.
        files = {
            path.name: path.read_bytes().decode("utf-8") for path in sorted(folder.iterdir()) if path.name != KEY_FILE
        }
    except (OSError, ValueError):
        return None
    return files if _digest(files) == digest else None


def forget_kept(runs: Path) -> None:
    """Before anything of another run is computed: a workspace holds one corpus at a time."""
    shutil.rmtree(runs / FOLDER, ignore_errors=True)


def keep(runs: Path, key: str, files: Mapping[str, str]) -> None:
    """Keeps the files of a finished run in place of those before.

    Raises:
        OutputError: when the workspace cannot be written.
    """
    forget_kept(runs)
    try:
        staging = Path(tempfile.mkdtemp(dir=runs, prefix=f".{FOLDER}-"))
        for name, text in files.items():
            (staging / name).write_bytes(text.encode("utf-8"))
        (staging / KEY_FILE).write_text(f"{key} {_digest(files)}", encoding="utf-8")
        staging.rename(runs / FOLDER)
    except OSError as error:
        raise OutputError(
            f"the workspace cannot be written: {error.strerror or error}",
            where=str(runs),
            mend="check that the disk has room and the folder is yours; the results themselves are written",
        ) from error


def _digest(files: Mapping[str, str]) -> str:
    return sha256_json({name: sha256_text(text) for name, text in files.items()})

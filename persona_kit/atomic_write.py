"""Files that are either whole or not there."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from persona_kit.errors import OutputError


def write_text_atomically(path: Path, text: str) -> None:
    """Writes the text beside `path` and renames it into place.

    Raises:
        OutputError: when the folder cannot be written.
    """
    write_bytes_atomically(path, text.encode("utf-8", "replace"))


def write_bytes_atomically(path: Path, content: bytes) -> None:
    """Writes the bytes beside `path` and renames them into place.

    Raises:
        OutputError: when the folder cannot be written.
    """
    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        # mkstemp makes files private to the user; outputs follow the user's umask like any other file.
        umask = os.umask(0)
        os.umask(umask)
        Path(temporary).chmod(0o666 & ~umask)
        Path(temporary).replace(path)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise OutputError(
            f"cannot write {path.name}: {error.strerror or error}",
            where=str(path),
            mend="choose a folder you can write to with --out or --workspace, and check that the disk has room",
        ) from error

"""Which version of the tool this is."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOMS = ("persona_kit", "personas", "prompts", "retrieval")
"""The rooms that results depend on."""


@cache
def tool_version() -> str:
    """The installed version, or `0+checkout` where the rooms are run without being installed."""
    try:
        return version("personas")
    except PackageNotFoundError:
        return "0+checkout"


@cache
def code_fingerprint() -> str:
    """A hash of the program's own files: results kept from other code must not pass for this code's.

    A version alone does not tell: a checkout changes under the same one.
    """
    home = Path(__file__).resolve().parents[1]
    files = sorted(
        path
        for room in ROOMS
        for path in (home / room).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    )
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"{path.relative_to(home).as_posix()}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()

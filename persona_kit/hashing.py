"""Content keys: the same content gives the same key on every machine."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any


def sha256_text(text: str) -> str:
    """Hex SHA-256 of the text's UTF-8 bytes (lone surrogates replaced)."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def sha256_json(value: Any) -> str:
    """Hex SHA-256 of a JSON value written canonically (sorted keys, no spaces).

    Raises:
        TypeError: when the value holds something JSON has no form for.
    """
    return sha256_text(json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False))


def sha256_file(path: Path) -> str:
    """Hex SHA-256 of the file's bytes, read in blocks.

    Raises:
        OSError: when the file cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def stable_seed(*parts: object) -> int:
    """A seed in 0..2**31-1 that depends on the parts alone, never on call order."""
    return int(sha256_text("\x1f".join(str(part) for part in parts))[:8], 16) & 0x7FFFFFFF

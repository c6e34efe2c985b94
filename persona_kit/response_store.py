"""Answers already paid for: a SQLite table from a content key to the answer, safe with several processes."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeVar

from persona_kit.errors import OutputError
from persona_kit.hashing import sha256_json

Kind = Literal["answer", "vector", "fact"]
"""`fact`: something found out about an engine or a file, such as a model file's hash."""

BUSY_TIMEOUT_S = 30.0
"""How long a write waits for another process's write, which takes milliseconds."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS responses (
    key TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    created_at TEXT NOT NULL
) WITHOUT ROWID
"""

_Result = TypeVar("_Result")


def response_key(**parts: Any) -> str:
    """The key of an answer: a hash of everything that shapes it, given as JSON values.

    Raises:
        TypeError: when a part has no JSON form.
    """
    return sha256_json(parts)


class ResponseStore:
    """Answers by content key, in a file that outlives a killed process; usable from several threads.

    A value is on disk as it was given, so nothing secret may be put in: keys hold no API key, values are answers.

    Raises:
        OutputError: when the file cannot be opened or is not such a store.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(
                path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
        except (sqlite3.Error, OSError) as error:
            raise self._problem(error) from error
        try:
            self._run(self._prepare)
        except OutputError:
            self._connection.close()
            raise

    def get(self, key: str) -> str | None:
        """The value stored under the key, or None."""
        row = self._run(
            lambda: self._connection.execute("SELECT value FROM responses WHERE key = ?", (key,)).fetchone()
        )
        return None if row is None else str(row[0])

    def put(self, key: str, value: str, *, kind: Kind = "answer") -> None:
        """Stores the value; the first value of a key stays, so that a later reader sees what others have seen."""
        row = (key, kind, value, datetime.now(UTC).isoformat(timespec="seconds"))
        self._run(lambda: self._connection.execute("INSERT OR IGNORE INTO responses VALUES (?, ?, ?, ?)", row))

    def discard(self, key: str) -> None:
        """Removes what is stored under the key, if anything."""
        self._run(lambda: self._connection.execute("DELETE FROM responses WHERE key = ?", (key,)))

    def count(self, *, kind: Kind | None = None) -> int:
        """How many values are stored, of this kind or in all."""
        condition, values = ("", ()) if kind is None else (" WHERE kind = ?", (kind,))
        query = f"SELECT count(*) FROM responses{condition}"
        return int(self._run(lambda: self._connection.execute(query, values).fetchone())[0])

    def close(self) -> None:
        """Closes the file; the store cannot be used after that."""
        with self._lock:
            self._connection.close()

    def __enter__(self) -> ResponseStore:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _prepare(self) -> None:
        # WAL: readers never wait for a writer. FULL: an answer that was stored survives a power cut.
        self._connection.execute(f"PRAGMA busy_timeout = {int(BUSY_TIMEOUT_S * 1000)}")
        if self._connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute(_SCHEMA)

    def _run(self, action: Callable[[], _Result]) -> _Result:
        try:
            with self._lock:
                return action()
        except sqlite3.Error as error:
            raise self._problem(error) from error

    def _problem(self, error: Exception) -> OutputError:
        return OutputError(
            f"the store of model answers cannot be used: {error}",
            where=str(self.path),
            mend="check that the disk has room and the folder can be written; if the file is damaged, delete it: "
            "the answers in it will be asked for again",
        )

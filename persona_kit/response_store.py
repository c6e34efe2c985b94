"""Answers already paid for: a SQLite table from a content key to the answer, safe with several processes."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

from persona_kit.errors import OutputError
from persona_kit.hashing import sha256_json
from persona_kit.records import Record

Kind = Literal["answer", "vector", "fact", "failure"]
"""`fact`: something found out about an engine or a file, such as a model file's hash; `failure`: an answer that was
cut, declined or did not fit its schema, kept so that it is not asked for again."""

KINDS: tuple[Kind, ...] = get_args(Kind)

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

_BYTES = "length(CAST(key AS BLOB)) + length(CAST(value AS BLOB))"

_Result = TypeVar("_Result")


class KindStats(Record):
    """What a store holds of one kind."""

    kind: Kind
    count: int
    bytes: int
    """Of keys and values, without what SQLite adds."""
    oldest: str | None
    """When the oldest was stored, in UTC; None where there is nothing. Reading leaves no trace: a durable write for
    each read would cost more than most reads."""
    newest: str | None


class Pruned(Record):
    """What was removed, or would be."""

    count: int
    bytes: int


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

    def answers(self) -> list[tuple[str, str]]:
        """Key and text of every stored answer.

        Raises:
            OutputError: when the file cannot be read.
        """
        rows = self._run(lambda: self._connection.execute("SELECT key, value FROM responses WHERE kind = 'answer'"))
        return [(str(key), str(value)) for key, value in rows.fetchall()]

    def count(self, *, kind: Kind | None = None) -> int:
        """How many values are stored, of this kind or in all."""
        condition, values = ("", ()) if kind is None else (" WHERE kind = ?", (kind,))
        query = f"SELECT count(*) FROM responses{condition}"
        return int(self._run(lambda: self._connection.execute(query, values).fetchone())[0])

    def stats(self) -> tuple[KindStats, ...]:
        """What is stored of each kind, in the order of `KINDS`."""
        query = f"SELECT kind, count(*), sum({_BYTES}), min(created_at), max(created_at) FROM responses GROUP BY kind"
        rows = {row[0]: row[1:] for row in self._run(lambda: self._connection.execute(query).fetchall())}
        there = ((kind, *rows.get(kind, (0, 0, None, None))) for kind in KINDS)
        return tuple(
            KindStats(kind=kind, count=count, bytes=size, oldest=oldest, newest=newest)
            for kind, count, size, oldest, newest in there
        )

    def prune(
        self,
        *,
        kinds: Sequence[Kind] = KINDS,
        older_than: timedelta | None = None,
        keep_bytes: int | None = None,
        dry_run: bool = False,
    ) -> Pruned:
        """Removes values for good and gives their room back to the disk; says how much it was.

        Args:
            kinds: what to look at; nothing else is touched.
            older_than: remove what was stored longer ago, whether it was used since or not.
            keep_bytes: of what is then left of these kinds, keep the newest up to so many bytes.
            dry_run: only say what would be removed.

        Where neither an age nor a size is given, everything of these kinds goes.

        Raises:
            OutputError: when another process holds the file for longer than `BUSY_TIMEOUT_S`.
        """
        chosen, values = _condemned(kinds, older_than, keep_bytes)
        query = f"SELECT count(*), coalesce(sum({_BYTES}), 0) FROM responses WHERE key IN ({chosen})"
        count, size = self._run(lambda: self._connection.execute(query, values).fetchone())
        if count and not dry_run:
            self._run(lambda: self._connection.execute(f"DELETE FROM responses WHERE key IN ({chosen})", values))
            self._run(self._shrink)
        return Pruned(count=count, bytes=size)

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

    def _shrink(self) -> None:
        # VACUUM writes the whole file into the log; only a checkpoint that truncates gives the room back.
        self._connection.execute("VACUUM")
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

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


def _condemned(
    kinds: Sequence[Kind], older_than: timedelta | None, keep_bytes: int | None
) -> tuple[str, tuple[object, ...]]:
    """A query for the keys to remove, and its values."""
    among = f"kind IN ({', '.join('?' * len(kinds))})"
    if older_than is None and keep_bytes is None:
        return f"SELECT key FROM responses WHERE {among}", (*kinds,)
    parts: list[str] = []
    values: list[object] = []
    # One spelling for all: times in UTC with whole seconds sort as text.
    limit = "" if older_than is None else (datetime.now(UTC) - older_than).isoformat(timespec="seconds")
    if older_than is not None:
        parts.append(f"SELECT key FROM responses WHERE {among} AND created_at < ?")
        values += [*kinds, limit]
    if keep_bytes is not None:
        upto = f"sum({_BYTES}) OVER (ORDER BY created_at DESC, key)"
        younger = f"SELECT key, {upto} AS upto FROM responses WHERE {among} AND created_at >= ?"
        parts.append(f"SELECT key FROM ({younger}) WHERE upto > ?")
        values += [*kinds, limit, keep_bytes]
    return " UNION ".join(parts), tuple(values)

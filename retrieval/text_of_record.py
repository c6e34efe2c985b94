"""The workspace's SQLite file: documents, passages, vectors already made, fitted embedders."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from persona_kit.errors import OutputError
from retrieval.documents import Document, Passage
from retrieval.encodable import encodable

SCHEMA_VERSION: Final = 1

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS documents (
    document_id TEXT PRIMARY KEY, customer_id TEXT NOT NULL, text TEXT NOT NULL, record TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS passages (
    passage_id TEXT PRIMARY KEY, position INTEGER NOT NULL, document_id TEXT NOT NULL, customer_id TEXT NOT NULL,
    start INTEGER NOT NULL, stop INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS vectors (
    fingerprint TEXT NOT NULL, text_sha256 TEXT NOT NULL, vector BLOB NOT NULL, PRIMARY KEY (fingerprint, text_sha256)
);
CREATE TABLE IF NOT EXISTS fits (key TEXT PRIMARY KEY, content BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""

_DOCUMENT: Final = TypeAdapter(Document)
_VECTOR_TYPE: Final = "<f4"
_LOOKUP: Final = 500
"""Keys per SELECT, below SQLite's oldest limit of 999 variables."""


def _to_json(document: Document) -> bytes:
    return _DOCUMENT.dump_json(document)


def _digest(documents: Sequence[Document], passages: Sequence[Passage]) -> str:
    """The SHA-256 of all that is stored of a corpus; one record at a time, as they may be a million."""
    digest = hashlib.sha256()
    for document in documents:
        digest.update(_to_json(document) + b"\n")
    for passage in passages:
        digest.update(encodable(passage.passage_id).encode() + b"\n")
    return digest.hexdigest()


class TextOfRecord:
    """What the workspace knows of the corpus; one process writes it (the workspace's lock sees to that).

    Close it, or use it as a context manager. Every change is one transaction: a killed run leaves the state before it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            raise self._problem(error) from error
        try:
            with self._transaction():
                self._prepare()
        except OutputError:
            self._connection.close()
            raise

    def close(self) -> None:
        """Closes the file; closing twice does no harm."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def replace_corpus(self, documents: Sequence[Document], passages: Sequence[Passage]) -> bool:
        """Makes these the workspace's documents and passages; False where they already were.

        Raises:
            OutputError: when the file cannot be written.
        """
        digest = _digest(documents, passages)
        if self._fact("corpus") == digest:
            return False
        with self._transaction():
            self._connection.execute("DELETE FROM documents")
            self._connection.execute("DELETE FROM passages")
            self._connection.executemany(
                "INSERT INTO documents VALUES (?, ?, ?, ?)",
                ((d.document_id, d.customer_id, encodable(d.text), _to_json(d).decode()) for d in documents),
            )
            self._connection.executemany(
                "INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?)",
                (
                    (p.passage_id, position, p.document_id, p.customer_id, p.start, p.end)
                    for position, p in enumerate(passages)
                ),
            )
            self._connection.execute("INSERT OR REPLACE INTO facts VALUES ('corpus', ?)", (digest,))
        return True

    def documents(self) -> tuple[Document, ...]:
        """The stored documents, by id."""
        rows = self._select("SELECT record FROM documents ORDER BY document_id")
        return tuple(_DOCUMENT.validate_json(row[0]) for row in rows)

    def passages(self) -> tuple[Passage, ...]:
        """The stored passages, in the order they were given."""
        rows = self._select("SELECT passage_id, document_id, customer_id, start, stop FROM passages ORDER BY position")
        return tuple(
            Passage(passage_id=row[0], document_id=row[1], customer_id=row[2], start=row[3], end=row[4]) for row in rows
        )

    def passage_texts(self, passage_ids: Sequence[str]) -> dict[str, str]:
        """The words of each passage that is stored."""
        found: dict[str, str] = {}
        for some in _slices(passage_ids):
            marks = ",".join("?" * len(some))
            # SQLite's substr counts code points from 1, as the offsets do from 0.
            rows = self._select(
                "SELECT p.passage_id, substr(d.text, p.start + 1, p.stop - p.start) FROM passages p "
                f"JOIN documents d USING (document_id) WHERE p.passage_id IN ({marks})",
                some,
            )
            found.update(rows)
        return found

    def load_vectors(self, fingerprint: str, text_sha256s: Iterable[str]) -> dict[str, NDArray[np.float32]]:
        """The vectors already made by this embedder, by the hash of their text."""
        found: dict[str, NDArray[np.float32]] = {}
        for some in _slices(sorted(set(text_sha256s))):
            marks = ",".join("?" * len(some))
            rows = self._select(
                f"SELECT text_sha256, vector FROM vectors WHERE fingerprint = ? AND text_sha256 IN ({marks})",
                [fingerprint, *some],
            )
            found.update((key, np.frombuffer(blob, dtype=_VECTOR_TYPE)) for key, blob in rows)
        return found

    def save_vectors(self, fingerprint: str, text_sha256s: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Keeps one vector per hash.

        Raises:
            OutputError: when the file cannot be written.
        """
        blobs = np.ascontiguousarray(vectors, dtype=_VECTOR_TYPE)
        with self._transaction():
            self._connection.executemany(
                "INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)",
                ((fingerprint, key, blob.tobytes()) for key, blob in zip(text_sha256s, blobs, strict=True)),
            )

    def load_fit(self, key: str) -> bytes | None:
        """What a fitted embedder saved under the key; None where there is nothing."""
        for row in self._select("SELECT content FROM fits WHERE key = ?", (key,)):
            return bytes(row[0])
        return None

    def save_fit(self, key: str, content: bytes) -> None:
        """Keeps one fit per kind of embedder, and drops the vectors of the fits before it: they are of no more use.

        Raises:
            OutputError: when the file cannot be written.
        """
        kind = key.partition("-")[0] + "-"
        with self._transaction():
            self._connection.execute("DELETE FROM fits WHERE substr(key, 1, ?) = ?", (len(kind), kind))
            self._connection.execute(
                "DELETE FROM vectors WHERE substr(fingerprint, 1, ?) = ? AND fingerprint <> ?", (len(kind), kind, key)
            )
            self._connection.execute("INSERT INTO fits VALUES (?, ?)", (key, content))

    def _prepare(self) -> None:
        found = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if found not in {0, SCHEMA_VERSION}:
            raise OutputError(
                f"the workspace was written by another version of this tool (format {found}, not {SCHEMA_VERSION})",
                where=str(self._path),
                mend="delete the workspace, or choose another with --workspace: it is made again from your files",
            )
        for statement in _SCHEMA.split(";"):
            self._connection.execute(statement)
        self._connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def _fact(self, name: str) -> str | None:
        for row in self._select("SELECT value FROM facts WHERE name = ?", (name,)):
            return str(row[0])
        return None

    def _select(self, statement: str, values: Sequence[str] = ()) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise self._problem(error) from error

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise self._problem(error) from error

    def _problem(self, error: Exception) -> OutputError:
        return OutputError(
            f"cannot use the workspace's text of record: {error}",
            where=str(self._path),
            mend="check that the disk has room and the folder can be written; if the file is damaged, delete the "
            "workspace: it is made again from your files",
        )


def _slices(keys: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(keys), _LOOKUP):
        yield list(keys[start : start + _LOOKUP])

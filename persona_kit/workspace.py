"""The folder that keeps what was already computed, held by one process at a time."""

from __future__ import annotations

import json
import os
import socket
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import FileLock, Timeout

from persona_kit.errors import OutputError, WorkspaceLocked


class Workspace:
    """A workspace whose lock this process holds; use it as a context manager, or close it.

    The lock is the operating system's own (`flock`, `LockFileEx`), so it goes with the process that held it, however
    that process ended: a killed run leaves nothing to clean up. The file beside it that names the holder is for the
    message only.
    """

    path: Path
    """The workspace's folder, absolute."""

    def __init__(self, path: Path, lock: FileLock) -> None:
        self.path = path
        self._lock = lock

    @classmethod
    def open(cls, path: Path) -> Self:
        """The workspace at `path`, made where it is missing and locked for this process.

        The lock is taken before anything inside is opened: a second process that opens the same Chroma folder can hang
        for minutes or damage it, so it is turned away here, at once.

        Raises:
            WorkspaceLocked: when another process, or another open workspace of this process, holds it.
            OutputError: when the folder cannot be made or written.
        """
        # resolve() follows links, so that two spellings of one folder meet at the same lock.
        folder = path.expanduser().resolve()
        lock = FileLock(folder / "lock", blocking=False, thread_local=False)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except Timeout as error:
            raise _locked(folder) from error
        except (OSError, NotImplementedError) as error:
            raise _unwritable(folder, error) from error
        workspace = cls(folder, lock)
        try:
            workspace._prepare()
        except OSError as error:
            workspace.close()
            raise _unwritable(folder, error) from error
        return workspace

    @property
    def chroma_path(self) -> Path:
        """The folder of the vector database."""
        return self.path / "chroma"

    @property
    def database_path(self) -> Path:
        """The SQLite file of the text of record."""
        return self.path / "corpus.sqlite3"

    @property
    def responses_path(self) -> Path:
        """The SQLite file of the answers that models and embedders gave."""
        return self.path / "responses.sqlite3"

    @property
    def runs_path(self) -> Path:
        """The folder of finished and unfinished runs; it exists."""
        return self.path / "runs"

    @property
    def is_open(self) -> bool:
        """Whether this process holds the lock."""
        return self._lock.is_locked

    def close(self) -> None:
        """Gives the lock back; closing twice does no harm."""
        if self._lock.is_locked:
            _holder_path(self.path).unlink(missing_ok=True)
            self._lock.release(force=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _prepare(self) -> None:
        self.runs_path.mkdir(exist_ok=True)
        # Customers' words are kept here: one careless `git add .` must not publish them.
        ignore = self.path / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
        holder = {"pid": os.getpid(), "host": socket.gethostname()}
        _holder_path(self.path).write_text(json.dumps(holder), encoding="utf-8")


def _holder_path(folder: Path) -> Path:
    return folder / "holder.json"


def _locked(folder: Path) -> WorkspaceLocked:
    holder: object = None
    with suppress(OSError, ValueError):
        holder = json.loads(_holder_path(folder).read_text(encoding="utf-8"))
    by = (
        f"process {holder['pid']} on {holder['host']}" if isinstance(holder, dict) and len(holder) == 2 else "a process"
    )
    return WorkspaceLocked(
        f"the workspace is in use by {by}",
        where=str(folder),
        mend="wait until it is done, or give this run a workspace of its own with --workspace",
    )


def _unwritable(folder: Path, error: Exception) -> OutputError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return OutputError(
        f"cannot use the workspace: {reason}",
        where=str(folder),
        mend="choose a folder you can write to with --workspace or PERSONAS_HOME",
    )

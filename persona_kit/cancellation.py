"""Asking a job in another thread to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Cancelled(KeyboardInterrupt):
    """The job was cancelled; a KeyboardInterrupt, so that no handler for failures takes it for a failed step."""


class Cancellation:
    """Hand it to a job and call `cancel` from any thread: the job ends with `Cancelled` soon, and keeps what it has."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._told: list[Callable[[], None]] = []

    def cancel(self) -> None:
        """Asks the job to end, for good."""
        with self._lock:
            self._event.set()
            told, self._told = self._told, []
        for tell in told:
            tell()

    def when_cancelled(self, tell: Callable[[], None]) -> None:
        """Calls `tell` when the job is cancelled; at once where it is already."""
        with self._lock:
            if not self._event.is_set():
                self._told.append(tell)
                return
        tell()

    def check(self) -> None:
        """Nothing, unless the job was cancelled.

        Raises:
            Cancelled: when it was.
        """
        if self._event.is_set():
            raise Cancelled("the job was cancelled")

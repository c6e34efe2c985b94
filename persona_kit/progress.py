"""How a long job tells what it is doing: a protocol, so that no room prints."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Receives the events of a run; the command line draws bars, a library user may log them."""

    def start(self, stage: str, total: int | None = None) -> None:
        """A stage begins; `total` is its number of steps where known."""

    def step(self, stage: str, count: int = 1) -> None:
        """`count` more steps of the stage are done."""

    def finish(self, stage: str) -> None:
        """The stage is done."""

    def note(self, message: str) -> None:
        """Something the user should know (a guessed column, a choice made and why)."""

    def warn(self, message: str) -> None:
        """Something the user should act on or be careful about."""


class Silent:
    """A Progress that says nothing; the default in Python."""

    def start(self, stage: str, total: int | None = None) -> None:
        """Ignored."""

    def step(self, stage: str, count: int = 1) -> None:
        """Ignored."""

    def finish(self, stage: str) -> None:
        """Ignored."""

    def note(self, message: str) -> None:
        """Ignored."""

    def warn(self, message: str) -> None:
        """Ignored."""

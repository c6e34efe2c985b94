"""Between a job and those it tells: keeps its warnings, and ends it where it was cancelled."""

from __future__ import annotations

from persona_kit.cancellation import Cancellation
from persona_kit.progress import Progress, Silent


class Listening:
    """Passes everything on, keeps the warnings, which belong into the report too, and ends a cancelled run."""

    def __init__(self, progress: Progress | None, cancellation: Cancellation | None = None) -> None:
        self._progress = progress = progress or Silent()
        self.cancellation = cancellation or Cancellation()
        self.warnings: list[str] = []
        self.finish, self.note = progress.finish, progress.note

    def start(self, stage: str, total: int | None = None) -> None:
        """Passed on, unless the run was cancelled."""
        self.cancellation.check()
        self._progress.start(stage, total)

    def step(self, stage: str, count: int = 1) -> None:
        """Passed on, unless the run was cancelled."""
        self.cancellation.check()
        self._progress.step(stage, count)

    def warn(self, message: str) -> None:
        """Kept and passed on."""
        self.warnings.append(message)
        self._progress.warn(message)

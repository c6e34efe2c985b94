"""What a person at the terminal sees of a long job; always on stderr, so that stdout carries data only."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from persona_kit.progress import Silent

ROWS_KEPT_FREE = 3
"""Rows of the terminal that bars leave: the next bar, the cursor, and a line to spare."""


def stderr_console() -> Console:
    """A console on stderr that respects NO_COLOR and never guesses at markup in customers' words."""
    return Console(stderr=True, highlight=False, markup=False, soft_wrap=True)


class TerminalProgress(Silent):
    """Progress bars where stderr is a terminal, one plain line per stage where it is not; a context manager.

    Args:
        console: where to write; must be a console on stderr.
    """

    def __init__(self, console: Console) -> None:
        self.warnings: list[str] = []
        """The warnings told so far, for callers that repeat them at the end."""
        self._console = console
        self._tasks: dict[str, TaskID] = {}
        self._totals: dict[str, int | None] = {}
        self._done: dict[str, int] = {}
        self._bars = _bars(console) if console.is_terminal else None

    def start(self, stage: str, total: int | None = None) -> None:
        """Shows a bar, or writes one line."""
        self._totals[stage], self._done[stage] = total, 0
        if self._bars is None:
            return
        if stage in self._tasks:
            self._bars.reset(self._tasks[stage], total=total)
        else:
            self._make_room(self._bars)
            self._tasks[stage] = self._bars.add_task(stage, total=total)

    def step(self, stage: str, count: int = 1) -> None:
        """Moves the bar; a plain log stays one line a stage."""
        self._done[stage] = self._done.get(stage, 0) + count
        if self._bars is not None and stage in self._tasks:
            self._bars.advance(self._tasks[stage], count)

    def finish(self, stage: str) -> None:
        """Fills the bar, or writes the stage's line."""
        done = self._totals.get(stage) or self._done.get(stage, 0)
        if self._bars is None:
            self._console.print(f"{stage}: done" + (f" ({done:,})" if done else ""))
        elif stage in self._tasks:
            # A stage without a known total would spin on for ever.
            self._bars.update(self._tasks[stage], total=done or 1, completed=done or 1)

    def note(self, message: str) -> None:
        """Writes the message above the bars."""
        self._console.print(Text(message))

    def warn(self, message: str) -> None:
        """Writes the message above the bars, marked as a warning."""
        self.warnings.append(message)
        self._console.print(Text.assemble(("warning: ", "bold yellow"), message))

    def _make_room(self, bars: Progress) -> None:
        """Takes away the oldest finished bars where another would not fit: what moves must be seen."""
        finished = [stage for stage, task in self._tasks.items() if bars.tasks[bars.task_ids.index(task)].finished]
        surplus = len(self._tasks) + ROWS_KEPT_FREE - self._console.height
        for stage in finished[: max(surplus, 0)]:
            bars.remove_task(self._tasks.pop(stage))

    def __enter__(self) -> Self:
        if self._bars is not None:
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars is not None:
            self._bars.stop()


def _bars(console: Console) -> Progress:
    return Progress(
        SpinnerColumn(finished_text="✓"),
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        # Bars go through stderr; taking over stdout would put control codes into the data.
        redirect_stdout=False,
        redirect_stderr=True,
    )

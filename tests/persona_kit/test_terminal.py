from __future__ import annotations

import io

import pytest
from rich.console import Console

from persona_kit.terminal import TerminalProgress, stderr_console


def _job(progress: TerminalProgress) -> None:
    with progress:
        progress.start("embed", 3)
        progress.note("text from [body]")
        progress.step("embed", 2)
        progress.step("embed")
        progress.finish("embed")
        progress.start("report")
        progress.finish("report")
        progress.warn("12 rows were empty")


def test_a_log_gets_plain_lines(capfd: pytest.CaptureFixture[str]) -> None:
    _job(TerminalProgress(stderr_console()))
    captured = capfd.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines() == [
        "text from [body]",
        "embed: done (3)",
        "report: done",
        "warning: 12 rows were empty",
    ]


def test_a_terminal_gets_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    output = io.StringIO()
    _job(TerminalProgress(Console(file=output, force_terminal=True, width=100, markup=False)))
    shown = output.getvalue()
    assert "3/3" in shown
    assert "text from [body]" in shown
    assert "\x1b[" in shown


def test_no_color_means_no_colour_codes() -> None:
    output = io.StringIO()
    console = Console(file=output, force_terminal=True, width=100)
    assert console.no_color  # the suite's environment sets NO_COLOR
    TerminalProgress(console).warn("careful")
    assert "\x1b[33m" not in output.getvalue()


def test_warnings_are_kept_for_the_end() -> None:
    progress = TerminalProgress(Console(file=io.StringIO()))
    progress.warn("a")
    progress.warn("b")
    assert progress.warnings == ["a", "b"]


def test_steps_of_a_stage_that_never_began_do_no_harm() -> None:
    progress = TerminalProgress(Console(file=io.StringIO(), force_terminal=True))
    with progress:
        progress.step("unknown")
        progress.finish("unknown")


def test_the_bars_of_many_jobs_fit_the_terminal() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=100, height=12)
    progress = TerminalProgress(console)
    assert progress._bars is not None
    progress.start("jobs", 20)
    for job in range(20):
        for stage in ("read", "write"):
            progress.start(f"job {job}: {stage}", 1)
            shown = [task.description for task in progress._bars.tasks]
            assert len(shown) <= 10
            assert {"jobs", f"job {job}: {stage}"} <= set(shown)
            progress.finish(f"job {job}: {stage}")
        progress.step("jobs")

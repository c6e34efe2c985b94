"""`generate_async`: the loop goes on, failures come through, and a cancelled task ends the run."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from persona_kit.errors import InputError
from persona_kit.progress import Silent
from persona_kit.workspace import Workspace
from personas import generate_async
from tests.personas.corpora import english_people, run_options, write_table


def test_the_event_loop_goes_on_while_personas_are_made(tmp_path: Path) -> None:
    sources = [str(write_table(tmp_path / "reviews.csv", english_people(8)))]

    async def count_while_running() -> tuple[int, int]:
        task = asyncio.create_task(generate_async(sources, run_options(tmp_path)))
        turns = 0
        while not task.done():
            turns += 1
            await asyncio.sleep(0.01)
        return turns, len((await task).persona_set.personas)

    turns, personas = asyncio.run(count_while_running())
    assert turns > 3
    assert personas == 3


def test_a_failure_comes_through(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        asyncio.run(generate_async([str(tmp_path / "missing.csv")], run_options(tmp_path)))


def test_a_cancelled_task_ends_the_run_and_frees_the_workspace(tmp_path: Path) -> None:
    sources = [str(write_table(tmp_path / "reviews.csv", english_people(8)))]
    options = run_options(tmp_path)
    begun = asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    class Watcher(Silent):
        def start(self, stage: str, total: int | None = None) -> None:
            if stage == "embed":
                loops[0].call_soon_threadsafe(begun.set)

    async def cancel_soon() -> None:
        loops.append(asyncio.get_running_loop())
        task = asyncio.create_task(generate_async(sources, options, progress=Watcher()))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel_soon())

    assert not (options.out / "personas.json").exists()
    Workspace.open(options.workspace).close()

"""Every command in docs/models.md is one that can be typed, and what it says of the code is so."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import pytest

from personas.comparing import load_tasks
from personas.engine_checks import LARGE_PROMPTS_NEED_TOKENS
from personas.models.bundled import bundled_model_path
from personas.models.structured import Method
from personas.options import GenerateOptions, resolve_options
from tests.test_docs import called_with, commands

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```bash\n(.*?)\n```$", PAGE, re.MULTILINE | re.DOTALL)
LINES = [line for block in BLOCKS for line in block.splitlines()]
CALLS = [call for line in LINES for call in called_with(line)]


@pytest.mark.parametrize("call", CALLS, ids=" ".join)
def test_a_command_of_the_page_parses_and_its_options_are_valid(call: list[str]) -> None:
    known: dict[str, Any] = dict(commands())
    name, rest = f"personas {call[0]}", call[1:]
    while rest and f"{name} {rest[0]}" in known:
        name, rest = f"{name} {rest[0]}", rest[1:]
    # Parses the arguments and stops before anything runs.
    context = known[name].make_context(name, list(rest))
    flags = {key: value for key, value in context.params.items() if key in GenerateOptions.model_fields}
    assert resolve_options(flags, environment={}).values


def test_every_line_of_a_block_is_looked_at() -> None:
    benchmarks = [line for line in LINES if line.startswith("python -m benchmarks.")]
    assert len(CALLS) + len(benchmarks) == len([line for line in LINES if line.strip()])
    assert len(CALLS) >= 10
    for line in benchmarks:
        words = line.split()
        source = (ROOT / f"{words[2].replace('.', '/')}.py").read_text(encoding="utf-8")
        assert [word for word in words if word.startswith("--") and f'"{word}"' not in source] == []


def test_options_named_in_the_text_are_there() -> None:
    options = {option for _, command in commands() for parameter in command.params for option in parameter.opts}
    named = set(re.findall(r"`(--[a-z-]+)", PAGE))
    assert named - options == set()
    assert "--budget-usd" in named


def test_what_the_page_says_of_methods_sizes_and_the_task_is_so() -> None:
    for method in get_args(Method):
        assert f"| `{method}` |" in PAGE
    tasks = load_tasks()
    assert len(tasks) == 12
    assert sum(max(1, len(task.knows)) for task in tasks) == 14
    assert sum(not task.knows for task in tasks) == 2
    assert LARGE_PROMPTS_NEED_TOKENS == 4_096
    for billions, row in ((0.5, "0.5 B"), (1.5, "1.5 B"), (3, "3 B"), (14, "14 B"), (32, "32 B"), (70, "70 B")):
        (cells,) = (line.split(" | ") for line in PAGE.splitlines() if line.startswith(f"| {row} |"))
        for bits, cell in ((4.85, cells[1]), (8.5, cells[2])):
            assert float(cell.removesuffix(" GB")) == pytest.approx(billions * bits / 8, rel=0.06)


@pytest.mark.local_model
def test_the_bundled_file_is_as_large_as_the_page_says() -> None:
    assert f"| file | {bundled_model_path().stat().st_size / 1e6:.0f} MB" in PAGE

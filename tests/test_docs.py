"""The documentation says what the program does, and nothing that it does not."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

import cli
from docs.build_reference import build, error_classes
from persona_kit.settings import option_name, variable_name
from personas.options import FLAGS_ONLY, GenerateOptions

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")


def commands() -> Iterator[tuple[str, Any]]:
    """Every command with its full name."""

    def below(command: Any, path: str) -> Iterator[tuple[str, Any]]:
        yield path, command
        for name, subcommand in getattr(command, "commands", {}).items():
            yield from below(subcommand, f"{path} {name}")

    return below(typer.main.get_command(cli.app), "personas")


def readme_command(name: str) -> str:
    """The one line of the README's block of that name."""
    found = re.findall(rf"^<!-- command: {name} -->\n```bash\n(.*?)\n```$", README, re.MULTILINE | re.DOTALL)
    assert len(found) == 1
    assert "\n" not in found[0]
    return str(found[0])


def called_with(line: str) -> Iterator[list[str]]:
    """Arguments of each call of `personas` in a shell line."""
    words = shlex.split(line, comments=True)
    while words:
        end = words.index("&&") if "&&" in words else len(words)
        if any(Path(word).name == "personas" for word in words[:1]):
            yield words[1:end]
        words = words[end + 1 :]


@pytest.mark.parametrize(("path", "command"), [*commands()], ids=[path for path, _ in commands()])
def test_every_command_and_option_is_documented_with_help(path: str, command: Any) -> None:
    assert f"### `{path}`\n" in REFERENCE
    section = REFERENCE.partition(f"### `{path}`\n")[2].partition("\n###")[0]
    assert command.help
    for parameter in command.params:
        if parameter.name != "help":
            assert parameter.help, f"{path} {parameter.name} has no help"
            assert all(f"`{option}`" in section for option in parameter.opts if option.startswith("-"))


def test_every_setting_is_documented() -> None:
    for name in set(GenerateOptions.model_fields) - FLAGS_ONLY:
        assert f"`{variable_name(name)}`" in REFERENCE
    for name in FLAGS_ONLY - {"stdin"}:
        assert f"`{option_name(name)}`" in REFERENCE


def test_every_variable_named_anywhere_is_documented() -> None:
    sources = [
        path
        for room in ("personas", "prompts", "retrieval", "eval", "persona_kit")
        for path in (ROOT / room).rglob("*.py")
    ]
    named = {
        name
        for path in [*sources, ROOT / "cli.py", ROOT / "README.md"]
        for name in re.findall(r"\bPERSONAS_[A-Z][A-Z_]*[A-Z]\b", path.read_text(encoding="utf-8"))
    }
    assert {name for name in named if f"`{name}`" not in REFERENCE} == set()


def test_every_error_is_documented() -> None:
    names = [error.__name__ for error in error_classes()]
    assert {"PersonaKitError", "UsageError", "WorkspaceLocked", "TruncatedAnswer"} <= set(names)
    assert [name for name in names if f"`{name}`" not in REFERENCE] == []
    assert [error.__name__ for error in error_classes() if not error.__doc__] == []


def test_the_reference_is_up_to_date() -> None:
    assert build(REFERENCE) == REFERENCE, "run `python -m docs.build_reference`"


def test_a_reference_without_its_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="commands"):
        build("# Reference\n")


def test_every_call_in_the_readme_parses() -> None:
    blocks = re.findall(r"^```bash\n(.*?)\n```$", README, re.MULTILINE | re.DOTALL)
    calls = [call for block in blocks for line in block.splitlines() for call in called_with(line)]
    known = dict(commands())
    assert len(calls) >= 5
    for call in calls:
        command = known[f"personas {call[0]}"]
        # Parses the arguments and stops before anything runs.
        context = command.make_context(call[0], list(call[1:]))
        assert context.params is not None


def test_every_test_that_a_decision_rests_on_exists() -> None:
    sources = {path.stem: path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py")}
    named = [
        name
        for page in sorted((ROOT / "docs" / "decisions").glob("*.md"))
        for name in re.findall(r"`(test_\w+)::(test_\w+)`", page.read_text("utf-8"))
    ]
    assert len(named) >= 15
    assert [name for name in named if f"def {name[1]}(" not in sources[name[0]]] == []


@pytest.mark.parametrize(("number", "said"), [(0, "["), (1, "load 1\n")])
def test_the_python_examples_of_the_readme_run(tmp_path: Path, number: int, said: str) -> None:
    blocks = re.findall(r"^```python\n(.*?)\n```$", README, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 2
    block = blocks[number] + ("\nimport asyncio\nasyncio.run(main())\n" if "async def main" in blocks[number] else "")
    lines = [f'c{number},"The parcel came {number} days late, and nobody wrote back."' for number in range(20)]
    (tmp_path / "reviews.csv").write_text("\n".join(["customer,text", *lines]), encoding="utf-8")
    result = subprocess.run(
        [sys.executable, "-c", block],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith(said)
    assert (tmp_path / "report" / "personas.json").is_file()


def test_the_first_command_installs_and_runs_the_example() -> None:
    line = readme_command("run")
    (call,) = called_with(line)
    named = [word for word in call if word.startswith("examples/")]
    assert call[0] == "generate"
    assert len(named) == 3
    assert [path for path in named if not (ROOT / path).exists()] == []
    assert "-c constraints.txt '.[local,files]'" in line


def test_ci_runs_the_readmes_test_command_as_it_stands(tmp_path: Path) -> None:
    """The script is run in a copy whose README holds another command: it must be that one which runs."""
    (tmp_path / ".ci").mkdir()
    script = tmp_path / ".ci" / "run"
    script.write_bytes((ROOT / ".ci" / "run").read_bytes())
    script.chmod(0o755)
    line = readme_command("test")
    (tmp_path / "README.md").write_text(README.replace(line, "pwd && exit 7"), encoding="utf-8")
    result = subprocess.run([script], capture_output=True, text=True, check=False, cwd="/")
    assert (result.returncode, result.stdout) == (7, f"{tmp_path}\n")
    assert line.endswith("-m tests")
    (tmp_path / "README.md").write_text("nothing here", encoding="utf-8")
    assert subprocess.run([script], capture_output=True, check=False).returncode == 2
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_links_in_the_documentation_lead_somewhere() -> None:
    pages = [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")]
    dead = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert dead == []


def test_decisions_are_numbered_without_gaps() -> None:
    names = sorted(path.name for path in (ROOT / "docs" / "decisions").glob("*.md"))
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))


def test_the_changelog_has_an_unreleased_part_on_top() -> None:
    headings = re.findall(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[0] == "[Unreleased]"


def test_the_license_is_apache_2() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
    assert "Copyright 2026 The personas authors" in text

"""Writes the generated parts of docs/reference.md; `--check` says whether they are up to date (exit 1 when not).

Run as `python -m docs.build_reference` in the checkout.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import sys
from pathlib import Path
from typing import Any

import typer

import cli
import persona_kit.errors
from persona_kit.errors import PersonaKitError
from persona_kit.settings import key_name, variable_name
from personas.options import FLAGS_ONLY, GenerateOptions

PAGE = Path(__file__).with_name("reference.md")
ROOT = PAGE.parents[1]
ROOMS = ("persona_kit", "prompts", "retrieval", "personas", "eval")


def commands_part() -> str:
    """A section per command with a table of its arguments and options."""
    return "\n\n".join(_sections(typer.main.get_command(cli.app), "personas"))


def settings_part() -> str:
    """A table of settings: key of config.toml, environment variable, default."""
    lines = ["| key in config.toml | environment | default | what it is |", "|---|---|---|---|"]
    comments = _field_comments()
    for name, field in GenerateOptions.model_fields.items():
        if name not in FLAGS_ONLY:
            default = field.get_default()
            shown = "" if default is None else f"`{default}`"
            lines.append(f"| `{key_name(name)}` | `{variable_name(name)}` | {shown} | {_cell(comments[name])} |")
    return "\n".join(lines)


def errors_part() -> str:
    """A table of error classes with their exit codes."""
    lines = ["| error | exit code | when |", "|---|---|---|"]
    for error in error_classes():
        first = (inspect.getdoc(error) or "").split("\n", maxsplit=1)[0]
        lines.append(f"| `{error.__name__}` | {error.exit_code} | {_cell(first)} |")
    return "\n".join(lines)


def error_classes() -> list[type[PersonaKitError]]:
    """Every error a user may see: those of the ground room, then those that a room derives from them."""
    found = {
        name: error
        for name, error in vars(persona_kit.errors).items()
        if inspect.isclass(error) and issubclass(error, PersonaKitError)
    }
    for path in sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and {ast.unparse(base) for base in node.bases} & set(found):
                module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
                found[node.name] = getattr(module, node.name)
    return list(found.values())


def build(page: str) -> str:
    """The page with its generated parts made anew.

    Raises:
        ValueError: when the page lacks the marks of a part.
    """
    for name, part in (("commands", commands_part()), ("settings", settings_part()), ("errors", errors_part())):
        begin, end = f"<!-- generated: {name} -->\n", f"<!-- end: {name} -->"
        head, found, rest = page.partition(begin)
        _, closed, tail = rest.partition(end)
        if not found or not closed:
            raise ValueError(f"docs/reference.md has lost the marks of its part {name!r}")
        page = f"{head}{begin}\n{part}\n\n{end}{tail}"
    return page


def main(arguments: list[str]) -> int:
    """0 when the page is (now) up to date, 1 when `--check` finds that it is not."""
    before = PAGE.read_text(encoding="utf-8")
    after = build(before)
    if "--check" in arguments:
        if before == after:
            return 0
        sys.stderr.write("docs/reference.md is out of date: run `python -m docs.build_reference`\n")
        return 1
    PAGE.write_text(after, encoding="utf-8")
    return 0


def _sections(command: Any, path: str) -> list[str]:
    """The command's own section, then those of its subcommands; Typer's command classes are not public."""
    rows = [_row(parameter) for parameter in command.params if parameter.name != "help"]
    lines = [f"### `{path}`", "", inspect.cleandoc(command.help or "")]
    if rows:
        lines += ["", "| option | value | what it does |", "|---|---|---|", *rows]
    sections = ["\n".join(lines)]
    for name, subcommand in getattr(command, "commands", {}).items():
        sections += _sections(subcommand, f"{path} {name}")
    return sections


def _row(parameter: Any) -> str:
    options = [option for option in parameter.opts if option.startswith("-")]
    metavar = parameter.metavar or ""
    name = ", ".join(f"`{option}`" for option in options) or f"`{metavar}`"
    value = f"`{_cell(metavar)}`" if options and metavar else ""
    return f"| {name} | {value} | {_cell(parameter.help or '')} |"


def _field_comments() -> dict[str, str]:
    """The string that stands under each field of GenerateOptions."""
    (record,) = ast.parse(inspect.getsource(GenerateOptions)).body
    assert isinstance(record, ast.ClassDef)
    comments = {}
    for field, below in zip(record.body, record.body[1:], strict=False):
        named = isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if named and isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
            comments[ast.unparse(field.target)] = str(below.value.value)  # type: ignore[attr-defined]  # named says so
    return comments


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

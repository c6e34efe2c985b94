"""The rooms of the design: imports point down, heavy packages have one door, nothing grows too large."""

from __future__ import annotations

import ast
import importlib.metadata
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from persona_kit.start import ROOMS

ROOT = Path(__file__).resolve().parents[1]
MAY_IMPORT = {
    "persona_kit": set[str](),
    "prompts": {"persona_kit"},
    "retrieval": {"persona_kit"},
    "personas": {"persona_kit", "prompts", "retrieval"},
    "eval": {"persona_kit", "prompts", "retrieval", "personas"},
    "cli": {"persona_kit", "prompts", "retrieval", "personas", "eval"},
}
LAUNCHER = ("persona_kit/start.py", "cli")
"""The one edge that points up: the entry point checks the rooms first, and so must lie below them."""
ONE_DOOR = {
    "chromadb": ("retrieval/index.py",),
    "llama_cpp": ("personas/models/", "retrieval/embedders/"),
    "openai": ("personas/models/", "retrieval/embedders/"),
    "langchain_openai": ("personas/models/", "retrieval/embedders/"),
}
LONGEST_MODULE = 500
LONGEST_FUNCTION = 60
NAMELESS = {"utils", "helpers", "common", "types", "misc"}


def modules() -> list[Path]:
    """Every Python file that ships, relative to the root."""
    found = [path for room in MAY_IMPORT if room != "cli" for path in (ROOT / room).rglob("*.py")]
    return sorted(path.relative_to(ROOT) for path in [*found, ROOT / "cli.py"])


def room_of(path: Path) -> str:
    return path.parts[0].removesuffix(".py")


def imported_names(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Dotted names of all imports, those inside functions too, with their lines."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or ""), node.lineno
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            literals = [value.value for value in node.args[:1] if isinstance(value, ast.Constant)]
            yield from ((value, node.lineno) for value in literals if isinstance(value, str))


def parsed(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"), filename=str(path))


def upward_edges(path: Path, tree: ast.AST) -> list[str]:
    """Imports of rooms that this file's room must not know."""
    room = room_of(path)
    allowed = MAY_IMPORT[room] | {room}
    found = []
    for name, line in imported_names(tree):
        target = name.split(".")[0]
        if name.startswith("."):
            found.append(f"{path}:{line} imports {name}: write the room's name")
        elif target in MAY_IMPORT and target not in allowed and (path.as_posix(), target) != LAUNCHER:
            found.append(f"{path}:{line} imports {name}: {room} must not know {target}")
    return found


def wrong_doors(path: Path, tree: ast.AST) -> list[str]:
    """Imports of heavy packages outside the one place that wraps them."""
    return [
        f"{path}:{line} imports {name}: only {' and '.join(ONE_DOOR[name.split('.')[0]])} may"
        for name, line in imported_names(tree)
        if name.split(".")[0] in ONE_DOOR and not path.as_posix().startswith(ONE_DOOR[name.split(".")[0]])
    ]


def printing(path: Path, tree: ast.AST) -> list[str]:
    """Calls of print(); stdout belongs to the data that cli.py writes."""
    return [
        f"{path}:{node.lineno} calls print()"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]


def long_functions(path: Path, tree: ast.AST) -> list[str]:
    return [
        f"{path}:{node.lineno} {node.name} has {length} lines"
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > LONGEST_FUNCTION
    ]


def test_imports_point_down() -> None:
    assert [edge for path in modules() for edge in upward_edges(path, parsed(path))] == []


def test_heavy_packages_have_one_door() -> None:
    assert [edge for path in modules() for edge in wrong_doors(path, parsed(path))] == []


def test_only_the_command_line_prints() -> None:
    assert [call for path in modules() if room_of(path) != "cli" for call in printing(path, parsed(path))] == []


def test_modules_and_functions_stay_small() -> None:
    lengths = {path: len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in modules()}
    assert {str(path): length for path, length in lengths.items() if length > LONGEST_MODULE} == {}
    assert [name for path in modules() for name in long_functions(path, parsed(path))] == []


def test_modules_name_the_thing_they_hold() -> None:
    assert [str(path) for path in modules() if path.stem in NAMELESS] == []


def test_every_folder_of_a_room_is_a_package() -> None:
    folders = {path.parent for path in modules() if path.name != "cli.py"}
    assert [str(folder) for folder in sorted(folders) if not (ROOT / folder / "__init__.py").is_file()] == []


@pytest.mark.parametrize(
    ("path", "source", "complaint"),
    [
        ("retrieval/x.py", "def f():\n    from personas.records import Persona", "must not know personas"),
        ("prompts/x.py", "import retrieval.index", "must not know retrieval"),
        ("persona_kit/x.py", "import importlib\nimportlib.import_module('prompts')", "must not know prompts"),
        ("persona_kit/x.py", "from cli import run", "must not know cli"),
        ("personas/x.py", "from ..retrieval import index", "write the room's name"),
    ],
)
def test_an_upward_edge_is_found(path: str, source: str, complaint: str) -> None:
    assert [edge for edge in upward_edges(Path(path), ast.parse(source)) if complaint in edge]


@pytest.mark.parametrize(
    ("path", "source"),
    [("personas/x.py", "import chromadb.api"), ("retrieval/search.py", "from llama_cpp import Llama")],
)
def test_a_wrong_door_is_found(path: str, source: str) -> None:
    assert len(wrong_doors(Path(path), ast.parse(source))) == 1


@pytest.mark.parametrize("name", [str(path.with_suffix("")).replace("/", ".") for path in modules()])
def test_importing_a_module_pulls_in_nothing_heavy_it_does_not_name(name: str) -> None:
    """The rule behind a quick `--help`: whoever needs a heavy package imports it inside the function that does."""
    heavy = {"chromadb", "sklearn", "llama_cpp", "langchain_openai", "pyarrow", "jieba", "wordllama", "sknetwork"}
    tree = parsed(Path(name.replace(".", "/") + ".py"))
    at_import = {
        target.split(".")[0]
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for target, _ in imported_names(node)
    }
    assert at_import & heavy == set()


def test_no_other_distribution_owns_our_names() -> None:
    owners = importlib.metadata.packages_distributions()
    strangers = {room: owners[room] for room in (*ROOMS, "persona_kit") if room in owners}
    assert {room: names for room, names in strangers.items() if set(names) != {"personas"}} == {}


def test_importing_every_module_does_nothing(tmp_path: Path) -> None:
    """No output, no warning, no file, no change of logging or of the module path."""
    names = [".".join(path.with_suffix("").parts) for path in modules() if path.name not in {"__main__.py"}]
    names = [name.removesuffix(".__init__") for name in names]
    source = (
        "import importlib, logging, sys, warnings\n"
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        "import pydantic, langchain_core.messages, numpy\n"
        "before = list(sys.path), len(logging.getLogger().handlers)\n"
        f"for name in {names!r}: importlib.import_module(name)\n"
        "assert before == (list(sys.path), len(logging.getLogger().handlers)), 'global state changed'\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=False, cwd=tmp_path, timeout=120
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []

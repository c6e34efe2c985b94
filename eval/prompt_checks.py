"""Prompts with what only the eval room knows of them: their answers' schemas, cases to render, models to fit into."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from eval.schemas import answer_schemas, schema_of
from eval.suites import HOME, Case, Suite, list_suites, load_suite
from eval.tasks import calls_of
from persona_kit.errors import UsageError
from prompts.linting import Finding, lint
from prompts.loader import Message, Prompt, RenderedPrompt, folder, list_prompts, load_prompt, read_prompt
from prompts.versions import RECORD, read_versions, record_versions


def shipped_prompts() -> list[Prompt]:
    """Every prompt that ships."""
    return [load_prompt(name, variant=variant) for name, variant in list_prompts()]


def find_prompt(name: str) -> Prompt:
    """The prompt called ``claim.small``, or in a file.

    Raises:
        UsageError: when the name has no variant.
        PromptError: when there is no such prompt.
    """
    if name.endswith(".j2"):
        return read_prompt(Path(name))
    prompt_id, dot, variant = name.partition(".")
    if not dot:
        there = ", ".join(f"{task}.{kind}" for task, kind in list_prompts() if task == name)
        raise UsageError(f"{name!r} names no prompt", where="NAME.VARIANT", mend=there or "personas prompts list")
    return load_prompt(prompt_id, variant=variant)


def record_shipped() -> list[str]:
    """Puts new versions of the shipped prompts in the record, and returns them."""
    return record_versions(tuple(shipped_prompts()), Path(str(folder())) / RECORD)


def render_case(prompt: Prompt, case_id: str | None, home: Path = HOME) -> RenderedPrompt:
    """The prompt with the inputs of a case.

    Args:
        prompt: to be rendered.
        case_id: of a case of a suite of this prompt; None: the first one.
        home: of the suites.

    Raises:
        UsageError: when no suite has such a case of the prompt.
    """
    for _suite, case, rendered in _rendered(prompt, home):
        if case_id in (None, case.id):
            return rendered
    raise UsageError(
        f"no suite has a case {case_id!r} of {prompt.name}" if case_id else f"no suite has a case of {prompt.name}",
        where="--case",
        mend="the suites lie in eval/suites/",
    )


def lint_prompts(names: Sequence[str], *, model: str | None = None, home: Path = HOME) -> list[Finding]:
    """What is wrong with the prompts named, or with all that ship.

    Args:
        names: prompts or files; empty is all.
        model: spec of a model whose context window every case and its answer must fit into.
        home: of the suites.

    Raises:
        UsageError, PromptError: when a prompt or the model cannot be read.
    """
    prompts = [find_prompt(name) for name in names] or shipped_prompts()
    findings = lint(prompts, versions=read_versions(), schemas=answer_schemas(), shipped=list_prompts())
    return findings if model is None else [*findings, *_too_long(prompts, model, home)]


def _too_long(prompts: Sequence[Prompt], model: str, home: Path) -> Iterator[Finding]:
    from personas.models.engine import messages_of
    from personas.models.opening import open_completer

    completer = open_completer(model, vocabulary_only=True)
    try:
        for prompt in prompts:
            schema = schema_of(prompt.front.output, where=prompt.file_name)
            for suite, case, rendered in _rendered(prompt, home):
                tokens = completer.prompt_tokens(messages_of(rendered), schema)
                needed = tokens + suite.sampling.max_tokens
                if needed > completer.context_tokens:
                    yield Finding(
                        prompt=prompt.name,
                        rule="length",
                        message=f"case {case.id} needs {needed} tokens, {model} has {completer.context_tokens}",
                    )
    finally:
        completer.close()


def _rendered(prompt: Prompt, home: Path) -> Iterator[tuple[Suite, Case, RenderedPrompt]]:
    """The prompt with the inputs of each case of its suites, as far as they follow from the case alone."""
    for name in list_suites(home):
        suite = load_suite(name, home)
        if suite.prompt != prompt.name:
            continue
        for case in suite.cases:
            call = next(calls_of(suite, case))
            rendered = prompt.render(call.inputs)
            further = (Message(role="user", text=call.message),) if call.message else ()
            yield suite, case, rendered.model_copy(update={"messages": (*rendered.messages, *further)})

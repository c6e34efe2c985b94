"""From what the user asks for to finished runs: opens the models, live, recorded or replayed, and runs each suite."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import cast

from eval.recordings import Recordings, recording_path
from eval.records import CallRecord, Mode
from eval.replaying import RecordingCompleter, ReplayCompleter, recorded_model
from eval.runner import Arm, RunPlan, run_suite
from eval.suites import HOME, Choice, Suite, list_suites, load_suite
from persona_kit.errors import UsageError
from persona_kit.progress import Progress
from personas.models import Engine, ModelOptions
from personas.models.completion import Completer
from personas.models.governor import Governor, Limits
from personas.models.opening import open_completer
from prompts.history import template_at
from prompts.loader import Prompt, folder, read_prompt

BUNDLED = "llama-cpp"
CALL_TIMEOUT_S = 900.0
"""Of a model on this machine without a GPU; hosted ones answer or fail long before."""


@dataclass(frozen=True)
class PromptText:
    """A text to use in place of one that ships."""

    prompt: Prompt
    source: str
    """As the user named it, a path without its folders."""


@dataclass(frozen=True, kw_only=True)
class RunRequest:
    """What the user asks for."""

    suites: Sequence[str] = ()
    """Names or files; empty is all that are there."""
    models: Sequence[str] = (BUNDLED,)
    texts: Sequence[PromptText] = ()
    """Texts of prompts to run in place of those that ship; several of one prompt are run beside each other."""
    mode: Mode = "live"
    repeats: int | None = None
    """None: as the suite says."""
    seed: int = 0
    choice: Choice = field(default_factory=Choice)
    out: Path = Path("eval-runs")
    home: Path = HOME
    limits: Limits = field(default_factory=lambda: Limits(call_timeout_s=CALL_TIMEOUT_S))
    options: ModelOptions = field(default_factory=ModelOptions)


@dataclass(frozen=True)
class SuiteRun:
    """A suite that was run."""

    suite: Suite
    path: Path
    records: Sequence[CallRecord]


def run_request(request: RunRequest, *, progress: Progress | None = None) -> list[SuiteRun]:
    """Runs what is asked for; each suite into a folder of its own, named by what is run, so that again goes on.

    Raises:
        UsageError: when suites, prompts or options do not fit together.
        PersonaKitError: when a model cannot be opened, or the budget ends.
    """
    suites = [load_suite(name, request.home) for name in request.suites or list_suites(request.home)]
    concerned = [suite for suite in suites if _concerns(suite, request.texts)]
    if not concerned:
        raise UsageError(
            "no suite asks the prompts given",
            where="--prompt",
            mend="the suites ask: " + ", ".join(sorted({suite.prompt for suite in suites})),
        )
    with _completers(request) as completers:
        return [_run(suite, request, completers, progress) for suite in concerned]


def prompt_text(text: str) -> PromptText:
    """The text behind ``claim.small=FILE`` or ``claim.small@REVISION``.

    Raises:
        UsageError: when it is neither.
        PromptError, EnvironmentProblem: when the template cannot be read.
    """
    name, equals, path = text.partition("=")
    if equals:
        prompt = read_prompt(Path(path))
        if prompt.name != name:
            raise UsageError(f"the file is a text of {prompt.name}", where=f"--prompt {text}")
        return PromptText(prompt, Path(path).name)
    name, at, revision = text.partition("@")
    if at and revision:
        return PromptText(template_at(Path(str(folder())) / f"{name}.j2", revision), f"@{revision[:12]}")
    raise UsageError(f"{text!r} names no text of a prompt", where="--prompt", mend="write NAME=FILE or NAME@REVISION")


def _concerns(suite: Suite, texts: Sequence[PromptText]) -> bool:
    """Whether a suite asks a prompt that was given; every suite does where none was."""
    used = {suite.prompt, "name.small"} if suite.task == "persona" else {suite.prompt}
    return not texts or any(text.prompt.name in used for text in texts)


def _run(
    suite: Suite,
    request: RunRequest,
    completers: dict[str, Completer],
    progress: Progress | None,
) -> SuiteRun:
    recordings: list[tuple[Recordings, RecordingCompleter]] = []
    governor = Governor(request.limits)
    arms = []
    choices: list[PromptText | None] = [text for text in request.texts if _concerns(suite, [text])] or [None]
    for spec, text in product(request.models, choices):
        completer = _completer_for(suite, spec, request, completers, recordings)
        engine = Engine(spec, completer, governor=governor)
        prompts = {} if text is None else {text.prompt.name: text.prompt}
        sources = {} if text is None else {text.prompt.name: text.source}
        name = spec if text is None else f"{spec} {text.prompt.name}={text.source}"
        arms.append(Arm(name=name, engine=engine, prompts=prompts, sources=sources))
    plan = RunPlan(
        suite=suite,
        cases=request.choice.of(suite),
        arms=arms,
        repeats=request.repeats or suite.repeats,
        seed=request.seed,
        mode=request.mode,
        home="" if request.home == HOME else str(request.home),
    )
    path = request.out / f"{suite.suite}-{plan.sha256[:8]}"
    try:
        records = run_suite(plan, path, progress=progress)
    except BaseException:
        for kept, _ in recordings:
            kept.save()
        raise
    for kept, recorder in recordings:
        # A whole run of what ships replaces what was there: answers to texts that are gone would only pile up.
        whole = len(plan.cases) == len(suite.cases) and len(recorder.used) == len(records) // len(recordings)
        whole = whole and not request.texts
        kept.save(frozenset(recorder.used) if whole else None)
    return SuiteRun(suite, path, records)


def _completer_for(
    suite: Suite,
    spec: str,
    request: RunRequest,
    completers: dict[str, Completer],
    recordings: list[tuple[Recordings, RecordingCompleter]],
) -> Completer:
    path = recording_path(request.home, suite.suite, spec)
    if request.mode == "replay":
        return ReplayCompleter(Recordings(path))
    if request.mode == "live":
        return completers[spec]
    kept = Recordings(path, recorded_model(spec, completers[spec]))
    recorder = RecordingCompleter(completers[spec], kept)
    recordings.append((kept, recorder))
    return cast(Completer, recorder)


@contextmanager
def _completers(request: RunRequest) -> Iterator[dict[str, Completer]]:
    """The models, by spec, each opened once for all suites; none where answers are replayed."""
    with ExitStack() as opened:
        found: dict[str, Completer] = {}
        for spec in () if request.mode == "replay" else request.models:
            found[spec] = open_completer(spec, **request.options)
            opened.callback(found[spec].close)
        yield found

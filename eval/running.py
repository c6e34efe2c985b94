"""From what the user asks for to finished runs: opens the models, live, recorded or replayed, and runs each suite."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

from eval.metrics import check_gates
from eval.recordings import Recordings, recording_path
from eval.records import CallRecord, Mode, faults_of, read_records
from eval.replaying import RecordingCompleter, ReplayCompleter, recorded_model
from eval.runner import Arm, RunPlan, run_suite
from eval.schemas import json_form, schema_of
from eval.suites import HOME, Choice, Suite, list_suites, load_suite
from eval.tasks import prompts_of
from persona_kit.errors import UsageError
from persona_kit.progress import Progress
from personas.engines import BUNDLED, LOCAL_CALL_TIMEOUT_S
from personas.models import Engine, ModelOptions
from personas.models.completion import Completer
from personas.models.governor import Governor, Limits
from personas.models.opening import open_completer
from prompts.history import template_at
from prompts.loader import Prompt, folder, read_prompt


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
    # A hosted model answers or fails long before.
    limits: Limits = field(default_factory=lambda: Limits(call_timeout_s=LOCAL_CALL_TIMEOUT_S))
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
        InputError: when a suite is not as it should be.
        PersonaKitError: when a model cannot be opened, or the budget ends.
    """
    suites = [load_suite(name, request.home) for name in request.suites or list_suites(request.home)]
    for suite in suites:
        check_gates(suite)
    concerned = [suite for suite in suites if _concerns(suite, request.texts)]
    if not concerned:
        raise UsageError(
            "no suite asks the prompts given",
            where="--prompt",
            mend="the suites ask: " + ", ".join(sorted({suite.prompt for suite in suites})),
        )
    with _completers(request) as completers:
        opened = _Opened(request, completers)
        return [_run(suite, request, opened, progress) for suite in concerned]


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
    return not texts or any(text.prompt.name in prompts_of(suite) for text in texts)


class _Opened:
    """The models of a request, and what they answered so far.

    Args:
        request: what is asked for.
        completers: the models by spec; none where answers are replayed.
    """

    def __init__(self, request: RunRequest, completers: Mapping[str, Completer]) -> None:
        self._request, self._completers = request, completers
        # One for all suites: a budget is of the whole command.
        self._governor = Governor(request.limits)
        self._recordings: dict[tuple[str, str], Recordings] = {}

    def engine(self, suite: Suite, spec: str) -> Engine:
        """The model for a suite: asked, recorded or replayed."""
        return Engine(spec, self._completer(suite, spec), governor=self._governor)

    def _completer(self, suite: Suite, spec: str) -> Completer:
        path = recording_path(self._request.home, suite.suite, spec)
        if self._request.mode == "replay":
            return ReplayCompleter(Recordings(path))
        model = self._completers[spec]
        if self._request.mode == "live":
            return model
        key = (suite.suite, spec)
        if key not in self._recordings:
            self._recordings[key] = Recordings(path, recorded_model(spec, model))
        return RecordingCompleter(model, self._recordings[key])

    def save(self, plan: RunPlan, records: Sequence[CallRecord]) -> None:
        """Keeps the answers of a run for its replay, those of an earlier live run in the same folder too.

        A whole run of what ships replaces what was there: answers to texts that are gone would only pile up.
        """
        whole = len(plan.cases) == len(plan.suite.cases) and not self._request.texts and not faults_of(records)
        for (suite, spec), kept in self._recordings.items():
            arms = {arm.name for arm in plan.arms if arm.engine.spec == spec}
            if suite == plan.suite.suite:
                used = {_keep(kept, one) for one in records if one.arm in arms and one.completion is not None}
                kept.save(frozenset(used) if whole else None)


def _keep(kept: Recordings, record: CallRecord) -> str:
    assert record.completion is not None
    schema = json_form(schema_of(record.output, where=record.prompt))
    return kept.put(record.messages, schema, record.sampling, record.completion)


def _run(suite: Suite, request: RunRequest, opened: _Opened, progress: Progress | None) -> SuiteRun:
    arms = []
    choices: list[PromptText | None] = [text for text in request.texts if _concerns(suite, [text])] or [None]
    for spec, text in product(request.models, choices):
        prompts = {} if text is None else {text.prompt.name: text.prompt}
        sources = {} if text is None else {text.prompt.name: text.source}
        name = spec if text is None else f"{spec} {text.prompt.name}={text.source}"
        arms.append(Arm(name=name, engine=opened.engine(suite, spec), prompts=prompts, sources=sources))
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
        run_suite(plan, path, progress=progress)
    finally:
        records = read_records(path)
        opened.save(plan, records)
    return SuiteRun(suite, path, records)


@contextmanager
def _completers(request: RunRequest) -> Iterator[dict[str, Completer]]:
    """The models, by spec, each opened once for all suites; none where answers are replayed."""
    with ExitStack() as opened:
        found: dict[str, Completer] = {}
        for spec in () if request.mode == "replay" else request.models:
            found[spec] = open_completer(spec, **request.options)
            opened.callback(found[spec].close)
        yield found

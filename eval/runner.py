"""Runs a suite: prompts x models x repeats, each call recorded as it comes back, none made twice."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path

from pydantic import BaseModel, ValidationError

from eval.records import (
    ArmFacts,
    CallFault,
    CallRecord,
    Mode,
    PromptFacts,
    RecordWriter,
    RunFacts,
    read_records,
    write_facts,
)
from eval.schemas import json_form, schema_of
from eval.suites import Case, Suite
from eval.tasks import Call, calls_of, prompts_of, walk
from persona_kit.concurrency import map_concurrently
from persona_kit.errors import BudgetExhausted, PersonaKitError
from persona_kit.hashing import sha256_json, stable_seed
from persona_kit.progress import Progress, Silent
from persona_kit.version import tool_version
from personas.models import Engine
from personas.models.completion import Completion, Sampling
from prompts.loader import Message, Prompt, RenderedPrompt, load_prompt

HOSTED_CONCURRENCY = 8
CUT, DECLINED, EMPTY = "cut", "declined", "empty"


@dataclass(frozen=True, kw_only=True)
class Arm:
    """Prompts and a model that are run together.

    Args:
        name: how tables name it.
        engine: the model.
        prompts: id and variant -> the text to use in place of the one that ships.
        sources: id and variant -> the file or revision that the text came from.
    """

    name: str
    engine: Engine
    prompts: Mapping[str, Prompt] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)

    def prompt(self, name: str) -> Prompt:
        """The text of a prompt in this arm."""
        if name in self.prompts:
            return self.prompts[name]
        prompt_id, _, variant = name.partition(".")
        return load_prompt(prompt_id, variant=variant)

    def facts(self, suite: Suite) -> ArmFacts:
        """What it is, for the record."""
        prompts = [(name, self.prompt(name)) for name in prompts_of(suite)]
        return ArmFacts(
            arm=self.name,
            spec=self.engine.spec,
            identity=self.engine.identity,
            prompts=tuple(
                PromptFacts(
                    name=name,
                    version=prompt.front.version,
                    contract_sha256=prompt.contract_sha256,
                    source=self.sources.get(name, "shipped"),
                )
                for name, prompt in prompts
            ),
        )


@dataclass(frozen=True, kw_only=True)
class RunPlan:
    """What to run."""

    suite: Suite
    cases: Sequence[Case]
    arms: Sequence[Arm]
    repeats: int
    seed: int = 0
    mode: Mode = "live"
    home: str = ""

    @cached_property
    def facts(self) -> RunFacts:
        """The plan, as the run's folder keeps it."""
        return RunFacts(
            suite=self.suite.suite,
            suite_sha256=self.suite.sha256,
            cases={case.id: self.suite.case_sha256(case) for case in self.cases},
            repeats=self.repeats,
            seed=self.seed,
            sampling=self.suite.sampling,
            arms=tuple(arm.facts(self.suite) for arm in self.arms),
            home=self.home,
        )

    @property
    def sha256(self) -> str:
        """Hash of the plan: another one for other cases, prompts, models, repeats or a seed."""
        return sha256_json(self.facts.model_dump(mode="json", exclude={"home"}))


def run_suite(plan: RunPlan, out: Path, *, progress: Progress | None = None) -> list[CallRecord]:
    """Makes the calls that the folder has no answer to yet, and returns all of the run's records.

    Calls that failed are made again when the same command is given again; bad answers are not.

    Args:
        plan: what to run.
        out: the run's folder.
        progress: told of each case.

    Raises:
        BudgetExhausted: when the budget does not hold another call; what was answered is kept.
        OutputError: when the folder cannot be written or holds another run.
    """
    write_facts(out, plan.facts)
    known = {record.key: record for record in read_records(out) if record.fault is None}
    told = progress or Silent()
    told.start(plan.suite.suite, len(plan.arms) * len(plan.cases) * plan.repeats)
    with RecordWriter(out) as writer:
        for arm in plan.arms:
            _ArmRun(plan, arm, known, writer, told).run()
    told.finish(plan.suite.suite)
    return read_records(out)


class _ArmRun:
    """The calls of one arm."""

    def __init__(
        self, plan: RunPlan, arm: Arm, known: Mapping[str, CallRecord], writer: RecordWriter, progress: Progress
    ) -> None:
        self._plan, self._arm, self._known, self._writer, self._progress = plan, arm, known, writer, progress
        self._lock = threading.Lock()

    def run(self) -> None:
        jobs = [(case, repeat) for case in self._plan.cases for repeat in range(self._plan.repeats)]
        workers = HOSTED_CONCURRENCY if self._arm.engine.hosted else 1
        for outcome in map_concurrently(self._run_job, jobs, workers=workers):
            if isinstance(outcome, BaseException):
                raise outcome

    def _run_job(self, job: tuple[Case, int]) -> None:
        case, repeat = job
        for _ in walk(calls_of(self._plan.suite, case), partial(self._answered, case, repeat)):
            pass  # each step asks and records
        self._progress.step(self._plan.suite.suite)

    def _answered(self, case: Case, repeat: int, call: Call, step: int) -> CallRecord:
        key = call_key(self._arm.name, case.id, repeat, step)
        if key in self._known:
            return self._known[key]
        record = self._asked(key, case, repeat, step, call)
        with self._lock:
            self._writer.write(record)
        return record

    def _asked(self, key: str, case: Case, repeat: int, step: int, call: Call) -> CallRecord:
        template = self._arm.prompt(call.prompt)
        rendered = _rendered(template, call)
        schema = schema_of(template.front.output, where=template.file_name)
        suite = self._plan.suite
        # Of the case and the repeat alone, so that a changed prompt is drawn with the same seeds.
        seed = stable_seed(self._plan.seed, suite.suite, case.id, repeat, step)
        sampling = Sampling(seed=seed, max_tokens=suite.sampling.max_tokens, temperature=suite.sampling.temperature)
        started, began = datetime.now(UTC).isoformat(timespec="seconds"), time.perf_counter()
        completion, fault = self._completed(rendered, schema, sampling)
        return CallRecord(
            key=key,
            suite=suite.suite,
            arm=self._arm.name,
            case=case.id,
            tags=case.tags,
            repeat=repeat,
            step=step,
            prompt=call.prompt,
            prompt_version=template.front.version,
            contract_sha256=template.contract_sha256,
            rendered_sha256=sha256_json([message.model_dump() for message in rendered.messages]),
            messages=rendered.messages,
            output=template.front.output,
            schema_sha256=sha256_json(json_form(schema)),
            model=self._arm.engine.identity,
            sampling=sampling,
            completion=completion,
            fault=fault,
            invalid="" if completion is None else _invalid(completion, schema),
            mode=self._plan.mode,
            seconds=round(time.perf_counter() - began, 4),
            started_at=started,
            tool_version=tool_version(),
        )

    def _completed(
        self, rendered: RenderedPrompt, schema: type[BaseModel], sampling: Sampling
    ) -> tuple[Completion | None, CallFault | None]:
        try:
            return self._arm.engine.complete_once(rendered, schema, sampling)[0], None
        except BudgetExhausted:
            raise
        except PersonaKitError as error:
            return None, CallFault(kind=type(error).__name__, message=error.message)


def call_key(arm: str, case: str, repeat: int, step: int) -> str:
    """What a call is found under in its run."""
    return f"{arm}|{case}|{repeat}|{step}"


def _rendered(template: Prompt, call: Call) -> RenderedPrompt:
    rendered = template.render(call.inputs)
    if not call.message:
        return rendered
    further = Message(role="user", text=call.message)
    return rendered.model_copy(update={"messages": (*rendered.messages, further)})


def _invalid(completion: Completion, schema: type[BaseModel]) -> str:
    if completion.finish == "refused":
        return DECLINED
    if completion.finish == "length":
        return CUT
    if not completion.text.strip():
        return EMPTY
    try:
        schema.model_validate_json(completion.text)
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False, include_context=False)[:3]
        return "; ".join(f"{'.'.join(map(str, fault['loc'])) or 'the answer'}: {fault['msg']}" for fault in faults)
    return ""

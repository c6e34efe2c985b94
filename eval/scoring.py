"""Scores of a run, made from its records: again at any time, without asking a model."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import mean

from eval.metrics import (
    DISTINCT,
    JUDGED,
    METRICS,
    METRICS_VERSION,
    STABILITY,
    Answered,
    distinct,
    kind_of,
    stability,
)
from eval.readings import read_answer
from eval.records import SCORES_FILE, CallRecord, Judged, RunFacts, read_facts, read_judged, read_records
from eval.runner import call_key
from eval.suites import HOME, Case, Suite, load_suite
from eval.tasks import Step, calls_of, walk
from persona_kit.atomic_write import write_text_atomically
from persona_kit.errors import InputError
from persona_kit.records import Record

LEAST_EXAMPLE_MESSAGES = 4
"""Messages from which a prompt has examples: system, a question with its answer, and the question asked."""

CaseScores = dict[str, dict[str, list[float]]]
"""Metric -> case -> its scores, one a repeat; cases without any score of the metric are not there."""


class ScoreLine(Record):
    """A score of one repeat of a case, or that it has none."""

    arm: str
    case: str
    repeat: int
    metric: str
    value: float | None
    """None: unscored."""
    metrics_version: int = METRICS_VERSION


@dataclass(frozen=True)
class ArmScores:
    """What an arm's answers are worth."""

    arm: str
    metrics: CaseScores
    unscored: Mapping[str, int]
    """Metric -> repeats that could not be scored."""
    faults: Sequence[CallRecord] = field(default_factory=tuple)
    """Calls that gave no answer; their cases are not scored."""
    judge: str = ""
    """Who judged the answers; empty where nobody did."""

    @property
    def cases(self) -> frozenset[str]:
        """Cases with an answer to each call."""
        return frozenset(case for scores in self.metrics.values() for case in scores)


def suite_of(facts: RunFacts) -> Suite:
    """The suite of a run, as it is now.

    Raises:
        InputError: when the cases that were run are not in it any more as they were.
    """
    suite = load_suite(facts.suite, Path(facts.home) if facts.home else HOME)
    now = {case.id: suite.case_sha256(case) for case in suite.cases}
    changed = sorted(case for case, sha in facts.cases.items() if now.get(case) != sha)
    if changed:
        raise InputError(
            f"cases changed since the run: {', '.join(changed[:8])}",
            where=facts.suite,
            mend="run the suite again",
        )
    return suite


def score_run(run: Path) -> list[ArmScores]:
    """Scores every arm of a run and writes ``scores.jsonl``.

    Raises:
        InputError: when there is no run, or its cases changed since.
        OutputError: when the scores cannot be written.
    """
    facts = read_facts(run)
    suite = suite_of(facts)
    records, judged = read_records(run), read_judged(run)
    lines: list[ScoreLine] = []
    scored = []
    for arm in facts.arms:
        found = list(_lines(suite, facts, arm.arm, [record for record in records if record.arm == arm.arm]))
        found += _judged_lines(arm.arm, judged)
        lines += found
        faults = tuple(record for record in records if record.arm == arm.arm and record.fault is not None)
        judge = next((one.judge for one in judged if one.arm == arm.arm), "")
        scored.append(replace(_gathered(arm.arm, found, faults), judge=judge))
    text = "".join(line.model_dump_json(exclude_defaults=True) + "\n" for line in lines)
    write_text_atomically(run / SCORES_FILE, text)
    return scored


def _gathered(arm: str, lines: Sequence[ScoreLine], faults: Sequence[CallRecord]) -> ArmScores:
    metrics: CaseScores = defaultdict(lambda: defaultdict(list))
    unscored: dict[str, int] = defaultdict(int)
    for line in lines:
        if line.value is None:
            unscored[line.metric] += 1
        else:
            metrics[line.metric][line.case].append(line.value)
    kept = {metric: dict(cases) for metric, cases in metrics.items()}
    return ArmScores(arm=arm, metrics=kept, unscored=dict(unscored), faults=faults)


def _lines(suite: Suite, facts: RunFacts, arm: str, records: Sequence[CallRecord]) -> Iterator[ScoreLine]:
    by_key = {record.key: record for record in records}
    cases = [case for case in suite.cases if case.id in facts.cases]
    texts: dict[str, dict[int, str]] = defaultdict(dict)
    for case in cases:
        for repeat in range(facts.repeats):
            answered = _answered(suite, case, arm, repeat, by_key)
            if answered is None:
                continue
            for metric in METRICS:
                values = [value for one in answered if (value := metric.score(one)) is not None]
                value = _together(values, summed=metric.kind == "cost")
                yield ScoreLine(arm=arm, case=case.id, repeat=repeat, metric=metric.name, value=value)
            last = answered[-1].reading
            texts[case.id][repeat] = last.text if last is not None else ""
    yield from _across(facts, arm, texts)


def _across(facts: RunFacts, arm: str, texts: Mapping[str, Mapping[int, str]]) -> Iterator[ScoreLine]:
    """Metrics of several answers together."""
    for case, repeats in texts.items():
        yield ScoreLine(arm=arm, case=case, repeat=0, metric=STABILITY, value=stability(list(repeats.values())))
    for repeat in range(facts.repeats):
        said = {case: repeats[repeat] for case, repeats in texts.items() if repeat in repeats}
        apart = distinct(said)
        for case in said:
            yield ScoreLine(arm=arm, case=case, repeat=repeat, metric=DISTINCT, value=apart.get(case))


def _judged_lines(arm: str, judged: Sequence[Judged]) -> Iterator[ScoreLine]:
    """Of each answer the share of its statements that the judge finds carried; unscored where it said nothing."""
    said: dict[tuple[str, int], list[bool]] = defaultdict(list)
    for one in judged:
        if one.arm == arm:
            said[one.case, one.repeat] += [] if one.supported is None else [one.supported]
    for (case, repeat), verdicts in said.items():
        value = _together([float(verdict) for verdict in verdicts], summed=False)
        yield ScoreLine(arm=arm, case=case, repeat=repeat, metric=JUDGED, value=value)


def _together(values: Sequence[float], *, summed: bool) -> float | None:
    """One score of the calls of a case."""
    if not values:
        return None
    return round(sum(values) if summed else mean(values), 6)


def _answered(
    suite: Suite, case: Case, arm: str, repeat: int, by_key: Mapping[str, CallRecord]
) -> list[Answered] | None:
    """The case's calls with their answers; None where one was not made or failed."""
    found: list[Answered] = []
    for call, record, answer in recorded_steps(suite, case, arm, repeat, by_key):
        if record is None or record.completion is None:
            return None
        *before, asked = record.messages
        few_shot = len(record.messages) >= LEAST_EXAMPLE_MESSAGES
        found.append(
            Answered(
                suite=suite,
                expect=call.expect,
                reading=None if answer is None else read_answer(answer, call),
                raw=record.completion.text,
                examples=" ".join(message.text for message in before[1:]) if few_shot else "",
                asked=asked.text,
                tokens=record.completion.prompt_tokens + record.completion.completion_tokens,
                cost_usd=record.completion.cost_usd,
                seconds=None if record.mode == "replay" else record.seconds,
            )
        )
    return found


def recorded_steps(suite: Suite, case: Case, arm: str, repeat: int, by_key: Mapping[str, CallRecord]) -> Iterator[Step]:
    """A case's calls with what was answered, from the records of a run."""
    return walk(calls_of(suite, case), lambda _call, step: by_key.get(call_key(arm, case.id, repeat, step)))


def failing_cases(run: Path) -> frozenset[str]:
    """Cases at which an arm of a run failed a verdict in at least half of the repeats."""
    return frozenset(
        case
        for arm in score_run(run)
        for metric, cases in arm.metrics.items()
        if kind_of(metric) == "verdict"
        for case, values in cases.items()
        if mean(values) <= 0.5
    )


def errored_cases(run: Path) -> frozenset[str]:
    """Cases with a call that gave no answer."""
    return frozenset(record.case for record in read_records(run) if record.fault is not None)

"""Baselines: the scores that somebody blessed, kept in git; and the same form for a run that is compared with them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import Field, ValidationError

from eval.line_json import dump_lines
from eval.metrics import METRICS_VERSION
from eval.recordings import file_stem
from eval.records import PromptFacts, RunFacts, read_facts
from eval.scoring import ArmScores, score_run, suite_of
from eval.suites import HOME, SuiteSampling
from persona_kit.atomic_write import write_text_atomically
from persona_kit.errors import InputError, UsageError
from persona_kit.records import Record


class Measured(Record):
    """The scores of one arm of a run, with what they depend on."""

    suite: str
    suite_sha256: str
    cases: dict[str, str]
    """Those that were run: id -> hash of inputs and expectation."""
    whole: bool
    """Whether all cases of the suite were run, each with an answer."""
    repeats: int
    sampling: SuiteSampling
    metrics_version: int
    spec: str
    identity: str
    prompts: tuple[PromptFacts, ...]
    scores: dict[str, dict[str, tuple[float, ...]]]
    """Metric -> case -> scores, one a repeat."""
    judge: str = ""
    """Who judged the answers; empty where nobody did."""
    errors: dict[str, str] = Field(default_factory=dict)
    """Cases with a call that gave no answer, and why."""

    @property
    def mean_of(self) -> dict[str, float]:
        """Metric -> mean over its cases, repeats averaged first."""
        return {
            metric: sum(sum(values) / len(values) for values in cases.values()) / len(cases)
            for metric, cases in self.scores.items()
            if cases
        }


def measure(run: Path, arm: str | None = None) -> Measured:
    """The scores of an arm of a run, computed from its records.

    Raises:
        UsageError: when the run has several arms and none, or none of this name, is named.
        InputError: when there is no such run.
    """
    facts = read_facts(run)
    return measured(facts, _chosen(score_run(run), arm, run))


def measured(facts: RunFacts, scored: ArmScores) -> Measured:
    """The scores of an arm with what they depend on."""
    arm = next(one for one in facts.arms if one.arm == scored.arm)
    suite = suite_of(facts)
    errors = {record.case: record.fault.message for record in scored.faults if record.fault is not None}
    return Measured(
        suite=facts.suite,
        suite_sha256=facts.suite_sha256,
        cases=facts.cases,
        whole=len(facts.cases) == len(suite.cases) and not errors,
        repeats=facts.repeats,
        sampling=facts.sampling,
        metrics_version=METRICS_VERSION,
        spec=arm.spec,
        identity=arm.identity,
        prompts=arm.prompts,
        scores={
            metric: {case: tuple(values) for case, values in cases.items()} for metric, cases in scored.metrics.items()
        },
        judge=scored.judge,
        errors=errors,
    )


def baseline_path(suite: str, spec: str, home: Path = HOME) -> Path:
    """Where the blessed baseline of a suite and model lies."""
    return home / "baselines" / suite / f"{file_stem(spec)}.json"


def read_baseline(path: Path) -> Measured:
    """A blessed baseline.

    Raises:
        InputError: when there is none.
    """
    try:
        return Measured.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        raise InputError(
            f"the baseline cannot be read: {error}", where=str(path), mend="bless a run: personas eval bless RUN"
        ) from error


def bless(run: Path, *, arm: str | None = None, home: Path = HOME) -> Path:
    """Makes a run's scores the baseline of its suite and model; times are left out, since they differ every time.

    Raises:
        UsageError: when the run has several arms and none is named.
        InputError: when the run is not whole: a baseline with holes would hide regressions.
    """
    found = measure(run, arm)
    if not found.whole:
        raise InputError(
            "only a run of all cases, each answered, can be a baseline",
            where=str(run),
            mend="run the suite without --tag and --case, and again where calls failed",
        )
    kept = {metric: cases for metric, cases in found.scores.items() if metric != "seconds"}
    path = baseline_path(found.suite, found.spec, home)
    write_text_atomically(path, _as_json(found.model_copy(update={"scores": kept})))
    return path


def _chosen(scored: Sequence[ArmScores], arm: str | None, run: Path) -> ArmScores:
    named = [one for one in scored if arm in (None, one.arm)]
    if len(named) == 1:
        return named[0]
    raise UsageError(
        "the run has several prompts or models" if arm is None else f"the run has no {arm!r}",
        where=str(run),
        mend="name one with --arm: " + "; ".join(one.arm for one in scored),
    )


def _as_json(baseline: Measured) -> str:
    scores = {metric: dict(sorted(cases.items())) for metric, cases in sorted(baseline.scores.items())}
    left_out = {"scores", "errors"} if baseline.judge else {"scores", "errors", "judge"}
    head = baseline.model_dump(mode="json", exclude=left_out)
    return dump_lines(head | {"scores": scores}, levels=3)

"""What came of a suite that was run: scores, and a comparison of each prompt and model with its baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.baselines import baseline_path, measured, read_baseline
from eval.calibrating import is_calibrated
from eval.comparing import Comparison, compare_measured
from eval.records import CallRecord, read_facts
from eval.running import SuiteRun
from eval.scoring import ArmScores, score_run
from persona_kit.errors import UsageError


@dataclass(frozen=True)
class Outcome:
    """A suite's run with its verdicts."""

    run: SuiteRun
    arms: Sequence[ArmScores]
    comparisons: Sequence[Comparison]
    notes: Sequence[str]
    """Why something was not compared."""
    uncompared: bool = False
    """Whether that is an error: a replay that is compared with nothing would always pass."""

    @property
    def faults(self) -> list[CallRecord]:
        """Calls that gave no answer."""
        return [record for arm in self.arms for record in arm.faults]


def outcome_of(run: SuiteRun, home: Path, *, compare: bool = True, strict: bool = False) -> Outcome:
    """Scores a run and compares it with the blessed baselines.

    Args:
        run: a suite that was run.
        home: of the baselines.
        compare: whether to compare at all.
        strict: whether it is an error that an arm has no baseline, or one that cannot be compared.

    Raises:
        InputError: when a baseline cannot be read.
    """
    facts, arms = read_facts(run.path), score_run(run.path)
    comparisons, notes = [], []
    for arm in [arm for arm in arms if arm.cases] if compare else ():
        now = measured(facts, arm)
        path = baseline_path(run.suite.suite, now.spec, home)
        if not path.is_file():
            notes.append(f"{run.suite.suite}: no baseline of {now.spec}; bless one: personas eval bless {run.path}")
            continue
        try:
            judge_gates = is_calibrated(now.judge, home)
            comparisons.append(compare_measured(read_baseline(path), now, run.suite.gates, judge_gates=judge_gates))
        except UsageError as error:
            notes.append(f"not compared: {error.what}")
    return Outcome(run, arms, comparisons, notes, uncompared=strict and bool(notes))

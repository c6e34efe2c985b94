"""Whether a run is worse than a baseline: case by case, metric by metric, with one verdict each and one for all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from eval.baselines import Measured
from eval.metrics import DISTINCT, JUDGED, Kind, kind_of
from eval.statistics import (
    Gate,
    ScoreComparison,
    Verdict,
    VerdictComparison,
    compare_passes,
    compare_scores,
    judge,
)
from persona_kit.errors import UsageError
from persona_kit.records import Record

FailOn = Literal["regressed", "suspect"]
DEFAULT_MARGIN = 0.05
"""Smallest loss that matters of a metric that no gate names."""


class MetricComparison(Record):
    """A metric of the two runs."""

    metric: str
    kind: Kind
    gates: bool
    """Whether a regression of it fails the run; the others advise."""
    cases: int
    before: float
    after: float
    difference: float
    """Of costs the share by which they fell or grew, growth negative: less is always worse."""
    low: float | None = None
    """95 % interval of the difference; None of verdicts."""
    high: float | None = None
    p: float
    p_adjusted: float
    """By Holm over the gates; of metrics that advise, as it is."""
    margin: float
    detectable: float | None
    """Smallest true loss that would be seen four times in five; None where no loss would."""
    verdict: Verdict
    rule: str
    worse: tuple[str, ...] = ()
    """Cases that lost, largest loss first."""
    unscored: int = 0
    """Cases scored before and not now."""


class Comparison(Record):
    """Two runs compared."""

    suite: str
    before: Measured
    after: Measured
    metrics: tuple[MetricComparison, ...]
    notes: tuple[str, ...] = ()

    def fails(self, fail_on: FailOn = "regressed") -> bool:
        """Whether a gate has a verdict that is to fail."""
        bad = {"regressed"} if fail_on == "regressed" else {"regressed", "suspect"}
        return any(one.gates and one.verdict in bad for one in self.metrics)

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of a gate; `improved` only where nothing else is worse than equivalent."""
        there = {one.verdict for one in self.metrics if one.gates}
        order: tuple[Verdict, ...] = ("regressed", "suspect", "improved", "inconclusive", "equivalent")
        return next((verdict for verdict in order if verdict in there), "inconclusive")


def compare_measured(
    before: Measured,
    after: Measured,
    gates: Mapping[str, float],
    *,
    across_models: bool = False,
    force: bool = False,
    judge_gates: bool = False,
    seed: int = 0,
) -> Comparison:
    """The candidate against the baseline.

    Args:
        before: the baseline.
        after: the candidate.
        gates: metric -> smallest loss that matters.
        across_models: whether the models may differ, because they are what is compared.
        force: compare unlike runs all the same, and say so.
        judge_gates: whether the candidate's judge is calibrated; what another one says advises, whatever the suite
            demands.
        seed: of the random signs.

    Raises:
        UsageError: when the runs are unlike: other cases, sampling, repeats, metrics or model.
    """
    faults = unlike(before, after, across_models=across_models)
    if faults and not force:
        raise UsageError(
            f"the two runs are unlike: {'; '.join(faults)}",
            where=after.suite,
            mend="bless a new baseline, or compare all the same with --force",
        )
    # How near the nearest other case is depends on which others there are.
    set_changed = before.cases.keys() != after.cases.keys()
    left_out = {DISTINCT} if set_changed else set()
    if before.judge != after.judge:
        left_out.add(JUDGED)
    judged_notes = _judged_notes(before, after, gates, judge_gates=judge_gates)
    gates = gates if judge_gates else {name: margin for name, margin in gates.items() if name != JUDGED}
    names = [name for name in _ordered(before, after) if name not in left_out]
    comparisons = {name: _compared(name, before, after, gates, seed) for name in names}
    gating = {name: found for name, found in comparisons.items() if name in gates and found is not None}
    judged = {gate.metric: gate for gate in judge(gating)}
    rows = [
        _row(name, found, judged.get(name) or judge({name: found})[0], before, after, gates)
        for name, found in comparisons.items()
        if found is not None
    ]
    lost = sorted(name for name in gates if name in before.scores and comparisons.get(name) is None)
    unscored = [f"gates of which no case is scored in both runs: {', '.join(lost)}"] if lost else []
    notes = [*faults, *_partial(before, after), *unscored, *judged_notes]
    return Comparison(suite=after.suite, before=before, after=after, metrics=tuple(rows), notes=tuple(notes))


def unlike(before: Measured, after: Measured, *, across_models: bool = False) -> list[str]:
    """Why scores of the two runs do not mean the same; empty where only the prompts differ."""
    faults = []
    if before.suite != after.suite:
        faults.append(f"suites {before.suite} and {after.suite}")
    changed = sorted(case for case, sha in after.cases.items() if before.cases.get(case, sha) != sha)
    if changed:
        faults.append(f"cases changed: {', '.join(changed[:5])}")
    for name in ("repeats", "sampling", "metrics_version"):
        if getattr(before, name) != getattr(after, name):
            faults.append(f"{name.replace('_', ' ')}: {getattr(before, name)} and {getattr(after, name)}")
    if before.identity != after.identity and not across_models:
        faults.append(f"models {before.identity} and {after.identity}")
    return faults


def _partial(before: Measured, after: Measured) -> list[str]:
    left_out = len(before.cases.keys() - after.cases.keys())
    new = len(after.cases.keys() - before.cases.keys())
    notes = [f"{left_out} cases of the baseline were not chosen for this run"] if left_out else []
    return notes + ([f"{new} cases are new and not compared"] if new else [])


def _judged_notes(before: Measured, after: Measured, gates: Mapping[str, float], *, judge_gates: bool) -> Sequence[str]:
    """Why what a model judged is not compared, or does not gate though the suite names it."""
    if before.judge != after.judge and (JUDGED in gates or (before.judge and after.judge)):
        judges = " and ".join(one.judge or "nobody" for one in (before, after))
        return [f"{JUDGED} is not compared: the runs were judged by {judges}"]
    if JUDGED in gates and after.judge and not judge_gates:
        return [f"{JUDGED} advises: {after.judge} is not calibrated (personas eval calibrate LABELS.csv --keep)"]
    return []


def _ordered(before: Measured, after: Measured) -> list[str]:
    shared = set(before.scores) & set(after.scores)
    return [name for name in (*before.scores, *after.scores) if name in shared and kind_of(name)][: len(shared)]


def _compared(
    name: str, before: Measured, after: Measured, gates: Mapping[str, float], seed: int
) -> ScoreComparison | VerdictComparison | None:
    """The comparison over cases scored in both; a chosen case without any answer now counts as missing."""
    now = after.scores[name]
    then = {
        case: values
        for case, values in before.scores[name].items()
        if case in now or (case in after.errors and case in after.cases)
    }
    if not then.keys() & now.keys():
        return None
    margin, count = gates.get(name, DEFAULT_MARGIN), max(1, len(gates))
    kind = kind_of(name)
    if kind == "verdict":
        first, second = ({c: [v >= 0.5 for v in vs] for c, vs in scores.items()} for scores in (then, now))
        return compare_passes(first, second, margin=margin, gates=count)
    if kind == "cost":
        usual = sum(sum(vs) / len(vs) for vs in then.values()) / len(then) or 1.0
        then, now = (
            {case: tuple(-value / usual for value in values) for case, values in scores.items()}
            for scores in (then, now)
        )
    return compare_scores(then, now, margin=margin, gates=count, seed=seed)


def _row(
    name: str,
    found: ScoreComparison | VerdictComparison,
    gate: Gate,
    before: Measured,
    after: Measured,
    gates: Mapping[str, float],
) -> MetricComparison:
    shared = before.scores[name].keys() & after.scores[name].keys()
    return MetricComparison(
        metric=name,
        kind=kind_of(name) or "score",
        gates=name in gates,
        cases=found.cases,
        before=_mean(before, name, sorted(shared)),
        after=_mean(after, name, sorted(shared)),
        difference=found.difference,
        low=_finite(found.low) if isinstance(found, ScoreComparison) else None,
        high=_finite(found.high) if isinstance(found, ScoreComparison) else None,
        p=found.p,
        p_adjusted=gate.p_adjusted,
        margin=found.margin,
        detectable=_finite(found.detectable),
        verdict=gate.verdict,
        rule=gate.rule,
        worse=found.worse if isinstance(found, ScoreComparison) else found.broken,
        unscored=len(before.scores[name].keys() & after.cases.keys() - after.scores[name].keys() - after.errors.keys()),
    )


def _finite(value: float) -> float | None:
    return value if abs(value) != float("inf") else None


def _mean(run: Measured, name: str, cases: Sequence[str]) -> float:
    """Mean over the cases, repeats averaged first; of verdicts the share of cases that pass in most repeats."""
    values = [sum(run.scores[name][case]) / len(run.scores[name][case]) for case in cases]
    if kind_of(name) == "verdict":
        values = [float(value > 0.5) for value in values]
    return sum(values) / len(values)

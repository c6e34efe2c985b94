"""Comparing: verdicts over gates, runs that are unlike, cases that went missing; calibration and bisection."""

from __future__ import annotations

from pathlib import Path

import pytest

from eval.baselines import Measured
from eval.bisecting import Probe, search
from eval.calibrating import calibrate
from eval.comparing import MetricComparison, compare_measured
from eval.statistics import mean_interval, pass_all, pass_at, share_interval
from eval.suites import SuiteSampling
from persona_kit.errors import InputError, UsageError

CASES = [f"case-{number}" for number in range(24)]
GATES = {"carried": 0.05, "schema": 0.05, "tokens": 0.2}


def run(
    *,
    carried: float = 0.8,
    passes: int = 24,
    tokens: float = 100,
    identity: str = "model",
    repeats: int = 1,
    cases: list[str] | None = None,
    errors: dict[str, str] | None = None,
) -> Measured:
    kept = CASES if cases is None else cases
    answered = [case for case in kept if case not in (errors or {})]
    return Measured(
        suite="s",
        suite_sha256="x",
        cases=dict.fromkeys(kept, "sha"),
        whole=True,
        repeats=repeats,
        sampling=SuiteSampling(max_tokens=40),
        metrics_version=1,
        spec="model",
        identity=identity,
        prompts=(),
        scores={
            "carried": {case: (carried + (place % 3) / 100,) for place, case in enumerate(answered)},
            "schema": {case: (float(place < passes),) for place, case in enumerate(answered)},
            "tokens": {case: (tokens + place,) for place, case in enumerate(answered)},
        },
        errors=errors or {},
    )


def verdicts(before: Measured, after: Measured) -> dict[str, str]:
    return {one.metric: one.verdict for one in compare_measured(before, after, GATES).metrics}


def test_the_same_scores_are_equivalent() -> None:
    comparison = compare_measured(run(), run(), GATES)
    assert {one.verdict for one in comparison.metrics} == {"equivalent"}
    assert (comparison.verdict, comparison.fails("suspect")) == ("equivalent", False)


def test_a_loss_beyond_margin_and_chance_fails() -> None:
    comparison = compare_measured(run(), run(carried=0.6), GATES)
    carried = next(one for one in comparison.metrics if one.metric == "carried")
    assert (carried.verdict, carried.gates, round(carried.difference, 2)) == ("regressed", True, -0.2)
    assert carried.p_adjusted >= carried.p
    assert (comparison.verdict, comparison.fails()) == ("regressed", True)


def test_a_loss_within_the_margin_does_not() -> None:
    assert verdicts(run(), run(carried=0.77))["carried"] == "equivalent"


def test_verdicts_and_costs_have_their_own_tests() -> None:
    assert verdicts(run(), run(passes=14))["schema"] == "regressed"
    assert verdicts(run(), run(passes=22))["schema"] == "suspect"
    assert verdicts(run(), run(tokens=180))["tokens"] == "regressed"
    assert verdicts(run(), run(tokens=60))["tokens"] == "improved"


def test_metrics_that_advise_do_not_fail() -> None:
    comparison = compare_measured(run(), run(carried=0.5), {"schema": 0.05})
    assert {one.metric: one.gates for one in comparison.metrics} == {"carried": False, "schema": True, "tokens": False}
    assert not comparison.fails()


def test_a_case_that_was_answered_and_is_not_now_is_a_regression() -> None:
    comparison = compare_measured(run(), run(errors={"case-3": "away"}), GATES)
    assert comparison.fails()
    assert "missing" in comparison.metrics[0].rule


def test_cases_that_were_not_chosen_or_are_new_are_told() -> None:
    assert verdicts(run(), run(cases=CASES[:8]))["carried"] == "equivalent"
    notes = compare_measured(run(cases=CASES[:20]), run(cases=CASES[4:]), GATES).notes
    assert notes == ("4 cases of the baseline were not chosen for this run", "4 cases are new and not compared")


def test_distinctness_is_compared_over_the_same_cases_alone() -> None:
    apart = {"distinct": dict.fromkeys(CASES, (0.5,))}
    whole = run().model_copy(update={"scores": apart})
    part = whole.model_copy(update={"cases": dict.fromkeys(CASES[:8], "sha")})
    assert [one.metric for one in compare_measured(whole, whole, {"distinct": 0.05}).metrics] == ["distinct"]
    assert compare_measured(whole, part, {"distinct": 0.05}).metrics == ()


def test_a_gate_that_cannot_be_scored_any_more_is_told() -> None:
    silent = run().model_copy(update={"scores": {"schema": dict.fromkeys(CASES, (0.0,))}})
    comparison = compare_measured(run(), silent, GATES)
    assert comparison.fails()
    assert comparison.notes == ("gates of which no case is scored in both runs: carried, tokens",)


def test_unlike_runs_are_refused_unless_forced() -> None:
    changed = run().model_copy(update={"cases": dict.fromkeys(CASES, "other")})
    for other, told in ((run(repeats=3), "repeats"), (run(identity="b"), "models"), (changed, "cases changed")):
        with pytest.raises(UsageError, match=told):
            compare_measured(run(), other, GATES)
        assert told.split()[0] in compare_measured(run(), other, GATES, force=True).notes[0]
    assert compare_measured(run(), run(identity="b"), GATES, across_models=True).notes == ()


@pytest.mark.parametrize("culprit", [1, 4, 7])
def test_bisection_finds_the_first_bad_version_in_few_runs(culprit: int) -> None:
    row = compare_measured(run(), run(), GATES).metrics[0]
    tried = []

    def probe(at: int) -> Probe:
        tried.append(at)
        return Probe(
            f"v{at}", MetricComparison(**row.model_dump() | {"verdict": "regressed" if at >= culprit else "equivalent"})
        )

    assert search(probe, 8, "carried").culprit == f"v{culprit}"
    assert len(tried) <= 4
    assert search(lambda at: Probe(f"v{at}", row), 8, "carried").culprit is None


def test_kappa_against_human_labels(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    same = ["yes,yes"] * 20 + ["no,no"] * 15 + ["yes,no"] * 3 + ["no,yes"] * 2
    path.write_text("\n".join(["human,judge", *same]), encoding="utf-8")
    found = calibrate(path)
    assert (found.labels, found.agreement) == (40, 0.875)
    assert found.kappa == pytest.approx(0.7468, abs=1e-3)
    assert found.low < found.kappa < found.high
    assert found.may_gate
    path.write_text("\n".join(["human,judge", *(["yes,yes", "no,yes", "yes,no", "no,no"] * 10)]), encoding="utf-8")
    assert calibrate(path).kappa == pytest.approx(0)
    assert not calibrate(path).may_gate


@pytest.mark.parametrize("text", ["a,b\n1,2", "human,judge", "human,judge\nyes,no\nyes,yes"])
def test_labels_that_tell_nothing_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "labels.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError):
        calibrate(tmp_path / "labels.csv")


def test_intervals_and_repeats() -> None:
    low, high = share_interval(3, 3)
    assert (round(low, 2), high) == (0.44, 1.0)
    assert mean_interval([0.5, 0.5, 0.5]) == (0.5, 0.5)
    assert mean_interval([0.5]) == (float("-inf"), float("inf"))
    assert pass_at(1, 3, 2) == pytest.approx(2 / 3)
    assert pass_all(2, 3, 2) == pytest.approx(1 / 3)

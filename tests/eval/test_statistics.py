"""The comparison of two runs against simulation: false alarms, power, and the verdicts of known cases."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from eval.detecting import POWER, detectable_breaks, detectable_loss
from eval.statistics import (
    ALPHA,
    ScoreComparison,
    compare_passes,
    compare_scores,
    holm,
    judge,
    mcnemar_p,
    sign_flip_p,
)
from persona_kit.errors import InputError

GATES = 5


def drawn(
    rng: np.random.Generator, cases: int, *, loss: float = 0.0, spread: float = 0.2, repeats: int = 3
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Two runs of cases that differ in how hard they are; the second loses what is said."""
    hard = rng.uniform(0.3, 0.9, cases)
    shift = rng.normal(-loss, spread, cases)
    before = {f"c{at}": list(hard[at] + rng.normal(0, 0.05, repeats)) for at in range(cases)}
    after = {f"c{at}": list(hard[at] + shift[at] + rng.normal(0, 0.05, repeats)) for at in range(cases)}
    return before, after


def verdicts_of(rng: np.random.Generator, cases: int, *, loss: float = 0.0, margin: float = 0.001) -> list[str]:
    compared = {}
    for gate in range(GATES):
        before, after = drawn(rng, cases, loss=loss if gate == 0 else 0.0)
        compared[f"m{gate}"] = compare_scores(before, after, margin=margin, gates=GATES, seed=gate)
    return [gate.verdict for gate in judge(compared)]


@pytest.fixture
def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand random signs a comparison, and no word on what could be seen: hundreds of runs are simulated."""
    monkeypatch.setattr("eval.statistics.DRAWS", 999)
    monkeypatch.setattr("eval.statistics.detectable_loss", lambda *_runs, **_options: float("inf"))


@pytest.mark.usefixtures("few_draws")
@pytest.mark.parametrize("cases", [8, 20, 60])
def test_five_gates_together_raise_at_most_one_false_alarm_in_twenty(cases: int) -> None:
    rng = np.random.default_rng(cases)
    runs = 400 if cases < 15 else 200
    alarms = sum("regressed" in verdicts_of(rng, cases) or "improved" in verdicts_of(rng, cases) for _ in range(runs))
    # Two chances of 5 % a round; three standard errors above.
    assert alarms / runs <= 0.1 + 3 * np.sqrt(0.1 * 0.9 / runs)


def right_or_wrong(rng: np.random.Generator, levels: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[list[float]]:
    return [list(row) for row in (rng.random((len(levels), 3)) < levels[:, None]).astype(float)]


def of_many_values(rng: np.random.Generator, levels: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[list[float]]:
    return [list(row) for row in levels[:, None] + rng.normal(0, 0.15, (len(levels), 3))]


@pytest.mark.parametrize("drawn_by", [of_many_values, right_or_wrong])
@pytest.mark.parametrize(("cases", "usual"), [(12, 0.6), (40, 0.97)])
def test_a_loss_of_the_size_that_is_printed_is_seen_four_times_in_five(
    drawn_by: Callable[..., list[list[float]]], cases: int, usual: float
) -> None:
    """What one pair of runs prints, planted into the next run of the same cases; also where nearly all is right."""
    alpha, seen, runs = 0.05, [], 40
    for trial in range(runs):
        rng = np.random.default_rng([cases, trial])
        levels = np.full(cases, usual) if usual > 0.9 else np.clip(rng.normal(usual, 0.2, cases), 0.05, 0.95)
        before, after = drawn_by(rng, levels), drawn_by(rng, levels)
        promised = detectable_loss(before, after, margin=0.02, alpha=alpha, seed=trial)
        worse = drawn_by(rng, levels * (1 - promised / levels.mean()))
        differences = np.mean(worse, axis=1) - np.mean(before, axis=1)
        seen.append(sign_flip_p(differences) < alpha and differences.mean() <= -0.02)
    assert POWER - 3 * np.sqrt(POWER * (1 - POWER) / runs) <= np.mean(seen)


def test_runs_of_the_same_answers_still_tell_what_repeats_differ_by() -> None:
    rng = np.random.default_rng(1)
    steady = [[1.0] * 3 for _ in range(20)]
    shaky = right_or_wrong(rng, np.full(20, 0.7))
    alone = detectable_loss(steady, steady, margin=0.01, alpha=0.05)
    assert detectable_loss(shaky, shaky, margin=0.01, alpha=0.05) > 1.3 * alone > 0.1
    assert detectable_loss([[0.0]] * 20, [[0.0]] * 20, margin=0.01, alpha=0.05) == float("inf")
    assert detectable_loss(steady[:6], steady[:6], margin=0.01, alpha=0.01) == float("inf")


@pytest.mark.parametrize(("passed", "by_luck"), [(12, 0), (40, 0), (40, 2)])
def test_as_many_cases_break_as_a_pass_rate_is_said_to_need(passed: int, by_luck: int) -> None:
    promised = detectable_breaks(passed=passed, cases=passed, by_luck=by_luck, margin=0.05, alpha=0.05)
    broken = np.random.default_rng(passed).binomial(passed, promised, 2000)
    seen = np.mean([mcnemar_p(int(count) + by_luck, by_luck) < 0.05 for count in broken])
    assert POWER - 0.03 <= seen <= POWER + 0.03
    assert detectable_breaks(passed=5, cases=12, by_luck=0, margin=0.05, alpha=0.05) == float("inf")


@given(some.lists(some.floats(-1, 1).map(lambda value: round(value, 3)), min_size=1, max_size=10))
def test_signs_flipped_exactly_are_every_pattern(values: list[float]) -> None:
    differences = np.array(values)
    patterns = [
        np.array([1 if code >> at & 1 else -1 for at in range(len(values))]) for code in range(2 ** len(values))
    ]
    extreme = np.mean([abs(pattern @ differences) >= abs(differences.sum()) - 1e-12 for pattern in patterns])
    assert sign_flip_p(differences) == pytest.approx(extreme, abs=1e-9)


def test_random_signs_agree_with_the_exact_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    differences = np.random.default_rng(1).normal(-0.1, 0.2, 14)
    exact = sign_flip_p(differences)
    monkeypatch.setattr("eval.statistics.EXACT_CASES", 0)
    assert sign_flip_p(differences) == pytest.approx(exact, abs=0.01)


@pytest.mark.parametrize(
    ("broken", "mended", "p"), [(5, 0, 0.0625), (6, 0, 0.03125), (8, 1, 0.0390625), (7, 1, 0.0703125)]
)
def test_mcnemar_is_exact(broken: int, mended: int, p: float) -> None:
    assert mcnemar_p(broken, mended) == pytest.approx(p)
    assert mcnemar_p(mended, broken) == pytest.approx(p)


def test_holm_steps_down_and_never_falls() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []
    assert holm([0.9, 0.8]) == [1.0, 1.0]


def test_repeats_of_a_case_are_one_case() -> None:
    before = {"a": [1.0] * 50, "b": [1.0] * 50}
    after = {"a": [0.0] * 50, "b": [0.0] * 50}
    compared = compare_scores(before, after, margin=0.1)
    [gate] = judge({"m": compared})
    assert (compared.cases, compared.p, compared.difference) == (2, 0.5, -1.0)
    assert gate.verdict == "suspect"


def score(difference: float, half: float, p: float, *, missing: tuple[str, ...] = ()) -> ScoreComparison:
    return ScoreComparison(
        cases=20,
        before=0.8,
        after=0.8 + difference,
        difference=difference,
        low=difference - half,
        high=difference + half,
        p=p,
        detectable=0.1,
        margin=0.05,
        missing=missing,
    )


@pytest.mark.parametrize(
    ("compared", "verdict"),
    [
        (score(-0.1, 0.04, 0.001), "regressed"),
        (score(-0.1, 0.2, 0.3), "suspect"),
        (score(-0.03, 0.01, 0.001), "equivalent"),
        (score(-0.03, 0.2, 0.7), "inconclusive"),
        (score(0.1, 0.04, 0.001), "improved"),
        (score(0.2, 0.04, 0.001, missing=("c1",)), "regressed"),
    ],
)
def test_a_verdict_needs_the_margin_and_significance(compared: ScoreComparison, verdict: str) -> None:
    [gate] = judge({"m": compared})
    assert gate.verdict == verdict


def test_broken_cases_are_named_and_enough_of_them_fail_the_gate() -> None:
    before = {f"c{at}": [True, True, False] for at in range(12)}
    after = {case: [at > 5] for at, case in enumerate(before)}
    compared = compare_passes(before, after, margin=0.05)
    assert compared.broken == ("c0", "c1", "c2", "c3", "c4", "c5")
    assert 0.5 < compared.detectable < 0.8
    assert judge({"m": compared})[0].verdict == "regressed"
    five = compare_passes(before, {case: [at > 4] for at, case in enumerate(before)}, margin=0.05)
    assert judge({"m": five})[0].verdict == "suspect"


def test_more_gates_need_a_larger_loss() -> None:
    before, after = drawn(np.random.default_rng(3), 30)
    alone = compare_scores(before, after, margin=0.001).detectable
    among = compare_scores(before, after, margin=0.001, gates=10).detectable
    assert among > alone > 0
    assert ALPHA == 0.05


def test_a_case_that_is_gone_is_missing_and_runs_without_a_common_case_are_refused() -> None:
    compared = compare_scores({"a": [1.0], "b": [1.0]}, {"a": [1.0], "new": [0.0]}, margin=0.1)
    assert (compared.cases, compared.missing, compared.detectable) == (1, ("b",), float("inf"))
    with pytest.raises(InputError, match="share no scored case"):
        compare_scores({"a": [1.0]}, {"b": [1.0]}, margin=0.1)

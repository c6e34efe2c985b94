"""Whether scores of the same cases got worse: paired tests, what they could have seen, and the verdict.

Repeats of a case are averaged first, because cases are what a suite samples and repeats of one case are not independent
of each other (Miller, Adding Error Bars to Evals, arXiv 2411.00640). Scores are compared by flipping the signs of the
cases' differences, passes and failures by McNemar's exact test; a verdict needs significance and a practical margin.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import comb
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from eval.detecting import detectable_breaks, detectable_loss
from persona_kit.errors import InputError
from persona_kit.records import Record

Verdict = Literal["regressed", "suspect", "improved", "equivalent", "inconclusive"]

ALPHA = 0.05
"""Two-sided chance of calling a difference significant where there is none."""

EXACT_CASES = 14
"""Differing cases up to which every pattern of signs is tried: 16,384 of them; above, `DRAWS` random ones."""

DRAWS = 20_000
LEAST_CASES = 2

Scores = Mapping[str, Sequence[float]]
"""Case id -> its scores, one a repeat; higher is better."""


class ScoreComparison(Record):
    """A metric of two runs, case by case."""

    cases: int
    """Scored in both runs."""
    before: float
    """Mean over these cases, repeats averaged first."""
    after: float
    difference: float
    """`after` less `before`."""
    low: float
    """95 % interval of the difference by Student's t."""
    high: float
    p: float
    """Two-sided, of no difference; 1 for fewer than two cases."""
    detectable: float
    """Smallest true loss that these cases show as `regressed` four times in five; infinite where none would be."""
    margin: float
    worse: tuple[str, ...] = ()
    """Cases that lost, largest loss first."""
    missing: tuple[str, ...] = ()
    """Cases of the first run that the second does not hold."""


class VerdictComparison(Record):
    """Passes of two runs, case by case; a case passes when more than half of its repeats do."""

    cases: int
    broken: tuple[str, ...]
    """Passed before, fail now."""
    mended: tuple[str, ...]
    p: float
    """McNemar's exact test, two-sided."""
    detectable: float
    """Smallest true loss of the pass rate that is `regressed` four times in five; infinite where none would be."""
    margin: float
    missing: tuple[str, ...] = ()

    @property
    def difference(self) -> float:
        """Change of the pass rate."""
        return (len(self.mended) - len(self.broken)) / self.cases if self.cases else 0.0


class Gate(Record):
    """A comparison with its verdict among all gates of the run."""

    metric: str
    verdict: Verdict
    p_adjusted: float = Field(ge=0, le=1)
    """Holm's p over all gates compared together."""
    rule: str
    """What the verdict rests on, in words."""


def compare_scores(before: Scores, after: Scores, *, margin: float, gates: int = 1, seed: int = 0) -> ScoreComparison:
    """The difference of a metric over the cases of both runs.

    Args:
        before: of the baseline.
        after: of the candidate.
        margin: smallest difference that matters, above 0.
        gates: how many metrics are compared together; what can be seen shrinks with them (Bonferroni's bound of Holm).
        seed: of the random signs.

    Raises:
        InputError: when the runs share no case.
    """
    shared = _shared(before, after)
    first = np.array([float(np.mean(before[case])) for case in shared])
    second = np.array([float(np.mean(after[case])) for case in shared])
    differences = second - first
    low, high = _interval(differences)
    order = sorted(range(len(shared)), key=lambda at: (differences[at], shared[at]))
    return ScoreComparison(
        cases=len(shared),
        before=float(first.mean()),
        after=float(second.mean()),
        difference=float(differences.mean()),
        low=low,
        high=high,
        p=sign_flip_p(differences, seed=seed),
        detectable=detectable_loss(
            [before[case] for case in shared],
            [after[case] for case in shared],
            margin=margin,
            alpha=ALPHA / gates,
            seed=seed,
        ),
        margin=margin,
        worse=tuple(shared[at] for at in order if differences[at] < 0),
        missing=_missing(before, after),
    )


def compare_passes(
    before: Mapping[str, Sequence[bool]], after: Mapping[str, Sequence[bool]], *, margin: float, gates: int = 1
) -> VerdictComparison:
    """Which cases broke and which were mended.

    Args:
        before: case id -> whether each repeat passed, of the baseline.
        after: of the candidate.
        margin: smallest loss of the pass rate that matters.
        gates: how many metrics are compared together.

    Raises:
        InputError: when the runs share no case.
    """
    shared = _shared(before, after)
    passed = {case: (_mostly(before[case]), _mostly(after[case])) for case in shared}
    broken = tuple(case for case in shared if passed[case] == (True, False))
    mended = tuple(case for case in shared if passed[case] == (False, True))
    return VerdictComparison(
        cases=len(shared),
        broken=broken,
        mended=mended,
        p=mcnemar_p(len(broken), len(mended)),
        detectable=detectable_breaks(
            passed=sum(then for then, _ in passed.values()),
            cases=len(shared),
            by_luck=min(len(broken), len(mended)),
            margin=margin,
            alpha=ALPHA / gates,
        ),
        margin=margin,
        missing=_missing(before, after),
    )


def judge(compared: Mapping[str, ScoreComparison | VerdictComparison]) -> tuple[Gate, ...]:
    """The verdict of each metric, in their order.

    `regressed` and `improved` need the margin and Holm's p below `ALPHA`; `suspect` is a loss of the margin that may be
    chance; `equivalent` a difference whose interval lies within the margins; a case that is missing is a regression.
    """
    adjusted = holm([comparison.p for comparison in compared.values()])
    return tuple(
        _gate(metric, comparison, p) for (metric, comparison), p in zip(compared.items(), adjusted, strict=True)
    )


def _mostly(passes: Sequence[bool]) -> bool:
    return 2 * sum(passes) > len(passes)


def _gate(metric: str, comparison: ScoreComparison | VerdictComparison, p: float) -> Gate:
    verdict, rule = _verdict(comparison, p)
    return Gate(metric=metric, verdict=verdict, p_adjusted=p, rule=rule)


def _verdict(comparison: ScoreComparison | VerdictComparison, p: float) -> tuple[Verdict, str]:
    margin, change = comparison.margin, comparison.difference
    told = f"{change:+.3f}, margin {margin:.3f}, p {f'{p:.3f}' if p >= 0.001 else '<0.001'}"
    if comparison.missing:
        return "regressed", f"{len(comparison.missing)} cases of the baseline are missing"
    if abs(change) >= margin and p < ALPHA:
        return ("improved", f"gained {told}") if change > 0 else ("regressed", f"lost {told}")
    if change <= -margin:
        return "suspect", f"lost {told}: it may be chance"
    if isinstance(comparison, ScoreComparison) and -margin < comparison.low and comparison.high < margin:
        return "equivalent", f"{told}: the interval lies within the margin"
    if isinstance(comparison, VerdictComparison) and not comparison.broken and not comparison.mended:
        return "equivalent", "every case ended as before"
    return "inconclusive", f"{told}: too few cases to tell"


def holm(values: Sequence[float]) -> list[float]:
    """The p values, adjusted so that all of them together err as rarely as one.

    Source:
        Holm: A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6 (1979).
    """
    order = sorted(range(len(values)), key=lambda at: values[at])
    adjusted, floor = [0.0] * len(values), 0.0
    for rank, at in enumerate(order):
        floor = max(floor, min(1.0, (len(values) - rank) * values[at]))
        adjusted[at] = floor
    return adjusted


def sign_flip_p(differences: NDArray[np.float64], *, seed: int = 0) -> float:
    """Two-sided p of the mean difference when each case's sign were as likely the other one.

    Exact for up to `EXACT_CASES` cases that differ, else of random signs, of which the observed ones count as one.
    """
    moved = differences[differences != 0]
    if not len(moved):
        return 1.0
    sums, exact = _flipped_sums(moved, seed=seed)
    observed = abs(moved.sum()) - 1e-12 * np.abs(moved).sum()
    reached = int(np.sum(sums >= observed))
    return reached / len(sums) if exact else (1 + reached) / (len(sums) + 1)


def _flipped_sums(moved: NDArray[np.float64], *, seed: int) -> tuple[NDArray[np.float64], bool]:
    """Absolute sums under every pattern of signs, or under `DRAWS` random ones; and whether they are all."""
    if len(moved) <= EXACT_CASES:
        patterns = np.arange(2 ** len(moved))[:, None] >> np.arange(len(moved)) & 1
        return np.abs((2 * patterns - 1) @ moved), True
    signs = 2 * np.random.default_rng(seed).integers(0, 2, (DRAWS, len(moved)), dtype=np.int8) - 1
    return np.abs(signs @ moved), False


def mcnemar_p(broken: int, mended: int) -> float:
    """Two-sided p that flips go one way as often as the other.

    Source:
        McNemar: Note on the sampling error of the difference between correlated proportions, Psychometrika 12 (1947),
        in its exact form.
    """
    from scipy.stats import binomtest

    return float(binomtest(broken, broken + mended).pvalue) if broken + mended else 1.0


def _interval(differences: NDArray[np.float64]) -> tuple[float, float]:
    mean = float(differences.mean())
    if len(differences) < LEAST_CASES:
        return float("-inf"), float("inf")
    from scipy.stats import t

    half = float(t.ppf(1 - ALPHA / 2, len(differences) - 1) * differences.std(ddof=1) / np.sqrt(len(differences)))
    return mean - half, mean + half


def _shared(before: Mapping[str, object], after: Mapping[str, object]) -> list[str]:
    shared = sorted(before.keys() & after.keys())
    if not shared:
        raise InputError(
            "the two runs share no scored case",
            where=f"{len(before)} and {len(after)} cases",
            mend="compare runs of the same suite",
        )
    return shared


def _missing(before: Mapping[str, object], after: Mapping[str, object]) -> tuple[str, ...]:
    return tuple(sorted(before.keys() - after.keys()))


def mean_interval(values: Sequence[float]) -> tuple[float, float]:
    """95 % interval of the mean of the cases by Student's t; the whole line for fewer than two."""
    return _interval(np.array(values, dtype=np.float64))


def share_interval(passed: int, cases: int) -> tuple[float, float]:
    """95 % Wilson interval of a share of cases."""
    from scipy.stats import binomtest

    interval = binomtest(passed, cases).proportion_ci(method="wilson")
    return float(interval.low), float(interval.high)


def pass_at(passed: int, repeats: int, k: int) -> float:
    """Chance that at least one of k repeats passes, by combinations of those seen.

    Source:
        Chen et al., Evaluating Large Language Models Trained on Code, arXiv 2107.03374.
    """
    return 1.0 - comb(repeats - passed, k) / comb(repeats, k)


def pass_all(passed: int, repeats: int, k: int) -> float:
    """Chance that all of k repeats pass, by combinations of those seen."""
    return comb(passed, k) / comb(repeats, k)

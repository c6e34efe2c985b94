"""Whether the statistics of `eval compare` keep their promises, against runs whose truth is known.

    python -m benchmarks.eval_statistics [--trials 200] [--cases 12 45]

*False alarms*: two runs of the same prompt, eight scores and two verdicts as gates; the share of trials in which any
gate is `regressed`. Scores are drawn as evals have them: cases differ in difficulty, repeats in luck, and some metrics
are 0 or 1 for most cases. *Power*: one gate truly loses what the printed smallest detectable loss promises, then half
of that; the share of trials in which it is `regressed` (0.80 is promised of the whole).
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from eval.statistics import ScoreComparison, compare_passes, compare_scores, judge

SCORES, VERDICTS, REPEATS = 8, 2, 3
MARGIN = 0.05
SHAPES = ("even", "steep", "sure")
WHOLE = "even, but whole answers are lost"
"""`even`: scores around 0.6; `steep`: each answer is right or wrong, the case says how often; `sure`: nearly all are
right."""
SURE = 0.97


def difficulty_of(rng: np.random.Generator, cases: int) -> NDArray[np.float64]:
    """How often each case is answered well."""
    return np.clip(rng.normal(0.6, 0.2, cases), 0.05, 0.95)


def run_of(
    rng: np.random.Generator, difficulty: NDArray[np.float64], shape: str, loss: float = 0.0
) -> dict[str, list[float]]:
    """A run of the cases, worse by `loss` on average."""
    usual = np.full_like(difficulty, SURE) if shape == "sure" else difficulty
    share, size = loss / usual.mean(), (len(difficulty), REPEATS)
    # In proportion: a case that is rarely right cannot lose more than it has.
    level = (usual if shape == WHOLE else usual * (1 - share))[:, None]
    values = level + rng.normal(0, 0.15, size) if "even" in shape else (rng.random(size) < level).astype(float)
    if shape == WHOLE:
        values *= rng.random(size) >= share
    return {f"case-{at}": list(row) for at, row in enumerate(values)}


def passes(rng: np.random.Generator, cases: int) -> tuple[dict[str, list[bool]], ...]:
    """Two runs of verdicts, each repeat passing nine times in ten."""
    return tuple({f"case-{at}": list(row) for at, row in enumerate(rng.random((cases, REPEATS)) < 0.9)} for _ in "ab")


def false_alarms(cases: int, trials: int) -> float:
    """Share of trials of the same prompt in which any gate is `regressed`."""
    alarms = 0
    for trial in range(trials):
        rng = np.random.default_rng([1, cases, trial])
        level = difficulty_of(rng, cases)
        gates = {
            f"score {at}": compare_scores(
                *(run_of(rng, level, SHAPES[at % len(SHAPES)]) for _ in "ab"), margin=MARGIN, gates=SCORES + VERDICTS
            )
            for at in range(SCORES)
        }
        told = {f"verdict {at}": compare_passes(*passes(rng, cases), margin=MARGIN) for at in range(VERDICTS)}
        alarms += any(gate.verdict == "regressed" for gate in judge({**gates, **told}))
    return alarms / trials


def power(cases: int, trials: int, shape: str, share: float) -> tuple[float, float]:
    """The median loss planted, and the share of trials in which it is `regressed`.

    A trial compares two runs of the same prompt, and plants the share of the smallest loss that this comparison prints
    into a third run of the same cases.
    """
    planted, seen = [], []
    for trial in range(trials):
        rng = np.random.default_rng([2, cases, trial])
        level = difficulty_of(rng, cases)
        before = run_of(rng, level, shape)
        loss = share * compare_scores(before, run_of(rng, level, shape), margin=MARGIN, seed=trial).detectable
        if np.isfinite(loss):
            found: ScoreComparison = compare_scores(before, run_of(rng, level, shape, loss), margin=MARGIN, seed=trial)
            planted.append(loss)
            seen.append(judge({"score": found})[0].verdict == "regressed")
    return float(np.median(planted)), float(np.mean(seen))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--cases", type=int, nargs="*", default=[12, 45])
    given = parser.parse_args(arguments)
    for cases in given.cases:
        print(f"{cases} cases: false alarms {false_alarms(cases, given.trials):.3f}", flush=True)
        for shape in SHAPES:
            for share in (1.0, 0.5):
                _tell(cases, given.trials, shape, share)
        _tell(cases, given.trials, WHOLE, 1.0)


def _tell(cases: int, trials: int, shape: str, share: float) -> None:
    loss, seen = power(cases, trials, shape, share)
    print(f"{cases} cases, {shape}: a loss of {loss:.3f} is regressed in {seen:.2f}", flush=True)


if __name__ == "__main__":
    main()

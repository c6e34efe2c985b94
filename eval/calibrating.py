"""Whether a model's judgements may be believed: agreement with people beyond chance, before a metric may gate."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Final

import numpy as np

from persona_kit.errors import InputError
from persona_kit.records import Record

LEAST_KAPPA: Final = 0.6
"""From which agreement is called substantial (Landis and Koch, Biometrics 33, 1977)."""

LEAST_LABELS: Final = 30
"""Fewer labels leave an interval that says nothing."""

RESAMPLES: Final = 2_000


class Calibration(Record):
    """How well a judge agrees with people."""

    labels: int
    agreement: float
    """Share of labels that are the same."""
    kappa: float
    """Cohen's: 1 is agreement, 0 is what chance gives."""
    low: float
    """95 % bootstrap interval."""
    high: float

    @property
    def may_gate(self) -> bool:
        """Whether a metric of this judge may fail a run."""
        return self.labels >= LEAST_LABELS and self.kappa >= LEAST_KAPPA and self.low > 0


def calibrate(path: Path, *, seed: int = 0) -> Calibration:
    """The agreement in a CSV file with the columns `human` and `judge`, a line a judgement.

    Raises:
        InputError: when the file or the columns are not there, or all labels are the same.
    """
    human, judge = _labels(path)
    if len(set(human)) < 2:
        raise InputError("people gave all cases the same label: nothing can be told from chance", where=str(path))
    first, second = np.array(human), np.array(judge)
    rng = np.random.default_rng(seed)
    draws = [rng.integers(0, len(first), len(first)) for _ in range(RESAMPLES)]
    kappas = [found for at in draws if not np.isnan(found := _kappa(first[at], second[at]))]
    low, high = np.quantile(kappas, [0.025, 0.975])
    return Calibration(
        labels=len(first),
        agreement=float(np.mean(first == second)),
        kappa=_kappa(first, second),
        low=float(low),
        high=float(high),
    )


def _kappa(
    first: np.ndarray[tuple[int], np.dtype[np.str_]], second: np.ndarray[tuple[int], np.dtype[np.str_]]
) -> float:
    observed = float(np.mean(first == second))
    expected = sum(float(np.mean(first == label) * np.mean(second == label)) for label in np.union1d(first, second))
    return float("nan") if expected == 1 else (observed - expected) / (1 - expected)


def _labels(path: Path) -> tuple[list[str], list[str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"the labels cannot be read: {error}", where=str(path)) from error
    if not rows or not {"human", "judge"} <= rows[0].keys():
        raise InputError("the labels need the columns human and judge", where=str(path))
    kept = [(row["human"].strip(), row["judge"].strip()) for row in rows if row["human"] and row["judge"]]
    if not kept:
        raise InputError("no line has both labels", where=str(path))
    return [human for human, _ in kept], [judge for _, judge in kept]

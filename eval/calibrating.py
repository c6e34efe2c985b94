"""Whether a model's judgements may be believed: agreement with people beyond chance, before a metric may gate.

What was found of a judge is kept in ``calibrations/`` beside the baselines, so that it can be read in a review; its
metric gates from then on, and advises again as soon as the model or the judge's prompt is another one.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Final

import numpy as np
from pydantic import ValidationError

from eval.suites import HOME
from persona_kit.atomic_write import write_text_atomically
from persona_kit.errors import InputError
from persona_kit.hashing import sha256_text
from persona_kit.records import Record

LEAST_KAPPA: Final = 0.6
"""From which agreement is called substantial (Landis and Koch, Biometrics 33, 1977)."""

LEAST_LABELS: Final = 30
"""Fewer labels leave an interval that says nothing."""

RESAMPLES: Final = 2_000


class Calibration(Record):
    """How well a judge agrees with people."""

    judge: str = ""
    """Identity of the model and its prompt, as the label sheet names it; empty where it does not."""
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
    human, judge, who = _labels(path)
    if len(set(human)) < 2:
        raise InputError("people gave all cases the same label: nothing can be told from chance", where=str(path))
    first, second = np.array(human), np.array(judge)
    rng = np.random.default_rng(seed)
    draws = [rng.integers(0, len(first), len(first)) for _ in range(RESAMPLES)]
    kappas = [found for at in draws if not np.isnan(found := _kappa(first[at], second[at]))]
    low, high = np.quantile(kappas, [0.025, 0.975])
    return Calibration(
        judge=who,
        labels=len(first),
        agreement=float(np.mean(first == second)),
        kappa=_kappa(first, second),
        low=float(low),
        high=float(high),
    )


def keep_calibration(found: Calibration, home: Path = HOME) -> Path:
    """Keeps what lets a judge gate, and returns the file.

    Raises:
        InputError: when the judge may not gate, or the labels do not say who it is.
        OutputError: when the file cannot be written.
    """
    if not found.may_gate or not found.judge:
        raise InputError(
            "the judge may only advise" if found.judge else "the labels do not say who judged",
            where=found.judge or "column judged_by",
            mend=f"it takes {LEAST_LABELS} labels of a sheet that eval judge wrote, and a kappa of {LEAST_KAPPA}",
        )
    path = calibration_path(found.judge, home)
    write_text_atomically(path, found.model_dump_json(indent=1) + "\n")
    return path


def is_calibrated(judge: str, home: Path = HOME) -> bool:
    """Whether people were found to agree with this judge, asked with this prompt.

    Raises:
        InputError: when what was kept cannot be read.
    """
    path = calibration_path(judge, home)
    if not judge or not path.is_file():
        return False
    try:
        found = Calibration.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        raise InputError(f"the calibration cannot be read: {error}", where=str(path)) from error
    return found.judge == judge and found.may_gate


def calibration_path(judge: str, home: Path = HOME) -> Path:
    """Where the calibration of a judge lies."""
    return home / "calibrations" / f"{sha256_text(judge)[:12]}.json"


def _kappa(
    first: np.ndarray[tuple[int], np.dtype[np.str_]], second: np.ndarray[tuple[int], np.dtype[np.str_]]
) -> float:
    observed = float(np.mean(first == second))
    expected = sum(float(np.mean(first == label) * np.mean(second == label)) for label in np.union1d(first, second))
    return float("nan") if expected == 1 else (observed - expected) / (1 - expected)


def _labels(path: Path) -> tuple[list[str], list[str], str]:
    """What people and the judge say of each statement that both labelled, and who the judge is."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"the labels cannot be read: {error}", where=str(path)) from error
    if not rows or not {"human", "judge"} <= rows[0].keys():
        raise InputError("the labels need the columns human and judge", where=str(path))
    said = [tuple((row[name] or "").strip().casefold() for name in ("human", "judge")) for row in rows]
    kept = [(human, judge) for human, judge in said if human and judge]
    if not kept:
        raise InputError("no line has both labels", where=str(path))
    judges = sorted({row.get("judged_by") or "" for row in rows})
    if len(judges) > 1:
        raise InputError("the labels are of several judges", where=str(path), mend="calibrate each on its own")
    return [human for human, _ in kept], [judge for _, judge in kept], judges[0]

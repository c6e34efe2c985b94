"""A model's judgement of statements: one call each, unscored where it does not fit, a sheet for people to label."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import BaseMessage

from eval.baselines import Measured, bless, measure, read_baseline
from eval.calibrating import calibrate, is_calibrated, keep_calibration
from eval.comparing import Comparison, compare_measured
from eval.judging import judge_run, label_sheet
from eval.records import JUDGED_FILE, Judged
from eval.runner import Arm, RunPlan, run_suite
from eval.suites import load_suite
from persona_kit.errors import InputError
from personas.models import Engine
from personas.models.scripted import ScriptedChatModel, ScriptedCompleter
from tests.eval.small_suite import completer, faithful, write_suite


def judge(messages: Sequence[BaseMessage], _schema: Mapping[str, Any]) -> str:
    """Believes everything but a lid, and stumbles over cables."""
    asked = str(messages[-1].text)
    if "the cable broke</statement>" in asked:
        return "{"
    return json.dumps({"reason": "it stands there", "supported": "the lid broke</statement>" not in asked})


def test_statements_are_judged_one_by_one_and_labelled_by_people(tmp_path: Path) -> None:
    suite = load_suite(write_suite(tmp_path), tmp_path)
    arm = Arm(name="scripted", engine=Engine("scripted", completer(faithful)))
    run = tmp_path / "run"
    run_suite(RunPlan(suite=suite, cases=suite.cases, arms=[arm], repeats=1, home=str(tmp_path)), run)
    judged = judge_run(run, Engine("judge", ScriptedCompleter(ScriptedChatModel(script=judge), identity="judge")))
    by_case = {one.case: one for one in judged}
    assert len(by_case) == len(judged) == 12
    assert by_case["the-lid"].supported is False
    assert by_case["the-cable"].supported is None
    assert by_case["the-tank"].supported is True
    assert by_case["the-tank"].sources == ("the tank broke", "a loose tank")
    assert by_case["the-tank"].judge.startswith("judge, judge.full 1.0.0 ")
    assert len((run / JUDGED_FILE).read_text(encoding="utf-8").splitlines()) == 12
    assert len(label_sheet(judged).splitlines()) == 12
    found = calibrate(labelled(tmp_path, judged, no={"the-lid", "the-tank"}))
    assert (found.labels, found.may_gate) == (11, False)
    assert 0 < found.kappa < 1


def labelled(folder: Path, judged: list[Judged], *, no: set[str]) -> Path:
    """The judge's sheet, filled in by somebody who finds the statements of these cases not carried."""
    rows = list(csv.DictReader(label_sheet(judged).splitlines()))
    assert {row["judge"] for row in rows} == {"yes", "no"}
    path = folder / "labels.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows({**row, "human": "No" if row["case"] in no else "Yes"} for row in rows)
    return path


def judged_run(
    home: Path, name: str, believes: Callable[[str], bool], *, identity: str = "judge"
) -> tuple[Path, list[Judged]]:
    """A run of the small suite, and what a judge says of it who believes what the function says."""

    def script(messages: Sequence[BaseMessage], _schema: Mapping[str, Any]) -> str:
        return json.dumps({"reason": "it stands there", "supported": believes(str(messages[-1].text))})

    suite = load_suite("small", home)
    arm = Arm(name="scripted", engine=Engine("scripted", completer(faithful)))
    run = home / name
    run_suite(RunPlan(suite=suite, cases=suite.cases, arms=[arm], repeats=3, home=str(home)), run)
    return run, judge_run(run, Engine("judge", ScriptedCompleter(ScriptedChatModel(script=script), identity=identity)))


def compared(before: Measured, after: Measured, home: Path) -> Comparison:
    gates = {"carried": 0.05, "judged": 0.1}
    return compare_measured(before, after, gates, judge_gates=is_calibrated(after.judge, home))


def test_what_a_judge_says_gates_once_people_agree_with_it_and_advises_before(tmp_path: Path) -> None:
    write_suite(tmp_path, repeats=3)
    run, judged = judged_run(tmp_path, "before", lambda asked: "the lid broke</statement>" not in asked)
    worse, _ = judged_run(tmp_path, "after", lambda _asked: False)
    before, after = read_baseline(bless(run, home=tmp_path)), measure(worse)
    advised = compared(before, after, tmp_path)
    assert {one.metric: (one.verdict, one.gates) for one in advised.metrics}["judged"] == ("regressed", False)
    assert not advised.fails()
    assert "judged advises: judge, judge.full" in advised.notes[-1]

    with pytest.raises(InputError, match="may only advise"):
        keep_calibration(calibrate(labelled(tmp_path, judged, no={"the-tank"})), tmp_path)
    keep_calibration(calibrate(labelled(tmp_path, judged, no={"the-lid"})), tmp_path)
    gating = compared(before, after, tmp_path)
    assert gating.fails()
    assert next(one for one in gating.metrics if one.metric == "judged").gates
    assert not compared(before, measure(run), tmp_path).fails()

    other, _ = judged_run(tmp_path, "other", lambda _asked: False, identity="another judge")
    unlike = compared(before, measure(other), tmp_path)
    assert not unlike.fails()
    assert "the runs were judged by judge, judge.full" in unlike.notes[-1]


def test_a_label_sheet_holds_no_formula() -> None:
    formula = Judged(arm="a", case="c", repeat=0, statement="=1+1", sources=("@x",), supported=True, judge="j")
    assert label_sheet([formula]).splitlines()[1] == "c,'=1+1,'@x,,yes,j"

"""A model's judgement of statements: one call each, unscored where it does not fit, a sheet for people to label."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from langchain_core.messages import BaseMessage

from eval.calibrating import calibrate
from eval.judging import JUDGED_FILE, Judged, judge_run, label_sheet
from eval.runner import Arm, RunPlan, run_suite
from eval.suites import load_suite
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
    assert by_case["the-tank"].judge == "judge"
    assert len((run / JUDGED_FILE).read_text(encoding="utf-8").splitlines()) == 12
    rows = list(csv.DictReader(label_sheet(judged).splitlines()))
    assert len(rows) == 11
    assert {row["judge"] for row in rows} == {"yes", "no"}
    path = tmp_path / "labels.csv"
    labelled = [{**row, "human": "no" if row["case"] in {"the-lid", "the-tank"} else "yes"} for row in rows]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(labelled[0]))
        writer.writeheader()
        writer.writerows(labelled)
    found = calibrate(path)
    assert (found.labels, found.may_gate) == (11, False)
    assert 0 < found.kappa < 1


def test_a_label_sheet_holds_no_formula() -> None:
    formula = Judged(
        arm="a", case="c", repeat=0, statement="=1+1", sources=("@x",), supported=True, judge="j", prompt="p"
    )
    assert label_sheet([formula]).splitlines()[1] == "c,'=1+1,'@x,,yes"

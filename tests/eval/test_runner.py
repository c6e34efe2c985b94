"""Runs: one record a call, none made twice, faults apart from bad answers, budgets kept, scores made anew."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from eval.baselines import measure
from eval.records import RECORDS_FILE, SCORES_FILE, VOLATILE, read_records
from eval.runner import Arm, RunPlan, run_suite
from eval.scoring import errored_cases, failing_cases, score_run
from eval.suites import Suite, load_suite
from persona_kit.errors import BudgetExhausted, InputError, ModelError, OutputError
from personas.models import Engine
from personas.models.governor import Governor, Limits
from tests.eval.small_suite import THINGS, completer, edited, faithful, write_suite


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    return load_suite(write_suite(tmp_path, repeats=2), tmp_path)


def plan(
    suite: Suite, home: Path, answer: Callable[[str], str] = faithful, *, budget: int | None = None, count: int = 12
) -> RunPlan:
    engine = Engine("scripted", completer(answer), governor=Governor(Limits(budget_tokens=budget)))
    arm = Arm(name="scripted", engine=engine)
    return RunPlan(suite=suite, cases=suite.cases[:count], arms=[arm], repeats=2, home=str(home))


def test_a_record_explains_a_call(suite: Suite, tmp_path: Path) -> None:
    records = run_suite(plan(suite, tmp_path), tmp_path / "run")
    assert len(records) == 24
    first = records[0]
    assert (first.case, first.repeat, first.prompt, first.prompt_version) == ("the-lid", 0, "claim.small", "1.0.0")
    assert "the lid broke" in first.messages[-1].text
    assert first.completion is not None
    assert first.completion.finish == "stop"
    assert (first.model, first.output, first.invalid, first.mode) == ("scripted", "ClaimValue", "", "live")
    assert len({record.sampling.seed for record in records}) == 24


def test_what_was_answered_is_not_asked_again(suite: Suite, tmp_path: Path) -> None:
    asked: list[str] = []

    def counting(text: str) -> str:
        asked.append(text)
        return faithful(text)

    run_suite(plan(suite, tmp_path, counting), tmp_path / "run")
    path = tmp_path / "run" / RECORDS_FILE
    kept = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(kept[:20]) + kept[20][:50], encoding="utf-8")
    asked.clear()
    records = run_suite(plan(suite, tmp_path, counting), tmp_path / "run")
    assert (len(asked), len(records)) == (4, 24)


def test_another_plan_does_not_go_into_the_same_folder(suite: Suite, tmp_path: Path) -> None:
    run_suite(plan(suite, tmp_path), tmp_path / "run")
    with pytest.raises(OutputError, match="another run"):
        run_suite(plan(suite, tmp_path, count=3), tmp_path / "run")


def test_a_call_that_fails_is_no_bad_answer_and_is_made_again(suite: Suite, tmp_path: Path) -> None:
    def broken(text: str) -> str:
        if "the lid" in text:
            raise ModelError("the server is away")
        return faithful(text)

    records = run_suite(plan(suite, tmp_path, broken), tmp_path / "run")
    assert {record.case for record in records if record.fault} == {"the-lid"}
    (arm,) = score_run(tmp_path / "run")
    assert "the-lid" not in arm.cases
    assert errored_cases(tmp_path / "run") == {"the-lid"}
    assert not measure(tmp_path / "run").whole
    again = run_suite(plan(suite, tmp_path), tmp_path / "run")
    assert [record for record in again if record.fault] == []


@pytest.mark.parametrize(
    ("answer", "invalid"),
    [("{", "the answer"), ('{"value": 3}', "value"), ("", "empty"), ('{"value": "' + "x" * 300, "cut")],
)
def test_a_bad_answer_is_scored_as_one(suite: Suite, tmp_path: Path, answer: str, invalid: str) -> None:
    records = run_suite(plan(suite, tmp_path, lambda _text: answer), tmp_path / "run")
    assert all(record.fault is None and invalid in record.invalid for record in records)
    (arm,) = score_run(tmp_path / "run")
    assert {value for values in arm.metrics["schema"].values() for value in values} == {0}
    assert "carried" not in arm.metrics
    assert failing_cases(tmp_path / "run") == {f"the-{thing}" for thing in THINGS}


def test_a_budget_ends_the_run_and_keeps_what_was_answered(suite: Suite, tmp_path: Path) -> None:
    with pytest.raises(BudgetExhausted, match="budget"):
        run_suite(plan(suite, tmp_path, budget=1500), tmp_path / "run")
    done = len(read_records(tmp_path / "run"))
    assert 0 < done < 24
    assert len(run_suite(plan(suite, tmp_path), tmp_path / "run")) == 24


def test_scores_are_made_from_the_records_alone(suite: Suite, tmp_path: Path) -> None:
    run_suite(plan(suite, tmp_path), tmp_path / "run")
    first = score_run(tmp_path / "run")
    lines = (tmp_path / "run" / SCORES_FILE).read_text(encoding="utf-8")
    assert score_run(tmp_path / "run") == first
    assert (tmp_path / "run" / SCORES_FILE).read_text(encoding="utf-8") == lines
    assert {json.loads(line)["metric"] for line in lines.splitlines()} >= {"schema", "carried", "stability", "distinct"}
    changed = suite.model_dump(mode="json")
    changed["cases"][0]["inputs"]["quotes"] = ["other words"]
    (tmp_path / "suites" / "small.yaml").write_text(json.dumps(changed), encoding="utf-8")
    with pytest.raises(InputError, match="cases changed since the run: the-lid"):
        score_run(tmp_path / "run")


def test_two_runs_differ_in_volatile_fields_alone(suite: Suite, tmp_path: Path) -> None:
    kept = [
        [record.model_dump(exclude=set(VOLATILE)) for record in run_suite(plan(suite, tmp_path), tmp_path / name)]
        for name in ("one", "other")
    ]
    assert kept[0] == kept[1]


def test_prompts_and_models_are_run_beside_each_other(suite: Suite, tmp_path: Path) -> None:
    engine = Engine("scripted", completer(faithful))
    prompt = edited()
    arms = [Arm(name="shipped", engine=engine), Arm(name="edited", engine=engine, prompts={prompt.name: prompt})]
    run_suite(RunPlan(suite=suite, cases=suite.cases, arms=arms, repeats=1, home=str(tmp_path)), tmp_path / "run")
    assert [arm.arm for arm in score_run(tmp_path / "run")] == ["shipped", "edited"]
    facts = measure(tmp_path / "run", "edited").prompts[0]
    assert facts.contract_sha256 == prompt.contract_sha256


def test_a_persona_is_made_in_several_calls(tmp_path: Path) -> None:
    chain = load_suite("persona.small").model_copy(update={"cases": load_suite("persona.small").cases[:1]})

    def answer(text: str) -> str:
        if "What gets in their way?" in text or "What are they happy with?" in text:
            return json.dumps({"value": "loud noise"})
        return json.dumps({"tagline": "The noise is loud.", "name": "The Loud Noise"})

    engine = Engine("scripted", completer(answer))
    out = tmp_path / "run"
    run_suite(RunPlan(suite=chain, cases=chain.cases, arms=[Arm(name="a", engine=engine)], repeats=1), out)
    assert [record.prompt for record in read_records(out)] == ["claim.small", "claim.small", "name.small"]
    (arm,) = score_run(out)
    assert arm.metrics["recall"]["contradictory-segment"] == [1.0]
    assert [prompt.name for prompt in measure(out).prompts] == ["claim.small", "name.small"]

"""What a request opens and keeps: recordings of a whole run replace the old ones, those of a trial join them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import eval.running
from eval.recordings import Recordings, recording_path
from eval.records import read_records
from eval.running import PromptText, RunRequest, run_request
from eval.suites import Choice
from persona_kit.errors import BudgetExhausted, InputError
from personas.models.governor import Limits
from personas.models.scripted import ScriptedCompleter
from prompts.loader import Prompt
from tests.eval.small_suite import careless, completer, edited, faithful, write_suite


def kept(home: Path) -> int:
    return len(Recordings(recording_path(home, "small", "scripted")))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A suite, and `scripted` as the spec of a model that says what the quotes say."""

    def opened(_spec: str, **_options: object) -> ScriptedCompleter:
        return completer(faithful)

    monkeypatch.setattr(eval.running, "open_completer", opened)
    write_suite(tmp_path)
    return tmp_path


def run(home: Path, name: str, **further: Any) -> None:
    fields: dict[str, Any] = {
        "suites": ["small"],
        "models": ["scripted"],
        "mode": "record",
        "home": home,
        "out": home / name,
    }
    run_request(RunRequest(**(fields | further)))


def test_a_trial_joins_the_recordings_and_a_whole_run_replaces_them(home: Path) -> None:
    run(home, "a")
    assert kept(home) == 12
    run(home, "b", texts=[PromptText(edited(), "edited")])
    assert kept(home) == 24
    run(home, "c", choice=Choice(cases=("the-lid",)))
    assert kept(home) == 24
    run(home, "b", texts=[PromptText(edited(), "edited")])
    assert kept(home) == 24
    run(home, "d")
    assert kept(home) == 12
    run(home, "d")
    assert kept(home) == 12


def test_the_answers_of_a_live_run_are_recorded_without_asking_again(home: Path) -> None:
    run(home, "a", mode="live")
    assert not recording_path(home, "small", "scripted").exists()
    run(home, "a")
    assert kept(home) == 12


def test_trials_beside_each_other_are_recorded_together(home: Path) -> None:
    other = Prompt(edited().source.replace("add nothing", "put in nothing"), file_name="claim.small.j2")
    run(home, "a", texts=[PromptText(edited(), "one"), PromptText(other, "other")])
    assert kept(home) == 24


def test_a_budget_is_of_all_suites_together(home: Path) -> None:
    text = (home / "suites" / "small.yaml").read_text(encoding="utf-8")
    (home / "suites" / "twin.yaml").write_text(text.replace('"suite": "small"', '"suite": "twin"'), encoding="utf-8")
    run(home, "whole", mode="live")
    answers = [record.completion for path in (home / "whole").iterdir() for record in read_records(path)]
    spent = sum(one.prompt_tokens + one.completion_tokens for one in answers if one is not None)
    with pytest.raises(BudgetExhausted):
        run(home, "a", suites=["small", "twin"], mode="live", limits=Limits(budget_tokens=int(1.5 * spent)))
    first, second = (len(read_records(path)) for path in sorted((home / "a").iterdir()))
    assert (first, 0 < second < 12) == (12, True)


def test_a_gate_that_is_no_metric_is_refused_before_a_model_is_asked(home: Path) -> None:
    path = home / "suites" / "small.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace('"carried": 0.05', '"carrried": 0.05'), encoding="utf-8")
    with pytest.raises(InputError, match="no metric: carrried"):
        run(home, "a")
    assert not (home / "a").exists()


def test_what_was_recorded_is_not_asked_again(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(home, "a")
    text = recording_path(home, "small", "scripted").read_text(encoding="utf-8")
    monkeypatch.setattr(eval.running, "open_completer", lambda _spec, **_options: completer(careless))
    run(home, "b")
    assert recording_path(home, "small", "scripted").read_text(encoding="utf-8") == text

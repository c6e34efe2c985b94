"""The suites that ship: complete, valid, renderable, and their JSON Schema up to date."""

from __future__ import annotations

from pathlib import Path

import pytest

from eval.metrics import kind_of
from eval.prompt_checks import lint_prompts
from eval.readings import has_reader
from eval.schemas import answer_schemas
from eval.suites import HOME, SCHEMA_FILE, Choice, list_suites, load_suite, suite_json_schema
from eval.tasks import calls_of
from persona_kit.errors import InputError, UsageError
from personas.authors.answers import ClaimValue
from personas.models.engine import messages_of
from personas.models.scripted import ScriptedCompleter
from prompts.loader import list_prompts, load_prompt
from tests.eval.small_suite import THINGS, completer, faithful, write_suite

EDGES = {"empty", "contradict", "one-word", "mixed-languages", "hostile", "very-long"}


def test_the_published_schema_is_current() -> None:
    assert (HOME / "suites" / SCHEMA_FILE).read_text(encoding="utf-8") == suite_json_schema()


def test_every_prompt_has_a_suite_and_there_is_one_end_to_end() -> None:
    suites = [load_suite(name) for name in list_suites()]
    asked = {suite.prompt for suite in suites if suite.task == "prompt"}
    assert {f"{name}.{variant}" for name, variant in list_prompts()} - asked == {"context.zh"}
    assert [suite.suite for suite in suites if suite.task == "persona"] == ["persona.small"]


@pytest.mark.parametrize("name", list_suites())
def test_a_suite_renders_every_case_and_gates_on_known_metrics(name: str) -> None:
    suite = load_suite(name)
    assert suite.suite == name
    assert [metric for metric in suite.gates if kind_of(metric) is None] == []
    for case in suite.cases:
        call = next(calls_of(suite, case))
        prompt_id, _, variant = call.prompt.partition(".")
        assert load_prompt(prompt_id, variant=variant).render(call.inputs).messages


def test_the_suites_hold_the_edge_cases_and_every_origin() -> None:
    cases = [case for name in list_suites() for case in load_suite(name).cases]
    assert {edge for edge in EDGES if not any(edge in case.id for case in cases)} == set()
    assert {case.origin for case in cases} == {"example", "simulated", "written"}


def test_every_schema_has_a_reader() -> None:
    assert [name for name, schema in answer_schemas().items() if not has_reader(schema)] == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"repeats": 1', '"repeats": 0', "repeats"),
        ('"suite": "small"', '"suite": "small", "author": 1', "author"),
        ('"the-cable"', '"the-lid"', "same id: the-lid"),
        ('"gates": {', '"gates": [', "cannot be read"),
    ],
)
def test_a_suite_that_is_not_as_it_should_be_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    write_suite(tmp_path)
    path = tmp_path / "suites" / "small.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        load_suite("small", tmp_path)


def test_a_case_that_a_named_models_window_does_not_hold_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A case needs room for its prompt and for the longest answer that the suite asks for."""
    name = write_suite(tmp_path)
    model = completer(faithful)
    (tokens,) = {
        model.prompt_tokens(messages_of(load_prompt("claim", variant="small").render(case.inputs)), ClaimValue)
        for case in load_suite(name, tmp_path).cases
        if case.id == "the-lid"
    }
    longest = max(THINGS, key=len)

    def window(size: int) -> list[str]:
        chat = model.chat.model_copy(update={"n_ctx": size})
        monkeypatch.setattr("personas.models.opening.open_completer", lambda _spec, **_options: ScriptedCompleter(chat))
        return [found.message for found in lint_prompts(["claim.small"], model="scripted", home=tmp_path)]

    assert window(tokens + 60) == []
    assert any(f"the-{longest}" in message and "scripted has" in message for message in window(tokens + 20))


def test_cases_are_chosen_by_tag_and_id(tmp_path: Path) -> None:
    suite = load_suite(write_suite(tmp_path), tmp_path)
    assert len(Choice().of(suite)) == 12
    assert len(Choice(tags=("second",)).of(suite)) == 6
    assert [case.id for case in Choice(cases=("the-li*",)).of(suite)] == ["the-lid", "the-light"]
    assert [case.id for case in Choice(only=frozenset({"the-cord"})).of(suite)] == ["the-cord"]
    with pytest.raises(UsageError, match="no case"):
        Choice(tags=("third",)).of(suite)
    with pytest.raises(UsageError, match="no suite 'other'"):
        load_suite("other", tmp_path)

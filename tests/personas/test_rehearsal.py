"""The dry run: nothing is asked and nothing is kept, the forecast is near, and its bound is never passed."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from langchain_core.messages import HumanMessage

from benchmarks.dry_run import write_answer
from benchmarks.fault_server import FaultServer
from persona_kit.errors import ModelError, OutputError
from persona_kit.response_store import ResponseStore
from personas.authors.answers import (
    ClaimValue,
    PersonaName,
    PlannedSearches,
    ProposedClaims,
    ProposedNarrative,
)
from personas.call_bounds import CallBound, StageBound
from personas.grounding import carried_share
from personas.invented_answers import STAGES, invent_answer
from personas.models.completion import Sampling
from personas.models.prices import Price
from personas.models.scripted import ScriptedChatModel, ScriptedCompleter
from personas.options import GenerateOptions
from personas.pipeline import forecast, generate
from personas.rehearsal import (
    Forecast,
    ReadOnlyStore,
    RehearsalCompleter,
    _evenly,
    _tries,
    forecast_lines,
)
from prompts.loader import load_prompt
from tests.personas.corpora import Voice, chinese_people, english_people, run_options, write_table

NOBODY = "http://127.0.0.1:9/v1"
"""Nothing listens there: a call would fail, and be seen in the forecast."""


def _claims_prompt(quotes: list[str]) -> str:
    evidence = [{"number": number, "text": text} for number, text in enumerate(quotes, start=1)]
    attribute = {"key": "goals", "label": "Goals", "question": "What do they want?", "evidence": evidence}
    variables = {"attributes": [attribute], "people": 9, "most": 4, "language": "English"}
    return load_prompt("claim").render(variables).messages[-1].text


@pytest.fixture
def source(tmp_path: Path) -> str:
    return str(write_table(tmp_path / "reviews.csv", english_people(4)))


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Forecast, GenerateOptions]:
    folder = tmp_path_factory.mktemp("told")
    options = _hosted(folder, NOBODY, price="1/2")
    return forecast([str(write_table(folder / "reviews.csv", english_people(4)))], options), options


def _hosted(folder: Path, url: str, **changes: object) -> GenerateOptions:
    return run_options(folder, llm="openai:script", base_url=url, segments=3, **changes)


@pytest.mark.parametrize("voices", [english_people(), chinese_people()], ids=["en", "zh"])
def test_invented_claims_quote_the_evidence_and_are_carried_by_it(voices: list[Voice]) -> None:
    texts = [text for voice in voices for text in voice.texts][:20]
    answer = invent_answer(_claims_prompt(texts), ProposedClaims, 0)
    assert isinstance(answer, ProposedClaims)
    (part,) = answer.attributes
    assert part.attribute == "goals"
    assert len(part.claims) == 3
    for claim in part.claims:
        assert all(quote.quote in " ".join(texts[quote.n - 1].split()) for quote in claim.quotes)
        assert carried_share(claim.value, [quote.quote for quote in claim.quotes]) >= 0.5


def test_an_attribute_without_evidence_gets_no_claim() -> None:
    answer = invent_answer(_claims_prompt([]), ProposedClaims, 0)
    assert isinstance(answer, ProposedClaims)
    assert answer.attributes[0].claims == []


def test_there_is_an_answer_for_every_prompt_that_ships() -> None:
    names = {schema.__name__ for schema in STAGES}
    asked = {load_prompt(name).front.output for name in ("claim", "narrative", "name", "searches")}
    assert asked | {load_prompt(name, variant="small").front.output for name in ("claim", "name")} == names
    for schema in (ClaimValue, PersonaName, PlannedSearches, ProposedNarrative, ProposedClaims):
        assert isinstance(invent_answer("nothing that can be read", schema, 0), schema)
    with pytest.raises(ModelError):
        invent_answer("", Forecast, 0)


def test_nothing_is_asked_and_nothing_is_kept(told: tuple[Forecast, GenerateOptions]) -> None:
    forecast, options = told
    assert forecast.personas == 3
    assert 6 <= forecast.calls_expected <= forecast.calls_at_most == 36
    assert 0 < forecast.prompt_tokens_expected < forecast.tokens_at_most
    assert forecast.counting == "estimated"
    dollars = (forecast.prompt_tokens_expected + 2 * forecast.completion_tokens_expected) / 1e6
    assert forecast.cost_usd_expected == pytest.approx(dollars)
    assert {stage.stage for stage in forecast.per_stage} >= {"claim", "narrative", "name", "structured output"}
    assert not options.out.exists()
    assert _answers(options) == []


def test_the_forecast_is_near_and_the_bound_holds_without_faults(source: str, tmp_path: Path) -> None:
    with FaultServer(write_answer) as server:
        options = _hosted(tmp_path, server.url)
        first = forecast([source], options)
        assert server.served.requests == 0
        generate([source], options)
        spent = server.served.prompt_tokens + server.served.completion_tokens
        assert spent <= first.tokens_at_most
        assert server.served.requests - 1 <= first.calls_at_most

        # Now that the server's own counts are known, nothing but the answers themselves is guessed.
        _keep_facts_only(options)
        again = forecast([source], options)
        assert again.counting == "calibrated"
        assert again.reused == 0
        assert again.prompt_tokens_expected == pytest.approx(server.served.prompt_tokens, rel=0.15)


def test_a_forecast_needs_no_key(source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    told = forecast([source], _hosted(tmp_path, "https://models.invalid/v1"))
    assert told.calls_expected > 0


def test_answers_that_are_there_are_not_paid_again(source: str, tmp_path: Path) -> None:
    with FaultServer(write_answer) as server:
        options = _hosted(tmp_path, server.url)
        generate([source], options)
        before, made = _answers(options), server.served.requests
        told = forecast([source], options)
        assert (told.calls_expected, told.calls_at_most, told.tokens_at_most) == (0, 0, 0)
        assert told.reused == len(before)
        assert _answers(options) == before
        assert server.served.requests == made


def test_the_bound_holds_with_three_calls_in_ten_failing(source: str, tmp_path: Path) -> None:
    with FaultServer(write_answer, share=0.3, seed=1, stall_s=0.6) as server:
        options = _hosted(tmp_path, server.url, call_timeout=0.5)
        told = forecast([source], options)
        generate([source], options)
        assert server.served.faults
        assert server.served.prompt_tokens + server.served.completion_tokens <= told.tokens_at_most


def test_a_budget_bounds_the_forecast(source: str, tmp_path: Path) -> None:
    told = forecast([source], _hosted(tmp_path, NOBODY, price="1/2", budget_tokens=5000, budget_usd=0.001))
    assert (told.tokens_at_most, told.cost_usd_at_most) == (5000, 0.001)


def test_the_extractive_author_spends_nothing(source: str, tmp_path: Path) -> None:
    told = forecast([source], run_options(tmp_path, llm="extractive"))
    assert (told.calls_at_most, told.tokens_at_most, told.cost_usd_at_most) == (0, 0, 0)
    assert "nothing" in forecast_lines(told)[-1]


@pytest.mark.local_model
def test_a_local_model_is_counted_without_its_weights_and_by_its_candidates(source: str, tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp")
    calls = [forecast([source], run_options(tmp_path, llm="llama-cpp", candidates=candidates)) for candidates in (1, 4)]
    one, four = calls
    assert one.counting == "exact"
    assert one.calls_expected < four.calls_expected < four.calls_at_most
    assert four.cost_usd_at_most == 0
    assert "nothing" in forecast_lines(four)[-1]


@pytest.mark.local_model
def test_the_vocabulary_alone_counts_like_the_model() -> None:
    pytest.importorskip("llama_cpp")
    from personas.models.bundled import bundled_model_path
    from personas.models.llama_cpp_chat import LlamaCppChat

    whole = LlamaCppChat(path=bundled_model_path())
    part = LlamaCppChat(path=bundled_model_path(), vocabulary_only=True)
    try:
        messages = [HumanMessage("How many? 排队很久 <|im_end|>")]
        assert part.count_tokens(messages) == whole.count_tokens(messages)
        assert part.parameters == whole.parameters
        assert part.context_tokens == whole.context_tokens
    finally:
        whole.close()
        part.close()


def test_a_read_only_store_is_looked_into_and_not_written(tmp_path: Path) -> None:
    path = tmp_path / "responses.sqlite3"
    with ReadOnlyStore(path) as store:
        store.put("key", "value")
        assert store.get("key") is None
    assert not path.exists()
    with ResponseStore(path) as store:
        store.put("key", "value")
    with ReadOnlyStore(path) as store:
        store.put("other", "value")
        store.discard("key")
        assert (store.get("key"), store.get("other"), store.count()) == ("value", None, 1)
        with pytest.raises(OutputError):
            store._run(lambda: store._connection.execute("DELETE FROM responses"))


def test_a_small_model_is_made_to_try_as_often_as_was_measured() -> None:
    tries = [min(4, _tries(_evenly(place), name=False)) for place in range(1, 1001)]
    # 255 calls for 103 values on Jupyter's survey, 350 for 113 on Kettlebird.
    assert sum(tries) / len(tries) == pytest.approx((255 + 350) / (103 + 113), rel=0.03)
    assert _tries(0.5, name=True) > 16


def test_a_prompt_that_does_not_fit_a_local_window_is_refused_as_the_model_would() -> None:
    completer = ScriptedCompleter(ScriptedChatModel(script=lambda _messages, _schema: "", n_ctx=300))
    rehearsal = RehearsalCompleter(completer)
    sampling = Sampling(seed=1, max_tokens=40)
    with pytest.raises(ModelError):
        rehearsal.complete([HumanMessage("word " * 400)], ClaimValue, sampling, limit_s=1)
    assert rehearsal.calls == []


def test_the_bound_takes_the_most_expensive_calls_a_persona_may_make() -> None:
    bound = CallBound(2, 5, (StageBound(100, 10, 2), StageBound(10, 5, 9)), StageBound(4, 1, 3))
    assert bound.calls == 10
    assert bound.tokens == 2 * (2 * 110 + 3 * 15) + 15
    price = Price(prompt_usd_per_million=1e6, completion_usd_per_million=0, source="test")
    assert bound.cost_usd(price) == 2 * (2 * 100 + 3 * 12) + 12
    assert (CallBound().calls, CallBound().tokens) == (0, 0)


def test_the_forecast_is_told_in_words(told: tuple[Forecast, GenerateOptions]) -> None:
    lines = forecast_lines(told[0])
    assert any("36 at most" in line for line in lines)
    assert any("never passed" in line for line in lines)
    assert "1/2 US dollars per million tokens: --price" in lines[-1]
    unknown = {"price": None, "cost_usd_expected": None, "cost_usd_at_most": None}
    assert "give --price" in forecast_lines(told[0].model_copy(update=unknown))[-1]


def _answers(options: GenerateOptions) -> list[str]:
    path = options.workspace / "responses.sqlite3"
    if not path.exists():
        return []
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT key FROM responses WHERE kind = 'answer' ORDER BY key").fetchall()
    connection.close()
    return [str(row[0]) for row in rows]


def _keep_facts_only(options: GenerateOptions) -> None:
    with sqlite3.connect(options.workspace / "responses.sqlite3") as connection:
        connection.execute("DELETE FROM responses WHERE kind = 'answer'")
    connection.close()

"""Recordings: what was answered is answered again, and nothing else is; no secret is kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from langchain_core.messages import HumanMessage, SystemMessage

from eval.recordings import RecordedModel, RecordingMissing, Recordings, without_secrets
from eval.replaying import RecordingCompleter, ReplayCompleter
from eval.schemas import schema_of
from persona_kit.errors import InputError
from personas.models import Engine
from personas.models.completion import Cancelled, Completion, Request, Sampling
from personas.models.grammar import answer_schema
from personas.models.scripted import ScriptedChatModel, ScriptedCompleter
from prompts.loader import Message, load_prompt
from tests.eval.small_suite import completer, faithful

MODEL = RecordedModel(spec="scripted", identity="scripted", profile="small", context_tokens=4096, hosted=False)
SCHEMA = answer_schema(schema_of("ClaimValue", where=""))
SAMPLING = Sampling(seed=1, max_tokens=40)
MESSAGES = [Message(role="system", text="Sum up."), Message(role="user", text="the lid broke\na loose lid")]
CUT = Completion(text='{"value": "the li', finish="length", prompt_tokens=9, completion_tokens=40, cost_usd=0.0)


def recorded(path: Path) -> Recordings:
    kept = Recordings(path, MODEL)
    kept.put(MESSAGES, SCHEMA, SAMPLING, CUT)
    kept.save()
    return Recordings(path)


def test_an_answer_comes_back_as_it_was_with_how_it_ended(tmp_path: Path) -> None:
    again = recorded(tmp_path / "a.json")
    assert again.get(MESSAGES, SCHEMA, SAMPLING) == CUT
    assert again.model == MODEL
    text = (tmp_path / "a.json").read_text(encoding="utf-8")
    again.save()
    assert (tmp_path / "a.json").read_text(encoding="utf-8") == text
    assert json.loads(text)["format_version"] == 1


@pytest.mark.parametrize(
    ("messages", "sampling", "told"),
    [
        ([MESSAGES[0], Message(role="user", text="the lid broke\na tight lid")], SAMPLING, "+a tight lid"),
        (MESSAGES, Sampling(seed=2, max_tokens=40), "seed 1, now 2"),
        (MESSAGES, Sampling(seed=1, max_tokens=40, temperature=0.5), "temperature 0.0, now 0.5"),
    ],
)
def test_a_miss_fails_and_shows_the_nearest_recording(
    tmp_path: Path, messages: list[Message], sampling: Sampling, told: str
) -> None:
    again = recorded(tmp_path / "a.json")
    assert again.get(messages, SCHEMA, sampling) is None
    error = again.missing(messages, sampling)
    assert isinstance(error, RecordingMissing)
    assert told in error.where
    assert "--record" in error.mend


def test_a_change_of_the_schema_is_a_miss(tmp_path: Path) -> None:
    assert recorded(tmp_path / "a.json").get(MESSAGES, {**SCHEMA, "title": "Other"}, SAMPLING) is None


def test_a_replaying_model_is_an_engines_model_and_a_miss_is_no_model_error(tmp_path: Path) -> None:
    """A model error would send the author to the extractive floor, and the miss would go unseen."""
    kept = Recordings(tmp_path / "a.json", MODEL)
    prompt = load_prompt("claim", variant="small").render({"question": "?", "quotes": ["the lid broke"]})
    schema = schema_of("ClaimValue", where="")
    live = Engine("scripted", RecordingCompleter(completer(faithful), kept))
    first = live.ask(prompt, schema, seed=3, max_tokens=40)
    kept.save()
    with Engine("scripted", ReplayCompleter(Recordings(tmp_path / "a.json"))) as engine:
        assert engine.ask(prompt, schema, seed=3, max_tokens=40).value == first.value
        assert engine.identity == "scripted"
        with pytest.raises(RecordingMissing):
            engine.ask(prompt, schema, seed=4, max_tokens=40)


class Probing(ScriptedCompleter):
    """A model that asks something before its first answer, as those of a server do."""

    def prepare(self, send: Callable[[Request], Completion], *, limit_s: float) -> None:
        send(Request(send=lambda: CUT, prompt_tokens=1, prompt_tokens_at_most=1, max_tokens=1))


def test_a_model_that_is_recorded_is_prepared_and_cancelled_as_it_would_be_alone(tmp_path: Path) -> None:
    kept = Recordings(tmp_path / "a.json", MODEL)
    inner = Probing(ScriptedChatModel(script=lambda _messages, _schema: '{"value": "the lid broke"}'))
    prompt = load_prompt("claim", variant="small").render({"question": "?", "quotes": ["the lid broke"]})
    engine = Engine("scripted", RecordingCompleter(inner, kept))
    engine.ask(prompt, schema_of("ClaimValue", where=""), seed=3, max_tokens=40)
    assert (engine.ledger.total.made, len(kept)) == (2, 1)
    engine.cancel()
    with pytest.raises(Cancelled):
        inner.complete([HumanMessage("?")], schema_of("ClaimValue", where=""), SAMPLING, limit_s=1)


def test_messages_of_all_roles_have_one_key(tmp_path: Path) -> None:
    replay = ReplayCompleter(recorded(tmp_path / "a.json"))
    asked = [SystemMessage("Sum up."), HumanMessage("the lid broke\na loose lid")]
    assert replay.complete(asked, schema_of("ClaimValue", where=""), SAMPLING, limit_s=1) == CUT


@pytest.mark.parametrize(
    "secret",
    [
        "sk-proj-abcdefghijklmnop1234",
        "Bearer abcdefghijklmnop.qrs",
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_abcdefghijklmnopqrstuv",
        'api_key="abcdefghijklmnop"',
    ],
)
def test_no_secret_is_kept(tmp_path: Path, secret: str) -> None:
    kept = Recordings(tmp_path / "a.json", MODEL)
    kept.put(
        [Message(role="user", text=f"mine is {secret}!")], SCHEMA, SAMPLING, CUT.model_copy(update={"text": secret})
    )
    kept.save()
    text = (tmp_path / "a.json").read_text(encoding="utf-8")
    assert secret not in text
    assert "[secret]" in text
    assert kept.get([Message(role="user", text=f"mine is {secret}!")], SCHEMA, SAMPLING) is not None


def test_ordinary_words_are_no_secrets() -> None:
    for text in ("The token was lost at the desk-side", "my password is too long", "the risk-based approach-of-mine"):
        assert without_secrets(text) == text


def test_answers_of_another_version_of_the_model_are_left(tmp_path: Path) -> None:
    recorded(tmp_path / "a.json")
    assert len(Recordings(tmp_path / "a.json", MODEL)) == 1
    assert len(Recordings(tmp_path / "a.json", MODEL.model_copy(update={"identity": "newer"}))) == 0


def test_recordings_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing is recorded"):
        Recordings(tmp_path / "a.json")
    (tmp_path / "a.json").write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match="cannot be read"):
        Recordings(tmp_path / "a.json")

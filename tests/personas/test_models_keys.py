"""An answer is given again only where everything that shaped it is the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, Field

from persona_kit.response_store import ResponseStore
from personas.models import Engine
from personas.models.scripted import ScriptedChatModel, ScriptedCompleter
from prompts.loader import Message, RenderedPrompt


class Word(BaseModel):
    word: str


class ShortWord(BaseModel):
    word: str = Field(max_length=9)


def prompt(*texts: str, role: Any = "user") -> RenderedPrompt:
    messages = tuple(Message(role=role, text=text) for text in texts)
    return RenderedPrompt(name="word", version="1", variant="full", template_sha256="", messages=messages)


USUAL: dict[str, Any] = {"prompt": prompt("a", "b"), "schema": Word, "seed": 1, "max_tokens": 20, "temperature": 0.5}


def asked(path: Path, *, identity: str = "one", **changes: Any) -> bool:
    """Whether the model had to be asked."""
    chat = ScriptedChatModel(script=lambda _messages, _schema: json.dumps({"word": "said"}))
    with Engine("scripted", ScriptedCompleter(chat, identity=identity), store=ResponseStore(path)) as engine:
        call = USUAL | changes
        engine.ask(call.pop("prompt"), call.pop("schema"), **call)
    return bool(chat.asked)


@pytest.mark.parametrize(
    "change",
    [
        {"identity": "other"},
        {"prompt": prompt("a", "c")},
        {"prompt": prompt("ab")},
        {"prompt": prompt("a", "b", role="system")},
        {"schema": ShortWord},
        {"seed": 2},
        {"max_tokens": 21},
        {"temperature": 0.6},
        {"repeat": 1},
    ],
    ids=lambda change: "-".join(change),
)
def test_whatever_shapes_an_answer_is_part_of_its_key(change: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "responses.sqlite3"
    assert asked(path)
    assert asked(path, **change)
    assert not asked(path)
    assert not asked(path, **change)


def test_what_does_not_shape_an_answer_is_not(tmp_path: Path) -> None:
    path = tmp_path / "responses.sqlite3"
    assert asked(path)
    renamed = USUAL["prompt"].model_copy(update={"name": "other", "version": "2", "template_sha256": "another"})
    assert not asked(path, prompt=renamed)

"""Whatever the grammar allows, Pydantic accepts; what it cannot hold a model to, it refuses."""

from __future__ import annotations

import datetime
import json
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, create_model

from persona_kit.errors import ModelError
from personas.models.grammar import answer_schema, schema_to_gbnf
from tests.personas.gbnf import texts_of


class Mood(Enum):
    ANGRY = "angry"
    PLEASED = 'he said "fine"'


class Claim(BaseModel):
    model_config = ConfigDict(extra="forbid")

    evidence: list[Annotated[int, Field(ge=1, le=12)]] = Field(min_length=1, max_length=3)
    value: str = Field(min_length=1, max_length=20)
    weight: float


class Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")

    claims: list[Claim] = Field(max_length=2)
    mood: Mood
    note: str | None = None
    """A default must not let the model leave the field out."""
    channel: Literal["phone", "mail", 3, True, None] = "mail"
    title: str = Field(default="", description="named like a keyword of JSON Schema")
    sure: bool = False


class Tree(BaseModel):
    name: Literal["node"]
    children: list[Tree] = Field(max_length=2)


_LEAVES: st.SearchStrategy[Any] = st.sampled_from([
    str,
    int,
    float,
    bool,
    Mood,
    Claim,
    str | None,
    int | None,
    list[str],
    Claim | None,
    Literal["a", "b"],
    Annotated[str, Field(max_length=5)],
    Annotated[int, Field(gt=-3, lt=3)],
    Annotated[list[bool], Field(min_length=2, max_length=2)],
])
_NAMES = st.sampled_from(["a", "b-c", "name", "Größe", "属性", "x_1", "default", "required", 'quo"te', "back\\slash"])


@given(st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_text_of_the_grammar_is_a_valid_answer(data: st.DataObject) -> None:
    text = data.draw(texts_of(schema_to_gbnf(answer_schema(Answer))))
    value = Answer.model_validate_json(text)
    # All fields are there, in the order of the schema, and the layout is json.dumps's.
    assert list(json.loads(text)) == list(Answer.model_fields)
    assert json.loads(text)["sure"] == value.sure


@given(st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_text_of_any_models_grammar_is_a_valid_answer(data: st.DataObject) -> None:
    fields = data.draw(st.dictionaries(_NAMES, _LEAVES, min_size=1, max_size=4))
    # Aliases, as Python has no fields of such names.
    definition: dict[str, Any] = {
        f"field_{number}": (kind, Field(alias=name)) for number, (name, kind) in enumerate(fields.items())
    }
    model = create_model("Drawn", **definition)
    text = data.draw(texts_of(schema_to_gbnf(answer_schema(model))))
    model.model_validate_json(text)
    assert list(json.loads(text)) == list(fields)


@given(st.data())
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_recursive_model_has_a_grammar(data: st.DataObject) -> None:
    Tree.model_validate_json(data.draw(texts_of(schema_to_gbnf(answer_schema(Tree)))))


def test_raw_control_characters_and_lone_surrogates_are_outside_of_strings() -> None:
    grammar = schema_to_gbnf({"type": "string"})
    (rule,) = (line for line in grammar.splitlines() if line.startswith("json-char"))
    assert r"\x00-\x1F\x7F\uD800-\uDFFF" in rule


def test_every_property_is_required_even_with_a_default() -> None:
    assert answer_schema(Answer)["required"] == list(Answer.model_fields)
    assert "default" not in json.dumps(answer_schema(Answer))


class Patterned(BaseModel):
    code: str = Field(pattern="^[a-z]+$")


class Free(BaseModel):
    counts: dict[str, int]


class Anything(BaseModel):
    value: Any


class Dated(BaseModel):
    day: datetime.date


class Unique(BaseModel):
    names: set[str]


class Pair(BaseModel):
    both: tuple[int, str]


class Divisible(BaseModel):
    number: int = Field(multiple_of=5)


@pytest.mark.parametrize("model", [Patterned, Free, Anything, Dated, Unique, Pair, Divisible])
def test_what_the_grammar_cannot_hold_a_model_to_is_refused(model: type[BaseModel]) -> None:
    with pytest.raises(ModelError, match="cannot be held to") as refusal:
        schema_to_gbnf(answer_schema(model))
    assert refusal.value.where.startswith("root")
    assert not refusal.value.retryable


def test_a_reference_that_leads_nowhere_is_refused() -> None:
    with pytest.raises(ModelError, match="reference"):
        schema_to_gbnf({"$ref": "#/$defs/Missing"})


def test_different_names_never_share_a_rule() -> None:
    model = create_model("M", **{"a": (Claim, Field(alias="x-y")), "b": (Mood, Field(alias="x_y"))})  # type: ignore[call-overload]  # a mapping of field definitions
    names = [line.split(" ::= ")[0] for line in schema_to_gbnf(answer_schema(model)).splitlines()]
    assert len(names) == len(set(names))

"""Whatever the grammar allows, Pydantic accepts; what it cannot hold a model to, it refuses."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from persona_kit.errors import MalformedAnswer, ModelError, TruncatedAnswer
from personas.models import Engine
from personas.models.grammar import LONGEST_COUNTED_STRING, answer_schema, schema_to_gbnf
from personas.models.retrying import ONCE
from personas.models.scripted import CHARACTERS_PER_TOKEN, ScriptedChatModel, ScriptedCompleter
from prompts.loader import Message, RenderedPrompt
from tests.personas.gbnf import texts_of

PROMPT = RenderedPrompt(
    name="any", version="1", variant="small", template_sha256="", messages=(Message(role="user", text="Hi"),)
)
_PATIENT = settings(max_examples=2_000, deadline=None, database=None)


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


class Words(BaseModel):
    text: str
    note: str | None = None


@given(st.data())
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_text_of_a_grammar_holds_a_raw_line_break(data: st.DataObject) -> None:
    text = data.draw(texts_of(schema_to_gbnf(answer_schema(Words))))
    assert all(character >= " " and character != "\x7f" for character in text)
    assert all(not 0xD800 <= ord(character) <= 0xDFFF for character in text)
    Words.model_validate_json(text)


def said_with(texts: st.SearchStrategy[str], name: str, wanted: Callable[[Any], bool]) -> dict[str, Any]:
    """An answer whose field is as wanted; hypothesis raises where there is none."""
    found = find(texts, lambda text: wanted(json.loads(text)[name]), settings=_PATIENT)
    return dict(json.loads(found))


def test_an_optional_field_is_there_with_and_without_a_value() -> None:
    class Optional(BaseModel):
        sure: bool
        mood: Mood | None = None

    texts = texts_of(schema_to_gbnf(answer_schema(Optional)))
    assert list(said_with(texts, "mood", lambda mood: mood is None)) == ["sure", "mood"]
    assert list(said_with(texts, "mood", lambda mood: mood == "angry")) == ["sure", "mood"]


@given(st.data(), st.integers(-300, 300), st.integers(0, 20))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_bounds_that_the_grammar_can_hold_are_held(data: st.DataObject, lowest: int, width: int) -> None:
    """Ranges of integers, numbers of items, lengths of strings: drawn, and never passed."""
    least, most = sorted((data.draw(st.integers(0, 5)), data.draw(st.integers(0, 5))))
    kinds = {
        "closed": Annotated[int, Field(ge=lowest, le=lowest + width)],
        "open": Annotated[int, Field(gt=lowest - 1, lt=lowest + width + 1)],
        "items": Annotated[list[bool], Field(min_length=least, max_length=most)],
        "few": Annotated[list[Mood], Field(max_length=most)],
        "letters": Annotated[str, Field(min_length=least, max_length=most)],
        "some": Annotated[str, Field(min_length=least)],
    }
    definition: dict[str, Any] = {name: (kind, ...) for name, kind in kinds.items()}
    model = create_model("Bounded", **definition)
    value = json.loads(data.draw(texts_of(schema_to_gbnf(answer_schema(model)))))
    model.model_validate(value)
    assert lowest <= value["closed"] <= lowest + width
    assert least <= len(value["items"]) <= most


def test_both_ends_of_a_range_and_of_a_list_can_be_reached() -> None:
    class Ends(BaseModel):
        number: int = Field(ge=-1, le=1)
        items: list[bool] = Field(min_length=1, max_length=2)

    texts = texts_of(schema_to_gbnf(answer_schema(Ends)))
    for number in (-1, 0, 1):
        said_with(texts, "number", number.__eq__)
    for items in ([True], [False, True]):
        said_with(texts, "items", items.__eq__)


class Loose(BaseModel):
    """Bounds that are left to Pydantic."""

    share: float = Field(ge=0, le=1)
    year: int = Field(ge=1900)
    long: str = Field(max_length=LONGEST_COUNTED_STRING + 1)


@given(st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_passes_a_bound_that_is_left_to_pydantic_never_comes_through(data: st.DataObject) -> None:
    text = data.draw(texts_of(schema_to_gbnf(answer_schema(Loose))))
    value = json.loads(text)
    fits = 0 <= value["share"] <= 1 and value["year"] >= 1900 and len(value["long"]) <= LONGEST_COUNTED_STRING + 1
    engine = Engine("scripted", ScriptedCompleter(ScriptedChatModel(script=lambda *_: text, n_ctx=10**6)))
    if fits:
        assert engine.ask(PROMPT, Loose, seed=0, max_tokens=10**5).value.year == value["year"]
    else:
        with pytest.raises(MalformedAnswer):
            engine.ask(PROMPT, Loose, seed=0, max_tokens=10**5)


@given(st.data())
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_an_answer_cut_anywhere_is_never_taken_for_a_whole_one(data: st.DataObject) -> None:
    text = data.draw(texts_of(schema_to_gbnf(answer_schema(Answer))))
    cut = text[: data.draw(st.integers(0, len(text) - 1))]
    with pytest.raises(ValidationError):
        Answer.model_validate_json(cut)
    engine = Engine("scripted", ScriptedCompleter(ScriptedChatModel(script=lambda *_: text, n_ctx=10**6)), retries=ONCE)
    tokens = -(-len(text) // CHARACTERS_PER_TOKEN)
    with pytest.raises(TruncatedAnswer):
        engine.ask(PROMPT, Answer, seed=0, max_tokens=data.draw(st.integers(1, tokens - 1)))


class Phone(BaseModel):
    kind: Literal["phone"]
    number: str = Field(max_length=5)


class Mail(BaseModel):
    kind: Literal["mail"]
    address: str = Field(max_length=5)


class Referring(BaseModel):
    """References of every sort: twice the same, described, optional, in lists, told apart by a field."""

    first: Claim
    second: Claim = Field(description="the same form again")
    mood: Mood = Mood.ANGRY
    maybe: Mood | None = None
    many: list[Phone] = Field(max_length=2)
    either: Annotated[Phone | Mail, Field(discriminator="kind")]
    plain: Phone | Mail | None = None


@given(st.data())
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_references_are_followed_wherever_they_stand(data: st.DataObject) -> None:
    schema = answer_schema(Referring)
    assert json.dumps(schema).count("$ref") >= 8
    text = data.draw(texts_of(schema_to_gbnf(schema)))
    value = Referring.model_validate_json(text)
    assert list(json.loads(text)) == list(Referring.model_fields)
    assert isinstance(value.either, Phone | Mail)


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

"""The attribute schema: what is asked of the evidence of every segment."""

from __future__ import annotations

import importlib
import re
import tomllib
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, Field, ValidationError, model_validator

from persona_kit.errors import InputError
from persona_kit.records import Record
from personas.protected import PROTECTED_TOPICS, find_topics

OutputLanguage = Literal["en", "zh"]
LANGUAGE_NAMES: dict[OutputLanguage, str] = {"en": "English", "zh": "Simplified Chinese"}
"""As prompts name them."""


class Choice(Record):
    """A value that an attribute may have, and how people put it."""

    label: dict[OutputLanguage, str]
    """What the claim says; it need not be a word of the customers."""
    cues: tuple[str, ...] = ()
    """Regular expressions, in lower case, by which a sentence is known to say it, wherever they match."""
    word_cues: tuple[str, ...] = ()
    """The same, where a word begins."""

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """All its cues as one pattern."""
        return _compile(self.patterns)

    @property
    def patterns(self) -> tuple[str, ...]:
        """Its cues as patterns that match anywhere."""
        return (*((rf"\b(?:{_either(self.word_cues)})",) if self.word_cues else ()), *self.cues)


class Attribute(Record):
    """One thing asked of the evidence of every segment."""

    key: str
    label: dict[OutputLanguage, str]
    question: dict[OutputLanguage, str]
    sensitive: bool = False
    """Whether a claim may only rest on the customer table or on what people said of themselves."""
    min_people: int | None = None
    """Least number of people behind a claim; the run's --min-people where it is not set."""
    cues: tuple[str, ...] = ()
    """Regular expressions, in lower case, that mark a passage as speaking of it, wherever they match."""
    word_cues: tuple[str, ...] = ()
    """The same, but only where a word begins: what most cues of languages with spaces should be, and twice as fast."""
    question_cues: tuple[str, ...] = ()
    """Regular expressions, in lower case, that mark a survey question as asking for it."""
    choices: tuple[Choice, ...] = ()
    """The only values it may have; none: it is told in the customers' own words."""
    protected: str = ""
    """The protected topic that it is about, named on purpose; such an attribute is sensitive whatever it says."""

    @model_validator(mode="before")
    @classmethod
    def _protect(cls, data: Any) -> Any:
        return {**data, "sensitive": True} if isinstance(data, dict) and data.get("protected") else data

    @model_validator(mode="after")
    def _refuse(self) -> Attribute:
        if self.protected and self.protected not in PROTECTED_TOPICS:
            raise ValueError(f"{self.key}: protected is one of {', '.join(PROTECTED_TOPICS)}, not {self.protected!r}")
        named = [self.key.replace("_", " "), *self.label.values(), *self.question.values()]
        named += [text for choice in self.choices for text in choice.label.values()]
        if topics := [topic for topic in find_topics("\n".join(named)) if topic != self.protected]:
            raise ValueError(
                f"{self.key} asks for {', '.join(topics)}, which is not looked for unless the attribute names it "
                f'(protected = "{topics[0]}"); then it holds only what people say of themselves, in their own words'
            )
        if self.sensitive and self.choices:
            raise ValueError(f"{self.key} is sensitive: it is told in people's own words and has no choices")
        if any(not choice.patterns for choice in self.choices):
            raise ValueError(f"{self.key}: each choice has cues or word_cues by which a sentence is known to say it")
        return self

    @cached_property
    def cue_pattern(self) -> re.Pattern[str]:
        """All cues as one pattern; matches nothing where there are none."""
        at_words = (rf"\b(?:{_either(self.word_cues)})",) if self.word_cues else ()
        chosen = tuple(pattern for choice in self.choices for pattern in choice.patterns)
        return _compile((*at_words, *self.cues, *chosen))

    @cached_property
    def question_pattern(self) -> re.Pattern[str]:
        """All question cues as one pattern; matches nothing where there are none."""
        return _compile(self.question_cues)


def _compile(patterns: tuple[str, ...]) -> re.Pattern[str]:
    # Texts are lower case when they are searched: a third faster than ignoring case in the pattern.
    return re.compile(_either(patterns) or r"(?!)")


def _either(patterns: tuple[str, ...]) -> str:
    return "|".join(f"(?:{pattern})" for pattern in patterns)


class AttributeSchema(Record):
    """The attributes of a run, in the order they are shown."""

    attribute: tuple[Attribute, ...] = Field(min_length=1)

    def __getitem__(self, key: str) -> Attribute:
        """The attribute of that key.

        Raises:
            KeyError: when there is none.
        """
        for attribute in self.attribute:
            if attribute.key == key:
                return attribute
        raise KeyError(key)

    def has(self, key: str) -> bool:
        """Whether there is an attribute of that key."""
        return any(attribute.key == key for attribute in self.attribute)

    @cached_property
    def choices(self) -> dict[tuple[str, str], re.Pattern[str]]:
        """(key, label of a choice in either language) -> what sentences that say it hold."""
        return {
            (attribute.key, label): choice.pattern
            for attribute in self.attribute
            for choice in attribute.choices
            for label in choice.label.values()
        }

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys in order."""
        return tuple(attribute.key for attribute in self.attribute)


def labels_unlike_shipped(schema: AttributeSchema, language: OutputLanguage) -> dict[str, str]:
    """Key -> label of the attributes that the shipped schema does not have, or calls otherwise."""
    shipped = {attribute.key: attribute.label[language] for attribute in load_schema(None).attribute}
    own = {attribute.key: attribute.label.get(language, "") for attribute in schema.attribute}
    return {key: label for key, label in own.items() if label and shipped.get(key) != label}


def load_schema(reference: str | None) -> AttributeSchema:
    """The default schema, a TOML file of the same form, or a Pydantic model as ``module:Class``.

    A field of a Pydantic model becomes an attribute: its title is the label, its description the question, and
    ``json_schema_extra`` may hold what an attribute of a TOML file holds. A ``Literal`` gives the choices, a ``bool``
    the choices Yes and No; ``choice_cues`` in ``json_schema_extra`` says by which patterns each is known, and where it
    does not, a choice is known by its own words.

    Raises:
        InputError: when the reference cannot be found or does not have the form.
    """
    if reference is None:
        text = (files("personas") / "attributes.toml").read_text(encoding="utf-8")
        return AttributeSchema.model_validate(tomllib.loads(text))
    if Path(reference).suffix == ".toml":
        return _read_toml(Path(reference))
    return _read_model(reference)


def _read_toml(path: Path) -> AttributeSchema:
    try:
        schema = AttributeSchema.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        for attribute in schema.attribute:
            _ = attribute.cue_pattern, attribute.question_pattern, [choice.pattern for choice in attribute.choices]
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ValidationError, re.error) as error:
        raise InputError(
            f"the attribute schema cannot be read: {error}",
            where=str(path),
            mend="write it like personas/attributes.toml: [[attribute]] with key, label, question, word_cues, cues",
        ) from error
    return schema


def _read_model(reference: str) -> AttributeSchema:
    module, _, name = reference.partition(":")
    try:
        model = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        model = error
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise InputError(
            "the attribute schema is not a Pydantic model",
            where=f"--schema {reference!r}",
            mend="give a .toml file, or module:Class where Class derives from pydantic.BaseModel",
        )
    try:
        return AttributeSchema(attribute=tuple(_from_field(key, field) for key, field in model.model_fields.items()))
    except ValidationError as error:
        raise InputError(
            f"the attribute schema cannot be used: {error}",
            where=f"--schema {reference!r}",
            mend="docs/limits.md tells what is not looked for; docs/schemas.md what a field may hold",
        ) from error


def _from_field(key: str, field: Any) -> Attribute:
    extra = dict(field.json_schema_extra) if isinstance(field.json_schema_extra, dict) else {}
    choices = _choices_of(field.annotation, extra.pop("choice_cues", {}))
    label = field.title or key.replace("_", " ").capitalize()
    question = field.description or f"What does the evidence say of {label.lower()}?"
    return Attribute.model_validate({
        "key": key,
        "label": {"en": label, "zh": label},
        "question": {"en": question, "zh": question},
        "choices": choices,
        **extra,
    })


def _choices_of(annotation: Any, cues: dict[str, Any]) -> list[dict[str, Any]]:
    if annotation is bool:
        # Nobody says "yes": how each is put has to be told.
        own: dict[str, list[str]] = {"Yes": [], "No": []}
    else:
        values = get_args(annotation) if get_origin(annotation) is Literal else ()
        own = {str(value): [rf"\b{re.escape(str(value).lower())}\b"] for value in values}
    return [{"label": {"en": value, "zh": value}, "cues": cues.get(value, words)} for value, words in own.items()]

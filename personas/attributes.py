"""The attribute schema: what is asked of the evidence of every segment."""

from __future__ import annotations

import importlib
import re
import tomllib
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError

from persona_kit.errors import InputError
from persona_kit.records import Record

OutputLanguage = Literal["en", "zh"]
LANGUAGE_NAMES: dict[OutputLanguage, str] = {"en": "English", "zh": "Simplified Chinese"}
"""As prompts name them."""


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

    @cached_property
    def cue_pattern(self) -> re.Pattern[str]:
        """All cues as one pattern; matches nothing where there are none."""
        at_words = (rf"\b(?:{_either(self.word_cues)})",) if self.word_cues else ()
        return _compile((*at_words, *self.cues))

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

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys in order."""
        return tuple(attribute.key for attribute in self.attribute)


def load_schema(reference: str | None) -> AttributeSchema:
    """The default schema, a TOML file of the same form, or a Pydantic model as ``module:Class``.

    A field of a Pydantic model becomes an attribute: its title is the label, its description the question, and
    ``json_schema_extra`` may hold `word_cues`, `cues`, `question_cues`, `sensitive` and `min_people`.

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
            _ = attribute.cue_pattern, attribute.question_pattern
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
    return AttributeSchema(attribute=tuple(_from_field(key, field) for key, field in model.model_fields.items()))


def _from_field(key: str, field: Any) -> Attribute:
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    label = field.title or key.replace("_", " ").capitalize()
    question = field.description or f"What does the evidence say of {label.lower()}?"
    return Attribute.model_validate({
        "key": key,
        "label": {"en": label, "zh": label},
        "question": {"en": question, "zh": question},
        **extra,
    })

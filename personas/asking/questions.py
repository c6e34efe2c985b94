"""What a question asks for: a topic in words, attributes of the schema, or who people are."""

from __future__ import annotations

import re
from dataclasses import dataclass

from personas.asking.lexicon import HAN, Statement, question_words
from personas.asking.likeness import words_of
from personas.attributes import AttributeSchema, OutputLanguage
from personas.terms import stop_words

_EITHER = re.compile(
    r"\b(?:and|or)\b|[,，、;；]|(?<=[\u3400-\u9fff])(?:和|与|或者?|还是)(?=[\u3400-\u9fff])", re.IGNORECASE
)
_WHETHER = re.compile(r"([\u3400-\u9fff]{1,2})不\1")
_LETTER = re.compile(r"(?<=[^.!?\s] )[B-HJ-Z](?![\w'’.&])")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question taken apart."""

    language: OutputLanguage
    topics: tuple[tuple[str, ...], ...]
    """Words that name a topic, in order, each once; several topics where it asks for this or that."""
    attributes: tuple[str, ...]
    """Keys of the schema that it asks for, such as `pain_points` for "what annoys them"."""
    spoken_for: tuple[str, ...]
    """Words that asked for the attributes: a topic where these hold nothing."""
    is_whole: bool
    """Whether it asks the persona to tell of itself."""
    statement: Statement | None
    """What people must state of themselves, where it asks who they are."""


def take_apart(question: str, schema: AttributeSchema) -> Asked:
    """The question's topic and the attributes it asks for.

    Args:
        question: as it was asked.
        schema: the attributes of the run.
    """
    question = _WHETHER.sub(r"\1", question)
    lowered = question.lower()
    lexicon = question_words()
    statement = next((one for one in lexicon.states if one.asked.search(lowered)), None)
    found = [(key, match) for key, asks in lexicon.asks if schema.has(key) for match in asks.finditer(lowered)]
    spoken = {word for _, match in found for word in words_of(match.group())}
    if statement is not None:
        spoken |= {word for match in statement.asked.finditer(lowered) for word in words_of(match.group())}
    topics = _topics(question, spoken)
    labelled = _labelled(lowered, schema)
    labels = {word for _, label in labelled for word in words_of(label)}
    if _topics(question, spoken | labels):
        labelled = []  # "the price of the beans" names a topic, not the attribute Price
    elif labelled:
        topics, spoken = (), spoken | labels
    return Asked(
        language="zh" if HAN.search(question) else "en",
        topics=topics,
        attributes=tuple(dict.fromkeys([*(key for key, _ in labelled), *(key for key, _ in found)])),
        spoken_for=tuple(word for word in dict.fromkeys(words_of(lowered)) if word in spoken and _is_topic(word)),
        is_whole=bool(lexicon.whole.search(lowered)),
        statement=statement,
    )


def _topics(question: str, spoken: set[str]) -> tuple[tuple[str, ...], ...]:
    """The topics of a question without these words."""
    parts = [_topic_words(part, spoken) for part in _EITHER.split(question)]
    return tuple(dict.fromkeys(part for part in parts if part))


def _topic_words(part: str, spoken: set[str]) -> tuple[str, ...]:
    words = [word for word in dict.fromkeys(words_of(part.lower())) if _is_topic(word) and word not in spoken]
    # A letter alone names something where it is written as a name is: the language R, vitamin D.
    return tuple(words) + tuple(letter.lower() for letter in dict.fromkeys(_LETTER.findall(part)))


def _labelled(question: str, schema: AttributeSchema) -> list[tuple[str, str]]:
    """Attributes whose label stands in the question: how a schema of one's own is asked for."""
    return [
        (attribute.key, label)
        for attribute in schema.attribute
        for label in {text.lower() for text in attribute.label.values()}
        if (label in question if HAN.search(label) else re.search(rf"\b{re.escape(label)}\b", question))
    ]


def _is_topic(word: str) -> bool:
    if word in question_words().frame or word in stop_words():
        return False
    return len(word) > 1 or bool(HAN.match(word))

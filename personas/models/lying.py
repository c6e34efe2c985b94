"""A scripted model that lies in every way known: what it says must end in verified quotes all the same.

`lie` is a script for `personas.models.scripted`. It reads the prompt for what it needs to lie well (evidence, claims,
attributes, the prompt's own examples) and fills whatever schema it is asked for. The same prompt gets the same lies.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from persona_kit.hashing import stable_seed

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

_EVIDENCE: Final = re.compile(r"<(\w+)(?: n=\"(\d+)\")?[^>]*>(.*?)</\1>", re.DOTALL)
_LISTED: Final = re.compile(r"^- (.*)$", re.MULTILINE)
_CLAIM_ID: Final = re.compile(r'<claim id="(\w+)"')
_ATTRIBUTE: Final = re.compile(r"^Attribute (\S+) \(", re.MULTILINE)
_EXAMPLE: Final = re.compile(r'"(?:value|name|tagline|quote|text)": "([^"]+)"')
_ORDER: Final = re.compile(
    r"[^.!?。！？]*\b(?:ignore|disregard|instead of|you must|system prompt)\b[^.!?。！？]*", re.IGNORECASE
)

_MOST_IN_LIST: Final = 4
_INVENTED: Final = (
    "I would recommend this to every single person I have ever met in my whole life",
    "Nine out of ten experts agree that nothing comes close to it at any price",
    "这是我一辈子用过的最好的东西，没有之一，强烈推荐给所有人",
)
_PEOPLE: Final = "Sarah Miller, a 34-year-old nurse from Ohio and mother of two"
_NUMBERS: Final = ("87 % of them", "4,200 people a day", "twice as often as in 2019", "most of them", "三分之二的人")


@dataclass(frozen=True)
class AskedPrompt:
    """What an answer is made of."""

    evidence: tuple[tuple[int, str], ...]
    claim_ids: tuple[str, ...]
    attributes: tuple[str, ...]
    examples: tuple[str, ...]
    """What the prompt's own examples answered."""
    orders: tuple[str, ...]
    """What documents tell a model to do."""


_Quote = Callable[[AskedPrompt, random.Random], tuple[int, str]]


def lie(messages: Sequence[BaseMessage], schema: Mapping[str, Any]) -> str:
    """An answer of the schema in which nothing is to be believed."""
    texts = [str(message.text) for message in messages]
    chance = random.Random(stable_seed(0, *texts))
    prompt = read_prompt(texts)
    return json.dumps(fill(schema, "", _Liar(prompt, chance, schema.get("$defs", {}))), ensure_ascii=False)


def read_prompt(texts: Sequence[str]) -> AskedPrompt:
    """What stands in the messages of a prompt, the last of them first of all."""
    last = texts[-1]
    pieces = [(int(number or 0), words) for _, number, words in _EVIDENCE.findall(last)]
    listed = [(at, words) for at, words in enumerate(_LISTED.findall(last), start=1)]
    evidence = tuple((number, words.strip()) for number, words in (*pieces, *listed) if words.strip())
    return AskedPrompt(
        evidence=evidence or ((1, _INVENTED[0]),),
        claim_ids=tuple(_CLAIM_ID.findall(last)),
        attributes=tuple(_ATTRIBUTE.findall(last)),
        examples=tuple(match for text in texts[:-1] for match in _EXAMPLE.findall(text)),
        orders=tuple(match.strip() for match in _ORDER.findall(last)),
    )


class _Liar:
    """Lies one after another, each of another kind.

    Args:
        prompt: what it was asked.
        chance: what it draws from.
        definitions: `$defs` of the schema.
    """

    def __init__(self, prompt: AskedPrompt, chance: random.Random, definitions: Mapping[str, Any]) -> None:
        self.prompt = prompt
        self.definitions = definitions
        self._chance = chance
        self._told = chance.randrange(len(QUOTE_LIES))
        self._number = 0

    def quote(self) -> str:
        """A quote that must not be cited as it stands; its number follows."""
        tell = list(QUOTE_LIES.values())[self._told % len(QUOTE_LIES)]
        self._told += 1
        self._number, text = tell(self.prompt, self._chance)
        return text

    def number(self) -> int:
        """The number of the piece the next quote is said to be in: right, wrong, or of no piece."""
        return self._chance.choice([1, 2, 999, -3, 0, self._number])

    def text(self) -> str:
        """A value, sentence or name with something in it that nobody said."""
        _, words = self._chance.choice(self.prompt.evidence)
        short = " ".join(words.split()[:6])
        ways = [
            f"{short}, say {self._chance.choice(_NUMBERS)}",
            f"{_PEOPLE}, says: {short}",
            self._chance.choice(_INVENTED),
            self._chance.choice(self.prompt.examples or _INVENTED),
            self._chance.choice(self.prompt.orders or _INVENTED),
            short,
        ]
        return self._chance.choice(ways)

    def claim_id(self) -> str:
        """An id: another claim's, or none that exists."""
        return self._chance.choice([*self.prompt.claim_ids, "c999", "nobody"])

    def attribute(self, place: int) -> str:
        """The attribute asked for, in order."""
        asked = self.prompt.attributes or ("demographics",)
        return asked[place % len(asked)]


def _invented(prompt: AskedPrompt, chance: random.Random) -> tuple[int, str]:
    return chance.choice(prompt.evidence)[0], chance.choice(_INVENTED)


def _stitched(prompt: AskedPrompt, chance: random.Random) -> tuple[int, str]:
    number, first = chance.choice(prompt.evidence)
    _, second = chance.choice(prompt.evidence)
    return number, f"{first[: max(12, len(first) // 2)]} {second[-max(12, len(second) // 2) :]}"


def _negated(prompt: AskedPrompt, chance: random.Random) -> tuple[int, str]:
    number, words = chance.choice(prompt.evidence)
    place = words.find(" ", len(words) // 3)
    return number, f"{words[:place]} not{words[place:]}" if place > 0 else f"没有{words}"


def _renumbered(prompt: AskedPrompt, chance: random.Random) -> tuple[int, str]:
    number, words = chance.choice(prompt.evidence)
    return number, f"{words} That was 42 days and 1,300 dollars later"


def _from_elsewhere(prompt: AskedPrompt, chance: random.Random) -> tuple[int, str]:
    """Real words under the number of another piece: these may be cited, from where they stand."""
    return 999, chance.choice(prompt.evidence)[1]


def _copied(prompt: AskedPrompt, chance: random.Random) -> tuple[int, str]:
    return 1, chance.choice(prompt.examples or _INVENTED)


def _obedient(prompt: AskedPrompt, chance: random.Random) -> tuple[int, str]:
    return 1, chance.choice(prompt.orders or _INVENTED)


QUOTE_LIES: Final[Mapping[str, _Quote]] = {
    "invented": _invented,
    "stitched": _stitched,
    "negated": _negated,
    "numbers from nowhere": _renumbered,
    "wrong id": _from_elsewhere,
    "copied from the prompt's examples": _copied,
    "instruction of a document obeyed": _obedient,
}
"""The ways in which it lies about a quote; about what quotes say, it lies in `_Liar.text`."""


class Answering(Protocol):
    """What fills the fields of an answer."""

    prompt: AskedPrompt
    definitions: Mapping[str, Any]

    def quote(self) -> str:
        """The text of a quote; its number is asked for next."""

    def number(self) -> int:
        """A number, such as that of a piece of evidence."""

    def text(self) -> str:
        """A value, sentence or name."""

    def claim_id(self) -> str:
        """The id of a claim."""

    def attribute(self, place: int) -> str:
        """The key of an attribute."""


def fill(schema: Mapping[str, Any], field: str, liar: Answering, place: int = 0) -> Any:
    """A value of the schema, its texts by `liar`."""
    if "$ref" in schema:
        return fill(liar.definitions[str(schema["$ref"]).rpartition("/")[2]], field, liar, place)
    if "anyOf" in schema:
        return fill(schema["anyOf"][0], field, liar, place)
    if "enum" in schema:
        return schema["enum"][place % len(schema["enum"])]
    kind = schema.get("type")
    if kind == "object":
        return {name: fill(part, name, liar, place) for name, part in schema.get("properties", {}).items()}
    if kind == "array":
        count = len(liar.prompt.attributes) or 1 if field == "attributes" else _MOST_IN_LIST
        return [fill(schema["items"], field, liar, at) for at in range(count)]
    if kind in {"integer", "number"}:
        return liar.number()
    return kind == "boolean" or _text(schema, field, liar, place)


def _text(schema: Mapping[str, Any], field: str, liar: Answering, place: int) -> str:
    if field == "attribute":
        return liar.attribute(place)
    if "id" in field.split("_") or "ids" in field.split("_"):
        return liar.claim_id()
    text = liar.quote() if field == "quote" else liar.text()
    return text[: int(schema.get("maxLength", len(text)))]

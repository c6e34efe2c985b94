"""The material: made-up businesses, the kinds of people they have, and how these say things.

A world lies in three files beside this module: ``worlds/NAME.toml`` holds its segments and values,
``worlds/NAME.en.toml`` and ``worlds/NAME.zh.toml`` how each value is said. What any business hears lies in ``common``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, Literal

from personas.simulation.grammar import Phrasing, Pools, parse

Tongue = Literal["en", "zh"]
"""What one customer writes in."""

COMMON = "common"


@dataclass(frozen=True, slots=True)
class Value:
    """One thing that people voice."""

    key: str
    attribute: str
    """A key of ``personas/attributes.toml``."""
    feeling: float
    """-1 (bad) to 1 (good)."""
    tag: str = ""
    """`price_sensitive`, `leaving`, `growing` or a channel, where voicing it shows one."""
    opposite: str = ""
    """Key of the value that contradicts it."""


@dataclass(frozen=True, slots=True)
class Archetype:
    """A kind of person that a world has."""

    key: str
    name: dict[Tongue, str]
    feeling: float
    plan: str
    age: tuple[int, int]
    values: tuple[Value, ...]
    common: dict[str, float]
    """How likely a person of the kind holds each value of `common`, where that is not the usual chance."""


@dataclass(frozen=True, slots=True)
class Product:
    """Something sold."""

    name: dict[Tongue, str]
    price: dict[Tongue, float]


@dataclass(frozen=True)
class Wording:
    """How one language says all of a world."""

    tongue: Tongue
    names: Mapping[str, str]
    """Each value's name."""
    words: Mapping[str, tuple[str, ...]]
    """The obvious words for each value, which its phrasings mostly do without."""
    say: Mapping[str, tuple[Phrasing, ...]]
    """The phrasings of each value."""
    scenes: Mapping[str, tuple[Phrasing, ...]]
    """What people of each segment say of their days, whatever they voice."""
    pools: Pools
    lists: Mapping[str, tuple[Phrasing, ...]]
    """Openers, moods, decoys and the like, as phrasings."""
    plain: Mapping[str, tuple[str, ...]]
    """Instructions and pairs of characters, as they stand."""
    questions: Mapping[str, tuple[str, ...]]
    """What a survey asks for each attribute."""


@dataclass(frozen=True)
class World:
    """A made-up business."""

    key: str
    brand: dict[Tongue, str]
    products: tuple[Product, ...]
    archetypes: tuple[Archetype, ...]
    common: tuple[Value, ...]
    """What people of any kind voice."""
    wording: dict[Tongue, Wording]
    tables: dict[str, Any]
    """What the customer table and the orders are filled from."""

    @cached_property
    def values(self) -> dict[str, Value]:
        """All values by their key."""
        own = [value for archetype in self.archetypes for value in archetype.values]
        return {value.key: value for value in [*own, *self.common]}

    @cached_property
    def opposites(self) -> tuple[tuple[Value, Value], ...]:
        """Values that contradict each other, and show nothing else of whoever voices them."""
        pairs = [(value, self.values[value.opposite]) for value in self.common if value.opposite]
        return tuple((value, other) for value, other in pairs if not value.tag and not other.tag)


@cache
def world_names() -> tuple[str, ...]:
    """The worlds there are."""
    names = sorted(entry.name for entry in _folder().iterdir() if entry.name.count(".") == 1)
    return tuple(stem for name in names if (stem := name.removesuffix(".toml")) != COMMON)


@cache
def load_world(name: str) -> World:
    """The world of that name, one of `world_names()`."""
    table, common = _read(name), _read(COMMON)
    return World(
        key=name,
        brand=table["brand"],
        products=tuple(Product(**entry) for entry in table["product"]),
        archetypes=tuple(_archetype(entry) for entry in table["segment"]),
        common=tuple(Value(**entry) for entry in common["value"]),
        wording={"en": _wording(name, table, "en"), "zh": _wording(name, table, "zh")},
        tables=common["tables"] | table.get("tables", {}),
    )


def _folder() -> Any:
    return files("personas.simulation") / "worlds"


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((_folder() / f"{name}.toml").read_text(encoding="utf-8"))


def _archetype(entry: dict[str, Any]) -> Archetype:
    low, high = entry["age"]
    return Archetype(
        key=entry["key"],
        name=entry["name"],
        feeling=entry["feeling"],
        plan=entry["plan"],
        age=(low, high),
        values=tuple(Value(**value) for value in entry["values"]),
        common=entry.get("common", {}),
    )


def _wording(name: str, table: dict[str, Any], tongue: Tongue) -> Wording:
    own, common = _read(f"{name}.{tongue}"), _read(f"{COMMON}.{tongue}")
    said = common["value"] | own["value"]
    pools = common["pools"] | own.get("pools", {})
    pools |= {"brand": [table["brand"][tongue]], "product": [entry["name"][tongue] for entry in table["product"]]}
    return Wording(
        tongue=tongue,
        names={key: entry["name"] for key, entry in said.items()},
        words={key: tuple(entry["words"]) for key, entry in said.items()},
        say={key: _parsed(entry["say"]) for key, entry in said.items()},
        scenes={key: _parsed(lines) for key, lines in own["scene"].items()},
        pools={key: _parsed(lines) for key, lines in pools.items()},
        lists={key: _parsed(lines) for key, lines in common["lists"].items()},
        plain={key: tuple(lines) for key, lines in common["plain"].items()},
        questions={key: tuple(lines) for key, lines in common["questions"].items()},
    )


def _parsed(lines: list[str]) -> tuple[Phrasing, ...]:
    return tuple(parse(line) for line in lines)

"""One person: what they hold, how they feel and write, and what is known of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from personas.simulation.grammar import pick
from personas.simulation.material import Tongue, Value
from personas.simulation.population import OFF_TOPIC, Plan, PlannedSegment
from personas.simulation.voice import Style, draw_style

FIRST_DAY = date(2025, 9, 1)
DAYS = 365
"""Everything happens within these days."""

LEAVING_CHANCE = 0.08
GROWING_CHANCE = 0.1
PRICE_CHANCE = 0.1
"""Of people whose segment says nothing of it."""

STATED_CHANCE = 0.15
"""How likely each demographic fact is told in words."""

AGE_MISSING = 0.15
JOB_MISSING = 0.4


@dataclass(frozen=True)
class Fact:
    """A demographic fact, and where it can be found."""

    value: str | int
    stated: bool
    in_table: bool


@dataclass
class Person:
    """Somebody as they are, before they write."""

    index: int
    customer_id: str
    tongue: Tongue
    segment: PlannedSegment | None
    """None: writes of something else."""
    held: list[tuple[Value, float]]
    """Values with their weights."""
    mood: float
    """-1 to 1, in the middle of the year."""
    slope: float
    """How much the mood changes over the year."""
    leaving: bool
    growing: bool
    price_sensitive: bool
    stops: int
    """The day on which a leaving person orders for the last time; the last day for others."""
    style: Style
    facts: dict[str, Fact]

    def mood_on(self, day: int) -> float:
        """How they feel on a day, without what they write of."""
        return self.mood + self.slope * (day / DAYS - 0.5)


def draw_person(plan: Plan, index: int) -> Person:
    """The person of that number."""
    random = plan.random(index, "person")
    place = plan.segment_of[index]
    segment = None if place == OFF_TOPIC else plan.segments[place]
    tongue = _tongue(plan, random)
    common = segment.archetype.common if segment and segment.archetype else {}
    leaving = random.random() < common.get("leaving", LEAVING_CHANCE)
    growing = not leaving and random.random() < common.get("wants-more", GROWING_CHANCE)
    price_sensitive = random.random() < common.get("deal-seeker", PRICE_CHANCE)
    traits = {"leaving": leaving, "growing": growing, "price_sensitive": price_sensitive}
    base = segment.archetype.feeling if segment and segment.archetype else 0.0
    return Person(
        index=index,
        customer_id=f"C-{index + 1:06d}",
        tongue=tongue,
        segment=segment,
        held=_held(segment, traits, random) if segment else [],
        mood=max(-0.9, min(0.9, random.gauss(base, 0.3))),
        slope=_slope(leaving, growing, random),
        **traits,
        stops=random.randrange(110, 220) if leaving else DAYS,
        style=draw_style(plan.options.noise, random),
        facts=_facts(plan, segment, tongue, random),
    )


_DATES = tuple((FIRST_DAY + timedelta(days=offset)).isoformat() for offset in range(DAYS))


def date_of(day: int) -> str:
    """The date of a day of the year simulated, counted from 0."""
    return _DATES[day]


def _tongue(plan: Plan, random: Random) -> Tongue:
    language = plan.options.language
    if language == "mixed":
        return "en" if random.random() < 0.5 else "zh"
    return language


def _held(segment: PlannedSegment, traits: dict[str, bool], random: Random) -> list[tuple[Value, float]]:
    """What the person holds: tagged values follow the person's traits, the others the segment's chances."""
    held: list[tuple[Value, float]] = []
    for value, chance in segment.chances:
        if value.tag in traits:
            holds = traits[value.tag]
        elif value.opposite and any(other.key == value.opposite for other, _ in held):
            holds = False
        else:
            holds = random.random() < chance
        if holds:
            held.append((value, 1.0 if _is_own(segment, value) else 0.35))
    if not any(_is_own(segment, value) for value, _ in held):
        own = tuple(value for value, _ in segment.chances if _is_own(segment, value))
        held.append((pick(random, own), 1.0))
    return held


def _is_own(segment: PlannedSegment, value: Value) -> bool:
    if segment.archetype is None:
        return any(value is other and chance == 1.0 for other, chance in segment.chances)
    return value in segment.archetype.values


def _slope(leaving: bool, growing: bool, random: Random) -> float:
    """Leaving people cool off, growing ones warm up, and a third of the others does either."""
    if leaving:
        return random.uniform(-1.6, -0.8)
    if growing:
        return random.uniform(0.2, 1.4)
    return random.uniform(0.8, 1.6) * random.choice((1, -1)) if random.random() < 0.3 else random.uniform(-0.2, 0.2)


def _facts(plan: Plan, segment: PlannedSegment | None, tongue: Tongue, random: Random) -> dict[str, Fact]:
    tables = plan.world.tables
    low, high = segment.archetype.age if segment and segment.archetype else (18, 75)

    def is_stated() -> bool:
        return segment is not None and random.random() < STATED_CHANCE

    def one(kind: str) -> Any:
        return pick(random, tuple(tables[kind]))[tongue]

    return {
        "age": Fact(random.randint(low, high), is_stated(), random.random() >= AGE_MISSING),
        "job": Fact(one("jobs"), is_stated(), random.random() >= JOB_MISSING),
        "household": Fact(one("households"), is_stated(), in_table=False),
        "region": Fact(one("regions"), stated=False, in_table=True),
    }

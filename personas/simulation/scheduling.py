"""When somebody writes, and what each document is about in the first place.

What a document is about is drawn before its day: a value that rises is told on later days, and what goes on steadily is
not pushed aside by it, as it would be if every day had its documents first.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from personas.simulation.grammar import pick
from personas.simulation.material import Value
from personas.simulation.people import DAYS, Person
from personas.simulation.population import Plan

LEAVING_SPEAKS = 60
"""Days before the last order from which a leaving person says so."""

TILT = 0.9
"""How far the density of a moving value's days leans: from a tenth of the mean at one end to 1.9 times at the other."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A document to be written."""

    day: int
    lead: Value | None
    """What it is about in the first place; None for people who write of something else."""


def schedule(plan: Plan, person: Person, others: tuple[Value, ...], random: Random) -> list[Slot]:
    """The person's documents to be, by day.

    Args:
        plan: of the population.
        person: who writes.
        others: what people of other segments voice, and this person may too.
        random: the person's own numbers.
    """
    slots = []
    for _ in range(plan.documents_of[person.index]):
        lead = draw_value(plan, person, others, random) if person.segment else None
        slots.append(Slot(_day(plan, person, lead, random), lead))
    # A sort by the day alone keeps equal days in the order drawn.
    return sorted(slots, key=lambda slot: slot.day)


def draw_value(plan: Plan, person: Person, others: tuple[Value, ...], random: Random) -> Value:
    """Something the person voices: mostly what they hold, at times what others do."""
    if others and random.random() < plan.options.overlap:
        return pick(random, others)
    place = random.random() * sum(weight for _, weight in person.held)
    for value, weight in person.held:
        place -= weight
        if place < 0:
            return value
    return person.held[-1][0]


def is_bound_to_days(plan: Plan, value: Value) -> bool:
    """Whether a value is likelier on some days than on others."""
    return value.tag == "leaving" or value.key in plan.directions


def _day(plan: Plan, person: Person, lead: Value | None, random: Random) -> int:
    if lead is None:
        return random.randrange(DAYS)
    if lead.tag == "leaving":
        return random.randrange(person.stops - LEAVING_SPEAKS, DAYS)
    direction = plan.directions.get(lead.key)
    if direction is None:
        return random.randrange(DAYS)
    while True:
        day = random.randrange(DAYS)
        lean = TILT * (2 * day / DAYS - 1)
        if random.random() * (1 + TILT) < (1 + lean if direction == "rising" else 1 - lean):
            return day

"""A simulated corpus: made person by person, so that it can be read at any size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from random import Random
from typing import Any

from personas.simulation.composing import Written
from personas.simulation.grammar import pick
from personas.simulation.options import SimulationOptions
from personas.simulation.people import FIRST_DAY, Person, draw_person
from personas.simulation.population import Plan, plan_population
from personas.simulation.purchases import Purchases, draw_purchases, plan_tongue
from personas.simulation.truth import Tally, customer_truth, document_truth
from personas.simulation.writing import write_documents

Row = dict[str, Any]

PLAN_HELD = 0.75
"""Share of a segment's people who have the plan that suits it."""


@dataclass(frozen=True)
class SimulatedPerson:
    """All that one person leaves behind, and what is true of it."""

    person: Person
    written: list[Written]
    customer: Row
    purchases: Purchases
    truth: Row


@dataclass(frozen=True)
class Simulation:
    """A corpus with known truth.

    `documents`, `customers`, `orders`, `events` and `truth` hold everything in memory; `people` makes one person after
    the other, the same ones every time, and is what a large corpus is written from.
    """

    plan: Plan

    def people(self) -> Iterator[SimulatedPerson]:
        """Everybody, one after the other."""
        for index in range(self.plan.options.people):
            person = draw_person(self.plan, index)
            written = write_documents(self.plan, person)
            purchases = draw_purchases(self.plan, person)
            truth = customer_truth(self.plan, person, written, purchases)
            customer = _customer_row(self.plan, person, truth["feeling"])
            yield SimulatedPerson(person, written, customer, purchases, truth)

    @cached_property
    def _everybody(self) -> list[SimulatedPerson]:
        return list(self.people())

    @property
    def options(self) -> SimulationOptions:
        """What was asked for."""
        return self.plan.options

    @cached_property
    def documents(self) -> list[Row]:
        """Rows of ``documents.jsonl``."""
        return [document.row for one in self._everybody for document in one.written]

    @cached_property
    def document_truth(self) -> list[Row]:
        """Rows of ``truth_documents.jsonl``: what each document voices, and in which words."""
        return [document_truth(document) for one in self._everybody for document in one.written]

    @cached_property
    def customers(self) -> list[Row]:
        """Rows of ``customers.csv``; None where a value is missing."""
        return [one.customer for one in self._everybody]

    @cached_property
    def orders(self) -> list[Row]:
        """Rows of ``orders.csv``."""
        return [row for one in self._everybody for row in one.purchases.orders]

    @cached_property
    def events(self) -> list[Row]:
        """Rows of ``events.csv``."""
        return [row for one in self._everybody for row in one.purchases.events]

    @cached_property
    def truth(self) -> Row:
        """What stands in ``truth.json``."""
        tally = Tally(self.plan)
        for one in self._everybody:
            tally.add(one.person, one.written)
        return {**tally.head(), "customers": [one.truth for one in self._everybody], **tally.counts()}


def simulate(options: SimulationOptions) -> Simulation:
    """The corpus that the options and their seed give; nothing is made before it is asked for."""
    return Simulation(plan_population(options))


def _customer_row(plan: Plan, person: Person, feeling: float) -> Row:
    random = plan.random(person.index, "table")
    facts = person.facts
    return {
        "customer_id": person.customer_id,
        "age": facts["age"].value if facts["age"].in_table else None,
        "occupation": facts["job"].value if facts["job"].in_table else None,
        "plan": _plan_name(plan, person, random),
        "region": facts["region"].value,
        "signup_date": (FIRST_DAY - timedelta(days=random.randrange(30, 1400))).isoformat(),
        "household_size": random.randint(1, 6) if random.random() < 0.8 else None,
        "newsletter": _yes_no(plan, random),
        "nps": max(0, min(10, round(6 + 4 * feeling + random.gauss(0, 1)))) if random.random() < 0.6 else None,
    }


def _plan_name(plan: Plan, person: Person, random: Random) -> str:
    archetype = person.segment.archetype if person.segment else None
    names = {entry["en"]: entry[plan_tongue(plan)] for entry in plan.world.tables["plans"]}
    if archetype is not None and random.random() < PLAN_HELD:
        return str(names[archetype.plan])
    return str(pick(random, tuple(names.values())))


def _yes_no(plan: Plan, random: Random) -> str:
    return pick(random, ("是", "否") if plan_tongue(plan) == "zh" else ("yes", "no"))

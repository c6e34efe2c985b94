"""What is true of the simulated people, and its counts over all of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from personas.simulation.composing import Written
from personas.simulation.material import Value
from personas.simulation.people import DAYS, Person
from personas.simulation.population import Plan
from personas.simulation.purchases import Purchases

FORMAT_VERSION = 1
LEAST_FOR_TREND = 4
"""Documents from which somebody's feelings have a trend."""

TREND_CHANGE = 0.35
"""How far the second half of somebody's documents must feel from the first."""

BEHAVIOURS = {"price_sensitive": "buys-at-discount", "leaving": "stopped-ordering", "growing": "orders-more"}
"""What orders show, as the behaviours that they are."""


def customer_truth(plan: Plan, person: Person, written: list[Written], purchases: Purchases) -> dict[str, Any]:
    """What is true of one person: what they really voice, feel and do, not what was meant for them."""
    voiced = _voiced(written)
    tags = {value.tag for value in voiced}
    attributes: dict[str, list[str]] = defaultdict(list)
    for value in sorted(voiced, key=lambda value: value.key):
        attributes[value.attribute].append(value.key)
    feelings = [document.feeling for document in written]
    return {
        "customer_id": person.customer_id,
        "segment": person.segment.key if person.segment else None,
        "language": person.tongue,
        "documents": len(written),
        "attributes": dict(sorted(attributes.items())),
        "feeling": round(sum(feelings) / len(feelings), 3),
        "trend": _trend(feelings),
        "tags": {
            "topics": sorted(value.key for value in voiced),
            **{tag: tag in tags or tag in purchases.shown for tag in ("price_sensitive", "leaving", "growing")},
            "behaviours": sorted(
                [value.key for value in voiced if value.attribute == "behaviours"]
                + [BEHAVIOURS[tag] for tag in purchases.shown]
            ),
        },
        "demographics": {
            key: {"value": fact.value, "stated": fact.stated, "in_table": fact.in_table}
            for key, fact in person.facts.items()
        },
    }


def _voiced(written: list[Written]) -> list[Value]:
    found = {value.key: value for document in written for value, _ in document.statements}
    return [found[key] for key in sorted(found)]


def _trend(feelings: list[float]) -> str | None:
    if len(feelings) < LEAST_FOR_TREND:
        return None
    half = len(feelings) // 2
    change = sum(feelings[-half:]) / half - sum(feelings[:half]) / half
    return "better" if change > TREND_CHANGE else "worse" if change < -TREND_CHANGE else "steady"


def document_truth(document: Written) -> dict[str, Any]:
    """What is true of one document: what it voices, in which of its words, and how it feels."""
    return {
        "document_id": document.document_id,
        "customer_id": document.row["customer_id"],
        "feeling": round(document.feeling, 3),
        "statements": [
            {"attribute": value.attribute, "value": value.key, "text": text} for value, text in document.statements
        ],
        "duplicate_of": document.duplicate_of,
    }


class Tally:
    """Counts of people, taken one person at a time."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._people: Counter[str | None] = Counter()
        self._voicing: dict[str, Counter[str]] = defaultdict(Counter)
        self._quarters: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        self._duplicates: list[list[str]] = []
        self._contradictions: list[dict[str, Any]] = []
        self._personal: list[dict[str, str]] = []
        self._instructions: list[dict[str, str]] = []
        self._off_topic: list[str] = []
        self._documents = 0

    def add(self, person: Person, written: list[Written]) -> None:
        """Counts one person and their documents."""
        key = person.segment.key if person.segment else None
        self._people[key] += 1
        self._documents += len(written)
        if key is None:
            self._off_topic.append(person.customer_id)
        else:
            self._voicing[key].update(value.key for value in _voiced(written))
        for document in written:
            for value, _ in document.statements:
                self._quarters[value.key][4 * document.day // DAYS] += 1
            self._list(document)
        self._contradictions.extend(_contradictions(self.plan, person, written))

    def _list(self, document: Written) -> None:
        here = document.document_id
        if document.duplicate_of is not None:
            self._duplicates.append([document.duplicate_of, here])
        for kind, text in document.personal:
            self._personal.append({"document_id": here, "kind": kind, "text": text})
        if document.instruction is not None:
            self._instructions.append({"document_id": here, "text": document.instruction})

    def head(self) -> dict[str, Any]:
        """What is known before anybody is counted."""
        options = self.plan.options
        return {
            "format_version": FORMAT_VERSION,
            "seed": options.seed,
            "language": options.language,
            "world": self.plan.world.key,
            "options": options.model_dump(mode="json"),
        }

    def counts(self) -> dict[str, Any]:
        """Everything but the people themselves."""
        values = self.plan.world.values
        return {
            "people": sum(self._people.values()),
            "documents": self._documents,
            "segments": [self._segment(place) for place in range(len(self.plan.segments))],
            "values": self._values(),
            "trends": [self._direction(key) for key in sorted(self._quarters) if values[key].tag != "leaving"],
            "columns": column_truth(self.plan),
            "duplicates": self._duplicates,
            "contradictions": self._contradictions,
            "planted_personal_data": self._personal,
            "planted_instructions": self._instructions,
            "off_topic": self._off_topic,
        }

    def _segment(self, place: int) -> dict[str, Any]:
        segment, values = self.plan.segments[place], self.plan.world.values
        people = self._people[segment.key]
        own = {value.key for value in segment.archetype.values} if segment.archetype else set()
        counted = sorted(self._voicing[segment.key].items(), key=lambda item: (-item[1], item[0]))
        return {
            "segment": segment.key,
            "name": segment.archetype.name if segment.archetype else {"en": "Everybody", "zh": "所有人"},
            "people": people,
            "attributes": [
                {
                    "attribute": values[key].attribute,
                    "value": key,
                    "people": count,
                    "share": round(count / people, 4) if people else 0.0,
                    "own": key in own,
                }
                for key, count in counted
            ],
        }

    def _values(self) -> dict[str, Any]:
        wording = self.plan.world.wording
        return {
            key: {
                "attribute": value.attribute,
                "name": {tongue: said.names[key] for tongue, said in wording.items()},
                "words": {tongue: list(said.words[key]) for tongue, said in wording.items()},
                "people": sum(counts[key] for counts in self._voicing.values()),
            }
            for key, value in sorted(self.plan.world.values.items())
            if key in self._quarters
        }

    def _direction(self, key: str) -> dict[str, Any]:
        return {
            "attribute": self.plan.world.values[key].attribute,
            "value": key,
            "direction": self.plan.directions.get(key, "steady"),
            "statements_by_quarter": self._quarters[key],
        }


def _contradictions(plan: Plan, person: Person, written: list[Written]) -> list[dict[str, Any]]:
    """Where the person says a value and, in a later document, its opposite."""
    first: dict[str, tuple[Written, str]] = {}
    last: dict[str, tuple[Written, str]] = {}
    for document in written:
        for value, text in document.statements:
            if value.opposite:
                first.setdefault(value.key, (document, text))
                last[value.key] = (document, text)
    values = plan.world.values
    found = []
    for key in sorted(first):
        other = values[key].opposite
        if other in last and first[key][0].document_id < last[other][0].document_id:
            said = (key, *first[key]), (other, *last[other])
            found.append({
                "customer_id": person.customer_id,
                "said": [
                    {"attribute": values[name].attribute, "value": name, "document_id": at.document_id, "text": text}
                    for name, at, text in said
                ],
            })
    return found[:1]


def column_truth(plan: Plan) -> dict[str, dict[str, str | None]]:
    """Of each column of ``customers.csv``: its kind, and what it goes with (`segment`, `feeling` or nothing)."""
    segment = "segment" if plan.options.segments > 1 else None
    return {
        "age": {"kind": "number", "related_to": segment},
        "occupation": {"kind": "category", "related_to": None},
        "plan": {"kind": "category", "related_to": segment},
        "region": {"kind": "category", "related_to": None},
        "signup_date": {"kind": "date", "related_to": None},
        "household_size": {"kind": "number", "related_to": None},
        "newsletter": {"kind": "yes/no", "related_to": None},
        "nps": {"kind": "number", "related_to": "feeling"},
    }

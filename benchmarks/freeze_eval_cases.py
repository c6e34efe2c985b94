"""Draws the cases of `eval/suites/cases/` from the simulator and the example, and freezes their evidence in YAML.

    python -m benchmarks.freeze_eval_cases [--out eval/suites/cases]

What a case expects is the simulator's truth: its words of a value, and those words that at least two of the quotes
share. Cases of the example expect what a person read in it (`EXAMPLE`). The same command gives the same bytes; run it
only to make new cases, since changed cases are compared with no run made before.
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import yaml

from personas.attributes import load_schema
from personas.simulation import Simulation, SimulationOptions, simulate
from personas.terms import content_words, stem, stems

WORLDS = ("e-bikes", "language-app", "meal-kits", "mobile-bank")
QUOTES = 5
EXAMPLE = {
    "pairing": ("pain_points", ("pairing", "pair", "bluetooth", "firmware", "wifi", "wi-fi")),
    "gift": ("behaviours", ("gift", "birthday", "christmas", "present")),
    "carafe": ("pain_points", ("carafe", "glass", "lid")),
    "schedule": ("satisfaction", ("schedule", "morning", "alarm", "ready")),
    "price": ("price_sensitivity", ("price", "expensive", "sale", "discount", "cheaper")),
    "support": ("satisfaction", ("support", "replacement", "reply")),
}
"""Word that picks the quotes -> attribute asked for, and words that name what they say."""

_SCHEMA = load_schema(None)


class Drawn:
    """Statements of a simulated world by what they say."""

    def __init__(self, world: str, seed: int) -> None:
        options = SimulationOptions(world=world, seed=seed, customers=240, segments=4, length="short", noise=0.15)
        self.simulation: Simulation = simulate(options)
        self.world = world
        self.random = Random(f"{world} {seed}")
        truth = self.simulation.truth
        self.names = {key: value["name"]["en"] for key, value in truth["values"].items()}
        self.words = {key: value["words"]["en"] for key, value in truth["values"].items()}
        self.attribute = {key: value["attribute"] for key, value in truth["values"].items()}
        self.said: dict[str, list[str]] = defaultdict(list)
        for row in self.simulation.document_truth:
            for one in row["statements"]:
                if one["text"] not in self.said[one["value"]]:
                    self.said[one["value"]].append(one["text"])

    def group(self, value: str) -> list[str]:
        """A statement of the value and those that share most words with it."""
        texts = self.said[value]
        seed = self.random.choice(texts)
        ranked = sorted(texts, key=lambda text: (-len(stems(text) & stems(seed)), text))
        # One of those that differ by a filler or a letter in upper case.
        apart = {frozenset(stems(text)): text for text in reversed(ranked)}
        return [text for text in ranked if text in apart.values()][:QUOTES]

    def expected(self, value: str, quotes: Sequence[str]) -> list[str]:
        """Words that name the value."""
        shared = Counter(root for quote in quotes for root in stems(quote))
        spelled = {stem(word): word for quote in quotes for word in content_words(quote)}
        known = {stem(word): word for phrase in self.words[value] for word in content_words(phrase)}
        return sorted({**known, **{root: spelled[root] for root, count in shared.items() if count > 1}}.values())

    def values(self, *, least: int = 4) -> list[str]:
        """Values that enough people voice, in a fixed order."""
        return sorted(value for value, texts in self.said.items() if len(texts) >= least)


def question_of(attribute: str) -> str:
    """The question of an attribute, or a plain one."""
    return _SCHEMA[attribute].question["en"] if _SCHEMA.has(attribute) else "What do they have in common?"


def case(id_: str, tags: list[str], origin: str, inputs: dict[str, Any], **expect: Any) -> dict[str, Any]:
    """A case as it stands in the file."""
    kept = {key: value for key, value in expect.items() if value not in (None, [], "")}
    return {"id": id_, "tags": tags, "origin": origin, "inputs": inputs, "expect": kept}


def claim_small(drawn: Sequence[Drawn]) -> Iterator[dict[str, Any]]:
    for world in drawn:
        for value in world.random.sample(world.values(), 7):
            quotes = world.group(value)
            yield case(
                f"{world.world}-{value}",
                ["simulated", world.world],
                "simulated",
                {"question": question_of(world.attribute[value]), "quotes": quotes},
                values=[world.expected(value, quotes)],
                abstain=False,
                language="en",
            )
    for word, (attribute, telling) in EXAMPLE.items():
        quotes = example_sentences(word)[:QUOTES]
        yield case(
            f"kettlebird-{word}",
            ["example"],
            "example",
            {"question": question_of(attribute), "quotes": quotes},
            values=[[word, *telling]],
            abstain=False,
            language="en",
        )


def name_small(drawn: Sequence[Drawn]) -> Iterator[dict[str, Any]]:
    for world in drawn:
        for place in range(5):
            chosen = world.random.sample(world.values(), 3)
            phrases = [short(world.group(value)[0]) for value in chosen]
            yield case(
                f"{world.world}-{place + 1}",
                ["simulated", world.world],
                "simulated",
                {"values": phrases},
                language="en",
            )


def reply_small(drawn: Sequence[Drawn]) -> Iterator[dict[str, Any]]:
    for world in drawn:
        for value in world.random.sample(world.values(), 4):
            yield case(
                f"{world.world}-{value}",
                ["simulated", world.world],
                "simulated",
                {"message": ". ".join(world.group(value)[:2])},
                language="en",
            )
    for place, row in enumerate(example_rows("reviews.csv")[5:95:15], start=1):
        yield case(f"kettlebird-{place}", ["example"], "example", {"message": row["text"][:400]}, language="en")


def persona_small(drawn: Sequence[Drawn]) -> Iterator[dict[str, Any]]:
    for world in drawn:
        for place in range(2):
            chosen = world.random.sample(world.values(), 3)
            groups = [(value, world.group(value)) for value in chosen]
            yield case(
                f"{world.world}-{place + 1}",
                ["simulated", world.world],
                "simulated",
                {
                    "groups": [
                        {"question": question_of(world.attribute[value]), "quotes": quotes} for value, quotes in groups
                    ]
                },
                values=[world.expected(value, quotes) for value, quotes in groups],
                language="en",
            )


def claim_full(drawn: Sequence[Drawn]) -> Iterator[dict[str, Any]]:
    for world in drawn:
        chosen = world.random.sample(world.values(), 2)
        number, attributes, values = 0, [], []
        for value in chosen:
            quotes = world.group(value)[:4]
            evidence = [{"number": number + at, "text": text} for at, text in enumerate(quotes, start=1)]
            number += len(quotes)
            key = world.attribute[value]
            label = _SCHEMA[key].label["en"] if _SCHEMA.has(key) else key
            attributes.append({"key": key, "label": label, "question": question_of(key), "evidence": evidence})
            values.append(world.expected(value, quotes))
        yield case(
            f"{world.world}-1",
            ["simulated", world.world],
            "simulated",
            {"attributes": attributes, "people": 40, "most": 2, "language": "English"},
            values=values,
            abstain=False,
            language="en",
        )


def claims_of(world: Drawn, count: int) -> list[dict[str, Any]]:
    """Claims as a narrative's prompt takes them."""
    rows = []
    for place, value in enumerate(world.random.sample(world.values(), count), start=1):
        people = world.random.randint(6, 30)
        rows.append({
            "id": f"c{place}",
            "attribute": world.attribute[value],
            "value": short(world.group(value)[0]),
            "people": people,
            "percent": str(round(people / 0.4)),
            "percent_elsewhere": str(world.random.randint(2, 12)),
            "ratio": "",
            "quote": world.group(value)[1],
        })
    return rows


def narrative_full(drawn: Sequence[Drawn]) -> Iterator[dict[str, Any]]:
    for world in drawn:
        inputs = {
            "people": 40,
            "claims": claims_of(world, 5),
            "not_stated": ["Objections"],
            "neighbours": [", ".join(sorted(stems(world.said[value][0]))[:4]) for value in world.values()[:2]],
            "faults": [],
            "language": "English",
        }
        yield case(f"{world.world}-1", ["simulated", world.world], "simulated", inputs, language="en")


def name_full(drawn: Sequence[Drawn]) -> Iterator[dict[str, Any]]:
    for world in drawn:
        inputs = {
            "claims": [f"{claim['attribute']}: {claim['value']}" for claim in claims_of(world, 4)],
            "neighbours": [world.names[value] for value in world.values()[:2]],
            "taken": ["The Sunday Planners"],
            "language": "English",
        }
        yield case(f"{world.world}-1", ["simulated", world.world], "simulated", inputs, language="en")


def answer_full(drawn: Sequence[Drawn]) -> Iterator[dict[str, Any]]:
    for world in drawn:
        value, other = world.random.sample(world.values(), 2)
        quotes, strange = world.group(value)[:4], world.group(other)[:4]
        question = f"What do they say about {world.words[value][0]}?"
        for kind, texts, abstain in (("told", quotes, False), ("untold", strange, True)):
            inputs = {
                "question": question,
                "in_voice": False,
                "evidence": [{"number": at, "text": text} for at, text in enumerate(texts, start=1)],
                "most": 3,
                "language": "English",
            }
            expected = [] if abstain else [world.expected(value, texts)]
            yield case(
                f"{world.world}-{kind}",
                ["simulated", world.world],
                "simulated",
                inputs,
                values=expected,
                abstain=abstain,
                language="en",
            )


def reply_full(drawn: Sequence[Drawn]) -> Iterator[dict[str, Any]]:
    for world in drawn:
        value = world.random.choice(world.values())
        said = world.group(value)
        inputs = {
            "message": said[0],
            "evidence": [
                {"number": 1, "who": "this customer, earlier", "text": said[1]},
                {"number": 2, "who": "other customers", "text": short(said[2])},
            ],
            "tone": "plain and friendly, short, acknowledge the trouble first",
            "most": 3,
            "language": "English",
        }
        yield case(f"{world.world}-1", ["simulated", world.world], "simulated", inputs, language="en")


def searches_full(drawn: Sequence[Drawn]) -> Iterator[dict[str, Any]]:
    for world in drawn:
        keys = world.random.sample(["channels", "objections", "loyalty", "goals", "pain_points"], 2)
        known = [key for key in keys if _SCHEMA.has(key)] or ["goals"]
        inputs = {
            "attributes": [
                {"key": key, "label": _SCHEMA[key].label["en"], "question": question_of(key)} for key in known
            ],
            "terms": [world.words[value][0] for value in world.values()[:6]],
        }
        yield case(f"{world.world}-1", ["simulated", world.world], "simulated", inputs, language="en")


def context_en(drawn: Sequence[Drawn]) -> Iterator[dict[str, Any]]:
    for world in drawn:
        rows = claims_of(world, 4)
        inputs = {
            "name": "The Careful Starters",
            "people": "40",
            "share": "21 %",
            "title": world.world,
            "dates": "",
            "tendency": False,
            "stability": "",
            "fit": "",
            "summary": [],
            "claims": [
                {
                    "id": row["id"],
                    "label": row["attribute"],
                    "value": row["value"],
                    "counts": "{people} people, {percent} % here, {percent_elsewhere} % elsewhere".format_map(row),
                }
                for row in rows
            ],
            "quotes": [{"claim": row["id"], "document": f"d{at}", "text": row["quote"]} for at, row in enumerate(rows)],
            "not_stated": ["Objections"],
            "cautions": [],
        }
        for kind, question, abstain in (
            ("told", f"What do they say about {content_words(rows[0]['value'])[0]}?", False),
            ("untold", "Which political party do they vote for?", True),
        ):
            made = case(
                f"{world.world}-{kind}", ["simulated", world.world], "simulated", inputs, abstain=abstain, language="en"
            )
            yield made | {"message": question}


def short(text: str) -> str:
    """At most eight words, in lower case, as a claim's value is."""
    return " ".join(text.rstrip(".!").split()[:8]).lower()


def example_rows(name: str) -> list[dict[str, str]]:
    """Rows of a table of the example."""
    path = Path(__file__).parents[1] / "examples" / "kettlebird" / name
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def example_sentences(word: str) -> list[str]:
    """Short documents of the example that hold the word, each of another customer."""
    rows = [*example_rows("survey.csv"), *example_rows("reviews.csv")]
    found = {
        row["customer_id"]: row["text"] for row in rows if word in row["text"].casefold() and len(row["text"]) < 160
    }
    return list(found.values())


SUITES = {
    "answer_full": answer_full,
    "claim_full": claim_full,
    "claim_small": claim_small,
    "context_en": context_en,
    "name_full": name_full,
    "name_small": name_small,
    "narrative_full": narrative_full,
    "persona_small": persona_small,
    "reply_full": reply_full,
    "reply_small": reply_small,
    "searches_full": searches_full,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("eval/suites/cases"))
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    for seed, (name, draw) in enumerate(SUITES.items()):
        cases = list(draw([Drawn(world, seed) for world in WORLDS]))
        text = yaml.safe_dump(cases, allow_unicode=True, sort_keys=False, width=110)
        (out / f"{name}.yaml").write_text(
            f"# Made by: python -m benchmarks.freeze_eval_cases\n{text}", encoding="utf-8"
        )
        print(f"{name}: {len(cases)} cases")


if __name__ == "__main__":
    main()

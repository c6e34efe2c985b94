"""Precision and recall of every profile tag on simulated corpora, whose truth is known.

    python -m benchmarks.profile_tags [--seeds 1 2] [--languages en zh] [--worlds NAME ...] [--customers 300]
        [--wrong]

A topic is right where the customer truly voices what the theme stands for; what a theme stands for is read off the
other half of the customers. `--wrong` prints the wrong tags with their evidence instead of the table.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from persona_kit.progress import Silent
from persona_kit.workspace import Workspace
from personas.behaviour import read_behaviour
from personas.counting import wilson_interval
from personas.profiles import CustomerProfile, Evidence, Tag, build_profiles, read_order_signs
from personas.simulation import SimulationOptions, simulate, world_names, write_simulation
from personas.themes import find_themes
from retrieval.corpus import build_corpus
from retrieval.reading import ReadOptions, read_documents

ORDER_HABITS = {
    "buys at a discount": "buys-at-discount",
    "stopped ordering": "stopped-ordering",
    "orders more often": "orders-more",
}
FEELS = 0.15
"""True feeling beyond which a customer is positive (or, below zero, negative)."""


@dataclass
class Score:
    """Counts of one tag."""

    right: int = 0
    given: int = 0
    true: int = 0
    found: int = 0

    def add(self, *, given: bool, true: bool) -> None:
        """Counts one customer (or one customer and value)."""
        self.given += given
        self.true += true
        self.right += given and true
        self.found += given and true

    def line(self, name: str) -> str:
        """A line of the table."""
        if not self.given and not self.true:
            return f"{name:34s} -"
        if not self.true and not self.right:
            return f"{name:34s} given {self.given}"
        if not self.given:
            return f"{name:34s} precision     -               recall {self._recall()}  given 0, true {self.true}"
        interval = wilson_interval(self.right, self.given)
        precision = f"{self.right / self.given:.2f} ({interval.low:.2f} to {interval.high:.2f})"
        return f"{name:34s} precision {precision}  recall {self._recall()}  given {self.given}, true {self.true}"

    def _recall(self) -> str:
        return f"{self.found / self.true:.2f}" if self.true else "-"


@dataclass
class Scores:
    """All tags of all corpora of a language."""

    of: dict[str, Score] = field(default_factory=lambda: defaultdict(Score))
    wrong: list[str] = field(default_factory=list)

    def tell(self, name: str, customer_id: str, tag: Tag | None, *, true: bool) -> None:
        """Counts one tag of one customer."""
        self.of[name].add(given=tag is not None, true=true)
        if tag is not None and not true:
            self.wrong.append(f"{name} {customer_id} {tag.value} {tag.confidence} [{tag.rule}] {_quotes(tag)}")


def main() -> None:
    """Simulates, tags, compares and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--languages", nargs="+", default=["en", "zh"])
    parser.add_argument("--worlds", nargs="+", default=None)
    parser.add_argument("--customers", type=int, default=300)
    parser.add_argument("--wrong", action="store_true")
    options = parser.parse_args()
    worlds = options.worlds or list(world_names())
    for language in options.languages:
        scores = Scores()
        for world in worlds:
            for seed in options.seeds:
                measure(scores, language, world, seed=seed, customers=options.customers)
        print(f"{language}: {len(worlds)} worlds x {len(options.seeds)} seeds x {options.customers} customers")
        for name in sorted(scores.of):
            print("  " + scores.of[name].line(name))
        if options.wrong:
            print("\n".join(scores.wrong))


def measure(scores: Scores, language: str, world: str, *, seed: int, customers: int) -> None:
    """Adds one simulated corpus to the scores."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        made = simulate(
            SimulationOptions.model_validate({
                "seed": seed,
                "language": language,
                "world": world,
                "customers": customers,
            })
        )
        paths = {name: str(path) for name, path in write_simulation(made, out).items()}
        truth = json.loads(Path(paths["truth.json"]).read_text(encoding="utf-8"))
        reading = read_documents([paths["documents.jsonl"]], ReadOptions(), progress=Silent())
        with Workspace.open(out / "workspace") as workspace:
            corpus = build_corpus(reading, embedder="auto", workspace=workspace, progress=Silent())
            themes = find_themes(corpus, seed=seed)
            writing = corpus.customer_ids
            table = read_behaviour(paths["orders.csv"], None, writing=writing, expected=False)
            orders = read_order_signs(paths["orders.csv"], writing=writing)
            profiles = list(build_profiles(corpus, themes, behaviour=table.of, orders=orders))
            by_words = list(build_profiles(corpus, themes))
        _compare_words(scores, by_words, truth)
        compare(scores, profiles, truth, Path(paths["truth_documents.jsonl"]))


def _compare_words(scores: Scores, profiles: Sequence[CustomerProfile], truth: dict[str, Any]) -> None:
    """What is found without the orders, against what people truly say."""
    true_of = {one["customer_id"]: one for one in truth["customers"]}
    for profile in profiles:
        said = {value for values in true_of[profile.customer_id]["attributes"].values() for value in values}
        for name, tag, wanted, value in (
            ("price_sensitive: yes", profile.price_sensitive, {"yes"}, "deal-seeker"),
            ("risk_of_leaving: high or medium", profile.risk_of_leaving, {"high", "medium"}, "leaving"),
            ("growth_potential: high or medium", profile.growth_potential, {"high", "medium"}, "wants-more"),
        ):
            given = tag if tag is not None and tag.value in wanted else None
            scores.tell(f"words alone: {name}", profile.customer_id, given, true=value in said)


def compare(
    scores: Scores,
    profiles: Sequence[CustomerProfile],
    truth: dict[str, Any],
    document_truth: Path,
) -> None:
    """Counts every tag of every customer."""
    true_of = {one["customer_id"]: one for one in truth["customers"]}
    stands_for = [_meanings(profiles, document_truth, half) for half in (1, 0)]
    for profile in profiles:
        one = true_of[profile.customer_id]
        meaning = stands_for[_half(profile.customer_id)]
        _compare_tags(scores, profile, one)
        _compare_feelings(scores, profile, one)
        _compare_topics(scores, profile, one, meaning)


def _compare_tags(scores: Scores, profile: CustomerProfile, one: dict[str, Any]) -> None:
    tags, customer = one["tags"], profile.customer_id
    gladly = "pays-gladly" in one["attributes"].get("price_sensitivity", ())
    staying = "staying" in one["attributes"].get("loyalty_churn", ())
    for name, tag, wanted, true in (
        ("price_sensitive: yes", profile.price_sensitive, {"yes"}, tags["price_sensitive"]),
        ("price_sensitive: no", profile.price_sensitive, {"no"}, gladly),
        ("risk_of_leaving: high", profile.risk_of_leaving, {"high"}, tags["leaving"]),
        ("risk_of_leaving: high or medium", profile.risk_of_leaving, {"high", "medium"}, tags["leaving"]),
        ("risk_of_leaving: low", profile.risk_of_leaving, {"low"}, staying),
        ("growth_potential: high", profile.growth_potential, {"high"}, tags["growing"]),
        ("growth_potential: high or medium", profile.growth_potential, {"high", "medium"}, tags["growing"]),
    ):
        scores.tell(name, customer, tag if tag is not None and tag.value in wanted else None, true=true)
    habits = {tag.value: tag for tag in profile.behaviours}
    for ours, theirs in ORDER_HABITS.items():
        scores.tell(f"behaviours: {ours}", customer, habits.get(ours), true=theirs in tags["behaviours"])


def _compare_feelings(scores: Scores, profile: CustomerProfile, one: dict[str, Any]) -> None:
    feeling, trend = one["feeling"], one["trend"]
    truly = "positive" if feeling > FEELS else "negative" if feeling < -FEELS else "mixed"
    for value in ("positive", "negative"):
        tag = profile.sentiment if profile.sentiment and profile.sentiment.value == value else None
        scores.tell(f"sentiment: {value}", profile.customer_id, tag, true=truly == value)
    for value in ("better", "worse", "steady"):
        tag = profile.sentiment_trend if profile.sentiment_trend and profile.sentiment_trend.value == value else None
        scores.tell(f"sentiment_trend: {value}", profile.customer_id, tag, true=trend == value)


def _compare_topics(scores: Scores, profile: CustomerProfile, one: dict[str, Any], meaning: dict[str, str]) -> None:
    """Themes of small talk and of how people live stand for no value of the truth: they are counted apart."""
    true = set(one["tags"]["topics"])
    for name, tags in (("topics", profile.topics), ("interests", profile.interests)):
        known = [tag for tag in tags if meaning.get(tag.value)]
        found = {meaning[tag.value] for tag in known}
        scores.of[name].given += len(known)
        scores.of[name].right += sum(meaning[tag.value] in true for tag in known)
        scores.of[name].true += len(true)
        scores.of[name].found += len(true & found)
        scores.of[f"{name} beside the truth"].given += len(tags) - len(known)
        for tag in known:
            if meaning[tag.value] not in true:
                scores.wrong.append(f"{name} {profile.customer_id} {tag.label} = {meaning[tag.value]}: {_quotes(tag)}")


def _quotes(tag: Tag) -> str:
    return " | ".join(item.quote or f"{item.column}: {item.value}" for item in tag.evidence)


def _meanings(profiles: Sequence[CustomerProfile], document_truth: Path, half: int) -> dict[str, str]:
    """What each theme stands for: what most sentences that carry it truly say, over one half of the customers."""
    said = {one["document_id"]: one for one in _lines(document_truth)}
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for profile in profiles:
        if _half(profile.customer_id) == half:
            for tag in profile.topics:
                counted[tag.value].update(value for item in tag.evidence for value in _values(item, said))
    return {
        theme: sorted(values.items(), key=lambda item: (-item[1], item[0]))[0][0] for theme, values in counted.items()
    }


def _values(evidence: Evidence, said: dict[str, dict[str, Any]]) -> list[str]:
    """The values truly stated in the words; an empty one where they state none."""
    statements = said[evidence.document_id or ""]["statements"]
    mine = [one["value"] for one in statements if _alike(one["text"], evidence.quote)]
    return mine or [""]


def _alike(statement: str, quote: str) -> bool:
    """Whether the words hold the statement (or the other way round), apart from case and punctuation."""
    first, second = (re.sub(r"\W+", "", text.lower()) for text in (statement, quote))
    return bool(first and second) and (first in second or second in first)


def _half(customer_id: str) -> int:
    return int(customer_id[-1], 36) % 2


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


if __name__ == "__main__":
    main()

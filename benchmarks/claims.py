"""What claims are found, against simulated people whose attributes are known.

    python -m benchmarks.claims [--language en zh] [--world NAME ...] [--seeds 2] [--customers 300]
                                [--llm extractive] [--sample 0] [--keep FOLDER]

Each corpus is made by `personas simulate`, written up by `personas generate` from its documents alone, and each claim
of each persona is compared with what its people truly voice. The rule goes by who is cited, not by exact words:

1. *What a quote voices*: the statement of the truth whose words overlap the quote, at least half of the shorter of the
   two; else the scene of somebody's days (`scene:` and its segment; a scene belongs to a kind of person, but is no
   attribute of the truth); else `aside` for a mood or something off the topic; else nothing (what is denied or said of
   others, sentences stitched together).
2. *What a claim is about*: what more than half of the people cited voice, provided that at least half of the telling
   words of the claim's value belong to the phrasings of that value or scene. Without such a majority, or with foreign
   words, it is *mixed*; where more than half of the people cited voice nothing, it is *invented*.
3. *Precision*: the share of claims about a value or a scene; an *aside* is really said, and still no attribute of
   anybody. *Filed*: of those about a value, the share that stands
   under the attribute of the truth.
4. *Recall*: of the values that at least 20 % of a planted segment voice, the share that a claim of its persona is about
   (its persona: the one with most of its people). Claims of one or two people (`anecdotal`) never count.
5. *Prevalence*: the share of the largest claim about a value less the true share of the persona's own members who
   voice the value; the median of the absolute differences over values found. A value has eight to ten phrasings that
   share no words (docs/simulation.md), so a claim in one of them counts fewer people: *as phrased* compares each
   claim with the members who voice the value in the phrasing of most of its quotes.

`--sample N` prints N claims with their quotes and the verdict, to check the rule by hand.
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from pathlib import Path
from random import Random
from statistics import mean, median
from typing import Any

from personas.options import GenerateOptions
from personas.persona_set import PersonaSet
from personas.pipeline import generate
from personas.records import Claim, Persona
from personas.simulation import Simulation, SimulationOptions, simulate, world_names, write_simulation
from personas.simulation.grammar import expand
from personas.simulation.material import Wording
from personas.terms import stems

LEAST_SHARE = 0.2
"""Share of a segment from which an attribute is to be found."""

OVERLAP = 0.5
"""Share of the shorter of quote and statement that both must hold in one piece."""

SCENE_LIKENESS = 0.7
"""Likeness (difflib's ratio) from which a quote is a scene: people drop articles, mistype and put words before it."""

_ASIDES = ("off_topic", "opener", "closer", "mood_great", "mood_good", "mood_bad", "mood_awful", "sarcasm")

DRAWS = 12
"""Times each phrasing is filled, to see the words it may take."""


@dataclass(frozen=True)
class Verdict:
    """A claim and what it is about."""

    persona: str
    claim: Claim
    about: str
    """Key of a value, `scene:SEGMENT`, `aside`, `mixed` or `invented`."""
    voiced: tuple[str, ...]
    """What each cited person voices; empty where nothing."""

    @property
    def right(self) -> bool:
        """Whether it is about something its people voice."""
        return self.about not in {"aside", "mixed", "invented"}

    @property
    def is_scene(self) -> bool:
        """Whether it is about people's days."""
        return self.about.startswith("scene:")


@dataclass
class Scores:
    """Counts over corpora."""

    verdicts: list[Verdict] = field(default_factory=list)
    sought: int = 0
    found: int = 0
    own_sought: int = 0
    own_found: int = 0
    """Of the values that at least 20 % of a persona's own members voice, whatever segment was planted."""
    errors: list[float] = field(default_factory=list)
    phrased_errors: list[float] = field(default_factory=list)
    """Of all claims about a value, against the people who voice it in the same phrasing."""
    filed: list[bool] = field(default_factory=list)
    claims: list[int] = field(default_factory=list)
    """Supported claims of each persona."""

    def add(self, other: Scores) -> None:
        """Puts another corpus's counts to these."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)

    def __str__(self) -> str:
        about = Counter("scene" if v.is_scene else v.about if not v.right else "value" for v in self.verdicts)
        return (
            f"recall {_ratio(self.found, self.sought)} ({self.found} of {self.sought}; "
            f"of own members {_ratio(self.own_found, self.own_sought)}), "
            f"precision {_ratio(sum(v.right for v in self.verdicts), len(self.verdicts))} "
            f"({', '.join(f'{about[k]} {k}' for k in ('value', 'scene', 'aside', 'mixed', 'invented'))}), "
            f"filed {_ratio(sum(self.filed), len(self.filed))}, "
            f"prevalence off by {_median(self.errors)} (as phrased {_median(self.phrased_errors)}), "
            f"claims {min(self.claims, default=0)} to {max(self.claims, default=0)}, "
            f"mean {mean(self.claims or [0]):.1f}"
        )


def _ratio(part: int, whole: int) -> str:
    return f"{part / whole:.2f}" if whole else "-"


def _median(errors: Sequence[float]) -> str:
    return f"{100 * median(map(abs, errors)):.0f} points" if errors else "-"


class Judge:
    """Tells what claims about one simulated corpus are about."""

    def __init__(self, simulation: Simulation) -> None:
        self._statements = {row["document_id"]: row["statements"] for row in simulation.document_truth}
        self._said: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for row in simulation.document_truth:
            for said in row["statements"]:
                self._said[said["value"]].append((row["customer_id"], said["text"]))
        wording = simulation.plan.world.wording
        self._scenes = [
            (f"scene:{segment}", text)
            for said in wording.values()
            for segment, phrasings in said.scenes.items()
            for text in _fillings(phrasings, said)
        ]
        self._words: dict[str, set[str]] = defaultdict(set)
        for said in wording.values():
            for key, phrasings in said.say.items():
                self._words[key].update(*map(stems, _fillings(phrasings, said)))
        for key, text in self._scenes:
            self._words[key] |= stems(text)
        for said in wording.values():
            lines = [line for name in _ASIDES for line in said.lists[name]]
            self._scenes += [("aside", text) for text in _fillings(lines, said)]
        self._phrasings = {
            key: [
                (at, text)
                for said in wording.values()
                for at, one in enumerate(said.say[key])
                for text in _fillings([one], said)
            ]
            for key in self._words
            if not key.startswith("scene:")
        }
        self._phrasing_of: dict[tuple[str, str], int] = {}
        self._scene_of: dict[str, tuple[str, ...]] = {}

    def judge(self, persona: Persona, claim: Claim) -> Verdict:
        """What the claim is about, by rule 1 and 2."""
        voiced = tuple(self._voiced(citation.document_id, citation.quote) for citation in claim.citations)
        named = Counter(key for keys in voiced for key in keys)
        about = "invented"
        if sum(not keys for keys in voiced) * 2 <= len(voiced):
            most = named.most_common(1)[0]
            telling = stems(claim.value)
            own = most[0] == "aside" or len(telling & self._words[most[0]]) * 2 >= len(telling)
            about = most[0] if most[1] * 2 > len(voiced) and own else "mixed"
        return Verdict(persona.persona_id, claim, about, tuple(" ".join(sorted(keys)) for keys in voiced))

    def _voiced(self, document_id: str, quote: str) -> set[str]:
        found = {s["value"] for s in self._statements.get(document_id, ()) if _overlap(s["text"], quote)}
        return found or set(self._scene(quote))

    def share_as_phrased(self, verdict: Verdict, members: set[str]) -> float:
        """Share of the members who voice the claim's value in the phrasing of most of its quotes."""
        quoted = Counter(self._phrasing(verdict.about, citation.quote) for citation in verdict.claim.citations)
        phrasing = quoted.most_common(1)[0][0]
        voicing = {
            person for person, said in self._said[verdict.about] if self._phrasing(verdict.about, said) == phrasing
        }
        return len(voicing & members) / len(members)

    def _phrasing(self, value: str, said: str) -> int:
        # The same words are asked about by many claims, and each answer compares them with hundreds of phrasings.
        if (value, said) not in self._phrasing_of:
            nearest = max(self._phrasings[value], key=lambda phrasing: _likeness(phrasing[1], said))
            self._phrasing_of[value, said] = nearest[0]
        return self._phrasing_of[value, said]

    def _scene(self, quote: str) -> tuple[str, ...]:
        if quote not in self._scene_of:
            likeness, key = max((_likeness(text, quote), key) for key, text in self._scenes)
            self._scene_of[quote] = (key,) if likeness >= SCENE_LIKENESS else ()
        return self._scene_of[quote]


def _fillings(phrasings: Sequence[Any], wording: Wording) -> list[str]:
    random = Random(0)
    return sorted({expand(phrasing, random, wording.pools) for phrasing in phrasings for _ in range(DRAWS)})


def _overlap(statement: str, quote: str) -> bool:
    a, b = statement.lower(), quote.lower()
    longest = SequenceMatcher(None, a, b, autojunk=False).find_longest_match().size
    return longest >= OVERLAP * min(len(a), len(b))


def _likeness(scene: str, quote: str) -> float:
    """How much of the scene stands in the quote, in its order; words before and after it cost nothing."""
    a, b = scene.lower(), quote.lower()
    matcher = SequenceMatcher(None, a, b, autojunk=False)
    if len(b) < len(a) / 2 or matcher.real_quick_ratio() < 0.3:
        return 0.0
    return sum(block.size for block in matcher.get_matching_blocks() if block.size > 1) / max(len(a), len(b) * 0.6)


def score(simulation: Simulation, personas: PersonaSet, members: dict[str, set[str]]) -> Scores:
    """The counts of one corpus.

    Args:
        simulation: the truth.
        personas: what was written up.
        members: persona id -> its people.
    """
    judge, scores = Judge(simulation), Scores()
    people = {row["customer_id"]: row for row in simulation.truth["customers"]}
    about: dict[str, dict[str, list[Claim]]] = {}
    for persona in personas.personas:
        told = [claim for claim in persona.claims if claim.citations and claim.status != "anecdotal"]
        verdicts = [judge.judge(persona, claim) for claim in told]
        scores.verdicts += verdicts
        scores.claims.append(len(told))
        values = about.setdefault(persona.persona_id, defaultdict(list))
        for verdict in verdicts:
            if verdict.right and not verdict.is_scene:
                values[verdict.about].append(verdict.claim)
                phrased = judge.share_as_phrased(verdict, members[persona.persona_id])
                scores.phrased_errors.append(verdict.claim.share - phrased)
        true = _true_shares([people[one] for one in members[persona.persona_id]])
        _compare(scores, simulation, values, true)
    _recall(scores, simulation, about, members)
    return scores


def _true_shares(people: Sequence[dict[str, Any]]) -> dict[str, float]:
    held = Counter(value for person in people for value in person["tags"]["topics"])
    return {value: count / len(people) for value, count in held.items()}


def _compare(scores: Scores, simulation: Simulation, values: dict[str, list[Claim]], true: dict[str, float]) -> None:
    """Prevalence and filing of one persona's claims, and what its own members hold."""
    wanted = {value for value, share in true.items() if share >= LEAST_SHARE}
    scores.own_sought += len(wanted)
    scores.own_found += len(wanted & values.keys())
    for value, claims in values.items():
        attribute = simulation.plan.world.values[value].attribute
        scores.filed += [claim.attribute == attribute for claim in claims]
        scores.errors.append(max(claim.share for claim in claims) - true.get(value, 0.0))


def _recall(
    scores: Scores, simulation: Simulation, about: dict[str, dict[str, list[Claim]]], members: dict[str, set[str]]
) -> None:
    for segment in simulation.truth["segments"]:
        own = {row["customer_id"] for row in simulation.truth["customers"] if row["segment"] == segment["segment"]}
        persona = max(members, key=lambda key: len(members[key] & own), default="")
        wanted = {entry["value"] for entry in segment["attributes"] if entry["share"] >= LEAST_SHARE}
        scores.sought += len(wanted)
        scores.found += len(wanted & about.get(persona, {}).keys())


def write_up(simulation: Simulation, folder: Path, llm: str) -> tuple[PersonaSet, dict[str, set[str]]]:
    """The personas of a simulated corpus and who belongs to each."""
    paths = write_simulation(simulation, folder / "simulated")
    options = GenerateOptions(out=folder / "out", workspace=folder / "workspace", llm=llm)
    result = generate([str(paths["documents.jsonl"])], options)
    members: dict[str, set[str]] = {persona.persona_id: set() for persona in result.persona_set.personas}
    with (result.out / "assignments.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["persona_id"] in members:
                members[row["persona_id"]].add(row["customer_id"])
    return result.persona_set, members


def corpora(arguments: argparse.Namespace) -> Iterator[SimulationOptions]:
    """The corpora asked for; segments go with the seed, 3 to 6."""
    for language in arguments.language:
        for world in arguments.world or world_names():
            for seed in range(arguments.first_seed, arguments.first_seed + arguments.seeds):
                yield SimulationOptions(
                    seed=seed, language=language, world=world, segments=3 + seed % 4, customers=arguments.customers
                )


def show(verdicts: Sequence[Verdict]) -> None:
    """The claims with their quotes and what was made of them."""
    for verdict in verdicts:
        claim = verdict.claim
        print(f"[{verdict.about}] {claim.attribute}: {claim.value} ({claim.people} people, {claim.share:.0%})")
        for citation, voiced in zip(claim.citations, verdict.voiced, strict=True):
            print(f"    {json.dumps(citation.quote, ensure_ascii=False)} -> {voiced or 'nothing'}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--language", nargs="+", default=["en", "zh"], choices=["en", "zh", "mixed"])
    parser.add_argument("--world", nargs="+", choices=world_names())
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--customers", type=int, default=300)
    parser.add_argument("--llm", default="extractive")
    parser.add_argument("--sample", type=int, default=0)
    arguments = parser.parse_args()
    totals: dict[str, Scores] = defaultdict(Scores)
    for options in corpora(arguments):
        simulation = simulate(options)
        with tempfile.TemporaryDirectory() as folder:
            personas, members = write_up(simulation, Path(folder), arguments.llm)
        scores = score(simulation, personas, members)
        totals[options.language].add(scores)
        print(f"{options.language} {options.world} seed {options.seed}: {scores}", flush=True)
    for language, scores in totals.items():
        print(f"{language}: {scores}")
        if arguments.sample:
            show(Random(0).sample(scores.verdicts, min(arguments.sample, len(scores.verdicts))))


if __name__ == "__main__":
    main()

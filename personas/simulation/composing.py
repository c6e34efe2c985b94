"""Sentences into documents: reviews, chats, answers to a survey, and one-liners of an app store."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal

from personas.simulation.grammar import expand, pick
from personas.simulation.material import Value, Wording
from personas.simulation.people import Person, date_of

Kind = Literal["review", "chat", "survey", "app"]
KINDS: dict[str, tuple[Kind, ...]] = {
    "normal": ("review", "review", "review", "review", "survey", "survey", "survey", "app", "app", "chat"),
    "short": ("app", "survey"),
}
"""As often as they occur, by the length asked for."""

STATEMENTS: dict[Kind, tuple[int, ...]] = {
    "review": (1, 2, 3, 3, 4),
    "chat": (1, 2, 2, 3),
    "survey": (1, 2, 2),
    "app": (1,),
}
"""How many statements documents of each kind hold."""

MOOD_CHANCE: dict[Kind, float] = {"review": 0.5, "chat": 0.3, "survey": 0.2, "app": 0.3}
DECOY_CHANCE: dict[Kind, float] = {"review": 0.25, "chat": 0.12, "survey": 0.12, "app": 0.0}
SCENE_CHANCE: dict[Kind, float] = {"review": 0.85, "chat": 0.8, "survey": 0.75, "app": 0.6}
"""How often people say how they feel, put something aside that is not theirs, and tell of their days."""

_ENDINGS = (".", "!", "?", "。", "！", "？", "…", "～", ")")


@dataclass
class Written:
    """One document, and what is true of it."""

    row: dict[str, Any]
    """As it stands in ``documents.jsonl``."""
    day: int
    feeling: float
    """-1 to 1."""
    statements: list[tuple[Value, str]] = field(default_factory=list)
    """What is voiced, with the words that do."""
    duplicate_of: str | None = None
    personal: list[tuple[str, str]] = field(default_factory=list)
    """Kind and text of each piece of personal data."""
    instruction: str | None = None

    @property
    def document_id(self) -> str:
        """Its id."""
        return str(self.row["document_id"])

    @property
    def text(self) -> str:
        """All of it, turns a line each."""
        return str(self.row["text"]) if "text" in self.row else "\n".join(turn["text"] for turn in self.row["turns"])


def line(name: str, wording: Wording, random: Random, **slots: str) -> str:
    """One of the lines of that name, with these words in the slots."""
    phrasing = pick(random, wording.lists[name])
    if not slots:
        return expand(phrasing, random, wording.pools)
    return expand(phrasing, random, {**wording.pools, **{key: ((text,),) for key, text in slots.items()}})


def mood_line(feeling: float, wording: Wording, random: Random) -> str | None:
    """How somebody who feels so puts it; None where there is nothing to say."""
    if abs(feeling) < 0.2:
        return None
    mild, strong = ("good", "great") if feeling > 0 else ("bad", "awful")
    name = f"mood_{strong if abs(feeling) > 0.55 else mild}"
    return line(name, wording, random)


def join_sentences(sentences: list[str], wording: Wording) -> str:
    """The sentences as one text; one that ends in nothing gets a mark of its language."""
    between, missing = ("", "，") if wording.tongue == "zh" else (" ", ".")
    pieces: list[str] = []
    for place, sentence in enumerate(sentences):
        last = place == len(sentences) - 1
        pieces.append(sentence if last or sentence.endswith(_ENDINGS) else sentence + missing)
    return between.join(pieces)


def frame(number: int, person: Person, day: int, kind: Kind) -> dict[str, Any]:
    """The parts of a row that do not depend on what is said; `number` counts all documents, from 0."""
    return {
        "document_id": f"D-{number + 1:07d}",
        "customer_id": person.customer_id,
        "created_at": date_of(day),
        "kind": kind,
    }


def rating_for(feeling: float, random: Random) -> int:
    """One to five stars."""
    return max(1, min(5, round(3 + 2 * feeling + random.uniform(-0.4, 0.4))))


def make_turns(sentences: list[str], wording: Wording, random: Random) -> list[dict[str, str]]:
    """A support chat in which the customer says the sentences, one or two a turn, and somebody answers."""
    turns = [("customer", line("greeting", wording, random))] if random.random() < 0.5 else []
    left = list(sentences)
    while left:
        some, left = (left[:2], left[2:]) if random.random() < 0.4 else (left[:1], left[1:])
        said = join_sentences(some, wording)
        if turns and turns[-1][0] == "customer":
            said = join_sentences([turns.pop()[1], said], wording)
        turns += [("customer", said), ("agent", line("agent", wording, random))]
    if random.random() < 0.4:
        turns.append(("customer", line("goodbye", wording, random)))
    return [{"role": role, "text": text} for role, text in turns]

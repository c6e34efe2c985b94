"""Which claim a correction means: it has no id that survives a run, so it is found by its attribute and its words.

A claim is meant where its value is that of the entry, case and blanks aside, or where the two share `SAME_WORDS` of
their stems: as `personas diff` pairs claims of two runs. A model words a claim anew in each run, so an entry may miss
one that was reworded beyond that; then the nearest claim is named, for its words to be copied.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from personas.corrections.records import Reject
from personas.records import Claim
from personas.terms import stems

SAME_WORDS = 0.6
"""Share of the stems of both (Jaccard) from which two values say the same; that of `personas.diffing.claim_pairs`."""

NEAR_WORDS = 0.25
"""From which a claim is near enough to be named."""


def likeness(asked: str, value: str) -> float:
    """How much of their words two values share, 0..1."""
    if folded(asked) == folded(value):
        return 1.0
    mine, theirs = stems(asked), stems(value)
    return len(mine & theirs) / len(mine | theirs) if mine | theirs else 0.0


def folded(text: str) -> str:
    """Without case, and with one blank between words."""
    return " ".join(text.casefold().split())


def means(entry: Reject, claim: Claim) -> bool:
    """Whether the entry rejects the claim; whose claim it is, is not asked here."""
    return entry.attribute in {None, claim.attribute} and likeness(entry.value, claim.value) >= SAME_WORDS


@dataclass(frozen=True)
class Rejections:
    """What is not to be claimed of one persona."""

    entries: tuple[Reject, ...] = ()

    def part(self, claims: Sequence[Claim]) -> tuple[list[Claim], list[Claim]]:
        """The claims that stand, and those that are rejected; both in their order."""
        rejected = [claim for claim in claims if any(means(entry, claim) for entry in self.entries)]
        return [claim for claim in claims if claim not in rejected], rejected


def nearest_claim(entry: Reject, claims: Sequence[Claim]) -> str:
    """The value of the claim filed as the entry says that comes nearest; empty where none comes near."""
    filed = [claim for claim in claims if entry.attribute in {None, claim.attribute}]
    near = [(likeness(entry.value, claim.value), claim.value) for claim in filed]
    best = max(near, default=(0.0, ""))
    return best[1] if best[0] >= NEAR_WORDS else ""

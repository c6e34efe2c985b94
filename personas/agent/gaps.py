"""What a segment's claims leave open: attributes without one, and claims that too few people carry."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from personas.agent.steps import Gaps, Thin
from personas.attributes import AttributeSchema
from personas.claims import MOST_QUOTES, Grounded
from personas.counting import Support
from personas.evidence import EvidenceBase
from personas.records import Claim

MOST_ROUNDS: Final = 2
"""Rounds of searches: a second search finds what the first did not, a third hardly anything."""

MOST_INVESTIGATED: Final = 4
"""Attributes searched for in one round, so that model calls stay bounded (`personas.call_bounds` counts on it)."""

MOST_STRENGTHENED: Final = 4
"""Claims that more quotes are looked for in one round; no model is asked for these."""

LEAST_VOICES: Final = 2
"""People a claim needs to be told at all: what one person says once tells nothing of a segment."""


@dataclass(frozen=True, kw_only=True)
class Held:
    """A claim that stands so far, with what it was made from."""

    grounded: Grounded
    support: Support
    claim: Claim
    """Its id is given at the end."""

    @property
    def told(self) -> tuple[str, str]:
        """What tells it from the others."""
        return self.claim.attribute, self.claim.value


@dataclass(frozen=True, kw_only=True)
class GapPlan:
    """What a round of searches is for."""

    empty: tuple[str, ...]
    """Attributes without a claim, those that most of the segment's people speak of first."""
    unheard: tuple[str, ...]
    """Attributes without a claim that fewer than `LEAST_VOICES` people speak of: nothing to search for."""
    thin: tuple[Held, ...]
    """Claims that enough people make, of whom too few are quoted; those of most people first."""
    needed: int
    """People that a claim needs where its attribute does not say otherwise."""

    @property
    def worth_a_round(self) -> bool:
        """Whether there is anything to search for."""
        return bool(self.empty or self.thin)

    def as_step(self, number: int, schema: AttributeSchema) -> Gaps:
        """The plan as it stands in the trace."""
        thin = tuple(
            Thin(
                attribute=held.claim.attribute,
                value=held.claim.value,
                people=held.support.people,
                quoted=len(held.grounded.citations),
                needed=schema[held.claim.attribute].min_people or self.needed,
            )
            for held in self.thin
        )
        return Gaps(round=number, empty=self.empty, unheard=self.unheard, thin=thin)


def read_gaps(
    held: Sequence[Held],
    stated: Collection[str],
    *,
    base: EvidenceBase,
    inside: NDArray[np.bool_],
    schema: AttributeSchema,
    min_people: int,
    tried: Collection[tuple[str, str]],
) -> GapPlan:
    """What is open, and of that what a round looks for.

    Args:
        held: the claims that stand, those of the customer table left out.
        stated: attributes that the customer table tells.
        base: everything said.
        inside: ``(people,)`` the segment's members.
        schema: the attributes.
        min_people: people that a claim needs where its attribute does not say otherwise.
        tried: what was searched for before: attributes as (key, ""), claims as `Held.told`.
    """
    voices = min(LEAST_VOICES, int(inside.sum()))
    found = {one.claim.attribute for one in held if one.support.people >= voices} | set(stated)
    open_keys = [key for key in schema.keys if key not in found and (key, "") not in tried]
    speaking = {key: people_speaking(key, base, inside) for key in open_keys}
    empty = sorted((key for key in open_keys if speaking[key] >= voices), key=lambda key: -speaking[key])
    thin = [one for one in held if one.told not in tried and _is_thin(one, schema, min_people)]
    thin.sort(key=lambda one: (-one.support.people, one.told))
    return GapPlan(
        empty=tuple(empty[:MOST_INVESTIGATED]),
        unheard=tuple(key for key in open_keys if speaking[key] < voices),
        thin=tuple(thin[:MOST_STRENGTHENED]),
        needed=min_people,
    )


def people_speaking(key: str, base: EvidenceBase, inside: NDArray[np.bool_]) -> int:
    """How many of the segment's people wrote a passage that speaks of the attribute."""
    writers = base.corpus.passage_customer[base.tagged(key)]
    return len(np.unique(writers[inside[writers]]))


def _is_thin(held: Held, schema: AttributeSchema, min_people: int) -> bool:
    """Whether enough people say it and only quotes of them are wanting; what few people say stays an anecdote."""
    needed = schema[held.claim.attribute].min_people or min_people
    # No claim holds more than so many quotes.
    return held.support.people >= needed and len(held.grounded.citations) < min(needed, MOST_QUOTES)

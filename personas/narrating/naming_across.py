"""Names for an English report of people who write Chinese.

The words they write would tell its reader nothing, and nothing here translates. So they are named by how they stand to
things, and where two segments stand alike, by what the tables say of them: "Strugglers Who Write Chinese (buys Descaler
kit)".
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from personas.narrating.sections import told
from personas.records import Claim

STANCES: Final = {
    "pain_points": "Strugglers Who Write Chinese",
    "objections": "Doubters Who Write Chinese",
    "needs": "Seekers Who Write Chinese",
    "goals": "Planners Who Write Chinese",
    "potential": "Hopefuls Who Write Chinese",
    "satisfaction": "Enthusiasts Who Write Chinese",
    "price_sensitivity": "Price Watchers Who Write Chinese",
}
"""What people are called by the attribute they speak under; what differs stands first, for maps cut names short."""

NO_STANCE: Final = "People Who Write Chinese"

NEARLY_AS_MANY: Final = 0.75
"""Share of the people behind the most common stance from which another one may name the segment where that is taken."""

_CHINESE: Final = re.compile(r"[\u4e00-\u9fff]")


def is_chinese(words: str) -> bool:
    """Whether a topic is written in Chinese characters."""
    return bool(_CHINESE.search(words))


def name_by_stance(terms: Sequence[str], claims: Sequence[Claim], taken: Sequence[str]) -> str:
    """How most of them stand to things, or nearly as many where that is taken; else with what else tells them apart.

    That is a value of the tables, or one of their words, quoted.

    Args:
        terms: what sets the segment's words apart, best first.
        claims: its claims, most telling first.
        taken: names of other segments.
    """
    stances = _stances(claims)
    marks = [*_of_tables(claims), *(f"“{term}”" for term in terms)]
    ways = [*stances, *(f"{stances[0]} ({mark})" for mark in marks)]
    return next((way for way in ways if way not in taken), stances[0])


def _stances(claims: Sequence[Claim]) -> list[str]:
    people: Counter[str] = Counter()
    for claim in told(claims):
        if claim.basis is None and claim.attribute in STANCES:
            people[claim.attribute] += claim.people
    ranked = people.most_common()
    return [STANCES[key] for key, count in ranked if count >= NEARLY_AS_MANY * ranked[0][1]] or [NO_STANCE]


def _of_tables(claims: Sequence[Claim]) -> Iterator[str]:
    """Values of the tables: what they do, most telling first; then who they are, least telling first.

    Of who they are, what tells them most from everybody is what all who write Chinese share, such as a country.
    """
    of_tables = [claim for claim in told(claims) if claim.basis is not None]
    acts = [claim for claim in of_tables if claim.attribute == "behaviours"]
    traits = [claim for claim in reversed(of_tables) if claim.attribute != "behaviours"]
    for claim in (*acts, *traits):
        if claim.basis is not None:
            yield f"{claim.basis.column.replace('_', ' ')} {claim.basis.value}"

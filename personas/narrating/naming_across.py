"""Names for an English report of people who write Chinese.

The words they write would tell its reader nothing, and nothing here translates. So they are named by how they stand to
things, and where two segments stand alike, by what the tables say of them: "The Chinese-Speaking Strugglers (buys
Descaler kit)".
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from personas.narrating.sections import told
from personas.records import Claim

STANCES: Final = {
    "pain_points": "The Chinese-Speaking Strugglers",
    "objections": "The Chinese-Speaking Doubters",
    "needs": "The Chinese-Speaking Seekers",
    "goals": "The Chinese-Speaking Planners",
    "potential": "The Chinese-Speaking Hopefuls",
    "satisfaction": "The Chinese-Speaking Enthusiasts",
    "price_sensitivity": "The Chinese-Speaking Price Watchers",
}
"""What people are called by the attribute that most of them speak under."""

NO_STANCE: Final = "The Chinese Speakers"

_CHINESE: Final = re.compile(r"[\u4e00-\u9fff]")


def is_chinese(words: str) -> bool:
    """Whether a topic is written in Chinese characters."""
    return bool(_CHINESE.search(words))


def name_by_stance(terms: Sequence[str], claims: Sequence[Claim], taken: Sequence[str]) -> str:
    """How most of them stand to things; with a value of the tables, or one of their words quoted, where that is taken.

    Args:
        terms: what sets the segment's words apart, best first.
        claims: its claims, most telling first.
        taken: names of other segments.
    """
    who = _stance(claims)
    marks = [*_of_tables(claims), *(f"“{term}”" for term in terms)]
    ways = [who, *(f"{who} ({mark})" for mark in marks)]
    return next((way for way in ways if way not in taken), who)


def _stance(claims: Sequence[Claim]) -> str:
    people: Counter[str] = Counter()
    for claim in told(claims):
        if claim.basis is None and claim.attribute in STANCES:
            people[claim.attribute] += claim.people
    return STANCES[people.most_common(1)[0][0]] if people else NO_STANCE


def _of_tables(claims: Sequence[Claim]) -> Iterator[str]:
    """Values of the tables: what they do, most telling first; then who they are, least telling first.

    Of who they are, what tells them most from everybody is what Chinese speakers share, such as a country.
    """
    of_tables = [claim for claim in told(claims) if claim.basis is not None]
    acts = [claim for claim in of_tables if claim.attribute == "behaviours"]
    traits = [claim for claim in reversed(of_tables) if claim.attribute != "behaviours"]
    for claim in (*acts, *traits):
        if claim.basis is not None:
            yield f"{claim.basis.column.replace('_', ' ')} {claim.basis.value}"

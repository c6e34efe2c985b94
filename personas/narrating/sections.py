"""The sections of a narrative, and the claims each is made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from personas.records import Claim, NarrativeSection, NarrativeTemplate

SECTIONS: Final[dict[NarrativeTemplate, tuple[NarrativeSection, ...]]] = {
    "summary": ("summary", "goals", "frustrations", "speak"),
    "day-in-the-life": ("day", "goals", "frustrations", "speak"),
}
"""The sections of each template, in the order they are read."""

GOALS: Final = ("goals", "needs", "potential")
FRUSTRATIONS: Final = ("pain_points", "objections")
SPEAKING: Final = ("objections", "price_sensitivity", "values_lifestyle", "loyalty_churn", "channels", "satisfaction")
"""Attributes that tell how to speak to people, the most useful first."""

LEDE_SENTENCES: Final = 6
LEDE_LEAST: Final = 4
LEDE_SHARE: Final = 0.06
"""Share of the segment from which a claim belongs into the narrative."""

LEAST_NARRATED: Final = 8
"""Supported claims of what people say with which a narrative can do."""

CLAIMS_PER_SECTION: Final = 3
TABLE_CLAIMS: Final = 2


def told(claims: Sequence[Claim]) -> list[Claim]:
    """The claims a narrative may use: the supported ones, or all that are shown where there are none."""
    shown = [claim for claim in claims if claim.status != "withheld"]
    return [claim for claim in shown if claim.status == "supported"] or shown


def narratable(claims: Sequence[Claim]) -> list[Claim]:
    """The claims a model writes from: the supported ones, and where few people say anything the anecdotal ones too."""
    usable = told(claims)
    if sum(claim.basis is None for claim in usable) >= LEAST_NARRATED:
        return usable
    return [claim for claim in claims if claim.status in ("supported", "anecdotal")] or usable


def choose_for_lede(claims: Sequence[Claim]) -> list[Claim]:
    """The claims that say most of a segment, most telling first: supported ones, no attribute more than twice.

    What only a few say comes in where there is nothing better; what the table says of them comes behind.
    """
    usable = told(claims)
    voiced = [claim for claim in usable if claim.share >= LEDE_SHARE]
    voiced.sort(key=lambda claim: claim.basis is not None)
    per_attribute: Counter[str] = Counter()
    chosen: list[Claim] = []
    for claim in [*voiced, *(claim for claim in usable if claim.share < LEDE_SHARE)]:
        if per_attribute[claim.attribute] < 2 and (claim.share >= LEDE_SHARE or len(chosen) < LEDE_LEAST):
            chosen.append(claim)
            per_attribute[claim.attribute] += 1
    said = [claim for claim in chosen if claim.basis is None][: LEDE_SENTENCES - 1]
    return (said + [claim for claim in chosen if claim.basis is not None])[:LEDE_SENTENCES]


def lead_claim(claims: Sequence[Claim]) -> Claim | None:
    """The claim a narrative opens with; None where there is none."""
    return next(iter(choose_for_lede(claims)), None)


def said_about(claims: Sequence[Claim], attributes: Sequence[str]) -> list[Claim]:
    """What people say of these attributes, at most `CLAIMS_PER_SECTION`, most telling first; not the table's."""
    usable = [claim for claim in told(claims) if claim.basis is None and claim.attribute in attributes]
    return usable[:CLAIMS_PER_SECTION]


def from_tables(claims: Sequence[Claim]) -> list[Claim]:
    """The two claims of the tables that set people apart most."""
    return [claim for claim in told(claims) if claim.basis is not None][:TABLE_CLAIMS]

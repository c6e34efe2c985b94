"""The author without a model: central phrases, verbatim quotes, plain sentences."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from personas.attributes import Attribute
from personas.authors.seam import ProposedClaim, ProposedName, ProposedQuote, ProposedSentence, SegmentBrief
from personas.evidence import EvidenceGroup
from personas.grounding import quote_words
from personas.records import Claim
from personas.terms import content_words, stems
from personas.wording import plain_sentence

CLAUSE_BREAK = re.compile(r"[,.;:!?()\[\]\"“”，。；：！？、（）…\n]+|\s[-–—/]+\s|(?:\s|^)(?:but|because|although)\s", re.IGNORECASE)
SHORTEST_PHRASE = 2
LONGEST_PHRASE = 9
"""Words of a value: enough to say something, few enough to be read at a glance."""

COMMON_WEIGHT = 0.4
"""How much of a phrase's score is how many of the other quotes share its words; the rest is closeness to the centre."""

LEDE_SENTENCES = 6


class ExtractiveAuthor:
    """Quotes instead of writing: works without any model and is the floor below every other author."""

    @property
    def kind(self) -> str:
        """`extractive`."""
        return "extractive"

    @property
    def model(self) -> str:
        """Empty: there is none."""
        return ""

    def propose(
        self, brief: SegmentBrief, attribute: Attribute, groups: Sequence[EvidenceGroup]
    ) -> list[ProposedClaim]:
        """One claim a group: its most central phrase, carried by its most central sentences."""
        claims = []
        for group in groups:
            value = central_phrase(group)
            if value:
                claims.append(claim_from_group(attribute.key, value, group))
        return claims

    def plan_searches(self, brief: SegmentBrief, attribute: Attribute) -> list[str]:
        """The attribute's own question, with the segment's terms."""
        return [f"{attribute.question[brief.source_language]} {' '.join(brief.terms[:3])}"]

    def narrate(self, brief: SegmentBrief, claims: Sequence[Claim], not_stated: Sequence[str]) -> list[ProposedSentence]:
        """Plain sentences about the claims that set the segment apart, each attribute once before any twice."""
        return [
            ProposedSentence(
                text=plain_sentence(claim, brief.language), claim_ids=(claim.claim_id,), origin="extractive"
            )
            for claim in choose_for_lede(claims)
        ]

    def name(self, brief: SegmentBrief, claims: Sequence[Claim], taken: Sequence[str]) -> ProposedName:
        """The first terms that no other name uses; the tagline is the most telling claim."""
        used = {word for name in taken for word in content_words(name)}
        free = [term for term in brief.terms if term not in used] or list(brief.terms)
        lead = free[:2] or ["…"]
        value = claims[0].value if claims else ""
        if brief.language == "zh":
            return ProposedName(name=f"关注{'与'.join(lead)}的人", tagline=f"“{value}”", origin="extractive")
        name = f"People of {' and '.join(lead)}" if len(lead) > 1 else f"People of {lead[0]}"
        return ProposedName(name=name, tagline=f"“{value}”", origin="extractive")

    def prompts_used(self) -> dict[str, str]:
        """None."""
        return {}


def claim_from_group(attribute: str, value: str, group: EvidenceGroup, *, origin: str = "extractive") -> ProposedClaim:
    """A claim carried by the group's sentences that share the value's words, then by the most central ones."""
    wanted = stems(value)
    order = sorted(range(len(group.items)), key=lambda at: (-len(wanted & stems(group.items[at].quote)), at))
    quotes = tuple(ProposedQuote(text=group.items[at].quote, group=group, item=at) for at in order[:5])
    return ProposedClaim(
        attribute=attribute, value=value, quotes=quotes, origin="llm" if origin == "llm" else "extractive"
    )


def central_phrase(group: EvidenceGroup) -> str:
    """The clause that says best what the group's sentences have in common; empty where none can be read alone."""
    phrases = sorted({phrase for item in group.items for phrase in clauses(item.quote)})
    if not phrases:
        return ""
    vectors = group.space.embedder.embed(phrases)
    closeness = vectors @ group.centre
    item_stems = [stems(item.quote) for item in group.items]
    common = np.array([_shared(phrase, item_stems) for phrase in phrases])
    return phrases[int(np.argmax((1 - COMMON_WEIGHT) * closeness + COMMON_WEIGHT * common))]


def clauses(sentence: str) -> list[str]:
    """The sentence's parts that are short enough for a value."""
    parts = (re.sub(r"^[\s\-–—*•'·]+|[\s\-–—*'·]+$", "", part or "") for part in CLAUSE_BREAK.split(sentence))
    return [part for part in parts if SHORTEST_PHRASE <= quote_words(part) <= LONGEST_PHRASE and content_words(part)]


def _shared(phrase: str, item_stems: list[set[str]]) -> float:
    """The mean share of the phrase's stems that another sentence uses too, 0..1."""
    wanted = stems(phrase)
    return float(np.mean([len(wanted & found) / len(wanted) for found in item_stems])) if wanted else 0.0


def choose_for_lede(claims: Sequence[Claim]) -> list[Claim]:
    """The claims a narrative is made of: supported ones, each attribute once before any comes twice."""
    usable = [claim for claim in claims if claim.status == "supported"] or list(claims)
    first: list[Claim] = []
    rest: list[Claim] = []
    for claim in usable:
        (rest if any(claim.attribute == other.attribute for other in first) else first).append(claim)
    return (first + rest)[:LEDE_SENTENCES]

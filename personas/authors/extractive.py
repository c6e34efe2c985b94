"""The author without a model: central phrases, verbatim quotes, plain sentences."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from personas.abstaining.self_statements import common_statement
from personas.attributes import Attribute
from personas.authors.seam import (
    ProposedClaim,
    ProposedName,
    ProposedQuote,
    ProposedSentence,
    Question,
    SegmentBrief,
)
from personas.evidence import SAME_WORDS, EvidenceBase, EvidenceGroup
from personas.grounding import quote_words
from personas.models.ledger import Totals
from personas.narrating.naming import plain_name, plain_tagline
from personas.narrating.prose import plain_narrative
from personas.records import Claim
from personas.sentiment import score_sentiment
from personas.terms import content_words, stems

CLAUSE_BREAK = re.compile(
    # A point, comma or colon inside a number or an address breaks nothing.
    r"[,.;:!?]+(?=\s|$)|[()\[\]\"“”，。；：！？、（）…\n]+|\s[-–—/]+\s|(?:\s|^)(?:but|because|although)\s",
    re.IGNORECASE,
)
SHORTEST_PHRASE = 2
LONGEST_PHRASE = 9
"""Words of a value: enough to say something, few enough to be read at a glance."""

CLOSENESS_WEIGHT, COMMON_WEIGHT, TELLING_WEIGHT = 0.5, 0.3, 0.4
"""What makes a phrase stand for its group: close to the centre, said by many, and by many in words that tell something.

Rare words count only as far as others use them too: a nephew is rare, and says nothing of anybody else.
"""

AWKWARD = re.compile(
    r"(?:i|i'm|i've|we|it|its|it's|this|that|that's|he|she|they|you|there|did|do|does|is|are|was|were|if|when|what|who|why|how"
    r"|not sure|of|to|for|from|as|by|at|我|你|他|她|它|这|那|不知道|也|就)(?:\b|(?<=[\u3400-\u9fff]))",
    re.IGNORECASE,
)
"""How a phrase begins that reads badly on its own."""

AWKWARD_COST = 0.12

SPEAKING_WEIGHT = 0.25
"""Half of what closeness weighs: "but some days I just don't have six minutes" is no praise, whatever stands before."""

FEELINGS = {"satisfaction": 1, "pain_points": -1}
"""Attributes that are a feeling, and its sign."""

PASSAGES_COMPARED = 60
"""Passages of the group a phrase is compared with, spread over all of it."""

LEADING = re.compile(
    r"^(?:and|so|but|or|also|especially|such as|e\.?g\.?|like|which|that|then|maybe|plus|rather than|i think"
    r"|perhaps)\s+",
    re.IGNORECASE,
)
"""Words that tie a clause to one before it."""


class ExtractiveAuthor:
    """Quotes instead of writing: works without any model and is the floor below every other author.

    Args:
        base: all the evidence, to tell rare words from common ones.
    """

    def __init__(self, base: EvidenceBase) -> None:
        self._base = base

    @property
    def kind(self) -> str:
        """`extractive`."""
        return "extractive"

    @property
    def model(self) -> str:
        """Empty: there is none."""
        return ""

    @property
    def stages(self) -> dict[str, Totals]:
        """Nothing."""
        return {}

    @property
    def failures(self) -> int:
        """None."""
        return 0

    @property
    def concurrency(self) -> int:
        """One: there is nothing to wait for."""
        return 1

    def propose(self, brief: SegmentBrief, questions: Sequence[Question]) -> list[ProposedClaim]:
        """One claim a group: its most central phrase, carried by its most central sentences."""
        claims = []
        for question in questions:
            for group in question.groups:
                if question.attribute.sensitive:
                    value = common_statement([item.quote for item in group.items], longest=LONGEST_PHRASE)
                else:
                    value = central_phrase(group, self._base, question.attribute)
                if value:
                    claims.append(claim_from_group(question.attribute.key, value, group))
        return claims

    def stand_in(self, brief: SegmentBrief, question: Question) -> list[ProposedClaim]:
        """None: what this author proposes stands in its sources, so there is nothing better."""
        return []

    def plan_searches(self, brief: SegmentBrief, attributes: Sequence[Attribute]) -> dict[str, list[str]]:
        """Each attribute's own question, with the segment's terms."""
        terms = " ".join(brief.terms[:3])
        return {attribute.key: [f"{attribute.question[brief.source_language]} {terms}"] for attribute in attributes}

    def narrate(
        self, brief: SegmentBrief, claims: Sequence[Claim], not_stated: Sequence[str]
    ) -> list[ProposedSentence]:
        """Plain sentences in sections, made of the claims' own words and counts."""
        told = plain_narrative(claims, brief.language, template=brief.narrative, key=brief.segment_id)
        return [
            ProposedSentence(text=one.text, claim_ids=one.claim_ids, origin=one.origin, section=one.section)
            for one in told
        ]

    def name(self, brief: SegmentBrief, claims: Sequence[Claim], taken: Sequence[str]) -> ProposedName:
        """What they speak of and how they stand to it, in words of no other name; the tagline is a telling claim."""
        passages = self._base.corpus.passage_texts
        name = plain_name(brief.terms, claims, brief.language, taken=taken, passages=passages)
        tagline = plain_tagline(claims, brief.terms, brief.language)
        return ProposedName(name=name, tagline=tagline, origin="extractive")

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


def central_phrase(group: EvidenceGroup, base: EvidenceBase, attribute: Attribute) -> str:
    """The clause that says best what the group's sentences have in common; empty where none can be read alone.

    A sentence speaks of an attribute somewhere: the clause that does so itself goes before the others.
    """
    phrases = sorted({phrase for item in group.items for phrase in clauses(item.quote)})
    if not phrases:
        return ""
    closeness = group.space.embedder.embed(phrases) @ group.centre
    rows = group.rows[:: max(1, len(group.rows) // PASSAGES_COMPARED)]
    wanted = [stems(phrase) for phrase in phrases]
    common = np.array([np.mean(base.shares_said(words, rows) >= SAME_WORDS) for words in wanted])
    telling = np.array([base.specificity(words) for words in wanted])
    awkward = np.array([bool(AWKWARD.match(phrase)) for phrase in phrases])
    score = CLOSENESS_WEIGHT * closeness + common * (COMMON_WEIGHT + TELLING_WEIGHT * telling) - AWKWARD_COST * awkward
    score += SPEAKING_WEIGHT * np.array([speaks_of(attribute, phrase) for phrase in phrases])
    return phrases[int(np.argmax(score))]


def speaks_of(attribute: Attribute, phrase: str) -> float:
    """1 where the phrase itself is a sign of the attribute, -1 where it feels the other way, 0 where nothing tells."""
    feeling = FEELINGS.get(attribute.key, 0) * float(np.sign(score_sentiment(phrase)))
    return feeling or float(bool(attribute.cue_pattern.search(phrase.lower())))


def clauses(sentence: str) -> list[str]:
    """The sentence's parts that are short enough for a value."""
    parts = (re.sub(r"^[\s\-–—*•'·]+|[\s\-–—*'·]+$", "", part or "") for part in CLAUSE_BREAK.split(sentence))
    parts = (LEADING.sub("", part) for part in parts)
    return [part for part in parts if SHORTEST_PHRASE <= quote_words(part) <= LONGEST_PHRASE and content_words(part)]

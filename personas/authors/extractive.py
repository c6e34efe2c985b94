"""The author without a model: central phrases, verbatim quotes, plain sentences."""

from __future__ import annotations

from collections.abc import Sequence

from personas.abstaining.self_statements import common_statement
from personas.attributes import Attribute
from personas.authors.phrases import GroupPhrases, choose_phrases
from personas.authors.seam import (
    ProposedClaim,
    ProposedName,
    ProposedQuote,
    ProposedSentence,
    Question,
    SegmentBrief,
)
from personas.evidence import EvidenceBase, EvidenceGroup
from personas.models.ledger import Totals
from personas.narrating.naming import plain_name, plain_tagline
from personas.narrating.prose import plain_narrative
from personas.records import Claim, Origin
from personas.support.clauses import LONGEST_PHRASE
from personas.support.narrowing import narrow_group


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
        """What most people say alike in each group, carried by the sentences that say it."""
        stated = [
            (question.attribute, group, value)
            for question in questions
            for group in question.groups
            if question.attribute.sensitive
            and (value := common_statement([item.quote for item in group.items], longest=LONGEST_PHRASE))
        ]
        shared = choose_phrases([
            GroupPhrases(group, self._base, question.attribute)
            for question in questions
            for group in (*question.groups, *([question.whole] if question.whole is not None else []))
            if not question.attribute.sensitive
        ])
        found = [*stated, *((phrases.attribute, phrases.group, value) for phrases, value in shared)]
        return [claim_from_group(attribute.key, value, group, self._base) for attribute, group, value in found]

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


def claim_from_group(
    attribute: str,
    value: str,
    group: EvidenceGroup,
    base: EvidenceBase,
    *,
    origin: Origin = "extractive",
    chosen: bool = False,
) -> ProposedClaim:
    """A claim carried by the sentences of the group that say its value, and by no others."""
    saying = narrow_group(value, group, base)
    quotes = tuple(ProposedQuote(text=item.quote, group=saying, item=at) for at, item in enumerate(saying.items))
    return ProposedClaim(attribute=attribute, value=value, quotes=quotes, origin=origin, chosen=chosen)

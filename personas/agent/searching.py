"""Searches within a segment: evidence of an attribute that has no claim, more quotes for a claim that has too few."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from personas.agent.gaps import LEAST_VOICES, Held
from personas.agent.steps import Searched
from personas.authors.seam import ProposedQuote
from personas.claims import MOST_QUOTES, Grounded, ground_proposal
from personas.evidence import EvidenceBase, EvidenceGroup
from personas.support.narrowing import narrow_group
from retrieval.search import EvidenceSearch

HITS_PER_SEARCH: Final = 12
"""Passages that one query brings."""


@dataclass(frozen=True, kw_only=True)
class SegmentSearch:
    """The passages of one segment that speak of an attribute, searched by words and by meaning."""

    base: EvidenceBase
    search: EvidenceSearch
    inside: NDArray[np.bool_]
    """``(people,)`` the segment's members."""

    def for_attribute(self, key: str, queries: Sequence[str], *, number: int) -> tuple[EvidenceGroup | None, Searched]:
        """Evidence of an attribute that has no claim; None where too few people were found.

        Args:
            key: the attribute.
            queries: what to look for.
            number: of the round.
        """
        within = self._within(key)
        rows = self._rows(queries, within)
        people = self._people(rows)
        group = self._group(key, rows) if people >= min(LEAST_VOICES, int(self.inside.sum())) else None
        group = group if group is not None and group.items else None
        return group, Searched(
            round=number,
            attribute=key,
            reason="no claim",
            queries=tuple(queries),
            within=len(within),
            passages=len(rows),
            people=people,
            outcome="too few people" if group is None else "read again",
        )

    def for_claim(self, held: Held, *, number: int) -> tuple[Grounded, Searched]:
        """The claim with the quotes of more people, as far as there are any; checked like every proposed quote.

        Args:
            held: the claim.
            number: of the round.
        """
        key, value = held.told
        within = self._within(key)
        rows = self._rows([value], within)
        better = self._strengthened(held.grounded, key, rows) if len(rows) else held.grounded
        added = len(better.citations) - len(held.grounded.citations)
        return better, Searched(
            round=number,
            attribute=key,
            reason="few quotes",
            value=value,
            queries=(value,),
            within=len(within),
            passages=len(rows),
            people=self._people(rows),
            outcome="quotes added" if added else "nothing new",
            added=added,
        )

    def _within(self, key: str) -> NDArray[np.int64]:
        # What the tagger heard as this attribute is where to look; the search finds the best of it.
        tagged = self.base.tagged(key)
        return tagged[self.inside[self.base.corpus.passage_customer[tagged]]]

    def _rows(self, queries: Sequence[str], within: NDArray[np.int64]) -> NDArray[np.int64]:
        """The passages found, ascending, all of one vector space."""
        if not len(within):
            return within
        hits = [hit for query in queries for hit in self.search.search(query, within=within, limit=HITS_PER_SEARCH)]
        rows = np.unique(np.array([hit.row for hit in hits], dtype=np.int64))
        if not len(rows):
            return rows
        spaces = self.base.corpus.space_of_passage[rows]
        # Vectors of two spaces cannot be compared: the space with more hits speaks.
        return rows[np.flatnonzero(spaces == np.bincount(spaces).argmax())]

    def _people(self, rows: NDArray[np.int64]) -> int:
        return len(np.unique(self.base.corpus.passage_customer[rows]))

    def _group(self, key: str, rows: NDArray[np.int64]) -> EvidenceGroup:
        base = self.base
        themes = sorted({int(theme) for theme in base.themes.passage_theme[rows] if theme >= 0})
        space, _ = base.vectors_of(rows)
        # What was found is quoted; people are counted among everybody's passages about the attribute.
        counted = base.rows_tagged(key, space)
        support = base.count(counted, self.inside)
        return base.make_group(key, tuple(themes), counted, support, self.inside, quotable=rows)

    def _strengthened(self, grounded: Grounded, key: str, rows: NDArray[np.int64]) -> Grounded:
        proposal, group = grounded.proposal, self._group(key, rows)
        quoted = {citation.customer_id for citation in grounded.citations}
        saying = narrow_group(proposal.value, group, self.base)
        more = tuple(
            ProposedQuote(text=item.quote, group=saying, item=at)
            for at, item in enumerate(saying.items)
            if item.document.customer_id not in quoted
        )[: MOST_QUOTES - len(grounded.citations)]
        if not more:
            return grounded
        again = ground_proposal(replace(proposal, quotes=(*proposal.quotes, *more)))
        return grounded if again.fault else again

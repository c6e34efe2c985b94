"""The LangGraph graph that turns one segment's evidence into claims and a narrative.

retrieve -> extract -> ground -> count -> narrate -> check, and from count, while attributes are empty and rounds are
left, -> investigate -> extract again.

One run a segment: nothing a segment does can stop another, and the rounds are counted in the state.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from personas.attributes import AttributeSchema
from personas.authors.extractive import ExtractiveAuthor
from personas.authors.seam import PersonaAuthor, ProposedSentence, Question, SegmentBrief
from personas.claims import Grounded, count_claim, drop_repeats, ground_proposal, make_claim
from personas.counting import how_telling
from personas.evidence import EvidenceBase, EvidenceGroup
from personas.facets import FALLBACK_KEY
from personas.narrative import check_sentence, settle_sentences
from personas.records import Claim, Sentence
from retrieval.search import EvidenceSearch

if TYPE_CHECKING:
    from langgraph.graph.state import CompiledStateGraph

MOST_ROUNDS = 2
"""Rounds of investigation: a second search finds what the first did not, a third hardly anything."""

MOST_INVESTIGATED = 4
"""Attributes searched for in one round, so that model calls stay bounded."""

HITS_PER_SEARCH = 12

LEAST_VOICES = 2
"""People a search must find for a claim: what one person says once tells nothing of a segment."""


@dataclass(frozen=True, kw_only=True)
class SegmentWork:
    """What the graph works on: one segment and everything it may look at."""

    brief: SegmentBrief
    inside: NDArray[np.bool_]
    """``(people,)`` the segment's members."""
    schema: AttributeSchema
    base: EvidenceBase
    search: EvidenceSearch
    author: PersonaAuthor
    min_people: int
    data_claims: tuple[Claim, ...]
    """Claims from the customer table; their ids are given with the others'."""


@dataclass(frozen=True, kw_only=True)
class SegmentDraft:
    """What the graph found."""

    claims: tuple[Claim, ...]
    narrative: tuple[Sentence, ...]
    not_stated: tuple[str, ...]
    fallbacks: tuple[str, ...]
    trace: tuple[str, ...]


class _State(TypedDict):
    groups: list[EvidenceGroup]
    pending: list[EvidenceGroup]
    proposals: list[Grounded]
    claims: list[Claim]
    rounds: int
    searched: list[str]
    sentences: list[ProposedSentence]
    narrative: list[Sentence]
    trace: list[str]


@dataclass(frozen=True)
class _Nodes:
    """The graph's nodes, bound to one segment."""

    work: SegmentWork

    def retrieve(self, state: _State) -> dict[str, Any]:
        """The evidence that sets the segment apart, arranged by theme and attribute."""
        groups = self.work.base.select_groups(self.work.inside, min_people=self.work.min_people)
        trace = [f"retrieve: {len(groups)} groups of evidence"]
        return {"groups": groups, "pending": groups, "trace": state["trace"] + trace}

    def extract(self, state: _State) -> dict[str, Any]:
        """Claims proposed by the author; where none of an attribute can be grounded, those that stand in."""
        work = self.work
        questions = [
            Question(attribute=attribute, groups=groups)
            for attribute in work.schema.attribute
            if (groups := [group for group in state["pending"] if group.attribute == attribute.key])
        ]
        grounded = [ground_proposal(proposal) for proposal in work.author.propose(work.brief, questions)]
        held = {g.proposal.attribute for g in grounded if not g.fault}
        for question in questions:
            if question.attribute.key not in held:
                grounded += [ground_proposal(proposal) for proposal in work.author.stand_in(work.brief, question)]
        return {"proposals": [*state["proposals"], *grounded], "pending": []}

    def ground(self, state: _State) -> dict[str, Any]:
        """The proposals that hold: quotes found, value carried, said once."""
        trace = [
            f"drop claim {grounded.proposal.value!r} ({grounded.proposal.attribute}): {grounded.fault}"
            for grounded in state["proposals"]
            if grounded.fault
        ]
        trace += [f"drop quote {reason}" for grounded in state["proposals"] for reason in grounded.dropped]
        trace += [f"correct quote {reason}" for grounded in state["proposals"] for reason in grounded.corrected]
        kept = drop_repeats([grounded for grounded in state["proposals"] if not grounded.fault])
        return {"proposals": kept, "trace": state["trace"] + trace}

    def count(self, state: _State) -> dict[str, Any]:
        """The claims with their people, strongest first."""
        work = self.work
        counted = [(grounded, count_claim(grounded, work.base, work.inside)) for grounded in state["proposals"]]
        members = int(work.inside.sum())
        counted = [(grounded, support) for grounded, support in counted if support.people >= min(LEAST_VOICES, members)]
        claims = [
            make_claim(
                number,
                grounded,
                support,
                work.schema[grounded.proposal.attribute],
                work.base,
                min_people=work.min_people,
            )
            for number, (grounded, support) in enumerate(counted, start=1)
        ]
        return {"claims": _number([*claims, *work.data_claims], int((~work.inside).sum()))}

    def needs_more(self, state: _State) -> str:
        """Whether another round of searching is worth it."""
        empty = self._empty(state)
        return "investigate" if empty and state["rounds"] < MOST_ROUNDS else "narrate"

    def _empty(self, state: _State) -> list[str]:
        """Attributes without a claim that were not searched for yet."""
        found = {claim.attribute for claim in state["claims"]} | set(state["searched"])
        return [attribute.key for attribute in self.work.schema.attribute if attribute.key not in found]

    def investigate(self, state: _State) -> dict[str, Any]:
        """Searches for attributes that have no claim; passages count only where they speak of the attribute."""
        work = self.work
        pending: list[EvidenceGroup] = []
        trace: list[str] = []
        searched = self._empty(state)[:MOST_INVESTIGATED]
        planned = work.author.plan_searches(work.brief, [work.schema[key] for key in searched])
        for key in searched:
            queries = planned[key]
            rows = self._search(key, queries)
            trace.append(f"investigate {key}: {queries} -> {len(rows)} passages")
            if len(np.unique(work.base.corpus.passage_customer[rows])) >= LEAST_VOICES:
                pending.append(self._found_group(key, rows))
        return {
            "pending": [group for group in pending if group.items],
            "rounds": state["rounds"] + 1,
            "searched": state["searched"] + searched,
            "trace": state["trace"] + trace,
        }

    def _search(self, key: str, queries: Sequence[str]) -> NDArray[np.int64]:
        base = self.work.base
        members = np.flatnonzero(self.work.inside[base.corpus.passage_customer])
        # What the tagger heard as this attribute is where to look; the search finds the best of it.
        within = np.intersect1d(members, base.tagged(key), assume_unique=True)
        if not len(within):
            return within
        hits = [
            hit for query in queries for hit in self.work.search.search(query, within=within, limit=HITS_PER_SEARCH)
        ]
        rows = np.unique(np.array([hit.row for hit in hits], dtype=np.int64))
        if not len(rows):
            return rows
        spaces = base.corpus.space_of_passage[rows]
        # Vectors of two spaces cannot be compared: the space with more hits speaks.
        return rows[np.flatnonzero(spaces == np.bincount(spaces).argmax())]

    def _found_group(self, key: str, rows: NDArray[np.int64]) -> EvidenceGroup:
        base = self.work.base
        inside = self.work.inside
        themes = sorted({int(theme) for theme in base.themes.passage_theme[rows] if theme >= 0})
        space, _ = base.vectors_of(rows)
        # What was found is quoted; people are counted among everybody's passages about the attribute.
        counted = base.rows_tagged(key, space)
        return base.make_group(key, tuple(themes), counted, base.count(counted, inside), inside, quotable=rows)

    def narrate(self, state: _State) -> dict[str, Any]:
        """The author's sentences about the claims."""
        return {"sentences": self.work.author.narrate(self.work.brief, state["claims"], self._labels_not_stated(state))}

    def check(self, state: _State) -> dict[str, Any]:
        """The narrative: every sentence held by its claims, a failing one asked for once more, then made plain."""
        work = self.work
        again: list[ProposedSentence] = []
        if work.author.kind == "llm" and any(check_sentence(s, state["claims"]) for s in state["sentences"]):
            retry = replace(work.brief, seed=work.brief.seed + 1)
            again = work.author.narrate(retry, state["claims"], self._labels_not_stated(state))
        narrative, faults = settle_sentences(state["sentences"], again, state["claims"], work.brief.language)
        if not narrative:
            plain = ExtractiveAuthor(work.base).narrate(work.brief, state["claims"], [])
            narrative, _ = settle_sentences(plain, [], state["claims"], work.brief.language)
        return {"narrative": narrative, "trace": state["trace"] + [f"replace sentence {fault}" for fault in faults]}

    def _labels_not_stated(self, state: _State) -> list[str]:
        found = {claim.attribute for claim in state["claims"]}
        return [a.label[self.work.brief.language] for a in self.work.schema.attribute if a.key not in found]


def _number(claims: Sequence[Claim], others: int) -> list[Claim]:
    """The claims ordered for reading, supported before anecdotal and most telling first, and numbered so."""

    def worth(claim: Claim) -> float:
        telling = how_telling(claim, others=others)
        # What is only talked about says less than what is wanted or hated.
        return telling / 2 if claim.attribute == FALLBACK_KEY and telling > 0 else telling

    order = sorted(claims, key=lambda claim: (claim.status != "supported", -worth(claim), claim.value))
    return [claim.model_copy(update={"claim_id": f"c{number}"}) for number, claim in enumerate(order, start=1)]


def build_graph(work: SegmentWork) -> CompiledStateGraph[Any, Any, Any, Any]:
    """The compiled graph of one segment."""
    from langgraph.graph import END, START, StateGraph

    nodes = _Nodes(work)
    graph = StateGraph(_State)
    for name in ("retrieve", "extract", "ground", "count", "investigate", "narrate", "check"):
        graph.add_node(name, getattr(nodes, name))
    graph.add_edge(START, "retrieve")
    graph.add_edge("retrieve", "extract")
    graph.add_edge("extract", "ground")
    graph.add_edge("ground", "count")
    graph.add_conditional_edges("count", nodes.needs_more, ["investigate", "narrate"])
    graph.add_edge("investigate", "extract")
    graph.add_edge("narrate", "check")
    graph.add_edge("check", END)
    return graph.compile()


def draft_persona(work: SegmentWork) -> SegmentDraft:
    """The segment's claims and narrative."""
    start: _State = {
        "groups": [],
        "pending": [],
        "proposals": [],
        "claims": [],
        "rounds": 0,
        "searched": [],
        "sentences": [],
        "narrative": [],
        "trace": [],
    }
    state = build_graph(work).invoke(start)
    found = {claim.attribute for claim in state["claims"]}
    return SegmentDraft(
        claims=tuple(state["claims"]),
        narrative=tuple(state["narrative"]),
        not_stated=tuple(attribute.key for attribute in work.schema.attribute if attribute.key not in found),
        fallbacks=tuple(
            f"{claim.attribute}: {claim.note}"
            for claim in state["claims"]
            if work.author.kind == "llm" and claim.origin == "extractive"
        ),
        trace=tuple(state["trace"]),
    )

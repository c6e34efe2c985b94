"""The LangGraph graph that turns one segment's evidence into claims and a narrative.

retrieve -> extract -> ground -> count -> plan -> settle -> narrate -> check, and from plan, while something is missing
and rounds are left, -> search -> extract again.

One run a segment: nothing a segment does can stop another, and the rounds are counted in the state. What the nodes
decide on their own stands in `personas.agent`; every step they take is a record of the trace (docs/agent.md).
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from personas.abstaining.refusing import only_self_stated, refuse_inferred
from personas.agent import recording
from personas.agent.contradictions import settle_contradictions, weigh_contrary
from personas.agent.gaps import LEAST_VOICES, MOST_ROUNDS, GapPlan, Held, read_gaps
from personas.agent.searching import SegmentSearch
from personas.agent.steps import TraceStep
from personas.attributes import AttributeSchema
from personas.authors.choosing import propose_choices
from personas.authors.extractive import ExtractiveAuthor
from personas.authors.seam import PersonaAuthor, ProposedClaim, ProposedSentence, Question, SegmentBrief
from personas.claims import Grounded, count_claim, drop_repeats, ground_proposal, make_claim
from personas.corrections.matching import Rejections
from personas.counting import how_telling
from personas.evidence import EvidenceBase, EvidenceGroup
from personas.facets import FALLBACK_KEY
from personas.narrative import check_sentence, settle_sentences
from personas.records import Claim, ClaimStatus, Sentence
from retrieval.search import EvidenceSearch

if TYPE_CHECKING:
    from langgraph.graph.state import CompiledStateGraph

_RANK: dict[ClaimStatus, int] = {"supported": 0, "contested": 1}
"""What is told first; everything else behind."""


NOTHING_REJECTED = Rejections()


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
    rejections: Rejections = NOTHING_REJECTED
    """What is not to be claimed, by hand."""


@dataclass(frozen=True, kw_only=True)
class SegmentDraft:
    """What the graph found."""

    claims: tuple[Claim, ...]
    narrative: tuple[Sentence, ...]
    not_stated: tuple[str, ...]
    fallbacks: tuple[str, ...]
    trace: tuple[TraceStep, ...]
    rejected: tuple[Claim, ...] = ()
    """Claims that were rejected by hand."""


class _State(TypedDict):
    pending: list[EvidenceGroup]
    fresh: list[Grounded]
    proposals: list[Grounded]
    held: list[Held]
    rejected: list[Claim]
    claims: list[Claim]
    plan: GapPlan | None
    rounds: int
    tried: list[tuple[str, str]]
    sentences: list[ProposedSentence]
    narrative: list[Sentence]
    trace: Annotated[list[TraceStep], operator.add]
    """Nodes return the steps they took; they are joined in order."""


@dataclass(frozen=True)
class _Nodes:
    """The graph's nodes, bound to one segment."""

    work: SegmentWork

    def retrieve(self, state: _State) -> dict[str, Any]:
        """The evidence that sets the segment apart, arranged by theme and attribute."""
        groups = self.work.base.select_groups(self.work.inside, min_people=self.work.min_people)
        return {"pending": groups, "trace": recording.evidence(groups, self.work.base)}

    def extract(self, state: _State) -> dict[str, Any]:
        """Claims proposed by the author; where none of an attribute can be grounded, those that stand in."""
        work = self.work
        pending = only_self_stated(state["pending"], work.schema, work.base)
        # What a later round found is a search of its own.
        whole = {} if state["rounds"] else work.base.whole_groups(work.inside)
        questions = [
            Question(attribute=attribute, groups=groups, whole=whole.get(attribute.key))
            for attribute in work.schema.attribute
            if not attribute.choices
            if (groups := [group for group in pending if group.attribute == attribute.key]) or attribute.key in whole
        ]
        grounded = [self._grounded(proposal) for proposal in work.author.propose(work.brief, questions)]
        if not state["rounds"]:
            chosen = propose_choices(work.schema, work.base, work.inside, work.brief.language)
            grounded += [self._grounded(proposal) for proposal in chosen]
        held = {g.proposal.attribute for g in grounded if not g.fault}
        for question in questions:
            if question.attribute.key not in held:
                grounded += [self._grounded(proposal) for proposal in work.author.stand_in(work.brief, question)]
        return {"fresh": grounded, "pending": [], "trace": recording.proposed(grounded, state["rounds"])}

    def _grounded(self, proposal: ProposedClaim) -> Grounded:
        return refuse_inferred(ground_proposal(proposal), self.work.schema[proposal.attribute])

    def ground(self, state: _State) -> dict[str, Any]:
        """The proposals that hold: quotes found, value carried, said once."""
        sound = [grounded for grounded in state["fresh"] if not grounded.fault]
        kept = drop_repeats([*state["proposals"], *sound])
        return {"proposals": kept, "fresh": [], "trace": recording.grounded(state["fresh"], kept, state["rounds"])}

    def count(self, state: _State) -> dict[str, Any]:
        """The proposals with their people."""
        work = self.work
        held = []
        for grounded in state["proposals"]:
            support = count_claim(grounded, work.base, work.inside)
            attribute = work.schema[grounded.proposal.attribute]
            claim = make_claim(0, grounded, support, attribute, work.base, min_people=work.min_people)
            held.append(Held(grounded=grounded, support=support, claim=claim))
        _, rejected = work.rejections.part([one.claim for one in held])
        # Without them an attribute may be empty, and is searched for like any other.
        return {"held": [one for one in held if one.claim not in rejected], "rejected": rejected}

    def plan(self, state: _State) -> dict[str, Any]:
        """What is missing, and what the next round looks for; nothing once the rounds are used up."""
        work, number = self.work, state["rounds"] + 1
        if number > MOST_ROUNDS:
            return {"plan": None}
        plan = read_gaps(
            state["held"],
            {claim.attribute for claim in work.data_claims},
            base=work.base,
            inside=work.inside,
            schema=work.schema,
            min_people=work.min_people,
            tried=state["tried"],
        )
        told = [plan.as_step(number, work.schema)] if plan.worth_a_round or number == 1 else []
        return {"plan": plan, "trace": told}

    def needs_more(self, state: _State) -> str:
        """Whether another round of searching is worth it."""
        return "search" if state["plan"] is not None and state["plan"].worth_a_round else "settle"

    def search(self, state: _State) -> dict[str, Any]:
        """Searches for what the plan names; passages count only where they speak of the attribute."""
        work, plan, number = self.work, state["plan"], state["rounds"] + 1
        assert plan is not None
        inside = SegmentSearch(base=work.base, search=work.search, inside=work.inside)
        queries = work.author.plan_searches(work.brief, [work.schema[key] for key in plan.empty])
        found = [inside.for_attribute(key, queries[key], number=number) for key in plan.empty]
        better = {id(held.grounded): inside.for_claim(held, number=number) for held in plan.thin}
        steps = [*(step for _, step in found), *(step for _, step in better.values())]
        return {
            "pending": [group for group, _ in found if group is not None],
            "proposals": [self._better(g, better[id(g)][0]) if id(g) in better else g for g in state["proposals"]],
            "rounds": number,
            "tried": [*state["tried"], *((key, "") for key in plan.empty), *(held.told for held in plan.thin)],
            "trace": steps,
        }

    def _better(self, before: Grounded, found: Grounded) -> Grounded:
        own = refuse_inferred(found, self.work.schema[found.proposal.attribute])
        return before if own.fault else own

    def settle(self, state: _State) -> dict[str, Any]:
        """The claims of the persona: told by more than one person, contradictions settled, ordered and numbered."""
        work, number = self.work, state["rounds"]
        voices = min(LEAST_VOICES, int(work.inside.sum()))
        told = [weigh_contrary(held, work.base, work.inside) for held in state["held"] if held.support.people >= voices]
        settled, contradictions = settle_contradictions(told, work.base, number=number)
        claims = _number([*(held.claim for held in settled), *work.data_claims], int((~work.inside).sum()))
        silent = recording.not_stated(claims, state["tried"], work.base, work.inside, work.schema, number)
        steps = [
            *recording.rejected(state["rejected"], number),
            *recording.lone(state["held"], voices, number),
            *contradictions,
            *(recording.counted(claim, number) for claim in claims),
            *silent,
        ]
        return {"claims": claims, "trace": steps}

    def narrate(self, state: _State) -> dict[str, Any]:
        """The author's sentences about the claims."""
        return {"sentences": self.work.author.narrate(self.work.brief, state["claims"], self._labels_not_stated(state))}

    def check(self, state: _State) -> dict[str, Any]:
        """The narrative: every sentence held by its claims, a failing one asked for once more, then made plain."""
        work = self.work
        again: list[ProposedSentence] = []
        faults = [(s.text, check_sentence(s, state["claims"], work.schema)) for s in state["sentences"]]
        wrong = tuple(f"sentence {place}: {fault}" for place, (_, fault) in enumerate(faults, start=1) if fault)
        if work.author.kind == "llm" and wrong:
            retry = replace(work.brief, seed=work.brief.seed + 1, faults=wrong)
            again = work.author.narrate(retry, state["claims"], self._labels_not_stated(state))
        plain = state["sentences"]
        if work.author.kind == "llm":
            plain = ExtractiveAuthor(work.base).narrate(work.brief, state["claims"], [])
        narrative, _ = settle_sentences(
            state["sentences"], again, state["claims"], work.brief.language, plain=plain, schema=work.schema
        )
        steps = recording.narrated(faults, [sentence.text for sentence in again], narrative, state["rounds"])
        return {"narrative": narrative, "trace": steps}

    def _labels_not_stated(self, state: _State) -> list[str]:
        found = {claim.attribute for claim in state["claims"]}
        return [a.label[self.work.brief.language] for a in self.work.schema.attribute if a.key not in found]


def _number(claims: Sequence[Claim], others: int) -> list[Claim]:
    """The claims ordered for reading, the surest and most telling first, and numbered so."""

    def worth(claim: Claim) -> float:
        telling = how_telling(claim, others=others)
        # What is only talked about says less than what is wanted or hated.
        return telling / 2 if claim.attribute == FALLBACK_KEY and telling > 0 else telling

    order = sorted(claims, key=lambda claim: (_RANK.get(claim.status, 2), -worth(claim), claim.value))
    return [claim.model_copy(update={"claim_id": f"c{number}"}) for number, claim in enumerate(order, start=1)]


def build_graph(work: SegmentWork) -> CompiledStateGraph[Any, Any, Any, Any]:
    """The compiled graph of one segment."""
    from langgraph.graph import END, START, StateGraph

    nodes = _Nodes(work)
    graph = StateGraph(_State)
    for name in ("retrieve", "extract", "ground", "count", "plan", "search", "settle", "narrate", "check"):
        graph.add_node(name, getattr(nodes, name))
    graph.add_edge(START, "retrieve")
    graph.add_edge("retrieve", "extract")
    graph.add_edge("extract", "ground")
    graph.add_edge("ground", "count")
    graph.add_edge("count", "plan")
    graph.add_conditional_edges("plan", nodes.needs_more, ["search", "settle"])
    graph.add_edge("search", "extract")
    graph.add_edge("settle", "narrate")
    graph.add_edge("narrate", "check")
    graph.add_edge("check", END)
    return graph.compile()


def draft_persona(work: SegmentWork) -> SegmentDraft:
    """The segment's claims and narrative."""
    start: _State = {
        "pending": [],
        "fresh": [],
        "proposals": [],
        "held": [],
        "rejected": [],
        "claims": [],
        "plan": None,
        "rounds": 0,
        "tried": [],
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
        rejected=tuple(state["rejected"]),
    )

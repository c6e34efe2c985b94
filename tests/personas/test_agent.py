"""The agent: it reads what is missing, searches within bounds, settles contradictions, and tells every step."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from langchain_core.messages import BaseMessage

from personas.agent.contradictions import settle_contradictions
from personas.agent.gaps import MOST_INVESTIGATED, MOST_ROUNDS, Held, people_speaking
from personas.agent.recording import BY_HAND, LONE, REPEATED
from personas.agent.steps import (
    Contradiction,
    Counted,
    Dropped,
    Evidence,
    Gaps,
    Kept,
    Narrated,
    NotStated,
    Proposed,
    Searched,
    TraceStep,
)
from personas.agent.trace_wording import REASONS_ZH
from personas.attributes import load_schema
from personas.authors import ExtractiveAuthor, ModelAuthor, SegmentBrief
from personas.authors.model_driven import CALLS_PER_PERSONA
from personas.authors.seam import ProposedClaim, ProposedQuote, Question
from personas.claims import ground_proposal, make_claim
from personas.evidence import EvidenceBase
from personas.models import Engine
from personas.models.scripted import ScriptedChatModel, ScriptedCompleter
from personas.persona_graph import SegmentDraft, SegmentWork, draft_persona
from retrieval.search import EvidenceSearch
from tests.personas.corpora import SAVING, corpus_of, evidence_of, make_document

SCHEMA = load_schema(None)
ATTRIBUTE_ASKED = re.compile(r"Attribute (\w+)")
EVIDENCE = re.compile(r'<evidence n="(\d+)">(.*?)</evidence>', re.DOTALL)
FAST = (
    "The shop ships fast, I love that the parcel was here {n} days early.",
    "It ships fast and I am happy, the parcel came after {n} days.",
)
SLOW = (
    "Annoying problem: slow delivery of the parcel, it took {n} weeks.",
    "Slow delivery of the parcel is frustrating, I waited {n} weeks.",
)

Answer = Callable[[str, Sequence[tuple[int, str]]], list[dict[str, Any]]]
"""From an attribute's key and the evidence shown in the call to the claims made of it."""


class AloneAuthor(ModelAuthor):
    """Nobody stands in for the model, so that what it does not ground stays empty."""

    def stand_in(self, brief: SegmentBrief, question: Question) -> list[ProposedClaim]:
        return []


def author_of(
    base: EvidenceBase, claims_of: Answer, kind: type[ModelAuthor] = ModelAuthor
) -> tuple[ModelAuthor, ScriptedChatModel]:
    """A large model that makes these claims, and plans and writes something plain."""

    def script(messages: Sequence[BaseMessage], schema: Mapping[str, Any]) -> str:
        prompt, wanted = str(messages[-1].text), schema["properties"]
        keys = ATTRIBUTE_ASKED.findall(prompt)
        shown = [(int(number), text) for number, text in EVIDENCE.findall(prompt)]
        if "attributes" in wanted:
            return json.dumps({"attributes": [{"attribute": key, "claims": claims_of(key, shown)} for key in keys]})
        if "searches" in wanted:
            return json.dumps({"searches": [{"attribute": key, "queries": [f"about {key}"]} for key in keys]})
        if "sentences" in wanted:
            return json.dumps({"sentences": [{"claim_ids": ["c1"], "text": "There are 4711 of them."}]})
        return json.dumps({"tagline": "They wait for parcels.", "name": "Parcel People"})

    chat = ScriptedChatModel(script=script)
    return kind(Engine("scripted", ScriptedCompleter(chat)), base), chat


def draft_of(base: EvidenceBase, prefix: str, author: Any) -> SegmentDraft:
    """The draft of the people whose ids begin so."""
    inside = np.array([customer_id.startswith(prefix) for customer_id in base.corpus.customer_ids])
    brief = SegmentBrief(
        segment_id="s1",
        language="en",
        source_language="en",
        people=int(inside.sum()),
        share=float(inside.mean()),
        terms=("parcel", "delivery"),
        neighbours=(),
        seed=0,
    )
    return draft_persona(
        SegmentWork(
            brief=brief,
            inside=inside,
            schema=SCHEMA,
            base=base,
            search=EvidenceSearch(base.corpus),
            author=author,
            min_people=3,
            data_claims=(),
        )
    )


def of(draft: SegmentDraft, kind: type[TraceStep]) -> list[Any]:
    return [step for step in draft.trace if isinstance(step, kind)]


def quoting(shown: Sequence[tuple[int, str]], word: str, value: str, *, most: int = 5) -> list[dict[str, Any]]:
    quotes = [{"n": number, "quote": text} for number, text in shown if word in text.lower()][:most]
    return [{"quotes": quotes, "value": value}] if quotes else []


@pytest.fixture(scope="module")
def parcels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EvidenceBase]:
    """One kind of people of whom nine praise the delivery and six complain of it, and others."""
    voices = [("parcel", FAST, 9, 0), ("parcel", SLOW, 6, 20), ("other", SAVING, 14, 40)]
    documents = [
        make_document(
            f"d{first + at}",
            says[at % len(says)].format(n=at + 2, time="again"),
            customer=f"{prefix}-{first + at:02d}",
        )
        for prefix, says, people, first in voices
        for at in range(people)
    ]
    with corpus_of(documents, tmp_path_factory.mktemp("parcels")) as corpus:
        yield evidence_of(corpus)


def delivery(key: str, shown: Sequence[tuple[int, str]]) -> list[dict[str, Any]]:
    if key == "satisfaction":
        return quoting(shown, "ships fast", "ships fast")
    return quoting(shown, "slow delivery", "slow delivery") if key == "pain_points" else []


def test_opposite_claims_are_both_contested_with_the_other_sides_quotes(parcels: EvidenceBase) -> None:
    author, _ = author_of(parcels, delivery)
    draft = draft_of(parcels, "parcel", author)
    by_value = {claim.value: claim for claim in draft.claims}
    fast, slow = by_value["ships fast"], by_value["slow delivery"]
    (step,) = [one for one in of(draft, Contradiction) if one.value == "ships fast"]

    assert (step.against_value, step.words, step.outcome) == ("slow delivery", "fast / slow", "both contested")
    assert (step.people, step.against_people) == (fast.people, slow.people) == (9, 6)
    assert {fast.status, slow.status} == {"contested"}
    assert "6 people say the contrary" in fast.note
    assert all("slow delivery" in citation.quote.lower() for citation in fast.counter_citations)
    assert all("ships fast" in citation.quote.lower() for citation in slow.counter_citations)
    assert 1 <= len(fast.counter_citations) <= 3


def held(base: EvidenceBase, word: str, value: str, attribute: str, *, people: int) -> Held:
    """A claim with the quotes of so many people, counted among these alone."""
    inside = np.array([customer_id.startswith("parcel") for customer_id in base.corpus.customer_ids])
    rows = np.array([row for row, text in enumerate(base.corpus.passage_texts) if word in text.lower()])[:people]
    group = base.make_group(attribute, (), rows, base.count(rows, inside), inside)
    quotes = tuple(ProposedQuote(text=item.quote, group=group, item=at) for at, item in enumerate(group.items))
    proposal = ProposedClaim(attribute=attribute, value=value, quotes=quotes, origin="llm")
    grounded = ground_proposal(proposal)
    support = base.count(rows, inside)
    claim = make_claim(0, grounded, support, SCHEMA[attribute], base, min_people=3)
    return Held(grounded=grounded, support=support, claim=claim)


@pytest.mark.parametrize(
    ("fast", "slow", "outcome", "told"),
    [
        (9, 4, "both contested", [("ships fast", "contested"), ("slow delivery", "contested")]),
        (6, 2, "both contested", [("ships fast", "contested"), ("slow delivery", "anecdotal")]),
        (9, 2, "weaker dropped", [("ships fast", "supported")]),
        (2, 2, "left as they are", [("ships fast", "anecdotal"), ("slow delivery", "anecdotal")]),
    ],
)
def test_how_many_people_settles_a_contradiction(
    parcels: EvidenceBase, fast: int, slow: int, outcome: str, told: list[tuple[str, str]]
) -> None:
    claims = [
        held(parcels, "ships fast", "ships fast", "satisfaction", people=fast),
        held(parcels, "slow delivery", "slow delivery", "pain_points", people=slow),
    ]
    settled, (step,) = settle_contradictions(claims, parcels, number=0)

    assert {step.people, step.against_people} == {fast, slow}
    assert step.outcome == outcome
    assert [(one.claim.value, one.claim.status) for one in settled] == told


def test_quotes_that_are_wanting_are_searched_for(english_base: EvidenceBase) -> None:
    """A model that quotes one person where fourteen say it: the claim is no anecdote for that."""

    def lazily(key: str, shown: Sequence[tuple[int, str]]) -> list[dict[str, Any]]:
        return quoting(shown, "the app", "app and wifi connection", most=1) if key == "pain_points" else []

    author, chat = author_of(english_base, lazily)
    draft = draft_of(english_base, "connecting", author)
    (claim,) = [claim for claim in draft.claims if claim.value == "app and wifi connection"]
    (search,) = [step for step in of(draft, Searched) if step.reason == "few quotes" and step.value == claim.value]
    (thin,) = [thin for step in of(draft, Gaps) for thin in step.thin if thin.value == claim.value]

    assert (thin.quoted, thin.needed) == (1, 3)
    assert search.outcome == "quotes added"
    assert search.added >= 2
    assert claim.status == "supported"
    assert len({citation.customer_id for citation in claim.citations}) == 1 + search.added
    assert all("app" in citation.quote.lower() for citation in claim.citations)
    assert len(chat.asked) <= CALLS_PER_PERSONA


def test_what_few_people_say_is_not_searched_for(english_base: EvidenceBase) -> None:
    draft = draft_of(english_base, "saving", ExtractiveAuthor(english_base))
    wanting = [thin for step in of(draft, Gaps) for thin in step.thin]

    assert all(thin.people >= thin.needed > thin.quoted for thin in wanting)


@pytest.mark.parametrize("kind", ["connecting", "crafting", "saving"])
def test_searches_are_planned_from_the_gaps_and_bounded(english_base: EvidenceBase, kind: str) -> None:
    """A model that never says anything that stands: every attribute is empty, and yet the work ends."""
    author, chat = author_of(
        english_base,
        lambda key, shown: [{"quotes": [{"n": 1, "quote": "the moon is made of cheese"}], "value": "moon"}],
        AloneAuthor,
    )
    draft = draft_of(english_base, kind, author)
    searched = of(draft, Searched)

    assert 1 <= max(step.round for step in draft.trace) <= MOST_ROUNDS
    assert len({step.attribute for step in searched}) == len(searched) <= MOST_ROUNDS * MOST_INVESTIGATED
    for gaps in of(draft, Gaps):
        assert [step.attribute for step in searched if step.round == gaps.round] == list(gaps.empty)
    assert {step.queries for step in searched} == {(f"about {step.attribute}",) for step in searched}
    assert len(chat.asked) <= CALLS_PER_PERSONA
    assert draft.claims == ()


def test_the_attribute_most_people_speak_of_is_searched_for_first(english_base: EvidenceBase) -> None:
    author, _ = author_of(english_base, lambda key, shown: [], AloneAuthor)
    draft = draft_of(english_base, "connecting", author)
    first = next(iter(of(draft, Gaps)))
    inside = np.array([one.startswith("connecting") for one in english_base.corpus.customer_ids])
    speaking = [people_speaking(key, english_base, inside) for key in first.empty]

    assert first.empty[0] == "pain_points"
    assert speaking == sorted(speaking, reverse=True)


@pytest.mark.parametrize("kind", ["connecting", "crafting", "saving"])
def test_the_trace_accounts_for_everything(english_base: EvidenceBase, kind: str) -> None:
    draft = draft_of(english_base, kind, ExtractiveAuthor(english_base))
    proposed = [(step.round, step.attribute, step.value) for step in of(draft, Proposed)]
    fates = [
        (step.round, step.attribute, step.value)
        for step in draft.trace
        if isinstance(step, Kept) or (isinstance(step, Dropped) and step.reason not in (LONE, BY_HAND))
    ]
    counted = of(draft, Counted)

    assert of(draft, Evidence)
    assert sorted(proposed) == sorted(fates)
    assert [(step.claim_id, step.value, step.people) for step in counted] == [
        (claim.claim_id, claim.value, claim.people) for claim in draft.claims
    ]
    assert [step.attribute for step in of(draft, NotStated)] == list(draft.not_stated)
    assert {step.attribute for step in counted} | set(draft.not_stated) == set(SCHEMA.keys)
    (narrated,) = of(draft, Narrated)
    assert (narrated.sentences, narrated.by_model) == (len(draft.narrative), 0)


def test_the_same_segment_gives_the_same_trace(english_base: EvidenceBase) -> None:
    author = ExtractiveAuthor(english_base)
    assert draft_of(english_base, "saving", author).trace == draft_of(english_base, "saving", author).trace


def test_a_claim_said_twice_is_dropped_with_the_reason(english_base: EvidenceBase) -> None:
    author, _ = author_of(
        english_base,
        lambda key, shown: 2 * quoting(shown, "wifi", "the wifi connection") if key == "pain_points" else [],
    )
    draft = draft_of(english_base, "connecting", author)

    assert REPEATED in {step.reason for step in of(draft, Dropped) if step.value == "the wifi connection"}


def test_every_reason_a_claim_is_dropped_for_is_told_in_chinese() -> None:
    import inspect

    from personas import claims

    faults = re.findall(r'fault = f?"([^":]+)', inspect.getsource(claims))
    assert len(faults) >= 4
    assert {LONE, REPEATED, BY_HAND, *faults} <= REASONS_ZH.keys()

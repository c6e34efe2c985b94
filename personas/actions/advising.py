"""What to do, over the whole set: actions and recommendations of each persona, and what products are judged to be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from personas.actions.holdings import gather_holdings
from personas.actions.older import divide_by_older
from personas.actions.products import judge_products
from personas.actions.proposing import REORDER_DAYS, SegmentFacts, propose_actions
from personas.actions.recommending import Recommender, build_recommender
from personas.actions.records import OlderGroup, ProductVerdict
from personas.actions.tone import hear_tone
from personas.behaviour import BehaviourTable
from personas.behaviour.dates import NO_DAY
from personas.customers import categorise
from personas.records import Persona
from personas.structure import Known, Structure
from retrieval.corpus import Corpus
from retrieval.documents import Document

LEAST_REORDERING = 5
"""Customers who ordered before the last days, from which the share of those who came back is told."""


@dataclass(frozen=True, kw_only=True)
class Advice:
    """What to do about a whole set."""

    personas: tuple[Persona, ...]
    """With their actions and recommendations."""
    products: tuple[ProductVerdict, ...]
    recommender: Recommender
    """Also of single customers, see `Recommender.for_customer`."""


def advise(personas: Sequence[Persona], corpus: Corpus, found: Structure, known: Known) -> Advice:
    """The personas with what to do about them, and what is said of products; no model is asked.

    Args:
        personas: as written.
        corpus: who wrote what.
        found: by the numbers.
        known: what is known of people beside what they wrote.
    """
    behaviour = known.behaviour
    proper = [segment for segment in found.segments if segment.kind == "segment"]
    segment_of = {customer: segment.segment_id for segment in proper for customer in segment.customer_ids}
    products = judge_products(corpus, behaviour, segment_of=segment_of)
    holdings = gather_holdings(corpus, behaviour)
    recommender = build_recommender(
        corpus, found.themes, holdings, segment_of=segment_of, feelings=found.feelings, verdicts=products
    )
    asked = {persona.segment_id for persona in personas}
    older = divide_by_older(categorise(known.table.customers), behaviour, segment_of, asked) if asked else {}
    documents = _documents_of(corpus, segment_of, asked)
    at_risk = {value.segment_id: value.at_risk for value in found.values}
    advised = [
        _with_actions(persona, behaviour, recommender, documents[persona.segment_id], older, at_risk)
        for persona in personas
    ]
    return Advice(personas=tuple(advised), products=products, recommender=recommender)


def _documents_of(corpus: Corpus, segment_of: Mapping[str, str], asked: set[str]) -> dict[str, list[Document]]:
    found: dict[str, list[Document]] = {segment_id: [] for segment_id in asked}
    for document in corpus.documents:
        segment_id = segment_of.get(document.customer_id)
        if segment_id in found:
            found[segment_id].append(document)
    return found


def _with_actions(
    persona: Persona,
    behaviour: BehaviourTable,
    recommender: Recommender,
    documents: Sequence[Document],
    older: Mapping[str, OlderGroup],
    at_risk: Mapping[str, int],
) -> Persona:
    segment_id = persona.segment_id
    recommendations = recommender.for_segment(segment_id)
    facts = SegmentFacts(
        tone=hear_tone(documents),
        at_risk=at_risk.get(segment_id, 0),
        reorder=share_reordering(behaviour, [document.customer_id for document in documents]),
        older=older.get(segment_id),
        recommendations=recommendations,
        product_of={document.document_id: document.product for document in documents},
    )
    return persona.model_copy(update={"recommendations": recommendations, "actions": propose_actions(persona, facts)})


def share_reordering(behaviour: BehaviourTable, customer_ids: Sequence[str]) -> float | None:
    """Of those who ordered before the last `REORDER_DAYS` of the orders, the share who ordered in them.

    Args:
        behaviour: of the run.
        customer_ids: whom to look at; somebody named twice counts once.

    Returns:
        None without dates, or with too few customers.
    """
    history = behaviour.history
    if history is None:
        return None
    places = [behaviour.place_of[one] for one in sorted(set(customer_ids)) if one in behaviour.place_of]
    if not places:
        return None
    first, last = history.first_day[places], history.last_day[places]
    before = (first != NO_DAY) & (first <= behaviour.as_of - REORDER_DAYS)
    if before.sum() < LEAST_REORDERING:
        return None
    return float((last[before] > behaviour.as_of - REORDER_DAYS).mean())

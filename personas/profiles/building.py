"""The profiles of all customers, one after the other, so that 200,000 of them need no more memory than one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

import numpy as np
from numpy.typing import NDArray

from personas.behaviour.records import Behaviour
from personas.profiles.cues import Cue, find_cues
from personas.profiles.deciding import Sign, decide_growth, decide_habits, decide_leaving, decide_price
from personas.profiles.entities import NameIndex, decide_entities, index_names
from personas.profiles.feelings import decide_feeling, decide_trend, feel_document, mean_feeling
from personas.profiles.order_signs import OrderSign
from personas.profiles.records import CustomerProfile, Evidence, Tag
from personas.profiles.topics import TopicFinder, decide_interests, decide_topics
from personas.records import Segment
from personas.themes import ThemeModel
from retrieval.corpus import Corpus
from retrieval.documents import Document

Rows = NDArray[np.int64]

Recommend = Callable[[str, str, Sequence[Tag]], tuple[Tag, ...]]
"""From a customer's id, segment id and topics to what to offer them."""

AT_ONCE: Final = 500
"""Customers whose sentences are embedded together."""


@dataclass(frozen=True)
class _Known:
    """What all profiles are made from."""

    corpus: Corpus
    themes: ThemeModel
    behaviour: Mapping[str, Behaviour]
    orders: Mapping[str, OrderSign]
    segment_of: dict[str, str]
    persona_of: Mapping[str, str]
    names: NameIndex
    topics: TopicFinder
    recommend: Recommend | None


def build_profiles(
    corpus: Corpus,
    themes: ThemeModel,
    *,
    behaviour: Mapping[str, Behaviour] | None = None,
    orders: Mapping[str, OrderSign] | None = None,
    segments: Sequence[Segment] = (),
    persona_ids: Mapping[str, str] | None = None,
    recommend: Recommend | None = None,
) -> Iterator[CustomerProfile]:
    """The profile of everybody who wrote, in the order of `Corpus.customer_ids`; no model is called.

    Args:
        corpus: who wrote what.
        themes: what they voice.
        behaviour: customer id -> orders and events, see `personas.behaviour`.
        orders: customer id -> `OrderSign`, see `read_order_signs`; without it nothing is told from orders' rhythm.
        segments: who belongs where.
        persona_ids: segment id -> persona id.
        recommend: what to offer a customer, see `personas.actions.recommending`; nothing where None.
    """
    bought = [name for one in (behaviour or {}).values() for name in one.products]
    known = _Known(
        corpus=corpus,
        themes=themes,
        behaviour=behaviour or {},
        orders=orders or {},
        segment_of={customer: segment.segment_id for segment in segments for customer in segment.customer_ids},
        persona_of=persona_ids or {},
        names=index_names(corpus, products=bought),
        topics=TopicFinder(corpus, themes),
        recommend=recommend,
    )
    order = np.argsort(corpus.passage_customer, kind="stable")
    bounds = np.searchsorted(corpus.passage_customer[order], np.arange(len(corpus.customer_ids) + 1))
    for first in range(0, len(corpus.customer_ids), AT_ONCE):
        yield from _some(known, order, bounds, range(first, min(first + AT_ONCE, len(corpus.customer_ids))))


def _some(known: _Known, order: Rows, bounds: Rows, places: range) -> Iterator[CustomerProfile]:
    """The profiles of a few customers, whose sentences are embedded together."""
    rows_of = [order[bounds[at] : bounds[at + 1]] for at in places]
    sentences_of = [known.topics.sentences_of(rows) for rows in rows_of]
    voiced = iter(known.topics.voiced([sentence for sentences in sentences_of for sentence in sentences]))
    for at, rows, sentences in zip(places, rows_of, sentences_of, strict=True):
        signs = known.topics.signs(sentences, list(islice(voiced, len(sentences))))
        yield _profile(known, known.corpus.customer_ids[at], rows, signs)


def _profile(known: _Known, customer_id: str, rows: Rows, voiced: dict[int, list[Sign]]) -> CustomerProfile:
    documents = _documents_of(known.corpus, rows)
    signs = _signs(documents)
    orders = known.orders.get(customer_id)
    behaviour = known.behaviour.get(customer_id)
    topics = decide_topics(known.themes, voiced)
    feelings = [feel_document(document, spans) for document, spans in documents]
    mean = mean_feeling(feelings)
    segment_id = known.segment_of.get(customer_id, "")
    return CustomerProfile(
        customer_id=customer_id,
        segment_id=segment_id,
        persona_id=known.persona_of.get(segment_id, ""),
        documents=len(documents),
        topics=topics,
        interests=decide_interests(known.themes, topics, voiced, signs["interest"]),
        entities=decide_entities(known.names, documents),
        sentiment=decide_feeling(feelings),
        sentiment_score=None if mean is None else round(mean, 3),
        sentiment_trend=decide_trend(feelings),
        behaviours=decide_habits(signs["habit"], orders),
        price_sensitive=decide_price(signs["price"], orders),
        risk_of_leaving=decide_leaving(signs["leave"], orders),
        growth_potential=decide_growth(signs["grow"], orders),
        rfm_segment=behaviour.rfm_segment if behaviour else None,
        spent=behaviour.spent if behaviour else None,
        currency=behaviour.currency if behaviour else None,
        orders=behaviour.orders if behaviour else None,
        recommendations=known.recommend(customer_id, segment_id, topics) if known.recommend else (),
    )


def _documents_of(corpus: Corpus, rows: Rows) -> list[tuple[Document, list[tuple[int, int]]]]:
    """The customer's documents, each with the offsets of its passages, in order."""
    spans: dict[str, list[tuple[int, int]]] = {}
    for row in rows:
        passage = corpus.passages[row]
        spans.setdefault(passage.document_id, []).append((passage.start, passage.end))
    return [(corpus.document_by_id[document_id], found) for document_id, found in spans.items()]


def _signs(documents: Sequence[tuple[Document, list[tuple[int, int]]]]) -> dict[str, list[Sign]]:
    """The cues of all documents by tag."""
    signs: dict[str, list[Sign]] = {tag: [] for tag in ("price", "leave", "grow", "habit", "interest")}
    for document, spans in documents:
        for start, end in spans:
            for cue in find_cues(document.text[start:end]):
                signs[cue.tag].append(_sign(document, start, cue))
    return signs


def _sign(document: Document, offset: int, cue: Cue) -> Sign:
    start, end = offset + cue.start, offset + cue.end
    evidence = Evidence(
        kind="words", document_id=document.document_id, start=start, end=end, quote=document.text[start:end]
    )
    return Sign(cue.value, cue.weight, cue.rule_id, evidence, document.created_at or "")

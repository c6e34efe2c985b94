"""What to recommend to whom: products that go with a segment or with another product, and contents a segment voices."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from personas.actions.contents import find_contents
from personas.actions.holdings import Holdings
from personas.actions.records import ProductVerdict, Recommendation
from personas.actions.rules import PairRule, find_pair_rules
from personas.profiles.records import Evidence, Tag
from personas.themes import ThemeModel
from retrieval.corpus import Corpus

PRODUCTS_SHOWN = 4
TOGETHER_SHOWN = 2
CONTENTS_SHOWN = 3
"""Recommendations of a segment: products that go with it, with another product, and contents."""

MOST_OF_A_CUSTOMER = 3
LEAST_BLAMING = 3
"""People of a segment who blame a product more than others praise it, from which it is not recommended there."""


@dataclass(frozen=True, kw_only=True)
class Recommender:
    """The rules of a run; empty where neither orders nor documents name products."""

    holdings: Holdings | None = None
    of_products: Mapping[int, Sequence[PairRule]] = field(default_factory=dict)
    """Product -> what those who have it have more often, the surest first."""
    of_segments: Mapping[str, Sequence[PairRule]] = field(default_factory=dict)
    contents: Mapping[str, Sequence[Recommendation]] = field(default_factory=dict)
    """segment_id -> themes that its people voice more often than others, without complaint."""
    blamed: Mapping[str, Collection[str]] = field(default_factory=dict)
    """segment_id -> products that are not recommended there."""
    members: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)
    """segment_id -> ``(people of holdings,)`` who belongs to it."""

    def for_segment(self, segment_id: str) -> tuple[Recommendation, ...]:
        """Products that go with the segment, products that go with what it has, and contents."""
        if self.holdings is None:
            return ()
        own = [rule for rule in self.of_segments.get(segment_id, ()) if self._is_liked(rule, segment_id)]
        together = [
            rule
            for product in self._typical(segment_id)
            for rule in self.of_products.get(product, ())
            if self._is_liked(rule, segment_id) and rule.item not in {one.item for one in own}
        ]
        together.sort(key=lambda rule: (-rule.interval.low, rule.item, rule.given))
        best = list({rule.item: rule for rule in reversed(together)}.values())[::-1]
        return (
            *(self._product(rule, segment_id) for rule in own[:PRODUCTS_SHOWN]),
            *(self._product(rule, segment_id, given=True) for rule in best[:TOGETHER_SHOWN]),
            *self.contents.get(segment_id, ())[:CONTENTS_SHOWN],
        )

    def for_customer(self, customer_id: str, segment_id: str, topics: Sequence[Tag]) -> tuple[Tag, ...]:
        """What to offer one customer: products they lack, then contents they have not voiced; surest first."""
        if self.holdings is None:
            return ()
        held = self.holdings.of(customer_id)
        rules = [rule for product in held for rule in self.of_products.get(product, ())]
        rules += self.of_segments.get(segment_id, ())
        usable = [rule for rule in rules if rule.item not in held and self._is_liked(rule, segment_id)]
        usable.sort(key=lambda rule: (-rule.interval.low, rule.item))
        first = {rule.item: rule for rule in reversed(usable)}
        mine = {id(rule) for rule in self.of_segments.get(segment_id, ())}
        chosen = [rule for rule in usable if first[rule.item] is rule][:MOST_OF_A_CUSTOMER]
        tags = [self._tag(rule, segment_id if id(rule) in mine else "") for rule in chosen]
        voiced = {topic.value for topic in topics}
        fresh = [one for one in self.contents.get(segment_id, ()) if one.item_id not in voiced]
        return (*tags, *(_content_tag(one, segment_id) for one in fresh[: MOST_OF_A_CUSTOMER - len(tags)]))

    def _is_liked(self, rule: PairRule, segment_id: str) -> bool:
        assert self.holdings is not None
        return self.holdings.products[rule.item] not in self.blamed.get(segment_id, ())

    def _typical(self, segment_id: str) -> list[int]:
        """The products that most people of the segment have, among those whose owners have other things too."""
        assert self.holdings is not None
        inside = self.members.get(segment_id)
        if inside is None or not inside.any():
            return []
        counts = np.asarray(self.holdings.matrix[inside].sum(axis=0)).ravel()
        return [int(item) for item in np.argsort(-counts, kind="stable")[:TOGETHER_SHOWN] if counts[item] > 0]

    def _product(self, rule: PairRule, segment_id: str, *, given: bool = False) -> Recommendation:
        assert self.holdings is not None
        products = self.holdings.products
        return Recommendation(
            kind="product",
            item=products[rule.item],
            because=(products[rule.given],) if given else (),
            people=rule.people,
            known=rule.known,
            share=rule.share,
            share_elsewhere=rule.share_elsewhere,
            interval=(rule.interval.low, rule.interval.high),
            lift=rule.lift,
            p_value=rule.p_value,
            reach=self._reach(rule, segment_id, given=given),
        )

    def _reach(self, rule: PairRule, segment_id: str, *, given: bool) -> int:
        """People of the segment with the one product and without the other; all without it where none is given."""
        assert self.holdings is not None
        inside = self.members.get(segment_id)
        if inside is None:
            return 0
        matrix = self.holdings.matrix[inside]
        lacking = np.asarray(matrix[:, [rule.item]].todense()).ravel() == 0
        if given:
            lacking &= np.asarray(matrix[:, [rule.given]].todense()).ravel() > 0
        return int(lacking.sum())

    def _tag(self, rule: PairRule, segment_id: str) -> Tag:
        assert self.holdings is not None
        products = self.holdings.products
        reason = (
            Evidence(kind="table", column="segment_id", value=segment_id)
            if segment_id
            else Evidence(kind="orders", column="product", value=products[rule.given])
        )
        return Tag(
            value=products[rule.item],
            confidence=round(rule.interval.low, 3),
            rule="recommendation: goes with the segment" if segment_id else "recommendation: goes with a product",
            evidence=(reason,),
        )


def build_recommender(
    corpus: Corpus,
    themes: ThemeModel,
    holdings: Holdings | None,
    *,
    segment_of: Mapping[str, str],
    feelings: NDArray[np.float32],
    verdicts: Sequence[ProductVerdict] = (),
) -> Recommender:
    """The rules for all segments and customers of a run.

    Args:
        corpus: who wrote what.
        themes: what they voice.
        holdings: who has which product, see `gather_holdings`; None: nothing is recommended.
        segment_of: customer id -> segment id, of those placed in a segment.
        feelings: ``(passages,)`` how each passage feels, -1..1.
        verdicts: what products are blamed for.
    """
    if holdings is None:
        return Recommender()
    of_products: dict[int, list[PairRule]] = {}
    for rule in find_pair_rules(holdings.matrix, holdings.matrix, same=True):
        of_products.setdefault(rule.given, []).append(rule)
    names = sorted(set(segment_of.values()))
    members = {
        name: holdings.where({customer for customer, own in segment_of.items() if own == name}) for name in names
    }
    return Recommender(
        holdings=holdings,
        of_products=of_products,
        of_segments=_segment_rules(holdings, members),
        contents=find_contents(corpus, themes, segment_of, feelings),
        blamed={name: _blamed(verdicts, name) for name in names},
        members=members,
    )


def _segment_rules(holdings: Holdings, members: Mapping[str, NDArray[np.bool_]]) -> dict[str, list[PairRule]]:
    from scipy.sparse import csr_matrix

    if len(members) < 2:
        return {}
    names = list(members)
    belonging = csr_matrix(np.column_stack([members[name] for name in names]).astype(np.float64))
    found: dict[str, list[PairRule]] = {}
    for rule in find_pair_rules(belonging, holdings.matrix, same=False):
        found.setdefault(names[rule.given], []).append(rule)
    return found


def _blamed(verdicts: Sequence[ProductVerdict], segment_id: str) -> frozenset[str]:
    told = {verdict.product: verdict.by_segment.get(segment_id, (0, 0)) for verdict in verdicts}
    return frozenset(name for name, (praise, blame) in told.items() if blame >= LEAST_BLAMING and blame > praise)


def _content_tag(content: Recommendation, segment_id: str) -> Tag:
    return Tag(
        value=content.item_id,
        label=content.item,
        confidence=round(content.interval[0], 3),
        rule="recommendation: content of the segment",
        evidence=(Evidence(kind="table", column="segment_id", value=segment_id),),
    )

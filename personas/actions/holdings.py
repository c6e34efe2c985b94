"""Who has which product: from the orders, and from what people wrote about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from personas.behaviour import BehaviourTable
from retrieval.corpus import Corpus

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

LEAST_OWNERS = 5
"""A product that fewer people have is not recommended: its share among anybody is chance."""

MOST_PRODUCTS = 400
"""The products that most people have; every pair of them is counted."""

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Holdings:
    """People with at least one product, and which they have."""

    customer_ids: tuple[str, ...]
    """Sorted; some of them wrote nothing."""
    products: tuple[str, ...]
    """Those that enough people have, most people first."""
    people: Ints
    """``(pairs,)`` place in `customer_ids`."""
    items: Ints
    """``(pairs,)`` place in `products`; each pair stands once."""

    @cached_property
    def place_of(self) -> Mapping[str, int]:
        """Customer id -> place."""
        return {customer_id: place for place, customer_id in enumerate(self.customer_ids)}

    @cached_property
    def matrix(self) -> csr_matrix:
        """``(people, products)`` 1 where somebody has it."""
        from scipy.sparse import csr_matrix

        ones = np.ones(len(self.people), dtype=np.float64)
        return csr_matrix((ones, (self.people, self.items)), shape=(len(self.customer_ids), len(self.products)))

    def of(self, customer_id: str) -> tuple[int, ...]:
        """Places of the products that somebody has; none where nothing is known of them."""
        place = self.place_of.get(customer_id)
        if place is None:
            return ()
        found: Ints = self.matrix.indices[self.matrix.indptr[place] : self.matrix.indptr[place + 1]]
        return tuple(sorted(int(item) for item in found))

    def where(self, customer_ids: set[str]) -> NDArray[np.bool_]:
        """``(people,)`` who is among these."""
        return np.array([customer_id in customer_ids for customer_id in self.customer_ids], dtype=bool)


def gather_holdings(corpus: Corpus, behaviour: BehaviourTable) -> Holdings | None:
    """Who has which product; None where neither orders nor documents name products.

    Names are matched whatever their case; the way most documents and orders write a name is shown.

    Args:
        corpus: its documents may name a product.
        behaviour: the orders.
    """
    pairs = {(document.customer_id, document.product) for document in corpus.documents if document.product}
    if behaviour.history is not None:
        pairs |= {(one, product) for one in behaviour.customer_ids for product in behaviour.bought(one)}
    if not pairs:
        return None
    spelt = spell_products(name for _, name in sorted(pairs))
    owned = {(customer, spelt[name.casefold()]) for customer, name in pairs}
    owners = Counter(name for _, name in owned)
    ranked = sorted((name for name in owners if owners[name] >= LEAST_OWNERS), key=lambda name: (-owners[name], name))
    place = {name: at for at, name in enumerate(ranked[:MOST_PRODUCTS])}
    people = tuple(sorted({customer for customer, _ in owned}))
    row = {customer: at for at, customer in enumerate(people)}
    kept = sorted((row[customer], place[name]) for customer, name in owned if name in place)
    grid = np.array(kept, dtype=np.int64).reshape(-1, 2)
    return Holdings(people, tuple(place), grid[:, 0], grid[:, 1])


def spell_products(names: Iterable[str]) -> dict[str, str]:
    """Name in one case -> the way it is written most often."""
    counts = Counter(names)
    spelt: dict[str, str] = {}
    for name in sorted(counts, key=lambda name: (-counts[name], name)):
        spelt.setdefault(name.casefold(), name)
    return spelt

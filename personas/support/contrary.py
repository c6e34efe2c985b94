"""Counter-evidence, looked for on purpose: what the segment's own people say against one of its claims."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from personas.agent.opposition import WISHES
from personas.evidence import EvidenceBase
from personas.support.narrowing import quotable_sentence
from personas.support.saying import Clause, SayingFinder
from retrieval.corpus import Space
from retrieval.documents import Citation, cite

MOST_CONTRARY: Final = 3
"""Quotes of the other side that a claim holds."""


@dataclass(frozen=True)
class Contrary:
    """What speaks against a claim."""

    people: int
    """Members who say the contrary in a sentence that can be quoted, and never the claim itself."""
    citations: tuple[Citation, ...]
    """One of each, the closest to the claim's words first; at most `MOST_CONTRARY`."""


def find_contrary(value: str, attribute: str, space: Space, base: EvidenceBase, inside: NDArray[np.bool_]) -> Contrary:
    """What the members say against a claim, in whatever they wrote, filed under its attribute or not.

    A wish speaks against nothing: who asks for easy sharing does not say that sharing is easy.

    Args:
        value: the claim.
        attribute: what it is filed under; nothing speaks against a wish, or a choice of the schema.
        space: the vectors it is compared in.
        base: everything said.
        inside: ``(people,)`` the segment's members.
    """
    if (attribute, value) in base.choices:
        return Contrary(0, ())
    corpus = base.corpus
    here = corpus.space_of_passage == corpus.spaces.index(space)
    own = np.flatnonzero(here & inside[corpus.passage_customer])
    said = SayingFinder(value, attribute, space, base).find(own)
    agreeing = {int(corpus.passage_customer[clause.row]) for clause in said.clauses}
    found: dict[int, Citation] = {}
    for clause in sorted(said.contrary, key=lambda clause: (-clause.closeness, clause.row, clause.start)):
        writer = int(corpus.passage_customer[clause.row])
        if (
            WISHES.isdisjoint(base.tags[clause.row])
            and writer not in agreeing | found.keys()
            and (citation := _cited(clause, base)) is not None
        ):
            found[writer] = citation
    return Contrary(len(found), tuple(found.values())[:MOST_CONTRARY])


def _cited(clause: Clause, base: EvidenceBase) -> Citation | None:
    span = quotable_sentence(clause, base)
    return None if span is None else cite(*span[1:])

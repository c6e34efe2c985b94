"""The seven measures of a scorecard, each computed from what a persona holds and whom it is of; no model is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from personas.records import Claim, Persona, Score, SegmentQuality
from personas.scoring.held_out import HeldOut
from personas.scoring.names import FIT, NOT_GROUPED, NOT_PLACED, STABLE
from retrieval.documents import Citation, Document

ONE_GROUP, BY_COLUMN = "none", "by column"
"""Algorithms of a grouping whose segments cannot come back or not."""


def counted(name: str, count: int, total: int, nothing: str, *, chance: float | None = None) -> Score:
    """A share of things counted; not scored where there are none.

    Args:
        name: of the measure.
        count: how many of them.
        total: of how many.
        nothing: why there is no score, where there are none.
        chance: the share that would come about by chance.
    """
    if total == 0:
        return Score(name=name, value=None, reason=nothing)
    return Score(name=name, value=count / total, reason=f"{count} of {total}", count=count, total=total, chance=chance)


def grounded(persona: Persona, documents: Mapping[str, Document]) -> tuple[int, int]:
    """How many of its claims and sentences rest on what stands in the sources, and of how many.

    A claim does where all its quotes stand in their documents letter by letter, or a table's cell carries it; a
    sentence where it names claims that do. Looked up anew: a score that were true by construction would say nothing.
    """
    held = {claim.claim_id for claim in persona.claims if _rests(claim, documents)}
    sentences = [bool(one.claim_ids) and set(one.claim_ids) <= held for one in persona.narrative]
    return len(held) + sum(sentences), len(persona.claims) + len(sentences)


def _rests(claim: Claim, documents: Mapping[str, Document]) -> bool:
    if claim.basis is not None:
        return bool(claim.basis.column and claim.basis.value)
    return bool(claim.citations) and all(_stands(one, documents) for one in claim.citations)


def _stands(citation: Citation, documents: Mapping[str, Document]) -> bool:
    document = documents.get(citation.document_id)
    return (
        document is not None
        and document.customer_id == citation.customer_id
        and document.text[citation.start : citation.end] == citation.quote
    )


def complete(persona: Persona, attributes: Sequence[str]) -> tuple[int, int]:
    """How many of the schema's attributes have a claim that enough people carry, and how many there are."""
    firm = {claim.attribute for claim in persona.claims if claim.status in {"supported", "contested"}}
    return sum(key in firm for key in attributes), len(attributes)


def told_apart(
    voiced: NDArray[np.int64], mine: NDArray[np.bool_], theirs: NDArray[np.bool_], strata: NDArray[np.int64]
) -> float:
    """How often a member of one persona says more of its claims than a member of another; 0.5 is chance.

    Of pairs who wrote about as much, since who writes more says more of everything; a draw counts half (the area under
    the curve, or Mann and Whitney's U). Without such a pair, 0.5.

    Args:
        voiced: ``(people,)`` how many of the claims each says.
        mine: the members of the persona whose claims these are.
        theirs: those of the other.
        strata: ``(people,)`` fifth of written length.
    """
    won, pairs = 0.0, 0
    for stratum in np.unique(strata):
        own, others = (np.sort(voiced[who & (strata == stratum)]) for who in (mine, theirs))
        below, upto = (np.searchsorted(others, own, side=side).sum() for side in ("left", "right"))
        won += float(below + upto) / 2
        pairs += len(own) * len(others)
    return won / pairs if pairs else 0.5


def consistent(persona: Persona) -> tuple[int, int]:
    """How many of its claims are not contested, by other claims of its own or by its own people, and of how many."""
    return sum(claim.status != "contested" for claim in persona.claims), len(persona.claims)


def stable(quality: SegmentQuality | None, algorithm: str) -> Score:
    """How far the segment comes back when people are drawn anew."""
    if quality is None or algorithm in {ONE_GROUP, BY_COLUMN}:
        return Score(name=STABLE, value=None, reason=NOT_GROUPED)
    return Score(name=STABLE, value=quality.stability, reason="mean Jaccard overlap of the segment over resamples")


def fitting(held_out: HeldOut) -> Score:
    """How often members left out of it are nearest to it."""
    if not held_out.tested:
        return Score(name=FIT, value=None, reason=NOT_PLACED)
    return counted(FIT, held_out.right, held_out.tested, NOT_PLACED, chance=held_out.chance)

"""The scorecards of a run's personas and of the set as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from personas.assigning.records import SegmentModel
from personas.describing import DescribedSegment
from personas.evidence import EvidenceBase
from personas.persona_set import SegmentationReport
from personas.records import Persona, Score
from personas.scoring import measures, names
from personas.scoring.held_out import HeldOut, held_out_members
from personas.scoring.voices import people_behind
from personas.segmentation.grouping import Grouping


@dataclass(frozen=True, kw_only=True)
class Scored:
    """Personas with their scorecards, and that of the set."""

    personas: tuple[Persona, ...]
    of_set: tuple[Score, ...]


@dataclass(frozen=True)
class _Heard:
    """A persona and the people in it, as far as they say what it claims."""

    persona: Persona
    inside: NDArray[np.bool_]
    """``(people,)`` its members."""
    voiced: NDArray[np.int64]
    """``(people,)`` how many of its claims by words each says, members and others."""
    words: int
    """How many claims by words it has."""


def score_personas(
    personas: Sequence[Persona],
    described: Sequence[DescribedSegment],
    base: EvidenceBase,
    report: SegmentationReport,
    grouping: Grouping,
    model: SegmentModel,
    *,
    attributes: Sequence[str],
) -> Scored:
    """The personas with a scorecard each, and the scorecard of them all.

    Args:
        personas: written and checked.
        described: their segments.
        base: everything said.
        report: how people were grouped.
        grouping: the same in numbers.
        model: what places new people in the segments; it knows how its own people were placed.
        attributes: keys of the schema.
    """
    if not personas:
        return Scored(personas=(), of_set=())
    segments = {one.segment.segment_id: one for one in described}
    persona_ids = {persona.segment_id: persona.persona_id for persona in personas}
    placed = held_out_members(grouping, model, persona_ids)
    heard = [_hear(persona, segments[persona.segment_id].inside, base) for persona in personas]
    counts = [_count(one, base, attributes) for one in heard]
    distinct = [_distinct(one, heard, base) for one in heard]
    cards = [
        (
            *_shares(own),
            apart,
            measures.stable(segments[one.persona.segment_id].segment.quality, report.algorithm),
            _fit([placed.get(one.persona.persona_id)], len(personas)),
        )
        for one, own, apart in zip(heard, counts, distinct, strict=True)
    ]
    whole = _sum_up(counts, len(base.corpus.customer_ids))
    fit = _fit((placed.get(persona.persona_id) for persona in personas), len(personas))
    of_set = (*_shares(whole), _mean_distinct(heard, distinct), _stability(report), fit)
    return Scored(
        personas=tuple(
            persona.model_copy(update={"scorecard": _in_order(card)})
            for persona, card in zip(personas, cards, strict=True)
        ),
        of_set=_in_order(of_set),
    )


def _hear(persona: Persona, inside: NDArray[np.bool_], base: EvidenceBase) -> _Heard:
    said = [claim for claim in persona.claims if claim.basis is None]
    voiced = np.zeros(len(inside), dtype=np.int64)
    for claim in said:
        voiced += people_behind(claim, base)
    return _Heard(persona, inside, voiced, len(said))


def _count(heard: _Heard, base: EvidenceBase, attributes: Sequence[str]) -> dict[str, tuple[int, int]]:
    """How many of how many, by measure."""
    return {
        names.GROUNDED: measures.grounded(heard.persona, base.corpus.document_by_id),
        names.COVERED: (int((heard.voiced > 0)[heard.inside].sum()), int(heard.inside.sum())),
        names.COMPLETE: measures.complete(heard.persona, attributes),
        names.CONSISTENT: measures.consistent(heard.persona),
    }


def _shares(counts: Mapping[str, tuple[int, int]]) -> list[Score]:
    return [measures.counted(name, count, total, names.NO_CLAIMS) for name, (count, total) in counts.items()]


def _sum_up(counts: Sequence[Mapping[str, tuple[int, int]]], writers: int) -> dict[str, tuple[int, int]]:
    """Of all personas together; covered are those of everybody who wrote, with a persona or without."""
    summed = {name: (sum(own[name][0] for own in counts), sum(own[name][1] for own in counts)) for name in counts[0]}
    return summed | {names.COVERED: (summed[names.COVERED][0], writers)}


def _distinct(one: _Heard, heard: Sequence[_Heard], base: EvidenceBase) -> Score:
    """Against the persona that it is hardest to tell from."""
    if len(heard) < 2 or not one.words:
        return Score(name=names.DISTINCT, value=None, reason=names.NO_WORDS if len(heard) > 1 else names.ALONE)
    against = {
        other.persona.persona_id: measures.told_apart(one.voiced, one.inside, other.inside, base.strata)
        for other in heard
        if other is not one
    }
    nearest = min(against, key=lambda persona_id: (against[persona_id], persona_id))
    reason = f"of pairs with a member of {nearest}, the persona hardest to tell from it"
    return Score(name=names.DISTINCT, value=against[nearest], reason=reason, chance=0.5, nearest=nearest)


def _mean_distinct(heard: Sequence[_Heard], distinct: Sequence[Score]) -> Score:
    told = [(score.value, int(one.inside.sum())) for one, score in zip(heard, distinct, strict=True)]
    known = [(value, people) for value, people in told if value is not None]
    if not known:
        return distinct[0]
    value = float(np.average([value for value, _ in known], weights=[people for _, people in known]))
    return Score(name=names.DISTINCT, value=value, reason="mean over the personas, by people", chance=0.5)


def _stability(report: SegmentationReport) -> Score:
    if report.algorithm in {measures.ONE_GROUP, measures.BY_COLUMN}:
        return Score(name=names.STABLE, value=None, reason=names.NOT_GROUPED)
    reason = "mean adjusted Rand index with the groupings of resamples"
    return Score(name=names.STABLE, value=report.stability, reason=reason)


def _fit(placed: Iterable[HeldOut | None], personas: int) -> Score:
    if personas < 2:
        return Score(name=names.FIT, value=None, reason=names.ALONE)
    return measures.fitting(sum((one for one in placed if one is not None), HeldOut()))


def _in_order(scores: Iterable[Score]) -> tuple[Score, ...]:
    return tuple(sorted(scores, key=lambda score: names.MEASURES.index(score.name)))

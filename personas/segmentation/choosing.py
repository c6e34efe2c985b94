"""Which way of grouping the people is taken, and what else of them joins their words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from personas.records import BlockShare, CandidateGrouping
from personas.segmentation.blocks import TEXT, Block, beside
from personas.segmentation.grouping import Grouping, one_segment
from personas.segmentation.methods import LEAST_PER_SEGMENT, Method
from personas.segmentation.people import Points, Voice
from personas.segmentation.settling import settle
from personas.segmentation.trials import (
    RESAMPLED_SHARE,
    RESAMPLES,
    RESAMPLES_ALONE,
    Halves,
    Trial,
    centres_of,
    try_method,
)

LEAST_STABILITY = 0.5
"""Below this nothing holds, and everybody is one segment. Simulated crowds without kinds of people reach 0.35 by
chance; kinds return at 0.65 and more, also where they are hard to find (docs/decisions/0008)."""

CRITERIA_SAMPLE = 500
"""People that silhouette is told from; it takes the square of them."""

BLOCK_WEIGHTS = (0.25, 0.5, 1.0)
LEAST_GAIN = 1.02
"""Other knowledge joins the words only where the grouping is worth this much more with it."""


@dataclass(frozen=True)
class Choice:
    """What was asked for; None and `auto` leave it to the people."""

    segments: int | None = None
    algorithm: str = "auto"
    weights: Mapping[str, float] | None = None
    """Of the blocks; None chooses them."""
    most: int = 12
    seed: int = 0


@dataclass(frozen=True)
class _Crowd:
    """The people that ways of grouping are tried on."""

    draws: list[NDArray[np.int64]]
    blocks: list[Block]

    def points(self, voice: Voice, weights: Mapping[str, float]) -> Points:
        return beside(voice.whole, self.blocks, weights)

    def halves(self, voice: Voice, weights: Mapping[str, float]) -> Halves:
        if weights.get(TEXT, 1.0) == 0:
            return ()
        return tuple(
            (beside(one, self.blocks, weights) * one.any(axis=1, keepdims=True), two) for one, two in voice.halves
        )


def choose_grouping(
    people: NDArray[np.int64],
    rows: NDArray[np.int64],
    methods: list[Method],
    blocks: list[Block],
    choice: Choice,
    rng: np.random.Generator,
) -> Grouping:
    """The people in segments, by the way of grouping that tells most of them and comes back.

    Args:
        people: indices of the corpus's customers.
        rows: of those of them that ways of grouping are tried on.
        methods: what is tried, at least one; their voices tell of the people tried.
        blocks: what else is known of all the people.
        choice: what was asked for.
        rng: draws samples of the people tried.
    """
    taken = max(2, int(len(rows) * RESAMPLED_SHARE))
    resamples = RESAMPLES if methods[0].voice.halves else RESAMPLES_ALONE
    draws = [np.sort(rng.permutation(len(rows))[:taken]) for _ in range(resamples)]
    crowd = _Crowd(draws, [Block(block.name, block.points[rows]) for block in blocks])
    weights = dict(choice.weights or {TEXT: 1.0})
    trials = [_try(method, crowd, weights, choice) for method in methods]
    chosen = _best(trials, choice, len(people))
    candidates = tuple(_candidate(trial, crowd, weights, chosen=trial is chosen) for trial in trials)
    if chosen is None:
        return one_segment(people, _nothing_holds(trials), candidates)
    if choice.weights is None and chosen.told is not None:
        chosen, weights = _join_blocks(chosen, crowd, weights, choice)
    voice = chosen.method.voice
    return settle(
        people,
        chosen,
        beside(voice.everybody(), blocks, weights),
        rows,
        candidates=candidates,
        blocks=_shares(crowd.points(voice, weights), chosen, voice, blocks, weights),
        reason=_reason(chosen, choice.segments),
        seed=choice.seed,
    )


def _try(method: Method, crowd: _Crowd, weights: Mapping[str, float], choice: Choice) -> Trial:
    points, halves = crowd.points(method.voice, weights), crowd.halves(method.voice, weights)
    return try_method(method, points, halves, draws=crowd.draws, most=choice.segments or choice.most, seed=choice.seed)


def _best(trials: list[Trial], choice: Choice, people: int) -> Trial | None:
    if choice.segments is not None:
        # A way of grouping that leaves a segment empty is second choice.
        whole = [trial for trial in trials if trial.segments == choice.segments] or trials
        return max(whole, key=lambda trial: trial.worth)
    most = min(choice.most, max(2, people // LEAST_PER_SEGMENT))
    usable = [
        trial
        for trial in trials
        if 2 <= trial.segments <= most and trial.stability >= LEAST_STABILITY and trial.beats_chance
    ]
    if not usable:
        return None
    best = max(usable, key=lambda trial: trial.worth)
    as_good = [trial for trial in usable if trial.worth >= best.worth - best.slack]
    return min(as_good, key=lambda trial: (trial.segments, -trial.worth))


def _join_blocks(
    chosen: Trial, crowd: _Crowd, weights: dict[str, float], choice: Choice
) -> tuple[Trial, dict[str, float]]:
    """The same way of grouping with what else is known, where that makes it worth more.

    What it tells of people is measured on their words alone, so a column that has nothing to do with them cannot win
    by being stable. That takes two halves of what people wrote: without, nothing joins unless it was asked for.
    """
    for block in crowd.blocks:
        for weight in BLOCK_WEIGHTS:
            tried = weights | {block.name: weight}
            trial = _try(chosen.method, crowd, tried, choice)
            if 2 <= trial.segments <= choice.most and trial.beats_chance and trial.worth > LEAST_GAIN * chosen.worth:
                chosen, weights = trial, tried
    return chosen, weights


def _candidate(trial: Trial, crowd: _Crowd, weights: Mapping[str, float], *, chosen: bool) -> CandidateGrouping:
    from personas.grouping import score_grouping

    return CandidateGrouping(
        representation=trial.method.voice.representation,
        algorithm=trial.method.algorithm,
        segments=trial.segments,
        stability=trial.stability if trial.resamples else None,
        told=trial.told,
        worth=trial.worth,
        criteria=score_grouping(
            crowd.points(trial.method.voice, weights), trial.labels, seed=0, sample=CRITERIA_SAMPLE
        ),
        chosen=chosen,
    )


def _shares(
    points: Points, chosen: Trial, voice: Voice, blocks: list[Block], weights: Mapping[str, float]
) -> tuple[BlockShare, ...]:
    """How much of what sets the segments apart lies in each block: its part of the spread of their centres."""
    centres = centres_of(points, chosen.labels, chosen.segments)
    sizes = np.bincount(chosen.labels, minlength=chosen.segments).astype(np.float64)
    spread = (sizes[:, None] * (centres - np.average(centres, axis=0, weights=sizes)) ** 2).sum(axis=0)
    widths = [(TEXT, voice.whole.shape[1])]
    widths += [(block.name, block.points.shape[1]) for block in blocks if weights.get(block.name, 0.0) > 0]
    found, at = {}, 0
    for name, width in widths:
        found[name] = float(spread[at : at + width].sum())
        at += width
    total = max(sum(found.values()), 1e-12)
    names = [TEXT, *(block.name for block in blocks)]
    return tuple(
        BlockShare(block=name, weight=weights.get(name, 0.0), contribution=found.get(name, 0.0) / total)
        for name in names
    )


def _reason(trial: Trial, segments: int | None) -> str:
    how = f"{trial.method.voice.representation} ({trial.method.algorithm})"
    holds = f"agreement {trial.stability:.2f} with the groupings of four fifths of the people, 1 is always"
    if segments is not None:
        return f"{segments} segments were asked for; {how} hold best ({holds})"
    if trial.told is None:
        return (
            f"{how} with {trial.segments} segments tell people apart most for how often the grouping returns ({holds})"
        )
    return (
        f"{how} with {trial.segments} segments: half of what a person wrote tells most of the segment that the other "
        f"half falls into ({trial.told:.2f} nats beyond chance), and the grouping returns ({holds})"
    )


def _nothing_holds(trials: list[Trial]) -> str:
    if any(trial.stability >= LEAST_STABILITY for trial in trials) and not any(t.beats_chance for t in trials):
        return (
            "one group: half of what a person wrote does not tell, better than chance, which segment the other half "
            "falls into, however the people are split"
        )
    return "one group: no grouping of these people comes back when a fifth of them is left out"

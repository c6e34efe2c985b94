"""What a run keeps, so that new people can be placed in its segments without its documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from persona_kit.hashing import stable_seed
from personas.assigning.arrays import StoredArray
from personas.assigning.calibrating import calibrate_halves, margins_of, of_whole
from personas.assigning.familiarity import Floats, MeasuredLsa, nearest_theme
from personas.assigning.fitting import Fitting, leave_out
from personas.assigning.lsa_state import pack_lsa, unpack_lsa
from personas.assigning.records import Calibration, Representation, Script, SegmentCentre, SegmentModel, SpaceModel
from personas.assigning.scripts import latin_majority
from personas.grouping.one_thread import one_thread
from personas.options import GenerateOptions
from personas.records import Segment
from personas.segmentation import Grouping, least_words, person_profiles, person_vectors
from personas.segmentation.people import Points, halve
from personas.themes import ThemeModel
from retrieval.corpus import Corpus, Space
from retrieval.embedders.lsa import LsaEmbedder

MODEL_FILE = "segment_model.json"
BY_COLUMN = "by column"
"""The algorithm of a grouping by a column of the customer table."""

EDGE = 0.05
"""Of a segment's people, those who lie farther from its centre are as far as its edge (as the run itself has it)."""

UNFAMILIAR = 0.02
"""Of the run's people, as many are less familiar than the floor."""

FEW = 10
"""A floor told from as few people is halved: they show little of how differently the same things can be said."""

HALVINGS = 4
LARGEST_FITTED = 20_000
LEAST_FITTED = 200
"""People of a space whom its model is fitted to; of a small segment this many, if it has them, even beyond."""

LARGEST_HALVED = 5000
"""People whose halves are placed; one halving of so many says as much as four."""

LARGEST_FIT = 1500
"""People whose words are taken to learn how familiar unseen words are to an lsa embedder."""

NAMED_COLUMNS = ("text", "customer", "id", "time")


def build_segment_model(
    corpus: Corpus,
    themes: ThemeModel,
    grouping: Grouping,
    segments: Sequence[Segment],
    persona_ids: Mapping[str, str],
    *,
    options: GenerateOptions,
    max_chars: int,
) -> SegmentModel:
    """The model that places new people in the run's segments.

    Args:
        corpus: who wrote what.
        themes: what they voice.
        grouping: how they were grouped.
        segments: who belongs where.
        persona_ids: segment id -> persona id; empty where nobody was written up.
        options: of the run.
        max_chars: longest passage of the run, in Latin characters.
    """
    proper = [segment for segment in segments if segment.kind == "segment"]
    label_of = {customer: at for at, segment in enumerate(proper) for customer in segment.customer_ids}
    labels = np.array([label_of.get(customer, -1) for customer in corpus.customer_ids], dtype=np.int64)
    # As while grouping: the same sums in the same order on any machine.
    with one_thread():
        main = main_space(corpus)
        own = [np.flatnonzero((main == at) & (labels >= 0)) for at in range(len(corpus.spaces))]
        parts = [
            _hear(corpus, themes, people, labels[people], seed=options.seed) if len(people) else None for people in own
        ]
        spaces = tuple(_space_model(corpus, themes, at, part, proper, grouping) for at, part in enumerate(parts))
    named = [
        space.model_copy(
            update={
                "script": _script(space.embedder, options.embedder),
                "segments": tuple(
                    one.model_copy(update={"persona_id": persona_ids.get(one.segment_id, "")}) for one in space.segments
                ),
            }
        )
        for space in spaces
    ]
    return SegmentModel(
        grouped_by=grouping.representation,
        by_column=grouping.algorithm == BY_COLUMN,
        spaces=tuple(named),
        latin_majority=latin_majority(corpus.documents),
        least_words=least_words(corpus.words_per_customer),
        max_chars=max_chars,
        redact=options.redact,
        columns={part: name for part in NAMED_COLUMNS if (name := getattr(options, part))},
        base_url=options.base_url,
    )


def render_segment_model(model: SegmentModel) -> str:
    """The model as `segment_model.json` holds it."""
    return model.model_dump_json() + "\n"


def main_space(corpus: Corpus) -> NDArray[np.int64]:
    """``(people,)`` the space each person wrote most passages in, the first of several."""
    written = np.zeros((len(corpus.customer_ids), max(1, len(corpus.spaces))), dtype=np.int64)
    for at, space in enumerate(corpus.spaces):
        np.add.at(written[:, at], corpus.passage_customer[space.rows], 1)
    most: NDArray[np.int64] = written.argmax(axis=1).astype(np.int64)
    return most


@dataclass(frozen=True)
class _Part:
    """People of one space who are in a segment, and their points in both representations."""

    present: NDArray[np.int64]
    """The segments that have people here."""
    sizes: NDArray[np.int64]
    """How many people each of these has."""
    people: NDArray[np.int64]
    """Whom the model is fitted to: all of them, or so many that more say nothing new."""
    labels: NDArray[np.int64]
    """Of these people, indices into `present`."""
    whole: dict[Representation, Points]
    halved: NDArray[np.int64]
    """Rows of those whose halves there are."""
    halves: list[tuple[dict[Representation, Points], dict[Representation, Points]]]


def _points(
    corpus: Corpus, themes: ThemeModel, people: NDArray[np.int64], chosen: NDArray[np.bool_] | None = None
) -> dict[Representation, Points]:
    return {
        "theme profiles": person_profiles(corpus, themes, chosen, people),
        "whole-person vectors": person_vectors(corpus, chosen, people),
    }


def _hear(
    corpus: Corpus, themes: ThemeModel, people: NDArray[np.int64], labels: NDArray[np.int64], *, seed: int
) -> _Part:
    """What is known of these people of a space.

    Args:
        corpus: who wrote what.
        themes: what they voice.
        people: who is in a segment.
        labels: their segments.
        seed: of the people taken, and of the halves.
    """
    rng = np.random.default_rng(stable_seed(seed, "fitted"))
    order = rng.permutation(len(people))
    present, place, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    few = [order[place[order] == row][:LEAST_FITTED] for row in range(len(present))]
    rows = np.unique(np.concatenate([order[:LARGEST_FITTED], *few]))
    fitted = people[rows]
    halved = np.sort(rng.permutation(len(rows))[:LARGEST_HALVED])
    halves = []
    for draw in range(HALVINGS if len(halved) == len(rows) else 1):
        side = halve(corpus, seed=stable_seed(seed, "assigning", draw))
        one, two = (_points(corpus, themes, fitted[halved], chosen) for chosen in (side, ~side))
        halves.append((one, two))
    whole = _points(corpus, themes, fitted)
    return _Part(present, sizes, fitted, place[rows].astype(np.int64), whole, halved, halves)


def _script(embedder: str, asked: str) -> Script:
    if asked != "auto":
        return "any"
    return "latin" if embedder == "wordllama" else "other"


def _space_model(
    corpus: Corpus, themes: ThemeModel, at: int, part: _Part | None, proper: Sequence[Segment], grouping: Grouping
) -> SpaceModel:
    space = corpus.spaces[at]
    lsa = pack_lsa(space.embedder) if isinstance(space.embedder, LsaEmbedder) else None
    centres = themes.spaces[at].centres
    bare = SpaceModel(
        embedder=space.name,
        fingerprint=space.embedder.fingerprint,
        script="any",
        theme_centres=StoredArray.of(centres),
        lsa=lsa,
    )
    if part is None:
        return bare
    by_column = grouping.algorithm == BY_COLUMN
    placings = [Fitting(name, points, part.labels, move=not by_column) for name, points in part.whole.items()]
    # The first of equals: theme profiles can be explained.
    best = max(placings, key=lambda placing: placing.replaced_unseen)
    calibration = best.calibrate_known() if by_column else _calibrate(part, best)
    return bare.model_copy(
        update={
            "representation": best.representation,
            "segments": tuple(
                SegmentCentre(
                    segment_id=proper[segment].segment_id,
                    persona_id="",
                    people=int(part.sizes[row]),
                    centre=StoredArray.of(best.centres[row]),
                    floor=float(np.quantile(best.seen[part.labels == row, row], EDGE)),
                    tested=int((part.labels == row).sum()),
                    right_unseen=int(best.right[part.labels == row].sum()),
                )
                for row, segment in enumerate(part.present)
            ),
            "familiarity": _familiarity_floor(corpus, space, centres, part.people),
            "replaced": best.replaced,
            "replaced_unseen": best.replaced_unseen,
            "tells": best.tells,
            "calibration": calibration,
        }
    )


def _calibrate(part: _Part, placing: Fitting) -> Calibration | None:
    """Each half of what a person wrote placed, against the segment of the other half."""
    name = placing.representation
    labels, own = placing.labels[part.halved], placing.points[part.halved]
    margins: list[Floats] = []
    agree: list[NDArray[np.bool_]] = []
    people = np.zeros(len(labels), dtype=bool)
    for one, two in part.halves:
        first, second = one[name], two[name]
        both = first.any(axis=1) & second.any(axis=1)
        people |= both
        near = [leave_out(half[both], own[both], placing.sums, labels[both]) for half in (first, second)]
        same = near[0].argmax(axis=1) == near[1].argmax(axis=1)
        margins += [margins_of(likeness) for likeness in near]
        agree += [same, same]
    if not people.any():
        return None
    count = len(placing.centres)
    halves = calibrate_halves(np.concatenate(margins), np.concatenate(agree), segments=count, people=int(people.sum()))
    return None if halves is None else of_whole(halves, segments=count)


def _familiarity_floor(corpus: Corpus, space: Space, centres: Points, people: NDArray[np.int64]) -> float:
    """What 98 in 100 of these people reach, less where they are few."""
    inside = np.isin(corpus.passage_customer[space.rows], people)
    owner = corpus.passage_customer[space.rows[inside]]
    if isinstance(space.embedder, LsaEmbedder):
        texts = [corpus.passage_texts[row] for row in space.rows[inside]]
        owner, values = _unseen_strengths(texts, owner)
    else:
        values = nearest_theme(space.vectors, centres)[inside]
    different, place = np.unique(owner, return_inverse=True)
    means = np.bincount(place, weights=values) / np.maximum(np.bincount(place), 1)
    if not len(different):
        return 0.0
    return float(np.quantile(means, UNFAMILIAR)) * len(different) / (len(different) + FEW)


def _unseen_strengths(texts: Sequence[str], owner: NDArray[np.int64]) -> tuple[NDArray[np.int64], Floats]:
    """How familiar people are to an lsa embedder that was learnt from others: owners and values of their passages.

    To one that was learnt from their own words everybody is more familiar than a new person can be.
    """
    people = np.unique(owner)
    order = np.random.default_rng(stable_seed(len(texts), "familiarity")).permutation(people)[: 2 * LARGEST_FIT]
    taught, asked = order[: len(order) // 2], order[len(order) // 2 :]
    learnt = [text for text, who in zip(texts, np.isin(owner, taught), strict=True) if who and text.strip()]
    rows = np.flatnonzero(np.isin(owner, asked))
    if not learnt:
        return owner[:0], np.zeros(0)
    fitted: MeasuredLsa = unpack_lsa(pack_lsa(LsaEmbedder.fit(learnt)))
    return owner[rows], fitted.strengths([texts[row] for row in rows.tolist()])

"""People into segments by what they voice, with the representation and granularity that hold under resampling."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from persona_kit.errors import UsageError
from persona_kit.hashing import stable_seed
from personas.communities import adjusted_rand, find_communities, neighbour_graph
from personas.records import CandidateGrouping
from personas.themes import ThemeModel
from retrieval.corpus import Corpus

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

SEGMENT_COUNTS = (3, 4, 5, 6, 7, 8, 9)
"""How many segments `auto` tries: a product team can read seven personas, not seventy."""

LARGEST_COUNT = 12
PERSON_NEIGHBOURS = 30
PERSON_RESOLUTIONS = (0.4, 0.5, 0.6, 0.8, 1.0, 1.3)
RESAMPLES = 5
FINAL_RESAMPLES = 10
RESAMPLED_SHARE = 0.8
LARGEST_RESAMPLE = 800
"""People a resample looks at while choosing; the final stability uses the same limit."""

LEAST_STABILITY = 0.3
"""Below this nothing holds, and everybody is one segment."""

LEAST_PEOPLE_TO_SPLIT = 24
LEAST_IN_SEGMENT = 5
LEAST_PER_SEGMENT = 8
"""People per segment tried: fewer make personas of single persons."""

LEAST_WORDS = 12
"""People with fewer words cannot be placed; less where most people write little (`least_words`)."""

OUTLIERS = "outliers"
TOO_LITTLE_TEXT = "too-little-text"

Weights = NDArray[np.float64]
"""``(people, segments)`` how strongly each person belongs to each segment, not negative."""


@dataclass(frozen=True, kw_only=True)
class Grouping:
    """Who belongs to which segment, how strongly, and how far to trust it."""

    people: NDArray[np.int64]
    """The people placed, as indices into the corpus's customers."""
    weights: Weights
    """Rows sum to 1; a zero row is an outlier."""
    representation: str
    reason: str
    stability: float
    segment_stability: tuple[float, ...]
    """Mean best Jaccard overlap of each segment over resamples."""
    candidates: tuple[CandidateGrouping, ...]

    @property
    def labels(self) -> NDArray[np.int64]:
        """``(people,)`` strongest segment; -1 for outliers."""
        return _strongest(self.weights)


@dataclass(frozen=True)
class _Method:
    """A way of grouping: `group(rows, seed)` gives the weights of these people."""

    representation: str
    group: Callable[[NDArray[np.int64], int], Weights]
    least: int = LEAST_IN_SEGMENT
    """People below which a group is no segment of its own; 1 where the user says how many there are."""


def least_words(words: NDArray[np.int64]) -> int:
    """How many words a person must have written to be placed: 12, less where the typical person writes little."""
    written = words[words > 0]
    if len(written) == 0:
        return 1
    return int(np.clip(np.median(written) / 3, 2, LEAST_WORDS))


def person_profiles(corpus: Corpus, themes: ThemeModel) -> NDArray[np.float32]:
    """``(people, themes)`` mean soft theme profile of each person's passages, rows of unit length."""
    people = len(corpus.customer_ids)
    profiles = np.zeros((people, themes.soft.shape[1]), dtype=np.float32)
    np.add.at(profiles, corpus.passage_customer, themes.soft)
    return _unit_rows(profiles)


def person_vectors(corpus: Corpus) -> NDArray[np.float32]:
    """``(people, sum of dimensions)`` mean vector of each person's passages in every space, rows of unit length."""
    people = len(corpus.customer_ids)
    blocks = []
    for space in corpus.spaces:
        block = np.zeros((people, space.vectors.shape[1]), dtype=np.float32)
        np.add.at(block, corpus.passage_customer[space.rows], space.vectors)
        blocks.append(block)
    return _unit_rows(np.hstack(blocks)) if blocks else np.zeros((people, 0), dtype=np.float32)


def segment_people(corpus: Corpus, themes: ThemeModel, *, segments: int | None, seed: int) -> Grouping:
    """The people with enough text, grouped by what they voice.

    Args:
        corpus: who wrote what.
        themes: what they voice.
        seed: of everything random.
        segments: how many segments; None chooses 3 to 12 (or one, where nothing holds).

    Raises:
        UsageError: when more segments are asked for than there are people with enough text.
    """
    words = corpus.words_per_customer
    people = np.flatnonzero(words >= least_words(words))
    if segments is not None and segments > len(people):
        raise UsageError(
            f"{segments} segments were asked for, but only {len(people)} people wrote enough to be placed",
            where=f"--segments {segments}",
            mend="ask for fewer segments, or leave --segments away to let the data choose",
        )
    if segments == 1:
        return _one_segment(people, "one segment was asked for")
    parts = _by_space(corpus, people)
    sizes = [len(part) for part in parts]
    counts = [None] * len(parts) if segments is None else _allot(segments, sizes)
    limits = _allot(LARGEST_COUNT, sizes)
    profiles, vectors = person_profiles(corpus, themes), person_vectors(corpus)
    from threadpoolctl import threadpool_limits

    # Sums in another order differ in the last bit: one thread gives the same segments on any machine, and matrices of
    # this size are not faster on two.
    with threadpool_limits(1):
        return _join([
            _segment_part(part, profiles, vectors, count, most=most, seed=seed)
            for part, count, most in zip(parts, counts, limits, strict=True)
        ])


def _by_space(corpus: Corpus, people: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """The people parted by the vector space they wrote most in, most people first.

    Distances are told within a space only: people of two scripts cannot be compared, so they are not mixed.
    """
    written = np.zeros((len(corpus.customer_ids), max(1, len(corpus.spaces))), dtype=np.int64)
    for place, space in enumerate(corpus.spaces):
        np.add.at(written[:, place], corpus.passage_customer[space.rows], 1)
    main = written[people].argmax(axis=1)
    parts = [people[main == place] for place in range(written.shape[1])]
    return sorted((part for part in parts if len(part)), key=len, reverse=True) or [people]


def _allot(segments: int, sizes: list[int]) -> list[int]:
    """How many of the segments each part gets: at least one, the rest by people (largest remainder)."""
    total = sum(sizes)
    exact = [max(1.0, segments * size / total) if total else 1.0 for size in sizes]
    counts = [int(value) for value in exact]
    for place in sorted(range(len(sizes)), key=lambda at: counts[at] - exact[at])[: max(0, segments - sum(counts))]:
        counts[place] += 1
    return counts


def _segment_part(
    people: NDArray[np.int64],
    profiles: NDArray[np.float32],
    vectors: NDArray[np.float32],
    segments: int | None,
    *,
    most: int,
    seed: int,
) -> Grouping:
    """The people of one space, grouped into `segments`, or at most `most`."""
    mine = profiles[people][:, profiles[people].any(axis=0)]
    if segments == 1:
        return _one_segment(people, "of the segments asked for, one falls to this script")
    if (segments is None and len(people) < LEAST_PEOPLE_TO_SPLIT) or mine.shape[1] < 2:
        return _one_segment(people, f"{len(people)} people wrote enough to be placed, too few to split")
    return _choose(people, _candidate_methods(mine, vectors[people], segments), segments, most=most, seed=seed)


def _join(parts: list[Grouping]) -> Grouping:
    """The groupings of the parts as one; segments by falling size over all of them."""
    if len(parts) == 1:
        return parts[0]
    people = np.concatenate([part.people for part in parts])
    weights = np.zeros((len(people), sum(part.weights.shape[1] for part in parts)))
    row = column = 0
    for part in parts:
        height, width = part.weights.shape
        weights[row : row + height, column : column + width] = part.weights
        row, column = row + height, column + width
    order = np.argsort(-np.bincount(_strongest(weights) + 1, minlength=weights.shape[1] + 1)[1:], kind="stable")
    stabilities = [value for part in parts for value in part.segment_stability]
    return Grouping(
        people=people,
        weights=weights[:, order],
        representation=" and ".join(dict.fromkeys(part.representation for part in parts)),
        reason="; ".join(f"{len(part.people)} people: {part.reason}" for part in parts),
        stability=float(np.average([part.stability for part in parts], weights=[len(part.people) for part in parts])),
        segment_stability=tuple(stabilities[at] for at in order),
        candidates=tuple(candidate for part in parts for candidate in part.candidates),
    )


def group_by_column(corpus: Corpus, values: dict[str, str], column: str) -> Grouping:
    """The people grouped by a column of the customer table; those without a value are outliers.

    Args:
        corpus: who wrote something.
        values: customer id -> value.
        column: its name, for the report.

    Raises:
        UsageError: when nobody who wrote something has a value.
    """
    people = np.flatnonzero(corpus.words_per_customer > 0)
    mine = [values.get(corpus.customer_ids[at]) for at in people]
    sizes = Counter(value for value in mine if value is not None)
    if not sizes:
        raise UsageError(
            f"nobody who wrote something has a value in the column {column!r}",
            where=f"--segment-by {column}",
            mend="choose a column that is filled in for the customers who wrote",
        )
    order = {value: place for place, value in enumerate(sorted(sizes, key=lambda value: (-sizes[value], value)))}
    weights = np.zeros((len(people), len(order)))
    for row, value in enumerate(mine):
        if value is not None:
            weights[row, order[value]] = 1.0
    return Grouping(
        people=people,
        weights=weights,
        representation=column,
        reason=f"people are grouped by {column!r}, as asked: {', '.join(order)}",
        stability=1.0,
        segment_stability=(1.0,) * weights.shape[1],
        candidates=(),
    )


def _candidate_methods(
    profiles: NDArray[np.float32], vectors: NDArray[np.float32], segments: int | None
) -> list[_Method]:
    counts = (
        [segments] if segments is not None else [k for k in SEGMENT_COUNTS if k <= len(profiles) // LEAST_PER_SEGMENT]
    )
    counts = [k for k in counts if k <= profiles.shape[1]]
    by_profile = [_by_profile(profiles, count) for count in counts]
    if segments is not None:
        return [
            *(replace(method, least=1) for method in by_profile),
            _Method("whole-person vectors", lambda rows, seed: _k_means(vectors[rows], segments, seed), least=1),
        ]
    graphs: dict[bytes, csr_matrix] = {}
    by_vector = [_by_vector(vectors, resolution, graphs) for resolution in PERSON_RESOLUTIONS]
    return by_profile + by_vector


def _by_profile(profiles: NDArray[np.float32], count: int) -> _Method:
    return _Method("theme profiles", lambda rows, seed: factorise(profiles[rows], min(count, len(rows)), seed=seed))


def _by_vector(vectors: NDArray[np.float32], resolution: float, graphs: dict[bytes, csr_matrix]) -> _Method:
    """Communities at one resolution; the resolutions share the graphs of the same people."""

    def group(rows: NDArray[np.int64], seed: int) -> Weights:
        key = rows.tobytes()
        if key not in graphs:
            graphs[key] = neighbour_graph(vectors[rows], neighbours=PERSON_NEIGHBOURS)
        return _soft_by_centre(vectors[rows], find_communities(graphs[key], resolution=resolution, seed=seed))

    return _Method("whole-person vectors", group)


def factorise(profiles: NDArray[np.float32], components: int, *, seed: int) -> Weights:
    """Non-negative factors of theme profiles: each component is a kind of person, each weight a soft membership.

    Source:
        Lee, Seung: Learning the parts of objects by non-negative matrix factorization, Nature 401 (1999); An et al.,
        Customer segmentation using online platforms: isolating behavioral and demographic segments for persona
        creation, Social Network Analysis and Mining 8 (2018), uses the same for personas.
    """
    from sklearn.decomposition import NMF
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        # A factorisation that has not fully settled still groups people; its stability is measured below.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = NMF(components, init="nndsvda", random_state=seed % 2**31, max_iter=200, tol=1e-3)
        weights = np.asarray(model.fit_transform(profiles), dtype=np.float64)
    weights *= np.linalg.norm(model.components_, axis=1)
    return weights


def _k_means(vectors: NDArray[np.float32], segments: int, seed: int) -> Weights:
    from sklearn.cluster import KMeans

    # A resample may hold fewer people than segments.
    labels = KMeans(min(segments, len(vectors)), n_init=5, random_state=seed % 2**31).fit_predict(vectors)
    return _soft_by_centre(vectors, np.asarray(labels, dtype=np.int64))


def _soft_by_centre(vectors: NDArray[np.float32], labels: NDArray[np.int64]) -> Weights:
    """Memberships by cosine to the groups' centres; the given group stays the strongest."""
    count = int(labels.max()) + 1
    centres = np.zeros((count, vectors.shape[1]), dtype=np.float32)
    np.add.at(centres, labels, vectors)
    soft: Weights = np.clip(vectors @ _unit_rows(centres).T, 0.0, 1.0).astype(np.float64) ** 8
    soft[np.arange(len(labels)), labels] = soft.max(axis=1) + 1e-6
    return soft


@dataclass(frozen=True)
class _Trial:
    """What a method does on these people: how many segments, how often they come back, how much they tell apart."""

    segments: int
    stability: float
    entropy: float

    @property
    def worth(self) -> float:
        """Stability squared times entropy: what the grouping tells of a person, discounted by how far it returns.

        Stability alone prefers three segments of which one holds nearly everybody; entropy alone prefers as many as
        possible (docs/decisions/0004).
        """
        return self.stability**2 * self.entropy


def _choose(
    people: NDArray[np.int64], methods: list[_Method], segments: int | None, *, most: int, seed: int
) -> Grouping:
    trials = [_try(method, len(people), seed=seed) for method in methods]
    most = min(most, max(2, len(people) // LEAST_PER_SEGMENT))
    usable = [index for index, trial in enumerate(trials) if segments or 2 <= trial.segments <= most]
    # Where a number was asked for, a method that leaves a segment empty is second choice.
    usable = [index for index in usable if trials[index].segments == segments] or usable
    stable = [index for index in usable if segments or trials[index].stability >= LEAST_STABILITY]
    if not stable:
        return _one_segment(people, "no grouping of these people comes back when a fifth of them is left out")
    chosen = max(stable, key=lambda index: (trials[index].worth, -index))
    weights, stability, per_segment = _settle(methods[chosen], len(people), seed=seed)
    candidates = tuple(
        CandidateGrouping(
            representation=method.representation,
            segments=trial.segments,
            stability=trial.stability,
            chosen=index == chosen,
        )
        for index, (method, trial) in enumerate(zip(methods, trials, strict=True))
    )
    return Grouping(
        people=people,
        weights=weights,
        representation=methods[chosen].representation,
        reason=_reason(methods[chosen], trials[chosen], segments),
        stability=stability,
        segment_stability=per_segment,
        candidates=candidates,
    )


def _reason(method: _Method, trial: _Trial, segments: int | None) -> str:
    if segments is not None:
        return (
            f"{segments} segments were asked for; {method.representation} hold best (agreement {trial.stability:.2f})"
        )
    return (
        f"{method.representation} with {trial.segments} segments tell people apart most for how often the grouping "
        f"comes back when a fifth of the people is left out (agreement {trial.stability:.2f}, 1 is always)"
    )


def _try(method: _Method, count: int, *, seed: int) -> _Trial:
    rng = np.random.default_rng(stable_seed(seed, "choose"))
    base = np.sort(rng.permutation(count)[:LARGEST_RESAMPLE])
    full = _strongest(_drop_tiny(method.group(base, seed), method.least))
    scores = []
    for _ in range(RESAMPLES):
        sample = np.sort(rng.permutation(len(base))[: max(2, int(len(base) * RESAMPLED_SHARE))])
        scores.append(adjusted_rand(full[sample], _strongest(method.group(base[sample], seed))))
    shares = np.bincount(full[full >= 0]) / len(full)
    entropy = -float(sum(share * np.log(share) for share in shares if share > 0))
    return _Trial(int((shares > 0).sum()), max(0.0, float(np.mean(scores))), entropy)


def _strongest(weights: Weights) -> NDArray[np.int64]:
    """``(people,)`` the strongest segment; -1 for people who belong to none."""
    labels: NDArray[np.int64] = weights.argmax(axis=1).astype(np.int64)
    labels[weights.max(axis=1) <= 0] = -1
    return labels


def _settle(method: _Method, count: int, *, seed: int) -> tuple[Weights, float, tuple[float, ...]]:
    """The grouping of everybody, segments by falling size, with its stability overall and per segment."""
    weights = _drop_tiny(method.group(np.arange(count), seed), method.least)
    sizes = np.bincount(_strongest(weights) + 1, minlength=weights.shape[1] + 1)[1:]
    weights = weights[:, np.argsort(-sizes, kind="stable")]
    weights /= np.maximum(weights.sum(axis=1, keepdims=True), 1e-12)
    labels = _strongest(weights)
    rng = np.random.default_rng(stable_seed(seed, "settle"))
    agreement, overlaps = [], []
    for _ in range(FINAL_RESAMPLES):
        sample = np.sort(rng.permutation(count)[: min(int(count * RESAMPLED_SHARE), LARGEST_RESAMPLE)])
        again = _strongest(method.group(sample, seed))
        agreement.append(adjusted_rand(labels[sample], again))
        overlaps.append([_best_jaccard(labels[sample] == label, again) for label in range(weights.shape[1])])
    return weights, float(np.mean(agreement)), tuple(float(value) for value in np.mean(overlaps, axis=0))


def _drop_tiny(weights: Weights, least: int) -> Weights:
    """Without the segments of fewer than 1 % of the people (or `least`): their members become outliers."""
    labels = _strongest(weights)
    sizes = np.bincount(labels + 1, minlength=weights.shape[1] + 1)[1:]
    keep = sizes >= (1 if least == 1 else max(least, len(weights) // 100))
    if not keep.any() or keep.all():
        return weights[:, sizes > 0]
    outliers = (labels < 0) | ~keep[labels]
    kept = weights[:, keep].copy()
    kept[outliers] = 0.0
    return kept


def _best_jaccard(members: NDArray[np.bool_], labels: NDArray[np.int64]) -> float:
    """The Jaccard overlap of the members with the group that fits them best.

    Source:
        Hennig, Cluster-wise assessment of cluster stability, Computational Statistics & Data Analysis 52 (2007).
    """
    best = 0.0
    for label in np.unique(labels[members]):
        group = labels == label
        best = max(best, float((members & group).sum() / (members | group).sum()))
    return best


def _one_segment(people: NDArray[np.int64], reason: str) -> Grouping:
    return Grouping(
        people=people,
        weights=np.ones((len(people), 1)),
        representation="one group",
        reason=reason,
        stability=1.0,
        segment_stability=(1.0,),
        candidates=(),
    )


def _unit_rows(matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    unit: NDArray[np.float32] = matrix / np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-9)
    return unit

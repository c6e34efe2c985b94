"""The ways of grouping people that are tried."""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from persona_kit.errors import UsageError
from personas.communities import find_communities, neighbour_graph
from personas.segmentation.grouping import Labels
from personas.segmentation.people import Points, Voice

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

SEGMENT_COUNTS = tuple(range(2, 13))
"""How many segments `auto` tries: a product team can read seven personas, not seventy."""

LEAST_PER_SEGMENT = 8
"""People per segment tried: fewer make personas of single persons."""

LEAST_IN_SEGMENT = 5
PERSON_NEIGHBOURS = 30
RESOLUTIONS = (0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.3, 1.6, 2.0)
FACTORS = "non-negative factors"
COMMUNITIES = "communities"
AUTO = "auto"


Grouper = Callable[[NDArray[np.int64], int], Labels]
"""Takes rows of its points and a seed; gives their labels, any numbers, -1 for rows it leaves out."""


@dataclass(frozen=True)
class Method:
    """A way of grouping; `over(points)` does once what all groupings of these points and of parts of them share."""

    voice: Voice
    algorithm: str
    over: Callable[[Points], Grouper]
    least: int = LEAST_IN_SEGMENT
    """People below which a group is no segment; 1 where the user says how many segments there are."""


def list_methods(voices: list[Voice], segments: int | None, algorithm: str, people: int) -> list[Method]:
    """What is tried for these people.

    Args:
        voices: theme profiles, whole-person vectors and whatever else tells of whole people; or one voice alone.
        segments: how many segments were asked for; None: as many as hold.
        algorithm: `auto`, or a name of `personas.grouping.ALGORITHMS`.
        people: how many there are.

    Raises:
        UsageError: when there is no algorithm of that name.
    """
    profiles, others = voices[0], voices[1:] or voices
    least = LEAST_IN_SEGMENT if segments is None else 1
    counts = [segments] if segments is not None else [k for k in SEGMENT_COUNTS if k <= people // LEAST_PER_SEGMENT]
    if algorithm != AUTO:
        return [method for voice in voices for method in _named(voice, algorithm, segments, counts, least)]
    most = profiles.whole.shape[1] if profiles.has_parts else 0
    factored = [Method(profiles, FACTORS, _factors(k), least) for k in counts if k <= most]
    if segments is not None:
        names = ("k-means", "agglomerative")
        direct = [_named(voice, name, segments, counts, least) for voice in others for name in names]
        return [*factored, *(method for methods in direct for method in methods)]
    communities = [method for voice in others for method in _named(voice, COMMUNITIES, None, counts, least)]
    # Who wrote one passage has no profile of themes: the passage is all there is, unless profiles were asked for.
    return factored + communities if others[0].halves or len(voices) == 1 else communities


def _named(voice: Voice, algorithm: str, segments: int | None, counts: list[int], least: int) -> list[Method]:
    from personas.grouping import ALGORITHMS

    if algorithm not in ALGORITHMS:
        raise UsageError(
            f"there is no algorithm {algorithm!r}", where="--algorithm", mend=f"choose of auto, {', '.join(ALGORITHMS)}"
        )
    if algorithm == COMMUNITIES and segments is None:
        graphs = _Graphs()
        return [Method(voice, algorithm, _communities(resolution, graphs)) for resolution in RESOLUTIONS]
    tried: list[int | None] = [None] if algorithm in {"dbscan", "hdbscan"} else [*counts]
    return [Method(voice, algorithm, _by_name(algorithm, count), least) for count in tried]


def _by_name(algorithm: str, count: int | None) -> Callable[[Points], Grouper]:
    def over(points: Points) -> Grouper:
        def group(rows: NDArray[np.int64], seed: int) -> Labels:
            from personas.grouping import group_points

            wanted = None if count is None else min(count, len(rows))
            return group_points(points[rows], algorithm=algorithm, count=wanted, seed=seed % 2**31).labels

        return group

    return over


def _factors(count: int) -> Callable[[Points], Grouper]:
    def over(points: Points) -> Grouper:
        return lambda rows, seed: factorise(points[rows], min(count, len(rows), points.shape[1]), seed=seed)

    return over


class _Graphs:
    """The graphs of the points seen last: all resolutions are tried on the same."""

    def __init__(self) -> None:
        self._kept: deque[tuple[Points, csr_matrix]] = deque(maxlen=4)

    def of(self, points: Points) -> csr_matrix:
        for seen, graph in self._kept:
            if seen.shape == points.shape and np.array_equal(seen, points):
                return graph
        # A crowd smaller than a few neighbourhoods would be one neighbourhood.
        graph = neighbour_graph(points, neighbours=min(PERSON_NEIGHBOURS, max(5, len(points) // 10)))
        self._kept.append((points, graph))
        return graph


def _communities(resolution: float, graphs: _Graphs) -> Callable[[Points], Grouper]:
    def over(points: Points) -> Grouper:
        graph = graphs.of(points)
        # Part of the people keep their links among each other: links drawn anew would reach farther, and join groups.
        return lambda rows, seed: find_communities(graph[rows][:, rows], resolution=resolution, seed=seed)

    return over


def factorise(profiles: Points, components: int, *, seed: int) -> Labels:
    """The strongest of the non-negative factors of each theme profile: each factor is a kind of person.

    Source:
        Lee, Seung: Learning the parts of objects by non-negative matrix factorization, Nature 401 (1999); An et al.,
        Customer segmentation using online platforms: isolating behavioral and demographic segments for persona
        creation, Social Network Analysis and Mining 8 (2018), uses the same for personas.
    """
    from sklearn.decomposition import NMF
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        # A factorisation that stops early still groups people; its stability is measured.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = NMF(components, init="nndsvda", random_state=seed % 2**31, max_iter=200, tol=1e-3)
        weights = np.asarray(model.fit_transform(profiles), dtype=np.float64)
    weights *= np.linalg.norm(model.components_, axis=1)
    labels: Labels = weights.argmax(axis=1).astype(np.int64)
    return labels

"""Points in groups: every algorithm through its one door, on blobs whose groups are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from persona_kit.errors import UsageError
from personas.communities import adjusted_rand
from personas.grouping import ALGORITHMS, group_points

Points = NDArray[np.float32]
Labels = NDArray[np.int64]


def blobs(groups: int, *, each: int = 40, width: int = 12, apart: float = 6.0, seed: int = 0) -> tuple[Points, Labels]:
    """Points in `groups` round clouds, the first the largest, and where each belongs."""
    rng = np.random.default_rng(seed)
    truth = np.repeat(np.arange(groups), [each + 3 * (groups - at) for at in range(groups)])
    centres = apart * np.linalg.qr(rng.standard_normal((width, width)))[0][:groups]
    points = centres[truth] + 0.6 * rng.standard_normal((len(truth), width))
    return points.astype(np.float32), truth


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_algorithm_finds_blobs_at_the_count_given(algorithm: str) -> None:
    points, truth = blobs(4)

    found = group_points(points, algorithm=algorithm, count=4, seed=0)

    assert found.count == 4
    placed = found.labels >= 0
    assert placed.mean() > 0.9
    assert adjusted_rand(found.labels[placed], truth[placed]) == 1.0
    assert found.parameters != {}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_algorithm_finds_the_number_of_far_blobs_itself(algorithm: str) -> None:
    points, truth = blobs(5)

    found = group_points(
        points, algorithm=algorithm, count=None, seed=0, resolution=0.3 if algorithm == "communities" else None
    )

    assert found.count == 5
    placed = found.labels >= 0
    assert adjusted_rand(found.labels[placed], truth[placed]) == 1.0


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_groups_count_by_falling_size_and_memberships_follow_them(algorithm: str) -> None:
    points, _ = blobs(3, apart=3.0)

    found = group_points(points, algorithm=algorithm, count=3, seed=1)

    sizes = np.bincount(found.labels[found.labels >= 0])
    assert sizes.tolist() == sorted(sizes.tolist(), reverse=True)
    assert found.memberships.shape == (len(points), found.count)
    assert np.allclose(found.memberships.sum(axis=1), 1.0)
    assert (found.memberships >= 0).all()
    placed = found.labels >= 0
    assert (found.memberships.argmax(axis=1)[placed] == found.labels[placed]).all()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_same_groups_on_any_number_of_threads(algorithm: str) -> None:
    points, _ = blobs(4, apart=2.0, width=32)
    runs = []
    for threads in (1, 2, 2):
        with threadpool_limits(threads):
            runs.append(group_points(points, algorithm=algorithm, count=4, seed=7))

    for run in runs[1:]:
        assert run.labels.tobytes() == runs[0].labels.tobytes()
        assert run.memberships.tobytes() == runs[0].memberships.tobytes()


def test_a_far_point_is_left_out_by_density_and_still_told_where_it_would_belong() -> None:
    points, _ = blobs(3)
    points = np.vstack([points, np.full((1, points.shape[1]), 30.0, dtype=np.float32)])

    for algorithm in ("dbscan", "hdbscan"):
        found = group_points(points, algorithm=algorithm, count=None, seed=0)
        assert found.labels[-1] == -1
        assert found.memberships[-1].sum() == pytest.approx(1.0)


def test_a_mixture_is_unsure_between_two_bells() -> None:
    points, _ = blobs(2, apart=4.0)
    between = (points[:40].mean(axis=0) + points[-40:].mean(axis=0)) / 2

    found = group_points(
        np.vstack([points, between[None]]).astype(np.float32), algorithm="gaussian mixture", count=2, seed=0
    )

    assert found.memberships[-1].max() < found.memberships[:-1].max(axis=1).mean()


def test_mixtures_and_density_are_learnt_from_a_sample_of_many_points(monkeypatch: pytest.MonkeyPatch) -> None:
    points, truth = blobs(3, each=150)
    for module in ("density", "mixture"):
        monkeypatch.setattr(f"personas.grouping.{module}.LARGEST", 200)
    monkeypatch.setattr("personas.grouping.centres.LARGEST_TREE", 200)
    for algorithm in ("dbscan", "hdbscan", "gaussian mixture", "agglomerative"):
        found = group_points(points, algorithm=algorithm, count=3, seed=0)
        placed = found.labels >= 0
        assert placed.mean() > 0.85
        assert adjusted_rand(found.labels[placed], truth[placed]) == 1.0


def test_ward_on_the_neighbours_of_many_points(monkeypatch: pytest.MonkeyPatch) -> None:
    points, truth = blobs(4)
    monkeypatch.setattr("personas.grouping.centres.EVERY_PAIR", 50)

    found = group_points(points, algorithm="agglomerative", count=4, seed=0)

    assert adjusted_rand(found.labels, truth) == 1.0


def test_unknown_names_and_counts_that_do_not_fit_are_refused() -> None:
    points, _ = blobs(2)
    with pytest.raises(UsageError, match="bisecting k-means, agglomerative, dbscan"):
        group_points(points, algorithm="kmeans", count=2, seed=0)
    with pytest.raises(UsageError, match="0 groups"):
        group_points(points, algorithm="k-means", count=0, seed=0)
    with pytest.raises(UsageError, match="9 groups"):
        group_points(points[:8], algorithm="k-means", count=9, seed=0)
    with pytest.raises(UsageError, match="resolution"):
        group_points(points, algorithm="k-means", count=2, seed=0, resolution=1.0)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_one_group_few_points_and_equal_points(algorithm: str) -> None:
    points, _ = blobs(2)
    one = group_points(points, algorithm=algorithm, count=1, seed=0)
    assert one.count == 1
    assert set(one.labels.tolist()) == {0}
    assert one.memberships.tolist() == [[1.0]] * len(points)
    assert group_points(points[:0], algorithm=algorithm, count=None, seed=0).count == 0
    for rows in (points[:1], points[:3], np.ones((30, 4), dtype=np.float32), np.zeros((30, 4), dtype=np.float32)):
        found = group_points(rows, algorithm=algorithm, count=None, seed=0)
        assert found.labels.shape == (len(rows),)
        assert found.memberships.shape == (len(rows), found.count)


@settings(max_examples=10, deadline=None)
@given(st.sampled_from(ALGORITHMS), st.integers(0, 2**31), st.integers(4, 40), st.integers(1, 6))
def test_labels_are_whole_for_any_points(algorithm: str, seed: int, count: int, width: int) -> None:
    points = np.random.default_rng(seed).standard_normal((count, width)).astype(np.float32)

    found = group_points(points, algorithm=algorithm, count=min(3, count), seed=seed)

    assert found.count <= 3
    assert set(found.labels[found.labels >= 0].tolist()) == set(range(found.count))
    assert np.isfinite(found.memberships).all()

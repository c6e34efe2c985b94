"""What is told of a grouping: criteria, the number of groups, the tree, and whether it returns in what else is said."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.cluster.hierarchy import linkage
from sklearn.metrics import silhouette_score

from personas.grouping import (
    agreement_of_halves,
    choose_count,
    gap_statistic,
    group_points,
    merge_tree,
    prediction_strength,
    score_grouping,
)
from personas.grouping.centres import agglomerate, k_means
from personas.grouping.merging import merge_down
from tests.personas.test_grouping import Points, blobs


def crowd(people: int = 400, width: int = 24, *, longer: float = 1.0, seed: int = 0) -> Points:
    """One homogeneous cloud, `longer` in its first direction."""
    points = np.random.default_rng(seed).standard_normal((people, width))
    points[:, 0] *= longer
    return points.astype(np.float32)


def test_criteria_are_best_for_the_true_groups_and_undefined_where_nothing_is_parted() -> None:
    points, truth = blobs(4)
    right = score_grouping(points, truth, seed=0)
    wrong = score_grouping(points, truth % 2, seed=0)

    assert right.silhouette == pytest.approx(silhouette_score(points, truth, metric="cosine"), abs=1e-6)
    assert right.silhouette is not None
    assert wrong.silhouette is not None
    assert right.silhouette > wrong.silhouette
    assert right.calinski_harabasz is not None
    assert wrong.calinski_harabasz is not None
    assert right.calinski_harabasz > wrong.calinski_harabasz
    assert right.davies_bouldin is not None
    assert wrong.davies_bouldin is not None
    assert right.davies_bouldin < wrong.davies_bouldin
    for labels in (np.zeros_like(truth), np.arange(len(truth)), np.full_like(truth, -1)):
        assert set(score_grouping(points, labels, seed=0).model_dump().values()) == {None}


def test_points_left_out_and_points_outside_the_sample_are_not_scored() -> None:
    points, truth = blobs(3)
    far = np.vstack([points, np.full((5, points.shape[1]), 99.0, dtype=np.float32)])

    assert score_grouping(far, np.append(truth, [-1] * 5), seed=0) == score_grouping(points, truth, seed=0)
    assert score_grouping(points, truth, seed=0, sample=60) == score_grouping(points, truth, seed=0, sample=60)
    assert score_grouping(points, truth, seed=0, sample=60) != score_grouping(points, truth, seed=0)


@pytest.mark.parametrize("groups", [2, 3, 6, 9])
def test_the_number_of_blobs_is_found(groups: int) -> None:
    points, _ = blobs(groups, width=24, apart=4.0, seed=groups)

    choice = choose_count(points, cut=agglomerate, seed=0)

    assert choice.count == groups
    assert [trial.count for trial in choice.trials] == list(range(2, 13))


@pytest.mark.parametrize("longer", [1.0, 4.0])
@pytest.mark.parametrize("algorithm", ["k-means", "agglomerative", "gaussian mixture"])
def test_one_homogeneous_crowd_is_one_group(algorithm: str, longer: float) -> None:
    found = group_points(crowd(longer=longer), algorithm=algorithm, count=None, seed=0)

    assert found.count == 1


def test_prediction_strength_falls_where_groups_are_cut_that_are_not_there() -> None:
    points, _ = blobs(3, width=16)

    assert prediction_strength(points, 1, cut=k_means, seed=0) == 1.0
    assert prediction_strength(points, 3, cut=k_means, seed=0) == 1.0
    assert prediction_strength(points, 5, cut=k_means, seed=0) < 0.8
    assert prediction_strength(crowd(), 2, cut=k_means, seed=0) < 0.8


def test_the_gap_is_largest_at_the_true_number_and_nothing_for_a_crowd() -> None:
    points, _ = blobs(4, width=16)
    gaps = [gap for gap, _ in gap_statistic(points, range(2, 8), cut=k_means, seed=0)]
    assert int(np.argmax(gaps)) == 2
    for longer in (1.0, 6.0):
        for gap, error in gap_statistic(crowd(longer=longer), range(2, 8), cut=k_means, seed=0):
            assert gap < 3 * error


def test_too_few_points_are_one_group() -> None:
    choice = choose_count(crowd(7), cut=k_means, seed=0)

    assert choice.count == 1
    assert "7 points are too few" in choice.reason


def halves(kinds: int, *, people: int = 300, seed: int = 0) -> tuple[Points, Points]:
    """Two halves of what people wrote: each half speaks of one of 5 subjects, a subject of their kind if there are."""
    rng = np.random.default_rng(seed)
    subjects = np.linalg.qr(rng.standard_normal((32, 32)))[0][:5]
    kind = rng.integers(0, 5, people)
    share = 0.8 if kinds > 1 else 0.0
    about = [np.where(rng.random(people) < share, kind, rng.integers(0, 5, people)) for _ in range(2)]
    one, two = (subjects[of] + 0.1 * rng.standard_normal((people, 32)) for of in about)
    return one.astype(np.float32), two.astype(np.float32)


def test_halves_agree_for_kinds_of_people_and_not_for_random_draws_of_one_crowd() -> None:
    one, two = halves(5)
    kinds = group_points(one + two, algorithm="k-means", count=5, seed=0)
    told = agreement_of_halves(one, two, kinds.labels, seed=0)
    assert told.beats_chance
    assert told.agreement > 0.4
    assert told.people == 300
    # The crowd has clear clusters of subjects, of which nothing returns.
    for seed in range(5):
        one, two = halves(1, seed=seed)
        subjects = group_points(one + two, algorithm="k-means", count=5, seed=0)
        assert agreement_of_halves(one, two, subjects.labels, seed=0).agreement < 0.15


def test_halves_of_nobody_tell_nothing() -> None:
    one, two = halves(5)
    told = agreement_of_halves(one * 0, two, np.zeros(300, dtype=np.int64), seed=0)

    assert told.people == 0
    assert not told.beats_chance


def test_the_tree_of_single_points_is_that_of_wards_method() -> None:
    points = crowd(12, 5)
    tree = merge_tree(points, np.arange(12))
    expected = linkage(points.astype(np.float64), "ward")

    assert [(merge.left, merge.right) for merge in tree] == [(int(row[0]), int(row[1])) for row in expected]
    assert np.allclose([merge.distance for merge in tree], expected[:, 2] / np.sqrt(12))
    assert [merge.people for merge in tree] == expected[:, 3].astype(int).tolist()


def test_the_tree_counts_people_and_joins_the_nearest_first() -> None:
    points, truth = blobs(4)
    labels = np.where(np.arange(len(truth)) % 10 == 0, -1, truth)
    tree = merge_tree(points, labels)

    assert len(tree) == 3
    assert tree[-1].people == (labels >= 0).sum()
    distances = [merge.distance for merge in tree]
    assert distances == sorted(distances)
    assert merge_tree(points, np.zeros_like(truth)) == ()


def test_groups_are_joined_down_to_a_count() -> None:
    points, truth = blobs(3)
    fine = truth * 2 + np.arange(len(truth)) % 2
    fine[0] = -1

    joined = merge_down(points, fine, 3)

    assert joined[0] == -1
    assert (joined[1:] == truth[1:]).all()
    assert (merge_down(points, truth, 9) == truth).all()

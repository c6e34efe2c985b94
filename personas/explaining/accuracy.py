"""How well groups can be told apart on people not learned from, against shuffled labels."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from persona_kit.hashing import stable_seed
from personas.counting import wilson_interval
from personas.explaining.columns import Values
from personas.explaining.intervals import mean_share_interval
from personas.explaining.records import GroupRecall, ModelAccuracy, ModelName

FOLDS: Final = 5
"""Parts of the people; each is placed by models fitted on the others. A group needs as many people."""

PERMUTATIONS: Final = 19
FEWEST_PERMUTATIONS: Final = 5
SURE: Final = 0.995
"""With two models, about one grouping of pure chance in a hundred is called better than chance."""

PLAIN: Final = 0.9995
"""From the fewest shuffles on, a value this sure to lie beyond them needs no more of them."""

PENALTY: Final = 0.05
"""Inverse strength of the logistic regression's ridge, on columns of unit variance."""

TREE_DEPTH: Final = 3
LEAF_SHARE: Final = 0.01
LEAST_LEAF: Final = 5

Fit = Callable[[Values, NDArray[np.int64]], "Scores"]


@dataclass(frozen=True)
class Scores:
    """A fitted model."""

    of: Callable[[Values], Values]
    """``(people, columns)`` -> ``(people, groups)``: the strongest counts."""
    groups: NDArray[np.int64]
    weights: Values | None = None
    """``(columns, groups)``: what one more of each column adds to the scores; None where it is not that simple."""

    def place(self, scores: Values) -> NDArray[np.int64]:
        """The group of each person."""
        return np.asarray(self.groups[scores.argmax(axis=1)], dtype=np.int64)


@dataclass(frozen=True)
class Fold:
    """One part of the people and the model that never saw them."""

    held_out: NDArray[np.int64]
    model: Scores


@dataclass(frozen=True)
class Tested:
    """A model's accuracy, and its folds for looking further."""

    accuracy: ModelAccuracy
    folds: tuple[Fold, ...]
    hits: NDArray[np.bool_]
    """``(people,)`` who was placed right while held out."""


def fit_logistic(points: Values, labels: NDArray[np.int64]) -> Scores:
    """Multinomial logistic regression with a ridge, every group weighing the same."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    with warnings.catch_warnings():
        # A fit that has not fully settled still places people, and is judged by how well it does.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = LogisticRegression(C=PENALTY, max_iter=100, tol=1e-2)
        model.fit(points, labels, sample_weight=even_weights(labels))
    weights, offsets, classes = np.asarray(model.coef_), np.asarray(model.intercept_), np.asarray(model.classes_)
    if len(classes) == 2:
        weights, offsets = np.vstack([-weights, weights]), np.concatenate([-offsets, offsets])
    added = np.ascontiguousarray(weights.T)
    return Scores(lambda others: np.asarray(others @ added + offsets), classes, added)


def fit_tree(points: Values, labels: NDArray[np.int64]) -> Scores:
    """A decision tree of at most three questions, every group weighing the same."""
    tree = shallow_tree(len(points)).fit(points, labels, sample_weight=even_weights(labels))
    return Scores(lambda others: np.asarray(tree.predict_proba(others)), np.asarray(tree.classes_))


def even_weights(labels: NDArray[np.int64]) -> Values:
    """``(people,)`` weights that add up to the same for every group, and to the number of people in all."""
    people = np.bincount(labels)
    return np.asarray(len(labels) / ((people > 0).sum() * people[labels]))


def shallow_tree(people: int) -> Any:
    """The tree, not fitted yet; give it the people's weights."""
    from sklearn.tree import DecisionTreeClassifier

    leaf = max(LEAST_LEAF, int(LEAF_SHARE * people))
    return DecisionTreeClassifier(max_depth=TREE_DEPTH, min_samples_leaf=leaf, random_state=0)


MODELS: Final[dict[ModelName, Fit]] = {"logistic regression": fit_logistic, "decision tree": fit_tree}


def split_people(labels: NDArray[np.int64], *, parts: int, seed: int) -> list[NDArray[np.int64]]:
    """The people in parts that hold the same share of every group, as far as whole people allow."""
    rng = np.random.default_rng(seed)
    part = np.empty(len(labels), dtype=np.int64)
    start = 0
    for label in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == label))
        part[members] = (start + np.arange(len(members))) % parts
        start += len(members)
    return [np.flatnonzero(part == at) for at in range(parts)]


def examine_model(points: Values, labels: NDArray[np.int64], name: ModelName, *, seed: int) -> Tested:
    """The model's cross-validated accuracy, and the same after shuffling who is in which group.

    The whole procedure runs again on every shuffle. Shuffling goes on to 19, and ends earlier where five or more leave
    no doubt, or where one does better than the true labels.

    Args:
        points: ``(people, columns)``, see `model_input`.
        labels: ``(people,)`` groups, each of at least `FOLDS` people, at least two of them.
        name: which model.
        seed: of the parts and the shuffles.
    """
    from sklearn import config_context

    parts = split_people(labels, parts=FOLDS, seed=stable_seed(seed, "folds"))
    rng = np.random.default_rng(stable_seed(seed, "shuffles"))
    shuffled: list[float] = []
    floor = _least_spread(labels)
    # Hundreds of small fits: checking the same numbers every time would take longer than the fits.
    with config_context(skip_parameter_validation=True, assume_finite=True):
        folds, hits = _cross_validate(points, labels, MODELS[name], parts)
        value = balanced(hits, labels)
        while not _is_settled(value, shuffled, floor):
            # Shuffling the people's rows keeps the parts stratified, and is the same as shuffling the labels.
            mixed = points[rng.permutation(len(points))]
            shuffled.append(balanced(_cross_validate(mixed, labels, MODELS[name], parts)[1], labels))
    high = _bound(shuffled, SURE, floor)
    accuracy = ModelAccuracy(
        model=name,
        value=value,
        interval=mean_share_interval(*_per_group(hits, labels)),
        chance=float(np.mean(shuffled)),
        chance_high=high,
        permutations=len(shuffled),
        beats_chance=value > high and value > max(shuffled),
    )
    return Tested(accuracy, folds, hits)


def _cross_validate(
    points: Values, labels: NDArray[np.int64], fit: Fit, parts: Sequence[NDArray[np.int64]]
) -> tuple[tuple[Fold, ...], NDArray[np.bool_]]:
    hits = np.zeros(len(labels), dtype=bool)
    folds = []
    for held_out in parts:
        learned = np.ones(len(labels), dtype=bool)
        learned[held_out] = False
        model = fit(points[learned], labels[learned])
        hits[held_out] = model.place(model.of(points[held_out])) == labels[held_out]
        folds.append(Fold(held_out, model))
    return tuple(folds), hits


def _is_settled(value: float, shuffled: Sequence[float], floor: float) -> bool:
    if len(shuffled) < FEWEST_PERMUTATIONS:
        return False
    return len(shuffled) >= PERMUTATIONS or max(shuffled) >= value or value > _bound(shuffled, PLAIN, floor)


def _least_spread(labels: NDArray[np.int64]) -> float:
    """The standard deviation of the balanced accuracy of guessing: that of shuffles is no smaller."""
    people = np.bincount(labels)
    people = people[people > 0]
    guess = 1 / len(people)
    return float(np.sqrt(guess * (1 - guess) * (1 / people).sum()) / len(people))


def _bound(shuffled: Sequence[float], sure: float, floor: float) -> float:
    """What one more shuffle stays below, this surely: the prediction interval of a normal sample.

    Args:
        shuffled: accuracies of the shuffles so far.
        sure: the share of further shuffles that stay below.
        floor: the least standard deviation; a few shuffles can lie close together by luck.
    """
    from scipy.stats import t

    count = len(shuffled)
    spread = max(floor, float(np.std(shuffled, ddof=1))) * float(np.sqrt(1 + 1 / count))
    return min(1.0, float(np.mean(shuffled)) + float(t.ppf(sure, count - 1)) * spread)


def balanced(hits: NDArray[np.bool_] | Values, labels: NDArray[np.int64]) -> float:
    """The mean over groups of the mean over their people."""
    people = np.bincount(labels)
    held = people > 0
    return float((np.bincount(labels, weights=hits)[held] / people[held]).mean())


def _per_group(hits: NDArray[np.bool_], labels: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    people = np.bincount(labels)
    placed = np.bincount(labels[hits], minlength=len(people))
    return placed[people > 0], people[people > 0]


def group_recalls(tested: Tested, labels: NDArray[np.int64], segment_ids: Sequence[str]) -> tuple[GroupRecall, ...]:
    """How many of each group's people the model placed right, in the order of the groups."""
    placed, people = _per_group(tested.hits, labels)
    return tuple(
        GroupRecall(
            segment_id=segment_ids[label],
            people=int(people[at]),
            share=float(placed[at] / people[at]),
            interval=wilson_interval(int(placed[at]), int(people[at])),
        )
        for at, label in enumerate(np.unique(labels))
    )

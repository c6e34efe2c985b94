"""How well groups can be told apart on people not learned from, against guessing."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
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

FEWEST_REPEATS: Final = 4
MOST_REPEATS: Final = 20
"""How often the people are parted anew: what one parting says of a weak signal, the next may not."""

SETTLED: Final = 8.0
"""No more repeats where their number, times how many standard errors lie between the value and the bound, is above."""

SURE: Final = 0.975
"""Of the corrected t-test, for each of two models. The test is careful: groupings of pure chance pass more seldom than
that says, see docs/explaining.md."""

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
    hits: NDArray[np.bool_]
    """Who of `held_out` was placed right."""


@dataclass(frozen=True)
class Tested:
    """A model's accuracy, and its folds for looking further."""

    accuracy: ModelAccuracy
    folds: tuple[Fold, ...]
    """Of the first `FEWEST_REPEATS` repeats: everybody is held out in as many of them."""
    hits: Values
    """``(people,)`` how often each person was placed right while held out, 0..1."""


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
    """The model's accuracy in repeated stratified cross-validation, and whether it is better than guessing.

    Who always says the same group, or guesses, is right in one of the groups: that is what chance gives. The value is
    compared with it by the corrected t-test over all folds of all repeats. The people are parted anew 4 to 20 times,
    more often the nearer the answer is to the bound.

    Args:
        points: ``(people, columns)``, see `model_input`.
        labels: ``(people,)`` groups, each of at least `FOLDS` people, at least two of them.
        name: which model.
        seed: of the parts.
    """
    from sklearn import config_context

    chance = 1 / len(np.unique(labels))
    floor = _least_spread(labels)
    found: list[Fold] = []
    shares: list[float] = []
    hits = np.zeros(len(labels))
    repeats = 0
    # Hundreds of small fits: checking the same numbers every time would take longer than the fits.
    with config_context(skip_parameter_validation=True, assume_finite=True):
        while repeats < FEWEST_REPEATS or not _is_settled(shares, chance, floor):
            parts = split_people(labels, parts=FOLDS, seed=stable_seed(seed, "folds", repeats))
            repeats += 1
            for fold in _cross_validate(points, labels, MODELS[name], parts):
                hits[fold.held_out] += fold.hits
                shares.append(balanced(fold.hits, labels[fold.held_out]))
                if repeats <= FEWEST_REPEATS:
                    found.append(fold)
    hits /= repeats
    value, high = balanced(hits, labels), chance + _least_gain(shares, floor)
    accuracy = ModelAccuracy(
        model=name,
        value=value,
        interval=mean_share_interval(*_per_group(hits, labels)),
        chance=chance,
        chance_high=min(1.0, high),
        repeats=repeats,
        beats_chance=value > high,
    )
    return Tested(accuracy, tuple(found), hits)


def _cross_validate(
    points: Values, labels: NDArray[np.int64], fit: Fit, parts: Sequence[NDArray[np.int64]]
) -> Iterator[Fold]:
    for held_out in parts:
        learned = np.ones(len(labels), dtype=bool)
        learned[held_out] = False
        model = fit(points[learned], labels[learned])
        yield Fold(held_out, model, model.place(model.of(points[held_out])) == labels[held_out])


def _is_settled(shares: Sequence[float], chance: float, floor: float) -> bool:
    """Whether more repeats would hardly change on which side of the bound the mean lies."""
    repeats = len(shares) // FOLDS
    if repeats >= MOST_REPEATS:
        return True
    beyond = abs(float(np.mean(shares)) - chance - _least_gain(shares, floor))
    return repeats * beyond > SETTLED * _standard_error(shares, floor)


def _least_gain(shares: Sequence[float], floor: float) -> float:
    """How far above chance the mean must lie."""
    from scipy.stats import t

    return float(t.ppf(SURE, len(shares) - 1)) * _standard_error(shares, floor)


def _standard_error(shares: Sequence[float], floor: float) -> float:
    """The standard error of the mean over all folds of all repeats, which share most of their people.

    Args:
        shares: balanced accuracy of each fold.
        floor: the least; few folds can lie close together by luck.

    Source:
        Nadeau, Bengio: Inference for the generalization error, Machine Learning 52 (2003): to the share of the variance
        that so many results leave, the people tested over the people learned from are added. For repeated
        cross-validation: Bouckaert, Frank: Evaluating the replicability of significance tests for comparing learning
        algorithms, PAKDD 2004.
    """
    return max(floor, float(np.std(shares, ddof=1)) * float(np.sqrt(1 / len(shares) + 1 / (FOLDS - 1))))


def _least_spread(labels: NDArray[np.int64]) -> float:
    """The standard deviation of the balanced accuracy of guessing."""
    people = np.bincount(labels)
    people = people[people > 0]
    guess = 1 / len(people)
    return float(np.sqrt(guess * (1 - guess) * (1 / people).sum()) / len(people))


def balanced(hits: NDArray[np.bool_] | Values, labels: NDArray[np.int64]) -> float:
    """The mean over groups of the mean over their people."""
    people = np.bincount(labels)
    held = people > 0
    return float((np.bincount(labels, weights=hits)[held] / people[held]).mean())


def _per_group(hits: Values, labels: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """People placed right (the mean over repeats, to the nearest person) and people, of each group."""
    people = np.bincount(labels)
    placed = np.bincount(labels, weights=hits, minlength=len(people))
    return np.rint(placed[people > 0]).astype(np.int64), people[people > 0]


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

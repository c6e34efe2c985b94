"""Readable rules of who is in which group, counted on people they were not learned from.

The people are parted into halves. Rules learned from one half are counted on the other and on nobody else: counting a
rule on the people it was chosen by flatters it, also where it was chosen several times over (docs/explaining.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from personas.counting import Z_95, wilson_interval
from personas.explaining.accuracy import even_weights, shallow_tree, split_people
from personas.explaining.columns import FeatureTable
from personas.explaining.conditions import Atom, Members, condition_record, find_atoms, meets, meets_all
from personas.explaining.intervals import holm
from personas.explaining.records import Rule
from personas.explaining.wording import word_rule

RULES_PER_GROUP = 3
CANDIDATES_PER_GROUP = 4
"""Rules of a group that a half may propose: what is counted on the other half stays few."""

PAIRS_LOOKED_AT = 40
LEAST_PEOPLE = 5
LEAST_LIFT = 1.3
CERTAIN = 0.8
"""A rule that holds for so many is worth telling, however large the group is."""

LONGER_MUST_GAIN = 1.1
"""A rule of more conditions must be worth so many times the best of its shorter ones."""

SURE_GAIN = 3.3
SURE_GAIN_OF_NOT = 4.0
"""Standard errors by which each condition must raise the precision of the others: hundreds are tried. What people did
not do is asked more of: it is true of most, and reads worse."""

SAME_PEOPLE = 0.6
"""Two rules of a group whose people overlap by more (Jaccard) say the same."""

ALPHA = 0.05

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class _Candidate:
    label: int
    atoms: tuple[Atom, ...]
    score: float
    learned_from: int
    """Which half: 0 or 1."""


@dataclass(frozen=True)
class _Counted:
    candidate: _Candidate
    members: Members
    """``(people,)`` who meets the conditions, of both halves."""
    people: int
    inside: int
    group: int
    total: int

    @property
    def p_value(self) -> float:
        """Of so many inside if the conditions had nothing to do with the group."""
        from scipy.stats import hypergeom

        return float(hypergeom.sf(self.inside - 1, self.total, self.group, self.people))


def find_rules(
    features: FeatureTable,
    labels: NDArray[np.int64],
    segment_ids: Sequence[str],
    *,
    seed: int,
    everybody: FeatureTable | None = None,
    column: str | None = None,
) -> tuple[Rule, ...]:
    """The best few rules of each group, by group; groups without a rule that holds on other people have none.

    Args:
        features: the people the rules are learned from and counted on.
        labels: ``(people,)`` the group of each, indices into `segment_ids`.
        segment_ids: names of the groups.
        seed: of the halves.
        everybody: all people, where `features` holds a sample of them.
        column: the column that is explained; None where segments are.
    """
    halves = split_people(labels, parts=2, seed=seed)
    counted = [
        _count(features, labels, candidate, halves[1 - half])
        for half in (0, 1)
        for candidate in _learn(_rows(features, halves[half]), labels[halves[half]], half)
    ]
    if not counted:
        return ()
    corrected = holm(np.array([rule.p_value for rule in counted]))
    holding = [rule for rule, p in zip(counted, corrected, strict=True) if p < ALPHA and _is_worth_telling(rule)]
    chosen = [rule for label in np.unique(labels) for rule in _best_of(holding, int(label))]
    return tuple(_record(rule, features, everybody or features, segment_ids, column) for rule in chosen)


def _rows(features: FeatureTable, rows: NDArray[np.int64]) -> FeatureTable:
    return FeatureTable(columns=features.columns, values=features.values[rows])


def _learn(features: FeatureTable, labels: NDArray[np.int64], half: int) -> Iterator[_Candidate]:
    """The rules that one half of the people proposes."""
    atoms = find_atoms(features)
    met = np.column_stack([meets(features, atom) for atom in atoms]) if atoms else np.zeros((len(labels), 0), bool)
    least = max(LEAST_PEOPLE, len(labels) // 100)
    kept = np.flatnonzero((met.sum(axis=0) >= least) & (met.sum(axis=0) <= 0.95 * len(labels)))
    if not len(kept):
        return
    atoms, met = [atoms[at] for at in kept], met[:, kept]
    branches = _tree_branches(met, labels)
    pairs = _PairTable(atoms, met, labels, least)
    for label in np.unique(labels):
        yield from _propose(pairs, branches.get(int(label), []), int(label), half)


class _PairTable:
    """Every condition and every two of them, and how many of which group meet both."""

    def __init__(self, atoms: Sequence[Atom], met: Members, labels: NDArray[np.int64], least: int) -> None:
        self.atoms, self.met, self.labels, self.least = atoms, met, labels, least
        numbers = met.astype(np.float32)
        self._people = numbers.T @ numbers
        self._numbers = numbers
        column = np.array([atom.column for atom in atoms])
        negative = np.array([atom.negative for atom in atoms])
        same = column[:, None] == column
        self._sure = np.where(negative[:, None] | negative, SURE_GAIN_OF_NOT, SURE_GAIN)
        self._unfit = (same | (negative[:, None] & negative)) & ~np.eye(len(atoms), dtype=bool)

    def scores(self, label: int) -> Numbers:
        """``(conditions, conditions)`` worth of each pair for this group; a single condition stands on the diagonal."""
        mine = self._numbers[self.labels == label]
        inside = (mine.T @ mine).astype(np.float64)
        people = self._people.astype(np.float64)
        scores = _score(inside, people, len(mine), len(self.labels))
        scores[self._unfit | (people < self.least)] = 0.0
        singles = np.diag(scores)
        adds = _gain(inside, people, np.diag(inside)[:, None], np.diag(people)[:, None]) >= self._sure
        fit = adds & adds.T & (scores >= LONGER_MUST_GAIN * np.maximum(singles[:, None], singles))
        return np.where(fit | np.eye(len(scores), dtype=bool), scores, 0.0)

    def score_of(self, branch: tuple[int, ...], label: int) -> float:
        """Worth of more than two conditions for this group; 0 where one of them adds nothing to the others."""
        inside, people = self._counts(branch, label)
        group = int((self.labels == label).sum())
        score = float(_score(inside, people, group, len(self.labels)))
        sure = SURE_GAIN_OF_NOT if any(self.atoms[at].negative for at in branch) else SURE_GAIN
        for left_out in branch:
            shorter = self._counts(tuple(at for at in branch if at != left_out), label)
            enough = LONGER_MUST_GAIN * float(_score(*shorter, group, len(self.labels)))
            if score < enough or float(_gain(inside, people, *shorter)) < sure:
                return 0.0
        return score

    def _counts(self, places: tuple[int, ...], label: int) -> tuple[Numbers, Numbers]:
        members = self.met[:, list(places)].all(axis=1)
        return np.array(float((members & (self.labels == label)).sum())), np.array(float(members.sum()))


def _gain(inside: Numbers, people: Numbers, inside_before: Numbers, people_before: Numbers) -> Numbers:
    """By how many standard errors the precision lies above that of the people whom the last condition leaves out."""
    rest, inside_rest = people_before - people, inside_before - inside
    share = inside_before / np.maximum(people_before, 1.0)
    error = np.sqrt(share * (1 - share) * (1 / np.maximum(people, 1.0) + 1 / np.maximum(rest, 1.0)))
    difference = inside / np.maximum(people, 1.0) - inside_rest / np.maximum(rest, 1.0)
    return np.asarray(difference / np.maximum(error, 1e-9))


def _score(inside: Numbers, people: Numbers, group: int, total: int) -> Numbers:
    """How far the sure precision lies above the group's share, times the root of how much of the group is reached."""
    safe = np.maximum(people, 1.0)
    share = inside / safe
    half = Z_95 * np.sqrt(share * (1 - share) / safe + Z_95**2 / (4 * safe**2))
    low = (share + Z_95**2 / (2 * safe) - half) / (1 + Z_95**2 / safe)
    return np.asarray(np.maximum(0.0, low - group / total) * np.sqrt(inside / max(group, 1)))


def _propose(pairs: _PairTable, branches: Sequence[tuple[int, ...]], label: int, half: int) -> Iterator[_Candidate]:
    scores = pairs.scores(label)
    upper = np.triu(scores)
    order = np.argsort(-upper, axis=None, kind="stable")[:PAIRS_LOOKED_AT]
    found = [(float(upper.flat[at]), tuple(sorted(set(divmod(int(at), len(scores)))))) for at in order]
    for branch in branches:
        found.append((pairs.score_of(branch, label), branch))
    taken: list[Members] = []
    for score, places in sorted(found, key=lambda item: (-item[0], len(item[1]), item[1])):
        members = np.asarray(pairs.met[:, list(places)].all(axis=1))
        if score <= 0 or len(taken) >= CANDIDATES_PER_GROUP:
            break
        if all(_overlap(members, other) <= SAME_PEOPLE for other in taken):
            taken.append(members)
            yield _Candidate(label, tuple(pairs.atoms[at] for at in places), score, half)


def _overlap(first: Members, second: Members) -> float:
    either = int((first | second).sum())
    return int((first & second).sum()) / either if either else 1.0


def _tree_branches(met: Members, labels: NDArray[np.int64]) -> dict[int, list[tuple[int, ...]]]:
    """For each group the branches of a shallow tree over the conditions, where only "yes" was answered.

    A "no" to a condition has a condition of its own, but for people of whom nothing is known.
    """
    tree = shallow_tree(len(labels)).fit(met, labels, sample_weight=even_weights(labels))
    branches: dict[int, list[tuple[int, ...]]] = {}
    for path, counts in _paths(tree.tree_, 0, ()):
        if len(path) > 2:
            branches.setdefault(int(tree.classes_[counts.argmax()]), []).append(tuple(sorted(path)))
    return branches


def _paths(tree: Any, node: int, path: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], NDArray[np.float64]]]:
    if tree.children_left[node] < 0:
        yield path, tree.value[node][0]
        return
    yield from _paths(tree, tree.children_left[node], path)
    yield from _paths(tree, tree.children_right[node], (*path, int(tree.feature[node])))


def _count(
    features: FeatureTable, labels: NDArray[np.int64], candidate: _Candidate, others: NDArray[np.int64]
) -> _Counted:
    members = meets_all(features, candidate.atoms)
    there, mine = members[others], labels[others] == candidate.label
    return _Counted(
        candidate=candidate,
        members=members,
        people=int(there.sum()),
        inside=int((there & mine).sum()),
        group=int(mine.sum()),
        total=len(others),
    )


def _is_worth_telling(rule: _Counted) -> bool:
    if rule.people < LEAST_PEOPLE:
        return False
    precision = rule.inside / rule.people
    return precision >= LEAST_LIFT * rule.group / rule.total or precision >= CERTAIN


def _best_of(rules: Sequence[_Counted], label: int) -> list[_Counted]:
    """The rules of a group, those of the first half before the same of the second, the best learned first."""
    chosen: list[_Counted] = []
    for rule in rules:
        same = any(_overlap(rule.members, other.members) > SAME_PEOPLE for other in chosen)
        if rule.candidate.label == label and not same:
            chosen.append(rule)
    return sorted(chosen, key=lambda rule: -rule.candidate.score)[:RULES_PER_GROUP]


def _record(
    rule: _Counted, features: FeatureTable, everybody: FeatureTable, segment_ids: Sequence[str], column: str | None
) -> Rule:
    atoms = sorted(rule.candidate.atoms, key=lambda atom: (atom.negative, atom.column))
    conditions = tuple(condition_record(features.columns[atom.column], atom) for atom in atoms)
    precision = rule.inside / rule.people
    group = segment_ids[rule.candidate.label]
    text_en, text_zh = word_rule(conditions, precision, group, column=column)
    return Rule(
        segment_id=group,
        text_en=text_en,
        text_zh=text_zh,
        conditions=conditions,
        people=rule.people,
        inside=rule.inside,
        precision=precision,
        interval=wilson_interval(rule.inside, rule.people),
        base=rule.group / rule.total,
        coverage=rule.inside / rule.group if rule.group else 0.0,
        people_in_all=int(meets_all(everybody, rule.candidate.atoms).sum()),
    )

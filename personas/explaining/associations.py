"""What goes with what among all people, whatever their group: association rules with mlxtend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from persona_kit.errors import EnvironmentProblem
from personas.counting import length_strata, wilson_interval
from personas.explaining.columns import FeatureTable
from personas.explaining.conditions import THIRDS, Atom, Members, condition_record, find_atoms, meets
from personas.explaining.intervals import holm
from personas.explaining.records import Association
from personas.explaining.wording import word_association

LEAST_SUPPORT = 0.01
LEAST_PEOPLE = 5
MOST_COMMON = 0.9
"""What is true of more people than this goes with everything."""

LEAST_LIFT = 1.2
SAME_THING = 0.9
"""Two things that are true of the same people (Jaccard) are one thing told twice."""

ALPHA = 0.05
MOST = 20
WRITTEN = ("themes", "words")


Numbers = NDArray[np.float64]
Places = NDArray[np.int64]


@dataclass(frozen=True)
class _Item:
    atom: Atom
    members: Members
    known: Members


@dataclass(frozen=True)
class _Counts:
    """Of each pair, among the people of whom both things are known; the rarer thing comes first."""

    first: Places
    second: Places
    both: Numbers
    people_first: Numbers
    people_second: Numbers
    known: Numbers

    def take(self, chosen: NDArray[np.bool_] | Places) -> _Counts:
        """Some of the pairs."""
        return _Counts(**{one.name: getattr(self, one.name)[chosen] for one in fields(self)})


def find_associations(features: FeatureTable) -> tuple[Association, ...]:
    """The associations that hold after correcting for all that could have been found, strongest first.

    Things of the same column, and things that are true of the same people, are not paired. What people wrote is
    compared among people who wrote about as much: who writes more mentions more of everything.

    Raises:
        EnvironmentProblem: when mlxtend is not installed.
    """
    items = _items(features)
    counts = _telling(features, items, _count(items, *_frequent_pairs(items, len(features.values))))
    if not len(counts.both):
        return ()
    p_values, adjusted = _p_values(counts), np.full(len(counts.both), np.nan)
    if features.written is not None:
        written = np.array([features.columns[item.atom.column].block in WRITTEN for item in items])
        about = written[counts.first] | written[counts.second]
        within = _within_strata(items, counts, length_strata(features.written))
        p_values = np.where(about, np.maximum(p_values, within[0]), p_values)
        adjusted = np.where(about, within[1], np.nan)
    corrected = holm(p_values, tests=_possible_pairs(features, items))
    strength = _strength(counts, adjusted)
    holding = (corrected < ALPHA) & ~(adjusted < LEAST_LIFT)
    order = [at for at in np.argsort(-strength, kind="stable") if holding[at]][:MOST]
    return tuple(_record(features, items, counts, int(at), adjusted[at], corrected[at]) for at in order)


def _items(features: FeatureTable) -> list[_Item]:
    """What can be true of people: every yes, and the lower and upper third of every number."""
    items = []
    for atom in find_atoms(features, cuts=THIRDS, few=3, negations=False):
        members = meets(features, atom)
        known = np.isfinite(features.values[:, atom.column])
        if LEAST_PEOPLE <= members.sum() <= MOST_COMMON * known.sum() and _is_end(atom, members, known):
            items.append(_Item(atom, members, known))
    return items


def _is_end(atom: Atom, members: Members, known: Members) -> bool:
    """Whether a number's condition takes one end of it: up to about half of the people, not all but an end."""
    return atom.comparison == "is" or bool(members.sum() <= 0.55 * known.sum())


def _frequent_pairs(items: Sequence[_Item], people: int) -> tuple[Places, Places]:
    """The pairs that are true of enough people and go together, in the order of the items."""
    none = np.zeros(0, dtype=np.int64)
    if len(items) < 2 or people < LEAST_PEOPLE:
        return none, none
    try:
        import pandas
        from mlxtend.frequent_patterns import apriori, association_rules
    except ImportError as error:
        raise EnvironmentProblem(
            "association rules need mlxtend, which is not installed",
            where=str(error),
            mend="install the extra: pip install 'personas[rules]'",
        ) from error
    table = pandas.DataFrame(np.column_stack([item.members for item in items]))
    # Apriori, not FP-growth: for pairs it is a matrix product, and fifty times as fast.
    frequent = apriori(table, min_support=max(LEAST_SUPPORT, LEAST_PEOPLE / people), max_len=2)
    if frequent.empty:
        return none, none
    # What is not known of some counts as not true here; the exact numbers are counted below.
    rules = association_rules(frequent, metric="lift", min_threshold=1.0)
    sides = zip(rules["antecedents"], rules["consequents"], strict=True)
    found = sorted({(min(*one, *other), max(*one, *other)) for one, other in sides})
    return np.array([a for a, _ in found], dtype=np.int64), np.array([b for _, b in found], dtype=np.int64)


def _count(items: Sequence[_Item], one: Places, other: Places) -> _Counts:
    members, known = _matrices(items)
    both, sizes, total = members.T @ members, members.T @ known, known.T @ known
    swapped = sizes[one, other] > sizes[other, one]
    first, second = np.where(swapped, other, one), np.where(swapped, one, other)
    return _Counts(first, second, both[first, second], sizes[first, second], sizes[second, first], total[first, second])


def _matrices(items: Sequence[_Item], rows: Members | None = None) -> tuple[Numbers, Numbers]:
    """``(people, items)`` twice: of whom it is true, and of whom it is known; 1 and 0."""
    chosen = slice(None) if rows is None else rows
    if not items:
        return np.zeros((0, 0)), np.zeros((0, 0))
    members, known = ([getattr(item, name)[chosen] for item in items] for name in ("members", "known"))
    return np.column_stack(members).astype(np.float64), np.column_stack(known).astype(np.float64)


def _telling(features: FeatureTable, items: Sequence[_Item], counts: _Counts) -> _Counts:
    """The pairs of two different things that go together often enough."""
    origins = [(features.columns[item.atom.column].block, features.columns[item.atom.column].origin) for item in items]
    same = np.array([origins[a] == origins[b] for a, b in zip(counts.first, counts.second, strict=True)], dtype=bool)
    either = counts.people_first + counts.people_second - counts.both
    return counts.take(
        ~same
        & (counts.both <= SAME_THING * either)
        & (counts.both >= np.maximum(LEAST_PEOPLE, LEAST_SUPPORT * counts.known))
        & (counts.both * counts.known >= LEAST_LIFT * counts.people_first * counts.people_second)
    )


def _possible_pairs(features: FeatureTable, items: Sequence[_Item]) -> int:
    """How many pairs of things of different columns there are."""
    sizes: dict[tuple[str, str], int] = {}
    for item in items:
        column = features.columns[item.atom.column]
        sizes[column.block, column.origin] = sizes.get((column.block, column.origin), 0) + 1
    total = len(items)
    return (total * total - sum(size * size for size in sizes.values())) // 2


def _p_values(counts: _Counts) -> Numbers:
    """Fisher's exact test, one-sided: so many together or more, by chance."""
    from scipy.stats import hypergeom

    return np.asarray(hypergeom.sf(counts.both - 1, counts.known, counts.people_first, counts.people_second))


def _within_strata(items: Sequence[_Item], counts: _Counts, strata: Places) -> tuple[Numbers, Numbers]:
    """The same within fifths of how much people wrote: one-sided p-values, and lifts adjusted for it (NaN where none).

    The lift compares with people who lack the first thing.

    Source:
        Mantel, Haenszel: Statistical aspects of the analysis of data from retrospective studies of disease, JNCI 22
        (1959), with the correction for continuity; the ratio as in `personas.counting.mantel_haenszel_ratios`.
    """
    from scipy.stats import norm

    excess, variance, above, below = (np.zeros(len(counts.both)) for _ in range(4))
    for stratum in np.unique(strata):
        members, known = _matrices(items, strata == stratum)
        sizes = members.T @ known
        both = (members.T @ members)[counts.first, counts.second]
        first, second = sizes[counts.first, counts.second], sizes[counts.second, counts.first]
        people = np.maximum((known.T @ known)[counts.first, counts.second], 1.0)
        excess += both - first * second / people
        variance += first * (people - first) * second * (people - second) / (people**2 * np.maximum(people - 1, 1.0))
        above += both * (people - first) / people
        below += (second - both) * first / people
    deviation = (excess - 0.5) / np.sqrt(np.maximum(variance, 1e-12))
    p_values = np.where(variance > 0, norm.sf(deviation), 1.0)
    return p_values, np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0)


def _strength(counts: _Counts, adjusted: Numbers) -> Numbers:
    """How much more often the two go together than alone, sure of it: the low end of the confidence over the share."""
    low = np.array([
        wilson_interval(int(both), int(people)).low
        for both, people in zip(counts.both, counts.people_first, strict=True)
    ])
    return np.fmin(low * counts.known / counts.people_second, adjusted)


def _record(
    features: FeatureTable, items: Sequence[_Item], counts: _Counts, at: int, adjusted: float, p_value: float
) -> Association:
    one, two = (
        condition_record(features.columns[items[place].atom.column], items[place].atom)
        for place in (counts.first[at], counts.second[at])
    )
    both, people, known = (int(numbers[at]) for numbers in (counts.both, counts.people_first, counts.known))
    confidence, share = both / people, float(counts.people_second[at]) / known
    text_en, text_zh = word_association((one,), two, confidence, share)
    return Association(
        text_en=text_en,
        text_zh=text_zh,
        antecedents=(one,),
        consequent=two,
        people=both,
        support=both / known,
        confidence=confidence,
        interval=wilson_interval(both, people),
        share=share,
        lift=confidence / share,
        adjusted_lift=float(adjusted) if np.isfinite(adjusted) else None,
        p_value=float(p_value),
    )

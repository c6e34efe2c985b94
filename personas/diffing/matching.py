"""Which personas of two sets are the same, which split and which merged: by their ids, then by who is in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from personas.diffing.records import ABSENT, OUTSIDE, Flow, PersonaMatch

LEAST_SHARED = 0.5
"""Of each persona's people, those of a pair who must be in both for it to be the same without the same id; and of a
part's people, those who must come from the whole."""

LEAST_PART = 0.2
"""Of a persona's people, those whom a part of a split or a source of a merger must hold: fewer have merely moved."""


@dataclass(frozen=True)
class Crossing:
    """People by place in A and place in B; a place is a persona id, `outside` or `absent`."""

    counts: Mapping[tuple[str, str], int]
    of_a: Mapping[str, int]
    """Place in A -> people of it who are in both runs."""
    of_b: Mapping[str, int]

    def turned(self) -> Crossing:
        """The same, with B before A."""
        return Crossing({(b, a): count for (a, b), count in self.counts.items()}, self.of_b, self.of_a)

    def shared(self, a: str, b: str) -> int:
        """People who were in `a` and are in `b`."""
        return self.counts.get((a, b), 0)

    def flows(self, *, before: str | None = None, after: str | None = None) -> tuple[Flow, ...]:
        """Those from or to a place, most people first."""
        wanted = [
            Flow(before=a, after=b, people=count)
            for (a, b), count in self.counts.items()
            if before in {None, a} and after in {None, b}
        ]
        return tuple(sorted(wanted, key=lambda flow: (-flow.people, flow.before, flow.after)))


def cross(a: Mapping[str, str], b: Mapping[str, str]) -> Crossing:
    """Everybody of either run by place.

    Args:
        a: customer id -> place in A.
        b: customer id -> place in B.
    """
    counts = Counter((place, b.get(customer, ABSENT)) for customer, place in a.items())
    counts.update((ABSENT, place) for customer, place in b.items() if customer not in a)
    of_a: Counter[str] = Counter()
    of_b: Counter[str] = Counter()
    for (before, after), count in counts.items():
        if ABSENT not in {before, after}:
            of_a[before] += count
            of_b[after] += count
    return Crossing(counts, of_a, of_b)


@dataclass(frozen=True)
class Matching:
    """Which personas of two sets belong together."""

    crossing: Crossing | None
    """None where it is not known who is in a persona."""
    same: Mapping[str, tuple[str, PersonaMatch]]
    """Persona of A -> the same one in B, and what tells so."""
    splits: Mapping[str, tuple[str, ...]]
    """Persona of A -> the personas of B it fell into, largest part first."""
    merges: Mapping[str, tuple[str, ...]]
    """Persona of B -> the personas of A it came from."""

    @property
    def stayed(self) -> frozenset[tuple[str, str]]:
        """Pairs of persona ids that are the same persona."""
        return frozenset((one, other) for one, (other, _) in self.same.items())

    @property
    def followed(self) -> frozenset[tuple[str, str]]:
        """Pairs of persona ids of a whole and its part, before and after."""
        split = {(whole, part) for whole, parts in self.splits.items() for part in parts}
        return frozenset(split | {(part, whole) for whole, parts in self.merges.items() for part in parts})


def match_sets(a: Sequence[str], b: Sequence[str], crossing: Crossing | None) -> Matching:
    """Which personas are the same, split or merged.

    Args:
        a: persona ids of A.
        b: persona ids of B.
        crossing: who was and is where; None where that is not known.
    """
    same = match_personas(a, b, crossing)
    if crossing is None:
        return Matching(None, same, {}, {})
    return Matching(crossing, same, find_splits(a, b, crossing), find_splits(b, a, crossing.turned()))


def match_personas(
    a: Sequence[str], b: Sequence[str], crossing: Crossing | None
) -> dict[str, tuple[str, PersonaMatch]]:
    """Persona of A -> the same one in B, and what tells so.

    An id tells, unless both have people who are in both runs and none in common. Without it, half of the people of
    each who are in both runs must be in the other.

    Args:
        a: persona ids of A.
        b: persona ids of B.
        crossing: who was and is where; None where that is not known.
    """
    same: dict[str, tuple[str, PersonaMatch]] = {one: (one, "id") for one in a if one in b and _may_be(one, crossing)}
    if crossing is None:
        return same
    taken = set(same)
    pairs = [
        (crossing.shared(one, other) / _either(crossing, one, other), one, other)
        for one in a
        for other in b
        if one not in same and other not in taken and _mostly_shared(crossing, one, other)
    ]
    for _, one, other in sorted(pairs, key=lambda pair: (-pair[0], pair[1], pair[2])):
        if one not in same and other not in taken:
            same[one] = (other, "people")
            taken.add(other)
    return same


def _may_be(persona_id: str, crossing: Crossing | None) -> bool:
    if crossing is None or not crossing.of_a.get(persona_id) or not crossing.of_b.get(persona_id):
        return True
    return crossing.shared(persona_id, persona_id) > 0


def _mostly_shared(crossing: Crossing, one: str, other: str) -> bool:
    shared = crossing.shared(one, other)
    return shared > 0 and shared >= LEAST_SHARED * max(crossing.of_a[one], crossing.of_b[other])


def _either(crossing: Crossing, one: str, other: str) -> int:
    return crossing.of_a[one] + crossing.of_b[other] - crossing.shared(one, other)


def find_splits(a: Sequence[str], b: Sequence[str], crossing: Crossing) -> dict[str, tuple[str, ...]]:
    """Persona of A -> the personas of B it fell into, most people first.

    A part comes mostly from the whole, and holds at least a fifth of it; there are two parts or more, and together they
    hold most of it. Mergers are the splits of the turned crossing.
    """
    splits = {}
    for whole in a:
        people = crossing.of_a.get(whole, 0)
        parts = [
            part
            for part in b
            if (shared := crossing.shared(whole, part))
            and shared >= LEAST_PART * people
            and shared >= LEAST_SHARED * crossing.of_b[part]
        ]
        if len(parts) >= 2 and sum(crossing.shared(whole, part) for part in parts) >= LEAST_SHARED * people:
            splits[whole] = tuple(sorted(parts, key=lambda part: (-crossing.shared(whole, part), part)))
    return splits


def groupings_agree(a: Mapping[str, str], b: Mapping[str, str]) -> float | None:
    """Adjusted Rand index over the people who are in a persona in both; None where either has them all in one.

    Args:
        a: customer id -> place in A.
        b: customer id -> place in B.
    """
    import numpy as np

    from personas.communities import adjusted_rand

    pairs = [(place, b[customer]) for customer, place in a.items() if customer in b]
    pairs = [pair for pair in pairs if OUTSIDE not in pair]
    if len({one for one, _ in pairs}) < 2 or len({other for _, other in pairs}) < 2:
        return None
    _, first = np.unique([one for one, _ in pairs], return_inverse=True)
    _, second = np.unique([other for _, other in pairs], return_inverse=True)
    return adjusted_rand(first.astype(np.int64), second.astype(np.int64))

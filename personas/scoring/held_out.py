"""How often a person, left out while the segments are made, goes to their own persona all the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from personas.assigning.records import SegmentModel
from personas.segmentation.grouping import Grouping


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """Members of a persona who were left out of it, and then went to the nearest."""

    right: int = 0
    """To their own."""
    tested: int = 0
    chance: float = 0.0
    """Share that would land right if where people go had nothing to do with where they belong."""

    def __add__(self, other: HeldOut) -> HeldOut:
        """Both together."""
        tested = self.tested + other.tested
        hits = self.chance * self.tested + other.chance * other.tested
        return HeldOut(right=self.right + other.right, tested=tested, chance=hits / tested if tested else 0.0)


def held_out_members(grouping: Grouping, model: SegmentModel, persona_ids: Mapping[str, str]) -> dict[str, HeldOut]:
    """What became of the members of each persona, by its id; without those of whom nobody was tested.

    Segments that were found are found anew without a fifth of the people, ten times, and each of the fifth goes to the
    nearest (`personas.segmentation.settling`). Segments that a column makes are what they are: there each person is
    left out of the middle of their own segment only, and goes to the nearest middle by what they wrote.

    Args:
        grouping: of the run.
        model: the centres of the run's segments, in the words' own space.
        persona_ids: segment id -> persona id.
    """
    found = _without_a_fifth(grouping, model) if grouping.held_out is not None else _left_out_alone(model)
    return {persona_ids[at]: one for at, one in found.items() if at in persona_ids and one.tested}


def _without_a_fifth(grouping: Grouping, model: SegmentModel) -> dict[str, HeldOut]:
    """A person who was left out of several samples counts each time."""
    assert grouping.held_out is not None
    found = {}
    for space in model.spaces:
        own = [int(one.segment_id.removeprefix("s")) - 1 for one in space.segments]
        placed = grouping.held_out[np.ix_(own, own)]
        if len(own) > 1 and placed.any():
            # A segment that draws nearly everybody gets nearly all of its own people by that alone.
            drawn = placed.sum(axis=0) / placed.sum()
            for at, one in enumerate(space.segments):
                tested = int(placed[at].sum())
                found[one.segment_id] = HeldOut(right=int(placed[at, at]), tested=tested, chance=float(drawn[at]))
    return found


def _left_out_alone(model: SegmentModel) -> dict[str, HeldOut]:
    found: dict[str, HeldOut] = defaultdict(HeldOut)
    for space in model.spaces:
        for one in space.segments if len(space.segments) > 1 else ():
            found[one.segment_id] += HeldOut(right=one.right_unseen, tested=one.tested, chance=1 / len(space.segments))
    return found

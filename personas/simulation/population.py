"""Who there is: the segments, their sizes, how much everybody writes, and which values rise or fall."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from random import Random
from typing import Literal

from personas.simulation.material import Archetype, Value, World, load_world, world_names
from personas.simulation.options import SimulationOptions

Direction = Literal["rising", "falling", "steady"]

OFF_TOPIC = -1
"""The segment's place of those who write of something else."""

SPREAD_OF_DOCUMENTS = 0.8
"""Standard deviation of the logarithm of how much people write: a tenth of them writes a third of everything."""

MIXED_VALUES = 12
"""How many values a homogeneous population voices."""

TRENDING = 2
"""How many values rise, and how many fall, where there are segments enough."""

COMMON_CHANCE = 0.05
"""How many people hold a common value that says nothing of their segment."""


@dataclass(frozen=True)
class PlannedSegment:
    """A segment and how likely its people hold each of its values."""

    key: str
    archetype: Archetype | None
    """None for the one population of a corpus without segments."""
    chances: tuple[tuple[Value, float], ...]


@dataclass(frozen=True)
class Plan:
    """What holds for the whole simulation; each person is made from it alone, and so can be made at any time."""

    options: SimulationOptions
    world: World
    segments: tuple[PlannedSegment, ...]
    segment_of: list[int]
    """Place of each person's segment, or `OFF_TOPIC`."""
    documents_of: list[int]
    """How many documents each person writes."""
    first_document: list[int]
    """The number of each person's first document."""
    directions: dict[str, Direction]
    """Values that rise or fall over the year."""

    @cached_property
    def _elsewhere(self) -> dict[str, tuple[Value, ...]]:
        own = {segment.key: segment.archetype.values if segment.archetype else () for segment in self.segments}
        return {key: tuple(value for other in own if other != key for value in own[other]) for key in own}

    @cached_property
    def copying(self) -> float:
        """Chance that a document which is not somebody's first repeats an earlier one."""
        later = 1 - self.options.people / self.options.size
        return min(0.95, self.options.duplicates / later) if later else 0.0

    def voiced_elsewhere(self, segment: PlannedSegment | None) -> tuple[Value, ...]:
        """What people of the other segments voice."""
        return self._elsewhere[segment.key] if segment else ()

    def random(self, index: int, what: str) -> Random:
        """The numbers of one person for one purpose; nobody else's depend on them."""
        return Random(f"{self.options.seed}/{self.world.key}/{index}/{what}")


def plan_population(options: SimulationOptions) -> Plan:
    """The plan that the options and their seed give."""
    names = world_names()
    world = load_world(options.world or names[Random(f"{options.seed}/world").randrange(len(names))])
    random = Random(f"{options.seed}/{world.key}/population")
    segments = _mixture(world, random) if options.segments == 1 else _segments(world, options.segments, random)
    documents = _documents(options.people, options.size, random)
    return Plan(
        options=options,
        world=world,
        segments=segments,
        segment_of=_places(options, len(segments), random),
        documents_of=documents,
        first_document=[0, *accumulate(documents[:-1])],
        directions=_directions(segments, random),
    )


def _segments(world: World, count: int, random: Random) -> tuple[PlannedSegment, ...]:
    chosen = sorted(random.sample(range(len(world.archetypes)), count))
    return tuple(_planned(world, world.archetypes[place], random) for place in chosen)


def _planned(world: World, archetype: Archetype, random: Random) -> PlannedSegment:
    own = [(value, random.uniform(0.55, 0.9)) for value in archetype.values]
    shared = [(value, archetype.common.get(value.key, COMMON_CHANCE)) for value in world.common]
    return PlannedSegment(archetype.key, archetype, (*own, *shared))


def _mixture(world: World, random: Random) -> tuple[PlannedSegment, ...]:
    everything = [value for archetype in world.archetypes for value in archetype.values]
    chosen = sorted(random.sample(range(len(everything)), MIXED_VALUES))
    shared = [(value, COMMON_CHANCE) for value in world.common]
    return (PlannedSegment("everybody", None, (*((everything[place], 1.0) for place in chosen), *shared)),)


def _places(options: SimulationOptions, count: int, random: Random) -> list[int]:
    """Each person's segment: of uneven sizes, the largest about twice the smallest, in random order."""
    aside = min(round(options.off_topic * options.people), options.people - count)
    weights = [random.uniform(1.0, 2.2) for _ in range(count)]
    left = options.people - aside - count
    sizes = [1 + int(left * weight / sum(weights)) for weight in weights]
    for extra in range(options.people - aside - sum(sizes)):
        sizes[extra % count] += 1
    places = [place for place, size in enumerate(sizes) for _ in range(size)] + [OFF_TOPIC] * aside
    random.shuffle(places)
    return places


def _documents(people: int, size: int, random: Random) -> list[int]:
    """How many documents each person writes: at least one, heavy-tailed, `size` in all."""
    weights = [random.lognormvariate(0.0, SPREAD_OF_DOCUMENTS) for _ in range(people)]
    scale = size / sum(weights)
    counts = [max(1, round(weight * scale)) for weight in weights]
    surplus = sum(counts) - size
    while surplus:
        place = random.randrange(people)
        if surplus < 0 or counts[place] > 1:
            counts[place] += 1 if surplus < 0 else -1
            surplus += 1 if surplus < 0 else -1
    return counts


def _directions(segments: tuple[PlannedSegment, ...], random: Random) -> dict[str, Direction]:
    """At most one value of a segment has a direction: it moves against the others of its people."""
    if segments[0].archetype is None:
        own = [value.key for value, chance in segments[0].chances if chance == 1.0]
        chosen = random.sample(own, 2 * TRENDING)
    else:
        places = random.sample(range(len(segments)), min(2 * TRENDING, len(segments)))
        chosen = [random.choice(_own(segments[place])).key for place in places]
    return {key: "rising" if at % 2 == 0 else "falling" for at, key in enumerate(chosen)}


def _own(segment: PlannedSegment) -> tuple[Value, ...]:
    return segment.archetype.values if segment.archetype else ()

"""What simulated people say: the material is whole, varied, and refused where it is broken."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personas.attributes import load_schema
from personas.simulation import world_names
from personas.simulation.grammar import Phrasing, expand, parse, slots_of
from personas.simulation.material import load_world

WORLDS = [(world, language) for world in world_names() for language in ("en", "zh")]


@pytest.mark.parametrize(("world", "language"), WORLDS)
def test_the_material_is_whole(world: str, language: Any) -> None:
    made = load_world(world)
    wording = made.wording[language]
    assert len(made.archetypes) == 10
    assert set(wording.say) == set(made.values)
    assert all(len(set(phrasings)) == len(phrasings) >= 6 for phrasings in wording.say.values())
    assert all(len(words) >= 2 for words in wording.words.values())
    assert set(wording.scenes) == {archetype.key for archetype in made.archetypes}
    assert {value.attribute for value in made.values.values()} <= set(wording.questions) & set(load_schema(None).keys)
    plans = {entry["en"] for entry in made.tables["plans"]}
    assert {archetype.plan for archetype in made.archetypes} == plans
    known = {"topic", "fact", "datum", *wording.pools}
    groups = [*wording.say.values(), *wording.scenes.values(), *wording.lists.values(), *wording.pools.values()]
    assert set().union(*(slots_of(phrasing) for lines in groups for phrasing in lines)) <= known
    for archetype in made.archetypes:
        assert set(archetype.common) <= {value.key for value in made.common}


@pytest.mark.parametrize(("world", "language"), WORLDS)
def test_values_are_seldom_said_in_their_obvious_words(world: str, language: Any) -> None:
    """What would let a word list find them."""
    made = load_world(world)
    wording = made.wording[language]
    plain = 0
    total = 0
    for key, phrasings in wording.say.items():
        for phrasing in phrasings:
            text = expand(phrasing, Random(0), wording.pools).lower()
            plain += any(word.lower() in text for word in wording.words[key])
            total += 1
    assert plain / total < 0.08


def test_choices_and_slots() -> None:
    phrasing = parse("a [b|c [d|]] {e}")
    assert slots_of(phrasing) == {"e"}
    pools = {"e": (parse("[f|g]"),)}
    said = {expand(phrasing, Random(seed), pools) for seed in range(60)}
    assert said == {f"a {middle} {end}" for middle in ("b", "c d", "c ") for end in "fg"}


@pytest.mark.parametrize("wrong", ["a [b", "a ] b", "a | b", "a {B}", "a } b"])
def test_broken_phrasings_are_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"bracket|brace"):
        parse(wrong)


@given(st.text(alphabet="ab c,.é中", max_size=30))
def test_plain_text_is_its_own_phrasing(text: str) -> None:
    phrasing: Phrasing = parse(text)
    assert expand(phrasing, Random(0), {}) == text

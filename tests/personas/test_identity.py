"""Persona ids survive runs as long as at least half of the people stay."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personas.identity import FILE_NAME, assign_persona_ids, load_previous, save_current


def people(start: int, stop: int) -> list[str]:
    return [f"u{n}" for n in range(start, stop)]


def test_half_of_the_members_keep_the_id() -> None:
    previous = {"p-old": people(0, 10)}

    assert assign_persona_ids({"s1": people(5, 15)}, previous) == {"s1": "p-old"}
    assert assign_persona_ids({"s1": people(6, 16)}, previous)["s1"] != "p-old"


def test_an_id_is_given_once() -> None:
    previous = {"p-old": people(0, 10)}
    ids = assign_persona_ids({"s1": people(0, 6), "s2": people(6, 10)}, previous)

    assert ids["s1"] == "p-old"
    assert ids["s2"] not in {"p-old", ids["s1"]}


def test_each_segment_continues_the_persona_it_shares_most_with() -> None:
    previous = {"p-a": people(0, 10), "p-b": people(10, 20)}
    ids = assign_persona_ids({"s1": people(9, 20), "s2": people(0, 9)}, previous)

    assert ids == {"s1": "p-b", "s2": "p-a"}


def test_a_new_persona_is_named_after_its_people() -> None:
    first = assign_persona_ids({"s1": people(0, 5)}, {})
    second = assign_persona_ids({"s7": list(reversed(people(0, 5)))}, {})

    assert first["s1"] == second["s7"]
    assert assign_persona_ids({"s1": people(0, 6)}, {})["s1"] != first["s1"]


def test_the_same_people_twice_get_different_ids() -> None:
    ids = assign_persona_ids({"s1": people(0, 5), "s2": people(0, 5)}, {})

    assert len(set(ids.values())) == 2


@given(
    st.lists(st.lists(st.integers(0, 30), min_size=1, max_size=8, unique=True), max_size=6),
    st.lists(st.lists(st.integers(0, 30), min_size=1, max_size=8, unique=True), max_size=6),
)
def test_every_segment_gets_an_id_of_its_own(before: list[list[int]], now: list[list[int]]) -> None:
    previous = {f"p-{at}": [f"u{n}" for n in group] for at, group in enumerate(before)}
    members = {f"s{at}": [f"u{n}" for n in group] for at, group in enumerate(now)}
    ids = assign_persona_ids(members, previous)

    assert set(ids) == set(members)
    assert len(set(ids.values())) == len(members)


def test_what_is_kept_is_found_again(tmp_path: Path) -> None:
    members = {"s1": people(0, 4), "s2": ["客户一"]}
    save_current(tmp_path, {"s1": "p-a", "s2": "p-b"}, members)

    assert load_previous(tmp_path) == {"p-a": people(0, 4), "p-b": ["客户一"]}


@pytest.mark.parametrize("damaged", ["", "{", "[1, 2]", "null"])
def test_a_damaged_memory_is_no_memory(tmp_path: Path, damaged: str) -> None:
    assert load_previous(tmp_path) == {}
    (tmp_path / FILE_NAME).write_text(damaged, encoding="utf-8")
    assert load_previous(tmp_path) == {}

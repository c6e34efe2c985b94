"""JSON by lines: nothing lost, and a changed entry changes one line."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as some

from eval.line_json import dump_lines

JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.text(),
    lambda inner: some.lists(inner) | some.dictionaries(some.text(), inner),
)


@given(JSON, some.integers(0, 4))
def test_every_value_comes_back(value: object, levels: int) -> None:
    assert json.loads(dump_lines(value, levels=levels)) == value


def test_entries_of_the_outer_levels_stand_on_lines_of_their_own() -> None:
    value = {"a": 1, "texts": {"x": "盖子", "y": [1, 2]}, "empty": {}}
    assert dump_lines(value, levels=2) == (
        '{\n "a": 1,\n "texts": {\n  "x": "盖子",\n  "y": [1, 2]\n },\n "empty": {}\n}\n'
    )
    assert dump_lines(value, levels=1).splitlines()[2] == ' "texts": {"x": "盖子", "y": [1, 2]},'
    assert dump_lines(value, levels=0).count("\n") == 1

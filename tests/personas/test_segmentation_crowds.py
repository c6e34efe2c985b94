"""A crowd without kinds of people is one group, however it is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from persona_kit.progress import Silent
from persona_kit.workspace import Workspace
from personas.segmentation import Grouping, segment_people
from personas.simulation import SimulationOptions, simulate, write_simulation
from personas.themes import find_themes
from retrieval.corpus import build_corpus
from retrieval.reading import ReadOptions, read_documents


def group_crowd(folder: Path, **options: Any) -> Grouping:
    """The grouping of a simulated crowd in which everybody draws from the same mix."""
    crowd = simulate(SimulationOptions.model_validate({"segments": 1, **options}))
    source = write_simulation(crowd, folder)["documents.jsonl"]
    reading = read_documents([str(source)], ReadOptions(), progress=Silent())
    with Workspace.open(folder / "workspace") as workspace:
        corpus = build_corpus(reading, embedder="auto", workspace=workspace, progress=Silent(), max_chars=200)
        return segment_people(corpus, find_themes(corpus, seed=0), segments=None, seed=0)


@pytest.mark.parametrize("seed", [14, 18])
def test_a_crowd_without_kinds_is_one_group_and_says_so(seed: int, tmp_path: Path) -> None:
    # The two of 32 crowds whose way of writing tells a little of people: five and eight segments, returning at 0.3.
    grouping = group_crowd(tmp_path, seed=seed, language="zh")

    assert grouping.count == 1
    assert grouping.reason.startswith("one group: ")
    drawn = [one for one in grouping.candidates if one.stability is not None]
    assert len(drawn) > 5
    assert not any(one.chosen for one in grouping.candidates)
    # Ways that make one group, or more than may be, were not drawn anew: nothing is told of how far they return.
    assert {one.segments for one in grouping.candidates if one.stability is None} <= {1, *range(13, 300)}

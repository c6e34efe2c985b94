"""Chroma written beside the run: the same index as when it is written at once, and nothing lost when it is stopped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from persona_kit.errors import OutputError
from persona_kit.progress import Silent
from persona_kit.workspace import Workspace
from retrieval.corpus import build_corpus
from retrieval.index import PassageIndex
from retrieval.indexing import BackgroundIndexing, IndexPart
from tests.personas.corpora import make_document


class _Reading:
    documents = tuple(
        make_document(f"d{number}", f"The brewer number {number} loses the app every morning.") for number in range(40)
    )


def _part(count: int = 30) -> IndexPart:
    vectors = np.eye(8, dtype=np.float32)[np.arange(count) % 8]
    return IndexPart(
        embedder="hash",
        fingerprint="hash-8-test",
        dimension=8,
        passage_ids=[f"p{number}" for number in range(count)],
        vectors=vectors,
    )


def test_a_corpus_indexed_beside_the_run_holds_every_passage(tmp_path: Path) -> None:
    with Workspace.open(tmp_path / "ws") as workspace:
        corpus = build_corpus(_Reading(), embedder="hash", workspace=workspace, progress=Silent(), background=True)
        assert corpus.indexing is not None
        assert corpus.indexing.wait() == {"indexed": len(corpus.passages), "removed": 0}
        (space,) = corpus.spaces
        ids = [passage.passage_id for passage in corpus.passages]
        assert np.allclose(space.index.vectors(ids), space.vectors, atol=1e-6)
    assert not list((tmp_path / "ws").glob(".indexing-*"))


def test_a_writer_that_is_stopped_is_completed_by_the_next(tmp_path: Path) -> None:
    chroma = tmp_path / "chroma"
    stopped = BackgroundIndexing(chroma, [_part()])
    stopped.start()
    stopped.stop()
    BackgroundIndexing(chroma, [_part()]).wait()
    index = PassageIndex.open(chroma, embedder="hash", dimension=8, fingerprint="hash-8-test")
    assert index.ids() == {f"p{number}" for number in range(30)}
    assert not list(tmp_path.glob(".indexing-*"))


def test_a_writer_that_fails_says_so(tmp_path: Path) -> None:
    chroma = tmp_path / "chroma"
    chroma.write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises(OutputError):
        BackgroundIndexing(chroma, [_part()]).wait()

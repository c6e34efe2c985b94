from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from persona_kit.errors import OutputError
from retrieval.index import PassageIndex, drop_stale_fits


def unit_vectors(count: int, dimension: int = 8, seed: int = 0) -> NDArray[np.float32]:
    vectors = np.random.default_rng(seed).standard_normal((count, dimension)).astype(np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def open_index(
    path: Path, *, fingerprint: str = "hash-1-8", dimension: int = 8, embedder: str = "hash"
) -> PassageIndex:
    return PassageIndex.open(path, embedder=embedder, dimension=dimension, fingerprint=fingerprint)


def test_vectors_come_back_as_they_went_in(tmp_path: Path) -> None:
    vectors = unit_vectors(5)
    index = open_index(tmp_path)
    assert index.sync(list("abcde"), vectors) == (5, 0)
    assert np.allclose(index.vectors(["d", "a"]), vectors[[3, 0]], atol=1e-6)
    with pytest.raises(KeyError):
        index.vectors(["a", "nobody"])
    assert index.vectors([]).shape == (0, 8)


def test_only_what_is_missing_is_written_and_what_is_gone_is_deleted(tmp_path: Path) -> None:
    vectors = unit_vectors(4)
    index = open_index(tmp_path)
    index.sync(["a", "b", "c"], vectors[:3])
    assert index.sync(["a", "b", "c"], vectors[:3]) == (0, 0)
    assert open_index(tmp_path).sync(["b", "c", "d"], vectors[1:]) == (1, 1)
    assert index.ids() == {"b", "c", "d"}
    assert index.sync([], np.zeros((0, 8), dtype=np.float32)) == (0, 3)
    assert index.ids() == set()


def test_stopped_half_way_the_next_run_completes_it(tmp_path: Path) -> None:
    vectors = unit_vectors(2_500)
    ids = [f"p{row:05d}" for row in range(2_500)]
    seen: list[int] = []

    def interrupt(count: int) -> None:
        seen.append(count)
        if sum(seen) >= 1_000:
            raise KeyboardInterrupt

    index = open_index(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        index.sync(ids, vectors, on_batch=interrupt)
    assert len(index.ids()) == 1_000
    assert index.sync(ids, vectors) == (1_500, 0)
    assert np.allclose(index.vectors(ids), vectors, atol=1e-6)


def test_a_folder_that_was_deleted_meanwhile_is_made_again(tmp_path: Path) -> None:
    """Chroma's old connections lead to the deleted file, its new ones to an empty one: seen on a busy machine."""
    vectors = unit_vectors(3)
    for _ in range(3):
        index = open_index(tmp_path / "index")
        assert index.sync(["a", "b", "c"], vectors) == (3, 0)
        assert open_index(tmp_path / "index").ids() == {"a", "b", "c"}
        shutil.rmtree(tmp_path / "index")


def test_query_is_cosine_and_can_be_restricted(tmp_path: Path) -> None:
    vectors = np.eye(4, 8, dtype=np.float32)
    index = open_index(tmp_path)
    index.sync(["a", "b", "c", "d"], vectors)
    aim = vectors[0] + 0.5 * vectors[1]
    found = index.query(aim, limit=2)
    assert [key for key, _ in found] == ["a", "b"]
    assert [distance for _, distance in found] == pytest.approx([1 - 1 / 1.25**0.5, 1 - 0.5 / 1.25**0.5], abs=1e-5)
    assert [key for key, _ in index.query(aim, limit=3, within=["b", "d"])] == ["b", "d"]
    assert index.query(aim, limit=3, within=[]) == []
    assert index.query(aim, limit=0) == []


def test_ties_go_by_id(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    index.sync(["z", "m", "a"], np.repeat(unit_vectors(1), 3, axis=0))
    assert [key for key, _ in index.query(unit_vectors(1)[0], limit=3)] == ["a", "m", "z"]


def test_each_embedder_has_a_collection_of_its_own(tmp_path: Path) -> None:
    first = open_index(tmp_path)
    first.sync(["a"], unit_vectors(1))
    second = open_index(tmp_path, fingerprint="other-1", dimension=4, embedder="other")
    second.sync(["b"], unit_vectors(1, 4))
    assert (first.ids(), second.ids()) == ({"a"}, {"b"})


def test_an_index_of_another_embedder_is_refused(tmp_path: Path) -> None:
    open_index(tmp_path)
    with pytest.raises(OutputError, match="dimension is 8, not 16") as caught:
        open_index(tmp_path, dimension=16)
    assert "delete the workspace" in caught.value.mend
    with pytest.raises(OutputError, match="embedder is 'hash', not 'wordllama'"):
        open_index(tmp_path, embedder="wordllama")


def test_chroma_holds_no_text_and_no_metadata_of_passages(tmp_path: Path) -> None:
    import chromadb
    from chromadb.config import Settings

    open_index(tmp_path).sync(["a"], unit_vectors(1))
    client = chromadb.PersistentClient(path=str(tmp_path), settings=Settings(anonymized_telemetry=False))
    (collection,) = client.list_collections()
    assert collection.metadata == {"embedder": "hash", "dimension": 8, "fingerprint": "hash-1-8"}
    held = collection.get(include=["documents", "metadatas"])
    assert [*(held["documents"] or ()), *(held["metadatas"] or ())] == [None, None]
    assert collection.configuration_json["hnsw"]["space"] == "cosine"


def test_collections_of_earlier_fits_are_dropped(tmp_path: Path) -> None:
    for fingerprint in ("lsa-1", "lsa-2", "hash-1-8"):
        open_index(tmp_path, fingerprint=fingerprint).sync(["a"], unit_vectors(1))
    drop_stale_fits(tmp_path, keep="lsa-2")
    assert open_index(tmp_path, fingerprint="lsa-1").ids() == set()
    assert open_index(tmp_path, fingerprint="lsa-2").ids() == {"a"}
    assert open_index(tmp_path).ids() == {"a"}


def test_zero_vectors_are_kept(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    index.sync(["a", "zero"], np.vstack([unit_vectors(1), np.zeros((1, 8), dtype=np.float32)]))
    assert index.ids() == {"a", "zero"}
    assert not index.vectors(["zero"]).any()
    assert index.query(unit_vectors(1)[0], limit=1)[0][0] == "a"


def test_a_folder_that_cannot_be_used_is_an_output_error(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("x", encoding="utf-8")
    with pytest.raises(OutputError, match="Chroma"):
        open_index(blocked)

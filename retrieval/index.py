"""The vectors in Chroma: the only module that talks to chromadb.

Chroma holds ids and vectors and nothing else: the words live in `retrieval.text_of_record`, which makes writing two to
four times as fast and keeps customers' text out of Chroma's log, where a deletion would leave it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from persona_kit.errors import OutputError

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

_BATCH: Final = 1_000
"""Ids per call: larger ones are no faster, and between two of them a run can be stopped."""

EF_CONSTRUCTION: Final = 60
"""Candidates looked at for a new vector's links. Chroma's default of 100 takes a third more processor time and finds
0.999 of the nearest 20 of Banking77's sentences, this 0.998; what is found is ranked again by exact cosine."""

_LOOKUP: Final = 10_000

_PREFIX: Final = "passages-"
_DATABASE: Final = "chroma.sqlite3"
"""What Chroma names its file."""


class PassageIndex:
    """The collection of one embedder's passage vectors, in cosine space.

    Open it with `PassageIndex.open`, only while the workspace's lock is held.
    """

    def __init__(self, collection: Collection, *, dimension: int, batch: int, where: Path) -> None:
        self._collection = collection
        self._dimension = dimension
        self._batch = batch
        self._where = where

    @classmethod
    def open(cls, path: Path, *, embedder: str, dimension: int, fingerprint: str) -> PassageIndex:
        """The collection for this embedder in the Chroma folder, made where it is missing.

        Raises:
            OutputError: when Chroma cannot use the folder, or the collection was made by another embedder.
        """
        expected = {"embedder": embedder, "dimension": dimension, "fingerprint": fingerprint}
        with _ChromaErrors(path):
            client = _client(path)
            collection = client.get_or_create_collection(
                _PREFIX + fingerprint,
                embedding_function=None,
                # One thread adds as fast as several, and leaves the other cores to the run.
                configuration={"hnsw": {"space": "cosine", "num_threads": 1, "ef_construction": EF_CONSTRUCTION}},
                metadata=expected,
            )
        _refuse_other_embedder(collection, expected, path)
        return cls(collection, dimension=dimension, batch=min(_BATCH, client.get_max_batch_size()), where=path)

    def ids(self) -> set[str]:
        """The ids of every passage in the collection."""
        with _ChromaErrors(self._where):
            return set(self._collection.get(include=[])["ids"])

    def sync(
        self,
        passage_ids: Sequence[str],
        vectors: NDArray[np.float32],
        *,
        on_batch: Callable[[int], None] | None = None,
    ) -> tuple[int, int]:
        """Makes the collection hold exactly these passages; how many were added and deleted.

        What is there already is not written again: an id stands for its text, so its vector cannot have changed. A run
        that was stopped half-way is completed by the next one.

        Shapes: vectors (len(passage_ids), dimension) float32.

        Args:
            passage_ids: distinct ids.
            vectors: a row for each id.
            on_batch: told how many more passages are in, after each batch; what it raises stops the writing.

        Raises:
            OutputError: when Chroma cannot write.
        """
        held = self.ids()
        gone = sorted(held.difference(passage_ids))
        missing = [row for row, passage_id in enumerate(passage_ids) if passage_id not in held]
        report = on_batch or (lambda _: None)
        report(len(passage_ids) - len(missing))
        with _ChromaErrors(self._where):
            for some in _slices(gone, self._batch):
                self._collection.delete(ids=list(some))
            for rows in _slices(missing, self._batch):
                self._collection.add(ids=[passage_ids[row] for row in rows], embeddings=vectors[rows])
                report(len(rows))
        return len(missing), len(gone)

    def vectors(self, passage_ids: Sequence[str]) -> NDArray[np.float32]:
        """The stored vectors in the order of the ids.

        Shapes: (n, dimension) float32.

        Raises:
            KeyError: when an id is not in the collection.
            OutputError: when Chroma cannot read.
        """
        found: dict[str, Any] = {}
        with _ChromaErrors(self._where):
            for some in _slices(list(passage_ids), _LOOKUP):
                answer = self._collection.get(ids=list(some), include=["embeddings"])
                embeddings = answer["embeddings"]
                if embeddings is not None:
                    found.update(zip(answer["ids"], embeddings, strict=True))
        rows = [found[passage_id] for passage_id in passage_ids]
        return np.asarray(rows, dtype=np.float32).reshape(len(rows), self._dimension)

    def query(
        self, vector: NDArray[np.float32], *, limit: int, within: Sequence[str] | None = None
    ) -> list[tuple[str, float]]:
        """Passages near the vector with their cosine distance (0..2), nearest first, ties by id.

        The neighbours come from an approximate graph: ask for more than is needed and rank them again by exact cosine.

        Args:
            vector: (dimension,) float32.
            limit: at most so many.
            within: only these ids.

        Raises:
            OutputError: when Chroma cannot read.
        """
        if limit < 1 or (within is not None and not within):
            return []
        with _ChromaErrors(self._where):
            answer = self._collection.query(
                query_embeddings=vector[None, :],
                n_results=limit,
                ids=None if within is None else list(within),
                include=["distances"],
            )
        distances = answer["distances"] or [[]]
        pairs = zip(answer["ids"][0], distances[0], strict=True)
        return sorted(((str(key), float(distance)) for key, distance in pairs), key=lambda pair: (pair[1], pair[0]))


def drop_stale_fits(path: Path, *, keep: str) -> None:
    """Deletes the collections of earlier fits of `keep`'s kind of embedder (`lsa-...`): nothing can use them again.

    Raises:
        OutputError: when Chroma cannot write.
    """
    kind = _PREFIX + keep.partition("-")[0] + "-"
    with _ChromaErrors(path):
        client = _client(path)
        for collection in client.list_collections():
            if collection.name.startswith(kind) and collection.name != _PREFIX + keep:
                client.delete_collection(collection.name)


def _client(path: Path) -> ClientAPI:
    import chromadb
    from chromadb.api.shared_system_client import SharedSystemClient
    from chromadb.config import Settings

    path.mkdir(parents=True, exist_ok=True)
    # Chroma keeps one system per path in this process, so opening it again is free; but where the folder was deleted
    # meanwhile, its connections lead to files that are gone, and only this lets go of them.
    if not (path / _DATABASE).exists():
        SharedSystemClient._identifier_to_system.pop(str(path), None)
    return chromadb.PersistentClient(path=str(path), settings=Settings(anonymized_telemetry=False))


def _refuse_other_embedder(collection: Collection, expected: dict[str, Any], path: Path) -> None:
    # Chroma itself compares nothing but the dimension, and that only when a vector comes in.
    held = collection.metadata or {}
    differing = [key for key, value in expected.items() if held.get(key) != value]
    if differing:
        told = "; ".join(f"{key} is {held.get(key)!r}, not {expected[key]!r}" for key in differing)
        raise OutputError(
            f"the index was made by another embedder ({told})",
            where=f"{path}, collection {collection.name}",
            mend="name the embedder it was made with, or delete the workspace: it is made again from your files",
        )


class _ChromaErrors:
    """Turns what Chroma raises into an OutputError."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        from chromadb.errors import ChromaError

        if isinstance(error, (ChromaError, OSError, ValueError, RuntimeError)) and not isinstance(error, OutputError):
            logging.getLogger(__name__).debug("chroma failed", exc_info=error)
            raise OutputError(
                f"Chroma cannot use its folder: {error}",
                where=str(self._path),
                mend="check that the disk has room and the folder can be written; if it is damaged, delete the "
                "workspace: it is made again from your files",
            ) from error


def _slices(items: list[Any], size: int) -> Iterator[list[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]

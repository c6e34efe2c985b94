"""From documents to a corpus that is split, embedded, kept and indexed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from persona_kit.hashing import sha256_text
from persona_kit.progress import Progress
from persona_kit.workspace import Workspace
from retrieval.documents import Document, Passage
from retrieval.embedders import Embedder, open_embedder
from retrieval.hostile.blanking import without_words_set_aside
from retrieval.index import PassageIndex
from retrieval.indexing import BackgroundIndexing, IndexPart, write_part
from retrieval.scripts import latin_share
from retrieval.splitting import split_document
from retrieval.text_of_record import TextOfRecord
from retrieval.words import count_words

MAX_CHARS: Final = 320
"""Longest passage in Latin characters: two or three sentences."""

_EMBED_BATCH: Final = 2_048
"""Texts embedded and kept at a time: a run that is stopped loses no more than these."""


class HasDocuments(Protocol):
    """What `build_corpus` needs of a reading."""

    @property
    def documents(self) -> tuple[Document, ...]:
        """The documents, in order."""


@dataclass(frozen=True, eq=False)
class Space:
    """Passages embedded by one embedder; distances are told only within a space.

    Shapes: rows (n,) int64, indices into the corpus's passages, ascending; vectors (n, d) float32 of unit length.
    """

    name: str
    embedder: Embedder
    rows: NDArray[np.int64]
    vectors: NDArray[np.float32]
    open_index: Callable[[], PassageIndex]
    """Opens the same vectors in Chroma, waiting for the writer where it is still at work."""

    @cached_property
    def index(self) -> PassageIndex:
        """The same vectors, kept in Chroma."""
        return self.open_index()


@dataclass(frozen=True, eq=False)
class Corpus:
    """Documents, their passages, and the passages' vectors."""

    documents: tuple[Document, ...]
    passages: tuple[Passage, ...]
    spaces: tuple[Space, ...]
    """Every passage lies in exactly one of them."""
    made: dict[str, int] = field(default_factory=dict)
    """What this run had to make: vectors `embedded`, and passages `indexed` and `removed` in Chroma."""
    indexing: BackgroundIndexing | None = None
    """The writer of Chroma, where it runs beside; wait for it before the run is done."""

    @cached_property
    def document_by_id(self) -> dict[str, Document]:
        """The documents by their id."""
        return {document.document_id: document for document in self.documents}

    @cached_property
    def passage_texts(self) -> list[str]:
        """The words of each passage, in the order of `passages`."""
        return _texts_of(self.passages, self.document_by_id)

    @cached_property
    def row_by_passage_id(self) -> dict[str, int]:
        """Where each passage stands in `passages`."""
        return {passage.passage_id: row for row, passage in enumerate(self.passages)}

    @cached_property
    def customer_ids(self) -> list[str]:
        """Everybody who wrote a document, sorted."""
        return sorted({document.customer_id for document in self.documents})

    @cached_property
    def passage_customer(self) -> NDArray[np.int64]:
        """Who wrote each passage: (passages,) int64, indices into `customer_ids`."""
        place = {customer_id: at for at, customer_id in enumerate(self.customer_ids)}
        return np.array([place[passage.customer_id] for passage in self.passages], dtype=np.int64)

    @cached_property
    def words_per_passage(self) -> NDArray[np.int64]:
        """How long each passage is: (passages,) int64, in words, and in characters for Chinese."""
        return np.array([count_words(text) for text in self.passage_texts], dtype=np.int64)

    @cached_property
    def words_per_customer(self) -> NDArray[np.int64]:
        """How much each customer wrote: (customers,) int64, in words, and in characters for Chinese."""
        totals = np.zeros(len(self.customer_ids), dtype=np.int64)
        np.add.at(totals, self.passage_customer, self.words_per_passage)
        return totals

    @cached_property
    def space_of_passage(self) -> NDArray[np.int64]:
        """Which of `spaces` each passage lies in: (passages,) int64."""
        places = np.full(len(self.passages), -1, dtype=np.int64)
        for at, space in enumerate(self.spaces):
            places[space.rows] = at
        return places

    @cached_property
    def row_in_space(self) -> NDArray[np.int64]:
        """Where each passage stands among the vectors of its space: (passages,) int64."""
        rows = np.full(len(self.passages), -1, dtype=np.int64)
        for space in self.spaces:
            rows[space.rows] = np.arange(len(space.rows))
        return rows


def build_corpus(
    reading: HasDocuments,
    *,
    embedder: str,
    workspace: Workspace,
    progress: Progress,
    base_url: str | None = None,
    max_chars: int = MAX_CHARS,
    background: bool = False,
) -> Corpus:
    """The documents split into passages, embedded, and kept in the workspace's SQLite file and Chroma index.

    Documents that are set aside come back without words; flagged ones have passages, those that repeat others none.

    What the workspace already holds for the same words and the same embedder is not made again; what no longer stands
    in the documents is taken out. Stopped half-way, the next run goes on from there.

    Args:
        reading: anything with `documents`; their ids are distinct.
        embedder: a spec of `retrieval.embedders`, or `auto`: `wordllama` for documents in Latin script, `lsa` for the
            others.
        workspace: held open by the caller.
        progress: told of the stages `split`, `embed` and `index`.
        base_url: where an `openai:MODEL` embedder's server listens.
        max_chars: longest passage, see `split_document`.
        background: write Chroma in a process of its own: the corpus comes back at once, and the caller starts
            `Corpus.indexing` when it likes, and waits for it (or stops it) before it gives the workspace back.

    Raises:
        UsageError: when the embedder's spec is not known.
        EnvironmentProblem: when the embedder is not installed.
        ModelError: when the embedder fails.
        OutputError: when the workspace cannot be written, or its index belongs to another embedder.
    """
    documents = reading.documents
    passages = _split([one for one in documents if not one.repeats], max_chars, progress)
    texts = _texts_of(passages, {document.document_id: document for document in documents})
    shown = without_words_set_aside(documents)
    with TextOfRecord(workspace.database_path) as record:
        record.replace_corpus(documents, passages)
        made = {"embedded": 0, "indexed": 0, "removed": 0}
        parts = []
        progress.start("embed", len(passages))
        for spec, rows in _assign_spaces(embedder, documents, passages, progress):
            chosen = [texts[row] for row in rows]
            engine = open_embedder(spec, texts=chosen, base_url=base_url, fits=record)
            vectors, fresh = _embed(engine, chosen, record, progress)
            made["embedded"] += fresh
            parts.append((engine, rows, vectors))
        progress.finish("embed")
    pieces = [_index_part(engine, rows, vectors, passages) for engine, rows, vectors in parts]
    if background:
        indexing = BackgroundIndexing(workspace.chroma_path, pieces)
        spaces = tuple(
            Space(engine.name, engine, rows, vectors, partial(_open_after, indexing, workspace.chroma_path, engine))
            for engine, rows, vectors in parts
        )
        return Corpus(documents=shown, passages=passages, spaces=spaces, made=made, indexing=indexing)
    spaces = _index_now(workspace.chroma_path, parts, pieces, made, progress)
    return Corpus(documents=shown, passages=passages, spaces=spaces, made=made)


def _index_now(
    chroma_path: Path,
    parts: Sequence[tuple[Embedder, NDArray[np.int64], NDArray[np.float32]]],
    pieces: Sequence[IndexPart],
    made: dict[str, int],
    progress: Progress,
) -> tuple[Space, ...]:
    """The spaces, once Chroma holds them."""
    progress.start("index", sum(len(piece.passage_ids) for piece in pieces))
    indexes = [_write_now(chroma_path, piece, made, progress) for piece in pieces]
    progress.finish("index")
    return tuple(
        Space(engine.name, engine, rows, vectors, partial(_opened, index))
        for (engine, rows, vectors), index in zip(parts, indexes, strict=True)
    )


def _split(documents: Sequence[Document], max_chars: int, progress: Progress) -> tuple[Passage, ...]:
    progress.start("split", len(documents))
    passages: list[Passage] = []
    for document in documents:
        passages.extend(split_document(document, max_chars=max_chars))
        progress.step("split")
    progress.finish("split")
    return tuple(passages)


def _texts_of(passages: Sequence[Passage], documents: dict[str, Document]) -> list[str]:
    return [documents[passage.document_id].text[passage.start : passage.end] for passage in passages]


def _assign_spaces(
    spec: str, documents: Sequence[Document], passages: Sequence[Passage], progress: Progress
) -> list[tuple[str, NDArray[np.int64]]]:
    """Which embedder takes which passages."""
    everything = np.arange(len(passages), dtype=np.int64)
    if not passages:
        return []
    if spec != "auto":
        return [(spec, everything)]
    latin = _latin_documents(documents)
    is_latin = np.array([latin[passage.document_id] for passage in passages], dtype=bool)
    parts = [("wordllama", everything[is_latin]), ("lsa", everything[~is_latin])]
    if all(len(rows) for _, rows in parts):
        progress.note(
            f"{int(is_latin.sum())} passages in Latin script are embedded by wordllama and {int((~is_latin).sum())} "
            "others by lsa: themes stay within each; a multilingual embedder (--embedder) would join them"
        )
    return [(name, rows) for name, rows in parts if len(rows)]


def _latin_documents(documents: Sequence[Document]) -> dict[str, bool]:
    """Whether each document is in Latin script; one without letters goes with the majority."""
    verdicts = {document.document_id: _is_latin(document) for document in documents}
    known = [verdict for verdict in verdicts.values() if verdict is not None]
    majority = sum(known) * 2 >= len(known)
    return {key: majority if verdict is None else verdict for key, verdict in verdicts.items()}


def _is_latin(document: Document) -> bool | None:
    if document.language in {"en", "zh"}:
        return document.language == "en"
    share = latin_share(document.text)
    return None if share is None else share >= 0.5


def _embed(
    engine: Embedder, texts: Sequence[str], record: TextOfRecord, progress: Progress
) -> tuple[NDArray[np.float32], int]:
    """A vector for each text, and how many had to be made; equal texts are embedded once."""
    keys = [sha256_text(text) for text in texts]
    text_of = dict(zip(keys, texts, strict=True))
    different = list(text_of)
    vectors = np.empty((len(different), engine.dimension), dtype=np.float32)
    fresh = 0
    for start in range(0, len(different), _EMBED_BATCH):
        batch = different[start : start + _EMBED_BATCH]
        kept = record.load_vectors(engine.fingerprint, batch)
        new = [key for key in batch if key not in kept]
        if new:
            made = engine.embed([text_of[key] for key in new])
            record.save_vectors(engine.fingerprint, new, made)
            kept.update(zip(new, made, strict=True))
        vectors[start : start + len(batch)] = [kept[key] for key in batch]
        fresh += len(new)
        progress.step("embed", len(batch))
    progress.step("embed", len(keys) - len(different))
    if len(different) == len(keys):
        return vectors, fresh
    place = {key: row for row, key in enumerate(different)}
    return vectors[[place[key] for key in keys]], fresh


def _index_part(
    engine: Embedder, rows: NDArray[np.int64], vectors: NDArray[np.float32], passages: Sequence[Passage]
) -> IndexPart:
    return IndexPart(
        embedder=engine.name,
        fingerprint=engine.fingerprint,
        dimension=engine.dimension,
        passage_ids=[passages[row].passage_id for row in rows],
        vectors=vectors,
    )


def _write_now(chroma_path: Path, part: IndexPart, made: dict[str, int], progress: Progress) -> PassageIndex:
    index, added, removed = write_part(chroma_path, part)
    made["indexed"] += added
    made["removed"] += removed
    progress.step("index", len(part.passage_ids))
    return index


def _opened(index: PassageIndex) -> PassageIndex:
    return index


def _open_after(indexing: BackgroundIndexing, chroma_path: Path, engine: Embedder) -> PassageIndex:
    indexing.wait()
    return PassageIndex.open(
        chroma_path, embedder=engine.name, dimension=engine.dimension, fingerprint=engine.fingerprint
    )

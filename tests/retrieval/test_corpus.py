from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from persona_kit.errors import OutputError, UsageError
from persona_kit.hashing import sha256_text
from persona_kit.progress import Silent
from persona_kit.workspace import Workspace
from retrieval.corpus import Corpus, build_corpus
from retrieval.documents import Document, Language
from retrieval.text_of_record import TextOfRecord


@dataclass(frozen=True)
class Given:
    documents: tuple[Document, ...]


def document(key: str, customer: str, text: str, language: Language = "unknown") -> Document:
    return Document(
        document_id=key, customer_id=customer, text=text, source="t", language=language, text_sha256=sha256_text(text)
    )


DOCUMENTS = (
    document("d1", "bob", "The export is slow. It takes minutes.", "en"),
    document("d2", "ann", "I love the dark mode", "en"),
    document("d3", "bob", "git"),
    document("d4", "cai", "导出太慢了，每次都要等很久。", "zh"),
    document("d5", "ann", "git"),
    document("d6", "dov", "👍"),
)


class Listening(Silent):
    def __init__(self) -> None:
        self.notes: list[str] = []
        self.steps: dict[str, int] = {}
        self.totals: dict[str, int | None] = {}

    def start(self, stage: str, total: int | None = None) -> None:
        self.totals[stage] = total
        self.steps[stage] = 0

    def step(self, stage: str, count: int = 1) -> None:
        self.steps[stage] += count

    def note(self, message: str) -> None:
        self.notes.append(message)


def build(
    path: Path, documents: Sequence[Document] = DOCUMENTS, *, embedder: str = "hash", progress: Listening | None = None
) -> Corpus:
    with Workspace.open(path) as workspace:
        return build_corpus(
            Given(tuple(documents)), embedder=embedder, workspace=workspace, progress=progress or Listening()
        )


def test_everything_lines_up(tmp_path: Path) -> None:
    corpus = build(tmp_path)
    assert corpus.customer_ids == ["ann", "bob", "cai", "dov"]
    assert corpus.passage_texts == [d.text for d in DOCUMENTS]
    assert [corpus.customer_ids[at] for at in corpus.passage_customer] == [p.customer_id for p in corpus.passages]
    assert corpus.words_per_customer.tolist() == [6, 8, 12, 0]
    assert [corpus.row_by_passage_id[p.passage_id] for p in corpus.passages] == list(range(6))
    (space,) = corpus.spaces
    assert space.rows.tolist() == list(range(6))
    assert np.array_equal(space.vectors, space.embedder.embed(corpus.passage_texts))
    assert np.array_equal(corpus.space_of_passage, np.zeros(6))


def test_the_index_holds_the_same_vectors(tmp_path: Path) -> None:
    corpus = build(tmp_path)
    (space,) = corpus.spaces
    ids = [corpus.passages[row].passage_id for row in space.rows]
    assert space.index.ids() == set(ids)
    assert np.allclose(space.index.vectors(ids), space.vectors, atol=1e-6)


def test_a_second_run_makes_nothing(tmp_path: Path) -> None:
    first = build(tmp_path)
    assert first.made == {"embedded": 5, "indexed": 6, "removed": 0}, "the two gits are embedded once"
    second = build(tmp_path)
    assert second.made == {"embedded": 0, "indexed": 0, "removed": 0}
    assert second.passages == first.passages
    assert np.array_equal(second.spaces[0].vectors, first.spaces[0].vectors)


def test_an_edited_document_is_all_that_is_made_again(tmp_path: Path) -> None:
    build(tmp_path)
    edited = [document("d2", "ann", "I hate the dark mode", "en"), *(d for d in DOCUMENTS if d.document_id != "d2")]
    corpus = build(tmp_path, edited)
    assert corpus.made == {"embedded": 1, "indexed": 1, "removed": 1}
    assert corpus.spaces[0].index.ids() == {p.passage_id for p in corpus.passages}
    with TextOfRecord(tmp_path / "corpus.sqlite3") as record:
        assert {d.text for d in record.documents()} == {d.text for d in edited}
        assert record.passages() == corpus.passages


def test_the_text_of_record_gives_the_words_of_a_passage(tmp_path: Path) -> None:
    text = "Slow 👍 导出. " * 60
    corpus = build(tmp_path, [document("d1", "a", text, "en")])
    assert len(corpus.passages) > 1
    with TextOfRecord(tmp_path / "corpus.sqlite3") as record:
        texts = record.passage_texts([p.passage_id for p in corpus.passages])
        assert [texts[p.passage_id] for p in corpus.passages] == corpus.passage_texts
        assert record.passage_texts(["unknown"]) == {}


def test_auto_parts_scripts_and_says_so(tmp_path: Path) -> None:
    progress = Listening()
    corpus = build(tmp_path, embedder="auto", progress=progress)
    by_name = {space.name: [corpus.passage_texts[row] for row in space.rows] for space in corpus.spaces}
    assert list(by_name) == ["wordllama", "lsa"]
    assert by_name["lsa"] == [DOCUMENTS[3].text]
    assert "👍" in by_name["wordllama"], "without letters it goes with the majority"
    assert len(progress.notes) == 1
    assert "multilingual" in progress.notes[0]
    assert sorted(np.concatenate([space.rows for space in corpus.spaces])) == list(range(6))


@pytest.mark.parametrize(("rows", "expected"), [((0, 1), ["wordllama"]), ((3,), ["lsa"])])
def test_auto_with_one_script_is_one_space(tmp_path: Path, rows: tuple[int, ...], expected: list[str]) -> None:
    progress = Listening()
    corpus = build(tmp_path, [DOCUMENTS[row] for row in rows], embedder="auto", progress=progress)
    assert [space.name for space in corpus.spaces] == expected
    assert progress.notes == []


def test_lsa_is_fitted_once_and_earlier_fits_leave_nothing(tmp_path: Path) -> None:
    first = build(tmp_path, embedder="lsa")
    again = build(tmp_path, embedder="lsa")
    assert again.made["embedded"] == 0
    assert again.spaces[0].embedder.fingerprint == first.spaces[0].embedder.fingerprint
    grown = build(tmp_path, [*DOCUMENTS, document("d7", "eve", "速度很慢", "zh")], embedder="lsa")
    assert grown.spaces[0].embedder.fingerprint != first.spaces[0].embedder.fingerprint
    with closing(sqlite3.connect(tmp_path / "corpus.sqlite3")) as database:
        assert database.execute("SELECT count(*) FROM fits").fetchone() == (1,)
        held = {row[0] for row in database.execute("SELECT DISTINCT fingerprint FROM vectors")}
    assert held == {grown.spaces[0].embedder.fingerprint}


def test_every_step_is_told(tmp_path: Path) -> None:
    for _ in range(2):
        progress = Listening()
        build(tmp_path, progress=progress)
        assert progress.totals == {"split": 6, "embed": 6, "index": 6}
        assert progress.steps == progress.totals


def test_no_documents_is_an_empty_corpus(tmp_path: Path) -> None:
    corpus = build(tmp_path, [])
    assert (corpus.documents, corpus.passages, corpus.spaces) == ((), (), ())
    assert corpus.words_per_customer.shape == (0,)


def test_an_unknown_embedder_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="word2vec"):
        build(tmp_path, embedder="word2vec")


def test_a_database_of_another_version_or_no_database_is_refused(tmp_path: Path) -> None:
    build(tmp_path)
    with closing(sqlite3.connect(tmp_path / "corpus.sqlite3")) as database:
        database.execute("PRAGMA user_version = 99")
    with pytest.raises(OutputError, match="another version"):
        build(tmp_path)
    (tmp_path / "corpus.sqlite3").write_bytes(b"this is no database, whatever it is called" * 100)
    with pytest.raises(OutputError, match="text of record"):
        build(tmp_path)


def test_a_change_that_fails_leaves_the_corpus_before_it(tmp_path: Path) -> None:
    build(tmp_path)
    twice = [DOCUMENTS[0], DOCUMENTS[0]]
    with pytest.raises(OutputError, match="UNIQUE"):
        build(tmp_path, twice)
    with TextOfRecord(tmp_path / "corpus.sqlite3") as record:
        assert len(record.documents()) == 6

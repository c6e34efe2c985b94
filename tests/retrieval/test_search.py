from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest

from persona_kit.hashing import sha256_text
from persona_kit.progress import Silent
from persona_kit.workspace import Workspace
from retrieval.corpus import Corpus, build_corpus
from retrieval.documents import Document, Language
from retrieval.langchain_retriever import PassageRetriever
from retrieval.search import EvidenceSearch
from retrieval.words import count_words, search_words

TEXTS: list[tuple[str, str]] = [
    ("ann", "The export to Excel is painfully slow."),
    ("ann", "Exporting takes minutes, far too long."),
    ("ann", "The export is slow on my laptop too."),
    ("bob", "Export is slow for me."),
    ("cid", "The export is slow."),
    ("dee", "The export is slow."),
    ("eve", "I love the dark mode."),
    ("fay", "Billing overcharged me, error code E4711."),
    ("gil", "导出速度太慢了，等了很久。"),
    ("han", "味道很好，下次再来。"),
    ("ivy", "Support answered within an hour."),
    ("jon", "The price went up twice this year."),
]


@dataclass(frozen=True)
class Given:
    documents: tuple[Document, ...]


def documents() -> tuple[Document, ...]:
    def language(text: str) -> Language:
        return "en" if text.isascii() else "zh"

    return tuple(
        Document(
            document_id=f"d{at:02d}",
            customer_id=customer,
            text=text,
            source="reviews.csv",
            language=language(text),
            text_sha256=sha256_text(text),
        )
        for at, (customer, text) in enumerate(TEXTS)
    )


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    with Workspace.open(tmp_path_factory.mktemp("workspace")) as workspace:
        yield build_corpus(Given(documents()), embedder="auto", workspace=workspace, progress=Silent())


def texts_of(corpus: Corpus, query: str, *, limit: int, diverse: bool = True) -> list[str]:
    hits = EvidenceSearch(corpus).search(query, limit=limit, diverse=diverse)
    return [corpus.passage_texts[hit.row] for hit in hits]


def test_words_and_meaning_both_find(corpus: Corpus) -> None:
    assert "E4711" in texts_of(corpus, "E4711", limit=1)[0], "a rare word is found as it stands"
    assert texts_of(corpus, "the bill was too high", limit=1)[0] in {TEXTS[7][1], TEXTS[11][1]}
    assert texts_of(corpus, "导出慢", limit=1) == [TEXTS[8][1]]
    assert "slow" in texts_of(corpus, "slow export", limit=1)[0]


def test_hits_say_where_and_how_near(corpus: Corpus) -> None:
    hits = EvidenceSearch(corpus).search("slow export", limit=5)
    space = corpus.spaces[0]
    query = space.embedder.embed(["slow export"])[0]
    for hit in hits:
        assert corpus.passages[hit.row].passage_id == hit.passage_id
        if corpus.space_of_passage[hit.row] == 0:
            vector = space.vectors[np.searchsorted(space.rows, hit.row)]
            assert hit.distance == pytest.approx(1 - float(vector @ query), abs=1e-6)
    plain = EvidenceSearch(corpus).search("slow export", limit=5, diverse=False)
    assert [hit.score for hit in plain] == sorted((hit.score for hit in plain), reverse=True)


def test_at_most_per_customer_passages_a_customer(corpus: Corpus) -> None:
    for most in (1, 2, 3):
        for diverse in (True, False):
            hits = EvidenceSearch(corpus).search("export slow", limit=12, per_customer=most, diverse=diverse)
            written = [corpus.passages[hit.row].customer_id for hit in hits]
            assert max(written.count(customer) for customer in written) <= most
    assert "ann" in written


def test_within_restricts_and_limit_cuts(corpus: Corpus) -> None:
    within = np.array([9, 6, 3, 3], dtype=np.int64)
    hits = EvidenceSearch(corpus).search("export slow", within=within, limit=10)
    assert {hit.row for hit in hits} <= {3, 6, 9}
    assert hits[0].row == 3
    assert len(EvidenceSearch(corpus).search("export slow", limit=3)) == 3
    nobody = np.array([], dtype=np.int64)
    assert EvidenceSearch(corpus).search("export", within=nobody) == []
    assert EvidenceSearch(corpus).search("export", limit=0) == []
    assert EvidenceSearch(corpus).search("  ") == []


def test_diversity_puts_repetitions_back(corpus: Corpus) -> None:
    plain = texts_of(corpus, "The export is slow.", limit=3, diverse=False)
    diverse = texts_of(corpus, "The export is slow.", limit=3, diverse=True)
    assert plain[:2] == ["The export is slow."] * 2
    assert diverse[0] == "The export is slow."
    assert diverse[1] != "The export is slow."


def test_the_same_question_gets_the_same_answer_and_ties_go_by_id(corpus: Corpus) -> None:
    one = EvidenceSearch(corpus)
    assert one.search("slow export", limit=8) == one.search("slow export", limit=8)
    assert one.search("slow export", limit=8) == EvidenceSearch(corpus).search("slow export", limit=8)
    twins = one.search("The export is slow.", limit=2, diverse=False)
    assert [h.passage_id for h in twins] == sorted(h.passage_id for h in twins)


def test_a_large_space_asks_chroma_and_finds_the_same(corpus: Corpus) -> None:
    exact, through_chroma = EvidenceSearch(corpus), EvidenceSearch(corpus, exact_rows=0)
    for query in ("slow export", "dark", "导出慢", "money"):
        assert through_chroma.search(query, limit=6) == exact.search(query, limit=6)
        within = np.array([0, 3, 6, 8], dtype=np.int64)
        assert through_chroma.search(query, within=within) == exact.search(query, within=within)


def test_a_query_of_stop_words_still_searches_by_meaning(corpus: Corpus) -> None:
    hits = EvidenceSearch(corpus).search("it is the", limit=2)
    assert all(hit.words == 0.0 for hit in hits)


def test_the_retriever_joins_hits_with_the_text_of_record(corpus: Corpus) -> None:
    retriever = PassageRetriever(evidence=EvidenceSearch(corpus), limit=4, per_customer=1)
    found = retriever.invoke("slow export")
    assert 0 < len(found) <= 4
    for item in found:
        document = corpus.document_by_id[item.metadata["document_id"]]
        assert document.text[item.metadata["start"] : item.metadata["end"]] == item.page_content
        assert item.metadata["source"] == "reviews.csv"
    mine = PassageRetriever(evidence=EvidenceSearch(corpus), customer_ids=frozenset({"eve", "fay"}))
    assert {item.metadata["customer_id"] for item in mine.invoke("slow export")} <= {"eve", "fay"}


def test_search_words() -> None:
    assert search_words("The Export’s NOT slow, don't!") == ("export", "not", "slow", "don't")
    assert search_words("导出速度太慢 in Excel") == ("导出", "速度", "太慢", "excel")
    assert search_words("的 the 👍") == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [("It's slow, isn't it?", 4), ("导出很慢 in Excel", 6), ("", 0), ("👍 !!", 0), ("3.5 stars", 3)],
)
def test_count_words(text: str, expected: int) -> None:
    assert count_words(text) == expected

"""What products are praised and blamed for: planted words come out, each with sentences that stand in their sources."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from personas.actions.products import judge_products
from personas.actions.records import ProductVerdict
from personas.behaviour import BehaviourTable
from personas.evidence import EvidenceBase
from personas.reporting.actions_section import product_quotes, products_markdown
from personas.reporting.html import render_html
from retrieval.corpus import Corpus
from retrieval.documents import Document
from tests.personas.corpora import corpus_of, make_document
from tests.personas.reporting_example import Example, chinese_example, english_example

BREWER_GOOD = ("I love the glass carafe of this thing.", "The glass carafe is wonderful and easy to clean.")
BREWER_BAD = ("The lid is terrible and it broke.", "A broken lid after a month, I am so disappointed.")
KNIFE_GOOD = ("I love the wooden handle of the knife.", "The wooden handle is wonderful in my hand.")


def document(number: int, text: str, product: str | None, *, rating: float | None = None) -> Document:
    made = make_document(f"d{number:02d}", text, customer=f"k{number:02d}", rating=rating)
    return replace(made, product=product)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    documents = [
        *(document(n, BREWER_GOOD[n % 2], "Brewer") for n in range(5)),
        *(document(5 + n, BREWER_BAD[n % 2], "brewer" if n == 0 else "Brewer") for n in range(4)),
        *(document(9 + n, KNIFE_GOOD[n % 2], "Knife") for n in range(4)),
        document(13, "Unlike the Brewer this is a bore, terrible.", "Knife"),
        document(14, "Nothing to say of it at all today.", None),
    ]
    with corpus_of(documents, tmp_path_factory.mktemp("products"), embedder="hash") as made:
        return made


@pytest.fixture(scope="module")
def verdicts(corpus: Corpus) -> dict[str, ProductVerdict]:
    segments = {f"k{n:02d}": "s1" if n < 7 else "s2" for n in range(15)}
    return {one.product: one for one in judge_products(corpus, BehaviourTable(), segment_of=segments)}


def test_planted_words_come_out_with_their_people(verdicts: dict[str, ProductVerdict]) -> None:
    brewer, knife = verdicts["Brewer"], verdicts["Knife"]

    assert list(verdicts) == ["Brewer", "Knife"]
    assert [point.people for point in brewer.praised if point.word in {"glass", "carafe"}] == [5]
    assert [(point.word, point.people) for point in brewer.blamed][:1] == [("lid", 4)]
    assert [point.people for point in knife.praised if point.word in {"wooden", "handle"}] == [4]
    assert not {"lid", "carafe", "glass"} & {point.word for point in knife.praised}
    assert (brewer.people, brewer.praising, brewer.blaming) == (10, 5, 5)
    assert brewer.by_segment["s1"] == (5, 2)
    assert brewer.buyers is None


def test_a_passage_that_names_another_product_is_about_that_one(verdicts: dict[str, ProductVerdict]) -> None:
    assert verdicts["Brewer"].people == 10
    assert verdicts["Knife"].people == 4


def test_every_sentence_stands_where_it_says(corpus: Corpus, verdicts: dict[str, ProductVerdict]) -> None:
    points = [point for verdict in verdicts.values() for point in (*verdict.praised, *verdict.blamed)]
    assert points
    for point in points:
        assert len({citation.customer_id for citation in point.citations}) == len(point.citations) >= 3
        for citation in point.citations:
            source = corpus.document_by_id[citation.document_id]
            assert source.text[citation.start : citation.end] == citation.quote
            assert point.word in citation.quote.lower()
        assert point.share == point.people / verdicts_of(point.word, verdicts).people


def verdicts_of(word: str, verdicts: dict[str, ProductVerdict]) -> ProductVerdict:
    return next(
        verdict
        for verdict in verdicts.values()
        if any(point.word == word for point in (*verdict.praised, *verdict.blamed))
    )


def test_ratings_speak_where_words_do_not(tmp_path: Path) -> None:
    plain = "The hinge stands at an angle of forty degrees."
    low = [document(n, plain, "Box", rating=0.0) for n in range(4)]
    with corpus_of(low, tmp_path / "low", embedder="hash") as made:
        (verdict,) = judge_products(made, BehaviourTable(), segment_of={})
    assert (verdict.praising, verdict.blaming, verdict.rating) == (0, 4, 0.0)
    middling = [document(n, plain, "Box", rating=0.5) for n in range(4)]
    with corpus_of(middling, tmp_path / "middling", embedder="hash") as made:
        (verdict,) = judge_products(made, BehaviourTable(), segment_of={})
    assert (verdict.praising, verdict.blaming, verdict.praised, verdict.blamed) == (0, 0, (), ())


def test_chinese_products_are_told_too(tmp_path: Path) -> None:
    texts = ("这个把手太难用了，质量很差。", "把手断了，非常失望。", "把手很差，真的很生气。")
    documents = [
        replace(make_document(f"d{n}", text, customer=f"k{n}", language="zh"), product="手冲壶")
        for n, text in enumerate(texts)
    ]
    with corpus_of(documents, tmp_path, embedder="hash") as made:
        (verdict,) = judge_products(made, BehaviourTable(), segment_of={})
    assert [point.word for point in verdict.blamed] == ["把手"]


def test_without_products_there_is_nothing_to_judge(english_base: EvidenceBase) -> None:
    assert judge_products(english_base.corpus, BehaviourTable(), segment_of={}) == ()


@pytest.mark.parametrize("example", [english_example(), chinese_example()])
def test_the_page_shows_products_with_quotes_that_lead_to_their_source(
    example: Example, corpus: Corpus, verdicts: dict[str, ProductVerdict]
) -> None:
    hostile = verdicts["Brewer"].model_copy(update={"product": "<script>alert(9)</script>"})
    persona_set = example.persona_set.model_copy(update={"products": (hostile, verdicts["Knife"])})
    documents = {**example.arguments["documents"], **corpus.document_by_id}
    page = render_html(persona_set, **{**example.arguments, "documents": documents})
    markdown = "\n".join(products_markdown(persona_set))

    assert '<section id="products"' in page
    assert 'href="#products"' in page
    assert "<script>alert(9)" not in page
    assert "&lt;script&gt;alert(9)" in page
    for citation in product_quotes(persona_set):
        assert citation.quote in page
    assert f"### {'Knife'}" in markdown
    assert products_markdown(example.persona_set) == []

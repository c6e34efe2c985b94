"""Planted themes are found, and passages are tagged with what they speak of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from personas.attributes import load_schema
from personas.evidence import EvidenceBase
from personas.facets import FALLBACK_KEY, build_facets, tag_passages
from personas.sentiment import score_sentiment, score_sentiments
from personas.terms import content_words, distinctive_terms, stem, stems
from personas.themes import ThemeModel, find_themes, theme_label
from retrieval.corpus import Corpus
from retrieval.documents import Document
from tests.personas.corpora import corpus_of, make_document


def tags_of(document: Document, folder: Path) -> tuple[str, ...]:
    with corpus_of([document], folder, embedder="hash") as corpus:
        [tags] = tag_passages(corpus, load_schema(None), score_sentiments(corpus.passage_texts))
    return tags


def planted_kinds(base: EvidenceBase) -> list[set[str]]:
    """For each theme the planted kinds of its people."""
    corpus, themes = base.corpus, base.themes
    return [
        {corpus.passages[row].customer_id.split("-")[0] for row in np.flatnonzero(themes.passage_theme == theme)}
        for theme in range(len(themes.themes))
    ]


def test_themes_do_not_mix_planted_subjects(english_base: EvidenceBase, chinese_base: EvidenceBase) -> None:
    for base in (english_base, chinese_base):
        assert len(base.themes.themes) >= len(set().union(*planted_kinds(base)))
        assert [kinds for kinds in planted_kinds(base) if len(kinds) != 1] == []


def test_a_theme_is_labelled_in_the_words_of_its_passages(english_base: EvidenceBase) -> None:
    texts = dict(
        zip((p.passage_id for p in english_base.corpus.passages), english_base.corpus.passage_texts, strict=True)
    )
    for theme in english_base.themes.themes:
        words = {word for passage_id in theme.passage_ids for word in content_words(texts[passage_id])}
        assert set(theme.terms) <= words
        assert theme.label == " · ".join(theme.terms[:3])
        assert theme.language == "en"
    labels = {theme.label for theme in english_base.themes.themes}
    assert any("wifi" in label for label in labels)
    assert any("espresso" in label for label in labels)


def soft_of(themes: ThemeModel) -> NDArray[np.float32]:
    """How strongly each passage voices each theme."""
    passages = len(themes.passage_theme)
    return themes.soft_sums(np.arange(passages), passages)


def test_every_passage_is_in_one_theme_and_people_are_counted_once(english_base: EvidenceBase) -> None:
    corpus, themes = english_base.corpus, english_base.themes
    listed = [passage_id for theme in themes.themes for passage_id in theme.passage_ids]
    voiced = themes.voices(corpus.passage_customer, len(corpus.customer_ids))

    assert sorted(listed) == sorted(passage.passage_id for passage in corpus.passages)
    assert voiced.sum(axis=0).tolist() == [theme.people for theme in themes.themes]
    assert np.allclose(soft_of(themes).sum(axis=1), 1.0, atol=1e-5)
    assert ((themes.confidence > 0) & (themes.confidence <= 1.0001)).all()


def test_the_same_seed_gives_the_same_themes(english_base: EvidenceBase) -> None:
    again = find_themes(english_base.corpus, seed=0)

    assert again.themes == english_base.themes.themes
    assert np.array_equal(soft_of(again), soft_of(english_base.themes))


def test_themes_stay_within_a_script(tmp_path: Path) -> None:
    documents = [make_document(f"e{n}", "The app loses the wifi connection.", customer=f"e{n}") for n in range(4)]
    documents += [make_document(f"z{n}", "排队等位太久了。", customer=f"z{n}", language="zh") for n in range(4)]
    with corpus_of(documents, tmp_path) as corpus:
        themes = find_themes(corpus, seed=0)
        scripts = [
            {corpus.passages[row].document_id[0] for row in np.flatnonzero(themes.passage_theme == t)}
            for t in range(len(themes.themes))
        ]

    assert len(corpus.spaces) == 2
    assert {tuple(sorted(script)) for script in scripts} == {("e",), ("z",)}
    assert {theme.language for theme in themes.themes} == {"en", "zh"}
    assert (soft_of(themes)[:4, themes.passage_theme[-1]] == 0).all()


def test_a_passage_without_words_is_in_no_theme(tmp_path: Path) -> None:
    documents = [make_document("a", "The app loses the wifi."), make_document("b", "!!! ???", language="unknown")]
    with corpus_of(documents, tmp_path, embedder="hash") as corpus:
        themes = find_themes(corpus, seed=0)
        facets = build_facets(themes, tag_passages(corpus, load_schema(None), score_sentiments(corpus.passage_texts)))

    assert themes.passage_theme.tolist() == [0, -1]
    assert [row for facet in facets for row in facet.rows.tolist()] == [0] * len(facets)


NEUTRAL = "Mostly the second thing on the list, then the third."


@pytest.mark.parametrize(
    ("question", "key"),
    [
        ("workflow_needs_not_addressed", "needs"),
        ("workflow_needs_addressed", "goals"),
        ("hinderances", "pain_points"),
        ("What are your goals with the product?", "goals"),
        ("What do you like most?", "satisfaction"),
        ("Would you stay with us, and why?", "loyalty_churn"),
        ("How did you hear of us?", "channels"),
        ("您对哪些方面不满意？", "pain_points"),
        ("您有什么建议？", "needs"),
        ("请您介绍一下自己", "demographics"),
        ("comment", FALLBACK_KEY),
    ],
)
def test_the_question_says_what_an_answer_is_about(question: str, key: str, tmp_path: Path) -> None:
    assert tags_of(make_document("d", NEUTRAL, question=question), tmp_path)[0] == key


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("I wish there was a quieter grinder, please add one.", "needs"),
        ("The pump broke and now it leaks.", "pain_points"),
        ("It is overpriced, the price went up by 20 dollars.", "price_sensitivity"),
        ("I cancelled it and asked for a refund.", "loyalty_churn"),
        ("I am a nurse and my husband works nights.", "demographics"),
        ("希望能增加预约功能，建议早点做。", "needs"),
        ("蓝牙老是掉线，连不上手机。", "pain_points"),
        ("性价比不高，价格太贵了。", "price_sensitivity"),
        ("我是一名护士，我老公上夜班。", "demographics"),
        ("客服电话打不通，官网也没有。", "channels"),
        ("每天早上都喝两杯。", "behaviours"),
    ],
)
def test_cues_say_what_a_passage_is_about(text: str, key: str, tmp_path: Path) -> None:
    assert tags_of(make_document("d", text, language="zh" if text > "一" else "en"), tmp_path)[0] == key


@pytest.mark.parametrize(
    ("rating", "key"), [(1.0, "satisfaction"), (0.75, "satisfaction"), (0.0, "pain_points"), (0.5, FALLBACK_KEY)]
)
def test_without_cues_the_rating_decides(rating: float, key: str, tmp_path: Path) -> None:
    assert tags_of(make_document("d", NEUTRAL, rating=rating), tmp_path) == (key,)


def test_words_of_feeling_go_before_the_rating_and_cues_before_both(tmp_path: Path) -> None:
    felt = make_document("d", "The lid feels flimsy and the box was dirty.", rating=1.0)
    cue = make_document("d", "I wish the box had a handle.", rating=0.0)

    assert tags_of(felt, tmp_path / "felt")[0] == "pain_points"
    assert tags_of(cue, tmp_path / "cue")[0] == "needs"


def test_facets_hold_the_tagged_passages_of_a_theme(english_base: EvidenceBase) -> None:
    corpus: Corpus = english_base.corpus
    facets = build_facets(english_base.themes, list(english_base.tags))

    assert len({(facet.theme, facet.attribute) for facet in facets}) == len(facets)
    for facet in facets:
        assert all(facet.attribute in english_base.tags[int(row)] for row in facet.rows)
        assert (english_base.themes.passage_theme[facet.rows] == facet.theme).all()
    assert {int(row) for facet in facets for row in facet.rows} == set(range(len(corpus.passages)))


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("What a lovely, reliable machine", 1),
        ("It crashed and it is useless", -1),
        ("It is not good", -1),
        ("It isn’t bad at all", 1),
        ("lovely but useless", 0),
        ("味道很棒，服务热情", 1),
        ("服务态度差", -1),
        ("味道不好吃", -1),
        ("The box is brown", 0),
        ("", 0),
    ],
)
def test_feelings(text: str, sign: int) -> None:
    assert np.sign(score_sentiment(text)) == sign
    assert score_sentiments([text]).tolist() == [np.float32(score_sentiment(text))]


def test_the_granularities_that_were_tried_are_kept_with_their_criteria(english_base: EvidenceBase) -> None:
    themes = english_base.themes
    (taken,) = [one for one in themes.tried if one.chosen]
    drawn = [one.stability for one in themes.tried if one.stability is not None]

    assert [one.resolution for one in themes.tried] == sorted(one.resolution for one in themes.tried)
    assert taken.themes == len(themes.themes)
    assert taken.stability is not None
    assert taken.stability >= 0.9 * max(drawn)
    # Nothing finer holds as well.
    finer = [one.stability or 0.0 for one in themes.tried if one.resolution > taken.resolution]
    assert all(stability < 0.9 * max(drawn) for stability in finer)
    assert taken.criteria is not None
    assert taken.criteria.silhouette is not None


def test_terms_that_set_groups_apart() -> None:
    groups = [[["wifi", "app", "coffee"], ["wifi", "coffee"]], [["bean", "coffee"], ["bean", "coffee", "crema"]], []]
    wifi, bean, none = distinctive_terms(groups, top=2)

    assert wifi[0] == "wifi"
    assert bean[0] == "bean"
    assert none == ()
    assert distinctive_terms([[], []], top=3) == [(), ()]
    assert theme_label((), "en") == "(no words of its own)"
    assert theme_label((), "zh") == "（没有独有的词）"


def test_like_words_share_a_stem() -> None:
    assert stem("connections") == stem("connection")
    assert stem("grinding") == stem("grinds") == stem("grind")
    assert stems("the and of 42") == set()
    assert "排队" in stems("排队排了很久")

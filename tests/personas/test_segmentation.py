"""Planted kinds of people come out again, everybody stands somewhere once, and what cannot be done is said."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from persona_kit.errors import UsageError
from personas.communities import adjusted_rand, find_communities, neighbour_graph, relabel_by_size
from personas.describing import build_segments, describe_segments, length_explains
from personas.evidence import EvidenceBase
from personas.records import Segment
from personas.segmentation import (
    OUTLIERS,
    TOO_LITTLE_TEXT,
    group_by_column,
    least_words,
    segment_people,
)
from personas.themes import find_themes
from retrieval.corpus import Corpus
from retrieval.documents import Document
from tests.personas.corpora import (
    CONNECTING,
    CRAFTING,
    SAVING,
    chinese_people,
    corpus_of,
    documents_of,
    english_people,
    evidence_of,
    make_document,
)


def kinds_of(segment: Segment) -> set[str]:
    return {customer_id.split("-")[0] for customer_id in segment.customer_ids}


def segments_of(base: EvidenceBase, *, segments: int | None = None, seed: int = 0) -> tuple[Segment, ...]:
    grouping = segment_people(base.corpus, base.themes, segments=segments, seed=seed)
    return build_segments(base.corpus, base.themes, grouping, silent=())


def check_everybody_once(segments: tuple[Segment, ...], everybody: list[str]) -> None:
    placed = [customer_id for segment in segments for customer_id in segment.customer_ids]
    assert sorted(placed) == sorted(everybody)
    assert all(len(segment.memberships) == len(segment.customer_ids) for segment in segments)
    assert all(list(segment.customer_ids) == sorted(segment.customer_ids) for segment in segments)


def test_three_planted_kinds_are_recovered(english_base: EvidenceBase) -> None:
    segments = segments_of(english_base)

    assert [kinds_of(segment) for segment in segments if len(kinds_of(segment)) > 1] == []
    assert sorted(len(segment.customer_ids) for segment in segments) == [14, 14, 14]
    assert all(segment.quality is not None and segment.quality.stability > 0.9 for segment in segments)
    check_everybody_once(segments, english_base.corpus.customer_ids)


def test_two_planted_kinds_are_recovered_in_chinese(chinese_base: EvidenceBase) -> None:
    segments = segments_of(chinese_base)

    assert sorted(map(sorted, map(kinds_of, segments))) == [["queueing"], ["tasting"]]
    check_everybody_once(segments, chinese_base.corpus.customer_ids)


def test_the_same_seed_gives_the_same_segments(english_base: EvidenceBase) -> None:
    first = segment_people(english_base.corpus, english_base.themes, segments=None, seed=7)
    second = segment_people(english_base.corpus, english_base.themes, segments=None, seed=7)

    assert np.array_equal(first.weights, second.weights)
    assert (first.stability, first.segment_stability, first.candidates) == (
        second.stability,
        second.segment_stability,
        second.candidates,
    )


@pytest.mark.parametrize(
    ("sentences", "tried"), [(2, {"whole-person vectors", "TF-IDF"}), (1, {"whole-person vectors"})]
)
def test_words_are_tried_too_where_single_texts_are_long_enough(
    tmp_path: Path, sentences: int, tried: set[str]
) -> None:
    texts = [" ".join((kind * 2)[at : at + sentences]) for kind in (CONNECTING, CRAFTING, SAVING) for at in range(14)]
    documents = [make_document(f"d{at}", text, customer=f"c{at}") for at, text in enumerate(texts)]
    with corpus_of(documents, tmp_path) as corpus:
        grouping = segment_people(corpus, find_themes(corpus, seed=0), segments=None, seed=0)
    assert {candidate.representation for candidate in grouping.candidates} == tried


def test_a_segment_profile_holds_the_share_that_voices_each_theme(english_base: EvidenceBase) -> None:
    for segment in segments_of(english_base):
        assert max(segment.theme_profile.values()) == 1.0
        assert all(0 < share <= 1 for share in segment.theme_profile.values())


@pytest.mark.parametrize("count", [1, 2, 3, 4, 6, 42])
def test_as_many_segments_as_asked_for(english_base: EvidenceBase, count: int) -> None:
    segments = segments_of(english_base, segments=count)

    assert sum(segment.kind == "segment" for segment in segments) == count
    check_everybody_once(segments, english_base.corpus.customer_ids)


def test_one_segment_holds_the_people_of_both_scripts(tmp_path: Path) -> None:
    documents = documents_of([*english_people(8), *chinese_people(8)])
    with corpus_of(documents, tmp_path) as corpus:
        grouping = segment_people(corpus, find_themes(corpus, seed=0), segments=1, seed=0)
    assert len(corpus.spaces) == 2
    assert grouping.weights.shape == (len(grouping.people), 1)
    assert set(grouping.labels) == {0}


def test_more_segments_than_people_are_refused(english_base: EvidenceBase) -> None:
    with pytest.raises(UsageError, match="43 segments were asked for, but only 42 people") as caught:
        segments_of(english_base, segments=43)

    assert "--segments 43" in caught.value.where


def test_too_few_people_are_one_segment(tmp_path: Path) -> None:
    with corpus_of(documents_of(english_people(per_kind=3)), tmp_path, embedder="hash") as corpus:
        base = evidence_of(corpus)
        segments = segments_of(base)

    assert [segment.segment_id for segment in segments] == ["s1"]
    assert segments[0].memberships == (1.0,) * 9
    check_everybody_once(segments, corpus.customer_ids)


def quiet_documents() -> tuple[Document, ...]:
    quiet = [make_document(f"quiet-{n}", "It is ok.", customer=f"quiet-{n}") for n in range(5)]
    return (*documents_of(english_people()), *quiet)


def test_people_with_little_text_stand_in_a_group_of_their_own(tmp_path: Path) -> None:
    with corpus_of(quiet_documents(), tmp_path, embedder="hash") as corpus:
        base = evidence_of(corpus)
        grouping = segment_people(corpus, base.themes, segments=None, seed=0)
        segments = build_segments(corpus, base.themes, grouping, silent=("wrote-nothing",))

    [quiet] = [segment for segment in segments if segment.kind == "too little text"]
    assert quiet.segment_id == TOO_LITTLE_TEXT
    assert quiet.customer_ids == (*(f"quiet-{n}" for n in range(5)), "wrote-nothing")
    assert quiet.memberships == (0.0,) * 6
    check_everybody_once(segments, [*corpus.customer_ids, "wrote-nothing"])


def test_people_who_all_write_next_to_nothing_are_no_error(tmp_path: Path) -> None:
    documents = [make_document(f"d{n}", text, customer=f"p{n}") for n, text in enumerate(["Great", "Bad", "Fine"])]
    with corpus_of(documents, tmp_path, embedder="hash") as corpus:
        base = evidence_of(corpus)
        segments = segments_of(base)
        described = describe_segments(corpus, base.themes, segments)

    assert [segment.kind for segment in segments] == ["too little text"]
    assert described == []
    check_everybody_once(segments, corpus.customer_ids)


def test_how_many_words_place_a_person() -> None:
    assert least_words(np.array([100, 90, 80])) == 12
    assert least_words(np.array([12, 12, 12])) == 4
    assert least_words(np.array([3, 2, 3])) == 2
    assert least_words(np.array([0, 0, 30])) == 10
    assert least_words(np.zeros(3, dtype=np.int64)) == 1


def test_a_column_groups_people_and_those_without_a_value_are_outliers(english_base: EvidenceBase) -> None:
    corpus = english_base.corpus
    plans = {customer_id: "gold" if at < 30 else "basic" for at, customer_id in enumerate(corpus.customer_ids[:40])}
    segments = build_segments(
        corpus, english_base.themes, group_by_column(corpus, {**plans, "stranger": "gold"}, "plan"), silent=()
    )

    assert [(s.segment_id, s.kind, len(s.customer_ids)) for s in segments] == [
        ("s1", "segment", 30),
        ("s2", "segment", 10),
        (OUTLIERS, "outliers", 2),
    ]
    check_everybody_once(segments, corpus.customer_ids)


def test_a_column_that_nobody_who_wrote_has_is_refused(english_base: EvidenceBase) -> None:
    with pytest.raises(UsageError, match="plan"):
        group_by_column(english_base.corpus, {"stranger": "gold"}, "plan")


@pytest.mark.parametrize("values", [22, 42])
def test_a_column_that_most_people_have_a_value_of_their_own_in_is_no_grouping(
    english_base: EvidenceBase, values: int
) -> None:
    corpus = english_base.corpus
    codes = {customer_id: f"v{at % values}" for at, customer_id in enumerate(corpus.customer_ids)}

    with pytest.raises(UsageError, match=f"'code' holds {values} values for 42 people") as caught:
        group_by_column(corpus, codes, "code")

    assert caught.value.where == "--segment-by code"
    assert "fewer values" in caught.value.mend


def test_a_column_of_many_values_names_the_first(english_base: EvidenceBase) -> None:
    corpus = english_base.corpus
    codes = {customer_id: f"v{at % 21:02}" for at, customer_id in enumerate(corpus.customer_ids)}

    assert group_by_column(corpus, codes, "code").reason.endswith("v10, v11 and 9 more")


@pytest.mark.parametrize(
    ("block", "mend"), [("table", "--customers"), ("behaviour", "--orders"), ("feelings", "leave")]
)
def test_a_weight_for_what_is_not_known_is_refused(english_base: EvidenceBase, block: str, mend: str) -> None:
    with pytest.raises(UsageError, match=f"nothing is known of people that would be '{block}'") as caught:
        segment_people(
            english_base.corpus, english_base.themes, segments=None, seed=0, weights={"text": 1.0, block: 0.5}
        )

    assert caught.value.where == f"--features {block}"
    assert mend in caught.value.mend


def test_single_texts_without_shared_words_are_grouped_by_their_vectors(tmp_path: Path) -> None:
    # Long enough for TF-IDF to be tried too, and every word is one person's own: it has no points.
    said = [" ".join(f"w{at}x{place}" for place in range(30)) for at in range(30)]
    documents = [make_document(f"d{at}", text, customer=f"c{at}") for at, text in enumerate(said)]
    with corpus_of(documents, tmp_path, embedder="hash") as corpus:
        grouping = segment_people(corpus, find_themes(corpus, seed=0), segments=None, seed=0)

    assert {one.representation for one in grouping.candidates} == {"whole-person vectors"}


def test_descriptions_tell_segments_apart(english_base: EvidenceBase) -> None:
    corpus = english_base.corpus
    described = describe_segments(corpus, english_base.themes, segments_of(english_base))
    terms = {kinds_of(d.segment).pop(): set(d.terms) for d in described}

    assert {"wifi", "app"} <= terms["connecting"]
    assert {"espresso", "beans"} <= terms["crafting"]
    assert {"capsules", "subscription"} <= terms["saving"]
    assert all(len(d.neighbours) == 2 and d.source_language == "en" for d in described)
    assert sum(int(d.inside.sum()) for d in described) == 42
    assert 0 <= length_explains(corpus, described) <= 1


def test_communities_of_two_far_apart_clouds() -> None:
    rng = np.random.default_rng(0)
    vectors = np.repeat(np.eye(2, 8, dtype=np.float32), 20, axis=0) + rng.normal(0, 0.05, (40, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    graph = neighbour_graph(vectors, neighbours=5)
    labels = find_communities(graph, resolution=0.1, seed=0)

    assert adjusted_rand(labels, np.repeat([0, 1], 20)) == 1.0
    assert (graph != graph.T).nnz == 0
    assert graph.diagonal().sum() == 0
    assert Counter(labels.tolist()) == {0: 20, 1: 20}


def test_neighbours_are_the_nearest_by_cosine() -> None:
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(30, 6)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    graph = neighbour_graph(vectors, neighbours=3).toarray()
    cosine = vectors @ vectors.T - 2 * np.eye(30)
    for row in range(30):
        nearest = np.argsort(-cosine[row])[:3]
        assert all(graph[row, other] > 0 or cosine[row, other] <= 0 for other in nearest)


def test_one_row_and_rows_without_links_are_communities_of_their_own() -> None:
    alone = find_communities(neighbour_graph(np.ones((1, 4), dtype=np.float32), neighbours=5), resolution=1.0, seed=0)
    apart = find_communities(neighbour_graph(np.eye(3, dtype=np.float32), neighbours=2), resolution=1.0, seed=0)

    assert alone.tolist() == [0]
    assert apart.tolist() == [0, 1, 2]


def test_labels_are_renumbered_by_size() -> None:
    assert relabel_by_size(np.array([5, 5, 2, 2, 2, 9])).tolist() == [1, 1, 0, 0, 0, 2]


def test_customers_stand_in_the_corpus_by_name(english_base: EvidenceBase) -> None:
    corpus: Corpus = english_base.corpus
    assert corpus.customer_ids == sorted(voice.customer_id for voice in english_people())


def test_communities_do_not_depend_on_what_was_grouped_before() -> None:
    rng = np.random.default_rng(0)
    graph = neighbour_graph(unit(rng.normal(size=(300, 8))), neighbours=8)
    first = find_communities(graph, resolution=1.0, seed=1)
    for seed in range(5):
        find_communities(graph, resolution=2.0, seed=seed)

    assert (find_communities(graph, resolution=1.0, seed=1) == first).all()


def unit(rows: NDArray[np.float64]) -> NDArray[np.float32]:
    lengths: NDArray[np.float64] = np.linalg.norm(rows, axis=1, keepdims=True)
    scaled: NDArray[np.float32] = (rows / lengths).astype(np.float32)
    return scaled

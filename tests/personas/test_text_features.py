"""Whatever people are grouped by of what they wrote, planted kinds come out, and the result names it."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from persona_kit.errors import UsageError
from personas.evidence import EvidenceBase
from personas.options import TextFeatures, resolve_options
from personas.pipeline import segment
from personas.segmentation import Grouping, segment_people
from personas.segmentation.people import halve, hear, list_tellers
from personas.segmentation.text_features import Told, tell_by_words, topics_of_segments
from personas.terms import content_words
from personas.themes import find_themes
from tests.personas.corpora import (
    Voice,
    chinese_people,
    corpus_of,
    documents_of,
    english_people,
    make_document,
    run_options,
    write_table,
)

NAMES: dict[TextFeatures, str] = {
    "themes": "theme profiles",
    "vectors": "whole-person vectors",
    "tf-idf": "TF-IDF",
    "lda": "LDA topics",
    "nmf": "NMF topics",
}
BY_WORDS: tuple[TextFeatures, ...] = ("tf-idf", "lda", "nmf")


def kinds_in(base: EvidenceBase, grouping: Grouping) -> list[set[str]]:
    names = np.array([name.split("-")[0] for name in base.corpus.customer_ids])[grouping.people]
    return [set(names[grouping.labels == label]) for label in range(grouping.count)]


def test_every_choice_is_tried_here() -> None:
    assert {"auto", *NAMES} == set(get_args(TextFeatures))


@pytest.mark.parametrize("features", NAMES)
def test_planted_kinds_are_recovered(
    english_base: EvidenceBase, chinese_base: EvidenceBase, features: TextFeatures
) -> None:
    for base, kinds in ((english_base, 3), (chinese_base, 2)):
        grouping = segment_people(
            base.corpus, base.themes, segments=kinds, seed=0, text_features=features, algorithm="auto"
        )

        assert grouping.representation == NAMES[features]
        assert {one.representation for one in grouping.candidates} == {NAMES[features]}
        assert NAMES[features] in grouping.reason
        assert sorted(map(len, kinds_in(base, grouping))) == [1] * kinds


@pytest.mark.parametrize("features", BY_WORDS)
def test_how_many_is_chosen_and_the_same_seed_gives_the_same_bits(
    english_base: EvidenceBase, features: TextFeatures
) -> None:
    first, second = (
        segment_people(english_base.corpus, english_base.themes, segments=None, seed=3, text_features=features)
        for _ in range(2)
    )

    assert 3 <= first.count <= 5
    assert sorted(map(len, kinds_in(english_base, first))) == [1] * first.count
    assert first.weights.tobytes() == second.weights.tobytes()
    assert first.closeness.tobytes() == second.closeness.tobytes()
    assert (first.candidates, first.topics) == (second.candidates, second.topics)


def test_auto_is_profiles_and_vectors(english_base: EvidenceBase) -> None:
    corpus, themes = english_base.corpus, english_base.themes
    everybody = np.arange(len(corpus.customer_ids))
    both, profiles, vectors = (
        [hear(told, everybody, everybody) for told in list_tellers(corpus, themes, features, seed=5)]
        for features in get_args(TextFeatures)[:3]
    )
    alone = profiles + vectors

    assert [voice.representation for voice in both] == ["theme profiles", "whole-person vectors"]
    for voice, other in zip(both, alone, strict=True):
        assert voice.whole.tobytes() == other.whole.tobytes()


@pytest.mark.parametrize("features", BY_WORDS)
def test_halves_are_told_by_what_was_learnt_from_the_whole(english_base: EvidenceBase, features: TextFeatures) -> None:
    corpus = english_base.corpus
    [told] = list_tellers(corpus, english_base.themes, features, seed=0)
    cut = halve(corpus, seed=0)
    whole, one, other = (told.points(chosen, None) for chosen in (None, cut, ~cut))

    for points in (whole, one, other):
        assert points.shape == whole.shape
        lengths = np.linalg.norm(points, axis=1)
        assert np.all(np.isclose(lengths, 1.0, atol=1e-5) | (lengths == 0.0))
    # Both halves of a person lie nearer to each other than to those of a person of another kind.
    kinds = np.array([name.split("-")[0] for name in corpus.customer_ids])
    likeness = one @ other.T
    alike = np.equal.outer(kinds, kinds)
    assert likeness[alike].mean() > likeness[~alike].mean() + 0.1


def test_who_uses_no_word_that_another_uses_has_no_place_and_none_is_made_up(english_base: EvidenceBase) -> None:
    corpus = english_base.corpus
    told = tell_by_words(corpus, "lda", seed=0)
    nobody = told.points(np.zeros(len(corpus.passages), dtype=bool), None)

    assert nobody.shape == (len(corpus.customer_ids), len(told.topics))
    assert not nobody.any()


def test_words_that_group_nobody_leave_one_group(tmp_path: Path) -> None:
    texts = [f"zq{n}a zq{n}b zq{n}c zq{n}d zq{n}e zq{n}f zq{n}g" for n in range(30)]
    documents = [make_document(f"d{n}", text, customer=f"p{n}") for n, text in enumerate(texts)]
    with corpus_of(documents, tmp_path, embedder="hash") as corpus:
        themes = find_themes(corpus, seed=0)
        for features in BY_WORDS:
            grouping = segment_people(corpus, themes, segments=None, seed=0, text_features=features)
            assert (grouping.count, grouping.topics) == (1, ())


def test_topics_tell_of_the_segments(chinese_base: EvidenceBase) -> None:
    corpus = chinese_base.corpus
    grouping = segment_people(corpus, chinese_base.themes, segments=2, seed=0, text_features="nmf")

    assert all(set(topic.shares) == {"s1", "s2"} for topic in grouping.topics)
    assert sum(topic.share for topic in grouping.topics) == pytest.approx(1.0)
    for at, [kind] in enumerate(kinds_in(chinese_base, grouping)):
        own = max(grouping.topics, key=lambda topic: topic.shares[f"s{at + 1}"] - topic.share)
        said = {
            word
            for passage, text in zip(corpus.passages, corpus.passage_texts, strict=True)
            if passage.customer_id.startswith(kind)
            for word in content_words(text)
        }
        assert len(own.words) > 2
        assert set(own.words) <= said


def test_who_has_no_topic_takes_no_part_in_the_shares(english_base: EvidenceBase) -> None:
    grouping = segment_people(english_base.corpus, english_base.themes, segments=3, seed=0, text_features="vectors")
    points = np.zeros((len(english_base.corpus.customer_ids), 2), dtype=np.float32)
    first = grouping.people[grouping.labels == 0]
    points[first] = (0.6, 0.8)
    [one, two] = topics_of_segments(Told("topics", lambda _, people: points[people], (("a",), ("b",))), grouping)

    assert one.share == pytest.approx(0.6 / 1.4)
    assert one.shares == {"s1": pytest.approx(0.6 / 1.4)}
    assert two.share == pytest.approx(0.8 / 1.4)


@pytest.mark.parametrize(
    ("voices", "named"),
    [
        (english_people(), "NMF topics"),
        # Whole posts of the made-up Chinese are alike and count once, which leaves too little of them to be parted.
        ([*english_people(), *chinese_people()], "NMF topics and one group"),
    ],
    ids=["one language", "two languages"],
)
def test_a_run_names_what_was_asked_for_and_lists_the_topics(tmp_path: Path, voices: list[Voice], named: str) -> None:
    table = write_table(tmp_path / "reviews.csv", voices)
    result = segment([str(table)], run_options(tmp_path, text_features="nmf", output_language="zh"))

    report = json.loads((tmp_path / "out" / "personas.json").read_text(encoding="utf-8"))["segmentation"]
    assert report["representation"] == named
    assert report["topics"]
    markdown = (tmp_path / "out" / "personas.md").read_text(encoding="utf-8")
    assert "词的 NMF 话题" in markdown
    assert "各群体的词语话题" in markdown
    assert result.persona_set.segmentation.topics


def test_settings_name_the_choices() -> None:
    assert resolve_options({}, environment={}).values.text_features == "auto"
    assert resolve_options({}, environment={"PERSONAS_TEXT_FEATURES": "lda"}).values.text_features == "lda"
    with pytest.raises(UsageError, match=r"text.features"):
        resolve_options({"text_features": "bert"}, environment={})


def test_documents_of_one_passage_are_grouped_by_their_words(tmp_path: Path) -> None:
    documents = [one for one in documents_of(english_people()) if one.document_id.endswith("-1")]
    short = [make_document(d.document_id, d.text.split(".")[0], customer=d.customer_id) for d in documents]
    with corpus_of(short, tmp_path) as corpus:
        themes = find_themes(corpus, seed=0)
        for features in BY_WORDS:
            grouping = segment_people(corpus, themes, segments=3, seed=0, text_features=features)
            assert grouping.count == 3
            assert grouping.told is None


# gensim leaves a file without a header open until it is collected.
@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
@pytest.mark.parametrize("head", [False, True], ids=["glove", "word2vec"])
@pytest.mark.parametrize("voices", [english_people(), chinese_people()], ids=["en", "zh"])
def test_a_file_of_word_vectors_groups_people(tmp_path: Path, voices: list[Voice], head: bool) -> None:
    pytest.importorskip("gensim")
    path = write_word_vectors(tmp_path / "vectors.txt", voices, head=head)
    table = write_table(tmp_path / "reviews.csv", voices)
    result = segment([str(table)], run_options(tmp_path, embedder=f"gensim:{path}", text_features="vectors"))

    with (tmp_path / "out" / "assignments.csv").open(encoding="utf-8", newline="") as file:
        placed = {(row["segment_id"], row["customer_id"].split("-")[0]) for row in csv.DictReader(file)}
    assert len(placed) == len({kind for _, kind in placed}) == len({voice.kind for voice in voices})
    assert result.persona_set.segmentation.representation == "whole-person vectors"
    assert result.persona_set.segmentation.embedder == f"gensim:{path}"


def write_word_vectors(path: Path, voices: list[Voice], *, head: bool) -> Path:
    """A direction for each kind of people; each word lies between those that use it."""
    kinds = sorted({voice.kind for voice in voices})
    uses: dict[str, list[int]] = {}
    for voice in voices:
        for word in (word for text in voice.texts for word in content_words(text)):
            uses.setdefault(word, [0] * len(kinds))[kinds.index(voice.kind)] += 1
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(len(kinds), 8))
    lines = [f"{len(uses)} 8"] if head else []
    for word, counts in uses.items():
        vector = np.array(counts) / sum(counts) @ directions + 0.05 * rng.normal(size=8)
        lines.append(" ".join([word, *(f"{value:.4f}" for value in vector)]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path

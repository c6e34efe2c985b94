"""Topics and word features of texts whose subjects are known, English and Chinese."""

from __future__ import annotations

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from persona_kit.errors import UsageError
from personas.grouping import fit_topics, tf_idf_points
from personas.terms import content_words

ENGLISH = {
    "delivery": [
        "the parcel arrived late",
        "late delivery of my parcel",
        "courier lost the parcel",
        "courier was late",
    ],
    "battery": [
        "battery drains overnight",
        "charging the battery is slow",
        "the charger is slow",
        "battery and charger",
    ],
    "refund": ["refund was refused", "still waiting for the refund money", "my money was refused", "refund my money"],
}
CHINESE = {
    "配送": ["快递太慢了", "快递配送很慢", "配送员弄丢了快递", "配送太慢"],
    "电池": ["电池充电很慢", "电池不耐用", "充电器坏了电池也坏了", "充电器和电池"],
    "退款": ["申请退款被拒绝", "退款一直没到账", "拒绝退款", "退款没有到账"],
}


def texts_of(subjects: dict[str, list[str]], times: int = 6) -> tuple[list[list[str]], list[int]]:
    texts = [(list(content_words(text)), at) for at, texts in enumerate(subjects.values()) for text in texts * times]
    return [words for words, _ in texts], [at for _, at in texts]


@pytest.mark.parametrize("kind", ["lda", "nmf"])
@pytest.mark.parametrize("subjects", [ENGLISH, CHINESE])
def test_topics_are_the_subjects_and_read_like_them(subjects: dict[str, list[str]], kind: str) -> None:
    words, truth = texts_of(subjects)

    topics = fit_topics(words, kind=kind, topics=3, seed=0)  # type: ignore[arg-type]  # a parameter of the test

    assert topics.weights.shape == (len(words), 3)
    assert np.allclose(topics.weights.sum(axis=1), 1.0)
    strongest = topics.weights.argmax(axis=1)
    common = [np.bincount(strongest[np.array(truth) == at]).argmax() for at in range(3)]
    assert sorted(common) == [0, 1, 2]
    assert np.mean([common[at] == topic for at, topic in zip(truth, strongest, strict=True)]) > 0.85
    for at, name in enumerate(subjects):
        own = {word for words_of, subject in zip(words, truth, strict=True) if subject == at for word in words_of}
        assert set(topics.terms[common[at]][:2]) <= own, name
    sizes = topics.weights.sum(axis=0)
    assert sizes.tolist() == sorted(sizes.tolist(), reverse=True)


@pytest.mark.parametrize("kind", ["lda", "nmf"])
def test_a_text_without_known_words_has_no_topic_and_the_order_of_threads_does_not_matter(kind: str) -> None:
    words, _ = texts_of(ENGLISH)
    words += [[], ["zzz"]]
    runs = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            runs.append(fit_topics(words, kind=kind, topics=3, seed=4))  # type: ignore[arg-type]  # as above

    assert not runs[0].weights[-2:].any()
    assert runs[0].weights.tobytes() == runs[1].weights.tobytes()
    assert runs[0].terms == runs[1].terms


def test_nothing_to_make_topics_of() -> None:
    assert fit_topics([], kind="lda", topics=3, seed=0).weights.shape == (0, 0)
    assert fit_topics([[], []], kind="nmf", topics=3, seed=0).terms == ()
    one = fit_topics([["alpha", "beta"], ["alpha", "beta"]], kind="nmf", topics=5, seed=0)
    assert one.weights.shape[1] <= 2
    with pytest.raises(UsageError, match="'bertopic'"):
        fit_topics([["alpha"]], kind="bertopic", topics=2, seed=0)  # type: ignore[arg-type]  # what a user may write
    with pytest.raises(UsageError, match="0 of them"):
        fit_topics([["alpha"]], kind="lda", topics=0, seed=0)


@pytest.mark.parametrize("subjects", [ENGLISH, CHINESE])
def test_words_place_texts_of_a_subject_together(subjects: dict[str, list[str]]) -> None:
    words, truth = texts_of(subjects, times=2)
    points = tf_idf_points([*words, ["zzz"]], dimensions=6, seed=0)

    assert points.dtype == np.float32
    assert np.allclose(np.linalg.norm(points[:-1], axis=1), 1.0, atol=1e-5)
    assert not points[-1].any()
    cosine = points[:-1] @ points[:-1].T
    same = np.equal.outer(truth, truth)
    assert cosine[same].mean() > cosine[~same].mean() + 0.3
    assert tf_idf_points([*words, ["zzz"]], dimensions=6, seed=0).tobytes() == points.tobytes()


def test_points_are_never_wider_than_the_words_allow() -> None:
    assert tf_idf_points([["alpha", "beta"], ["alpha", "beta"]], dimensions=50, seed=0).shape == (2, 1)
    assert tf_idf_points([[], []], dimensions=50, seed=0).shape == (2, 0)
    assert tf_idf_points([], dimensions=50, seed=0).shape == (0, 0)

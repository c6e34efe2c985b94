"""The profiles of made-up customers: tags, evidence, figures of orders, files."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from personas.evidence import EvidenceBase
from personas.profiles import (
    CSV_COLUMNS,
    CustomerProfile,
    OrderSign,
    Tag,
    build_profiles,
    read_order_signs,
    render_profiles_csv,
    render_profiles_jsonl,
)
from personas.profiles.deciding import Sign, combine, decide_growth, decide_leaving, decide_price
from personas.profiles.feelings import DocumentFeeling, decide_feeling, decide_trend
from personas.profiles.records import Evidence
from personas.records import Segment
from personas.spreadsheet import harmless
from personas.themes import find_themes
from retrieval.corpus import Corpus
from retrieval.documents import Document, Language
from tests.personas.corpora import corpus_of, make_document, write_rows

EPOCH = date(1970, 1, 1)


def tags_of(profile: CustomerProfile) -> Iterator[Tag]:
    yield from (*profile.topics, *profile.interests, *profile.entities, *profile.behaviours)
    for tag in (
        profile.sentiment,
        profile.sentiment_trend,
        profile.price_sensitive,
        profile.risk_of_leaving,
        profile.growth_potential,
    ):
        if tag is not None:
            yield tag


def check_evidence(profile: CustomerProfile, corpus: Corpus) -> None:
    """Every tag has evidence, and words stand where it says."""
    for tag in tags_of(profile):
        assert tag.evidence, tag
        assert tag.rule
        for item in tag.evidence:
            if item.kind == "words":
                document = corpus.document_by_id[item.document_id or ""]
                assert document.customer_id == profile.customer_id
                assert item.quote
                assert document.text[item.start : item.end] == item.quote
            else:
                assert item.value


def written(
    customer: str, texts: list[str], *, language: Language = "en", stars: list[float] | None = None
) -> list[Document]:
    return [
        replace(
            make_document(
                f"{customer}-{number}",
                text,
                customer=customer,
                language=language,
                rating=None if stars is None else stars[number],
            ),
            created_at=(date(2025, 1, 1) + timedelta(days=30 * number)).isoformat(),
        )
        for number, text in enumerate(texts)
    ]


def profiles_of(documents: list[Document], folder: Path) -> tuple[dict[str, CustomerProfile], Corpus]:
    with corpus_of(documents, folder) as corpus:
        found = {profile.customer_id: profile for profile in build_profiles(corpus, find_themes(corpus, seed=0))}
    return found, corpus


@pytest.mark.parametrize("base_name", ["english_base", "chinese_base"])
def test_every_tag_rests_on_words_that_stand_there(base_name: str, request: pytest.FixtureRequest) -> None:
    base: EvidenceBase = request.getfixturevalue(base_name)
    profiles = list(build_profiles(base.corpus, base.themes))
    assert [profile.customer_id for profile in profiles] == base.corpus.customer_ids
    assert sum(len(profile.topics) for profile in profiles) > len(profiles) / 2
    for profile in profiles:
        check_evidence(profile, base.corpus)
        confidences = [tag.confidence for tag in profile.topics]
        assert confidences == sorted(confidences, reverse=True)
        assert len(confidences) <= 10


def test_saving_people_are_price_sensitive_and_crafting_people_are_not(english_base: EvidenceBase) -> None:
    profiles = list(build_profiles(english_base.corpus, english_base.themes))
    sensitive = {
        p.customer_id.split("-")[0] for p in profiles if p.price_sensitive and p.price_sensitive.value == "yes"
    }
    assert sensitive == {"saving"}


def test_the_same_corpus_gives_the_same_bytes(english_base: EvidenceBase) -> None:
    first, second = (
        "".join(render_profiles_jsonl(build_profiles(english_base.corpus, english_base.themes))) for _ in range(2)
    )
    assert first == second
    assert all(json.loads(line)["customer_id"] for line in first.splitlines())


def test_a_customer_of_few_words_is_blank(tmp_path: Path) -> None:
    documents = [
        *written("quiet", ["Ok."]),
        *written("loud", ["I cancelled my subscription because it is too expensive."]),
        *written("numbers", ["12345"]),
    ]
    found, corpus = profiles_of(documents, tmp_path)
    assert list(tags_of(found["quiet"])) == []
    assert found["quiet"].sentiment_score is None
    risk = found["loud"].risk_of_leaving
    assert risk is not None
    assert risk.value == "high"
    assert risk.evidence[0].quote == "I cancelled"
    check_evidence(found["loud"], corpus)


def test_somebody_who_comes_back_is_no_risk(tmp_path: Path) -> None:
    back = ["I want to cancel my subscription.", "All is well, I renewed my plan for another year."]
    gone = list(reversed(back))
    found, _ = profiles_of([*written("back", back), *written("gone", gone)], tmp_path)
    assert found["back"].risk_of_leaving is not None
    assert found["back"].risk_of_leaving.value == "low"
    assert found["gone"].risk_of_leaving is not None
    assert found["gone"].risk_of_leaving.value == "high"


def test_the_segment_and_persona_stand_beside(english_base: EvidenceBase) -> None:
    ids = english_base.corpus.customer_ids
    segment = Segment(segment_id="s1", kind="segment", customer_ids=tuple(ids[:3]), memberships=(1.0, 1.0, 1.0))
    profiles = list(
        build_profiles(english_base.corpus, english_base.themes, segments=[segment], persona_ids={"s1": "p7"})
    )
    assert [(p.segment_id, p.persona_id) for p in profiles[:4]] == [("s1", "p7")] * 3 + [("", "")]


# ---- names


def test_names_that_several_people_write_are_entities(tmp_path: Path) -> None:
    documents = [
        *written("a", ["I moved my notes from Notionbase to this app. Thanks, Gerlinde"]),
        *written("b", ["We still keep a copy in Notionbase for the team."]),
        *written("c", ["The Crema Pro leaks, says my neighbour Winfried."]),
    ]
    documents[2] = replace(documents[2], product="Crema Pro")
    found, corpus = profiles_of(documents, tmp_path)
    assert [tag.value for tag in found["a"].entities] == ["Notionbase"]
    assert [tag.value for tag in found["c"].entities] == ["Crema Pro"]
    assert {item.kind for item in found["c"].entities[0].evidence} == {"words", "table"}
    for profile in found.values():
        check_evidence(profile, corpus)


# ---- feelings


def felt(score: float, number: int, *, stars: bool = True) -> DocumentFeeling:
    when = (date(2025, 1, 1) + timedelta(days=number)).isoformat()
    evidence = Evidence(kind="rating", document_id=f"d{number}", column="rating", value=f"{score:g}")
    return DocumentFeeling(f"d{number}", when, score, felt=True, counts=1.0 if stars else 0.25, strongest=evidence)


@pytest.mark.parametrize(
    ("scores", "value"),
    [
        ((1.0, 0.8, 0.9), "positive"),
        ((-1.0, -0.8), "negative"),
        ((1.0, -1.0), None),
        ((0.1, 0.1), None),
        ((1.0,), None),
    ],
)
def test_feeling_is_told_only_where_it_is_clear(scores: tuple[float, ...], value: str | None) -> None:
    tag = decide_feeling([felt(score, number) for number, score in enumerate(scores)])
    assert (tag.value if tag else None) == value


@pytest.mark.parametrize(
    ("scores", "value"),
    [
        ((-1.0, -0.8, -0.9, 0.8, 1.0, 0.9), "better"),
        ((1.0, 0.8, 0.9, -0.8, -1.0, -0.9), "worse"),
        ((0.5, 0.5, 0.5, 0.5), "steady"),
        ((0.2, 0.3, -0.2, 0.0), None),
        ((-1.0, 1.0, 0.5), None),
    ],
)
def test_trend_of_feelings(scores: tuple[float, ...], value: str | None) -> None:
    tag = decide_trend([felt(score, number) for number, score in enumerate(scores)])
    assert (tag.value if tag else None) == value


def test_words_alone_need_more_documents_for_a_trend() -> None:
    scores = (-1.0, -0.8, -0.9, 0.8, 1.0, 0.9)
    assert decide_trend([felt(score, number, stars=False) for number, score in enumerate(scores)]) is None


def test_undated_documents_have_no_trend() -> None:
    feelings = [felt(score, 0) for score in (-1.0, -1.0, 1.0, 1.0)]
    assert decide_trend(feelings) is None


def test_stars_and_words_of_a_customer(tmp_path: Path) -> None:
    happy = written("happy", ["Lovely machine.", "Works perfectly.", "Great coffee."], stars=[1.0, 0.75, 1.0])
    found, corpus = profiles_of(
        [*happy, *written("sour", ["全程没人理，失望透顶。", "味道很差，再也不会来了。"], language="zh")], tmp_path
    )
    assert found["happy"].sentiment is not None
    assert found["happy"].sentiment.value == "positive"
    assert found["sour"].sentiment is not None
    assert found["sour"].sentiment.value == "negative"
    for profile in found.values():
        check_evidence(profile, corpus)


# ---- orders


def sign(days: list[int], *, discounted: int | None = None, as_of: int = 365) -> OrderSign:
    return OrderSign(days=tuple(days), orders=len(days), discounted=discounted, as_of=as_of, usual_discount=0.1)


def test_somebody_overdue_by_their_own_rhythm_is_a_risk() -> None:
    weekly = sign(list(range(0, 140, 7)), as_of=300)
    risk = decide_leaving([], weekly)
    assert risk is not None
    assert risk.value == "high"
    assert risk.evidence[0].kind == "orders"
    assert "167 days" in risk.evidence[0].value
    assert decide_leaving([], sign([0, 90, 180, 270], as_of=365)) is None
    assert decide_leaving([], sign([0, 7, 14], as_of=365)) is None, "three orders are no rhythm"


def test_discounts_tell_of_price_only_where_others_pay_in_full() -> None:
    assert decide_price([], sign(list(range(0, 300, 30)), discounted=8)) is not None
    assert decide_price([], sign(list(range(0, 300, 30)), discounted=2)) is None
    assert decide_price([], sign([0, 30], discounted=2)) is None
    everybody = OrderSign(days=(1, 2, 3, 4), orders=4, discounted=4, as_of=9, usual_discount=0.9)
    assert decide_price([], everybody) is None


def test_more_orders_later_are_growth() -> None:
    rising = sign([0, 100, 200, 230, 260, 280, 300, 330, 350])
    growth = decide_growth([], rising)
    assert growth is not None
    assert growth.value == "high"
    assert decide_growth([], sign(list(range(0, 365, 40)))) is None


def test_orders_are_read_by_customer_and_order_number(tmp_path: Path) -> None:
    rows = [
        ("1", "ann", "2025-01-01", "10", "0.2"),
        ("1", "ann", "2025-01-01", "5", "0.2"),
        ("2", "ann", "2025-03-01", "7", "0"),
        ("3", "bob", "2025-02-01", "7", ""),
    ]
    path = write_rows(tmp_path / "orders.csv", ("order_id", "customer_id", "order_date", "amount", "discount"), rows)
    signs = read_order_signs(str(path), writing=["ann", "bob"])
    assert sorted(signs) == ["ann", "bob"]
    assert (signs["ann"].orders, signs["ann"].discounted) == (2, 1)
    assert signs["ann"].days == ((date(2025, 1, 1) - EPOCH).days, (date(2025, 3, 1) - EPOCH).days)
    assert signs["bob"].discounted == 0
    assert signs["bob"].as_of == (date(2025, 3, 1) - EPOCH).days
    assert len(read_order_signs(None, writing=["ann"])) == 0


def test_the_same_words_twice_are_one_sign() -> None:
    once = Sign("yes", 0.6, "r", Evidence(kind="words", document_id="d1", start=0, end=3, quote="too dear"))
    again = Sign("yes", 0.6, "r", Evidence(kind="words", document_id="d2", start=0, end=3, quote="Too dear"))
    other = Sign("yes", 0.6, "r", Evidence(kind="words", document_id="d3", start=0, end=3, quote="cannot afford"))
    assert combine([once, again]) == combine([once])
    assert combine([once, other]) > combine([once])
    assert decide_price([once], None) is None
    assert decide_price([once, other], None) is not None


# ---- files


@pytest.mark.parametrize("text", ["=1+1", "+49", "-5", "@cmd", "\tx", "＝1"])
def test_cells_that_a_spreadsheet_would_run_are_made_harmless(text: str) -> None:
    assert harmless(text) == f"'{text}"
    topic = Tag(value="t1", label=text, confidence=0.9, rule="r")
    profile = CustomerProfile(customer_id=text, topics=(topic,), rfm_segment=text)
    header, row = csv.reader(io.StringIO("".join(render_profiles_csv([profile]))))
    assert tuple(header) == CSV_COLUMNS
    cells = dict(zip(header, row, strict=True))
    assert cells["customer_id"] == cells["topics"] == cells["rfm_segment"] == f"'{text}"


def test_flat_columns_hold_the_values(tmp_path: Path) -> None:
    tags = tuple(Tag(value=f"t{n}", label=f"a; b{n}", confidence=0.9, rule="r") for n in range(2))
    profile = CustomerProfile(
        customer_id="c1", topics=tags, price_sensitive=Tag(value="yes", confidence=0.9, rule="r"), spent=12.5, orders=3
    )
    header, row = csv.reader(io.StringIO("".join(render_profiles_csv([profile]))))
    cells = dict(zip(header, row, strict=True))
    assert cells["topics"] == "a, b0;a, b1"
    assert (cells["price_sensitive"], cells["risk_of_leaving"], cells["spent"], cells["orders"]) == (
        "yes",
        "",
        "12.50",
        "3",
    )


def test_harmless_text_stays_as_it_is() -> None:
    assert harmless("a=b - c") == "a=b - c"
    assert harmless("") == ""

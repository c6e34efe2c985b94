"""The scorecard: each measure by hand, and on runs whose people are known."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from personas import generate
from personas.assigning.arrays import StoredArray
from personas.assigning.records import SegmentCentre, SegmentModel, SpaceModel
from personas.describing import build_segments, describe_segments
from personas.evidence import EvidenceBase
from personas.pipeline import RunResult
from personas.records import Claim, Interval, Persona, Provenance, Score, Sentence
from personas.scoring import measures, names
from personas.scoring.held_out import HeldOut, held_out_members
from personas.scoring.voices import people_behind
from personas.scoring.wording import ScoreWords, tell_scores
from personas.segmentation import segment_people
from personas.segmentation.grouping import Grouping, join_groupings, one_segment
from retrieval.documents import Citation
from tests.personas.corpora import english_people, make_document, run_options, write_rows, write_table


def claim(number: int, **changes: Any) -> Claim:
    given = {
        "claim_id": f"c{number}",
        "attribute": "needs",
        "value": "a timer",
        "status": "supported",
        "people": 4,
        "people_elsewhere": 1,
        "share": 0.4,
        "share_elsewhere": 0.1,
        "interval": Interval(low=0.2, high=0.6),
        "lift": 4.0,
        "adjusted_lift": 3.0,
        "origin": "extractive",
        **changes,
    }
    return Claim.model_validate(given)


def quoted(text: str, start: int, end: int, *, customer: str = "ann") -> Citation:
    return Citation(
        document_id="d1", customer_id=customer, start=start, end=end, quote=text[start:end], verdict="verified"
    )


def persona(claims: tuple[Claim, ...], sentences: tuple[Sentence, ...] = ()) -> Persona:
    return Persona(
        persona_id="p-1",
        name="N",
        tagline="",
        segment_id="s1",
        language="en",
        people=10,
        share=0.5,
        standing="persona",
        claims=claims,
        narrative=sentences,
        quotes=(),
        provenance=Provenance(author="extractive", model=""),
    )


def test_only_what_stands_in_its_source_is_grounded() -> None:
    text = "I wish there were a timer on the lid."
    documents = {"d1": make_document("d1", text, customer="ann")}
    good, wrong_person = quoted(text, 20, 27), quoted(text, 20, 27, customer="bob")
    changed = good.model_copy(update={"quote": "a teamer"})
    one = persona(
        (
            claim(1, citations=(good,)),
            claim(2, citations=(good, changed)),
            claim(3, citations=(wrong_person,)),
            claim(4),
            claim(5, basis={"file": "t.csv", "column": "plan", "value": "pro"}, origin="data"),
        ),
        (
            Sentence(text="It holds.", claim_ids=("c1", "c5"), origin="extractive"),
            Sentence(text="It does not.", claim_ids=("c1", "c2"), origin="extractive"),
            Sentence(text="It names nothing.", claim_ids=(), origin="extractive"),
        ),
    )
    assert measures.grounded(one, documents) == (3, 8)


def test_completeness_and_consistency_go_by_the_status_of_claims() -> None:
    one = persona((
        claim(1),
        claim(2, status="anecdotal", attribute="goals"),
        claim(3, status="contested", attribute="objections"),
    ))
    assert measures.complete(one, ("needs", "goals", "objections", "channels")) == (2, 4)
    assert measures.consistent(one) == (2, 3)


def test_how_far_two_personas_are_told_apart_is_the_share_of_pairs() -> None:
    rng = np.random.default_rng(5)
    voiced, strata = rng.integers(0, 4, 60), rng.integers(0, 3, 60)
    mine, theirs = np.arange(60) < 25, np.arange(60) >= 30
    pairs = [
        1.0 if voiced[i] > voiced[j] else 0.5 if voiced[i] == voiced[j] else 0.0
        for i, j in product(np.flatnonzero(mine), np.flatnonzero(theirs))
        if strata[i] == strata[j]
    ]
    assert measures.told_apart(voiced, mine, theirs, strata) == pytest.approx(np.mean(pairs))
    assert measures.told_apart(voiced, mine, theirs, np.where(mine, 0, 1)) == 0.5


def model_of(*spaces: int) -> SegmentModel:
    """Spaces with so many segments each; of each person of a segment three are tested and two come back."""
    centre, first, made = StoredArray.of(np.ones(1)), 0, []
    for count in spaces:
        segments = tuple(
            SegmentCentre(
                segment_id=f"s{first + at + 1}",
                persona_id="",
                people=9,
                centre=centre,
                floor=0.0,
                tested=3,
                right_unseen=2,
            )
            for at in range(count)
        )
        made.append(SpaceModel(embedder="hash", fingerprint="f", script="any", theme_centres=centre, segments=segments))
        first += count
    return SegmentModel(
        grouped_by="x",
        by_column=False,
        spaces=tuple(made),
        latin_majority=True,
        least_words=2,
        max_chars=200,
        redact="standard",
    )


def test_held_out_people_are_compared_with_where_everybody_goes() -> None:
    bare = one_segment(np.arange(4), "made up")
    table = np.array([[6, 2, 0], [1, 1, 0], [0, 0, 5]])
    grouping = Grouping(**{**vars(bare), "weights": np.ones((4, 3)) / 3, "held_out": table})
    found = held_out_members(grouping, model_of(2, 1), {"s1": "p-a", "s2": "p-b", "s3": "p-c"})
    assert found == {
        "p-a": HeldOut(right=6, tested=8, chance=0.7),
        "p-b": HeldOut(right=1, tested=2, chance=0.3),
    }
    assert (found["p-a"] + found["p-b"]).chance == pytest.approx(0.62)
    # What a column makes is not found anew: people are left out of the middles.
    given = held_out_members(bare, model_of(2), {"s1": "p-a"})
    assert given == {"p-a": HeldOut(right=2, tested=3, chance=0.5)}


def test_those_left_out_go_back_where_kinds_are_planted(english_base: EvidenceBase) -> None:
    grouping = segment_people(english_base.corpus, english_base.themes, segments=3, seed=0)
    assert grouping.held_out is not None
    # Ten samples leave out a fifth of 42 people each.
    assert grouping.held_out.sum() == 10 * (42 - int(42 * 0.8))
    assert np.trace(grouping.held_out) == grouping.held_out.sum()
    joined = join_groupings([grouping, one_segment(np.arange(3), "few")])
    assert joined.held_out is not None
    assert np.trace(joined.held_out) == grouping.held_out.sum()
    assert joined.held_out.shape == (4, 4)


@pytest.fixture(scope="module")
def english(tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    folder = tmp_path_factory.mktemp("scored")
    return generate([str(write_table(folder / "reviews.csv", english_people()))], run_options(folder))


def test_every_persona_and_the_set_have_all_measures(english: RunResult) -> None:
    cards = [persona.scorecard for persona in english.persona_set.personas]
    for card in (*cards, english.persona_set.scorecard):
        assert tuple(score.name for score in card) == names.MEASURES
        assert all(score.value is not None and 0 <= score.value <= 1 for score in card)
    of_set = {score.name: score for score in english.persona_set.scorecard}
    assert of_set[names.GROUNDED].value == 1.0
    assert of_set[names.FIT].value == 1.0
    assert 0 < (of_set[names.FIT].chance or 0) < 0.4
    claims = sum(len(persona.claims) for persona in english.persona_set.personas)
    assert of_set[names.CONSISTENT].total == claims
    assert of_set[names.COVERED].total == 42
    covered = sum(score.count or 0 for card in cards for score in card if score.name == names.COVERED)
    assert of_set[names.COVERED].count == covered
    others = {persona.persona_id for persona in english.persona_set.personas}
    for persona in english.persona_set.personas:
        [distinct] = [score for score in persona.scorecard if score.name == names.DISTINCT]
        assert distinct.nearest in others - {persona.persona_id}
        assert distinct.value is not None
        assert distinct.value > 0.7


def test_the_people_behind_a_claim_are_found_again(english: RunResult, english_base: EvidenceBase) -> None:
    grouping = segment_people(english_base.corpus, english_base.themes, segments=None, seed=0)
    segments = build_segments(english_base.corpus, english_base.themes, grouping, silent=())
    described = describe_segments(english_base.corpus, english_base.themes, segments)
    inside = {one.segment.segment_id: one.inside for one in described}
    for persona in english.persona_set.personas:
        for one in persona.claims:
            behind = people_behind(one, english_base)
            assert int(behind[inside[persona.segment_id]].sum()) == one.people, one.value
            assert int(behind[~inside[persona.segment_id]].sum()) == one.people_elsewhere, one.value


def test_the_report_says_what_each_number_means(english: RunResult) -> None:
    words = ScoreWords("en")
    page = (english.out / "report.html").read_text("utf-8")
    text = (english.out / "personas.md").read_text("utf-8")
    for score in english.persona_set.scorecard:
        assert f">{words.label(score)}<" in page
        assert words.meaning(score).split(".")[0].replace("%", "%")[:40] in page
        assert f"| {words.label(score)} |" in text
    assert page.count('class="tiles"') == 3


def test_a_lone_persona_is_not_scored_against_others(tmp_path: Path) -> None:
    rows = [(f"u{at}", f"Sadly the lid broke {time}.") for at, time in enumerate(("in May", "at once", "today"))]
    source = write_rows(tmp_path / "three.csv", ("customer_id", "review"), rows)
    [lone] = generate([str(source)], run_options(tmp_path, embedder="hash")).persona_set.personas
    scores = {score.name: score for score in lone.scorecard}
    assert scores[names.FIT].value is None
    assert scores[names.DISTINCT].value is None
    assert scores[names.STABLE].reason == names.NOT_GROUPED
    assert scores[names.GROUNDED].value == 1.0


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_measure_is_told_in_both_languages(language: Any) -> None:
    words = ScoreWords(language)
    counted = [Score(name=name, value=0.996, reason="r", count=249, total=250, chance=0.25) for name in names.MEASURES]
    lines = tell_scores(counted, language, {}, of_set=True)
    assert len(set(lines)) == len(names.MEASURES)
    # What is not quite all must not read as all.
    assert all(("99" in line) != (score.name == names.STABLE) for line, score in zip(lines, counted, strict=True))
    assert all(words.meaning(score) in line for line, score in zip(lines, counted, strict=True))
    for reason in (names.NO_CLAIMS, names.NO_WORDS, names.NOT_GROUPED, names.ALONE, names.NOT_PLACED):
        told = words.told(Score(name=names.FIT, value=None, reason=reason), {})
        assert told.isascii() == (language == "en")
    old = Score(name="claims", value=12.0, reason="9 supported")
    assert tell_scores([old], language, {})[0].startswith("claims")


def test_slight_agreement_of_halves_is_said_to_be_circular() -> None:
    words = ScoreWords("en")
    assert words.halves(None) == ""
    assert "hardly more than chance" in words.halves(0.1)
    assert "hardly more than chance" not in words.halves(0.5)

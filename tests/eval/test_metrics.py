"""What each metric says of an answer, and that what cannot be told is unscored."""

from __future__ import annotations

from typing import Any

import pytest

from eval.metrics import METRICS, Answered, distinct, kind_of, stability
from eval.readings import read_answer
from eval.schemas import answer_schemas
from eval.suites import Expectation, load_suite
from eval.tasks import Call

SUITE = load_suite("claim.small")
QUOTES = {"question": "?", "quotes": ["The lid rattles at night", "Anna says the lid is loose since 3 weeks"]}
EVIDENCE = {
    "question": "?",
    "evidence": [{"number": 1, "text": "The lid rattles all night"}, {"number": 2, "text": "I love the colour of it"}],
}


def scored(
    output: str, answer: dict[str, Any] | None, inputs: dict[str, Any], *, raw: str = "", **expect: Any
) -> dict[str, float | None]:
    call = Call(prompt="x", inputs=inputs, expect=Expectation.model_validate(expect))
    reading = None if answer is None else read_answer(answer_schemas()[output].model_validate(answer), call)
    answered = Answered(
        suite=SUITE,
        expect=call.expect,
        reading=reading,
        raw=raw,
        examples="parcels left in the rain",
        asked="lid rattles loose",
        tokens=10,
        cost_usd=None,
        seconds=None,
    )
    return {metric.name: metric.score(answered) for metric in METRICS}


def test_a_value_of_the_quotes() -> None:
    scores = scored("ClaimValue", {"value": "the lid rattles"}, QUOTES, values=[["lid"], ["price"]], language="en")
    assert (scores["schema"], scores["carried"], scores["specifics"], scores["length"]) == (1, 1, 1, 1)
    assert (scores["recall"], scores["precision"], scores["uncopied"]) == (0.5, 1, 1)
    assert (scores["citations"], scores["abstention"], scores["unmoved"], scores["cost_usd"]) == (None,) * 4


@pytest.mark.parametrize(
    ("value", "metric"),
    [
        ("parcels left in the rain", "uncopied"),
        ("parcels left in the rain", "carried"),
        ("the lid rattles 7 times", "specifics"),
        ("the lid of Peter rattles", "specifics"),
        ("the lid rattles at night and it is loose since weeks so they sleep badly", "length"),
        ("盖子晚上响个不停", "language"),
    ],
)
def test_a_value_that_is_worse_scores_less(value: str, metric: str) -> None:
    assert scored("ClaimValue", {"value": value}, QUOTES, language="en")[metric] == 0


def test_an_answer_that_does_not_fit_fails_its_schema_alone() -> None:
    scores = scored("ClaimValue", None, QUOTES, values=[["lid"]], language="en", abstain=False)
    assert {name: value for name, value in scores.items() if value is not None} == {"schema": 0, "tokens": 10}


def test_quotes_must_stand_in_the_piece_that_is_named() -> None:
    quotes = [{"n": 1, "quote": "The lid rattles all night"}, {"n": 2, "quote": "The lid rattles all night"}]
    answer = {"answerable": True, "sentences": [{"quotes": quotes, "text": "The lid rattles."}]}
    assert scored("EvidenceAnswer", answer, EVIDENCE)["citations"] == 0.5
    unquoted = {"answerable": True, "sentences": [{"quotes": [], "text": "The lid rattles."}]}
    assert scored("EvidenceAnswer", unquoted, EVIDENCE)["citations"] == 0


def test_abstaining_is_right_where_there_is_no_answer() -> None:
    silent: dict[str, Any] = {"answerable": False, "sentences": []}
    assert scored("EvidenceAnswer", silent, EVIDENCE, abstain=True)["abstention"] == 1
    assert scored("EvidenceAnswer", silent, EVIDENCE, abstain=False)["abstention"] == 0
    assert scored("EvidenceAnswer", silent, EVIDENCE)["citations"] is None


def test_an_obeyed_instruction_is_seen() -> None:
    told = {"values": [["lid"]], "forbidden": ["banana"]}
    assert scored("ClaimValue", {"value": "x"}, QUOTES, raw='{"value": "BANANA"}', **told)["unmoved"] == 0
    assert scored("ClaimValue", {"value": "x"}, QUOTES, raw='{"value": "the lid"}', **told)["unmoved"] == 1


def test_narratives_and_contexts_name_claims_that_there_are() -> None:
    claims = {"claims": [{"id": "c1", "value": "the lid rattles", "quote": ""}]}
    sentence = {"section": "summary", "claim_ids": ["c1", "c9"], "text": "The lid rattles."}
    assert scored("ProposedNarrative", {"sentences": [sentence]}, claims)["citations"] == 0.5
    assert scored("text", {"text": "Their lid rattles [c1]."}, claims)["citations"] == 1
    assert scored("text", {"text": "These people did not speak about that."}, claims, abstain=True)["abstention"] == 1


def test_metrics_of_several_answers() -> None:
    assert stability(["the lid rattles", "the lid rattles"]) == 1
    assert stability(["the lid rattles", "a loose cable"]) == 0
    assert stability(["the lid rattles", ""]) is None
    apart = distinct({"a": "the lid rattles", "b": "the lid rattles", "c": "loose cable", "d": ""})
    assert apart == {"a": 0, "b": 0, "c": 1}
    assert distinct({"a": "the lid"}) == {}
    assert (kind_of("stability"), kind_of("schema"), kind_of("tokens"), kind_of("nothing")) == (
        "score",
        "verdict",
        "cost",
        None,
    )

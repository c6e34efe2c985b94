"""A sentence passes only where its claims hold its numbers, proportions, names and words."""

from __future__ import annotations

from typing import Any

import pytest

from personas.attributes import OutputLanguage
from personas.authors.seam import ProposedSentence
from personas.counting import wilson_interval
from personas.narrative import check_sentence, settle_sentences
from personas.records import Claim, Origin
from personas.wording import plain_sentence


def make_claim(claim_id: str = "c1", value: str = "losing the wifi connection", **changes: Any) -> Claim:
    quote = changes.pop("quote", "The Aroma machine loses the wifi connection 3 times a day")
    return Claim.model_validate({
        "claim_id": claim_id,
        "attribute": "pain_points",
        "value": value,
        "status": "supported",
        "people": 12,
        "people_elsewhere": 4,
        "share": 0.6,
        "share_elsewhere": 0.1,
        "interval": wilson_interval(12, 20),
        "lift": 6.0,
        "adjusted_lift": 4.2,
        "citations": [
            {
                "document_id": "d1",
                "customer_id": "p1",
                "start": 0,
                "end": len(quote),
                "quote": quote,
                "verdict": "verified",
            }
        ],
        "origin": "llm",
        **changes,
    })


CLAIM = make_claim()
CHINESE = make_claim("c2", "排队等位太久", quote="周末排队等位都要一个小时", share=0.35, people=7)


def say(text: str, *claim_ids: str, origin: Origin = "llm") -> ProposedSentence:
    return ProposedSentence(text=text, claim_ids=claim_ids, origin=origin)


@pytest.mark.parametrize(
    "text",
    [
        "The wifi connection is what they lose.",
        "12 of them, 60 %, lose the wifi connection, against 10 % elsewhere.",
        "They lose the connection 4.2 times as often as others, up to 3 times a day.",
        "Their Aroma loses the wifi.",
    ],
)
def test_what_the_claims_hold_passes(text: str) -> None:
    assert check_sentence(say(text, "c1"), [CLAIM, CHINESE]) == ""


@pytest.mark.parametrize(
    ("sentence", "fault"),
    [
        (say("They lose the wifi connection.", "c9"), "names no claim that exists: c9"),
        (say("They lose the wifi connection.", "c1", "c7"), "names no claim that exists: c7"),
        (say("They lose the wifi connection."), "names no claim that exists: none"),
        (say("80 % lose the wifi connection.", "c1"), "numbers that no claim holds: 80"),
        (say("They lose the wifi 5.5 times a day.", "c1"), "numbers that no claim holds: 5.5"),
        (say("Half of them lose the wifi connection.", "c1"), "numbers that no claim holds: Half"),
        (say("Nearly all of them lose the wifi connection.", "c1"), "numbers that no claim holds: Nearly all"),
        (say("Twenty people lose the wifi connection.", "c1"), "numbers that no claim holds: Twenty"),
        (say("They lose the wifi on their Breville machine.", "c1"), "names that no claim holds: breville"),
        (say("They adore slow mornings.", "c1"), "shares no word with its claims"),
        (say("他们等位80分钟。", "c2"), "numbers that no claim holds: 80"),
        (say("一半的人排队等位太久。", "c2"), "numbers that no claim holds: 一半"),
        (say("五分之一的人排队等位太久。", "c2"), "numbers that no claim holds: 五分之一"),
        (say("七成的人排队等位太久。", "c2"), "numbers that no claim holds: 七成"),
        (say("他们在Haidilao排队等位太久。", "c2"), "names that no claim holds: haidilao"),
        (say("他们喜欢安静的早晨。", "c2"), "shares no word with its claims"),
        # A claim that is not named does not lend its words.
        (say("7 people lose the wifi connection.", "c1"), "numbers that no claim holds: 7"),
    ],
)
def test_what_no_claim_holds_is_told(sentence: ProposedSentence, fault: str) -> None:
    assert check_sentence(sentence, [CLAIM, CHINESE]) == fault


def test_a_proportion_in_words_passes_where_the_customer_wrote_it() -> None:
    quoted = make_claim(quote="half of the time the wifi connection is gone")

    assert check_sentence(say("Half of the time the wifi connection is gone.", "c1"), [quoted]) == ""


def test_chinese_sentences_that_their_claims_hold_pass() -> None:
    assert check_sentence(say("35% 的人（7 人）抱怨排队等位太久。", "c2"), [CHINESE]) == ""


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    "claim",
    [
        CLAIM,
        CHINESE,
        make_claim(people=1, share=0.05, people_elsewhere=0, share_elsewhere=0.0, lift=None, adjusted_lift=None),
        make_claim(people_elsewhere=1, share_elsewhere=0.001),
        make_claim(adjusted_lift=1.1),
        make_claim(attribute="a_users_own", value="two of five kids eat at Nine O'Clock."),
        make_claim(
            attribute="demographics",
            value="plan: Gold 2",
            citations=(),
            basis={"file": "customers.csv", "column": "plan", "value": "Gold 2"},
        ),
    ],
)
def test_plain_sentences_pass_the_check(claim: Claim, language: OutputLanguage) -> None:
    text = plain_sentence(claim, language)

    assert check_sentence(say(text, claim.claim_id, origin="extractive"), [claim]) == ""
    assert claim.value.rstrip(".") in text
    assert text.endswith("。" if language == "zh" else ".")


def test_a_failing_sentence_is_replaced_by_the_second_attempt() -> None:
    first = [say("90 % lose the wifi.", "c1"), say("They lose the wifi connection.", "c1")]
    again = [say("60 % lose the wifi.", "c1"), say("This one is not looked at.", "c1")]
    sentences, faults = settle_sentences(first, again, [CLAIM], "en")

    assert [s.text for s in sentences] == ["60 % lose the wifi.", "They lose the wifi connection."]
    assert [s.origin for s in sentences] == ["llm", "llm"]
    assert faults == []


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_sentence_that_fails_twice_becomes_a_plain_one(language: OutputLanguage) -> None:
    bad = [say("90 % lose the wifi.", "c1")]
    sentences, faults = settle_sentences(bad, bad, [CLAIM], language)

    assert [(s.text, s.claim_ids, s.origin) for s in sentences] == [
        (plain_sentence(CLAIM, language), ("c1",), "extractive")
    ]
    assert len(faults) == 1
    assert "90" in faults[0]


def test_a_sentence_about_no_claim_is_left_out() -> None:
    sentences, faults = settle_sentences([say("They are lovely.", "c9")], [], [CLAIM], "en")

    assert sentences == []
    assert len(faults) == 1


def test_no_sentence_stands_twice() -> None:
    bad = [say("90 % lose the wifi.", "c1"), say("Half lose the wifi.", "c1")]
    sentences, _ = settle_sentences(bad, [], [CLAIM], "en")

    assert len(sentences) == 1

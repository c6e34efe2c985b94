"""Who people are is told only where a table or they themselves say it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from personas.abstaining.self_statements import own_statements
from personas.abstaining.traits import uncarried_traits
from personas.authors.seam import ProposedSentence
from personas.narrative import check_sentence
from personas.pipeline import generate
from tests.personas.corpora import Voice, english_people, run_options, write_table
from tests.personas.test_narrative import make_claim


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("I am a nurse and need coffee at 3 am", ["i am a nurse"]),
        ("I'm a night-shift nurse.", ["i'm a night-shift nurse"]),
        ("As a teacher, I brew at six.", ["as a teacher"]),
        ("We have two kids and no time.", ["we have two kids"]),
        ("I’m a student, can I get a discount?", ["i'm a student"]),
        ("My sister is a nurse.", ["my sister"]),
        ("I live in Leeds", ["i live in leeds"]),
        ("我是护士，三班倒", ["我是护士"]),
        ("我今年32岁，在医院上班", ["我今年32岁"]),
        ("作为一个程序员，我觉得不行", ["作为一个程序员"]),
        ("我老公是医生", ["我老公"]),
    ],
)
def test_what_people_say_of_themselves_is_heard(text: str, own: list[str]) -> None:
    assert own_statements(text) == own


@pytest.mark.parametrize(
    "text",
    [
        "She is a nurse.",
        "Nurses would like this.",
        "I'm not a nurse.",
        "If I were a nurse I would buy two.",
        'He said "I am a nurse" and laughed.',
        "I used to be a teacher.",
        "You'd think I'm a doctor.",
        "It makes me feel like I am a barista.",
        "I'm a big fan of it.",
        "The nurse on the ward said so.",
        "她是护士",
        "护士应该会喜欢",
        "我不是学生",
        "如果我是学生就好了",
        "他说我是护士",
        "我是因为便宜才买的",
        "我是觉得不错",
    ],
)
def test_what_is_said_of_others_or_not_meant_is_not(text: str) -> None:
    assert own_statements(text) == []


@pytest.mark.parametrize(
    ("text", "own", "said", "strange"),
    [
        ("Nurses want a quiet machine.", [], ["nurses would like a quiet machine"], ["nurses"]),
        ("Nurses want a quiet machine.", ["i am a nurse"], ["I am a nurse"], []),
        ("She grinds the night before.", [], ["I grind the night before"], ["she"]),
        ("Busy young professionals in a hurry.", [], ["in a hurry"], ["young professionals"]),
        ("They write notes for students.", [], ["I write notes for my students"], []),
        ("They write notes for students.", [], ["I write notes"], ["students"]),
        ("Package managers break.", [], ["the package managers break"], []),
        ("An order for Mother's Day.", [], [], []),
        ("They say “my mom loves it”.", [], [], []),
        ("他们是上班族。", [], ["早上要快"], ["上班族"]),
    ],
)
def test_trait_words_need_somebody_who_says_them(
    text: str, own: list[str], said: list[str], strange: list[str]
) -> None:
    assert uncarried_traits(text, own=own, said=said) == strange


def test_a_table_may_say_who_they_are_and_a_persons_own_words_too() -> None:
    table = make_claim(
        attribute="demographics",
        value="role: Nurse",
        citations=(),
        basis={"file": "customers.csv", "column": "role", "value": "Nurse"},
    )
    stated = make_claim("c2", "a quiet machine", quote="I am a nurse and need a quiet machine")
    inferred = make_claim("c3", "a quiet machine", quote="nurses would like a quiet machine")

    assert check_sentence(_said("60 % of them have the role of nurses.", "c1"), [table]) == ""
    assert check_sentence(_said("Nurses among them need a quiet machine.", "c2"), [stated]) == ""
    assert "says who they are" in check_sentence(_said("Nurses need a quiet machine.", "c3"), [inferred])


def _said(text: str, claim_id: str) -> ProposedSentence:
    return ProposedSentence(text=text, claim_ids=(claim_id,), origin="llm")


def _with_more(kind: str, said: str) -> list[Voice]:
    """Three planted kinds, of which the people of one say something more each; twelve words alike would be a burst."""
    return [
        replace(voice, texts=(*voice.texts, said.format(number=number))) if voice.kind == kind else voice
        for number, voice in enumerate(english_people())
    ]


@pytest.mark.parametrize(
    ("said", "claimed"),
    [
        ("I am a nurse and I live alone in flat {number}.", True),
        ("My neighbour in flat {number} says nurses would like this machine a lot.", False),
        ("She is a nurse in ward {number} and would like this machine too.", False),
    ],
)
def test_only_self_statements_become_demographics(tmp_path: Path, said: str, claimed: bool) -> None:
    source = write_table(tmp_path / "reviews.csv", _with_more("connecting", said))
    result = generate([str(source)], run_options(tmp_path))
    claims = [c for persona in result.persona_set.personas for c in persona.claims if c.attribute == "demographics"]

    assert bool(claims) is claimed
    assert all(own_statements(citation.quote) for claim in claims for citation in claim.citations)
    if not claimed:
        assert all("demographics" in persona.not_stated for persona in result.persona_set.personas)
        assert "who they are" in (result.out / "personas.md").read_text("utf-8")

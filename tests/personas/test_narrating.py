"""The narrative: figures and words its claims hold, sections, openings apart, names that read well."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from benchmarks.dry_run import write_answer
from benchmarks.fault_server import FaultServer
from benchmarks.narrative_check import fault_of, load_sentences, swapped_faults
from personas.attributes import OutputLanguage
from personas.authors.seam import ProposedSentence
from personas.narrating.figures import strange_figures
from personas.narrating.naming import plain_name, plain_tagline
from personas.narrating.openings import TOO_ALIKE, open_apart, opening_likeness
from personas.narrating.phrases import ANY_OPENING, CLAUSES, DAY, LISTS, OPENINGS, SPEAKING
from personas.narrating.prose import opening_ways, plain_narrative, plain_opening, tell_not_stated
from personas.narrating.sections import SECTIONS
from personas.narrative import check_sentence, settle_sentences
from personas.options import GenerateOptions
from personas.persona_set import PersonaSet
from personas.pipeline import forecast, generate
from personas.records import Claim, Sentence
from personas.rehearsal import Forecast
from tests.personas.corpora import chinese_people, english_people, run_options, write_table
from tests.personas.test_narrative import CHINESE, CLAIM, make_claim, say

TABLE = make_claim(
    "c9",
    "plan: office",
    attribute="behaviours",
    citations=(),
    basis={"file": "customers.csv", "column": "plan", "value": "office"},
)

COUNTRY = {"file": "customers.csv", "column": "country", "value": "CN"}
BORN = {"column": "birth_year", "value": "1990s"}


def some_claims() -> list[Claim]:
    """Claims of every section, most telling first."""
    told = [
        ("pain_points", "losing the wifi connection", "I lose the wifi connection every morning"),
        ("needs", "a knob in place of the app", "just a knob in place of the app please"),
        ("behaviours", "one big mug before work", "one big mug in the morning before work"),
        ("satisfaction", "brews while I shower", "it brews while I shower in the evening"),
        ("price_sensitivity", "parts for the price of parts", "sell me parts for the price of parts"),
        ("objections", "who reads my location", "why does it want to know, who reads my location"),
    ]
    return [
        *(
            make_claim(f"c{n}", value, attribute=key, quote=quote)
            for n, (key, value, quote) in enumerate(told, start=1)
        ),
        TABLE,
    ]


# --- figures ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "Six in ten lose it.",
        "Nearly two thirds lose it.",
        "Over half of them lose it.",
        "Most of them lose it.",
        "12 of 20 lose it.",
        "六成的人掉线。",
        "十二个人掉线。",
        "大多数人掉线。",
        "It is gone 3 times a day.",
    ],
)
def test_figures_that_a_claim_holds_pass(text: str) -> None:
    assert strange_figures(text, [CLAIM]) == []


@pytest.mark.parametrize(
    ("text", "strange"),
    [
        ("Half of them lose it.", ["Half"]),
        ("Two thirds lose it.", []),
        ("Three quarters lose it.", ["Three quarters"]),
        ("One in five loses it.", ["One in five"]),
        ("Nobody else does.", ["Nobody else"]),
        ("All of them lose it.", ["All of them"]),
        ("Hundreds lose it.", ["Hundreds"]),
        ("3 people lose it.", ["3"]),
        ("3 % lose it.", ["3"]),
        ("12 % lose it.", ["12"]),
        ("60 people lose it.", ["60"]),
        ("20 people lose it.", ["20"]),
        ("They lose it 12 times as often.", ["12"]),
        ("三分之一的人掉线。", ["三分之一"]),
        ("九成的人掉线。", ["九成"]),
        ("绝大多数人掉线。", ["绝大多数"]),
        ("三个人掉线。", ["三"]),
    ],
)
def test_a_figure_counts_what_its_claim_counts(text: str, strange: list[str]) -> None:
    claim = make_claim(share=0.65, people=13) if text.startswith("Two thirds") else CLAIM

    assert strange_figures(text, [claim]) == strange


def test_a_figure_belongs_to_the_claim_it_stands_with() -> None:
    waiting = make_claim("c2", "waiting for the cup", quote="I keep waiting for the cup", share=0.35, people=7)
    right = say("60 % lose the wifi, and 35 % keep waiting for the cup.", "c1", "c2")
    wrong = say("35 % lose the wifi, and 60 % keep waiting for the cup.", "c1", "c2")

    assert check_sentence(right, [CLAIM, waiting]) == ""
    assert check_sentence(wrong, [CLAIM, waiting]).startswith("numbers that no claim holds")


# --- words --------------------------------------------------------------------------------------------------------


def test_fluent_sentences_pass_where_their_claims_hold_them_and_are_caught_where_not() -> None:
    claims, sentences = load_sentences()
    good = [s for s in sentences if s["holds"]]
    bad = [s for s in sentences if not s["holds"]]

    assert sum(not fault_of(s, claims) for s in good) >= 0.93 * len(good)
    assert sum(bool(fault_of(s, claims)) for s in bad) >= 0.9 * len(bad)


def test_exchanged_claim_ids_are_caught() -> None:
    claims, sentences = load_sentences()
    held = [s for s in sentences if s["holds"] and not fault_of(s, claims)]
    faults = swapped_faults(held, claims, seed=1)

    assert sum(map(bool, faults)) >= 0.9 * len(faults)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("They lose the wifi connection, and their marriage suffers from endless arguments.", "a clause that no claim"),
        ("They lose the wifi connection because of convenience.", "a clause that no claim"),
        ("“It never works” is what they say of the wifi connection.", "quotes what no claim holds"),
        ("They never lose the wifi connection.", "negates its claim"),
        ("Wifi agile craftsmanship philosophy connection.", "words that no claim holds"),
    ],
)
def test_what_a_sentence_adds_is_told(text: str, fault: str) -> None:
    claim = make_claim(quote="it keeps losing the wifi connection, three of us said so")

    assert check_sentence(say(text, "c1"), [claim]).startswith(fault)


# --- sections -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("template", ["summary", "day-in-the-life"])
def test_a_plain_narrative_has_its_sections_and_passes_the_check(language: OutputLanguage, template: Any) -> None:
    claims = some_claims()
    told = plain_narrative(claims, language, template=template, key="s1")

    assert list(dict.fromkeys(sentence.section for sentence in told)) == list(SECTIONS[template])
    for sentence in told:
        proposed = ProposedSentence(text=sentence.text, claim_ids=sentence.claim_ids, origin="extractive")
        assert check_sentence(proposed, claims) == ""
        assert sentence.text.endswith("。" if language == "zh" else ".")


@pytest.mark.parametrize(
    ("language", "value", "quote", "shown"),
    [
        ("en", "lid", "the lid never closes by itself", "“lid”, as in “the lid never closes by itself”"),
        ("en", "lid", "lid", "“lid”"),
        ("en", "the lid never closes", "the lid never closes by itself", "“the lid never closes”"),
        ("zh", "盖子", "盖子总是关不上", "“盖子”——“盖子总是关不上”"),
        ("zh", "盖子总关不上", "盖子总关不上，真烦人", "“盖子总关不上”"),
    ],
)
def test_behind_a_bare_word_stands_what_is_said_of_it(
    language: OutputLanguage, value: str, quote: str, shown: str
) -> None:
    claim = make_claim("c1", value, attribute="pain_points", quote=quote)
    text = plain_opening(claim, language, 0)

    assert shown in text
    assert ("——" in text or "as in" in text) == (shown != f"“{value}”")
    assert check_sentence(ProposedSentence(text=text, claim_ids=("c1",), origin="extractive"), [claim]) == ""


def test_no_plain_sentence_tells_a_rank_that_no_claim_holds() -> None:
    ranks = re.compile(
        r"\bfirst\b|above all|runs through|keeps coming|stands out|most of|首先|最先|最显眼|反复|总会", re.IGNORECASE
    )
    wordings = [
        way for ways in (OPENINGS, LISTS, SPEAKING) for by in ways.values() for some in by.values() for way in some
    ]
    wordings += [way for ways in (CLAUSES, DAY) for by in ways.values() for way in by.values()]
    wordings += [way for some in ANY_OPENING.values() for way in some]

    assert len(wordings) > 150
    assert [way for way in wordings if ranks.search(way)] == []


def test_a_day_goes_by_the_hour() -> None:
    texts = [s.text for s in plain_narrative(some_claims(), "en", template="day-in-the-life") if s.section == "day"]

    assert texts[0].startswith("In the morning:")
    assert "“I lose the wifi connection every morning” (one of 12)" in texts[0]
    assert any(text.startswith("In the evening:") for text in texts)


def test_nothing_that_only_few_say_is_told_beside_what_is_supported() -> None:
    claims = [*some_claims(), make_claim("c7", "an opera on the moon", status="anecdotal", attribute="goals")]

    assert all("opera" not in sentence.text for sentence in plain_narrative(claims, "en"))
    assert any("opera" in sentence.text for sentence in plain_narrative(claims[-1:], "en"))


def test_sections_a_model_left_out_are_filled_and_stand_in_order() -> None:
    claims = some_claims()
    plain = [
        ProposedSentence(text=s.text, claim_ids=s.claim_ids, origin=s.origin, section=s.section)
        for s in plain_narrative(claims, "en")
    ]
    speak = ProposedSentence(text="Speak of a knob before the app.", claim_ids=("c2",), origin="llm", section="speak")
    settled, faults = settle_sentences([speak], [], claims, "en", plain=plain)

    assert faults == []
    assert list(dict.fromkeys(s.section for s in settled)) == ["summary", "goals", "frustrations", "speak"]
    assert [s.text for s in settled if s.section == "speak"] == [speak.text]


def test_what_nobody_stated_is_said() -> None:
    assert tell_not_stated([], "en") == ""
    assert "who they are and price" in tell_not_stated(["Who they are", "Price"], "en")
    assert "价格" in tell_not_stated(["价格"], "zh")


# --- openings -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "zh"])
def test_twelve_personas_that_would_begin_alike_begin_differently(language: OutputLanguage) -> None:
    same = (Sentence(text=plain_opening(CLAIM, language, 0), claim_ids=("c1",), origin="extractive"),)
    narratives = open_apart([(same, some_claims())] * 12, language)
    first = [sentences[0].text for sentences in narratives]

    assert first[0] == same[0].text
    for place, text in enumerate(first):
        assert all(opening_likeness(text, other) < TOO_ALIKE for other in first[:place])
    assert narratives == open_apart([(same, some_claims())] * 12, language)


def test_a_models_opening_gives_way_to_another_of_its_own_sentences() -> None:
    alike = [
        Sentence(text=f"A machine that just works is what they want {end}.", claim_ids=("c1",), origin="llm")
        for end in ("here", "there")
    ]
    other = Sentence(text="Losing the wifi comes first.", claim_ids=("c1",), origin="llm")
    _, second = open_apart([((alike[0],), [CLAIM]), ((alike[1], other), [CLAIM])], "en")

    assert [s.text for s in second] == [other.text, alike[1].text]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_wordings_of_one_claim_are_told_apart(language: OutputLanguage) -> None:
    ways = [plain_opening(CLAIM, language, variant) for variant in range(opening_ways(CLAIM, language))]

    assert len(set(ways)) == len(ways) >= 10
    assert all(check_sentence(say(way, "c1", origin="extractive"), [CLAIM]) == "" for way in ways)


# --- names --------------------------------------------------------------------------------------------------------

PASSAGES = (
    *["the version control of my notebooks fails", "no version control in here"] * 3,
    *["I like the weather today", "we talk about notebooks"] * 40,
)


def about_versions(**changes: Any) -> list[Claim]:
    return [make_claim(value="version control fails", quote="the version control of my notebooks fails", **changes)]


def test_a_name_says_what_they_speak_of_and_how_they_stand_to_it() -> None:
    terms = ("three", "version", "control", "weeks")

    assert plain_name(terms, about_versions(), "en", taken=[], passages=PASSAGES) == "The Version Control Strugglers"
    wishing = about_versions(attribute="needs")
    assert plain_name(terms, wishing, "en", taken=[], passages=PASSAGES) == "The Version Control Seekers"
    assert plain_name(terms, about_versions(), "zh", taken=[], passages=PASSAGES).endswith("的人")


def test_numbers_and_hours_name_nobody_and_taken_words_are_left() -> None:
    named = plain_name(("weeks", "three"), [TABLE], "en", taken=[], passages=PASSAGES)
    again = plain_name(("version",), about_versions(), "en", taken=["The Version Control Seekers"], passages=PASSAGES)

    assert named == "People with plan: office"
    assert "Strugglers" not in again


def test_who_writes_chinese_is_named_in_an_english_report_without_chinese_words() -> None:
    terms = ("豆子", "机器")
    claims = [
        make_claim("c1", "豆子不新鲜", attribute="pain_points", quote="这次的豆子不新鲜，机器也坏了", people=4),
        make_claim("c2", "机器好看", attribute="satisfaction", quote="机器好看", people=3),
        make_claim("c3", "country: CN", attribute="demographics", citations=(), basis=COUNTRY),
        make_claim("c4", "born: 1990s", attribute="demographics", citations=(), basis=COUNTRY | BORN),
        TABLE,
    ]
    passages = ["豆子不新鲜", "机器好看", *["客服很好"] * 20]
    names: list[str] = []
    for _ in range(7):
        names.append(plain_name(terms, claims, "en", taken=names, passages=passages))

    who, liked = "Strugglers Who Write Chinese", "Enthusiasts Who Write Chinese"
    marks = ("plan office", "birth year 1990s", "country CN", "“豆子”", "“机器”")
    assert names == [who, liked, *(f"{who} ({mark})" for mark in marks)]
    assert "豆子" in plain_name(terms, claims, "zh", taken=[], passages=passages)
    assert plain_name(terms, [], "en", taken=[], passages=passages) == "People Who Write Chinese"


def test_a_tagline_is_what_somebody_said() -> None:
    assert plain_tagline([TABLE, CHINESE], ("a",), "zh") == "“排队等位太久”"
    assert plain_tagline([TABLE], ("a",), "en") == "“plan: office”"
    assert plain_tagline([], ("a", "b"), "en") == "a, b"


# --- whole runs ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("people", "language"), [(english_people(), "en"), (chinese_people(), "zh")])
def test_personas_of_a_run_begin_differently_and_say_what_is_not_stated(
    tmp_path: Path, people: Any, language: OutputLanguage
) -> None:
    source = write_table(tmp_path / "reviews.csv", people)
    result = generate([str(source)], run_options(tmp_path, narrative="day-in-the-life"))
    personas = PersonaSet.model_validate_json((result.out / "personas.json").read_text("utf-8")).personas
    first = [persona.narrative[0].text for persona in personas]

    assert {persona.narrative[0].section for persona in personas} == {"day"}
    assert all(sentence.claim_ids for persona in personas for sentence in persona.narrative)
    assert all(opening_likeness(a, b) < 1.0 for place, a in enumerate(first) for b in first[:place])
    page = (result.out / "report.html").read_text("utf-8")
    assert ("A day of theirs" if language == "en" else "他们的一天") in page
    assert ("They say nothing" if language == "en" else "这些他们没有说") in page


def test_the_bound_holds_for_a_day_in_the_life(tmp_path: Path) -> None:
    source = str(write_table(tmp_path / "reviews.csv", english_people(4)))
    with FaultServer(write_answer) as server:
        options = _hosted(tmp_path, server.url)
        told: Forecast = forecast([source], options)
        result = generate([source], options)
        assert server.served.prompt_tokens + server.served.completion_tokens <= told.tokens_at_most
        assert server.served.requests - 1 <= told.calls_at_most
    assert any("day_in_the_life.full@" in name for name in result.persona_set.personas[0].provenance.prompts)


def _hosted(folder: Path, url: str) -> GenerateOptions:
    return run_options(folder, llm="openai:script", base_url=url, segments=3, narrative="day-in-the-life")

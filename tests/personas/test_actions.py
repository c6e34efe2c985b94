"""What to try about a persona: tied to claims, with sample sizes that hold, against an older segmentation."""

from __future__ import annotations

import re
from itertools import product
from math import comb, sqrt
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personas.actions.older import divide_by_older
from personas.actions.proposing import ASSUMED, SegmentFacts, propose_actions
from personas.actions.records import AREAS, OlderGroup, Recommendation
from personas.actions.sample_size import people_per_arm, visible_share
from personas.actions.tone import NEUTRAL_TONE, Tone, hear_tone
from personas.behaviour import BehaviourTable
from personas.persona_set import PersonaSet
from personas.records import Claim, ClaimStatus, Interval, Persona
from personas.reporting.actions_section import advice_markdown
from personas.reporting.html import render_html
from retrieval.documents import Citation
from tests.personas.corpora import make_document
from tests.personas.reporting_example import chinese_example, english_example

SAID = {
    "pain_points": ("the app never connects", "The app never connects to my wifi and it is frustrating."),
    "needs": ("a simple knob", "Please add a simple knob to the front of it."),
    "satisfaction": ("lovely coffee", "I love this lovely coffee, it is wonderful."),
    "price_sensitivity": ("capsules cost too much", "The capsules cost too much for our family."),
    "objections": ("not sure it lasts", "I am not sure it lasts longer than the last one."),
    "loyalty_churn": ("cancelled the subscription", "I cancelled the subscription and I am leaving for good."),
    "potential": ("a second machine for the office", "I am thinking of buying a second machine for the office."),
}


def claim_of(attribute: str, number: int, *, status: ClaimStatus = "supported", share: float = 0.3) -> Claim:
    value, quote = SAID[attribute]
    citations = tuple(
        Citation(document_id=f"d{n}", customer_id=f"k{n}", start=0, end=len(quote), quote=quote, verdict="verified")
        for n in range(3)
    )
    return Claim(
        claim_id=f"c{number}",
        attribute=attribute,
        value=value,
        status=status,
        people=round(100 * share),
        people_elsewhere=9,
        share=share,
        share_elsewhere=0.045,
        interval=Interval(low=max(0.0, share - 0.1), high=min(1.0, share + 0.1)),
        lift=share / 0.045,
        adjusted_lift=share / 0.045,
        citations=citations,
        origin="extractive",
    )


def persona_with(*claims: Claim, language: str = "en") -> Persona:
    return (
        english_example()
        .persona_set.personas[1]
        .model_copy(update={"claims": claims, "people": 100, "language": language})
    )


@pytest.fixture
def persona() -> Persona:
    return persona_with(*(claim_of(attribute, number) for number, attribute in enumerate(SAID, start=1)))


FACTS = SegmentFacts(at_risk=12, reorder=0.4, older=OlderGroup(column="plan", value="office", people=80, shared=50))


@pytest.mark.parametrize(
    ("before", "after", "people"), [(0.5, 0.6, 388), (0.6, 0.7, 356), (0.1, 0.05, 435), (0.05, 0.1, 435)]
)
def test_sample_sizes_are_those_of_the_tables(before: float, after: float, people: int) -> None:
    assert people_per_arm(before, after) == people


def power_of(before: float, after: float, people: int) -> float:
    """The exact chance that the pooled z test of two shares sees the difference, over both binomials."""
    critical = NormalDist().inv_cdf(0.975)
    chances = [
        [comb(people, k) * share**k * (1 - share) ** (people - k) for k in range(people + 1)]
        for share in (before, after)
    ]
    seen = 0.0
    for one, two in product(range(people + 1), repeat=2):
        pooled = (one + two) / (2 * people)
        spread = sqrt(2 * pooled * (1 - pooled) / people)
        if spread and abs(one - two) / people / spread > critical:
            seen += chances[0][one] * chances[1][two]
    return seen


@pytest.mark.parametrize(("before", "after"), [(0.3, 0.6), (0.5, 0.2), (0.2, 0.5)])
def test_so_many_people_see_the_difference_four_times_in_five(before: float, after: float) -> None:
    people = people_per_arm(before, after)
    assert power_of(before, after, people) == pytest.approx(0.8, abs=0.04)
    assert power_of(before, after, people // 2) < 0.6


@given(st.floats(0.01, 0.99), st.integers(5, 5_000), st.booleans())
def test_the_visible_share_is_the_nearest_that_so_many_people_can_show(
    before: float, people: int, rising: bool
) -> None:
    seen = visible_share(before, people, rising=rising)
    if seen is None:
        assert people_per_arm(before, 1.0 if rising else 0.0) > people
        return
    assert (seen > before) is rising
    assert people_per_arm(before, seen) <= people
    nearer = before + 0.98 * (seen - before)
    assert nearer == before or people_per_arm(before, nearer) >= people


@pytest.mark.parametrize(("before", "after"), [(0.3, 0.3), (-0.1, 0.2), (0.2, 1.2)])
def test_a_trial_without_a_difference_is_refused(before: float, after: float) -> None:
    with pytest.raises(ValueError, match="two different shares"):
        people_per_arm(before, after)


def test_every_area_has_an_action_and_every_action_a_claim(persona: Persona) -> None:
    actions = propose_actions(persona, FACTS)
    by_id = {claim.claim_id: claim for claim in persona.claims}

    assert {action.area for action in actions} == set(AREAS)
    assert [action.action_id for action in actions] == [f"a{n}" for n in range(1, len(actions) + 1)]
    for action in actions:
        assert action.claim_ids
        assert all(by_id[claim_id].value in action.what for claim_id in action.claim_ids)
        assert action.trial.older == FACTS.older
        assert "plan = office (80 people, 50 of them in this segment)" in action.trial.against
    kinds = {action.kind: action for action in actions}
    assert by_id[kinds["fix"].claim_ids[0]].attribute == "pain_points"
    assert by_id[kinds["keep"].claim_ids[0]].attribute == "loyalty_churn"
    assert by_id[kinds["invite"].claim_ids[0]].attribute == "potential"
    assert by_id[kinds["message"].claim_ids[0]].attribute == "satisfaction"


def test_the_trial_counts_from_what_is_known_and_says_what_is_assumed(persona: Persona) -> None:
    kinds = {action.kind: action.trial for action in propose_actions(persona, FACTS)}

    assert (kinds["fix"].baseline, kinds["fix"].target) == (0.3, 0.2)
    assert kinds["fix"].baseline_from == "claim"
    assert kinds["fix"].people_per_arm == people_per_arm(0.3, 0.2)
    assert (kinds["win back"].baseline, kinds["win back"].baseline_from) == (0.4, "orders")
    assert kinds["win back"].available == 12
    assert kinds["message"].baseline_from == "assumed"
    assert kinds["message"].baseline == ASSUMED["more answer"]
    assert not kinds["fix"].is_feasible
    seen = kinds["fix"].visible_target
    assert seen is not None
    assert people_per_arm(0.3, seen) <= 50


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_number_stands_in_an_action_that_nothing_holds(persona: Persona, language: str) -> None:
    actions = propose_actions(persona.model_copy(update={"language": language}), FACTS)
    held = {"30", "100", "4", "12", "80", "50", "90"}  # people, members, shares, at risk, the older group, days
    for action in actions:
        told = " ".join((action.what, action.hypothesis, action.trial.measure, action.trial.against))
        assert set(re.findall(r"\d+", told)) <= held, told


def test_nothing_is_advised_where_nobody_said_anything(persona: Persona) -> None:
    assert propose_actions(persona_with(), FACTS) == ()
    anecdotal = persona_with(*(claim_of(key, n, status="anecdotal") for n, key in enumerate(SAID, start=1)))
    assert propose_actions(anecdotal, FACTS) == ()
    praise = propose_actions(persona_with(claim_of("satisfaction", 1)), SegmentFacts())
    assert {action.area for action in praise} == {"marketing", "growth"}


def test_an_offer_rests_on_a_claim_that_speaks_of_the_product() -> None:
    offer = Recommendation(
        kind="product",
        item="Second Machine",
        people=20,
        known=60,
        share=1 / 3,
        share_elsewhere=0.1,
        interval=(0.2, 0.5),
        lift=3.3,
        p_value=0.001,
        reach=40,
    )
    facts = SegmentFacts(recommendations=(offer,))
    speaking = propose_actions(persona_with(claim_of("potential", 1)), facts)
    silent = propose_actions(persona_with(claim_of("satisfaction", 1)), facts)

    made = next(action for action in speaking if action.kind == "offer")
    assert "“Second Machine” to the 40 of them" in made.what
    assert made.trial.available == 40
    assert "20 of 60 here who ordered have it (33 %), against 10 % elsewhere." in made.hypothesis
    assert not [action for action in silent if action.kind == "offer"]


def categories_of(**columns: list[str]) -> dict[str, dict[str, tuple[str, ...]]]:
    return {name: {f"k{n}": (value,) for n, value in enumerate(values)} for name, values in columns.items()}


def test_the_older_segmentation_is_the_column_made_for_it_and_never_a_sensitive_one() -> None:
    segments = {f"k{n}": "s1" if n < 10 else "s2" for n in range(20)}
    plan = ["basic"] * 8 + ["office"] * 12
    columns = categories_of(gender=["f"] * 10 + ["m"] * 10, city=["Graz"] * 10 + ["Wien"] * 10, plan=plan)
    found = divide_by_older(columns, BehaviourTable(), segments, {"s1", "s2"})

    assert found["s1"] == OlderGroup(column="plan", value="basic", people=8, shared=8)
    assert found["s2"] == OlderGroup(column="plan", value="office", people=12, shared=10)
    without = {name: values for name, values in columns.items() if name != "plan"}
    assert divide_by_older(without, BehaviourTable(), segments, {"s1"})["s1"].column == "city"
    only = categories_of(gender=["f"] * 10 + ["m"] * 10, 年龄段=["青年"] * 10 + ["中年"] * 10)
    assert divide_by_older(only, BehaviourTable(), segments, {"s1"}) == {}


def test_people_are_answered_as_they_write() -> None:
    short = [make_document(f"d{n}", "lol it broke again!!") for n in range(9)]
    formal = "Dear team, I would like to thank you. The machine works perfectly and we are very happy with it. " * 5
    long = [make_document(f"d{n}", formal) for n in range(9)]

    assert hear_tone(short) == Tone(feeling="unhappy", length="short", manner="casual", documents=9)
    assert hear_tone(long) == Tone(feeling="happy", length="long", manner="formal", documents=9)
    assert hear_tone([]) == NEUTRAL_TONE
    agent = make_document("d", "customer: ok. agent: Dear customer, wonderful!", turns=((0, 13),))
    assert hear_tone([agent]).feeling == "mixed"


def _with_advice(persona_set: PersonaSet) -> PersonaSet:
    personas = []
    for persona in persona_set.personas:
        claims = tuple(claim_of(attribute, number) for number, attribute in enumerate(SAID, start=1))
        made = persona.model_copy(update={"claims": claims, "narrative": (), "people": 100})
        personas.append(made.model_copy(update={"actions": propose_actions(made, FACTS)}))
    return persona_set.model_copy(update={"personas": tuple(personas)})


@pytest.mark.parametrize("example", [english_example, chinese_example])
def test_the_report_shows_actions_with_their_claims_and_trials(example: object) -> None:
    made = english_example() if example is english_example else chinese_example()
    persona_set = _with_advice(made.persona_set)
    page = render_html(persona_set, **made.arguments)
    first = persona_set.personas[0]
    text = "\n".join(advice_markdown(first))

    for action in first.actions:
        assert f'href="#p1-c{action.claim_ids[0][1:]}"' in page
        assert action.what.replace("“", "“")[:20] in page
    heading = "可以尝试" if first.language == "zh" else "To try"
    assert f"<h3>{heading}</h3>" in page
    assert f"### {heading}" in text
    assert text.count("\n  - ") == 2 * len(first.actions)
    old = first.model_copy(update={"actions": ()})
    assert advice_markdown(old) == []

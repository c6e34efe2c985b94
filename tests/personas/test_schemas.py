"""Schemas of other fields: choices are labels that people stand behind, protected topics are refused."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import BaseModel, Field

from persona_kit.errors import InputError
from personas import generate
from personas.abstaining.refusing import refuse_inferred
from personas.agent.steps import NotStated
from personas.agent.telling import tell_trace
from personas.attributes import load_schema
from personas.authors.seam import ProposedClaim
from personas.claims import Grounded
from personas.context_prompt import as_prompt
from personas.pipeline import RunResult
from personas.protected import PROTECTED_TOPICS
from personas.records import Claim
from tests.personas.corpora import run_options, write_rows

SCHEMAS = Path(__file__).parents[2] / "examples" / "schemas"

SAID = {
    "clinic": {
        "Hard to get through": "I was on hold for {n} minutes before the desk talked to me.",
        "Easy to book": "It was easy to book my visit number {n} from the sofa.",
    },
    "finance": {
        "Feels overcharged": "There are hidden fees of {n} euros in the monthly statement.",
        "Finds fees fair": "The fees are fair for the {n} transfers that I make.",
    },
    "public_services": {
        "counter": "I went at the counter of room {n} and the form was stamped.",
        "website": "I did all {n} pages of the form on the website last night.",
    },
}
NEGATED = {
    "clinic": "It was not easy to book anything at all in that place.",
    "finance": "I do not think the fees are fair for what I get.",
    "public_services": "It was not on the website however long I looked for it.",
}


def run_with(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> RunResult:
    """A run over ten people of each choice and one who negates one."""
    monkeypatch.syspath_prepend(str(SCHEMAS))
    schema = "public_services:CityServices" if name == "public_services" else str(SCHEMAS / f"{name}.toml")
    rows = [
        (f"{value}-{n}", value, f"{text.format(n=n + 11)} The rest of the day was like any other.")
        for value, text in SAID[name].items()
        for n in range(10)
    ]
    rows.append(("negated", list(SAID[name])[1], NEGATED[name]))
    source = write_rows(folder / "said.csv", ("customer_id", "kind", "text"), rows)
    people = write_rows(folder / "people.csv", ("customer_id", "kind"), [(who, kind) for who, kind, _ in rows])
    changes = {"customers": str(people), "segment_by": "kind", "embedder": "hash", "schema_ref": schema}
    return generate([str(source)], run_options(folder, **changes))


def chosen(result: RunResult, value: str) -> list[Claim]:
    return [claim for one in result.persona_set.personas for claim in one.claims if claim.value == value]


@pytest.mark.parametrize("name", sorted(SAID))
def test_a_schema_of_another_field_runs_from_question_to_report(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run_with(name, tmp_path, monkeypatch)
    report = (result.out / "report.html").read_text("utf-8") + (result.out / "personas.md").read_text("utf-8")
    for value in SAID[name]:
        [claim] = chosen(result, value)
        assert claim.status == "supported", value
        assert claim.people == 10
        assert all(citation.customer_id.startswith(value) for citation in claim.citations)
        persona = next(one for one in result.persona_set.personas if claim in one.claims)
        label = persona.attribute_labels[claim.attribute]
        assert label in report
        assert label in as_prompt(persona, result.persona_set)
        steps = [NotStated(attribute=claim.attribute, reason="not searched")]
        assert label.lower() in "\n".join(tell_trace(steps, "en", persona.attribute_labels)).lower()


def test_who_negates_a_choice_does_not_stand_behind_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run_with("clinic", tmp_path, monkeypatch)
    [claim] = chosen(result, "Easy to book")
    assert "negated" not in {citation.customer_id for citation in claim.citations}
    assert claim.people == 10


@pytest.mark.parametrize(
    ("topic", "question"),
    [
        ("health", "Which disease do they have?"),
        ("religion", "What is their religion?"),
        ("politics", "Which party do they vote for, politically?"),
        ("sexuality", "What is their sexual orientation?"),
        ("ethnicity", "Which ethnic group are they of?"),
        ("crime", "Do they have a criminal record?"),
        ("credit", "How creditworthy are they?"),
        ("health", "他们有什么疾病？"),
    ],
)
def test_a_protected_topic_is_refused_unless_it_is_named(topic: str, question: str, tmp_path: Path) -> None:
    path = tmp_path / "schema.toml"
    text = (
        f'[[attribute]]\nkey = "it"\nlabel = {{ en = "It", zh = "它" }}\nquestion = {{ en = "{question}", zh = "" }}\n'
    )
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=topic):
        load_schema(str(path))
    path.write_text(f'{text}protected = "{topic}"\n', encoding="utf-8")
    assert load_schema(str(path))["it"].sensitive
    path.write_text(f'{text}protected = "{topic}"\nsensitive = false\n', encoding="utf-8")
    assert load_schema(str(path))["it"].sensitive
    path.write_text(
        f'{text}protected = "{topic}"\nchoices = [{{ label = {{ en = "A" }}, cues = ["a"] }}]\n', encoding="utf-8"
    )
    with pytest.raises(InputError, match="no choices"):
        load_schema(str(path))


def test_a_value_outside_the_choices_is_refused() -> None:
    attribute = load_schema(str(SCHEMAS / "clinic.toml"))["appointments"]
    sound = Grounded(ProposedClaim(attribute="appointments", value="Easy to book", quotes=(), origin="llm"), (), ())
    assert refuse_inferred(sound, attribute).fault == ""
    strange = replace(sound, proposal=replace(sound.proposal, value="Books by fax"))
    assert refuse_inferred(strange, attribute).fault == "the schema does not know this value"


class Guessing(BaseModel):
    """A model that asks for what it must not."""

    faith: str = Field(description="Which religion are they of?")


class Unsaid(BaseModel):
    """A yes or no that nothing tells."""

    happy: bool


@pytest.mark.parametrize(("name", "reason"), [("Guessing", "religion"), ("Unsaid", "has cues")])
def test_a_model_is_refused_for_the_same_reasons(name: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        load_schema(f"{__name__}:{name}")


def test_the_shipped_schema_and_the_examples_ask_for_nothing_protected() -> None:
    for reference in (None, *map(str, SCHEMAS.glob("*.toml"))):
        assert not any(one.protected for one in load_schema(reference).attribute)


def test_the_page_on_limits_names_every_protected_topic() -> None:
    page = (SCHEMAS.parents[1] / "docs" / "limits.md").read_text("utf-8")
    assert set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) == set(PROTECTED_TOPICS)

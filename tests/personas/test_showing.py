from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console, RenderableType

from persona_kit.errors import InputError, UsageError
from personas.persona_set import PersonaSet, SegmentationReport
from personas.records import Basis, Claim, DataQuality, Interval, Persona, Provenance, Sentence
from personas.showing import find_persona, load_persona_set, overview, portrait, read_arguments
from retrieval.documents import Citation


def _claim(**changes: object) -> Claim:
    quotes = tuple(
        Citation(document_id=f"d{n}", customer_id=f"k{n}", start=0, end=9, quote="too\x1b[2J late", verdict="verified")
        for n in range(4)
    )
    values: dict[str, object] = {
        "claim_id": "c1",
        "attribute": "pain_points",
        "value": "late [parcels]",
        "status": "supported",
        "people": 4,
        "people_elsewhere": 1,
        "share": 0.4,
        "share_elsewhere": 0.1,
        "interval": Interval(low=0.2, high=0.6),
        "lift": 4.0,
        "adjusted_lift": 3.5,
        "citations": quotes,
        "origin": "llm",
    }
    return Claim.model_validate(values | changes)


@pytest.fixture
def persona_set() -> PersonaSet:
    basis = Basis(file="customers.csv", column="city", value="Graz")
    persona = Persona(
        persona_id="p1",
        name="Waiting Wanda",
        tagline="wants it [bold]now[/bold]",
        segment_id="s1",
        language="en",
        people=10,
        share=0.5,
        standing="tendency",
        claims=(_claim(), _claim(claim_id="c2", citations=(), basis=basis, origin="data", lift=None)),
        narrative=(Sentence(text="She waits.", claim_ids=("c1",), origin="llm"),),
        quotes=(),
        not_stated=("interests",),
        cautions=("few people",),
        provenance=Provenance(author="extractive", model=""),
    )
    data = DataQuality(
        inputs=20, documents=20, quarantined=0, merged=0, customers=20, passages=30, words=300, languages={}, sources={}
    )
    report = SegmentationReport(
        representation="theme profiles", reason="", stability=0.8, embedder="lsa", themes=3, length_explains=0.1
    )
    return PersonaSet(
        title="Test",
        language="en",
        personas=(persona,),
        segments=(),
        themes=(),
        data=data,
        segmentation=report,
        sizes={"s1": 10},
        warnings=("small",),
    )


def _shown(renderable: RenderableType) -> str:
    output = io.StringIO()
    Console(file=output, width=140, markup=False, highlight=False).print(renderable)
    return output.getvalue()


def test_overview_has_a_line_per_persona_and_the_warnings(persona_set: PersonaSet) -> None:
    shown = _shown(overview(persona_set))
    for part in ("p1", "Waiting Wanda (tendency)", "wants it [bold]now[/bold]", "10", "50%", "careful: small"):
        assert part in shown


def test_portrait_shows_claims_with_their_evidence(persona_set: PersonaSet) -> None:
    shown = _shown(portrait(persona_set.personas[0]))
    for part in (
        "She waits.  [c1]",
        "late [parcels]",
        "supported, 4 people (40%), 4.0 x as often as elsewhere; llm",
        "“too [2J late” (d0)",
        "and 2 more",
        "customers.csv: city = Graz",
        "not stated: interests",
        "careful: few people",
    ):
        assert part in shown


def test_portrait_says_once_why_the_model_did_not_word_claims(persona_set: PersonaSet) -> None:
    why = "no answer of the model was carried by its quotes"
    claims = (
        _claim(origin="extractive", note=why),
        _claim(claim_id="c2", origin="extractive", note=f"{why}; 2 people quoted, 3 needed"),
        _claim(claim_id="c3", origin="extractive", note=why, attribute="needs"),
        _claim(claim_id="c4", origin="extractive", note="2 people quoted, 3 needed"),
    )
    shown = " ".join(_shown(portrait(persona_set.personas[0].model_copy(update={"claims": claims}))).split())

    assert f"careful: 3 claims in customers' words, because {why} (Pain points 2, Needs and wishes 1)." in shown
    assert shown.count(why) == 1


def test_customers_words_cannot_steer_the_terminal(persona_set: PersonaSet) -> None:
    assert "\x1b" not in _shown(portrait(persona_set.personas[0]))


def test_a_persona_is_found_by_id_and_by_name(persona_set: PersonaSet) -> None:
    assert find_persona(persona_set, "p1") is find_persona(persona_set, "waiting wanda")
    with pytest.raises(UsageError, match=r"p1 \(Waiting Wanda\)"):
        find_persona(persona_set, "p2")


def test_a_written_set_is_read_back(persona_set: PersonaSet, tmp_path: Path) -> None:
    (tmp_path / "personas.json").write_text(persona_set.model_dump_json(), encoding="utf-8")
    assert load_persona_set(tmp_path) == persona_set


@pytest.mark.parametrize("content", ["", "{}", '{"personas": [{"name": 1}]}', "not json"])
def test_a_file_of_another_shape_is_an_input_error(content: str, tmp_path: Path) -> None:
    (tmp_path / "personas.json").write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=r"personas\.json"):
        load_persona_set(tmp_path)


def test_one_word_that_is_no_folder_names_a_persona_of_the_default_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, persona_set: PersonaSet
) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_arguments(Path("p1"), None) == (Path("p1"), None)  # nothing was written yet

    for folder in ("personas-out", "report"):
        Path(folder).mkdir()
        (Path(folder) / "personas.json").write_text(persona_set.model_dump_json(), encoding="utf-8")
    assert read_arguments(Path("p1"), None) == (Path("personas-out"), "p1")
    assert read_arguments(Path("Waiting Wanda"), None) == (Path("personas-out"), "Waiting Wanda")
    assert read_arguments(Path("report"), None) == (Path("report"), None)
    assert read_arguments(Path("report"), "p1") == (Path("report"), "p1")
    assert read_arguments(Path("nowhere"), "p1") == (Path("nowhere"), "p1")

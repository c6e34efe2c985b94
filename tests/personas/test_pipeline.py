"""Whole runs over small made-up inputs, from files to files, with real parts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from persona_kit.errors import PersonaKitError, UsageError, WorkspaceLocked
from persona_kit.progress import Silent
from persona_kit.workspace import Workspace
from personas import PersonaSet, generate
from personas.options import GenerateOptions
from personas.pipeline import RunResult
from retrieval.documents import Document
from retrieval.reading import ReadOptions, read_documents
from tests.personas.corpora import (
    Voice,
    chinese_people,
    english_people,
    run_options,
    write_rows,
    write_table,
)


def check_quotes(result: RunResult, sources: list[str], stdin: bytes | None = None, *, least: int = 1) -> None:
    """Every quote in personas.json stands in its document, read again from the sources."""
    reading = read_documents(sources, ReadOptions(), progress=Silent(), stdin=stdin)
    documents: dict[str, Document] = {document.document_id: document for document in reading.documents}
    stored = PersonaSet.model_validate_json((result.out / "personas.json").read_text("utf-8"))
    quotes = 0
    for persona in stored.personas:
        claims = {claim.claim_id for claim in persona.claims}
        assert all(set(sentence.claim_ids) <= claims for sentence in persona.narrative)
        for citation in [*(c for claim in persona.claims for c in claim.citations), *persona.quotes]:
            document = documents[citation.document_id]
            assert document.text[citation.start : citation.end] == citation.quote
            assert document.customer_id == citation.customer_id
            quotes += 1
    assert quotes >= least


def kinds_of(result: RunResult) -> dict[str, set[str]]:
    """For each persona the planted kinds of its people."""
    rows = (result.out / "assignments.csv").read_text("utf-8").splitlines()[1:]
    found: dict[str, set[str]] = {}
    for row in rows:
        customer_id, _, persona_id, *_ = row.split(",")
        found.setdefault(persona_id, set()).add(customer_id.split("-")[0])
    return found


@pytest.fixture(scope="module")
def english(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunResult, list[str], GenerateOptions]:
    folder = tmp_path_factory.mktemp("english-run")
    sources = [str(write_table(folder / "reviews.csv", english_people()))]
    options = run_options(folder)
    return generate(sources, options), sources, options


def test_planted_kinds_become_personas_whose_quotes_stand(
    english: tuple[RunResult, list[str], GenerateOptions],
) -> None:
    result, sources, _ = english

    assert len(result.persona_set.personas) == 3
    assert sorted(map(sorted, kinds_of(result).values())) == [["connecting"], ["crafting"], ["saving"]]
    assert len({persona.name for persona in result.persona_set.personas}) == 3
    assert all(persona.claims and persona.narrative for persona in result.persona_set.personas)
    check_quotes(result, sources)


def test_counts_of_a_persona_are_of_its_people(english: tuple[RunResult, list[str], GenerateOptions]) -> None:
    for persona in english[0].persona_set.personas:
        assert persona.people == 14
        for claim in persona.claims:
            assert claim.share == pytest.approx(claim.people / persona.people)
            assert claim.interval.low <= claim.share <= claim.interval.high
            assert len({c.customer_id for c in claim.citations}) <= claim.people


def test_a_second_run_gives_the_same_and_keeps_the_ids(
    english: tuple[RunResult, list[str], GenerateOptions], tmp_path: Path
) -> None:
    result, sources, options = english
    again = generate(sources, options)

    assert again.persona_set == result.persona_set
    first = {name: (result.out / name).read_bytes() for name in ("personas.json", "assignments.csv", "themes.csv")}
    elsewhere = generate(sources, run_options(tmp_path))
    assert {name: (elsewhere.out / name).read_bytes() for name in first} == first


def test_personas_keep_their_ids_when_people_come_and_go(tmp_path: Path) -> None:
    voices = english_people()
    first_source = write_table(tmp_path / "first.csv", [v for n, v in enumerate(voices) if n % 7])
    second_source = write_table(tmp_path / "second.csv", voices)
    first = generate([str(first_source)], run_options(tmp_path, out=tmp_path / "out1"))
    second = generate([str(second_source)], run_options(tmp_path, out=tmp_path / "out2"))

    assert kinds_of(first) == kinds_of(second)
    assert {p.people for p in first.persona_set.personas} == {12}
    assert {p.people for p in second.persona_set.personas} == {14}


@pytest.mark.parametrize("embedder", ["auto", "hash"])
def test_a_chinese_corpus_gives_chinese_personas(tmp_path: Path, embedder: str) -> None:
    source = write_table(tmp_path / "点评.csv", chinese_people())
    result = generate([str(source)], run_options(tmp_path, embedder=embedder))
    personas = result.persona_set.personas

    assert result.persona_set.language == "zh"
    assert "用户画像" in result.persona_set.title
    assert sorted(map(sorted, kinds_of(result).values())) == [["queueing"], ["tasting"]]
    for persona in personas:
        assert persona.language == "zh"
        assert persona.name.endswith("的人")
        assert all(sentence.text.endswith("。") for sentence in persona.narrative)
    check_quotes(result, [str(source)])


def test_the_output_language_can_be_chosen(tmp_path: Path) -> None:
    source = write_table(tmp_path / "点评.csv", chinese_people(per_kind=4))
    result = generate([str(source)], run_options(tmp_path, embedder="hash", output_language="en"))

    assert {persona.language for persona in result.persona_set.personas} == {"en"}
    assert not any("的人" in persona.name for persona in result.persona_set.personas)


def test_three_documents_are_enough_for_a_run(tmp_path: Path) -> None:
    texts = ["The lid broke after one week of use.", "Sadly my lid broke in May.", "A pity, the lid broke at once."]
    rows = [(f"u{number}", text) for number, text in enumerate(texts)]
    source = write_rows(tmp_path / "three.csv", ("customer_id", "review"), rows)
    result = generate([str(source)], run_options(tmp_path))
    [persona] = result.persona_set.personas

    assert persona.people == 3
    assert persona.standing == "tendency"
    assert all(claim.status == "anecdotal" for claim in persona.claims if claim.people < 3)
    assert any("3 people" in caution for caution in persona.cautions)
    assert [claim.people for claim in persona.claims if "lid broke" in claim.value] == [3]
    check_quotes(result, [str(source)])


def test_three_documents_that_share_nothing_are_no_error(tmp_path: Path) -> None:
    voices = [voice for voice in english_people() if voice.customer_id.endswith("-00")]
    rows = [(voice.customer_id, voice.texts[0]) for voice in voices]
    source = write_rows(tmp_path / "three.csv", ("customer_id", "review"), rows)
    result = generate([str(source)], run_options(tmp_path))
    [persona] = result.persona_set.personas

    assert all(claim.status == "anecdotal" for claim in persona.claims)
    assert len(persona.not_stated) + len({claim.attribute for claim in persona.claims}) == 13
    check_quotes(result, [str(source)], least=0)


def test_one_customer_is_one_persona_with_a_caution(tmp_path: Path) -> None:
    texts = tuple(text for voice in english_people()[:6] for text in voice.texts)
    source = write_table(tmp_path / "one.csv", [Voice("only", "connecting", texts, "en")])
    result = generate([str(source)], run_options(tmp_path))
    [persona] = result.persona_set.personas

    assert (persona.people, persona.share, persona.standing) == (1, 1.0, "tendency")
    assert all((claim.people, claim.status) == (1, "anecdotal") for claim in persona.claims)
    assert any("1 people" in caution or "1 person" in caution for caution in persona.cautions)


def test_people_who_write_a_word_each_give_no_persona_and_no_error(tmp_path: Path) -> None:
    rows = [(f"u{n}", word) for n, word in enumerate(["Great", "Bad", "Fine", "Okay"])]
    source = write_rows(tmp_path / "words.csv", ("customer_id", "review"), rows)
    result = generate([str(source)], run_options(tmp_path, text="review", embedder="hash"))

    assert result.persona_set.personas == ()
    assert result.persona_set.sizes == {"too-little-text": 4}


def test_standard_input(tmp_path: Path) -> None:
    data = write_table(tmp_path / "reviews.csv", english_people(per_kind=3)).read_bytes()
    result = generate(["-"], run_options(tmp_path, embedder="hash", stdin=data))

    assert result.persona_set.data.documents == 18
    assert result.manifest["sources"] == [{"given": "-", "path": "-"}]
    assert list(result.manifest["inputs"]) == ["-"]
    check_quotes(result, ["-"], data)


def test_a_folder_of_texts_with_its_customer_table(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    write_table(folder / "reviews.csv", english_people())
    plans = {"connecting": "basic", "crafting": "gold", "saving": "basic"}
    people = [(voice.customer_id, plans[voice.kind], 20 + n) for n, voice in enumerate(english_people())]
    table = write_rows(folder / "people.csv", ("customer_id", "plan", "age"), people)
    result = generate([str(folder)], run_options(tmp_path, customers=str(table)))
    crafting = next(p for p in result.persona_set.personas if kinds_of(result)[p.persona_id] == {"crafting"})

    assert (result.persona_set.data.documents, result.persona_set.data.customers_joined) == (84, 42)
    [gold] = [claim for claim in crafting.claims if claim.value == "plan: gold"]
    assert gold.basis is not None
    assert (gold.basis.file, gold.basis.column, gold.basis.value) == ("people.csv", "plan", "gold")
    assert (gold.people, gold.people_elsewhere, gold.origin) == (14, 0, "data")
    assert any(c.value == "gold" and c.share == 1.0 for c in crafting.characteristics)


class Noting(Silent):
    """Keeps what is noted."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, message: str) -> None:
        self.notes.append(message)


def test_people_can_be_grouped_by_a_column(tmp_path: Path) -> None:
    source = write_table(tmp_path / "reviews.csv", english_people(per_kind=4))
    rows = [(voice.customer_id, voice.kind[:1]) for voice in english_people(per_kind=4)]
    table = str(write_rows(tmp_path / "people.csv", ("customer_id", "plan"), rows))
    options = run_options(tmp_path, customers=table, segment_by="plan", segments=3, embedder="hash")
    noting = Noting()
    result = generate([str(source)], options, progress=noting)

    assert "the segments are those of --segment-by: --segments changes nothing" in noting.notes
    assert result.persona_set.segmentation.representation == "plan"
    assert sorted(result.persona_set.sizes.values()) == [4, 8]
    with pytest.raises(UsageError, match="no column 'colour'"):
        generate([str(source)], options.model_copy(update={"segment_by": "colour", "force": True}))


def test_as_many_segments_as_asked_for(tmp_path: Path) -> None:
    source = write_table(tmp_path / "reviews.csv", english_people(per_kind=4))
    result = generate([str(source)], run_options(tmp_path, segments=2, embedder="hash"))

    assert len(result.persona_set.personas) == 2
    with pytest.raises(UsageError, match="50 segments"):
        generate([str(source)], run_options(tmp_path, segments=50, force=True, embedder="hash"))


def test_personal_data_stands_in_no_output(tmp_path: Path) -> None:
    mail, phone = "jane.roe@mail.example", "+44 20 7946 0958"
    rows = [(v.customer_id, f"{v.texts[0]} Write to {mail} or call {phone}.") for v in english_people(per_kind=4)]
    source = write_rows(tmp_path / "reviews.csv", ("customer_id", "review"), rows)
    result = generate([str(source)], run_options(tmp_path, embedder="hash"))

    for path in result.files:
        text = path.read_text("utf-8")
        assert mail not in text
        assert phone not in text
    assert sum(result.persona_set.data.redactions.values()) >= 24


def test_a_workspace_in_use_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    source = write_table(tmp_path / "reviews.csv", english_people(per_kind=2))
    options = run_options(tmp_path)
    with Workspace.open(options.workspace), pytest.raises(WorkspaceLocked):
        generate([str(source)], options)

    assert not options.out.exists()


def test_a_source_that_is_missing_leaves_nothing_behind(tmp_path: Path) -> None:
    options = run_options(tmp_path)
    with pytest.raises(PersonaKitError):
        generate([str(tmp_path / "nowhere.csv")], options)

    assert not options.out.exists()
    Workspace.open(options.workspace).close()


def test_a_schema_of_ones_own(tmp_path: Path) -> None:
    schema = tmp_path / "schema.toml"
    schema.write_text(
        """
        [[attribute]]
        key = "radio"
        label = { en = "Radio trouble", zh = "无线" }
        question = { en = "What is wrong with the connection?", zh = "连接有什么问题？" }
        cues = ["wifi", "bluetooth"]
        """,
        encoding="utf-8",
    )
    source = write_table(tmp_path / "reviews.csv", english_people(per_kind=4))
    result = generate([str(source)], run_options(tmp_path, schema_ref=str(schema), embedder="hash"))
    attributes = {claim.attribute for persona in result.persona_set.personas for claim in persona.claims}

    assert attributes == {"radio"}
    assert json.loads((result.out / "personas.json").read_text("utf-8"))["personas"]


@pytest.mark.local_model
@pytest.mark.slow
def test_the_bundled_model_writes_claims_that_stand(tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp")
    sources = [str(write_table(tmp_path / "reviews.csv", english_people(per_kind=4)))]
    options = run_options(tmp_path, llm="llama-cpp", segments=2, candidates=2, threads=1)
    result = generate(sources, options)
    assert result.manifest["engine"]["author"] == "llm"
    assert result.manifest["model_calls"]["made"] > 0
    origins = [claim.origin for persona in result.persona_set.personas for claim in persona.claims]
    assert origins.count("llm") >= 1
    check_quotes(result, sources, least=len(result.persona_set.personas))
    again = generate(sources, options.model_copy(update={"out": tmp_path / "again"}))
    assert again.manifest["model_calls"]["made"] == 0
    assert again.manifest["model_calls"]["reused"] > 0
    assert again.persona_set.personas == result.persona_set.personas

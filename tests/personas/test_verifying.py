"""A run verifies as long as every cited document is as it was; one letter is enough to tell."""

from __future__ import annotations

import csv
import json
import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from persona_kit.errors import InputError
from personas import generate, verify
from personas.outputs import MANIFEST
from personas.persona_set import PersonaSet
from tests.personas.corpora import documents_of, english_people, run_options, write_rows, write_table


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `reviews.csv` and the run over it in `out`."""
    folder = tmp_path_factory.mktemp("verified")
    generate([str(write_table(folder / "reviews.csv", english_people()))], run_options(folder, embedder="hash"))
    return folder


@pytest.fixture
def copy(made: Path, tmp_path: Path) -> Path:
    """The results, free to be changed; the sources are named to `verify`."""
    shutil.copytree(made / "out", tmp_path / "out")
    shutil.copy(made / "reviews.csv", tmp_path / "reviews.csv")
    return tmp_path


def stored(folder: Path) -> PersonaSet:
    return PersonaSet.model_validate_json((folder / "out" / "personas.json").read_text("utf-8"))


def cited_ids(folder: Path) -> set[str]:
    claims = [claim for persona in stored(folder).personas for claim in persona.claims]
    return {c.document_id for claim in claims for c in (*claim.citations, *claim.counter_citations)}


def change(folder: Path, number: int, place: int) -> str:
    """One letter of the document changed in `reviews.csv`; its id as the run told it."""
    rows = [[d.document_id, d.customer_id, d.text] for d in documents_of(english_people())]
    text = rows[number][2]
    rows[number][2] = text[:place] + ("q" if text[place] != "q" else "x") + text[place + 1 :]
    write_rows(folder / "reviews.csv", ("id", "customer_id", "review"), rows)
    with (folder / "out" / "documents.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))[number]["document_id"]


def check(folder: Path) -> tuple[bool, list[str], list[str]]:
    verification = verify(folder / "out", sources=[str(folder / "reviews.csv")])
    return verification.ok, verification.failures, verification.changed_uncited


def test_what_was_just_made_verifies(made: Path) -> None:
    verification = verify(made / "out")
    quotes = sum(len(c.citations) for p in stored(made).personas for c in p.claims)

    assert verification.ok
    assert verification.failures == []
    assert verification.changed_uncited == []
    assert verification.checked >= quotes > 10


def test_moved_sources_are_named(copy: Path) -> None:
    assert check(copy) == (True, [], [])


def test_any_changed_letter_of_a_cited_document_fails(copy: Path) -> None:
    ids = [d.document_id for d in documents_of(english_people())]
    cited = sorted(cited_ids(copy))
    assert cited
    chosen = random.Random(4)
    for _ in range(8):
        document_id = chosen.choice(cited)
        number = next(at for at, own in enumerate(ids) if own in document_id)
        text = documents_of(english_people())[number].text
        told = change(copy, number, chosen.randrange(len(text)))
        ok, failures, uncited = check(copy)
        assert told == document_id
        assert not ok
        assert any(document_id in failure for failure in failures)
        assert uncited == []


def test_a_change_outside_of_the_quotes_is_told_as_such(copy: Path) -> None:
    documents = documents_of(english_people())
    claims = [claim for persona in stored(copy).personas for claim in persona.claims]
    spans: dict[str, list[tuple[int, int]]] = {}
    for citation in (c for claim in claims for c in claim.citations):
        spans.setdefault(citation.document_id, []).append((citation.start, citation.end))
    number, place = next(
        (number, place)
        for number, document in enumerate(documents)
        for document_id, places in spans.items()
        if document.document_id in document_id
        for place in range(len(document.text))
        if document.text[place].isalpha() and all(not start <= place < end for start, end in places)
    )
    change(copy, number, place)
    ok, failures, _ = check(copy)

    assert not ok
    assert any("cited and was changed since, outside of its quotes" in failure for failure in failures)


def test_a_changed_document_that_nobody_cites_is_told_and_passes(copy: Path) -> None:
    cited = cited_ids(copy)
    documents = documents_of(english_people())
    number = next(n for n, d in enumerate(documents) if all(d.document_id not in document_id for document_id in cited))
    told = change(copy, number, 10)

    assert check(copy) == (True, [], [told])


def test_added_and_removed_documents_that_nobody_cites_pass(copy: Path) -> None:
    cited = cited_ids(copy)
    documents = documents_of(english_people())
    rows = [(d.document_id, d.customer_id, d.text) for d in documents]
    number = next(n for n, d in enumerate(documents) if all(d.document_id not in document_id for document_id in cited))
    added = ("late-1", "late", "The box came late and it was wet.")
    write_rows(copy / "reviews.csv", ("id", "customer_id", "review"), [*rows[:number], *rows[number + 1 :], added])
    ok, failures, uncited = check(copy)

    assert (ok, failures) == (True, [])
    assert len(uncited) == 2
    assert any("late-1" in document_id for document_id in uncited)


def test_a_cited_document_that_is_gone_fails(copy: Path) -> None:
    cited = cited_ids(copy)
    rows = [(d.document_id, d.customer_id, d.text) for d in documents_of(english_people())]
    number = next(n for n, row in enumerate(rows) if any(row[0] in document_id for document_id in cited))
    write_rows(copy / "reviews.csv", ("id", "customer_id", "review"), rows[:number] + rows[number + 1 :])
    ok, failures, _ = check(copy)

    assert not ok
    assert any("is not there" in failure for failure in failures)


@pytest.mark.parametrize("where", ["claims", "quotes"])
def test_a_quote_changed_in_the_results_fails(copy: Path, where: str) -> None:
    path = copy / "out" / "personas.json"
    held = json.loads(path.read_text("utf-8"))
    persona = held["personas"][0]
    citation = persona["quotes"][0] if where == "quotes" else persona["claims"][0]["citations"][0]
    citation["quote"] = citation["quote"].replace("e", "3", 1)
    path.write_text(json.dumps(held), encoding="utf-8")

    assert not check(copy)[0]


def test_results_that_cannot_be_read_are_told(copy: Path, tmp_path: Path) -> None:
    (copy / "out" / "documents.csv").unlink()
    with pytest.raises(InputError, match="list of the run's documents"):
        check(copy)
    (copy / "out" / MANIFEST).write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match="manifest"):
        check(copy)
    with pytest.raises(InputError):
        verify(tmp_path / "nowhere")


def test_standard_input_cannot_be_read_again_but_may_be_named(tmp_path: Path) -> None:
    source = write_table(tmp_path / "piped.csv", english_people(per_kind=2))
    options = run_options(tmp_path, embedder="hash", stdin=source.read_bytes())
    generate(["-"], options)

    with pytest.raises(InputError, match="standard input"):
        verify(options.out)


def tampered(folder: Path, change: Callable[[dict[str, Any]], None]) -> list[str]:
    """What is told of results in which the first persona was changed."""
    path = folder / "out" / "personas.json"
    held = json.loads(path.read_text("utf-8"))
    change(held["personas"][0])
    path.write_text(json.dumps(held), encoding="utf-8")
    return check(folder)[1]


def test_a_sentence_must_rest_on_claims_that_are_there_and_hold_its_numbers(copy: Path) -> None:
    def rename(persona: dict[str, Any]) -> None:
        persona["narrative"][0]["claim_ids"] = ["c77"]

    def renumber(persona: dict[str, Any]) -> None:
        persona["narrative"][0]["text"] += " That is 4,321 of them."

    assert any("4,321" in failure for failure in tampered(copy, renumber))
    assert any("names no claim that exists: c77" in failure for failure in tampered(copy, rename))


def test_an_action_must_rest_on_claims_that_are_there(copy: Path) -> None:
    def rename(persona: dict[str, Any]) -> None:
        assert persona["actions"]
        persona["actions"][0]["claim_ids"] = []

    assert any("action a1: names no claim" in failure for failure in tampered(copy, rename))


def test_counts_and_the_people_quoted_must_fit_the_segment(copy: Path) -> None:
    def overcount(persona: dict[str, Any]) -> None:
        persona["claims"][0] |= {"people": persona["people"] + 1}

    def move(persona: dict[str, Any]) -> None:
        persona["segment_id"] = "s99"

    assert any("people in a segment of" in failure for failure in tampered(copy, overcount))
    assert any("who are not of the segment" in failure for failure in tampered(copy, move))


def test_counter_quotes_and_quotes_of_profiles_are_checked_too(tmp_path: Path) -> None:
    source = write_table(tmp_path / "reviews.csv", english_people())
    generate([str(source)], run_options(tmp_path, embedder="hash", profiles=True))
    before = verify(tmp_path / "out")
    path = tmp_path / "out" / "personas.json"
    held = json.loads(path.read_text("utf-8"))
    claim = held["personas"][0]["claims"][0]
    claim["counter_citations"] = [claim["citations"][0] | {"quote": "never said"}]
    path.write_text(json.dumps(held), encoding="utf-8")
    profiles = tmp_path / "out" / "profiles.jsonl"
    lines = profiles.read_text("utf-8").split("\n")
    place = next(at for at, line in enumerate(lines) if '"quote":"' in line.replace(" ", "") and '"start"' in line)
    lines[place] = re.sub(r'("quote": ?")(\w)', r"\1~", lines[place], count=1)
    profiles.write_text("\n".join(lines), encoding="utf-8")
    after = verify(tmp_path / "out")

    assert before.ok
    assert after.checked == before.checked + 1
    assert any("counter_citations[0]" in failure for failure in after.failures)
    assert any(failure.startswith("profiles.jsonl[") for failure in after.failures)


def test_claims_of_the_customer_table_are_counted_again(tmp_path: Path) -> None:
    people = english_people()
    source = write_table(tmp_path / "reviews.csv", people)
    rows = [(voice.customer_id, "home" if voice.kind == "crafting" else "office") for voice in people]
    table = write_rows(tmp_path / "customers.csv", ("customer_id", "place"), rows)
    generate([str(source)], run_options(tmp_path, embedder="hash", customers=str(table)))
    found = verify(tmp_path / "out")
    assert found.ok
    assert found.table_claims > 0

    write_rows(
        table, ("customer_id", "place"), [(key, "office" if at % 2 else "home") for at, (key, _) in enumerate(rows)]
    )
    moved = verify(tmp_path / "out")
    assert any("the claim counts" in failure for failure in moved.failures)
    table.unlink()
    assert any("cannot be read again" in failure for failure in verify(tmp_path / "out").failures)

"""A run verifies as long as every cited document is as it was; one letter is enough to tell."""

from __future__ import annotations

import csv
import json
import random
import shutil
from pathlib import Path

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

"""Nothing is put in place that must not leave: audited files, and the levels of an export."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from persona_kit.errors import InputError, PrivacyError
from persona_kit.response_store import ResponseStore
from personas import generate
from personas.auditing import Auditor, read_canaries
from personas.exporting import LEAST_PEOPLE, OF_PEOPLE
from personas.options import ExportLevel, GenerateOptions, RedactLevel
from personas.spreadsheet import as_it_was, csv_text, harmless
from tests.personas.corpora import english_people, run_options, write_table

SECRET = "Blue heron 77 lands"


def auditor(
    level: ExportLevel = "internal",
    redact: RedactLevel = "standard",
    ids: tuple[str, ...] = (),
    canaries: tuple[str, ...] = (),
) -> Auditor:
    return Auditor(level=level, redact=redact, ids=frozenset(ids), canaries=canaries)


@pytest.mark.parametrize(
    ("name", "text", "clean"),
    [
        ("personas.json", '{"a": ["Write to mara@example.com", 5]}', '{"a": ["Write to [email]", 5]}'),
        ("trace.jsonl", '{"a": "x"}\n{"b": "mara@example.com"}\n', '{"a": "x"}\n{"b": "[email]"}\n'),
        ("themes.csv", "a,b\nmara@example.com,2\n", "a,b\n[email],2\n"),
        ("personas.md", "- mara\\@example.com \\(said\\)", "- [email] \\(said\\)"),
        (
            "report.html",
            '<p title="mara@example.com">mara@example.com</p><style>a@b.example</style>',
            '<p title="[email]">[email]</p><style>a@b.example</style>',
        ),
        ("manifest.json", '{"run_key": "4111111111111111aaaa"}', '{"run_key": "4111111111111111aaaa"}'),
    ],
)
def test_personal_data_is_masked_in_every_format(name: str, text: str, clean: str) -> None:
    files, report = auditor().audit({name: text})
    assert files[name] == clean
    assert report.masked == ({} if text == clean else {name: 1 + (name == "report.html")})


def test_figures_side_by_side_and_ids_are_no_personal_data() -> None:
    text = "| 555 | 0123 | 4567 | 8910 |\n- “身份证号[id number]” (D-0000151)"
    assert auditor(ids=("D-0000151",)).audit({"personas.md": text})[0] == {"personas.md": text}


def test_without_redaction_only_what_leaves_the_house_is_masked() -> None:
    text = {"personas.md": "mara@example.com"}
    assert auditor(redact="off").audit(text)[0] == text
    assert auditor(level="shared", redact="off").audit(text)[0] == {"personas.md": "[email]"}


@pytest.mark.parametrize(
    "text",
    [
        f"They said: {SECRET}.",
        SECRET.upper(),
        "blueheron77lands",
        "B-l-u-e heron_77; lands",
        base64.b64encode(f"x{SECRET}".encode()).decode(),
        base64.b64encode(f"xy {SECRET} z".encode()).decode(),
        base64.b64encode(SECRET.encode()).decode(),
    ],
)
def test_a_canary_in_any_form_forbids_all_files(text: str) -> None:
    with pytest.raises(PrivacyError, match=r"personas\.md: the canary of line 2") as error:
        auditor(canaries=("other secret", SECRET)).audit({"personas.json": "{}", "personas.md": text})
    assert "heron" not in str(error.value).casefold()


def test_ids_are_forbidden_where_the_level_allows_none() -> None:
    files = {"report.html": "<p>Said by <b>KB-0071</b>, and by 12 others</p>", "personas.json": '{"personas": []}'}
    ids = ("KB-0071", "12", "anna")
    assert auditor(ids=ids).audit(files)[0] == files
    with pytest.raises(PrivacyError, match="1 ids of customers"):
        auditor(level="shared", ids=ids).audit(files)
    assert auditor(level="shared", ids=("12", "anna")).audit(files)[1].files == 2
    with pytest.raises(PrivacyError, match="raw id"):
        auditor(level="public", ids=("anna",)).audit({"a.csv": "customer_id\nanna\n"})


def test_groups_too_small_are_forbidden() -> None:
    small = {"people": 9, "claims": [{"people": 9}], "characteristics": []}
    files = {"personas.json": json.dumps({"personas": [small], "themes": []})}
    assert auditor(level="shared").audit(files)[0] == files
    with pytest.raises(PrivacyError, match="2 groups of fewer than 10 people"):
        auditor(level="public").audit(files)


def test_stored_answers_with_personal_data_are_removed(tmp_path: Path) -> None:
    with ResponseStore(tmp_path / "responses.sqlite3") as store:
        store.put("a", '{"value": "write to mara@example.com"}')
        store.put("b", '{"value": "the lid sticks"}')
    _, report = auditor().audit({}, tmp_path / "responses.sqlite3")
    with ResponseStore(tmp_path / "responses.sqlite3") as store:
        assert (store.get("a"), store.get("b")) == (None, '{"value": "the lid sticks"}')
    assert report.answers_removed == 1
    with pytest.raises(PrivacyError, match=r"responses\.sqlite3: the canary of line 1"):
        auditor(canaries=("the lid sticks",)).audit({}, tmp_path / "responses.sqlite3")


def test_canaries_that_cannot_be_read_are_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="canaries cannot be read"):
        read_canaries(tmp_path / "none.txt")


# --- whole runs ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    folder = tmp_path_factory.mktemp("exports")
    source = write_table(folder / "reviews.csv", english_people())
    for level in LEAST_PEOPLE:
        options = {"export": level, "out": folder / level, "workspace": folder / "w", "embedder": "hash"}
        generate([str(source)], run_options(folder, **options))
    return {level: folder / level for level in LEAST_PEOPLE}


def test_each_level_leaves_out_what_it_says(exports: Mapping[str, Path]) -> None:
    voices = english_people()
    assert {path.name for path in exports["internal"].iterdir()} >= OF_PEOPLE - {"profiles.csv", "profiles.jsonl"}
    for level in ("shared", "public"):
        files = {path.name: path.read_text("utf-8") for path in exports[level].iterdir()}
        assert set(files) == {"manifest.json", "personas.json", "personas.md", "report.html"}
        held = "\n".join(files.values())
        assert [voice.customer_id for voice in voices if voice.customer_id in held] == []
        assert "reviews.csv:" not in held
        assert json.loads(files["manifest.json"])["audit"] == {"answers_removed": 0, "files": 4, "masked": {}}
    stored = {level: json.loads((exports[level] / "personas.json").read_text("utf-8")) for level in LEAST_PEOPLE}
    quoted = {
        level: [quote for p in one["personas"] for c in p["claims"] for quote in c["citations"]]
        for level, one in stored.items()
    }
    assert len(quoted["shared"]) > 10
    assert {quote["start"] for quote in quoted["shared"]} == {0}
    assert quoted["public"] == []
    public = (exports["public"] / "report.html").read_text("utf-8") + json.dumps(stored["public"])
    words = [" ".join(text.split()[:5]) for voice in voices for text in voice.texts]
    assert [said for said in words if said in public] == []
    assert all(c["people"] >= 10 for p in stored["public"]["personas"] for c in p["claims"])


def test_a_canary_that_comes_out_leaves_what_was_there_as_it_was(tmp_path: Path) -> None:
    source = write_table(tmp_path / "reviews.csv", english_people())
    generate([str(source)], run_options(tmp_path, embedder="hash"))
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    (tmp_path / "canaries.txt").write_text("nothing that is there\nwifi connection\n", encoding="utf-8")
    with pytest.raises(PrivacyError, match="the canary of line 2"):
        generate([str(source)], run_options(tmp_path, embedder="hash", canaries=tmp_path / "canaries.txt"))
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


def test_an_export_leaves_no_file_of_the_level_before(tmp_path: Path) -> None:
    source = write_table(tmp_path / "reviews.csv", english_people())
    for level in ("internal", "shared"):
        generate([str(source)], run_options(tmp_path, embedder="hash", export=level, force=True))
    assert not (tmp_path / "out" / "assignments.csv").exists()


def test_options_name_the_levels() -> None:
    assert GenerateOptions().export == "internal"
    assert list(LEAST_PEOPLE) == ["internal", "shared", "public"]


# --- spreadsheets -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1", "-1", "@x", "\t=1", "a;=1+1", "x\n=cmd", "plain", "a-b@c", "it's", "＝1"]
)
def test_cells_are_harmless_and_can_be_read_back(cell: str) -> None:
    assert as_it_was(harmless(cell)) == cell
    assert not harmless(cell).startswith(("=", "+", "-", "@", "＝"))


def test_numbers_in_a_table_stay_numbers() -> None:
    assert csv_text(("a", "b"), [("=x", -1)]) == "a,b\n'=x,-1\n"

"""The output folder: never over something else, whole or untouched, and everybody is in it once."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from persona_kit.errors import OutputError
from personas import generate
from personas.attributes import load_schema
from personas.options import GenerateOptions
from personas.outputs import MANIFEST, OutputFolder, tell_run_key
from personas.pipeline import RunResult
from retrieval.reading import Reading
from tests.personas.corpora import english_people, run_options, write_rows, write_table


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    """A run over 42 people, one of whom repeats herself, one of whom writes nothing, and a table of customers."""
    folder = tmp_path_factory.mktemp("run")
    source = write_table(folder / "reviews.csv", english_people())
    with source.open("a", encoding="utf-8") as file:
        repeated = english_people()[0].texts[0]
        file.write(f'again,connecting-00,"{repeated}"\nempty,connecting-01,\nnoise,connecting-02,"?!"\n')
    people = [(voice.customer_id, "gold" if voice.kind == "saving" else "basic") for voice in english_people()]
    table = write_rows(folder / "people.csv", ("customer_id", "plan"), [*people, ("silent-1", "gold")])
    return generate([str(source)], run_options(folder, customers=str(table), embedder="hash"))


def test_input_is_what_was_processed_and_what_was_quarantined(run: RunResult) -> None:
    quarantined = [json.loads(line) for line in (run.out / "quarantine.jsonl").read_text("utf-8").splitlines()]
    documents = rows_of(run.out / "documents.csv")
    counts = run.manifest["counts"]

    assert counts["inputs"] == 87 == counts["processed"] + counts["quarantined"]
    assert (len(documents), len(quarantined)) == (counts["processed"], counts["quarantined"]) == (84, 3)
    assert {item["reason"] for item in quarantined} == {"empty", "no words", "duplicate of same customer"}


def test_the_assignments_hold_everybody_once(run: RunResult) -> None:
    rows = rows_of(run.out / "assignments.csv")
    everybody = sorted([*(voice.customer_id for voice in english_people()), "silent-1"])
    personas = {persona.persona_id: persona for persona in run.persona_set.personas}

    assert [row["customer_id"] for row in rows] == everybody
    for persona in personas.values():
        assert sum(row["persona_id"] == persona.persona_id for row in rows) == persona.people
    assert next(row for row in rows if row["customer_id"] == "silent-1")["persona_id"] == ""
    assert run.persona_set.people == 43 == run.manifest["counts"]["people"]


def test_every_passage_stands_in_the_themes_file(run: RunResult) -> None:
    rows = rows_of(run.out / "themes.csv")

    assert len(rows) == run.persona_set.data.passages
    assert {row["theme_id"] for row in rows} == {theme.theme_id for theme in run.persona_set.themes}


def test_all_files_are_there_and_nothing_else(run: RunResult) -> None:
    names = sorted(path.name for path in run.out.iterdir())

    assert names == sorted([
        "assignments.csv",
        "documents.csv",
        MANIFEST,
        "personas.json",
        "personas.md",
        "quarantine.jsonl",
        "report.html",
        "segment_model.json",
        "themes.csv",
        "trace.jsonl",
    ])
    assert sorted(run.files) == sorted(run.out / name for name in names)


def test_members_stand_in_the_assignments_only(run: RunResult) -> None:
    stored = json.loads((run.out / "personas.json").read_text("utf-8"))

    assert all(segment["customer_ids"] == [] == segment["memberships"] for segment in stored["segments"])
    assert all(theme["passage_ids"] == [] for theme in stored["themes"])
    assert sum(stored["sizes"].values()) == 43


def test_the_manifest_tells_how_it_came_about(run: RunResult) -> None:
    manifest = json.loads((run.out / MANIFEST).read_text("utf-8"))

    assert manifest["engine"] == {"author": "extractive", "model": ""}
    assert manifest["embedder"] == "hash"
    assert manifest["model_calls"] == {"made": 0, "reused": 0, "failed": 0}
    assert manifest["cost_usd"] == 0.0
    assert [Path(source["path"]).name for source in manifest["sources"]] == ["reviews.csv"]
    assert "stdin" not in manifest["options"]


def test_the_same_run_may_be_written_again_and_a_different_one_not(run: RunResult, tmp_path: Path) -> None:
    folder = OutputFolder(run.out, force=False)
    folder.check_writable()
    folder.check_same_run(run.manifest["run_key"])

    with pytest.raises(OutputError, match="other inputs or options") as caught:
        folder.check_same_run("another key")
    assert "--force" in caught.value.mend
    OutputFolder(run.out, force=True).check_same_run("another key")


def test_a_different_run_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    source = write_table(tmp_path / "reviews.csv", english_people(per_kind=2))
    options = run_options(tmp_path, embedder="hash")
    generate([str(source)], options)
    before = {path.name: path.read_bytes() for path in options.out.iterdir()}

    other = options.model_copy(update={"seed": 5})
    with pytest.raises(OutputError, match="other inputs or options"):
        generate([str(source)], other)
    assert {path.name: path.read_bytes() for path in options.out.iterdir()} == before

    generate([str(source)], other.model_copy(update={"force": True}))
    assert json.loads((options.out / MANIFEST).read_text("utf-8"))["seed"] == 5


def test_the_run_key_follows_inputs_and_options_and_nothing_else() -> None:
    reading = Reading((), (), 0, {}, (), {"a.csv": "1" * 64}, ())
    schema = load_schema(None)
    key = tell_run_key(reading, GenerateOptions(), schema)

    for same in (
        {"out": "elsewhere"},
        {"workspace": "elsewhere"},
        {"force": True},
        {"stdin": b"x"},
        {"budget_tokens": 9},
    ):
        assert tell_run_key(reading, GenerateOptions.model_validate(same), schema) == key
    for other in ({"seed": 1}, {"segments": "3"}, {"llm": "extractive"}, {"redact": "strict"}):
        assert tell_run_key(reading, GenerateOptions.model_validate(other), schema) != key
    changed = Reading((), (), 0, {}, (), {"a.csv": "2" * 64}, ())
    assert tell_run_key(changed, GenerateOptions(), schema) != key
    fewer = schema.model_copy(update={"attribute": schema.attribute[:3]})
    assert tell_run_key(reading, GenerateOptions(), fewer) != key


@pytest.mark.parametrize("manifest", ["", "{", "[]", '{"run_key": 3}'])
def test_a_damaged_manifest_is_a_different_run(manifest: str, tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_text(manifest, encoding="utf-8")

    with pytest.raises(OutputError, match="other inputs or options"):
        OutputFolder(tmp_path, force=False).check_same_run("key")


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").write_bytes(b"x")

    with pytest.raises(OutputError, match=r"something else \(holiday.jpg\)"):
        OutputFolder(tmp_path, force=False).check_writable()
    OutputFolder(tmp_path, force=True).check_writable()


def test_what_cannot_be_written_is_refused_before_any_work(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x", encoding="utf-8")

    with pytest.raises(OutputError, match="a file, not a folder"):
        OutputFolder(file, force=True).check_writable()
    with pytest.raises(OutputError, match="cannot be written"):
        OutputFolder(file / "out", force=True).check_writable()
    with pytest.raises(OutputError, match="a file, not a folder"):
        generate([str(tmp_path / "missing.csv")], run_options(tmp_path, out=file))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_write_permission_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(OutputError, match="cannot be written"):
            OutputFolder(tmp_path / "out", force=False).check_writable()
    finally:
        tmp_path.chmod(0o700)


def test_a_check_leaves_nothing_behind(tmp_path: Path) -> None:
    OutputFolder(tmp_path / "a" / "out", force=False).check_writable()

    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_moved_in_is_told(tmp_path: Path) -> None:
    (tmp_path / "personas.json" / "in the way").mkdir(parents=True)

    with pytest.raises(OutputError, match="cannot be written"):
        OutputFolder(tmp_path, force=True).replace_files({"personas.json": "{}"})
    assert [path.name for path in tmp_path.iterdir()] == ["personas.json"]


KILLED_HALF_WAY = textwrap.dedent(
    """
    import os, signal, sys
    from pathlib import Path
    from personas.outputs import OutputFolder

    class Files(dict):
        def items(self):
            for number, item in enumerate(super().items()):
                if number == 2:
                    os.kill(os.getpid(), signal.SIGKILL)
                yield item

    OutputFolder(Path(sys.argv[1]), force=False).replace_files(Files({name: "new " * 1000 for name in "abcd"}))
    """
)


def killed_half_way(folder: Path, repository: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED_HALF_WAY, str(folder)], cwd=repository, capture_output=True, timeout=60
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_killed_half_way_the_old_files_are_whole(tmp_path: Path, repository: Path) -> None:
    folder = OutputFolder(tmp_path, force=False)
    old = {**{name: f"old {name}" for name in "abcd"}, MANIFEST: "{}"}
    folder.replace_files(old)
    killed_half_way(tmp_path, repository)

    assert {name: (tmp_path / name).read_text("utf-8") for name in old} == old
    folder.check_writable()
    folder.replace_files({name: "newer" for name in old})
    assert {(tmp_path / name).read_text("utf-8") for name in old} == {"newer"}


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_first_run_that_was_killed_does_not_block_the_next(tmp_path: Path, repository: Path) -> None:
    killed_half_way(tmp_path, repository)
    folder = OutputFolder(tmp_path, force=False)
    folder.check_writable()
    folder.replace_files({"a": "new", MANIFEST: "{}"})

    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", MANIFEST]


def test_a_first_run_killed_between_two_files_does_not_block_the_next(tmp_path: Path) -> None:
    # The manifest goes in last: without it the folder holds only what this tool writes.
    (tmp_path / "assignments.csv").write_text("", encoding="utf-8")
    (tmp_path / "documents.csv").write_text("", encoding="utf-8")

    OutputFolder(tmp_path, force=False).check_writable()

"""Sets compared alone, and what cannot be compared or is broken: told with where and how to mend it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from persona_kit.errors import InputError, PersonaKitError
from personas.diffing import diff, open_set, write_people
from personas.outputs import MANIFEST
from personas.pipeline import segment
from tests.personas.corpora import Voice, run_options, write_table
from tests.personas.diffed import BASE, change_json, changed_claims, run, told


def test_personas_json_in_its_folder_stands_for_the_folder(runs: Path) -> None:
    found = diff(runs / "before" / "personas.json", runs / "grown" / "personas.json")
    assert found.movement is not None
    assert found.personas == diff(runs / "before", runs / "grown").personas


def test_a_set_alone_is_compared_by_ids_and_says_what_it_cannot_tell(
    copied_run: Path, runs: Path, tmp_path: Path
) -> None:
    alone = Path(shutil.copy(copied_run / "personas.json", tmp_path / "kept.json"))
    found = diff(alone, runs / "strict")

    assert (found.movement, found.causes, found.documents) == (None, None, None)
    assert {one.matched_by for one in found.personas} == {"id"}
    assert any(claim.status_changed for claim in changed_claims(found))
    assert "Who is in a persona is not known" in told(found)
    assert "without manifest" in told(found)
    with pytest.raises(InputError, match="does not tell who"):
        write_people(open_set(alone), open_set(runs / "strict"), tmp_path / "people.csv")


def test_sets_alone_without_a_common_id_are_refused(copied_run: Path, tmp_path: Path) -> None:
    alone = Path(shutil.copy(copied_run / "personas.json", tmp_path / "kept.json"))
    other = tmp_path / "other.json"
    other.write_text(alone.read_text("utf-8").replace('"persona_id": "p-', '"persona_id": "q-'), encoding="utf-8")
    with pytest.raises(InputError, match="share no persona id") as caught:
        diff(alone, other)
    assert "assignments.csv" in caught.value.mend


def test_runs_over_other_people_are_refused(runs: Path, tmp_path: Path) -> None:
    strangers = [Voice(f"other-{v.customer_id}", v.kind, v.texts, v.language) for v in BASE]
    out = run(tmp_path, "strangers", strangers, embedder="hash", segments="3")
    with pytest.raises(InputError, match="nobody is in both") as caught:
        diff(runs / "before", out)
    assert "--customer" in caught.value.mend


def test_segments_without_personas_are_refused(runs: Path, tmp_path: Path) -> None:
    source = write_table(tmp_path / "reviews.csv", BASE)
    out = segment([str(source)], run_options(tmp_path, embedder="hash", segments="3")).out
    with pytest.raises(InputError, match="no personas here") as caught:
        diff(runs / "before", out)
    assert "generate" in caught.value.mend


def _cut_column(folder: Path) -> None:
    path = folder / "assignments.csv"
    path.write_text(path.read_text("utf-8").replace("persona_id", "persona", 1), encoding="utf-8")


def _repeat_line(folder: Path) -> None:
    path = folder / "assignments.csv"
    lines = path.read_text("utf-8").splitlines()
    path.write_text("\n".join([*lines, lines[-1]]), encoding="utf-8")


def _cut_line(folder: Path) -> None:
    path = folder / "assignments.csv"
    path.write_text(path.read_text("utf-8") + "somebody\n", encoding="utf-8")


def _other_run(folder: Path) -> None:
    path = folder / "assignments.csv"
    path.write_text(path.read_text("utf-8").replace(",p-", ",p-zzz"), encoding="utf-8")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda folder: (folder / "personas.json").write_text("{", encoding="utf-8"), "not a persona set"),
        (lambda folder: (folder / "personas.json").unlink(), "no personas to read"),
        (lambda folder: (folder / MANIFEST).write_text("[]", encoding="utf-8"), "manifest"),
        (lambda folder: (folder / MANIFEST).unlink(), "manifest"),
        (lambda folder: (folder / "assignments.csv").unlink(), "cannot be read"),
        (lambda folder: (folder / "documents.csv").write_bytes(b"\xff\xfe\xff"), "cannot be read"),
        (lambda folder: change_json(folder / "personas.json", lambda s: s.update(format_version="9")), "format 9"),
        (_cut_column, "no column persona_id"),
        (_repeat_line, "twice"),
        (_cut_line, "cut short"),
        (_other_run, "another run"),
        (shutil.rmtree, "no personas to read"),
    ],
)
def test_what_is_broken_is_told_with_where_and_how_to_mend_it(
    copied_run: Path, runs: Path, spoil: Callable[[Path], object], says: str
) -> None:
    spoil(copied_run)
    for a, b in ((copied_run, runs / "before"), (runs / "before", copied_run)):
        with pytest.raises(PersonaKitError, match=says) as caught:
            diff(a, b)
        assert isinstance(caught.value, InputError)
        assert str(copied_run) in caught.value.where
        assert caught.value.mend

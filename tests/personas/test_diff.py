"""Two runs compared: what stayed, appeared, went, split or merged, and why; on real runs over small corpora."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

from persona_kit.errors import UsageError
from personas.diffing import choose_language, compare_sets, diff, open_set, tell_diff, write_people
from personas.diffing.records import ABSENT, OUTSIDE, PersonaChange, SetDiff
from personas.diffing.wording import CHINESE, ENGLISH
from personas.outputs import MANIFEST
from tests.personas.corpora import chinese_people
from tests.personas.diffed import BASE, GROWN, change_json, changed_claims, rows, run, stored, told

# --- nothing changed ----------------------------------------------------------------------------------------------


def test_a_run_does_not_differ_from_itself(runs: Path) -> None:
    found = diff(runs / "before", runs / "before")

    assert not found.differs
    assert found.causes == ()
    assert len(found.personas) == 3
    assert changed_claims(found) == []
    assert "Nothing differs" in told(found)


def test_the_same_run_in_another_workspace_does_not_differ(runs: Path) -> None:
    found = diff(runs / "before", runs / "again")

    assert (found.differs, found.causes) == (False, ())
    assert {one.matched_by for one in found.personas} == {"id"}
    assert found.movement is not None
    assert found.movement.stayed + found.movement.outside == found.movement.both == len(BASE)


# --- more people --------------------------------------------------------------------------------------------------


def test_new_people_and_documents_are_counted_and_are_the_only_cause(runs: Path) -> None:
    found = diff(runs / "before", runs / "grown")
    new = len(GROWN) - len(BASE)

    assert found.differs
    assert found.causes is not None
    assert [cause.kind for cause in found.causes] == ["documents"]
    assert found.documents is not None
    assert (found.documents.kept, found.documents.new, found.documents.gone) == (2 * len(BASE), 2 * new, 0)
    assert found.movement is not None
    assert (found.movement.both, found.movement.only_a, found.movement.only_b) == (len(BASE), 0, new)
    assert "Only this differs between the runs" in told(found)
    assert f"{2 * new} new (reviews.csv: {2 * new})" in told(found)


def test_every_number_is_that_of_the_files(runs: Path) -> None:
    found = diff(runs / "before", runs / "grown")
    a, b = (
        {row["customer_id"]: row["persona_id"] for row in rows(runs / name / "assignments.csv")}
        for name in ("before", "grown")
    )
    sets = stored(runs / "before"), stored(runs / "grown")

    assert found.personas
    for one in found.personas:
        was = {who for who, persona in a.items() if persona == one.before.persona_id}
        now = {who for who, persona in b.items() if persona == one.after.persona_id}
        assert one.people is not None
        assert one.people.stayed == len(was & now)
        assert one.people.moved_out == len({who for who in was - now if who in b})
        assert one.people.gone == len(was - b.keys())
        assert one.people.joined == len(now - a.keys())
        assert one.people.stayed + one.people.moved_out + one.people.gone == one.before.people == len(was)
        assert one.people.stayed + one.people.moved_in + one.people.joined == one.after.people == len(now)
        for side, persona_id, whole in (
            ("before", one.before.persona_id, sets[0]),
            ("after", one.after.persona_id, sets[1]),
        ):
            (persona,) = (p for p in whole.personas if p.persona_id == persona_id)
            states = [state for claim in one.claims if (state := getattr(claim, side)) is not None]
            assert sorted(state.claim_id for state in states) == sorted(claim.claim_id for claim in persona.claims)
            claims = {claim.claim_id: claim for claim in persona.claims}
            assert all(state.people == claims[state.claim_id].people <= state.of == persona.people for state in states)


def test_a_claim_that_appeared_tells_which_of_its_evidence_is_new(runs: Path) -> None:
    found = diff(runs / "before", runs / "grown")
    before = {row["document_id"] for row in rows(runs / "before" / "documents.csv")}
    after = {persona.persona_id: persona for persona in stored(runs / "grown").personas}
    appeared = [(one, claim) for one in found.personas for claim in one.claims if claim.verdict == "appeared"]

    assert appeared
    for one, claim in appeared:
        assert claim.after is not None
        assert claim.evidence is not None
        (stands,) = (c for c in after[one.after.persona_id].claims if c.claim_id == claim.after.claim_id)
        quoted = {citation.document_id for citation in stands.citations}
        assert (claim.evidence.documents, claim.evidence.missing) == (len(quoted), len(quoted - before))
        assert ("other documents" in claim.why) == bool(quoted - before)
    assert any("other documents" in claim.why for _, claim in appeared)
    assert "documents quoted are in this run only" in told(found)


def test_claims_that_went_are_those_that_appear_the_other_way_round(runs: Path) -> None:
    forth, back = (
        diff(runs / "before", runs / "grown"),
        diff(runs / "grown", runs / "before"),
    )

    def values(found: SetDiff, verdict: str, side: str) -> list[str]:
        return sorted(getattr(claim, side).value for claim in changed_claims(found) if claim.verdict == verdict)

    assert values(forth, "appeared", "after") == values(back, "went", "before")
    assert values(forth, "went", "before") == values(back, "appeared", "after")


# --- other options ------------------------------------------------------------------------------------------------


def test_a_higher_bar_is_told_as_the_cause_of_lower_standing(runs: Path) -> None:
    found = diff(runs / "before", runs / "strict")
    lowered = [claim for claim in changed_claims(found) if claim.status_changed]

    assert found.causes is not None
    assert [(cause.kind, cause.what, cause.before, cause.after) for cause in found.causes] == [
        ("writing", "min_people", "", "12")
    ]
    assert lowered
    for claim in lowered:
        assert claim.before is not None
        assert claim.after is not None
        assert (claim.before.status, claim.after.status) == ("supported", "anecdotal")
    assert "how personas are written: min_people: none -> 12" in told(found)
    assert "status: supported -> anecdotal" in told(found)


def test_a_share_that_surely_changed_is_told_with_both_counts(copied_run: Path, runs: Path) -> None:
    def raise_first(personas: Any) -> None:
        persona = personas["personas"][0]
        persona["claims"][0].update(people=persona["people"], share=1.0)

    def lower_first(personas: Any) -> None:
        personas["personas"][0]["claims"][0].update(people=1, share=1 / personas["personas"][0]["people"])

    raised = Path(shutil.copytree(copied_run, copied_run.parent / "raised"))
    change_json(raised / "personas.json", raise_first)
    change_json(copied_run / "personas.json", lower_first)
    (up,), (down,) = changed_claims(diff(copied_run, raised)), changed_claims(diff(raised, copied_run))

    assert up.share is not None
    assert down.share is not None
    assert (up.verdict, up.share.direction, down.share.direction) == ("changed", "up", "down")
    assert (up.share.people_a, up.share.people_b) == (1, stored(copied_run).personas[0].people)
    assert up.share.difference == -down.share.difference > 0.9
    assert "(7 %) -> 14 of 14 (100 %): surely up by 93 points (+" in told(diff(copied_run, raised))


def test_fewer_segments_are_a_merger_and_more_a_split(runs: Path) -> None:
    merged, split = (
        diff(runs / "before", runs / "two"),
        diff(runs / "two", runs / "before"),
    )

    assert merged.causes is not None
    assert [(cause.kind, cause.what) for cause in merged.causes] == [("grouping", "segments")]
    (merger,) = merged.merges
    (parted,) = split.splits
    assert merged.splits == split.merges == ()
    assert [(p.persona_id, p.shared) for p in merger.parts] == [(p.persona_id, p.shared) for p in parted.parts]
    assert (merger.persona_id, merger.people) == (parted.persona_id, parted.people)
    assert len(merger.parts) == 2
    assert sum(part.shared for part in merger.parts) >= 0.5 * merger.people
    assert merged.appeared == merged.went == ()
    assert f"> {merger.persona_id} {merger.name} came of several" in told(merged)
    assert f"< {parted.persona_id} {parted.name} split" in told(split)
    assert merged.movement is not None
    assert merged.movement.followed > 0


def test_a_persona_of_people_who_are_new_appeared_and_goes_the_other_way_round(runs: Path, tmp_path: Path) -> None:
    two_kinds = [voice for voice in BASE if voice.kind != "saving"]
    out = run(tmp_path, "without", two_kinds, embedder="hash", segments="2")
    forth, back = diff(out, runs / "before"), diff(runs / "before", out)

    (lone,) = forth.appeared
    assert back.went[0].persona == lone.persona
    assert sum(flow.people for flow in lone.flows) == lone.persona.people
    assert lone.flows[0].before == ABSENT
    assert lone.flows[0].people >= 0.8 * lone.persona.people
    assert len(forth.personas) == 2
    assert {one.matched_by for one in forth.personas} <= {"id", "people"}
    assert f"+ {lone.persona.persona_id} {lone.persona.name} appeared: {lone.persona.people} people" in told(forth)
    assert f"- {lone.persona.persona_id} {lone.persona.name} went" in told(back)


def test_without_the_same_ids_personas_are_told_by_their_people(copied_run: Path, runs: Path) -> None:
    names = {persona.persona_id: f"q-{number}" for number, persona in enumerate(stored(copied_run).personas)}
    for name in ("personas.json", "assignments.csv"):
        text = (copied_run / name).read_text(encoding="utf-8")
        for old, new in names.items():
            text = text.replace(old, new)
        (copied_run / name).write_text(text, encoding="utf-8")
    found = diff(runs / "before", copied_run)

    assert {(one.before.persona_id, one.after.persona_id) for one in found.personas} == set(names.items())
    assert {one.matched_by for one in found.personas} == {"people"}
    assert {one.people.jaccard for one in found.personas if one.people} == {1.0}
    assert not found.differs


# --- why ----------------------------------------------------------------------------------------------------------


def test_another_model_and_prompt_are_causes(copied_run: Path, runs: Path) -> None:
    def other_model(manifest: Any) -> None:
        manifest["engine"]["model"] = "another.gguf"
        manifest["prompts"]["extract@1"] = "0" * 64

    def other_author(personas: Any) -> None:
        first = personas["personas"][0]
        first["provenance"]["model"] = "another.gguf"
        first["claims"][0]["value"] = "something that nobody has ever worded so"
        first["claims"][0]["citations"] = []

    change_json(copied_run / MANIFEST, other_model)
    change_json(copied_run / "personas.json", other_author)
    found = diff(runs / "before", copied_run)

    assert found.causes is not None
    assert [(cause.kind, cause.what) for cause in found.causes] == [("engine", "model"), ("prompt", "extract@1")]
    assert [one.other_author for one in found.personas] == [True, False, False]
    claims = changed_claims(found)
    assert sorted(claim.verdict for claim in claims) == ["appeared", "went"]
    assert all("other author" in claim.why for claim in claims)
    assert "which of it changed what cannot be told" in told(found)


def test_changed_words_are_told_of_the_documents_and_of_the_claims_that_quote_them(
    copied_run: Path, runs: Path
) -> None:
    cited = stored(copied_run).personas[0].claims[0].citations[0].document_id
    path = copied_run / "documents.csv"
    lines = [
        ",".join([*line.split(",")[:3], "changed", *line.split(",")[4:]]) if line.startswith(f"{cited},") else line
        for line in path.read_text("utf-8").splitlines()
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def drop_first(personas: Any) -> None:
        del personas["personas"][0]["claims"][0]

    change_json(copied_run / "personas.json", drop_first)
    found = diff(runs / "before", copied_run)

    assert found.documents is not None
    assert (found.documents.reworded, found.documents.new, found.documents.gone) == (1, 0, 0)
    (went,) = changed_claims(found)
    assert went.verdict == "went"
    assert "other words" in went.why


def test_a_key_that_differs_by_itself_tells_of_the_tables(copied_run: Path, runs: Path) -> None:
    change_json(copied_run / MANIFEST, lambda manifest: manifest.update(run_key="another"))
    found = diff(runs / "before", copied_run)
    assert found.causes is not None
    assert [(cause.kind, cause.what) for cause in found.causes] == [("tables", "content")]
    assert "order or event table" in told(found)


def test_people_who_left_every_persona_are_counted(copied_run: Path, runs: Path) -> None:
    path = copied_run / "assignments.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    persona = stored(copied_run).personas[0]
    at = next(number for number, line in enumerate(lines) if persona.persona_id in line)
    lines[at] = lines[at].replace(persona.persona_id, "")
    path.write_text("\n".join(lines), encoding="utf-8")
    found = diff(runs / "before", copied_run)

    assert found.movement is not None
    assert (found.movement.fell_out, found.movement.moved) == (1, 0)
    assert [(flow.before, flow.after, flow.people) for flow in found.movement.flows] == [
        (persona.persona_id, OUTSIDE, 1)
    ]
    assert found.differs
    assert f"{persona.persona_id} {persona.name} -> no persona: 1 person" in told(found)


# --- what is shown ------------------------------------------------------------------------------------------------


def test_both_languages_say_the_same_things() -> None:
    assert ENGLISH.keys() == CHINESE.keys()

    def fields(text: str) -> set[str]:
        return {name for _, name, _, _ in Formatter().parse(text) if name}

    assert {key for key in ENGLISH if fields(ENGLISH[key]) != fields(CHINESE[key])} == set()
    assert [text for text in ENGLISH.values() if re.search("[\u4e00-\u9fff]", text)] == []


def test_a_chinese_set_is_told_in_chinese_unless_asked_otherwise(tmp_path: Path) -> None:
    before = run(tmp_path, "before", chinese_people(12), workspace="shared")
    after = run(tmp_path, "after", [v for v in chinese_people(16)], workspace="shared")
    found = diff(before, after)

    text = "\n".join(tell_diff(found))
    assert found.differs
    assert "两次运行只有这一点不同" in text
    assert "只在 B 中的 8 人" in text
    words = set(re.findall("[A-Za-z]{3,}", text.replace(str(tmp_path), "")))
    # Names of tests, of files and of folders have no other form.
    assert words <= {
        "Jaccard",
        "Benjamini",
        "Hochberg",
        "Newcombe",
        "Wilson",
        "reviews",
        "csv",
        "before",
        "after",
        *_ids(found),
    }
    assert "Only this differs" in told(found, "en")


def _ids(found: SetDiff) -> set[str]:
    heads = [head for one in found.personas for head in (one.before, one.after)]
    heads += [lone.persona for lone in (*found.appeared, *found.went)]
    parts = [part for relation in (*found.splits, *found.merges) for part in relation.parts]
    names = [head.persona_id for head in heads] + [part.persona_id for part in parts]
    return {letters for name in names for letters in re.findall("[A-Za-z]{3,}", name)}


def test_names_and_values_cannot_steer_the_terminal(copied_run: Path, runs: Path) -> None:
    def poison(personas: Any) -> None:
        personas["personas"][0]["name"] = "Red \x1b[31m\u202eeman\nAda"
        personas["personas"][0]["claims"][0]["value"] = "a \x1b]0;title\x07 value"
        personas["personas"][0]["claims"][0]["citations"] = []

    change_json(copied_run / "personas.json", poison)
    lines = tell_diff(diff(runs / "before", copied_run))
    text = "".join(lines)
    assert "eman Ada" in text
    assert not re.search("[\x00-\x1f\u202e]", text)


@pytest.mark.parametrize("asked", ["auto", "en", "zh", "fr", ""])
def test_a_language_is_one_of_three(asked: str) -> None:
    if asked in {"fr", ""}:
        with pytest.raises(UsageError):
            choose_language(asked)
    else:
        assert choose_language(asked) == (None if asked == "auto" else asked)


def test_everybody_stands_once_in_the_table_of_people(runs: Path, tmp_path: Path) -> None:
    a, b = open_set(runs / "before"), open_set(runs / "grown")
    count = write_people(a, b, tmp_path / "people.csv")
    table = rows(tmp_path / "people.csv")
    found = compare_sets(a, b)

    assert count == len(table) == len({row["customer_id"] for row in table}) == len(GROWN)
    assert found.movement is not None
    assert sum(row["before"] == ABSENT for row in table) == found.movement.only_b
    stayed = {(one.before.persona_id, one.after.persona_id) for one in found.personas}
    assert sum((row["before"], row["after"]) in stayed for row in table) == found.movement.stayed


def test_what_is_printed_as_json_is_read_back(runs: Path) -> None:
    found = diff(runs / "before", runs / "grown")
    again = SetDiff.model_validate_json(found.model_dump_json())
    assert again == found
    assert all(isinstance(one, PersonaChange) for one in again.personas)

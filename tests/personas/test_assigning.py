"""New customers into the segments of a finished run: the same answer for the same words, or none of these."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from persona_kit.errors import EnvironmentProblem, InputError, PersonaKitError, UsageError
from personas import generate
from personas.assigning import (
    MODEL_FILE,
    AssignedCustomer,
    Assignment,
    AssignOptions,
    SegmentModel,
    assign,
    build_segment_model,
    render_assignment_csv,
    render_segment_model,
    write_assignment,
)
from personas.assigning.calibrating import calibrate_halves, confidence_of, of_whole
from personas.assigning.lsa_state import LsaState, pack_lsa, unpack_lsa
from personas.assigning.new_people import place_documents
from personas.assigning.opening import FinishedRun, open_run
from personas.assigning.placing import Ruler
from personas.assigning.records import Calibration
from personas.describing import build_segments
from personas.options import GenerateOptions
from personas.pipeline import PASSAGE_CHARS
from personas.segmentation import group_by_column, segment_people
from personas.themes import find_themes
from retrieval.corpus import Corpus
from retrieval.embedders.lsa import LsaEmbedder
from tests.personas.corpora import (
    CONNECTING,
    QUEUEING,
    TASTING,
    Voice,
    chinese_people,
    corpus_of,
    documents_of,
    english_people,
    run_options,
    write_rows,
    write_table,
)

PEOPLE = [*english_people(24), *chinese_people(12)]
NEW = [
    ("new-wifi", "The wifi connection of the machine drops and the app cannot find it after pairing my phone."),
    ("new-beans", "I grind light roast beans for espresso and the shot has a thick crema with silky milk foam."),
    ("new-money", "The capsule subscription is too expensive, I cancelled it and want a refund of the monthly cost."),
    ("new-queue", "周末排队等位太久，服务员态度差，希望能提前预约取号。"),
]
OFF_TOPIC = (
    "Our parliament debates migration treaties while archaeologists excavate Roman temples beneath volcanic ash.",
    "Quantum physicists proved entangled neutrinos violate symmetry during eclipses near Saturn.",
)


def model_of(corpus: Corpus, personas: dict[str, str] | None = None) -> SegmentModel:
    """What a run over the corpus keeps."""
    themes = find_themes(corpus, seed=0)
    grouping = segment_people(corpus, themes, segments=None, seed=0)
    segments = build_segments(corpus, themes, grouping, silent=())
    options = GenerateOptions()
    return build_segment_model(
        corpus, themes, grouping, segments, personas or {}, options=options, max_chars=PASSAGE_CHARS
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of a run over 72 people who write English and 24 who write Chinese."""
    folder = tmp_path_factory.mktemp("run")
    result = generate([str(write_table(folder / "reviews.csv", PEOPLE))], run_options(folder))
    return result.out


def ask(run: Path, folder: Path, rows: Sequence[tuple[str, str]], **options: object) -> Assignment:
    source = write_rows(folder / "new.csv", ("customer_id", "review"), rows)
    return assign([str(source)], run, options=AssignOptions.model_validate(options))


def by_id(assignment: Assignment) -> dict[str, AssignedCustomer]:
    return {person.customer_id: person for person in assignment.people}


def segments_of(run: Path) -> dict[str, str]:
    with (run / "assignments.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["customer_id"]: row["segment_id"] for row in csv.DictReader(file) if row["segment_id"][1:].isdigit()
        }


# --- who belongs where --------------------------------------------------------------------------------------------


def test_the_runs_own_people_come_into_their_own_segments(run: Path, tmp_path: Path) -> None:
    source = write_table(tmp_path / "again.csv", PEOPLE)
    again, before = by_id(assign([str(source)], run)), segments_of(run)
    same = [again[customer].segment_id == segment for customer, segment in before.items()]

    assert len(before) >= 90
    assert len(set(before.values())) >= 4
    assert np.mean(same) >= 0.95


def test_new_people_come_to_those_who_voice_the_same(run: Path, tmp_path: Path) -> None:
    assignment = ask(run, tmp_path, NEW)
    people, before = by_id(assignment), segments_of(run)
    for customer, like in (
        ("new-wifi", "connecting-00"),
        ("new-beans", "crafting-00"),
        ("new-money", "saving-00"),
        ("new-queue", "queueing-00"),
    ):
        assert not people[customer].none_of_these, people[customer].reason
        assert people[customer].segment_id == before[like] == people[customer].nearest_segment_id
        assert 0 < (people[customer].confidence or 0) <= 1
    personas = json.loads((run / "personas.json").read_text("utf-8"))["personas"]
    named = {persona["segment_id"]: (persona["persona_id"], persona["name"]) for persona in personas}
    assert all((one.persona_id, one.persona_name) == named[one.segment_id] for one in assignment.people)


def test_one_person_alone_gets_the_answer_they_get_among_all(run: Path, tmp_path: Path) -> None:
    rows = [(d.customer_id, d.text) for d in documents_of(PEOPLE)] + NEW
    together = by_id(ask(run, tmp_path, rows))
    for customer in ("new-wifi", "new-queue", "connecting-03", "tasting-05"):
        alone = ask(run, tmp_path, [row for row in rows if row[0] == customer])
        assert alone.people == (together[customer],)


def test_the_order_of_the_rows_does_not_matter(run: Path, tmp_path: Path) -> None:
    rows = [(d.customer_id, d.text) for d in documents_of(PEOPLE)] + NEW
    forward, backward = ask(run, tmp_path, rows), ask(run, tmp_path, rows[::-1])
    assert forward.people == backward.people == ask(run, tmp_path, rows).people


def test_nothing_is_written_where_the_run_lies(run: Path, tmp_path: Path) -> None:
    def seen() -> dict[str, int]:
        return {str(path): path.stat().st_mtime_ns for path in run.parent.rglob("*")}

    before = seen()
    ask(run, tmp_path, NEW)
    assert seen() == before


def test_the_workspace_is_not_needed(run: Path, tmp_path: Path) -> None:
    moved = shutil.copytree(run, tmp_path / "elsewhere")
    assert ask(moved, tmp_path, NEW).people == ask(run, tmp_path, NEW).people


# --- none of these ------------------------------------------------------------------------------------------------


def test_people_who_belong_nowhere_are_told_why(run: Path, tmp_path: Path) -> None:
    rows = [("short", "The wifi drops."), *(("stranger", text) for text in OFF_TOPIC), *NEW]
    people = by_id(ask(run, tmp_path, rows))

    assert people["short"].none_of_these
    needed = SegmentModel.model_validate_json((run / MODEL_FILE).read_bytes()).least_words
    assert f"3 words of {needed} needed" in people["short"].reason
    stranger = people["stranger"]
    assert (stranger.none_of_these, stranger.segment_id, stranger.persona_id, stranger.confidence) == (
        True,
        "",
        "",
        None,
    )
    assert stranger.nearest_segment_id.startswith("s")
    assert "far from every segment" in stranger.reason


def test_a_script_that_the_run_had_nobody_of_belongs_nowhere(tmp_path: Path) -> None:
    with corpus_of(documents_of(english_people()), tmp_path / "w") as corpus:
        run = FinishedRun("", "en", {}, Ruler(model_of(corpus)))
    people, used = place_documents(run, documents_of(chinese_people(1)))
    assert used == set()
    assert {(one.none_of_these, "script" in one.reason) for one in people} == {(True, True)}
    # A document without letters goes where most do, whoever else is asked about.
    said = documents_of([
        Voice("odd", "", ("5555 7777 9999 1111 2222 3333 4444 6666 8888 1010 2020 3030 4040",), "unknown")
    ])
    (odd,), _ = place_documents(run, said)
    assert "script" not in odd.reason


def test_segments_by_a_column_that_words_do_not_tell_are_given_to_nobody(tmp_path: Path) -> None:
    voices = english_people(24)
    plans = {voice.customer_id: "gold" if number % 2 else "basic" for number, voice in enumerate(voices)}
    with corpus_of(documents_of(voices), tmp_path / "w") as corpus:
        themes = find_themes(corpus, seed=0)
        grouping = group_by_column(corpus, plans, "plan")
        segments = build_segments(corpus, themes, grouping, silent=())
        model = build_segment_model(
            corpus, themes, grouping, segments, {}, options=GenerateOptions(), max_chars=PASSAGE_CHARS
        )
    people, _ = place_documents(FinishedRun("", "en", {}, Ruler(model)), documents_of(voices))
    assert model.by_column
    assert not model.spaces[0].tells
    assert {person.none_of_these for person in people} == {True}
    assert "plan" in people[0].reason


def test_segments_by_a_column_that_words_tell_are_given(tmp_path: Path) -> None:
    voices = english_people(24)
    kinds = {voice.customer_id: voice.kind for voice in voices}
    with corpus_of(documents_of(voices), tmp_path / "w") as corpus:
        themes = find_themes(corpus, seed=0)
        grouping = group_by_column(corpus, kinds, "kind")
        segments = build_segments(corpus, themes, grouping, silent=())
        model = build_segment_model(
            corpus, themes, grouping, segments, {}, options=GenerateOptions(), max_chars=PASSAGE_CHARS
        )
    people, _ = place_documents(FinishedRun("", "en", {}, Ruler(model)), documents_of(voices))
    home = {customer: one.segment_id for one in segments for customer in one.customer_ids}
    assert model.spaces[0].calibration is not None
    assert np.mean([person.segment_id == home[person.customer_id] for person in people]) >= 0.9


# --- confidence ---------------------------------------------------------------------------------------------------


def test_confidence_is_calibrated_where_enough_people_wrote_twice(run: Path, tmp_path: Path) -> None:
    english = ask(run, tmp_path, NEW[:3])
    assert english.calibrated
    assert english.notes == ()
    # Two dozen people are too few to learn from.
    chinese = ask(run, tmp_path, NEW[3:])
    assert not chinese.calibrated
    assert "not calibrated" in chinese.notes[0]


@pytest.mark.parametrize(("right", "segments"), [(0.9, 4), (0.75, 3), (0.97, 8)])
def test_the_share_of_right_answers_is_found_without_knowing_one(right: float, segments: int) -> None:
    """Two tries on each person, both as unsure as the other: how often one is right, by margin."""
    rng = np.random.default_rng(5)
    people = 20_000
    margins = rng.random(people)
    sure = np.clip(right + 0.5 * (margins - 0.5) * (1 - right), 0, 1)
    truth = rng.integers(0, segments, people)

    def guess(probability: np.ndarray[tuple[int], np.dtype[np.float64]]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        other = (truth + rng.integers(1, segments, people)) % segments
        return np.where(rng.random(people) < probability, truth, other)

    agree = guess(sure) == guess(np.full(people, right))
    found = calibrate_halves(margins, agree, segments=segments, people=people)
    assert found is not None
    for margin in (0.1, 0.5, 0.9):
        expected = right + 0.5 * (margin - 0.5) * (1 - right)
        assert confidence_of(found, margin) == pytest.approx(min(expected, 0.99), abs=0.04)


@given(
    st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=60, max_size=300),
    st.integers(2, 12),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_a_larger_margin_is_never_less_sure(
    pairs: list[tuple[float, bool]], segments: int, one: float, two: float
) -> None:
    margins, agree = (np.array(column) for column in zip(*pairs, strict=True))
    found = calibrate_halves(margins, agree.astype(bool), segments=segments, people=len(pairs))
    assert found is not None
    low, high = sorted((one, two))
    assert 0 < confidence_of(found, low) <= confidence_of(found, high) <= 0.99


@pytest.mark.parametrize("segments", [2, 4, 8])
def test_twice_as_much_text_makes_surer_and_never_surer_of_chance(segments: int) -> None:
    halves = Calibration(margins=(0.0, 0.1, 0.2), shares=(1 / segments, 0.6, 0.9), people=99, agreement=0.7)
    whole = of_whole(halves, segments=segments)
    assert whole.shares[0] == pytest.approx(1 / segments, abs=1e-4)
    assert 0.6 < whole.shares[1] < whole.shares[2] <= 0.99
    assert whole.shares[2] > 0.9


def test_too_few_people_are_not_learnt_from() -> None:
    assert calibrate_halves(np.ones(40), np.ones(40, dtype=bool), segments=3, people=40) is None


# --- the file -----------------------------------------------------------------------------------------------------


def test_the_model_reads_as_it_was_written(run: Path) -> None:
    text = (run / MODEL_FILE).read_text("utf-8")
    model = SegmentModel.model_validate_json(text)
    assert render_segment_model(model) == text
    assert [space.embedder for space in model.spaces] == ["wordllama", "lsa"]
    assert all(space.replaced >= 0.95 for space in model.spaces)
    assert all(voice.texts[0] not in text for voice in PEOPLE)


def test_a_stored_lsa_embedder_sees_texts_as_the_one_it_was_made_of() -> None:
    texts = [text.format(time=time) for text in (*QUEUEING, *TASTING, *CONNECTING) for time in ("每周", "晚上")]
    fitted = LsaEmbedder.fit(texts)
    stored = unpack_lsa(LsaState.model_validate_json(pack_lsa(fitted).model_dump_json()))
    unlike = np.abs(stored.embed(texts) @ stored.embed(texts).T - fitted.embed(texts) @ fitted.embed(texts).T)
    assert unlike.max() < 0.01
    assert np.array_equal(stored.embed(texts[3:4])[0], stored.embed(texts)[3])
    known, unknown = stored.strengths([texts[0], "量子纠缠与古罗马神庙"])
    assert known > 2 * unknown


def test_cells_that_a_spreadsheet_would_run_are_harmless(run: Path, tmp_path: Path) -> None:
    names = ("=HYPERLINK(1)", "+1+1", "-2", "@SUM(A1)", "plain")
    assignment = ask(run, tmp_path, [(name, NEW[0][1]) for name in names])
    wild = assignment.people[0].model_copy(update={"persona_name": "=cmd|' /C calc'!A0", "customer_id": "\ttab"})
    text = render_assignment_csv(assignment.model_copy(update={"people": (*assignment.people, wild)}))
    rows = list(csv.reader(io.StringIO(text)))

    assert rows[0][:4] == ["customer_id", "segment_id", "persona_id", "persona_name"]
    assert {row[0] for row in rows[1:]} == {"'=HYPERLINK(1)", "'+1+1", "'-2", "'@SUM(A1)", "plain", "'\ttab"}
    assert all(cell[:1] not in {"=", "+", "-", "@", "\t"} for row in rows for cell in row)


def test_the_csv_and_the_record_tell_the_same(run: Path, tmp_path: Path) -> None:
    assignment = ask(run, tmp_path, [*NEW, ("short", "Wifi drops.")])
    write_assignment(assignment, tmp_path / "crm.csv")
    with (tmp_path / "crm.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["customer_id"]: row for row in csv.DictReader(file)}
    assert rows["short"]["none_of_these"] == "yes"
    assert rows["short"]["confidence"] == rows["short"]["segment_id"] == ""
    for person in assignment.people[:-1]:
        assert rows[person.customer_id]["segment_id"] == person.segment_id
        assert float(rows[person.customer_id]["confidence"]) == person.confidence
    assert Assignment.model_validate_json(assignment.model_dump_json()) == assignment


# --- what cannot be done ------------------------------------------------------------------------------------------


def changed(run: Path, folder: Path, name: str, **changes: object) -> Path:
    """A copy of the results with some keys of a JSON file changed."""
    copy = shutil.copytree(run, folder / "changed")
    content = json.loads((copy / name).read_text("utf-8"))
    (copy / name).write_text(json.dumps({**content, **changes}), encoding="utf-8")
    return copy


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(InputError, match="no finished run"):
            ask(folder, tmp_path, NEW)


def test_a_run_of_another_format_is_refused(run: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="format 99"):
        open_run(changed(run, tmp_path, "manifest.json", format_version="99"))


def test_a_model_of_another_format_is_refused(run: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="format 99"):
        open_run(changed(run, tmp_path, MODEL_FILE, format_version="99"))


def test_an_older_run_is_to_be_made_again(run: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(run, tmp_path / "older")
    (copy / MODEL_FILE).unlink()
    with pytest.raises(InputError, match="older version") as caught:
        open_run(copy)
    assert "again with this version" in caught.value.mend


@pytest.mark.parametrize("damage", ['{"format_version"', "[]", '{"format_version": "1"}'])
def test_a_damaged_model_is_refused(run: Path, tmp_path: Path, damage: str) -> None:
    copy = shutil.copytree(run, tmp_path / "damaged")
    (copy / MODEL_FILE).write_text(damage, encoding="utf-8")
    with pytest.raises(InputError, match="damaged"):
        open_run(copy)


def test_a_model_with_damaged_numbers_is_refused(run: Path, tmp_path: Path) -> None:
    spaces = json.loads((run / MODEL_FILE).read_text("utf-8"))["spaces"]
    spaces[0]["theme_centres"]["data"] = spaces[0]["theme_centres"]["data"][8:]
    with pytest.raises(InputError, match="damaged"):
        open_run(changed(run, tmp_path, MODEL_FILE, spaces=spaces))


def test_the_model_of_another_run_is_refused(run: Path, tmp_path: Path) -> None:
    spaces = json.loads((run / MODEL_FILE).read_text("utf-8"))["spaces"]
    spaces[0]["segments"][0]["persona_id"] = "p-somebody-else"
    with pytest.raises(InputError, match="another run"):
        open_run(changed(run, tmp_path, MODEL_FILE, spaces=spaces))


def test_vectors_of_another_embedder_are_not_compared(run: Path, tmp_path: Path) -> None:
    spaces = json.loads((run / MODEL_FILE).read_text("utf-8"))["spaces"]
    spaces[0]["fingerprint"] = "wordllama-of-another-day"
    other = changed(run, tmp_path, MODEL_FILE, spaces=spaces)
    with pytest.raises(EnvironmentProblem, match="cannot be compared"):
        ask(other, tmp_path, NEW)
    # Chinese is embedded by what the model itself holds.
    assert not ask(other, tmp_path, NEW[3:]).people[0].none_of_these


def test_an_embedder_that_is_not_here_is_told(run: Path, tmp_path: Path) -> None:
    spaces = json.loads((run / MODEL_FILE).read_text("utf-8"))["spaces"]
    spaces[0]["embedder"] = "llama-cpp:/nowhere/model.gguf"
    with pytest.raises(EnvironmentProblem):
        ask(changed(run, tmp_path, MODEL_FILE, spaces=spaces), tmp_path, NEW)


def test_unredacted_text_does_not_leave_the_machine_unasked(run: Path, tmp_path: Path) -> None:
    spaces = json.loads((run / MODEL_FILE).read_text("utf-8"))["spaces"]
    spaces[0]["embedder"] = "openai:text-embedding-3-small"
    hosted = changed(run, tmp_path, MODEL_FILE, spaces=spaces)
    with pytest.raises(PersonaKitError, match="another machine"):
        ask(hosted, tmp_path, NEW, redact="off")


def test_empty_input_is_refused(run: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        assign([], run)
    with pytest.raises(InputError):
        ask(run, tmp_path, [])
    with pytest.raises(InputError):
        assign(["-"], run, options=AssignOptions(stdin=b""))


def test_columns_that_the_run_was_told_are_looked_for_again(run: Path, tmp_path: Path) -> None:
    other = changed(run, tmp_path, MODEL_FILE, columns={"text": "feedback"})
    with pytest.raises(InputError, match="feedback") as caught:
        ask(other, tmp_path, NEW)
    assert "--text" in caught.value.mend
    assert ask(other, tmp_path, NEW, text="review").people == ask(run, tmp_path, NEW).people
    assert ask(other, tmp_path, NEW, text="").people == ask(run, tmp_path, NEW).people


def test_personal_data_is_replaced_as_in_the_run(run: Path, tmp_path: Path) -> None:
    rows = [("anna@example.org", f"{NEW[0][1]} Write to anna@example.org")]
    (person,) = ask(run, tmp_path, rows).people
    assert "@" not in person.customer_id
    (same,) = ask(run, tmp_path, [("x", f"{NEW[0][1]} Write to [email]")]).people
    assert (same.segment_id, same.confidence) == (person.segment_id, person.confidence)
    other = ask(run, tmp_path, rows, redact="off")
    assert other.people[0].customer_id == "anna@example.org"
    assert any("off" in note for note in other.notes)

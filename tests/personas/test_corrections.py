"""`corrections.toml`: read, refused where it cannot be, applied, and found again in the next run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from persona_kit.errors import InputError
from persona_kit.progress import Silent
from personas import generate
from personas.attributes import load_schema
from personas.corrections.matching import likeness
from personas.corrections.pieces import Pieces
from personas.corrections.reading import FILE_NAME, read_corrections
from personas.corrections.records import AppliedCorrection
from personas.corrections.wording import CorrectionWords
from personas.pipeline import RunResult
from personas.records import Claim, Persona
from personas.segmentation.grouping import Grouping
from personas.terms import stems
from tests.personas.corpora import Voice, english_people, run_options, write_rows, write_table

SCHEMA = load_schema(None)
PEOPLE = english_people(per_kind=8)


class Hearing(Silent):
    """Keeps what is warned of."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warn(self, message: str) -> None:
        self.warnings.append(message)


def run(folder: Path, corrections: str = "", *, voices: list[Voice] | None = None, **changes: Any) -> RunResult:
    """A run in the folder's workspace, corrected by what is given; where no voices are, a column makes the segments."""
    voices, grouped = (voices, {}) if voices else (PEOPLE, {"customers": people_table(folder), "segment_by": "kind"})
    source = write_table(folder / "reviews.csv", voices)
    (folder / "workspace").mkdir(exist_ok=True)
    (folder / "workspace" / FILE_NAME).write_text(corrections, encoding="utf-8")
    return generate([str(source)], run_options(folder, force=True, **grouped, embedder="hash", **changes))


def people_table(folder: Path) -> str:
    """Of everybody the kind, and of all but the first a plan."""
    rows = [
        (voice.customer_id, voice.kind, ("home", "office")[at % 2] if at else "") for at, voice in enumerate(PEOPLE)
    ]
    return str(write_rows(folder / "people.csv", ("customer_id", "kind", "plan"), rows))


def by_kind(result: RunResult) -> dict[str, str]:
    """Planted kind -> id of the persona that most of its people stand in."""
    rows = [row.split(",") for row in (result.out / "assignments.csv").read_text("utf-8").splitlines()[1:]]
    found: dict[str, list[str]] = {}
    for customer_id, _, persona_id, *_ in rows:
        found.setdefault(customer_id.split("-")[0], []).append(persona_id)
    return {kind: max(set(ids), key=ids.count) for kind, ids in found.items()}


def persona_of(result: RunResult, persona_id: str) -> Persona:
    return next(one for one in result.persona_set.personas if one.persona_id == persona_id)


def best_claim(persona: Persona) -> Claim:
    return next(claim for claim in persona.claims if claim.citations)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    return run(tmp_path_factory.mktemp("first"))


def test_what_is_corrected_is_corrected_in_the_next_run_and_told(tmp_path: Path, first: RunResult) -> None:
    ids = by_kind(first)
    crafting = persona_of(first, ids["crafting"])
    claim, pinned = best_claim(crafting), crafting.claims[-1].citations[-1]
    result = run(
        tmp_path,
        f"""
        [[merge]]
        personas = ["{ids["connecting"]}", "{ids["saving"]}"]
        [[rename]]
        persona = "{ids["crafting"]}"
        name = "The home baristas"
        tagline = "Grind, weigh, taste"
        [[reject]]
        persona = "{ids["crafting"]}"
        value = "{claim.value.upper()}"
        note = "said by one shop"
        [[pin]]
        persona = "{ids["crafting"]}"
        quote = "{pinned.quote}"
        document = "{pinned.document_id}"
        """,
    )
    corrected = persona_of(result, ids["crafting"])

    assert by_kind(result) == {**ids, "saving": ids["connecting"]}
    assert persona_of(result, ids["connecting"]).people == 16
    assert (corrected.name, corrected.tagline) == ("The home baristas", "Grind, weigh, taste")
    assert claim.value not in {one.value for one in corrected.claims}
    assert claim.value.casefold() not in " ".join(one.text for one in corrected.narrative).casefold()
    assert corrected.quotes[0] == pinned
    assert [(one.kind, one.applied) for one in result.persona_set.corrections] == [
        ("merge", True),
        ("rename", True),
        ("reject", True),
        ("pin", True),
    ]
    told = result.manifest["corrections"]
    assert (told["file"], told["applied"], told["not_found"]) == (FILE_NAME, 4, 0)
    for name in ("report.html", "personas.md"):
        page = (result.out / name).read_text("utf-8")
        assert "Corrected by hand" in page
        assert "said by one shop" in page


def test_a_merge_finds_its_personas_again_although_they_are_one_now(tmp_path: Path) -> None:
    voices = english_people()
    ids = by_kind(run(tmp_path, voices=voices))
    merge = f'[[merge]]\npersonas = ["{ids["saving"]}", "{ids["crafting"]}"]\n'
    second = run(tmp_path, merge, voices=voices)
    third = run(tmp_path, merge, voices=[voice for at, voice in enumerate(voices) if at % 7])
    assert by_kind(second) == by_kind(third) == {**ids, "crafting": ids["saving"]}
    # Without the entry the personas are there again, under the ids they had.
    assert by_kind(run(tmp_path, voices=voices)) == ids


def plans(folder: Path) -> str:
    rows = [(voice.customer_id, ("home", "office")[at % 2] if at else "") for at, voice in enumerate(english_people())]
    return str(write_rows(folder / "people.csv", ("customer_id", "plan"), rows))


def test_a_split_by_a_column_keeps_the_ids_of_its_parts(tmp_path: Path) -> None:
    ids = by_kind(run(tmp_path))
    split = f'[[split]]\npersona = "{ids["connecting"]}"\nby = "plan"\n'
    second = run(tmp_path, split)
    [applied] = second.persona_set.corrections
    rows = [row.split(",") for row in (second.out / "assignments.csv").read_text("utf-8").splitlines()[1:]]

    assert dict(zip(applied.details, applied.people, strict=True)) == {"home": 3, "office": 4}
    assert ids["connecting"] not in {row[2] for row in rows}
    # Nobody is dropped: who has no value in the column stands among the outliers.
    [without] = [row for row in rows if row[1] == "outliers"]
    assert without[0] == "connecting-00"
    assert "no value in the column" in without[-1]
    assert {persona.people for persona in second.persona_set.personas} == {8, 3, 4}

    home, office = (applied.results[applied.details.index(value)] for value in ("home", "office"))
    third = run(tmp_path, f'{split}[[rename]]\npersona = "{office}"\nname = "The offices"\n')
    assert third.persona_set.corrections[0].results == applied.results
    assert persona_of(third, office).name == "The offices"
    joined = run(tmp_path, f'{split}[[merge]]\npersonas = ["{home}", "{ids["saving"]}"]\n')
    assert persona_of(joined, home).people == 11


def test_a_split_into_parts_groups_the_people_once_more(tmp_path: Path, first: RunResult) -> None:
    ids = by_kind(first)
    result = run(tmp_path, f'[[split]]\npersona = "{ids["saving"]}"\ninto = 2\n')
    [applied] = result.persona_set.corrections
    assert sum(applied.people) == 8
    assert len(set(applied.results)) == 2
    assert {one.persona_id: one.people for one in result.persona_set.personas} == {
        ids["connecting"]: 8,
        ids["crafting"]: 8,
        **dict(zip(applied.results, applied.people, strict=True)),
    }
    again = run(tmp_path, f'[[split]]\npersona = "{ids["saving"]}"\ninto = 2\nnote = "why"\n')
    assert again.persona_set.corrections[0].results == applied.results


def test_everything_that_is_gone_is_named_before_anything_is_written(tmp_path: Path, first: RunResult) -> None:
    ids = by_kind(first)
    with pytest.raises(InputError) as segments:
        run(
            tmp_path,
            f"""
            [[split]]
            persona = "{ids["crafting"]}"
            by = "colour"
            [[split]]
            persona = "p-gone"
            [[merge]]
            personas = ["p-lost", "{ids["saving"]}"]
            """,
        )
    assert "[[split]] 2: there is no persona p-gone; there are" in segments.value.message
    assert not (tmp_path / "out").exists()
    with pytest.raises(InputError, match="no column 'colour'"):
        run(tmp_path, f'[[split]]\npersona = "{ids["crafting"]}"\nby = "colour"\n')
    with pytest.raises(InputError) as personas:
        run(
            tmp_path,
            f"""
            [[rename]]
            persona = "p-gone"
            name = "Nobody"
            [[pin]]
            persona = "{ids["crafting"]}"
            quote = "nobody ever wrote these words here"
            [[pin]]
            persona = "{ids["crafting"]}"
            quote = "The app says offline although the wifi in my kitchen works fine."
            """,
        )
    message = personas.value.message
    assert "[[rename]] 1: there is no persona p-gone" in message
    # The second stands in a document, but of somebody else's persona.
    assert message.count("stands in nothing its people wrote") == 2
    assert not (tmp_path / "out").exists()


def test_a_claim_that_is_not_made_is_a_warning_that_names_the_nearest(tmp_path: Path, first: RunResult) -> None:
    claim = best_claim(persona_of(first, by_kind(first)["saving"]))
    others = [f"unheard{letter}" for letter in "abcdefghij"[: len(stems(claim.value))]]
    vague = " ".join([claim.value, *others])
    assert 0.25 <= likeness(vague, claim.value) < 0.6
    source = write_table(tmp_path / "reviews.csv", PEOPLE)
    named = tmp_path / "my corrections.toml"
    named.write_text(f'[[reject]]\nattribute = "{claim.attribute}"\nvalue = "{vague}"\n', encoding="utf-8")
    heard = Hearing()
    result = generate(
        [str(source)],
        run_options(tmp_path, corrections=named, customers=people_table(tmp_path), segment_by="kind", embedder="hash"),
        progress=heard,
    )
    [applied] = result.persona_set.corrections

    assert (applied.applied, applied.nearest) == (False, claim.value)
    assert [line for line in heard.warnings if "[[reject]] 1" in line and repr(claim.value) in line]
    assert result.manifest["corrections"]["not_found"] == 1
    assert claim.value in {one.value for persona in result.persona_set.personas for one in persona.claims}


def test_an_attribute_rejects_a_claim_there_alone(tmp_path: Path, first: RunResult) -> None:
    ids = by_kind(first)
    persona = persona_of(first, ids["crafting"])
    claim = best_claim(persona)
    label = SCHEMA[claim.attribute].label["zh"]
    entry = f'[[reject]]\npersona = "{ids["crafting"]}"\nattribute = "{label}"\nvalue = "{claim.value}"\n'
    result = run(tmp_path, entry)
    told = {(one.attribute, one.value) for one in persona_of(result, ids["crafting"]).claims}
    assert (claim.attribute, claim.value) not in told
    # The other personas are as they were.
    assert persona_of(result, ids["saving"]).claims == persona_of(first, ids["saving"]).claims
    [applied] = result.persona_set.corrections
    assert (applied.attribute, applied.details) == (claim.attribute, (claim.value,))


def test_a_generated_name_gives_way_to_one_given_by_hand(tmp_path: Path, first: RunResult) -> None:
    ids = by_kind(first)
    taken = persona_of(first, ids["saving"]).name
    result = run(tmp_path, f'[[rename]]\npersona = "{ids["crafting"]}"\nname = "{taken}"\n')
    assert persona_of(result, ids["crafting"]).name == taken
    assert persona_of(result, ids["saving"]).name == f"{taken} 2"


def test_the_run_depends_on_what_the_corrections_say(tmp_path: Path) -> None:
    plain = run(tmp_path).manifest["run_key"]
    name = by_kind(run(tmp_path))["saving"]
    entry = f'[[rename]]\npersona = "{name}"\nname = "Savers"\n'
    corrected = run(tmp_path, entry).manifest
    commented = run(tmp_path, f"# by the team\n{entry}").manifest
    assert corrected["run_key"] not in {plain, run(tmp_path, entry.replace("Savers", "Spenders")).manifest["run_key"]}
    assert commented["run_key"] == corrected["run_key"]
    assert run(tmp_path).manifest["run_key"] == plain


def test_segments_are_corrected_without_personas(tmp_path: Path, first: RunResult) -> None:
    from personas.pipeline import segment

    ids = by_kind(first)
    source = write_table(tmp_path / "reviews.csv", PEOPLE)
    named = tmp_path / "c.toml"
    entries = f'[[merge]]\npersonas = ["{ids["crafting"]}", "{ids["saving"]}"]\n'
    named.write_text(f'{entries}[[rename]]\npersona = "{ids["crafting"]}"\nname = "N"\n', encoding="utf-8")
    options = run_options(
        tmp_path, corrections=named, customers=people_table(tmp_path), segment_by="kind", embedder="hash"
    )
    result = segment([str(source)], options)
    assert sorted(result.persona_set.sizes.values()) == [8, 16]
    assert [one.kind for one in result.persona_set.corrections] == ["merge"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[rename]]\npersona = 1\n", "[[rename]] 1, persona: Input should be a valid string"),
        ("[[rename]]\npersona = 'p-1'\n", "[[rename]] 1, name: Field required"),
        ("[[renaem]]\npersona = 'p-1'\n", "renaem: this key is not known"),
        ("[[merge]]\npersonas = ['p-1']\n", "[[merge]] 1, personas: Tuple should have at least 2 items"),
        ("[[split]]\npersona = 'p-1'\nby = 'plan'\ninto = 2\n", "give `by` or `into`, not both"),
        ("[[split]]\npersona = 'p-1'\ninto = 1\n", "greater than or equal to 2"),
        ("[[reject]]\nattribute = 'pains'\nvalue = 'slow'\n", "[[reject]] 1: there is no attribute 'pains'; there are"),
        ("[[pin]]\npersona = 'p-1'\nquote = '  '\n", "[[pin]] 1, quote: it is empty"),
        ("[[merge]]\npersonas = ['p-1', 'p-1']\n", "p-1 is merged twice"),
        ("[[split]]\npersona = 'p-1'\n[[merge]]\npersonas = ['p-1', 'p-2']\n", "p-1 is split, and so cannot be merged"),
        ("[[rename]]\npersona = 'a'\nname = 'N'\n[[rename]]\npersona = 'b'\nname = 'n'\n", "would be called 'n'"),
        ("not toml", "the corrections cannot be read"),
    ],
)
def test_what_cannot_be_is_refused_at_once(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / FILE_NAME).write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as refused:
        read_corrections(None, tmp_path, SCHEMA)
    assert said in refused.value.message
    assert str(tmp_path / FILE_NAME) in refused.value.message


def test_a_file_that_is_named_must_be_there_and_one_that_is_not_need_not(tmp_path: Path) -> None:
    assert read_corrections(None, tmp_path, SCHEMA).as_told is None
    with pytest.raises(InputError, match="cannot be read"):
        read_corrections(tmp_path / "gone.toml", tmp_path, SCHEMA)


def grouping_of(labels: list[int], count: int) -> Grouping:
    weights = np.random.default_rng(3).random((len(labels), count))
    return Grouping(
        people=np.arange(len(labels)),
        labels=np.array(labels),
        weights=weights / weights.sum(axis=1, keepdims=True),
        closeness=np.full(len(labels), 0.5, dtype=np.float32),
        floors=np.zeros(count, dtype=np.float32),
        representation="theme profiles",
        algorithm="communities",
        reason="made up",
        stability=0.8,
        segment_stability=(0.9, 0.8, 0.5)[:count],
        held_out=np.array([[8, 2, 0], [1, 6, 1], [0, 2, 4]]),
    )


def test_pieces_keep_everybody_and_their_memberships() -> None:
    found = grouping_of([0] * 6 + [1] * 4 + [2] * 3 + [-1], 3)
    pieces = Pieces(found)
    made = pieces.split_by(0, ["a", "b", "a", "a", "b", "a"])
    pieces.join([1, 2])
    grouping, order = pieces.put_together("by hand")

    assert made == {"a": 3, "b": 4}
    assert order == [1, 3, 4]
    assert grouping.labels.tolist() == [1, 2, 1, 1, 2, 1, *[0] * 7, -1]
    assert grouping.weights.sum(axis=1) == pytest.approx(np.ones(14))
    assert grouping.weights[:, 0] == pytest.approx(found.weights[:, 1] + found.weights[:, 2])
    assert grouping.weights[1, 1:].tolist() == [0.0, pytest.approx(found.weights[1, 0])]
    assert grouping.segment_stability == pytest.approx(((4 * 0.8 + 3 * 0.5) / 7, 0.9, 0.9))
    # Of 14 left out of the merged ones, one went to a segment that is in parts now; parts were not found anew.
    assert grouping.held_out is not None
    assert grouping.held_out.sum(axis=1).tolist() == [14, 0, 0]
    assert grouping.held_out[0, 0] == 13


def test_nobody_is_put_out_by_grouping_a_segment_once_more() -> None:
    pieces = Pieces(grouping_of([0] * 6 + [1] * 4 + [2] * 4, 3))
    part = grouping_of([0, 1, 1, -1, 0, 0], 2)
    made = pieces.split_into(0, part)
    assert sum(len(pieces.rows_of(piece)) for piece in made) == 6
    grouping, order = pieces.put_together("by hand")
    halves = {piece: stability for piece, stability in zip(order, grouping.segment_stability, strict=True)}
    assert [halves[piece] for piece in made] == pytest.approx([0.9 * 0.9, 0.9 * 0.8])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_kind_is_told_in_both_languages(language: Any) -> None:
    words = CorrectionWords(language, {"p-a": "Ann", "p-b": "Bo"}, {"needs": "Needs"})
    told = [
        words.tell(AppliedCorrection.model_validate({"number": 1, "applied": True, **one}))
        for one in (
            {"kind": "split", "personas": ("p-o",), "results": ("p-a", "p-b"), "details": ("x", "y"), "people": (3, 1)},
            {"kind": "merge", "personas": ("p-a", "p-c"), "results": ("p-a",), "people": (3, 1), "note": "because"},
            {"kind": "rename", "personas": ("p-a",), "results": ("p-a",), "details": ("Old",), "text": "Ann"},
            {"kind": "rename", "personas": ("p-a",), "text": "Ann", "applied": False},
            {"kind": "reject", "results": ("p-a",), "details": ("slow",), "attribute": "needs", "text": "slow"},
            {"kind": "reject", "attribute": "needs", "text": "slow", "nearest": "slower", "applied": False},
            {"kind": "pin", "personas": ("p-b",), "results": ("p-b",), "details": ("d1",), "text": "so slow"},
        )
    ]
    assert len(set(told)) == 7
    assert all("{" not in line for line in told)
    assert "Ann" in told[0]
    assert "p-c" in told[1]
    assert "because" in told[1]
    assert "slower" in told[5]
    assert json.dumps(told, ensure_ascii=True).isascii()
    assert all(line.endswith("。" if language == "zh" else ".") or "because" in line for line in told)


def test_the_file_of_the_page_is_read_as_it_stands(tmp_path: Path) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "corrections.md").read_text(encoding="utf-8")
    text = page.split("<!-- example: corrections.toml -->\n```toml\n")[1].split("```")[0]
    (tmp_path / FILE_NAME).write_text(text, encoding="utf-8")
    corrections = read_corrections(None, tmp_path, SCHEMA).corrections
    assert [len(entries) for entries in (corrections.split, corrections.merge, corrections.rename)] == [2, 1, 1]
    assert [len(entries) for entries in (corrections.reject, corrections.pin)] == [1, 1]

"""Simulated corpora: the truth agrees with what is written, and the same options give the same bytes."""

from __future__ import annotations

import csv
import hashlib
import json
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import iban, luhn
from stdnum.cn import ric

from persona_kit.errors import OutputError, UsageError
from persona_kit.progress import Silent
from personas.attributes import load_schema
from personas.customers import read_customers
from personas.simulation import Simulation, SimulationOptions, simulate, world_names, write_simulation
from personas.simulation.material import load_world
from personas.simulation.planting import personal_data
from personas.simulation.simulating import SimulatedPerson
from retrieval.cleaning import same_words_key
from retrieval.reading import ReadOptions, read_documents
from tests.personas.simulated import make, text_of

ROOT = Path(__file__).resolve().parents[2]
WORLDS = [(world, language) for world in world_names() for language in ("en", "zh")]
PLANTING: dict[str, Any] = {"personal_data": 0.3, "instructions": 0.2, "duplicates": 0.1, "contradictions": 0.5}


def planted(world: str = "e-bikes", language: str = "mixed") -> Simulation:
    return make(world, language, customers=120, **PLANTING)


def texts_of(simulation: Simulation) -> dict[str, str]:
    return {row["document_id"]: text_of(row) for row in simulation.documents}


def digests(folder: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.rglob("*")) if path.is_file()
    }


# --- the same options, the same bytes --------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    options = SimulationOptions(seed=7, language="mixed", customers=40, **PLANTING)
    write_simulation(simulate(options), tmp_path / "here")
    source = (
        "import sys; from pathlib import Path\n"
        "from personas.simulation import SimulationOptions, simulate, write_simulation\n"
        "options = SimulationOptions.model_validate_json(sys.argv[1])\n"
        "write_simulation(simulate(options), Path(sys.argv[2]))\n"
    )
    for hash_seed in ("1", "4242"):
        there = tmp_path / hash_seed
        subprocess.run(
            [sys.executable, "-c", source, options.model_dump_json(), str(there)],
            check=True,
            cwd=ROOT,
            env={"PYTHONHASHSEED": hash_seed, "PATH": ""},
        )
        assert digests(there) == digests(tmp_path / "here")


def test_another_seed_gives_another_corpus() -> None:
    assert make(seed=1).documents != make(seed=2).documents
    assert simulate(SimulationOptions(seed=3)).documents == simulate(SimulationOptions(seed=3)).documents


def test_a_person_does_not_depend_on_who_came_before() -> None:
    whole = make(customers=30)
    assert [one.truth for one in whole.people()] == [one.truth for one in whole.people()]


def test_what_is_written_is_what_is_held_in_memory(tmp_path: Path) -> None:
    simulation = make(customers=40, seed=9)
    paths = write_simulation(simulation, tmp_path)
    lines = paths["documents.jsonl"].read_text("utf-8").splitlines()
    assert [json.loads(line) for line in lines] == simulation.documents
    assert json.loads(paths["truth.json"].read_text("utf-8")) == simulation.truth
    lines = paths["truth_documents.jsonl"].read_text("utf-8").splitlines()
    assert [json.loads(line) for line in lines] == simulation.document_truth
    tables = {"customers": simulation.customers, "orders": simulation.orders, "events": simulation.events}
    for name, rows in tables.items():
        with paths[f"{name}.csv"].open(encoding="utf-8", newline="") as file:
            read = list(csv.DictReader(file))
        assert read == [{key: "" if value is None else str(value) for key, value in row.items()} for row in rows]
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == sorted(paths.values())


def test_a_folder_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(OutputError):
        write_simulation(make(customers=20), tmp_path / "file" / "corpus")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_an_interrupted_corpus_replaces_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_simulation(make(customers=20), tmp_path)
    before = digests(tmp_path)

    everybody = Simulation.people

    def stop(self: Simulation) -> Iterator[SimulatedPerson]:
        yield from islice(everybody(self), 3)
        raise KeyboardInterrupt

    monkeypatch.setattr(Simulation, "people", stop)
    with pytest.raises(KeyboardInterrupt):
        write_simulation(make(customers=21), tmp_path)
    assert digests(tmp_path) == before


def test_a_larger_corpus_is_written_without_being_held(tmp_path: Path) -> None:
    """Eight times the documents may not take twice the memory."""
    peaks = []
    for documents in (1_000, 8_000):
        source = (
            "import resource, sys; from pathlib import Path\n"
            "from personas.simulation import SimulationOptions, simulate, write_simulation\n"
            f"options = SimulationOptions(documents={documents}, length='short')\n"
            f"write_simulation(simulate(options), Path({str(tmp_path)!r}))\n"
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
        )
        done = subprocess.run([sys.executable, "-c", source], check=True, cwd=ROOT, capture_output=True, text=True)
        peaks.append(int(done.stdout))
        with (tmp_path / "corpus" / "documents.jsonl").open(encoding="utf-8") as file:
            assert sum(1 for _ in file) == documents
    assert peaks[1] < 1.5 * peaks[0]


# --- options ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"seed": -1},
        {"language": "fr"},
        {"world": "atlantis"},
        {"segments": 0},
        {"segments": 11},
        {"customers": 0},
        {"customers": 200_001},
        {"documents": 0},
        {"documents": 1_000_001},
        {"overlap": 1.1},
        {"noise": -0.1},
        {"duplicates": 0.9},
        {"contradictions": 2},
        {"off_topic": 1.0},
        {"personal_data": float("nan")},
        {"instructions": "many"},
        {"customers": 4, "segments": 5},
        {"customers": 100, "documents": 50},
        {"surprise": True},
    ],
    ids=str,
)
def test_options_out_of_range_are_told(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as caught:
        SimulationOptions.model_validate(wrong)
    assert caught.value.mend
    assert caught.value.where


@given(
    seed=st.integers(0, 10**6),
    language=st.sampled_from(["en", "zh", "mixed"]),
    segments=st.integers(1, 10),
    customers=st.integers(12, 60),
    more=st.integers(0, 120),
    noise=st.floats(0, 1),
    overlap=st.floats(0, 1),
    shares=st.tuples(*[st.floats(0, 0.5)] * 5),
    length=st.sampled_from(["normal", "short"]),
)
@settings(max_examples=12)
def test_the_truth_holds_for_any_options(
    seed: int,
    language: str,
    segments: int,
    customers: int,
    more: int,
    noise: float,
    overlap: float,
    shares: tuple[float, ...],
    length: str,
) -> None:
    names = ("duplicates", "contradictions", "off_topic", "personal_data", "instructions")
    asked = {"customers": customers, "documents": customers + more, "segments": segments, "length": length}
    if customers * (1 - shares[2]) < segments:
        return
    simulation = simulate(
        SimulationOptions.model_validate({
            "seed": seed,
            "language": language,
            "noise": noise,
            "overlap": overlap,
            **asked,
            **dict(zip(names, shares, strict=True)),
        })
    )
    truth = simulation.truth
    assert len(simulation.documents) == customers + more == truth["documents"]
    assert len({row["customer_id"] for row in simulation.documents}) == len(simulation.customers) == customers
    assert sum(segment["people"] for segment in truth["segments"]) + len(truth["off_topic"]) == customers
    assert len(truth["segments"]) == segments
    assert all(segment["people"] for segment in truth["segments"])
    check_texts(simulation)
    check_counts(simulation)


# --- the truth agrees with the documents -----------------------------------------------------------------------------


def check_texts(simulation: Simulation) -> None:
    """Whatever the truth quotes stands in its document."""
    truth, texts = simulation.truth, texts_of(simulation)
    for entry in [*truth["planted_personal_data"], *truth["planted_instructions"]]:
        assert entry["text"] in texts[entry["document_id"]]
    for document in simulation.document_truth:
        for statement in document["statements"]:
            assert statement["text"] in texts[document["document_id"]]
    for entry in truth["contradictions"]:
        first, second = entry["said"]
        assert first["document_id"] < second["document_id"]
        assert first["text"] in texts[first["document_id"]]
        assert second["text"] in texts[second["document_id"]]


def check_counts(simulation: Simulation) -> None:
    """People are those whose documents voice a value, counted once."""
    truth = simulation.truth
    voiced: dict[str, set[str]] = defaultdict(set)
    for document in simulation.document_truth:
        voiced[document["customer_id"]].update(statement["value"] for statement in document["statements"])
    segment_of = {entry["customer_id"]: entry["segment"] for entry in truth["customers"]}
    counts: Counter[tuple[str, str]] = Counter()
    for entry in truth["customers"]:
        held = {value for values in entry["attributes"].values() for value in values}
        assert held == voiced[entry["customer_id"]] == set(entry["tags"]["topics"])
        counts.update((segment_of[entry["customer_id"]], value) for value in held)
    told = {(s["segment"], a["value"]): a["people"] for s in truth["segments"] for a in s["attributes"]}
    assert told == dict(counts)
    people = {s["segment"]: s["people"] for s in truth["segments"]}
    assert all(
        a["share"] == pytest.approx(a["people"] / people[s["segment"]], abs=1e-4)
        for s in truth["segments"]
        for a in s["attributes"]
    )


@pytest.mark.parametrize(("world", "language"), WORLDS)
def test_every_world_and_language(world: str, language: str) -> None:
    simulation = make(world, language, segments=10, customers=200, documents=2000)
    check_texts(simulation)
    check_counts(simulation)
    keys = set(load_schema(None).keys)
    assert {value["attribute"] for value in simulation.truth["values"].values()} <= keys
    own = {a["value"] for s in simulation.truth["segments"] for a in s["attributes"] if a["own"]}
    assert len(own) == 30
    kinds = Counter(row["kind"] for row in simulation.documents)
    assert set(kinds) == {"review", "chat", "survey", "app"}
    assert all(1 <= row["rating"] <= 5 for row in simulation.documents if row["kind"] in {"review", "app"})
    assert all(row["question"] for row in simulation.documents if row["kind"] == "survey")
    chats = [row["turns"] for row in simulation.documents if "turns" in row]
    assert all({turn["role"] for turn in turns} == {"customer", "agent"} for turns in chats)
    assert not any("{" in text or "|" in text for text in texts_of(simulation).values())


def test_a_mixed_corpus_has_people_of_both_languages() -> None:
    languages = Counter(entry["language"] for entry in make(language="mixed").truth["customers"])
    assert set(languages) == {"en", "zh"}
    assert min(languages.values()) > 100


def test_duplicates_are_duplicates_and_nothing_else_is() -> None:
    for simulation in (planted(), make("mobile-bank", "en", customers=20, documents=2000, length="short")):
        rows = {row["document_id"]: row for row in simulation.documents}
        first: dict[tuple[str, str, str], str] = {}
        pairs = []
        for row in simulation.documents:
            key = (row["customer_id"], row.get("question", ""), same_words_key(text_of(row)))
            if key in first:
                pairs.append([first[key], row["document_id"]])
            first.setdefault(key, row["document_id"])
        assert pairs == simulation.truth["duplicates"]
        assert pairs
        assert all(rows[one]["created_at"] <= rows[other]["created_at"] for one, other in pairs)


def test_contradictions_are_opposites_said_by_one_person() -> None:
    simulation = planted()
    values = load_world("e-bikes").values
    writer = {row["document_id"]: row["customer_id"] for row in simulation.documents}
    assert len(simulation.truth["contradictions"]) > 20
    for entry in simulation.truth["contradictions"]:
        first, second = entry["said"]
        assert values[first["value"]].opposite == second["value"]
        assert writer[first["document_id"]] == writer[second["document_id"]] == entry["customer_id"]


def test_shares_are_about_what_was_asked() -> None:
    simulation = make(customers=1000, off_topic=0.1, duplicates=0.1, personal_data=0.2, instructions=0.1)
    truth, size = simulation.truth, len(simulation.documents)
    assert len(truth["off_topic"]) == 100
    for key, share in (("duplicates", 0.1), ("planted_personal_data", 0.2), ("planted_instructions", 0.1)):
        assert 0.7 * share < len(truth[key]) / size < 1.3 * share
    plain = make(customers=300, off_topic=0, duplicates=0, personal_data=0, instructions=0, contradictions=0)
    for key in ("off_topic", "planted_personal_data", "planted_instructions"):
        assert plain.truth[key] == []


def test_off_topic_people_voice_nothing() -> None:
    for entry in make(off_topic=0.2).truth["customers"]:
        if entry["segment"] is None:
            assert entry["attributes"] == {}
            assert entry["tags"]["topics"] == []


def test_documents_are_heavy_tailed() -> None:
    counts = Counter(row["customer_id"] for row in make(customers=2000).documents)
    ordered = sorted(counts.values(), reverse=True)
    assert sum(ordered) == 10_000
    assert sum(ordered[:200]) > 0.25 * 10_000
    assert 0.08 < sum(count == 1 for count in ordered) / 2000 < 0.35


def test_segments_draw_from_different_mixes_and_one_population_from_one() -> None:
    for segment in make(segments=6, customers=600).truth["segments"]:
        own = [entry for entry in segment["attributes"] if entry["own"]]
        others = [entry for entry in segment["attributes"] if not entry["own"]]
        assert len(own) == 3
        assert all(entry["share"] > 0.2 for entry in own)
        assert all(entry["share"] < 0.6 for entry in others)
    (everybody,) = make(segments=1, customers=300).truth["segments"]
    assert everybody["segment"] == "everybody"
    assert sum(entry["share"] > 0.15 for entry in everybody["attributes"]) >= 12


def test_trends_rise_and_fall() -> None:
    for segments in (1, 5):
        simulation = make(segments=segments, customers=2000, overlap=0)
        moving = {entry["value"]: entry for entry in simulation.truth["trends"]}
        directions = Counter(entry["direction"] for entry in moving.values())
        assert directions["rising"] == directions["falling"] == 2
        for entry in moving.values():
            first, *_, last = entry["statements_by_quarter"]
            if entry["direction"] == "rising":
                assert last > 2 * first
            elif entry["direction"] == "falling":
                assert first > 2 * last
            elif first + last > 400:
                assert 0.75 < first / last < 1.33


def test_feelings_are_what_the_documents_and_ratings_say() -> None:
    simulation = make(customers=600)
    feelings: dict[str, list[float]] = defaultdict(list)
    rated = []
    for row, document in zip(simulation.documents, simulation.document_truth, strict=True):
        feelings[row["customer_id"]].append(document["feeling"])
        if "rating" in row and document["statements"]:
            rated.append((row["rating"], document["feeling"]))
    for entry in simulation.truth["customers"]:
        own = feelings[entry["customer_id"]]
        assert entry["feeling"] == pytest.approx(sum(own) / len(own), abs=0.002)
        if len(own) < 4:
            assert entry["trend"] is None
            continue
        half = len(own) // 2
        change = sum(own[-half:]) / half - sum(own[:half]) / half
        assert entry["trend"] in {"better", "worse", "steady"}
        assert (entry["trend"] == "better") == (change > 0.35) or abs(change - 0.35) < 0.01
    assert all(abs((rating - 3) / 2 - feeling) < 0.5 for rating, feeling in rated)
    assert len({entry["trend"] for entry in simulation.truth["customers"]}) == 4


# --- what is planted is well-formed ----------------------------------------------------------------------------------


@given(st.integers(0, 10**9), st.sampled_from(["en", "zh"]))
def test_personal_data_is_well_formed(seed: int, tongue: Any) -> None:
    kind, text = personal_data(tongue, Random(seed))
    digits = "".join(character for character in text if character.isalnum())
    if kind == "card":
        assert luhn.is_valid(digits)
        assert len(digits) == 16
    elif kind == "iban":
        assert iban.is_valid(text)
    elif kind == "id number":
        assert ric.is_valid(text)
    elif kind == "email":
        assert text.split("@")[1].removeprefix("mail.").startswith("example.")
    else:
        assert 10 <= len(digits) <= 12


def test_all_kinds_of_personal_data_occur() -> None:
    kinds = Counter(entry["kind"] for entry in planted().truth["planted_personal_data"])
    assert set(kinds) == {"email", "phone", "card", "iban", "id number"}


# --- the corpus and the rest of the program --------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "zh", "mixed"])
def test_the_program_reads_what_is_written(tmp_path: Path, language: str) -> None:
    simulation = make("language-app", language, customers=80, duplicates=0.1)
    paths = write_simulation(simulation, tmp_path)
    reading = read_documents([str(paths["documents.jsonl"])], ReadOptions(), progress=Silent())
    assert reading.inputs == len(simulation.documents)
    repeated = sorted(pair[1] for pair in simulation.truth["duplicates"])
    assert sorted(q.document_id for q in reading.quarantined) == repeated
    assert {q.reason for q in reading.quarantined} == {"duplicate of same customer"}
    found = Counter(d.language for d in reading.documents)
    assert found["unknown"] < 0.02 * len(reading.documents)
    assert set(found) - {"unknown"} == ({"en", "zh"} if language == "mixed" else {language})
    assert {d.kind for d in reading.documents} == {"review", "chat", "survey", "app"}
    writing = sorted({d.customer_id for d in reading.documents})
    table = read_customers(str(paths["customers.csv"]), str(paths["orders.csv"]), writing=writing)
    assert sorted(table.customers) == writing

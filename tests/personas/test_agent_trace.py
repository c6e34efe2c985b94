"""The trace on disk and as a story: every step in both languages, safe to print, and there whenever a run is."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest
from rich.console import Console
from typer.testing import CliRunner

from cli import app
from persona_kit.errors import InputError
from personas import generate
from personas.agent import gaps, steps
from personas.agent.contradictions import WEAKER_SHARE
from personas.agent.opposition import ALIKE_FELT, ALIKE_IN_ALL, ALIKE_NEGATED, ALIKE_OPPOSED, TELLING_TOPIC
from personas.agent.searching import HITS_PER_SEARCH
from personas.agent.steps import TraceStep
from personas.agent.telling import tell_trace
from personas.agent.trace_file import TRACE_FILE, load_trace, of_persona, parse_trace, render_trace
from personas.agent.trace_wording import CHINESE, ENGLISH
from personas.outputs import RESULT_FILES
from personas.persona_graph import SegmentWork, build_graph
from personas.pipeline import RunResult
from personas.showing import story
from tests.personas.corpora import english_people, run_options, write_table

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "agent.md").read_text(encoding="utf-8")
LINE_SEPARATOR = "\u2028"
ON_PAIN = {"attribute": "pain_points", "value": "甲"}
EVERY_STEP: list[TraceStep] = [
    steps.Evidence(
        attribute="pain_points",
        themes=("t1",),
        about="乙",
        people=1,
        share=0.1,
        adjusted_lift=2.04,
        sentences=1,
    ),
    steps.Proposed(**ON_PAIN, quotes=2, origin="llm"),
    steps.Quote(**ON_PAIN, quote="丙", verdict="stitched", detail="2", cited=False),
    steps.Quote(**ON_PAIN, quote="丁", verdict="misattributed", detail="丁", cited=True),
    steps.Kept(**ON_PAIN, quotes=1),
    steps.Proposed(attribute="needs", value="戊", quotes=1, origin="extractive"),
    steps.Dropped(attribute="needs", value="戊", reason="its quotes do not carry its value"),
    steps.Gaps(
        round=1,
        empty=("goals",),
        unheard=("channels", "own_key"),
        thin=(steps.Thin(**ON_PAIN, people=4, quoted=1, needed=3),),
    ),
    steps.Searched(
        round=1, attribute="goals", reason="no claim", queries=("己", "庚"), within=9, passages=5, people=4,
        outcome="read again",
    ),
    steps.Searched(
        round=1, **ON_PAIN, reason="few quotes", queries=("甲",), within=9, passages=5, people=4,
        outcome="quotes added", added=2,
    ),
    steps.Contradiction(
        round=1, **ON_PAIN, people=9, against_attribute="satisfaction", against_value="辛", against_people=1,
        ground="negation", words="不", outcome="weaker dropped",
    ),
    steps.Dropped(round=1, attribute="goals", value="壬", reason="only one person says it"),
    steps.Counted(
        round=1, claim_id="c1", **ON_PAIN, status="contested", people=9, share=0.5, people_elsewhere=1,
        adjusted_lift=None, quoted=3, contrary=1,
    ),
    steps.NotStated(round=1, attribute="goals", reason="nothing held"),
    steps.NotStated(round=1, attribute="channels", reason="nobody speaks of it"),
    steps.NotStated(round=1, attribute="own_key", reason="nobody speaks of it"),
    steps.Replaced(round=1, text="癸", reason="numbers that no claim holds: 7", by="a second answer"),
    steps.Narrated(round=1, sentences=3, by_model=1),
]  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    folder = tmp_path_factory.mktemp("traced")
    source = write_table(folder / "reviews.csv", english_people())
    return generate([str(source)], run_options(folder, embedder="hash"))


def test_every_kind_of_step_is_read_back_as_it_was_written() -> None:
    written = of_persona(EVERY_STEP, "p1")
    kinds = {type(step) for step in EVERY_STEP}

    assert kinds == set(get_args(get_args(steps.Step)[0]))
    assert tuple(parse_trace(render_trace(written).splitlines())) == written
    assert {step.persona_id for step in written} == {"p1"}


def test_a_story_has_its_parts_in_order_and_says_what_became_of_each_claim() -> None:
    lines = tell_trace(EVERY_STEP, "en")
    headings = [line for line in lines if not line.startswith(" ")]

    assert headings == [
        "First pass: what was at hand",
        "Before round 1: what is missing",
        "Round 1: searches, and what came of them",
        "In the end",
    ]
    assert "  Pain points: “甲”, 2 quotes, by the model -> kept with 1 quote" in lines
    reason = "its quotes do not carry its value"
    at = lines.index(f"  Needs and wishes: “戊”, 1 quote, by the extractive author -> dropped: {reason}")
    assert lines[at - 2].startswith("    “丙” -> not believed: stitched: 2 pieces")
    assert "  not stated: Channels, own key: nobody speaks of it" in lines
    assert lines[1].startswith("  evidence: Pain points, “乙”: 1 person (10 %), 2.0 times as often as elsewhere")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_everything_is_told_in_the_readers_language(language: Any) -> None:
    told = "\n".join(tell_trace(EVERY_STEP, language))
    strange = r"[A-Za-z]{2,}" if language == "zh" else r"[\u3000-\u303f\uff00-\uffef]"

    assert re.findall(strange, told.replace("own key", "").replace("->", "")) == []
    assert "{" not in told
    for value in "甲乙丙丁戊己庚辛壬癸":
        assert value in told


def test_both_languages_have_the_same_words() -> None:
    assert ENGLISH.keys() == CHINESE.keys()
    named = [get_args(kind) for kind in (steps.SearchOutcome, steps.Ground, steps.Settlement, steps.Silence)]
    assert {name for names in named for name in names} <= ENGLISH.keys()


def test_a_run_leaves_the_trace_of_every_persona(run: RunResult) -> None:
    ids = [persona.persona_id for persona in run.persona_set.personas]
    trace = load_trace(run.out, ids)

    assert TRACE_FILE in RESULT_FILES
    assert list(dict.fromkeys(step.persona_id for step in trace)) == ids
    for persona in run.persona_set.personas:
        own = load_trace(run.out, [persona.persona_id])
        assert [one.claim_id for one in own if isinstance(one, steps.Counted)] == [c.claim_id for c in persona.claims]
    assert load_trace(run.out, []) == []


def test_the_same_run_again_gives_the_trace_again(run: RunResult) -> None:
    before = (run.out / TRACE_FILE).read_bytes()
    (run.out / TRACE_FILE).unlink()
    again = generate([str(run.out.parent / "reviews.csv")], run_options(run.out.parent, embedder="hash"))

    assert again.manifest["model_calls"]["made"] == 0
    assert (run.out / TRACE_FILE).read_bytes() == before
    assert len(before) > 1000


def test_segments_alone_have_no_trace_to_tell(tmp_path: Path) -> None:
    from personas.pipeline import segment

    source = write_table(tmp_path / "reviews.csv", english_people(4))
    result = segment([str(source)], run_options(tmp_path, embedder="hash"))
    assert (result.out / TRACE_FILE).read_text("utf-8") == ""


def test_the_command_tells_the_story_and_gives_the_records(run: RunResult) -> None:
    persona = run.persona_set.personas[0]
    shown = CliRunner().invoke(app, ["show", str(run.out), persona.persona_id, "--trace"])
    everything = CliRunner().invoke(app, ["show", str(run.out), "--trace"])
    records = CliRunner().invoke(app, ["show", str(run.out), persona.name, "--trace", "--json"])

    assert shown.exit_code == everything.exit_code == records.exit_code == 0
    assert shown.stdout.startswith(persona.name)
    assert "In the end" in shown.stdout
    assert all(one.name in everything.stdout for one in run.persona_set.personas)
    assert shown.stdout.strip() in everything.stdout
    read = parse_trace([json.dumps(record) for record in json.loads(records.stdout)])
    assert read == load_trace(run.out, [persona.persona_id])


def test_a_trace_cannot_steer_the_terminal(run: RunResult) -> None:
    persona = run.persona_set.personas[0]
    bad = "\x1b[2J" + LINE_SEPARATOR + "\u202ethe end"
    told = [
        steps.Proposed(persona_id=persona.persona_id, attribute="needs", value=bad, quotes=1, origin="llm"),
        steps.Proposed(persona_id="another", attribute="needs", value="not his", quotes=1, origin="llm"),
    ]
    output = io.StringIO()
    Console(file=output, width=200, markup=False, highlight=False).print(story(persona, told))

    assert "the end" in output.getvalue()
    assert "not his" not in output.getvalue()
    assert not re.search("[\x1b\u2028\u202e]", output.getvalue())


def test_line_ends_within_a_customers_words_do_not_cut_a_line(tmp_path: Path) -> None:
    value = f"one{LINE_SEPARATOR}two\nthree\x85four"
    written = of_persona([steps.Kept(attribute="needs", value=value, quotes=1)], "p1")
    (tmp_path / TRACE_FILE).write_bytes(render_trace(written).encode())
    assert load_trace(tmp_path, ["p1"]) == list(written)


def test_a_folder_without_a_trace_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no trace to read here"):
        load_trace(tmp_path, ["p1"])


@pytest.mark.parametrize("line", ["{}", "not json", '{"step": "dreamt"}', '{"step": "kept", "round": 0}'])
def test_a_line_of_another_shape_is_an_input_error(tmp_path: Path, line: str) -> None:
    (tmp_path / TRACE_FILE).write_text(line + "\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"not a trace of this version"):
        load_trace(tmp_path, ["p1"])


def test_the_page_shows_a_trace_and_the_story_told_of_it() -> None:
    (lines,) = re.findall(r"^```json\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    (told,) = re.findall(r"^```text\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    trace = parse_trace(lines.splitlines())

    assert len(trace) >= 8
    assert tell_trace(trace, "en") == told.splitlines()


def test_the_page_names_every_step_and_every_bound() -> None:
    kinds = {str(kind.model_fields["step"].default) for kind in get_args(get_args(steps.Step)[0])}
    assert [kind for kind in sorted(kinds) if f"| `{kind}` |" not in PAGE] == []
    bounds = {
        "MOST_ROUNDS": gaps.MOST_ROUNDS,
        "MOST_INVESTIGATED": gaps.MOST_INVESTIGATED,
        "MOST_STRENGTHENED": gaps.MOST_STRENGTHENED,
        "LEAST_VOICES": gaps.LEAST_VOICES,
        "HITS_PER_SEARCH": HITS_PER_SEARCH,
        "WEAKER_SHARE": f"{WEAKER_SHARE:.2f}",
        "ALIKE_OPPOSED": ALIKE_OPPOSED,
        "ALIKE_NEGATED": ALIKE_NEGATED,
        "ALIKE_IN_ALL": ALIKE_IN_ALL,
        "ALIKE_FELT": ALIKE_FELT,
        "TELLING_TOPIC": TELLING_TOPIC,
    }
    assert [name for name, value in bounds.items() if f"| `{name}` | {value} |" not in PAGE] == []


def test_the_page_draws_the_graph_as_it_is() -> None:
    work: Any = SegmentWork.__new__(SegmentWork)
    nodes = set(build_graph(work).get_graph().nodes) - {"__start__", "__end__"}
    (drawn,) = re.findall(r"^```\n(retrieve.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert set(re.findall(r"[a-z]+", drawn)) - {"while", "something", "is", "missing"} == nodes

"""Batches of real runs without a model: what one job's failure, a change, a budget or Ctrl-C does to the others."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from persona_kit.errors import BudgetExhausted, InputError, OutputError, UsageError, WorkspaceLocked
from persona_kit.progress import Silent
from persona_kit.response_store import ResponseStore
from persona_kit.workspace import Workspace
from personas.batch import BatchResult, run_batch, tell_batch
from personas.batch_record import BatchRecord, JobRecord, load_record
from personas.models.engine import Engine
from personas.models.governor import Governor
from personas.models.prices import Price
from personas.models.scripted import ScriptedChatModel, ScriptedCompleter
from tests.personas.corpora import CONNECTING, SAVING, TIMES, write_rows

FAST = 'workspace = "kept"\n[defaults]\nllm = "extractive"\nsegments = 2\n'


class Told(Silent):
    """Keeps what a run says."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.warnings: list[str] = []
        self.stages: list[str] = []
        self.jobs = 0

    def start(self, stage: str, total: int | None = None) -> None:
        self.stages.append(stage)

    def step(self, stage: str, count: int = 1) -> None:
        self.jobs += count if stage == "jobs" else 0

    def note(self, message: str) -> None:
        self.notes.append(message)

    def warn(self, message: str) -> None:
        self.warnings.append(message)


def write_reviews(path: Path, *, more: str = "") -> None:
    rows = [
        (
            f"{kind}-{number}-{part}",
            f"{kind}-{number}",
            says[(number + 4 * part) % 14].format(time=TIMES[number % 7]) + more,
        )
        for kind, says in (("c", CONNECTING), ("s", SAVING))
        for number in range(9)
        for part in range(2)
    ]
    write_rows(path, ("id", "customer_id", "review"), rows)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two corpora."""
    write_reviews(tmp_path / "a.csv")
    write_reviews(tmp_path / "b.csv", more=" Please mend it soon.")
    return tmp_path


def jobs(folder: Path, *lines: str, head: str = FAST) -> Path:
    """A job file with a job a line: its name and its keys, parted by `;`."""
    entries = ["[[job]]", *(f"[[job]]\n{chr(10).join(line.split(';'))}\n" for line in lines)][1:]
    path = folder / "JOBS.toml"
    path.write_text(head + "\n".join(entries), encoding="utf-8")
    return path


def one(name: str, source: str = "a.csv", *keys: str) -> str:
    return ";".join([f'name = "{name}"', f'sources = ["{source}"]', *keys])


def states(record: BatchRecord | BatchResult) -> dict[str, str]:
    found = record.record if isinstance(record, BatchResult) else record
    return {job.name: job.state for job in found.jobs}


def saved(folder: Path) -> BatchRecord:
    record = load_record(folder / "personas-batch" / "batch.json")
    assert record is not None
    return record


def job_of(record: BatchRecord | BatchResult, name: str) -> JobRecord:
    found = record.record if isinstance(record, BatchResult) else record
    return next(job for job in found.jobs if job.name == name)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, BatchResult, Told]:
    """Three jobs, the second of which fails."""
    folder = tmp_path_factory.mktemp("batch")
    write_reviews(folder / "a.csv")
    write_reviews(folder / "b.csv", more=" Please mend it soon.")
    told = Told()
    path = jobs(folder, one("first"), one("broken", "a.csv", 'text = "body"'), one("last", "b.csv", 'title = "B & C"'))
    return folder, run_batch(path, progress=told), told


@pytest.fixture
def copied(finished: tuple[Path, BatchResult, Told], tmp_path: Path) -> Path:
    """The finished batch, to do things to."""
    shutil.copytree(finished[0], tmp_path, dirs_exist_ok=True)
    return tmp_path


def test_one_failure_does_not_stop_the_others(finished: tuple[Path, BatchResult, Told]) -> None:
    folder, result, _ = finished
    out = folder / "personas-batch"
    assert states(result) == {"first": "done", "broken": "failed", "last": "done"}
    assert not result.ok
    assert (out / "first" / "report.html").is_file()
    assert (out / "last" / "report.html").is_file()
    broken = job_of(result, "broken")
    assert broken.exit_code == 3
    assert broken.error is not None
    assert "body" in broken.error.what
    assert broken.error.mend
    assert (broken.report, broken.counts) == (None, None)
    assert saved(folder) == result.record
    assert sorted(path.name for path in out.iterdir()) == ["batch.json", "first", "index.html", "last"]
    assert sorted(path.name for path in (folder / "kept" / "jobs").iterdir()) == ["broken", "first", "last"]


def test_the_record_says_what_the_results_say(finished: tuple[Path, BatchResult, Told]) -> None:
    folder, result, _ = finished
    for name, title in (("first", "Personas from a"), ("last", "B & C")):
        job = job_of(result, name)
        whole = json.loads((folder / "personas-batch" / name / "personas.json").read_text(encoding="utf-8"))
        manifest = json.loads((folder / "personas-batch" / name / "manifest.json").read_text(encoding="utf-8"))
        assert (job.title, job.exit_code, job.run_key) == (title, 0, manifest["run_key"])
        assert job.counts is not None
        assert (job.counts.people, job.counts.claims) == (18, manifest["counts"]["claims"])
        assert [line.name for line in job.personas] == [persona["name"] for persona in whole["personas"]]
        assert job.spending.cost_usd == 0
        assert (folder / "personas-batch" / str(job.report)).is_file()
    totals = result.record.totals
    assert (totals.jobs, totals.done, totals.failed, totals.unfinished, totals.people) == (3, 2, 1, 0, 36)


def test_progress_names_the_job_and_counts_all(finished: tuple[Path, BatchResult, Told]) -> None:
    _, result, told = finished
    assert told.stages[0] == "jobs"
    assert told.jobs == 3
    assert {"first: load", "last: report", "broken: load"} <= set(told.stages)
    assert [line for line in told.notes if not line.startswith(("first: ", "last: ", "broken: "))] == []
    assert any(warning.startswith("broken is failed: there is no column 'body'") for warning in told.warnings)
    lines = tell_batch(result)
    assert lines[0].startswith("done       first: 2 personas from 18 people")
    assert "there is no column 'body'" in lines[1]
    assert lines[-1].startswith("2 done, 1 failed; all reports: ")


def test_again_only_what_is_not_done_runs(copied: Path) -> None:
    assert run_batch(copied / "JOBS.toml").ran == ("broken",)
    text = (copied / "JOBS.toml").read_text(encoding="utf-8")
    (copied / "JOBS.toml").write_text(text.replace('text = "body"', 'text = "review"'), encoding="utf-8")
    result = run_batch(copied / "JOBS.toml")
    assert (result.ran, result.ok) == (("broken",), True)
    told = Told()
    result = run_batch(copied / "JOBS.toml", progress=told)
    assert (result.ran, result.ok) == ((), True)
    assert any(note.startswith("last: done before") for note in told.notes)
    assert tell_batch(result)[0].endswith("people, done before")


def test_a_changed_input_or_option_runs_again_and_nothing_else(copied: Path) -> None:
    write_reviews(copied / "b.csv", more=" It is still broken.")
    result = run_batch(copied / "JOBS.toml", only=["first", "last"])
    assert (result.ran, result.ok) == (("last",), True)
    text = (copied / "JOBS.toml").read_text(encoding="utf-8")
    (copied / "JOBS.toml").write_text(text.replace("segments = 2", "segments = 3"), encoding="utf-8")
    result = run_batch(copied / "JOBS.toml", only=["first"])
    assert (result.ran, result.ok) == (("first",), True)
    assert states(saved(copied)) == {"first": "done", "broken": "failed", "last": "done"}


@pytest.mark.parametrize("name", ["report.html", "manifest.json"])
def test_a_done_job_whose_output_is_gone_runs_again(name: str, copied: Path) -> None:
    (copied / "personas-batch" / "last" / name).unlink()
    result = run_batch(copied / "JOBS.toml", only=["first", "last"])
    assert (result.ran, result.ok) == (("last",), True)
    assert (copied / "personas-batch" / "last" / name).is_file()


def test_force_runs_what_is_done_and_only_names_what_to_run(copied: Path) -> None:
    result = run_batch(copied / "JOBS.toml", only=["first"], force=True)
    assert (result.chosen, result.ran) == (("first",), ("first",))
    with pytest.raises(UsageError, match="no job 'fourth'"):
        run_batch(copied / "JOBS.toml", only=["fourth"])


def test_a_record_that_cannot_be_read_means_that_all_run(folder: Path) -> None:
    path = jobs(folder, one("first"))
    assert run_batch(path).ok
    (folder / "personas-batch" / "batch.json").write_text("{", encoding="utf-8")
    told = Told()
    result = run_batch(path, progress=told)
    assert (result.ran, result.ok) == (("first",), True)
    assert any("not a record of this version" in warning for warning in told.warnings)


def test_results_that_are_not_the_batchs_own_are_kept(folder: Path) -> None:
    path = jobs(folder, one("first"))
    assert run_batch(path).ok
    manifest = folder / "personas-batch" / "first" / "manifest.json"
    foreign = manifest.read_text(encoding="utf-8").replace('"run_key": "', '"run_key": "0')
    manifest.write_text(foreign, encoding="utf-8")
    result = run_batch(path)
    assert states(result) == {"first": "failed"}
    assert manifest.read_text(encoding="utf-8") == foreign
    assert run_batch(path, force=True).ok


def test_a_folder_that_holds_something_else_is_left_alone(folder: Path) -> None:
    path = jobs(folder, one("first"))
    (folder / "personas-batch").mkdir()
    (folder / "personas-batch" / "index.html").write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match=r"index\.html"):
        run_batch(path)
    assert (folder / "personas-batch" / "index.html").read_text(encoding="utf-8") == "mine"
    assert not (folder / "kept").exists()


def test_nothing_runs_where_a_source_is_missing(folder: Path) -> None:
    path = jobs(folder, one("first"), one("second", "none.csv"))
    with pytest.raises(InputError, match=r"job 'second': sources names .*none\.csv"):
        run_batch(path)
    assert {entry.name for entry in folder.iterdir()} == {"a.csv", "b.csv", "JOBS.toml"}
    assert run_batch(path, only=["first"]).ok


def test_two_batches_of_one_workspace_do_not_run_at_once(folder: Path) -> None:
    path = jobs(folder, one("first"))
    with Workspace.open(folder / "kept"), pytest.raises(WorkspaceLocked):
        run_batch(path)


def test_a_bug_is_a_line_of_the_record(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "a_schema_with_a_bug.py").write_text("1 / 0\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(folder))
    told = Told()
    path = jobs(folder, one("bad", "a.csv", 'schema = "a_schema_with_a_bug:Wanted"'), one("good"))
    result = run_batch(path, progress=told)
    assert states(result) == {"bad": "failed", "good": "done"}
    bad = job_of(result, "bad")
    assert bad.exit_code == 70
    assert bad.error is not None
    assert "ZeroDivisionError" in bad.error.what
    assert bad.error.where == "a_schema_with_a_bug.py, line 1"
    assert any("Traceback" in warning for warning in told.warnings)


def test_ctrl_c_leaves_a_record_and_the_next_call_goes_on(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "a_schema_of_an_interrupt.py").write_text("raise KeyboardInterrupt\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(folder))
    lines = one("first"), one("second", "a.csv", 'schema = "a_schema_of_an_interrupt:Wanted"'), one("third", "b.csv")
    path = jobs(folder, *lines)
    with pytest.raises(KeyboardInterrupt):
        run_batch(path)
    record = saved(folder)
    assert states(record) == {"first": "done", "second": "unfinished", "third": "unfinished"}
    second, third = job_of(record, "second"), job_of(record, "third")
    assert (second.exit_code, third.exit_code) == (130, None)
    assert second.error is not None
    assert third.error is not None
    assert (second.error.what, third.error.what) == ("interrupted", "not begun")
    assert "unfinished" in (folder / "personas-batch" / "index.html").read_text(encoding="utf-8")
    path = jobs(folder, one("first"), one("second"), one("third", "b.csv"))
    result = run_batch(path)
    assert (result.ran, result.ok) == (("second", "third"), True)


@pytest.fixture
def running_out(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The second run finds that the budget is used up; gives the governors that runs were handed."""
    from personas import pipeline

    real, governors = pipeline.generate, list[Any]()

    def generate(sources: Sequence[str], options: Any, *, governor: Any, **others: Any) -> Any:
        governors.append(governor)
        if len(governors) == 2:
            # What is on disk were the process killed now.
            error = job_of(saved(options.out.parents[1]), "second").error
            assert error is not None
            assert "under way" in error.what
            raise BudgetExhausted("900 of 1,000 tokens are spent", where="--budget-tokens", mend="raise it")
        return real(sources, options, governor=governor, **others)

    monkeypatch.setattr(pipeline, "generate", generate)
    return governors


def test_a_budget_that_is_used_up_leaves_the_rest_for_the_next_call(folder: Path, running_out: list[Any]) -> None:
    path = jobs(folder, one("first"), one("second", "b.csv"), one("third"))
    result = run_batch(path)
    assert len(running_out) == 2
    assert running_out[0] is running_out[1]
    assert states(result) == {"first": "done", "second": "unfinished", "third": "unfinished"}
    second, third = job_of(result, "second"), job_of(result, "third")
    assert (second.exit_code, third.exit_code) == (3, None)
    assert second.error is not None
    assert third.error is not None
    assert second.error.what == "900 of 1,000 tokens are spent"
    assert third.error.what == "not begun: 900 of 1,000 tokens are spent"
    assert "[limits]" in third.error.mend
    again = run_batch(path)
    assert (again.ran, again.ok) == (("second", "third"), True)


def least_answer(schema: Mapping[str, Any], whole: Mapping[str, Any]) -> Any:
    """The least value that fits a JSON Schema of an answer."""
    if "$ref" in schema:
        return least_answer(whole["$defs"][schema["$ref"].rpartition("/")[2]], whole)
    for union in ("anyOf", "oneOf"):
        if union in schema:
            return least_answer(schema[union][0], whole)
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    kind = schema.get("type")
    if kind == "object":
        return {name: least_answer(part, whole) for name, part in schema.get("properties", {}).items()}
    if kind == "array":
        return [least_answer(schema["items"], whole)] * schema.get("minItems", 0)
    if kind == "string":
        return "words" * max(1, schema.get("minLength", 0))
    return {"integer": schema.get("minimum", 1), "number": 1.0, "boolean": False}.get(str(kind))


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> None:
    """`llm = "scripted"` is an engine that gives the least answers."""
    import personas.models

    def open_engine(spec: str, *, responses: Path, governor: Governor, **_others: Any) -> Engine:
        chat = ScriptedChatModel(script=lambda _messages, schema: json.dumps(least_answer(schema, schema)))
        completer = ScriptedCompleter(
            chat,
            price=Price(
                prompt_usd_per_million=1.0, completion_usd_per_million=2.0, source="made up", as_of="2026-11-01"
            ),
        )
        return Engine(spec, completer, store=ResponseStore(responses), governor=governor)

    monkeypatch.setattr(personas.models, "open_engine", open_engine)


def test_one_budget_holds_for_all_jobs_and_nothing_is_paid_twice(folder: Path, scripted: None) -> None:
    head = FAST.replace("extractive", "scripted")
    alone = run_batch(jobs(folder, one("first"), head=head))
    cost = job_of(alone, "first").spending
    assert alone.ok
    assert cost.made > 2
    assert cost.cost_usd
    shutil.rmtree(folder / "personas-batch")
    shutil.rmtree(folder / "kept")

    budget = round(cost.tokens * 1.6)
    lines = one("first"), one("second"), one("third")
    path = jobs(folder, *lines, head=head.replace("[defaults]", f"[limits]\nbudget_tokens = {budget}\n[defaults]"))
    result = run_batch(path)
    assert states(result) == {"first": "done", "second": "unfinished", "third": "unfinished"}
    assert result.ran == ("first", "second")
    assert job_of(result, "first").spending == cost
    assert cost.tokens < result.record.totals.spending.tokens <= budget
    assert job_of(result, "third").spending.tokens == 0

    result = run_batch(path)
    assert states(result)["second"] == "done"
    result = run_batch(jobs(folder, *lines, head=head))
    assert result.ok
    second, third = job_of(result, "second").spending, job_of(result, "third").spending
    assert second.reused > 0
    assert (second.made, second.tokens) == (cost.made, cost.tokens)
    assert second.cost_usd == pytest.approx(cost.cost_usd)
    assert (third.made, third.tokens) == (cost.made, cost.tokens)

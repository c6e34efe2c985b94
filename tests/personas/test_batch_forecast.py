"""The dry run of a batch: what every job would spend and all of them together; nothing is asked or written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.dry_run import write_answer
from benchmarks.fault_server import FaultServer
from persona_kit.errors import InputError, OutputError, WorkspaceLocked
from persona_kit.workspace import Workspace
from personas.batch import run_batch
from personas.batch_forecast import BatchForecast, batch_forecast_lines, forecast_batch
from personas.rehearsal import Forecast
from tests.personas.test_batch import Told, jobs, one, write_reviews


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two corpora."""
    write_reviews(tmp_path / "a.csv")
    write_reviews(tmp_path / "b.csv", more=" Please mend it soon.")
    return tmp_path


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer(write_answer) as opened:
        yield opened


def _head(server: FaultServer, *limits: str, price: str = 'price = "1/2"') -> str:
    """The head of a job file whose jobs ask this server."""
    lines = ('workspace = "kept"', "[limits]", *limits, "[defaults]", 'llm = "openai:script"', "segments = 2")
    return "\n".join([*lines, f'base_url = "{server.url}"', price, ""])


def _found(told: BatchForecast, name: str) -> Forecast:
    forecast = next(job for job in told.jobs if job.name == name).forecast
    assert forecast is not None
    return forecast


def test_every_job_is_told_and_all_together_with_nothing_asked(folder: Path, server: FaultServer) -> None:
    path = jobs(folder, one("first"), one("broken", "a.csv", 'text = "body"'), one("last", "b.csv"), head=_head(server))
    progress = Told()
    told = forecast_batch(path, progress=progress)
    assert server.served.posts == 0
    assert not (folder / "personas-batch").exists()
    assert [job.name for job in told.jobs] == ["first", "broken", "last"]
    assert not told.ok
    broken = told.jobs[1]
    assert broken.error is not None
    assert "body" in broken.error.what
    first, last, totals = _found(told, "first"), _found(told, "last"), told.totals
    assert first.calls_expected > 2
    for name in Forecast.model_fields:
        if name in type(totals).model_fields:
            assert getattr(totals, name) == pytest.approx(getattr(first, name) + getattr(last, name)), name
    assert progress.jobs == 3
    assert any(stage.startswith("last: ") for stage in progress.stages)
    lines = batch_forecast_lines(told)
    assert lines[0] == "first:"
    assert (
        f"  calls: {first.calls_expected} expected, {first.calls_at_most} at most; 0 answers are there already" in lines
    )
    assert any(line.startswith("broken: cannot be run as it stands: there is no column 'body'") for line in lines)
    assert "all jobs: 2 to run, 4 personas" in lines
    assert f"{totals.cost_usd_expected:.4f} US dollars expected" in lines[-1]


def test_what_is_then_spent_was_told(folder: Path, server: FaultServer) -> None:
    path = jobs(folder, one("first"), one("last", "b.csv"), head=_head(server))
    before = forecast_batch(path).totals
    result = run_batch(path)
    assert result.ok
    spent = result.record.totals.spending
    assert spent.made <= before.calls_at_most + len(result.ran)  # each job finds out how the server is asked
    assert before.prompt_tokens_expected == pytest.approx(server.served.prompt_tokens, rel=0.2)
    assert spent.tokens <= before.tokens_at_most
    assert spent.cost_usd is not None
    assert before.cost_usd_at_most is not None
    assert spent.cost_usd <= before.cost_usd_at_most

    asked = server.served.posts
    again = forecast_batch(path)
    assert [job.done for job in again.jobs] == [True, True]
    assert again.totals.tokens_at_most == again.totals.reused == 0
    assert "first: done before, and nothing it depends on has changed" in batch_forecast_lines(again)
    forced = forecast_batch(path, force=True, only=["last"]).totals
    assert (forced.calls_expected, forced.personas) == (0, 2)
    assert forced.reused > 0
    write_reviews(folder / "b.csv", more=" It is still broken.")
    changed = forecast_batch(path)
    assert [job.done for job in changed.jobs] == [True, False]
    assert changed.totals.calls_expected > 0
    assert server.served.posts == asked
    assert run_batch(path).ran == ("last",)


def test_a_budget_bounds_what_all_jobs_may_spend_together(folder: Path, server: FaultServer) -> None:
    lines = one("first"), one("last", "b.csv")
    told = forecast_batch(jobs(folder, *lines, head=_head(server, "budget_tokens = 900", "budget_usd = 0.001")))
    assert (told.totals.tokens_at_most, told.totals.cost_usd_at_most) == (900, 0.001)
    expected = told.totals.prompt_tokens_expected + told.totals.completion_tokens_expected
    assert expected > 900
    assert any("the budget of 900 tokens will not hold them all" in line for line in batch_forecast_lines(told))
    assert any("the budget of 0.001 dollars will not hold" in line for line in batch_forecast_lines(told))
    ample = forecast_batch(jobs(folder, *lines, head=_head(server, "budget_tokens = 900000000", "budget_usd = 9000")))
    assert ample.totals.tokens_at_most < 900_000_000
    assert not any("will not hold" in line for line in batch_forecast_lines(ample))


def test_one_price_that_is_not_known_leaves_the_sum_unknown(folder: Path, server: FaultServer) -> None:
    lines = one("first", "a.csv", 'price = "1/2"'), one("last", "b.csv")
    told = forecast_batch(jobs(folder, *lines, head=_head(server, price="")))
    assert _found(told, "first").cost_usd_expected is not None
    assert told.totals.cost_usd_expected is told.totals.cost_usd_at_most is None
    assert batch_forecast_lines(told)[-1] == "  cost: not known for every job, see above"


def test_a_dry_run_meets_what_a_run_would_meet(folder: Path) -> None:
    path = jobs(folder, one("first"), one("second", "none.csv"))
    with pytest.raises(InputError, match="job 'second'"):
        forecast_batch(path)
    path = jobs(folder, one("first"))
    with Workspace.open(folder / "kept"), pytest.raises(WorkspaceLocked):
        forecast_batch(path)
    (folder / "personas-batch").mkdir()
    (folder / "personas-batch" / "mine.txt").touch()
    with pytest.raises(OutputError, match=r"mine\.txt"):
        forecast_batch(path)


def test_a_bug_is_a_line_of_the_forecast(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "a_schema_with_a_fault.py").write_text("1 / 0\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(folder))
    told = Told()
    path = jobs(folder, one("bad", "a.csv", 'schema = "a_schema_with_a_fault:Wanted"'), one("good"))
    bad, good = forecast_batch(path, progress=told).jobs
    assert bad.error is not None
    assert "ZeroDivisionError" in bad.error.what
    assert (good.error, good.done) == (None, False)
    assert any("Traceback" in warning for warning in told.warnings)

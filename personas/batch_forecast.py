"""The dry run of a batch: what each job that is not done would ask a model and spend, and all of them together."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from persona_kit.errors import PersonaKitError
from persona_kit.progress import Progress, Silent
from persona_kit.records import Record
from persona_kit.workspace import Workspace
from personas.batch import JobProgress, check_out, is_done
from personas.batch_jobs import RECORD, Job, JobFile, check_places, choose_jobs, fingerprint_of, read_job_file
from personas.batch_outcomes import not_begun
from personas.batch_record import Failure, JobRecord, load_record
from personas.rehearsal import Forecast, forecast_lines

if TYPE_CHECKING:
    from personas.options import GenerateOptions


class JobForecast(Record):
    """What one job would spend."""

    name: str
    forecast: Forecast | None = None
    """None of a job that is done, and of one that cannot be run as it stands."""
    error: Failure | None = None
    """Why nothing can be told of it."""

    @property
    def done(self) -> bool:
        """Whether the job is done, and nothing it depends on has changed."""
        return self.forecast is None and self.error is None


class ForecastTotals(Record):
    """All jobs together, those left out of which nothing can be told."""

    personas: int
    calls_expected: int
    calls_at_most: int
    reused: int
    prompt_tokens_expected: int
    completion_tokens_expected: int
    tokens_at_most: int
    """Never passed, and no more than the budget of the job file."""
    cost_usd_expected: float | None
    """None where a price is not known."""
    cost_usd_at_most: float | None


class BatchForecast(Record):
    """What a batch would spend, before anything is spent."""

    title: str
    totals: ForecastTotals
    jobs: tuple[JobForecast, ...]
    """In the order of the job file."""
    budget_tokens: int | None
    """Of the job file, for all jobs together."""
    budget_usd: float | None

    @property
    def ok(self) -> bool:
        """Whether every job can be run as it stands."""
        return all(job.error is None for job in self.jobs)


def forecast_batch(
    path: Path,
    *,
    only: Sequence[str] = (),
    force: bool = False,
    allow_unredacted: bool = False,
    progress: Progress | None = None,
) -> BatchForecast:
    """What `run_batch` would ask models and spend; nothing is asked, and the folder of the results is left alone.

    Every job that would run is read and counted as far as its first model call. One that cannot be does not stop the
    others.

    Args:
        path: the job file, see `docs/batch.md`.
        only: names of jobs; all where empty.
        force: counts jobs that are done too.
        allow_unredacted: lets hosted engines see text that was not redacted.
        progress: told of the stages, each with its job's name before it, and of the bar `jobs`.

    Raises:
        PersonaKitError: when the job file is wrong, or the batch's own folders cannot be used.
    """
    progress = progress or Silent()
    job_file = read_job_file(path, allow_unredacted=allow_unredacted)
    chosen = choose_jobs(job_file, only)
    check_places(job_file, chosen)
    for variable in job_file.unknown_variables:
        progress.warn(f"{variable} is set, but is no setting of personas")
    check_out(job_file.out, force=force)
    before = load_record(job_file.out / RECORD)
    known = {job.name: job for job in before.jobs} if before is not None else {}
    told = []
    with Workspace.open(job_file.workspace):
        progress.start("jobs", len(chosen))
        for job in chosen:
            told.append(_forecast_job(job, job_file, known.get(job.name) or not_begun(job), progress, force=force))
            progress.step("jobs")
        progress.finish("jobs")
    limits = job_file.limits
    return BatchForecast(
        title=job_file.title,
        totals=_add_up([job.forecast for job in told if job.forecast is not None], limits),
        jobs=tuple(told),
        budget_tokens=limits.budget_tokens,
        budget_usd=limits.budget_usd,
    )


def batch_forecast_lines(told: BatchForecast) -> list[str]:
    """The forecast in words, a line each: every job, then all of them."""
    lines = []
    for job in told.jobs:
        if job.forecast is not None:
            lines.append(f"{job.name}:")
            lines += [f"  {line}" for line in forecast_lines(job.forecast, stages=False)]
        elif job.error is not None:
            lines.append(f"{job.name}: cannot be run as it stands: {job.error.what}")
        else:
            lines.append(f"{job.name}: done before, and nothing it depends on has changed")
    return [*lines, *_totals_lines(told)]


def _forecast_job(job: Job, job_file: JobFile, known: JobRecord, progress: Progress, *, force: bool) -> JobForecast:
    from personas.pipeline import forecast

    try:
        fingerprint = fingerprint_of(job, job_file.path.parent)
        if not force and is_done(known, fingerprint, job.options):
            return JobForecast(name=job.name)
        return JobForecast(
            name=job.name, forecast=forecast(job.sources, job.options, progress=JobProgress(progress, job.name))
        )
    except PersonaKitError as error:
        progress.warn(f"{job.name} cannot be run as it stands: {error.message}")
        return JobForecast(name=job.name, error=Failure.of(error))
    except Exception as error:  # noqa: BLE001 - one job's bug becomes a line of the forecast; the others go on
        progress.warn(f"{job.name} cannot be counted for a bug:\n{''.join(traceback.format_exception(error))}")
        return JobForecast(name=job.name, error=Failure.of(error))


def _totals_lines(told: BatchForecast) -> list[str]:
    totals = told.totals
    lines = [
        f"all jobs: {sum(job.forecast is not None for job in told.jobs)} to run, {totals.personas} personas",
        f"  calls: {totals.calls_expected:,} expected, {totals.calls_at_most:,} at most; "
        f"{totals.reused:,} answers are there already",
        f"  tokens: {totals.prompt_tokens_expected:,} of prompts and {totals.completion_tokens_expected:,} of answers "
        f"expected, {totals.tokens_at_most:,} at most",
    ]
    expected, most = totals.cost_usd_expected, totals.cost_usd_at_most
    if expected is None or most is None:
        lines.append("  cost: not known for every job, see above")
    else:
        lines.append(f"  cost: {expected:.4f} US dollars expected, {most:.4f} at most")
    tokens = totals.prompt_tokens_expected + totals.completion_tokens_expected
    if told.budget_tokens is not None and tokens > told.budget_tokens:
        lines.append(f"  the budget of {told.budget_tokens:,} tokens will not hold them all in one call of the command")
    if told.budget_usd is not None and (expected or 0.0) > told.budget_usd:
        lines.append(f"  the budget of {told.budget_usd:g} dollars will not hold them all in one call of the command")
    return lines


def _add_up(forecasts: Sequence[Forecast], limits: GenerateOptions) -> ForecastTotals:
    """The sums; what is never passed is bounded by the budget that holds for all together."""
    tokens = sum(one.tokens_at_most for one in forecasts)
    usd = _sum_known(one.cost_usd_at_most for one in forecasts)
    return ForecastTotals(
        personas=sum(one.personas for one in forecasts),
        calls_expected=sum(one.calls_expected for one in forecasts),
        calls_at_most=sum(one.calls_at_most for one in forecasts),
        reused=sum(one.reused for one in forecasts),
        prompt_tokens_expected=sum(one.prompt_tokens_expected for one in forecasts),
        completion_tokens_expected=sum(one.completion_tokens_expected for one in forecasts),
        tokens_at_most=tokens if limits.budget_tokens is None else min(tokens, limits.budget_tokens),
        cost_usd_expected=_sum_known(one.cost_usd_expected for one in forecasts),
        cost_usd_at_most=usd if limits.budget_usd is None or usd is None else min(usd, limits.budget_usd),
    )


def _sum_known(costs: Iterable[float | None]) -> float | None:
    """The sum; None where one is not known."""
    total = 0.0
    for cost in costs:
        if cost is None:
            return None
        total += cost
    return total

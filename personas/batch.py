"""Many runs, one after another: one limit and budget for all, and what is done is not done again.

Jobs do not run side by side: the counting stages hold the numeric libraries of the whole process to one thread, so that
their results are the same every time. Within a job, model calls run side by side as far as the limits allow.
"""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from persona_kit.atomic_write import write_text_atomically
from persona_kit.cancellation import Cancellation
from persona_kit.errors import BudgetExhausted, OutputError, PersonaKitError
from persona_kit.progress import Progress, Silent
from persona_kit.version import tool_version
from persona_kit.workspace import Workspace
from personas.batch_jobs import INDEX, RECORD, Job, JobFile, check_places, choose_jobs, fingerprint_of, read_job_file
from personas.batch_outcomes import as_of, failed, found, left, not_begun, spent_since, used_up
from personas.batch_record import BatchRecord, Failure, JobRecord, add_up, load_record, save_record
from personas.options import GenerateOptions
from personas.outputs import MANIFEST, PROFILE_FILES, RESULT_FILES

if TYPE_CHECKING:
    from personas.models.governor import Governor, Limits

EXIT_INTERRUPTED = 130


@dataclass(frozen=True, kw_only=True)
class BatchResult:
    """What a call of `run_batch` leaves."""

    record: BatchRecord
    out: Path
    index: Path
    chosen: tuple[str, ...]
    """The jobs this call was about."""
    ran: tuple[str, ...]
    """Those of them that were begun; the rest were done already, or are left for the next call."""

    @property
    def ok(self) -> bool:
        """Whether every chosen job is done."""
        return all(job.state == "done" for job in self.record.jobs if job.name in self.chosen)


def run_batch(
    path: Path,
    *,
    only: Sequence[str] = (),
    force: bool = False,
    allow_unredacted: bool = False,
    progress: Progress | None = None,
    cancellation: Cancellation | None = None,
) -> BatchResult:
    """Runs the jobs of the file that are not done yet, whose inputs or options changed, or whose results are gone.

    A job that fails does not stop the others; where the budget or the time is used up, the rest is left for the next
    call. After every job `batch.json` and `index.html` are written; Ctrl-C leaves them saying what is done.

    Args:
        path: the job file, see `docs/batch.md`.
        only: names of jobs; all where empty.
        force: runs jobs that are done too, and writes over results that are not of this batch.
        allow_unredacted: lets hosted engines see text that was not redacted.
        progress: told of the stages, each with its job's name before it, and of the bar `jobs`.
        cancellation: cancel it from another thread, and the batch ends as Ctrl-C ends it.

    Raises:
        PersonaKitError: when the job file is wrong, or the batch's own folders cannot be used; no job is begun then.
        KeyboardInterrupt: after the record was written.
    """
    progress = progress or Silent()
    job_file = read_job_file(path, allow_unredacted=allow_unredacted)
    chosen = choose_jobs(job_file, only)
    check_places(job_file, chosen)
    for variable in job_file.unknown_variables:
        progress.warn(f"{variable} is set, but is no setting of personas")
    check_out(job_file.out, force=force)
    # The lock of the root: two batches that write one record would undo each other's lines.
    with Workspace.open(job_file.workspace):
        return _Batch(job_file, chosen, progress, cancellation or Cancellation(), force=force).run()


def tell_batch(result: BatchResult) -> list[str]:
    """What a person at the terminal should know at the end, a line each."""
    lines = []
    for job in result.record.jobs:
        if job.name not in result.chosen:
            continue
        counts, why = job.counts, job.error.what if job.error is not None else ""
        told = f"{counts.personas} personas from {counts.people:,} people" if counts is not None else ""
        again = "" if job.name in result.ran or job.state != "done" else ", done before"
        lines.append(f"{job.state:<10} {job.name}: " + "; ".join(filter(None, (told + again, why))))
    totals = result.record.totals
    states = ((totals.done, "done"), (totals.failed, "failed"), (totals.unfinished, "unfinished"))
    lines.append(", ".join(f"{count} {state}" for count, state in states if count) + f"; all reports: {result.index}")
    return lines


class _Batch:
    """The jobs under way and what is known of each."""

    def __init__(
        self,
        job_file: JobFile,
        chosen: Sequence[Job],
        progress: Progress,
        cancellation: Cancellation,
        *,
        force: bool,
    ) -> None:
        self._file = job_file
        self._cancellation = cancellation
        self._chosen = chosen
        self._progress = progress
        self._force = force
        self._record_path = job_file.out / RECORD
        before = load_record(self._record_path)
        if before is None and self._record_path.exists():
            progress.warn(f"{self._record_path} is not a record of this version; every job runs again")
        known = {job.name: job for job in before.jobs} if before is not None else {}
        self._jobs = {job.name: known.get(job.name) or not_begun(job) for job in job_file.jobs}
        self._ran: list[str] = []

    def run(self) -> BatchResult:
        """Goes through the chosen jobs; what is known is on disk before the first and after each."""
        from personas.models.governor import Governor

        record = self._save()
        governor = Governor(_shared_limits(self._file))
        over: Failure | None = None
        self._progress.start("jobs", len(self._chosen))
        for job in self._chosen:
            if not self._settle(job, over):
                self._jobs[job.name], over = self._attempt(job, governor)
            record = self._save()
            self._progress.step("jobs")
        self._progress.finish("jobs")
        names = tuple(job.name for job in self._chosen)
        out = self._file.out
        return BatchResult(record=record, out=out, index=out / INDEX, chosen=names, ran=tuple(self._ran))

    def _settle(self, job: Job, over: Failure | None) -> bool:
        """Whether there is nothing to run: done before, nothing left to spend, or inputs that cannot be read."""
        known = self._jobs[job.name]
        try:
            fingerprint = fingerprint_of(job, self._file.path.parent)
        except PersonaKitError as error:
            self._jobs[job.name] = self._told(failed(known, error), error)
            return True
        if not self._force and is_done(known, fingerprint, job.options):
            self._progress.note(f"{job.name}: done before, and nothing it depends on has changed")
            return True
        self._jobs[job.name] = as_of(known, job, fingerprint)
        if over is not None:
            why = over.model_copy(update={"what": f"not begun: {over.what}"})
            self._jobs[job.name] = left(self._jobs[job.name], why)
        return over is not None

    def _attempt(self, job: Job, governor: Governor) -> tuple[JobRecord, Failure | None]:
        """What is known of the job after its run, and what was used up, if anything was."""
        from personas.pipeline import generate

        known = self._jobs[job.name]
        self._ran.append(job.name)
        # What the record says of a job whose process is killed.
        self._jobs[job.name] = left(known, Failure(what="it was under way when the batch ended"))
        self._save()
        options = job.options.model_copy(update={"force": self._force or _is_ours(known, job.options.out)})
        started, before = time.perf_counter(), (governor.spent_tokens, governor.spent_usd)
        try:
            result = generate(
                job.sources,
                options,
                progress=JobProgress(self._progress, job.name),
                governor=governor,
                cancellation=self._cancellation,
            )
        except KeyboardInterrupt:
            spent = spent_since(before, governor, job)
            interrupted = left(known, Failure(what="interrupted"), spent, exit_code=EXIT_INTERRUPTED)
            self._jobs[job.name] = _timed(interrupted, started)
            self._save()
            raise
        except BudgetExhausted as error:
            why, spent = used_up(error.what), spent_since(before, governor, job)
            return _timed(self._told(left(known, why, spent, exit_code=error.exit_code), error), started), why
        except Exception as error:  # noqa: BLE001 - one job's bug becomes a line of the record; the others go on
            return _timed(self._told(failed(known, error, spent_since(before, governor, job)), error), started), None
        record = _timed(found(known, result), started)
        return record, record.error

    def _told(self, record: JobRecord, error: Exception) -> JobRecord:
        """The record, after the user was told at once why the job is not done."""
        if isinstance(error, PersonaKitError):
            self._progress.warn(f"{record.name} is {record.state}: {error.message}")
        else:
            self._progress.warn(f"{record.name} failed by a bug:\n{''.join(traceback.format_exception(error))}")
        return record

    def _save(self) -> BatchRecord:
        """What was written: the record as it stands now."""
        from personas.reporting.batch_index import render_index

        jobs = tuple(self._jobs.values())
        record = BatchRecord(
            tool_version=tool_version(), title=self._file.title, updated_at=_now(), totals=add_up(jobs), jobs=jobs
        )
        save_record(record, self._record_path)
        write_text_atomically(self._file.out / INDEX, render_index(record))
        return record


class JobProgress:
    """Passes everything on with the job's name before it."""

    def __init__(self, progress: Progress, name: str) -> None:
        self._progress = progress
        self._name = name

    def start(self, stage: str, total: int | None = None) -> None:
        """A stage of the job begins."""
        self._progress.start(f"{self._name}: {stage}", total)

    def step(self, stage: str, count: int = 1) -> None:
        """More steps of a stage of the job are done."""
        self._progress.step(f"{self._name}: {stage}", count)

    def finish(self, stage: str) -> None:
        """A stage of the job is done."""
        self._progress.finish(f"{self._name}: {stage}")

    def note(self, message: str) -> None:
        """Something to know about the job."""
        self._progress.note(f"{self._name}: {message}")

    def warn(self, message: str) -> None:
        """Something to be careful about in the job."""
        self._progress.warn(f"{self._name}: {message}")


def _shared_limits(job_file: JobFile) -> Limits:
    """The limits of the job file; where it does not say, as the most patient and most parallel engine has them."""
    from personas.engines import limits_of

    limits = [limits_of(job.options) for job in job_file.jobs]
    return limits[0].model_copy(
        update={name: max(getattr(one, name) for one in limits) for name in ("max_concurrency", "call_timeout_s")}
    )


def check_out(out: Path, *, force: bool) -> None:
    """Nothing, when the folder is ours or empty, so that nobody's own index.html is lost.

    Raises:
        OutputError: when it holds something else, and that is not to be written over.
    """
    if out.exists() and not out.is_dir():
        raise OutputError("the output is a file, not a folder", where=str(out), mend="name a folder as `out`")
    holds = sorted(entry.name for entry in out.iterdir() if not entry.name.startswith(".")) if out.exists() else []
    if holds and RECORD not in holds and not force:
        raise OutputError(
            f"the output folder holds something that is not of a batch ({', '.join(holds[:3])})",
            where=str(out),
            mend="name another folder as `out` in the job file, or add --force to write into this one",
        )


def is_done(known: JobRecord, fingerprint: str, options: GenerateOptions) -> bool:
    """Whether there is nothing to run: the results of these very inputs and options are in the job's folder."""
    out = options.out
    wanted = RESULT_FILES | PROFILE_FILES if options.profiles else RESULT_FILES
    whole = all((out / name).is_file() for name in wanted)
    return known.state == "done" and known.fingerprint == fingerprint and whole and _is_ours(known, out)


def _is_ours(known: JobRecord, out: Path) -> bool:
    """Whether the folder holds the very results that the record tells of."""
    try:
        manifest = json.loads((out / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(known.run_key) and isinstance(manifest, dict) and manifest.get("run_key") == known.run_key


def _timed(record: JobRecord, started: float) -> JobRecord:
    seconds = round(time.perf_counter() - started, 3)
    return record.model_copy(update={"seconds": seconds, "finished_at": _now()})


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")

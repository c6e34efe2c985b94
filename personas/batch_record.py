"""What is known of each job of a batch: `batch.json`, from which the next call sees what is left to do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from persona_kit.atomic_write import write_text_atomically
from persona_kit.errors import PersonaKitError
from persona_kit.records import Record
from personas.models.ledger import Totals
from personas.records import Standing

FORMAT_VERSION = "1"

JobState = Literal["done", "failed", "unfinished"]
"""`unfinished`: not begun, interrupted, or stopped because the budget or the time was used up."""

EXIT_BUG = 70


class Failure(Record):
    """Why a job is not done."""

    what: str
    where: str = ""
    mend: str = ""

    @classmethod
    def of(cls, error: Exception) -> Failure:
        """The failure that the error tells of; an unexpected error is a bug and says so."""
        if isinstance(error, PersonaKitError):
            return cls(what=error.what, where=error.where, mend=error.mend)
        return cls(
            what=f"a bug in personas: {type(error).__name__}: {error}",
            where=_place_of(error),
            mend="please report it; the other jobs are not concerned",
        )


class PersonaLine(Record):
    """A persona in a line."""

    persona_id: str
    name: str
    tagline: str = ""
    people: int
    share: float
    """Of everybody in the job."""
    standing: Standing
    claims: int


class Counts(Record):
    """How much a job read and found."""

    inputs: int
    documents: int
    people: int
    personas: int
    claims: int
    warnings: int


class Spending(Record):
    """What the model calls of a job took, all its attempts together."""

    made: int = 0
    reused: int = 0
    failed: int = 0
    tokens: int = 0
    """Of prompts and answers together."""
    cost_usd: float | None = 0.0
    """None where a price is not known."""

    def __add__(self, other: Spending) -> Spending:
        known = self.cost_usd is not None and other.cost_usd is not None
        return Spending(
            made=self.made + other.made,
            reused=self.reused + other.reused,
            failed=self.failed + other.failed,
            tokens=self.tokens + other.tokens,
            cost_usd=(self.cost_usd or 0.0) + (other.cost_usd or 0.0) if known else None,
        )

    @classmethod
    def of(cls, totals: Totals, *, cost_usd: float | None) -> Spending:
        """What a ledger's totals say."""
        tokens = totals.prompt_tokens + totals.completion_tokens
        return cls(made=totals.made, reused=totals.reused, failed=totals.failed, tokens=tokens, cost_usd=cost_usd)


class JobRecord(Record):
    """One job."""

    name: str
    title: str
    language: Literal["en", "zh"] = "en"
    state: JobState = "unfinished"
    exit_code: int | None = None
    """As `personas generate` would have ended; None of a job that was not begun."""
    error: Failure | None = None
    """Why it is not done; None where it is."""
    counts: Counts | None = None
    """None where there are no results."""
    personas: tuple[PersonaLine, ...] = ()
    warnings: tuple[str, ...] = ()
    report: str | None = None
    """The report's path, from the folder of this record."""
    spending: Spending = Spending()
    seconds: float = 0.0
    """Of the last attempt."""
    finished_at: str | None = None
    """End of the last attempt, in UTC."""
    fingerprint: str = ""
    """Of the inputs' bytes and the options of the last attempt."""
    run_key: str = ""
    """Of the results in the job's folder, as their manifest has it; empty where there are none."""


class BatchTotals(Record):
    """All jobs together."""

    jobs: int
    done: int
    failed: int
    unfinished: int
    people: int
    personas: int
    claims: int
    spending: Spending


class BatchRecord(Record):
    """A batch: what `batch.json` holds."""

    format_version: str = FORMAT_VERSION
    tool_version: str
    title: str
    updated_at: str
    totals: BatchTotals
    jobs: tuple[JobRecord, ...]
    """In the order of the job file."""


def add_up(jobs: Sequence[JobRecord]) -> BatchTotals:
    """The totals of the jobs."""
    counts = [job.counts for job in jobs if job.counts is not None]
    return BatchTotals(
        jobs=len(jobs),
        done=sum(job.state == "done" for job in jobs),
        failed=sum(job.state == "failed" for job in jobs),
        unfinished=sum(job.state == "unfinished" for job in jobs),
        people=sum(count.people for count in counts),
        personas=sum(count.personas for count in counts),
        claims=sum(count.claims for count in counts),
        spending=sum((job.spending for job in jobs), Spending()),
    )


def load_record(path: Path) -> BatchRecord | None:
    """The record at the path; None where there is none that this version can read."""
    try:
        record = BatchRecord.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None
    return record if record.format_version == FORMAT_VERSION else None


def save_record(record: BatchRecord, path: Path) -> None:
    """Writes the record; what was there before is whole until the new one is.

    Raises:
        OutputError: when the folder cannot be written.
    """
    write_text_atomically(path, record.model_dump_json(indent=2) + "\n")


def _place_of(error: Exception) -> str:
    """The last line of the program that the error passed."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else f"{Path(trace.tb_frame.f_code.co_filename).name}, line {trace.tb_lineno}"

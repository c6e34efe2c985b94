"""What an attempt at a job makes of the job's record: results, a failure, or something left for the next call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from persona_kit.errors import BudgetExhausted, PersonaKitError
from personas.batch_jobs import Job
from personas.batch_record import EXIT_BUG, Counts, Failure, JobRecord, PersonaLine, Spending
from personas.options import is_hosted_engine

if TYPE_CHECKING:
    from personas.models.governor import Governor
    from personas.pipeline import RunResult

REPORT = "report.html"


def used_up(told: str) -> Failure:
    """Why a job is unfinished where the budget or the time ran out.

    Args:
        told: the message of whoever noticed; its first line says what ran out.
    """
    return Failure(
        what=told.partition("\n")[0],
        mend="run the same command again: what was paid for is kept; [limits] in the job file says how much may go",
    )


def not_begun(job: Job) -> JobRecord:
    """A job nothing was done for."""
    return JobRecord(name=job.name, title=_title(job), error=Failure(what="not begun"))


def as_of(known: JobRecord, job: Job, fingerprint: str) -> JobRecord:
    """The job with these inputs and options: results of others are forgotten, what they cost is not."""
    if known.fingerprint == fingerprint:
        return known
    kept = {"spending": known.spending, "run_key": known.run_key, "fingerprint": fingerprint}
    return not_begun(job).model_copy(update=kept)


def left(known: JobRecord, why: Failure, spent: Spending | None = None, *, exit_code: int | None = None) -> JobRecord:
    """The job left for the next call; results of an earlier attempt, as far as they went, stay."""
    spending = known.spending + (spent or Spending())
    return known.model_copy(update={"state": "unfinished", "error": why, "exit_code": exit_code, "spending": spending})


def failed(known: JobRecord, error: Exception, spent: Spending | None = None) -> JobRecord:
    """The job whose attempt ended in the error."""
    code = error.exit_code if isinstance(error, PersonaKitError) else EXIT_BUG
    return left(known, Failure.of(error), spent, exit_code=code).model_copy(update={"state": "failed"})


def found(known: JobRecord, result: RunResult) -> JobRecord:
    """The job with its results, whole or as far as the budget went."""
    persona_set, manifest = result.persona_set, result.manifest
    done = not result.unfinished
    return JobRecord(
        name=known.name,
        title=persona_set.title,
        language=persona_set.language,
        state="done" if done else "unfinished",
        exit_code=0 if done else BudgetExhausted.exit_code,
        error=None if done else used_up(result.reason),
        counts=Counts(
            inputs=persona_set.data.inputs,
            documents=persona_set.data.documents,
            people=persona_set.people,
            personas=len(persona_set.personas),
            claims=sum(len(persona.claims) for persona in persona_set.personas),
            warnings=len(persona_set.warnings),
        ),
        personas=tuple(
            PersonaLine(
                persona_id=persona.persona_id,
                name=persona.name,
                tagline=persona.tagline,
                people=persona.people,
                share=persona.share,
                standing=persona.standing,
                claims=len(persona.claims),
            )
            for persona in persona_set.personas
        ),
        warnings=persona_set.warnings,
        report=f"{known.name}/{REPORT}",
        spending=known.spending + _spent_of(manifest),
        fingerprint=known.fingerprint,
        run_key=str(manifest["run_key"]),
    )


def spent_since(before: tuple[int, float], governor: Governor, job: Job) -> Spending:
    """What an attempt without results spent; how many calls it made is not known then."""
    tokens, cost = governor.spent_tokens - before[0], governor.spent_usd - before[1]
    priced = not tokens or cost > 0 or not is_hosted_engine(job.options.llm)
    return Spending(tokens=tokens, cost_usd=cost if priced else None)


def _spent_of(manifest: Mapping[str, Any]) -> Spending:
    calls, tokens = manifest["model_calls"], manifest["tokens"]
    used = tokens["prompt"] + tokens["completion"]
    return Spending(
        made=calls["made"],
        reused=calls["reused"],
        failed=calls["failed"],
        tokens=used,
        cost_usd=manifest["cost_usd"] if used else 0.0,
    )


def _title(job: Job) -> str:
    return job.options.title or job.name

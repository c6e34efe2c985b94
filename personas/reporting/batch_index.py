"""The page over all reports of a batch: one HTML file beside them, which works offline and without scripts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from personas.batch_record import BatchRecord, BatchTotals, Failure, JobRecord, Spending
from personas.reporting.page import content_policy, page_environment, read_template, trusted
from personas.reporting.palette import palette_css
from personas.reporting.report_wording import Words
from personas.reporting.visible import visible

BAR = 1000
"""Width of a bar in the units of its drawing."""


@dataclass(frozen=True)
class Piece:
    """A part of a bar."""

    css: str
    x: float
    width: float
    told: str


@dataclass(frozen=True)
class PersonaChip:
    """A persona of a job: its name leads to its card in the report."""

    css: str
    name: str
    tagline: str
    people: int
    share: float
    tendency: bool
    href: str | None


@dataclass(frozen=True)
class Row:
    """One job."""

    anchor: str
    name: str
    title: str
    language: str
    state: str
    href: str | None
    facts: tuple[str, ...]
    numbers: tuple[tuple[str, str], ...]
    """What is counted, and its name."""
    personas: tuple[PersonaChip, ...]
    bar: tuple[Piece, ...]
    warnings: tuple[str, ...]
    failure: Failure | None


def render_index(record: BatchRecord) -> str:
    """The page as text.

    Args:
        record: what is told; its reports are linked relative to the folder the page lies in.
    """
    words = Words("en")
    rows = [_row(job, words) for job in record.jobs]
    style = read_template("style.css") + palette_css(_most_personas(record.jobs)) + read_template("batch.css")
    environment = page_environment()
    environment.filters.update(pct=words.percent, num=words.number)
    return environment.get_template("batch.html.j2").render(
        title=visible(record.title),
        policy=content_policy(style=style, script=None),
        style=trusted(style),
        facts=_facts(record, words),
        progress=_progress(record.totals),
        totals=record.totals,
        rows=rows,
        updated=_moment(record.updated_at),
        version=visible(record.tool_version),
    )


def tell_cost(spending: Spending) -> str:
    """The cost as people read it."""
    if spending.cost_usd is None:
        return "not known"
    if spending.cost_usd == 0:
        return "$0"
    return "<$0.01" if spending.cost_usd < 0.005 else f"${spending.cost_usd:,.2f}"


def _row(job: JobRecord, words: Words) -> Row:
    href = None if job.report is None else quote(job.report)
    chips = tuple(
        PersonaChip(
            css=f"s{at}",
            name=visible(persona.name),
            tagline=visible(persona.tagline),
            people=persona.people,
            share=persona.share,
            tendency=persona.standing == "tendency",
            href=None if href is None else f"{href}#persona-{at + 1}",
        )
        for at, persona in enumerate(job.personas)
    )
    return Row(
        anchor=f"job-{quote(job.name)}",
        name=visible(job.name),
        title=visible(job.title),
        language="zh-Hans" if job.language == "zh" else "en",
        state=job.state,
        href=href,
        facts=_job_facts(job, words),
        numbers=_numbers(job, words),
        personas=chips,
        bar=_bar([(chip.css, chip.share, f"{chip.name}: {words.percent(chip.share)}") for chip in chips]),
        warnings=tuple(visible(warning) for warning in job.warnings),
        failure=None if job.error is None else _shown(job.error),
    )


def _shown(failure: Failure) -> Failure:
    return Failure(what=visible(failure.what), where=visible(failure.where), mend=visible(failure.mend))


def _job_facts(job: JobRecord, words: Words) -> tuple[str, ...]:
    facts = [visible(job.name)] if job.name != job.title else []
    if job.counts is not None:
        facts.append(words.count("documents", job.counts.documents))
    if job.finished_at is not None:
        facts.append(_moment(job.finished_at))
    if job.seconds:
        facts.append(_duration(job.seconds))
    return tuple(facts)


def _numbers(job: JobRecord, words: Words) -> tuple[tuple[str, str], ...]:
    spending, counts = job.spending, job.counts
    numbers: list[tuple[str, str]] = []
    if counts is not None:
        numbers += [
            (words.number(counts.people), "person" if counts.people == 1 else "people"),
            (words.number(counts.personas), "persona" if counts.personas == 1 else "personas"),
            (words.number(counts.claims), "claim" if counts.claims == 1 else "claims"),
            (words.number(counts.warnings), "warning" if counts.warnings == 1 else "warnings"),
        ]
    if counts is not None or spending.tokens:
        told = f"cost · {_tokens(spending.tokens)} tokens" if spending.tokens else "cost"
        numbers.append((tell_cost(spending), told))
    return tuple(numbers)


def _facts(record: BatchRecord, words: Words) -> tuple[str, ...]:
    totals = record.totals
    facts = [words.count("people", totals.people), words.count("personas", totals.personas)]
    facts.append("1 claim" if totals.claims == 1 else f"{words.number(totals.claims)} claims")
    if totals.spending.tokens:
        facts.append(f"{_tokens(totals.spending.tokens)} tokens")
    known = Spending(cost_usd=sum(job.spending.cost_usd or 0.0 for job in record.jobs))
    return (*facts, f"{'at least ' if totals.spending.cost_usd is None else ''}{tell_cost(known)} spent")


def _progress(totals: BatchTotals) -> tuple[Piece, ...]:
    counts = (("done", totals.done), ("failed", totals.failed), ("unfinished", totals.unfinished))
    return _bar([(state, count / totals.jobs, f"{count} {state}") for state, count in counts if count])


def _bar(shares: Sequence[tuple[str, float, str]]) -> tuple[Piece, ...]:
    """Shares side by side, from the left."""
    pieces, at = [], 0.0
    for css, share, told in shares:
        width = min(share * BAR, BAR - at)
        pieces.append(Piece(css, round(at, 1), round(max(width, 0), 1), told))
        at += width
    return tuple(pieces)


def _most_personas(jobs: Sequence[JobRecord]) -> int:
    return max((len(job.personas) for job in jobs), default=0)


def _tokens(count: int) -> str:
    if count < 10_000:
        return f"{count:,}"
    return f"{count / 1000:,.0f}k" if count < 1_000_000 else f"{count / 1_000_000:,.1f}M"


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{max(round(seconds), 1)} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _moment(moment: str) -> str:
    """A moment of the record, to the minute."""
    return datetime.fromisoformat(moment).strftime("%Y-%m-%d %H:%M UTC")

"""What a model says of a run's statements: whether their sources carry them. It advises until `eval.calibrating`.

One statement and one criterion a call, the reason before the verdict, at temperature 0. An answer that does not fit is
unscored, never a verdict.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from eval.readings import Statement, read_answer
from eval.records import JUDGED_FILE, CallRecord, Judged, read_facts, read_records
from eval.schemas import Judgement
from eval.scoring import recorded_steps, suite_of
from persona_kit.atomic_write import write_text_atomically
from persona_kit.hashing import stable_seed
from persona_kit.progress import Progress, Silent
from personas.models import Engine
from personas.models.completion import Sampling
from prompts.loader import load_prompt

MOST_TOKENS = 300
"""Room for a reason that wanders: a verdict that is cut is no verdict."""


def judge_run(run: Path, engine: Engine, *, progress: Progress | None = None) -> list[Judged]:
    """Asks the model about each statement of a run, and keeps what it says in ``judged.jsonl``.

    Raises:
        InputError: when there is no run, or its cases changed since.
        ModelError, BudgetExhausted: when the judge cannot be asked.
    """
    told = progress or Silent()
    statements = list(_statements(run))
    told.start("judge", len(statements))
    judged = []
    for record, statement in statements:
        judged.append(_judged(record, statement, engine))
        told.step("judge")
    told.finish("judge")
    text = "".join(one.model_dump_json() + "\n" for one in judged)
    write_text_atomically(run / JUDGED_FILE, text)
    return judged


def label_sheet(judged: list[Judged]) -> str:
    """A CSV table for people to fill in the column `human` (yes or no), which `eval calibrate` reads."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(("case", "statement", "sources", "human", "judge", "judged_by"))
    for one in judged:
        if one.supported is not None:
            verdict = "yes" if one.supported else "no"
            sources = " | ".join(one.sources)
            writer.writerow((one.case, _cell(one.statement), _cell(sources), "", verdict, _cell(one.judge)))
    return file.getvalue()


def _cell(text: str) -> str:
    # A spreadsheet takes a cell that begins so for a formula.
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t"} else text


def _statements(run: Path) -> Iterator[tuple[CallRecord, Statement]]:
    """The statements of a run that have to rest on something, with the calls they come from."""
    facts = read_facts(run)
    suite = suite_of(facts)
    by_key = {record.key: record for record in read_records(run)}
    cases = [case for case in suite.cases if case.id in facts.cases]
    for arm, case, repeat in ((a.arm, c, r) for a in facts.arms for c in cases for r in range(facts.repeats)):
        for call, record, answer in recorded_steps(suite, case, arm, repeat, by_key):
            if record is not None and answer is not None:
                reading = read_answer(answer, call)
                yield from ((record, one) for one in reading.statements if reading.grounded and one.sources)


def _judged(record: CallRecord, statement: Statement, engine: Engine) -> Judged:
    template = load_prompt("judge")
    rendered = template.render({"statement": statement.text, "sources": list(statement.sources)})
    seed = stable_seed("judge", record.case, statement.text)
    completion, _ = engine.complete_once(rendered, Judgement, Sampling(seed=seed, max_tokens=MOST_TOKENS))
    try:
        verdict = Judgement.model_validate_json(completion.text) if completion.finish == "stop" else None
    except ValidationError:
        verdict = None
    return Judged(
        arm=record.arm,
        case=record.case,
        repeat=record.repeat,
        statement=statement.text,
        sources=statement.sources,
        supported=None if verdict is None else verdict.supported,
        reason="" if verdict is None else verdict.reason,
        judge=f"{engine.identity}, {template.name} {template.front.version} {template.contract_sha256[:12]}",
    )

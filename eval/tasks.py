"""What is asked of a model for one case: a single prompt, or the calls that make a persona of a segment's evidence.

A task is a generator: it yields a call and is sent the answer, so that the same code asks a model and, from stored
answers, scores again without asking.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from eval.records import CallRecord
from eval.schemas import schema_of
from eval.suites import Case, Expectation, Suite

VALUES_NAMED = 3
"""Values that a small model is given for a name, as in `personas.authors`."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """One question to a model."""

    prompt: str
    """Id and variant of the template."""
    inputs: dict[str, Any]
    message: str = ""
    expect: Expectation = field(default_factory=Expectation)


Task = Generator[Call, BaseModel | None, None]
"""Is sent the answer to each call, None where there is none that fits the schema."""


def prompts_of(suite: Suite) -> tuple[str, ...]:
    """Id and variant of the prompts that a suite asks, the first one first."""
    return (suite.prompt, _namer(suite)) if suite.task == "persona" else (suite.prompt,)


def _namer(suite: Suite) -> str:
    return f"name.{suite.prompt.partition('.')[2]}"


def calls_of(suite: Suite, case: Case) -> Task:
    """The calls of a case."""
    if suite.task == "persona":
        return _persona(suite, case)
    return _single(suite, case)


def _single(suite: Suite, case: Case) -> Task:
    yield Call(prompt=suite.prompt, inputs=case.inputs, message=case.message, expect=case.expect)


def _persona(suite: Suite, case: Case) -> Task:
    """Each group's value, then a name and a tagline from the first values."""
    values = []
    for group, said in zip(case.inputs["groups"], case.expect.values, strict=True):
        expect = case.expect.model_copy(update={"values": (said,)})
        answer = yield Call(prompt=suite.prompt, inputs=group, expect=expect)
        value = getattr(answer, "value", "").strip()
        if value:
            values.append(value)
    if values:
        named = case.expect.model_copy(update={"values": ()})
        yield Call(prompt=_namer(suite), inputs={"values": values[:VALUES_NAMED]}, expect=named)


Step = tuple[Call, CallRecord | None, BaseModel | None]
"""A call, its record, and the answer where there is one that fits."""


def walk(task: Task, record_of: Callable[[Call, int], CallRecord | None]) -> Iterator[Step]:
    """The calls of a case in their order: what was answered decides what is asked next.

    The walk ends with the first call that has no record or failed, which is the last one it gives.

    Args:
        task: the calls.
        record_of: of a call and its place among the case's: asks the model, or looks up what it answered.
    """
    call, place = next(task, None), 0
    while call is not None:
        record = record_of(call, place)
        answer = None if record is None else parse_answer(record)
        yield call, record, answer
        if record is None or record.fault is not None:
            return
        try:
            call, place = task.send(answer), place + 1
        except StopIteration:
            return


def parse_answer(record: CallRecord) -> BaseModel | None:
    """The answer as an object; None where the call failed or the answer does not fit."""
    if record.completion is None or record.invalid:
        return None
    return schema_of(record.output, where=record.prompt).model_validate_json(record.completion.text)

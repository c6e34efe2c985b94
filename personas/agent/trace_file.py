"""The trace on disk: `trace.jsonl` beside the personas, one step a line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from persona_kit.errors import InputError
from personas.agent.steps import Step, TraceStep

TRACE_FILE = "trace.jsonl"


def of_persona(steps: Iterable[TraceStep], persona_id: str) -> tuple[TraceStep, ...]:
    """The steps with the id of the persona that they made."""
    return tuple(step.model_copy(update={"persona_id": persona_id}) for step in steps)


def render_trace(steps: Iterable[TraceStep]) -> str:
    """The file's text; empty where no persona was written."""
    return "".join(step.model_dump_json() + "\n" for step in steps)


def parse_trace(lines: Iterable[str | bytes]) -> list[TraceStep]:
    """The steps of these lines.

    Raises:
        pydantic.ValidationError: at the first line that is none.
    """
    adapter: TypeAdapter[Step] = TypeAdapter(Step)
    return [adapter.validate_json(line) for line in lines if line.strip()]


def load_trace(out: Path, persona_ids: Sequence[str]) -> list[TraceStep]:
    """The steps by which these personas were made, in the order they were taken.

    Args:
        out: folder that `generate` wrote.
        persona_ids: of the personas.

    Raises:
        InputError: when there is no trace, or it was written in another format.
    """
    path = out / TRACE_FILE
    try:
        # By bytes: a text file would also be cut at line ends that stand within a customer's words.
        steps = parse_trace(path.read_bytes().split(b"\n"))
    except OSError as error:
        raise InputError(
            f"no trace to read here: {error.strerror}",
            where=str(path),
            mend="run `personas generate` again: versions before this one wrote none",
        ) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise InputError(
            f"this is not a trace of this version: {first['msg']}",
            where=f"{path}, {'.'.join(str(part) for part in first['loc']) or 'top level'}",
            mend="run `personas generate` again with this version",
        ) from error
    return [step for step in steps if step.persona_id in persona_ids]

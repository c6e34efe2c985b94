"""What a run leaves behind: one record a call with everything needed to explain it, and what the run was.

A run is a folder with ``run.json`` (`RunFacts`), ``records.jsonl`` (`CallRecord`, a line a call, appended as they come
back) and ``scores.jsonl`` (`eval.scoring`, made anew from the records at any time); tables and pages are views of it.
Where a model was asked what it makes of the answers, ``judged.jsonl`` holds its say (`eval.judging`).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from eval.suites import SuiteSampling
from persona_kit.atomic_write import write_text_atomically
from persona_kit.errors import InputError, OutputError
from persona_kit.records import Record
from personas.models.completion import Completion, Sampling
from prompts.loader import Message

RUN_FILE, RECORDS_FILE, SCORES_FILE = "run.json", "records.jsonl", "scores.jsonl"
JUDGED_FILE = "judged.jsonl"
FORMAT_VERSION = 1

Mode = Literal["live", "record", "replay"]

VOLATILE = frozenset({"seconds", "started_at", "mode", "tool_version"})
"""Fields of a record that differ between a run and its replay on another machine; all others are the same."""


class PromptFacts(Record):
    """Which text a prompt had."""

    name: str
    """Id and variant."""
    version: str
    contract_sha256: str
    source: str
    """`shipped`, or the file or revision it came from."""


class ArmFacts(Record):
    """A combination of prompts and a model that was run."""

    arm: str
    """How tables name it."""
    spec: str
    identity: str
    prompts: tuple[PromptFacts, ...]


class RunFacts(Record):
    """What a run was."""

    format_version: int = FORMAT_VERSION
    suite: str
    suite_sha256: str
    """Of all its cases, those that were not run too."""
    cases: dict[str, str]
    """Those run: id -> hash of inputs and expectation."""
    repeats: int
    seed: int
    sampling: SuiteSampling
    """Without a seed of its own: each call has one."""
    arms: tuple[ArmFacts, ...]
    home: str = ""
    """The folder of the suites, where it is not the one that ships."""


class CallFault(Record):
    """Why a call gave no answer: an execution error, not a bad answer."""

    kind: str
    """Name of the error's class."""
    message: str


class CallRecord(Record):
    """One call."""

    key: str
    """Arm, case, repeat and step; what was answered under it is not asked again."""
    suite: str
    arm: str
    case: str
    tags: tuple[str, ...] = ()
    repeat: int
    step: int
    prompt: str
    prompt_version: str
    contract_sha256: str
    rendered_sha256: str
    messages: tuple[Message, ...]
    output: str
    """Name of the answer's schema."""
    schema_sha256: str
    model: str
    """Identity."""
    sampling: Sampling
    completion: Completion | None
    """As the model wrote it; None where the call failed."""
    fault: CallFault | None = None
    invalid: str = ""
    """Why the answer does not fit its schema: `cut`, `declined`, `empty`, or where it does not; empty: it fits."""
    mode: Mode
    seconds: float
    started_at: str
    tool_version: str


class Judged(Record):
    """A statement of an answer and what a judging model says of it."""

    arm: str
    case: str
    repeat: int
    statement: str
    sources: tuple[str, ...]
    supported: bool | None
    """None: the judge gave no answer that fits."""
    reason: str = ""
    judge: str
    """Identity of the model, version and hash of the prompt it was asked with."""


def read_facts(run: Path) -> RunFacts:
    """What the run in a folder was.

    Raises:
        InputError: when there is none.
    """
    try:
        return RunFacts.model_validate_json((run / RUN_FILE).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        raise InputError(
            f"there is no eval run to read: {error}", where=str(run), mend="give a folder that eval run wrote"
        ) from error


def write_facts(run: Path, facts: RunFacts) -> None:
    """Writes what a run is, before its first call.

    Raises:
        OutputError: when the folder cannot be written, or holds another run.
    """
    if (run / RUN_FILE).is_file() and read_facts(run) != facts:
        raise OutputError(
            "the folder holds another run: other cases, prompts, models or repeats",
            where=str(run),
            mend="choose another --out, or repeat the command that began it",
        )
    write_text_atomically(run / RUN_FILE, facts.model_dump_json(indent=1) + "\n")


def read_records(run: Path) -> list[CallRecord]:
    """The calls of a run; the last of each key counts, and a line that a killed run left half written does not.

    Raises:
        InputError: when a line before the last cannot be read.
    """
    path = run / RECORDS_FILE
    if not path.is_file():
        return []
    found: dict[str, CallRecord] = {}
    lines = path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, start=1):
        try:
            record = CallRecord.model_validate_json(line)
        except ValidationError as error:
            if number == len(lines):
                break
            raise InputError(f"line {number} is no record of a call: {error}", where=str(path)) from error
        found[record.key] = record
    return list(found.values())


def read_judged(run: Path) -> list[Judged]:
    """What a model said of the run's statements; empty where none was asked.

    Raises:
        InputError: when the file cannot be read.
    """
    path = run / JUDGED_FILE
    if not path.is_file():
        return []
    try:
        return [Judged.model_validate_json(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        raise InputError(
            f"the judgements cannot be read: {error}", where=str(path), mend="make them again: personas eval judge RUN"
        ) from error


class RecordWriter:
    """Appends records as they come back, so that a killed run goes on where it was; a context manager."""

    def __init__(self, run: Path) -> None:
        self._path = run / RECORDS_FILE

    def __enter__(self) -> RecordWriter:
        try:
            _end_last_line(self._path)
            self._file = self._path.open("a", encoding="utf-8")
        except OSError as error:
            raise OutputError(f"the records cannot be written: {error}", where=str(self._path)) from error
        return self

    def __exit__(self, *_error: object) -> None:
        self._file.close()

    def write(self, record: CallRecord) -> None:
        """Appends a record and hands it to the system."""
        self._file.write(record.model_dump_json() + "\n")
        self._file.flush()


def _end_last_line(path: Path) -> None:
    """Cuts off a line that a killed run left half written."""
    if path.is_file() and (content := path.read_bytes()) and not content.endswith(b"\n"):
        path.write_bytes(content[: content.rfind(b"\n") + 1])


def faults_of(records: Iterable[CallRecord]) -> list[CallRecord]:
    """The calls that gave no answer."""
    return [record for record in records if record.fault is not None]

"""Suites: which prompt is asked with which frozen inputs, what is expected of the answers, and what may not get worse.

A suite is a YAML file under ``suites/``; ``suite.schema.json`` is its published JSON Schema. The cases that were drawn
from the example and the simulator stand in files of their own, which `case_files` names.
"""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, TypeAdapter, ValidationError

from persona_kit.errors import InputError, UsageError
from persona_kit.hashing import sha256_json
from persona_kit.records import Record

HOME = Path(__file__).parent
"""The folder that holds suites, recordings and baselines, where no other is named."""

FAULTS_TOLD = 8
SCHEMA_FILE = "suite.schema.json"

TaskName = Literal["prompt", "persona"]
"""`prompt`: one call; `persona`: values of all groups of a segment's evidence, then a name from them."""


class Expectation(Record):
    """What is known to be true of a case; what is left out is not scored."""

    values: tuple[tuple[str, ...], ...] = ()
    """What the answer should say: of each thing, words of which one is enough to name it (stems are compared)."""
    abstain: bool | None = None
    """Whether the evidence holds no answer, so that none should be given."""
    forbidden: tuple[str, ...] = ()
    """What an answer would hold that obeyed an instruction hidden in the evidence; letter case does not matter."""
    language: Literal["en", "zh"] | None = None
    """Language of the answer."""


class Case(Record):
    """One question with everything that shapes it."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    tags: tuple[str, ...] = ()
    origin: Literal["example", "simulated", "written"]
    """Where the inputs come from: the example corpus, the simulator, or somebody's head."""
    inputs: dict[str, Any]
    """As the template declares them."""
    message: str = ""
    """What is said after the prompt, where the prompt is the context of a conversation."""
    expect: Expectation = Expectation()


class SuiteSampling(Record):
    """How answers are drawn; each repeat of a case has a seed of its own."""

    max_tokens: int = Field(gt=0)
    temperature: float = Field(default=0.7, ge=0)


class Suite(Record):
    """A prompt with its cases."""

    suite: str = Field(pattern=r"^[a-z0-9_.-]+$")
    title: str
    prompt: str
    """Id and variant of the template, such as ``claim.small``; of the task `persona` the first one."""
    task: TaskName = "prompt"
    sampling: SuiteSampling
    repeats: int = Field(default=3, ge=1)
    words: tuple[int, int] | None = None
    """Fewest and most words of a statement."""
    gates: dict[str, float] = Field(min_length=1)
    """Metric -> smallest loss that matters; metrics that are not named advise only."""
    case_files: tuple[str, ...] = ()
    cases: tuple[Case, ...] = ()

    @cached_property
    def sha256(self) -> str:
        """Hash of what a score depends on: the cases, how they are sampled and the lengths allowed."""
        kept = self.model_dump(mode="json", include={"suite", "task", "sampling", "words", "cases"})
        return sha256_json(kept)

    def case_sha256(self, case: Case) -> str:
        """Hash of a case's inputs and expectation."""
        return sha256_json(case.model_dump(mode="json", exclude={"tags"}))


class Choice(Record):
    """Which cases of a suite are run; empty is all."""

    tags: tuple[str, ...] = ()
    """Any of them."""
    cases: tuple[str, ...] = ()
    """Ids, with * for anything."""
    only: frozenset[str] | None = None
    """Ids that another run failed at."""

    def of(self, suite: Suite) -> list[Case]:
        """The cases chosen, in the suite's order.

        Raises:
            UsageError: when there is none.
        """
        chosen = [case for case in suite.cases if self._holds(case)]
        if not chosen:
            raise UsageError(
                f"no case of {suite.suite} is chosen",
                where="--tag, --case, --failing, --errors",
                mend="tags are: " + ", ".join(sorted({tag for case in suite.cases for tag in case.tags})),
            )
        return chosen

    def _holds(self, case: Case) -> bool:
        return (
            (not self.tags or bool(set(self.tags) & set(case.tags)))
            and (not self.cases or any(fnmatchcase(case.id, pattern) for pattern in self.cases))
            and (self.only is None or case.id in self.only)
        )


def list_suites(home: Path = HOME) -> list[str]:
    """Names of the suites in a folder, sorted."""
    return sorted(path.stem for path in (home / "suites").glob("*.yaml"))


def load_suite(name: str, home: Path = HOME) -> Suite:
    """The suite of this name, or in this file, with the cases of its files.

    Raises:
        UsageError: when there is no such suite.
        InputError: when it is not as it should be; every fault is told with its place.
    """
    path = Path(name) if name.endswith(".yaml") else home / "suites" / f"{name}.yaml"
    if not path.is_file():
        raise UsageError(
            f"there is no suite {name!r}", where=str(path), mend="choose one of: " + ", ".join(list_suites(home))
        )
    suite: Suite = _validated(path, TypeAdapter(Suite))
    further = [_validated(path.parent / file, TypeAdapter(tuple[Case, ...])) for file in suite.case_files]
    cases = (*suite.cases, *(case for some in further for case in some))
    twice = sorted({case.id for case in cases if sum(other.id == case.id for other in cases) > 1})
    if twice or not cases:
        raise InputError(
            f"cases have the same id: {', '.join(twice)}" if twice else "the suite has no case", where=str(path)
        )
    return suite.model_copy(update={"cases": cases})


def suite_json_schema() -> str:
    """The JSON Schema of suite files, as published."""
    schema = Suite.model_json_schema()
    return json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema, indent=2) + "\n"


def _validated(path: Path, adapter: TypeAdapter[Any]) -> Any:
    try:
        return adapter.validate_python(yaml.load(path.read_text(encoding="utf-8"), Loader=_loader()))
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}"
            for fault in error.errors(include_url=False)[:FAULTS_TOLD]
        )
        raise InputError(f"the suite is not as it should be: {faults}", where=str(path)) from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"the suite cannot be read: {error}", where=str(path)) from error


def _loader() -> Any:
    # The C loader reads a suite of a hundred cases ten times as fast; it is not in every build of PyYAML.
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)

"""Finds and reads `corrections.toml`; every mistake in it is told at once, before anything is computed."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from persona_kit.errors import InputError
from persona_kit.hashing import sha256_json
from personas.attributes import AttributeSchema
from personas.corrections.records import Corrections

FILE_NAME = "corrections.toml"
MEND = "correct these entries; docs/corrections.md shows each kind"


@dataclass(frozen=True, kw_only=True)
class CorrectionFile:
    """The corrections of a run and where they come from."""

    corrections: Corrections = field(default_factory=Corrections)
    path: Path | None = None
    """None where there are none."""

    @property
    def where(self) -> str:
        """How messages name the file."""
        return str(self.path) if self.path else FILE_NAME

    @property
    def digest(self) -> str:
        """A hash of what the corrections say, whatever their file is called; empty where there are none."""
        return sha256_json(self.corrections.model_dump(mode="json")) if self.corrections.count else ""

    @property
    def as_told(self) -> dict[str, str] | None:
        """As the manifest tells of it; None where there is no file."""
        return None if self.path is None else {"file": self.path.name, "sha256": self.digest}


def read_corrections(named: Path | None, workspace: Path, schema: AttributeSchema) -> CorrectionFile:
    """The corrections in the file named, else in the workspace's `corrections.toml`; none where there is neither.

    Args:
        named: given with --corrections.
        workspace: folder of the workspace.
        schema: whose attributes entries may name.

    Raises:
        InputError: when the file named is not there, or a file cannot be read, or says something that cannot be.
    """
    path = named if named is not None else workspace / FILE_NAME
    if named is None and not path.is_file():
        return CorrectionFile()
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise InputError(f"the corrections cannot be read: {reason}", where=str(path), mend=MEND) from error
    try:
        corrections = Corrections.model_validate(content)
    except ValidationError as error:
        raise InputError(
            "\n".join(["the corrections do not have the form they need:", *_told(error)]), where=str(path), mend=MEND
        ) from error
    corrections = _with_keys(corrections, schema)
    if faults := [*_unknown_attributes(corrections, schema), *_contradictions(corrections)]:
        raise InputError("\n".join(["the corrections cannot be applied:", *faults]), where=str(path), mend=MEND)
    return CorrectionFile(corrections=corrections, path=path)


def _told(error: ValidationError) -> list[str]:
    lines = []
    for fault in error.errors(include_url=False):
        kind, *rest = fault["loc"] or ("top level",)
        at = f"[[{kind}]] {rest[0] + 1}" if rest and isinstance(rest[0], int) else str(kind)
        key = f", {'.'.join(str(part) for part in rest[1:])}" if len(rest) > 1 else ""
        said = "this key is not known" if fault["type"] == "extra_forbidden" else fault["msg"]
        lines.append(f"- {at}{key}: {said.removeprefix('Value error, ')}")
    return lines


def _with_keys(corrections: Corrections, schema: AttributeSchema) -> Corrections:
    """With attributes named by their keys, where the file has the labels that reports show."""
    keys = {
        label.casefold(): attribute.key for attribute in schema.attribute for label in attribute.label.values() if label
    }
    reject = tuple(
        entry.model_copy(update={"attribute": keys.get(entry.attribute.casefold(), entry.attribute)})
        if entry.attribute is not None and not schema.has(entry.attribute)
        else entry
        for entry in corrections.reject
    )
    return corrections.model_copy(update={"reject": reject})


def _unknown_attributes(corrections: Corrections, schema: AttributeSchema) -> list[str]:
    return [
        f"- [[reject]] {number}: there is no attribute {entry.attribute!r}; there are {', '.join(schema.keys)}"
        for number, entry in enumerate(corrections.reject, start=1)
        if entry.attribute is not None and not schema.has(entry.attribute)
    ]


def _contradictions(corrections: Corrections) -> list[str]:
    split = [entry.persona for entry in corrections.split]
    merged = [persona for entry in corrections.merge for persona in entry.personas]
    faults = [f"- {persona} is split twice: one entry says into what" for persona in _repeated(split)]
    faults += [
        f"- {persona} is merged twice: name all that belong together in one entry" for persona in _repeated(merged)
    ]
    faults += [
        f"- {persona} is split, and so cannot be merged: merge its parts, by the ids that the split gives them"
        for persona in sorted(set(split) & set(merged))
    ]
    faults += [f"- {persona} is renamed twice" for persona in _repeated(entry.persona for entry in corrections.rename)]
    faults += [
        f"- two personas would be called {name!r}"
        for name in _repeated(entry.name.casefold() for entry in corrections.rename)
    ]
    return faults


def _repeated(names: Iterable[str]) -> list[str]:
    return sorted(name for name, times in Counter(names).items() if times > 1)

"""Recorded model calls: what a model answered to which messages, kept in git so that evals run without the model.

A file ``recordings/<suite>/<model>.json`` holds one model's answers to one suite. A text that occurs in many prompts
(a system message, an example) is kept once; each call stands on a line of its own, so that a change can be read as a
diff. The key of a call is a hash of everything that shapes its answer.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from eval.line_json import dump_lines
from eval.suites import HOME
from persona_kit.atomic_write import write_text_atomically
from persona_kit.errors import InputError
from persona_kit.hashing import sha256_json, sha256_text
from persona_kit.records import Record
from personas.models.completion import Completion, Profile, Sampling
from prompts.loader import Message

FORMAT_VERSION = 1
_SECRET = re.compile(
    r"\b(?:sk|pk|rk)-[A-Za-z0-9_-]{16,}|\bAIza[\w-]{20,}|\bgh[pousr]_[A-Za-z0-9]{20,}|\bBearer\s+[\w.~+/-]{12,}=*"
    r"|\bAKIA[A-Z0-9]{12,}|(?i:api[_-]?key|token|password|secret)[\"']?\s*[:=]\s*[\"']?[\w./+-]{12,}"
)
SECRET_MARK = "[secret]"
NEAREST_LINES = 12
"""Lines of the difference to the nearest recording that are shown."""


class RecordingMissing(InputError):
    """A call that is to be replayed was never recorded."""


class RecordedModel(Record):
    """The model that answered."""

    spec: str
    identity: str
    profile: Profile
    context_tokens: int
    hosted: bool


class RecordedCall(Record):
    """One call and its answer."""

    messages: tuple[tuple[str, str], ...]
    """Role, and hash of the text."""
    output: str
    """Name of the answer's schema."""
    sampling: Sampling
    completion: Completion


class _File(Record):
    format_version: int = FORMAT_VERSION
    model: RecordedModel
    texts: dict[str, str] = Field(default_factory=dict)
    calls: dict[str, RecordedCall] = Field(default_factory=dict)


class Recordings:
    """One model's recorded answers.

    Args:
        path: of the file; it need not be there yet.
        model: who answers, where the file is not there.

    Raises:
        InputError: when the file cannot be read, or is not there and no model is given.
    """

    def __init__(self, path: Path, model: RecordedModel | None = None) -> None:
        self.path = path
        self._file = _read(path, model)
        if model is not None and self._file.model.identity != model.identity:
            # Answers of another version of the model explain nothing about this one.
            self._file = _File(model=model)

    @property
    def model(self) -> RecordedModel:
        """Who answered."""
        return self._file.model

    def __len__(self) -> int:
        return len(self._file.calls)

    def get(self, messages: Sequence[Message], schema: Mapping[str, Any], sampling: Sampling) -> Completion | None:
        """The answer recorded for the call; None where there is none."""
        call = self._file.calls.get(self.key(messages, schema, sampling))
        return None if call is None else call.completion

    def put(
        self,
        messages: Sequence[Message],
        schema: Mapping[str, Any],
        sampling: Sampling,
        completion: Completion,
    ) -> str:
        """Keeps an answer, without what looks like a secret, and returns its key; one of the same key is replaced."""
        key = self.key(messages, schema, sampling)
        hashes = []
        for message in messages:
            text = without_secrets(message.text)
            digest = sha256_text(text)[:12]
            self._file.texts[digest] = text
            hashes.append((message.role, digest))
        self._file.calls[key] = RecordedCall(
            messages=tuple(hashes),
            output=str(schema.get("title", "")),
            sampling=sampling,
            completion=completion.model_copy(update={"text": without_secrets(completion.text)}),
        )
        return key

    def key(self, messages: Sequence[Message], schema: Mapping[str, Any], sampling: Sampling) -> str:
        """Hash of the model and the whole call."""
        return sha256_json({
            "model": self.model.identity,
            "messages": [message.model_dump() for message in messages],
            "schema": schema,
            "sampling": sampling.model_dump(),
        })[:24]

    def missing(self, messages: Sequence[Message], sampling: Sampling) -> RecordingMissing:
        """The error of a call that is not there, with what sets it apart from the nearest that is."""
        return RecordingMissing(
            "the call was never recorded",
            where=f"{self.path.name}; {self._nearest(messages, sampling)}",
            mend="record it: personas eval run SUITE --record",
        )

    def save(self, used: frozenset[str] | None = None) -> None:
        """Writes the file.

        Args:
            used: keys to keep; None: all.

        Raises:
            OutputError: when it cannot be written.
        """
        calls = {key: call for key, call in sorted(self._file.calls.items()) if used is None or key in used}
        texts = {digest for call in calls.values() for _role, digest in call.messages}
        kept = {
            "format_version": FORMAT_VERSION,
            "model": self.model.model_dump(mode="json"),
            "texts": {digest: text for digest, text in sorted(self._file.texts.items()) if digest in texts},
            "calls": {key: call.model_dump(mode="json", exclude_defaults=True) for key, call in calls.items()},
        }
        write_text_atomically(self.path, dump_lines(kept, levels=2))

    def _nearest(self, messages: Sequence[Message], sampling: Sampling) -> str:
        asked = _as_text(messages)
        best, likeness = None, 0.0
        for call in self._file.calls.values():
            recorded = _as_text([Message(role=role, text=self._file.texts[at]) for role, at in call.messages])
            ratio = difflib.SequenceMatcher(None, recorded, asked, autojunk=False).quick_ratio()
            if recorded == asked:
                ratio += sum(getattr(call.sampling, name) == value for name, value in sampling) / 10
            if ratio > likeness:
                best, likeness = (recorded, call), ratio
        if best is None:
            return "nothing is recorded"
        if best[0] == asked:
            told = [
                f"{name} {getattr(best[1].sampling, name)}, now {value}"
                for name, value in sampling
                if getattr(best[1].sampling, name) != value
            ]
            return f"the nearest recording has the same messages, but {', '.join(told) or 'another schema'}"
        changed = difflib.unified_diff(best[0].splitlines(), asked.splitlines(), "recorded", "asked", lineterm="", n=0)
        return "the nearest recording differs:\n" + "\n".join(list(changed)[:NEAREST_LINES])


def recording_path(home: Path, suite: str, spec: str) -> Path:
    """Where the recordings of a suite by a model lie."""
    return home / "recordings" / suite / f"{file_stem(spec)}.json"


def file_stem(spec: str) -> str:
    """The spec as part of a file's name."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", spec).strip("-")


def without_secrets(text: str) -> str:
    """The text with what looks like a key, token or password replaced by a mark."""
    return _SECRET.sub(SECRET_MARK, text)


def _read(path: Path, model: RecordedModel | None) -> _File:
    if not path.is_file():
        if model is None:
            raise InputError(
                "nothing is recorded for this suite and model",
                where=str(path.relative_to(HOME)) if path.is_relative_to(HOME) else str(path),
                mend="record it with: personas eval run SUITE --record",
            )
        return _File(model=model)
    try:
        return _File.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        raise InputError(f"the recordings cannot be read: {error}", where=str(path)) from error


def _as_text(messages: Sequence[Message]) -> str:
    return "\n".join(f"[[{message.role}]]\n{message.text}" for message in messages)

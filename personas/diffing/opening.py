"""A persona set to compare, with what lies beside it: who is in which persona, the documents, the manifest."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from persona_kit.errors import InputError
from personas.diffing.records import OUTSIDE
from personas.outputs import MANIFEST
from personas.persona_set import FORMAT_VERSION, PersonaSet
from personas.records import Persona
from personas.showing import RESULT_FILE, load_persona_set
from personas.spreadsheet import as_it_was

_FOLDER = "name the folder that `personas generate` wrote, or its personas.json to compare that alone"
_AGAIN = "run `personas generate` again, or name personas.json itself to compare that alone"


class ListedDocument(NamedTuple):
    """A line of documents.csv."""

    customer_id: str
    source: str
    text_sha256: str


@dataclass(frozen=True)
class OpenedSet:
    """A persona set, and what is known beside it."""

    path: Path
    personas: PersonaSet
    places: Mapping[str, str] | None
    """customer id -> persona id, or `outside`; None where the set was given alone."""
    documents: Mapping[str, ListedDocument] | None
    manifest: Mapping[str, Any] | None

    @cached_property
    def by_id(self) -> Mapping[str, Persona]:
        """Persona id -> persona, in the order of the set."""
        return {persona.persona_id: persona for persona in self.personas.personas}

    @cached_property
    def members(self) -> Mapping[str, frozenset[str]]:
        """Place -> customer ids; empty where the set was given alone."""
        found: dict[str, set[str]] = {}
        for customer_id, place in (self.places or {}).items():
            found.setdefault(place, set()).add(customer_id)
        return {place: frozenset(customers) for place, customers in found.items()}

    @cached_property
    def written_by(self) -> Mapping[str, tuple[str, ...]]:
        """Customer id -> document ids."""
        found: dict[str, list[str]] = {}
        for document_id, line in (self.documents or {}).items():
            found.setdefault(line.customer_id, []).append(document_id)
        return {customer_id: tuple(documents) for customer_id, documents in found.items()}


def open_set(path: Path) -> OpenedSet:
    """The set in a results folder, or in a file.

    A personas.json that lies in its results folder stands for the folder; any other file is a set alone.

    Raises:
        InputError: when nothing is there, it holds no personas, or its files do not belong together.
    """
    if path.is_file() and path.name == RESULT_FILE and (path.parent / MANIFEST).is_file():
        path = path.parent
    if path.is_file():
        return OpenedSet(path, _checked(_read_set(path), path), None, None, None)
    personas = _checked(load_persona_set(path), path)
    manifest = _read_manifest(path / MANIFEST)
    return OpenedSet(path, personas, _read_places(path, personas), _read_documents(path / "documents.csv"), manifest)


def _read_set(path: Path) -> PersonaSet:
    try:
        return PersonaSet.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InputError(f"the file cannot be read: {error.strerror}", where=str(path), mend=_FOLDER) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise InputError(
            f"this is not a persona set of this version: {first['msg']}",
            where=f"{path}, {'.'.join(str(part) for part in first['loc']) or 'top level'}",
            mend=_FOLDER,
        ) from error


def _checked(personas: PersonaSet, path: Path) -> PersonaSet:
    if personas.format_version != FORMAT_VERSION:
        raise InputError(
            f"the set was written in format {personas.format_version}, and this version reads format {FORMAT_VERSION}",
            where=str(path),
            mend="compare it with the version that wrote it, or run `personas generate` again",
        )
    if not personas.personas:
        raise InputError(
            "there are no personas here to compare",
            where=str(path),
            mend="run `personas generate` over the same sources; `personas segment` writes segments without personas",
        )
    return personas


def _read_manifest(path: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        _ = {**manifest["options"]}, {**manifest["inputs"]}, {**manifest["prompts"]}, {**manifest["engine"]}
        _ = manifest["run_key"], manifest["embedder"], manifest["tool_version"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"the run's manifest cannot be read: {error}", where=str(path), mend=_AGAIN) from error
    return manifest


def _read_places(folder: Path, personas: PersonaSet) -> dict[str, str]:
    path = folder / "assignments.csv"
    known = {persona.persona_id for persona in personas.personas}
    places: dict[str, str] = {}
    for customer_id, persona_id in _read_rows(path, ("customer_id", "persona_id")):
        if customer_id in places:
            raise InputError(
                f"the customer {customer_id} stands in it twice",
                where=str(path),
                mend="restore the file as `personas generate` wrote it",
            )
        if persona_id and persona_id not in known:
            raise InputError(
                f"it belongs to another run: it names {persona_id}, which personas.json does not hold",
                where=str(path),
                mend=_AGAIN,
            )
        places[customer_id] = sys.intern(persona_id) or OUTSIDE
    return places


def _read_documents(path: Path) -> dict[str, ListedDocument]:
    rows = _read_rows(path, ("document_id", "customer_id", "source", "text_sha256"))
    return {
        document: ListedDocument(customer, sys.intern(source), digest) for document, customer, source, digest in rows
    }


def _read_rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The cells of these columns, a row at a time: the files of a large run have millions.

    Raises:
        InputError: when it is not there, cannot be read, or lacks a column or a cell.
    """
    try:
        # A spreadsheet that saves it again puts a byte order mark in front.
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            header = next(reader, [])
            missing = [column for column in columns if column not in header]
            if missing:
                raise InputError(f"the file has no column {', '.join(missing)}", where=str(path), mend=_AGAIN)
            places = [header.index(column) for column in columns]
            for row in reader:
                if row and len(row) <= max(places):
                    raise InputError("the line is cut short", where=f"{path}, line {reader.line_num}", mend=_AGAIN)
                if row:
                    yield tuple(as_it_was(row[place]) for place in places)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"the file cannot be read: {error}", where=str(path), mend=_AGAIN) from error

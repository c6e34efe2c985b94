"""Reads the sources of a run again and checks everything a persona set rests on: quotes, sentences, counts, tables."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from persona_kit.errors import InputError
from persona_kit.progress import Progress, Silent
from personas.attributes import load_schema
from personas.options import GenerateOptions
from personas.outputs import MANIFEST
from personas.persona_set import PersonaSet
from personas.pipeline import read_options
from personas.proving import Quoted, claim_faults, quote_faults, quotes_of, sentence_faults, table_faults
from personas.showing import load_persona_set
from personas.spreadsheet import as_it_was
from retrieval.documents import Document
from retrieval.reading import Reading, read_documents

NEEDED_TO_READ = frozenset({"text", "customer", "id", "time", "rating", "product", "redact", "customers", "orders"})
"""Options that decide what the text of a document is."""

_OF_TABLES = frozenset({"events", "seed", "schema_ref"})
"""Options that decide what is known of the people beside."""


@dataclass(frozen=True, kw_only=True)
class Verification:
    """What a check found."""

    ok: bool
    """Whether every quote stands in its source, no cited document has changed, and the rest holds."""
    checked: int
    """Quotes looked up, wherever the results quote somebody."""
    failures: list[str]
    """What does not verify, one sentence each."""
    changed_uncited: list[str]
    """Documents that were changed, added or removed since and that nobody cites."""
    sentences: int = 0
    """Sentences of narratives and actions whose claims were looked up."""
    table_claims: int = 0
    """Claims of the customer table that were counted again."""


def verify(out: Path, *, progress: Progress | None = None, sources: Sequence[str] | None = None) -> Verification:
    """Whether the personas in the folder still stand on their sources.

    Args:
        out: the folder that `generate` wrote.
        progress: told of the reading.
        sources: where the sources are now, in the order they were given; None where they have not moved.

    Raises:
        InputError: when the results or the sources cannot be read.
    """
    persona_set = load_persona_set(out)
    options = _options_of(load_manifest(out), out, NEEDED_TO_READ | _OF_TABLES)
    stored = load_stored_documents(out)
    reading = read_again(out, sources=sources, progress=progress or Silent())
    now = {document.document_id: document for document in reading.documents}
    quoted = [*quotes_of(persona_set), *quotes_of(_profiles(out), "profiles.jsonl")]
    found = _compare(quoted, stored, now)
    beside = [*_claims_hold(out, persona_set, now, options)]
    personas = persona_set.personas
    return Verification(
        ok=not found.failures and not beside,
        checked=len(quoted),
        failures=[*found.failures, *beside],
        changed_uncited=found.changed_uncited,
        sentences=sum(len(persona.narrative) + len(persona.actions) for persona in personas),
        table_claims=sum(claim.basis is not None for persona in personas for claim in persona.claims),
    )


def _claims_hold(
    out: Path, persona_set: PersonaSet, now: Mapping[str, Document], options: GenerateOptions
) -> Iterator[str]:
    """What is wrong beside the quotes: sentences and actions, counts, claims of tables."""
    try:
        schema = load_schema(options.schema_ref)
    except InputError:
        schema = None  # then the attributes that are sensitive by default are
    segment_of = load_assignments(out)
    for persona in persona_set.personas:
        yield from sentence_faults(persona, schema)
        yield from claim_faults(persona, segment_of)
    writing = sorted({document.customer_id for document in now.values()})
    yield from table_faults(persona_set, segment_of, options, writing)


def _profiles(out: Path) -> list[object]:
    """The profiles, where they were written."""
    path = out / "profiles.jsonl"
    if not path.exists():
        return []
    # By bytes: a text file would also be cut at line ends that stand within a customer's words.
    return [json.loads(line) for line in path.read_bytes().split(b"\n") if line]


def read_again(out: Path, *, sources: Sequence[str] | None, progress: Progress) -> Reading:
    """The sources of the run in the folder, read as the run read them.

    Args:
        out: the folder that `generate` wrote.
        sources: where the sources are now, in the order they were given; None where they have not moved.
        progress: told of the reading.

    Raises:
        InputError: when the manifest or the sources cannot be read.
    """
    manifest = load_manifest(out)
    options = _options_of(manifest, out, NEEDED_TO_READ)
    places = list(sources) if sources is not None else [_place(source) for source in manifest["sources"]]
    if "-" in places:
        raise InputError(
            "the documents came from standard input, which cannot be read again",
            where=str(out),
            mend="save what was piped in to a file and name it with --source",
        )
    return read_documents(places, read_options(options), progress=progress)


def _options_of(manifest: Mapping[str, Any], out: Path, names: frozenset[str]) -> GenerateOptions:
    """These options of the run."""
    known = {name: value for name, value in manifest["options"].items() if name in names}
    try:
        return GenerateOptions.model_validate(known)
    except ValidationError as error:
        raise InputError(
            f"{error.error_count()} of the manifest's options do not fit this version",
            where=str(out / MANIFEST),
            mend="run generate again with this version",
        ) from error


def _compare(quoted: Sequence[Quoted], stored: Mapping[str, str], now: Mapping[str, Document]) -> Verification:
    """The quotes, and the documents that were changed since."""
    cited = {one.document_id for one in quoted}
    failures = quote_faults(quoted, now)
    faulty = {one.document_id for one in quoted if quote_faults([one], now)}
    changed = [
        document_id
        for document_id, digest in stored.items()
        if document_id not in now or now[document_id].text_sha256 != digest
    ]
    failures += [
        f"document {document_id} is cited and was changed since, outside of its quotes"
        for document_id in changed
        if document_id in cited and document_id not in faulty
    ]
    uncited = [document_id for document_id in changed if document_id not in cited]
    uncited += [document_id for document_id in now if document_id not in stored]
    return Verification(ok=not failures, checked=len(quoted), failures=failures, changed_uncited=sorted(uncited))


def _place(source: Mapping[str, str]) -> str:
    """The source as it was given where that still leads there, else where it was on this machine."""
    return source["given"] if Path(source["given"]).exists() else source["path"]


def load_manifest(out: Path) -> dict[str, Any]:
    """The manifest of the run in the folder; it has `options` and `sources`.

    Raises:
        InputError: when there is none, or it is not one.
    """
    try:
        manifest: dict[str, Any] = json.loads((out / MANIFEST).read_text(encoding="utf-8"))
        _ = manifest["options"], manifest["sources"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"the run's manifest cannot be read: {error}",
            where=str(out / MANIFEST),
            mend="name the folder that `personas generate` wrote",
        ) from error
    return manifest


def load_stored_documents(out: Path) -> dict[str, str]:
    """The run's documents: id -> SHA-256 of the text.

    Raises:
        InputError: when documents.csv cannot be read.
    """
    path = out / "documents.csv"
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return {as_it_was(row["document_id"]): row["text_sha256"] for row in csv.DictReader(file)}
    except (OSError, KeyError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"the list of the run's documents cannot be read: {error}",
            where=str(path),
            mend="name the folder that `personas generate` wrote",
        ) from error


def load_assignments(out: Path) -> dict[str, str]:
    """Who belongs where: customer -> segment_id.

    Raises:
        InputError: when assignments.csv cannot be read.
    """
    path = out / "assignments.csv"
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return {as_it_was(row["customer_id"]): row["segment_id"] for row in csv.DictReader(file)}
    except (OSError, KeyError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"who belongs where cannot be read: {error}",
            where=str(path),
            mend="name the folder that `personas generate` wrote",
        ) from error


def tell_verification(result: Verification) -> list[str]:
    """What was found, a line each; the verdict last."""
    changed = [f"changed since, but nothing cites it: {name}" for name in result.changed_uncited]
    failed = [f"does not verify: {failure}" for failure in result.failures]
    verdict = "every quote stands in its source" if result.ok else f"{len(result.failures)} do not verify"
    beside = f"{result.sentences} sentences and actions, {result.table_claims} claims of tables checked"
    return [*changed, *failed, beside, f"{result.checked} quotes checked: {verdict}"]

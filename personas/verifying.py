"""Reads the sources of a run again and checks that every quote still stands where the personas say."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from persona_kit.errors import InputError
from persona_kit.progress import Progress, Silent
from personas.grounding import quotes_hold
from personas.options import GenerateOptions
from personas.outputs import MANIFEST
from personas.persona_set import PersonaSet
from personas.pipeline import read_options
from personas.showing import load_persona_set
from retrieval.documents import Citation, Document
from retrieval.reading import read_documents

NEEDED_TO_READ = frozenset({"text", "customer", "id", "time", "rating", "product", "redact", "customers", "orders"})
"""Options that decide what the text of a document is."""


@dataclass(frozen=True, kw_only=True)
class Verification:
    """What a check found."""

    ok: bool
    """Whether every quote stands in its source and no cited document has changed."""
    checked: int
    """Quotes looked up."""
    failures: list[str]
    """What does not verify, one sentence each."""
    changed_uncited: list[str]
    """Documents that were changed, added or removed since and that nobody cites."""


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
    manifest = _load_manifest(out)
    stored = _load_documents(out)
    options = _options_of(manifest, out)
    places = list(sources) if sources is not None else [_place(source) for source in manifest["sources"]]
    if "-" in places:
        raise InputError(
            "the documents came from standard input, which cannot be read again",
            where=str(out),
            mend="save what was piped in to a file and name it with --source",
        )
    reading = read_documents(places, read_options(options), progress=progress or Silent())
    now = {document.document_id: document for document in reading.documents}
    return _compare(persona_set, stored, now)


def _options_of(manifest: Mapping[str, Any], out: Path) -> GenerateOptions:
    """The options of the run, as far as reading the sources needs them."""
    known = {name: value for name, value in manifest["options"].items() if name in NEEDED_TO_READ}
    try:
        return GenerateOptions.model_validate(known)
    except ValidationError as error:
        raise InputError(
            f"{error.error_count()} of the manifest's options do not fit this version",
            where=str(out / MANIFEST),
            mend="run generate again with this version",
        ) from error


def _compare(persona_set: PersonaSet, stored: Mapping[str, str], now: dict[str, Document]) -> Verification:
    claims = [claim for persona in persona_set.personas for claim in persona.claims]
    citations = [c for claim in claims for c in (*claim.citations, *claim.counter_citations)]
    citations += [citation for persona in persona_set.personas for citation in persona.quotes]
    cited = {citation.document_id for citation in citations}
    failures = [f"{p.name}, {fault}" for p in persona_set.personas for fault in quotes_hold(p.claims, now)]
    failures += [
        f"{persona.name}: the quote shown from {citation.document_id} does not stand there"
        for persona in persona_set.personas
        for citation in persona.quotes
        if not _stands(citation, now)
    ]
    faulty = {document_id for document_id in cited if any(document_id in failure for failure in failures)}
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
    return Verification(ok=not failures, checked=len(citations), failures=failures, changed_uncited=sorted(uncited))


def _stands(citation: Citation, now: Mapping[str, Document]) -> bool:
    document = now.get(citation.document_id)
    return document is not None and document.text[citation.start : citation.end] == citation.quote


def _place(source: Mapping[str, str]) -> str:
    """The source as it was given where that still leads there, else where it was on this machine."""
    return source["given"] if Path(source["given"]).exists() else source["path"]


def _load_manifest(out: Path) -> dict[str, Any]:
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


def _load_documents(out: Path) -> dict[str, str]:
    path = out / "documents.csv"
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return {row["document_id"]: row["text_sha256"] for row in csv.DictReader(file)}
    except (OSError, KeyError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"the list of the run's documents cannot be read: {error}",
            where=str(path),
            mend="name the folder that `personas generate` wrote",
        ) from error


def tell_verification(result: Verification) -> list[str]:
    """What was found, a line each; the verdict last."""
    changed = [f"changed since, but nothing cites it: {name}" for name in result.changed_uncited]
    failed = [f"does not verify: {failure}" for failure in result.failures]
    verdict = "every quote stands in its source" if result.ok else f"{len(result.failures)} do not verify"
    return [*changed, *failed, f"{result.checked} quotes checked: {verdict}"]

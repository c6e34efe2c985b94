"""The last step of a run: the files of its export level, audited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from personas.auditing import Auditor, AuditReport, read_canaries
from personas.exporting import OF_PEOPLE, export_findings, export_manifest, export_set
from personas.options import GenerateOptions
from personas.outputs import MANIFEST, Findings, manifest_text, render_outputs
from personas.persona_set import PersonaSet
from retrieval.corpus import Corpus
from retrieval.documents import Quarantined
from retrieval.reading import Reading


def auditor_of(options: GenerateOptions, reading: Reading, customers: Sequence[str]) -> Auditor:
    """What the files of a run are audited for.

    Args:
        options: of the run.
        reading: its documents.
        customers: ids of the customer table.

    Raises:
        InputError: when the file of canaries cannot be read.
    """
    ids = {one for document in reading.documents for one in (document.document_id, document.customer_id)}
    return Auditor(
        level=options.export,
        redact=options.redact,
        ids=frozenset(ids | set(customers)),
        canaries=read_canaries(options.canaries),
    )


def render_released(
    persona_set: PersonaSet,
    corpus: Corpus,
    findings: Findings,
    manifest: Mapping[str, Any],
    quarantined: Sequence[Quarantined],
    auditor: Auditor,
    store: Path,
) -> tuple[dict[str, str], AuditReport]:
    """The files by name as they may be written, the manifest with what the audit found.

    Raises:
        PrivacyError: when something stands in them that must not be written.
    """
    level = auditor.level
    shown = export_set(persona_set, level)
    files = render_outputs(
        shown,
        corpus,
        export_findings(findings, shown, level),
        export_manifest(manifest, level),
        quarantined,
        with_sources=level == "internal",
    )
    if level != "internal":
        files = {name: text for name, text in files.items() if name not in OF_PEOPLE}
    return audit_files(files, export_manifest(manifest, level), auditor, store)


def audit_files(
    files: Mapping[str, str], manifest: Mapping[str, Any], auditor: Auditor, store: Path
) -> tuple[dict[str, str], AuditReport]:
    """The files as they may be written, with a manifest that tells what the audit found.

    Raises:
        PrivacyError: when something stands in them that must not be written.
    """
    told = {**files, MANIFEST: manifest_text(manifest)}
    audited, report = auditor.audit(told, store)
    # What the report adds are names of files and counts.
    final = {**manifest, "audit": report.model_dump()}
    return {**audited, **auditor.audit({MANIFEST: manifest_text(final)})[0]}, report


def tell_audit(report: AuditReport) -> list[str]:
    """What the audit changed, as warnings; empty where nothing."""
    told = []
    if report.masked:
        where = ", ".join(f"{name} ({count})" for name, count in sorted(report.masked.items()))
        told.append(f"the audit masked personal data that redaction had left in {where}")
    if report.answers_removed:
        told.append(f"the audit removed {report.answers_removed} stored answers of the model that held personal data")
    return told

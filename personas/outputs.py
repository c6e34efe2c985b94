"""The files a run leaves: written beside their place and moved into it, never over a different run."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from persona_kit.atomic_write import write_text_atomically
from persona_kit.errors import OutputError
from persona_kit.hashing import sha256_file, sha256_json
from persona_kit.version import tool_version
from personas.agent import TraceStep
from personas.agent.trace_file import TRACE_FILE, render_trace
from personas.attributes import AttributeSchema
from personas.describing import Aside
from personas.models.ledger import Totals
from personas.options import GenerateOptions
from personas.persona_set import PersonaSet
from personas.profiles.records import CustomerProfile
from personas.records import MapPoint
from personas.spreadsheet import csv_text
from personas.themes import ThemeModel
from retrieval.corpus import Corpus
from retrieval.documents import Citation, Document, Quarantined
from retrieval.reading import Reading

MANIFEST = "manifest.json"
PART_PREFIX = ".part-"
"""Folders that files are written in before they are moved; a run that was killed leaves one behind."""

RESULT_FILES = frozenset({
    "assignments.csv",
    "documents.csv",
    MANIFEST,
    "personas.json",
    "personas.md",
    "quarantine.jsonl",
    "report.html",
    "segment_model.json",
    "themes.csv",
    TRACE_FILE,
})
PROFILE_FILES = frozenset({"profiles.csv", "profiles.jsonl"})
"""Written where they were asked for."""

NOT_OF_THE_RESULT = frozenset({
    "canaries",
    "corrections",  # what they say counts, not where they lie
    "out",
    "workspace",
    "force",
    "stdin",
    "dry_run",
    "threads",
    "max_concurrency",
    "requests_per_minute",
    "tokens_per_minute",
    "call_timeout",
    "deadline",
    "budget_tokens",
    "budget_usd",
    "price",
})
"""Options that do not change what a finished run finds."""


@dataclass(frozen=True, kw_only=True)
class RunFacts:
    """What the manifest tells of a run."""

    run_key: str
    sources: tuple[str, ...]
    reading: Reading
    options: GenerateOptions
    author: str
    model: str
    stages: Mapping[str, Totals]
    """What the model cost, by prompt."""
    unfinished: tuple[str, ...]
    """Segments without a persona, because what the run may spend ran out."""
    timings_s: Mapping[str, float]
    corrections: Mapping[str, str] | None = None
    """File and hash of what is corrected by hand; None where nothing is."""


class OutputFolder:
    """The folder of the results.

    Args:
        path: where it is or will be.
        force: whether the results of a different run may be replaced.
    """

    def __init__(self, path: Path, *, force: bool) -> None:
        self.path = path
        self._force = force

    def check_writable(self) -> None:
        """Fails before any work is done where nothing could be written at its end.

        Raises:
            OutputError: when the folder cannot be made or written, or holds something that is not a run.
        """
        if self.path.exists() and not self.path.is_dir():
            raise OutputError(
                "the output is a file, not a folder", where=str(self.path), mend="name a folder with --out"
            )
        parent = self.path if self.path.exists() else self._nearest_parent()
        try:
            with tempfile.TemporaryFile(dir=parent):
                pass
        except OSError as error:
            raise OutputError(
                f"the output folder cannot be written: {error.strerror or error}",
                where=str(self.path),
                mend="name a folder you can write to with --out",
            ) from error
        holds = {entry.name for entry in self.path.iterdir()} if self.path.exists() else set()
        # Our own files without a manifest are a first run that was killed: the next may write over them.
        holds -= RESULT_FILES | PROFILE_FILES if MANIFEST not in holds else holds
        holds = {name for name in holds if not name.startswith(PART_PREFIX)}
        if holds and not self._force:
            raise OutputError(
                f"the output folder holds something else ({', '.join(sorted(holds)[:3])})",
                where=str(self.path),
                mend="name another folder with --out, or add --force to write into this one",
            )

    def _nearest_parent(self) -> Path:
        parent = self.path.absolute().parent
        while not parent.exists():
            parent = parent.parent
        return parent

    def check_same_run(self, run_key: str) -> None:
        """Fails where the folder holds the results of a run of other inputs or options.

        Raises:
            OutputError: unless `force` was given.
        """
        manifest = self.path / MANIFEST
        if self._force or not manifest.exists():
            return
        try:
            stored = json.loads(manifest.read_text(encoding="utf-8")).get("run_key")
        except (OSError, ValueError, AttributeError):
            stored = None
        if stored != run_key:
            raise OutputError(
                "the output folder holds the results of a run with other inputs or options",
                where=str(self.path),
                mend="name another folder with --out, or add --force to replace them",
            )

    def replace_files(self, files: Mapping[str, str]) -> list[Path]:
        """Writes all files beside the folder, then moves them in; the manifest, which vouches for the rest, last.

        Raises:
            OutputError: when that fails; where it fails before the moving, what was there before is still whole.
        """
        staging: Path | None = None
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            for left in self.path.glob(f"{PART_PREFIX}*"):
                shutil.rmtree(left, ignore_errors=True)
            staging = Path(tempfile.mkdtemp(dir=self.path, prefix=PART_PREFIX))
            for name, text in files.items():
                write_text_atomically(staging / name, text)
            # A run killed between two moves leaves files of two runs: without a manifest, nothing vouches for them.
            (self.path / MANIFEST).unlink(missing_ok=True)
            for left_over in (PROFILE_FILES | RESULT_FILES) - files.keys():
                (self.path / left_over).unlink(missing_ok=True)
            written = []
            for name in sorted(files, key=lambda name: name == MANIFEST):
                Path(staging / name).replace(self.path / name)
                written.append(self.path / name)
        except OSError as error:
            raise OutputError(
                f"the results cannot be written: {error.strerror or error}",
                where=str(self.path),
                mend="check that the disk has room and the folder is yours, then run again: nothing is computed twice",
            ) from error
        finally:
            if staging is not None:
                shutil.rmtree(staging, ignore_errors=True)
        return sorted(written)


def tell_run_key(
    reading: Reading,
    options: GenerateOptions,
    schema: AttributeSchema,
    *,
    command: str = "generate",
    corrections: str = "",
) -> str:
    """A key of everything that shapes the results: the inputs' bytes, the options and the attribute schema.

    Args:
        reading: the inputs.
        options: of the run.
        schema: the attributes looked for.
        command: `generate` or `segment`.
        corrections: a hash of what is corrected by hand; empty where nothing is.
    """
    settings = options.model_dump(mode="json", exclude=set(NOT_OF_THE_RESULT))
    tables = {
        path: sha256_file(Path(path))
        for path in (options.customers, options.orders, options.events)
        if path is not None
    }
    content: dict[str, Any] = {"files": reading.files, "tables": tables, "schema": schema.model_dump(mode="json")}
    content |= {"corrections": corrections} if corrections else {}
    return sha256_json({**content, "options": settings, "command": command, "version": tool_version()})


def build_manifest(persona_set: PersonaSet, facts: RunFacts) -> dict[str, Any]:
    """Everything needed to tell how the results came about, and to check them again."""
    totals = sum(facts.stages.values(), Totals())
    prompts = {name: digest for persona in persona_set.personas for name, digest in persona.provenance.prompts.items()}
    return {
        "format_version": persona_set.format_version,
        "tool_version": tool_version(),
        "run_key": facts.run_key,
        "sources": [{"given": source, "path": _absolute(source)} for source in facts.sources],
        "inputs": dict(facts.reading.files),
        "options": facts.options.model_dump(mode="json", exclude={"stdin", "force"}),
        "counts": {
            "inputs": facts.reading.inputs,
            "processed": len(facts.reading.documents),
            "quarantined": len(facts.reading.quarantined),
            "people": persona_set.people,
            "personas": len(persona_set.personas),
            "claims": sum(len(persona.claims) for persona in persona_set.personas),
        },
        "engine": {"author": facts.author, "model": facts.model},
        "embedder": persona_set.segmentation.embedder,
        "prompts": dict(sorted(prompts.items())),
        "seed": facts.options.seed,
        "model_calls": {"made": totals.made, "reused": totals.reused, "failed": totals.failed},
        "tokens": {"prompt": totals.prompt_tokens, "completion": totals.completion_tokens},
        "cost_usd": totals.cost_usd if totals.cost_usd is not None else (0.0 if facts.author == "extractive" else None),
        "ledger": {stage: stage_totals.model_dump() for stage, stage_totals in facts.stages.items()},
        "unfinished_segments": list(facts.unfinished),
        "corrections": _tell_corrections(persona_set, facts),
        "timings_s": dict(facts.timings_s),
    }


def _tell_corrections(persona_set: PersonaSet, facts: RunFacts) -> dict[str, Any] | None:
    """Which file corrected what, and how many of its entries found what they name."""
    if facts.corrections is None:
        return None
    applied = sum(one.applied for one in persona_set.corrections)
    entries = [one.model_dump(mode="json") for one in persona_set.corrections]
    return {**facts.corrections, "entries": entries, "applied": applied, "not_found": len(entries) - applied}


def _absolute(source: str) -> str:
    return source if source == "-" else str(Path(source).absolute())


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What the files hold beside the set of personas."""

    themes: ThemeModel
    map_points: Sequence[MapPoint]
    theme_shares: Mapping[str, Mapping[str, float]]
    """segment_id -> theme_id -> share of the segment's people who voice it."""
    segment_lifts: Mapping[str, Mapping[str, float | None]]
    """The same for the adjusted ratio to everybody else."""
    theme_quotes: Mapping[str, Sequence[Citation]]
    segment_terms: Mapping[str, Sequence[str]]
    asides: Mapping[str, Aside]
    segment_model: str
    """What places new customers, as text; see `personas.assigning`."""
    profiles: Iterable[CustomerProfile] | None = None
    """Of every customer; None where they were not asked for."""
    trace: Sequence[TraceStep] = ()
    """How each persona came about."""


def render_outputs(
    persona_set: PersonaSet,
    corpus: Corpus,
    findings: Findings,
    manifest: Mapping[str, Any],
    quarantined: Sequence[Quarantined],
    *,
    with_sources: bool = True,
) -> dict[str, str]:
    """Every file of a run by its name; see `docs/outputs.md` for what each holds.

    Args:
        persona_set: what was found.
        corpus: the documents.
        findings: what stands beside the set.
        manifest: of the run.
        quarantined: what was not processed.
        with_sources: whether the report holds the documents that are cited.
    """
    from personas.reporting.html import render_html
    from personas.reporting.markdown import render_markdown

    cited = _cited_documents(persona_set, findings.theme_quotes, corpus) if with_sources else {}
    return {
        "personas.json": without_members(persona_set).model_dump_json(indent=2) + "\n",
        "personas.md": render_markdown(
            persona_set, theme_quotes=findings.theme_quotes, segment_terms=findings.segment_terms
        ),
        "report.html": render_html(
            persona_set,
            map_points=findings.map_points,
            documents=cited,
            theme_shares=findings.theme_shares,
            segment_lifts=findings.segment_lifts,
            manifest=manifest,
            theme_quotes=findings.theme_quotes,
            segment_terms=findings.segment_terms,
        ),
        "assignments.csv": _assignments(persona_set, findings.asides),
        "themes.csv": _themes(corpus, findings.themes),
        "segment_model.json": findings.segment_model,
        **_profiles(findings.profiles),
        "documents.csv": _documents(corpus.documents),
        "quarantine.jsonl": "".join(item.model_dump_json() + "\n" for item in quarantined),
        TRACE_FILE: render_trace(findings.trace),
        MANIFEST: manifest_text(manifest),
    }


def manifest_text(manifest: Mapping[str, Any]) -> str:
    """The manifest as it is written."""
    return json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"


def as_reused(manifest: Mapping[str, Any], timings_s: Mapping[str, float]) -> dict[str, Any]:
    """The manifest of a run whose results were all there: no call was made, every answer was reused."""
    ledger = {
        stage: Totals(reused=totals["made"] + totals["reused"]).model_dump()
        for stage, totals in manifest["ledger"].items()
    }
    return {
        **manifest,
        "model_calls": {"made": 0, "reused": sum(totals["reused"] for totals in ledger.values()), "failed": 0},
        "tokens": {"prompt": 0, "completion": 0},
        "cost_usd": 0.0,
        "ledger": ledger,
        "timings_s": dict(timings_s),
    }


def _profiles(profiles: Iterable[CustomerProfile] | None) -> dict[str, str]:
    if profiles is None:
        return {}
    from personas.profiles import render_profiles_csv, render_profiles_jsonl

    lines: list[str] = []
    rows: list[str] = []
    for at, profile in enumerate(profiles):
        lines += render_profiles_jsonl([profile])
        rows += list(render_profiles_csv([profile]))[min(at, 1) :]
    return {"profiles.csv": "".join(rows), "profiles.jsonl": "".join(lines)}


def _cited_documents(
    persona_set: PersonaSet, theme_quotes: Mapping[str, Sequence[Citation]], corpus: Corpus
) -> dict[str, Document]:
    ids = {citation.document_id for quotes in theme_quotes.values() for citation in quotes}
    ids |= {
        citation.document_id
        for verdict in persona_set.products
        for point in (*verdict.praised, *verdict.blamed)
        for citation in point.citations
    }
    ids |= {
        citation.document_id
        for persona in persona_set.personas
        for claim in persona.claims
        for citation in (*claim.citations, *claim.counter_citations)
    }
    return {document_id: corpus.document_by_id[document_id] for document_id in sorted(ids)}


def without_members(persona_set: PersonaSet) -> PersonaSet:
    """The set as it is written: who belongs where stands in assignments.csv and themes.csv only."""
    segments = tuple(s.model_copy(update={"customer_ids": (), "memberships": ()}) for s in persona_set.segments)
    themes = tuple(theme.model_copy(update={"passage_ids": ()}) for theme in persona_set.themes)
    return persona_set.model_copy(update={"segments": segments, "themes": themes})


def _assignments(persona_set: PersonaSet, asides: Mapping[str, Aside]) -> str:
    persona_of = {persona.segment_id: persona.persona_id for persona in persona_set.personas}
    rows = sorted(
        (
            customer_id,
            segment.segment_id,
            persona_of.get(segment.segment_id, ""),
            f"{strength:.3f}",
            *_aside(asides.get(customer_id)),
        )
        for segment in persona_set.segments
        for customer_id, strength in zip(segment.customer_ids, segment.memberships, strict=True)
    )
    return csv_text(("customer_id", "segment_id", "persona_id", "confidence", "nearest_segment_id", "reason"), rows)


def _aside(aside: Aside | None) -> tuple[str, str]:
    return ("", "") if aside is None else (aside.nearest_segment_id, aside.reason)


def _themes(corpus: Corpus, themes: ThemeModel) -> str:
    rows = (
        (
            passage.document_id,
            passage.customer_id,
            passage.start,
            passage.end,
            themes.themes[theme].theme_id if theme >= 0 else "",
            f"{confidence:.3f}",
            "; ".join(corpus.document_by_id[passage.document_id].flagged),
        )
        for passage, theme, confidence in zip(corpus.passages, themes.passage_theme, themes.confidence, strict=True)
    )
    return csv_text(("document_id", "customer_id", "start", "end", "theme_id", "confidence", "flagged"), rows)


def _documents(documents: Iterable[Document]) -> str:
    rows = ((d.document_id, d.customer_id, d.source, d.text_sha256, "; ".join(d.flagged), d.repeats) for d in documents)
    return csv_text(("document_id", "customer_id", "source", "text_sha256", "flagged", "repeats"), rows)

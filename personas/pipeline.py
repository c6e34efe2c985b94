"""The stages of a run, in order; this page is their table of contents.

load -> clean -> redact -> split -> embed -> index        retrieval/
     -> find themes -> segment people -> describe          numbers only, no model
     -> extract -> ground -> count -> (investigate gaps) -> narrate -> check   a LangGraph graph per segment
     -> name apart -> score -> report                      over the whole set
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from persona_kit.errors import UsageError
from persona_kit.progress import Progress, Silent
from persona_kit.workspace import Workspace
from personas.assembling import assemble_persona, name_apart
from personas.attributes import AttributeSchema, OutputLanguage, load_schema
from personas.authors.seam import PersonaAuthor, SegmentBrief
from personas.claims import DEFAULT_MIN_PEOPLE, data_claims
from personas.customers import CustomerTable, categorise, find_characteristics, read_customers
from personas.describing import (
    DescribedSegment,
    build_segments,
    compare_themes,
    describe_segments,
    lay_out_map,
    length_explains,
    main_language,
)
from personas.engines import choose_author
from personas.evidence import EvidenceBase
from personas.facets import build_facets, tag_passages
from personas.identity import assign_persona_ids, load_previous, save_current
from personas.models.tracing import no_tracing
from personas.options import GenerateOptions
from personas.outputs import OutputFolder, RunFacts, build_manifest, tell_run_key, without_members, write_outputs
from personas.persona_graph import SegmentDraft, SegmentWork, draft_persona
from personas.records import DataQuality, Persona, PersonaSet, SegmentationReport
from personas.reporting.source_texts import shown_source
from personas.segmentation import Grouping, group_by_column, person_profiles, segment_people
from personas.themes import ThemeModel, find_themes
from retrieval.corpus import Corpus, build_corpus
from retrieval.reading import Reading, ReadOptions, read_documents
from retrieval.search import EvidenceSearch

PASSAGE_CHARS = 200
"""Longest passage in Latin characters: one or two sentences, so that a passage is about one thing."""


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """What a run leaves."""

    persona_set: PersonaSet
    """As `personas.json` holds it; who belongs where stands in assignments.csv."""
    out: Path
    files: list[Path]
    manifest: dict[str, Any]


@dataclass
class _Clock:
    """Seconds per stage."""

    timings_s: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            self.timings_s[name] = round(self.timings_s.get(name, 0.0) + time.perf_counter() - started, 3)


def generate(sources: Sequence[str], options: GenerateOptions, *, progress: Progress | None = None) -> RunResult:
    """Personas from documents, written to ``options.out``.

    Args:
        sources: files and folders; ``-`` reads ``options.stdin``.
        options: everything else, see `GenerateOptions`.
        progress: told of the stages, of choices made and of warnings; silent where None.

    Raises:
        PersonaKitError: anything the user can mend, see `persona_kit.errors`; nothing is written to the output then.
    """
    told = _Listening(progress or Silent())
    clock = _Clock()
    folder = OutputFolder(options.out, force=options.force)
    folder.check_writable()
    schema = load_schema(options.schema_ref)
    with ExitStack() as stack:
        stack.enter_context(no_tracing())
        workspace = stack.enter_context(Workspace.open(options.workspace))
        with clock.stage("read"):
            reading, table = _read(sources, options, told)
        run_key = tell_run_key(reading, options)
        folder.check_same_run(run_key)
        with clock.stage("index"):
            corpus = build_corpus(
                reading,
                embedder=options.embedder,
                workspace=workspace,
                progress=told,
                base_url=options.base_url if options.embedder.startswith("openai:") else None,
                max_chars=PASSAGE_CHARS,
                background=True,
            )
            indexing = corpus.indexing
            assert indexing is not None
            stack.callback(indexing.stop)
        found = _find_structure(corpus, table, options, schema, told, clock)
        language = _output_language(options, corpus)
        author = stack.enter_context(choose_author(options, found.base, language, workspace, told))
        with clock.stage("personas"):
            personas = _write_personas(found, corpus, table, author, options, schema, language, workspace, told)
        facts = RunFacts(
            run_key=run_key,
            sources=tuple(sources),
            reading=reading,
            options=options,
            author=author.kind,
            model=author.model,
            totals=author.totals,
            timings_s=clock.timings_s,
        )
        persona_set = _gather(sources, found, corpus, reading, table, personas, options, language, told.warnings)
        with clock.stage("report"):
            indexing.wait()
            files, manifest = _report(persona_set, found, corpus, facts, folder, told)
    return RunResult(persona_set=without_members(persona_set), out=options.out, files=files, manifest=manifest)


def _read(sources: Sequence[str], options: GenerateOptions, progress: Progress) -> tuple[Reading, CustomerTable]:
    """The documents and what is known of the people; nothing of the input is lost."""
    reading = read_documents(sources, read_options(options), progress=progress, stdin=options.stdin)
    assert reading.inputs == len(reading.documents) + len(reading.quarantined)
    writing = sorted({document.customer_id for document in reading.documents})
    table = read_customers(options.customers, options.orders, writing=writing, redact=options.redact)
    for note in table.notes:
        progress.note(note)
    return reading, table


class _Listening:
    """Passes everything on and keeps the warnings, which belong into the report too."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self.warnings: list[str] = []
        self.start, self.step, self.finish, self.note = progress.start, progress.step, progress.finish, progress.note

    def warn(self, message: str) -> None:
        """Kept and passed on."""
        self.warnings.append(message)
        self._progress.warn(message)


@dataclass(frozen=True, kw_only=True)
class _Structure:
    """What the numbers found, before anybody writes."""

    themes: ThemeModel
    grouping: Grouping
    base: EvidenceBase
    segments: tuple[Any, ...]
    described: list[DescribedSegment]
    report: SegmentationReport


def read_options(options: GenerateOptions) -> ReadOptions:
    """What loading is told; the same for a run and for checking it again."""
    tables = tuple(path for path in (options.customers, options.orders) if path is not None)
    return ReadOptions(
        text=options.text,
        customer=options.customer,
        id=options.id,
        time=options.time,
        rating=options.rating,
        product=options.product,
        redact=options.redact,
        exclude=tables,
    )


def _find_structure(
    corpus: Corpus,
    table: CustomerTable,
    options: GenerateOptions,
    schema: AttributeSchema,
    progress: Progress,
    clock: _Clock,
) -> _Structure:
    """Themes, segments and the evidence base."""
    progress.start("themes")
    with clock.stage("themes"):
        themes = find_themes(corpus, seed=options.seed)
    progress.finish("themes")
    if corpus.indexing is not None:
        # Themes use both cores; what follows uses one, and leaves the other to Chroma.
        corpus.indexing.start()
    progress.start("segments")
    with clock.stage("segments"):
        grouping = _group(corpus, themes, table, options)
        progress.note(f"segments: {grouping.reason}")
        silent = sorted(set(table.customers) - set(corpus.customer_ids))
        segments = build_segments(corpus, themes, grouping, silent=silent)
        described = describe_segments(corpus, themes, segments)
    progress.finish("segments")
    with clock.stage("evidence"):
        tags = tag_passages(corpus, schema)
        base = EvidenceBase(corpus, themes, build_facets(themes, tags), tags)
    report = SegmentationReport(
        representation=grouping.representation,
        reason=grouping.reason,
        stability=grouping.stability,
        candidates=grouping.candidates,
        embedder=" and ".join(space.name for space in corpus.spaces),
        themes=len(themes.themes),
        length_explains=length_explains(corpus, described),
    )
    return _Structure(
        themes=themes, grouping=grouping, base=base, segments=segments, described=described, report=report
    )


def _group(corpus: Corpus, themes: ThemeModel, table: CustomerTable, options: GenerateOptions) -> Grouping:
    if options.segment_by is None:
        count = None if options.segments == "auto" else int(options.segments)
        return segment_people(corpus, themes, segments=count, seed=options.seed)
    values = {
        customer_id: str(customer.attributes[options.segment_by])
        for customer_id, customer in table.customers.items()
        if options.segment_by in customer.attributes
    }
    if not values:
        columns = ", ".join(sorted(table.file_of_column)) or "none; give a table with --customers"
        raise UsageError(
            f"there is no column {options.segment_by!r} to segment by",
            where=f"--segment-by {options.segment_by}",
            mend=f"choose one of the customer table's columns: {columns}",
        )
    return group_by_column(corpus, values, options.segment_by)


def _output_language(options: GenerateOptions, corpus: Corpus) -> OutputLanguage:
    return main_language(corpus) if options.output_language == "auto" else options.output_language


def _write_personas(
    found: _Structure,
    corpus: Corpus,
    table: CustomerTable,
    author: PersonaAuthor,
    options: GenerateOptions,
    schema: AttributeSchema,
    language: OutputLanguage,
    workspace: Workspace,
    progress: Progress,
) -> tuple[Persona, ...]:
    """One graph run a segment, then names apart and scores over the whole set."""
    search = EvidenceSearch(corpus)
    categories = categorise(table.customers)
    members = {d.segment.segment_id: d.segment.customer_ids for d in found.described}
    ids = assign_persona_ids(members, load_previous(workspace.runs_path))
    progress.start("personas", len(found.described))
    drafts: list[tuple[DescribedSegment, SegmentBrief, SegmentDraft, Any]] = []
    for described in found.described:
        brief = _brief(described, corpus, language, options.seed)
        others = [c for d in found.described if d is not described for c in d.segment.customer_ids]
        characteristics = find_characteristics(categories, described.segment.customer_ids, others)
        work = SegmentWork(
            brief=brief,
            inside=described.inside,
            schema=schema,
            base=found.base,
            search=search,
            author=author,
            min_people=options.min_people or DEFAULT_MIN_PEOPLE,
            data_claims=tuple(data_claims(characteristics, table.file_of_column)) if schema.has("demographics") else (),
        )
        drafts.append((described, brief, draft_persona(work), characteristics))
        progress.step("personas")
    progress.finish("personas")
    names = name_apart(author, [(brief, draft) for _, brief, draft, _ in drafts], found.base)
    personas = tuple(
        assemble_persona(
            persona_id=ids[described.segment.segment_id],
            described=described,
            brief=brief,
            draft=draft,
            name=name,
            characteristics=characteristics,
            author=author,
            schema=schema,
            base=found.base,
        )
        for (described, brief, draft, characteristics), name in zip(drafts, names, strict=True)
    )
    save_current(workspace.runs_path, ids, members)
    return personas


def _brief(described: DescribedSegment, corpus: Corpus, language: OutputLanguage, seed: int) -> SegmentBrief:
    people = len(described.segment.customer_ids)
    return SegmentBrief(
        segment_id=described.segment.segment_id,
        language=language,
        source_language=described.source_language,
        people=people,
        share=people / len(corpus.customer_ids),
        terms=described.terms,
        neighbours=described.neighbours,
        seed=seed,
    )


def _gather(
    sources: Sequence[str],
    found: _Structure,
    corpus: Corpus,
    reading: Reading,
    table: CustomerTable,
    personas: tuple[Persona, ...],
    options: GenerateOptions,
    language: OutputLanguage,
    warnings: Sequence[str],
) -> PersonaSet:
    return PersonaSet(
        title=options.title or _title(sources, language),
        language=language,
        personas=personas,
        segments=found.segments,
        themes=found.themes.themes,
        data=_data_quality(corpus, reading, table, options),
        segmentation=found.report,
        sizes={segment.segment_id: len(segment.customer_ids) for segment in found.segments},
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _title(sources: Sequence[str], language: OutputLanguage) -> str:
    names = [Path(source).resolve().stem if source != "-" else "stdin" for source in sources]
    subject = names[0] if len(names) == 1 else f"{names[0]} +{len(names) - 1}" if names else ""
    return f"{subject}：用户画像" if language == "zh" else f"Personas from {subject}"


def _data_quality(corpus: Corpus, reading: Reading, table: CustomerTable, options: GenerateOptions) -> DataQuality:
    documents = reading.documents
    dates = sorted(document.created_at[:10] for document in documents if document.created_at)
    reasons = _count(item.reason for item in reading.quarantined)
    return DataQuality(
        inputs=reading.inputs,
        documents=len(documents),
        quarantined=len(reading.quarantined),
        merged=reasons.get("duplicate of same customer", 0),
        customers=len(corpus.customer_ids),
        passages=len(corpus.passages),
        words=int(corpus.words_per_customer.sum()),
        languages=_count(document.language for document in documents),
        sources=_count(shown_source(document.source) for document in documents),
        kinds=_count(document.kind for document in documents if document.kind),
        reasons=reasons,
        redactions=reading.redactions,
        redact_level=options.redact,
        columns=tuple(_without_folders(line, reading) for line in (*reading.columns, *table.notes)),
        bursts=reading.bursts,
        first_date=dates[0] if dates else None,
        last_date=dates[-1] if dates else None,
        customers_in_table=len(table.customers),
        customers_joined=len(set(table.customers) & set(corpus.customer_ids)),
    )


def _without_folders(line: str, reading: Reading) -> str:
    """The line with sources named as a report names them."""
    for source in reading.files:
        line = line.replace(source, shown_source(source))
    return line


def _count(values: Any) -> dict[str, int]:
    names, counts = np.unique(np.array(list(values), dtype=object).astype(str), return_counts=True)
    return {
        str(name): int(count) for name, count in sorted(zip(names, counts, strict=True), key=lambda p: (-p[1], p[0]))
    }


def _report(
    persona_set: PersonaSet,
    found: _Structure,
    corpus: Corpus,
    facts: RunFacts,
    folder: OutputFolder,
    progress: Progress,
) -> tuple[list[Path], dict[str, Any]]:
    progress.start("report")
    shares, lifts = compare_themes(found.base, found.described)
    points = lay_out_map(person_profiles(corpus, found.themes), corpus, found.segments, seed=facts.options.seed)
    manifest = build_manifest(persona_set, facts)
    files = write_outputs(
        folder, persona_set, corpus, found.themes, points, shares, lifts, manifest, facts.reading.quarantined
    )
    progress.finish("report")
    return files, manifest

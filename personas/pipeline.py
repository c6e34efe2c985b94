"""The stages of a run, in order; this page is their table of contents.

load -> clean -> redact -> split -> embed -> index        retrieval/
     -> find themes -> segment people -> describe          numbers only, no model
     -> extract -> ground -> count -> (investigate gaps) -> narrate -> check   a LangGraph graph per segment
     -> name apart -> score -> report                      over the whole set
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from persona_kit.cancellation import Cancellation
from persona_kit.listening import Listening
from persona_kit.progress import Progress
from persona_kit.workspace import Workspace
from personas.actions.advising import advise
from personas.assigning import SegmentModel, build_segment_model
from personas.attributes import AttributeSchema, OutputLanguage, load_schema
from personas.authors import ExtractiveAuthor
from personas.authors.seam import PersonaAuthor
from personas.behaviour import read_behaviour
from personas.corrections.applying import PersonaCorrections, check_corrections, tell_missed
from personas.corrections.identities import load_identities, save_identities
from personas.corrections.reading import CorrectionFile, read_corrections
from personas.corrections.regrouping import Regrouper
from personas.customers import read_customers
from personas.data_quality import tell_data_quality
from personas.describing import main_language
from personas.engines import EXTRACTIVE, author_over, choose_engine, open_chosen
from personas.gathering import gather_findings, gather_set, make_title
from personas.identity import save_current
from personas.kept_runs import forget_kept, keep, load_kept, tell_result_key
from personas.models.governor import Governor
from personas.options import GenerateOptions
from personas.outputs import (
    MANIFEST,
    OutputFolder,
    RunFacts,
    as_reused,
    build_manifest,
    tell_run_key,
    without_members,
)
from personas.persona_set import PersonaSet
from personas.releasing import audit_files, auditor_of, render_released, tell_audit
from personas.scoring.scorecard import Scored, score_personas
from personas.structure import Known, Structure, find_structure
from personas.writing_up import Material, WrittenUp, write_personas
from retrieval.corpus import Corpus, build_corpus
from retrieval.reading import Reading, ReadOptions, read_documents

if TYPE_CHECKING:
    from personas.models import Engine
    from personas.rehearsal import Forecast

Opener = Callable[..., AbstractContextManager["Engine | None"]]
"""Opens the engine that writes, None for the extractive author; takes its spec and `responses`, the file of answers."""

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
    unfinished: tuple[str, ...] = ()
    """Segments without a persona, because what the run may spend ran out."""
    reason: str = ""
    """What ran out, and how to go on."""


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


@dataclass(frozen=True, kw_only=True)
class _Run:
    """What stands before anything is computed: the input read, the engine chosen, the workspace held."""

    sources: tuple[str, ...]
    options: GenerateOptions
    schema: AttributeSchema
    workspace: Workspace
    reading: Reading
    known: Known
    language: OutputLanguage
    engine: Engine | None
    """None for the extractive author."""
    progress: Listening
    clock: _Clock
    command: str
    """`generate` or `segment`."""
    corrections: CorrectionFile
    """What is corrected by hand."""
    stack: ExitStack
    """Closed at the end of the run, however it ends."""

    @property
    def key(self) -> str:
        """Of inputs and options."""
        corrections = self.corrections.digest
        return tell_run_key(self.reading, self.options, self.schema, command=self.command, corrections=corrections)

    @property
    def result_key(self) -> str:
        """Of everything the results depend on."""
        return tell_result_key(self.key, "" if self.engine is None else self.engine.identity)


def generate(
    sources: Sequence[str],
    options: GenerateOptions,
    *,
    progress: Progress | None = None,
    governor: Governor | None = None,
    cancellation: Cancellation | None = None,
) -> RunResult:
    """Personas from documents, written to ``options.out``; the same run again makes no call and computes nothing.

    Args:
        sources: files and folders; ``-`` reads ``options.stdin``.
        options: everything else, see `GenerateOptions`.
        progress: told of the stages, of choices made and of warnings; silent where None.
        governor: limits and budget shared with other runs; the options' own where None.
        cancellation: cancel it from another thread, and the run ends with `Cancelled`.

    Raises:
        PersonaKitError: anything the user can mend, see `persona_kit.errors`; nothing is written to the output then.
    """
    opener = partial(open_chosen, options=options, governor=governor)
    return _carry_out(sources, options, Listening(progress, cancellation), opener, _write_personas)


def segment(
    sources: Sequence[str],
    options: GenerateOptions,
    *,
    progress: Progress | None = None,
    cancellation: Cancellation | None = None,
) -> RunResult:
    """The segmentation alone, and the profile of every customer: the files of `generate` without personas.

    Args:
        sources: files and folders; ``-`` reads ``options.stdin``.
        options: everything else; those of the model change nothing.
        progress: told of the stages, of choices made and of warnings; silent where None.
        cancellation: cancel it from another thread, and the run ends with `Cancelled`.

    Raises:
        PersonaKitError: anything the user can mend; nothing is written to the output then.
    """
    options = options.model_copy(update={"llm": EXTRACTIVE, "base_url": None, "profiles": True})
    opener = partial(open_chosen, options=options)
    listening = Listening(progress, cancellation)
    return _carry_out(sources, options, listening, opener, _write_none, command="segment")


def forecast(sources: Sequence[str], options: GenerateOptions, *, progress: Progress | None = None) -> Forecast:
    """What `generate` would ask a model and spend, as far as that can be told without asking; no result is written.

    Args:
        sources: files and folders.
        options: of the run.
        progress: told of the stages.

    Raises:
        PersonaKitError: as `generate`.
    """
    from personas.rehearsal import forecast_run, open_rehearsal

    opener = partial(open_rehearsal, options=options)
    with open_material(sources, options, opener, progress=progress) as (engine, material):
        return forecast_run(engine, material, options, progress=progress)


@contextmanager
def open_material(
    sources: Sequence[str], options: GenerateOptions, opener: Opener, *, progress: Progress | None = None
) -> Iterator[tuple[Engine | None, Material]]:
    """A run up to its first model call: what would write, and what it would write from; no result is written.

    Args:
        sources: files and folders.
        options: of the run.
        opener: opens the engine.
        progress: told of the stages.

    Raises:
        PersonaKitError: as `generate`.
    """
    with _begin(sources, options, Listening(progress), opener) as run:
        if load_kept(run.workspace.runs_path, run.result_key) is None:
            forget_kept(run.workspace.runs_path)
        corpus, _, material = _prepare(run)
        yield run.engine, material
        if corpus.indexing is not None:
            corpus.indexing.wait()


def _carry_out(
    sources: Sequence[str],
    options: GenerateOptions,
    told: Listening,
    opener: Opener,
    write: Callable[[_Run, Structure, Material], tuple[WrittenUp, PersonaAuthor]],
    command: str = "generate",
) -> RunResult:
    """All stages of a command, or the results of the same run before."""
    folder = OutputFolder(options.out, force=options.force)
    folder.check_writable()
    with _begin(sources, options, told, opener, command) as run:
        folder.check_same_run(run.key)
        kept = load_kept(run.workspace.runs_path, run.result_key)
        if kept is not None:
            return _give_again(run, kept, folder)
        forget_kept(run.workspace.runs_path)
        corpus, found, material = _prepare(run)
        written, author = write(run, found, material)
        facts = _facts(run, author, written.unfinished)
        whole = not written.unfinished and not author.failures
        result = _finish(run, corpus, found, written, facts, folder, whole=whole)
    return replace(result, unfinished=written.unfinished, reason=written.reason)


@contextmanager
def _begin(
    sources: Sequence[str],
    options: GenerateOptions,
    told: Listening,
    opener: Opener,
    command: str = "generate",
) -> Iterator[_Run]:
    """Reads the input and opens the engine."""
    clock = _Clock()
    schema = load_schema(options.schema_ref)
    with ExitStack() as stack:
        workspace = stack.enter_context(Workspace.open(options.workspace))
        corrections = read_corrections(options.corrections, options.workspace, schema)
        if corrections.path is not None:
            told.note(f"{corrections.corrections.count} corrections by hand from {corrections.path}")
        with clock.stage("read"):
            reading, known = _read(sources, options, told)
        language = _output_language(options, reading)
        choice = choose_engine(options.llm, language)
        if options.llm == "auto":
            told.note(choice.reason)
        engine = stack.enter_context(opener(choice.spec, responses=workspace.responses_path))
        if engine is not None:
            told.cancellation.when_cancelled(engine.cancel)
        yield _Run(
            sources=tuple(sources),
            options=options,
            schema=schema,
            workspace=workspace,
            reading=reading,
            known=known,
            language=language,
            engine=engine,
            progress=told,
            clock=clock,
            command=command,
            corrections=corrections,
            stack=stack,
        )


def _prepare(run: _Run) -> tuple[Corpus, Structure, Material]:
    """Everything up to the first model call."""
    options = run.options
    with run.clock.stage("index"):
        corpus = build_corpus(
            run.reading,
            embedder=options.embedder,
            workspace=run.workspace,
            progress=run.progress,
            base_url=options.base_url if options.embedder.startswith("openai:") else None,
            max_chars=PASSAGE_CHARS,
            background=True,
        )
        assert corpus.indexing is not None
        run.stack.callback(corpus.indexing.stop)
    regroup = Regrouper(file=run.corrections, previous=load_identities(run.workspace.runs_path))
    found = find_structure(corpus, run.known, options, run.schema, run.progress, run.clock.stage, regroup)
    material = Material(
        corpus=corpus,
        table=run.known.table,
        base=found.base,
        described=found.described,
        schema=run.schema,
        language=run.language,
        seed=options.seed,
        min_people=options.min_people,
        corrections=_check_corrections(run, found, corpus),
        narrative=options.narrative,
    )
    return corpus, found, material


def _check_corrections(run: _Run, found: Structure, corpus: Corpus) -> PersonaCorrections:
    """What will be corrected of the personas; that it can be is known before a model is asked."""
    if run.command != "generate":
        return PersonaCorrections()
    members = {one.segment.segment_id: one.segment.customer_ids for one in found.described}
    return check_corrections(run.corrections, found.regrouped.persona_ids, members, corpus.documents)


def _give_again(run: _Run, files: dict[str, str], folder: OutputFolder) -> RunResult:
    """The results of the same run before, with a manifest that says that nothing was spent this time."""
    run.progress.note("nothing changed since the last run of this workspace: its results are given again")
    persona_set = PersonaSet.model_validate_json(files["personas.json"])
    manifest = as_reused(json.loads(files[MANIFEST]), run.clock.timings_s)
    auditor = auditor_of(run.options, run.reading, tuple(run.known.table.customers))
    files, report = audit_files(files, manifest, auditor, run.workspace.responses_path)
    for told in tell_audit(report):
        run.progress.warn(told)
    paths = folder.replace_files(files)
    return RunResult(persona_set=persona_set, out=run.options.out, files=paths, manifest=manifest)


def _read(sources: Sequence[str], options: GenerateOptions, progress: Progress) -> tuple[Reading, Known]:
    """The documents and what is known of the people; nothing of the input is lost."""
    reading = read_documents(sources, read_options(options), progress=progress, stdin=options.stdin)
    assert reading.inputs == len(reading.documents) + len(reading.quarantined)
    writing = sorted({document.customer_id for document in reading.documents})
    behaviour = read_behaviour(
        options.orders, options.events, writing=writing, redact=options.redact, seed=options.seed
    )
    table = read_customers(
        options.customers, options.orders, writing=writing, redact=options.redact, behaviour=behaviour
    )
    for note in dict.fromkeys((*table.notes, *behaviour.notes)):
        progress.note(note)
    return reading, Known(table=table, behaviour=behaviour)


def read_options(options: GenerateOptions) -> ReadOptions:
    """What loading is told; the same for a run and for checking it again."""
    named = (options.customers, options.orders, options.events, options.corrections)
    tables = tuple(str(path) for path in named if path is not None)
    return ReadOptions(
        text=options.text,
        customer=options.customer,
        id=options.id,
        time=options.time,
        rating=options.rating,
        product=options.product,
        redact=options.redact,
        flagged=options.flagged,
        exclude=tables,
    )


def _output_language(options: GenerateOptions, reading: Reading) -> OutputLanguage:
    return main_language(reading.documents) if options.output_language == "auto" else options.output_language


def _write_personas(run: _Run, found: Structure, material: Material) -> tuple[WrittenUp, PersonaAuthor]:
    """The personas, under ids that segments keep from run to run, and who wrote them."""
    author = author_over(run.engine, found.base, run.options)
    with run.clock.stage("personas"):
        members = {d.segment.segment_id: d.segment.customer_ids for d in material.described}
        ids = {segment_id: found.regrouped.persona_ids[segment_id] for segment_id in members}
        one_at_a_time = run.options.has_budget
        written = write_personas(material, author, persona_ids=ids, one_at_a_time=one_at_a_time, progress=run.progress)
        save_current(run.workspace.runs_path, ids, members)
        save_identities(run.workspace.runs_path, found.regrouped.identities)
        for missed in tell_missed(written.corrections):
            run.progress.warn(missed)
        if written.unfinished:
            names = ", ".join(written.unfinished)
            run.progress.warn(f"without a persona, because {written.reason.splitlines()[0]}: {names}")
    return written, author


def _write_none(run: _Run, found: Structure, material: Material) -> tuple[WrittenUp, PersonaAuthor]:
    """No persona."""
    return WrittenUp(personas=(), unfinished=()), ExtractiveAuthor(found.base)


def _facts(run: _Run, author: PersonaAuthor, unfinished: tuple[str, ...]) -> RunFacts:
    return RunFacts(
        run_key=run.key,
        sources=run.sources,
        reading=run.reading,
        options=run.options,
        author=author.kind,
        model=author.model,
        stages=author.stages,
        unfinished=unfinished,
        timings_s=run.clock.timings_s,
        corrections=run.corrections.as_told,
    )


def _score(run: _Run, corpus: Corpus, found: Structure, written: WrittenUp) -> tuple[SegmentModel, Scored]:
    """What places new customers, and how good the personas are."""
    placing = build_segment_model(
        corpus,
        found.themes,
        found.grouping,
        found.segments,
        {persona.segment_id: persona.persona_id for persona in written.personas},
        options=run.options,
        max_chars=PASSAGE_CHARS,
    )
    attributes = run.schema.keys
    scored = score_personas(
        written.personas, found.described, found.base, found.report, found.grouping, placing, attributes=attributes
    )
    return placing, scored


def _finish(
    run: _Run,
    corpus: Corpus,
    found: Structure,
    written: WrittenUp,
    facts: RunFacts,
    folder: OutputFolder,
    *,
    whole: bool,
) -> RunResult:
    """Writes the results, and keeps those of a whole run, so that the next one need not compute them."""
    with run.clock.stage("score"):
        placing, scored = _score(run, corpus, found, written)
        advice = advise(scored.personas, corpus, found, run.known)
        scored = replace(scored, personas=advice.personas)
    persona_set = gather_set(
        found,
        scored,
        title=run.options.title or make_title(run.sources, run.language, run.command),
        language=run.language,
        data=tell_data_quality(corpus, run.reading, run.known.table, run.options),
        warnings=run.progress.warnings,
        behaviour=run.known.behaviour,
        corrected=written.corrections,
        products=advice.products,
    )
    with run.clock.stage("report"):
        if corpus.indexing is not None:
            corpus.indexing.wait()
        run.progress.start("report")
        findings = gather_findings(
            corpus,
            found,
            scored.personas,
            placing,
            options=run.options,
            behaviour=run.known.behaviour,
            recommend=advice.recommender.for_customer,
        )
        findings = replace(findings, trace=written.trace)
        manifest = build_manifest(persona_set, facts)
        auditor = auditor_of(run.options, run.reading, tuple(run.known.table.customers))
        files, report = render_released(
            persona_set, corpus, findings, manifest, run.reading.quarantined, auditor, run.workspace.responses_path
        )
        for told in tell_audit(report):
            run.progress.warn(told)
        manifest = json.loads(files[MANIFEST])
        paths = folder.replace_files(files)
        run.progress.finish("report")
    if whole:
        keep(run.workspace.runs_path, run.result_key, files)
    return RunResult(persona_set=without_members(persona_set), out=run.options.out, files=paths, manifest=manifest)

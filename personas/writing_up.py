"""From described segments to personas: one graph run a segment, then names apart and scores over the whole set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from persona_kit.concurrency import map_concurrently
from persona_kit.errors import BudgetExhausted
from persona_kit.progress import Progress
from personas.agent import TraceStep
from personas.agent.trace_file import of_persona
from personas.assembling import QUOTES_SHOWN, assemble_persona, name_apart
from personas.attributes import AttributeSchema, OutputLanguage
from personas.authors.seam import PersonaAuthor, SegmentBrief
from personas.claims import DEFAULT_MIN_PEOPLE, data_claims
from personas.corrections.applying import PersonaCorrections, apply_corrections
from personas.corrections.matching import Rejections
from personas.corrections.records import AppliedCorrection
from personas.customers import CustomerTable, categorise, find_characteristics
from personas.describing import DescribedSegment
from personas.evidence import EvidenceBase
from personas.models.tracing import no_tracing
from personas.narrating.openings import open_apart
from personas.persona_graph import SegmentDraft, SegmentWork, draft_persona
from personas.records import Characteristic, Claim, NarrativeTemplate, Persona
from retrieval.corpus import Corpus
from retrieval.search import EvidenceSearch


@dataclass(frozen=True, kw_only=True)
class Material:
    """What personas are written from."""

    corpus: Corpus
    table: CustomerTable
    base: EvidenceBase
    described: Sequence[DescribedSegment]
    schema: AttributeSchema
    language: OutputLanguage
    seed: int
    min_people: int | None
    narrative: NarrativeTemplate = "summary"
    corrections: PersonaCorrections = field(default_factory=PersonaCorrections)


@dataclass(frozen=True, kw_only=True)
class WrittenUp:
    """The personas that were finished, and the segments that were not."""

    personas: tuple[Persona, ...]
    unfinished: tuple[str, ...]
    reason: str = ""
    """Why something is unfinished: what ran out, and how to go on."""
    corrections: tuple[AppliedCorrection, ...] = ()
    """What became of the names, claims and quotes that were corrected by hand."""
    trace: tuple[TraceStep, ...] = ()
    """How each persona came about, one after the other."""


@dataclass(frozen=True, kw_only=True)
class _Drafted:
    described: DescribedSegment
    brief: SegmentBrief
    draft: SegmentDraft
    characteristics: tuple[Characteristic, ...]
    rejected: tuple[Claim, ...]
    """Claims that were rejected by hand."""


def write_personas(
    material: Material,
    author: PersonaAuthor,
    *,
    persona_ids: dict[str, str],
    one_at_a_time: bool,
    progress: Progress,
) -> WrittenUp:
    """A persona for each segment; where a budget runs out, those that are finished by then.

    Args:
        material: the segments and their evidence.
        author: who writes; what it answers does not depend on the order it is asked in.
        persona_ids: segment id -> persona id.
        one_at_a_time: finish a segment before the next is begun, so that a budget leaves whole personas.
        progress: told of each segment.
    """
    search = EvidenceSearch(material.corpus)
    categories = categorise(material.table.customers)
    progress.start("personas", len(material.described))

    def draft(described: DescribedSegment) -> _Drafted:
        brief = _brief(described, material)
        others = [c for d in material.described if d is not described for c in d.segment.customer_ids]
        characteristics = find_characteristics(categories, described.segment.customer_ids, others)
        rejections = material.corrections.rejections_of(persona_ids[described.segment.segment_id])
        work, of_tables = _work(described, brief, characteristics, material, search, author, rejections)
        done = draft_persona(work)
        progress.step("personas")
        rejected = (*done.rejected, *of_tables)
        return _Drafted(
            described=described, brief=brief, draft=done, characteristics=characteristics, rejected=rejected
        )

    workers = 1 if one_at_a_time else author.concurrency
    # Here LangChain and LangGraph begin to work; before, nothing of theirs is loaded.
    with no_tracing():
        outcomes = map_concurrently(draft, material.described, workers=workers)
    drafts = [outcome for outcome in outcomes if isinstance(outcome, _Drafted)]
    failures = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    for failure in failures:
        if not isinstance(failure, BudgetExhausted):
            raise failure
    progress.finish("personas")
    with no_tracing():
        personas = _assemble(drafts, author, persona_ids, material)
    rejected = {persona_ids[drafted.described.segment.segment_id]: drafted.rejected for drafted in drafts}
    personas, applied = apply_corrections(personas, material.corrections, rejected, most_quotes=QUOTES_SHOWN)
    finished = {drafted.described.segment.segment_id for drafted in drafts}
    return WrittenUp(
        personas=personas,
        unfinished=tuple(d.segment.segment_id for d in material.described if d.segment.segment_id not in finished),
        reason=str(failures[0]) if failures else "",
        corrections=applied,
        trace=_trace_of(drafts, persona_ids),
    )


def _trace_of(drafts: Sequence[_Drafted], persona_ids: dict[str, str]) -> tuple[TraceStep, ...]:
    told = [of_persona(one.draft.trace, persona_ids[one.described.segment.segment_id]) for one in drafts]
    return tuple(step for steps in told for step in steps)


def _assemble(
    drafts: Sequence[_Drafted], author: PersonaAuthor, persona_ids: dict[str, str], material: Material
) -> tuple[Persona, ...]:
    names = name_apart(author, [(drafted.brief, drafted.draft) for drafted in drafts], material.base)
    narratives = open_apart([(one.draft.narrative, one.draft.claims) for one in drafts], material.language)
    return tuple(
        assemble_persona(
            persona_id=persona_ids[drafted.described.segment.segment_id],
            described=drafted.described,
            brief=drafted.brief,
            draft=replace(drafted.draft, narrative=narrative),
            name=name,
            characteristics=drafted.characteristics,
            author=author,
            schema=material.schema,
            base=material.base,
        )
        for drafted, name, narrative in zip(drafts, names, narratives, strict=True)
    )


def _work(
    described: DescribedSegment,
    brief: SegmentBrief,
    characteristics: tuple[Characteristic, ...],
    material: Material,
    search: EvidenceSearch,
    author: PersonaAuthor,
    rejections: Rejections,
) -> tuple[SegmentWork, list[Claim]]:
    """What the graph works on, and the claims of the customer table that were rejected."""
    min_people = material.min_people or DEFAULT_MIN_PEOPLE
    known = data_claims(characteristics, material.table.file_of_column, material.schema, min_people=min_people)
    known, rejected = rejections.part(known)
    work = SegmentWork(
        brief=brief,
        inside=described.inside,
        schema=material.schema,
        base=material.base,
        search=search,
        author=author,
        min_people=min_people,
        data_claims=tuple(known),
        rejections=rejections,
    )
    return work, rejected


def _brief(described: DescribedSegment, material: Material) -> SegmentBrief:
    people = len(described.segment.customer_ids)
    return SegmentBrief(
        segment_id=described.segment.segment_id,
        language=material.language,
        source_language=described.source_language,
        people=people,
        share=people / len(material.corpus.customer_ids),
        terms=described.terms,
        neighbours=described.neighbours,
        seed=material.seed,
        narrative=material.narrative,
    )

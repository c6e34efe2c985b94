"""What a run found, gathered for its files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from personas.actions.records import ProductVerdict
from personas.assigning import SegmentModel, render_segment_model
from personas.attributes import OutputLanguage
from personas.behaviour import BehaviourTable
from personas.corrections.records import AppliedCorrection
from personas.describing import compare_themes, lay_out_map, quote_themes
from personas.options import GenerateOptions
from personas.outputs import Findings
from personas.persona_set import PersonaSet
from personas.profiles import build_profiles, read_order_signs
from personas.profiles.building import Recommend
from personas.records import DataQuality, Persona
from personas.scoring.scorecard import Scored
from personas.segmentation import person_profiles
from personas.structure import Structure
from retrieval.corpus import Corpus


def gather_set(
    found: Structure,
    scored: Scored,
    *,
    title: str,
    language: OutputLanguage,
    data: DataQuality,
    warnings: Sequence[str],
    behaviour: BehaviourTable,
    corrected: Sequence[AppliedCorrection],
    products: Sequence[ProductVerdict] = (),
) -> PersonaSet:
    """The set of personas with what was found beside them.

    Args:
        found: by the numbers.
        scored: the personas with their scorecards; none where only segments were asked for.
        title: of the report.
        language: of the report.
        data: what was read.
        warnings: of the run; said twice, told once.
        behaviour: orders and events.
        corrected: what was corrected of the personas by hand; what was corrected of the segments stands in `found`.
        products: what each product is praised and blamed for.
    """
    return PersonaSet(
        title=title,
        language=language,
        personas=scored.personas,
        segments=found.segments,
        themes=found.themes.themes,
        data=data,
        segmentation=found.report,
        sizes={segment.segment_id: len(segment.customer_ids) for segment in found.segments},
        warnings=tuple(dict.fromkeys(warnings)),
        explanation=found.explanation,
        trends=found.trends,
        behaviour=behaviour.report if behaviour.customer_ids else None,
        values=found.values,
        priorities=found.priorities,
        scorecard=scored.of_set,
        corrections=(*found.regrouped.applied, *corrected),
        products=tuple(products),
    )


def make_title(sources: Sequence[str], language: OutputLanguage, command: str) -> str:
    """The title of a report that was given none.

    Args:
        sources: as they were named.
        language: of the report.
        command: `generate` or `segment`.
    """
    names = [Path(source).resolve().stem if source != "-" else "stdin" for source in sources]
    subject = names[0] if len(names) == 1 else f"{names[0]} +{len(names) - 1}" if names else ""
    if language == "zh":
        return f"{subject}：{'用户分群' if command == 'segment' else '用户画像'}"
    return f"{'Segments' if command == 'segment' else 'Personas'} from {subject}"


def gather_findings(
    corpus: Corpus,
    found: Structure,
    personas: Sequence[Persona],
    placing: SegmentModel,
    *,
    options: GenerateOptions,
    behaviour: BehaviourTable,
    recommend: Recommend | None = None,
) -> Findings:
    """What the files hold beside the set itself.

    Args:
        corpus: who wrote what.
        found: by the numbers.
        personas: as they are written.
        placing: what places new customers.
        options: of the run.
        behaviour: orders and events.
        recommend: what to offer a customer; nothing where None.
    """
    shares, lifts = compare_themes(found.base, found.described)
    profiles = None
    if options.profiles:
        profiles = build_profiles(
            corpus,
            found.themes,
            behaviour=behaviour.of,
            orders=read_order_signs(options.orders, writing=corpus.customer_ids, redact=options.redact),
            segments=found.segments,
            persona_ids={persona.segment_id: persona.persona_id for persona in personas},
            recommend=recommend,
        )
    return Findings(
        themes=found.themes,
        map_points=lay_out_map(person_profiles(corpus, found.themes), corpus, found.segments, seed=options.seed),
        theme_shares=shares,
        segment_lifts=lifts,
        theme_quotes=quote_themes(corpus, found.themes),
        segment_terms={one.segment.segment_id: one.terms for one in found.described},
        asides=found.asides,
        segment_model=render_segment_model(placing),
        profiles=profiles,
    )

"""What the numbers find before anybody writes: themes, segments, what sets them apart, change and value."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from persona_kit.errors import UsageError
from persona_kit.progress import Progress
from personas.attributes import AttributeSchema
from personas.behaviour import BehaviourTable, behaviour_columns, persona_priority, segment_value
from personas.behaviour.records import PersonaPriority, SegmentValue
from personas.corrections.regrouping import Regrouped, Regrouper
from personas.customers import CustomerTable
from personas.describing import (
    Aside,
    DescribedSegment,
    build_segments,
    describe_segments,
    length_explains,
    tell_asides,
)
from personas.evidence import EvidenceBase
from personas.explaining import FeatureTable, build_feature_table, explain_grouping
from personas.explaining.records import Explanation
from personas.facets import build_facets, tag_passages
from personas.grouping import merge_tree
from personas.options import GenerateOptions
from personas.persona_set import SegmentationReport
from personas.records import Segment
from personas.segmentation import Grouping, group_by_column, parse_weights, person_profiles, segment_people
from personas.sentiment import score_sentiments
from personas.themes import ThemeModel, find_themes
from personas.trends.dates import read_dates, tell_unusable
from personas.trends.finding import find_trends
from personas.trends.records import TrendReport
from retrieval.corpus import Corpus


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known of people beside what they wrote."""

    table: CustomerTable
    behaviour: BehaviourTable


@dataclass(frozen=True, kw_only=True)
class Structure:
    """What the numbers found."""

    themes: ThemeModel
    grouping: Grouping
    base: EvidenceBase
    segments: tuple[Segment, ...]
    described: list[DescribedSegment]
    asides: dict[str, Aside]
    """Customer id -> where the person would belong at the most, and why not; for those without a segment."""
    report: SegmentationReport
    explanation: Explanation | None
    trends: TrendReport | None
    values: tuple[SegmentValue, ...]
    priorities: tuple[PersonaPriority, ...]
    regrouped: Regrouped
    """Who each segment is, and where people were put by hand."""
    feelings: NDArray[np.float32]
    """``(passages,)`` how each passage feels, -1..1."""


def find_structure(
    corpus: Corpus,
    known: Known,
    options: GenerateOptions,
    schema: AttributeSchema,
    progress: Progress,
    stage: Callable[[str], AbstractContextManager[None]],
    regroup: Regrouper | None = None,
) -> Structure:
    """Themes, people into segments, what sets the segments apart, how they change and what they are worth.

    Args:
        corpus: who wrote what.
        known: what else is known of people.
        options: of the run.
        schema: the attributes that passages are tagged with.
        progress: told of the stages.
        stage: times the stage of a name.
        regroup: names the segments and puts people where it was corrected by hand; None: nothing is corrected.

    Raises:
        UsageError: when the options ask for something that the people do not have.
        InputError: when a correction names what is not there.
    """
    themes = _themes(corpus, options, progress, stage)
    progress.start("segments")
    with stage("segments"):
        feelings = score_sentiments(corpus.passage_texts)
        features = _features(corpus, themes, known, feelings)
        regrouped = _regroup(regroup or Regrouper(), corpus, themes, known, features, options)
        grouping = regrouped.grouping
        _note_grouping(grouping, options, progress)
        silent = tuple(sorted(set(known.table.customers) - set(corpus.customer_ids)))
        segments = build_segments(corpus, themes, grouping, silent=silent)
        described = describe_segments(corpus, themes, segments)
    progress.finish("segments")
    progress.start("explain")
    with stage("explain"):
        explanation = _explain(features, described, seed=options.seed)
        trends = _trends(corpus, themes, segments, feelings, progress)
        values, priorities = _worth(corpus, known.behaviour, described, feelings)
    progress.finish("explain")
    with stage("evidence"):
        tags = tag_passages(corpus, schema, feelings)
        base = EvidenceBase(corpus, themes, build_facets(themes, tags), tags, schema.choices)
    return Structure(
        themes=themes,
        grouping=grouping,
        base=base,
        segments=segments,
        described=described,
        asides=tell_asides(corpus, grouping, silent=silent),
        report=_report(corpus, themes, grouping, described),
        explanation=explanation,
        trends=trends,
        values=values,
        priorities=priorities,
        regrouped=regrouped,
        feelings=feelings,
    )


def _themes(
    corpus: Corpus,
    options: GenerateOptions,
    progress: Progress,
    stage: Callable[[str], AbstractContextManager[None]],
) -> ThemeModel:
    progress.start("themes")
    with stage("themes"):
        themes = find_themes(corpus, seed=options.seed)
    progress.finish("themes")
    if corpus.indexing is not None:
        # Finding themes and writing Chroma at the same time is slower on two cores than one after the other.
        corpus.indexing.start()
    return themes


def _features(corpus: Corpus, themes: ThemeModel, known: Known, feelings: NDArray[np.float32]) -> FeatureTable:
    """What is known of everybody who wrote, a row each in the order of the corpus's customers."""
    rows = np.arange(len(corpus.customer_ids))
    behaviour = behaviour_columns(known.behaviour, corpus.customer_ids) if known.behaviour.customer_ids else None
    means = _mean_feelings(corpus, feelings)
    felt = {corpus.customer_ids[at]: float(means[at]) for at in rows if np.isfinite(means[at])}
    return build_feature_table(corpus, themes, known.table, felt or None, behaviour, rows)


def _mean_feelings(corpus: Corpus, feelings: NDArray[np.float32]) -> NDArray[np.float64]:
    """``(people,)`` mean feeling of each person's passages that have one, -1..1; NaN where none has."""
    felt = feelings != 0
    sums, counts = (np.zeros(len(corpus.customer_ids)) for _ in range(2))
    np.add.at(sums, corpus.passage_customer[felt], feelings[felt])
    np.add.at(counts, corpus.passage_customer[felt], 1)
    means: NDArray[np.float64] = np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0)
    return means


def _note_grouping(grouping: Grouping, options: GenerateOptions, progress: Progress) -> None:
    progress.note(grouping.reason)
    if idle := _without_a_say(options):
        progress.note(f"the segments are those of --segment-by: {', '.join(idle)} changes nothing")


def _without_a_say(options: GenerateOptions) -> list[str]:
    """The flags about finding segments that were given although a column makes them."""
    given = {
        "--segments": options.segments != "auto",
        "--algorithm": options.algorithm != "auto",
        "--text-features": options.text_features != "auto",
        "--features": options.features is not None,
    }
    return [flag for flag, said in given.items() if said and options.segment_by is not None]


def _group(
    corpus: Corpus, themes: ThemeModel, table: CustomerTable, features: FeatureTable, options: GenerateOptions
) -> Grouping:
    if options.segment_by is None:
        return segment_people(
            corpus,
            themes,
            segments=None if options.segments == "auto" else int(options.segments),
            seed=options.seed,
            algorithm=options.algorithm,
            text_features=options.text_features,
            features=features,
            weights=parse_weights(options.features),
        )
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


def _regroup(
    regroup: Regrouper,
    corpus: Corpus,
    themes: ThemeModel,
    known: Known,
    features: FeatureTable,
    options: GenerateOptions,
) -> Regrouped:
    """The segments as found, or as they were corrected by hand."""

    def resegment(people: NDArray[np.int64], parts: int | None) -> Grouping:
        return segment_people(
            corpus,
            themes,
            segments=parts,
            seed=options.seed,
            algorithm=options.algorithm,
            text_features=options.text_features,
            features=features,
            weights=parse_weights(options.features),
            among=people,
        )

    found = _group(corpus, themes, known.table, features, options)
    return regroup(found, corpus.customer_ids, known.table, resegment)


def _explain(features: FeatureTable, described: list[DescribedSegment], *, seed: int) -> Explanation | None:
    if len(described) < 2:
        return None
    labels = np.full(len(features.values), -1, dtype=np.int64)
    for at, one in enumerate(described):
        labels[one.inside] = at
    return explain_grouping(features, labels, segment_ids=[one.segment.segment_id for one in described], seed=seed)


def _trends(
    corpus: Corpus,
    themes: ThemeModel,
    segments: tuple[Segment, ...],
    feelings: NDArray[np.float32],
    progress: Progress,
) -> TrendReport | None:
    """What changes over time; dates that were given and cannot be used are told."""
    trends = find_trends(corpus, themes, segments, sentiment=feelings)
    if trends is None and (unusable := tell_unusable(read_dates(corpus.documents).report)):
        progress.note(unusable)
    return trends


def _worth(
    corpus: Corpus, behaviour: BehaviourTable, described: list[DescribedSegment], feelings: NDArray[np.float32]
) -> tuple[tuple[SegmentValue, ...], tuple[PersonaPriority, ...]]:
    """What each segment ordered, and which matters most."""
    segment_of = {customer: one.segment.segment_id for one in described for customer in one.segment.customer_ids}
    means = np.nan_to_num(_mean_feelings(corpus, feelings))
    unhappy = {customer: max(0.0, -float(mean)) for customer, mean in zip(corpus.customer_ids, means, strict=True)}
    if not segment_of:
        return (), ()
    values = segment_value(behaviour, segment_of) if behaviour.customer_ids else ()
    return values, persona_priority(behaviour if behaviour.customer_ids else None, segment_of, unhappy=unhappy)


def _report(
    corpus: Corpus, themes: ThemeModel, grouping: Grouping, described: list[DescribedSegment]
) -> SegmentationReport:
    people = np.full(len(corpus.customer_ids), -1, dtype=np.int64)
    for at, one in enumerate(described):
        people[one.inside] = at
    return SegmentationReport(
        representation=grouping.representation,
        algorithm=grouping.algorithm,
        reason=grouping.reason,
        stability=grouping.stability,
        told=grouping.told,
        halves_agreement=grouping.halves_agreement,
        blocks=grouping.blocks,
        candidates=grouping.candidates,
        topics=grouping.topics,
        tree=merge_tree(person_profiles(corpus, themes), people) if len(described) > 1 else (),
        embedder=" and ".join(space.name for space in corpus.spaces),
        themes=len(themes.themes),
        theme_candidates=themes.tried,
        length_explains=length_explains(corpus, described),
    )

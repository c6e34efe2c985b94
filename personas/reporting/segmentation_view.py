"""What the section on the grouping shows, in words and places; for the page and for Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from personas.persona_set import PersonaSet, SegmentationReport
from personas.records import CandidateGrouping, Segment
from personas.reporting.bar_drawing import bar_width
from personas.reporting.count_drawing import Chart, Tree, Tried, draw_chart, draw_tree
from personas.reporting.finding_wording import FindingWords
from personas.reporting.overview import HOLDS, proper_segments
from personas.reporting.record_wording import say
from personas.reporting.segment_names import SegmentNames
from personas.reporting.visible import visible

BY_COLUMN, ONE_GROUP = "by column", "none"
AS_GOOD = 0.97
"""Share of the highest worth from which a way is as good; that of `personas.segmentation.choosing`."""
TOPICS_OF_SEGMENT = 3
TOPIC_WORDS = 6
AGREEMENT_STEPS = (0.2, 0.6, 0.8)
"""Kappas from which agreement is called fair, substantial, almost perfect.

Source: Landis, Koch: The measurement of observer agreement for categorical data, Biometrics 33 (1977); "fair" and
"moderate" are one step here.
"""


@dataclass(frozen=True)
class ChartView:
    """A chart with its heading and what it says."""

    name: str
    chosen: str
    label: str
    chart: Chart


@dataclass(frozen=True)
class HoldRow:
    """How well one segment holds."""

    name: str
    css: str
    value: str
    bar: float
    tendency: bool
    label: str


@dataclass(frozen=True)
class BlockRow:
    """A kind of knowledge: its part of what sets the segments apart, and its weight."""

    name: str
    share: str
    weight: str
    bar: float


@dataclass(frozen=True)
class TopicsRow:
    """The topics of words that a segment writes of more than all do: their words, and how much."""

    name: str
    css: str
    topics: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class TreeView:
    """The tree, and its segments from top to bottom as name and class."""

    tree: Tree
    leaves: tuple[tuple[str, str], ...]
    label: str
    joins: tuple[str, ...]


@dataclass(frozen=True)
class GroupingView:
    """Everything the section shows."""

    lead: str
    said: str
    charts: tuple[ChartView, ...]
    chart_note: str
    holds: tuple[HoldRow, ...]
    holds_note: str
    blocks: tuple[BlockRow, ...]
    topics: tuple[TopicsRow, ...]
    tree: TreeView | None
    tried: tuple[tuple[tuple[str, ...], bool], ...]
    """Cells of the table of all ways tried, and whether the way was taken."""
    tried_title: str


TRIED_HEAD = (
    "col_by",
    "col_algorithm",
    "col_segments",
    "col_worth",
    "col_stability",
    "col_told",
    "col_silhouette",
    "col_ch",
    "col_db",
)
TRIED_RIGHT = tuple(range(2, len(TRIED_HEAD)))


def build_grouping(persona_set: PersonaSet, names: SegmentNames, words: FindingWords) -> GroupingView:
    """What is shown of how the people were grouped."""
    report = persona_set.segmentation
    proper = proper_segments(persona_set)
    tried = len(report.candidates)
    return GroupingView(
        lead=_lead(report, len(proper), words),
        said=words.join([*_why(report, words), _halves(report, words)]),
        charts=_charts(report.candidates, words),
        chart_note=words("chart_parts_note" if _several_parts(report.candidates) else "chart_note"),
        holds=_holds(report, proper, names, words),
        holds_note=words("holds_note", least=f"{HOLDS:.1f}"),
        blocks=tuple(
            BlockRow(
                name=_capital(visible(words.named("block", block.block))),
                share=words.percent(block.contribution),
                weight=words("weight", value=f"{block.weight:g}") if block.weight else words("no_part"),
                bar=bar_width(block.contribution),
            )
            for block in report.blocks
        ),
        topics=_topics(report, proper, names, words),
        tree=_tree(report, proper, names, words),
        tried=tuple((_cells(candidate, words), candidate.chosen) for candidate in report.candidates),
        tried_title=words.count("tried_all", tried) if tried else "",
    )


def tell_grouping(persona_set: PersonaSet, words: FindingWords) -> str:
    """How the people were grouped and why so, in sentences made from the numbers of the record.

    The record's `reason` says it in English for logs and machines.
    """
    report = persona_set.segmentation
    if report.algorithm == ONE_GROUP:
        return visible(say(report.reason, words.language))
    return words.join([_lead(report, len(proper_segments(persona_set)), words), *_why(report, words)])


def name_representation(representation: str, words: FindingWords) -> str:
    """What people were grouped by, in the language of the page; a column of the table as it is named."""
    return _named(representation, "rep", words)


def _lead(report: SegmentationReport, segments: int, words: FindingWords) -> str:
    if report.algorithm == BY_COLUMN:
        return words("lead_column", column=visible(report.representation))
    if report.algorithm == ONE_GROUP or segments <= 1:
        return words("lead_one" if report.candidates else "lead_one_asked")
    way = words(
        "way" if report.algorithm else "way_bare",
        representation=_named(report.representation, "rep", words),
        algorithm=_named(report.algorithm, "alg", words),
    )
    return words("lead_ways", n=segments, ways=way)


def _named(joined: str, kind: str, words: FindingWords) -> str:
    """The name of one representation or algorithm, or of several."""
    return visible(words("and").join(words.named(kind, part) for part in joined.split(" and ")))


def _why(report: SegmentationReport, words: FindingWords) -> list[str]:
    """Why this way, told by the numbers of all that were tried."""
    chosen = [candidate for candidate in report.candidates if candidate.chosen]
    if report.algorithm == ONE_GROUP:
        return [_sentence(say(report.reason, words.language), words)]
    if report.algorithm == BY_COLUMN:
        return []
    said = []
    if len(chosen) > 1:
        said.append(words("why_parts"))
    elif chosen and len(report.candidates) > 1:
        key = _why_taken(chosen[0], report.candidates)
        said.append(words(key, tried=len(report.candidates), n=chosen[0].segments))
    return [*said, words("why_agreement", value=f"{report.stability:.2f}")]


def _why_taken(chosen: CandidateGrouping, candidates: Sequence[CandidateGrouping]) -> str:
    """The key of the reason."""
    most = max(candidate.worth for candidate in candidates)
    if len({candidate.segments for candidate in candidates}) == 1:
        return "why_fixed"
    if chosen.worth >= most:
        return "why_best"
    return "why_fewest" if chosen.worth >= AS_GOOD * most else "why_sound"


def _sentence(reason: str, words: FindingWords) -> str:
    """The reason of one group as a sentence of its own: the lead has said already that it is one."""
    told = visible(reason).removeprefix(words("one_reason"))
    return words("one_because", reason=_capital(told))


def _halves(report: SegmentationReport, words: FindingWords) -> str:
    if report.halves_agreement is None:
        by_words = any(block.block == "text" and block.weight > 0 for block in report.blocks)
        chosen = [candidate for candidate in report.candidates if candidate.chosen]
        alone = by_words and bool(chosen) and all(candidate.told is None for candidate in chosen)
        return words("halves_none") if alone else ""
    step = sum(report.halves_agreement >= least for least in AGREEMENT_STEPS)
    return words(f"halves_{step}", value=f"{report.halves_agreement:.2f}")


def _charts(candidates: Sequence[CandidateGrouping], words: FindingWords) -> tuple[ChartView, ...]:
    """Worth, stability and silhouette over the number of segments; none where only one number was tried."""
    if len({candidate.segments for candidate in candidates}) < 2:
        return ()
    measured: list[tuple[str, list[float | None]]] = [
        ("chart_worth", [_worth(candidate) for candidate in candidates]),
        ("chart_stability", [candidate.stability for candidate in candidates]),
        ("chart_silhouette", [c.criteria.silhouette if c.criteria else None for c in candidates]),
    ]
    found = [_chart(key, candidates, values, words) for key, values in measured]
    return tuple(chart for chart in found if chart is not None)


def _several_parts(candidates: Sequence[CandidateGrouping]) -> bool:
    return sum(candidate.chosen for candidate in candidates) > 1


def _chart(
    key: str, candidates: Sequence[CandidateGrouping], values: Sequence[float | None], words: FindingWords
) -> ChartView | None:
    # Ways of different parts of the people make no line.
    parts = _several_parts(candidates)
    best = {
        count: max(
            (at for at, candidate in enumerate(candidates) if candidate.segments == count),
            key=lambda at: (candidates[at].chosen, candidates[at].worth, -at),
        )
        for count in {candidate.segments for candidate in candidates}
    }
    tried = [
        Tried(
            count=candidate.segments,
            value=value,
            best=not parts and best[candidate.segments] == at,
            chosen=candidate.chosen,
        )
        for at, (candidate, value) in enumerate(zip(candidates, values, strict=True))
        if value is not None
    ]
    counts = sorted({one.count for one in tried})
    if len(counts) < 2 or not any(one.value for one in tried):
        return None
    low = min(0.0, *(one.value for one in tried))
    high = 1.0 if key == "chart_stability" else max(one.value for one in tried)
    taken = words("sep").join(f"{one.value:.2f}" for one in tried if one.chosen)
    told = [
        words("chart_point", n=one.count, value=f"{one.value:.2f}")
        for one in sorted(tried, key=lambda one: one.count)
        if one.best or one.chosen
    ]
    name = words(key)
    return ChartView(
        name=name,
        chosen=words("chart_chosen", values=taken) if taken else "",
        label=words("chart_label", name=name, least=counts[0], most=counts[-1], values=words("sep").join(told)),
        chart=draw_chart(tried, low=low, high=max(high, 1e-6)),
    )


def _holds(
    report: SegmentationReport, proper: Sequence[Segment], names: SegmentNames, words: FindingWords
) -> tuple[HoldRow, ...]:
    """A row a segment; none where people were grouped by a column or not at all, for then nothing was drawn anew."""
    if report.algorithm in {BY_COLUMN, ONE_GROUP}:
        return ()
    rows = []
    for segment in proper:
        if segment.quality is None:
            continue
        name, value = names.name(segment.segment_id), f"{segment.quality.stability:.2f}"
        rows.append(
            HoldRow(
                name=name,
                css=names.css(segment.segment_id),
                value=value,
                bar=bar_width(segment.quality.stability),
                tendency=names.tendency(segment.segment_id),
                label=words("holds_label", name=name, value=value),
            )
        )
    return tuple(rows)


def _topics(
    report: SegmentationReport, proper: Sequence[Segment], names: SegmentNames, words: FindingWords
) -> tuple[TopicsRow, ...]:
    """A row a segment; none where people were not grouped by topics of words."""
    rows = []
    for segment in proper:
        own = [(topic, topic.shares.get(segment.segment_id, 0.0)) for topic in report.topics]
        more = sorted((one for one in own if one[1] > one[0].share), key=lambda one: one[0].share - one[1])
        told = tuple(
            (
                words("comma").join(visible(word) for word in topic.words[:TOPIC_WORDS]),
                words("topic_share", here=words.percent(share), all=words.percent(topic.share)),
            )
            for topic, share in more[:TOPICS_OF_SEGMENT]
        )
        if told:
            name = names.name(segment.segment_id)
            rows.append(TopicsRow(name=name, css=names.css(segment.segment_id), topics=told))
    return tuple(rows)


def _tree(
    report: SegmentationReport, proper: Sequence[Segment], names: SegmentNames, words: FindingWords
) -> TreeView | None:
    tree = draw_tree(report.tree, len(proper))
    # The tree of two segments says nothing.
    if tree is None or len(proper) < 3:
        return None
    told = [names.name(segment.segment_id) for segment in proper]
    below = {at: [name] for at, name in enumerate(told)}
    joins = []
    for number, merge in enumerate(report.tree):
        below[len(proper) + number] = below[merge.left] + below[merge.right]
        together = words("sep").join(below[len(proper) + number])
        joins.append(words("tree_join", distance=f"{merge.distance:.2f}", names=together))
    return TreeView(
        tree=tree,
        leaves=tuple((told[at], names.css(proper[at].segment_id)) for at in tree.leaves),
        label=words("tree_label", n=len(proper), joins=words.join(joins)),
        joins=tuple(joins),
    )


def _cells(candidate: CandidateGrouping, words: FindingWords) -> tuple[str, ...]:
    criteria = candidate.criteria
    return (
        _capital(_named(candidate.representation, "rep", words)),
        _named(candidate.algorithm, "alg", words) if candidate.algorithm else "",
        words.number(candidate.segments),
        _two(_worth(candidate)),
        _two(candidate.stability),
        _two(candidate.told),
        _two(criteria.silhouette if criteria else None),
        f"{criteria.calinski_harabasz:,.1f}" if criteria and criteria.calinski_harabasz else "–",
        _two(criteria.davies_bouldin if criteria else None),
    )


def _worth(candidate: CandidateGrouping) -> float | None:
    return None if candidate.stability is None else candidate.worth


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _two(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"

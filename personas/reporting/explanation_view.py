"""What the section on what tells the segments apart shows, in words and places; for the page and for Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from personas.explaining.records import (
    Contrast,
    ContrastItem,
    Explanation,
    GroupRecall,
    Importance,
    ModelAccuracy,
    Rule,
)
from personas.explaining.wording import join_conditions
from personas.records import Interval
from personas.reporting.bar_drawing import Axis, IntervalBar, axis_over
from personas.reporting.finding_wording import FindingWords, tidy
from personas.reporting.segment_names import SegmentNames


@dataclass(frozen=True)
class ValueRow:
    """A value with its interval, drawn; `doubt` says that it is not better than chance."""

    name: str
    value: str
    detail: str
    drawing: IntervalBar
    label: str
    css: str = ""
    doubt: bool = False


@dataclass(frozen=True)
class ContrastView:
    """A segment beside the one most like it; cells are what, here, there and the difference with its interval."""

    heading: str
    css: str
    rows: tuple[tuple[ValueRow, str, str], ...]
    """The row of here, the share there, the difference."""


@dataclass(frozen=True)
class RulesView:
    """The rules of a segment."""

    name: str
    css: str
    rows: tuple[ValueRow, ...]


@dataclass(frozen=True)
class ExplanationView:
    """Everything the section shows."""

    verdict: str
    beats_chance: bool
    accuracy: tuple[ValueRow, ...]
    alone: tuple[ValueRow, ...]
    recalls: tuple[ValueRow, ...]
    importance: tuple[ValueRow, ...]
    blocks: tuple[ValueRow, ...]
    rules: tuple[RulesView, ...]
    contrasts: tuple[ContrastView, ...]
    associations: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


def build_explanation(report: Explanation, names: SegmentNames, words: FindingWords) -> ExplanationView:
    """What is shown of what tells the segments apart."""
    return ExplanationView(
        verdict=tidy(words.of_two(report.verdict_en, report.verdict_zh)),
        beats_chance=report.beats_chance,
        accuracy=tuple(_accuracy(words.named("model", one.model), one, words) for one in report.accuracy),
        alone=tuple(_accuracy(words.named("block", one.block), one.accuracy, words) for one in report.by_block),
        recalls=tuple(
            _share_row(
                names.name(one.segment_id),
                one.share,
                one.interval,
                _of_people(one, words),
                words,
                css=names.css(one.segment_id),
            )
            for one in report.recalls
        ),
        importance=_importance(report.importance, words),
        blocks=_importance(report.block_importance, words),
        rules=_rules(report.rules, names, words),
        contrasts=tuple(_contrast(one, names, words) for one in report.contrasts if one.items),
        associations=tuple(
            (
                _sentence(words.of_two(one.text_en, one.text_zh)),
                words(
                    "goes_counts",
                    people=words.number(one.people),
                    interval=words.span(one.interval),
                    lift=f"{one.lift:.1f}",
                    adjusted=""
                    if one.adjusted_lift is None
                    else words("goes_adjusted", lift=f"{one.adjusted_lift:.1f}"),
                ),
            )
            for one in report.associations
        ),
        notes=tuple(tidy(words.of_two(note.text_en, note.text_zh)) for note in report.notes),
    )


def _of_people(recall: GroupRecall, words: FindingWords) -> str:
    return words.count_of("of_people", recall.people, interval=words.span(recall.interval))


def _sentence(text: str) -> str:
    shown = tidy(text)
    return shown[:1].upper() + shown[1:]


def _accuracy(name: str, accuracy: ModelAccuracy, words: FindingWords) -> ValueRow:
    told = {
        "value": words.percent(accuracy.value),
        "interval": words.span(accuracy.interval),
        "chance": words.percent(accuracy.chance),
    }
    return ValueRow(
        name=_sentence(name),
        value=told["value"],
        detail=words("against_chance", interval=told["interval"], chance=told["chance"]),
        drawing=Axis().draw(accuracy.value, accuracy.interval, accuracy.chance),
        label=words("accuracy_label", name=name, **told),
        doubt=not accuracy.beats_chance,
    )


def _share_row(
    name: str, share: float, interval: Interval, detail: str, words: FindingWords, *, css: str = ""
) -> ValueRow:
    return ValueRow(
        name=name,
        value=words.percent(share),
        detail=detail,
        drawing=Axis().draw(share, interval),
        label=f"{name}: {words.percent(share)} {detail}",
        css=css,
    )


def _importance(items: Sequence[Importance], words: FindingWords) -> tuple[ValueRow, ...]:
    axis = axis_over(item.interval for item in items)
    rows = []
    for item in items:
        name = _sentence(words.of_two(item.phrase_en, item.phrase_zh))
        value, interval = words.in_points(item.value), words.points_span(item.interval)
        rows.append(
            ValueRow(
                name=name,
                value=words("points", value=value),
                detail=interval,
                drawing=axis.draw(item.value, item.interval),
                label=words("points_label", name=name, value=value, interval=interval),
            )
        )
    return tuple(rows)


def _rules(rules: Sequence[Rule], names: SegmentNames, words: FindingWords) -> tuple[RulesView, ...]:
    """The rules by segment, in the order of the first rule of each."""
    segments = dict.fromkeys(rule.segment_id for rule in rules)
    return tuple(
        RulesView(
            name=names.name(segment_id),
            css=names.css(segment_id),
            rows=tuple(_rule(rule, words) for rule in rules if rule.segment_id == segment_id),
        )
        for segment_id in segments
    )


def _rule(rule: Rule, words: FindingWords) -> ValueRow:
    told = {"share": words.percent(rule.precision), "interval": words.span(rule.interval)}
    base = words.percent(rule.base)
    conditions = words.of_two(*join_conditions(rule.conditions))
    return ValueRow(
        name=words("rule", rule=_sentence(conditions), share=told["share"]),
        value=told["share"],
        detail=words(
            "rule_counts",
            inside=words.number(rule.inside),
            people=words.number(rule.people),
            interval=told["interval"],
            base=base,
            coverage=words.percent(rule.coverage),
        ),
        drawing=Axis().draw(rule.precision, rule.interval, rule.base),
        label=words("rule_label", base=base, **told),
    )


def _contrast(contrast: Contrast, names: SegmentNames, words: FindingWords) -> ContrastView:
    return ContrastView(
        heading=words("beside", name=names.name(contrast.segment_id), nearest=names.name(contrast.nearest_id)),
        css=names.css(contrast.segment_id),
        rows=tuple(
            (
                _contrast_row(item, words),
                words.percent(item.share_there),
                f"{words.in_points(item.difference)} ({words.points_span(item.difference_interval)})",
            )
            for item in contrast.items
        ),
    )


def _contrast_row(item: ContrastItem, words: FindingWords) -> ValueRow:
    here, there = words.percent(item.share), words.percent(item.share_there)
    return ValueRow(
        name=_sentence(words.of_two(item.text_en, item.text_zh)),
        value=here,
        detail=words.span(item.interval),
        drawing=Axis().draw(item.share, item.interval, item.share_there),
        label=words("contrast_label", here=here, interval=words.span(item.interval), there=there),
    )

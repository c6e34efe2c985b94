"""What the section on value and priority shows, in words and places; for the page and for Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from personas.behaviour.records import BehaviourReport, Money, PersonaPriority, SegmentValue, ValueModel
from personas.behaviour.rfm import RULES
from personas.behaviour.wording import PARTS, money_text
from personas.persona_set import PersonaSet
from personas.records import Interval
from personas.reporting.bar_drawing import Axis, IntervalBar, bar_width
from personas.reporting.finding_wording import FindingWords, tidy
from personas.reporting.segment_names import SegmentNames
from personas.reporting.visible import visible

MOST_UNUSUAL = 10
"""Unusual customers whose reasons are shown; personas.json has them all."""

RFM_CHINESE = {rule.name: rule.name_zh for rule in RULES}


@dataclass(frozen=True)
class Bar:
    """A share of a whole as a bar."""

    what: str
    share: str
    detail: str
    width: float | None
    """None where the share is not known."""
    label: str


@dataclass(frozen=True)
class SizeRow:
    """A segment by people, revenue and expected value."""

    name: str
    css: str
    bars: tuple[Bar, ...]
    facts: str


@dataclass(frozen=True)
class RfmTable:
    """Customers by RFM group: all, their share of the revenue, and by segment."""

    segments: tuple[tuple[str, str], ...]
    """Name and class of a segment."""
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    with_revenue: bool


@dataclass(frozen=True)
class PriorityRow:
    """A segment's place in the order of what matters."""

    rank: int
    name: str
    css: str
    points: str
    interval: str
    parts: str
    unsure: bool
    drawing: IntervalBar
    label: str


@dataclass(frozen=True)
class ValueView:
    """Everything the section shows."""

    lead: str
    sizes: tuple[SizeRow, ...]
    rfm: RfmTable | None
    expected: tuple[str, ...]
    """The model and its check, or why there is none."""
    priorities: tuple[PriorityRow, ...]
    priority_weights: str
    unusual_title: str
    unusual: tuple[str, ...]
    unusual_more: str
    notes: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show, and so no heading either."""
        return not (self.lead or self.sizes or self.rfm or self.priorities or self.notes)


def build_value(persona_set: PersonaSet, names: SegmentNames, words: FindingWords) -> ValueView | None:
    """What is shown of value and priority; None where nothing is known of either."""
    report = persona_set.behaviour
    if report is None and not persona_set.values and not persona_set.priorities:
        return None
    values = sorted(persona_set.values, key=lambda value: -value.people)
    unusual = report.unusual if report else ()
    more = len(unusual) - MOST_UNUSUAL
    return ValueView(
        lead=_lead(report, words) if report else "",
        sizes=tuple(_size(value, values, report, names, words) for value in values),
        rfm=_rfm(report, values, names, words) if report and report.rfm else None,
        expected=_expected(report, words) if report and report.orders else (),
        priorities=_priorities(persona_set.priorities, names, words),
        priority_weights=_weights(persona_set.priorities, words),
        unusual_title=words("unusual", n=words.number(len(unusual))) if unusual else "",
        unusual=tuple(
            words("sep").join(tidy(words.of_two(reason.text_en, reason.text_zh)) for reason in customer.reasons)
            for customer in unusual[:MOST_UNUSUAL]
        ),
        unusual_more=words("unusual_more", n=words.number(more)) if more > 0 else "",
        notes=tuple(tidy(note) for note in words.of_two_lists(report.notes, report.notes_zh)) if report else (),
    )


def _lead(report: BehaviourReport, words: FindingWords) -> str:
    if not report.orders:
        return ""
    told = {"customers": words.number(report.customers_with_orders), "orders": words.number(report.orders)}
    told["revenue"] = ""
    if report.revenue is not None:
        told["revenue"] = words("value_revenue", revenue=_amount(report.revenue, report.currency))
    if report.first_date and report.as_of:
        return words("value_lead", first=report.first_date.isoformat(), last=report.as_of.isoformat(), **told)
    return words("value_lead_undated", **told)


def _amount(amount: float, currency: str | None) -> str:
    return visible(money_text(amount, currency or "")).replace(" ", "\N{NO-BREAK SPACE}")


def _money(amounts: Sequence[Money], words: FindingWords) -> str:
    return words("sep").join(_amount(money.amount, money.currency) for money in amounts)


def _size(
    value: SegmentValue,
    values: Sequence[SegmentValue],
    report: BehaviourReport | None,
    names: SegmentNames,
    words: FindingWords,
) -> SizeRow:
    name = names.name(value.segment_id)
    people = value.people / max(sum(one.people for one in values), 1)
    bars = [_bar("by_people", people, words.count("people", value.people), name, words)]
    if any(one.revenue for one in values):
        bars.append(_bar("by_revenue", value.share_of_revenue, _money(value.revenue, words), name, words))
    if any(one.expected_value for one in values):
        expected = _money(value.expected_value, words)
        bars.append(_bar("by_expected", value.share_of_expected_value, expected, name, words))
    facts = [words("customers_n", n=words.number(value.customers_with_orders))]
    if value.median_spent:
        facts.append(words("median_spent", money=_money(value.median_spent, words)))
    if value.expected_orders is not None and report:
        orders = words.number(round(value.expected_orders))
        facts.append(words("expected_orders", n=orders, days=report.horizon_days))
    if value.rfm:
        facts.append(words("at_risk", n=words.number(value.at_risk)))
    return SizeRow(name=name, css=names.css(value.segment_id), bars=tuple(bars), facts=words("sep").join(facts))


def _bar(what: str, share: float | None, detail: str, name: str, words: FindingWords) -> Bar:
    told = words("no_revenue") if share is None else words.percent(share)
    return Bar(
        what=words(what),
        share=told,
        detail=detail,
        width=None if share is None else bar_width(share),
        label=words("size_label", name=name, what=words(what), share=told),
    )


def _rfm(report: BehaviourReport, values: Sequence[SegmentValue], names: SegmentNames, words: FindingWords) -> RfmTable:
    shown = [value for value in values if value.rfm]
    with_revenue = any(group.share_of_revenue is not None for group in report.rfm)
    rows = []
    for group in report.rfm:
        cells = [words.number(group.people)]
        if with_revenue:
            cells.append("–" if group.share_of_revenue is None else words.percent(group.share_of_revenue))
        cells += [words.number(value.rfm.get(group.name, 0)) for value in shown]
        rows.append((_rfm_name(group.name, words), tuple(cells)))
    return RfmTable(
        segments=tuple((names.name(value.segment_id), names.css(value.segment_id)) for value in shown),
        rows=tuple(rows),
        with_revenue=with_revenue,
    )


def _rfm_name(name: str, words: FindingWords) -> str:
    return visible(words.of_two(name, RFM_CHINESE.get(name, name)))


def _expected(report: BehaviourReport, words: FindingWords) -> tuple[str, ...]:
    said = [*_model(report.model, report, words)] if report.model else []
    orders = tidy(words.of_two(report.why_no_orders_expected, report.why_no_orders_expected_zh))
    value = tidy(words.of_two(report.why_no_value_expected, report.why_no_value_expected_zh))
    if orders and orders == value:
        return (*said, words("nothing_expected", why=orders))
    said += [words("no_orders_expected", why=orders)] if orders else []
    said += [words("no_value_expected", why=value)] if value else []
    return tuple(said)


def _model(model: ValueModel, report: BehaviourReport, words: FindingWords) -> list[str]:
    check = model.check
    ratio = words("range", low=f"{check.ratio.low:.2f}", high=f"{check.ratio.high:.2f}")
    said = [
        words(
            "expected_by",
            days=report.horizon_days,
            as_of=report.as_of.isoformat() if report.as_of else "",
            model=visible(words("and").join(model.name.split(" and "))),
            library=visible(model.library),
            customers=words.number(model.customers),
        ),
        words(
            "expected_check",
            days=check.days,
            people=words.number(check.customers),
            expected=words.number(round(check.expected_orders)),
            observed=words.number(check.observed_orders),
            interval=ratio,
        ),
    ]
    return said if check.beats_chance else [*said, words("expected_weak")]


def _priorities(
    priorities: Sequence[PersonaPriority], names: SegmentNames, words: FindingWords
) -> tuple[PriorityRow, ...]:
    """One row a segment; none for a single segment, which has all the points."""
    if len(priorities) < 2:
        return ()
    top = max(priority.interval.high for priority in priorities)
    return tuple(
        _priority(priority, Axis(0.0, max(top, 1.0)), len(priorities), names, words)
        for priority in sorted(priorities, key=lambda priority: priority.rank)
    )


def _priority(
    priority: PersonaPriority, axis: Axis, count: int, names: SegmentNames, words: FindingWords
) -> PriorityRow:
    name, points = names.name(priority.segment_id), f"{priority.points:.0f}"
    interval = _points_span(priority.interval, words)
    parts = [
        words("priority_part", part=words.of_two(*PARTS[part.part]), share=words.percent(part.share))
        for part in priority.parts
    ]
    return PriorityRow(
        rank=priority.rank,
        name=name,
        css=names.css(priority.segment_id),
        points=words("priority_points", points=points),
        interval=interval,
        parts=words("sep").join(parts),
        unsure=not priority.sure and priority.rank < count,
        drawing=axis.draw(priority.points, priority.interval),
        label=words("priority_label", name=name, points=points, interval=interval),
    )


def _points_span(interval: Interval, words: FindingWords) -> str:
    return words("range", low=f"{interval.low:.0f}", high=f"{interval.high:.0f}")


def _weights(priorities: Sequence[PersonaPriority], words: FindingWords) -> str:
    """The weights of the parts, told only where they are not all the same."""
    if not priorities or len({round(part.weight, 6) for part in priorities[0].parts}) < 2:
        return ""
    told = [f"{words.of_two(*PARTS[part.part])} {words.percent(part.weight)}" for part in priorities[0].parts]
    return words("priority_weights", weights=words("sep").join(told))

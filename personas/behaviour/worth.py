"""What each segment is worth, and in which order personas deserve attention."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from personas.behaviour.history import NO_CURRENCY, History
from personas.behaviour.records import Behaviour, Money, PartOfPriority, PersonaPriority, PriorityPart, SegmentValue
from personas.behaviour.rfm import AT_RISK, RULES
from personas.behaviour.shares import orders_by_currency, share_of_money
from personas.behaviour.table import BehaviourTable
from personas.counting import Z_95
from personas.records import Interval

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEAST_BEHIND = 5
"""Fewer people than this do not make a part of a priority: one unhappy person would be all the unhappiness there is."""

RISK_RULES = tuple(place for place, rule in enumerate(RULES) if rule.name in AT_RISK)


def segment_value(table: BehaviourTable, assignments: Mapping[str, str]) -> tuple[SegmentValue, ...]:
    """People, orders, money, expected value and RFM mix of each segment; shares are of the people assigned.

    Args:
        table: of the run.
        assignments: customer id -> segment id; people without orders count too.

    Returns:
        One record a segment, by segment id; empty without an orders table.
    """
    history = table.history
    if history is None:
        return ()
    people = sorted(assignments)
    places = _places(table, people)
    segments = sorted(set(assignments.values()))
    segment = np.array([segments.index(assignments[customer_id]) for customer_id in people], dtype=np.int64)
    spent = _of_people(history.spent, places)
    currency = _currency_of_people(history, places)
    expected = _of_people(table.expected_value, places)
    weights = orders_by_currency(history, len(table.currencies))
    revenue_share = share_of_money(spent, currency, weights)
    expected_share = share_of_money(expected, currency, weights)
    return tuple(
        SegmentValue(
            segment_id=name,
            people=int(here.sum()),
            customers_with_orders=int((_of_people(history.orders.astype(np.float64), places)[here] > 0).sum()),
            revenue=_money(table, spent, currency, here),
            share_of_revenue=_sum_share(revenue_share, here),
            median_spent=_medians(table, spent, currency, here),
            expected_value=_money(table, expected, currency, here),
            share_of_expected_value=_sum_share(expected_share, here),
            expected_orders=_sum_known(_of_people(table.expected_orders, places)[here]),
            rfm=_rfm_mix(table, places[here]),
            at_risk=int(_at_risk(table, places[here]).sum()),
        )
        for number, name in enumerate(segments)
        for here in [segment == number]
    )


def customers_by_value(table: BehaviourTable, *, limit: int) -> tuple[Behaviour, ...]:
    """The customers of whom most is expected, or who spent most where nothing is expected, the first first.

    With several currencies the share of the money decides, see `share_of_money`.
    """
    history = table.history
    if history is None:
        return ()
    weights = orders_by_currency(history, len(table.currencies))
    shares = share_of_money(table.expected_value, history.currency, weights)
    if shares is None:
        shares = share_of_money(history.spent, history.currency, weights)
    if shares is None:
        return ()
    # Places are sorted by id, and a stable sort keeps them so among equals.
    first = np.argsort(-shares, kind="stable")[:limit]
    return tuple(table.behaviour(table.customer_ids[place]) for place in first if shares[place] > 0)


def persona_priority(
    table: BehaviourTable | None,
    assignments: Mapping[str, str],
    *,
    unhappy: Mapping[str, float] | None = None,
    among: Collection[str] | None = None,
    weights: Mapping[PriorityPart, float] | None = None,
) -> tuple[PersonaPriority, ...]:
    """Segments by how much of what matters lies with them, with the parts it is added up from.

    Each part is the segment's share of a whole: of the people, of the revenue, of the value expected, of the unhappy
    people, of the customers at risk of leaving. Points are 100 times the weighted mean of the shares; every part that
    the data holds weighs the same unless told otherwise.

    Args:
        table: of the run; None without orders.
        assignments: customer id -> segment id.
        unhappy: customer id -> how unhappy, 0..1, such as the share of their documents with a bad rating.
        among: segments that are ranked (those with a persona); all where None. Shares are of these.
        weights: of the parts; a part that is not named weighs nothing.

    Returns:
        One record a segment, the first to look at first.
    """
    ranked = sorted({name for name in assignments.values() if among is None or name in among})
    people = sorted(customer_id for customer_id, name in assignments.items() if name in ranked)
    if not ranked:
        return ()
    number = {name: place for place, name in enumerate(ranked)}
    segment = np.array([number[assignments[customer_id]] for customer_id in people], dtype=np.int64)
    parts = _parts(table, people, unhappy)
    used = {
        part: values for part, values in parts.items() if (weights or {}).get(part, 1.0 if weights is None else 0.0)
    }
    names = list(used)
    if not names:
        return ()
    raw = np.array([1.0 if weights is None else weights[part] for part in names])
    held = np.stack([used[part] / used[part].sum() for part in names], axis=1)
    return _ranked(ranked, segment, names, held, raw / raw.sum())


def _parts(
    table: BehaviourTable | None, people: Sequence[str], unhappy: Mapping[str, float] | None
) -> dict[PriorityPart, Floats]:
    """What each person adds to each part; parts that hardly anybody adds to are left out."""
    parts: dict[PriorityPart, Floats] = {"people": np.ones(len(people))}
    if table is not None and table.history is not None:
        places = _places(table, people)
        currency = _currency_of_people(table.history, places)
        weights = orders_by_currency(table.history, len(table.currencies))
        for part, values in (("revenue", table.history.spent), ("expected value", table.expected_value)):
            shares = share_of_money(_of_people(values, places), currency, weights)
            if shares is not None:
                parts["revenue" if part == "revenue" else "expected value"] = shares
        parts["customers at risk"] = _at_risk(table, places).astype(np.float64)
    if unhappy is not None:
        parts["unhappy people"] = np.array([unhappy.get(customer_id, 0.0) for customer_id in people])
    return {part: values for part, values in parts.items() if values.sum() > 0 and (values > 0).sum() >= LEAST_BEHIND}


def _ranked(
    segments: Sequence[str], segment: Ints, names: Sequence[PriorityPart], held: Floats, weights: Floats
) -> tuple[PersonaPriority, ...]:
    """The segments by points, with the interval of the points and of each lead.

    The points are ratios of sums over people, so their spread over drawing people anew follows from what each person
    adds (the delta method, as good as a bootstrap here and without chance).
    """
    inside = np.zeros((len(segment), len(segments)))
    inside[np.arange(len(segment)), segment] = 1.0
    shares = inside.T @ held
    points = shares @ weights
    # What each person moves: (inside - share) times what the person holds of each part.
    moved = inside * (held @ weights)[:, None] - held @ (weights[:, None] * shares.T)
    order = sorted(range(len(segments)), key=lambda place: (-round(float(points[place]), 12), segments[place]))
    found = []
    for rank, place in enumerate(order):
        half = Z_95 * float(np.sqrt((moved[:, place] ** 2).sum()))
        after = order[rank + 1] if rank + 1 < len(order) else None
        lead = np.inf if after is None else points[place] - points[after]
        doubt = 0.0 if after is None else Z_95 * float(np.sqrt(((moved[:, place] - moved[:, after]) ** 2).sum()))
        found.append(
            PersonaPriority(
                segment_id=segments[place],
                rank=rank + 1,
                points=round(100 * float(points[place]), 4),
                interval=Interval(
                    low=max(0.0, 100 * (float(points[place]) - half)),
                    high=min(100.0, 100 * (float(points[place]) + half)),
                ),
                parts=tuple(
                    PartOfPriority(
                        part=name, share=round(float(shares[place, column]), 6), weight=float(weights[column])
                    )
                    for column, name in enumerate(names)
                ),
                sure=bool(lead > doubt),
            )
        )
    return tuple(found)


def _places(table: BehaviourTable, people: Sequence[str]) -> Ints:
    return np.array([table.place_of.get(customer_id, -1) for customer_id in people], dtype=np.int64)


def _of_people(values: Floats, places: Ints) -> Floats:
    """The values of the people; NaN where the tables do not know them."""
    if not len(values):
        return np.full(len(places), np.nan)
    return np.where(places >= 0, values[places], np.nan)


def _currency_of_people(history: History, places: Ints) -> Ints:
    if not len(history.currency):
        return np.full(len(places), NO_CURRENCY)
    return np.where(places >= 0, history.currency[places], NO_CURRENCY)


def _money(table: BehaviourTable, money: Floats, currency: Ints, here: NDArray[np.bool_]) -> tuple[Money, ...]:
    """Sums by currency of the people here, with their share of that currency's money of everybody assigned."""
    found = []
    for number, name in enumerate(table.currencies):
        known = (currency == number) & ~np.isnan(money)
        if (known & here).any():
            total, own = float(money[known].sum()), float(money[known & here].sum())
            share = round(own / total, 6) if total > 0 else None
            found.append(Money(currency=name or None, amount=round(own, 2), share=share))
    return tuple(found)


def _medians(table: BehaviourTable, money: Floats, currency: Ints, here: NDArray[np.bool_]) -> tuple[Money, ...]:
    return tuple(
        Money(currency=name or None, amount=round(float(np.median(values)), 2), share=None)
        for number, name in enumerate(table.currencies)
        for values in [money[here & (currency == number) & ~np.isnan(money)]]
        if len(values)
    )


def _sum_share(shares: Floats | None, here: NDArray[np.bool_]) -> float | None:
    return None if shares is None else round(float(shares[here].sum()), 6)


def _sum_known(values: Floats) -> float | None:
    return None if np.isnan(values).all() else round(float(np.nansum(values)), 2)


def _rfm_mix(table: BehaviourTable, places: Ints) -> dict[str, int]:
    rules = _rules_of(table, places)
    return {rule.name: count for place, rule in enumerate(RULES) for count in [int((rules == place).sum())] if count}


def _at_risk(table: BehaviourTable, places: Ints) -> NDArray[np.bool_]:
    return np.isin(_rules_of(table, places), RISK_RULES)


def _rules_of(table: BehaviourTable, places: Ints) -> Ints:
    if table.rfm is None or not len(table.rfm.rule):
        return np.full(len(places), -1)
    return np.where(places >= 0, table.rfm.rule[places], -1)

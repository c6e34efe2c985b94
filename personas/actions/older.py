"""The older segmentation that a persona is tried against: a column of the customer table, else the RFM groups."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from personas.actions.records import OlderGroup
from personas.behaviour import BehaviourTable
from personas.behaviour.rfm import RULES

RFM = "RFM"

_DIVIDES = re.compile(
    r"segment|tier|plan|group|cluster|level|type|categor|member|会员|等级|级别|分群|分组|套餐|类型|类别", re.IGNORECASE
)
"""Columns that somebody made to divide customers by."""

_SENSITIVE = re.compile(
    r"(?:^|[^a-z])(?:gender|sex|age|birth|born|race|ethnic|relig|health|disab|income|salary|marital|nationality|politic"
    r"|orientation)|性别|年龄|生日|出生|民族|种族|宗教|健康|残疾|收入|婚姻|国籍|政治",
    re.IGNORECASE,
)
"""Columns that nobody is picked by here."""

_OF_ORDERS = frozenset({"orders", "spent", "last order", "buys"})
"""Made from the orders by `personas.customers`; RFM tells the same."""

LEAST_PEOPLE = 5


def divide_by_older(
    categories: Mapping[str, Mapping[str, tuple[str, ...]]],
    behaviour: BehaviourTable,
    segment_of: Mapping[str, str],
    among: Collection[str],
) -> dict[str, OlderGroup]:
    """Segment id -> the group of the older segmentation that is most like it; segments without one are left out.

    A column that was made to divide customers comes before the RFM groups, these before any other column; columns that
    tell of age, sex, health, belief or the like are never taken.

    Args:
        categories: column -> customer id -> values, see `personas.customers.categorise`.
        behaviour: of the run.
        segment_of: customer id -> segment id, of those placed in a segment.
        among: the segments asked for.
    """
    ways = _ways(categories, behaviour)
    found = {}
    for segment_id in sorted(among):
        members = {customer for customer, own in segment_of.items() if own == segment_id}
        groups = (_nearest(column, values, members, segment_of) for column, values in ways)
        if (first := next((group for group in groups if group is not None), None)) is not None:
            found[segment_id] = first
    return found


def _ways(
    categories: Mapping[str, Mapping[str, tuple[str, ...]]], behaviour: BehaviourTable
) -> Sequence[tuple[str, Mapping[str, tuple[str, ...]]]]:
    """The older segmentations, the likeliest first."""
    usable = {c: values for c, values in categories.items() if c not in _OF_ORDERS and not _SENSITIVE.search(c)}
    made = sorted(column for column in usable if _DIVIDES.search(column))
    others = sorted(column for column in usable if column not in made)
    rfm = [(RFM, _rfm_groups(behaviour))] if behaviour.rfm is not None else []
    return [*((column, usable[column]) for column in made), *rfm, *((column, usable[column]) for column in others)]


def _rfm_groups(behaviour: BehaviourTable) -> dict[str, tuple[str, ...]]:
    assert behaviour.rfm is not None
    rules = zip(behaviour.customer_ids, behaviour.rfm.rule.tolist(), strict=True)
    return {customer: (RULES[rule].name,) for customer, rule in rules if rule >= 0}


def _nearest(
    column: str, values: Mapping[str, tuple[str, ...]], members: set[str], placed: Mapping[str, str]
) -> OlderGroup | None:
    """The value whose people overlap most with the members (Jaccard), among those who were placed."""
    sizes = Counter(value for customer, own in values.items() if customer in placed for value in own)
    shared = Counter(value for customer in members for value in values.get(customer, ()))
    usable = [value for value, count in shared.items() if count >= LEAST_PEOPLE or 2 * count >= len(members)]
    if len(sizes) < 2 or not usable:
        return None
    best = min(usable, key=lambda value: (-shared[value] / (sizes[value] + len(members) - shared[value]), value))
    return OlderGroup(column=column, value=best, people=sizes[best], shared=shared[best])

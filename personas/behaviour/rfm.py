"""RFM: how recently, how often and for how much, in fifths, and the usual names of their combinations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from personas.behaviour.dates import NO_DAY
from personas.behaviour.history import NO_CURRENCY, History
from personas.behaviour.notes import note

LEAST_RANKED = 20
"""Fewer customers than this are not cut into fifths."""

AT_RISK = frozenset({"At Risk", "Can't Lose Them", "About To Sleep"})
"""Segments that are slipping away and not gone yet."""

Scores = NDArray[np.int64]


@dataclass(frozen=True)
class RfmRule:
    """One named segment: a rectangle of recency and of frequency with money."""

    name: str
    name_zh: str
    recency: tuple[int, int]
    """Lowest and highest recency score."""
    worth: tuple[int, int]
    """Lowest and highest score of frequency and money together."""
    meaning: str


RULES = (
    RfmRule("Champions", "重要价值客户", (5, 5), (4, 5), "ordered lately, and more than most"),
    RfmRule("Loyal Customers", "忠诚客户", (3, 4), (4, 5), "order more than most, not in the very last days"),
    RfmRule("Potential Loyalists", "潜在忠诚客户", (4, 5), (2, 3), "ordered lately, and about as much as most"),
    RfmRule("New Customers", "新客户", (5, 5), (1, 1), "ordered just now, and little so far"),
    RfmRule("Promising", "有潜力客户", (4, 4), (1, 1), "ordered lately, and little so far"),
    RfmRule("Needs Attention", "需要关注的客户", (3, 3), (3, 3), "in the middle of everything"),
    RfmRule("About To Sleep", "即将沉睡客户", (3, 3), (1, 2), "ordered little, and not lately"),
    RfmRule("At Risk", "流失风险客户", (1, 2), (3, 4), "used to order, and have not for long"),
    RfmRule("Can't Lose Them", "不能失去的客户", (1, 2), (5, 5), "used to order the most, and have not for long"),
    RfmRule("Hibernating", "沉睡客户", (2, 2), (1, 2), "ordered little, a long time ago"),
    RfmRule("Lost", "已流失客户", (1, 1), (1, 2), "ordered little, the longest time ago"),
)
"""The grid of recency and frequency that most tools use, with money beside frequency; it covers every pair once.

Source:
    The eleven names and their order go back to marketing tools (Putler, 2010s) and are those of the R package `rfm`;
    the rectangles are the widespread grid on recency and frequency, its lowest corner parted into two.
"""


@dataclass(frozen=True)
class Rfm:
    """Scores of all customers, 1..5 with 5 best; 0 where one cannot be ranked."""

    recency: Scores
    frequency: Scores
    money: Scores
    rule: Scores
    """Index into `RULES`; -1 where recency or frequency is not known."""
    notes: tuple[str, ...]


def score_rfm(history: History, as_of: int, currencies: int) -> Rfm:
    """Fifths of recency, frequency and money, each among the customers who can be compared.

    Money is ranked within a currency. One order is always the lowest frequency: no share of one-time buyers makes one
    order much.

    Args:
        history: of all customers.
        as_of: last day of the table.
        currencies: how many there are.
    """
    ordered = history.orders > 0
    dated = ordered & (history.last_day != NO_DAY)
    zeros = np.zeros(len(ordered), dtype=np.int64)
    if dated.sum() < LEAST_RANKED:
        why = note("few to rank", int(dated.sum()), least=LEAST_RANKED)
        return Rfm(zeros, zeros, zeros, zeros - 1, (why,))
    recency, frequency, money = zeros.copy(), zeros.copy(), zeros.copy()
    recency[dated] = fifths(history.last_day[dated].astype(np.float64))
    frequency[ordered] = fifths(history.orders[ordered].astype(np.float64))
    frequency[history.orders == 1] = 1
    notes = []
    for currency in range(currencies):
        here = ordered & (history.currency == currency) & ~np.isnan(history.spent)
        if here.sum() >= LEAST_RANKED:
            money[here] = fifths(history.spent[here])
    unranked = int((dated & (money == 0)).sum())
    if unranked and (history.currency != NO_CURRENCY).any():
        notes.append(note("unranked", unranked, least=LEAST_RANKED))
    return Rfm(recency, frequency, money, _rules(recency, frequency, money), tuple(notes))


def fifths(values: NDArray[np.float64]) -> Scores:
    """The fifth, 1..5, in which each value lies; equal values share the fifth of their middle."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    middle = (np.cumsum(counts) - counts / 2) / len(values)
    scores: Scores = np.minimum(5, 1 + np.floor(5 * middle)).astype(np.int64)
    return scores[place]


def _rules(recency: Scores, frequency: Scores, money: Scores) -> Scores:
    # The mean of both; a half counts as the lower, so that one order is not made much by its money alone.
    worth = np.where(money > 0, (frequency + money) // 2, frequency)
    grid = np.full((6, 6), -1, dtype=np.int64)
    for place, rule in enumerate(RULES):
        grid[rule.recency[0] : rule.recency[1] + 1, rule.worth[0] : rule.worth[1] + 1] = place
    return np.where(recency > 0, grid[recency, worth], -1)


def rules_table() -> str:
    """The rules as a Markdown table, as `docs/value.md` prints it."""
    lines = ["| segment | 中文 | recency | frequency and money | in words |", "|---|---|---|---|---|"]
    for rule in RULES:
        spans = [f"{low}" if low == high else f"{low}–{high}" for low, high in (rule.recency, rule.worth)]
        lines.append(f"| {rule.name} | {rule.name_zh} | {spans[0]} | {spans[1]} | {rule.meaning} |")
    return "\n".join(lines)

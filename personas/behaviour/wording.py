"""What readers see of behaviour and value, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping

from personas.behaviour.records import PriorityPart, UnusualKind

REASONS: Mapping[UnusualKind, tuple[str, str]] = {
    "largest order": (
        "one order of {value}; 95 of 100 orders stay below {usual}",
        "有一笔 {value} 的订单；100 笔订单中有 95 笔低于 {usual}",
    ),
    "orders in a day": (
        "{value} orders on one day; 95 of 100 customers never have more than {usual}",
        "同一天下了 {value} 笔订单；100 位客户中有 95 位从未超过 {usual} 笔",
    ),
    "orders": (
        "{value} orders in all; 95 of 100 customers have at most {usual}",
        "共 {value} 笔订单；100 位客户中有 95 位不超过 {usual} 笔",
    ),
    "quantity": (
        "{value} pieces in one order; 95 of 100 customers never take more than {usual}",
        "一笔订单购买 {value} 件；100 位客户中有 95 位从未超过 {usual} 件",
    ),
    "refunds": (
        "{value} refunds; among all customers {usual} of the orders are given back",
        "退款 {value} 次；全体客户的订单中只有 {usual} 退款",
    ),
    "unlike themselves": (
        "one order of {value}, while half of their own orders stay below {usual}",
        "有一笔 {value} 的订单，而其本人有一半订单低于 {usual}",
    ),
}
"""Why a customer is shown to a person."""

PARTS: Mapping[PriorityPart, tuple[str, str]] = {
    "people": ("share of the people", "人数占比"),
    "revenue": ("share of the revenue", "收入占比"),
    "expected value": ("share of the value expected in the next year", "未来一年预期价值占比"),
    "unhappy people": ("share of the unhappy people", "不满客户占比"),
    "customers at risk": ("share of the customers at risk of leaving", "流失风险客户占比"),
}
"""The parts of a priority."""

COLUMN_PHRASES: Mapping[str, tuple[str, str]] = {
    "log orders": ("number of orders", "订单数"),
    "log money": ("money spent", "消费金额"),
    "recency days": ("days since the last order", "距上次下单天数"),
    "tenure days": ("days since the first order", "距首次下单天数"),
    "log basket": ("mean amount of an order", "平均每单金额"),
    "log refunds": ("number of refunds", "退款次数"),
    "log visits": ("number of visits", "访问次数"),
    "channel": ("share of events through {channel}", "通过 {channel} 的事件占比"),
}
"""Phrases for the columns of `behaviour_columns`, by name; `channel` stands for all of its columns."""


def counted(number: int, noun: str) -> str:
    """A number of things for a note, such as `1 row` or `2,345 rows`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def money_text(amount: float, currency: str) -> str:
    """An amount with its currency, such as `1,235 EUR`; cents only below a hundred."""
    number = f"{amount:,.2f}" if abs(amount) < 100 and amount != int(amount) else f"{amount:,.0f}"
    return f"{number} {currency}".strip()


def unusual_reason(kind: UnusualKind, value: float, usual: float, currency: str) -> tuple[str, str]:
    """The reason in English and in Chinese."""
    if kind in {"largest order", "unlike themselves"}:
        told = {"value": money_text(value, currency), "usual": money_text(usual, currency)}
    elif kind == "refunds":
        told = {"value": f"{value:,.0f}", "usual": f"{usual:.1%}".replace("%", " %")}
    else:
        told = {"value": f"{value:,.0f}", "usual": f"{usual:,.0f}"}
    english, chinese = REASONS[kind]
    return english.format(**told), chinese.format(**told)

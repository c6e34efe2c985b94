"""Plain sentences made from claims: the words around the numbers, in English and Chinese."""

from __future__ import annotations

import re

from personas.attributes import OutputLanguage
from personas.records import Claim

ENGLISH = {
    "demographics": "{share} say of themselves: “{value}”",
    "goals": "{share} want to get something done: “{value}”",
    "needs": "{share} ask for “{value}”",
    "pain_points": "{share} run into “{value}”",
    "behaviours": "{share} tell how they go about it: “{value}”",
    "interests": "{share} bring up “{value}”",
    "values_lifestyle": "{share} care about more than the product: “{value}”",
    "price_sensitivity": "{share} speak of the price: “{value}”",
    "satisfaction": "{share} are happy with “{value}”",
    "loyalty_churn": "{share} talk of staying or leaving: “{value}”",
    "potential": "{share} could want more: “{value}”",
    "channels": "{share} mention where they turn to: “{value}”",
    "objections": "{share} have doubts: “{value}”",
}
CHINESE = {
    "demographics": "{share}谈到自己：“{value}”",
    "goals": "{share}想做成的事：“{value}”",
    "needs": "{share}希望：“{value}”",
    "pain_points": "{share}遇到的麻烦：“{value}”",
    "behaviours": "{share}这样使用：“{value}”",
    "interests": "{share}提到：“{value}”",
    "values_lifestyle": "{share}看重的不只是产品：“{value}”",
    "price_sensitivity": "{share}谈到价格：“{value}”",
    "satisfaction": "{share}满意的是：“{value}”",
    "loyalty_churn": "{share}说到去留：“{value}”",
    "potential": "{share}可能还想要：“{value}”",
    "channels": "{share}提到渠道：“{value}”",
    "objections": "{share}有顾虑：“{value}”",
}
FALLBACK = {"en": "{share} say: “{value}”", "zh": "{share}说：“{value}”"}

CAUTIONS: dict[OutputLanguage, dict[str, str]] = {
    "en": {
        "more": (
            "They wrote more than others (median {here:.0f} words against {there:.0f}); the adjusted column "
            "compares like with like."
        ),
        "less": (
            "They wrote less than others (median {here:.0f} words against {there:.0f}); what they did not "
            "say may still be true of them."
        ),
        "few": "Only {people} people: shares move by {step} points with every person.",
        "unstable": (
            "The segment comes back in {stability} of 100 resamples on average: read it as a tendency, not "
            "as a group with a border."
        ),
        "length": "“{value}” looks raised (×{raw:.1f}) and is not once length is evened out (×{adjusted:.1f}).",
        "same": (
            "Segments are made from what people say, so the ratios describe them; they do not prove a "
            "difference on other people."
        ),
    },
    "zh": {
        "more": "他们写得比别人多（中位数 {here:.0f} 字，其他人 {there:.0f} 字）；“校正”一栏按篇幅相近的人比较。",
        "less": "他们写得比别人少（中位数 {here:.0f} 字，其他人 {there:.0f} 字）；没说的不等于没有。",
        "few": "只有 {people} 人：每多一人，比例就变动 {step} 个百分点。",
        "unstable": "该群体在重抽样中平均重现 {stability}%：请看作一种倾向，而非边界清楚的群体。",
        "length": "“{value}”看似偏高（×{raw:.1f}），按篇幅校正后并不高（×{adjusted:.1f}）。",
        "same": "群体本身由人们所说的话划分，比例只描述他们，并不证明在其他人身上也有差别。",
    },
}
"""What to be careful about, per language."""

ORDER_COLUMNS = {"orders": "订单数", "spent": "消费金额", "last order": "最近一次下单", "buys": "购买过"}
"""Columns that are made from the orders, in Chinese."""

_RANGES = (
    (re.compile(r"up to ([-\d.e+]+)"), r"不超过 \1"),
    (re.compile(r"above ([-\d.e+]+)"), r"高于 \1"),
    (re.compile(r"([-\d.e+]+) to ([-\d.e+]+)"), r"\1 至 \2"),
)
"""Numbers cut into thirds by `personas.customers.categorise`, in Chinese."""

NOTABLE_RATIO = 1.5
"""Adjusted ratio from which a sentence compares with everybody else."""


def percent(share: float) -> int:
    """A share as a whole percentage."""
    return round(share * 100)


def plain_sentence(claim: Claim, language: OutputLanguage) -> str:
    """One sentence that says what the claim says, with its share, and compares where the ratio is notable."""
    if claim.basis is not None:
        return _data_sentence(claim, language)
    pattern = (ENGLISH if language == "en" else CHINESE).get(claim.attribute, FALLBACK[language])
    sentence = pattern.format(share=_share(claim, language), value=inner_quotes(claim.value.rstrip(".。")))
    return sentence + plain_comparison(claim, language) + ("。" if language == "zh" else ".")


def inner_quotes(text: str) -> str:
    """The text with its quotation marks as single ones, so that it can stand between double ones."""
    return text.translate(_SINGLE)


_SINGLE = {ord(mark): "‘" for mark in "“「『〝"} | {ord(mark): "’" for mark in '”」』〞"'}


def _data_sentence(claim: Claim, language: OutputLanguage) -> str:
    here, there = percent(claim.share), percent(claim.share_elsewhere)
    if language == "zh":
        return f"客户表显示，{here}% 的人为“{data_value(claim, language)}”，其他人中为 {there}%。"
    return f"By the customer table, {here} % have “{claim.value}”, against {there} % of everyone else."


def data_value(claim: Claim, language: OutputLanguage) -> str:
    """What a claim from a table says: "age: up to 39"; that of any other claim as it is."""
    if claim.basis is None or language == "en":
        return claim.value
    column, value = table_words(claim.basis.column.replace("_", " "), claim.basis.value, language)
    return f"{column}: {value}"


def table_words(column: str, value: str, language: OutputLanguage) -> tuple[str, str]:
    """A column and a value as they are told; what the user's table holds stays as it is."""
    if language == "en":
        return column, value
    ranges = (match.expand(chinese) for pattern, chinese in _RANGES if (match := pattern.fullmatch(value)))
    return ORDER_COLUMNS.get(column, column), next(ranges, value)


def _share(claim: Claim, language: OutputLanguage) -> str:
    if language == "zh":
        return f"{percent(claim.share)}% 的人（{claim.people} 人）"
    noun = "person" if claim.people == 1 else "people"
    return f"{percent(claim.share)} % ({claim.people} {noun})"


def plain_comparison(claim: Claim, language: OutputLanguage) -> str:
    """How everybody else compares, to stand at the end of a sentence; empty where that is not notable."""
    ratio = claim.adjusted_lift
    notable = ratio is None or ratio >= NOTABLE_RATIO
    there = percent(claim.share_elsewhere)
    if not notable:
        return ""
    if claim.people_elsewhere == 0:
        return "，其他人没有提到" if language == "zh" else "; nobody else says so"
    if language == "zh":
        return f"，其他人中只有 {there or '不到 1'}%"
    return f", against {there or 'less than 1'} % of everyone else"

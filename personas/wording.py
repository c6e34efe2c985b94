"""Plain sentences made from claims: the words around the numbers, in English and Chinese."""

from __future__ import annotations

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
    sentence = pattern.format(share=_share(claim, language), value=claim.value.rstrip(".。"))
    return sentence + _comparison(claim, language)


def _data_sentence(claim: Claim, language: OutputLanguage) -> str:
    here, there = percent(claim.share), percent(claim.share_elsewhere)
    if language == "zh":
        return f"客户表显示，{here}% 的人{claim.value}，其他人中为 {there}%。"
    return f"By the customer table, {here} % have {claim.value}, against {there} % of everyone else."


def _share(claim: Claim, language: OutputLanguage) -> str:
    if language == "zh":
        return f"{percent(claim.share)}% 的人（{claim.people} 人）"
    noun = "person" if claim.people == 1 else "people"
    return f"{percent(claim.share)} % ({claim.people} {noun})"


def _comparison(claim: Claim, language: OutputLanguage) -> str:
    ratio = claim.adjusted_lift
    notable = ratio is None or ratio >= NOTABLE_RATIO
    there = percent(claim.share_elsewhere)
    if language == "zh":
        return f"，其他人中只有 {there}%。" if notable else "。"
    return f", against {there} % of everyone else." if notable else "."

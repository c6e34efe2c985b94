"""What actions, trials and tones say, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from personas.actions.records import OlderGroup
from personas.attributes import OutputLanguage
from personas.behaviour.rfm import RULES

WHAT: Final[Mapping[str, tuple[str, str]]] = {
    "fix": ("Fix what stands behind “{value}”.", "解决“{value}”背后的问题。"),
    "build": ("Try out what they ask for: “{value}”.", "试做他们要的东西：“{value}”。"),
    "message": ("Speak to them of “{value}” first, in their words.", "对他们先讲“{value}”，用他们自己的话。"),
    "price": (
        "Tell them beforehand what they pay and what they get for it: “{value}”.",
        "事先讲清付多少、得到什么：“{value}”。",
    ),
    "offer": (
        "Offer “{item}” to the {reach} of them who have not got it.",
        "向其中还没有“{item}”的 {reach} 人推荐它。",
    ),
    "answer": (
        "When they write in, {tone}; bring up “{value}” before they have to.",
        "他们来信时，{tone}；不等他们开口，先提“{value}”。",
    ),
    "keep": (
        "Ask those who say “{value}” what would make them stay, before anything is offered.",
        "先问那些说“{value}”的人怎样才愿意留下，再谈给什么。",
    ),
    "win back": (
        "Write to the {at_risk} whose orders thin out, about “{value}” and nothing else.",
        "给下单渐少的 {at_risk} 人写信，只谈“{value}”。",
    ),
    "doubt": ("Answer their doubt where they decide: “{value}”.", "在他们做决定的地方回应顾虑：“{value}”。"),
    "invite": (
        "Show those who say “{value}” first what more there is.",
        "先给那些说“{value}”的人看还有什么可选。",
    ),
    "recommend": (
        "Ask those who say “{value}” to tell others.",
        "请那些说“{value}”的人推荐给别人。",
    ),
}
"""Kind of action -> what to do."""

BECAUSE: Final = (
    "{people} of {members} here say so ({share}), against {there} of everyone else.",
    "这里 {members} 人中有 {people} 人这样说（{share}），其他人中为 {there}。",
)
BECAUSE_BOUGHT: Final = (
    "{people} of {known} here who ordered have it ({share}), against {there} elsewhere.",
    "这里下过单的 {known} 人中有 {people} 人已有（{share}），别处为 {there}。",
)
THEN: Final[Mapping[str, tuple[str, str]]] = {
    "fewer say so": (
        "If it works, fewer of them bring it up.",
        "如果有效，他们中提起它的会变少。",
    ),
    "more answer": ("If it works, more of them answer.", "如果有效，会有更多人回应。"),
    "fewer come back": (
        "If it works, fewer have to write about the same thing again.",
        "如果有效，为同一件事再来信的人会变少。",
    ),
    "more order": ("If it works, more of them order again.", "如果有效，会有更多人再次下单。"),
    "more stay": (
        "If it works, more of them are still there after three months.",
        "如果有效，三个月后留下的人会更多。",
    ),
    "more take it": ("If it works, more of them take it.", "如果有效，会有更多人选用它。"),
}
"""What is expected; it names the measure too."""

MEASURE: Final[Mapping[str, tuple[str, str]]] = {
    "fewer say so": (
        "share who still bring it up in what they write, counted the same way by a later run",
        "之后再运行一次、用同样方法统计的仍提起它的人的比例",
    ),
    "more answer": ("share who answer within two weeks", "两周内作出回应的比例"),
    "fewer come back": (
        "share of answered people who write about the same thing again within two weeks",
        "得到答复的人中两周内为同一件事再次来信的比例",
    ),
    "more order": ("share of customers who order within {days} days", "{days} 天内下单的客户比例"),
    "more stay": ("share who are still customers after three months", "三个月后仍是客户的比例"),
    "more take it": ("share who take it within a month", "一个月内选用它的比例"),
}
AGAINST: Final = (
    "Do the same for as many people of {column} = {value} ({people} people, {shared} of them in this segment): the "
    "persona is worth having here only if its people answer better than those.",
    "对 {column} = {value} 的同样多的人也这样做（共 {people} 人，其中 {shared} 人在本群体）："
    "只有本画像的人反应更好，它在这里才有价值。",
)
AGAINST_RFM: Final = (
    "Do the same for as many people of the RFM group {value} ({people} people, {shared} of them in this segment): the "
    "persona is worth having here only if its people answer better than those.",
    "对 RFM 组“{value}”的同样多的人也这样做（共 {people} 人，其中 {shared} 人在本群体）："
    "只有本画像的人反应更好，它在这里才有价值。",
)
AGAINST_NONE: Final = (
    "No older segmentation is known: do the same for as many people picked at random from everyone else.",
    "没有已知的旧分群：对从其他人中随机抽取的同样多的人也这样做。",
)
ANSWER_SO: Final = ("answer {manner} and {length}, and {feeling}", "{manner}、{length}回复，{feeling}")
TONES: Final[Mapping[tuple[str, str], tuple[str, str]]] = {
    ("feeling", "unhappy"): ("do not sell anything", "不要推销"),
    ("feeling", "mixed"): ("say first what can be done", "先说能做什么"),
    ("feeling", "happy"): ("take up their good mood", "接住他们的好心情"),
    ("length", "short"): ("in two or three sentences", "用两三句话"),
    ("length", "medium"): ("in one paragraph", "用一段话"),
    ("length", "long"): ("point by point", "逐点"),
    ("manner", "casual"): ("in an easy tone", "用轻松的语气"),
    ("manner", "plain"): ("in plain words", "用平实的话"),
    ("manner", "formal"): ("in a formal tone", "用正式的语气"),
}
_RFM_CHINESE = {rule.name: rule.name_zh for rule in RULES}


def of_language(texts: tuple[str, str], language: OutputLanguage) -> str:
    """The one of an English and a Chinese text."""
    return texts[language == "zh"]


def tell_share(share: float, language: OutputLanguage) -> str:
    """A share as a whole percentage; a small one is not told as none."""
    sign = "%" if language == "zh" else " %"
    return f"<1{sign}" if 0 < share < 0.005 else f"{round(100 * share)}{sign}"


def tell_against(older: OlderGroup | None, language: OutputLanguage) -> str:
    """Whom to try the same with, to see whether the persona picks people better."""
    if older is None:
        return of_language(AGAINST_NONE, language)
    if older.column != "RFM":
        return of_language(AGAINST, language).format_map(older.model_dump())
    value = _RFM_CHINESE.get(older.value, older.value) if language == "zh" else older.value
    return of_language(AGAINST_RFM, language).format_map({**older.model_dump(), "value": value})

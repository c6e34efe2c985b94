"""The words in which a trace is told, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from personas.agent.recording import BY_HAND, LONE, REPEATED
from personas.attributes import OutputLanguage

Words = Mapping[str, str]

ENGLISH: Final[Words] = {
    "first": "First pass: what was at hand",
    "gaps": "Before round {number}: what is missing",
    "round": "Round {number}: searches, and what came of them",
    "end": "In the end",
    "evidence": "evidence: {label}, “{about}”: {people} ({share} %){ratio}, {sentences} to quote from",
    "proposed": "{label}: “{value}”, {quotes}, by {origin}{note}",
    "kept": " -> kept with {quotes}",
    "dropped": " -> dropped: {reason}",
    "lone": "dropped: {label}, “{value}”: {reason}",
    "quote cited": "“{quote}” -> found: {reason}",
    "quote dropped": "“{quote}” -> not believed: {reason}",
    "nothing missing": "nothing",
    "empty": "no claim, but people who speak of it: {labels}",
    "unheard": "no claim, and fewer than two people who speak of it: {labels}",
    "thin": "too few quotes: {label}, “{value}”: said by {people}, {quoted} quoted, {needed} needed",
    "searched attribute": ("searched for {label}: {queries}: {passages} of {within} found, of {people}: {outcome}"),
    "searched claim": (
        "searched for more quotes of “{value}” ({label}): {passages} of {within} found, of {people}: {outcome}"
    ),
    "read again": "read again",
    "quotes added": "{added} more quoted",
    "too few people": "too few people for a claim",
    "nothing new": "nobody else who says it",
    "contradiction": (
        "contradiction ({ground}: {words}): “{value}” ({label}, {people}) against “{against}” "
        "({against_label}, {against_people}): {outcome}"
    ),
    "opposite words": "opposite words",
    "negation": "negation",
    "feeling": "how they feel",
    "both contested": "both are told, as contested",
    "weaker dropped": "the second, which too few people carry, is dropped",
    "left as they are": "too few people carry either; both stay anecdotes",
    "counted": (
        "{claim_id} {label}, “{value}”: {status}, {people} ({share} %), elsewhere {elsewhere}{ratio}; "
        "{quoted} quoted{contrary}"
    ),
    "contrary": ", {contrary} of the other side",
    "not stated": "not stated: {labels}: {reason}",
    "nobody speaks of it": "nobody speaks of it",
    "one voice": "only one person speaks of it",
    "nothing held": "people were found, and no claim about it held",
    "not searched": "the rounds were used up",
    "replaced": "sentence replaced by {by}: “{text}”: {reason}",
    "a second answer": "a second answer",
    "a plain sentence": "a plain one, or by none",
    "narrated": "narrative: {sentences}, {by_model} of them by the model",
    "ratio": ", {ratio} times as often as elsewhere",
    "llm": "the model",
    "extractive": "the extractive author",
    "data": "the customer table",
    "supported": "supported",
    "anecdotal": "anecdotal",
    "contested": "contested",
    "withheld": "withheld",
}

CHINESE: Final[Words] = {
    "first": "第一遍：手头的材料",
    "gaps": "第 {number} 轮之前：还缺什么",
    "round": "第 {number} 轮：搜索及其结果",
    "end": "最后",
    "evidence": "材料：{label}，“{about}”：{people} 人（{share}%）{ratio}，可引用 {sentences} 句",
    "proposed": "{label}：“{value}”，{quotes} 条引文，提出者：{origin}{note}",
    "kept": " -> 保留，引文 {quotes} 条",
    "dropped": " -> 舍弃：{reason}",
    "lone": "舍弃：{label}，“{value}”：{reason}",
    "quote cited": "“{quote}” -> 找到：{reason}",
    "quote dropped": "“{quote}” -> 不采信：{reason}",
    "nothing missing": "不缺",
    "empty": "还没有结论，但有人谈到：{labels}",
    "unheard": "还没有结论，谈到的不足两人：{labels}",
    "thin": "引文太少：{label}，“{value}”：{people} 人这样说，引用了 {quoted} 人，需要 {needed} 人",
    "searched attribute": "搜索{label}：{queries}：{within} 段中找到 {passages} 段、{people} 人：{outcome}",
    "searched claim": "为“{value}”（{label}）找更多引文：{within} 段中找到 {passages} 段、{people} 人：{outcome}",
    "read again": "再读一遍",
    "quotes added": "新引用 {added} 人",
    "too few people": "人数太少，不能下结论",
    "nothing new": "没有别人这样说",
    "contradiction": (
        "矛盾（{ground}：{words}）：“{value}”（{label}，{people} 人）与“{against}”"
        "（{against_label}，{against_people} 人）：{outcome}"
    ),
    "opposite words": "反义词",
    "negation": "否定",
    "feeling": "感受相反",
    "both contested": "两者都保留，标为有争议",
    "weaker dropped": "后者支持的人太少，舍弃",
    "left as they are": "两者支持的人都太少，均仍为个别说法",
    "counted": (
        "{claim_id} {label}，“{value}”：{status}，{people} 人（{share}%），其他人中 {elsewhere} 人{ratio}；"
        "引用 {quoted} 人{contrary}"
    ),
    "contrary": "，另一方 {contrary} 人",
    "not stated": "未提及：{labels}：{reason}",
    "nobody speaks of it": "没有人谈到",
    "one voice": "只有一人谈到",
    "nothing held": "找到了人，但没有站得住的结论",
    "not searched": "轮数已用完",
    "replaced": "句子换成{by}：“{text}”：{reason}",
    "a second answer": "第二次的回答",
    "a plain sentence": "平实的句子，或不再写",
    "narrated": "叙述：{sentences} 句，其中模型写的 {by_model} 句",
    "ratio": "，是其他人的 {ratio} 倍",
    "llm": "模型",
    "extractive": "摘录",
    "data": "客户表",
    "supported": "有支持",
    "anecdotal": "个别说法",
    "contested": "有争议",
    "withheld": "保留不发",
}

NOUNS: Final[Mapping[OutputLanguage, Mapping[str, tuple[str, str]]]] = {
    "en": {
        "people": ("person", "people"),
        "against_people": ("person", "people"),
        "quoted": ("person", "people"),
        "added": ("person", "people"),
        "quotes": ("quote", "quotes"),
        "sentences": ("sentence", "sentences"),
        "within": ("passage", "passages"),
    },
    "zh": {},
}
"""What is counted, for one and for more; a number of these names is told with its noun."""

WORDS: Final[Mapping[OutputLanguage, Words]] = {"en": ENGLISH, "zh": CHINESE}

REASONS_ZH: Final[Words] = {
    "its value is a text, not a phrase": "内容是一段文字，不是短语",
    "none of its quotes stands in the evidence": "引文都不在材料中",
    "its value may not stand in an output": "其内容不得出现在结果中",
    "its quotes do not carry its value": "引文不足以支持其内容",
    "says what no quote holds": "说了引文中没有的内容",
    REPEATED: "与同一属性的另一条重复，或引文相同",
    LONE: "只有一人这样说",
    BY_HAND: "由人工否决",
    "shares no word with its claims": "与所依据的结论没有共同的词",
    "names no claim that exists": "所指的结论不存在",
    "numbers that no claim holds": "没有依据的数字",
    "names that no claim holds": "没有依据的名称",
    "says who they are, and no claim does": "说了他们是谁，却没有依据",
    "says nothing of the claims it names": "没有说到所指的结论",
    "says more than its claims": "说的比结论多",
    "quotes what no claim holds": "引用了没有依据的话",
    "a clause that no claim holds": "有一个分句没有依据",
    "drops a negation": "漏掉了否定",
    "negates its claim": "否定了所依据的结论",
    "says that they do not want what they want": "说他们不要，其实想要",
    "tells as a fact what they ask for": "把愿望说成了事实",
}
"""Reasons of the trace, which keeps one language, up to the colon, in Chinese; what is not listed stays as it is."""

"""What a reader is told of somebody who was not placed."""

from __future__ import annotations

from typing import Literal

Language = Literal["en", "zh"]

REASONS: dict[str, dict[Language, str]] = {
    "too little text": {
        "en": "too little text: {words} words of {needed} needed",
        "zh": "文字太少：只有 {words} 个字，至少需要 {needed} 个",
    },
    "other script": {
        "en": "the run had nobody in a segment who writes in this script",
        "zh": "原来的分群里没有使用这种文字的人",
    },
    "unfamiliar": {
        "en": "far from every segment: writes of other things (familiarity {value:.2f}, at least {least:.2f} needed)",
        "zh": "离所有分群都很远：谈的是别的事情（熟悉度 {value:.2f}，至少需要 {least:.2f}）",
    },
    "far": {
        "en": "far from every segment: closeness {value:.2f} to the nearest, whose edge lies at {least:.2f}",
        "zh": "离所有分群都很远：与最近分群的接近度为 {value:.2f}，其边缘为 {least:.2f}",
    },
    "not told": {
        "en": "what people write does not tell the segments apart, which were made by {column!r}",
        "zh": "分群是按 {column!r} 划分的，无法从文字判断属于哪一个",
    },
}

NOTES: dict[str, dict[Language, str]] = {
    "not calibrated": {
        "en": "confidence is not calibrated, because too few of the run's people wrote twice; it is a soft membership",
        "zh": "置信度未经校准，因为原数据中写过两次以上的人太少；这里给出的是软隶属度",
    },
    "one segment": {
        "en": "there is only one segment to belong to: confidence says nothing",
        "zh": "只有一个分群可选：置信度没有意义",
    },
    "other redaction": {
        "en": "personal data is replaced at level {now!r} here and was at {then!r} in the run: words may differ",
        "zh": "这里的脱敏级别是 {now!r}，原来是 {then!r}：文字可能不同",
    },
    "by column": {
        "en": "the segments were made by the column {column!r}; here they are told from what people write, "
        "which was right for {share:.0%} of the run's people",
        "zh": "分群是按列 {column!r} 划分的；这里根据文字来判断，对原来的人有 {share:.0%} 判断正确",
    },
    "set aside": {
        "en": "{count} of {inputs} inputs are no documents or duplicates, and were left aside",
        "zh": "{inputs} 条输入中有 {count} 条不是文档或是重复的，已略去",
    },
}


def reason(kind: str, language: Language, **values: object) -> str:
    """Why somebody belongs to none of these."""
    return REASONS[kind][language].format(**values)


def note(kind: str, language: Language, **values: object) -> str:
    """Something to be careful about."""
    return NOTES[kind][language].format(**values)

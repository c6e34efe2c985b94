"""Topics that no attribute of a schema may ask for unless it names them: what could harm people if it were guessed."""

from __future__ import annotations

import re
from typing import Final

PROTECTED_TOPICS: Final[dict[str, re.Pattern[str]]] = {
    topic: re.compile(pattern, re.IGNORECASE)
    for topic, pattern in {
        "health": r"\b(?:health|diagnos|disease|illness|disab|medical condition|medication|symptom|pregnan|mental"
        r"|depress)|健康状况|疾病|诊断|病史|症状|残疾|怀孕|抑郁",
        "religion": r"\b(?:religio|faith|belief|church|mosque|muslim|christian|jewish)|宗教|信仰",
        "politics": r"\b(?:politic|voting|voter|party affiliation|trade union|union member)|政治|党派|工会",
        "sexuality": r"\b(?:sexual|sex life|gender identity|gay|lesbian|transgender)|性取向|性生活|性别认同",
        "ethnicity": r"\b(?:ethnic|race\b|racial|skin colou?r|national origin|caste)|种族|民族|肤色|血统",
        "crime": r"\b(?:criminal|convict|arrest|offender)|犯罪|前科",
        "credit": r"\b(?:credit(?:worth| score| risk| decision)|solvency|ability to repay|default risk)"
        r"|信用评分|信贷|偿还能力|违约风险",
    }.items()
}
"""Topic -> what names it in an attribute's key, label, question or choices."""


def find_topics(text: str) -> list[str]:
    """The protected topics that the text names, in the order of `PROTECTED_TOPICS`."""
    return [topic for topic, pattern in PROTECTED_TOPICS.items() if pattern.search(text)]

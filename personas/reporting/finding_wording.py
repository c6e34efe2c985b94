"""The words of the sections on what the numbers found: grouping, explanation, value."""

from __future__ import annotations

import re
from collections.abc import Sequence

from personas.records import Interval
from personas.reporting.report_wording import ReportLanguage, Words
from personas.reporting.segmentation_wording import (
    EXPLANATION_CHINESE,
    EXPLANATION_ENGLISH,
    SEGMENTATION_CHINESE,
    SEGMENTATION_ENGLISH,
)
from personas.reporting.value_wording import VALUE_CHINESE, VALUE_ENGLISH
from personas.reporting.visible import visible

ENGLISH_FINDINGS = {**SEGMENTATION_ENGLISH, **EXPLANATION_ENGLISH, **VALUE_ENGLISH}
CHINESE_FINDINGS = {**SEGMENTATION_CHINESE, **EXPLANATION_CHINESE, **VALUE_CHINESE}


def tidy(text: str) -> str:
    """A text from a record, safe to show, in which no percent sign begins a line."""
    return re.sub(r"(?<=\d) %", "\N{NO-BREAK SPACE}%", visible(text))


class FindingWords(Words):
    """The report's words and those of these sections.

    Args:
        language: of the page.
    """

    def __init__(self, language: ReportLanguage) -> None:
        super().__init__(language)
        self._texts = {**self._texts, **(ENGLISH_FINDINGS if language == "en" else CHINESE_FINDINGS)}

    def named(self, kind: str, name: str) -> str:
        """What a value of the data is called, such as an algorithm; the value itself where it has no other name."""
        return self._texts.get(f"{kind}_{name}", name)

    def span(self, interval: Interval) -> str:
        """An interval of shares."""
        return self("range", low=self.percent(interval.low), high=self.percent(interval.high))

    def points_span(self, interval: Interval) -> str:
        """An interval of differences of shares, in percentage points."""
        return self("range", low=self.in_points(interval.low), high=self.in_points(interval.high))

    @staticmethod
    def in_points(value: float) -> str:
        """A difference of shares in percentage points."""
        return f"{100 * value:.1f}".replace("-0.0", "0.0").replace("-", "\N{MINUS SIGN}")

    def count_of(self, key: str, n: int, **values: object) -> str:
        """A number of things with other values, in the singular where it is one."""
        return self(f"{key}_one" if n == 1 else key, n=self.number(n), **values)

    def join(self, sentences: list[str]) -> str:
        """Sentences, one after the other."""
        return ("" if self.language == "zh" else " ").join(sentence for sentence in sentences if sentence)

    def of_two(self, english: str, chinese: str) -> str:
        """The one in the language of the page; English where a run made before has no Chinese."""
        return chinese if self.language == "zh" and chinese else english

    def of_two_lists(self, english: Sequence[str], chinese: Sequence[str]) -> Sequence[str]:
        """The list in the language of the page; English where a run made before has no Chinese."""
        return chinese if self.language == "zh" and chinese else english

"""How fine the themes are and why so: what the page and Markdown show of the granularities that were tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from personas.persona_set import PersonaSet
from personas.records import CandidateThemes
from personas.reporting.finding_wording import FindingWords
from personas.reporting.visible import visible

THEMES_HEAD = (
    "col_passages_of",
    "col_resolution",
    "col_themes",
    "col_stability",
    "col_silhouette",
    "col_ch",
    "col_db",
)
THEMES_RIGHT = tuple(range(1, len(THEMES_HEAD)))


@dataclass(frozen=True)
class FinenessView:
    """The granularities tried."""

    title: str
    note: str
    rows: tuple[tuple[tuple[str, ...], bool], ...]
    """Cells, and whether the granularity was taken."""


def build_fineness(persona_set: PersonaSet) -> FinenessView | None:
    """What is shown of how fine the themes are; None for a run made before it was kept."""
    candidates = persona_set.segmentation.theme_candidates
    if not candidates:
        return None
    words = FindingWords(persona_set.language)
    return FinenessView(
        title=words("fineness", n=len(candidates)),
        note=words.join([*_taken(candidates, words), words("fineness_note")]),
        rows=tuple((_cells(one, words), one.chosen) for one in candidates),
    )


def _taken(candidates: Sequence[CandidateThemes], words: FindingWords) -> list[str]:
    return [
        words("fineness_taken", of=visible(one.embedder), n=one.themes, value=_two(one.stability))
        for one in candidates
        if one.chosen
    ]


def _cells(one: CandidateThemes, words: FindingWords) -> tuple[str, ...]:
    criteria = one.criteria
    return (
        visible(one.embedder),
        f"{one.resolution:g}",
        words.number(one.themes),
        _two(one.stability),
        _two(criteria.silhouette if criteria else None),
        f"{criteria.calinski_harabasz:,.1f}" if criteria and criteria.calinski_harabasz else "–",
        _two(criteria.davies_bouldin if criteria else None),
    )


def _two(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"

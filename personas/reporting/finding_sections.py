"""The sections on grouping, explanation and value as HTML, to be placed between those of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from personas.persona_set import PersonaSet
from personas.reporting.count_drawing import CHART_HEIGHT, CHART_WIDTH, TREE_WIDTH
from personas.reporting.explanation_view import build_explanation
from personas.reporting.finding_wording import FindingWords
from personas.reporting.page import page_environment, trusted
from personas.reporting.segment_names import SegmentNames
from personas.reporting.segmentation_view import TRIED_HEAD, TRIED_RIGHT, build_grouping
from personas.reporting.value_view import build_value

if TYPE_CHECKING:
    from markupsafe import Markup


def render_grouping(persona_set: PersonaSet, names: SegmentNames) -> Markup:
    """How the people were grouped and how far to trust it."""
    words = FindingWords(persona_set.language)
    return _render(
        "grouping.html.j2",
        words,
        view=build_grouping(persona_set, names, words),
        chart_size=(CHART_WIDTH, CHART_HEIGHT),
        tree_width=TREE_WIDTH,
        tried_head=TRIED_HEAD,
        tried_right=TRIED_RIGHT,
    )


def render_explanation(persona_set: PersonaSet, names: SegmentNames) -> Markup:
    """What tells the segments apart; empty where nothing was asked."""
    words = FindingWords(persona_set.language)
    if persona_set.explanation is None:
        return _nothing()
    return _render("explanation.html.j2", words, view=build_explanation(persona_set.explanation, names, words))


def render_value(persona_set: PersonaSet, names: SegmentNames) -> Markup:
    """What segments are worth, and which matters most; empty where nothing is known of it."""
    words = FindingWords(persona_set.language)
    view = build_value(persona_set, names, words)
    return _nothing() if view is None or view.is_empty else _render("value.html.j2", words, view=view)


def _render(template: str, words: FindingWords, **values: Any) -> Markup:
    environment = page_environment()
    environment.globals.update(t=words)
    section: Markup = trusted(environment.get_template(template).render(**values))
    return section


def _nothing() -> Markup:
    empty: Markup = trusted("")
    return empty

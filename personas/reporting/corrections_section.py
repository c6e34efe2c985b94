"""What was corrected by hand, on the page and in Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from personas.corrections.wording import CorrectionWords
from personas.persona_set import PersonaSet
from personas.reporting.cards import AttributeLabels
from personas.reporting.finding_wording import tidy
from personas.reporting.markdown_text import escape
from personas.reporting.page import page_environment, trusted
from personas.reporting.scorecard_section import names_of

if TYPE_CHECKING:
    from markupsafe import Markup


def correction_words(persona_set: PersonaSet) -> CorrectionWords:
    """The words for the corrections of a set."""
    labels = AttributeLabels(persona_set.language, persona_set.personas)
    keys = {one.attribute for one in persona_set.corrections if one.attribute}
    return CorrectionWords(persona_set.language, names_of(persona_set), {key: labels[key] for key in keys})


def tell_corrections(persona_set: PersonaSet, persona_id: str | None = None) -> tuple[str, ...]:
    """A line each, safe to show.

    Args:
        persona_set: what was corrected.
        persona_id: only what concerns this persona; None: all.
    """
    words = correction_words(persona_set)
    return tuple(
        tidy(words.tell(one)) for one in persona_set.corrections if persona_id is None or persona_id in one.results
    )


def render_corrections(persona_set: PersonaSet) -> Markup:
    """The section; empty where nothing was corrected."""
    if not persona_set.corrections:
        nothing: Markup = trusted("")
        return nothing
    words = correction_words(persona_set)
    lines = [(tidy(words.tell(one)), one.applied) for one in persona_set.corrections]
    environment = page_environment()
    environment.globals.update(t=words)
    section: Markup = trusted(environment.get_template("corrections.html.j2").render(lines=lines))
    return section


def corrections_markdown(persona_set: PersonaSet) -> list[str]:
    """The section as Markdown; nothing where nothing was corrected."""
    if not persona_set.corrections:
        return []
    words = correction_words(persona_set)
    lines = "\n".join(f"- {escape(line)}" for line in tell_corrections(persona_set))
    return [f"## {words('corrected')}", escape(words("note")), lines]

"""The scorecards on the page and in Markdown: of each persona, of all, and what each number means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from personas.persona_set import PersonaSet
from personas.records import Persona, Score
from personas.reporting.cards import ScoreTile
from personas.reporting.finding_wording import tidy
from personas.reporting.markdown_text import escape, markdown_table
from personas.reporting.page import page_environment, trusted
from personas.reporting.segment_names import SegmentNames
from personas.scoring.names import MEASURES
from personas.scoring.wording import ScoreWords

if TYPE_CHECKING:
    from markupsafe import Markup


@dataclass(frozen=True)
class _Meaning:
    label: str
    meaning: str
    told: str


def score_tiles(persona: Persona, names: Mapping[str, str], words: ScoreWords) -> tuple[ScoreTile, ...]:
    """A tile for each measure; none for a persona of an older version.

    Args:
        persona: whose scorecard it is.
        names: persona id -> name.
        words: of the page.
    """
    return tuple(
        ScoreTile(
            label=words.label(score),
            value=tidy(words.value(score)),
            told=tidy(words.told(score, names)),
            meaning=tidy(words.meaning(score)),
            scored=score.value is not None,
        )
        for score in _known(persona.scorecard)
    )


def _known(scores: tuple[Score, ...]) -> list[Score]:
    return [score for score in scores if score.name in MEASURES]


def names_of(persona_set: PersonaSet) -> dict[str, str]:
    """Persona id -> name."""
    return {persona.persona_id: persona.name for persona in persona_set.personas}


def render_scorecard(persona_set: PersonaSet, names: SegmentNames) -> Markup:
    """The table of all personas and measures; empty where there is none."""
    words, scores = ScoreWords(persona_set.language), _known(persona_set.scorecard)
    if not scores:
        nothing: Markup = trusted("")
        return nothing
    environment = page_environment()
    environment.globals.update(t=words)
    section: Markup = trusted(
        environment.get_template("scorecard.html.j2").render(
            head=[words.label(score) for score in scores],
            all=[tidy(words.value(score)) for score in scores],
            rows=[
                (
                    names.name(persona.segment_id),
                    names.css(persona.segment_id),
                    [tile.value for tile in score_tiles(persona, names_of(persona_set), words)],
                )
                for persona in persona_set.personas
            ],
            meanings=_meanings(persona_set, words),
            halves=tidy(words.halves(persona_set.segmentation.halves_agreement)),
        )
    )
    return section


def _meanings(persona_set: PersonaSet, words: ScoreWords) -> list[_Meaning]:
    called = names_of(persona_set)
    return [
        _Meaning(words.label(score), tidy(words.meaning(score)), tidy(words.told(score, called, of_set=True)))
        for score in _known(persona_set.scorecard)
    ]


def persona_scores_markdown(persona: Persona, names: Mapping[str, str], words: ScoreWords) -> list[str]:
    """The scorecard of one persona as Markdown; nothing where it has none."""
    tiles = score_tiles(persona, names, words)
    if not tiles:
        return []
    rows = [(escape(tile.label), escape(tile.value), escape(tile.told)) for tile in tiles]
    head = (words("measure"), words("value"), words("counted"))
    return [f"### {words('scorecard')}", markdown_table(head, rows, right=(1,))]


def scorecard_markdown(persona_set: PersonaSet) -> list[str]:
    """The scorecard of the set with what each number means, as Markdown; nothing where there is none."""
    words, scores = ScoreWords(persona_set.language), _known(persona_set.scorecard)
    if not scores:
        return []
    rows = [
        (escape(words.label(score)), escape(tidy(words.value(score))), escape(one.told), escape(one.meaning))
        for score, one in zip(scores, _meanings(persona_set, words), strict=True)
    ]
    head = (words("measure"), words("value"), words("counted"), words("meaning"))
    halves = words.halves(persona_set.segmentation.halves_agreement)
    return [
        f"## {words('scorecard')}",
        escape(words("note")),
        markdown_table(head, rows, right=(1,)),
        escape(tidy(halves)),
    ]

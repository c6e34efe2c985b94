"""The report as GitHub Markdown: the content of the cards and of the sections, for a repository or a wiki."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from personas.narrating.prose import tell_not_stated
from personas.persona_set import PersonaSet
from personas.records import Claim, NarrativeSection, Persona
from personas.reporting.actions_section import advice_markdown, products_markdown
from personas.reporting.cards import AttributeLabels, rank_apart, tell_basis
from personas.reporting.corrections_section import corrections_markdown
from personas.reporting.findings_markdown import findings_markdown, groups_markdown, themes_markdown
from personas.reporting.making import tell_making
from personas.reporting.markdown_text import escape, markdown_table, quote_markdown
from personas.reporting.overview import SegmentLine, list_segments, say_how_sure
from personas.reporting.record_wording import say
from personas.reporting.report_wording import Words
from personas.reporting.scorecard_section import names_of, persona_scores_markdown, scorecard_markdown
from personas.reporting.segment_names import SegmentNames
from personas.reporting.stand_ins import part_note, tell_stand_ins
from personas.reporting.trends_markdown import trends_markdown
from personas.scoring.wording import ScoreWords
from personas.wording import data_value, table_words
from retrieval.documents import Citation

__all__ = ["escape", "render_markdown"]

QUOTES_PER_CLAIM = 2


def render_markdown(
    persona_set: PersonaSet,
    *,
    theme_quotes: Mapping[str, Sequence[Citation]] | None = None,
    segment_terms: Mapping[str, Sequence[str]] | None = None,
) -> str:
    """The whole set as Markdown text.

    Args:
        persona_set: what is told.
        theme_quotes: theme_id -> quotes of it.
        segment_terms: segment_id -> telling words; they name segments that have no persona.
    """
    words = Words(persona_set.language)
    labels = AttributeLabels(persona_set.language, persona_set.personas)
    data = persona_set.data
    parts = [f"# {escape(persona_set.title)}"]
    lines = list_segments(persona_set, words, segment_terms)
    names = SegmentNames.of(lines, words)
    facts = [f"**{words.count('people', persona_set.people)}**", f"**{words.count('documents', data.documents)}**"]
    if data.first_date and data.last_date:
        facts.append(escape(words("dates", first=data.first_date, last=data.last_date)))
    if persona_set.personas:
        facts.append(words.count("personas", len(persona_set.personas)))
    parts.append(" · ".join(facts))
    parts.append(_segments(lines, words))
    parts.append(f"> **{words('how_sure')}:** {escape(say_how_sure(persona_set, lines, words))}")
    for persona in persona_set.personas:
        parts += _persona(persona, labels, words)
        parts += advice_markdown(persona)
        parts += persona_scores_markdown(persona, names_of(persona_set), ScoreWords(persona_set.language))
    parts += corrections_markdown(persona_set)
    parts += scorecard_markdown(persona_set)
    parts += groups_markdown(persona_set, lines, segment_terms or {})
    parts += findings_markdown(persona_set, names)
    parts += products_markdown(persona_set)
    parts += themes_markdown(persona_set, theme_quotes or {})
    if persona_set.trends is not None:
        told = {line.segment_id: line.name for line in lines if line.anchor}
        parts.append(trends_markdown(persona_set.trends, persona_set.language, names=told))
    parts += _making(persona_set, words)
    return "\n\n".join(part for part in parts if part) + "\n"


def _segments(lines: Sequence[SegmentLine], words: Words) -> str:
    rows = [
        (
            escape(line.name) + (f" ({words('standing_tendency')})" if line.tendency else ""),
            words.number(line.people),
            words.percent(line.share),
        )
        for line in lines
    ]
    return markdown_table((words("segments"), words("people_heading"), words("share_heading")), rows, right=(1, 2))


def _persona(persona: Persona, labels: AttributeLabels, words: Words) -> list[str]:
    standing = words(f"standing_{persona.standing}")
    shown = [claim for claim in persona.claims if claim.status != "withheld"]
    numbers = {claim.claim_id: at for at, claim in enumerate(persona.claims, start=1)}
    apart = rank_apart(persona)
    parts = [
        f"## {escape(persona.name)}",
        f"*{escape(persona.tagline)}*" if persona.tagline.strip() else "",
        f"**{words.count('people', persona.people)}, {words.percent(persona.share)}** · {standing}",
        *_narrative(persona, {claim.claim_id for claim in shown}, numbers, words),
    ]
    silence = tell_not_stated([labels[key] for key in persona.not_stated], words.language)
    parts += [escape(silence)] if silence else []
    if apart:
        parts += [f"### {words('apart')}", _claims(apart, numbers, labels, words)]
    rest = [claim for claim in shown if claim not in apart]
    if rest:
        rest.sort(key=lambda claim: numbers[claim.claim_id])
        heading = words("rest" if apart else "all_claims", n=len(rest))
        parts += [f"### {heading}", _claims(rest, numbers, labels, words)]
    if persona.quotes:
        parts += [f"### {words('words')}", "\n".join(f"- {quote_markdown(quote)}" for quote in persona.quotes)]
    parts += _evidence(shown, numbers, words)
    parts += _lists(persona, shown, labels, words)
    return parts


def _narrative(persona: Persona, shown: set[str], numbers: dict[str, int], words: Words) -> list[str]:
    """A paragraph for each section, those behind the summary under a heading."""
    sections: dict[NarrativeSection, list[str]] = {}
    for sentence in persona.narrative:
        refs = "".join(f" \\[{numbers[claim_id]}\\]" for claim_id in sentence.claim_ids if claim_id in shown)
        sections.setdefault(sentence.section, []).append(escape(sentence.text) + refs)
    parts = []
    for section, sentences in sections.items():
        parts += [] if section == "summary" else [f"### {words(f'section_{section}')}"]
        parts.append(" ".join(sentences))
    return parts


def _claims(claims: Sequence[Claim], numbers: dict[str, int], labels: AttributeLabels, words: Words) -> str:
    head = ("", "claim", "people_heading", "here", "interval_heading", "elsewhere", "adjusted")
    rows = []
    for claim in claims:
        alone = claim.people_elsewhere == 0 and claim.people > 0
        told = [labels[claim.attribute], words(f"origin_{claim.origin}")]
        told += [] if claim.status == "supported" else [words(claim.status)]
        told += [say(note, words.language)] if (note := part_note(claim)[1]) else []
        rows.append((
            str(numbers[claim.claim_id]),
            f"{escape(data_value(claim, words.language))} ({escape(words('sep').join(told))})",
            words.number(claim.people),
            words.percent(claim.share),
            f"{words.percent(claim.interval.low)}–{words.percent(claim.interval.high)}",
            words.percent(claim.share_elsewhere),
            words.ratio(claim.adjusted_lift, alone=alone),
        ))
    return markdown_table([words(key) if key else "" for key in head], rows, right=(0, 2, 3, 4, 5, 6))


def _evidence(claims: Iterable[Claim], numbers: dict[str, int], words: Words) -> list[str]:
    """A few quotes of every claim, and what speaks against it."""
    lines = []
    for claim in claims:
        for citation in claim.citations[:QUOTES_PER_CLAIM]:
            lines.append(f"- \\[{numbers[claim.claim_id]}\\] {quote_markdown(citation)}")
        for citation in claim.counter_citations[:QUOTES_PER_CLAIM]:
            lines.append(f"- \\[{numbers[claim.claim_id]}\\] {words('against')}: {quote_markdown(citation)}")
        if claim.basis:
            lines.append(f"- \\[{numbers[claim.claim_id]}\\] {escape(tell_basis(claim.basis, words))}")
    return [f"### {words('evidence').capitalize()}", "\n".join(lines)] if lines else []


def _lists(persona: Persona, shown: Sequence[Claim], labels: AttributeLabels, words: Words) -> list[str]:
    traits = []
    for item in persona.characteristics:
        share = words("characteristic", share=words.percent(item.share), there=words.percent(item.share_elsewhere))
        column, value = table_words(item.column, item.value, words.language)
        traits.append(f"{escape(column)}: **{escape(value)}** ({share})")
    careful = (*persona.cautions, *tell_stand_ins(shown, labels.__getitem__, words))
    parts = []
    for heading, items in (
        ("who_they_are", traits),
        ("not_stated", [escape(labels[key]) for key in persona.not_stated]),
        ("careful", [escape(line) for line in careful]),
    ):
        if items:
            parts += [f"### {words(heading)}", "\n".join(f"- {item}" for item in items)]
    return parts


def _making(persona_set: PersonaSet, words: Words) -> list[str]:
    making = tell_making(persona_set, {}, words)
    parts = [f"## {words('made')}", "\n".join(f"- {escape(line)}" for line in making.limits)]
    for heading, pairs in (("data", making.data), ("grouping", making.grouping), ("engine", making.engine)):
        rows = [(escape(name), escape(value)) for name, value in pairs]
        parts += [f"### {words(heading)}", markdown_table(("", ""), rows)]
    named = ("columns", "flagged", "bursts", "warnings")
    for heading, lines in ((name, getattr(making, name)) for name in named):
        if lines:
            parts += [f"### {words(heading)}", "\n".join(f"- {escape(line)}" for line in lines)]
    return parts

"""The personas as GitHub Markdown: the content of the cards, for a repository or a wiki."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from personas.records import Claim, Persona, PersonaSet
from personas.reporting.cards import AttributeLabels, rank_apart
from personas.reporting.making import tell_making
from personas.reporting.overview import list_segments, say_how_sure
from personas.reporting.report_wording import Words
from personas.reporting.visible import visible
from retrieval.documents import Citation

QUOTES_PER_CLAIM = 2
_STRUCTURE = re.compile(r"([\\`*_{}\[\]()<>#|~!$&@:])")
_LEADING = re.compile(r"^(\s*)(\d+)([.)])|^(\s*)([-+=])")


def escape(text: object) -> str:
    """The text on one line, with nothing in it that Markdown or HTML could read as structure.

    `@` and `:` are among it because GitHub links mentions and bare addresses on its own.
    """
    flat = " ".join(visible(text).split())
    flat = _STRUCTURE.sub(r"\\\1", flat)
    flat = re.sub(
        r"(?i)\b(https?|ftp|mailto)(?=\\:)", lambda found: found[0][0] + "\N{WORD JOINER}" + found[0][1:], flat
    )
    flat = re.sub(r"(?i)\bwww\.", lambda found: found[0][:3] + "\\.", flat)
    return _LEADING.sub(lambda found: "".join(_guard(part) for part in found.groups() if part), flat)


def _guard(part: str) -> str:
    return "\\" + part if part in {".", ")", "-", "+", "="} else part


def render_markdown(persona_set: PersonaSet) -> str:
    """The whole set as Markdown text."""
    words = Words(persona_set.language)
    labels = AttributeLabels(persona_set.language)
    data = persona_set.data
    parts = [f"# {escape(persona_set.title)}"]
    facts = [
        f"**{words.count('people', persona_set.people)}**",
        f"**{words.count('documents', data.documents)}**",
        words.count("personas", len(persona_set.personas)),
    ]
    if data.first_date and data.last_date:
        facts.insert(2, escape(words("dates", first=data.first_date, last=data.last_date)))
    parts.append(" · ".join(facts))
    parts.append(_segments(persona_set, words))
    parts.append(f"> **{words('how_sure')}:** {escape(say_how_sure(persona_set, words))}")
    for persona in persona_set.personas:
        parts += _persona(persona, labels, words)
    parts += _making(persona_set, words)
    return "\n\n".join(part for part in parts if part) + "\n"


def _segments(persona_set: PersonaSet, words: Words) -> str:
    rows = [
        (
            escape(line.name) + (f" ({words('standing_tendency')})" if line.tendency else ""),
            words.number(line.people),
            words.percent(line.share),
        )
        for line in list_segments(persona_set, words)
    ]
    return _table((words("segments"), words("people_heading"), words("share_heading")), rows, right=(1, 2))


def _persona(persona: Persona, labels: AttributeLabels, words: Words) -> list[str]:
    standing = words(f"standing_{persona.standing}")
    shown = [claim for claim in persona.claims if claim.status != "withheld"]
    numbers = {claim.claim_id: at for at, claim in enumerate(persona.claims, start=1)}
    apart = rank_apart(persona)
    parts = [
        f"## {escape(persona.name)}",
        f"*{escape(persona.tagline)}*" if persona.tagline.strip() else "",
        f"**{words.count('people', persona.people)}, {words.percent(persona.share)}** · {standing}",
        _narrative(persona, {claim.claim_id for claim in shown}, numbers),
    ]
    if apart:
        parts += [f"### {words('apart')}", _claims(apart, numbers, labels, words)]
    rest = [claim for claim in shown if claim not in apart]
    if rest:
        rest.sort(key=lambda claim: numbers[claim.claim_id])
        heading = words("rest" if apart else "all_claims", n=len(rest))
        parts += [f"### {heading}", _claims(rest, numbers, labels, words)]
    if persona.quotes:
        parts += [f"### {words('words')}", "\n".join(f"- {_quote(quote)}" for quote in persona.quotes)]
    parts += _evidence(shown, numbers, words)
    parts += _lists(persona, labels, words)
    return parts


def _narrative(persona: Persona, shown: set[str], numbers: dict[str, int]) -> str:
    sentences = []
    for sentence in persona.narrative:
        refs = "".join(f" \\[{numbers[claim_id]}\\]" for claim_id in sentence.claim_ids if claim_id in shown)
        sentences.append(escape(sentence.text) + refs)
    return " ".join(sentences)


def _claims(claims: Sequence[Claim], numbers: dict[str, int], labels: AttributeLabels, words: Words) -> str:
    head = ("", "claim", "people_heading", "here", "interval_heading", "elsewhere", "adjusted")
    rows = []
    for claim in claims:
        alone = claim.people_elsewhere == 0 and claim.people > 0
        told = [labels[claim.attribute], words(f"origin_{claim.origin}")]
        told += [] if claim.status == "supported" else [words(claim.status)]
        told += [claim.note] if claim.note else []
        rows.append((
            str(numbers[claim.claim_id]),
            f"{escape(claim.value)} ({escape(words('sep').join(told))})",
            words.number(claim.people),
            words.percent(claim.share),
            f"{words.percent(claim.interval.low)}–{words.percent(claim.interval.high)}",
            words.percent(claim.share_elsewhere),
            words.ratio(claim.adjusted_lift, alone=alone),
        ))
    return _table([words(key) if key else "" for key in head], rows, right=(0, 2, 3, 4, 5, 6))


def _evidence(claims: Iterable[Claim], numbers: dict[str, int], words: Words) -> list[str]:
    """A few quotes of every claim, and what speaks against it."""
    lines = []
    for claim in claims:
        for citation in claim.citations[:QUOTES_PER_CLAIM]:
            lines.append(f"- \\[{numbers[claim.claim_id]}\\] {_quote(citation)}")
        for citation in claim.counter_citations[:QUOTES_PER_CLAIM]:
            lines.append(f"- \\[{numbers[claim.claim_id]}\\] {words('against')}: {_quote(citation)}")
        if claim.basis:
            basis = claim.basis
            told = words("basis", file=basis.file, column=basis.column, value=basis.value)
            lines.append(f"- \\[{numbers[claim.claim_id]}\\] {escape(told)}")
    return [f"### {words('evidence').capitalize()}", "\n".join(lines)] if lines else []


def _quote(citation: Citation) -> str:
    return f"“{escape(citation.quote)}” ({escape(citation.document_id)})"


def _lists(persona: Persona, labels: AttributeLabels, words: Words) -> list[str]:
    traits = []
    for item in persona.characteristics:
        share = words("characteristic", share=words.percent(item.share), there=words.percent(item.share_elsewhere))
        traits.append(f"{escape(item.column)}: **{escape(item.value)}** ({share})")
    parts = []
    for heading, items in (
        ("who_they_are", traits),
        ("not_stated", [escape(labels[key]) for key in persona.not_stated]),
        ("careful", [escape(caution) for caution in persona.cautions]),
    ):
        if items:
            parts += [f"### {words(heading)}", "\n".join(f"- {item}" for item in items)]
    return parts


def _making(persona_set: PersonaSet, words: Words) -> list[str]:
    making = tell_making(persona_set, {}, words)
    parts = [f"## {words('made')}", "\n".join(f"- {escape(line)}" for line in making.limits)]
    for heading, pairs in (("data", making.data), ("grouping", making.grouping), ("engine", making.engine)):
        rows = [(escape(name), escape(value)) for name, value in pairs]
        parts += [f"### {words(heading)}", _table(("", ""), rows)]
    for heading, lines in (("columns", making.columns), ("bursts", making.bursts), ("warnings", making.warnings)):
        if lines:
            parts += [f"### {words(heading)}", "\n".join(f"- {escape(line)}" for line in lines)]
    return parts


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    rule = ["--:" if at in right else "---" for at in range(len(head))]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, rule, *rows))

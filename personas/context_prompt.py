"""A persona as context for another assistant: a system prompt that holds what is known, and its limits."""

from __future__ import annotations

from collections.abc import Mapping

from persona_kit.errors import UsageError
from personas.persona_set import PersonaSet
from personas.records import Claim, Persona
from personas.reporting.cards import AttributeLabels
from personas.reporting.report_wording import Words
from personas.reporting.visible import visible
from personas.scoring.names import FIT
from personas.scoring.wording import ScoreWords
from personas.showing import find_persona
from personas.wording import data_value
from prompts.loader import load_prompt

QUOTES_PER_CLAIM = 2
MOST_QUOTES = 24
"""Quotes of the prompt: enough to answer in customers' words, and about a thousand tokens."""

_TEXTS: Mapping[str, tuple[str, str]] = {
    "dates": (", from {first} to {last}", "，时间为 {first} 至 {last}"),
    "counts": (
        "{people} people, {here} here, {there} elsewhere{status}",
        "{people} 人，此处 {here}，别处 {there}{status}",
    ),
    "anecdotal": (", anecdotal", "，个别"),
    "contested": (", contested", "，有争议"),
    "stability": (" (overlap {value} of 1)", "（重合度 {value}，满分 1）"),
    "fit": (
        "Members who were held out while the groups were made went to this one in {told}.",
        "划分时留出的成员归入这个群体：{told}。",
    ),
}


def as_prompt(persona: Persona, persona_set: PersonaSet) -> str:
    """The system prompt, in the persona's language.

    It holds the claims with their counts, quotes of them, what nobody stated, what to be careful about, and what the
    persona must not be used for. What customers wrote stands between tags that it cannot close.

    Args:
        persona: one of the set.
        persona_set: what it was made from.
    """
    words, labels = Words(persona.language), AttributeLabels(persona.language, [persona])
    claims = [claim for claim in persona.claims if claim.status != "withheld"]
    prompt = load_prompt("context", variant=persona.language)
    rendered = prompt.render({
        "name": visible(persona.name),
        "people": words.number(persona.people),
        "share": words.percent(persona.share),
        "title": visible(persona_set.title),
        "dates": _dates(persona, persona_set),
        "tendency": persona.standing == "tendency",
        "stability": _stability(persona, persona_set),
        "fit": _fit(persona),
        "summary": [
            {"text": visible(one.text), "refs": "".join(f"[{claim_id}]" for claim_id in one.claim_ids)}
            for one in persona.narrative
        ],
        "claims": [
            {
                "id": claim.claim_id,
                "label": labels[claim.attribute],
                "value": visible(data_value(claim, persona.language)),
                "counts": _counts(claim, persona, words),
            }
            for claim in claims
        ],
        "quotes": _quotes(claims),
        "not_stated": [labels[key] for key in persona.not_stated],
        "cautions": [visible(caution) for caution in persona.cautions],
    })
    return "\n\n".join(message.text for message in rendered.messages).rstrip() + "\n"


def _say(key: str, persona: Persona, **values: object) -> str:
    return _TEXTS[key][persona.language == "zh"].format(**values)


def _dates(persona: Persona, persona_set: PersonaSet) -> str:
    data = persona_set.data
    if not (data.first_date and data.last_date):
        return ""
    return _say("dates", persona, first=visible(data.first_date), last=visible(data.last_date))


def _counts(claim: Claim, persona: Persona, words: Words) -> str:
    status = _say(claim.status, persona) if claim.status in {"anecdotal", "contested"} else ""
    here, there = words.percent(claim.share), words.percent(claim.share_elsewhere)
    return _say("counts", persona, people=words.number(claim.people), here=here, there=there, status=status)


def _stability(persona: Persona, persona_set: PersonaSet) -> str:
    if persona_set.segmentation.algorithm in {"none", "by column"}:
        return ""
    quality = next((one.quality for one in persona_set.segments if one.segment_id == persona.segment_id), None)
    return "" if quality is None else _say("stability", persona, value=f"{quality.stability:.2f}")


def _fit(persona: Persona) -> str:
    """How many members who were left out came back, where that was tried."""
    words = ScoreWords(persona.language)
    score = next((one for one in persona.scorecard if one.name == FIT and one.value is not None), None)
    return "" if score is None else _say("fit", persona, told=words.told(score, {}))


def _unquoted(text: str) -> str:
    """Without the mark that would end an attribute."""
    return visible(text).replace('"', "'")


def _quotes(claims: list[Claim]) -> list[dict[str, str]]:
    """Of each claim in turn, so that the last claims have a quote before the first have two."""
    found = [
        {"claim": claim.claim_id, "document": _unquoted(citation.document_id), "text": visible(citation.quote)}
        for at in range(QUOTES_PER_CLAIM)
        for claim in claims
        for citation in claim.citations[at : at + 1]
    ]
    return found[:MOST_QUOTES]


def prompt_of(persona_set: PersonaSet, wanted: str | None) -> str:
    """The prompt of the persona of this id or name.

    Raises:
        UsageError: when none is named, or there is none of that name.
    """
    if wanted is None:
        there = ", ".join(f"{persona.persona_id} ({persona.name})" for persona in persona_set.personas)
        raise UsageError(
            "a prompt is of one persona, and none was named",
            where="--as-prompt",
            mend=f"name one of: {there or 'none was written'}",
        )
    return as_prompt(find_persona(persona_set, wanted), persona_set)

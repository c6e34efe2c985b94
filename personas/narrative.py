"""The check every sentence passes: it rests on claims, and says nothing that these do not hold."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import get_args

from personas.abstaining.untold import traits_untold
from personas.attributes import AttributeSchema, OutputLanguage
from personas.authors.seam import ProposedSentence
from personas.narrating.figures import strange_figures, texts_of
from personas.narrating.support import quotation_fault, shared_roots, unsupported
from personas.output_checks import find_unsafe
from personas.records import Claim, NarrativeSection, Sentence
from personas.wording import plain_sentence

# Not \b: between a Chinese character and a Latin letter there is no word border.
PROPER_NAME = re.compile(r"(?<![.!?“\"] )(?<!^)(?<![A-Za-z0-9_])[A-Z][a-z]{2,}(?![A-Za-z0-9_])")
_PARTS = re.compile(r"[;；，。]|,(?=\s)|\s(?:and|but|while|whereas)\s|但是?|而且|同时")
_OPENS_QUOTE = re.compile(r"[“‘「\"(（:：]\s?$")
_ALLOWED_NAMES = frozenset({"the", "they"})

SECTION_ORDER = tuple(get_args(NarrativeSection))


def check_sentence(sentence: ProposedSentence, claims: Sequence[Claim], schema: AttributeSchema | None = None) -> str:
    """What is wrong with the sentence; empty where every part of it is held by the claims it names.

    Numbers, proportions in words, names and quotations of every sentence must stand in its claims. A sentence of a
    model must take its telling words from them too, and may say who people are (age, sex, work, family and so on) only
    where a table says it or those quoted say it of themselves.

    Args:
        sentence: as it was proposed.
        claims: all of the persona.
        schema: tells which attributes are sensitive; without it those of `WHO_THEY_ARE`.
    """
    by_id = {claim.claim_id: claim for claim in claims}
    unknown = [claim_id for claim_id in sentence.claim_ids if claim_id not in by_id]
    if unknown or not sentence.claim_ids:
        return f"names no claim that exists: {', '.join(unknown) or 'none'}"
    held = [by_id[claim_id] for claim_id in dict.fromkeys(sentence.claim_ids)]
    strange = _strange_figures(sentence.text, held)
    if strange:
        return f"numbers that no claim holds: {', '.join(strange)}"
    names = _names_in(sentence.text) - _words_of(held)
    if names:
        return f"names that no claim holds: {', '.join(sorted(names))}"
    if sentence.origin != "llm":
        return quotation_fault(sentence.text, held)
    if unsafe := find_unsafe(sentence.text):
        return unsafe
    traits = traits_untold(sentence.text, held, schema)
    if traits:
        return f"says who they are, and no claim does: {', '.join(traits)}"
    return unsupported(sentence.text, held, advice=sentence.section == "speak")


def settle_sentences(
    proposed: Sequence[ProposedSentence],
    again: Sequence[ProposedSentence],
    claims: Sequence[Claim],
    language: OutputLanguage,
    *,
    plain: Sequence[ProposedSentence] = (),
    schema: AttributeSchema | None = None,
) -> tuple[list[Sentence], list[str]]:
    """The narrative: sentences that pass, those of the second attempt where the first failed, else plain ones.

    Args:
        proposed: of the first attempt.
        again: of the second; taken is the sentence at the same place, else one of the same section about the same.
        claims: all of the persona.
        language: of the plain sentences.
        plain: a whole narrative without a model: fills the sections that are left empty.
        schema: as in `check_sentence`.

    Returns:
        The sentences, and what was wrong with those replaced.
    """
    by_id = {claim.claim_id: claim for claim in claims}
    spare = {place: sentence for place, sentence in enumerate(again) if not check_sentence(sentence, claims, schema)}
    settled: list[Sentence] = []
    faults: list[str] = []
    for place, sentence in enumerate(proposed):
        fault = check_sentence(sentence, claims, schema)
        other = _second(place, sentence, spare) if fault else None
        if other is not None:
            sentence, fault = spare.pop(other), ""
        if not fault:
            settled.append(_settled(sentence))
            continue
        faults.append(f"{sentence.text!r}: {fault}")
        settled.extend(
            Sentence(
                text=plain_sentence(by_id[claim_id], language),
                claim_ids=(claim_id,),
                origin="extractive",
                section=sentence.section,
            )
            for claim_id in sentence.claim_ids[:1]
            if claim_id in by_id
        )
    return _in_order(_without_repeats(settled), plain), faults


def _second(place: int, sentence: ProposedSentence, spare: dict[int, ProposedSentence]) -> int | None:
    """The place of the sentence that stands in for one that failed."""
    named = set(sentence.claim_ids)
    same = spare.get(place)
    if same is not None and same.section == sentence.section and (same.origin == "llm" or named & set(same.claim_ids)):
        return place
    alike = (at for at, other in spare.items() if other.section == sentence.section and named & set(other.claim_ids))
    return next(alike, None)


def _settled(sentence: ProposedSentence) -> Sentence:
    return Sentence(text=sentence.text, claim_ids=sentence.claim_ids, origin=sentence.origin, section=sentence.section)


def _in_order(sentences: list[Sentence], plain: Sequence[ProposedSentence]) -> list[Sentence]:
    """The sentences by section, empty sections filled with plain ones."""
    there = {sentence.section for sentence in sentences}
    added = [_settled(sentence) for sentence in plain if sentence.section not in there]
    return sorted([*sentences, *added], key=lambda sentence: SECTION_ORDER.index(sentence.section))


def _without_repeats(sentences: list[Sentence]) -> list[Sentence]:
    return list({sentence.text: sentence for sentence in reversed(sentences)}.values())[::-1]


def _strange_figures(text: str, held: Sequence[Claim]) -> list[str]:
    """Figures that no claim holds, nor, in a part of the sentence that is about one of several, that one."""
    strange = strange_figures(text, held)
    if strange or len(held) == 1:
        return strange
    for part in _PARTS.split(text):
        about = [claim for claim in held if shared_roots(part, claim)]
        strange += strange_figures(part, about) if about else []
    return strange


def _names_in(text: str) -> set[str]:
    found = PROPER_NAME.finditer(text)
    return {match.group().lower() for match in found if not _OPENS_QUOTE.search(text[: match.start()])}


def _words_of(claims: Sequence[Claim]) -> set[str]:
    basis = (part for claim in claims if claim.basis for part in (claim.basis.column, claim.basis.value))
    text = " ".join([part for claim in claims for part in texts_of(claim)] + list(basis))
    return {word.lower() for word in re.findall(r"[A-Za-z]{2,}", text)} | _ALLOWED_NAMES

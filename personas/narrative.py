"""The check every sentence passes: it rests on claims, and its numbers and names stand in them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from personas.attributes import OutputLanguage
from personas.authors.seam import ProposedSentence
from personas.records import Claim, Sentence
from personas.terms import content_words, stem
from personas.wording import percent, plain_sentence

NUMBER = re.compile(r"\d+(?:[.,]\d+)?")
NUMBER_WORDS = re.compile(
    r"\b(?:half|third|quarter|majority|most of them|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
    r"|(?:thir|four|fif|six|seven|eigh|nine)teen|(?:twen|thir|for|fif|six|seven|eigh|nine)ty|dozens?|hundreds?)\b"
    r"|一半|多数|[二三四五六七八九十百]分之|[一二三四五六七八九十]成",
    re.IGNORECASE,
)
# Not \b: between a Chinese character and a Latin letter there is no word border.
PROPER_NAME = re.compile(r"(?<![.!?“\"] )(?<!^)(?<![A-Za-z0-9_])[A-Z][a-z]{2,}(?![A-Za-z0-9_])")


def check_sentence(sentence: ProposedSentence, claims: Sequence[Claim]) -> str:
    """What is wrong with the sentence; empty where every part of it is held by the claims it names."""
    by_id = {claim.claim_id: claim for claim in claims}
    unknown = [claim_id for claim_id in sentence.claim_ids if claim_id not in by_id]
    if unknown or not sentence.claim_ids:
        return f"names no claim that exists: {', '.join(unknown) or 'none'}"
    held = [by_id[claim_id] for claim_id in sentence.claim_ids]
    strange = _numbers(sentence.text) - _numbers_of(held)
    if strange:
        return f"numbers that no claim holds: {', '.join(sorted(strange))}"
    if (
        sentence.origin == "llm"
        and NUMBER_WORDS.search(sentence.text)
        and not _quoted(NUMBER_WORDS, sentence.text, held)
    ):
        return "a proportion in words that no claim holds"
    names = {name.lower() for name in PROPER_NAME.findall(sentence.text)} - _words_of(held)
    if names:
        return f"names that no claim holds: {', '.join(sorted(names))}"
    if sentence.origin == "llm" and not _shares_words(sentence.text, held):
        return "shares no word with its claims"
    return ""


def settle_sentences(
    proposed: Sequence[ProposedSentence],
    again: Sequence[ProposedSentence],
    claims: Sequence[Claim],
    language: OutputLanguage,
) -> tuple[list[Sentence], list[str]]:
    """The narrative: sentences that pass, those of the second attempt where the first failed, else plain ones.

    Returns:
        The sentences, and what was wrong with those replaced.
    """
    by_id = {claim.claim_id: claim for claim in claims}
    settled: list[Sentence] = []
    faults: list[str] = []
    for place, sentence in enumerate(proposed):
        fault = check_sentence(sentence, claims)
        if fault and place < len(again) and not check_sentence(again[place], claims):
            sentence, fault = again[place], ""
        if not fault:
            settled.append(Sentence(text=sentence.text, claim_ids=sentence.claim_ids, origin=sentence.origin))
            continue
        faults.append(f"{sentence.text!r}: {fault}")
        settled.extend(
            Sentence(text=plain_sentence(by_id[claim_id], language), claim_ids=(claim_id,), origin="extractive")
            for claim_id in sentence.claim_ids[:1]
            if claim_id in by_id
        )
    return _without_repeats(settled), faults


def _without_repeats(sentences: list[Sentence]) -> list[Sentence]:
    return list({sentence.text: sentence for sentence in sentences}.values())


def _numbers(text: str) -> set[str]:
    return {number.replace(",", ".") for number in NUMBER.findall(text)}


def _numbers_of(claims: Sequence[Claim]) -> set[str]:
    """The numbers a sentence about these claims may hold: counts, percentages, ratios and what the words hold."""
    numbers: set[str] = set()
    for claim in claims:
        numbers |= {str(claim.people), str(claim.people_elsewhere)}
        numbers |= {str(percent(claim.share)), str(percent(claim.share_elsewhere))}
        numbers |= {"1"} if 0 < claim.share_elsewhere < 0.005 else set()  # "less than 1 %"
        if claim.adjusted_lift is not None:
            numbers |= {f"{claim.adjusted_lift:.1f}", f"{claim.adjusted_lift:.0f}"}
        for text in (claim.value, *(citation.quote for citation in claim.citations)):
            numbers |= _numbers(text)
    return numbers


def _quoted(pattern: re.Pattern[str], text: str, claims: Sequence[Claim]) -> bool:
    """Whether everything the pattern finds in the text stands in the claims' values or quotes."""
    source = " ".join(
        part.casefold() for claim in claims for part in (claim.value, *(c.quote for c in claim.citations))
    )
    return all(match.group().casefold() in source for match in pattern.finditer(text))


def _words_of(claims: Sequence[Claim]) -> set[str]:
    text = " ".join(part for claim in claims for part in (claim.value, *(c.quote for c in claim.citations)))
    return {word.lower() for word in re.findall(r"[A-Za-z]{2,}", text)} | {"the", "they"}


def _shares_words(text: str, claims: Sequence[Claim]) -> bool:
    own = {stem(word) for word in content_words(text)}
    held = {stem(word) for claim in claims for word in content_words(claim.value)}
    held |= {stem(word) for claim in claims for citation in claim.citations for word in content_words(citation.quote)}
    return bool(own & held)

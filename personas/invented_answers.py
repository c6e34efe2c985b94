"""Answers that no model gave, of the size a model's answers have: what a rehearsal puts in their place.

Everything is taken from the prompt itself: quotes are copied from its numbered evidence and values from the quotes, so
that what is invented passes the checks an answer has to pass, and later prompts get about the length they will have.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from pydantic import BaseModel

from persona_kit.errors import ModelError
from personas.authors.answers import (
    AttributeClaims,
    AttributeSearches,
    ClaimAnswer,
    ClaimValue,
    EvidenceQuote,
    PersonaName,
    PlannedSearches,
    ProposedClaims,
    ProposedNarrative,
    SentenceAnswer,
)
from personas.narrating.sections import SECTIONS
from personas.terms import content_words, stem

CLAIMS_FROM = 5
"""Pieces of evidence behind one invented claim."""

MOST_CLAIMS = 3
QUOTES_PER_CLAIM = 3
QUOTE_WORDS = 20
"""Words of an invented quote at most; the prompt allows twenty-five."""

VALUE_WORDS = 7
SENTENCES = 9

_ATTRIBUTE = re.compile(r"^Attribute (\S+) \((.*?)\)\. Question: ", re.MULTILINE)
_EVIDENCE = re.compile(r'<evidence n="(\d+)">(.*?)</evidence>', re.DOTALL)
_CLAIM = re.compile(r'<claim id="(\w+)">\w+: (.*?) \(\d+ people, ', re.DOTALL)
_NAMED_CLAIM = re.compile(r"^<claim>\w+: (.*?)</claim>$", re.MULTILINE)
_TAKEN = re.compile(r"^Names taken: (.*)$", re.MULTILINE)
_SAID = re.compile(r"^- (.*)$", re.MULTILINE)
_TERMS = re.compile(r"<terms>(.*?)</terms>", re.DOTALL)
_HAN = re.compile(r"[\u3400-\u9fff]")
_CLAUSE = re.compile(r"[,.;:!?()，。；：！？、（）\"“”]+")
_NO_VALUE: Final = "…"


def invent_answer(prompt: str, schema: type[BaseModel], attempt: int) -> BaseModel:
    """An answer of the schema.

    Args:
        prompt: the last message, which holds the evidence or the claims.
        schema: what is asked for.
        attempt: how often the same was asked before; another answer each time.

    Raises:
        ModelError: when it is a schema that nobody wrote an answer for; the floor stands in.
    """
    invent = _INVENTORS.get(schema)
    if invent is None:
        raise ModelError(f"there is no rehearsal of {schema.__name__}")
    return invent(prompt, attempt)


def useless_answer(schema: type[BaseModel]) -> BaseModel:
    """What a small model often says: nothing that can be used."""
    if schema is PersonaName:
        return PersonaName(tagline=_NO_VALUE, name=_NO_VALUE)
    return ClaimValue(value=_NO_VALUE)


def _value(prompt: str, attempt: int) -> ClaimValue:
    said = _SAID.findall(prompt)
    return ClaimValue(value=_phrase(said[attempt % len(said)])[:80] if said else _NO_VALUE)


def _claims(prompt: str, _attempt: int) -> ProposedClaims:
    parts = _ATTRIBUTE.split(prompt)[1:]  # key, label, evidence, key, label, evidence, …
    answered = []
    for key, evidence in zip(parts[::3], parts[2::3], strict=True):
        pieces = [(int(number), text) for number, text in _EVIDENCE.findall(evidence)]
        count = max(1, min(MOST_CLAIMS, round(len(pieces) / CLAIMS_FROM))) if pieces else 0
        answered.append(AttributeClaims(attribute=key, claims=[_claim(pieces[start::count]) for start in range(count)]))
    return ProposedClaims(attributes=answered)


def _claim(pieces: Sequence[tuple[int, str]]) -> ClaimAnswer:
    quotes = [EvidenceQuote(n=number, quote=_excerpt(text)) for number, text in pieces[:QUOTES_PER_CLAIM]]
    return ClaimAnswer(quotes=quotes, value=_phrase(quotes[0].quote))


def _narrative(prompt: str, _attempt: int) -> ProposedNarrative:
    claims = _CLAIM.findall(prompt)
    sentences = []
    pairs = list(zip(claims, [*claims[1:], *claims[:1]], strict=True))[:SENTENCES]
    for place, (first, second) in enumerate(pairs):
        ids = list(dict.fromkeys([first[0], second[0]]))
        joined = (
            f"他们说{first[1]}，也提到{second[1]}。"
            if _HAN.search(first[1])
            else f"They say {first[1]}, and they come back to {second[1]} again."
        )
        section = SECTIONS["summary"][place * len(SECTIONS["summary"]) // len(pairs)]
        sentences.append(SentenceAnswer(section=section, claim_ids=ids, text=joined))
    return ProposedNarrative(sentences=sentences)


def _name(prompt: str, attempt: int) -> PersonaName:
    values = _NAMED_CLAIM.findall(prompt) or _SAID.findall(prompt)
    taken = _TAKEN.search(prompt)
    used = {stem(word) for word in content_words(taken[1] if taken else "")}
    words = {stem(word): word for value in values for word in content_words(value) if not re.search(r"\d", word)}
    fresh = [word for root, word in words.items() if root not in used]
    chosen = (fresh[2 * attempt :] or fresh or list(words.values()))[:3]
    return PersonaName(tagline=_joined(list(words.values())[:8])[:120], name=_joined(chosen)[:60])


def _searches(prompt: str, _attempt: int) -> PlannedSearches:
    found = _TERMS.search(prompt)
    terms = [term.strip() for term in found[1].split(",")] if found else []
    return PlannedSearches(
        searches=[
            AttributeSearches(attribute=key, queries=[f"{label} {' '.join(terms[at : at + 2])}" for at in (0, 2)])
            for key, label in _ATTRIBUTE.findall(prompt)
        ]
    )


def _phrase(text: str) -> str:
    """The first words of the text's longest clause that repeats no word."""
    clause = max(_CLAUSE.split(text), key=len).strip() or text.strip()
    if _HAN.search(clause):
        return clause[: 2 * VALUE_WORDS]
    chosen: list[str] = []
    roots: set[str] = set()
    for word in clause.split():
        root = stem(word.casefold())
        if root in roots or len(chosen) == VALUE_WORDS:
            break
        roots.add(root)
        chosen.append(word)
    return " ".join(chosen)


def _excerpt(text: str) -> str:
    return text[: 2 * QUOTE_WORDS] if _HAN.search(text) else " ".join(text.split()[:QUOTE_WORDS])


def _joined(words: Sequence[str]) -> str:
    return "".join(words) if any(_HAN.search(word) for word in words) else " ".join(words)


STAGES: dict[type[BaseModel], str] = {
    ClaimValue: "claim",
    ProposedClaims: "claim",
    ProposedNarrative: "narrative",
    PersonaName: "name",
    PlannedSearches: "searches",
}
"""The prompt that asks for each schema."""

_INVENTORS: dict[type[BaseModel], Callable[[str, int], BaseModel]] = {
    ClaimValue: _value,
    ProposedClaims: _claims,
    ProposedNarrative: _narrative,
    PersonaName: _name,
    PlannedSearches: _searches,
}

"""What an answer says and what each of its statements may rest on, the same for every schema."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from eval.tasks import Call
from personas.grounding import LEAST_QUOTE_WORDS, quote_words
from personas.grounding.folding import fold_quote
from retrieval.splitting import sentence_spans


@dataclass(frozen=True, kw_only=True)
class Statement:
    """Something that an answer says."""

    text: str
    sources: tuple[str, ...] = ()
    """What it rests on: what it names where it has to name something, else all it was given."""
    cited: int = 0
    """Quotes or ids it names."""
    cited_right: int = 0
    """Of these, quotes that stand where it says, and ids that there are."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """An answer as statements."""

    statements: tuple[Statement, ...] = ()
    cites: bool = False
    """Whether statements have to name what they rest on."""
    grounded: bool = True
    """Whether statements have to rest on something; a search need not."""
    abstained: bool | None = None
    """Whether the model gave no answer; None where the schema has no room for that."""

    @property
    def text(self) -> str:
        """All the words of the model's own, quotes left out."""
        return " ".join(statement.text for statement in self.statements)


def read_answer(answer: BaseModel, call: Call) -> Reading:
    """The answer as statements.

    Raises:
        KeyError: when the schema has no reader; a test sees to it that each has.
    """
    return _READERS[type(answer).__name__](answer, call.inputs)


def has_reader(schema: type[BaseModel]) -> bool:
    """Whether answers of the schema can be read."""
    return schema.__name__ in _READERS


def _value(answer: Any, inputs: Mapping[str, Any]) -> Reading:
    said = _said(answer.value, inputs["quotes"])
    return Reading(statements=said, abstained=not said)


def _name(answer: Any, inputs: Mapping[str, Any]) -> Reading:
    sources = inputs["values"] if "values" in inputs else inputs["claims"]
    return Reading(statements=(*_said(answer.tagline, sources), *_said(answer.name, sources)))


def _opening(answer: Any, inputs: Mapping[str, Any]) -> Reading:
    return Reading(statements=_said(answer.sentence, [inputs["message"]]))


def _reply(answer: Any, inputs: Mapping[str, Any]) -> Reading:
    pieces = {item["number"]: item["text"] for item in inputs["evidence"]}
    statements = tuple(
        Statement(
            text=sentence.text,
            sources=(inputs["message"], *(pieces[n] for n in sentence.evidence if n in pieces)),
            cited=len(sentence.evidence),
            cited_right=sum(n in pieces for n in sentence.evidence),
        )
        for sentence in answer.sentences
        if sentence.text.strip()
    )
    return Reading(statements=statements)


def _evidence_answer(answer: Any, inputs: Mapping[str, Any]) -> Reading:
    pieces = {item["number"]: item["text"] for item in inputs["evidence"]}
    statements = tuple(_quoted(sentence.text, sentence.quotes, pieces) for sentence in answer.sentences)
    return Reading(statements=statements, cites=True, abstained=not answer.answerable or not statements)


def _claims(answer: Any, inputs: Mapping[str, Any]) -> Reading:
    pieces = {item["number"]: item["text"] for one in inputs["attributes"] for item in one["evidence"]}
    statements = tuple(
        _quoted(claim.value, claim.quotes, pieces) for part in answer.attributes for claim in part.claims
    )
    return Reading(statements=statements, cites=True, abstained=not statements)


def _narrative(answer: Any, inputs: Mapping[str, Any]) -> Reading:
    claims = {claim["id"]: _claim_text(claim) for claim in inputs["claims"]}
    statements = tuple(
        Statement(
            text=sentence.text,
            sources=tuple(claims[one] for one in sentence.claim_ids if one in claims),
            cited=len(sentence.claim_ids),
            cited_right=sum(one in claims for one in sentence.claim_ids),
        )
        for sentence in answer.sentences
        if sentence.text.strip()
    )
    return Reading(statements=statements, cites=True)


def _searches(answer: Any, inputs: Mapping[str, Any]) -> Reading:
    known = {attribute["key"] for attribute in inputs["attributes"]}
    statements = tuple(
        Statement(text=query, cited=1, cited_right=int(search.attribute in known))
        for search in answer.searches
        for query in search.queries
        if query.strip()
    )
    return Reading(statements=statements, cites=True, grounded=False)


def _plain(answer: Any, inputs: Mapping[str, Any]) -> Reading:
    claims = {claim["id"]: " ".join(map(str, claim.values())) for claim in inputs["claims"]}
    refused = re.search(r"did not speak about|没有谈到", answer.text) is not None
    statements = []
    for start, end in sentence_spans(answer.text):
        text = answer.text[start:end].strip()
        ids = re.findall(r"\[(c\d+)\]", text)
        sources = tuple(claims[one] for one in ids if one in claims) or tuple(claims.values())
        bare = re.sub(r"\[c\d+\]", "", text).strip()
        right = sum(one in claims for one in ids)
        if bare:
            statements.append(Statement(text=bare, sources=sources, cited=len(ids), cited_right=right))
    return Reading(statements=() if refused else tuple(statements), cites=True, abstained=refused)


def _judgement(answer: Any, inputs: Mapping[str, Any]) -> Reading:
    # Nothing of its own is said: to find a statement unsupported is to abstain from it.
    return Reading(abstained=not answer.supported, grounded=False)


def _said(text: str, sources: Sequence[str]) -> tuple[Statement, ...]:
    return (Statement(text=text.strip(), sources=tuple(sources)),) if text.strip() else ()


def _quoted(text: str, quotes: Sequence[Any], pieces: Mapping[int, str]) -> Statement:
    right = [quote for quote in quotes if _stands(quote.quote, pieces.get(quote.n, ""))]
    return Statement(
        text=text, sources=tuple(quote.quote for quote in right), cited=len(quotes), cited_right=len(right)
    )


def _stands(quote: str, piece: str) -> bool:
    return quote_words(quote) >= LEAST_QUOTE_WORDS and fold_quote(quote) in fold_quote(piece)


def _claim_text(claim: Mapping[str, Any]) -> str:
    return " ".join(str(value) for value in claim.values())


_READERS: dict[str, Callable[[Any, Mapping[str, Any]], Reading]] = {
    "ClaimValue": _value,
    "EvidenceAnswer": _evidence_answer,
    "Judgement": _judgement,
    "PersonaName": _name,
    "PlainText": _plain,
    "PlannedSearches": _searches,
    "ProposedClaims": _claims,
    "ProposedNarrative": _narrative,
    "ReplyAnswer": _reply,
    "ReplyOpening": _opening,
}

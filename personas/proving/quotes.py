"""Every quote of a result, wherever it stands in it, against the documents as they are now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel

from retrieval.documents import Document


@dataclass(frozen=True, kw_only=True)
class Quoted:
    """A quote, and where in the result it stands."""

    where: str
    """Such as `personas[0].claims[2].counter_citations[0]`."""
    document_id: str
    customer_id: str
    start: int
    end: int
    quote: str


def quotes_of(result: object, where: str = "") -> Iterator[Quoted]:
    """Everything in a record, list or JSON object that quotes a document by its place.

    Args:
        result: records, dictionaries, lists, in any depth.
        where: what the result itself is called.
    """
    if isinstance(result, BaseModel):
        fields = {name: getattr(result, name) for name in type(result).model_fields}
        yield from quotes_of(fields, where)
    elif isinstance(result, Mapping):
        if _is_quote(result):
            yield _quoted(result, where)
            return
        for name, part in result.items():
            yield from quotes_of(part, f"{where}.{name}" if where else str(name))
    elif isinstance(result, Sequence) and not isinstance(result, str | bytes):
        for at, part in enumerate(result):
            yield from quotes_of(part, f"{where}[{at}]")


def quote_faults(quoted: Sequence[Quoted], now: Mapping[str, Document]) -> list[str]:
    """What is wrong with the quotes, one sentence each; empty where each stands to the letter, in its writer's words.

    Args:
        quoted: the quotes.
        now: the documents as they are now, by id.
    """
    return [f"{one.where}: {fault}" for one in quoted if (fault := _fault(one, now.get(one.document_id)))]


def _fault(one: Quoted, document: Document | None) -> str:
    if document is None:
        return f"document {one.document_id} is not there"
    if document.flagged:
        return f"the quote from {one.document_id} rests on a document that speaks to a machine"
    if document.text[one.start : one.end] != one.quote:
        return f"the quote from {one.document_id} does not stand there"
    if one.customer_id and one.customer_id != document.customer_id:
        return f"the quote from {one.document_id} is by {document.customer_id}, not by {one.customer_id}"
    if document.turns and not any(start < one.end and one.start < end for start, end in document.turns):
        return f"the quote from {one.document_id} is not the customer's own"
    return ""


def _is_quote(value: Mapping[str, object]) -> bool:
    held = isinstance(value.get("quote"), str) and isinstance(value.get("document_id"), str)
    return held and isinstance(value.get("start"), int) and isinstance(value.get("end"), int)


def _quoted(value: Mapping[str, object], where: str) -> Quoted:
    start, end = value["start"], value["end"]
    assert isinstance(start, int)
    assert isinstance(end, int)
    return Quoted(
        where=where,
        document_id=str(value["document_id"]),
        customer_id=str(value.get("customer_id") or ""),
        start=start,
        end=end,
        quote=str(value["quote"]),
    )

"""Which of a run's vector spaces a document belongs to; the same rule as `retrieval.corpus`, one document at a time."""

from __future__ import annotations

from collections.abc import Iterable

from retrieval.documents import Document
from retrieval.scripts import latin_share


def is_latin(document: Document) -> bool | None:
    """Whether the document is in Latin script; None where it holds no letters."""
    if document.language in {"en", "zh"}:
        return document.language == "en"
    share = latin_share(document.text)
    return None if share is None else share >= 0.5


def latin_majority(documents: Iterable[Document]) -> bool:
    """Whether most documents that hold letters are in Latin script."""
    verdicts = [verdict for verdict in map(is_latin, documents) if verdict is not None]
    return sum(verdicts) * 2 >= len(verdicts)

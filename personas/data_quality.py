"""What was read, kept, merged, redacted and left out, in numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from personas.customers import CustomerTable
from personas.options import GenerateOptions
from personas.records import DataQuality
from personas.reporting.source_texts import shown_source
from retrieval.corpus import Corpus
from retrieval.reading import Reading

MOST_FLAGGED = 20
"""Ids of flagged documents that are shown; documents.csv names them all."""


def tell_data_quality(corpus: Corpus, reading: Reading, table: CustomerTable, options: GenerateOptions) -> DataQuality:
    """The page about the data: how much there is, in which languages, what was left out and why."""
    documents = reading.documents
    dates = sorted(document.created_at[:10] for document in documents if document.created_at)
    flagged = {document_id for ids in reading.flagged.values() for document_id in ids}
    reasons = _count(item.reason for item in reading.quarantined)
    return DataQuality(
        inputs=reading.inputs,
        documents=len(documents),
        quarantined=len(reading.quarantined),
        merged=reasons.get("duplicate of same customer", 0),
        customers=len(corpus.customer_ids),
        passages=len(corpus.passages),
        words=int(corpus.words_per_customer.sum()),
        languages=_count(document.language for document in documents),
        sources=_count(shown_source(document.source) for document in documents),
        kinds=_count(document.kind for document in documents if document.kind),
        reasons=reasons,
        redactions=reading.redactions,
        redact_level=options.redact,
        columns=tuple(_without_folders(line, reading) for line in (*reading.columns, *table.notes)),
        bursts=reading.bursts,
        repeated=reading.repeated,
        flagged={kind: len(ids) for kind, ids in reading.flagged.items()},
        flagged_documents=len(flagged),
        flagged_people=len({document.customer_id for document in documents if document.document_id in flagged}),
        flagged_examples=tuple(d.document_id for d in documents if d.document_id in flagged)[:MOST_FLAGGED],
        flagged_policy=options.flagged,
        hidden=reading.hidden,
        first_date=dates[0] if dates else None,
        last_date=dates[-1] if dates else None,
        customers_in_table=len(table.customers),
        customers_joined=len(set(table.customers) & set(corpus.customer_ids)),
    )


def _without_folders(line: str, reading: Reading) -> str:
    """The line with sources named as a report names them."""
    for source in reading.files:
        line = line.replace(source, shown_source(source))
    return line


def _count(values: Any) -> dict[str, int]:
    names, counts = np.unique(np.array(list(values), dtype=object).astype(str), return_counts=True)
    return {
        str(name): int(count) for name, count in sorted(zip(names, counts, strict=True), key=lambda p: (-p[1], p[0]))
    }

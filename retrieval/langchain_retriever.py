"""The evidence search as a LangChain retriever."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_core.documents import Document as LangChainDocument
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

from retrieval.search import EvidenceSearch, Hit

if TYPE_CHECKING:
    from langchain_core.callbacks import CallbackManagerForRetrieverRun


class PassageRetriever(BaseRetriever):
    """Finds passages and joins them with the text of record.

    `page_content` is the passage's words; the metadata holds where they stand (`document_id`, `customer_id`, `source`,
    `start`, `end`), so that ``document.text[start:end] == page_content``, and `score` and `distance`.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    evidence: EvidenceSearch
    customer_ids: frozenset[str] | None = None
    """Only what these customers wrote, such as a segment's members; None: everybody."""
    limit: int = 8
    per_customer: int = 2

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun
    ) -> list[LangChainDocument]:
        hits = self.evidence.search(query, within=self._rows(), limit=self.limit, per_customer=self.per_customer)
        return [self._document(hit) for hit in hits]

    def _rows(self) -> Any:
        import numpy as np

        if self.customer_ids is None:
            return None
        passages = self.evidence.corpus.passages
        return np.array([row for row, p in enumerate(passages) if p.customer_id in self.customer_ids], dtype=np.int64)

    def _document(self, hit: Hit) -> LangChainDocument:
        corpus = self.evidence.corpus
        passage = corpus.passages[hit.row]
        place = {
            "document_id": passage.document_id,
            "customer_id": passage.customer_id,
            "source": corpus.document_by_id[passage.document_id].source,
            "start": passage.start,
            "end": passage.end,
            "score": hit.score,
            "distance": hit.distance,
        }
        return LangChainDocument(id=passage.passage_id, page_content=corpus.passage_texts[hit.row], metadata=place)

"""The made-up corpora, built once a session with real parts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from personas.evidence import EvidenceBase
from tests.personas.corpora import chinese_people, corpus_of, documents_of, english_people, evidence_of


@pytest.fixture(scope="session")
def english_base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EvidenceBase]:
    """The evidence of 42 people in three kinds, embedded by wordllama."""
    with corpus_of(documents_of(english_people()), tmp_path_factory.mktemp("english")) as corpus:
        yield evidence_of(corpus)


@pytest.fixture(scope="session")
def chinese_base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EvidenceBase]:
    """The evidence of 24 people in two kinds, embedded by LSA."""
    with corpus_of(documents_of(chinese_people()), tmp_path_factory.mktemp("chinese")) as corpus:
        yield evidence_of(corpus)

"""The words of documents that are set aside, kept from everything that reads words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from retrieval.documents import Document

_WORDS = re.compile(r"[^\n]")


def without_words_set_aside(documents: Sequence[Document]) -> tuple[Document, ...]:
    """The documents; those flagged, and those that repeat one of a burst, with a blank in place of every character.

    Offsets, line ends and the hash of the text of record stay, so that passages are counted as before; but there is
    nothing to quote, to make a term of, or to show to a model, and nothing that stands beside the text either.
    """
    return tuple(
        replace(document, text=_WORDS.sub(" ", document.text), question="", product=None, metadata={})
        if document.flagged or document.repeats
        else document
        for document in documents
    )

"""Instructions that no document holds alone: split over several of one person, or over neighbours in a file."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from retrieval.documents import Document
from retrieval.hostile.folding import fold, squeeze
from retrieval.hostile.instructions import speaks_to_machine
from retrieval.hostile.patterns import SQUEEZED

_EDGE: Final = 120
"""Characters at either end of a document that are read together with its neighbour."""
_MOST_OF_ONE: Final = 50
"""Documents of one person that are read as one."""
_PART: Final = re.compile(
    r"[(\[]?\b(?:part|piece|fragment|chunk|segment)?\s*(\d{1,2})\s*(?:/|of|von|out of)\s*(\d{1,2})\b[)\]]?\s*[:.-]?"
    r"|第\s*([0-9一二三四五六七八九])\s*(?:部分|段|条|片)\s*[:：]?",
    re.IGNORECASE,
)


def find_spread(documents: Sequence[Document]) -> set[int]:
    """The places of documents that are parts of one instruction.

    Args:
        documents: in the order they were read.
    """
    found: set[int] = set()
    places: dict[str, list[int]] = defaultdict(list)
    numbered: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for at, document in enumerate(documents):
        places[document.customer_id].append(at)
        if part := _PART.match(document.text):
            number = part[1] or str("一二三四五六七八九".find(part[3]) + 1 or part[3])
            numbered[part[2] or "?"].append((int(number), at))
    for own in places.values():
        if 1 < len(own) <= _MOST_OF_ONE:
            found |= _joined(documents, own)
    for parts in numbered.values():
        together = [at for _, at in sorted(parts)]
        if len(parts) > 1 and _joined(documents, together):
            # Who numbers the parts of an order means all of them.
            found |= set(together[:_MOST_OF_ONE])
    for at in range(len(documents) - 1):
        one, other = documents[at], documents[at + 1]
        read_as_one = one.customer_id == other.customer_id and len(places[one.customer_id]) <= _MOST_OF_ONE
        if not read_as_one and _across(one.text, other.text):
            found |= {at, at + 1}
    return found


def _joined(documents: Sequence[Document], places: Sequence[int]) -> set[int]:
    """Of these the neighbours that say it together, all of them where it takes more than two."""
    texts = [_PART.sub("", documents[at].text, count=1).strip() for at in places]
    found = {
        place
        for one, other, first, second in zip(places, places[1:], texts, texts[1:], strict=False)
        if _across(first, second)
        for place in (one, other)
    }
    if not found and len(places) > 2 and sum(map(len, texts)) <= _EDGE * len(texts):
        whole = fold(" ".join(texts))
        together = speaks_to_machine(whole) or SQUEEZED.search(squeeze(whole))
        if together and not any(speaks_to_machine(fold(text)) for text in texts):
            return set(places)
    return found


def _across(first: str, second: str) -> bool:
    """Whether the end of one text and the beginning of the other say together what neither says alone."""
    # A sentence that is finished is not gone on with elsewhere.
    if first.rstrip().endswith((".", "!", "?", "。", "！", "？")):
        return False
    end, start = fold(first[-_EDGE:]), fold(second[:_EDGE])
    if not (speaks_to_machine(f"{end} {start}") or SQUEEZED.search(squeeze(end + start))):
        return False
    return not any(speaks_to_machine(one) or SQUEEZED.search(squeeze(one)) for one in (end, start))

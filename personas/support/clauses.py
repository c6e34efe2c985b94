"""Texts in clauses: a review praises the food and blames the wait in one breath."""

from __future__ import annotations

import re
from functools import lru_cache

from personas.grounding import quote_words
from personas.terms import content_words

_BREAK = re.compile(
    # A point or comma inside of a number or an address breaks nothing.
    r"[,.;:!?]+(?=\s|$)|[()\[\]\"“”，。；：！？、（）【】…～~\n]+|\s[-–—/]+\s"
    r"|(?:\s|^)(?:but|because|although|though|however|while|whereas|except)(?=\s)"
    # Chinese chats put a blank where others put a comma.
    r"|(?<=[\u3400-\u9fff])\s+(?=[\u3400-\u9fff])|但是?|不过|可是|虽然|只是",
    re.IGNORECASE,
)
_EDGE = " \t-–—*•'·"

_LEADING = re.compile(
    r"^(?:(?:and|so|but|or|also|especially|such as|e\.?g\.?|like|which|that|then|maybe|plus|rather than|i think"
    r"|perhaps)\s+)+",
    re.IGNORECASE,
)
"""Words that tie a clause to one before it."""

SHORTEST_PHRASE = 2
LONGEST_PHRASE = 9
"""Words of a value: enough to say something, few enough to be read at a glance."""


@lru_cache(maxsize=100_000)
def clause_spans(text: str) -> tuple[tuple[int, int], ...]:
    """Where the clauses of a text stand in it, in order, without blanks around them; only those with a letter."""
    spans, begin = [], 0
    for start, end in [*(match.span() for match in _BREAK.finditer(text)), (len(text), len(text))]:
        clause = text[begin:start]
        if any(character.isalnum() for character in clause):
            lead = len(clause) - len(clause.lstrip(_EDGE))
            spans.append((begin + lead, begin + len(clause.rstrip(_EDGE))))
        begin = end
    return tuple(spans)


def short_clauses(sentence: str) -> list[str]:
    """The sentence's clauses that can stand as the value of a claim: 2 to 9 words, something said in them."""
    parts = (_LEADING.sub("", sentence[start:end]) for start, end in clause_spans(sentence))
    return [part for part in parts if SHORTEST_PHRASE <= quote_words(part) <= LONGEST_PHRASE and content_words(part)]

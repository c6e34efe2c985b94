"""Finds a proposed quote in its source: nothing a model quotes is believed, the source's own words are cited.

Both texts are folded for the search only (`folding`); the span found indexes the text of record, and the citation holds
its words. Every proposed quote gets a verdict (`finding`), see docs/grounding.md.
"""

from personas.grounding.carrying import LEAST_QUOTE_WORDS, carried_share, quote_words, quotes_hold
from personas.grounding.finding import (
    LEAST_RATIO,
    LONGEST_QUOTE,
    SHORTEST_REPAIR,
    Finding,
    QuoteVerdict,
    find_quote,
    ground_quote,
)

__all__ = [
    "LEAST_QUOTE_WORDS",
    "LEAST_RATIO",
    "LONGEST_QUOTE",
    "SHORTEST_REPAIR",
    "Finding",
    "QuoteVerdict",
    "carried_share",
    "find_quote",
    "ground_quote",
    "quote_words",
    "quotes_hold",
]

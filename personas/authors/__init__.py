"""Who writes personas: one seam, a model-driven author and an extractive one."""

from personas.authors.extractive import ExtractiveAuthor
from personas.authors.model_driven import ModelAuthor
from personas.authors.seam import (
    PersonaAuthor,
    ProposedClaim,
    ProposedName,
    ProposedQuote,
    ProposedSentence,
    SegmentBrief,
)

__all__ = [
    "ExtractiveAuthor",
    "ModelAuthor",
    "PersonaAuthor",
    "ProposedClaim",
    "ProposedName",
    "ProposedQuote",
    "ProposedSentence",
    "SegmentBrief",
]

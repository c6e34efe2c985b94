"""Claims of attributes whose values the schema gives: those who say a choice in their own sentences stand behind it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from personas.attributes import AttributeSchema, OutputLanguage
from personas.authors.extractive import claim_from_group
from personas.authors.seam import ProposedClaim
from personas.evidence import EvidenceBase
from personas.support.saying import find_said


def propose_choices(
    schema: AttributeSchema, base: EvidenceBase, inside: NDArray[np.bool_], language: OutputLanguage
) -> Iterator[ProposedClaim]:
    """A claim for each choice that one of the segment says, in the vector space most of its sayers write in.

    No model is asked: the schema's own cues decide, so the same text gives the same claim with every engine.

    Args:
        schema: the attributes; those without choices are left out.
        base: everything said.
        inside: ``(people,)`` the segment's members.
        language: of the labels.
    """
    for attribute in schema.attribute:
        for choice in attribute.choices:
            value = choice.label[language]
            rows = max((find_said(value, attribute.key, s, base).rows for s in base.corpus.spaces), key=len)
            if not inside[base.corpus.passage_customer[rows]].any():
                continue
            group = base.make_group(attribute.key, (), rows, base.count(rows, inside), inside)
            claim = claim_from_group(attribute.key, value, group, base, chosen=True)
            if claim.quotes:
                yield claim

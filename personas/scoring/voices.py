"""Who stands behind a claim that was made: the people counted, found again from what the claim itself holds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from personas.evidence import EvidenceBase
from personas.records import Claim
from personas.support.saying import find_said


def people_behind(claim: Claim, base: EvidenceBase) -> NDArray[np.bool_]:
    """``(people,)`` over the corpus's customers: who says what the claim says, and who is quoted; nobody for a table's.

    Looked for where the claim was counted, in the passages that speak of its attribute, by the same rule.

    Args:
        claim: of a persona.
        base: everything said.
    """
    corpus = base.corpus
    places = {customer_id: at for at, customer_id in enumerate(corpus.customer_ids)}
    behind = np.zeros(len(places), dtype=bool)
    behind[[places[citation.customer_id] for citation in claim.citations if citation.customer_id in places]] = True
    if claim.basis is not None:
        return behind
    for space in corpus.spaces:
        behind |= base.voiced_by(find_said(claim.value, claim.attribute, space, base).rows)
    return behind

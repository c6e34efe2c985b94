"""Who stands behind a claim that was made: the people counted, found again from what the claim itself holds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from personas.claims import supporting_rows
from personas.evidence import EvidenceBase, EvidenceGroup
from personas.records import Claim


def people_behind(claim: Claim, base: EvidenceBase) -> NDArray[np.bool_]:
    """``(people,)`` over the corpus's customers: who says what the claim says, and who is quoted; nobody for a table's.

    Looked for where the claim was counted, in the passages of its themes that speak of its attribute, by the same rule.

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
    index = {theme.theme_id: at for at, theme in enumerate(base.themes.themes)}
    themes = [index[theme_id] for theme_id in claim.theme_ids if theme_id in index]
    rows = base.tagged(claim.attribute)
    rows = rows[np.isin(base.themes.passage_theme[rows], themes)]
    for at, space in enumerate(corpus.spaces):
        here = rows[corpus.space_of_passage[rows] == at]
        if len(here):
            group = EvidenceGroup(
                attribute=claim.attribute,
                themes=tuple(themes),
                rows=here,
                support=base.count(here, behind),
                items=(),
                centre=base.centre_of(here),
                space=space,
            )
            behind |= base.voiced_by(supporting_rows(claim.value, group, base))
    return behind

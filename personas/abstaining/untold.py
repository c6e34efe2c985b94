"""What a text says of who people are, and none of the claims it rests on does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from personas.abstaining.self_statements import own_statements
from personas.abstaining.traits import uncarried_traits
from personas.attributes import AttributeSchema
from personas.records import Claim

WHO_THEY_ARE: Final = frozenset({"demographics"})
"""Attributes whose claims may say who people are, where no schema is at hand to tell which are sensitive."""


def traits_untold(text: str, claims: Sequence[Claim], schema: AttributeSchema | None = None) -> list[str]:
    """Words of the text that say who people are, and that neither a table nor those quoted say of themselves.

    Args:
        text: a sentence, or a name.
        claims: those it rests on.
        schema: tells which attributes are sensitive; without it those of `WHO_THEY_ARE`.
    """
    own: list[str] = []
    for claim in claims:
        if claim.basis is not None:
            own += [claim.basis.column.replace("_", " "), claim.basis.value]
        elif _is_sensitive(claim.attribute, schema):
            own.append(claim.value)
        own += [statement for citation in claim.citations for statement in own_statements(citation.quote)]
    values = [claim.value for claim in claims]
    said = [*values, *(citation.quote for claim in claims for citation in claim.citations)]
    return uncarried_traits(text, own=own, said=said, values=values)


def _is_sensitive(key: str, schema: AttributeSchema | None) -> bool:
    return schema[key].sensitive if schema is not None and schema.has(key) else key in WHO_THEY_ARE

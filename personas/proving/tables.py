"""Whether claims of the customer table still stand in it: the columns are read and the people counted again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from persona_kit.errors import PersonaKitError
from personas.behaviour import read_behaviour
from personas.customers import categorise, read_customers
from personas.options import GenerateOptions
from personas.persona_set import PersonaSet
from personas.records import Basis, Claim

Categories = Mapping[str, Mapping[str, tuple[str, ...]]]


def table_faults(
    persona_set: PersonaSet, segment_of: Mapping[str, str], options: GenerateOptions, writing: Sequence[str]
) -> Iterator[str]:
    """What is wrong with the claims that rest on a table, one sentence each.

    Args:
        persona_set: as it is stored.
        segment_of: customer -> segment_id, of assignments.csv.
        options: of the run; they name the tables.
        writing: everybody who wrote a document, sorted.
    """
    claims = [(p, c, c.basis) for p in persona_set.personas for c in p.claims if c.basis is not None]
    if not claims:
        return
    try:
        categories = read_categories(options, writing)
    except PersonaKitError as error:
        yield f"the tables cannot be read again: {error.what} ({error.where})"
        return
    placed = {segment.segment_id for segment in persona_set.segments if segment.kind == "segment"}
    members = {key: segment_id for key, segment_id in segment_of.items() if segment_id in placed}
    for persona, claim, basis in claims:
        if fault := _fault(claim, basis, persona.segment_id, categories, members):
            yield f"{persona.name}, {claim.claim_id}: {fault}"


def read_categories(options: GenerateOptions, writing: Sequence[str]) -> Categories:
    """Column -> customer -> the values it is compared by, as the run made them.

    Raises:
        PersonaKitError: when a table cannot be read.
    """
    people = list(writing)
    behaviour = read_behaviour(options.orders, options.events, writing=people, redact=options.redact, seed=options.seed)
    table = read_customers(
        options.customers, options.orders, writing=people, redact=options.redact, behaviour=behaviour
    )
    return categorise(table.customers)


def _fault(claim: Claim, basis: Basis, segment_id: str, categories: Categories, segment_of: Mapping[str, str]) -> str:
    if basis.column not in categories:
        return f"the column {basis.column} is not there, or tells nobody apart any more"
    holding = [key for key, values in categories[basis.column].items() if basis.value in values and key in segment_of]
    here = sum(segment_of[key] == segment_id for key in holding)
    there = len(holding) - here
    if (here, there) != (claim.people, claim.people_elsewhere):
        return (
            f"{basis.file} has {basis.column} = {basis.value} for {here} people here and {there} elsewhere, "
            f"the claim counts {claim.people} and {claim.people_elsewhere}"
        )
    return ""

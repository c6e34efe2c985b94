"""The schemas that answers to prompts fit, by the name that a template's front matter gives as `output`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict

from persona_kit.errors import PromptError
from personas.authors import answers
from personas.models.grammar import answer_schema
from personas.replying import model_draft
from prompts.linting import NO_SCHEMA


class PlainText(BaseModel):
    """An answer in free words, for prompts whose output is text."""

    model_config = ConfigDict(extra="forbid")

    text: str


class Judgement(BaseModel):
    """Whether sources carry a statement: why, then the verdict."""

    model_config = ConfigDict(extra="forbid")

    reason: str
    supported: bool


def answer_schemas() -> dict[str, type[BaseModel]]:
    """Name -> schema, of every prompt that ships."""
    known: tuple[type[BaseModel], ...] = (
        answers.ClaimValue,
        answers.EvidenceAnswer,
        answers.PersonaName,
        answers.PlannedSearches,
        answers.ProposedClaims,
        answers.ProposedNarrative,
        model_draft.ReplyAnswer,
        model_draft.ReplyOpening,
        Judgement,
    )
    return {schema.__name__: schema for schema in known} | {NO_SCHEMA: PlainText}


def schema_of(output: str, *, where: str) -> type[BaseModel]:
    """The schema of a prompt's answers.

    Raises:
        PromptError: when there is none of that name.
    """
    known = answer_schemas()
    if output not in known:
        raise PromptError(
            f"there is no schema {output!r}", where=where, mend="choose one of: " + ", ".join(sorted(known))
        )
    return known[output]


@cache
def json_form(schema: type[BaseModel]) -> Mapping[str, Any]:
    """The schema as models are held to it; made once, since a run asks for it at every call. Not to be changed."""
    return answer_schema(schema)

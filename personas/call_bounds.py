"""How many calls a run can make at most, and how large each can be: the bound that a dry run states.

Why it holds. A persona of a large model has an `Allowance` of `CALLS_PER_PERSONA` requests, repeated ones included; a
small model is asked `candidates` times for each group of evidence and `NAME_CANDIDATES` times for a name, each time up
to `RetryPolicy.attempts` requests where these can fail. So the tokens of a run are at most those of its most expensive
requests, and a request is at most its prompt and twice its `max_tokens`: an answer that was cut is asked for once more
with twice the room. Until it is known how a server gives structured answers, a request may be spent on finding that
out, in several small ones, instead. How large a prompt can get follows from its template and what may stand in it:

- the claims prompts of the first round do not depend on any answer, so the rehearsal has seen them as they will be;
- those of a later round hold the attributes that were searched for, in `EXTRACTION_CALLS` parts, with `ITEMS_PER_GROUP`
  sentences each, none longer than the longest passage;
- narrative and name hold claims, whose number is bounded for each attribute and whose values by `LONGEST_VALUE_BYTES`,
  and names, which have a longest length too.

Texts that are not known yet are counted in UTF-8 bytes: no tokenizer makes more tokens than that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from pydantic import BaseModel

from personas.agent.gaps import MOST_INVESTIGATED, MOST_ROUNDS
from personas.authors.answers import ClaimValue, PersonaName, PlannedSearches, ProposedClaims, ProposedNarrative
from personas.authors.model_driven import (
    CALLS_PER_PERSONA,
    CLAIMS_NARRATED,
    CLAIMS_PER_CALL,
    EXTRACTION_CALLS,
    FAULTS_TOLD,
    LONGEST_EXCERPT,
    LONGEST_FAULT,
    NAME_CANDIDATES,
    NARRATIVE_PROMPTS,
    NARRATIVE_TOKENS,
    QUOTES_SHOWN,
    TOKENS_PER_ATTRIBUTE,
)
from personas.claims import DEFAULT_MIN_PEOPLE, LONGEST_VALUE_BYTES, data_claims
from personas.customers import categorise, find_characteristics
from personas.evidence import CLAIMS_PER_SEGMENT, ITEMS_PER_GROUP, LONGEST_QUOTE
from personas.models.completion import Completer
from personas.models.hosted import HostedCompleter
from personas.models.prices import Price
from personas.models.retrying import ONCE, RetryPolicy
from personas.writing_up import Material

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

LONGEST_NAME_BYTES = 4 * 60 + 8
"""A name has at most 60 characters, and a number where it was taken."""

_ASKED_TOGETHER = -(-MOST_INVESTIGATED // EXTRACTION_CALLS)
_EVIDENCE_MARK = len('<evidence n="1234"></evidence>\n')
_CLAIM_MARK = 160  # tags, id, people, two shares, ratio; the attribute's key comes on top
_ATTRIBUTE_MARK = len("\nAttribute  (). Question: \n")
_FAULT_MARK = len("- <claim></claim>\n")
_TERMS_SHOWN = 12
_LEDE_CLAIMS = 5
_VALUES_SHOWN = 3
_NARRATIVES, _MARKS_OF_MESSAGES = 2, 600  # one more narrative where a sentence fails; messages of the longest template


@dataclass(frozen=True)
class StageBound:
    """The largest request of one kind."""

    prompt: int
    """Tokens."""
    completion: int
    """Tokens of the answer, a second try with twice the room included."""
    calls: int = 0
    """Requests of this kind for one persona at most."""


@dataclass(frozen=True)
class CallBound:
    """What a run never passes."""

    personas: int = 0
    calls_per_persona: int = 0
    stages: tuple[StageBound, ...] = ()
    probe: StageBound = StageBound(0, 0)
    """One try of finding out how a server gives structured answers."""

    @property
    def calls(self) -> int:
        """Requests of the whole run, without the small ones of finding that out."""
        return self.personas * self.calls_per_persona

    @property
    def tokens(self) -> int:
        """Tokens of prompts and answers of the whole run."""
        return round(self._most(lambda stage: stage.prompt + stage.completion))

    def cost_usd(self, price: Price) -> float:
        """US dollars of the whole run."""
        return self._most(lambda stage: price.cost_usd(stage.prompt, stage.completion))

    def _most(self, worth: Callable[[StageBound], float]) -> float:
        """The worth of the most expensive requests that a persona may make, for each persona.

        A request may be a try of finding out instead, and one such try comes before a request that is made.
        """
        left, persona, probing = self.calls_per_persona, 0.0, self.probe.calls * worth(self.probe)
        for stage in sorted(self.stages, key=worth, reverse=True):
            calls = min(left, stage.calls)
            persona += calls * max(worth(stage), probing)
            left -= calls
        return self.personas * persona + probing


def bound_calls(
    completer: Completer, material: Material, seen: Mapping[str, StageBound], *, candidates: int
) -> CallBound:
    """The bound of a run whose rehearsal has seen these requests.

    Args:
        completer: the model; bounds a prompt's tokens.
        material: what the personas are written from.
        seen: prompt -> the largest prompt and `max_tokens` of the rehearsal.
        candidates: answers a small model may give to one question.
    """
    attempts = (RetryPolicy() if completer.hosted else ONCE).attempts
    sizes = _Sizes(completer, material)
    if completer.profile == "small":
        groups = CLAIMS_PER_SEGMENT + MOST_ROUNDS * MOST_INVESTIGATED
        structural = {
            "claim": StageBound(sizes.small_claim(), 40, groups * candidates * attempts),
            "name": StageBound(sizes.small_name(), 90, NAME_CANDIDATES * attempts),
        }
        most = sum(stage.calls for stage in structural.values())
    else:
        most = CALLS_PER_PERSONA
        structural = {
            "claim": StageBound(sizes.claims(), _ASKED_TOGETHER * TOKENS_PER_ATTRIBUTE, most),
            "searches": StageBound(sizes.searches(), 400, MOST_ROUNDS * attempts),
            "narrative": StageBound(sizes.narrative(), NARRATIVE_TOKENS, _NARRATIVES * attempts),
            "name": StageBound(sizes.name(), 90, NAME_CANDIDATES * attempts),
        }
    stages = [_larger(stage, seen.get(name), completer) for name, stage in structural.items()]
    return CallBound(len(material.described), most, tuple(stages), _probe(completer))


def _probe(completer: Completer) -> StageBound:
    if not isinstance(completer, HostedCompleter):
        return StageBound(0, 0)
    requests, prompt, completion = completer.probe_at_most()
    return StageBound(prompt, completion, requests)


def _larger(stage: StageBound, seen: StageBound | None, completer: Completer) -> StageBound:
    prompt = max(stage.prompt, seen.prompt if seen else 0)
    completion = 2 * max(stage.completion, seen.completion if seen else 0)
    if not completer.hosted:
        # A local call is refused where prompt and answer do not fit the window together.
        prompt = min(prompt, completer.context_tokens)
        completion = min(completion, completer.context_tokens - prompt)
    return StageBound(prompt, completion, stage.calls)


class _Sizes:
    """Tokens that each kind of prompt never passes, from its template and what may stand in it."""

    def __init__(self, completer: Completer, material: Material) -> None:
        self._completer = completer
        passages = max((_fenced(text) for text in material.corpus.passage_texts), default=0)
        self._quote = min(passages, 6 * LONGEST_QUOTE)
        # A character takes four bytes at the most.
        self._excerpt = min(passages, 4 * LONGEST_EXCERPT)
        attributes = material.schema.attribute
        self._attribute = max(
            _ATTRIBUTE_MARK + sum(_bytes(text) for text in (a.key, a.label["en"], a.question["en"])) for a in attributes
        )
        self._key = max(_bytes(attribute.key) for attribute in attributes)
        self._labels = sum(2 + max(_bytes(text) for text in a.label.values()) for a in attributes)
        known = _known_claims(material)
        self._value = max([
            LONGEST_VALUE_BYTES * 4 // 3 + 2,
            *(size for sizes in known for size in sizes),
        ])
        # Searched for are only attributes that have no claim yet, so each attribute is asked for once.
        self._claims = CLAIMS_PER_CALL * len(attributes) + max((len(sizes) for sizes in known), default=0)
        described = material.described
        self._terms = max((sum(2 + _fenced(t) for t in d.terms[:_TERMS_SHOWN]) for d in described), default=0)
        self._neighbours = max((sum(20 + _fenced(n) for n in d.neighbours) for d in described), default=0)
        term = max((_fenced(t) for d in described for t in d.terms), default=0)
        self._names = len(described) * (2 + max(LONGEST_NAME_BYTES, 40 + 2 * term))

    def claims(self) -> int:
        """Of several attributes, in a later round."""
        evidence = ITEMS_PER_GROUP * (_EVIDENCE_MARK + self._quote)
        return self._tokens("claim.full", ProposedClaims, _ASKED_TOGETHER * (self._attribute + evidence))

    def searches(self) -> int:
        """Of the searches of a round."""
        return self._tokens("searches.full", PlannedSearches, MOST_INVESTIGATED * self._attribute + self._terms)

    def narrative(self) -> int:
        """Of the narrative, its faults told."""
        claims = min(self._claims, CLAIMS_NARRATED) * (_CLAIM_MARK + self._key + self._value + self._excerpt)
        faults = FAULTS_TOLD * (_FAULT_MARK + 4 * LONGEST_FAULT)
        variable = claims + self._labels + self._neighbours + faults
        templates = (f"{name}.full" for name in NARRATIVE_PROMPTS.values())
        return max(self._tokens(template, ProposedNarrative, variable) for template in templates)

    def name(self) -> int:
        """Of a large model's name."""
        claims = _LEDE_CLAIMS * (20 + self._key + self._value)
        return self._tokens("name.full", PersonaName, claims + self._neighbours + self._names)

    def small_claim(self) -> int:
        """Of one value."""
        return self._tokens("claim.small", ClaimValue, QUOTES_SHOWN * (4 + self._quote) + self._attribute)

    def small_name(self) -> int:
        """Of a small model's name."""
        return self._tokens("name.small", PersonaName, _VALUES_SHOWN * (4 + self._value))

    def _tokens(self, template: str, schema: type[BaseModel], variable_bytes: int) -> int:
        from langchain_core.messages import HumanMessage

        text = files("prompts").joinpath(f"templates/{template}.j2").read_text(encoding="utf-8")
        messages: list[BaseMessage] = [HumanMessage(text)]
        return self._completer.prompt_tokens_at_most(messages, schema) + _MARKS_OF_MESSAGES + variable_bytes


def _known_claims(material: Material) -> list[list[int]]:
    """The sizes of the values that the customer table gives each segment."""
    categories = categorise(material.table.customers)
    sizes = []
    for described in material.described:
        others = [c for d in material.described if d is not described for c in d.segment.customer_ids]
        found = find_characteristics(categories, described.segment.customer_ids, others)
        least = material.min_people or DEFAULT_MIN_PEOPLE
        claims = data_claims(found, material.table.file_of_column, material.schema, min_people=least)
        sizes.append([_fenced(claim.value) for claim in claims])
    return sizes


def _fenced(text: str) -> int:
    """Bytes of the text in a prompt; the opening bracket of a tag may become a sign of three bytes."""
    return _bytes(text) + 2 * text.count("<")


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "replace"))

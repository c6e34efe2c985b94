"""The author over a language model; where the model fails, the extractive author stands in and the claim says so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TypeVar

from pydantic import BaseModel

from persona_kit.concurrency import map_concurrently
from persona_kit.errors import ModelError
from persona_kit.hashing import stable_seed
from personas.abstaining.untold import traits_untold
from personas.attributes import LANGUAGE_NAMES, Attribute
from personas.authors.answers import (
    ClaimAnswer,
    ClaimValue,
    PersonaName,
    PlannedSearches,
    ProposedClaims,
    ProposedNarrative,
)
from personas.authors.extractive import ExtractiveAuthor, claim_from_group
from personas.authors.seam import (
    ProposedClaim,
    ProposedName,
    ProposedQuote,
    ProposedSentence,
    Question,
    SegmentBrief,
)
from personas.evidence import EvidenceBase, EvidenceGroup
from personas.grounding import carried_share, quote_words
from personas.grounding.unheard import unheard_figure
from personas.models import Engine, Totals
from personas.models.engine import is_kept
from personas.models.governor import Allowance
from personas.narrating.sections import SECTIONS, choose_for_lede, narratable
from personas.records import Claim, NarrativeTemplate
from personas.support.clauses import LONGEST_PHRASE
from personas.terms import content_words, stem, stems
from personas.wording import percent
from prompts.loader import RenderedPrompt, load_prompt

AnswerT = TypeVar("AnswerT", bound=BaseModel)


CANDIDATES = 4
"""Answers a small model may give to one question; the best grounded wins (docs/models.md compares 1, 2, 4 and 8)."""

CALLS_PER_PERSONA = 12
"""Model calls of a large model for one persona, retries and searches counted; the extractive author does the rest."""

EXTRACTION_CALLS = 3
"""Calls in which a large model is asked for all attributes: the more a call holds, the less well it is read."""

CALLS_KEPT = 4
"""Calls kept for narrative and name: with no more left, searches are planned without the model."""

NAME_CANDIDATES = 2
"""A name that is not found at once is rarely found later; the segment's own words are a better one."""

CANDIDATE_TEMPERATURE = 0.7
GOOD_CARRIED = 0.75
"""Share of a value's words its quotes must hold for the first answer to be taken without asking again."""

LEAST_CARRIED = 0.66
"""Share of a small model's words that must come from the evidence; a third may tie them together."""
LEAST_CLOSENESS = 0.35
"""Cosine to the centre of the evidence below which an answer is about something else."""

LEAST_TAGLINE = 0.3
"""Share of a large model's tagline that must stand in the claims: it may put them in other words."""

QUOTES_SHOWN = 6
EVIDENCE_SHOWN = 24
CLAIMS_PER_CALL = 4
"""Claims of one attribute."""

NARRATIVE_PROMPTS: dict[NarrativeTemplate, str] = {"summary": "narrative", "day-in-the-life": "day_in_the_life"}
NARRATIVE_TOKENS = 1400
"""Room for twelve sentences with their claims."""

CLAIMS_NARRATED = 24
"""The most telling claims, which a narrative is written from."""

LONGEST_EXCERPT = 120
"""Characters of the quote that is shown with a claim."""

FAULTS_TOLD, LONGEST_FAULT = 8, 120
"""What was wrong with a first attempt: how many sentences are told, and characters of each."""

TOKENS_PER_ATTRIBUTE = 700
"""Room for four claims with three quotes each."""


class ModelAuthor:
    """Asks a model through an engine: one field at a time where it is small, attributes in groups where it is large.

    Args:
        engine: the model.
        base: all the evidence, for the extractive author that stands in.
        candidates: answers a small model may give to one question.
        concurrency: calls and segments worked on at a time.
    """

    def __init__(
        self, engine: Engine, base: EvidenceBase, *, candidates: int = CANDIDATES, concurrency: int = 1
    ) -> None:
        self._engine = engine
        self._base = base
        self._floor = ExtractiveAuthor(base)
        self._candidates = candidates
        self._concurrency = concurrency
        self._prompts: dict[str, str] = {}
        self._failures = 0
        self._allowances: defaultdict[str, Allowance] = defaultdict(lambda: Allowance(CALLS_PER_PERSONA))

    @property
    def kind(self) -> str:
        """`llm`."""
        return "llm"

    @property
    def model(self) -> str:
        """Identity of the model."""
        return self._engine.identity

    def prompts_used(self) -> dict[str, str]:
        """The prompts rendered so far, in order of their names: with several calls at a time any may be first."""
        return dict(sorted(self._prompts.items()))

    @property
    def stages(self) -> dict[str, Totals]:
        """What the engine has spent so far, by prompt."""
        return self._engine.ledger.stages

    @property
    def failures(self) -> int:
        """Calls to a hosted model that gave nothing and may give something another time."""
        return self._failures if self._engine.hosted else 0

    @property
    def concurrency(self) -> int:
        """Segments worked on at a time."""
        return self._concurrency

    def propose(self, brief: SegmentBrief, questions: Sequence[Question]) -> list[ProposedClaim]:
        """Claims about each attribute; those of the extractive author where the model has nothing usable."""
        if brief.source_language not in self._engine.languages:
            note = f"the model does not write {LANGUAGE_NAMES[brief.source_language]}"
            return [claim for question in questions for claim in self._by_floor(brief, question, note)]
        # What holds together only over all themes is found by words; a model is asked of what lies together.
        questions = [question for question in questions if question.groups]
        if self._engine.profile == "small":
            return [
                claim
                for question in questions
                for group in question.groups
                for claim in self._propose_value(brief, question.attribute, group)
            ]
        outcomes = map_concurrently(
            lambda some: self._propose_or_floor(brief, some), _in_calls(questions), workers=self._concurrency
        )
        return [claim for outcome in outcomes for claim in _result_of(outcome)]

    def stand_in(self, brief: SegmentBrief, question: Question) -> list[ProposedClaim]:
        """The extractive author's claims, which say why they are there."""
        return self._by_floor(brief, question, "nothing the model proposed stood in the evidence")

    def _by_floor(self, brief: SegmentBrief, question: Question, note: str) -> list[ProposedClaim]:
        claims = self._floor.propose(brief, [question])
        return [
            ProposedClaim(attribute=c.attribute, value=c.value, quotes=c.quotes, origin=c.origin, note=note)
            for c in claims
        ]

    def _propose_value(self, brief: SegmentBrief, attribute: Attribute, group: EvidenceGroup) -> list[ProposedClaim]:
        """One claim of one group: the best grounded of a few short answers."""
        quotes = [item.quote for item in group.items[:QUOTES_SHOWN]]
        prompt = self._render("claim", {"question": attribute.question["en"], "quotes": quotes})
        best, best_score = "", 0.0
        for repeat in range(self._candidates):
            answer = self._try(prompt, ClaimValue, brief, repeat, max_tokens=40)
            if answer is None:
                continue
            value = answer.value.strip().strip(".\"' ")
            carried = carried_share(value, quotes)
            score = self._score_value(value, carried, group, prompt)
            if score > best_score:
                best, best_score = value, score
            if best_score > 0 and carried >= GOOD_CARRIED:
                break
        claim = claim_from_group(attribute.key, best, group, self._base, origin="llm") if best else None
        if claim is None or not claim.quotes:
            question = Question(attribute=attribute, groups=[group])
            return self._by_floor(brief, question, "no answer of the model was carried by its quotes")
        return [claim]

    def _score_value(self, value: str, carried: float, group: EvidenceGroup, prompt: RenderedPrompt) -> float:
        """How well a value says what its evidence says, 0 for an answer that must not be used."""
        if not 2 <= quote_words(value) <= LONGEST_PHRASE or carried < LEAST_CARRIED or _is_copied(value, prompt):
            return 0.0
        words = [stem(word) for word in content_words(value)]
        if len(words) != len(set(words)):
            return 0.0  # a small model that repeats itself has stopped reading
        closeness = float(group.space.embedder.embed([value])[0] @ group.centre)
        return closeness + carried if closeness >= LEAST_CLOSENESS else 0.0

    def _propose_or_floor(self, brief: SegmentBrief, questions: Sequence[Question]) -> list[ProposedClaim]:
        try:
            return self._propose_claims(brief, questions)
        except ModelError as error:
            self._failures += not is_kept(error)
            note = f"the model failed: {error.what}"
            return [claim for question in questions for claim in self._by_floor(brief, question, note)]

    def _propose_claims(self, brief: SegmentBrief, questions: Sequence[Question]) -> list[ProposedClaim]:
        """Claims of several attributes in one structured call over numbered evidence."""
        shown: list[tuple[EvidenceGroup, int]] = []
        asked = []
        for question in questions:
            some = _interleave(question.groups)[:EVIDENCE_SHOWN]
            evidence = [
                {"number": number, "text": group.items[item].quote}
                for number, (group, item) in enumerate(some, start=len(shown) + 1)
            ]
            asked.append(_attribute_for_prompt(question.attribute) | {"evidence": evidence})
            shown += some
        prompt = self._render(
            "claim",
            {
                "attributes": asked,
                "people": brief.people,
                "most": CLAIMS_PER_CALL,
                "language": LANGUAGE_NAMES[brief.language],
            },
        )
        keys = [question.attribute.key for question in questions]
        seed = stable_seed(brief.seed, brief.segment_id, *keys)
        answer = self._engine.ask(
            prompt,
            ProposedClaims,
            seed=seed,
            max_tokens=TOKENS_PER_ATTRIBUTE * len(keys),
            allowance=self._allowances[brief.segment_id],
        ).value
        # The first of each: an attribute that is answered twice must not pass the number of claims.
        parts = {part.attribute: part for part in reversed(answer.attributes)}
        claims = [(key, claim) for key in keys if key in parts for claim in parts[key].claims[:CLAIMS_PER_CALL]]
        return [_proposal(key, claim, shown) for key, claim in claims]

    def plan_searches(self, brief: SegmentBrief, attributes: Sequence[Attribute]) -> dict[str, list[str]]:
        """Queries of the model's own; the attributes' questions where it is small, fails, or has few calls left."""
        planned = self._floor.plan_searches(brief, attributes)
        left = CALLS_PER_PERSONA - self._allowances[brief.segment_id].used
        # A search that finds something is followed by a call that reads it.
        if self._engine.profile == "small" or not attributes or left < CALLS_KEPT + 2:
            return planned
        prompt = self._render(
            "searches",
            {
                "attributes": [_attribute_for_prompt(attribute) for attribute in attributes],
                "terms": list(brief.terms[:12]),
            },
        )
        answer = self._try(prompt, PlannedSearches, brief, 0, max_tokens=100 * len(attributes))
        for search in answer.searches if answer is not None else []:
            queries = [query for query in search.queries if query.strip()][:3]
            if search.attribute in planned and queries:
                planned[search.attribute] = queries
        return planned

    def narrate(
        self, brief: SegmentBrief, claims: Sequence[Claim], not_stated: Sequence[str]
    ) -> list[ProposedSentence]:
        """The model's sentences; plain ones where it is small, does not write the language, or fails."""
        if brief.language not in self._engine.languages or self._engine.profile == "small":
            return self._floor.narrate(brief, claims, not_stated)
        try:
            return self._narrate_whole(brief, claims, not_stated)
        except ModelError as error:
            self._failures += not is_kept(error)
            return self._floor.narrate(brief, claims, not_stated)

    def _narrate_whole(
        self, brief: SegmentBrief, claims: Sequence[Claim], not_stated: Sequence[str]
    ) -> list[ProposedSentence]:
        prompt = self._render(
            NARRATIVE_PROMPTS[brief.narrative],
            {
                "people": brief.people,
                "claims": [_claim_for_prompt(claim) for claim in narratable(claims)[:CLAIMS_NARRATED]],
                "not_stated": list(not_stated),
                "neighbours": list(brief.neighbours),
                "faults": [fault[:LONGEST_FAULT] for fault in brief.faults[:FAULTS_TOLD]],
                "language": LANGUAGE_NAMES[brief.language],
            },
        )
        seed = stable_seed(brief.seed, brief.segment_id, "narrative")
        answer = self._engine.ask(
            prompt,
            ProposedNarrative,
            seed=seed,
            max_tokens=NARRATIVE_TOKENS,
            allowance=self._allowances[brief.segment_id],
        ).value
        sections = SECTIONS[brief.narrative]
        return [
            ProposedSentence(
                text=sentence.text.strip(),
                claim_ids=tuple(sentence.claim_ids),
                origin="llm",
                section=sentence.section if sentence.section in sections else sections[0],
            )
            for sentence in answer.sentences
        ]

    def name(self, brief: SegmentBrief, claims: Sequence[Claim], taken: Sequence[str]) -> ProposedName:
        """The model's name and tagline where its words come from the claims and no name has them; else plain ones."""
        floor = self._floor.name(brief, claims, taken)
        if brief.language not in self._engine.languages or brief.source_language not in self._engine.languages:
            return floor
        lead = choose_for_lede(claims)[:5]
        values = [claim.value for claim in lead]
        if self._engine.profile == "small":
            variables: dict[str, object] = {"values": values[:3]}
        else:
            variables = {
                "claims": [f"{claim.attribute}: {claim.value}" for claim in lead],
                "neighbours": list(brief.neighbours),
                "taken": list(taken),
                "language": LANGUAGE_NAMES[brief.language],
            }
        prompt = self._render("name", variables)
        for repeat in range(NAME_CANDIDATES):
            answer = self._try(prompt, PersonaName, brief, repeat, max_tokens=90)
            if answer is None:
                continue
            name, tagline = _tidy_name(answer.name), answer.tagline.strip().strip('"')
            if self._name_fits(name, tagline, values, taken, prompt) and not traits_untold(f"{name}. {tagline}", lead):
                return ProposedName(name=name, tagline=tagline, origin="llm")
        return floor

    def _name_fits(
        self, name: str, tagline: str, values: Sequence[str], taken: Sequence[str], prompt: RenderedPrompt
    ) -> bool:
        """Whether name and tagline take their words from the claims, and the name none from another name."""
        if not 2 <= quote_words(name) <= 6 or not 3 <= quote_words(tagline) <= 20:
            return False
        if any(character.isdigit() for character in name + tagline) or _is_copied(name, prompt):
            return False
        # The prompt writes "attribute: value": a key is no word for a person.
        if "_" in name + tagline or ":" in name or unheard_figure(f"{name} {tagline}", values):
            return False
        known = set().union(*(stems(value) for value in values))
        used = set().union(*(stems(other) for other in taken)) if taken else set()
        own = stems(name)
        if not own & known or own & used & known or stems(tagline) == own:
            return False
        if self._engine.profile == "small":
            # A model of this size adds words that mean nothing here: every word must come from the claims.
            return len(own) >= 2 and own <= known and len(stems(tagline)) >= 3 and stems(tagline) <= known
        # A noun for the people ("users", "team") may come with the words of the claims.
        return len(own & known) >= len(own) / 2 and carried_share(tagline, list(values)) >= LEAST_TAGLINE

    def _render(self, name: str, variables: dict[str, object]) -> RenderedPrompt:
        variant = "small" if self._engine.profile == "small" and name in ("claim", "name") else "full"
        prompt = load_prompt(name, variant=variant).render(variables)
        self._prompts[f"{name}.{variant}@{prompt.version}"] = prompt.template_sha256
        return prompt

    def _try(
        self, prompt: RenderedPrompt, schema: type[AnswerT], brief: SegmentBrief, repeat: int, *, max_tokens: int
    ) -> AnswerT | None:
        """An answer, None where the model fails at it: another candidate or the floor goes on."""
        seed = stable_seed(brief.seed, brief.segment_id, prompt.name, repeat)
        temperature = 0.0 if repeat == 0 else CANDIDATE_TEMPERATURE
        try:
            answer = self._engine.ask(
                prompt,
                schema,
                seed=seed,
                max_tokens=max_tokens,
                temperature=temperature,
                repeat=repeat,
                # A small model asks many tiny questions, as many as there are groups and candidates.
                allowance=None if self._engine.profile == "small" else self._allowances[brief.segment_id],
            )
        except ModelError as error:
            self._failures += not is_kept(error)
            return None
        return answer.value


def _is_copied(value: str, prompt: RenderedPrompt) -> bool:
    """Whether most of the answer's words stand in the prompt's examples: the model repeated what it was shown."""
    examples = " ".join(message.text for message in prompt.messages[:-1])
    if len(prompt.messages) < 4:
        return False
    return carried_share(value, [examples]) > carried_share(value, [prompt.messages[-1].text])


def _in_calls(questions: Sequence[Question]) -> list[Sequence[Question]]:
    """The questions in as many parts as there are calls for them, in order."""
    size = max(1, -(-len(questions) // EXTRACTION_CALLS))
    return [questions[start : start + size] for start in range(0, len(questions), size)]


def _result_of(outcome: list[ProposedClaim] | BaseException) -> list[ProposedClaim]:
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome


def _attribute_for_prompt(attribute: Attribute) -> dict[str, object]:
    return {"key": attribute.key, "label": attribute.label["en"], "question": attribute.question["en"]}


def _proposal(key: str, claim: ClaimAnswer, shown: Sequence[tuple[EvidenceGroup, int]]) -> ProposedClaim:
    """The claim with each quote's number turned into the evidence it stands for; a wrong number drops nothing."""
    places = [shown[quote.n - 1 if 1 <= quote.n <= len(shown) else 0] for quote in claim.quotes]
    quotes = tuple(
        ProposedQuote(text=quote.quote, group=group, item=item)
        for quote, (group, item) in zip(claim.quotes, places, strict=True)
    )
    return ProposedClaim(attribute=key, value=claim.value.strip(), quotes=quotes, origin="llm")


def _interleave(groups: Sequence[EvidenceGroup]) -> list[tuple[EvidenceGroup, int]]:
    """The groups' items in turns, so that every group is seen before any is seen whole."""
    longest = max((len(group.items) for group in groups), default=0)
    return [(group, at) for at in range(longest) for group in groups if at < len(group.items)]


def _tidy_name(name: str) -> str:
    return name.strip().strip("\"'.").strip()


def _claim_for_prompt(claim: Claim) -> dict[str, object]:
    ratio = f", adjusted ratio {claim.adjusted_lift:.1f}" if claim.adjusted_lift is not None else ""
    return {
        "id": claim.claim_id,
        "attribute": claim.attribute,
        "value": claim.value,
        "people": claim.people,
        "percent": percent(claim.share),
        "percent_elsewhere": percent(claim.share_elsewhere),
        "ratio": ratio,
        "quote": _excerpt_of(claim),
    }


def _excerpt_of(claim: Claim) -> str:
    """The claim's first quote that says more than its value and can be shown whole; empty where there is none."""
    quotes = (citation.quote for citation in claim.citations)
    return next((q for q in quotes if len(claim.value) < len(q) <= LONGEST_EXCERPT), "")

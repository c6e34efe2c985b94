"""The same small task for several engines: what is valid, grounded and right, and what it takes.

The task is in ``comparing_tasks.toml``: evidence written for it, in English and Chinese, with known answers. Each
engine is asked as in a run, by the same author with the same prompts and checks, but once: no second candidate, no
second attempt, no stored answer, and nobody stands in for it.
"""

from __future__ import annotations

import time
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from persona_kit.errors import MalformedAnswer, ModelError, PersonaKitError, RefusedAnswer, TruncatedAnswer, UsageError
from persona_kit.hashing import sha256_text
from persona_kit.progress import Progress, Silent
from persona_kit.records import Record
from personas.attributes import OutputLanguage, load_schema
from personas.authors import ExtractiveAuthor, ModelAuthor
from personas.authors.seam import PersonaAuthor, ProposedClaim, Question, SegmentBrief
from personas.claims import ground_proposal
from personas.engine_checks import opened_anew, structure_check
from personas.engines import EXTRACTIVE, choose_engine
from personas.evidence import EvidenceBase, EvidenceGroup
from personas.models.completion import ALL_LANGUAGES
from personas.models.ledger import Totals
from personas.models.retrying import RetryPolicy
from personas.options import GenerateOptions
from personas.terms import content_words, distinctive_terms, stems
from personas.themes import ThemeModel
from retrieval.documents import Document, Passage

if TYPE_CHECKING:
    from personas.models import Engine
    from retrieval.index import PassageIndex

LANGUAGES: tuple[OutputLanguage, ...] = ("en", "zh")
EMBEDDERS: dict[OutputLanguage, str] = {"en": "wordllama", "zh": "lsa"}
STAGE = "claim"
"""The prompt the task asks, as the ledger names it."""


class Task(Record):
    """One question with its evidence and what is to be found in it."""

    language: OutputLanguage
    attribute: str
    knows: tuple[tuple[str, ...], ...]
    """The things to be found, each by any of its words; none where the right answer is no claim."""
    texts: tuple[str, ...] = Field(min_length=4)


class Score(Record):
    """What one engine made of the task in one language."""

    engine: str
    """As it was named."""
    language: OutputLanguage
    status: Literal["asked", "not asked", "failed"]
    """`not asked`: the engine does not write the language; `failed`: it cannot be opened or reached."""
    note: str = ""
    """Why it was not asked, or failed."""
    identity: str = ""
    constrained: bool | None = None
    """Whether it was seen to be held to a schema; None without a model."""
    questions: int = 0
    valid: float | None = None
    """Share of the questions whose first answer fitted its schema; None without a model."""
    claims: int = 0
    """The engine's own, grounded or not."""
    grounded: float | None = None
    """Share of what it proposed that its evidence carries; None where it proposed nothing."""
    right: float | None = None
    """Share of the known answers that a grounded claim gives."""
    verified: int = 0
    """Quotes of grounded and other claims that stand in their source letter by letter."""
    repaired: int = 0
    """Quotes replaced by the source's own words."""
    dropped: int = 0
    """Quotes that stand nowhere, or are too short."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0
    cost_usd: float | None = None
    """None where the price is not known."""


class OneAttempt(RetryPolicy):
    """Makes a call again where the way to the model failed, never where its answer did."""

    def pause_s(self, error: ModelError, failures: int) -> float | None:
        """As any policy, but None for an answer that was cut, declined or does not fit."""
        if isinstance(error, TruncatedAnswer | MalformedAnswer | RefusedAnswer):
            return None
        return super().pause_s(error, failures)


@dataclass
class _Tally:
    """What is counted question by question."""

    claims: int = 0
    grounded: int = 0
    known: int = 0
    found: int = 0
    quotes: dict[str, int] = field(default_factory=lambda: {"verified": 0, "repaired": 0, "dropped": 0})


@cache
def load_tasks() -> tuple[Task, ...]:
    """The questions of the task, in the order they are asked."""
    text = (files("personas") / "comparing_tasks.toml").read_text(encoding="utf-8")
    return tuple(Task.model_validate(entry) for entry in tomllib.loads(text)["task"])


def compare(specs: Sequence[str], options: GenerateOptions, *, progress: Progress | None = None) -> list[Score]:
    """What each engine makes of the task, a score for each language; never raises for what one engine does.

    Args:
        specs: engines as `--llm` takes them; ``openai:MODEL@http://HOST:PORT/v1`` names a server of its own.
        options: address, window, threads and limits for all of them; the price holds for `options.llm` alone.
        progress: told of each question.
    """
    told = progress or Silent()
    told.start("compare", len(specs) * len(load_tasks()))
    scores = [score for spec in specs for score in _compare_one(spec, options, lambda: told.step("compare"))]
    told.finish("compare")
    return scores


def comparison_lines(scores: Sequence[Score]) -> list[str]:
    """The scores as a table, and what there is to say of engines that were not asked."""
    heads = (
        "engine",
        "language",
        "held",
        "valid",
        "grounded",
        "right",
        "quotes",
        "prompt",
        "answer",
        "seconds",
        "cost",
    )
    rows = [heads, *(_cells(score) for score in scores if score.status == "asked")]
    widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
    table = ["  ".join(_padded(cell, widths[at], at) for at, cell in enumerate(row)) for row in rows]
    notes = [f"{score.engine}, {score.language}: {score.note}" for score in scores if score.status != "asked"]
    return [*(line.rstrip() for line in table), *dict.fromkeys(notes), *_LEGEND]


_LEGEND = (
    "held: seen to be held to a schema; valid: first answers that fit it; grounded: of what was proposed, what its "
    "quotes carry;",
    "right: of the known answers, those found; quotes: verified/repaired/dropped; prompt, answer: tokens; cost: US "
    "dollars",
)


def _compare_one(spec: str, options: GenerateOptions, step: Callable[[], None]) -> list[Score]:
    resolved = choose_engine(spec, "en").spec
    if resolved == EXTRACTIVE:
        return [_score_of(spec, None, language, options, step) for language in LANGUAGES]
    try:
        named, _, url = resolved.partition("@http")
        own = _options_for(named, f"http{url}" if url else None, options)
        with opened_anew(named, own, retries=OneAttempt()) as engine:
            # Loads the model or reaches the server, which is no part of the seconds told.
            constrained = bool(structure_check(engine).data["constrained"])
            scores = [_score_of(spec, engine, language, options, step) for language in LANGUAGES]
            return [score.model_copy(update={"constrained": constrained}) for score in scores]
    except PersonaKitError as error:
        note = f"{error.what} ({error.where})" if error.where else error.what
        return [Score(engine=spec, language=language, status="failed", note=note) for language in LANGUAGES]


def _options_for(spec: str, base_url: str | None, options: GenerateOptions) -> GenerateOptions:
    """The options without what belongs to another engine.

    Raises:
        UsageError: when another engine than `openai:` is given a server.
    """
    if base_url is not None and not spec.startswith("openai:"):
        raise UsageError("an address goes with openai: engines only", where=spec, mend="write openai:MODEL@http://...")
    address = (base_url or options.base_url) if spec.startswith("openai:") else None
    price = options.price if spec == options.llm else None
    return options.model_copy(update={"llm": spec, "base_url": address, "price": price})


def _score_of(
    spec: str, engine: Engine | None, language: OutputLanguage, options: GenerateOptions, step: Callable[[], None]
) -> Score:
    speaks = ALL_LANGUAGES if engine is None else engine.languages
    if language not in speaks:
        return Score(engine=spec, language=language, status="not asked", note="the model does not write this language")
    base, questions = _evidence(language)
    author: PersonaAuthor
    author = ExtractiveAuthor(base) if engine is None else ModelAuthor(engine, base, candidates=1)
    before = Totals() if engine is None else engine.ledger.stages.get(STAGE, Totals())
    tally = _Tally()
    started = time.perf_counter()
    for number, (task, group) in enumerate(questions):
        _count(tally, task, author.propose(_brief(task, number, options.seed), [_question(task, group)]), author.kind)
        step()
    seconds = time.perf_counter() - started
    spent = Totals() if engine is None else _since(before, engine.ledger.stages.get(STAGE, Totals()))
    small = engine is not None and engine.profile == "small"
    # A small model gives one value a question; one that its author does not use was proposed all the same.
    proposed = max(spent.made, tally.claims) if small else tally.claims
    return Score(
        engine=spec,
        language=language,
        status="asked",
        identity="" if engine is None else engine.identity,
        questions=len(questions),
        valid=None if engine is None else spent.made / len(questions),
        claims=tally.claims,
        grounded=tally.grounded / proposed if proposed else None,
        right=tally.found / tally.known,
        **tally.quotes,
        prompt_tokens=spent.prompt_tokens,
        completion_tokens=spent.completion_tokens,
        seconds=round(seconds if engine is None else spent.seconds, 3),
        cost_usd=0.0 if engine is None else spent.cost_usd,
    )


def _count(tally: _Tally, task: Task, proposals: Sequence[ProposedClaim], kind: str) -> None:
    """Adds what came of one question; what the extractive author wrote in a model's place is not the model's."""
    own = [proposal for proposal in proposals if proposal.origin == ("llm" if kind == "llm" else "extractive")]
    held = []
    for proposal in own:
        grounded = ground_proposal(proposal)
        for citation in grounded.citations:
            tally.quotes[citation.verdict] += 1
        tally.quotes["dropped"] += len(grounded.dropped)
        if not grounded.fault:
            held.append(proposal)
    tally.claims += len(own)
    tally.grounded += len(held)
    said = set().union(*(stems(proposal.value) for proposal in held)) if held else set()
    tally.known += max(1, len(task.knows))
    tally.found += sum(bool(said & _stems_of(words)) for words in task.knows) if task.knows else int(not held)


def _stems_of(words: Sequence[str]) -> set[str]:
    return set().union(*(stems(word) | {word} for word in words))


def _since(before: Totals, now: Totals) -> Totals:
    cost = None if now.cost_usd is None else now.cost_usd - (before.cost_usd or 0.0)
    return Totals(
        made=now.made - before.made,
        failed=now.failed - before.failed,
        prompt_tokens=now.prompt_tokens - before.prompt_tokens,
        completion_tokens=now.completion_tokens - before.completion_tokens,
        seconds=now.seconds - before.seconds,
        cost_usd=cost,
    )


def _brief(task: Task, number: int, seed: int) -> SegmentBrief:
    (terms,) = distinctive_terms([[content_words(text) for text in task.texts]], top=8)
    return SegmentBrief(
        segment_id=f"compare-{number}",
        language=task.language,
        source_language=task.language,
        people=len(task.texts),
        share=1 / len(LANGUAGES),
        terms=terms,
        neighbours=(),
        seed=seed,
    )


def _question(task: Task, group: EvidenceGroup) -> Question:
    return Question(attribute=load_schema(None)[task.attribute], groups=[group])


@cache
def _evidence(language: OutputLanguage) -> tuple[EvidenceBase, list[tuple[Task, EvidenceGroup]]]:
    """The task's texts in one language as evidence, as a run arranges it; kept in memory only."""
    from retrieval.corpus import Corpus, Space
    from retrieval.embedders import open_embedder

    tasks = [task for task in load_tasks() if task.language == language]
    documents = tuple(
        Document(
            document_id=f"{language}-{number}-{at}",
            customer_id=f"{language}-{number}-{at}",
            text=text,
            source="comparing_tasks.toml",
            language=language,
            text_sha256=sha256_text(text),
        )
        for number, task in enumerate(tasks)
        for at, text in enumerate(task.texts)
    )
    texts = [document.text for document in documents]
    embedder = open_embedder(EMBEDDERS[language], texts=texts)
    rows = np.arange(len(documents), dtype=np.int64)
    space = Space(EMBEDDERS[language], embedder, rows, embedder.embed(texts), _no_index)
    corpus = Corpus(documents, tuple(map(_whole, documents)), (space,))
    base = EvidenceBase(
        corpus, _no_themes(len(documents)), (), [(task.attribute,) for task in tasks for _ in task.texts]
    )
    questions = []
    for number, task in enumerate(tasks):
        own = rows[[document.document_id.startswith(f"{language}-{number}-") for document in documents]]
        inside = base.voiced_by(own)
        questions.append((task, base.make_group(task.attribute, (), own, base.count(own, inside), inside)))
    return base, questions


def _whole(document: Document) -> Passage:
    return Passage(
        passage_id=document.document_id,
        document_id=document.document_id,
        customer_id=document.customer_id,
        start=0,
        end=len(document.text),
    )


def _no_themes(passages: int) -> ThemeModel:
    return ThemeModel(
        themes=(),
        passage_theme=np.full(passages, -1, dtype=np.int64),
        confidence=np.zeros(passages, dtype=np.float32),
        spaces=(),
    )


def _no_index() -> PassageIndex:
    # Its evidence is given whole; whoever searches it has changed what is compared.
    raise AssertionError("the task's evidence is not searched")


def _cells(score: Score) -> tuple[str, ...]:
    return (
        score.engine,
        score.language,
        {True: "yes", False: "no", None: "-"}[score.constrained],
        _percent(score.valid),
        _percent(score.grounded),
        _percent(score.right),
        f"{score.verified}/{score.repaired}/{score.dropped}",
        f"{score.prompt_tokens:,}",
        f"{score.completion_tokens:,}",
        f"{score.seconds:.1f}",
        "?" if score.cost_usd is None else f"{score.cost_usd:.4f}",
    )


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"


def _padded(cell: str, width: int, column: int) -> str:
    return cell.ljust(width) if column < 2 else cell.rjust(width)

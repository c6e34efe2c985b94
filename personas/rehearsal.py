"""The dry run: what a run would ask a model, counted without asking.

The personas are written as always, over an engine that never calls. Answers that are in the store are used; all others
are invented from the prompt's own evidence (`personas.invented_answers`), so that what is asked afterwards has about
the size it will have. What comes out is a forecast; nothing that was written is kept.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel

from persona_kit.errors import PromptTooLong
from persona_kit.progress import Progress, Silent
from persona_kit.records import Record
from persona_kit.response_store import Kind, ResponseStore
from personas.authors import ModelAuthor
from personas.call_bounds import CallBound, StageBound, bound_calls
from personas.engines import EXTRACTIVE, model_options
from personas.invented_answers import STAGES, invent_answer, useless_answer
from personas.models.completion import Completer, Completion, Profile, Sampling
from personas.models.engine import Engine
from personas.models.hosted import HostedCompleter
from personas.models.ledger import PREPARING, Totals
from personas.models.opening import open_completer
from personas.models.prices import Price
from personas.models.tokens import estimate_tokens
from personas.options import GenerateOptions
from personas.writing_up import Material, write_personas
from retrieval.documents import Language

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

Counting = Literal["exact", "calibrated", "estimated"]
"""`exact`: the model's own vocabulary; `calibrated`: an estimate that the server's own counts have corrected;
`estimated`: nothing is known of the server's tokenizer yet."""

SMALL_FIRST_TAKEN, SMALL_LATER_TAKEN = 0.34, 0.09
"""Share of a small model's values that are good enough to stop asking, of first answers and of those after them. The
bundled model with four candidates: of first answers 29 of 113 on the Kettlebird example and 45 of 103 on Jupyter's
survey of 2015, of second and third ones 11 of 164 and 14 of 108."""

SMALL_NAMES_TAKEN = 0.0
"""The same of its names: none of 26 in these runs."""

MOST_TRIES = 99
"""More than anybody asks for."""

PROBE = PREPARING
"""The stage of finding out how a server gives structured answers."""


class StageForecast(Record):
    """What one prompt is expected to take."""

    stage: str
    calls: int
    reused: int
    prompt_tokens: int
    completion_tokens: int


class Forecast(Record):
    """What a run would spend, before anything is spent."""

    engine: str
    """As the user named it."""
    personas: int
    calls_expected: int
    """Calls to be made, where none fails; without the few small ones that find out how a server is asked."""
    calls_at_most: int
    """The same, repeated and failed ones included; never passed."""
    reused: int
    """Answers that are there already."""
    prompt_tokens_expected: int
    completion_tokens_expected: int
    tokens_at_most: int
    """Of prompts and answers together; never passed."""
    cost_usd_expected: float | None
    """None where the price is not known."""
    cost_usd_at_most: float | None
    price: Price | None
    counting: Counting
    per_stage: tuple[StageForecast, ...]


class ReadOnlyStore(ResponseStore):
    """A store that is only looked into: what is put is forgotten, and a file that is not there is not made."""

    def __init__(self, path: Path) -> None:
        super().__init__(path if path.exists() else Path(":memory:"))
        self._run(lambda: self._connection.execute("PRAGMA query_only = ON"))

    def put(self, key: str, value: str, *, kind: Kind = "answer") -> None:
        """Nothing."""

    def discard(self, key: str) -> None:
        """Nothing."""


@dataclass(frozen=True, kw_only=True)
class RehearsedCall:
    """A call that was not made."""

    stage: str
    prompt_tokens: int
    prompt_tokens_at_most: int
    completion_tokens: int
    max_tokens: int


class RehearsalCompleter:
    """Stands where a model would, answers what it would cost to ask it, and never asks it.

    Args:
        completer: the model; it counts tokens and says what it is.
    """

    def __init__(self, completer: Completer) -> None:
        self.completer = completer
        self.calls: list[RehearsedCall] = []
        self._asked: Counter[tuple[str, str]] = Counter()
        self._planned: dict[tuple[str, str], int] = {}

    @property
    def identity(self) -> str:
        """The model's, so that its answers are found in the store."""
        return self.completer.identity

    @property
    def hosted(self) -> bool:
        """No: nothing leaves this machine."""
        return False

    @property
    def profile(self) -> Profile:
        """The model's."""
        return self.completer.profile

    @property
    def context_tokens(self) -> int:
        """The model's."""
        return self.completer.context_tokens

    @property
    def structured_method(self) -> str | None:
        """The model's, as far as it is known."""
        return self.completer.structured_method

    @property
    def languages(self) -> frozenset[Language]:
        """The model's."""
        return self.completer.languages

    @property
    def price(self) -> Price | None:
        """The model's."""
        return self.completer.price

    def prompt_tokens(self, messages: Sequence[BaseMessage], schema: type[BaseModel]) -> int:
        """The model's count or estimate."""
        return self.completer.prompt_tokens(messages, schema)

    def prompt_tokens_at_most(self, messages: Sequence[BaseMessage], schema: type[BaseModel]) -> int:
        """The model's bound."""
        return self.completer.prompt_tokens_at_most(messages, schema)

    def complete(
        self, messages: Sequence[BaseMessage], schema: type[BaseModel], sampling: Sampling, *, limit_s: float
    ) -> Completion:
        """An invented answer, with the tokens that the real one would take."""
        stage = STAGES.get(schema, schema.__name__)
        prompt_tokens = self.completer.prompt_tokens(messages, schema)
        if not self.completer.hosted and prompt_tokens + sampling.max_tokens > self.context_tokens:
            raise PromptTooLong("the prompt does not fit the model's window")
        text, completion_tokens = self._answer(messages, schema, stage)
        completion_tokens = min(completion_tokens, sampling.max_tokens)
        self.calls.append(
            RehearsedCall(
                stage=stage,
                prompt_tokens=prompt_tokens,
                prompt_tokens_at_most=self.completer.prompt_tokens_at_most(messages, schema),
                completion_tokens=completion_tokens,
                max_tokens=sampling.max_tokens,
            )
        )
        return Completion(text=text, prompt_tokens=prompt_tokens, completion_tokens=completion_tokens)

    def cancel(self) -> None:
        """Nothing is under way."""
        self.completer.cancel()

    def close(self) -> None:
        """Gives back what counting took."""
        self.completer.close()

    def _answer(self, messages: Sequence[BaseMessage], schema: type[BaseModel], stage: str) -> tuple[str, int]:
        """The answer's JSON, and the tokens an answer to this takes."""
        prompt = str(messages[-1].text)
        question = (stage, prompt)
        attempt = self._asked[question]
        self._asked[question] += 1
        text = invent_answer(prompt, schema, attempt).model_dump_json()
        tokens = estimate_tokens([text])
        if self.profile == "small" and attempt + 1 < self._tries(question):
            text = useless_answer(schema).model_dump_json()
        return text, tokens

    def _tries(self, question: tuple[str, str]) -> int:
        """How many answers a small model is made to take: spread evenly over the distribution that was measured."""
        if question not in self._planned:
            place = sum(stage == question[0] for stage, _ in self._planned) + 1
            self._planned[question] = _tries(_evenly(place), name=question[0] == "name")
        return self._planned[question]


class RehearsalEngine(Engine):
    """An engine over a model that is not asked.

    Args:
        spec: the engine as the user named it.
        rehearsal: what stands for the model.
        store: answers that are there already; it must not be written to.
    """

    def __init__(self, spec: str, rehearsal: RehearsalCompleter, store: ReadOnlyStore | None = None) -> None:
        super().__init__(spec, rehearsal, store=store)
        self.rehearsal = rehearsal

    def __enter__(self) -> RehearsalEngine:
        return self


def rehearse_engine(spec: str, options: GenerateOptions, responses: Path) -> RehearsalEngine:
    """The engine of a dry run; close it, or use it in a `with`.

    Args:
        spec: the engine, not `extractive`.
        options: of the run.
        responses: file that keeps the answers; it need not be there, and is not changed.

    Raises:
        UsageError, EnvironmentProblem, ModelError, OutputError: as `open_engine`.
    """
    store = ReadOnlyStore(responses)
    try:
        completer = open_completer(spec, facts=store, vocabulary_only=True, **model_options(options))
    except BaseException:
        store.close()
        raise
    return RehearsalEngine(spec, RehearsalCompleter(completer), store)


@contextmanager
def open_rehearsal(spec: str, options: GenerateOptions, *, responses: Path) -> Iterator[RehearsalEngine | None]:
    """As `personas.engines.open_chosen`, for a dry run."""
    if spec == EXTRACTIVE:
        yield None
        return
    with rehearse_engine(spec, options, responses) as engine:
        yield engine


def forecast_run(
    engine: Engine | None, material: Material, options: GenerateOptions, *, progress: Progress | None = None
) -> Forecast:
    """What writing the personas would spend.

    Args:
        engine: from `rehearse_engine`; None for the extractive author, who spends nothing.
        material: what the personas are written from.
        options: of the run.
        progress: told of each segment.
    """
    personas = len(material.described)
    if not isinstance(engine, RehearsalEngine):
        return _nothing_spent(personas)
    author = ModelAuthor(engine, material.base, candidates=options.candidates)
    ids = {described.segment.segment_id: described.segment.segment_id for described in material.described}
    write_personas(material, author, persona_ids=ids, one_at_a_time=True, progress=progress or Silent())
    return forecast(engine, material, options)


def forecast(engine: RehearsalEngine, material: Material, options: GenerateOptions) -> Forecast:
    """The forecast after the personas have been written over the engine."""
    rehearsal = engine.rehearsal
    stages = _stages(rehearsal, engine.ledger.stages)
    bound = CallBound() if not rehearsal.calls else _bound(rehearsal, material, options)
    price = rehearsal.price
    prompt = sum(stage.prompt_tokens for stage in stages)
    completion = sum(stage.completion_tokens for stage in stages)
    tokens = bound.tokens if options.budget_tokens is None else min(bound.tokens, options.budget_tokens)
    most = None if price is None else bound.cost_usd(price)
    if most is not None and options.budget_usd is not None:
        most = min(most, options.budget_usd)
    return Forecast(
        engine=engine.spec,
        personas=len(material.described),
        calls_expected=len(rehearsal.calls),
        calls_at_most=bound.calls,
        reused=sum(stage.reused for stage in stages),
        prompt_tokens_expected=prompt,
        completion_tokens_expected=completion,
        tokens_at_most=tokens,
        cost_usd_expected=None if price is None else price.cost_usd(prompt, completion),
        cost_usd_at_most=most,
        price=price,
        counting=_counting(rehearsal.completer),
        per_stage=tuple(stages),
    )


def forecast_lines(forecast: Forecast, *, stages: bool = True) -> list[str]:
    """The forecast in words, a line each.

    Args:
        forecast: what to tell.
        stages: with a line for each prompt.
    """
    made, most = forecast.calls_expected, forecast.calls_at_most
    guess = {
        "exact": "counted with the model's own vocabulary",
        "calibrated": "estimated, corrected by this server's own counts",
        "estimated": "estimated; the first calls to this server make it better",
    }[forecast.counting]
    lines = [
        f"engine: {forecast.engine}, {forecast.personas} personas",
        f"calls: {made:,} expected, {most:,} at most; {forecast.reused:,} answers are there already",
        f"prompt tokens: {forecast.prompt_tokens_expected:,} expected ({guess})",
        f"answer tokens: {forecast.completion_tokens_expected:,} expected",
        f"tokens at most: {forecast.tokens_at_most:,} (never passed: the run stops before it would)",
    ]
    lines += [
        f"  {stage.stage}: {stage.calls:,} calls, {stage.reused:,} reused, {stage.prompt_tokens:,} prompt tokens, "
        f"{stage.completion_tokens:,} answer tokens"
        for stage in (forecast.per_stage if stages else ())
    ]
    return [*lines, _cost_line(forecast)]


def _cost_line(forecast: Forecast) -> str:
    price, expected, most = forecast.price, forecast.cost_usd_expected, forecast.cost_usd_at_most
    if price is None or expected is None or most is None:
        return "cost: price not known: give --price PROMPT/COMPLETION (US dollars per million tokens)"
    if price.prompt_usd_per_million == price.completion_usd_per_million == 0:
        return f"cost: nothing ({price.source})"
    said = f"{price.prompt_usd_per_million:g}/{price.completion_usd_per_million:g} US dollars per million tokens"
    dated = f", {price.as_of}" if price.as_of else ""
    return f"cost: {expected:.4f} US dollars expected, {most:.4f} at most ({said}: {price.source}{dated})"


def _stages(rehearsal: RehearsalCompleter, ledger: dict[str, Totals]) -> list[StageForecast]:
    names = sorted(
        {call.stage for call in rehearsal.calls} | {name for name, totals in ledger.items() if totals.reused}
    )
    stages = [_stage(name, rehearsal, ledger.get(name, Totals())) for name in names]
    probe = rehearsal.completer.probe_expected() if isinstance(rehearsal.completer, HostedCompleter) else 0
    if rehearsal.calls and probe:
        stages.append(StageForecast(stage=PROBE, calls=1, reused=0, prompt_tokens=probe, completion_tokens=10))
    return stages


def _stage(name: str, rehearsal: RehearsalCompleter, totals: Totals) -> StageForecast:
    calls = [call for call in rehearsal.calls if call.stage == name]
    return StageForecast(
        stage=name,
        calls=len(calls),
        reused=totals.reused,
        prompt_tokens=sum(call.prompt_tokens for call in calls),
        completion_tokens=sum(call.completion_tokens for call in calls),
    )


def _bound(rehearsal: RehearsalCompleter, material: Material, options: GenerateOptions) -> CallBound:
    seen: dict[str, StageBound] = {}
    for call in rehearsal.calls:
        before = seen.get(call.stage, StageBound(0, 0))
        seen[call.stage] = StageBound(
            max(before.prompt, call.prompt_tokens_at_most), max(before.completion, call.max_tokens)
        )
    return bound_calls(rehearsal.completer, material, seen, candidates=options.candidates)


def _counting(completer: Completer) -> Counting:
    if not isinstance(completer, HostedCompleter):
        return "exact"
    return "calibrated" if completer.calibrated else "estimated"


def _nothing_spent(personas: int) -> Forecast:
    return Forecast(
        engine="extractive",
        personas=personas,
        calls_expected=0,
        calls_at_most=0,
        reused=0,
        prompt_tokens_expected=0,
        completion_tokens_expected=0,
        tokens_at_most=0,
        cost_usd_expected=0.0,
        cost_usd_at_most=0.0,
        price=Price(prompt_usd_per_million=0.0, completion_usd_per_million=0.0, source="no model is asked"),
        counting="exact",
        per_stage=(),
    )


def _tries(share: float, *, name: bool) -> int:
    """Answers until one is taken, at this place of the distribution that was measured."""
    first = SMALL_NAMES_TAKEN if name else SMALL_FIRST_TAKEN
    later = SMALL_NAMES_TAKEN if name else SMALL_LATER_TAKEN
    if share < first:
        return 1
    if later == 0:
        return MOST_TRIES
    return 2 + int(math.log1p(-(share - first) / (1 - first)) / math.log1p(-later))


def _evenly(place: int) -> float:
    """The place-th of numbers that fill 0..1 evenly: its binary digits mirrored at the point (van der Corput)."""
    mirrored = int(f"{place:b}"[::-1], 2)
    return mirrored / (1 << place.bit_length())

"""The one room through which every model call goes: store, budget and rates, model, validation, retries, ledger."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from persona_kit.cancellation import Cancelled
from persona_kit.errors import (
    MalformedAnswer,
    ModelError,
    PromptTooLong,
    RefusedAnswer,
    TruncatedAnswer,
    UsageError,
)
from persona_kit.response_store import Kind, ResponseStore, response_key
from personas.models.completion import Completer, Completion, NeedsPreparing, Profile, Request, Sampling
from personas.models.governor import Allowance, Governor, Spending
from personas.models.grammar import GRAMMAR_VERSION, answer_schema
from personas.models.ledger import PREPARING, Ledger, Usage
from personas.models.prices import Price
from personas.models.provider_errors import ProviderError
from personas.models.retrying import ONCE, RetryPolicy, sleep_unless_cancelled
from personas.models.tracing import no_tracing
from prompts.loader import RenderedPrompt
from retrieval.documents import Language

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

AnswerT = TypeVar("AnswerT", bound=BaseModel)
ReadT = TypeVar("ReadT")


@dataclass(frozen=True)
class Answer(Generic[AnswerT]):
    """A validated answer."""

    value: AnswerT
    usage: Usage
    raw: str
    """The JSON text as the model wrote it."""


class Engine:
    """A model that answers prompts with validated objects; what was answered once is not asked for again.

    An answer that was cut, declined or did not fit its schema was answered too: it fails again as it did.

    Args:
        spec: the engine as the user named it.
        completer: the model behind it.
        store: where answers are kept; None: nowhere. Closed with the engine.
        governor: limits and budget of its calls, shared with whom it may be; none where None.
        retries: which failed calls are made again; by default those of a hosted model.

    Raises:
        UsageError: when dollars are budgeted and the model's price is not known.
    """

    def __init__(
        self,
        spec: str,
        completer: Completer,
        *,
        store: ResponseStore | None = None,
        governor: Governor | None = None,
        retries: RetryPolicy | None = None,
    ) -> None:
        self.spec = spec
        self.ledger = Ledger()
        self._completer = completer
        self._store = store
        self._governor = governor or Governor()
        self._retries = retries or (RetryPolicy() if completer.hosted else ONCE)
        self._cancelled = threading.Event()
        if self._governor.limits.budget_usd is not None and completer.price is None:
            raise UsageError(
                f"the price of {spec} is not known, so dollars cannot be budgeted",
                where="--budget-usd",
                mend="give its price with --price PROMPT/COMPLETION, or a --budget-tokens",
            )

    @property
    def identity(self) -> str:
        """The model with everything about it that shapes its answers: file hash, or server and model name."""
        return self._completer.identity

    @property
    def hosted(self) -> bool:
        """Whether prompts leave this machine."""
        return self._completer.hosted

    @property
    def profile(self) -> Profile:
        """Which variant of the prompts suits the model."""
        return self._completer.profile

    @property
    def context_tokens(self) -> int:
        """Tokens that prompt and answer may have together."""
        return self._completer.context_tokens

    @property
    def structured_method(self) -> str | None:
        """How the model is held to a schema; None where that is found out at the first call."""
        return self._completer.structured_method

    @property
    def languages(self) -> frozenset[Language]:
        """Languages the model is good enough in."""
        return self._completer.languages

    @property
    def price(self) -> Price | None:
        """What the model costs; None where that is not known."""
        return self._completer.price

    def ask(
        self,
        prompt: RenderedPrompt,
        schema: type[AnswerT],
        *,
        seed: int,
        max_tokens: int,
        temperature: float = 0.0,
        repeat: int = 0,
        allowance: Allowance | None = None,
    ) -> Answer[AnswerT]:
        """The model's answer to the prompt as an object of the schema; safe from several threads.

        Args:
            prompt: what to ask; its name is the ledger's stage.
            schema: what the answer must fit.
            seed: of this call; the answer does not depend on the calls before it.
            max_tokens: limit of the answer.
            temperature: 0 takes the likeliest token each time.
            repeat: tells apart answers asked for several times with all else equal.
            allowance: counts every attempt, those of an earlier run included.

        Raises:
            BudgetExhausted: before a call that the budget or the deadline does not allow.
            CallsSpent: when the allowance is used up.
            PromptTooLong, TruncatedAnswer, MalformedAnswer, RefusedAnswer: what went wrong with this call.
            ModelError: any other failure of the model; `retryable` says whether again may help.
            EnvironmentProblem: when the model cannot be loaded.
        """
        sampling = Sampling(seed=seed, max_tokens=max_tokens, temperature=temperature)
        answer = self._until_answered(prompt, schema, sampling, repeat, allowance)
        self.ledger.answered(prompt.name, answer.usage)
        return answer

    def complete_once(
        self, prompt: RenderedPrompt, schema: type[BaseModel], sampling: Sampling
    ) -> tuple[Completion, Usage]:
        """The model's first answer as it wrote it, fit for the schema or not; neither validated nor kept.

        For whoever scores what a model does at the first attempt. Only what goes wrong on the way is tried again.

        Raises:
            BudgetExhausted, PromptTooLong, ModelError, EnvironmentProblem: as `ask`.
        """
        failures = 0
        while True:
            if self._cancelled.is_set():
                raise Cancelled("the call was cancelled")
            try:
                self._prepare()
                completion, usage = self._send(
                    prompt.name, self._request(prompt, schema, sampling), lambda completion: completion
                )
            except ModelError as error:
                failures += 1
                pause = self._pause_s(error, failures, asked=True)
                if pause is None:
                    raise
            else:
                self.ledger.answered(prompt.name, usage)
                return completion, usage
            sleep_unless_cancelled(pause, self._cancelled)

    def cancel(self) -> None:
        """Ends the call under way and those waiting with a KeyboardInterrupt, from any thread; for good."""
        self._cancelled.set()
        self._completer.cancel()

    @contextmanager
    def cancelled_by_interrupt(self) -> Iterator[None]:
        """Within it, Ctrl-C also ends calls that run in other threads, where Python raises no KeyboardInterrupt.

        Outside the main thread it does nothing.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.getsignal(signal.SIGINT)

        def interrupt(number: int, frame: Any) -> None:
            self.cancel()
            if callable(before):
                before(number, frame)

        signal.signal(signal.SIGINT, interrupt)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def close(self) -> None:
        """Gives the model and the store back."""
        self._completer.close()
        if self._store is not None:
            self._store.close()

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _key(self, prompt: RenderedPrompt, schema: type[BaseModel], sampling: Sampling, repeat: int) -> str:
        return response_key(
            engine=self.identity,
            grammar=GRAMMAR_VERSION,
            messages=[message.model_dump() for message in prompt.messages],
            schema=answer_schema(schema),
            sampling=sampling.model_dump(),
            repeat=repeat,
        )

    def _stored(self, key: str) -> Completion | None:
        text = None if self._store is None else self._store.get(key)
        return None if text is None else Completion.model_validate_json(text)

    def _until_answered(
        self,
        prompt: RenderedPrompt,
        schema: type[AnswerT],
        sampling: Sampling,
        repeat: int,
        allowance: Allowance | None,
    ) -> Answer[AnswerT]:
        """The first usable answer of a few attempts; what an attempt came to before is not asked for again."""
        attempt = sampling
        failures = 0
        while True:
            key = self._key(prompt, schema, attempt, repeat)
            stored = self._stored(key)
            try:
                if stored is not None:
                    return self._again(prompt.name, stored, schema, attempt, allowance)
                return self._asked(key, prompt, schema, attempt, allowance)
            except ModelError as error:
                failures += 1
                pause = self._pause_s(error, failures, asked=stored is None)
                after = None if pause is None else self._next_attempt(error, attempt, sampling, prompt, schema)
                if pause is None or after is None:
                    raise
                attempt = after
            sleep_unless_cancelled(pause, self._cancelled)

    def _again(
        self, stage: str, stored: Completion, schema: type[AnswerT], sampling: Sampling, allowance: Allowance | None
    ) -> Answer[AnswerT]:
        """What an attempt of an earlier run came to, its failure too."""
        if allowance is not None:
            # It counts as it did then, so that a persona begun before ends like one that is written at once.
            allowance.take()
        usage = _usage(stored, seconds=0.0, reused=True)
        try:
            value = _validated(stored, schema, sampling)
        except ModelError:
            self.ledger.answered(stage, usage)
            raise
        return Answer(value, usage, stored.text)

    def _pause_s(self, error: ModelError, failures: int, *, asked: bool) -> float | None:
        """Seconds before the next attempt, none after one that was not made now; None where there is no next one."""
        pause = self._retries.pause_s(error, failures)
        if pause is None or not asked:
            return None if pause is None else 0.0
        remaining = self._governor.remaining_s
        return None if remaining is not None and pause >= remaining else pause

    def _next_attempt(
        self, error: ModelError, attempt: Sampling, first: Sampling, prompt: RenderedPrompt, schema: type[BaseModel]
    ) -> Sampling | None:
        """How it is asked after a failure; None where that cannot help."""
        if isinstance(error, TruncatedAnswer):
            if attempt.max_tokens > first.max_tokens or not self._has_room(messages_of(prompt), schema, attempt):
                return None
            return attempt.model_copy(update={"max_tokens": 2 * attempt.max_tokens})
        if isinstance(error, MalformedAnswer | RefusedAnswer):
            # Another seed for another answer; a fault on the way must not change what the run comes to.
            return attempt.model_copy(update={"seed": (attempt.seed + 1) % 2**31})
        return attempt

    def _has_room(self, messages: Sequence[BaseMessage], schema: type[BaseModel], sampling: Sampling) -> bool:
        """Whether an answer twice as long fits the context window too."""
        return self._completer.prompt_tokens(messages, schema) + 2 * sampling.max_tokens <= self.context_tokens

    def _asked(
        self,
        key: str,
        prompt: RenderedPrompt,
        schema: type[AnswerT],
        sampling: Sampling,
        allowance: Allowance | None,
    ) -> Answer[AnswerT]:
        """One attempt; what the model said is kept under the key."""
        request = self._request(prompt, schema, sampling)
        if self._cancelled.is_set():
            raise Cancelled("the call was cancelled")
        if allowance is not None:
            allowance.take()
        self._prepare()
        (value, raw), usage = self._send(prompt.name, request, lambda done: self._read(key, done, schema, sampling))
        return Answer(value, usage, raw)

    def _request(self, prompt: RenderedPrompt, schema: type[BaseModel], sampling: Sampling) -> Request:
        completer, messages = self._completer, messages_of(prompt)
        limit_s = self._governor.limits.call_timeout_s
        return Request(
            send=lambda: completer.complete(messages, schema, sampling, limit_s=limit_s),
            prompt_tokens=completer.prompt_tokens(messages, schema),
            prompt_tokens_at_most=completer.prompt_tokens_at_most(messages, schema),
            max_tokens=sampling.max_tokens,
        )

    def _prepare(self) -> None:
        if isinstance(self._completer, NeedsPreparing):
            self._completer.prepare(self._send_preparing, limit_s=self._governor.limits.call_timeout_s)

    def _read(self, key: str, completion: Completion, schema: type[AnswerT], sampling: Sampling) -> tuple[AnswerT, str]:
        """The answer as an object, and its text; kept, whatever it is worth."""
        try:
            value = _validated(completion, schema, sampling)
        except ModelError as error:
            if is_kept(error):
                self._keep(key, completion, "failure")
            raise
        self._keep(key, completion, "answer")
        return value, completion.text

    def _keep(self, key: str, completion: Completion, kind: Kind) -> None:
        if self._store is not None:
            self._store.put(key, completion.model_dump_json(), kind=kind)

    def _send_preparing(self, request: Request) -> Completion:
        completion, usage = self._send(PREPARING, request, lambda done: done)
        self.ledger.answered(PREPARING, usage)
        return completion

    def _send(self, stage: str, request: Request, read: Callable[[Completion], ReadT]) -> tuple[ReadT, Usage]:
        """What is read from the answer to one request, which waits for its turn; the ledger gets it if it fails."""
        price = self._completer.price
        at_most, room = request.prompt_tokens_at_most, request.max_tokens
        with self._governor.call(
            tokens_expected=request.prompt_tokens + room,
            tokens_at_most=at_most + room,
            usd_at_most=None if price is None else price.cost_usd(at_most, room),
            cancelled=self._cancelled,
        ) as spending:
            started = time.perf_counter()
            completion = Completion(text="", prompt_tokens=0, completion_tokens=0)
            try:
                with no_tracing():
                    completion = self._with_cost(request.send())
                _settle(spending, completion)
                value = read(completion)
            except ModelError as error:
                if _was_turned_away(error):
                    spending.settle(tokens=0, usd=0.0)
                self.ledger.failed(stage, _usage(completion, seconds=time.perf_counter() - started, reused=False))
                raise
            return value, _usage(completion, seconds=time.perf_counter() - started, reused=False)

    def _with_cost(self, completion: Completion) -> Completion:
        price = self._completer.price
        if completion.cost_usd is not None or price is None:
            return completion
        cost = price.cost_usd(completion.prompt_tokens, completion.completion_tokens)
        return completion.model_copy(update={"cost_usd": cost})


def is_kept(error: ModelError) -> bool:
    """Whether a failure is kept like an answer: the model did answer, and the same call would be answered the same.

    What went wrong on the way is not kept, nor is an empty answer, which overloaded servers give.
    """
    if isinstance(error, RefusedAnswer):
        return not error.retryable
    return isinstance(error, TruncatedAnswer | MalformedAnswer)


def _settle(spending: Spending, completion: Completion) -> None:
    """Replaces the reservation by what the server counted; a server that counts nothing keeps the reservation."""
    used = completion.prompt_tokens + completion.completion_tokens
    if used:
        spending.settle(tokens=used, usd=completion.cost_usd)


def _was_turned_away(error: ModelError) -> bool:
    """Whether the call failed before a model saw it: nothing was spent on it."""
    return isinstance(error, PromptTooLong) or (isinstance(error, ProviderError) and error.turned_away)


def messages_of(prompt: RenderedPrompt) -> Sequence[BaseMessage]:
    """The prompt as LangChain's messages."""
    from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

    kinds = {"system": SystemMessage, "user": HumanMessage, "assistant": AIMessage}
    return [kinds[message.role](content=message.text) for message in prompt.messages]


def _validated(completion: Completion, schema: type[AnswerT], sampling: Sampling) -> AnswerT:
    """The answer as an object; refusals, truncation, empty and malformed answers are told apart."""
    if completion.finish == "refused":
        raise RefusedAnswer("the model declined to answer", where=completion.text[:200])
    if completion.finish == "length":
        raise TruncatedAnswer(
            f"the model's answer was cut at {sampling.max_tokens} tokens",
            where=schema.__name__,
            mend="allow more tokens, or ask for less at a time",
            retryable=True,
        )
    if not completion.text.strip():
        raise RefusedAnswer("the model answered with nothing", where=schema.__name__, retryable=True)
    try:
        return schema.model_validate_json(completion.text)
    except ValidationError as error:
        # Without the input: an answer quotes customers, and messages end up in logs.
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc']) or 'the answer'}: {fault['msg']}"
            for fault in error.errors(include_input=False, include_url=False, include_context=False)[:5]
        )
        raise MalformedAnswer(
            f"the model's answer does not fit its schema: {faults}", where=schema.__name__, retryable=True
        ) from None


def _usage(completion: Completion, *, seconds: float, reused: bool) -> Usage:
    return Usage(
        prompt_tokens=completion.prompt_tokens,
        completion_tokens=completion.completion_tokens,
        seconds=seconds,
        cost_usd=completion.cost_usd,
        reused=reused,
    )

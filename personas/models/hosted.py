"""A model behind a server, as an engine's model: how it is asked, and by which way it answers in a schema."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel

from persona_kit.errors import ModelError
from persona_kit.hashing import sha256_json
from persona_kit.response_store import ResponseStore
from personas.models.completion import ALL_LANGUAGES, Cancelled, Completion, Profile, Request, Sampling
from personas.models.grammar import answer_schema
from personas.models.prices import Price, known_price
from personas.models.provider_errors import ProviderError, provider_error, unfinished_completion
from personas.models.retrying import POLL_S, run_abandonable, timed_out
from personas.models.structured import Method, StructuredPlan, read_answer, request, with_schema_in_prompt
from personas.models.tokens import TokenGauge, most_prompt_tokens
from personas.models.tracing import no_tracing

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import BaseMessage

GRACE_S = 5.0
"""A request that was given up ends by itself so much later, and with it its connection and thread."""

PROBES_OF_A_FAILING_SERVER = 3
"""Attempts with one method before a server's own failure counts as its refusal."""

DEFAULT_CONTEXT_TOKENS = 32_768
"""Assumed where neither the user nor LangChain's model profiles say."""

PROBE_VERSION = 1
"""Changes whenever a remembered way of asking must be found out again."""

_PROBE_TOKENS = 200
_PROBE_PROMPT = "Reply with the single word: hello"
_METHOD_REFUSED = frozenset({400, 422, 500, 501})  # 500: llama-cpp-python's server on a method it does not know
_OPTIONAL_PARAMETERS = ("temperature", "seed")

OpenModel = Callable[[float, Mapping[str, Any]], "tuple[BaseChatModel, Mapping[str, Any]]"]
"""The chat model whose requests end after so many seconds, and which options go with the call instead of the model.

It retries nothing: the engine makes failed calls again, counts them and can be stopped meanwhile.
"""


class _ProbeAnswer(BaseModel):
    """Asked for while the prompt asks for something else: only a server that holds its model to it gives it."""

    colour: Literal["red", "green"]
    bright: bool  # no number: servers leave bounds to the model


class HostedCompleter:
    """A chat model behind a server.

    Args:
        open_model: gives the LangChain model.
        identity: model and server, without anything secret.
        methods: ways to get structured answers, best first.
        facts: where the way that works is remembered.
        secrets: texts that must not stand in any message.
        context_tokens: None: what LangChain knows of the model.
        profile: which prompts suit it.
        price: what it costs; None: what is known of an engine of this identity.
        on_close: gives back what `open_model` took.
    """

    hosted = True  # a server on this machine may pass prompts on

    def __init__(
        self,
        open_model: OpenModel,
        *,
        identity: str,
        methods: Sequence[Method],
        facts: ResponseStore | None = None,
        secrets: Sequence[str] = (),
        context_tokens: int | None = None,
        profile: Profile = "large",
        price: Price | None = None,
        on_close: Callable[[], None] = lambda: None,
    ) -> None:
        self.identity = identity
        self.price = price or known_price(identity)
        self.profile = profile
        self.languages = ALL_LANGUAGES
        self._open_model = open_model
        self._on_close = on_close
        self._methods = methods
        self._facts = facts
        self._secrets = tuple(secrets)
        self._context_tokens = context_tokens
        self._lock = threading.Lock()
        self._cancelled = threading.Event()
        self._plan = self._remembered()
        self._gauge = TokenGauge(identity, facts)

    @property
    def context_tokens(self) -> int:
        """What the user said, or LangChain knows of the model, or `DEFAULT_CONTEXT_TOKENS`."""
        if self._context_tokens is not None:
            return self._context_tokens
        model, _options = self._open_model(GRACE_S, {})
        return (model.profile or {}).get("max_input_tokens") or DEFAULT_CONTEXT_TOKENS

    @property
    def structured_method(self) -> str | None:
        """The way structured answers are got; None before the first call."""
        return None if self._plan is None else self._plan.method

    @property
    def calibrated(self) -> bool:
        """Whether the server's own token counts are behind `prompt_tokens`."""
        return self._gauge.calibrated

    def prompt_tokens(self, messages: Sequence[BaseMessage], schema: type[BaseModel]) -> int:
        """Estimate of the prompt's tokens, schema included; the server's own counts make it better."""
        return self._gauge.estimate([str(message.text) for message in messages], answer_schema(schema))

    def prompt_tokens_at_most(self, messages: Sequence[BaseMessage], schema: type[BaseModel]) -> int:
        """Tokens the prompt never passes, whatever the server's tokenizer."""
        return most_prompt_tokens([str(message.text) for message in messages], answer_schema(schema))

    def _learn_tokens(self, messages: Sequence[BaseMessage], schema: type[BaseModel], measured: int) -> None:
        self._gauge.learn([str(message.text) for message in messages], answer_schema(schema), measured)

    def complete(
        self, messages: Sequence[BaseMessage], schema: type[BaseModel], sampling: Sampling, *, limit_s: float
    ) -> Completion:
        """The answer, by the way that was found to work."""
        self.prepare(lambda request: request.send(), limit_s=limit_s)
        assert self._plan is not None
        completion = self._ask(messages, schema, sampling, self._plan, limit_s)
        self._learn_tokens(messages, schema, completion.prompt_tokens)
        return completion

    def prepare(self, send: Callable[[Request], Completion], *, limit_s: float) -> None:
        """Finds out with a few tiny requests how the server is asked, and remembers it; see `NeedsPreparing`.

        Raises:
            ModelError: when the server cannot be reached, is overloaded, knows no such model or refuses the key.
        """
        if self._plan is not None:
            return
        with self._finding_out(limit_s):
            if self._plan is None:
                self._plan = self._probe(send, limit_s)
                if self._facts is not None:
                    self._facts.put(self._plan_key(), self._plan.model_dump_json(), kind="fact")

    @contextmanager
    def _finding_out(self, limit_s: float) -> Iterator[None]:
        """One thread at a time; the others wait for what it finds, as long as a call may take."""
        ends_at = time.monotonic() + limit_s
        while not self._lock.acquire(timeout=POLL_S):
            if self._cancelled.is_set():
                raise Cancelled("the call was cancelled")
            if time.monotonic() >= ends_at:
                raise timed_out(limit_s, where=self.identity)
        try:
            yield
        finally:
            self._lock.release()

    def probe_expected(self) -> int:
        """Prompt tokens of finding out how the server is asked; 0 where that is remembered."""
        from langchain_core.messages import HumanMessage

        return 0 if self._plan is not None else self.prompt_tokens([HumanMessage(_PROBE_PROMPT)], _ProbeAnswer)

    def probe_at_most(self) -> tuple[int, int, int]:
        """Requests of finding it out, and tokens of each one's prompt and answer, that are never passed."""
        from langchain_core.messages import HumanMessage

        if self._plan is not None:
            return 0, 0, 0
        requests = len(self._methods) * (len(_OPTIONAL_PARAMETERS) + PROBES_OF_A_FAILING_SERVER)
        prompt = self.prompt_tokens_at_most([HumanMessage(_PROBE_PROMPT)], _ProbeAnswer)
        return requests, prompt, _PROBE_TOKENS

    def cancel(self) -> None:
        """No further call is begun; one under way ends with its answer or its time limit."""
        self._cancelled.set()

    def close(self) -> None:
        """Gives connections back, where the provider's library does not close them itself."""
        self._on_close()

    def _ask(
        self,
        messages: Sequence[BaseMessage],
        schema: type[BaseModel],
        sampling: Sampling,
        plan: StructuredPlan,
        limit_s: float,
    ) -> Completion:
        if self._cancelled.is_set():
            raise Cancelled("the call was cancelled")
        return run_abandonable(
            lambda: self._answer(messages, schema, sampling, plan, limit_s + GRACE_S),
            limit_s=limit_s,
            cancelled=self._cancelled,
            where=self.identity,
        )

    def _answer(
        self,
        messages: Sequence[BaseMessage],
        schema: type[BaseModel],
        sampling: Sampling,
        plan: StructuredPlan,
        timeout_s: float,
    ) -> Completion:
        """What the server answers, however long that takes; in a thread of its own."""
        form = answer_schema(schema)
        if plan.method == "prompt":
            messages = with_schema_in_prompt(messages, form)
        name = re.sub(r"[^A-Za-z0-9_-]", "_", schema.__name__)[:64]
        try:
            model, options = self._open_model(timeout_s, _options(sampling, plan))
            with no_tracing():  # here too: the way to ask may be found out without an engine
                answer = request(model, form, name=name, method=plan.method).invoke(list(messages), **options)
            return read_answer(answer, max_tokens=sampling.max_tokens)
        except ModelError:
            raise
        except Exception as error:  # noqa: BLE001 - every provider's library has errors of its own
            completion = unfinished_completion(error)
            if completion is not None:
                return completion
            # Without the cause: a provider's error holds the request with its headers.
            raise provider_error(error, where=self.identity, secrets=self._secrets) from None

    def _probe(self, send: Callable[[Request], Completion], limit_s: float) -> StructuredPlan:
        """The first way by which the server holds its model to a schema; else the schema in the prompt."""
        left_out: tuple[str, ...] = ()
        for method in self._methods:
            failures = 0
            for _attempt in range(len(_OPTIONAL_PARAMETERS) + PROBES_OF_A_FAILING_SERVER):
                plan = StructuredPlan(method=method, constrained=True, left_out=left_out)
                try:
                    if _is_probe_answer(send(self._probe_request(plan, limit_s))):
                        return plan
                    break
                except ModelError as error:
                    refused = _refused_parameter(error, left_out)
                    if refused is not None:
                        left_out = (*left_out, refused)
                        continue
                    _raise_unless_method_matters(error)
                    failures += 1
                    if not error.retryable or failures == PROBES_OF_A_FAILING_SERVER:
                        break
        return StructuredPlan(method="prompt", constrained=False, left_out=left_out)

    def _probe_request(self, plan: StructuredPlan, limit_s: float) -> Request:
        """Asks for an answer in a schema that the prompt says nothing of."""
        from langchain_core.messages import HumanMessage

        messages = [HumanMessage(_PROBE_PROMPT)]
        sampling = Sampling(seed=1, max_tokens=_PROBE_TOKENS)
        return Request(
            send=lambda: self._ask(messages, _ProbeAnswer, sampling, plan, limit_s),
            prompt_tokens=self.prompt_tokens(messages, _ProbeAnswer),
            prompt_tokens_at_most=self.prompt_tokens_at_most(messages, _ProbeAnswer),
            max_tokens=_PROBE_TOKENS,
        )

    def _plan_key(self) -> str:
        return sha256_json({"structured method of": self.identity, "probe": PROBE_VERSION})

    def _remembered(self) -> StructuredPlan | None:
        text = None if self._facts is None else self._facts.get(self._plan_key())
        return None if text is None else StructuredPlan.model_validate_json(text)


def _is_probe_answer(completion: Completion) -> bool:
    try:
        _ProbeAnswer.model_validate_json(completion.text)
    except ValueError:
        return False
    return True


def _options(sampling: Sampling, plan: StructuredPlan) -> dict[str, Any]:
    optional = {name: getattr(sampling, name) for name in _OPTIONAL_PARAMETERS if name not in plan.left_out}
    return {"max_tokens": sampling.max_tokens, **optional}


def _refused_parameter(error: ModelError, left_out: Sequence[str]) -> str | None:
    """The optional parameter that the server says it does not take, if that is what went wrong."""
    if error.retryable:
        return None
    return next((name for name in _OPTIONAL_PARAMETERS if name not in left_out and name in error.what), None)


def _raise_unless_method_matters(error: ModelError) -> None:
    """Raises where another way of asking would fail the same: no server, no such model, a bad key, overload."""
    if not isinstance(error, ProviderError) or error.status not in _METHOD_REFUSED:
        raise error

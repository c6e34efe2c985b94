"""A LangChain chat model over llama-cpp-python, in process, held to a schema by a grammar.

LangChain's own `ChatLlamaCpp` lives in an archived package and drops seeds, locks and token counts.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, partial
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable, RunnableConfig, RunnableLambda, RunnablePassthrough, run_in_executor
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from persona_kit.errors import EnvironmentProblem, MalformedAnswer, PromptTooLong
from personas.models.chat_template import ChatTemplate, Turn
from personas.models.completion import Cancelled
from personas.models.grammar import answer_schema, schema_to_gbnf
from personas.models.retrying import timed_out
from personas.models.token_loop import generate_tokens

if TYPE_CHECKING:
    from llama_cpp import Llama

DEFAULT_CONTEXT_TOKENS = 4096
"""Context window by default; a model trained on less gets what it was trained with."""

_ROLES = {"system": "system", "human": "user", "ai": "assistant"}


class LlamaCppChat(BaseChatModel):
    """A GGUF as a chat model; loaded at the first call, one generation at a time.

    A call takes `response_schema` (JSON Schema), `seed`, `max_tokens` and `temperature` as keyword arguments, or bound
    with `.bind(...)`; none of them depends on the calls before.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True, extra="forbid")

    path: Path
    n_ctx: int | None = None
    """Context window in tokens; None: `DEFAULT_CONTEXT_TOKENS`, or what the model was trained with if that is less."""
    n_threads: int | None = None
    """None: the physical cores this process may use."""
    reproducible: bool = False
    """Empty the KV cache before each call, so that an answer does not depend on the calls before it."""
    vocabulary_only: bool = False
    """Load no weights: tokens can be counted, calls cannot be made."""
    seed: int = 0
    max_tokens: int = Field(default=512, gt=0)
    temperature: float = 0.0

    _llama: Llama | None = PrivateAttr(default=None)
    _template: ChatTemplate | None = PrivateAttr(default=None)
    _lock: threading.Lock = PrivateAttr(default_factory=threading.Lock)
    _cancel: threading.Event = PrivateAttr(default_factory=threading.Event)

    @property
    def _llm_type(self) -> str:
        return "personas-llama-cpp"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"path": str(self.path), "n_ctx": self.n_ctx, "reproducible": self.reproducible}

    @property
    def context_tokens(self) -> int:
        """Size of the context window in tokens; loads the model."""
        with self._lock:
            llama = self._loaded()[0]
            return _planned_context(llama, self.n_ctx) if self.vocabulary_only else llama.n_ctx()

    @property
    def parameters(self) -> int:
        """Number of weights; loads the model."""
        import llama_cpp

        with self._lock:
            return int(llama_cpp.llama_model_n_params(self._loaded()[0].model))

    def count_tokens(self, messages: Sequence[BaseMessage]) -> int:
        """Tokens of the prompt these messages make."""
        with self._lock:
            return len(self._loaded()[1].tokenize(_turns(messages)))

    def cancel(self) -> None:
        """Ends the generation under way and those waiting; `resume` lets new ones begin."""
        self._cancel.set()

    def resume(self) -> None:
        """Lets calls be made again after `cancel`."""
        self._cancel.clear()

    @contextmanager
    def time_limit(self, limit_s: float) -> Iterator[threading.Event]:
        """An event to hand to a call as `cancel`: set after so many seconds, and when the model is cancelled.

        Raises:
            CallTimedOut: in place of the call's `Cancelled`, when it was the time.
        """
        event = _EitherEvent(self._cancel)
        timer = threading.Timer(limit_s, event.set)
        timer.daemon = True
        timer.start()
        try:
            yield event
        except Cancelled:
            if self._cancel.is_set():
                raise
            raise timed_out(limit_s, where=self.path.name) from None
        finally:
            timer.cancel()

    def close(self) -> None:
        """Gives the model's memory back; a call after that loads it again."""
        with self._lock:
            if self._llama is not None:
                self._llama.close()
            self._llama = self._template = None

    def with_structured_output(
        self,
        schema: dict[str, Any] | type,
        *,
        include_raw: bool = False,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, dict[str, Any] | BaseModel]:
        """The model held to a Pydantic model by a grammar; the answer comes validated.

        Args:
            schema: a Pydantic model.
            include_raw: answer with `raw`, `parsed` and `parsing_error`, as LangChain's own models do.
            **kwargs: `seed`, `max_tokens`, `temperature`.

        Raises:
            ModelError: when the schema cannot be turned into a grammar.
        """
        if not (isinstance(schema, type) and issubclass(schema, BaseModel)):
            raise TypeError("with_structured_output takes a Pydantic model")
        self._options(None, kwargs)
        json_schema = answer_schema(schema)
        schema_to_gbnf(json_schema)  # raises now rather than at the first call
        bound = self.bind(response_schema=json_schema, **kwargs)
        parse = RunnableLambda(partial(_parse, schema))
        if not include_raw:
            return bound | parse
        parsed = RunnablePassthrough.assign(parsed=itemgetter("raw") | parse, parsing_error=lambda _answer: None)
        failed = RunnablePassthrough.assign(parsed=lambda _answer: None)
        return {"raw": bound} | parsed.with_fallbacks([failed], exception_key="parsing_error")

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        *,
        cancel: threading.Event | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        options = self._options(stop, kwargs)
        # Taken here, in the worker thread: a lock held across an await would hang the event loop.
        with self._lock:
            cancel = cancel or self._cancel
            if cancel.is_set():
                raise Cancelled("the generation was cancelled")
            return self._answer(messages, options, cancel)

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        cancel = _EitherEvent(self._cancel)
        config: RunnableConfig | None = None
        try:
            return await run_in_executor(config, partial(self._generate, messages, stop, cancel=cancel, **kwargs))
        except asyncio.CancelledError:
            cancel.set()
            raise

    def _options(self, stop: list[str] | None, given: dict[str, Any]) -> dict[str, Any]:
        options = {
            "response_schema": None,
            "seed": self.seed,
            "max_tokens": self.max_tokens,
            "temperature": self.temperature,
        }
        strange = sorted(set(given) - set(options))
        if strange or stop:
            raise TypeError(f"LlamaCppChat does not know {', '.join(strange) or 'stop'}")
        options.update({name: value for name, value in given.items() if value is not None})
        return options

    def _answer(self, messages: list[BaseMessage], options: dict[str, Any], cancel: threading.Event) -> ChatResult:
        llama, template = self._loaded()
        prompt = template.tokenize(_turns(messages))
        max_tokens = int(options["max_tokens"])
        if len(prompt) + max_tokens > llama.n_ctx():
            raise PromptTooLong(
                f"the prompt has {len(prompt)} tokens and {max_tokens} are kept for the answer, "
                f"but the model's window holds {llama.n_ctx()}",
                where=self.path.name,
                mend="give less evidence at a time, or use a model with a larger window",
            )
        if self.reproducible:
            llama.reset()  # type: ignore[no-untyped-call]  # llama-cpp-python types only part of itself
        schema: Mapping[str, Any] | None = options["response_schema"]
        generation = generate_tokens(
            llama,
            prompt,
            grammar=None if schema is None else schema_to_gbnf(schema),
            seed=int(options["seed"]),
            max_tokens=max_tokens,
            temperature=float(options["temperature"]),
            cancel=cancel,
        )
        text = llama.detokenize(generation.tokens).decode("utf-8", "replace")
        return _chat_result(text, len(prompt), len(generation.tokens), ended=generation.ended, model=self.path.name)

    def _loaded(self) -> tuple[Llama, ChatTemplate]:
        """The model, loaded if need be; the lock is held."""
        if self._llama is None or self._template is None:
            threads = self.n_threads or physical_cores()
            self._llama = _load(self.path, n_ctx=self.n_ctx, n_threads=threads, vocabulary_only=self.vocabulary_only)
            self._template = ChatTemplate(self._llama, model=self.path.name)
        return self._llama, self._template


class _EitherEvent(threading.Event):
    """Set when it is set itself, or the model's own event is."""

    def __init__(self, other: threading.Event) -> None:
        super().__init__()
        self._other = other

    def is_set(self) -> bool:
        return super().is_set() or self._other.is_set()


def physical_cores() -> int:
    """Physical cores this process may use (llama.cpp gets slower with two threads on one core), at least 1."""
    try:
        usable = os.sched_getaffinity(0)
    except AttributeError:  # not on macOS and Windows
        return max(1, os.cpu_count() or 1)
    cores = set()
    for number in usable:
        siblings = Path(f"/sys/devices/system/cpu/cpu{number}/topology/thread_siblings_list")
        try:
            cores.add(siblings.read_text(encoding="ascii").strip())
        except OSError:
            cores.add(str(number))
    return max(1, len(cores))


def _load(path: Path, *, n_ctx: int | None, n_threads: int, vocabulary_only: bool) -> Llama:
    try:
        import llama_cpp  # noqa: F401 - only to tell whether it is there
    except ImportError as error:
        raise EnvironmentProblem(
            "local models need llama-cpp-python, which is not installed",
            where=str(path),
            mend="pip install '.[local]', or choose --llm extractive",
        ) from error
    _silence_llama_cpp()
    if not path.is_file():
        raise EnvironmentProblem("there is no such model file", where=str(path), mend="check the path after llama-cpp:")
    try:
        return _open_vocabulary(path) if vocabulary_only else _open(path, n_ctx=n_ctx, n_threads=n_threads)
    except (ValueError, RuntimeError, OSError) as error:
        raise EnvironmentProblem(
            f"llama.cpp cannot load the model: {error}",
            where=str(path),
            mend="check that the file is a whole GGUF and that memory suffices",
        ) from error


def _open(path: Path, *, n_ctx: int | None, n_threads: int) -> Llama:
    from llama_cpp import Llama, llama_model_n_ctx_train

    def opened(size: int) -> Llama:
        return Llama(str(path), n_ctx=size, n_threads=n_threads, n_threads_batch=n_threads, verbose=False)

    llama = opened(n_ctx or DEFAULT_CONTEXT_TOKENS)
    trained = int(llama_model_n_ctx_train(llama.model))
    if n_ctx is None and trained < DEFAULT_CONTEXT_TOKENS:
        llama.close()
        llama = opened(trained)
    return llama


def _open_vocabulary(path: Path) -> Llama:
    from llama_cpp import Llama

    return Llama(str(path), vocab_only=True, verbose=False)


def _planned_context(llama: Llama, n_ctx: int | None) -> int:
    """The window the model would be opened with; llama.cpp reads it from the weights' part of the file only."""
    architecture = llama.metadata.get("general.architecture", "")
    trained = int(llama.metadata.get(f"{architecture}.context_length", DEFAULT_CONTEXT_TOKENS))
    return n_ctx or min(DEFAULT_CONTEXT_TOKENS, trained)


@cache
def _silence_llama_cpp() -> Any:
    """Sends llama.cpp's own messages, which it writes to stderr, to Python's logging; returns what must stay alive."""
    import ctypes

    import llama_cpp

    log = logging.getLogger("personas.llama_cpp")

    def forward(level: int, text: bytes, _user_data: Any) -> None:
        log.debug("%s", text.decode("utf-8", "replace").rstrip())

    callback = llama_cpp.llama_log_callback(forward)
    llama_cpp.llama_log_set(callback, ctypes.c_void_p(0))
    return callback


def _turns(messages: Sequence[BaseMessage]) -> list[Turn]:
    return [(_ROLES.get(message.type, message.type), str(message.text)) for message in messages]


def _parse(schema: type[BaseModel], message: BaseMessage) -> BaseModel:
    try:
        return schema.model_validate_json(str(message.text))
    except ValueError as error:
        raise MalformedAnswer("the model's answer does not fit its schema", where=schema.__name__) from error


def _chat_result(text: str, prompt_tokens: int, completion_tokens: int, *, ended: bool, model: str) -> ChatResult:
    usage = UsageMetadata(
        input_tokens=prompt_tokens, output_tokens=completion_tokens, total_tokens=prompt_tokens + completion_tokens
    )
    finish = "stop" if ended else "length"
    message = AIMessage(
        content=text, usage_metadata=usage, response_metadata={"finish_reason": finish, "model_name": model}
    )
    return ChatResult(generations=[ChatGeneration(message=message, generation_info={"finish_reason": finish})])

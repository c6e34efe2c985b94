"""Models that answer from recordings, or record what another one answers: they stand where a chat model would."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pydantic import BaseModel

from eval.recordings import RecordedModel, Recordings
from eval.schemas import json_form
from personas.models.completion import (
    ALL_LANGUAGES,
    Cancelled,
    Completer,
    Completion,
    NeedsPreparing,
    Profile,
    Request,
    Sampling,
)
from personas.models.prices import FREE, Price
from prompts.loader import Message, Role
from retrieval.documents import Language

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

_ROLES: dict[str, Role] = {"system": "system", "human": "user", "ai": "assistant"}
CHARACTERS_PER_TOKEN = 4


class ReplayCompleter:
    """Answers what was recorded; needs neither the model nor a key, and costs nothing.

    Args:
        recordings: of one model; it takes that model's identity.
    """

    structured_method = "recorded"
    hosted = False
    price = FREE

    def __init__(self, recordings: Recordings) -> None:
        self._recordings = recordings
        self._cancelled = threading.Event()
        self.languages: frozenset[Language] = ALL_LANGUAGES

    @property
    def identity(self) -> str:
        """That of the model recorded."""
        return self._recordings.model.identity

    @property
    def profile(self) -> Profile:
        """That of the model recorded."""
        return self._recordings.model.profile

    @property
    def context_tokens(self) -> int:
        """Those of the model recorded."""
        return self._recordings.model.context_tokens

    def prompt_tokens(self, messages: Sequence[BaseMessage], schema: type[BaseModel]) -> int:
        """An estimate: the vocabulary is not recorded."""
        return sum(len(str(message.text)) for message in messages) // CHARACTERS_PER_TOKEN

    def prompt_tokens_at_most(self, messages: Sequence[BaseMessage], schema: type[BaseModel]) -> int:
        """The same estimate: nothing is spent."""
        return self.prompt_tokens(messages, schema)

    def complete(
        self, messages: Sequence[BaseMessage], schema: type[BaseModel], sampling: Sampling, *, limit_s: float
    ) -> Completion:
        """The recorded answer.

        Raises:
            RecordingMissing: when there is none; it is no model error, so that nothing else is tried in its place.
        """
        if self._cancelled.is_set():
            raise Cancelled("the call was cancelled")
        asked = plain_messages(messages)
        completion = self._recordings.get(asked, json_form(schema), sampling)
        if completion is None:
            raise self._recordings.missing(asked, sampling)
        return completion

    def cancel(self) -> None:
        """No further call is answered."""
        self._cancelled.set()

    def close(self) -> None:
        """Nothing to give back."""


class RecordingCompleter:
    """Passes each call on to a model and keeps what it answers, cut and declined answers too.

    Args:
        inner: the model; closed with this.
        recordings: where the answers are kept; the caller saves them.
    """

    def __init__(self, inner: Completer, recordings: Recordings) -> None:
        self._inner = inner
        self._recordings = recordings
        self._lock = threading.Lock()

    def complete(
        self, messages: Sequence[BaseMessage], schema: type[BaseModel], sampling: Sampling, *, limit_s: float
    ) -> Completion:
        """The model's answer."""
        asked, form = plain_messages(messages), json_form(schema)
        with self._lock:
            completion = self._recordings.get(asked, form, sampling)
        if completion is None:
            completion = self._inner.complete(messages, schema, sampling, limit_s=limit_s)
        with self._lock:
            self._recordings.put(asked, form, sampling, completion)
        return completion

    @property
    def identity(self) -> str:
        """The model's."""
        return self._inner.identity

    @property
    def hosted(self) -> bool:
        """The model's."""
        return self._inner.hosted

    @property
    def profile(self) -> Profile:
        """The model's."""
        return self._inner.profile

    @property
    def context_tokens(self) -> int:
        """The model's."""
        return self._inner.context_tokens

    @property
    def structured_method(self) -> str | None:
        """The model's."""
        return self._inner.structured_method

    @property
    def languages(self) -> frozenset[Language]:
        """The model's."""
        return self._inner.languages

    @property
    def price(self) -> Price | None:
        """The model's."""
        return self._inner.price

    def prompt_tokens(self, messages: Sequence[BaseMessage], schema: type[BaseModel]) -> int:
        """As the model counts them."""
        return self._inner.prompt_tokens(messages, schema)

    def prompt_tokens_at_most(self, messages: Sequence[BaseMessage], schema: type[BaseModel]) -> int:
        """As the model bounds them."""
        return self._inner.prompt_tokens_at_most(messages, schema)

    def prepare(self, send: Callable[[Request], Completion], *, limit_s: float) -> None:
        """Prepares the model where it needs that; what it answers meanwhile is no answer to a case, and not kept."""
        if isinstance(self._inner, NeedsPreparing):
            self._inner.prepare(send, limit_s=limit_s)

    def cancel(self) -> None:
        """Cancels the model's calls."""
        self._inner.cancel()

    def close(self) -> None:
        """Closes the model."""
        self._inner.close()


def recorded_model(spec: str, completer: Completer) -> RecordedModel:
    """What recordings keep of a model; loads it."""
    return RecordedModel(
        spec=spec,
        identity=completer.identity,
        profile=completer.profile,
        context_tokens=completer.context_tokens,
        hosted=completer.hosted,
    )


def plain_messages(messages: Sequence[BaseMessage]) -> list[Message]:
    """LangChain's messages as role and text."""
    return [Message(role=_ROLES[message.type], text=str(message.text)) for message in messages]

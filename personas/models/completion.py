"""What an engine hands to a model and gets back: the seam between `Engine` and the models behind it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

from pydantic import BaseModel

from persona_kit.cancellation import Cancelled as Cancelled
from persona_kit.records import Record
from retrieval.documents import Language

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

    from personas.models.prices import Price

Profile = Literal["small", "large"]
"""Which variant of the prompts suits a model."""

ALL_LANGUAGES: frozenset[Language] = frozenset({"en", "zh", "other", "unknown"})

SMALL_BELOW_PARAMETERS = 3_000_000_000
"""Local models with fewer weights get the small prompts: they lose the thread of long schemas."""


class Sampling(Record):
    """How an answer is drawn."""

    seed: int
    max_tokens: int
    temperature: float = 0.0


class Completion(Record):
    """A model's answer before it is validated."""

    text: str
    """JSON where all went well."""
    finish: Literal["stop", "length", "refused"] = "stop"
    """`length`: cut at its token limit; `refused`: the model or its provider declined."""
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float | None = None


class Completer(Protocol):
    """A model that can be asked for JSON of a given schema."""

    @property
    def identity(self) -> str:
        """Everything about the model that shapes its answers; holds no secret."""

    @property
    def hosted(self) -> bool:
        """Whether prompts leave this machine."""

    @property
    def profile(self) -> Profile:
        """Which variant of the prompts suits the model."""

    @property
    def context_tokens(self) -> int:
        """Tokens of prompt and answer together."""

    @property
    def structured_method(self) -> str | None:
        """How the model is held to a schema; None where that is found out at the first call."""

    @property
    def languages(self) -> frozenset[Language]:
        """Languages the model is good enough in."""

    @property
    def price(self) -> Price | None:
        """What it costs; None where that is not known."""

    def prompt_tokens(self, messages: Sequence[BaseMessage], schema: type[BaseModel]) -> int:
        """The prompt's tokens, as well as they can be told."""

    def prompt_tokens_at_most(self, messages: Sequence[BaseMessage], schema: type[BaseModel]) -> int:
        """Tokens the prompt never passes."""

    def complete(
        self, messages: Sequence[BaseMessage], schema: type[BaseModel], sampling: Sampling, *, limit_s: float
    ) -> Completion:
        """The model's answer, or an error after `limit_s` seconds.

        Raises:
            ModelError: or one of its kinds, when the call fails; `retryable` where the same again may help.
        """

    def cancel(self) -> None:
        """Ends the call under way and those waiting, from any thread or signal handler; for good."""

    def close(self) -> None:
        """Gives the model's memory or connections back."""


@dataclass(frozen=True)
class Request:
    """One request to a model, and how many tokens it may take."""

    send: Callable[[], Completion]
    prompt_tokens: int
    prompt_tokens_at_most: int
    max_tokens: int


@runtime_checkable
class NeedsPreparing(Protocol):
    """A completer that has to find something out before its first answer."""

    def prepare(self, send: Callable[[Request], Completion], *, limit_s: float) -> None:
        """Finds it out, once; nothing where it is known.

        Args:
            send: makes one request, when its turn has come, and counts it.
            limit_s: seconds to wait for another thread that is finding it out.

        Raises:
            ModelError: when it cannot be found out now.
            Cancelled: when the completer is cancelled meanwhile.
        """

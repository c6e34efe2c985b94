"""What an engine hands to a model and gets back: the seam between `Engine` and the models behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, Protocol

from pydantic import BaseModel

from persona_kit.records import Record
from retrieval.documents import Language

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

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


class Cancelled(KeyboardInterrupt):
    """The call was cancelled; a KeyboardInterrupt, so that no handler for failures takes it for a failed call."""


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

    def complete(self, messages: Sequence[BaseMessage], schema: type[BaseModel], sampling: Sampling) -> Completion:
        """The model's answer.

        Raises:
            ModelError: or one of its kinds, when the call fails.
        """

    def cancel(self) -> None:
        """Ends the call under way and those waiting, from any thread or signal handler; for good."""

    def close(self) -> None:
        """Gives the model's memory or connections back."""

"""A GGUF in this process, as an engine's model."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel

from persona_kit.errors import EnvironmentProblem
from persona_kit.hashing import sha256_file, sha256_json
from persona_kit.response_store import ResponseStore
from personas.models.completion import ALL_LANGUAGES, SMALL_BELOW_PARAMETERS, Completion, Profile, Sampling
from personas.models.grammar import answer_schema
from personas.models.prices import FREE
from retrieval.documents import Language

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

    from personas.models.llama_cpp_chat import LlamaCppChat


class LocalCompleter:
    """A llama.cpp chat model behind an engine.

    Args:
        chat: the model.
        languages: what it is good enough in.
        profile: which prompts suit it; None: by its number of weights.
        facts: where the file's hash is remembered, so that a large file is not read at every start.
    """

    hosted = False
    structured_method = "grammar"
    price = FREE

    def __init__(
        self,
        chat: LlamaCppChat,
        *,
        languages: frozenset[Language] = ALL_LANGUAGES,
        profile: Profile | None = None,
        facts: ResponseStore | None = None,
    ) -> None:
        self.chat = chat
        self.languages = languages
        self._profile = profile
        self._facts = facts

    @cached_property
    def identity(self) -> str:
        """File name, hash, runtime version and settings."""
        from importlib.metadata import version

        mode = "reproducible" if self.chat.reproducible else "prefix reuse"
        digest = _file_hash(self.chat.path, self._facts)
        return f"{self.chat.path.name} sha256:{digest} llama-cpp-python {version('llama-cpp-python')} {mode}"

    @property
    def profile(self) -> Profile:
        """What the user said, or `small` below `SMALL_BELOW_PARAMETERS` weights; that loads the model."""
        if self._profile is not None:
            return self._profile
        return "small" if self.chat.parameters < SMALL_BELOW_PARAMETERS else "large"

    @property
    def context_tokens(self) -> int:
        """Size of the context window; loads the model."""
        return self.chat.context_tokens

    def prompt_tokens(self, messages: Sequence[BaseMessage], schema: type[BaseModel]) -> int:
        """Tokens of the prompt, by the model's own vocabulary and chat template; the grammar takes none. Loads it."""
        return self.chat.count_tokens(messages)

    def prompt_tokens_at_most(self, messages: Sequence[BaseMessage], schema: type[BaseModel]) -> int:
        """The same: the count is exact."""
        return self.chat.count_tokens(messages)

    def complete(
        self, messages: Sequence[BaseMessage], schema: type[BaseModel], sampling: Sampling, *, limit_s: float
    ) -> Completion:
        """The answer, held to the schema by a grammar; the time spent waiting for other calls counts too."""
        with self.chat.time_limit(limit_s) as cancel:
            message = self.chat.invoke(
                list(messages),
                response_schema=answer_schema(schema),
                seed=sampling.seed,
                max_tokens=sampling.max_tokens,
                temperature=sampling.temperature,
                cancel=cancel,
            )
        usage = message.usage_metadata
        assert usage is not None
        return Completion(
            text=str(message.text),
            finish="length" if message.response_metadata["finish_reason"] == "length" else "stop",
            prompt_tokens=usage["input_tokens"],
            completion_tokens=usage["output_tokens"],
            cost_usd=0.0,
        )

    def cancel(self) -> None:
        """Ends the generation under way and those waiting."""
        self.chat.cancel()

    def close(self) -> None:
        """Gives the model's memory back."""
        self.chat.close()


def _file_hash(path: Path, facts: ResponseStore | None) -> str:
    try:
        status = path.stat()
        key = sha256_json({"sha256 of": str(path.resolve()), "size": status.st_size, "changed": status.st_mtime_ns})
        known = None if facts is None else facts.get(key)
        if known is not None:
            return known
        digest = sha256_file(path)
    except OSError as error:
        raise EnvironmentProblem(
            f"the model file cannot be read: {error.strerror or error}",
            where=str(path),
            mend="check the path after llama-cpp:",
        ) from error
    if facts is not None:
        facts.put(key, digest, kind="fact")
    return digest

"""Embeddings from OpenAI, or from any server that speaks its protocol."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from persona_kit.addresses import is_loopback
from persona_kit.errors import EnvironmentProblem, ModelError
from persona_kit.hashing import sha256_json
from retrieval.embedders.rows import unit_rows
from retrieval.encodable import encodable

if TYPE_CHECKING:
    from openai import OpenAI

OPENAI_BASE_URL: Final = "https://api.openai.com/v1"

_BATCH: Final = 128
"""Texts per request: passages are short, so this stays far below the limit of 300,000 tokens a request.

Source: https://platform.openai.com/docs/api-reference/embeddings/create (2026-11).
"""


class OpenAIEmbedder:
    """Asks a server for each batch of texts; the texts leave this machine unless the server is on it.

    Args:
        model: the server's name for the model.
        base_url: where the server listens; OpenAI's own where None. An environment variable never changes it.
        api_key: the key; None: the environment's OPENAI_API_KEY, which a server of one's own may do without.
        timeout_s: longest wait for one request.
        max_retries: how often the client tries again after a failure that may pass.

    Raises:
        EnvironmentProblem: when OpenAI's own server is meant and there is no key.
    """

    def __init__(
        self,
        model: str,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        timeout_s: float = 60.0,
        max_retries: int = 3,
    ) -> None:
        self.name = f"openai:{model}"
        self._model = model
        self._base_url = (base_url or OPENAI_BASE_URL).rstrip("/")
        self._client = _client(self._base_url, api_key, timeout_s, max_retries)

    @cached_property
    def fingerprint(self) -> str:
        """Of the server's address and the model's name: what is behind them cannot be seen from here."""
        return f"openai-{sha256_json([self._base_url, self._model])[:32]}"

    @cached_property
    def dimension(self) -> int:
        """Numbers per vector; asks the server once, with a word of ours, where no text was embedded before."""
        return len(self._ask(["dimension"])[0])

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of the texts, (n, dimension) float32 of unit length; zeros for a text of spaces only.

        Raises:
            ModelError: when the server refuses, cannot be reached, or answers with something else than vectors.
        """
        # The protocol refuses empty inputs.
        filled = [row for row, text in enumerate(texts) if text.strip()]
        answers: list[list[float]] = []
        for start in range(0, len(filled), _BATCH):
            answers.extend(self._ask([encodable(texts[row]) for row in filled[start : start + _BATCH]]))
        rows = np.zeros((len(texts), len(answers[0]) if answers else self.dimension), dtype=np.float32)
        if answers:
            rows[filled] = unit_rows(self._matrix(answers))
        return rows

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()

    def _matrix(self, answers: list[list[float]]) -> NDArray[Any]:
        try:
            return np.array(answers, dtype=np.float64)
        except ValueError as error:
            raise self._malformed("the vectors are of different lengths") from error

    def _ask(self, texts: list[str]) -> list[list[float]]:
        import openai

        try:
            # Not every server knows base64, the SDK's default.
            answer = self._client.embeddings.create(model=self._model, input=texts, encoding_format="float")
        except openai.OpenAIError as error:
            raise self._failure(error) from error
        data = sorted(answer.data or [], key=lambda item: item.index)
        if [item.index for item in data] != list(range(len(texts))) or not all(item.embedding for item in data):
            raise self._malformed(f"it holds {len(data)} vectors for {len(texts)} texts")
        return [item.embedding for item in data]

    def _malformed(self, detail: str) -> ModelError:
        return ModelError(
            f"the answer of the embedding server cannot be used: {detail}",
            where=f"{self.name} at {self._base_url}",
            mend="check that the server serves this model under /embeddings",
        )

    def _failure(self, error: Exception) -> ModelError:
        import openai

        passing = (openai.APIConnectionError, openai.RateLimitError, openai.InternalServerError)
        mend = "check that the server runs and that --base-url is right"
        if isinstance(error, (openai.AuthenticationError, openai.PermissionDeniedError)):
            mend = "set OPENAI_API_KEY to a key that may use this model"
        elif isinstance(error, openai.NotFoundError):
            mend = "check the name of the model and --base-url"
        elif isinstance(error, openai.RateLimitError):
            mend = "wait and run again: what was embedded is kept"
        return ModelError(
            f"the embedding server failed: {error}",
            where=f"{self.name} at {self._base_url}",
            mend=mend,
            retryable=isinstance(error, passing),
        )


def _client(base_url: str, api_key: str | None, timeout_s: float, max_retries: int) -> OpenAI:
    import openai

    def client(key: str | None) -> OpenAI:
        # What goes to this machine stays on it: a proxy named in the environment would see the customers' words.
        direct = openai.DefaultHttpxClient(trust_env=False) if is_loopback(base_url) else None
        return openai.OpenAI(
            api_key=key, base_url=base_url, timeout=timeout_s, max_retries=max_retries, http_client=direct
        )

    try:
        return client(api_key)
    except openai.OpenAIError as error:
        if base_url != OPENAI_BASE_URL:
            # The SDK insists on a key even where the server wants none.
            return client("none")
        raise EnvironmentProblem(
            "there is no key for OpenAI",
            where="OPENAI_API_KEY",
            mend="set OPENAI_API_KEY, name a server of your own with --base-url, or choose --embedder auto",
        ) from error

"""What providers raise, told in this project's errors; no message ever holds a key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from persona_kit.errors import ModelError, PromptTooLong
from personas.models.completion import Completion

_MENDS = {
    401: "check the API key in the environment",
    403: "check what the API key is allowed to do",
    404: "check the model's name and --base-url",
    429: "wait, or lower --max-concurrency",
}
_RETRYABLE_STATUSES = frozenset({408, 409, 425, 429})
_LONGEST_MESSAGE = 300


class ProviderError(ModelError):
    """A provider, or the connection to it, failed.

    Args:
        status: the HTTP status; None where there was no answer.
        retry_after_s: how long the provider asks to wait; None where it does not say.
    """

    def __init__(
        self,
        what: str,
        *,
        where: str,
        mend: str,
        retryable: bool,
        status: int | None,
        retry_after_s: float | None = None,
    ) -> None:
        self.status = status
        self.retry_after_s = retry_after_s
        super().__init__(what, where=where, mend=mend, retryable=retryable)


def provider_error(error: Exception, *, where: str, secrets: Sequence[str] = ()) -> ModelError:
    """The error to raise in place of what the provider's library raised.

    Args:
        error: as raised by LangChain, by the provider's own library or by the connection under it.
        where: how messages name the engine.
        secrets: texts that must not stand in a message.
    """
    from langchain_core.exceptions import ContextOverflowError
    from langchain_core.exceptions import ModelError as LangChainModelError

    message = _without(" ".join(str(error).split()), secrets)[:_LONGEST_MESSAGE]
    given = getattr(error, "status_code", None)
    status = given if isinstance(given, int) else None
    overflow = isinstance(error, ContextOverflowError) or getattr(error, "code", None) == "context_length_exceeded"
    if overflow or "maximum context length" in message:
        return PromptTooLong(
            f"the prompt does not fit the model's context window: {message}",
            where=where,
            mend="give less evidence at a time, or use a model with a larger window",
        )
    if status is not None:
        retryable = status in _RETRYABLE_STATUSES or status >= 500
    else:  # from the connection, or from an answer that was cut in the middle
        retryable = error.is_retryable if isinstance(error, LangChainModelError) else True
    return ProviderError(
        f"the model's provider failed ({type(error).__name__}): {message}",
        where=where,
        mend=_MENDS.get(status or 0, "try again later" if retryable else "check the model's name and options"),
        retryable=retryable,
        status=status,
        retry_after_s=_retry_after_s(error),
    )


def _retry_after_s(error: Exception) -> float | None:
    """What the answer's headers ask for: milliseconds, seconds or a date; never negative."""
    headers: Mapping[str, str] = getattr(getattr(error, "response", None), "headers", None) or {}
    milliseconds, given = headers.get("retry-after-ms"), headers.get("retry-after")
    try:
        if milliseconds is not None:
            return max(0.0, float(milliseconds) / 1000)
        return None if given is None else max(0.0, float(given))
    except ValueError:
        pass
    try:
        wanted = parsedate_to_datetime(given or "")
    except ValueError:
        return None
    if wanted.tzinfo is None:
        wanted = wanted.replace(tzinfo=UTC)
    return max(0.0, (wanted - datetime.now(UTC)).total_seconds())


def unfinished_completion(error: Exception) -> Completion | None:
    """The completion that OpenAI's library threw away because it was cut or declined; None for any other error."""
    from openai import ContentFilterFinishReasonError, LengthFinishReasonError

    if not isinstance(error, LengthFinishReasonError | ContentFilterFinishReasonError):
        return None
    usage = None if error.completion is None else error.completion.usage
    return Completion(
        text="",
        finish="length" if isinstance(error, LengthFinishReasonError) else "refused",
        prompt_tokens=usage.prompt_tokens if usage else 0,
        completion_tokens=usage.completion_tokens if usage else 0,
    )


def _without(text: str, secrets: Sequence[str]) -> str:
    for secret in secrets:
        if secret:
            text = text.replace(secret, "***")
    return text

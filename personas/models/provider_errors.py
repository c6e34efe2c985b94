"""What providers raise, told in this project's errors; no message ever holds a key."""

from __future__ import annotations

import contextlib
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
_UNPAID = "insufficient_quota"
"""OpenAI's code, with status 429, for an account without credit: waiting does not help."""

_LONGEST_MESSAGE = 300


class ProviderError(ModelError):
    """A provider, or the connection to it, failed.

    Args:
        status: the HTTP status; None where there was no answer.
        retry_after_s: how long the provider asks to wait; None where it does not say.
        reached: whether the request may have reached the provider.
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
        reached: bool = True,
    ) -> None:
        self.status = status
        self.retry_after_s = retry_after_s
        self.reached = reached
        super().__init__(what, where=where, mend=mend, retryable=retryable)

    @property
    def turned_away(self) -> bool:
        """Whether no model saw the request, so that nothing was spent on it."""
        if self.status is None:
            return not self.reached
        # 408: the provider gave up while the request was with it.
        return self.status == 503 or (400 <= self.status < 500 and self.status != 408)


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
        retryable = _may_pass(error, status)
    else:  # from the connection, or from an answer that was cut in the middle
        retryable = error.is_retryable if isinstance(error, LangChainModelError) else True
    return ProviderError(
        f"the model's provider failed ({type(error).__name__}): {message}",
        where=where,
        mend=_mend(error, status, retryable=retryable),
        retryable=retryable,
        status=status,
        retry_after_s=_retry_after_s(_headers(error)),
        reached=not _never_connected(error),
    )


def _headers(error: Exception) -> Mapping[str, str]:
    return getattr(getattr(error, "response", None), "headers", None) or {}


def _may_pass(error: Exception, status: int) -> bool:
    """Whether the same request may succeed later; the provider's own word comes first."""
    said = _headers(error).get("x-should-retry")
    if said in ("true", "false"):
        return said == "true"
    return getattr(error, "code", None) != _UNPAID and (status in _RETRYABLE_STATUSES or status >= 500)


def _mend(error: Exception, status: int | None, *, retryable: bool) -> str:
    if getattr(error, "code", None) == _UNPAID:
        return "the account with the provider has no credit left: top it up"
    if _never_connected(error):
        return "check that the server runs and can be reached, and the address after --base-url where you gave one"
    return _MENDS.get(status or 0, "try again later" if retryable else "check the model's name and options")


def _never_connected(error: BaseException) -> bool:
    """Whether no connection came about; every provider's library is built on httpx, whose names these are."""
    seen: BaseException | None = error
    while seen is not None:
        if type(seen).__name__ in ("ConnectError", "ConnectTimeout"):
            return True
        seen = seen.__cause__
    return False


def _retry_after_s(headers: Mapping[str, str]) -> float | None:
    """What the answer's headers ask for: milliseconds, seconds or a date; never negative."""
    for name, divisor in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        with contextlib.suppress(KeyError, ValueError):
            return max(0.0, float(headers[name]) / divisor)
    try:
        wanted = parsedate_to_datetime(headers.get("retry-after", ""))
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

"""Which failed calls are made again, after how long, and how a call is given up while it is still under way."""

from __future__ import annotations

import contextvars
import queue
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from persona_kit.cancellation import Cancelled
from persona_kit.errors import ModelError, TruncatedAnswer

ResultT = TypeVar("ResultT")

POLL_S = 0.05
"""Between two looks at the cancel event."""


@dataclass(frozen=True)
class RetryPolicy:
    """When a call is made again.

    Source:
        Full jitter: Brooker, Exponential backoff and jitter, AWS Architecture Blog (2015).
    """

    attempts: int = 4
    """Calls in all."""
    base_s: float = 0.5
    cap_s: float = 20.0
    longest_retry_after_s: float = 60.0
    """A provider that asks for more is given up: the persona is written without it."""
    # A generator of its own: backoff must not draw from one that results depend on.
    chance: random.Random = field(default_factory=random.Random, compare=False)

    def pause_s(self, error: ModelError, failures: int) -> float | None:
        """Seconds to wait before the next attempt; None where there is none.

        Args:
            error: why the last attempt failed; `retry_after_s` is honoured where it has one.
            failures: attempts that failed so far, this one included.
        """
        if failures >= self.attempts or not error.retryable:
            return None
        if isinstance(error, TruncatedAnswer):
            return 0.0  # nobody is overloaded: it is asked for once more, with more room
        asked: float | None = getattr(error, "retry_after_s", None)
        if asked is not None:
            # A little more than asked for, and not everybody at once.
            return asked + self.chance.uniform(0, self.base_s) if asked <= self.longest_retry_after_s else None
        return self.chance.uniform(0, min(self.cap_s, self.base_s * 2 ** (failures - 1)))


ONCE = RetryPolicy(attempts=1)
"""For models in this process, which would fail the same way again."""


class CallTimedOut(ModelError):
    """A call took longer than it may."""


def timed_out(limit_s: float, *, where: str) -> CallTimedOut:
    """The error of a call that took longer than its limit."""
    return CallTimedOut(
        f"the model gave no answer within {limit_s:g} s",
        where=where,
        mend="allow more with --call-timeout, or ask a faster model",
        retryable=True,
    )


def run_abandonable(
    function: Callable[[], ResultT], *, limit_s: float, cancelled: threading.Event, where: str
) -> ResultT:
    """The function's result, from a daemon thread that is left behind when it takes too long or the run is cancelled.

    A request that waits for a server cannot be interrupted; what it answers after that is thrown away.

    Raises:
        CallTimedOut: after `limit_s` seconds.
        Cancelled: when `cancelled` is set.
    """
    outcome: queue.SimpleQueue[tuple[ResultT | None, BaseException | None]] = queue.SimpleQueue()

    def work() -> None:
        try:
            outcome.put((function(), None))
        except BaseException as error:  # noqa: BLE001 - handed to the caller, who raises it
            outcome.put((None, error))

    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(work,), daemon=True, name="model call").start()
    ends_at = time.monotonic() + limit_s
    while True:
        try:
            result, error = outcome.get(timeout=POLL_S)
        except queue.Empty:
            if cancelled.is_set():
                raise Cancelled("the call was cancelled") from None
            if time.monotonic() >= ends_at:
                raise timed_out(limit_s, where=where) from None
            continue
        if error is not None:
            raise error
        return result  # type: ignore[return-value]  # None only where the function itself gives None


def sleep_unless_cancelled(seconds: float, cancelled: threading.Event) -> None:
    """Waits.

    Raises:
        Cancelled: as soon as `cancelled` is set.
    """
    if cancelled.wait(seconds):
        raise Cancelled("the call was cancelled")

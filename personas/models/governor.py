"""What model calls may do together: how many at a time, how many a minute, and how much they may spend in all."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pydantic import Field

from persona_kit.cancellation import Cancelled
from persona_kit.errors import BudgetExhausted, ModelError
from persona_kit.records import Record

MINUTE_S = 60.0
POLL_S = 0.1
"""Between two looks at the cancel event of a call that waits for its turn."""


class Limits(Record):
    """What model calls may do; None is no limit."""

    max_concurrency: int = Field(default=8, ge=1)
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    budget_tokens: int | None = None
    """Prompts and answers together."""
    budget_usd: float | None = None
    deadline_s: float | None = None
    """Seconds from the governor's making after which no call is begun."""
    call_timeout_s: float = Field(default=120.0, gt=0)


class CallsSpent(ModelError):
    """A persona has made all the calls it may; what is missing is written without a model."""


class Allowance:
    """Calls that one persona may make, retries included.

    Args:
        calls: how many.
    """

    def __init__(self, calls: int) -> None:
        self.calls = calls
        self.used = 0
        self._lock = threading.Lock()

    def take(self) -> None:
        """One call less.

        Raises:
            CallsSpent: when none is left.
        """
        with self._lock:
            if self.used >= self.calls:
                raise CallsSpent(f"the {self.calls} model calls of one persona are spent")
            self.used += 1


@dataclass(eq=False)  # two calls under way may hold the same numbers
class Spending:
    """A call under way: what is reserved for it until it is known what it used."""

    tokens: int
    usd: float
    settled: bool = False

    def settle(self, *, tokens: int, usd: float | None) -> None:
        """What the call used, prompts and answers together; nothing where the provider turned it away."""
        self.tokens, self.usd, self.settled = tokens, usd or 0.0, True


class Governor:
    """Lets calls begin one by one; of one run, or shared by all runs of a batch. Safe from several threads.

    Args:
        limits: what the calls may do together.
        clock: seconds that only go forward.
    """

    def __init__(self, limits: Limits | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.limits = limits or Limits()
        self._clock = clock
        self._began = clock()
        self._turn = threading.Condition()
        self._under_way: list[Spending] = []
        self._recent: deque[tuple[float, int]] = deque()
        self.spent_tokens = 0
        self.spent_usd = 0.0

    @property
    def remaining_s(self) -> float | None:
        """Seconds until the deadline; None where there is none."""
        if self.limits.deadline_s is None:
            return None
        return max(0.0, self.limits.deadline_s - (self._clock() - self._began))

    @contextmanager
    def call(
        self, *, tokens_expected: int, tokens_at_most: int, usd_at_most: float | None, cancelled: threading.Event
    ) -> Iterator[Spending]:
        """One call, begun when its turn has come; inside, settle the `Spending` with what was used.

        A call that fails without being settled may have been answered all the same: all that was reserved for it counts
        as spent.

        Args:
            tokens_expected: for the rate a minute.
            tokens_at_most: prompt and answer together; never passed.
            usd_at_most: cost of these; None where no price is known.
            cancelled: ends the waiting.

        Raises:
            BudgetExhausted: before the call, where it could pass the budget, or the deadline is over.
            Cancelled: when `cancelled` is set while it waits.
        """
        spending = Spending(tokens_at_most, usd_at_most or 0.0)
        self._wait_for_turn(spending, tokens_expected, cancelled)
        try:
            yield spending
        finally:
            with self._turn:
                self._under_way.remove(spending)
                self.spent_tokens += spending.tokens
                self.spent_usd += spending.usd
                self._turn.notify_all()

    def _wait_for_turn(self, spending: Spending, tokens_expected: int, cancelled: threading.Event) -> None:
        with self._turn:
            while True:
                if cancelled.is_set():
                    raise Cancelled("the call was cancelled")
                if self.remaining_s == 0.0:
                    over = f"the {self.limits.deadline_s:g} seconds for model calls are over"
                    raise BudgetExhausted(over, mend=_MEND)
                fault = self._exhausted(spending)
                # Calls under way may use less than is reserved for them: only without any is there nothing to wait for.
                if fault and not self._under_way:
                    raise BudgetExhausted(fault, mend=_MEND)
                if not fault and self._has_turn(tokens_expected):
                    self._under_way.append(spending)
                    self._recent.append((self._clock(), tokens_expected))
                    return
                self._turn.wait(POLL_S)

    def _exhausted(self, spending: Spending) -> str:
        """Why what is left of a budget may not suffice for the call; empty where it does."""
        limits = self.limits
        tokens = self.spent_tokens + sum(other.tokens for other in self._under_way)
        if limits.budget_tokens is not None and tokens + spending.tokens > limits.budget_tokens:
            return (
                f"the budget of {limits.budget_tokens:,} tokens does not hold another call ({self.spent_tokens:,} are "
                f"spent, the next may take {spending.tokens:,})"
            )
        usd = self.spent_usd + sum(other.usd for other in self._under_way)
        if limits.budget_usd is not None and usd + spending.usd > limits.budget_usd:
            return (
                f"the budget of {limits.budget_usd:g} US dollars does not hold another call ({self.spent_usd:.4f} are "
                f"spent, the next may cost {spending.usd:.4f})"
            )
        return ""

    def _has_turn(self, tokens_expected: int) -> bool:
        now = self._clock()
        while self._recent and now - self._recent[0][0] >= MINUTE_S:
            self._recent.popleft()
        limits = self.limits
        if len(self._under_way) >= limits.max_concurrency:
            return False
        if limits.requests_per_minute is not None and len(self._recent) >= limits.requests_per_minute:
            return False
        asked = sum(tokens for _, tokens in self._recent)
        # A call that is larger than the limit alone goes when nothing else was asked for within the minute.
        within = limits.tokens_per_minute is None or asked + tokens_expected <= limits.tokens_per_minute
        return within or not self._recent


_MEND = (
    "allow more with --budget-tokens, --budget-usd or --deadline and run the same command again: what was answered is "
    "kept and not asked for again"
)

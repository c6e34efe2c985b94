"""Calls begin within their limits, and what they may spend is never passed."""

from __future__ import annotations

import random
import threading

import pytest

from persona_kit.cancellation import Cancelled
from persona_kit.concurrency import map_concurrently
from persona_kit.errors import BudgetExhausted
from personas.models.governor import Allowance, CallsSpent, Governor, Limits


class Clock:
    """Goes forward a little at every look, so that waiting ends without waiting."""

    def __init__(self, step: float = 0.0) -> None:
        self.now = 0.0
        self.step = step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def spend(
    governor: Governor, *, expected: int = 10, at_most: int = 10, used: int | None = None, usd: float = 0.0
) -> None:
    with governor.call(
        tokens_expected=expected, tokens_at_most=at_most, usd_at_most=usd, cancelled=threading.Event()
    ) as spending:
        if used is not None:
            spending.settle(tokens=used, usd=usd / 2)


def test_no_more_calls_than_allowed_are_under_way() -> None:
    governor = Governor(Limits(max_concurrency=3))
    lock, now, most = threading.Lock(), 0, 0
    together = threading.Barrier(3, timeout=20)

    def call(_: int) -> None:
        nonlocal now, most
        with governor.call(tokens_expected=1, tokens_at_most=1, usd_at_most=None, cancelled=threading.Event()):
            with lock:
                now += 1
                most = max(most, now)
            together.wait()  # breaks unless three are under way together
            with lock:
                now -= 1

    outcomes = map_concurrently(call, range(12), workers=12)
    assert outcomes == [None] * 12
    assert most == 3


def test_a_budget_of_tokens_is_never_passed_however_many_call_at_once() -> None:
    governor = Governor(Limits(max_concurrency=16, budget_tokens=1_000))
    chance = random.Random(1)
    used = [chance.randint(1, 90) for _ in range(200)]

    outcomes = map_concurrently(lambda tokens: spend(governor, at_most=90, used=tokens), used, workers=16)

    refused = [outcome for outcome in outcomes if outcome is not None]
    assert refused
    assert all(isinstance(outcome, BudgetExhausted) for outcome in refused)
    assert 1_000 - 90 < governor.spent_tokens <= 1_000


def test_what_is_not_settled_counts_as_spent_and_what_was_turned_away_does_not() -> None:
    governor = Governor(Limits(budget_tokens=100))
    spend(governor, at_most=60)
    assert governor.spent_tokens == 60
    with pytest.raises(BudgetExhausted, match=r"60 are\s+spent"):
        spend(governor, at_most=60)

    other = Governor(Limits(budget_tokens=100))
    spend(other, at_most=60, used=0)
    spend(other, at_most=100, used=100)
    assert other.spent_tokens == 100


def test_a_budget_of_dollars_ends_calls() -> None:
    governor = Governor(Limits(budget_usd=1.0))
    spend(governor, used=1, usd=0.8)
    assert governor.spent_usd == pytest.approx(0.4)
    with pytest.raises(BudgetExhausted, match="US dollars"):
        spend(governor, used=1, usd=0.8)


def test_no_call_is_begun_after_the_deadline() -> None:
    clock = Clock()
    governor = Governor(Limits(deadline_s=10), clock=clock)
    spend(governor)
    clock.now = 10.5
    assert governor.remaining_s == 0.0
    with pytest.raises(BudgetExhausted, match="10 seconds"):
        spend(governor)


@pytest.mark.parametrize(
    ("limits", "calls_a_minute"),
    [(Limits(requests_per_minute=5), 5), (Limits(tokens_per_minute=70), 7)],
)
def test_no_minute_holds_more_than_the_rate_allows(limits: Limits, calls_a_minute: int) -> None:
    clock = Clock(step=2.0)  # every look at the clock is two seconds later
    governor = Governor(limits, clock=clock)
    begun = []
    for _ in range(25):
        spend(governor, expected=10)
        begun.append(clock.now)

    within = [sum(1 for other in begun if 0 <= other - time < 60) for time in begun]
    assert max(within) <= calls_a_minute
    assert max(within) >= calls_a_minute - 1


def test_a_call_larger_than_the_rate_goes_alone() -> None:
    governor = Governor(Limits(tokens_per_minute=5), clock=Clock(step=30.0))
    spend(governor, expected=50)
    spend(governor, expected=50)


def test_a_waiting_call_ends_when_it_is_cancelled() -> None:
    governor = Governor(Limits(max_concurrency=1))
    cancelled = threading.Event()

    def wait(_: int) -> None:
        with governor.call(tokens_expected=1, tokens_at_most=1, usd_at_most=None, cancelled=cancelled):
            raise AssertionError("it must not begin")

    with governor.call(tokens_expected=1, tokens_at_most=1, usd_at_most=None, cancelled=threading.Event()):
        threading.Timer(0.2, cancelled.set).start()
        with pytest.raises(Cancelled):
            map_concurrently(wait, range(2), workers=2)


def test_an_allowance_is_used_up_by_as_many_calls_as_it_has() -> None:
    allowance = Allowance(20)
    outcomes = map_concurrently(lambda _: allowance.take(), range(50), workers=8)

    assert sum(outcome is None for outcome in outcomes) == 20
    assert sum(isinstance(outcome, CallsSpent) for outcome in outcomes) == 30
    assert allowance.used == 20

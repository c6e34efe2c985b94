"""Work on many things at once: order kept, failures apart, context carried, interrupts not swallowed."""

from __future__ import annotations

import contextvars
import threading

import pytest

from persona_kit.concurrency import map_concurrently

NAME: contextvars.ContextVar[str] = contextvars.ContextVar("name", default="nobody")


@pytest.mark.parametrize("workers", [1, 2, 8])
def test_results_come_in_the_order_of_the_items_and_failures_in_their_places(workers: int) -> None:
    def halve(number: int) -> int:
        if number % 2:
            raise ValueError(number)
        return number // 2

    results = map_concurrently(halve, list(range(20)), workers=workers)

    assert [result for result in results if not isinstance(result, Exception)] == list(range(10))
    assert [result.args[0] for result in results if isinstance(result, ValueError)] == list(range(1, 20, 2))


def test_as_many_work_at_a_time_as_there_are_workers() -> None:
    barrier = threading.Barrier(4, timeout=20)  # breaks unless four wait at it together

    results = map_concurrently(lambda _: barrier.wait(), range(4), workers=4)

    assert sorted(result for result in results if isinstance(result, int)) == [0, 1, 2, 3]


def test_the_work_sees_the_callers_context() -> None:
    token = NAME.set("caller")
    try:
        assert map_concurrently(lambda _: NAME.get(), range(3), workers=3) == ["caller"] * 3
    finally:
        NAME.reset(token)


@pytest.mark.parametrize("workers", [1, 3])
def test_an_interrupt_in_the_work_is_raised(workers: int) -> None:
    def interrupt(number: int) -> int:
        if number == 1:
            raise KeyboardInterrupt
        return number

    with pytest.raises(KeyboardInterrupt):
        map_concurrently(interrupt, range(3), workers=workers)

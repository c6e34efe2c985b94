"""The same work on many things at once, in threads that an interrupt does not wait for."""

from __future__ import annotations

import contextvars
import queue
import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")

POLL_S = 0.2
"""Between two looks of the waiting thread, so that Ctrl-C is heard on every platform."""


def map_concurrently(
    function: Callable[[ItemT], ResultT], items: Sequence[ItemT], *, workers: int
) -> list[ResultT | BaseException]:
    """The function's result for each item, or what it raised, in the order of the items.

    One worker works in the caller's own thread, where an interrupt is raised in the middle of the work. Several are
    daemon threads, each with a copy of the caller's context variables: an interrupt ends the waiting at once, and
    whoever calls must tell the work itself to stop.

    Args:
        function: must be safe to call from several threads.
        items: what to call it with.
        workers: calls at a time, at least 1.

    Raises:
        KeyboardInterrupt: when the caller is interrupted, or the function is.
    """
    if workers <= 1 or len(items) <= 1:
        return [_outcome(function, item) for item in items]
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    done: queue.SimpleQueue[tuple[int, ResultT | BaseException]] = queue.SimpleQueue()
    for place in range(len(items)):
        waiting.put(place)

    def work() -> None:
        while True:
            try:
                place = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                done.put((place, _outcome(function, items[place])))
            except BaseException as interrupt:  # noqa: BLE001 - handed to the caller, who raises it
                done.put((place, interrupt))

    for _ in range(min(workers, len(items))):
        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(work,), daemon=True).start()
    return _collect(done, len(items))


def _collect(done: queue.SimpleQueue[tuple[int, ResultT | BaseException]], count: int) -> list[ResultT | BaseException]:
    outcomes: dict[int, ResultT | BaseException] = {}
    while len(outcomes) < count:
        try:
            place, outcome = done.get(timeout=POLL_S)
        except queue.Empty:
            continue
        if isinstance(outcome, BaseException) and not isinstance(outcome, Exception):
            raise outcome
        outcomes[place] = outcome
    return [outcomes[place] for place in range(count)]


def _outcome(function: Callable[[ItemT], ResultT], item: ItemT) -> ResultT | BaseException:
    try:
        return function(item)
    except Exception as error:  # noqa: BLE001 - the caller looks at each outcome
        return error

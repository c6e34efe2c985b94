"""One thread for the libraries that group: sums in one order, so the same bits however many there are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_thread() -> Iterator[None]:
    """Within it, BLAS and OpenMP use one thread.

    `threadpool_limits` reaches only what is loaded when it is entered: the libraries are imported first, else the first
    call of a process would run on all threads.
    """
    import sklearn.mixture  # noqa: F401  # loaded for their thread pools
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield

"""Importing packages that set up logging for the whole process, which is not theirs to do."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def root_logger_untouched() -> Iterator[None]:
    """Within it, `logging.basicConfig` does nothing.

    wordllama calls it with level INFO when it is imported: every later request of any package would be told on stderr,
    with its address.
    """
    root = logging.getLogger()
    guard = logging.NullHandler()
    root.addHandler(guard)
    try:
        yield
    finally:
        root.removeHandler(guard)

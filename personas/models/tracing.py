"""No prompt goes to a tracing service, whatever the user's environment says.

LangChain posts every prompt to LangSmith when `LANGSMITH_TRACING` or `LANGCHAIN_TRACING_V2` is set, which users do for
other projects of theirs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_tracing() -> Iterator[None]:
    """Within it, LangChain and LangGraph send nothing to LangSmith; put it around every graph run and model call."""
    from langsmith import tracing_context

    with tracing_context(enabled=False):
        yield

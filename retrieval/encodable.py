"""Text that UTF-8 can hold."""

from __future__ import annotations


def encodable(text: str) -> str:
    """The text with each lone surrogate replaced by a question mark: as long as before, so offsets hold."""
    return text.encode("utf-8", "replace").decode("utf-8")

"""Word lists written as text, which stays readable at any length."""

from __future__ import annotations


def words_in(text: str) -> tuple[str, ...]:
    """The words of the text, parted by white space, in their order."""
    return tuple(text.split())

"""Customer text made safe to show: nothing in it may steer how the rest of the page is read."""

from __future__ import annotations

import re

_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufff9-\ufffb]")
"""Control characters, bidirectional overrides and isolates, and halves of surrogate pairs (which no file can hold)."""


def visible(text: object) -> str:
    """The text with every character that would steer its surroundings shown as the replacement character."""
    return _STEERING.sub("\N{REPLACEMENT CHARACTER}", str(text))

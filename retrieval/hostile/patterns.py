"""What passages say that are meant for a machine: the patterns of ``patterns.toml``, compiled."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from typing import Any, Final

_EDGE: Final = r"\b"
_PART: Final = re.compile(r"\{([A-Z]+)\}")


def _load() -> dict[str, Any]:
    return tomllib.loads((files("retrieval.hostile") / "patterns.toml").read_text(encoding="utf-8"))


_FILE: Final = _load()


def _spell_out(pattern: str) -> str:
    while _PART.search(pattern):
        pattern = _PART.sub(lambda found: _FILE["parts"][found[1]], pattern)
    return pattern


def pattern_list() -> dict[str, list[str]]:
    """The patterns by list, as they are joined into one."""
    return {name: [_spell_out(pattern) for pattern in patterns] for name, patterns in _FILE["patterns"].items()}


def _all(name: str) -> tuple[re.Pattern[str], ...]:
    """The patterns of a list as two: a text is gone through twice, and not once for each of fifty.

    Those that begin at a word's edge share the look for one. Where such a pattern has several alternatives, each of
    them begins so.
    """
    flags = re.MULTILINE | (re.IGNORECASE if name in {"markup", "active"} else re.NOFLAG)
    patterns = pattern_list()[name]
    words = [pattern.removeprefix(_EDGE) for pattern in patterns if pattern.startswith(_EDGE)]
    others = [pattern for pattern in patterns if not pattern.startswith(_EDGE)]
    joined = ([rf"\b(?:{'|'.join(words)})"] if words else []) + (["|".join(others)] if others else [])
    return tuple(re.compile(pattern, flags) for pattern in joined)


STRONG: Final = _all("strong")
TOLD: Final = _all("told")
(TELLING,) = _all("telling")
FOREIGN: Final = (*_all("chinese"), *_all("foreign"))
"""In other letters than Latin ones."""
PLAIN: Final = _all("plain")
MARKUP: Final = (*_all("markup"), *_all("active"))
"""What would be read as part of a conversation or page, in the text as it stands."""
(SQUEEZED,) = _all("squeezed")

"""What passages say that are meant for a machine: the patterns of ``patterns.toml``, compiled."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from typing import Any, Final

_PART: Final = re.compile(r"\{([A-Z]+)\}")


def _load() -> dict[str, Any]:
    return tomllib.loads((files("retrieval.hostile") / "patterns.toml").read_text(encoding="utf-8"))


_FILE: Final = _load()


def _spell_out(pattern: str) -> str:
    while _PART.search(pattern):
        pattern = _PART.sub(lambda found: _FILE["parts"][found[1]], pattern)
    return pattern


def _all(name: str) -> tuple[re.Pattern[str], ...]:
    flags = re.MULTILINE | (re.IGNORECASE if name in {"markup", "active"} else re.NOFLAG)
    return tuple(re.compile(_spell_out(pattern), flags) for pattern in _FILE["patterns"][name])


STRONG: Final = _all("strong")
TOLD: Final = _all("told")
(TELLING,) = _all("telling")
CHINESE: Final = _all("chinese")
PLAIN: Final = _all("plain")
MARKUP: Final = (*_all("markup"), *_all("active"))
"""What would be read as part of a conversation or page, in the text as it stands."""
(SQUEEZED,) = _all("squeezed")

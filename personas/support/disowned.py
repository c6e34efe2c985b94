"""Sentences that name a thing and take no side: "my neighbour keeps complaining about the noise, I can't relate"."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib.resources import files

from personas.sentiment import HAN


@lru_cache(maxsize=100_000)
def is_disowned(sentence: str) -> bool:
    """Whether the writer takes no side in the sentence: others' talk, an aside, "no comment".

    What is merely negated is not disowned: "never had trouble with it" is praise.
    """
    patterns = _patterns()["zh" if HAN.search(sentence) else "en"]
    return any(pattern.search(sentence.lower().replace("’", "'")) for pattern in patterns)


@cache
def _patterns() -> dict[str, tuple[re.Pattern[str], ...]]:
    text = (files("personas") / "lexicons" / "disowned.tsv").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
    return {key: tuple(re.compile(pattern) for which, pattern in rows if which == key) for key in ("en", "zh")}

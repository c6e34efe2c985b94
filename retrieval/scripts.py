"""Which script a text is written in, by counting its letters."""

from __future__ import annotations

import re
from typing import Final

_CJK: Final = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_LATIN: Final = re.compile(r"[A-Za-z\u00aa\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff]")
_SAMPLE: Final = 20_000
"""Characters looked at: a document does not change its script after pages, and one may be 50 MB long."""

_LETTER: Final = re.compile(r"[^\W\d_]")


def is_mostly_cjk(text: str) -> bool:
    """Whether at least three in ten of the letters are Chinese, Japanese or Korean.

    Fewer than half are enough: a Chinese sentence that names a product in Latin letters is still read as Chinese.
    """
    sample = text[:_SAMPLE]
    cjk = len(_CJK.findall(sample))
    return cjk > 0 and cjk * 10 >= 3 * len(_LETTER.findall(sample))


def latin_share(text: str) -> float | None:
    """The share of the letters that are Latin, 0..1; None where there are no letters."""
    sample = text[:_SAMPLE]
    letters = len(_LETTER.findall(sample))
    return len(_LATIN.findall(sample)) / letters if letters else None

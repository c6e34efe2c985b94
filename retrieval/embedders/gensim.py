"""Mean word vectors from a word2vec or GloVe file, read by gensim (an extra)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from persona_kit.errors import EnvironmentProblem
from persona_kit.hashing import sha256_file
from retrieval.embedders import missing_extra
from retrieval.embedders.rows import unit_rows
from retrieval.words import search_words

_WORD: Final = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


class GensimEmbedder:
    """A text is the mean of the unit vectors of the words it knows.

    Args:
        path: a word2vec file (`.bin`, or text with a header) or a GloVe file (text without one); `.gz` may follow.

    Raises:
        EnvironmentProblem: when gensim is not installed, or the file is not of these kinds.
    """

    def __init__(self, path: str) -> None:
        self.name = f"gensim:{path}"
        self._path = Path(path).expanduser()
        self._vectors = _load(self.name, self._path)

    @cached_property
    def fingerprint(self) -> str:
        """Of the file's bytes."""
        return f"gensim-2-{sha256_file(self._path)[:32]}"

    @cached_property
    def dimension(self) -> int:
        """Numbers per vector."""
        return int(self._vectors.vector_size)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of the texts, (n, dimension) float32 of unit length; zeros for a text without known words."""
        rows = np.zeros((len(texts), self.dimension), dtype=np.float64)
        for row, text in enumerate(texts):
            for word in _WORD.findall(text):
                for key in self._known(word):
                    rows[row] += self._vectors.get_vector(key, norm=True)
        return unit_rows(rows)

    def _known(self, word: str) -> list[str]:
        """The word as the file spells it, or the known words in it: Chinese has no spaces to tell them by."""
        whole = next((key for key in (word, word.lower()) if key in self._vectors), None)
        return [part for part in search_words(word) if part in self._vectors] if whole is None else [whole]


def _load(name: str, path: Path) -> Any:
    try:
        from gensim.models import KeyedVectors
    except ImportError as error:
        raise missing_extra(name, "gensim") from error
    if not path.is_file():
        raise EnvironmentProblem(
            "there is no such file of word vectors", where=name, mend="give the path of one after gensim:"
        )
    binary = path.name.removesuffix(".gz").endswith(".bin")
    try:
        headless = not binary and not _has_header(path)
        return KeyedVectors.load_word2vec_format(str(path), binary=binary, no_header=headless)
    except (ValueError, OSError, EOFError) as error:
        raise EnvironmentProblem(
            f"gensim cannot read the word vectors: {error}",
            where=name,
            mend="give a word2vec file (.bin, or text with a header line) or a GloVe text file",
        ) from error


def _has_header(path: Path) -> bool:
    """Whether the first line is word2vec's: the number of words and of dimensions."""
    import gzip

    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
        first = file.readline(200).split()
    return len(first) == 2 and all(part.isdigit() for part in first)

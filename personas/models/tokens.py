"""How many tokens a prompt has, where the model's own tokenizer cannot be asked: an estimate, and a bound.

The estimate counts words, numbers, punctuation and characters of scripts without spaces. What an engine then reports
corrects it: each engine has two ratios of measured to estimated tokens, one for Latin text and one for all other
scripts, because tokenizers differ by a few per cent in English and by a factor of two in Chinese. Before an engine has
counted anything, its name may say what to begin with.
"""

from __future__ import annotations

import json
import re
import threading
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from persona_kit.hashing import sha256_json
from persona_kit.records import Record
from persona_kit.response_store import ResponseStore

# Han, kana, Hangul and what belongs to them: written without spaces, about a token a character.
_UNSPACED = "\u2e80-\u2fff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_PIECE = re.compile(
    rf"(?P<unspaced>[{_UNSPACED}]+)|(?P<wide>[\u3000-\u303f\uff00-\uffef]+)|(?P<word>[^\W\d_{_UNSPACED}]+)"
    r"|(?P<number>[0-9]{1,3})|(?P<lines>\n+)|(?P<sign>[^\w\s]+|_+|\d+)"
)

# Fitted to the mean of five vocabularies (o200k, cl100k, Qwen, DeepSeek, Claude 2) on evidence lists and JSON made of
# Jupyter's survey, Banking77, MultiDoGO, CrossWOZ, ASAP and the Kettlebird example, then rounded. Survey and Banking77
# come out within 10 % for each of the five (MultiDoGO on Qwen: 13 %), Chinese within 22 % for o200k, Qwen and DeepSeek;
# older vocabularies need up to twice as many tokens for Chinese, which only their own counts can tell.
_WORD, _LONG_WORD, _LONG_FROM = 1.03, 0.11, 7
_NUMBER, _LINES, _SIGN, _SIGN_MORE = 1.2, 0.45, 1.0, 0.15
_UNSPACED_CHARACTER, _WIDE_CHARACTER, _FOREIGN_LETTER = 0.82, 0.6, 0.5

TOKENS_PER_MESSAGE = 4
"""Role and separators of one message in a chat format, measured on ChatML."""

MOST_PER_MESSAGE = 64
"""Bound of the same: the widest chat templates put a date or a few headers around a message."""

MOST_PER_REQUEST = 1_100
"""Bound of what a provider adds to a request with a tool (Anthropic documents up to 530 tokens), doubled."""

PRIOR_TOKENS = 300.0
"""An engine's own counts outweigh the estimate once they cover this many tokens."""

USUAL_RATIOS = (1.1, 1.05)
"""Counted to estimated tokens, of Latin text and of other scripts, of an engine that nothing is known of: in the middle
of what seventeen vocabularies need for the prompts of six corpora. English then comes out within 15 % for each of them,
Chinese for those of Llama 3, Qwen, DeepSeek, Gemma, Command R, Claude 2 and OpenAI (docs/performance.md)."""

_OLDER_VOCABULARIES = (
    (re.compile(r"llama-?2|codellama|tinyllama|vicuna|orca-?2|solar|phi-?3"), (1.18, 1.9)),  # Llama 2's
    (re.compile(r"mistral:|mistral-7b|mistral$|mixtral|zephyr|openhermes|openchat"), (1.13, 1.5)),  # Mistral 7B's
    (re.compile(r"smollm2"), (1.13, 2.1)),
    (re.compile(r"gpt-?2(?![0-9])|phi-?[12](?![0-9])"), (1.05, 2.7)),  # GPT-2's
)
"""Models by name whose small vocabularies cut Chinese much finer; fitted to the same prompts and to Chinese alone."""

REMEMBERED_TOKENS = 200_000.0
"""Older counts fade: a server may change its model under the same name."""

RATIO_BOUNDS = (0.3, 4.0)
_FACT_VERSION = 1
_WORTH_SAVING = 0.01


class TokenParts(NamedTuple):
    """An estimate in two parts."""

    latin: float
    other: float

    @property
    def total(self) -> float:
        """All tokens."""
        return self.latin + self.other


class TokenRatios(Record):
    """What an engine's counts say of the estimate: sums of a least-squares fit, each prompt weighed by its size."""

    latin_latin: float = 0.0
    latin_other: float = 0.0
    other_other: float = 0.0
    latin_measured: float = 0.0
    other_measured: float = 0.0

    @property
    def tokens(self) -> float:
        """Tokens behind it."""
        return self.latin_latin + 2 * self.latin_other + self.other_other

    def with_count(self, parts: TokenParts, measured: int) -> TokenRatios:
        """With one more prompt counted."""
        if parts.total <= 0:
            return self
        fade = min(1.0, REMEMBERED_TOKENS / (self.tokens + parts.total))
        return TokenRatios(
            latin_latin=fade * self.latin_latin + parts.latin**2 / parts.total,
            latin_other=fade * self.latin_other + parts.latin * parts.other / parts.total,
            other_other=fade * self.other_other + parts.other**2 / parts.total,
            latin_measured=fade * self.latin_measured + parts.latin * measured / parts.total,
            other_measured=fade * self.other_measured + parts.other * measured / parts.total,
        )

    def ratios(self, prior: tuple[float, float] = USUAL_RATIOS) -> tuple[float, float]:
        """Measured to estimated tokens, of Latin text and of other scripts; `prior` where nothing was counted."""
        a, b, c = self.latin_latin + PRIOR_TOKENS, self.latin_other, self.other_other + PRIOR_TOKENS
        p, q = self.latin_measured + PRIOR_TOKENS * prior[0], self.other_measured + PRIOR_TOKENS * prior[1]
        determinant = a * c - b * b  # at least PRIOR_TOKENS squared
        low, high = RATIO_BOUNDS
        latin, other = (p * c - q * b) / determinant, (q * a - p * b) / determinant
        return min(max(latin, low), high), min(max(other, low), high)


def estimate_parts(texts: Sequence[str]) -> TokenParts:
    """The estimate of the texts, before anything is known of the engine."""
    latin = other = 0.0
    for text in texts:
        for found in _PIECE.finditer(text):
            length = found.end() - found.start()
            match found.lastgroup:
                case "word" if found[0].isascii():
                    latin += _WORD + _LONG_WORD * max(0, length - _LONG_FROM)
                case "word":
                    other += max(_WORD, _FOREIGN_LETTER * length)
                case "unspaced":
                    other += _UNSPACED_CHARACTER * length
                case "wide":
                    other += _WIDE_CHARACTER * length
                case "number":
                    latin += _NUMBER
                case "lines":
                    latin += _LINES
                case _:
                    latin += _SIGN + _SIGN_MORE * (length - 1)
    return TokenParts(latin, other)


def estimate_tokens(texts: Sequence[str], ratios: tuple[float, float] = (1.0, 1.0)) -> int:
    """Tokens the texts have about; `ratios` corrects Latin text and other scripts."""
    parts = estimate_parts(texts)
    return round(parts.latin * ratios[0] + parts.other * ratios[1])


def most_tokens(texts: Sequence[str]) -> int:
    """A number of tokens the texts never pass: a token stands for at least one byte, a text may get a space before it.

    Some tokenizers normalise first (NFKC), which makes a few characters longer.
    """
    return sum(
        1 + max(len(form.encode("utf-8", "replace")) for form in (text, unicodedata.normalize("NFKC", text)))
        for text in texts
    )


def most_prompt_tokens(texts: Sequence[str], schema: Mapping[str, Any] | None) -> int:
    """Tokens that a request with these messages and this schema never passes.

    The schema is taken twice and laid out wide: a provider may show it to its model as it came, indented, and quoted.
    """
    form = "" if schema is None else json.dumps(schema, indent=4)
    return most_tokens(texts) + MOST_PER_MESSAGE * len(texts) + MOST_PER_REQUEST + 2 * most_tokens([form])


def likely_ratios(identity: str) -> tuple[float, float]:
    """What an engine's name says of its vocabulary: counted to estimated tokens, of Latin text and of other scripts.

    Args:
        identity: of the engine, such as ``openai:llama2:7b at http://localhost:11434/v1``.
    """
    model = identity.partition(" at ")[0].partition(":")[2].casefold()
    return next((ratios for name, ratios in _OLDER_VOCABULARIES if name.search(model)), USUAL_RATIOS)


class TokenGauge:
    """Estimates an engine's prompt tokens, and learns from what the engine counts; usable from several threads.

    Args:
        identity: the engine; what was learned is remembered under it.
        facts: where it is remembered; None: nowhere.
    """

    def __init__(self, identity: str, facts: ResponseStore | None) -> None:
        self._key = sha256_json({"token ratios of": identity, "version": _FACT_VERSION})
        self._facts = facts
        self._lock = threading.Lock()
        text = None if facts is None else facts.get(self._key)
        self._known = TokenRatios() if text is None else TokenRatios.model_validate_json(text)
        self._prior = likely_ratios(identity)
        self._saved = self._known.ratios(self._prior)

    @property
    def calibrated(self) -> bool:
        """Whether the engine's own counts are behind the estimate."""
        return self._known.tokens >= PRIOR_TOKENS

    def estimate(self, texts: Sequence[str], schema: Mapping[str, Any] | None) -> int:
        """Tokens a request with these messages and this schema has about."""
        latin, other = self._known.ratios(self._prior)
        parts = _request_parts(texts, schema)
        return round(parts.latin * latin + parts.other * other)

    def learn(self, texts: Sequence[str], schema: Mapping[str, Any] | None, measured: int) -> None:
        """Takes in what the engine counted; 0 or less is a server that does not count."""
        if measured <= 0:
            return
        parts = _request_parts(texts, schema)
        with self._lock:
            self._known = self._known.with_count(parts, measured)
            before, now = self._saved, self._known.ratios(self._prior)
            if self._facts is None or max(abs(a - b) for a, b in zip(before, now, strict=True)) < _WORTH_SAVING:
                return
            self._saved = now
            # Two processes may overwrite each other here: both values are right.
            self._facts.discard(self._key)
            self._facts.put(self._key, self._known.model_dump_json(), kind="fact")


def _request_parts(texts: Sequence[str], schema: Mapping[str, Any] | None) -> TokenParts:
    form = [] if schema is None else [json.dumps(schema, separators=(",", ":"))]
    parts = estimate_parts([*texts, *form])
    return TokenParts(parts.latin + TOKENS_PER_MESSAGE * len(texts), parts.other)

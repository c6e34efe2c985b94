"""Amounts of money as they stand in exports: signs of currencies, thousands separators, decimal commas, minus signs."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.word_lists import words_in

_PLAIN = re.compile(r"[+-]?\d+(?:\.\d+)?")
_AMOUNT = re.compile(r"(?P<before>\D*?)(?P<digits>[.,]?\d(?:[\d.,'’`\s]*\d)?)(?P<after>\D*)")
_NO_CENTS = re.compile(r"^[.,][-–—]+")
"""12,- is a price without cents, not a negative amount."""

MINUS = frozenset("-−–‒")
_SEPARATORS = re.compile(r"['’`\s]")
TEN_THOUSAND = "万"

CURRENCIES = {
    "€": "EUR", "£": "GBP", "₹": "INR", "rs": "INR", "₩": "KRW", "₽": "RUB", "₺": "TRY", "₫": "VND", "₴": "UAH",
    "฿": "THB", "₪": "ILS", "₱": "PHP", "zł": "PLN", "kč": "CZK", "ft": "HUF", "fr": "CHF", "r$": "BRL",
    "us$": "USD", "a$": "AUD", "au$": "AUD", "c$": "CAD", "ca$": "CAD", "hk$": "HKD", "nt$": "TWD", "s$": "SGD",
    "nz$": "NZD", "mx$": "MXN", "cn¥": "CNY", "jp¥": "JPY", "rmb": "CNY", "元": "CNY", "圆": "CNY", "块": "CNY",
    "人民币": "CNY", "円": "JPY", "日元": "JPY", "美元": "USD", "美金": "USD", "欧元": "EUR", "英镑": "GBP",
    "港元": "HKD", "港币": "HKD", "台币": "TWD", "新台币": "TWD", "euro": "EUR", "euros": "EUR", "dollar": "$",
    "dollars": "$", "yuan": "CNY", "$": "$", "¥": "¥", "kr": "kr",
}  # fmt: skip
"""What stands beside an amount -> ISO 4217 code, or the bare sign where it is used by several currencies."""

USED_BY = {
    "$": {"USD", "AUD", "CAD", "NZD", "HKD", "SGD", "TWD", "MXN"},
    "¥": {"CNY", "JPY"},
    "kr": {"SEK", "NOK", "DKK", "ISK"},
}
"""The currencies behind an ambiguous sign."""

CODES = frozenset(
    words_in("""
        USD EUR GBP CNY JPY CAD AUD NZD CHF SEK NOK DKK ISK PLN CZK HUF RON BGN TRY RUB UAH INR KRW VND THB PHP IDR MYR
        SGD HKD TWD BRL MXN ARS CLP COP PEN ZAR NGN KES EGP MAD ILS SAR AED QAR KWD PKR BDT LKR KZT
    """)
)


@dataclass(frozen=True)
class Amounts:
    """Different texts of an amount column, read."""

    numbers: NDArray[np.float64]
    """NaN where the text is no amount."""
    currencies: tuple[str, ...]
    """Code or sign beside the number; empty where there is none."""
    decimal_comma: bool
    """Whether the column writes 1,50 for one and a half."""
    ambiguous: int
    """Texts such as 1,234 that nothing in the column settles."""


def parse_amounts(texts: Sequence[str]) -> Amounts:
    """The amounts of a column's different texts, which are looked at together to tell 1,234 from 1,234.

    A single separator before three digits parts the thousands if it is a comma, and the decimals if it is a point,
    unless another amount of the column shows that it is the other way round.
    """
    if all(_PLAIN.fullmatch(text) for text in texts):
        unsure = _unsure([], [text.lstrip("+-") for text in texts if "." in text])
        return Amounts(np.array([float(text) for text in texts]), ("",) * len(texts), False, unsure)
    parts = [_take_apart(text) for text in texts]
    digits = [part[0] for part in parts if part is not None]
    commas = [text for text in digits if "," in text]
    points = [text for text in digits if "." in text]
    decimal_comma = any(_is_decimal(text, ",") for text in commas) and not any(
        _is_decimal(text, ".") for text in points
    )
    numbers = np.full(len(texts), np.nan)
    for place, part in enumerate(parts):
        if part is not None:
            number = _number(part[0], decimal_comma=decimal_comma)
            numbers[place] = np.nan if number is None else number * part[1]
    return Amounts(
        numbers=numbers,
        currencies=tuple("" if part is None else part[2] for part in parts),
        decimal_comma=decimal_comma,
        ambiguous=_unsure(commas, points),
    )


def currency_of(text: str) -> str:
    """The ISO code or sign of a currency cell or of what stands beside an amount; empty where it is none."""
    name = unicodedata.normalize("NFKC", text).strip().strip(".:").strip()
    if name.upper() in CODES:
        return name.upper()
    folded = name.casefold()
    return CURRENCIES.get(folded) or CURRENCIES.get(folded.replace(" ", "")) or ""


def _take_apart(text: str) -> tuple[str, float, str] | None:
    """Digits with separators, the factor (sign, ten thousands) and the currency of an amount; None where it is none."""
    folded = unicodedata.normalize("NFKC", text).strip()
    match = _AMOUNT.fullmatch(folded)
    if match is None:
        return None
    before, after = match["before"].strip(), _NO_CENTS.sub("", match["after"]).strip()
    negative = bool(MINUS & {*before, *after}) or (before[:1] == "(" and after[-1:] == ")")
    factor = -1.0 if negative else 1.0
    if after.startswith(TEN_THOUSAND):
        factor *= 10_000
        after = after[1:]
    named = [_without_signs(part) for part in (before, after)]
    found = [currency_of(part) for part in named if part]
    if "" in found or (len(set(found)) > 1 and not _agree(found)):
        return None
    return _SEPARATORS.sub("", match["digits"]), factor, max(found, key=len, default="")


def _agree(found: list[str]) -> bool:
    """Whether two marks name one currency, as in `$12 USD`."""
    sign, code = sorted(found, key=len)
    return code in USED_BY.get(sign, set())


def _without_signs(text: str) -> str:
    return "".join(sign for sign in text if sign not in MINUS and sign not in "+() ").strip(",.-")


def _unsure(commas: Sequence[str], points: Sequence[str]) -> int:
    """How many texts may be read in two ways with nothing in the column to settle it."""
    if any(_is_decimal(text, ",") for text in commas) or any(_is_decimal(text, ".") for text in points):
        return 0
    return sum(
        _is_ambiguous(text, separator)
        for texts, separator in ((commas, ","), (points, "."))
        if not any(text.count(separator) > 1 for text in texts)
        for text in texts
    )


def _is_decimal(text: str, separator: str) -> bool:
    """Whether the text can only be read with this separator before its decimals."""
    if text.count(separator) != 1:
        return False
    other = "." if separator == "," else ","
    return text.rfind(separator) > text.rfind(other) if other in text else not _is_ambiguous(text, separator)


def _is_ambiguous(text: str, separator: str) -> bool:
    """Whether three digits follow the only separator, so that it may part thousands as well as decimals."""
    whole, _, rest = text.partition(separator)
    return len(rest) == 3 and rest.isdigit() and whole.isdigit() and len(whole) <= 3 and whole[0] != "0"


def _number(digits: str, *, decimal_comma: bool) -> float | None:
    if "," in digits and "." in digits:
        decimal = "," if digits.rfind(",") > digits.rfind(".") else "."
    else:
        separator = "," if "," in digits else "."
        many = digits.count(separator) > 1
        grouped = many or (_is_ambiguous(digits, separator) and (separator == ",") != decimal_comma)
        decimal = {",": ".", ".": ","}[separator] if grouped else separator
    whole, _, rest = digits.rpartition(decimal) if decimal in digits else (digits, "", "")
    groups = re.split(r"[.,]", whole)
    # 1,00,000 is Indian for a hundred thousand; 1,2,3 is nothing.
    if len(groups) > 1 and (any(len(group) not in {2, 3} for group in groups[1:]) or len(groups[-1]) != 3):
        return None
    if rest and not rest.isdigit():
        return None
    return float(f"{''.join(groups) or '0'}.{rest or '0'}")

"""Payment cards, IBANs and national ids in texts: by form and check digit, or by form and the word before."""

from __future__ import annotations

import re
from collections.abc import Iterator

from retrieval.number_context import meaning_before

Found = tuple[int, int, str]

LONGEST_PHONE = 13
"""Digits; E.164 allows 15, but with a country's code hardly any number has more. A longer one after "phone" is none."""

_CARD = re.compile(r"(?<!\w)(?<!\w[.,/-])(?<!/)\d(?:[ -]?\d){11,18}(?![\w-]|[.,]\d)", re.ASCII)
_CARD_GROUPED = re.compile(r"\d{4}([ -])\d{4}\1\d{4}\1\d{4}(?:\1\d{1,3})?$|3[47]\d{2}([ -])\d{6}\2\d{5}$", re.ASCII)
_CARD_PREFIX = re.compile(r"3[0-9]|4|5[0-9]|6|2[2-7]|62|2131|1800|81", re.ASCII)
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]){11,30}", re.ASCII)
_CHINA = re.compile(r"(?<![\w])[1-9]\d{16}[\dXx](?![\w])", re.ASCII)
_SSN = re.compile(r"(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])", re.ASCII)
_NINO = re.compile(r"(?<![\w])[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D](?![\w])", re.ASCII)
_CPF = re.compile(r"(?<!\w)\d{3}\.\d{3}\.\d{3}-\d{2}(?!\w)", re.ASCII)
_NIR = re.compile(r"(?<!\w)[12] ?\d{2} ?\d{2} ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}(?!\w)", re.ASCII)
_DNI = re.compile(r"(?<![\w-])(?:\d{8}|[XYZ]\d{7})-?[A-Z](?![\w-])", re.ASCII)
_CODICE = re.compile(r"(?<!\w)[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z](?!\w)", re.IGNORECASE | re.ASCII)
_AADHAAR = re.compile(r"(?<![\w-])(?<!\d )[2-9]\d{3} \d{4} \d{4}(?! ?\d|\w)", re.ASCII)
_KOREA = re.compile(r"(?<![\w-])\d{6}-[1-8]\d{6}(?![\w-])", re.ASCII)
_HONG_KONG = re.compile(r"(?<!\w)[A-Z]{1,2}\d{6}\([0-9A]\)", re.ASCII)
_PERSONNUMMER = re.compile(r"(?<![\w-])(?:19|20)?\d{6}[-+]\d{4}(?![\w-])", re.ASCII)
_TOLD = re.compile(r"(?<![\w-])(?=(?:[A-Z -]{0,4}\d){4})[A-Z0-9](?:[ -]?[A-Z0-9]){5,17}(?![\w-])", re.ASCII)
"""What follows "passport number" or "SSN"."""


def find_identity_numbers(text: str) -> Iterator[Found]:
    """Spans of IBANs, national ids and cards (start, end, kind), the surest first; they may overlap."""
    yield from _find_ibans(text)
    yield from _find_checked_ids(text)
    yield from _find_cards(text)
    yield from _find_told_ids(text)


def _find_ibans(text: str) -> Iterator[Found]:
    from stdnum import iban

    for match in _IBAN.finditer(text):
        if sum(character.isdigit() for character in match[0]) < 8:
            continue
        # The words after an IBAN look like more of it: the longest beginning whose check digits fit is the number.
        places = [i for i, character in enumerate(match[0], start=1) if character.isalnum()]
        for end in reversed(places[14:34]):
            if iban.is_valid(match[0][:end]) and not match[0][end : end + 1].isalnum():
                yield match.start(), match.start() + end, "iban"
                break
        else:
            if meaning_before(text, match.start()) == "iban" and sum(c.isdigit() for c in match[0]) >= 10:
                yield match.start(), match.start() + len(match[0].rstrip()), "iban"


def _find_checked_ids(text: str) -> Iterator[Found]:
    from stdnum.br import cpf
    from stdnum.cn import ric
    from stdnum.es import dni, nie
    from stdnum.fr import nir
    from stdnum.in_ import aadhaar
    from stdnum.it import codicefiscale
    from stdnum.kr import rrn
    from stdnum.se import personnummer
    from stdnum.us import ssn

    checks = (
        (_CHINA, ric.is_valid),
        (_SSN, ssn.is_valid),
        (_NINO, bool),
        (_CPF, cpf.is_valid),
        (_NIR, nir.is_valid),
        (_DNI, lambda number: dni.is_valid(number) or nie.is_valid(number)),
        (_CODICE, codicefiscale.is_valid),
        (_AADHAAR, aadhaar.is_valid),
        (_KOREA, rrn.is_valid),
        (_HONG_KONG, bool),
        (_PERSONNUMMER, personnummer.is_valid),
    )
    for pattern, is_valid in checks:
        for match in pattern.finditer(text):
            meaning = meaning_before(text, match.start())
            if meaning == "id" or (is_valid(match[0]) and meaning != "other"):
                yield match.start(), match.end(), "id number"


def _find_cards(text: str) -> Iterator[Found]:
    from stdnum import luhn

    for match in _CARD.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        if len(set(digits)) == 1:
            continue
        meaning = meaning_before(text, match.start())
        fits = luhn.is_valid(digits) and bool(_CARD_PREFIX.match(digits))
        told = meaning == "card"
        if told:
            yield match.start(), match.end(), "card"
        elif meaning == "other" or (meaning == "phone" and len(digits) <= LONGEST_PHONE):
            continue
        elif (fits and len(digits) >= 13) or _CARD_GROUPED.match(match[0]):
            yield match.start(), match.end(), "card"


def _find_told_ids(text: str) -> Iterator[Found]:
    for match in _TOLD.finditer(text):
        if meaning_before(text, match.start()) == "id":
            yield match.start(), match.end(), "id number"

"""Phone numbers in texts: by form, by the words before them, and by the numbering plans of four countries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from retrieval.number_context import meaning_after, meaning_before

REGIONS = ("US", "GB", "CN", "DE")
"""Numbering plans tried for numbers without a country code."""

_CANDIDATE = re.compile(
    r"(?<!\w)(?<!\w[.,/-])(?<!/)(?:\+\s?|00|\()?\d(?:[\s().\-/·]{0,3}\d){6,15}(?:\s?(?:x|ext\.?|extension)\s?\d{1,5})?(?![\w%])",
    re.IGNORECASE | re.ASCII,
)
_PLAIN = re.compile(r"\d+$", re.ASCII)
_NORTH_AMERICA = re.compile(
    r"(?:\+?1[\s.-]?)?(?:\([2-9]\d{2}\)\s?|[2-9]\d{2}[\s.-])[2-9]?\d{2}[\s.-]\d{4}(?:\s?(?:x|ext\.?|extension)\s?\d{1,5})?$",
    re.IGNORECASE | re.ASCII,
)
_CHINA_MOBILE = re.compile(r"(?:(?:\+|00)?86[\s-]?)?1[3-9]\d[\s-]?\d{4}[\s-]?\d{4}$", re.ASCII)
_CHINA_LANDLINE = re.compile(r"\(?0\d{2,3}\)?[\s-]\d{7,8}$", re.ASCII)
_FICTION = re.compile(r"555[\s.-]01\d{2}$", re.ASCII)
_TOLL_FREE_CHINA = re.compile(r"[48]00[\s-]\d{3}[\s-]\d{4}$|400[\s-]?\d{4}[\s-]?\d{3}$", re.ASCII)
_DATE = re.compile(
    r"(?:19|20)\d{2}[-/. ](?:0?[1-9]|1[0-2])[-/. ](?:0?[1-9]|[12]\d|3[01])(?!\d)"
    r"|(?:0?[1-9]|[12]\d|3[01])[-/. ](?:0?[1-9]|[12]\d|3[01])[-/. ](?:19|20)\d{2}(?!\d)",
    re.ASCII,
)
_DECIMAL = re.compile(r"\d+\.\d+$", re.ASCII)
_IP = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}$", re.ASCII)
_YEARS = re.compile(r"(?:19|20)\d{2}(?:\s?[-/.]\s?|\s)(?:19|20)?\d{2}(?:\D.*)?$", re.ASCII)
_THOUSANDS = re.compile(r"\d{1,3}(?:[ .]\d{3})+$", re.ASCII)
_GROUPS = re.compile(r"\d+", re.ASCII)


def find_phones(text: str) -> Iterator[tuple[int, int, str]]:
    """Spans of phone numbers (start, end, "phone") in a text of ASCII digits."""
    for match in _CANDIDATE.finditer(text):
        found = match[0]
        start, end = match.start(), match.end()
        # A bracket that closes what was opened outside belongs to the sentence.
        if found.count("(") != found.count(")"):
            found = found.replace("(", " ").replace(")", " ").strip() if found.startswith("(") else found
            start = match.start() + match[0].index(found[0])
        if is_phone(
            found, meaning_before(text, start) or meaning_after(text, end), before=text[max(0, start - 2) : start]
        ):
            yield start, end, "phone"


def is_phone(number: str, meaning: str, *, before: str = "") -> bool:
    """Whether digits with their separators are a phone number, given what the words before them mean."""
    digits = re.sub(r"\D", "", re.split(r"x|ext", number, flags=re.IGNORECASE)[0])
    if meaning in {"other", "iban"} or not 7 <= len(digits) <= 15 or _is_no_phone(number, before):
        return False
    if number.startswith(("+", "00")):
        return _is_possible(("+" + digits) if number.startswith("+") else "+" + digits[2:]) or meaning == "phone"
    if (
        _CHINA_MOBILE.match(number)
        or _NORTH_AMERICA.match(number)
        or _FICTION.match(number)
        or _TOLL_FREE_CHINA.match(number)
    ):
        return True
    if meaning == "phone":
        return len(set(digits)) > 1
    if _PLAIN.match(number) or len(_GROUPS.findall(number)) < 2:
        return False
    if _CHINA_LANDLINE.match(number):
        return True
    # Grouped digits with a leading zero or an area code in brackets, in a country's numbering plan.
    return (number[0] in "0(") and len(digits) >= 9 and _is_valid(digits)


def _is_no_phone(number: str, before: str) -> bool:
    """Dates, decimals, prices, years, IP addresses and numbers cut into thousands."""
    if before.rstrip()[-1:] in {"$", "€", "£", "¥", "￥", "#"}:
        return True
    if _DATE.match(number) or _DECIMAL.match(number) or _IP.match(number) or _YEARS.match(number):
        return True
    return (
        bool(_THOUSANDS.match(number))
        and len(_GROUPS.findall(number)[0]) < 4
        and not number.startswith("0")
        and number.count(" ") != 2
    )


@lru_cache(maxsize=4096)
def _is_possible(number: str) -> bool:
    from phonenumbers import NumberParseException, is_possible_number, parse

    try:
        return is_possible_number(parse(number, None))
    except NumberParseException:
        return False


@lru_cache(maxsize=4096)
def _is_valid(digits: str) -> bool:
    from phonenumbers import NumberParseException, is_valid_number, parse

    for region in REGIONS:
        try:
            if is_valid_number(parse(digits, region)):
                return True
        except NumberParseException:
            continue
    return False

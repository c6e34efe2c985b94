"""Personal data that is made up but well-formed, checksums included."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Literal

from personas.simulation.grammar import pick
from personas.simulation.material import Tongue

PersonalKind = Literal["email", "phone", "card", "iban", "id number"]
KINDS: dict[Tongue, tuple[PersonalKind, ...]] = {
    "en": ("email", "email", "phone", "phone", "card", "iban"),
    "zh": ("phone", "phone", "email", "id number", "card"),
}
"""What people of each language let slip, as often as they do."""

_GIVEN = ("mara", "tobias", "lin", "ines", "oskar", "priya", "jun", "wanda", "felix", "noor", "hugo", "yan")
_FAMILY = ("keller", "okafor", "zhang", "moreau", "lindgren", "patel", "sato", "novak", "wu", "castillo", "brandt")
_DOMAINS = ("example.com", "example.org", "example.net", "mail.example.com")
"""Reserved for examples (RFC 2606)."""

_CARDS = ("411111", "424242", "555555", "222300", "601111")
"""Beginnings of the payment networks' own test cards."""

_REGIONS = ("110101", "110102", "110105", "310104", "440103", "440104", "320102", "420102")
"""Districts as they stand in Chinese resident identity numbers (GB/T 2260), all there were before 1985."""


def personal_data(tongue: Tongue, random: Random) -> tuple[PersonalKind, str]:
    """A piece of personal data of a person who writes that language: its kind and how it is written."""
    kind = pick(random, KINDS[tongue])
    if kind == "email":
        return kind, _email(random)
    if kind == "phone":
        return kind, _mobile(random) if tongue == "zh" else _phone(random)
    if kind == "card":
        return kind, _card(random)
    return (kind, _iban(random)) if kind == "iban" else (kind, _resident_id(random))


def _digits(count: int, random: Random) -> str:
    return "".join(str(random.randrange(10)) for _ in range(count))


def _email(random: Random) -> str:
    mark = pick(random, (".", "_", ""))
    number = str(random.randrange(1, 99)) if random.random() < 0.5 else ""
    return f"{pick(random, _GIVEN)}{mark}{pick(random, _FAMILY)}{number}@{pick(random, _DOMAINS)}"


def _phone(random: Random) -> str:
    """A number kept for fiction: 555-01xx in North America, 07700 900xxx in Britain."""
    if random.random() < 0.4:
        return pick(random, ("07700 900{0}", "+44 7700 900{0}")).format(_digits(3, random))
    area = f"{random.randrange(2, 10)}{random.randrange(0, 9)}{random.randrange(1, 10)}"
    form = pick(random, ("({0}) 555-01{1}", "{0}-555-01{1}", "+1 {0} 555 01{1}"))
    return form.format(area, _digits(2, random))


def _mobile(random: Random) -> str:
    digits = f"1{pick(random, ('38', '39', '50', '86', '77'))}0013{_digits(4, random)}"
    return f"{digits[:3]} {digits[3:7]} {digits[7:]}" if random.random() < 0.25 else digits


def luhn_digit(digits: str) -> str:
    """The check digit of a payment card (ISO/IEC 7812-1)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return str(-total % 10)


def _card(random: Random) -> str:
    digits = pick(random, _CARDS) + _digits(9, random)
    digits += luhn_digit(digits)
    if random.random() < 0.5:
        return " ".join(digits[at : at + 4] for at in range(0, 16, 4))
    return digits


def _iban(random: Random) -> str:
    """A German account with its check digits (ISO 13616)."""
    account = _digits(18, random)
    # Letters count from A = 10: "DE00" at the end is 13 14 00.
    check = 98 - int(account + "131400") % 97
    iban = f"DE{check:02d}{account}"
    return " ".join(iban[at : at + 4] for at in range(0, 22, 4)) if random.random() < 0.5 else iban


def resident_check(digits: str) -> str:
    """The last sign of a Chinese resident identity number (GB 11643)."""
    total = sum(int(digit) * (1 << (17 - place)) for place, digit in enumerate(digits))
    return "10X98765432"[total % 11]


def _resident_id(random: Random) -> str:
    born = date(1985, 1, 1) + timedelta(days=random.randrange(20 * 365))
    digits = f"{pick(random, _REGIONS)}{born:%Y%m%d}{random.randrange(1, 999):03d}"
    return digits + resident_check(digits)

"""The numbers of a sentence, in digits and in words, against what its claims count."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import Final, Literal, NamedTuple

from personas.grounding.differences import number_value
from personas.records import Claim
from personas.wording import percent

Kind = Literal["percent", "ratio", "people", "total", "plain"]

NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)*")
NUMBER_WORDS: Final = re.compile(
    r"\b(?:half|third|quarter|majority|most of them|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
    r"|(?:thir|four|fif|six|seven|eigh|nine)teen|(?:twen|thir|for|fif|six|seven|eigh|nine)ty|dozens?|hundreds?)\b"
    r"|一半|多数|[二三四五六七八九十百]分之|[一二三四五六七八九十]成",
    re.IGNORECASE,
)
"""Every number or proportion in words, for texts that have no claims to hold them."""

_UNITS: Final[tuple[tuple[Kind, re.Pattern[str]], ...]] = (
    ("percent", re.compile(r"\s*(?:%|％|per ?cent\b|个百分点)", re.IGNORECASE)),
    ("ratio", re.compile(r"\s*(?:times\b(?! (?:a|per|every|each)\b)|x\b|×|-?fold\b|倍)", re.IGNORECASE)),
    (
        "people",
        re.compile(
            r"\s*(?:(?:other |more )?(?:people|persons?|customers?|members?|users?|respondents?|buyers?)\b|of them\b"
            r"|(?:out )?of \d|[个位名]?人(?!均)|[位名](?:用户|顾客|客户)?)",
            re.IGNORECASE,
        ),
    ),
)
_UP_TO_TWENTY: Final = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
)
_NUMBER_WORDS: Final = {word: number for number, word in enumerate(_UP_TO_TWENTY.split(), 1)} | {
    "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
_WORDS: Final = "|".join(sorted(_NUMBER_WORDS, key=len, reverse=True))
_NUMBER_WORD: Final = re.compile(rf"\b(?!one\b)({_WORDS})(?:-(?!fold)[a-z]+)?\b(?! (?:in|out of) )", re.IGNORECASE)
_OF_ALL: Final = re.compile(r"(?:\d|people|person)\)? (?:out )?of (?:the |these |all )?$|[共在]$", re.IGNORECASE)
_PARTS: Final = {"half": 1 / 2, "third": 1 / 3, "quarter": 1 / 4, "fourth": 1 / 4, "fifth": 1 / 5, "sixth": 1 / 6}
_SOURCE: Final = rf"(?:\d+|{_WORDS})"
_FRACTION: Final = re.compile(
    r"\b(?P<mod>(?:just |slightly |a little |well )?(?:over|under|above|below)|more than|less than|fewer than|at least"
    r"|nearly|almost|about|around|roughly|some)?\s*"
    rf"(?:(?P<many>{_SOURCE}) (?:in|out of) (?:every )?(?P<of>{_SOURCE})\b"
    r"|(?:(?P<count>a|one|two|three|four|1|2|3|4)[ -](?=[htqfs])|(?=hal))"
    r"(?P<part>half|halves|thirds?|quarters?|fourths?|fifths?|sixths?)\b"
    r"(?! (?:an? |past|to |time|hour|price|empty|full|life|machine|of the (?:day|week|month|year|time))))",
    re.IGNORECASE,
)
_HAN_NUMBER: Final = r"[一二两三四五六七八九十百\d]+"
_CHINESE_FRACTION: Final = re.compile(
    r"(?P<mod>不到|接近|将近|近|超过|超|过|约|大约|至少)?(?:"
    rf"(?P<of>{_HAN_NUMBER})分之(?P<many>{_HAN_NUMBER})|(?P<tenths>[一二两三四五六七八九十\d]+)成(?P<half>半)?(?![都为本分])"
    r"|(?P<part>一半|半数))"
)
_CHINESE_COUNT: Final = re.compile(r"([二两三四五六七八九十百]{1,4})(?=[个位名]?人(?!均)|[位名](?:用户|顾客|客户))")

TOLERANCE: Final = 0.03
"""How far a share may lie from the proportion that names it: "one in five" is said of 17 to 23 %."""

BESIDE: Final = 0.12
"""How far beyond a proportion "over a third" may lie, or below it "nearly half"."""


class _Said(NamedTuple):
    """A proportion in words and the shares it is true of."""

    pattern: re.Pattern[str]
    low: float
    high: float
    elsewhere: bool
    """Whether it speaks of everybody else."""


@cache
def _said() -> tuple[_Said, ...]:
    text = (files("personas") / "lexicons" / "proportions.tsv").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
    return tuple(
        _Said(re.compile(pattern, re.IGNORECASE), float(low), float(high), whose == "elsewhere")
        for low, high, whose, pattern in rows
    )


def strange_figures(text: str, claims: Sequence[Claim]) -> list[str]:
    """The numbers and proportions of a sentence that none of its claims holds, as they stand there; sorted.

    A percentage must be a share of a claim, a count its people, a ratio its ratio; what the customers themselves wrote
    may be said again as they wrote it. "Half", "one in five", "most" and 七成 are held by a share near enough.

    Args:
        text: the sentence.
        claims: those it may speak of.
    """
    source = " ".join(part for claim in claims for part in texts_of(claim))
    numbers = list(_numbers(text))
    quoted = list(_numbers(source)) if numbers else []
    strange = {shown for shown, value, kind in numbers if value not in _allowed(kind, claims, quoted)}
    strange |= {word for word in _proportions(text, claims) if word.casefold() not in source.casefold()}
    return sorted(strange)


def texts_of(claim: Claim) -> tuple[str, ...]:
    """What a claim says and quotes."""
    return (claim.value, *(citation.quote for citation in claim.citations))


def _numbers(text: str) -> Iterator[tuple[str, str, Kind]]:
    """Each number as it stands, its value in digits, and what it counts."""
    hidden = _spans_of_fractions(text)
    for match in NUMBER.finditer(text):
        if not any(start <= match.start() < end for start, end in hidden):
            yield match.group(), _value(match.group()), _kind(text, match)
    for match in _NUMBER_WORD.finditer(text):
        if not any(start <= match.start() < end for start, end in hidden):
            yield match.group(), str(_NUMBER_WORDS[match[1].lower()]), _kind(text, match)
    for match in _CHINESE_COUNT.finditer(text):
        yield match.group(), number_value(match[1].replace("两", "二")), "people"


def _value(digits: str) -> str:
    return number_value(digits.replace(",", "") if re.fullmatch(r"\d{1,3}(?:,\d{3})+", digits) else digits)


def _kind(text: str, match: re.Match[str]) -> Kind:
    if text[: match.start()].endswith("×"):
        return "ratio"
    if _OF_ALL.search(text[: match.start()]):
        return "total"
    return next((kind for kind, unit in _UNITS if unit.match(text, match.end())), "plain")


def _spans_of_fractions(text: str) -> list[tuple[int, int]]:
    return [match.span() for pattern in (_FRACTION, _CHINESE_FRACTION) for match in pattern.finditer(text)]


def _allowed(kind: Kind, claims: Sequence[Claim], quoted: Sequence[tuple[str, str, Kind]]) -> set[str]:
    """Values that a number of this kind may have; `quoted` are the numbers that the claims' own texts hold."""
    own = {value for _, value, said in quoted if kind in (said, "plain")}
    for claim in claims:
        if kind == "percent":
            own |= _percentages(claim)
        elif kind == "total":
            own |= _everybody(claim)
        else:
            # A model writes "4.2 as often" as well as "4.2 times".
            own |= _ratios(claim) if kind in ("ratio", "plain") else set()
            own |= {str(claim.people), str(claim.people_elsewhere)} if kind in ("people", "plain") else set()
    return own


def _percentages(claim: Claim) -> set[str]:
    shares = (claim.share, claim.share_elsewhere)
    return {str(percent(share)) for share in shares} | ({"1"} if 0 < claim.share_elsewhere < 0.005 else set())


def _everybody(claim: Claim) -> set[str]:
    """Of how many people the claim's are, here and elsewhere."""
    pairs = ((claim.people, claim.share), (claim.people_elsewhere, claim.share_elsewhere))
    return {str(round(people / share)) for people, share in pairs if share}


def _ratios(claim: Claim) -> set[str]:
    known = [ratio for ratio in (claim.adjusted_lift, claim.lift) if ratio is not None]
    return {number_value(f"{ratio:.{places}f}") for ratio in known for places in (0, 1)}


def _proportions(text: str, claims: Sequence[Claim]) -> Iterator[str]:
    """Proportions in words that no claim's share is near."""
    shares = [claim.share for claim in claims] + [claim.share_elsewhere for claim in claims]
    for match in _FRACTION.finditer(text):
        low, high = _range(_english_share(match), (match["mod"] or "").lower())
        if not any(low <= share <= high for share in shares):
            yield match.group().strip()
    for match in _CHINESE_FRACTION.finditer(text):
        low, high = _range(_chinese_share(match), match["mod"] or "")
        if not any(low <= share <= high for share in shares):
            yield match.group()
    for said in _said():
        for match in said.pattern.finditer(text):
            held = [claim.share_elsewhere if said.elsewhere else claim.share for claim in claims]
            if not any(said.low <= share <= said.high for share in held):
                yield match.group()


def _english_share(match: re.Match[str]) -> float:
    if match["many"]:
        return _count_of(match["many"]) / max(_count_of(match["of"]), 1)
    part = match["part"].lower().removesuffix("s").replace("halve", "half")
    return (1 if match["count"] in (None, "a") else _count_of(match["count"])) * _PARTS[part]


def _chinese_share(match: re.Match[str]) -> float:
    if match["part"]:
        return 0.5
    if match["tenths"]:
        return (_han_count(match["tenths"]) + (0.5 if match["half"] else 0.0)) / 10
    return _han_count(match["many"]) / max(_han_count(match["of"]), 1)


def _count_of(word: str) -> int:
    return int(word) if word.isdecimal() else _NUMBER_WORDS[word.lower()]


def _han_count(text: str) -> int:
    value = number_value(text.replace("两", "二"))
    return int(value) if value.isdecimal() else 0


def _range(share: float, modifier: str) -> tuple[float, float]:
    """The shares that a proportion is true of."""
    if re.search(r"over|above|more|least|超|过|至少", modifier):
        return share, share + BESIDE
    if re.search(r"under|below|less|fewer|nearly|almost|不到|近", modifier):
        return share - BESIDE, share
    return share - TOLERANCE, share + TOLERANCE

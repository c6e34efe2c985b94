"""Number-like personal data replaced by fixed placeholders, before anything is stored or sent.

`standard` replaces mail addresses, phone numbers, payment cards, IBANs, national ids and logins in addresses; `strict`
also IP addresses and spoken forms ("john at example dot com"). Prices, years, order and version numbers stay.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from retrieval.identity_numbers import find_identity_numbers
from retrieval.phone_numbers import find_phones

RedactLevel = Literal["off", "standard", "strict"]
Found = tuple[int, int, str]
"""Start, end and kind of one piece of personal data."""

PLACEHOLDERS = {
    "email": "[email]",
    "phone": "[phone]",
    "card": "[card]",
    "iban": "[iban]",
    "id number": "[id number]",
    "login": "[login]",
    "ip address": "[ip address]",
}

# Full-width forms as they are typed on Chinese keyboards; one character for one, so that offsets hold.
_FOLD = {0xFF01 + i: 0x21 + i for i in range(94)} | {
    0x3000: 0x20,
    0x2010: 0x2D,
    0x2011: 0x2D,
    0x2013: 0x2D,
    0xA0: 0x20,
    0x202F: 0x20,
}

_MAYBE = re.compile(
    r"@|://|\d(?:[^\d\n]{0,3}\d){6}|[\[({<]\s?at\s?[\])}>]|passport|licen[cs]e|ssn|护照|證件|证件", re.IGNORECASE
)
_MAYBE_STRICT = re.compile(
    r"@|://|\d(?:[^\d\n]{0,3}\d){3}|\b(?:at|dot)\b|::|[零一二三四五六七八九幺〇]{7}|\b(?:zero|oh|one|two|three|four|five|six|seven|eight|nine)\b",
    re.IGNORECASE,
)

_LOCAL = r"A-Za-z0-9À-ɏ"
_EMAIL = re.compile(
    rf"(?<![{_LOCAL}._%+'-])[{_LOCAL}][{_LOCAL}._%+'-]{{0,127}}+(?<=[{_LOCAL}_%+'.-])\s?@\s?"
    rf"(?:[{_LOCAL}](?:[{_LOCAL}-]{{0,61}}[{_LOCAL}])?\.){{1,8}}[A-Za-z]{{2,24}}(?![A-Za-z0-9])"
)
_EMAIL_BRACKETS = re.compile(
    rf"(?<![{_LOCAL}])[{_LOCAL}][{_LOCAL}._%+-]{{0,63}}\s?[\[({{<]\s?at\s?[\])}}>]\s?[{_LOCAL}-]{{1,63}}"
    rf"(?:(?:\s?[\[({{<]\s?dot\s?[\])}}>]\s?|\.)[{_LOCAL}-]{{1,63}}){{1,4}}",
    re.IGNORECASE,
)
_TLD = r"(?:com|org|net|edu|gov|io|co|uk|de|cn|fr|eu|info|me|ai|app|dev|us|ca|au|in|ch|at|nl|se|es|it|hk|tw|jp)"
_EMAIL_SPOKEN = re.compile(
    r"\b[a-z0-9]{1,40}(?:(?: (?:dot|point|underscore|dash|hyphen) |[._-])[a-z0-9]{1,40}){0,4} (?:at|@) [a-z0-9-]{2,40}"
    rf"(?:(?: (?:dot|point) |\.)[a-z0-9-]{{2,40}}){{0,2}}(?: (?:dot|point) |\.){_TLD}\b",
    re.IGNORECASE,
)
_LOGIN = re.compile(r"(?<=://)[^\s/@:\[\]]{1,200}:[^\s/@]{1,200}(?=@)")
_SECRET = re.compile(
    r"(?<=[?&])((?:access_?)?token|password|passwd|pwd|api_?key|secret)=([^&\s\[\]]{3,500})", re.IGNORECASE
)
_IPV4 = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?!\.?\d)", re.ASCII)
_IPV6 = re.compile(r"(?<![\w:])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:])", re.ASCII)
_NUMBER_ID = re.compile(r"[\d\s()+.\-]{7,}[A-Za-z]?|[A-Za-z]{2}\d{2}[A-Za-z0-9 ]{11,40}", re.ASCII)
"""An id that could be a phone, card or national number, or an IBAN, as a whole."""
_VERSION_BEFORE = re.compile(r"(?:version|build|firmware|release|\bv|版本)[\s:.]*$", re.IGNORECASE)
_NUMBER_WORD = r"(?:zero|oh|one|two|three|four|five|six|seven|eight|nine)"
_PHONE_SPOKEN = re.compile(
    rf"\b{_NUMBER_WORD}(?:[\s,-]{{1,3}}(?:(?:double|triple)\s)?{_NUMBER_WORD}){{6,14}}\b", re.IGNORECASE
)
_PHONE_SPOKEN_HAN = re.compile(
    r"(?<![零一二三四五六七八九幺〇])[零一二三四五六七八九幺〇]{7,12}(?![零一二三四五六七八九幺〇十百千万])"
)


@dataclass(frozen=True)
class Redacted:
    """A text after redaction."""

    text: str
    counts: dict[str, int]
    """Replacements per kind."""
    edits: tuple[tuple[tuple[int, int, int], ...], ...] = ()
    """Per pass, the replaced spans in order: start, end, length of the placeholder."""

    def move(self, offset: int, *, is_end: bool = False) -> int:
        """Where an offset of the text before redaction stands now; inside a replaced span it moves to its edge."""
        for edits in self.edits:
            offset = _move(offset, edits, is_end=is_end)
        return offset


def _move(offset: int, edits: Iterable[tuple[int, int, int]], *, is_end: bool) -> int:
    shift = 0
    for start, end, length in edits:
        if offset <= start:
            break
        if offset < end:
            return start + shift + (length if is_end else 0)
        shift += length - (end - start)
    return offset + shift


def redact(text: str, *, level: RedactLevel = "standard") -> Redacted:
    """The text with personal data replaced, and what was replaced.

    Redaction is repeated until nothing more is found (a placeholder may part what stood together), so doing it twice
    changes nothing. Placeholders hold neither digits nor @, hence it ends.
    """
    if level == "off" or not (_MAYBE_STRICT if level == "strict" else _MAYBE).search(fold_width(text)):
        return Redacted(text, {})
    counts: Counter[str] = Counter()
    passes: list[tuple[tuple[int, int, int], ...]] = []
    while found := find_personal_data(text, level=level):
        pieces, edits, last = [], [], 0
        for start, end, kind in found:
            pieces += [text[last:start], PLACEHOLDERS[kind]]
            edits.append((start, end, len(PLACEHOLDERS[kind])))
            counts[kind] += 1
            last = end
        text = "".join([*pieces, text[last:]])
        passes.append(tuple(edits))
    return Redacted(text, dict(counts), tuple(passes))


def redact_scalar(value: object, *, level: RedactLevel) -> tuple[object, dict[str, int]]:
    """A metadata value after redaction, and what was replaced; a whole number may be personal data too."""
    if isinstance(value, str):
        done = redact(value, level=level)
        return done.text, done.counts
    if isinstance(value, int) and not isinstance(value, bool) and value >= 10**8:
        done = redact(str(value), level=level)
        return (done.text, done.counts) if done.counts else (value, {})
    return value, {}


def public_id(value: str, *, level: RedactLevel = "standard") -> str:
    """An id as it may be stored: a customer or document known by mail address, phone or card gets a code instead.

    The same value always gives the same code, so that tables still join.
    """
    if "@" not in value and not _NUMBER_ID.fullmatch(fold_width(value)):
        return value
    done = redact(value, level="standard" if level == "strict" else level)
    if not done.counts:
        return value
    kind = next(iter(done.counts)).replace(" ", "-")
    return f"{kind}-{hashlib.sha256(value.strip().casefold().encode('utf-8', 'replace')).hexdigest()[:12]}"


def fold_width(text: str) -> str:
    """The text with full-width digits, letters and signs as ASCII; as long as before."""
    return text if text.isascii() else text.translate(_FOLD)


def find_personal_data(text: str, *, level: RedactLevel) -> list[Found]:
    """Spans of personal data in the order of the text, without overlap: the more certain kind wins."""
    folded = fold_width(text)
    finders: list[Callable[[str], Iterable[Found]]] = [_find_logins, _find_emails]
    if level == "strict":
        finders += [_find_spoken_emails, _find_addresses]
    finders += [find_identity_numbers, find_phones]
    if level == "strict":
        finders.append(_find_spoken_phones)
    taken: list[Found] = []
    for finder in finders:
        taken.extend(_without_overlap(finder(folded), taken))
    return sorted(taken)


def _without_overlap(found: Iterable[Found], taken: Sequence[Found]) -> list[Found]:
    """The spans of `found` that overlap neither one another nor those taken."""
    ordered = sorted(taken)
    kept: list[Found] = []
    for entry in found:
        place = bisect(ordered, entry)
        before_ends = ordered[place - 1][1] if place else 0
        after_starts = ordered[place][0] if place < len(ordered) else entry[1]
        if entry[0] >= before_ends and entry[1] <= after_starts:
            ordered.insert(place, entry)
            kept.append(entry)
    return kept


def _find_logins(text: str) -> Iterable[Found]:
    if "://" not in text:
        return
    for match in _LOGIN.finditer(text):
        yield match.start(), match.end(), "login"
    for match in _SECRET.finditer(text):
        yield match.start(2), match.end(2), "login"


def _find_emails(text: str) -> Iterable[Found]:
    if "@" in text:
        for match in _EMAIL.finditer(text):
            yield match.start(), match.end(), "email"
    if "at" in text.casefold():
        for match in _EMAIL_BRACKETS.finditer(text):
            yield match.start(), match.end(), "email"


def _find_spoken_emails(text: str) -> Iterable[Found]:
    for match in _EMAIL_SPOKEN.finditer(text):
        yield match.start(), match.end(), "email"


def _find_spoken_phones(text: str) -> Iterable[Found]:
    for pattern in (_PHONE_SPOKEN, _PHONE_SPOKEN_HAN):
        for match in pattern.finditer(text):
            yield match.start(), match.end(), "phone"


def _find_addresses(text: str) -> Iterable[Found]:
    from ipaddress import ip_address

    for pattern in (_IPV4, _IPV6):
        for match in pattern.finditer(text):
            if _VERSION_BEFORE.search(text, max(0, match.start() - 16), match.start()):
                continue
            try:
                ip_address(match[0])
            except ValueError:
                continue
            if match[0] != "::":
                yield match.start(), match.end(), "ip address"

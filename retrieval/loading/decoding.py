"""Bytes to text: the encoding is found, said aloud, and binary files are refused."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from persona_kit.errors import InputError

SAMPLE_BYTES = 262_144
"""How much of a file the guess of a legacy encoding looks at."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MAGIC = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"PK\x03\x04", "a zip archive or an office file"),
    (b"%PDF", "a PDF"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"PAR1", "a Parquet file"),
    (b"\xd0\xcf\x11\xe0", "an old office file"),
    (b"OggS", "a sound file"),
    (b"ID3", "a sound file"),
)
_BINARY_CONTROLS = bytes(set(range(32)) - {7, 8, 9, 10, 11, 12, 13, 26, 27}) + b"\x7f"
_COMMON_HAN = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里"
    "用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实"
    "味店吃服务很太真差喜欢价格买快慢質這個們來說時會對們後裡還進過發開經實買價點質務廳環境員電話"
)


@dataclass(frozen=True)
class Decoded:
    """Text of a file and how it was read."""

    text: str
    encoding: str
    note: str = ""
    """What the user should know about the guess; empty where the file is plain UTF-8."""


def decode(data: bytes, *, where: str) -> Decoded:
    """The text of the bytes: by byte-order mark, then UTF-8, then the best guess among legacy encodings.

    Raises:
        InputError: when the bytes are no text.
    """
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return _decode_marked(data, encoding, where)
    for magic, name in _MAGIC:
        if data.startswith(magic):
            raise _not_text(where, f"it is {name}")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return _decode_legacy(data, where)
    _refuse_binary(data, where)
    return Decoded(text, "utf-8")


def _not_text(where: str, why: str) -> InputError:
    return InputError(
        f"{where} is not a text file: {why}",
        where=where,
        mend="give the file its right ending (.xlsx, .parquet, .pdf, .docx ...) or export it as UTF-8 text or CSV",
    )


def _refuse_binary(data: bytes, where: str) -> None:
    sample = data[:SAMPLE_BYTES]
    controls = len(sample) - len(sample.translate(None, _BINARY_CONTROLS))
    if controls > max(2, 0.02 * len(sample)):
        raise _not_text(where, f"{controls:,} of its first {len(sample):,} bytes are control characters")


def _decode_marked(data: bytes, encoding: str, where: str) -> Decoded:
    text = data.decode(encoding, "replace")
    broken = text.count("\ufffd")
    if broken > 0.01 * len(text):
        raise _not_text(where, f"it begins with the mark of {encoding}, but {broken:,} characters cannot be read")
    note = "" if encoding == "utf-8-sig" else f"read as {encoding} (byte-order mark)"
    if broken:
        note = f"read as {encoding}; {broken:,} broken characters became \ufffd"
    return Decoded(text.removeprefix("\ufeff"), encoding, note)


def _decode_legacy(data: bytes, where: str) -> Decoded:
    if marked := _utf16_without_mark(data):
        return Decoded(data.decode(marked, "replace"), marked, f"not UTF-8; read as {marked} (guessed)")
    _refuse_binary(data, where)
    if damaged := _damaged_utf8(data):
        return damaged
    encoding = _chinese_encoding(data) or _guessed_encoding(data)
    if encoding is None:
        raise _not_text(where, "its bytes fit no known encoding")
    text = data.decode(encoding, "replace")
    broken = text.count("\ufffd")
    if broken > 0.01 * len(text):
        raise _not_text(where, f"its bytes fit no known encoding ({encoding} comes nearest)")
    note = f"not UTF-8; read as {encoding} (guessed)"
    return Decoded(text, encoding, note + (f"; {broken:,} broken characters became \ufffd" if broken else ""))


def _utf16_without_mark(data: bytes) -> str | None:
    sample = data[:4096]
    if len(sample) < 4 or sample.count(0) < 0.2 * len(sample):
        return None
    if sample[1::2].count(0) > 0.4 * (len(sample) // 2) and not sample[0::2].count(0):
        return "utf-16-le"
    if sample[0::2].count(0) > 0.4 * (len(sample) // 2) and not sample[1::2].count(0):
        return "utf-16-be"
    return None


def _damaged_utf8(data: bytes) -> Decoded | None:
    """UTF-8 with a few broken bytes, such as a file cut in the middle of a character."""
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    sound = sum(1 for character in text[:SAMPLE_BYTES] if ord(character) > 127) - broken
    if broken > max(1, 0.001 * len(text)) or sound <= 4 * broken:
        return None
    return Decoded(text, "utf-8", f"read as UTF-8; {broken:,} broken characters became \ufffd")


def _chinese_encoding(data: bytes) -> str | None:
    """GB18030 or Big5 where the decoded text holds as many of the commonest characters as real Chinese does."""
    best, best_share = None, 0.12
    for encoding in ("gb18030", "big5"):
        # A sample may end inside a character: the last one does not count.
        text = data[:SAMPLE_BYTES].decode(encoding, "replace")
        han = [character for character in text if "\u3400" <= character <= "\u9fff"]
        if len(han) < 2 or text[:-2].count("\ufffd") > 0.005 * len(text):
            continue
        share = sum(1 for character in han if character in _COMMON_HAN) / len(han)
        if share > best_share:
            best, best_share = encoding, share
    return best


def _guessed_encoding(data: bytes) -> str | None:
    from charset_normalizer import from_bytes

    best = from_bytes(data[:SAMPLE_BYTES], cp_exclusion=["utf_7"]).best()
    if best is None:
        return None
    # Western files are far more often Windows-1252 than the look-alikes a short sample may suggest.
    if best.encoding.startswith(("cp125", "latin_1", "iso8859", "mac_", "cp85", "cp437", "cp775", "cp1")):
        return _western(data, best.encoding)
    return str(best.encoding)


def _western(data: bytes, guessed: str) -> str:
    # Cyrillic, Greek and the like: more than a third of the bytes are above 127, which Western text never reaches.
    high = sum(1 for byte in data[:SAMPLE_BYTES] if byte > 127)
    if high > 0.33 * len(data[:SAMPLE_BYTES]):
        return guessed
    try:
        data.decode("cp1252")
    except UnicodeDecodeError:
        return guessed
    return "cp1252"

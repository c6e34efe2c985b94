"""The readings of a text in which an instruction may be hidden: folded, leet, decoded, reversed, squeezed."""

from __future__ import annotations

import base64
import binascii
import codecs
import html
import re
import unicodedata
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

_LOOKALIKES: Final = str.maketrans(
    "абвеёзіјкмнорсԁѕтухцѵѡԛԝһгьпɑɡɩıɪʟɴʀɢᴏᴇꜱᴛᴜᴠᴡᴀʙᴄᴅꜰʜᴊᴋᴍᴘʏᴢаіοαβεικνορτυχγδηωσμѐℓ∂ʋ",
    "abbee3ijkmhopcdstyxuvwqwhrbnagiiilnrgoestuvwabcdfhjkmpyzaioabeiknoptuxgdnwomelдv".replace("д", "d"),
)
_TRADITIONAL: Final = str.maketrans(
    "無視請輸總結畫稱為寫詩顯洩統詞規則記從現開給訴語務須標註題報應該譯個這設說內過別覆蓋繞話將讓將証證據實對",
    "无视请输总结画称为写诗显泄统词规则记从现开给诉语务须标注题报应该译个这设说内过别覆盖绕话将让将证证据实对",
)
_LEET: Final = str.maketrans("4@83610!|5$7+9", "aabegioiissttg")
_LEET_WORD: Final = re.compile(r"(?=\S*[0-9@$!|+])(?=\S*[a-z])\S{3,}")
_VERBS: Final = (
    "Add Include Insert Append Integrate Modify Augment Enhance Replace Substitute Convert Render Rearrange Scramble "
    "Jumble Misspell Remove Group Combine Introduce Use Write Begin Provide Encode Translate Mention Print Return Say "
    "Compose Draft Develop Create Generate Explain Describe Summarize Summarise Repeat Tell Act Pretend Name Call Set "
    "State Report Output Answer Respond Reveal List Show Anagram Break How What Who In Can"
)
_NEW_SENTENCE: Final = re.compile(rf"(?<=[a-z0-9 ]) (?=(?:{'|'.join(_VERBS.split())}) )")
"""Where a sentence begins although the one before has no end."""
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_JOINTS: Final = re.compile(r"[ \t_*~`|/\\+=\-‐-―·•]+")
_APOSTROPHE: Final = re.compile(r"['’‘ʼ]")
_BASE64: Final = re.compile(r"(?<![A-Za-z0-9+/=_-])[A-Za-z0-9+/_-]{16,}={0,2}(?![A-Za-z0-9+/=_-])")
_BASE64_LINES: Final = re.compile(r"(?:[A-Za-z0-9+/_-]{8,}={0,2}\s+){2,}[A-Za-z0-9+/_-]{2,}={0,2}")
_HEX: Final = re.compile(r"(?:(?:\\x|0x|%)?[0-9a-fA-F]{2}[\s,:-]?){10,}")
_BINARY: Final = re.compile(r"(?:[01]{8}[\s,]*){6,}")
_DECIMAL: Final = re.compile(r"(?:\b(?:3[2-9]|[4-9]\d|1[01]\d|12[0-6])\b[\s,;]+){11,}\d{2,3}")
_ESCAPES: Final = re.compile(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})")
_MORSE: Final = re.compile(r"(?:[.\-–·]{1,5}[ /]+){10,}[.\-–·]{1,5}")
_MORSE_LETTERS: Final = {
    ".": "e",
    "-": "t",
    ".-": "a",
    "---": "o",
    "..": "i",
    "-.": "n",
    "...": "s",
    "....": "h",
    ".-.": "r",
    "-..": "d",
    ".-..": "l",
    "-.-.": "c",
    "..-": "u",
    "--": "m",
    ".--": "w",
    "..-.": "f",
    "--.": "g",
    "-.--": "y",
    ".--.": "p",
    "-...": "b",
    "...-": "v",
    "-.-": "k",
    ".---": "j",
    "-..-": "x",
    "--.-": "q",
    "--..": "z",
}


def fold(text: str) -> str:
    """Lower case with lookalike, full-width and decorated letters plain, and joints between words as one space."""
    text = _CAMEL.sub(" ", _NEW_SENTENCE.sub("\n", text))
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
        text = "".join(_plain(character) for character in unicodedata.normalize("NFKD", text))
        text = unicodedata.normalize("NFC", text).casefold().translate(_LOOKALIKES).translate(_TRADITIONAL)
    # Spaces and not line ends are joined: many patterns begin at a line's start.
    return _JOINTS.sub(" ", _APOSTROPHE.sub(" ", text.casefold()))


def _plain(character: str) -> str:
    if unicodedata.combining(character):
        return ""
    point = ord(character)
    if 0x1F1E6 <= point <= 0x1F1FF:
        return chr(point - 0x1F1E6 + ord("a"))
    for first in (0x1F130, 0x1F150, 0x1F170):
        if first <= point < first + 26:
            return chr(point - first + ord("a"))
    return character


def unleet(folded: str) -> str:
    """The folded text with figures and signs inside of words read as the letters they look like."""
    return _LEET_WORD.sub(lambda found: found[0].translate(_LEET), folded)


def squeeze(folded: str) -> str:
    """Latin letters alone."""
    return re.sub(r"[^a-z]+", "", folded)


def mirrored(text: str) -> Iterator[str]:
    """The text by ROT13, and backwards."""
    yield codecs.encode(text, "rot13")
    yield text[::-1]
    yield " ".join(word[::-1] for word in text.split(" "))


def decoded(text: str) -> Iterator[tuple[str, bool]]:
    """What stands encoded in the text, and whether nobody would write so who has nothing to hide.

    Base64, base32, hexadecimal, binary, character codes and Morse hide sentences; escapes come from exports too.
    """
    for pattern, decode in (
        (_BASE64, _from_base64),
        (_BASE64_LINES, _from_base64),
        (_HEX, _from_hex),
        (_BINARY, _from_binary),
        (_DECIMAL, _from_decimal),
        (_MORSE, _from_morse),
    ):
        for found in pattern.finditer(text):
            told = decode(found[0])
            if told and _reads(told):
                yield told, True
    if "%" in text and re.search(r"(?:%[0-9a-fA-F]{2}.{0,3}){3}", text):
        yield unquote(text), False
    if "&" in text and re.search(r"&#?\w{2,8};", text):
        yield html.unescape(text), False
    if "\\" in text and len(_ESCAPES.findall(text)) >= 4:
        yield _ESCAPES.sub(lambda found: chr(int(found[1] or found[2], 16)), text), False


def _reads(text: str) -> bool:
    """Whether it is language: mostly letters and spaces, several words or Chinese characters."""
    letters = sum(character.isalpha() or character in " ,.'!?:\n" for character in text)
    words = re.findall(r"[^\W\d_]{2,}", text)
    return (
        len(text) >= 10
        and letters >= 0.85 * len(text)
        and (len(words) >= 3 or len(re.findall("[\u4e00-\u9fff]", text)) >= 5)
        and sum("\x00" <= character < " " for character in text) < 2
    )


def _utf8(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return ""


def _from_base64(text: str) -> str:
    text = re.sub(r"\s+", "", text).replace("-", "+").replace("_", "/").rstrip("=")
    try:
        told = _utf8(base64.b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError):
        told = ""
    if told or not re.fullmatch("[A-Z2-7]+", text):
        return told
    try:
        return _utf8(base64.b32decode(text + "=" * (-len(text) % 8)))
    except (binascii.Error, ValueError):
        return ""


def _from_hex(text: str) -> str:
    digits = re.sub(r"\\x|0x|[^0-9a-fA-F]", "", text)
    return _utf8(bytes.fromhex(digits[: len(digits) // 2 * 2]))


def _from_binary(text: str) -> str:
    return _utf8(bytes(int(part, 2) for part in re.findall("[01]{8}", text)))


def _from_decimal(text: str) -> str:
    return "".join(chr(int(part)) for part in re.findall(r"\d+", text))


def _from_morse(text: str) -> str:
    plain = text.replace("–", "-").replace("·", ".")
    words = [[_MORSE_LETTERS.get(sign, "") for sign in word.split()] for word in plain.split("/")]
    return " ".join("".join(letters) for letters in words)

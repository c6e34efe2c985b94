"""What a near match may not differ in: a negation, a word of opposite meaning, a number. English and Chinese.

Both texts are folded (`folding`). A slip of the pen changes no meaning; "not" that came or went, "useful" for
"useless", "30 days" for "3 days" do, however near the two texts are by their letters.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final, Literal, NamedTuple

Difference = Literal["negation", "number"]

NOT: Final = "\0not"
"""The token of every negation."""

_NO_WORDS: Final = (
    "not no never none nobody nothing nowhere neither nor without hardly barely scarcely rarely seldom lack lacks "
    "lacked lacking n't nope"
)
_NEGATIONS: Final = frozenset(_NO_WORDS.split())
_BARE: Final = (
    "dont doesnt didnt isnt wasnt arent werent cant wont couldnt wouldnt shouldnt hasnt havent hadnt aint mustnt neednt"
)
_CONTRACTED: Final = {word: word[:-2] for word in _BARE.split()} | {"cant": "can", "wont": "will", "aint": "is"}
_IRREGULAR: Final = {"ca": "can", "wo": "will", "sha": "shall", "ai": "is"}
_HELPERS: Final = frozenset(["do", "does", "did"])

_NO_NEGATION_ZH: Final = (
    r"(?P<asked>[\u4e00-\u9fff])[不没](?P=asked)|有没有|特别|非常|分别|区别|个别|级别|类别|性别|告别|差别|别墅|别致|别人|别的|差不多|不仅|不但|不光|不只"
    r"|不过|不管|不论|无论|不断|不愧|不禁|莫非|除非|非得|未来|无线|无敌|无比|沉没|没错|不错|不久|不一会|要不是|南无|是非|非洲|十分|十足|万一|万分|千万"
)
_NO_ZH: Final = r"没有|并非|绝非|毫无|从未|尚未|[不没未无非别勿莫甭]"
_NUMBER: Final = r"\d+(?:[.,:]\d+)*[k万千亿]?|[零〇一二两三四五六七八九十百千万亿]+"
_TOKENS: Final = re.compile(
    rf"(?P<plain>{_NO_NEGATION_ZH})|(?P<no>{_NO_ZH})|(?P<number>{_NUMBER})|(?P<word>[^\W\d_\u2e80-\U0003ffff]+(?:'[^\W\d_]+)*)"
    r"|(?P<han>[\u2e80-\u9fff\U00020000-\U0003ffff])"
)

_ONES: Final = "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
_NUMBER_WORDS: Final = {word: str(number) for number, word in enumerate(_ONES.split(), 2)} | {
    "eighteen": "18", "nineteen": "19", "twenty": "20", "thirty": "30", "forty": "40", "fifty": "50", "sixty": "60",
    "seventy": "70", "eighty": "80", "ninety": "90", "hundred": "100", "thousand": "1000", "million": "1000000",
    "twice": "2", "thrice": "3", "dozen": "12",
}  # fmt: skip
_DIGITS_ZH: Final = {"零": 0, "〇": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4} | {
    "五": 5, "六": 6, "七": 7, "八": 8, "九": 9,
}  # fmt: skip
_UNITS_ZH: Final = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}
_SCALES: Final = {"k": "000", "千": "000", "万": "0000", "亿": "00000000"}


REACH: Final = 60
"""Folded characters beside a quote that are looked at for what was cut off."""

_TURNING_PREFIXES: Final = frozenset({"un", "in", "im", "ir", "il", "dis", "non", "mis"})
_TURNING_ENDING: Final = re.compile(r"(?:less|ful)(?:ly)?$")


class Token(NamedTuple):
    """A word, a Chinese character, a negation or a number; `start` and `end` are its place."""

    text: str
    start: int
    end: int
    number: bool = False


@lru_cache(maxsize=4096)
def tokens(folded: str) -> tuple[Token, ...]:
    """The words of a folded text: negations as `NOT`, numbers by their value, Chinese by the character."""
    found: list[Token] = []
    for match in _TOKENS.finditer(folded):
        text, (start, end) = match.group(), match.span()
        if match.lastgroup == "no":
            found.append(Token(NOT, start, end))
        elif match.lastgroup == "number":
            value = number_value(text)
            # 一 is an article as often as a number.
            found.append(Token(value, start, end, number=text != "一"))
        elif match.lastgroup == "word":
            found += [Token(word, start, end, number) for word, number in _words(text)]
        else:
            found.append(Token(text, start, end))
    return tuple(found)


def _words(word: str) -> list[tuple[str, bool]]:
    if word.endswith("n't") and len(word) > 3:
        stem = word[:-3]
        return [(_IRREGULAR.get(stem, stem), False), (NOT, False)]
    if word == "cannot":
        return [("can", False), (NOT, False)]
    if word in _CONTRACTED:
        return [(_CONTRACTED[word], False), (NOT, False)]
    if word in _NEGATIONS:
        return [(NOT, False)]
    return [(_NUMBER_WORDS[word], True)] if word in _NUMBER_WORDS else [(word, False)]


def number_value(text: str) -> str:
    """A number in digits without grouping and without zeros at its end: 5,000 and 5千 are 5000, 三十 is 30."""
    if not text[0].isdecimal():
        return _chinese_number(text)
    scale = _SCALES.get(text[-1], "")
    digits = re.sub(r",(?=\d{3}(?!\d))", "", text.rstrip("k万千亿")).replace(",", ".")
    if "." in digits and digits.count(".") == 1 and ":" not in digits and not scale:
        digits = digits.rstrip("0").rstrip(".")
    return digits + scale


def _chinese_number(text: str) -> str:
    total, below, digit = 0, 0, -1
    if len(text) > 20 or not any(character in _UNITS_ZH for character in text):
        return "".join(str(_DIGITS_ZH.get(character, character)) for character in text)
    for character in text:
        if character in _DIGITS_ZH:
            digit = _DIGITS_ZH[character]
        elif _UNITS_ZH[character] < 10_000:
            below += (digit if digit >= 0 else 1) * _UNITS_ZH[character]
            digit = -1
        else:
            total = (total + below + max(digit, 0) or 1) * _UNITS_ZH[character]
            below, digit = 0, -1
    return str(total + below + max(digit, 0))


@cache
def _opposites() -> frozenset[tuple[str, str]]:
    text = (files("personas") / "lexicons" / "opposites.tsv").read_text(encoding="utf-8")
    pairs = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
    return frozenset((one, two) for a, b in pairs for one, two in ((a, b), (b, a)))


@cache
def _opposites_zh() -> tuple[tuple[str, str], ...]:
    return tuple(sorted((a, b) for a, b in _opposites() if ord(a[0]) > 0x2E80))


def are_opposites(one: str, two: str) -> bool:
    """Whether two English words say the opposite: of the list, or one is the other with "un-" or "-less"."""
    if (one, two) in _opposites():
        return True
    short, long = sorted((one, two), key=len)
    if len(short) > 2 and long.endswith(short) and long[: -len(short)] in _TURNING_PREFIXES:
        return True
    bare = {_TURNING_ENDING.sub("", word) for word in (one, two)}
    return len(bare) == 1 and one.endswith(("less", "lessly")) != two.endswith(("less", "lessly"))


def opposite_words(one: str, other: str) -> Iterator[tuple[str, str]]:
    """Pairs of a word of `one` and its opposite in `other`, in the order of `one`; Chinese ones behind, as listed.

    A word that stands in both tells nothing: "fast to ship, slow to load" is not the opposite of "ships fast". A single
    Chinese character counts where it says how something is: 上菜慢, 太大, but not 大老远.

    Args:
        one: folded, as long as a sentence.
        other: folded, as long as a sentence.
    """
    mine, theirs = [[token.text for token in tokens(text) if token.text.isascii()] for text in (one, other)]
    for word in mine:
        for against in theirs:
            if are_opposites(word, against) and word not in theirs and against not in mine:
                yield word, against
    for a, b in _opposites_zh():
        if a in one and b in other and a not in other and b not in one and _says_how(a, one) and _says_how(b, other):
            yield a, b


_HOW_ZH: Final = (
    r"(?:(?<=[太很挺更最真超好够])|(?<=有点)|(?<=比较)|(?<=非常)){0}"
    r"|{0}(?=[了啊呀的点些]?(?:$|[,.!?;:，。！？\s]))"
)


def _says_how(word: str, folded: str) -> bool:
    return len(word) > 1 or re.search(_HOW_ZH.format(word), folded) is not None


def material_difference(quote: str, source: str) -> Difference | None:
    """What a quote and the words of the source differ in that is no slip of the pen; None where nothing.

    A number that the quote leaves out comes back with the source's own words; one that it brings in does not.

    Args:
        quote: folded, at most a thousand characters.
        source: folded, about as long.
    """
    theirs, ours = tokens(quote), tokens(source)
    numbers = Counter(token.text for token in theirs if token.number)
    numbers -= Counter(token.text for token in ours if token.number or token.text == "1")
    negated = _negation_differs(theirs, ours)
    return "negation" if negated else "number" if numbers else None


def _negation_differs(theirs: Sequence[Token], ours: Sequence[Token]) -> bool:
    for mine, yours in _changed([token.text for token in theirs], [token.text for token in ours]):
        if mine.count(NOT) != yours.count(NOT):
            return True
        if any(are_opposites(one, two) for one in mine for two in yours):
            return True
        said, stands = "".join(mine), "".join(yours)
        if any(a in said and b in stands and a not in stands and b not in said for a, b in _opposites_zh()):
            return True
    return False


def _changed(theirs: list[str], ours: list[str]) -> Iterator[tuple[list[str], list[str]]]:
    """The stretches in which two lists differ."""
    from rapidfuzz.distance import Levenshtein

    mine: list[str] = []
    yours: list[str] = []
    for block in Levenshtein.opcodes(theirs, ours):
        if block.tag != "equal":
            mine += theirs[block.src_start : block.src_end]
            yours += ours[block.dest_start : block.dest_end]
        elif mine or yours:
            yield mine, yours
            mine, yours = [], []
    if mine or yours:
        yield mine, yours


_WITHIN_CLAUSE: Final = re.compile(r"[^,.;:!?()\n]*")
_LONGEST_TAIL: Final = 3
"""Words at an end of a quote that the source may have otherwise."""


def widen_to_other_words(quote: str, text: str, start: int, end: int) -> tuple[int, int] | None:
    """The place of a near match with the words that the source has where the quote ends or begins otherwise.

    A match by letters ends before them: "the staff were | polite" is nearest to "the staff were | rude".
    None where more than `_LONGEST_TAIL` words at an end are others: they are from elsewhere.
    """
    said, stands = tokens(quote), tokens(text[start:end])
    ahead, behind = _unmatched_ends([token.text for token in said], [token.text for token in stands])
    if ahead is None or behind is None:
        return None
    after = _WITHIN_CLAUSE.match(text, end, min(len(text), end + REACH))
    following = tokens(after.group()) if after is not None else ()
    if behind > 0 and following:
        end += following[min(behind, len(following)) - 1].end
    before = _WITHIN_CLAUSE.match(text[max(0, start - REACH) : start][::-1])
    room = len(before.group()) if before is not None else 0
    leading = tokens(text[start - room : start])
    if ahead > 0 and leading:
        start += leading[-min(ahead, len(leading))].start - room
    return start, end


def _unmatched_ends(said: list[str], stands: list[str]) -> tuple[int | None, int | None]:
    """How many words more the quote has than the source before their first, and after their last, common word.

    None where the quote has more than `_LONGEST_TAIL` there that the source has not.
    """
    from rapidfuzz.distance import Levenshtein

    equal = [block for block in Levenshtein.opcodes(said, stands) if block.tag == "equal"]
    if not equal:
        return None, None
    ahead, behind = equal[0].src_start, len(said) - equal[-1].src_end
    return (
        None if ahead > _LONGEST_TAIL else ahead - equal[0].dest_start,
        None if behind > _LONGEST_TAIL else behind - (len(stands) - equal[-1].dest_end),
    )


def by_value(folded: str) -> str:
    """The words of a text in one spelling: "doesn't" is "does not", 三十 is 30."""
    return "".join(token.text for token in tokens(folded))


def without_the_difference(folded: str, difference: Difference) -> str:
    """The words of a text without its negations (and the helpers they bring) or without its numbers."""
    if difference == "number":
        return " ".join(token.text for token in tokens(folded) if not token.number)
    return " ".join(token.text for token in tokens(folded) if token.text != NOT and token.text not in _HELPERS)


_FILLERS: Final = (
    r"(?:(?:really|very|so|quite|particularly|exactly|even|always|that|too|all|a|an|any|the|longer|been|be|at|ever|one|much|"
    r"think|believe|feel|say|expect|know|find|it|it's|is|was|to|want|like|have|had|get|be|i|would|of)\s+){0,4}"
)
_NEGATED_BEFORE: Final = re.compile(
    r"(?:\b(?:not(?! only)|no|never|none|nobody|neither|nor|without|hardly|barely|scarcely|rarely|cannot"
    rf"|{_BARE.replace(' ', '|')})"
    rf"|n't)\s+{_FILLERS}$"
)
_NEGATED_BEFORE_ZH: Final = re.compile(
    r"(?<![特分区个级类性告差])(?<!有没)(?:没有|并非|绝非|毫无|从未|[不没未无别勿莫甭])(?:是|会|能|想|要|够|太|怎么|法|再|觉得|感觉)?$"
)
_ASKED_ZH: Final = re.compile(r"([\u4e00-\u9fff])[不没]\1$")


def is_negated_before(before: str) -> bool:
    """Whether what stands directly before a quote, within its clause, turns it: "not | happy with it", 不|好吃.

    Args:
        before: folded, the last `REACH` characters before the quote.
    """
    if _NEGATED_BEFORE.search(before):
        return True
    return bool(_NEGATED_BEFORE_ZH.search(before)) and not _ASKED_ZH.search(before)

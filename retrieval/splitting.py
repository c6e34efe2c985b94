"""Cuts a document into passages at the ends of turns, sentences and clauses, with exact offsets.

Every non-space character of the customer's own text lies in exactly one passage, and a passage is a plain slice of the
text of record: ``document.text[passage.start:passage.end]``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from persona_kit.hashing import sha256_text
from retrieval.documents import Document, Passage
from retrieval.scripts import is_mostly_cjk

Span = tuple[int, int]

CJK_SHARE: Final = 0.375
"""A Chinese character carries about as much as two and a half Latin ones: 320 Latin characters, 120 Chinese."""

_CLOSERS = "\"'”’»)\\]}」』）】》〉"
# Possessive, and never started inside a run of marks: a megabyte of dots must not take hours.
_LATIN_END: Final = re.compile(rf"(?<![.!?…])[.!?…]++[{_CLOSERS}]*+(?=\s)")
_WIDE_END: Final = re.compile(rf"[。！？；｡]+[。！？；｡!?…~～]*[{_CLOSERS}]*")
_NARROW_END_BEFORE_CJK: Final = re.compile(rf"(?<![!?])[!?]++[{_CLOSERS}]*+(?=[\u3400-\u9fff])")
_LINE_END: Final = re.compile(r"\n\s*")
_CLAUSE_END: Final = re.compile(r"[，、,:：;；~～…—]+\s*|\s[-–—]\s|\n+")
_SPACE: Final = re.compile(r"\s+")
_LAST_WORD: Final = re.compile(r"[^\s(\[\"'“‘「（]*$")

_TITLES: Final = "mr mrs ms dr prof sr jr vs e.g i.e eg ie cf gen rep sen rev hon mt messrs"
"""Abbreviations that something always follows: never the end of a sentence."""

_NUMBERED: Final = "no nos vol fig figs p pp ch sec art approx st est tel ext par"
"""Abbreviations before a number: no end of a sentence where a digit follows."""

_SOFT: Final = (
    "etc inc ltd co corp bros a.m p.m pm u.s u.k u.s.a ph.d jan feb mar apr jun jul aug sep sept oct nov dec "
    "min max avg hrs hr mins secs dept incl excl al"
)
"""Abbreviations that may end a sentence: they do where no lower-case letter follows."""

_ABBREVIATIONS: Final = {word: kind for kind in (_TITLES, _NUMBERED, _SOFT) for word in kind.split()}


def split_document(document: Document, *, max_chars: int = 320) -> tuple[Passage, ...]:
    """The document's passages in the order of the text; none where the customer wrote nothing but spaces.

    A passage is at most `max_chars` long where the writing is Latin and `max_chars` x 3/8 where it is mostly Chinese,
    Japanese or Korean. Turns are kept whole where they fit, then sentences, then clauses, then words; unbroken text
    that is longer than a passage is cut hard. A text that fits is one passage.

    Raises:
        ValueError: when `max_chars` is below 16.
    """
    if max_chars < 16:
        raise ValueError(f"max_chars must be at least 16, got {max_chars}")
    text = document.text
    chinese = document.language == "zh" or (document.language != "en" and is_mostly_cjk(text))
    limit = max(int(max_chars * CJK_SHARE), 6) if chinese else max_chars
    return tuple(_passage(document, start, end) for start, end in _chunks(text, _own_turns(document), limit))


def sentence_spans(text: str, start: int = 0, end: int | None = None) -> Iterator[Span]:
    """The sentences of ``text[start:end]`` as offsets into `text`, without the space around them."""
    stop = len(text) if end is None else end
    begin = start
    for cut in _sentence_cuts(text, start, stop):
        yield from _trimmed(text, begin, cut)
        begin = cut
    yield from _trimmed(text, begin, stop)


def _own_turns(document: Document) -> list[Span]:
    """What the customer wrote, clipped to the text, in order and without overlaps."""
    size = len(document.text)
    turns: list[Span] = []
    reached = 0
    for start, end in sorted(document.turns or ((0, size),)):
        begin, stop = max(start, reached), min(end, size)
        if begin < stop:
            turns.extend(_trimmed(document.text, begin, stop))
            reached = stop
    return turns


def _chunks(text: str, turns: list[Span], limit: int) -> Iterator[Span]:
    """Passages: neighbouring turns share one only where nobody spoke between them."""
    run: list[Span] = []
    for turn in turns:
        if run and text[run[-1][1] : turn[0]].strip():
            yield from _pack(text, run, limit)
            run = []
        run.append(turn)
    if run:
        yield from _pack(text, run, limit)


def _pack(text: str, turns: list[Span], limit: int) -> Iterator[Span]:
    """Whole turns together while they fit; a turn that is too long is cut at its sentences."""
    held: Span | None = None
    for start, end in turns:
        if held and end - held[0] <= limit:
            held = (held[0], end)
            continue
        if held:
            yield held
        held = None
        if end - start <= limit:
            held = (start, end)
        else:
            yield from _pack_sentences(_fitting(text, start, end, limit), limit)
    if held:
        yield held


def _pack_sentences(spans: Iterator[Span], limit: int) -> Iterator[Span]:
    """Joins sentences up to the limit, and shares the last two passages' sentences evenly: no stray "Thanks!"."""
    groups: list[list[Span]] = []
    for span in spans:
        if groups and span[1] - groups[-1][0][0] <= limit:
            groups[-1].append(span)
            continue
        if len(groups) == 2:
            yield _cover(groups.pop(0))
        groups.append([span])
    if len(groups) == 2:
        groups = _evened(groups[0] + groups[1], limit)
    for group in groups:
        yield _cover(group)


def _evened(sentences: list[Span], limit: int) -> list[list[Span]]:
    first, last = sentences[0][0], sentences[-1][1]
    cuts = [
        at
        for at in range(1, len(sentences))
        if sentences[at - 1][1] - first <= limit and last - sentences[at][0] <= limit
    ]
    best = min(cuts, key=lambda at: (max(sentences[at - 1][1] - first, last - sentences[at][0]), at))
    return [sentences[:best], sentences[best:]]


def _cover(spans: list[Span]) -> Span:
    return spans[0][0], spans[-1][1]


def _fitting(text: str, start: int, end: int, limit: int) -> Iterator[Span]:
    """Sentences, those above the limit cut further."""
    for sentence in sentence_spans(text, start, end):
        if sentence[1] - sentence[0] <= limit:
            yield sentence
        else:
            yield from _cut_long(text, *sentence, limit)


def _cut_long(text: str, start: int, end: int, limit: int) -> Iterator[Span]:
    """Pieces of one long sentence, each ended at the last clause that fits, else the last word, else anywhere."""
    while end - start > limit:
        cut = _last_break(text, start, start + limit)
        yield from _trimmed(text, start, cut)
        start = cut
        while start < end and text[start].isspace():
            start += 1
    yield from _trimmed(text, start, end)


def _last_break(text: str, start: int, stop: int) -> int:
    for pattern, least in ((_CLAUSE_END, (stop - start) // 3), (_SPACE, 1)):
        ends = [match.end() for match in pattern.finditer(text, start + least, stop)]
        if ends:
            return ends[-1]
    cut = stop
    while cut > start + 1 and _joins_previous(text, cut):
        cut -= 1
    return cut if cut > start + 1 else stop


def _joins_previous(text: str, at: int) -> bool:
    """Whether the character at `at` belongs to the one before it (accents, emoji sequences)."""
    character = text[at]
    return (
        unicodedata.combining(character) != 0
        or character in "\u200d\ufe0e\ufe0f"
        or text[at - 1] == "\u200d"
        or "\U0001f3fb" <= character <= "\U0001f3ff"
    )


def _sentence_cuts(text: str, start: int, stop: int) -> list[int]:
    """Where one sentence ends and the next begins, ascending."""
    cuts = {match.end() for match in _WIDE_END.finditer(text, start, stop)}
    cuts |= {match.end() for match in _NARROW_END_BEFORE_CJK.finditer(text, start, stop)}
    cuts |= {match.end() for match in _LINE_END.finditer(text, start, stop) if _new_line_begins(text, match, stop)}
    cuts |= {match.end() for match in _LATIN_END.finditer(text, start, stop) if _ends_sentence(text, match, start)}
    return sorted(cuts)


def _new_line_begins(text: str, match: re.Match[str], stop: int) -> bool:
    """A line break ends a sentence unless the line was only wrapped: the next one goes on in lower case."""
    after = match.end()
    return match.group().count("\n") > 1 or after >= stop or not text[after].islower()


def _ends_sentence(text: str, match: re.Match[str], start: int) -> bool:
    mark = match.group()
    if "!" in mark or "?" in mark:
        return True
    following = text[match.end() : match.end() + 12].lstrip()[:1]
    if "…" in mark or mark.startswith(".."):
        return not following.islower()
    # 20 characters hold the longest abbreviation and any initial.
    word = _LAST_WORD.search(text, max(start, match.start() - 20), match.start())
    before = word.group().lower() if word else ""
    if len(before) == 1 and before.isalpha() and before != "i":
        return False
    if before.isdigit() and _begins_line(text, match.start() - len(before), start):
        return False
    kind = _ABBREVIATIONS.get(before)
    unfinished = {_TITLES: True, _NUMBERED: following.isdigit(), _SOFT: following.islower()}
    return not (kind and unfinished[kind])


def _begins_line(text: str, at: int, start: int) -> bool:
    """Whether only spaces stand before `at` on its line, as before the number of a list item."""
    while at > start and text[at - 1] in " \t":
        at -= 1
    return at == start or text[at - 1] == "\n"


def _trimmed(text: str, start: int, end: int) -> Iterator[Span]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        yield start, end


def _passage(document: Document, start: int, end: int) -> Passage:
    # The words are part of the id: an edited document never keeps the vector of its old text.
    key = "\x1f".join((document.document_id, str(start), str(end), document.text[start:end]))
    return Passage(
        passage_id=sha256_text(key)[:24],
        document_id=document.document_id,
        customer_id=document.customer_id,
        start=start,
        end=end,
    )

"""What becomes of a proposed quote: a verdict for each, and a citation of the source's own words where it holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from personas.grounding.carrying import LEAST_QUOTE_WORDS, quote_words
from personas.grounding.differences import (
    REACH,
    Difference,
    by_value,
    is_negated_before,
    material_difference,
    widen_to_other_words,
    without_the_difference,
)
from personas.grounding.folding import Folded, fold_document, fold_quote
from personas.grounding.searching import exact_places, is_han, nearest_place, pieces_in
from retrieval.documents import Citation, Document

QuoteVerdict = Literal[
    "verified",
    "repaired",
    "misattributed",
    "stitched",
    "negation-flipped",
    "number-changed",
    "not the customer's",
    "too short",
    "too long",
    "not found",
]
"""The first three are cited; a citation itself is `verified` or `repaired`, whichever document it was found in."""

LEAST_RATIO: Final = 90.0
"""Similarity, 0..100, from which a near match is repaired rather than dropped (two typos in twenty characters)."""

SHORTEST_REPAIR: Final = 12
"""Characters, a Chinese one counting twice; anything shorter is near to something everywhere."""

LONGEST_QUOTE: Final = 1_000
"""Characters; passages have 320, and a page is no quote."""

STITCHED_SHARE: Final = 0.75
"""Share of a quote's letters that pieces of the evidence must cover before it is called stitched."""

_REASONS: Final[dict[QuoteVerdict, tuple[str, str]]] = {
    "verified": ("", ""),
    "repaired": ("repaired with the source's own words", "已按原文改正"),
    "misattributed": ("misattributed: stands in {detail}", "出处有误：原文在 {detail}"),
    "stitched": (
        "stitched: {detail} pieces stand in the evidence, but not together",
        "拼接：{detail} 个片段分别见于材料，但并不相连",
    ),
    "negation-flipped": ("negation-flipped: the source says {detail!r}", "否定颠倒：原文是“{detail}”"),
    "number-changed": (
        "number-changed: the source has another number, {detail!r}",
        "数字不符：原文的数字不同，“{detail}”",
    ),
    "not the customer's": (
        "not the customer's: somebody else in the conversation says it",
        "不是客户说的：是对话中其他人的话",
    ),
    "too short": (f"fewer than {LEAST_QUOTE_WORDS} words", f"不足 {LEAST_QUOTE_WORDS} 个词"),
    "too long": (f"longer than {LONGEST_QUOTE} characters", f"超过 {LONGEST_QUOTE} 个字符"),
    "not found": ("not found in the evidence", "材料中找不到"),
}

_FAULTS: Final[dict[Difference, QuoteVerdict]] = {"negation": "negation-flipped", "number": "number-changed"}


@dataclass(frozen=True)
class Finding:
    """What became of a proposed quote."""

    citation: Citation | None
    verdict: QuoteVerdict
    detail: str = ""
    """What the verdict is about: the words of the source, the documents, the number of pieces."""

    @property
    def reason(self) -> str:
        """Why there is no citation, or what was put right; empty for a quote that stood as proposed."""
        return self.tell("en")

    def tell(self, language: Literal["en", "zh"]) -> str:
        """The reason in a language."""
        return _REASONS[self.verdict][language == "zh"].format(detail=self.detail)


@dataclass(frozen=True)
class _Source:
    """A document folded, with the stretches that are the customer's own words."""

    document: Document
    folded: Folded
    voices: tuple[tuple[int, int], ...]


def _source(document: Document) -> _Source:
    folded = fold_document(document.text)
    if not document.turns:
        return _Source(document, folded, ((0, len(folded.text)),))
    voices = tuple((folded.place(start), folded.place(end)) for start, end in document.turns)
    return _Source(document, folded, voices)


def find_quote(quote: str, document: Document) -> Citation | None:
    """The quote as it stands in the document, or None where it does not.

    Exact after folding is `verified`, a near match that changes no meaning is `repaired`: then the source's own words
    are cited. Time grows with the length of the document, not with its square.
    """
    wanted = _wanted(quote)
    if not isinstance(wanted, str):
        return None
    source = _source(document)
    for find in (_find_exact, _find_near):
        finding = find(wanted, source)
        if finding is not None and finding.citation is not None:
            return finding.citation
    return None


def ground_quote(quote: str, named: Document | None, others: Sequence[Document]) -> Finding:
    """The verdict on a proposed quote, looked for in the document named, then in the rest of the evidence.

    Words that stand somewhere to the letter go before words that nearly stand in the document named.
    """
    wanted = _wanted(quote)
    if not isinstance(wanted, str):
        return wanted
    evidence = {document.document_id: document for document in ([named] if named else []) + list(others)}
    sources = [_source(document) for document in evidence.values()]
    faults: list[Finding] = []
    for find in (_find_exact, _find_near):
        for source in sources:
            finding = find(wanted, source)
            if finding is not None and finding.citation is not None:
                return _attribute(finding, finding.citation, named)
            if finding is not None:
                faults.append(finding)
    if faults:
        return faults[0]
    return _tell_missing(wanted, sources)


def _wanted(quote: str) -> str | Finding:
    """What is looked for, or why nothing is."""
    quote = quote.strip()
    if len(quote) > 4 * LONGEST_QUOTE:  # it may be megabytes of marks
        return Finding(None, "too long")
    wanted = fold_quote(quote)
    if len(wanted) > LONGEST_QUOTE:
        return Finding(None, "too long")
    return wanted if any(map(str.isalnum, wanted)) else Finding(None, "too short")


def _attribute(finding: Finding, citation: Citation, named: Document | None) -> Finding:
    if quote_words(citation.quote) < LEAST_QUOTE_WORDS:
        return Finding(None, "too short")
    if named is None or citation.document_id == named.document_id:
        return finding
    return Finding(citation, "misattributed", f"{citation.document_id}, not in {named.document_id}")


def _find_exact(wanted: str, source: _Source) -> Finding | None:
    """The first place that stands to the letter; else the first that could be widened, else what was wrong there."""
    best: Finding | None = None
    for start, end in source.voices:
        for place in exact_places(wanted, source.folded.text, start, end):
            finding = _judge(wanted, source, place, place + len(wanted))
            if finding is not None and finding.verdict == "verified":
                return finding
            if best is None or (best.citation is None and finding is not None and finding.citation is not None):
                best = finding
    return best


def _find_near(wanted: str, source: _Source) -> Finding | None:
    if len(wanted) + sum(map(is_han, wanted)) < SHORTEST_REPAIR or _said_by_others(wanted, source):
        return None
    found = [nearest_place(wanted, source.folded.text, start, end) for start, end in source.voices]
    best = max((near for near in found if near is not None), key=lambda near: near.ratio, default=None)
    if best is None:
        return None
    text = source.folded.text
    place = widen_to_other_words(wanted, text, best.start, best.end)
    finding = None if place is None else _judge(wanted, source, *place)
    if finding is None or finding.citation is None:
        return finding
    alike = _likeness(by_value(wanted), by_value(text[best.start : best.end]))
    return finding if max(best.ratio, alike) >= LEAST_RATIO else None


def _judge(wanted: str, source: _Source, start: int, end: int) -> Finding | None:
    """The verdict on a place of the folded text: its words, widened to whole words and numbers, against the quote."""
    first, last = _span(source, start, end)
    turns = source.document.turns
    if first >= last or (turns and not any(begin <= first and last <= finish for begin, finish in turns)):
        return None
    text = source.folded.text
    start, end = source.folded.place(first), source.folded.place(last)
    stands = text[start:end].strip(" '.")
    words = source.document.text[first:last]
    difference = None if stands == wanted else material_difference(wanted, stands)
    if difference is not None:
        alike = _likeness(without_the_difference(wanted, difference), without_the_difference(stands, difference))
        if max(alike, _likeness(wanted, stands)) < LEAST_RATIO:
            return None
        return Finding(None, _FAULTS[difference], words[:80])
    if is_negated_before(text[max(0, start - REACH) : start]):
        before = int(source.folded.offsets[max(0, start - 20)])
        return Finding(None, "negation-flipped", source.document.text[before : first + 60])
    verdict: Literal["verified", "repaired"] = "verified" if stands == wanted else "repaired"
    document = source.document
    return Finding(
        Citation(
            document_id=document.document_id,
            customer_id=document.customer_id,
            start=first,
            end=last,
            quote=words,
            verdict=verdict,
        ),
        verdict,
    )


def _said_by_others(wanted: str, source: _Source) -> bool:
    """Whether words that no customer's turn holds stand in the conversation."""
    return bool(source.document.turns) and wanted in source.folded.text


def _likeness(one: str, two: str) -> float:
    from rapidfuzz.fuzz import ratio

    return ratio(one, two)


def _span(source: _Source, start: int, end: int) -> tuple[int, int]:
    """The place in the text of record: whole words and numbers, whole characters, no white space at the ends."""
    text, offsets = source.document.text, source.folded.offsets
    first, last = int(offsets[start]), int(offsets[end - 1]) + 1
    while first > 0 and _is_inside(text, first):
        first -= 1
    while last < len(text) and _is_inside(text, last):
        last += 1
    while last < len(text) and ("\u0300" <= text[last] <= "\u036f" or "\ufe00" <= text[last] <= "\ufe0f"):
        last += 1
    while first < last and text[first].isspace():
        first += 1
    while last > first and text[last - 1].isspace():
        last -= 1
    return first, last


def _is_inside(text: str, place: int) -> bool:
    """Whether a cut there parts a word or a number; scripts without blanks have no words to part."""
    before, after = text[place - 1], text[place]
    if _is_letter(before) and _is_letter(after):
        return True
    if text[place - 1 : place + 2].lower().replace("’", "'") == "n't":
        return True
    if text[max(0, place - 2) : place + 1].lower().replace("’", "'") == "n't":
        return True
    if before in ".," and after.isdecimal():
        return place > 1 and text[place - 2].isdecimal()
    return before.isdecimal() and after in ".," and place + 1 < len(text) and text[place + 1].isdecimal()


def _is_letter(character: str) -> bool:
    return character.isalnum() and ord(character) < 0x2E80


def _tell_missing(wanted: str, sources: Sequence[_Source]) -> Finding:
    if any(_said_by_others(wanted, source) for source in sources):
        return Finding(None, "not the customer's")
    pieces = pieces_in(wanted, "\n".join(_voices(sources)))
    covered = sum(character.isalnum() for piece in pieces for character in piece)
    enough = covered >= STITCHED_SHARE * sum(character.isalnum() for character in wanted)
    if len(pieces) > 1 and enough and not any(_stand_together(pieces, wanted, source) for source in sources):
        return Finding(None, "stitched", str(len(pieces)))
    return Finding(None, "not found")


def _stand_together(pieces: Sequence[str], wanted: str, source: _Source) -> bool:
    """Whether the pieces are one passage that was changed in between, too much to be repaired."""
    places = [source.folded.text.find(piece) for piece in pieces]
    return min(places) >= 0 and max(places) + len(pieces[-1]) - min(places) <= len(wanted) * 1.5


def _voices(sources: Sequence[_Source]) -> Iterator[str]:
    for source in sources:
        for start, end in source.voices:
            yield source.folded.text[start:end]

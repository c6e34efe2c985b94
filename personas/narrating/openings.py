"""Openings of one set told apart: no two personas begin alike."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from personas.attributes import OutputLanguage
from personas.narrating.prose import opening_ways, plain_opening
from personas.narrating.sections import choose_for_lede
from personas.records import Claim, Sentence

OPENING_WORDS: Final = 8
"""Words of a first sentence that are compared; a Chinese character is a word."""

TOO_ALIKE: Final = 0.4
"""Likeness from which two openings read alike. Of all pairs of plain openings, those worded from one pattern lie at
0.43 and above, and 95 in 100 of those worded from two at 0.29 and below."""

CLAIMS_TRIED: Final = 3

_QUOTED: Final = re.compile(r"“[^”]*”|\"[^\"]*\"")
_ASIDE: Final = re.compile(r"\([^)]*\)|（[^）]*）")
_WORD: Final = re.compile(r"…|[\u4e00-\u9fff]|[a-z0-9]+(?:'[a-z]+)?")
_LEANS: Final = re.compile(r"(?:also|and|but|besides?|yet|so|then|this|that|these|still)\b|也|而且|但|此外|同时|这")
_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)?")


def opening_likeness(first: str, second: str) -> float:
    """How alike two openings read, 0..1: the share of neighbouring words they have in common (Dice).

    Compared is how they are worded: what is quoted, and every number, counts as the same everywhere; what stands in
    brackets does not count.
    """
    mine, theirs = _pairs(first), _pairs(second)
    if not mine or not theirs:
        return float(mine == theirs)
    return 2 * len(mine & theirs) / (len(mine) + len(theirs))


def open_apart(
    narratives: Sequence[tuple[Sequence[Sentence], Sequence[Claim]]], language: OutputLanguage
) -> list[tuple[Sentence, ...]]:
    """The narratives, changed where two would begin alike; the same for the same input.

    A narrative that begins like one before it begins with another of its own sentences of the same section where one
    is unlike all before; else its first sentence is worded in another of the plain ways, of its strongest claims.

    Args:
        narratives: sentences and claims of each persona, in the order of the set.
        language: they are written in.
    """
    begun: list[str] = []
    changed = []
    for sentences, claims in narratives:
        told = _begun_anew(list(sentences), claims, begun, language)
        begun += [told[0].text] if told else []
        changed.append(tuple(told))
    return changed


def _begun_anew(
    sentences: list[Sentence], claims: Sequence[Claim], begun: Sequence[str], language: OutputLanguage
) -> list[Sentence]:
    if not sentences or _likest(sentences[0].text, begun) < TOO_ALIKE:
        return sentences
    first = sentences[0]
    if first.origin == "llm":
        for other in sentences[1:]:
            # Only what can stand first: nothing that leans on a sentence before it.
            stands = other.section == first.section and other.origin == "llm" and not _LEANS.match(other.text.lower())
            if stands and _likest(other.text, begun) < TOO_ALIKE:
                return [other, *(sentence for sentence in sentences if sentence is not other)]
    made = _plain_openings(first, claims, language)
    apart = (opening for opening in made if _likest(opening.text, begun) < TOO_ALIKE)
    # The claim it began with, in other words, before another claim.
    best = next(apart, min(made, key=lambda opening: _likest(opening.text, begun), default=first))
    ids = set(best.claim_ids)
    rest = [s for s in sentences[1:] if s.section != first.section or set(s.claim_ids) != ids]
    return [best if _likest(best.text, begun) < _likest(first.text, begun) else first, *rest]


def _plain_openings(first: Sentence, claims: Sequence[Claim], language: OutputLanguage) -> list[Sentence]:
    """Other plain first sentences: of the same claim in other words, then of the next claims."""
    strongest = choose_for_lede(claims)
    named = [claim for claim in strongest if claim.claim_id in first.claim_ids]
    order = list({claim.claim_id: claim for claim in [*named, *strongest]}.values())[:CLAIMS_TRIED]
    return [
        Sentence(
            text=plain_opening(claim, language, variant),
            claim_ids=(claim.claim_id,),
            origin="extractive",
            section=first.section,
        )
        for claim in order
        for variant in range(opening_ways(claim, language))
    ]


def _likest(text: str, begun: Sequence[str]) -> float:
    return max((opening_likeness(text, other) for other in begun), default=0.0)


def _pairs(text: str) -> set[tuple[str, str]]:
    bare = _NUMBER.sub("0", _ASIDE.sub(" ", _QUOTED.sub("…", text.lower().replace("’", "'"))))
    words = _WORD.findall(bare)[:OPENING_WORDS]
    return set(pairwise(words))

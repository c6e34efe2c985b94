"""What is known about a message: the customer's own earlier words, the persona's claims, who else said so."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from personas.asking.likeness import nearness
from personas.grounding import LEAST_QUOTE_WORDS, quote_words
from personas.records import Claim, Persona
from personas.replying.records import ReplyClaim
from personas.sentiment import score_sentiment
from personas.terms import content_words, stem, stems
from retrieval.documents import Citation, Document, cite
from retrieval.splitting import sentence_spans

RELATED: Final = 0.6
"""Mean nearness of a claim's words to the message's from which it is about the same thing."""

SURE: Final = 0.8
"""Nearness from which a word is surely meant: the same, or listed as standing for it."""

LEAST_SHARED: Final = 2
"""Words, stemmed, that a sentence must share with the message to be about the same thing."""

LEAST_SHARE: Final = 0.3
"""Of the message's rarest words, weighed by rarity, how much a sentence must hold."""

MOST_COMMON: Final = 0.1
"""Share of all documents above which a shared word says nothing: "coffee" among customers of a coffee maker."""

RARE_WORDS: Final = 5
CLAIMS_SHOWN: Final = 3
MIND_SHOWN: Final = 2
EARLIER_SHOWN: Final = 2
LONGEST_QUOTE: Final = 240
LEAST_OTHERS: Final = 3

TOUCHY: Final = ("price_sensitivity", "objections", "loyalty_churn")
"""Attributes that tell what not to tread on."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What a draft may rest on."""

    claims: tuple[ReplyClaim, ...] = ()
    earlier: tuple[Citation, ...] = ()
    """The customer's own sentences about the same thing."""
    others: int = 0
    """Other people of the segment who wrote about the same thing, in the same mood."""


def find_evidence(
    message: str,
    persona: Persona | None,
    own: Sequence[Document],
    segment: Sequence[Document],
    everybody: Sequence[Document],
) -> Evidence:
    """What the customer's own documents and their segment's hold about the message.

    Args:
        message: redacted.
        persona: of the customer; None: no claims.
        own: the customer's documents.
        segment: documents of the whole segment.
        everybody: all documents of the run, which tell how rare a word is.
    """
    rarity = _Rarity(message, everybody)
    earlier = [citation for document in own for citation in _alike(document, rarity, message)]
    mood = _mood(message)
    others = {
        document.customer_id
        for document in segment
        if document.customer_id not in {one.customer_id for one in own}
        and any(_mood(citation.quote) == mood for citation in _alike(document, rarity, message))
    }
    return Evidence(
        claims=() if persona is None else _related_claims(message, persona.claims, rarity),
        earlier=tuple(earlier[:EARLIER_SHOWN]),
        others=len(others) if len(others) >= LEAST_OTHERS else 0,
    )


class _Rarity:
    """How telling the message's words are among the documents."""

    def __init__(self, message: str, documents: Sequence[Document]) -> None:
        wanted = stems(message)
        counts = Counter(word for document in documents for word in wanted & stems(document.text))
        weights = {word: math.log((1 + len(documents)) / (1 + counts[word])) for word in sorted(wanted)}
        best = sorted(weights, key=lambda word: (-weights[word], word))[:RARE_WORDS]
        # A word that nobody else wrote cannot be shared, and says nothing of what is alike.
        self._weights = {word: weights[word] for word in weights if counts[word]}
        self._common = {word for word in wanted if counts[word] > MOST_COMMON * len(documents)}
        self._whole = sum(weights[word] for word in best) or 1.0

    def is_rare(self, word: str) -> bool:
        """Whether a word of the message is no word that everybody uses of everything."""
        return stem(word) not in self._common

    def holds(self, text: str) -> bool:
        """Whether the text is about what the message is about."""
        shared = self._weights.keys() & stems(text)
        return len(shared) >= LEAST_SHARED and sum(self._weights[word] for word in shared) >= LEAST_SHARE * self._whole


def _alike(document: Document, rarity: _Rarity, message: str) -> list[Citation]:
    """The document's sentences about the same thing that do not merely repeat the message."""
    folded = " ".join(message.split()).casefold()
    found = []
    for first, last in document.turns or ((0, len(document.text)),):
        for start, end in sentence_spans(document.text, first, last):
            text = document.text[start:end]
            usable = end - start <= LONGEST_QUOTE and quote_words(text) >= LEAST_QUOTE_WORDS
            if usable and " ".join(text.split()).casefold() not in folded and rarity.holds(text):
                found.append(cite(document, start, end))
    return found


def _mood(text: str) -> int:
    """-1, 0 or 1."""
    score = score_sentiment(text)
    return (score > 0) - (score < 0)


def _related_claims(message: str, claims: Sequence[Claim], rarity: _Rarity) -> tuple[ReplyClaim, ...]:
    usable = [claim for claim in claims if claim.status in {"supported", "contested"} and claim.citations]
    asked = content_words(message)
    about = [claim for claim in usable if _is_about(claim, asked, rarity)][:CLAIMS_SHOWN]
    mind = [claim for claim in usable if claim.attribute in TOUCHY and claim not in about][:MIND_SHOWN]
    return (*(_told(claim, "message") for claim in about), *(_told(claim, "mind") for claim in mind))


def _is_about(claim: Claim, asked: Sequence[str], rarity: _Rarity) -> bool:
    """Whether most of the claim's words come near to the message's: two of them surely, or one that not all use."""
    words = content_words(claim.value)
    if not words or not asked:
        return False
    near = nearness(words, asked)
    best = near.max(axis=1)
    sure = [asked[int(at)] for at, value in zip(near.argmax(axis=1), best, strict=True) if value >= SURE]
    return float(best.mean()) >= RELATED and (len(set(sure)) > 1 or any(map(rarity.is_rare, sure)))


def _told(claim: Claim, about: Literal["message", "mind"]) -> ReplyClaim:
    return ReplyClaim(
        claim_id=claim.claim_id,
        attribute=claim.attribute,
        value=claim.value,
        people=claim.people,
        share=claim.share,
        about=about,
    )

"""Whether what a sentence says stands in the claims it names: word by word, clause by clause, claim by claim."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Final

from personas.grounding.differences import NOT, are_opposites, tokens
from personas.grounding.folding import fold_quote
from personas.narrating.figures import texts_of
from personas.records import Claim
from personas.sentiment import score_sentiment
from personas.terms import content_words, stem
from personas.wording import data_value

LEAST_HELD: Final = 0.4
"""Share of a sentence's telling words that its claims must hold; good prose puts about half in words of its own
(docs/narrative.md has the measurement)."""

SAME_ROOT: Final = 5
"""Letters two words begin with in common to be one word: "connect" and "connection"."""

UNHELD_WORDS: Final = 2
"""Telling words of a clause that the claims hold none of, from which it says something of its own."""

LONGEST_RUN: Final = 3
"""Telling words in a row that the claims hold none of."""

CLEAR_FEELING: Final = 0.5
SOME_FEELING: Final = 0.1
"""Feeling of a sentence's own words, and of its claims' values and quotes on average, from which it is told."""

_USUAL_FEELING: Final = {"pain_points": -0.3, "objections": -0.3, "satisfaction": 0.3, "goals": 0.1}
_WISHES: Final = frozenset({"needs", "goals", "potential"})
_NO_WISH: Final = re.compile(
    r"(?:\bnot|n't|\bnever|\bhardly|\bno longer) (?:really |even )?(?:want|ask|wish|need|look|care|hope)"
    r"|不(?:想|要|希望|需要)|没(?:有)?(?:要求|想)",
    re.IGNORECASE,
)
_WISH: Final = re.compile(
    r"\b(?:want\w*|ask\w*|wish\w*|need\w*|should|would|could|miss\w*|lack\w*|request\w*|hop(?:e|es|ing)|expect\w*|demand\w*"
    r"|call\w* for|look\w* for|wait\w* for|(?:is|are|has|have) to|to be|long for|better|more|instead|like to|plead\w*"
    r"|beg\w*|propos\w+|suggest\w*|requir\w+|desir\w+|seek\w*|must|ought|let|please|do without|after)\b"
    r"|想|要|希望|求|盼|建议|能不能|最好|缺|需|等着|期待",
    re.IGNORECASE,
)
"""What tells a wish as a wish."""

_REASON: Final = re.compile(r"(?:\bbecause|\bsince|\bso that|\bin order|因为|所以|因此|以便)\s*$")
_QUOTED: Final = re.compile(r"“([^”]+)”|「([^」]+)」|\"([^\"]+)\"")
_CLAUSES: Final = re.compile(
    r"[,;:.!?()—–，；：。！？（）、]+|\s-\s|\b(?:and|but|because|so|while|although|though|since|which|who|where|when|until|yet"
    r"|before|after|than|whereas)\b|但是?|而且|因为|所以|同时|并且|不过|可是|却"
)
_LIGHT: Final = re.compile(r"[最是有把让很会要也都先再更太人们的了在个说讨常又还]")
"""Characters that make no Chinese word tell something."""

_ADVERSE: Final = re.compile(
    r"\b(?:not|no|never|nobody|nothing|none|neither|nor|without|cannot|hardly|barely|rarely|lack\w*|miss\w*|fail\w*"
    r"|refus\w+|stop\w*|avoid\w*|instead|rather|wish\w*|want\w*|ask\w*|need\w*|should|hate\w*|dislik\w+|mind"
    r"|struggl\w+|troubl\w+|problem\w*|complain\w*|frustrat\w+|annoy\w+|bother\w*|only|just|even|too|over|bad\w*"
    r"|poor\w*|wrong\w*|late|slow\w*|broke\w*|lost|los\w+|out|away|off|un\w+|dis\w+|in(?:capable|ability)"
    r"|difficult\w*|hard\w*|impossible|trip\w*|stuck|held|hold\w*|in the way|in their way)\b|n't\b"
    r"|不|没|无|未|别|难|差|慢|坏|缺|少|希望|想|要|抱怨|麻烦|困|烦|怕|担心|失|错|断|卡|讨厌",
    re.IGNORECASE,
)
"""Words that may turn what a customer said round without a "not"."""

_OF_OTHERS: Final = re.compile(
    r"\b(?:hardly |almost |scarcely |barely )?(?:nobody|no ?one|none|anybody|anyone) (?:else|elsewhere|outside)\b"
    r"|其他人[^，。]*",
    re.IGNORECASE,
)
"""A negation that speaks of everybody else."""

_TURNING: Final = re.compile(
    r"\b(?:not|no|never|nobody|nothing|none|neither|nor|without|cannot|hardly|barely|rarely|lack\w*|miss(?:ing|es)|fail\w*"
    r"|refus\w+|stop\w*|avoid\w*|instead|rather|wish\w*|only|just|should|un\w+|dis\w+)\b|n't\b|不|没|无|未|别|缺",
    re.IGNORECASE,
)
"""The same in what customers say: with one of these a sentence may negate and still say what they say."""


def unsupported(text: str, claims: Sequence[Claim], *, advice: bool = False) -> str:
    """What the sentence says that the claims it names do not say; empty where they hold it.

    Four things are looked at: quotations must stand in the claims; every claim named must share a telling word with the
    sentence; enough of its telling words, and some of each clause, must stand in the claims' values or quotes; and it
    must not turn a claim round ("pairs at once" of "does not pair at once").

    Args:
        text: the sentence.
        claims: those it names.
        advice: whether it tells how to speak to them.
    """
    invented = quotation_fault(text, claims)
    if invented:
        return invented
    held = {root for claim in claims for root in roots_of(claim)}
    telling = _telling(text)
    if not any(_is_held(root, held) for root in telling):
        return "shares no word with its claims"
    everything = [stem(word) for word in content_words(text)]
    idle = [c.claim_id for c in claims if not any(_is_held(root, roots_of(c)) for root in everything)]
    if idle:
        return f"says nothing of the claims it names: {', '.join(idle)}"
    if sum(_is_held(root, held) for root in telling) < LEAST_HELD * len(telling):
        return "says more than its claims: " + ", ".join(sorted(r for r in telling if not _is_held(r, held))[:4])
    return _unheld_clause(text, held) or _unheld_run(telling, held) or _turned_round(text, claims, advice=advice)


def quotation_fault(text: str, claims: Sequence[Claim]) -> str:
    """The first quotation of the text that stands in none of the claims; empty where all do."""
    invented = [quote for quote in quotations(text) if not any(_stands(quote, claim) for claim in claims)]
    return f"quotes what no claim holds: {invented[0][:60]}" if invented else ""


def shared_roots(text: str, claim: Claim) -> bool:
    """Whether a telling word of the text stands in the claim."""
    return any(_is_held(root, roots_of(claim)) for root in _telling(text))


def quotations(text: str) -> list[str]:
    """What the text puts in quotation marks."""
    return ["".join(match.groups(default="")) for match in _QUOTED.finditer(text)]


def roots_of(claim: Claim) -> frozenset[str]:
    """Stems of what the claim says and quotes; of a claim from a table those of its column too."""
    basis = (claim.basis.column.replace("_", " "),) if claim.basis is not None else ()
    return _roots(" ".join((*texts_of(claim), *basis, claim.attribute.replace("_", " "))))


@cache
def _roots(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in content_words(text))


@cache
def _frame() -> frozenset[str]:
    text = (files("personas") / "lexicons" / "narrative_words.txt").read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return frozenset(stem(word) for line in lines for word in line.split())


def _telling(text: str) -> list[str]:
    """Stems of the words that say something of the people, each once, in order."""
    roots = (stem(word) for word in content_words(text) if len(_LIGHT.sub("", word)) > 1)
    return list(dict.fromkeys(root for root in roots if root not in _frame() and not root.isdigit()))


def _is_held(root: str, held: frozenset[str] | set[str]) -> bool:
    if root in held:
        return True
    if "\u4e00" <= root[0] <= "\u9fff":
        # Words are cut differently in different sentences.
        return len(root) > 1 and any(root in other or (len(other) > 1 and other in root) for other in held)
    start = root[:SAME_ROOT]
    return len(start) == SAME_ROOT and any(other.startswith(start) for other in held)


def _stands(quote: str, claim: Claim) -> bool:
    wanted = _folded(quote)
    # A table's claim is quoted in the language of the narrative.
    told = (*texts_of(claim), data_value(claim, "zh"))
    return not wanted or any(wanted in _folded(text) for text in told)


def _folded(text: str) -> str:
    return fold_quote(text).strip(" .,;:!?'\"…")


def _unheld_clause(text: str, held: set[str]) -> str:
    """A clause all of whose telling words are its own."""
    bare = _QUOTED.sub(" ", text)
    places = [0, *(match.end() for match in _CLAUSES.finditer(bare)), len(bare)]
    for start, end in pairwise(places):
        clause = bare[start:end]
        telling = _telling(clause)
        # A reason is where a model puts in what it thinks itself.
        least = 1 if _REASON.search(bare[:start]) else UNHELD_WORDS
        if len(telling) >= least and not any(_is_held(root, held) for root in telling):
            return f"a clause that no claim holds: {clause.strip()[:60]}"
    return ""


def _unheld_run(telling: Sequence[str], held: set[str]) -> str:
    """So many telling words in a row that no claim holds."""
    for at in range(len(telling) - LONGEST_RUN + 1):
        run = telling[at : at + LONGEST_RUN]
        if not any(_is_held(root, held) for root in run):
            return "words that no claim holds: " + ", ".join(run)
    return ""


def _turned_round(text: str, claims: Sequence[Claim], *, advice: bool) -> str:
    """A claim that the sentence says the opposite of: by its words, by its feeling, or by a negation."""
    bare = _QUOTED.sub(" ", text)
    if advice:
        return ""  # what is to be promised may be the opposite of what was complained of
    return _opposite_word(bare, claims) or _other_feeling(bare, claims) or _other_negation(bare, claims)


def _opposite_word(bare: str, claims: Sequence[Claim]) -> str:
    """A word whose opposite the claims hold, and not the word itself: "easy" of what is hard."""
    if _is_negated(bare):
        return ""
    own, theirs = _plain_words(bare), _plain_words(" ".join(claim.value for claim in claims))
    everything = theirs | _plain_words(" ".join(part for claim in claims for part in texts_of(claim)))
    for word in sorted(own - everything):
        for other in sorted(theirs - own):
            if are_opposites(word, other):
                return f"says {word} where its claims say {other}"
    return ""


def _other_feeling(bare: str, claims: Sequence[Claim]) -> str:
    """Praise or complaint in words of the sentence's own, of what those quoted do not feel so about."""
    theirs = " ".join(part for claim in claims for part in texts_of(claim))
    words = {word for word in re.findall(r"[a-z']+", theirs.lower()) if score_sentiment(word)}
    own = re.sub(r"[A-Za-z']+", lambda word: "" if word.group().lower() in words else word.group(), bare)
    feeling = score_sentiment(own)
    if abs(feeling) < CLEAR_FEELING:
        return ""
    scores = [score_sentiment(part) for claim in claims for part in texts_of(claim)]
    usual = [_USUAL_FEELING.get(claim.attribute, 0.0) for claim in claims]
    expected = sum(scores) / len(scores) + sum(usual) / len(usual)
    if feeling > 0 and expected < SOME_FEELING:
        return "praises what its claims do not praise"
    return "complains of what its claims praise" if feeling < 0 and expected > SOME_FEELING else ""


def _other_negation(bare: str, claims: Sequence[Claim]) -> str:
    """A claim that the sentence repeats without its negation, or negates where nobody did; a wish told as a fact."""
    wishes = all(claim.attribute in _WISHES for claim in claims)
    told = " ".join(part for claim in claims for part in texts_of(claim))
    if wishes and _NO_WISH.search(bare) and not _NO_WISH.search(told):
        return "says that they do not want what they want"
    if all(claim.attribute == "needs" for claim in claims) and not _WISH.search(bare):
        return "tells as a fact what they ask for"
    bare = _OF_OTHERS.sub(" ", bare)
    negated = _is_negated(bare)
    said = {stem(word) for word in content_words(bare)}
    for claim in claims:
        wanted = {stem(word) for word in content_words(claim.value)}
        if not wanted or len(wanted & said) < 0.6 * len(wanted):
            continue
        if _is_negated(claim.value) and not _ADVERSE.search(bare):
            return f"drops a negation: {claim.claim_id}"
        if negated and len(claims) == 1 and not any(_TURNING.search(part) for part in texts_of(claim)):
            return f"negates its claim: {claim.claim_id}"
    return ""


def _plain_words(text: str) -> set[str]:
    """Words in lower case; Chinese by the character and by two."""
    lowered = text.lower()
    han = re.findall(r"[\u4e00-\u9fff]+", lowered)
    pairs = {run[at : at + size] for run in han for size in (1, 2) for at in range(len(run) - size + 1)}
    return set(re.findall(r"[a-z']+", lowered)) | pairs


def _is_negated(text: str) -> bool:
    return any(token.text == NOT for token in tokens(_folded(text)))

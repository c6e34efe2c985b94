"""Names without a model: what a segment speaks of, as its people word it, and how they stand to it.

"The Version Control Strugglers" says that claims about version control are pain points. The topic is a noun of the
segment's own telling terms that its claims rest on, with the word it mostly stands beside; numbers, hours and verbs
make no topic.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from math import log
from typing import Final

from personas.attributes import OutputLanguage
from personas.narrating.figures import texts_of
from personas.narrating.naming_across import is_chinese, name_by_stance
from personas.narrating.sections import told
from personas.records import Claim
from personas.terms import content_words, stem
from personas.wording import data_value

PEOPLE: Final[dict[OutputLanguage, dict[str, tuple[str, ...]]]] = {
    "en": {
        "pain_points": ("The {t} Strugglers", "Stuck on {t}", "Held Up by {t}"),
        "objections": ("The {t} Doubters", "Unsure of {t}"),
        "needs": ("The {t} Seekers", "Asking for {t}", "Waiting for {t}"),
        "goals": ("The {t} Planners", "Set on {t}"),
        "potential": ("The {t} Hopefuls",),
        "satisfaction": ("The {t} Enthusiasts", "Fond of {t}", "Happy with {t}"),
        "price_sensitivity": ("The {t} Price Watchers", "Counting the Cost of {t}"),
        "values_lifestyle": ("The {t} Minders", "{t} Matters"),
        "loyalty_churn": ("Staying or Leaving over {t}",),
        "behaviours": ("The {t} Regulars", "Busy with {t}"),
        "channels": ("Asking About {t}",),
        "data": ("People with {t}",),
        "": ("The {t} Talkers", "All About {t}", "Speaking of {t}"),
    },
    "zh": {
        "pain_points": ("为{t}犯愁的人", "卡在{t}上的人"),
        "objections": ("对{t}有顾虑的人",),
        "needs": ("想要{t}的人", "等着{t}的人"),
        "goals": ("一心{t}的人",),
        "potential": ("还想要{t}的人",),
        "satisfaction": ("喜欢{t}的人", "夸{t}的人"),
        "price_sensitivity": ("在意{t}价格的人",),
        "values_lifestyle": ("看重{t}的人",),
        "loyalty_churn": ("因{t}考虑去留的人",),
        "behaviours": ("常与{t}打交道的人",),
        "channels": ("打听{t}的人",),
        "data": ("“{t}”人群",),
        "": ("常谈{t}的人", "话题离不开{t}的人"),
    },
}
"""Ways to name people by a topic and how they stand to it; the empty key is any other way."""

CLEAR_SHARE: Final = 0.5
"""Share of the people behind a topic's claims from which their attribute says how they stand to it."""

LEAST_PHRASE: Final = 0.35
"""Share of a term's occurrences beside the same word from which both are one topic ("version control")."""

NOUN_SHARE: Final = 0.5
"""Share of a term's occurrences behind an article or the like, against those behind "to" or "I", of a noun."""

OCCURRENCES_READ: Final = 200
LEAST_TOGETHER: Final = 3
"""Passages in which two topics stand side by side, from which they are one."""

PLACE_COST: Final = 0.1
"""How much less the second term of a segment counts than the first."""

RAISED: Final = 1.5
"""How much more often than anywhere a term must stand in what the claims quote; else it is everybody's word."""

_NO_TOPIC: Final = re.compile(
    r"one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|hundred|first|second|third"
    r"|half|double|twice|seconds?|minutes?|hours?|days?|weeks?|months?|years?|mid|end|start|january|february|march|april"
    r"|may|june|july|august|september|october|november|december|(?:mon|tues|wednes|thurs|fri|satur|sun)day"
    r"|mornings?|evenings?|nights?|noon|today|tomorrow|yesterday|thing|stuff|side|number|bit|kind|lot|way|case|guy|folks"
    r"|happy|great|nice|bad|best|worst|cheap|expensive|quick|slow|fast|hot|cold|small|large|big|full|empty|quiet|loud|real"
    r"|whole|entire|multiple|several|various|current|existing|specific|possible|able|unable|hard|difficult|easy|simple"
    r"|[a-z]+ly|.*\d.*|[a-z]|[一二三四五六七八九十两半几]+.?|不.*|没.*|.*[天年月日次个到]|早上|晚上|还要|一.*|时候|有点|起来|出来|于是|然而|里面|外面|上面|下面|很多|许多|不错|这里|那里|这次|还会"
)
_BEFORE_NOUNS: Final = (
    "a an the my your our their his her its this that these those no any some every each another of for with without "
    "on in by from about and or more less new old good bad better proper real own"
)
_NOUN_BEFORE: Final = frozenset(_BEFORE_NOUNS.split())
_BEFORE_VERBS: Final = (
    "to i we you they he she can can't could will would won't should don't didn't doesn't not never please let's it "
    "is are was were be been being got get have has had just"
)
_VERB_BEFORE: Final = frozenset(_BEFORE_VERBS.split())
_WORD: Final = re.compile(r"[a-z][a-z'+#-]*|[\u4e00-\u9fff]+")


@dataclass(frozen=True)
class _Topic:
    words: str
    attribute: str
    """How people stand to it; empty where they do not stand to it alike."""
    weight: float


def plain_name(
    terms: Sequence[str],
    claims: Sequence[Claim],
    language: OutputLanguage,
    *,
    taken: Sequence[str],
    passages: Sequence[str],
) -> str:
    """A name made of the segment's own words that shares no telling word with those taken, as far as they reach.

    Args:
        terms: what sets the segment's words apart, best first.
        claims: its claims.
        language: of the name; a Chinese name keeps topics as they were written, an English one needs English topics.
        taken: names of other segments.
        passages: everything written, to tell how a term is used.
    """
    used = {root for name in taken for root in _roots(name)}
    topics = list(_topics(terms, claims, passages, used))
    if language == "en":
        if is_chinese(topics[0].words if topics else "".join(terms[:1])):
            return name_by_stance(terms, claims, taken)
        topics = [topic for topic in topics if not is_chinese(topic.words)]
    if not topics:
        return _table_name(claims, language, taken) or _numbered(terms, language, taken)
    topic = topics[0]
    words = topic.words
    if " " not in words and len(topics) > 1:
        words = _both(words, topics[1].words, language, passages)
    shown = _title(words) if language == "en" else words
    ways = PEOPLE[language].get(topic.attribute, PEOPLE[language][""])
    begun = Counter(_frame(name) for name in taken)
    # Names of one set should not all be built alike: the way used least so far.
    return min((way.format(t=shown) for way in ways), key=lambda name: begun[_frame(name)])


def plain_tagline(claims: Sequence[Claim], terms: Sequence[str], language: OutputLanguage) -> str:
    """The most telling thing they say that reads well alone, in quotation marks; else of the table, else terms."""
    said = [claim for claim in told(claims) if claim.basis is None]
    if said:
        return f"“{max(said[:5], key=_readable).value.strip(' .。')}”"
    values = [data_value(claim, language) for claim in told(claims)]
    return f"“{values[0]}”" if values else ("、" if language == "zh" else ", ").join(terms[:5])


def _readable(claim: Claim) -> float:
    """How well a value reads alone: a clause with somebody in it, of a length to be taken in at once."""
    words = claim.value.casefold().split()
    person = bool({"i", "i'm", "my", "we", "our", "me", "you", "your"} & set(words)) or bool(
        re.search(r"我|你|咱", claim.value)
    )
    length = len(words) if len(words) > 1 else len(claim.value) / 2
    return (1.0 if 3 <= length <= 12 else 0.0) + 0.5 * person + claim.share


def _topics(
    terms: Sequence[str], claims: Sequence[Claim], passages: Sequence[str], used: Collection[str]
) -> Iterator[_Topic]:
    """Nouns of the terms that claims rest on, most people first, none with a word in use."""
    lowered = [text.lower() for text in passages]
    quotes = [citation.quote.lower() for claim in told(claims) for citation in claim.citations]
    found: list[_Topic] = []
    for place, term in enumerate(terms):
        if _NO_TOPIC.fullmatch(term) or stem(term) in used:
            continue
        quoted = _rate_in(quotes, term)
        if not quoted:
            continue
        uses = _Uses.of(term, lowered)
        raised = quoted / max(uses.rate, 1 / max(len(lowered), 1))
        if raised < RAISED:
            continue
        phrase = uses.phrase(term)
        roots = {stem(word) for word in phrase.split()}
        if roots & set(used) or (" " not in phrase and not uses.is_noun):
            continue
        attribute, weight = _stance(term, claims)
        if weight:
            found.append(_Topic(phrase, attribute, weight * log(raised) / (1 + PLACE_COST * place)))
    seen: set[str] = set()
    for topic in sorted(found, key=lambda topic: -topic.weight):
        roots = {stem(word) for word in topic.words.split()}
        if not roots & seen:
            seen |= roots
            yield topic


def _rate_in(quotes: Sequence[str], term: str) -> float:
    """Share of what the claims quote that holds the term."""
    return sum(term in quote for quote in quotes) / max(len(quotes), 1)


def _stance(term: str, claims: Sequence[Claim]) -> tuple[str, float]:
    """The attribute most of the people speak of the term under, empty where none is clear; and how many people."""
    people: defaultdict[str, float] = defaultdict(float)
    root = stem(term)
    for claim in told(claims):
        texts = texts_of(claim) if claim.basis is None else ()
        holding = [text for text in texts if root in _roots(text)]
        if holding:
            # A claim that names the topic is about it; one with a quote that names it may be.
            people[claim.attribute] += claim.people * (
                1.0 if root in _roots(claim.value) else len(holding) / len(texts)
            )
    if not people:
        return "", 0.0
    best = max(people, key=lambda key: people[key])
    total = sum(people.values())
    return (best if people[best] >= CLEAR_SHARE * total else ""), total


@dataclass(frozen=True)
class _Uses:
    """How a term stands in what people write."""

    before: Counter[str]
    after: Counter[str]
    total: int
    rate: float
    """Share of the passages read that hold it."""

    @classmethod
    def of(cls, term: str, lowered: Sequence[str]) -> _Uses:
        """Its neighbours in the first passages that hold it."""
        before: Counter[str] = Counter()
        after: Counter[str] = Counter()
        total = holding = read = 0
        for text in lowered:
            read += 1
            if term not in text:
                continue
            holding += 1
            words = _WORD.findall(text)
            for at, word in enumerate(words):
                if word != term:
                    continue
                total += 1
                before[words[at - 1] if at else ""] += 1
                after[words[at + 1] if at + 1 < len(words) else ""] += 1
            if total >= OCCURRENCES_READ:
                break
        return cls(before, after, total, holding / max(read, 1))

    @property
    def is_noun(self) -> bool:
        """Whether it stands where nouns do; Chinese words, which stand alone nowhere, pass."""
        nouns = sum(self.before[word] for word in _NOUN_BEFORE)
        verbs = sum(self.before[word] for word in _VERB_BEFORE)
        return self.total == 0 or (nouns + verbs > 0 and nouns >= NOUN_SHARE * (nouns + verbs))

    def phrase(self, term: str) -> str:
        """The term with the word it mostly stands beside."""
        for neighbours, pattern in ((self.after, "{t} {w}"), (self.before, "{w} {t}")):
            for word, times in neighbours.most_common(3):
                telling = bool(content_words(word)) and not _NO_TOPIC.fullmatch(word) and word.isascii() and word
                if telling and times >= max(3, LEAST_PHRASE * self.total):
                    return pattern.format(t=term, w=word)
        return term


def _table_name(claims: Sequence[Claim], language: OutputLanguage, taken: Sequence[str]) -> str:
    """By a value of the customer table that sets them apart; empty where there is none, or it is taken."""
    for claim in told(claims):
        if claim.basis is not None:
            name = PEOPLE[language]["data"][0].format(t=data_value(claim, language))
            if name not in taken:
                return name
    return ""


def _numbered(terms: Sequence[str], language: OutputLanguage, taken: Sequence[str]) -> str:
    used = {root for name in taken for root in _roots(name)}
    words = [term for term in terms if stem(term) not in used][:2] or list(terms[:2]) or ["…"]
    both = _both(words[0], words[1], language) if len(words) == 2 else words[0]
    return PEOPLE[language][""][0].format(t=_title(both) if language == "en" else both)


def _both(first: str, second: str, language: OutputLanguage, passages: Sequence[str] = ()) -> str:
    """Two topics as one where people write them side by side."""
    space = "" if "\u4e00" <= first[0] <= "\u9fff" else " "
    ways = (f"{first}{space}{second}", f"{second}{space}{first}")
    times, _, one = max((sum(way in text.lower() for text in passages), -at, way) for at, way in enumerate(ways))
    if times >= LEAST_TOGETHER:
        return one
    return f"{first}与{second}" if language == "zh" else f"{first} and {second}"


def _title(words: str) -> str:
    return " ".join(
        word if word == "and" or not word.isascii() else word[:1].upper() + word[1:] for word in words.split()
    )


def _frame(name: str) -> str:
    """How a name is built: its first and last word."""
    words = name.split() or [name]
    return f"{words[0]} {words[-1]}" if len(words) > 1 else name[:1] + name[-3:]


def _roots(text: str) -> set[str]:
    return {stem(word) for word in content_words(text)}

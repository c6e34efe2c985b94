"""Plain narratives: sentences made of the claims' own words and counts, section by section, without a model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from persona_kit.hashing import stable_seed
from personas.attributes import OutputLanguage
from personas.grounding import quote_words
from personas.narrating.phrases import (
    ANY_CLAUSE,
    ANY_OPENING,
    AS_IN,
    CLAUSES,
    DAY,
    HOURS,
    LISTS,
    NOT_STATED,
    ONE_OF,
    OPENINGS,
    SPEAKING,
    TABLE,
)
from personas.narrating.sections import (
    CLAIMS_PER_SECTION,
    FRUSTRATIONS,
    GOALS,
    choose_for_lede,
    from_tables,
    lead_claim,
    said_about,
    told,
)
from personas.narrating.sections import SPEAKING as SPEAKING_ATTRIBUTES
from personas.records import Claim, NarrativeSection, NarrativeTemplate, Sentence
from personas.sentiment import HAN
from personas.wording import data_value, inner_quotes, percent, plain_comparison

MOST_SPEAKING = 2
"""Sentences on how to speak to them, beside that on their words."""

WORDS_SHOWN = 3
HOUR_CLAIMS = 2
BARE_WORDS, BARE_HAN = 2, 3
"""Words, in Chinese characters, up to which a value only names a thing."""
MORE_WORDS, LONGEST_SHOWN = 2, 110
"""Words that a sentence says beyond the bare word, and its characters, to stand for it."""

LONGEST_IN_DAY = 110
"""Characters of a quote that stands for its claim in a day."""


def plain_narrative(
    claims: Sequence[Claim], language: OutputLanguage, *, template: NarrativeTemplate = "summary", key: str = ""
) -> list[Sentence]:
    """The whole narrative of a segment, without a model.

    Args:
        claims: of the segment, numbered, most telling first.
        language: to write in.
        template: which sections there are, see `personas.narrating.sections.SECTIONS`.
        key: chooses among wordings, the same for the same key, so that segments do not all read alike.
    """
    # What is said twice, of two attributes, is told once.
    once = list({claim.value.casefold(): claim for claim in reversed(claims)}.values())[::-1]
    writer = _Writer(language, stable_seed(0, key), once)
    first = writer.day() if template == "day-in-the-life" else writer.summary()
    return [
        *first,
        *writer.listed("goals", GOALS),
        *writer.listed("frustrations", FRUSTRATIONS),
        *writer.speak(),
    ]


def plain_opening(claim: Claim, language: OutputLanguage, variant: int) -> str:
    """One of the ways to begin with this claim; `variant` counts round."""
    if claim.basis is not None:
        return _table_sentence([claim], language)
    own = OPENINGS[language].get(claim.attribute, ())
    ways = (*own, *ANY_OPENING[language])
    return _worded(ways[variant % len(ways)], claim, language, compare=True)


def opening_ways(claim: Claim, language: OutputLanguage) -> int:
    """How many ways there are to begin with this claim."""
    own = OPENINGS[language].get(claim.attribute, ())
    return 1 if claim.basis is not None else len(own) + len(ANY_OPENING[language])


def tell_not_stated(labels: Sequence[str], language: OutputLanguage) -> str:
    """The sentence on what nobody stated; empty where everything was."""
    if not labels:
        return ""
    shown = [label if language == "zh" else label[:1].lower() + label[1:] for label in labels]
    return NOT_STATED[language].format(list=_joined(shown, language))


@dataclass(frozen=True)
class _Writer:
    language: OutputLanguage
    variant: int
    claims: Sequence[Claim]

    def summary(self) -> list[Sentence]:
        """The opening, what else is telling and has no section of its own, and what the table says."""
        lead = lead_claim(self.claims)
        if lead is None:
            return []
        sentences = [self._sentence("summary", plain_opening(lead, self.language, self.variant), [lead])]
        beside = {*GOALS, *FRUSTRATIONS, lead.attribute}
        others = [claim for claim in choose_for_lede(self.claims) if claim.attribute not in beside]
        more = [claim for claim in others if claim.basis is None][:2]
        if more:
            parts = [self._clause(claim, short=place > 0) for place, claim in enumerate(more)]
            stop, between = ("。", "；") if self.language == "zh" else (".", "; ")
            sentences.append(self._sentence("summary", between.join(parts) + stop, more))
        table = [claim for claim in from_tables(self.claims) if claim is not lead]
        if table:
            sentences.append(self._sentence("summary", _table_sentence(table, self.language), table))
        return sentences

    def day(self) -> list[Sentence]:
        """What they say by the hour of the day; then what no hour is known of."""
        usable = [claim for claim in told(self.claims) if claim.basis is None]
        sentences: list[Sentence] = []
        left = list(usable)
        for cue, pattern in HOURS[self.language]:
            at = [(claim, shown) for claim in left if (shown := _said_at(claim, re.compile(cue, re.IGNORECASE)))]
            at = at[:HOUR_CLAIMS]
            left = [claim for claim in left if all(claim is not other for other, _ in at)]
            if at:
                items = [self._at_hour(claim, shown) for claim, shown in at]
                text = pattern.format(list=_joined(items, self.language))
                sentences.append(self._sentence("day", text, [claim for claim, _ in at]))
        for attribute, pattern in DAY[self.language].items():
            some = [claim for claim in left if claim.attribute == attribute][:CLAIMS_PER_SECTION]
            if some:
                sentences.append(self._sentence("day", pattern.format(list=self._list(some)), some))
        return sentences or [self._again(sentence, "day") for sentence in self.summary()]

    def listed(self, section: NarrativeSection, attributes: Sequence[str]) -> list[Sentence]:
        """What they say of these attributes, a sentence each; what opened the narrative is not told twice."""
        lead = lead_claim(self.claims)
        sentences = []
        for attribute in attributes:
            some = said_about(self.claims, [attribute])
            # What opened the narrative stands alone here only where there is nothing else to say.
            some = [claim for claim in some if claim is not lead] or some
            if some:
                text = self._way(LISTS[self.language][attribute]).format(list=self._list(some))
                sentences.append(self._sentence(section, text, some))
        return sentences

    def speak(self) -> list[Sentence]:
        """How to speak to them: by their doubts, the price, what matters to them, and in their words."""
        ways = SPEAKING[self.language]
        sentences: list[Sentence] = []
        for attribute in SPEAKING_ATTRIBUTES:
            some = said_about(self.claims, [attribute])[:1]
            if some and len(sentences) < MOST_SPEAKING:
                shown, share = _value(some[0], self.language), _share(some[0], self.language, short=False)
                text = self._way(ways[attribute]).format(q=shown, n=share)
                sentences.append(self._sentence("speak", text, some))
        spoken = {claim.value.casefold(): claim for claim in choose_for_lede(self.claims) if claim.basis is None}
        words = list(spoken.values())[:WORDS_SHOWN]
        if words:
            items = _joined([_value(claim, self.language) for claim in words], self.language)
            sentences.append(self._sentence("speak", self._way(ways["words"]).format(list=items), words))
        return sentences

    def _at_hour(self, claim: Claim, shown: str) -> str:
        """What is said of the hour: the claim with its share, or one person's words, which count for one."""
        if shown == claim.value.rstrip(".。 "):
            return _quoted(shown) + self._in_brackets(claim)
        return _quoted(shown) + ONE_OF[self.language].format(people=claim.people)

    def _way(self, ways: Sequence[str]) -> str:
        return ways[self.variant % len(ways)]

    def _clause(self, claim: Claim, *, short: bool) -> str:
        pattern = CLAUSES[self.language].get(claim.attribute, ANY_CLAUSE[self.language])
        return _worded(pattern, claim, self.language, short=short)

    def _list(self, claims: Sequence[Claim]) -> str:
        items = [
            _shown(claim, self.language) + self._in_brackets(claim, short=place > 0)
            for place, claim in enumerate(claims)
        ]
        return _joined(items, self.language)

    def _in_brackets(self, claim: Claim, *, short: bool = False) -> str:
        said = _share(claim, self.language, short=short)
        return f"（{said}）" if self.language == "zh" else f" ({said})"

    def _sentence(self, section: NarrativeSection, text: str, claims: Sequence[Claim]) -> Sentence:
        ids = tuple(claim.claim_id for claim in claims)
        return Sentence(text=text, claim_ids=ids, origin="extractive", section=section)

    @staticmethod
    def _again(sentence: Sentence, section: NarrativeSection) -> Sentence:
        return sentence.model_copy(update={"section": section})


def _said_at(claim: Claim, cue: re.Pattern[str]) -> str:
    """The claim's value where it names the hour, else a short quote that does; empty where none does."""
    texts = (claim.value, *(citation.quote for citation in claim.citations))
    return next((text.rstrip(".。 ") for text in texts if len(text) <= LONGEST_IN_DAY and cue.search(text)), "")


def _worded(
    pattern: str, claim: Claim, language: OutputLanguage, *, compare: bool = False, short: bool = False, **more: str
) -> str:
    return pattern.format(
        q=_shown(claim, language),
        n=_share(claim, language, short=short),
        N=_share_of_people(claim, language, short=short),
        c=plain_comparison(claim, language) if compare else "",
        **more,
    )


def _table_sentence(claims: Sequence[Claim], language: OutputLanguage) -> str:
    sentence, item, there = TABLE[language]
    items = [
        item.format(N=_share_of_people(claim, language, short=place > 0), q=_value(claim, language))
        + there.format(there=percent(claim.share_elsewhere))
        for place, claim in enumerate(claims)
    ]
    return sentence.format(list=_joined(items, language))


def _value(claim: Claim, language: OutputLanguage) -> str:
    return _quoted(data_value(claim, language).rstrip(".。 "))


def _shown(claim: Claim, language: OutputLanguage) -> str:
    """The value; behind a bare word the shortest sentence that holds it, which tells what is said of it."""
    value, words, held = _value(claim, language), quote_words(claim.value), claim.value.casefold().strip(" .。")
    bare = len(held) <= BARE_HAN if HAN.search(held) else words <= BARE_WORDS
    if claim.basis is not None or not bare:
        return value
    telling = [
        citation.quote.rstrip(".。 ")
        for citation in claim.citations
        if held in citation.quote.casefold()
        and quote_words(citation.quote) >= words + MORE_WORDS
        and len(citation.quote) <= LONGEST_SHOWN
    ]
    return AS_IN[language].format(q=value, quote=_quoted(min(telling, key=len))) if telling else value


def _quoted(text: str) -> str:
    return f"“{inner_quotes(text)}”"


def _share(claim: Claim, language: OutputLanguage, *, short: bool) -> str:
    """As in "50 %, 8 people", short "50 %, 8"."""
    if language == "zh":
        return f"{percent(claim.share)}%，{claim.people} 人"
    noun = "" if short else " person" if claim.people == 1 else " people"
    return f"{percent(claim.share)} %, {claim.people}{noun}"


def _share_of_people(claim: Claim, language: OutputLanguage, *, short: bool) -> str:
    """As in "50 % (8 people)", short "50 % (8)"."""
    if language == "zh":
        return f"{percent(claim.share)}% 的人（{claim.people} 人）"
    noun = "" if short else " person" if claim.people == 1 else " people"
    return f"{percent(claim.share)} % ({claim.people}{noun})"


def _joined(items: Sequence[str], language: OutputLanguage) -> str:
    if language == "zh":
        return "、".join(items)
    return " and ".join(filter(None, [", ".join(items[:-1]), *items[-1:]]))

"""What a persona's card shows, ready for the template."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from personas.attributes import load_schema
from personas.narrating.prose import tell_not_stated
from personas.records import Basis, Characteristic, Claim, Interval, NarrativeSection, Persona, Sentence
from personas.reporting.record_wording import say
from personas.reporting.report_wording import ReportLanguage, Words
from personas.reporting.source_texts import Sources
from personas.reporting.stand_ins import part_note, tell_stand_ins
from personas.reporting.visible import visible
from personas.wording import data_value, table_words
from retrieval.documents import Citation

SHOWN_APART = 6
APART_FROM = 1.1
"""Adjusted ratio from which a claim is said to set a segment apart."""
NOBODY_COULD_BE = 3.0
"""People elsewhere to reckon with where none was found: the 95 % upper limit of none of n is 3/n.

Source: Hanley, Lippman-Hand: If nothing goes wrong, is everything all right?, JAMA 249 (1983).
"""
AXES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0)
"""Ends of the axis on which intervals are drawn."""
AXIS_WIDTH = 190
"""Map units of the axis within the drawing of 200."""


@dataclass(frozen=True)
class QuoteView:
    """A quote with its way to the source and the claim it carries (0: none)."""

    text: str
    document_id: str
    customer_id: str
    href: str
    claim: int = 0


@dataclass(frozen=True)
class IntervalDrawing:
    """Places on the axis of a share, its interval and the share elsewhere, 0..200."""

    low: float
    width: float
    here: float
    there: float


@dataclass(frozen=True)
class ClaimView:
    """A row of the claims table."""

    anchor: str
    number: int
    label: str
    text: str
    people: int
    share: float
    share_elsewhere: float
    interval: Interval
    drawing: IntervalDrawing
    ratio: str
    chip: str
    status: str
    status_title: str
    """What the status means."""
    origin: str
    basis: str
    instead: str
    """Why the model did not word it; empty where nothing stood in its way."""
    note: str
    quotes: tuple[QuoteView, ...]
    against: tuple[QuoteView, ...]


@dataclass(frozen=True)
class SentenceView:
    """A sentence of the narrative with its references: (number, anchor)."""

    text: str
    refs: tuple[tuple[int, str], ...]
    section: NarrativeSection = "summary"


@dataclass(frozen=True)
class CharacteristicView:
    """A value of the customer table: its share here and elsewhere."""

    column: str
    value: str
    characteristic: Characteristic
    ratio: str
    chip: str


@dataclass(frozen=True)
class ScoreTile:
    """A measure of one persona: its number, what it was counted from, and what it means."""

    label: str
    value: str
    told: str
    meaning: str
    scored: bool


@dataclass(frozen=True)
class Card:
    """A persona as the page shows it."""

    anchor: str
    css: str
    glyph: int
    persona: Persona
    name: str
    tagline: str
    stability: float | None
    sentences: tuple[SentenceView, ...]
    axis: float
    rest_axis: float
    apart: tuple[ClaimView, ...]
    rest: tuple[tuple[str, tuple[ClaimView, ...]], ...]
    quotes: tuple[QuoteView, ...]
    characteristics: tuple[CharacteristicView, ...]
    not_stated: tuple[str, ...]
    cautions: tuple[str, ...]
    terms: tuple[str, ...]
    stand_ins: tuple[str, ...]
    scores: tuple[ScoreTile, ...] = ()
    corrected: tuple[str, ...] = ()
    """What was corrected of it by hand."""

    silence: str = ""
    """What nobody stated, as the narrative's last sentence; empty where everything was."""
    advice: str = ""
    """What to do, as HTML; empty where there is nothing."""

    @property
    def sections(self) -> tuple[tuple[NarrativeSection, tuple[SentenceView, ...]], ...]:
        """The narrative by section, in order."""
        names = dict.fromkeys(sentence.section for sentence in self.sentences)
        return tuple((name, tuple(s for s in self.sentences if s.section == name)) for name in names)

    @property
    def rest_count(self) -> int:
        """Claims that do not stand in the first table."""
        return sum(len(claims) for _, claims in self.rest)


class AttributeLabels:
    """What attributes are called on the page.

    Args:
        language: of the labels.
        personas: whose claims are told; they hold the labels of a schema of the user's own.
    """

    def __init__(self, language: ReportLanguage, personas: Sequence[Persona] = ()) -> None:
        self._labels = {attribute.key: attribute.label.get(language, "") for attribute in load_schema(None).attribute}
        for persona in personas:
            self._labels |= persona.attribute_labels

    def __getitem__(self, key: str) -> str:
        """The label, made of the key where the schema does not know it (a schema of the user's own)."""
        return self._labels.get(key) or visible(key).replace("_", " ").strip().capitalize()


def rank_apart(persona: Persona) -> list[Claim]:
    """The supported claims that set a segment apart, the most telling first, at most `SHOWN_APART`.

    The claims stand in that order already; here those that are said as often elsewhere are left out.
    """
    telling = (c for c in persona.claims if c.status == "supported" and _ratio(c, persona) >= APART_FROM)
    return list(telling)[:SHOWN_APART]


def _ratio(claim: Claim, persona: Persona) -> float:
    if claim.adjusted_lift is not None:
        return claim.adjusted_lift
    if claim.people_elsewhere:
        return 0.0
    others = persona.people / persona.share - persona.people if persona.share else 0.0
    return claim.share / (NOBODY_COULD_BE / max(others, NOBODY_COULD_BE))


def build_card(
    persona: Persona,
    *,
    number: int,
    css: str,
    stability: float | None,
    sources: Sources,
    labels: AttributeLabels,
    words: Words,
) -> Card:
    """The card of a persona; `number` counts from 1 and makes the ids on the page."""
    numbers = {claim.claim_id: at for at, claim in enumerate(persona.claims, start=1)}
    shown = [claim for claim in persona.claims if claim.status != "withheld"]
    apart = rank_apart(persona)
    others = [claim for claim in shown if claim not in apart]
    axis, rest_axis = _axis(apart), _axis(others)
    build = _ClaimBuilder(number, numbers, axis, sources, labels, words)
    build_rest = replace(build, axis=rest_axis)
    rest: dict[str, list[ClaimView]] = {}
    for claim in others:
        rest.setdefault(labels[claim.attribute], []).append(build_rest(claim))
    return Card(
        anchor=f"persona-{number}",
        css=css,
        glyph=(number - 1) % 12,
        persona=persona,
        name=visible(persona.name),
        tagline=visible(persona.tagline),
        stability=stability,
        sentences=tuple(_sentence(s, numbers, shown, number) for s in persona.narrative),
        axis=axis,
        rest_axis=rest_axis,
        apart=tuple(build(claim) for claim in apart),
        rest=tuple((label, tuple(views)) for label, views in rest.items()),
        quotes=tuple(view_quote(citation, sources, _claim_of(citation, shown, numbers)) for citation in persona.quotes),
        characteristics=tuple(_characteristic(item, words) for item in persona.characteristics),
        not_stated=tuple(labels[key] for key in persona.not_stated),
        cautions=tuple(visible(caution) for caution in persona.cautions),
        terms=tuple(visible(term) for term in persona.terms),
        stand_ins=tuple(visible(line) for line in tell_stand_ins(shown, labels.__getitem__, words)),
        silence=visible(tell_not_stated([labels[key] for key in persona.not_stated], words.language)),
    )


def _axis(claims: Sequence[Claim]) -> float:
    """The end of the axis: the first of `AXES` that holds every interval."""
    needed = max((max(claim.interval.high, claim.share_elsewhere) for claim in claims), default=1.0)
    return next((axis for axis in AXES if needed <= axis), 1.0)


def _sentence(sentence: Sentence, numbers: Mapping[str, int], shown: Sequence[Claim], number: int) -> SentenceView:
    on_page = {claim.claim_id for claim in shown}
    refs = [numbers[claim_id] for claim_id in sentence.claim_ids if claim_id in on_page]
    # A percent sign does not start a line.
    whole = re.sub(r"(?<=\d) %", "\N{NO-BREAK SPACE}%", visible(sentence.text))
    return SentenceView(text=whole, refs=tuple((at, f"p{number}-c{at}") for at in refs), section=sentence.section)


def _claim_of(citation: Citation, claims: Sequence[Claim], numbers: Mapping[str, int]) -> int:
    """The number of the first claim that the quote carries, 0 where there is none."""
    for claim in claims:
        if any(own.document_id == citation.document_id and own.start == citation.start for own in claim.citations):
            return numbers[claim.claim_id]
    return 0


def view_quote(citation: Citation, sources: Sources, claim: int = 0) -> QuoteView:
    """A quote as the page shows it; `claim` is the number of the claim that it carries, 0 for none."""
    anchor = sources.anchor_of(citation)
    return QuoteView(
        text=visible(citation.quote),
        document_id=visible(citation.document_id),
        customer_id=visible(citation.customer_id),
        href=f"#{anchor}" if anchor else "",
        claim=claim,
    )


def ratio_chip(ratio: float | None, *, alone: bool) -> str:
    """The class of the chip: the further above elsewhere, the stronger; below elsewhere is orange."""
    if ratio is None:
        return "l2" if alone else "l0"
    return "l3" if ratio >= 2.5 else "l2" if ratio >= 1.5 else "ld" if ratio <= 0.67 else "l1"


def tell_basis(basis: Basis, words: Words) -> str:
    """Which cell of which table a claim comes from; the column as it is named there."""
    _, value = table_words(basis.column, basis.value, words.language)
    return words("basis", file=basis.file, column=basis.column, value=value)


def _characteristic(item: Characteristic, words: Words) -> CharacteristicView:
    alone = item.people_elsewhere == 0 and item.people > 0
    column, value = table_words(item.column.replace("_", " "), item.value, words.language)
    return CharacteristicView(
        column=visible(column),
        value=visible(value),
        characteristic=item,
        ratio=words.ratio(item.ratio, alone=alone),
        chip=ratio_chip(item.ratio, alone=alone),
    )


@dataclass(frozen=True)
class _ClaimBuilder:
    """Rows of one persona's tables."""

    persona: int
    numbers: Mapping[str, int]
    axis: float
    sources: Sources
    labels: AttributeLabels
    words: Words

    def __call__(self, claim: Claim) -> ClaimView:
        at, words = self.numbers[claim.claim_id], self.words
        alone = claim.people_elsewhere == 0 and claim.people > 0
        instead, note = part_note(claim)
        qualified = claim.status in ("anecdotal", "contested")
        return ClaimView(
            anchor=f"p{self.persona}-c{at}",
            number=at,
            label=self.labels[claim.attribute],
            text=visible(data_value(claim, words.language)),
            people=claim.people,
            share=claim.share,
            share_elsewhere=claim.share_elsewhere,
            interval=claim.interval,
            drawing=self._draw(claim),
            ratio=words.ratio(claim.adjusted_lift, alone=alone),
            chip=ratio_chip(claim.adjusted_lift, alone=alone),
            status=words(claim.status) if qualified else "",
            status_title=words(f"{claim.status}_title") if qualified else "",
            origin=words(f"origin_{claim.origin}"),
            basis=visible(tell_basis(claim.basis, words)) if claim.basis else "",
            instead=visible(say(instead, words.language)),
            note=visible(say(note, words.language)),
            quotes=tuple(view_quote(citation, self.sources) for citation in claim.citations),
            against=tuple(view_quote(citation, self.sources) for citation in claim.counter_citations),
        )

    def _draw(self, claim: Claim) -> IntervalDrawing:
        low, high = self._place(claim.interval.low), self._place(claim.interval.high)
        return IntervalDrawing(
            low=low,
            width=round(max(high - low, 4.0), 1),
            here=self._place(claim.share),
            there=self._place(claim.share_elsewhere),
        )

    def _place(self, share: float) -> float:
        return round(5 + min(max(share / self.axis, 0.0), 1.0) * AXIS_WIDTH, 1)

"""What is corrected of personas: their names, the claims that are not made, the quotes that always stand there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from persona_kit.errors import InputError
from personas.corrections.matching import Rejections, means, nearest_claim
from personas.corrections.reading import MEND, CorrectionFile
from personas.corrections.records import AppliedCorrection, Pin, Reject
from personas.grounding import ground_quote
from personas.records import Claim, Persona
from retrieval.documents import Citation, Document


@dataclass(frozen=True, kw_only=True)
class PersonaCorrections:
    """The corrections of the personas of a run, checked against its people before anything is written."""

    file: CorrectionFile = field(default_factory=CorrectionFile)
    pinned: tuple[Citation, ...] = ()
    """Where each quote to be pinned stands, in the order of the file."""

    def rejections_of(self, persona_id: str) -> Rejections:
        """What is not to be claimed of this persona."""
        entries = self.file.corrections.reject
        return Rejections(tuple(entry for entry in entries if entry.persona in {None, persona_id}))


def check_corrections(
    file: CorrectionFile,
    persona_ids: Mapping[str, str],
    members: Mapping[str, Sequence[str]],
    documents: Sequence[Document],
) -> PersonaCorrections:
    """The corrections that will be applied once the personas are written; no model was asked yet.

    Args:
        file: what is corrected.
        persona_ids: segment id -> persona id of this run.
        members: segment id -> customer ids.
        documents: everything that was written.

    Raises:
        InputError: when a persona is not there or none of its people wrote a quote; all faults at once.
    """
    corrections = file.corrections
    there = set(persona_ids.values())
    named = [(f"[[rename]] {at}", entry.persona) for at, entry in enumerate(corrections.rename, start=1)]
    named += [
        (f"[[reject]] {at}", entry.persona) for at, entry in enumerate(corrections.reject, start=1) if entry.persona
    ]
    named += [(f"[[pin]] {at}", entry.persona) for at, entry in enumerate(corrections.pin, start=1)]
    faults = [
        f"- {entry}: there is no persona {persona_id}; there are {', '.join(sorted(there)) or 'none'}"
        for entry, persona_id in named
        if persona_id not in there
    ]
    people = {persona_ids[segment_id]: set(own) for segment_id, own in members.items() if segment_id in persona_ids}
    pinned = []
    for number, entry in enumerate(corrections.pin, start=1):
        if entry.persona in there:
            citation, fault = _stands(entry, people[entry.persona], documents)
            pinned += [citation] if citation else []
            faults += [f"- [[pin]] {number}, {entry.persona}: {fault}"] if fault else []
    if faults:
        raise InputError(
            "\n".join(["the corrections do not fit the personas of this run:", *faults]), where=file.where, mend=MEND
        )
    return PersonaCorrections(file=file, pinned=tuple(pinned))


def _stands(entry: Pin, people: set[str], documents: Sequence[Document]) -> tuple[Citation | None, str]:
    """Where the quote stands, in the source's own words, or why it cannot be pinned."""
    own = [document for document in documents if document.customer_id in people]
    if entry.document is not None:
        named = [document for document in own if document.document_id == entry.document]
        if not named:
            return None, f"none of its people wrote a document {entry.document!r}"
        own = named
    finding = ground_quote(entry.quote, own[0] if own else None, own)
    if finding.citation is None:
        return None, f"the quote {_shortened(entry.quote)!r} stands in nothing its people wrote ({finding.reason})"
    return finding.citation, ""


def _shortened(text: str, most: int = 60) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def apply_corrections(
    personas: Sequence[Persona],
    corrections: PersonaCorrections,
    rejected: Mapping[str, Sequence[Claim]],
    *,
    most_quotes: int,
) -> tuple[tuple[Persona, ...], tuple[AppliedCorrection, ...]]:
    """The personas renamed and with the quotes pinned, and what became of each entry.

    Args:
        personas: as they were written; without the claims rejected.
        corrections: checked against the run.
        rejected: persona id -> the claims that were left out.
        most_quotes: quotes a persona shows; what is pinned comes first.
    """
    entries = corrections.file.corrections
    names = {persona.persona_id: persona.name for persona in personas}
    pins: dict[str, list[Citation]] = defaultdict(list)
    for pin, citation in zip(entries.pin, corrections.pinned, strict=True):
        pins[pin.persona].append(citation)
    renames = {entry.persona: entry for entry in entries.rename}
    given = {entry.name.casefold() for entry in entries.rename}
    corrected = []
    for persona in personas:
        rename = renames.get(persona.persona_id)
        update: dict[str, object] = {}
        if rename is not None:
            update = {"name": rename.name, "tagline": rename.tagline or persona.tagline}
        elif persona.name.casefold() in given:
            update = {"name": _other_name(persona.name, {*given, *(name.casefold() for name in names.values())})}
        if pins[persona.persona_id]:
            update["quotes"] = _pinned_first(pins[persona.persona_id], persona.quotes, most_quotes)
        corrected.append(persona.model_copy(update=update))
    told = _tell_renames(corrections, names)
    told += [_tell_reject(at, entry, personas, rejected) for at, entry in enumerate(entries.reject, start=1)]
    return tuple(corrected), tuple(told + _tell_pins(corrections))


def _other_name(name: str, taken: set[str]) -> str:
    return next(other for number in range(2, len(taken) + 3) if (other := f"{name} {number}").casefold() not in taken)


def _pinned_first(pinned: Sequence[Citation], quotes: Sequence[Citation], most: int) -> tuple[Citation, ...]:
    def overlaps(quote: Citation) -> bool:
        return any(
            one.document_id == quote.document_id and one.start < quote.end and quote.start < one.end for one in pinned
        )

    rest = [quote for quote in quotes if not overlaps(quote)]
    return (*pinned, *rest[: max(0, most - len(pinned))])


def _tell_renames(corrections: PersonaCorrections, names: Mapping[str, str]) -> list[AppliedCorrection]:
    return [
        AppliedCorrection(
            kind="rename",
            number=number,
            applied=entry.persona in names,
            personas=(entry.persona,),
            results=(entry.persona,) if entry.persona in names else (),
            details=(names[entry.persona],) if entry.persona in names else (),
            text=entry.name,
            note=entry.note,
        )
        for number, entry in enumerate(corrections.file.corrections.rename, start=1)
    ]


def _tell_reject(
    number: int, entry: Reject, personas: Sequence[Persona], rejected: Mapping[str, Sequence[Claim]]
) -> AppliedCorrection:
    hit = {
        persona_id: [claim.value for claim in claims if means(entry, claim)]
        for persona_id, claims in rejected.items()
        if entry.persona in {None, persona_id}
    }
    hit = {persona_id: values for persona_id, values in hit.items() if values}
    mine = [persona for persona in personas if entry.persona in {None, persona.persona_id}]
    return AppliedCorrection(
        kind="reject",
        number=number,
        applied=bool(hit),
        personas=() if entry.persona is None else (entry.persona,),
        results=tuple(hit),
        details=tuple(dict.fromkeys(value for values in hit.values() for value in values)),
        attribute=entry.attribute or "",
        text=entry.value,
        nearest="" if hit else nearest_claim(entry, [claim for persona in mine for claim in persona.claims]),
        note=entry.note,
    )


def _tell_pins(corrections: PersonaCorrections) -> list[AppliedCorrection]:
    return [
        AppliedCorrection(
            kind="pin",
            number=number,
            applied=True,
            personas=(entry.persona,),
            results=(entry.persona,),
            details=(citation.document_id,),
            text=citation.quote,
            note=entry.note,
        )
        for number, (entry, citation) in enumerate(
            zip(corrections.file.corrections.pin, corrections.pinned, strict=True), start=1
        )
    ]


def tell_missed(applied: Sequence[AppliedCorrection]) -> list[str]:
    """A warning for each entry that changed nothing; English, for the log and the report's warnings."""
    lines = []
    for one in applied:
        if one.applied:
            continue
        near = f"; the nearest claim is {one.nearest!r}: copy its words to reject it" if one.nearest else ""
        whose = one.personas[0] if one.personas else "any persona"
        said = f"no claim of {whose}{f' under {one.attribute}' if one.attribute else ''} says {one.text!r}{near}"
        lines.append(f"corrections, [[{one.kind}]] {one.number}: {said if one.kind == 'reject' else 'no persona yet'}")
    return lines

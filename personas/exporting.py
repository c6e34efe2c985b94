"""What may leave: everything (`internal`), nothing that tells who wrote (`shared`), or no word of theirs (`public`).

| level | whom it is for | left out |
|---|---|---|
| internal | those who may see the customers' data | nothing |
| shared | colleagues without that right | ids, sources, the files with a line a person, groups below three people |
| public | anybody | all of that, quotes and values in customers' words, groups below ten people |
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from personas.claims import DEFAULT_MIN_PEOPLE
from personas.options import ExportLevel
from personas.outputs import Findings
from personas.persona_set import PersonaSet
from personas.records import Claim, DataQuality, Persona, Sentence
from personas.terms import content_words
from personas.wording import inner_quotes, plain_sentence
from retrieval.documents import Citation

LEAST_PEOPLE: Final[Mapping[ExportLevel, int]] = {"internal": 1, "shared": DEFAULT_MIN_PEOPLE, "public": 10}
"""Smaller groups of people are not told of."""

OF_PEOPLE: Final = frozenset({
    "assignments.csv",
    "documents.csv",
    "profiles.csv",
    "profiles.jsonl",
    "quarantine.jsonl",
    "segment_model.json",
    "themes.csv",
    "trace.jsonl",
})
"""Files with a line a person or document, or with what a model was refused: of the level `internal` only."""

WORDS_OF_VALUE: Final = 4
_MANIFEST_KEPT: Final = (
    "format_version",
    "tool_version",
    "run_key",
    "counts",
    "engine",
    "embedder",
    "prompts",
    "seed",
    "model_calls",
    "tokens",
    "cost_usd",
    "timings_s",
)


def export_set(persona_set: PersonaSet, level: ExportLevel) -> PersonaSet:
    """The set as it may be written at this level."""
    if level == "internal":
        return persona_set
    least = LEAST_PEOPLE[level]
    segments = {s.segment_id for s in persona_set.segments if persona_set.sizes.get(s.segment_id, 0) >= least}
    ids = _Numbers()
    products = tuple(
        verdict.model_copy(
            update={
                side: tuple(
                    point.model_copy(update={"citations": ids.of(point.citations, level)})
                    for point in getattr(verdict, side)
                    if point.people >= least
                )
                for side in ("praised", "blamed")
            }
        )
        for verdict in persona_set.products
        if verdict.people >= least
    )
    behaviour = persona_set.behaviour
    return persona_set.model_copy(
        update={
            "personas": tuple(_persona(one, level, ids) for one in persona_set.personas if one.segment_id in segments),
            "segments": tuple(one for one in persona_set.segments if one.segment_id in segments),
            "sizes": {key: size for key, size in persona_set.sizes.items() if key in segments},
            "themes": tuple(theme for theme in persona_set.themes if theme.people >= least),
            "values": tuple(one for one in persona_set.values if one.segment_id in segments),
            "priorities": tuple(one for one in persona_set.priorities if one.segment_id in segments),
            "data": _data(persona_set.data),
            "behaviour": None if behaviour is None else behaviour.model_copy(update={"unusual": ()}),
            "trends": persona_set.trends if len(segments) == len(persona_set.segments) else None,
            "products": products,
            "corrections": (),
            "warnings": (),
        }
    )


def export_findings(findings: Findings, persona_set: PersonaSet, level: ExportLevel) -> Findings:
    """What stands beside the set, for `render_outputs`.

    Args:
        findings: of the run.
        persona_set: as exported.
        level: of the export.
    """
    if level == "internal":
        return findings
    ids = _Numbers()
    themes = {theme.theme_id for theme in persona_set.themes}
    segments = set(persona_set.sizes)
    quotes = {} if level == "public" else findings.theme_quotes
    return replace(
        findings,
        map_points=[p.model_copy(update={"customer_id": ""}) for p in findings.map_points if p.segment_id in segments],
        theme_quotes={key: ids.of(some, level) for key, some in quotes.items() if key in themes},
        theme_shares={key: value for key, value in findings.theme_shares.items() if key in segments},
        segment_lifts={key: value for key, value in findings.segment_lifts.items() if key in segments},
        segment_terms={key: value for key, value in findings.segment_terms.items() if key in segments},
        profiles=None,
        trace=(),
    )


def export_manifest(manifest: Mapping[str, Any], level: ExportLevel) -> dict[str, Any]:
    """The manifest without where the sources lay and what they were called."""
    if level == "internal":
        return dict(manifest)
    return {**{key: manifest[key] for key in _MANIFEST_KEPT if key in manifest}, "options": {"export": level}}


class _Numbers:
    """Citations by number: the same person gets the same one."""

    def __init__(self) -> None:
        self._numbers: dict[str, str] = {}

    def of(self, citations: Iterable[Citation], level: ExportLevel) -> tuple[Citation, ...]:
        """The citations without ids and places; none at the level `public`."""
        if level == "public":
            return ()
        return tuple(self._numbered(one) for one in citations)

    def _numbered(self, one: Citation) -> Citation:
        number = self._numbers.setdefault(one.customer_id, f"#{len(self._numbers) + 1}")
        return one.model_copy(update={"document_id": number, "customer_id": number, "start": 0, "end": len(one.quote)})


def _persona(persona: Persona, level: ExportLevel, ids: _Numbers) -> Persona:
    least = LEAST_PEOPLE[level]
    told = [claim for claim in persona.claims if claim.people >= least]
    public = level == "public"
    claims = tuple(
        claim.model_copy(
            update={
                "citations": ids.of(claim.citations, level),
                "counter_citations": ids.of(claim.counter_citations, level),
                **({"value": _in_words(claim), "note": ""} if public and claim.basis is None else {}),
            }
        )
        for claim in told
    )
    changed = {new.claim_id for old, new in zip(told, claims, strict=True) if old.value != new.value}
    if public:
        # A sentence shows behind a bare word what somebody wrote of it.
        quoted = [(c.claim_id, quote.quote.rstrip(".。 ")) for c in told for quote in c.citations]
        prose = "\n".join(sentence.text for sentence in persona.narrative)
        changed |= {claim_id for claim_id, quote in quoted if quote in prose or inner_quotes(quote) in prose}
    return persona.model_copy(
        update={
            "claims": claims,
            "quotes": ids.of(persona.quotes, level),
            "narrative": _narrative(persona, claims, changed),
            "tagline": ", ".join(persona.terms[:5]) if public else persona.tagline,
            "actions": () if public else persona.actions,
            "cautions": () if public else persona.cautions,
            "characteristics": tuple(one for one in persona.characteristics if one.people >= least),
            "recommendations": tuple(one for one in persona.recommendations if one.people >= least),
        }
    )


def _in_words(claim: Claim) -> str:
    """A claim's value, as single words where it is taken from what somebody wrote."""
    folded = " ".join(claim.value.casefold().split())
    own = claim.origin == "llm" and not any(folded in " ".join(c.quote.casefold().split()) for c in claim.citations)
    words = list(dict.fromkeys(content_words(claim.value)))[:WORDS_OF_VALUE]
    return claim.value if own else " · ".join(words)


def _narrative(persona: Persona, claims: Sequence[Claim], changed: set[str]) -> tuple[Sentence, ...]:
    """The sentences whose claims are told; anew from the claims where these do not stand as they were."""
    by_id = {claim.claim_id: claim for claim in claims}
    found: dict[str, Sentence] = {}
    for sentence in persona.narrative:
        held = [claim_id for claim_id in sentence.claim_ids if claim_id in by_id]
        if len(held) == len(sentence.claim_ids) and not changed & set(held):
            found[sentence.text] = sentence
        elif held:
            text = plain_sentence(by_id[held[0]], persona.language)
            update = {"text": text, "claim_ids": (held[0],), "origin": "extractive"}
            found.setdefault(text, sentence.model_copy(update=update))
    return tuple(found.values())


def _data(data: DataQuality) -> DataQuality:
    gone: dict[str, object] = {"bursts": (), "flagged_examples": (), "columns": (), "sources": {}}
    return data.model_copy(update=gone)

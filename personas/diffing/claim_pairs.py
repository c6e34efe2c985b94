"""Which claims of two matched personas are the same, and what of their evidence differs between the runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from personas.diffing.opening import OpenedSet
from personas.diffing.records import (
    ABSENT,
    ClaimChange,
    ClaimMatch,
    ClaimState,
    ClaimVerdict,
    EvidenceShift,
    ShareChange,
    Why,
)
from personas.diffing.shares import SharePair
from personas.records import Claim, Persona
from personas.terms import stems

SAME_WORDS = 0.6
"""Jaccard overlap of the stems of two values from which they say the same; as for repeated claims of a persona."""

SAME_QUOTES = 0.5
"""Share of the fewer quotes that must overlap with one of the other claim's."""


@dataclass(frozen=True)
class ClaimPair:
    """A claim in A and the same one in B; one of the two may be missing."""

    before: Claim | None
    after: Claim | None
    matched_by: ClaimMatch | None = None

    @property
    def newest(self) -> Claim:
        """The claim in B where it is there, else in A."""
        claim = self.after or self.before
        assert claim is not None
        return claim


def pair_claims(before: Sequence[Claim], after: Sequence[Claim]) -> list[ClaimPair]:
    """All claims of both, each once: pairs and new ones in the order of B, then those that went.

    Only claims of one attribute are paired: those of the same value or table cell first, then those that quote the same
    words or share most of theirs.
    """
    found = [
        (likeness, -i, -j, how)
        for i, old in enumerate(before)
        for j, new in enumerate(after)
        if old.attribute == new.attribute and (told := _likeness(old, new)) is not None
        for likeness, how in [told]
    ]
    partner: dict[int, tuple[int, ClaimMatch]] = {}
    taken: set[int] = set()
    for _, i, j, how in sorted(found, key=lambda pair: pair[:3], reverse=True):
        if -i not in taken and -j not in partner:
            partner[-j] = (-i, how)
            taken.add(-i)
    pairs = [
        ClaimPair(before[partner[j][0]], new, partner[j][1]) if j in partner else ClaimPair(None, new)
        for j, new in enumerate(after)
    ]
    return [*pairs, *(ClaimPair(old, None) for i, old in enumerate(before) if i not in taken)]


def _likeness(old: Claim, new: Claim) -> tuple[float, ClaimMatch] | None:
    """How alike two claims are, above 0, and in what; None where they are two."""
    if old.basis is not None or new.basis is not None:
        same = (
            old.basis is not None
            and new.basis is not None
            and (old.basis.column, old.basis.value) == (new.basis.column, new.basis.value)
        )
        return (3.0, "table") if same else None
    if _folded(old.value) == _folded(new.value):
        return 3.0, "wording"
    quotes = _shared_quotes(old, new)
    mine, theirs = stems(old.value), stems(new.value)
    words = len(mine & theirs) / len(mine | theirs) if mine | theirs else 0.0
    if words >= SAME_WORDS:
        return 1.0 + words, "wording"
    return (quotes, "evidence") if quotes > SAME_QUOTES else None


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _shared_quotes(old: Claim, new: Claim) -> float:
    """Share of the fewer quotes that overlap with a quote of the other claim in its document."""
    fewer, more = sorted((old.citations, new.citations), key=len)
    if not fewer:
        return 0.0
    overlapping = [
        any(one.document_id == other.document_id and one.start < other.end and other.start < one.end for other in more)
        for one in fewer
    ]
    return sum(overlapping) / len(fewer)


def share_pair(pair: ClaimPair, before: Persona, after: Persona) -> SharePair | None:
    """The people behind a claim in A and in B; None where it is in one only."""
    if pair.before is None or pair.after is None:
        return None
    return SharePair(pair.before.people, asked(pair.before, before), pair.after.people, asked(pair.after, after))


def asked(claim: Claim, persona: Persona) -> int:
    """Of how many people the claim's share is: all of the persona, or those of whom a table knows the column."""
    if claim.share <= 0 or abs(claim.share * persona.people - claim.people) < 0.5:
        return max(persona.people, claim.people)
    return max(round(claim.people / claim.share), claim.people)


def tell_claim(
    pair: ClaimPair, change: ShareChange | None, evidence: EvidenceShift | None, personas: tuple[Persona, Persona]
) -> ClaimChange:
    """What became of a claim, and what of its evidence and author may be why."""
    old, new = pair.before, pair.after
    reworded = old is not None and new is not None and _folded(old.value) != _folded(new.value)
    status_changed = old is not None and new is not None and old.status != new.status
    verdict: ClaimVerdict = "appeared" if old is None else "went" if new is None else "same"
    if reworded or status_changed or (change is not None and change.direction is not None):
        verdict = "changed"
    return ClaimChange(
        attribute=pair.newest.attribute,
        verdict=verdict,
        matched_by=pair.matched_by,
        before=None if old is None else _state(old, personas[0]),
        after=None if new is None else _state(new, personas[1]),
        reworded=reworded,
        status_changed=status_changed,
        share=change,
        evidence=evidence,
        why=() if verdict == "same" else _why(pair, evidence, other_author=written_otherwise(*personas)),
    )


def _state(claim: Claim, persona: Persona) -> ClaimState:
    return ClaimState(
        claim_id=claim.claim_id,
        value=claim.value,
        status=claim.status,
        origin=claim.origin,
        people=claim.people,
        of=asked(claim, persona),
        share=claim.share,
        interval=claim.interval,
        quotes=len(claim.citations),
    )


def written_otherwise(before: Persona, after: Persona) -> bool:
    """Whether another author, model or prompt wrote the persona."""
    one, other = before.provenance, after.provenance
    return (one.author, one.model, one.prompts) != (other.author, other.model, other.prompts)


def _why(pair: ClaimPair, evidence: EvidenceShift | None, *, other_author: bool) -> tuple[Why, ...]:
    both = pair.before is not None and pair.after is not None
    swapped = pair.before is not None and pair.after is not None and pair.before.origin != pair.after.origin
    author: list[Why] = ["other author"] if swapped or (other_author and pair.newest.origin != "data") else []
    if evidence is None:
        return tuple(author)
    found: list[Why] = ["other documents"] if evidence.missing else []
    found += ["other words"] if evidence.reworded else []
    found += ["other people"] if evidence.elsewhere else []
    found += author
    # The same words of the same people were there: what else was said of them decided, or how it was chosen.
    return tuple(found) or (("other choice",) if evidence.documents and not both else ())


def shift_of_evidence(claim: Claim, persona_there: str, here: OpenedSet, there: OpenedSet) -> EvidenceShift | None:
    """What the claim quotes against the other run; None where either has no list of documents.

    Args:
        claim: a claim of `here`.
        persona_there: the persona of `there` that is compared with.
        here: the set the claim stands in.
        there: the other set.
    """
    if here.documents is None or there.documents is None or there.places is None:
        return None
    quoted = {citation.document_id: citation.customer_id for citation in claim.citations}
    people = set(quoted.values())
    return EvidenceShift(
        documents=len(quoted),
        missing=sum(one not in there.documents for one in quoted),
        reworded=sum(
            one in there.documents
            and one in here.documents
            and there.documents[one].text_sha256 != here.documents[one].text_sha256
            for one in quoted
        ),
        people=len(people),
        elsewhere=_count_elsewhere(people, persona_there, there.places),
    )


def _count_elsewhere(people: set[str], persona_id: str, places: Mapping[str, str]) -> int:
    return sum(places.get(one, ABSENT) not in {persona_id, ABSENT} for one in people)

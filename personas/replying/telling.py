"""A draft as lines for a terminal: the answer, then what it rests on, for whoever sends it."""

from __future__ import annotations

import unicodedata

from personas.replying.records import ReplyDraft, ReplyLine


def tell_draft(draft: ReplyDraft) -> list[str]:
    """The draft as it would be sent, a line each; nothing of its evidence is in it but the customer's own words."""
    return [_plain(line.text) for line in draft.lines]


def tell_notes(draft: ReplyDraft) -> list[str]:
    """What whoever sends it should know, a line each: whose persona, which tone, what it rests on, what is open."""
    tone = draft.tone
    told = [f"persona: {_plain(draft.name)} [{draft.persona_id}]"] if draft.persona_id else []
    told.append(
        f"tone: {tone.manner}, {tone.length}, people here are {tone.feeling}" if tone.documents else "tone: neutral"
    )
    told += [f"rests on {mark}: {_plain(line.text)}" for line in draft.lines if (mark := _mark(line))]
    told += [
        f"[{number}] “{_plain(citation.quote)}” ({_plain(citation.document_id)})"
        for number, citation in enumerate(draft.citations, start=1)
    ]
    for claim in draft.claims:
        what = "said here too" if claim.about == "message" else "mind, people here also say"
        told.append(f"{what}: {_plain(claim.value)} ({claim.claim_id}, {claim.people} people, {claim.share:.0%})")
    if draft.asked:
        told.append(f"asked for, and nothing here decides it: {', '.join(draft.asked)}")
    return [*told, *(f"note: {_plain(note)}" for note in draft.notes)]


def _mark(line: ReplyLine) -> str:
    return ", ".join([*(f"[{place}]" for place in line.citations), *line.claim_ids])


def _plain(text: str) -> str:
    """The text without control characters: a customer's words must not steer the reader's terminal."""
    kept = (" " if unicodedata.category(letter) in {"Cc", "Cf", "Zl", "Zp"} else letter for letter in text)
    return " ".join("".join(kept).split())

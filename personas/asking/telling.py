"""An answer as lines for a terminal: sentences with the numbers of their quotes, then the quotes with their places."""

from __future__ import annotations

import unicodedata

from personas.asking.records import PersonaAnswer


def tell_answer(answer: PersonaAnswer) -> list[str]:
    """The answer, what it cites and what to know of it, a line each."""
    lines = [_plain(sentence.text) + _marks(sentence.citations, sentence.claim_ids) for sentence in answer.sentences]
    if answer.citations:
        lines.append("")
    lines += [
        f"[{number}] “{_plain(citation.quote)}” ({_plain(citation.document_id)})"
        for number, citation in enumerate(answer.citations, start=1)
    ]
    return lines


def tell_notes(answer: PersonaAnswer) -> list[str]:
    """What the reader should know of how the answer was made, a line each."""
    return [f"note: {_plain(note)}" for note in answer.notes]


def _marks(places: tuple[int, ...], claim_ids: tuple[str, ...]) -> str:
    marks = [*(str(place) for place in places), *claim_ids]
    return f" [{', '.join(marks)}]" if marks else ""


def _plain(text: str) -> str:
    """The text without control characters: a customer's words must not steer the reader's terminal."""
    kept = (" " if unicodedata.category(letter) in {"Cc", "Cf", "Zl", "Zp"} else letter for letter in text)
    return " ".join("".join(kept).split())

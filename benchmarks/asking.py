"""How often `personas ask` answers what can be answered of a segment, and says "nobody" where nobody spoke of it.

    python -m benchmarks.asking NAME OUT [--half tune|test|all] [--across] [--wrong] [--workspace DIR]

NAME is a table of benchmarks/questions/asking.toml. Every question is put to every persona of the run in OUT whose
people mostly wrote in its language (--across: to the others). A question is answerable where somebody in the segment
wrote what its regular expression finds; an answer is right where at least one of its quotes does.
"""

from __future__ import annotations

import argparse
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from persona_kit.progress import Silent
from personas.asking import questions as question_parts
from personas.asking import segment_texts
from personas.asking.finding import COVERED
from personas.asking.floor import Found, look_up
from personas.asking.lexicon import HAN
from personas.attributes import load_schema
from personas.counting import wilson_interval
from personas.showing import load_persona_set
from retrieval.documents import Document

QUESTIONS = Path(__file__).parent / "questions" / "asking.toml"


@dataclass(frozen=True)
class Case:
    """A question put to a persona."""

    persona_id: str
    question: str
    speaks: re.Pattern[str]
    truth: tuple[str, ...]
    """What people of the segment wrote of it, an excerpt each."""
    found: Found

    @property
    def quotes(self) -> list[str]:
        """What the answer shows."""
        claimed = [citation.quote for claim in self.found.claims for citation in claim.citations]
        return [one.around for one in self.found.spoken[:5]] + claimed

    @property
    def is_right(self) -> bool:
        """Whether the answer shows what speaks of it, or there is none and nobody spoke."""
        if self.found.is_empty:
            return not self.truth
        return any(self.speaks.search(quote.lower()) for quote in self.quotes)


def cases(name: str, out: Path, *, half: str, across: bool, workspace: Path | None) -> Iterator[Case]:
    """Every question of the half, put to every persona."""
    asked = tomllib.loads(QUESTIONS.read_text(encoding="utf-8"))[name]["questions"]
    chosen = [pair for at, pair in enumerate(asked) if half == "all" or (at % 2 == 0) == (half == "tune")]
    texts = segment_texts.open_texts(out, workspace=workspace, sources=None, progress=Silent())
    schema = load_schema(None)
    for persona in load_persona_set(out).personas:
        documents = texts.of(persona.segment_id)
        chinese = 2 * sum(bool(HAN.search(document.text)) for document in documents) > len(documents)
        for question, pattern in chosen:
            if (bool(HAN.search(question)) == chinese) == across:
                continue
            speaks = re.compile(pattern)
            asked_for = question_parts.take_apart(question, schema)
            found = look_up(asked_for, persona, documents, schema)
            yield Case(persona.persona_id, question, speaks, _truth(documents, speaks), found)


def _truth(documents: tuple[Document, ...], speaks: re.Pattern[str]) -> tuple[str, ...]:
    found = []
    for document in documents:
        own = document.turns or ((0, len(document.text)),)
        words = " \n ".join(document.text[start:end] for start, end in own).lower()
        if match := speaks.search(words):
            found.append(words[max(0, match.start() - 60) : match.end() + 60].replace("\n", " "))
    return tuple(found)


def tell(done: list[Case]) -> list[str]:
    """The table."""
    answerable = [case for case in done if case.truth]
    answered = [case for case in done if not case.found.is_empty]
    silent = [case for case in done if case.found.is_empty]
    right = sum(case.is_right for case in answered)
    kept = sum(case.is_right for case in silent)
    rows = [
        ("answers that show what was asked for", right, len(answered)),
        ("answerable questions answered so", right, len(answerable)),
        ("'nobody' where nobody spoke of it", kept, len(silent)),
        ("unanswerable questions told 'nobody'", kept, len(done) - len(answerable)),
    ]
    return [f"{name:40s} {_share(right, total)}" for name, right, total in rows]


def _share(right: int, total: int) -> str:
    if not total:
        return "-"
    interval = wilson_interval(right, total)
    return f"{right / total:5.1%} of {total} ({interval.low:.2f} to {interval.high:.2f})"


def _tell_wrong(case: Case) -> Iterator[str]:
    kind = "answered" if not case.found.is_empty else "silent"
    yield f"{case.persona_id} {kind}: {case.question}"
    for quote in case.quotes[:2]:
        yield f"    shown: {' '.join(quote.split())[:150]}"
    for text in case.truth[:3]:
        yield f"    there: {text[:150]}"


def main() -> None:
    """Prints the table, or what was wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name")
    parser.add_argument("out", type=Path)
    parser.add_argument("--half", choices=["tune", "test", "all"], default="all")
    parser.add_argument("--across", action="store_true")
    parser.add_argument("--wrong", action="store_true")
    parser.add_argument("--workspace", type=Path)
    given: Any = parser.parse_args()
    done = list(cases(given.name, given.out, half=given.half, across=given.across, workspace=given.workspace))
    for case in done if given.wrong else []:
        if not case.is_right:
            print("\n".join(_tell_wrong(case)))
    print(f"{given.name}, {given.half}, {len(done)} questions asked, threshold {COVERED}")
    print("\n".join(tell(done)))


if __name__ == "__main__":
    main()

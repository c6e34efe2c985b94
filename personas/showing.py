"""The personas of a finished run, for reading in a terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from persona_kit.errors import InputError, UsageError
from personas.agent import TraceStep
from personas.attributes import load_schema
from personas.corrections.wording import CorrectionWords
from personas.persona_set import PersonaSet
from personas.records import Claim, Persona
from personas.reporting.report_wording import Words
from personas.scoring.wording import tell_scores

if TYPE_CHECKING:
    from rich.console import RenderableType

RESULT_FILE = "personas.json"
DEFAULT_FOLDER = Path("personas-out")
"""Where `generate` writes unless told otherwise."""

_QUOTES_SHOWN = 2


def load_persona_set(out: Path) -> PersonaSet:
    """The persona set that `generate` wrote into the folder.

    Raises:
        InputError: when there is none, or it was written in another format.
    """
    path = out / RESULT_FILE
    try:
        return PersonaSet.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InputError(
            f"no personas to read here: {error.strerror}",
            where=str(path),
            mend="name the folder that `personas generate` wrote (its --out)",
        ) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise InputError(
            f"this is not a persona set of this version: {first['msg']}",
            where=f"{path}, {'.'.join(str(part) for part in first['loc']) or 'top level'}",
            mend="run `personas generate` again with this version",
        ) from error


def read_arguments(out: Path, persona_id: str | None) -> tuple[Path, str | None]:
    """What `show [OUT] [PERSONA]` means: one word that is no folder names a persona of the default folder."""
    if persona_id is None and not out.exists() and (DEFAULT_FOLDER / RESULT_FILE).exists():
        return DEFAULT_FOLDER, str(out)
    return out, persona_id


def find_persona(persona_set: PersonaSet, persona_id: str) -> Persona:
    """The persona of that id, or of that name whatever its case.

    Raises:
        UsageError: when there is none, naming those there are.
    """
    for persona in persona_set.personas:
        if persona_id == persona.persona_id or persona_id.casefold() == persona.name.casefold():
            return persona
    there = ", ".join(f"{persona.persona_id} ({persona.name})" for persona in persona_set.personas)
    raise UsageError("there is no such persona", where=persona_id, mend=f"choose one of: {there or 'none was written'}")


def overview(persona_set: PersonaSet) -> RenderableType:
    """A table with a line per persona, and what to be careful about."""
    from rich.console import Group
    from rich.table import Table

    table = Table(title=_plain(persona_set.title), title_justify="left")
    for heading in ("id", "name", "in a line"):
        table.add_column(heading, overflow="fold")
    for heading in ("people", "share", "claims"):
        table.add_column(heading, justify="right")
    for persona in persona_set.personas:
        standing = "" if persona.standing == "persona" else f" ({persona.standing})"
        table.add_row(
            _plain(persona.persona_id),
            _plain(persona.name) + standing,
            _plain(persona.tagline),
            str(persona.people),
            f"{persona.share:.0%}",
            str(len(persona.claims)),
        )
    return Group(table, *map(_plain, _told_of(persona_set)))


def _told_of(persona_set: PersonaSet) -> list[str]:
    """The scorecard of the set, what was corrected by hand, and what to be careful about; a line each."""
    names = {persona.persona_id: persona.name for persona in persona_set.personas}
    labels = {attribute.key: attribute.label.get(persona_set.language, "") for attribute in load_schema(None).attribute}
    for persona in persona_set.personas:
        labels |= persona.attribute_labels
    words = CorrectionWords(persona_set.language, names, labels)
    return [
        *tell_scores(persona_set.scorecard, persona_set.language, names, of_set=True),
        *(f"{words('corrected')}: {words.tell(one)}" for one in persona_set.corrections),
        *(f"careful: {warning}" for warning in persona_set.warnings),
    ]


def portrait(persona: Persona) -> RenderableType:
    """One persona in full: narrative, claims with counts and quotes, what nobody stated, cautions."""
    from rich.console import Group
    from rich.text import Text

    lines: list[RenderableType] = [
        Text(f"{_plain(persona.name)}  [{persona.persona_id}]", style="bold"),
        Text(_plain(persona.tagline), style="italic"),
        Text(f"{persona.people} people, {persona.share:.0%} of all; {persona.standing}"),
        Text(""),
    ]
    lines += _narrative(persona)
    lines += [Text(""), _claims_table(persona.claims, persona.attribute_labels)]
    lines += [Text(_plain(line)) for line in tell_scores(persona.scorecard, persona.language, {})]
    if persona.not_stated:
        silent = (persona.attribute_labels.get(key, key) for key in persona.not_stated)
        lines.append(Text(f"not stated: {', '.join(map(_plain, silent))}"))
    lines += [Text(f"careful: {_plain(line)}") for line in (*persona.cautions, *_stand_ins(persona))]
    return Group(*lines)


def _stand_ins(persona: Persona) -> tuple[str, ...]:
    """Which claims the extractive author wrote in the model's place, and why."""
    from personas.reporting.cards import AttributeLabels
    from personas.reporting.stand_ins import tell_stand_ins

    shown = [claim for claim in persona.claims if claim.status != "withheld"]
    return tell_stand_ins(shown, AttributeLabels(persona.language, [persona]).__getitem__, Words(persona.language))


def _narrative(persona: Persona) -> Iterator[RenderableType]:
    """The narrative, each section behind the summary under its heading."""
    from rich.text import Text

    words, section = Words(persona.language), "summary"
    for sentence in persona.narrative:
        if sentence.section != section:
            section = sentence.section
            yield Text(f"\n{words(f'section_{section}')}", style="bold")
        yield Text(f"{_plain(sentence.text)}  [{', '.join(sentence.claim_ids) or 'no claim'}]")


def story(persona: Persona, trace: Sequence[TraceStep]) -> RenderableType:
    """How one persona came about, step by step, in the persona's language.

    Args:
        persona: of the set.
        trace: steps of any personas; those of this one are told.
    """
    from rich.console import Group
    from rich.padding import Padding
    from rich.text import Text

    from personas.agent.telling import tell_trace

    own = [step for step in trace if step.persona_id == persona.persona_id]
    lines: list[RenderableType] = [Text(f"{_plain(persona.name)}  [{persona.persona_id}]", style="bold")]
    for line in tell_trace(own, persona.language, persona.attribute_labels):
        text = line.lstrip(" ")
        # Rich lines up what a long line goes on with, and a customer's words may hold no blanks in front.
        lines.append(Padding(Text(_plain(text)), (0, 0, 0, len(line) - len(text))))
    return Group(*lines, Text(""))


def _claims_table(claims: tuple[Claim, ...], labels: dict[str, str]) -> RenderableType:
    from rich.table import Table

    table = Table(show_lines=True)
    for heading in ("claim", "attribute", "what", "evidence"):
        table.add_column(heading, overflow="fold")
    for claim in claims:
        label, value = labels.get(claim.attribute, claim.attribute), f"{_plain(claim.value)}\n{_standing(claim)}"
        table.add_row(claim.claim_id, _plain(label), value, _evidence(claim))
    return table


def _standing(claim: Claim) -> str:
    lift = "" if claim.lift is None else f", {claim.lift:.1f} x as often as elsewhere"
    return f"{claim.status}, {claim.people} people ({claim.share:.0%}){lift}; {claim.origin}"


def _evidence(claim: Claim) -> str:
    if claim.basis is not None:
        return f"{_plain(claim.basis.file)}: {_plain(claim.basis.column)} = {_plain(claim.basis.value)}"
    shown = [f"“{_plain(quote.quote)}” ({_plain(quote.document_id)})" for quote in claim.citations[:_QUOTES_SHOWN]]
    more = len(claim.citations) - len(shown)
    return "\n".join([*shown, f"and {more} more"] if more > 0 else shown)


def _plain(text: str) -> str:
    """The text without control characters: a customer's words must not steer the reader's terminal."""
    kept = (" " if unicodedata.category(letter) in {"Cc", "Cf", "Zl", "Zp"} else letter for letter in text)
    return " ".join("".join(kept).split())

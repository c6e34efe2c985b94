"""A comparison as lines to read: `+` appeared, `-` went, `~` changed, `=` the same, `<` split, `>` merged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import cast, get_args

from persona_kit.errors import UsageError
from personas.attributes import OutputLanguage
from personas.diffing.causes import CONTENT
from personas.diffing.claim_lines import ClaimTeller
from personas.diffing.records import (
    ABSENT,
    OUTSIDE,
    Cause,
    DocumentShift,
    Flow,
    Movement,
    PersonaChange,
    PersonaHead,
    Relation,
    SetDiff,
)
from personas.diffing.wording import DiffWords, plain

MOST_FLOWS = 12
MOST_SOURCES = 3
LONGEST_VALUE = 60
"""Letters of an option or a hash shown; the JSON has them whole."""


def tell_diff(found: SetDiff, language: OutputLanguage | None = None) -> list[str]:
    """What changed, a line each.

    Args:
        found: the comparison.
        language: of the text; None takes that of B.
    """
    return list(_Teller(found, language or found.b.language).lines())


def choose_language(asked: str) -> OutputLanguage | None:
    """The language asked for; None for `auto`.

    Raises:
        UsageError: when it is none of these.
    """
    for language in get_args(OutputLanguage):
        if asked == language:
            return cast("OutputLanguage", language)
    if asked != "auto":
        raise UsageError(f"there is no language {asked!r}", where="--output-language", mend="choose auto, en or zh")
    return None


class _Teller:
    """Puts the lines together.

    Args:
        found: the comparison.
        language: of the text.
    """

    def __init__(self, found: SetDiff, language: OutputLanguage) -> None:
        self._found = found
        self._words = DiffWords(language)
        self._claims = ClaimTeller(self._words)
        self._names: dict[str, dict[str, str]] = {"a": {}, "b": {}}
        for side, heads in (
            ("a", [*(one.before for one in found.personas), *(one.persona for one in found.went)]),
            ("b", [*(one.after for one in found.personas), *(one.persona for one in found.appeared)]),
        ):
            self._names[side] = {head.persona_id: head.name for head in heads}
        for relation in found.splits:
            self._names["a"][relation.persona_id] = relation.name
            self._names["b"] |= {part.persona_id: part.name for part in relation.parts}
        for relation in found.merges:
            self._names["b"][relation.persona_id] = relation.name
            self._names["a"] |= {part.persona_id: part.name for part in relation.parts}

    def lines(self) -> Iterator[str]:
        found, words = self._found, self._words
        for side, head in (("A", found.a), ("B", found.b)):
            counts = {"personas": words.personas(head.personas), "people": words.people(head.people)}
            yield words("set", side=side, path=plain(head.path), title=plain(head.title), **counts)
        yield ""
        yield from self._people(found.movement)
        yield ""
        yield from self._causes()
        yield ""
        if not found.differs:
            yield words("same")
            return
        for change in found.personas:
            yield from self._persona(change)
        for lone in found.appeared:
            yield self._lone("appeared", lone.persona)
            yield from self._lone_flows("came from", [(flow.before, flow.people) for flow in lone.flows], "a")
        for lone in found.went:
            yield self._lone("went", lone.persona)
            yield from self._lone_flows("are now", [(flow.after, flow.people) for flow in lone.flows], "b")
        for relation in found.splits:
            yield from self._relation("split", relation)
        for relation in found.merges:
            yield from self._relation("merged", relation)
        yield ""
        yield words("method", tests=found.tests)

    def _people(self, movement: Movement | None) -> Iterator[str]:
        words = self._words
        if movement is None:
            yield words("unknown people")
            return
        both, share = words.people(movement.both), words.of_all(movement.stayed, movement.both)
        only_a, only_b = words.people(movement.only_a), words.people(movement.only_b)
        yield words("both", both=both, only_a=only_a, only_b=only_b)
        parts = [words("stayed", stayed=f"{movement.stayed:,}", both=both, share=share)]
        for name, count in (
            ("followed", movement.followed),
            ("moved", movement.moved),
            ("came_in", movement.came_in),
            ("fell_out", movement.fell_out),
            ("stayed outside", movement.outside),
        ):
            parts += [words(name, people=words.people(count))] if count else []
        yield words("and").join(parts) + ("。" if words.language == "zh" else ".")
        if movement.agreement is not None and movement.agreement < 1:
            a, b = self._found.a.stability, self._found.b.stability
            usual = "as usual" if movement.agreement >= min(a, b) else "beyond usual"
            yield words("agreement", agreement=movement.agreement, a=a, b=b)
            yield words(usual)
        if movement.flows:
            yield words("flows")
            yield from self._flows(movement.flows)

    def _flows(self, flows: Sequence[Flow]) -> Iterator[str]:
        for flow in flows[:MOST_FLOWS]:
            before, after = self._place(flow.before, "a"), self._place(flow.after, "b")
            yield self._words("flow", before=before, after=after, people=self._words.people(flow.people))
        if rest := flows[MOST_FLOWS:]:
            people = self._words.people(sum(flow.people for flow in rest))
            yield self._words("more flows", people=people, count=len(rest))

    def _place(self, place: str, side: str) -> str:
        if place in {OUTSIDE, ABSENT}:
            return self._words(place)
        name = self._names[side].get(place, "")
        return plain(f"{place} {name}")

    def _causes(self) -> Iterator[str]:
        causes, words = self._found.causes, self._words
        if causes is None:
            yield words("unknown causes")
        elif not causes:
            yield words("no cause")
            if self._found.differs:
                yield words("no cause but change")
        else:
            yield words("one cause" if len(causes) == 1 else "causes")
            yield from (f"  {self._cause(cause)}" for cause in causes)

    def _cause(self, cause: Cause) -> str:
        words, shift = self._words, self._found.documents
        if cause.kind == "documents" and shift is not None:
            return words("documents", **self._documents(shift))
        if cause.kind == "files":
            return words("files", what=plain(cause.what))
        if cause.kind == "tables" and cause.what == CONTENT:
            return words("content")
        values = {name: _shortened(value) or words("none") for name, value in _ends(cause).items()}
        return words("cause", kind=words(cause.kind), what=plain(cause.what), **values)

    def _documents(self, shift: DocumentShift) -> dict[str, object]:
        named = list(shift.sources.items())[:MOST_SOURCES]
        rest = sum(shift.sources.values()) - sum(count for _, count in named)
        sources = self._words("and").join(f"{plain(PurePath(source).name)}: {count}" for source, count in named)
        sources += self._words("from more", count=rest) if rest else ""
        counts = shift.model_dump(include={"new", "gone", "reworded", "kept"})
        return {**counts, "sources": self._words("from", sources=sources) if sources else ""}

    def _persona(self, change: PersonaChange) -> Iterator[str]:
        words, before, after = self._words, change.before, change.after
        mark = "~" if change.differs else "="
        yield words(
            "matched", mark=mark, id=plain(_ids(before, after)), name=plain(after.name), how=words(change.matched_by)
        )
        if before.name != after.name:
            yield words("renamed", before=plain(before.name), after=plain(after.name))
        if before.standing != after.standing:
            yield words("standing", before=words(before.standing), after=words(after.standing))
        yield words("size", **self._claims.share_values(change.size))
        if change.people is not None:
            yield words("kept", jaccard=change.people.jaccard, **change.people.model_dump())
        if change.documents is not None and change.documents.differs:
            yield words("their documents", **self._documents(change.documents))
        if change.other_author:
            yield words("other author")
        yield from self._claims.lines(change.claims)

    def _lone(self, key: str, head: PersonaHead) -> str:
        words = self._words
        share = words.of_all(head.people, head.of)
        return words(
            key, id=plain(head.persona_id), name=plain(head.name), people=words.people(head.people), share=share
        )

    def _lone_flows(self, key: str, flows: Iterable[tuple[str, int]], side: str) -> Iterator[str]:
        told = [f"{self._place(place, side)} {count}" for place, count in flows]
        if told:
            yield self._words(key, flows=self._words("then").join(told))

    def _relation(self, key: str, relation: Relation) -> Iterator[str]:
        words = self._words
        name = plain(relation.name)
        yield words(key, id=plain(relation.persona_id), name=name, people=words.people(relation.people))
        for part in relation.parts:
            shared, of = words.people(part.shared), words.people(part.of)
            yield words("part", shared=shared, id=plain(part.persona_id), name=plain(part.name), of=of)


def _ids(before: PersonaHead, after: PersonaHead) -> str:
    same = before.persona_id == after.persona_id
    return before.persona_id if same else f"{before.persona_id} -> {after.persona_id}"


def _ends(cause: Cause) -> Mapping[str, str]:
    return {"before": cause.before, "after": cause.after}


def _shortened(value: str) -> str:
    value = plain(value)
    return value if len(value) <= LONGEST_VALUE else f"{value[: LONGEST_VALUE - 1]}…"

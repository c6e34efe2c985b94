"""A trace as a story: what was at hand, what was missing, what was searched for, what was kept and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from personas.agent import steps as kinds
from personas.agent.recording import AT_THE_END
from personas.agent.trace_wording import NOUNS, REASONS_ZH, WORDS, Words
from personas.attributes import OutputLanguage, load_schema
from personas.grounding import Finding
from personas.wording import percent

_AT_THE_END = (kinds.Contradiction, kinds.Counted, kinds.NotStated, kinds.Replaced, kinds.Narrated)


def tell_trace(
    trace: Sequence[kinds.TraceStep], language: OutputLanguage, labels: Mapping[str, str] | None = None
) -> list[str]:
    """The lines of the story of one persona; what belongs to a heading is indented by two blanks.

    Args:
        trace: its steps, in order.
        language: to tell it in.
        labels: of attributes of a schema of the user's own, by key.
    """
    teller = _Teller(trace, language, labels or {})
    lines: list[str] = []
    for step in trace:
        told = list(teller.lines_of(step))
        heading = teller.heading_of(step)
        if told and heading not in lines:
            lines.append(heading)
        lines += [f"  {line}" for line in told]
    return lines


class _Teller:
    """Tells steps one by one; a claim that was proposed is told with what became of it."""

    def __init__(self, trace: Sequence[kinds.TraceStep], language: OutputLanguage, own: Mapping[str, str]) -> None:
        self._language: OutputLanguage = language
        self._words: Words = WORDS[language]
        self._labels = {attribute.key: attribute.label[language] for attribute in load_schema(None).attribute}
        self._labels |= own
        self._fates: dict[tuple[int, str, str], list[kinds.Quote | kinds.Kept | kinds.Dropped]] = {}
        proposed = {self._key(step) for step in trace if isinstance(step, kinds.Proposed)}
        self._told: set[tuple[int, str, str]] = set()
        self._silent: dict[str, list[str]] = {}
        for step in trace:
            if isinstance(step, kinds.NotStated):
                self._silent.setdefault(step.reason, []).append(step.attribute)
            told_apart = isinstance(step, kinds.Dropped) and step.reason in AT_THE_END
            if isinstance(step, kinds.Quote | kinds.Kept | kinds.Dropped) and not told_apart:
                key = self._key(step)
                if key in proposed:
                    self._fates.setdefault(key, []).append(step)

    def heading_of(self, step: kinds.TraceStep) -> str:
        """The part of the story that the step belongs to."""
        if isinstance(step, kinds.Gaps):
            return self._say("gaps", number=step.round)
        last = isinstance(step, kinds.Dropped) and step.reason in AT_THE_END
        if last or isinstance(step, _AT_THE_END):
            return self._words["end"]
        return self._say("round", number=step.round) if step.round else self._words["first"]

    def lines_of(self, step: kinds.TraceStep) -> Iterator[str]:
        """The step in words; nothing for one that is told with another."""
        if isinstance(step, kinds.Proposed):
            yield from self._proposed(step)
        elif isinstance(step, kinds.Gaps):
            yield from self._gaps(step)
        elif isinstance(step, kinds.NotStated):
            yield from self._not_stated(step)
        elif isinstance(step, kinds.Dropped) and step.reason in AT_THE_END:
            yield self._say("lone", label=self._label(step.attribute), value=step.value, reason=self._why(step.reason))
        elif not isinstance(step, kinds.Quote | kinds.Kept | kinds.Dropped):
            yield self._line(step)

    def _line(self, step: kinds.TraceStep) -> str:
        values = step.model_dump() | {"label": self._label(getattr(step, "attribute", ""))}
        ratio = values.get("adjusted_lift")
        values["ratio"] = "" if ratio is None else self._say("ratio", ratio=f"{ratio:.1f}")
        values["share"] = percent(values.get("share", 0.0))
        match step:
            case kinds.Searched():
                values["outcome"] = self._say(step.outcome, added=step.added)
                values["queries"] = " / ".join(f"“{query}”" for query in step.queries)
                return self._say("searched claim" if step.value else "searched attribute", **values)
            case kinds.Contradiction():
                values |= {"against": step.against_value, "against_label": self._label(step.against_attribute)}
                values |= {"ground": self._words[step.ground], "outcome": self._words[step.outcome]}
            case kinds.Counted():
                values |= {"status": self._words[step.status], "elsewhere": step.people_elsewhere}
                values["contrary"] = self._say("contrary", contrary=step.contrary) if step.contrary else ""
            case kinds.Replaced():
                values |= {"by": self._words[step.by], "reason": self._why(step.reason)}
                return self._say("replaced", **values)
        return self._say(values["step"], **values)

    def _proposed(self, step: kinds.Proposed) -> Iterator[str]:
        key = self._key(step)
        note = f" ({step.note})" if step.note else ""
        line = self._say(
            "proposed",
            label=self._label(step.attribute),
            value=step.value,
            quotes=step.quotes,
            origin=self._words[step.origin],
            note=note,
        )
        fates = [] if key in self._told else self._fates.get(key, [])
        self._told.add(key)
        end = "".join(
            self._say("kept", quotes=fate.quotes)
            if isinstance(fate, kinds.Kept)
            else self._say("dropped", reason=self._why(fate.reason))
            for fate in fates
            if isinstance(fate, kinds.Kept | kinds.Dropped)
        )
        yield line + end
        for fate in fates:
            if isinstance(fate, kinds.Quote):
                reason = Finding(None, fate.verdict, fate.detail).tell(self._language)
                yield "  " + self._say(f"quote {'cited' if fate.cited else 'dropped'}", quote=fate.quote, reason=reason)

    def _gaps(self, step: kinds.Gaps) -> Iterator[str]:
        if not (step.empty or step.unheard or step.thin):
            yield self._words["nothing missing"]
        for name, keys in (("empty", step.empty), ("unheard", step.unheard)):
            if keys:
                yield self._say(name, labels=self._list(keys))
        for thin in step.thin:
            yield self._say("thin", **thin.model_dump() | {"label": self._label(thin.attribute)})

    def _not_stated(self, step: kinds.NotStated) -> Iterator[str]:
        """All attributes of one reason together, where the first of them stands."""
        keys = self._silent[step.reason]
        if keys[0] == step.attribute:
            yield self._say("not stated", labels=self._list(keys), reason=self._words[step.reason])

    def _list(self, keys: Sequence[str]) -> str:
        return ("、" if self._language == "zh" else ", ").join(map(self._label, keys))

    def _key(self, step: kinds.Proposed | kinds.Quote | kinds.Kept | kinds.Dropped) -> tuple[int, str, str]:
        return step.round, step.attribute, step.value

    def _label(self, key: str) -> str:
        """The label, made of the key where the schema is the user's own."""
        return self._labels.get(key, key.replace("_", " "))

    def _why(self, reason: str) -> str:
        if self._language == "en":
            return reason
        # "numbers that no claim holds: 4711": what comes behind is the customer's or the model's.
        head, mark, detail = reason.partition(": ")
        return REASONS_ZH[head] + mark.replace(": ", "：") + detail if head in REASONS_ZH else reason

    def _say(self, name: str, **values: object) -> str:
        return self._words[name].format_map({key: self._counted(key, value) for key, value in values.items()})

    def _counted(self, name: str, value: object) -> object:
        nouns = NOUNS[self._language].get(name)
        return value if nouns is None else f"{value} {nouns[value != 1]}"

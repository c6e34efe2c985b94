"""What was corrected by hand, told in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from personas.attributes import OutputLanguage
from personas.corrections.records import AppliedCorrection

_TEXTS: Mapping[str, tuple[str, str]] = {
    "corrected": ("Corrected by hand", "人工修正"),
    "note": (
        "Taken from a file of corrections and applied again in every run, until the entry is removed there.",
        "取自修正文件，每次运行都会重新应用，直到从文件中删去。",
    ),
    "split": ("{whose} was split into {parts}.", "{whose} 被拆分为 {parts}。"),
    "split_by": ("{whose} was split by “{text}” into {parts}.", "{whose} 按“{text}”被拆分为 {parts}。"),
    "part": ("{name} ({told}; {people})", "{name}（{told}；{people}）"),
    "part_of": ("{name} ({people})", "{name}（{people}）"),
    "people": ("{n} people", "{n} 人"),
    "people_one": ("{n} person", "{n} 人"),
    "merge": ("{parts} were merged into {name}.", "{parts} 被合并为 {name}。"),
    "rename": ("“{before}” is called “{text}”.", "“{before}”改名为“{text}”。"),
    "rename_missed": (
        "{whose} is to be called “{text}”, but has not been written yet.",
        "{whose} 应改名为“{text}”，但尚未写成。",
    ),
    "reject": ("Claim rejected in {name}, {label}: {values}.", "{name} 的结论被否决（{label}）：{values}。"),
    "reject_missed": (
        "Nothing to reject in {whose}: no claim under {label} says “{text}”.",
        "{whose} 中没有可否决的内容：{label} 下没有结论说“{text}”。",
    ),
    "nearest": ("The nearest says “{nearest}” and stands.", "最接近的是“{nearest}”，予以保留。"),
    "pin": ("Quote pinned to {name}: “{text}” ({document}).", "{name} 固定引文：“{text}”（{document}）。"),
    "everybody": ("any persona", "任一画像"),
    "anything": ("any attribute", "任一属性"),
    "and": (" and ", "和"),
    "why": ("Why: {note}", "原因：{note}"),
}


class CorrectionWords:
    """The words of corrections.

    Args:
        language: of the reader.
        names: persona id -> name.
        labels: attribute key -> what it is called.
    """

    def __init__(self, language: OutputLanguage, names: Mapping[str, str], labels: Mapping[str, str]) -> None:
        self._at = int(language == "zh")
        self._names = names
        self._labels = labels

    def __call__(self, key: str, **values: object) -> str:
        """A heading or sentence with its values."""
        return _TEXTS[key][self._at].format(**values)

    def tell(self, one: AppliedCorrection) -> str:
        """What became of an entry, and why it was made, where that was noted."""
        said = {
            "split": self._split,
            "merge": self._merge,
            "rename": self._rename,
            "reject": self._reject,
            "pin": self._pin,
        }[one.kind](one)
        parts = [said, *([self("why", note=one.note)] if one.note else [])]
        return ("" if self._at else " ").join(parts)

    def _split(self, one: AppliedCorrection) -> str:
        parts = [
            self("part" if one.text else "part_of", name=self._name(persona_id), told=told, people=self._people(n))
            for persona_id, told, n in zip(one.results, one.details, one.people, strict=True)
        ]
        key = "split_by" if one.text else "split"
        return self(key, whose=self._whose(one), text=one.text, parts=self._join(parts))

    def _merge(self, one: AppliedCorrection) -> str:
        parts = [
            self("part_of", name=persona_id, people=self._people(n))
            for persona_id, n in zip(one.personas, one.people, strict=True)
        ]
        return self("merge", parts=self._join(parts), name=self._name(one.results[0]))

    def _rename(self, one: AppliedCorrection) -> str:
        if not one.applied:
            return self("rename_missed", whose=self._whose(one), text=one.text)
        return self("rename", before=one.details[0], text=one.text)

    def _reject(self, one: AppliedCorrection) -> str:
        label = self._labels.get(one.attribute) or one.attribute or self("anything")
        if one.applied:
            values = self._join([f"“{value}”" for value in one.details])
            return self(
                "reject", name=self._join([self._name(each) for each in one.results]), label=label, values=values
            )
        said = self("reject_missed", whose=self._whose(one), label=label, text=one.text)
        near = self("nearest", nearest=one.nearest) if one.nearest else ""
        return ("" if self._at else " ").join(filter(None, [said, near]))

    def _pin(self, one: AppliedCorrection) -> str:
        return self("pin", name=self._name(one.results[0]), text=one.text, document=one.details[0])

    def _whose(self, one: AppliedCorrection) -> str:
        return self._join(list(one.personas)) or self("everybody")

    def _name(self, persona_id: str) -> str:
        """Its name with its id; the id alone where it is no more in the set, as a part that was merged."""
        name = self._names.get(persona_id)
        return persona_id if name is None else f"“{name}” [{persona_id}]"

    def _people(self, n: int) -> str:
        return self("people_one" if n == 1 else "people", n=n)

    def _join(self, parts: Sequence[str]) -> str:
        if len(parts) < 2:
            return "".join(parts)
        comma = "、" if self._at else ", "
        return f"{comma.join(parts[:-1])}{self('and')}{parts[-1]}"

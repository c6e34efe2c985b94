"""A run, or two beside each other, as one HTML file that opens offline: tables, prompts, answers, differences."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from typing import Any, Literal, NamedTuple

from eval.comparing import Comparison
from eval.records import CallRecord
from eval.scoring import ArmScores
from eval.suites import Suite
from eval.tables import COLOURS, comparison_rows, score_rows, summary_of
from personas.reporting.page import content_policy, page_environment, trusted
from personas.reporting.visible import visible

_PIECE = re.compile(r"\s+|\w+|[^\w\s]")
OPEN_CASES = 5
"""Cases that lost most, which stand open."""


class Part(NamedTuple):
    """A stretch of text that both sides hold, or one of them."""

    kind: Literal["same", "ins", "del"]
    text: str


def differences(before: str, after: str) -> tuple[list[Part], list[Part]]:
    """Both texts cut into what they share and what only one of them holds, word by word."""
    old, new = _PIECE.findall(before), _PIECE.findall(after)
    left: list[Part] = []
    right: list[Part] = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            left.append(Part("same", "".join(old[a:b])))
            right.append(Part("same", "".join(new[c:d])))
            continue
        left += [Part("del", "".join(old[a:b]))] * (b > a)
        right += [Part("ins", "".join(new[c:d]))] * (d > c)
    return left, right


def report_page(
    suite: Suite,
    arms: Sequence[ArmScores],
    records: Sequence[CallRecord],
    *,
    comparisons: Sequence[Comparison] = (),
    before: Sequence[CallRecord] = (),
) -> str:
    """The page.

    Args:
        suite: what was run.
        arms: scores of the run.
        records: its calls.
        comparisons: of its arms with a baseline.
        before: calls of the run it is compared with; without them the arms of the run stand beside each other.
    """
    titles = [(summary_of(comparison), comparison_rows(comparison)) for comparison in comparisons]
    titles.append(("Scores: mean [95 %] (cases)", score_rows(arms, list(suite.gates))))
    tables = [{"title": title, "head": head, "rows": rows} for title, (head, rows) in titles]
    style = (files("eval") / "templates" / "report.css").read_text(encoding="utf-8")
    template = (files("eval") / "templates" / "report.html.j2").read_text(encoding="utf-8")
    worse = _worst(comparisons)
    return str(
        page_environment()
        .from_string(template)
        .render(
            policy=content_policy(style=style, script=None),
            style=trusted(style),
            title=f"Eval of {suite.suite}",
            about=suite.title,
            notes=[note for comparison in comparisons for note in comparison.notes],
            tables=tables,
            verdicts=set(COLOURS),
            cases=[_case(name, worse, group) for name, group in _by_case(suite, [*before, *records], worse)],
        )
    )


def _worst(comparisons: Sequence[Comparison]) -> Mapping[str, list[str]]:
    """Case -> metrics at which it lost, of gates that regressed or may have."""
    found: dict[str, list[str]] = {}
    for comparison in comparisons:
        for one in comparison.metrics:
            if one.gates and one.verdict in {"regressed", "suspect"}:
                for case in one.worse:
                    found.setdefault(case, []).append(one.metric)
    return dict(sorted(found.items(), key=lambda item: -len(item[1])))


def _by_case(
    suite: Suite, records: Sequence[CallRecord], worse: Iterable[str]
) -> Iterable[tuple[str, list[CallRecord]]]:
    order = list(dict.fromkeys([*worse, *(case.id for case in suite.cases)]))
    groups: dict[str, list[CallRecord]] = {case: [] for case in order}
    for record in records:
        groups.setdefault(record.case, []).append(record)
    return [(case, group) for case, group in groups.items() if group]


def _case(name: str, worse: Mapping[str, list[str]], records: Sequence[CallRecord]) -> dict[str, Any]:
    places = sorted({(record.repeat, record.step) for record in records})
    calls = []
    for repeat, step in places:
        group = [record for record in records if (record.repeat, record.step) == (repeat, step)]
        calls.append({"title": f"{group[0].prompt}, repeat {repeat + 1}", "sides": _sides(group)})
    lost = worse.get(name, [])
    told = f"lost at {', '.join(lost)}" if lost else ""
    return {"id": name, "told": told, "calls": calls, "open": name in list(worse)[:OPEN_CASES]}


def _sides(group: Sequence[CallRecord]) -> list[dict[str, Any]]:
    """The calls beside each other; the first of several is what the others are compared with."""
    first = group[0]
    sides = []
    for record in group:
        other = group[1] if record is first and len(group) > 1 else first
        at = 0 if record is first else 1
        pair = (record, other) if record is first else (first, record)
        sides.append({
            "title": f"{visible(record.arm)} {record.prompt_version}",
            "prompt": differences(_asked(pair[0]), _asked(pair[1]))[at],
            "answer": differences(_said(pair[0]), _said(pair[1]))[at],
            "fault": visible(record.fault.message if record.fault else record.invalid),
        })
    return sides


def _asked(record: CallRecord) -> str:
    return visible("\n\n".join(f"[{message.role}]\n{message.text}" for message in record.messages))


def _said(record: CallRecord) -> str:
    return visible(record.completion.text) if record.completion is not None else ""

"""What a run and a comparison look like in the terminal, in Markdown, and as rows for any other view."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean
from typing import TYPE_CHECKING

from eval.comparing import Comparison, MetricComparison
from eval.metrics import kind_of
from eval.records import CallRecord
from eval.scoring import ArmScores
from eval.statistics import mean_interval, share_interval
from personas.reporting.visible import visible

if TYPE_CHECKING:
    from rich.table import Table

COLOURS = {"regressed": "bold red", "suspect": "yellow", "improved": "green", "equivalent": "", "inconclusive": "dim"}
WORST_SHOWN = 3
REASONS_SHOWN = 3
Row = tuple[str, ...]


def score_rows(arms: Sequence[ArmScores], gates: Sequence[str]) -> tuple[Row, list[Row]]:
    """Head and rows of a table of metrics by arms: the mean over cases with its 95 % interval, and how many cases."""
    metrics = list(dict.fromkeys(metric for arm in arms for metric in arm.metrics))
    head = ("metric", "gates", *(visible(arm.arm) for arm in arms))
    rows = [
        (metric, "yes" if metric in gates else "advises", *(_cell(metric, arm) for arm in arms)) for metric in metrics
    ]
    return head, rows


def _cell(metric: str, arm: ArmScores) -> str:
    cases = arm.metrics.get(metric)
    if not cases:
        return "unscored"
    means = [mean(values) for values in cases.values()]
    average = mean(means)
    if kind_of(metric) == "cost":
        return f"{average:,.4g} ({len(means)})"
    if kind_of(metric) == "verdict":
        low, high = share_interval(round(sum(means)), len(means))
    else:
        low, high = mean_interval(means)
        low, high = max(low, 0.0), min(high, 1.0)
    return f"{average:.3f} [{low:.2f}, {high:.2f}] ({len(means)})"


def comparison_rows(comparison: Comparison) -> tuple[Row, list[Row]]:
    """Head and rows of a table of metrics with their verdicts; the worst first, gates before advice."""
    order = list(COLOURS)
    found = sorted(comparison.metrics, key=lambda one: (not one.gates, order.index(one.verdict)))
    head = ("metric", "verdict", "before", "after", "change, 95 %", "p", "margin", "sees from")
    return head, [_comparison_row(one) for one in found]


def _comparison_row(one: MetricComparison) -> Row:
    share = 100 if one.kind == "cost" else 1
    unit = " %" if one.kind == "cost" else ""
    digits = 1 if one.kind == "cost" else 2
    # What a cost rose by is told as a rise, though it counts as a loss.
    sign = -share if one.kind == "cost" else share
    change = f"{one.difference * sign + 0.0:+.{digits}f}{unit}"
    if one.low is not None and one.high is not None:
        low, high = sorted((one.low * sign + 0.0, one.high * sign + 0.0))
        change += f" ({low:+.{digits}f} to {high:+.{digits}f})"
    return (
        one.metric if one.gates else f"({one.metric})",
        one.verdict,
        f"{one.before:.3g}",
        f"{one.after:.3g}",
        change,
        "<0.001" if one.p_adjusted < 0.001 else f"{one.p_adjusted:.3f}",
        f"{one.margin * share:.2g}{unit}",
        "nothing" if one.detectable is None else f"{one.detectable * share:.2g}{unit}",
    )


def worst_lines(comparison: Comparison) -> list[str]:
    """Of each gate that got worse or may have, the cases that lost most and what the verdict rests on."""
    return [
        f"{one.metric}: {one.rule}; most at {', '.join(map(visible, one.worse[:WORST_SHOWN])) or 'no case'}"
        for one in comparison.metrics
        if one.gates and one.verdict in {"regressed", "suspect"}
    ]


def fault_lines(faults: Sequence[CallRecord]) -> list[str]:
    """What the calls that gave no answer failed of, each reason once: a changed prompt fails every call alike."""
    calls: dict[str, list[str]] = {}
    for record in faults:
        if record.fault is not None:
            calls.setdefault(record.fault.message, []).append(visible(record.key))
    more = {message: f" and {len(keys) - 1} more" if len(keys) > 1 else "" for message, keys in calls.items()}
    lines = [f"{keys[0]}{more[message]}: {message}" for message, keys in calls.items()]
    further = [f"{len(lines) - REASONS_SHOWN} further reasons"] if len(lines) > REASONS_SHOWN else []
    return [*lines[:REASONS_SHOWN], *further]


def summary_of(comparison: Comparison) -> str:
    """The comparison in one sentence."""
    gates = [one for one in comparison.metrics if one.gates]
    bad = [one.metric for one in gates if one.verdict == "regressed"]
    doubtful = [one.metric for one in gates if one.verdict == "suspect"]
    told = f"{comparison.suite}: {comparison.verdict}"
    parts = [f"worse: {', '.join(bad)}"] if bad else []
    parts += [f"may be worse: {', '.join(doubtful)}"] if doubtful else []
    return f"{told} ({'; '.join(parts)})" if parts else f"{told} ({len(gates)} gates over {_cases(comparison)} cases)"


def _cases(comparison: Comparison) -> int:
    return max((one.cases for one in comparison.metrics), default=0)


def rich_table(head: Row, rows: Sequence[Row]) -> Table:
    """The rows as a table for the terminal, verdicts coloured; text is never read as markup."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE, pad_edge=False)
    for name in head:
        table.add_column(Text(name), overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell, style=COLOURS.get(cell, "")) for cell in row))
    return table


def markdown_table(head: Row, rows: Sequence[Row]) -> str:
    """The rows as a Markdown table; cells cannot break it."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(_cell_text(cell) for cell in line) + " |" for line in lines)


def _cell_text(text: str) -> str:
    return " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("`", "\\`")

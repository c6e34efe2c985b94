"""Writes the views of a run: a page, JUnit XML, Markdown."""

from __future__ import annotations

from pathlib import Path

from eval.baselines import Measured, baseline_path, measure, measured, read_baseline
from eval.calibrating import is_calibrated
from eval.comparing import Comparison, compare_measured
from eval.junit import junit_xml
from eval.page import report_page
from eval.records import CallRecord, read_facts, read_records
from eval.scoring import ArmScores, score_run, suite_of
from eval.suites import HOME, Suite
from eval.tables import comparison_rows, markdown_table, score_rows, summary_of, worst_lines
from persona_kit.atomic_write import write_text_atomically


def write_reports(
    run: Path,
    *,
    against: Path | None = None,
    html: Path | None = None,
    junit: Path | None = None,
    markdown: Path | None = None,
    home: Path = HOME,
) -> list[Path]:
    """Writes the files named, with a comparison of each prompt and model that has something to compare with.

    Args:
        run: folder of the run.
        against: another run; None: the blessed baselines, where there are any.
        html: page to write.
        junit: JUnit XML to write.
        markdown: Markdown to write.
        home: of the baselines.

    Raises:
        InputError: when there is no such run.
        UsageError: when the run cannot be compared with the other.
        OutputError: when a file cannot be written.
    """
    facts = read_facts(run)
    suite, arms = suite_of(facts), score_run(run)
    comparisons = []
    for arm in arms:
        now = measured(facts, arm)
        before = _before(now, against, home)
        if before is not None:
            compared = compare_measured(
                before,
                now,
                suite.gates,
                across_models=against is not None,
                judge_gates=is_calibrated(now.judge, home),
            )
            comparisons.append(compared)
    earlier: list[CallRecord] = [] if against is None else read_records(against)
    written = []
    if html is not None:
        page = report_page(suite, arms, read_records(run), comparisons=comparisons, before=earlier)
        written.append((html, page))
    if junit is not None:
        written.append((junit, junit_xml(suite, arms, comparisons)))
    if markdown is not None:
        written.append((markdown, markdown_report(suite, arms, comparisons)))
    for path, text in written:
        write_text_atomically(path, text)
    return [path for path, _ in written]


def markdown_report(suite: Suite, arms: list[ArmScores], comparisons: list[Comparison]) -> str:
    """The tables for a pull request, the comparison first."""
    parts = [f"## Eval of {suite.suite}", "", suite.title, ""]
    for comparison in comparisons:
        parts += [f"**{summary_of(comparison)}**", "", markdown_table(*comparison_rows(comparison)), ""]
        parts += [f"- {line}" for line in worst_lines(comparison)]
        parts += [*(f"- note: {note}" for note in comparison.notes), ""]
    parts += ["### Scores: mean [95 %] (cases)", "", markdown_table(*score_rows(arms, list(suite.gates)))]
    return "\n".join(parts) + "\n"


def _before(now: Measured, against: Path | None, home: Path) -> Measured | None:
    if against is not None:
        return measure(against)
    path = baseline_path(now.suite, now.spec, home)
    return read_baseline(path) if path.is_file() else None

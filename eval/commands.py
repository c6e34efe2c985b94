"""The commands under `personas eval`: parse, call, print."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.text import Text

from eval import command_options as given
from persona_kit.errors import UsageError
from persona_kit.streams import echo_data
from persona_kit.terminal import TerminalProgress, stderr_console

if TYPE_CHECKING:
    from eval.comparing import Comparison
    from eval.comparing import FailOn as FailOnVerdict
    from eval.records import Mode
    from eval.running import PromptText, RunRequest
    from eval.scoring import ArmScores
    from eval.suites import Choice

EXIT_REGRESSED = 1
EXIT_ERRORS = 3
RUNS = Path("eval-runs")
WIDTH = 120
"""Columns where the output is no terminal."""

app = typer.Typer(help="Measures whether prompts and models got worse, and how sure that is.", no_args_is_help=True)


@app.command("run")
def eval_run(
    suites: given.Suites = None,
    model: given.Models = None,
    prompt: given.PromptTexts = None,
    replay: given.Replay = False,
    record: given.RecordCalls = False,
    repeats: given.Repeats = None,
    tag: given.Tags = None,
    case: given.Cases = None,
    failing: given.Failing = None,
    errors: given.Errors = None,
    seed: given.Seed = 0,
    out: given.Out = RUNS,
    evals: given.Home = None,
    base_url: given.BaseUrl = None,
    threads: given.Threads = None,
    budget_tokens: given.BudgetTokens = None,
    budget_usd: given.BudgetUsd = None,
    price: given.Price = None,
    no_compare: given.NoCompare = False,
    fail_on: given.FailOn = "regressed",
    as_json: given.AsJson = False,
) -> None:
    """Run suites and compare them with their baselines; exit 1 when a gate got worse, 3 when a call failed.

    A replay that has no baseline to be compared with is an error, too (3): it would pass whatever was answered.
    """
    from eval.running import RunRequest, prompt_text
    from eval.suites import HOME
    from personas.engines import BUNDLED, LOCAL_CALL_TIMEOUT_S
    from personas.models.governor import Limits

    request = RunRequest(
        suites=suites or (),
        models=model or (BUNDLED,),
        texts=[prompt_text(text) for text in prompt or ()],
        mode=_mode(replay=replay, record=record),
        repeats=repeats,
        seed=seed,
        choice=_choice(tag, case, failing, errors),
        out=out,
        home=evals or HOME,
        limits=Limits(budget_tokens=budget_tokens, budget_usd=budget_usd, call_timeout_s=LOCAL_CALL_TIMEOUT_S),
        options={"base_url": base_url, "threads": threads, "price": price},
    )
    _run_and_tell(request, compare=not no_compare, fail_on=_fail_on(fail_on), as_json=as_json)


def _run_and_tell(request: RunRequest, *, compare: bool, fail_on: FailOnVerdict, as_json: bool) -> None:
    from eval.outcomes import outcome_of
    from eval.running import run_request

    console = stderr_console()
    with TerminalProgress(console) as progress:
        runs = run_request(request, progress=progress)
    outcomes = [outcome_of(run, request.home, compare=compare, strict=request.mode == "replay") for run in runs]
    for outcome in outcomes:
        if not as_json and any(arm.cases for arm in outcome.arms):
            _tell_scores(f"{outcome.run.suite.suite} ({outcome.run.path})", outcome.arms, list(outcome.run.suite.gates))
        _tell_faults(outcome.arms, console)
        for note in outcome.notes:
            console.print(Text(note))
    found = [comparison for outcome in outcomes for comparison in outcome.comparisons]
    told = [{"run": str(one.run.path), "scores": [_as_dict(arm) for arm in one.arms]} for one in outcomes]
    _tell_comparisons(found, as_json=as_json, extra={"runs": told})
    if any(outcome.faults or outcome.uncompared for outcome in outcomes):
        raise typer.Exit(EXIT_ERRORS)
    if any(one.fails(fail_on) for one in found):
        raise typer.Exit(EXIT_REGRESSED)


@app.command("score")
def eval_score(run: given.RunFolder, as_json: given.AsJson = False) -> None:
    """Score the answers of a run again, without asking a model."""
    from eval.records import read_facts
    from eval.scoring import score_run, suite_of

    arms = score_run(run)
    if as_json:
        echo_data(json.dumps([_as_dict(arm) for arm in arms], indent=2, ensure_ascii=False))
        return
    _tell_scores(str(run), arms, list(suite_of(read_facts(run)).gates))
    _tell_faults(arms, stderr_console())


@app.command("matrix")
def eval_matrix(runs: given.RunFolders) -> None:
    """Show the prompts and models of one or several runs of a suite beside each other, metric by metric."""
    from eval.records import read_facts
    from eval.scoring import score_run, suite_of

    suites = {read_facts(run).suite for run in runs}
    if len(suites) > 1:
        raise UsageError(f"the runs are of several suites: {', '.join(sorted(suites))}", where="eval matrix")
    arms = [arm for run in runs for arm in score_run(run)]
    _tell_scores(suites.pop(), arms, list(suite_of(read_facts(runs[0])).gates))
    _tell_faults(arms, stderr_console())


@app.command("compare")
def eval_compare(
    run: given.RunFolder,
    against: given.Against = None,
    arm: given.ArmName = None,
    evals: given.Home = None,
    across_models: given.AcrossModels = False,
    force: given.ForceUnlike = False,
    fail_on: given.FailOn = "regressed",
    as_json: given.AsJson = False,
) -> None:
    """Compare a run with the blessed baseline or another run, case by case; exit 1 when a gate got worse."""
    comparison = _compare(run, against, arm, evals, across_models=across_models, force=force)
    _tell_comparisons([comparison], as_json=as_json)
    if comparison.fails(_fail_on(fail_on)):
        raise typer.Exit(EXIT_REGRESSED)


def _compare(
    run: Path, against: Path | None, arm: str | None, evals: Path | None, *, across_models: bool, force: bool
) -> Comparison:
    from eval.baselines import baseline_path, measure, read_baseline
    from eval.calibrating import is_calibrated
    from eval.comparing import compare_measured
    from eval.records import read_facts
    from eval.scoring import suite_of
    from eval.suites import HOME

    now = measure(run, arm)
    before = (
        read_baseline(baseline_path(now.suite, now.spec, evals or HOME)) if against is None else measure(against, None)
    )
    gates = suite_of(read_facts(run)).gates
    judge_gates = is_calibrated(now.judge, evals or HOME)
    return compare_measured(before, now, gates, across_models=across_models, force=force, judge_gates=judge_gates)


@app.command("bless")
def eval_bless(run: given.RunFolder, arm: given.ArmName = None, evals: given.Home = None) -> None:
    """Make a run's scores the baseline of its suite and model; commit the file to keep it."""
    from eval.baselines import bless
    from eval.suites import HOME

    echo_data(str(bless(run, arm=arm, home=evals or HOME)))


@app.command("report")
def eval_report(
    run: given.RunFolder,
    against: given.Against = None,
    html: given.Html = None,
    junit: given.Junit = None,
    markdown: given.Markdown = None,
    evals: given.Home = None,
) -> None:
    """Write a run, and its comparison with a baseline or another run, as HTML, JUnit XML or Markdown."""
    from eval.reports import write_reports
    from eval.suites import HOME

    if not (html or junit or markdown):
        raise UsageError("no file is named", where="eval report", mend="give --html, --junit or --markdown")
    for path in write_reports(run, against=against, html=html, junit=junit, markdown=markdown, home=evals or HOME):
        echo_data(str(path))


@app.command("bisect")
def eval_bisect(
    prompt: given.PromptName,
    good: given.Good,
    bad: given.Bad,
    metric: given.Metric,
    version: given.Between = None,
    suite: given.SuiteName = None,
    model: given.Models = None,
    replay: given.Replay = False,
    repeats: given.Repeats = None,
    out: given.Out = RUNS,
    evals: given.Home = None,
    threads: given.Threads = None,
) -> None:
    """Find the version of a prompt at which a metric got worse, by a binary search over git revisions or files."""
    from eval.bisecting import bisect
    from eval.comparing import DEFAULT_MARGIN
    from eval.running import RunRequest
    from eval.suites import HOME, load_suite
    from personas.engines import BUNDLED

    home = evals or HOME
    name = suite or prompt
    request = RunRequest(
        suites=[name],
        models=model or (BUNDLED,),
        mode=_mode(replay=replay, record=False),
        repeats=repeats,
        out=out,
        home=home,
        options={"threads": threads},
    )
    margin = load_suite(name, home).gates.get(metric, DEFAULT_MARGIN)
    with TerminalProgress(stderr_console()) as progress:
        found = bisect(
            _versions(prompt, good, bad, version or ()), request, metric=metric, margin=margin, progress=progress
        )
    for probe in found.probes:
        echo_data(f"{probe.source}: {probe.compared.verdict}, {probe.compared.rule}")
    if found.culprit is None:
        echo_data(f"{metric} did not regress between {good} and {bad}")
        return
    echo_data(f"{metric} broke at {found.culprit}")
    raise typer.Exit(EXIT_REGRESSED)


def _versions(prompt: str, good: str, bad: str, between: Sequence[str]) -> list[PromptText]:
    from eval.running import prompt_text
    from prompts.history import revisions_of
    from prompts.loader import folder

    if Path(good).suffix == ".j2":
        return [prompt_text(f"{prompt}={path}") for path in (good, *between, bad)]
    path = Path(str(folder())) / f"{prompt}.j2"
    commits = [revision.commit for revision in revisions_of(path, good=good, bad=bad)]
    return [prompt_text(f"{prompt}@{revision}") for revision in (good, *commits)]


@app.command("judge")
def eval_judge(
    run: given.RunFolder,
    model: given.Judge = None,
    labels: given.LabelSheet = None,
    base_url: given.BaseUrl = None,
    threads: given.Threads = None,
    budget_tokens: given.BudgetTokens = None,
    budget_usd: given.BudgetUsd = None,
    price: given.Price = None,
    as_json: given.AsJson = False,
) -> None:
    """Ask a model whether the sources of a run's statements carry them; it advises and never fails a run."""
    from eval.judging import judge_run, label_sheet
    from persona_kit.atomic_write import write_text_atomically
    from personas.engines import BUNDLED, LOCAL_CALL_TIMEOUT_S
    from personas.models.governor import Governor, Limits
    from personas.models.opening import open_engine

    spec = model or BUNDLED
    limits = Limits(budget_tokens=budget_tokens, budget_usd=budget_usd, call_timeout_s=LOCAL_CALL_TIMEOUT_S)
    with (
        TerminalProgress(stderr_console()) as progress,
        open_engine(spec, governor=Governor(limits), base_url=base_url, threads=threads, price=price) as engine,
    ):
        judged = judge_run(run, engine, progress=progress)
    if labels is not None:
        write_text_atomically(labels, label_sheet(judged))
    if as_json:
        echo_data(json.dumps([one.model_dump() for one in judged], indent=2, ensure_ascii=False))
        return
    verdicts = [one.supported for one in judged if one.supported is not None]
    echo_data(f"{sum(verdicts)} of {len(verdicts)} statements are carried by their sources, says {spec}")
    echo_data(f"{len(judged) - len(verdicts)} unscored; this advises until eval calibrate shows that people agree")


@app.command("calibrate")
def eval_calibrate(
    labels: given.Labels, keep: given.KeepCalibration = False, evals: given.Home = None, as_json: given.AsJson = False
) -> None:
    """Tell how well a model's judgements agree with people's: kappa, and whether they may gate; --keep lets them."""
    from eval.calibrating import LEAST_KAPPA, LEAST_LABELS, calibrate, keep_calibration
    from eval.suites import HOME

    found = calibrate(labels)
    if keep:
        stderr_console().print(Text(f"kept: {keep_calibration(found, evals or HOME)}"))
    if as_json:
        echo_data(json.dumps(found.model_dump() | {"may_gate": found.may_gate}, indent=2))
        return
    echo_data(f"kappa {found.kappa:.2f} [{found.low:.2f}, {found.high:.2f}] over {found.labels} labels")
    echo_data(f"agreement {found.agreement:.2f}")
    needed = f"it takes {LEAST_LABELS} labels and a kappa of {LEAST_KAPPA}"
    echo_data("the judge may gate" if found.may_gate else f"the judge may only advise: {needed}")


def _mode(*, replay: bool, record: bool) -> Mode:
    if replay and record:
        raise UsageError("a run is either replayed or recorded", where="--replay --record")
    return "replay" if replay else "record" if record else "live"


def _fail_on(text: str) -> FailOnVerdict:
    if text not in {"regressed", "suspect"}:
        raise UsageError(f"there is no verdict {text!r} to fail on", where="--fail-on", mend="regressed or suspect")
    return "suspect" if text == "suspect" else "regressed"


def _choice(tags: list[str] | None, cases: list[str] | None, failing: Path | None, errors: Path | None) -> Choice:
    from eval.scoring import errored_cases, failing_cases
    from eval.suites import Choice

    only: frozenset[str] | None = None
    if failing is not None or errors is not None:
        only = (failing_cases(failing) if failing else frozenset()) | (errored_cases(errors) if errors else frozenset())
    return Choice(tags=tuple(tags or ()), cases=tuple(cases or ()), only=only)


def _tell_scores(title: str, arms: Sequence[ArmScores], gates: list[str]) -> None:
    from eval.tables import rich_table, score_rows

    head, rows = score_rows(arms, gates)
    echo_data(title)
    _console().print(rich_table(head, rows))


def _tell_comparisons(found: Sequence[Comparison], *, as_json: bool, extra: dict[str, object] | None = None) -> None:
    from eval.tables import comparison_rows, rich_table, summary_of, worst_lines

    if as_json:
        rows = [one.model_dump(mode="json", exclude={"before", "after"}) for one in found]
        echo_data(json.dumps((extra or {}) | {"comparisons": rows}, indent=2, ensure_ascii=False))
        return
    for comparison in found:
        head, cells = comparison_rows(comparison)
        echo_data(summary_of(comparison))
        _console().print(rich_table(head, cells))
        for line in [*worst_lines(comparison), *(f"note: {note}" for note in comparison.notes)]:
            echo_data(line)


def _tell_faults(arms: Sequence[ArmScores], console: Console) -> None:
    from eval.tables import fault_lines

    for line in fault_lines([record for arm in arms for record in arm.faults]):
        console.print(Text.assemble(("failed: ", "bold red"), line))


def _as_dict(arm: ArmScores) -> dict[str, object]:
    return {"arm": arm.arm, "metrics": arm.metrics, "errors": sorted({record.case for record in arm.faults})}


def _console() -> Console:
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console.width = WIDTH
    return console

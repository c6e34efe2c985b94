"""The command line: parses, calls, prints; stdout carries data only, everything else goes to stderr."""

from __future__ import annotations

import json
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from eval.commands import app as eval_app
from eval.prompt_commands import app as prompts_app
from persona_kit.errors import BudgetExhausted, PersonaKitError
from persona_kit.streams import echo_data, is_confirmed, read_stdin, tolerate_any_text
from persona_kit.terminal import TerminalProgress, stderr_console
from persona_kit.version import tool_version
from personas import option_flags as given

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from persona_kit.settings import Settings
    from personas.options import GenerateOptions
    from personas.pipeline import RunResult
    from personas.records import Persona

EXIT_DOES_NOT_VERIFY = 1
EXIT_DIFFERS = 1
EXIT_BROKEN = 3
EXIT_BUG = 70
EXIT_INTERRUPTED = 130

app = typer.Typer(
    name="personas",
    help="Turns what customers wrote into segments and personas whose every claim carries its quotes.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
config_app = typer.Typer(help="Shows where each setting comes from.", no_args_is_help=True)
app.add_typer(config_app, name="config")
cache_app = typer.Typer(help="Shows and removes answers that were already paid for.", no_args_is_help=True)
app.add_typer(cache_app, name="cache")
app.add_typer(prompts_app, name="prompts")
app.add_typer(eval_app, name="eval")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"personas {tool_version()}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    pass


@app.command()
@given.with_flags(given.ReadAndWrite, given.Model, given.Grouping, given.AskedProfiles, given.Language, given.Claims)
def generate(context: typer.Context, sources: given.Sources) -> None:
    """Write personas from what customers wrote: a report to read, a page to browse, tables to join."""
    from personas.pipeline import generate as run_pipeline

    _run_pipeline(run_pipeline, context, sources)


def _run_pipeline(run: Callable[..., RunResult], context: typer.Context, sources: list[str]) -> None:
    console, as_json = stderr_console(), bool(context.params["as_json"])
    options = _resolve(context, console).values
    options = options.model_copy(update={"stdin": read_stdin() if "-" in sources else None})
    try:
        if options.dry_run:
            _tell_forecast(sources, options, console, as_json=as_json)
            return
        with TerminalProgress(console) as progress:
            result = run(sources, options, progress=progress)
    except KeyboardInterrupt:
        console.print(
            f"interrupted: what was computed is kept in {options.workspace}, {options.out} was left as it was; "
            "run the same command again to go on"
        )
        raise typer.Exit(EXIT_INTERRUPTED) from None
    _tell_result(result, console)
    if as_json:
        echo_data(result.persona_set.model_dump_json(indent=2))
    if result.unfinished:
        count = len(result.unfinished)
        raise BudgetExhausted(
            f"{count} of {count + len(result.persona_set.personas)} segments have no persona yet: {result.reason}"
        )


@app.command()
@given.with_flags(given.ReadAndWrite, given.Vectors, given.Grouping, given.Language)
def segment(context: typer.Context, sources: given.Sources) -> None:
    """Find the segments and tell what sets them apart, without writing personas; and a profile of every customer."""
    from personas.pipeline import segment as run_pipeline

    _run_pipeline(run_pipeline, context, sources)


@app.command()
def assign(
    sources: given.Sources,
    to: given.To = Path("personas-out"),
    out: given.CsvFile = None,
    text: given.TextColumn = None,
    customer: given.CustomerColumn = None,
    id: given.IdColumn = None,  # noqa: A002 - the option is called --id
    time: given.TimeColumn = None,
    base_url: given.BaseUrl = None,
    allow_unredacted: given.AllowUnredacted = None,
    as_json: given.AsJson = False,
) -> None:
    """Place new customers in the segments of a finished run, with confidence, or say that none of them fits."""
    from personas.assigning import AssignOptions, render_assignment_csv, write_assignment
    from personas.assigning import assign as assign_people

    console = stderr_console()
    said: dict[str, object] = {"text": text, "customer": customer, "id": id, "time": time, "base_url": base_url}
    said |= {"stdin": read_stdin() if "-" in sources else None, "allow_unredacted": bool(allow_unredacted)}
    options = AssignOptions.model_validate(said)
    with TerminalProgress(console) as progress:
        assignment = assign_people(sources, to, options=options, progress=progress)
    if out is not None:
        write_assignment(assignment, out)
        people = len(assignment.people)
        console.print(Text(f"{people:,} {'person' if people == 1 else 'people'}, written to {out}"))
    if as_json:
        echo_data(assignment.model_dump_json(indent=2))
    elif out is None:
        echo_data(render_assignment_csv(assignment).rstrip("\n"))


@app.command()
@given.with_flags(given.Simulation)
def simulate(context: typer.Context, out: given.CorpusFolder) -> None:
    """Make up a corpus whose truth is known: who belongs where, and what everybody truly voices."""
    from personas.simulation import SimulationOptions, simulate_into

    flags = {name: value for name, value in context.params.items() if name in SimulationOptions.model_fields}
    options = SimulationOptions.model_validate(flags)
    for path in simulate_into(out, options, force=bool(context.params["force"])):
        typer.echo(str(path))


@app.command()
def show(
    out: given.ResultFolder = Path("personas-out"),
    persona_id: given.PersonaId = None,
    trace: given.ShowTrace = False,
    as_prompt: given.AsPrompt = False,
    as_json: given.AsJson = False,
) -> None:
    """Show the personas of a run, or one of them with its claims and quotes."""
    from personas.showing import find_persona, load_persona_set, overview, portrait, read_arguments

    out, persona_id = read_arguments(out, persona_id)
    persona_set = load_persona_set(out)
    if as_prompt:
        from personas.context_prompt import prompt_of

        echo_data(prompt_of(persona_set, persona_id).rstrip("\n"))
        return
    chosen = persona_set if persona_id is None else find_persona(persona_set, persona_id)
    if trace:
        told = persona_set.personas if persona_id is None else (find_persona(persona_set, persona_id),)
        _show_trace(out, told, as_json=as_json)
        return
    if as_json:
        echo_data(chosen.model_dump_json(indent=2))
        return
    console = Console(highlight=False, markup=False)
    console.print(overview(persona_set) if persona_id is None else portrait(find_persona(persona_set, persona_id)))


def _show_trace(out: Path, personas: Sequence[Persona], *, as_json: bool) -> None:
    from personas.agent.trace_file import load_trace
    from personas.showing import story

    trace = load_trace(out, [persona.persona_id for persona in personas])
    if as_json:
        echo_data(json.dumps([step.model_dump(mode="json") for step in trace], indent=2, ensure_ascii=False))
        return
    console = Console(highlight=False, markup=False)
    for persona in personas:
        console.print(story(persona, trace))


@app.command()
def ask(
    context: typer.Context,
    persona: given.PersonaName,
    question: given.QuestionText,
    to: given.To = Path("personas-out"),
    in_voice: given.InVoice = False,
    workspace: given.Workspace = None,
    source: given.MovedSources = None,
    llm: given.Llm = None,
    base_url: given.BaseUrl = None,
    allow_unredacted: given.AllowUnredacted = None,
    as_json: given.AsJson = False,
) -> None:
    """Ask a persona: an answer from what its people wrote and nothing else, or that nobody spoke about that."""
    from personas import asking

    console = stderr_console()
    options = _resolve(context, console).values
    voice: asking.Voice = "in-voice" if in_voice else "plain"
    with TerminalProgress(console) as progress:
        answer = asking.ask(
            to, persona, question, voice=voice, options=options, workspace=workspace, sources=source, progress=progress
        )
    echo_data(answer.model_dump_json(indent=2) if as_json else "\n".join(asking.tell_answer(answer)))
    for line in asking.tell_notes(answer):
        console.print(Text(line))


@app.command()
def reply(
    context: typer.Context,
    text: given.MessageText,
    customer: given.ForCustomer,
    to: given.To = Path("personas-out"),
    workspace: given.Workspace = None,
    source: given.MovedSources = None,
    llm: given.Llm = None,
    base_url: given.BaseUrl = None,
    allow_unredacted: given.AllowUnredacted = None,
    as_json: given.AsJson = False,
) -> None:
    """Draft an answer to a customer in the tone of their persona; it promises nothing that nobody has decided."""
    from personas import replying

    console = stderr_console()
    options = _resolve(context, console).values
    message = read_stdin().decode("utf-8", "replace") if text == "-" else text
    with TerminalProgress(console) as progress:
        draft = replying.reply(
            to, message, customer, options=options, workspace=workspace, sources=source, progress=progress
        )
    echo_data(draft.model_dump_json(indent=2) if as_json else "\n".join(replying.tell_draft(draft)))
    for line in replying.tell_notes(draft):
        console.print(Text(line))


@app.command()
def verify(
    out: given.ResultFolder = Path("personas-out"),
    source: given.MovedSources = None,
    as_json: given.AsJson = False,
) -> None:
    """Re-read the sources and check that every quote still stands there; exit 1 when one does not."""
    from personas.verifying import tell_verification
    from personas.verifying import verify as verify_run

    console = stderr_console()
    with TerminalProgress(console) as progress:
        result = verify_run(out, progress=progress, sources=source or None)
    for line in tell_verification(result):
        console.print(Text(line))
    if as_json:
        echo_data(json.dumps(asdict(result), indent=2, ensure_ascii=False))
    if not result.ok:
        raise typer.Exit(EXIT_DOES_NOT_VERIFY)


@app.command()
def diff(
    before: given.Before,
    after: given.After,
    people: given.PeopleFile = None,
    output_language: given.DiffLanguage = "auto",
    exit_code: given.ExitCode = False,
    as_json: given.AsJson = False,
) -> None:
    """Compare the personas of two runs: which stayed, appeared, went, split or merged, and which claims changed."""
    from personas.diffing import choose_language, compare_sets, open_set, tell_diff, write_people

    language = choose_language(output_language)
    first, second = open_set(before), open_set(after)
    found = compare_sets(first, second)
    if people is not None:
        count = write_people(first, second, people)
        stderr_console().print(Text(f"{count} people, written to {people}"))
    echo_data(found.model_dump_json(indent=2) if as_json else "\n".join(tell_diff(found, language)))
    if exit_code and found.differs:
        raise typer.Exit(EXIT_DIFFERS)


@app.command()
def doctor(
    context: typer.Context,
    llm: given.Llm = None,
    base_url: given.BaseUrl = None,
    embedder: given.Embedder = None,
    workspace: given.Workspace = None,
    compare: given.Compare = None,
    as_json: given.AsJson = False,
) -> None:
    """Check what a run needs, down to small calls to the engine; exit 3 when something needed is broken."""
    from personas.doctor import check_lines, examine

    console = stderr_console()
    settings = _resolve(context, console)
    if compare:
        _compare_engines(compare, settings.values, console, as_json=as_json)
        return
    named = [name for name in ("llm", "embedder") if settings.origin(name).origin == "flag"]
    checks = examine(settings.values, named=named)
    if as_json:
        echo_data(json.dumps([check.model_dump() for check in checks], indent=2, ensure_ascii=False))
    for line in check_lines(checks):
        console.print(line)
    if any(check.status == "broken" for check in checks):
        raise typer.Exit(EXIT_BROKEN)


@config_app.command("show")
def config_show(context: typer.Context, as_json: given.AsJson = False) -> None:
    """Print each setting, its value and where it comes from."""
    from persona_kit.settings import config_path, tell_settings
    from personas.options import FLAGS_ONLY

    settings = _resolve(context, stderr_console())
    rows = tell_settings(settings, without=FLAGS_ONLY)
    if as_json:
        echo_data(json.dumps({"config_file": str(config_path()), "settings": rows}, indent=2, ensure_ascii=False))
        return
    typer.echo(f"# config file: {config_path()}")
    for row in rows:
        value = "" if row["value"] is None else row["value"]
        typer.echo(f"{row['name']} = {value}    # {row['source'] or row['origin']}; {row['variable']}")


@app.command()
def batch(
    jobs: given.Jobs,
    only: given.Only = None,
    force: given.ForceJobs = False,
    allow_unredacted: given.AllowUnredacted = None,
    dry_run: given.DryRunJobs = False,
    as_json: given.AsJson = False,
) -> None:
    """Run many corpora under one limit and budget, with a page over all reports; again: only what is not done."""
    from personas.batch import run_batch, tell_batch

    console = stderr_console()
    if dry_run:
        _tell_batch_forecast(jobs, only or (), console, force=force, unredacted=bool(allow_unredacted), as_json=as_json)
        return
    try:
        with TerminalProgress(console) as progress:
            result = run_batch(
                jobs, only=only or (), force=force, allow_unredacted=bool(allow_unredacted), progress=progress
            )
    except KeyboardInterrupt:
        console.print("interrupted: index.html and batch.json say what is done; run the same command again to go on")
        raise typer.Exit(EXIT_INTERRUPTED) from None
    for line in tell_batch(result):
        console.print(Text(line))
    if as_json:
        echo_data(result.record.model_dump_json(indent=2))
    if not result.ok:
        raise typer.Exit(EXIT_BROKEN)


@cache_app.command("stats")
def cache_stats(context: typer.Context, workspace: given.Workspace = None, as_json: given.AsJson = False) -> None:
    """Count what a workspace keeps: answers, vectors and facts, how much room they take and how old they are."""
    from personas.stored_answers import survey, tell_survey

    folder = _resolve(context, stderr_console()).values.workspace
    reports = survey(folder)
    if as_json:
        echo_data(json.dumps([report.model_dump(mode="json") for report in reports], indent=2, ensure_ascii=False))
        return
    for line in tell_survey(folder, reports):
        echo_data(line)


@cache_app.command("prune")
def cache_prune(
    context: typer.Context,
    workspace: given.Workspace = None,
    older_than: given.OlderThan = None,
    keep_mb: given.KeepMb = None,
    kind: given.Kind = None,
    yes: given.Yes = False,
    as_json: given.AsJson = False,
) -> None:
    """Remove stored answers for good; they are asked, and paid for, again when a run needs them."""
    from personas.stored_answers import Wanted, prune, tell_plan, tell_pruned

    console = stderr_console()
    folder = _resolve(context, console).values.workspace
    wanted = Wanted.of(kind=kind, older_than_days=older_than, keep_mb=keep_mb)
    plan = prune(folder, wanted, dry_run=True)
    if plan.count and not yes and not is_confirmed(tell_plan(plan, wanted)):
        raise typer.Exit(EXIT_INTERRUPTED)
    report = prune(folder, wanted) if plan.count else plan
    for line in tell_pruned(report, wanted):
        console.print(Text(line))
    if as_json:
        echo_data(report.model_dump_json(indent=2))


def run() -> int:
    """The exit code of the command line called with this process's arguments."""
    tolerate_any_text()
    try:
        app(prog_name="personas")
    except SystemExit as ending:
        # Typer ends the process itself for usage (2), --help (0), Exit (its code) and Ctrl-C (130).
        if isinstance(getattr(ending.__context__, "__cause__", None), KeyboardInterrupt):
            stderr_console().print("interrupted: nothing was changed; run the same command again")
        return ending.code if isinstance(ending.code, int) else 0
    except PersonaKitError as error:
        stderr_console().print(Text.assemble(("error: ", "bold red"), error.message))
        return error.exit_code
    except Exception:  # noqa: BLE001 - the edge of the program: everything unexpected is a bug and says so
        traceback.print_exc()
        stderr_console().print("this is a bug in personas; please report it with the lines above")
        return EXIT_BUG
    return 0


def _resolve(context: typer.Context, console: Console) -> Settings[GenerateOptions]:
    from personas.options import GenerateOptions, resolve_options

    flags = {name: value for name, value in context.params.items() if name in GenerateOptions.model_fields}
    settings = resolve_options(flags)
    for variable in settings.unknown_variables:
        console.print(Text.assemble(("warning: ", "bold yellow"), f"{variable} is set, but is no setting of personas"))
    return settings


def _tell_forecast(sources: list[str], options: GenerateOptions, console: Console, *, as_json: bool) -> None:
    from personas.pipeline import forecast
    from personas.rehearsal import forecast_lines

    with TerminalProgress(console) as progress:
        told = forecast(sources, options, progress=progress)
    for line in forecast_lines(told):
        console.print(Text(line))
    if as_json:
        echo_data(told.model_dump_json(indent=2))


def _tell_batch_forecast(
    jobs: Path, only: Sequence[str], console: Console, *, force: bool, unredacted: bool, as_json: bool
) -> None:
    from personas.batch_forecast import batch_forecast_lines, forecast_batch

    with TerminalProgress(console) as progress:
        told = forecast_batch(jobs, only=only, force=force, allow_unredacted=unredacted, progress=progress)
    for line in batch_forecast_lines(told):
        console.print(Text(line))
    if as_json:
        echo_data(told.model_dump_json(indent=2))
    if not told.ok:
        raise typer.Exit(EXIT_BROKEN)


def _compare_engines(specs: list[str], options: GenerateOptions, console: Console, *, as_json: bool) -> None:
    from personas.comparing import compare, comparison_lines

    with TerminalProgress(console) as progress:
        scores = compare(specs, options, progress=progress)
    if as_json:
        echo_data(json.dumps([score.model_dump() for score in scores], indent=2, ensure_ascii=False))
    else:
        echo_data("\n".join(comparison_lines(scores)))
    if all(score.status == "failed" for score in scores):
        raise typer.Exit(EXIT_BROKEN)


def _count(number: int, one: str, several: str) -> str:
    return f"{number:,} {one if number == 1 else several}"


def _tell_result(result: RunResult, console: Console) -> None:
    people, personas = result.persona_set.people, len(result.persona_set.personas)
    segments = sum(segment.kind == "segment" for segment in result.persona_set.segments)
    found = _count(personas, "persona", "personas") if personas else _count(segments, "segment", "segments")
    console.print(Text(f"{found} from {_count(people, 'person', 'people')}, written to {result.out}:"))
    for path in result.files:
        console.print(Text(f"  {path}"))

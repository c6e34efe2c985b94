"""The command line: parses, calls, prints; stdout carries data only, everything else goes to stderr."""

from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from persona_kit.errors import InputError, PersonaKitError, UsageError
from persona_kit.terminal import TerminalProgress, stderr_console
from persona_kit.version import tool_version

if TYPE_CHECKING:
    from persona_kit.settings import Settings
    from personas.options import GenerateOptions
    from personas.pipeline import RunResult

EXIT_DOES_NOT_VERIFY = 1
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

_READING, _WRITING, _ENGINES, _PRIVACY, _SHAPE = "Reading", "Writing", "Engines", "Privacy", "Personas"

Sources = Annotated[
    list[str],
    typer.Argument(
        metavar="SOURCE...",
        help="Files and folders of what customers wrote: CSV, TSV, JSONL, JSON, Parquet, XLSX, TXT, Markdown, HTML, "
        "PDF, DOCX; - is standard input.",
        show_default=False,
    ),
]
Customers = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="Table of customers, one row each.", rich_help_panel=_READING),
]
Orders = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="Table of orders, several rows a customer.", rich_help_panel=_READING),
]
TextColumn = Annotated[
    str | None,
    typer.Option(
        metavar="COL", help="Column of what they wrote. Guessed by default, and said.", rich_help_panel=_READING
    ),
]
CustomerColumn = Annotated[
    str | None,
    typer.Option(metavar="COL", help="Column of the customer's id. Guessed by default.", rich_help_panel=_READING),
]
IdColumn = Annotated[
    str | None,
    typer.Option(metavar="COL", help="Column of the document's id. Guessed by default.", rich_help_panel=_READING),
]
TimeColumn = Annotated[
    str | None,
    typer.Option(metavar="COL", help="Column of when it was written. Guessed by default.", rich_help_panel=_READING),
]
RatingColumn = Annotated[
    str | None,
    typer.Option(metavar="COL", help="Column of a rating. Guessed by default.", rich_help_panel=_READING),
]
ProductColumn = Annotated[
    str | None,
    typer.Option(metavar="COL", help="Column that names the product. Guessed by default.", rich_help_panel=_READING),
]
Out = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Folder for the results. Default: personas-out.", rich_help_panel=_WRITING),
]
Workspace = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Folder that keeps what was computed, so that nothing is done twice. Default: PERSONAS_HOME, else "
        ".personas.",
        rich_help_panel=_WRITING,
    ),
]
Title = Annotated[
    str | None,
    typer.Option(
        metavar="TEXT", help="Title of the report. Default: from the sources' names.", rich_help_panel=_WRITING
    ),
]
Force = Annotated[
    bool | None,
    typer.Option("--force", help="Write over the results of a different run.", rich_help_panel=_WRITING),
]
AsJson = Annotated[
    bool,
    typer.Option("--json", help="Print the result as JSON on stdout.", rich_help_panel=_WRITING),
]
Llm = Annotated[
    str | None,
    typer.Option(
        metavar="SPEC",
        help="Who writes: extractive (no model), llama-cpp (the bundled one), llama-cpp:PATH.gguf, openai:MODEL, "
        "PROVIDER:MODEL. Default: auto, the bundled model where it is installed and speaks the language, else "
        "extractive.",
        rich_help_panel=_ENGINES,
    ),
]
BaseUrl = Annotated[
    str | None,
    typer.Option(metavar="URL", help="Address of a server that speaks OpenAI's protocol.", rich_help_panel=_ENGINES),
]
Embedder = Annotated[
    str | None,
    typer.Option(
        metavar="SPEC",
        help="What turns passages into vectors: wordllama, lsa, fastembed:MODEL, sentence-transformers:MODEL, "
        "gensim:PATH, llama-cpp:PATH, openai:MODEL. Default: auto, wordllama for Latin script and lsa for the rest.",
        rich_help_panel=_ENGINES,
    ),
]
Seed = Annotated[
    int | None,
    typer.Option(metavar="N", help="Seed of everything random. Default: 0.", rich_help_panel=_ENGINES),
]
Redact = Annotated[
    str | None,
    typer.Option(
        metavar="off|standard|strict",
        help="How much personal data is replaced before anything is stored or sent. Default: standard.",
        rich_help_panel=_PRIVACY,
    ),
]
AllowUnredacted = Annotated[
    bool | None,
    typer.Option(
        "--allow-unredacted",
        help="Let an engine on another machine see text that was not redacted (with --redact off).",
        rich_help_panel=_PRIVACY,
    ),
]
Segments = Annotated[
    str | None,
    typer.Option(metavar="auto|N", help="How many segments. Default: auto, what holds best.", rich_help_panel=_SHAPE),
]
SegmentBy = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN",
        help="Group people by a column of the customer table in place of what they voice.",
        rich_help_panel=_SHAPE,
    ),
]
OutputLanguage = Annotated[
    str | None,
    typer.Option(
        metavar="auto|en|zh",
        help="Language the personas are written in. Default: auto, what most people wrote in.",
        rich_help_panel=_SHAPE,
    ),
]
MinPeople = Annotated[
    int | None,
    typer.Option(
        metavar="N", help="Least number of people behind a claim. Default: as the schema says.", rich_help_panel=_SHAPE
    ),
]
SchemaRef = Annotated[
    str | None,
    typer.Option(
        "--schema",
        metavar="REF",
        help="Attributes to look for: module:Class or a TOML file. Default: the schema that ships.",
        rich_help_panel=_SHAPE,
    ),
]
ResultFolder = Annotated[
    Path, typer.Argument(metavar="[OUT]", help="Folder that generate wrote.", show_default="personas-out")
]


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
def generate(
    context: typer.Context,
    sources: Sources,
    customers: Customers = None,
    orders: Orders = None,
    text: TextColumn = None,
    customer: CustomerColumn = None,
    id: IdColumn = None,  # noqa: A002 - the option is called --id
    time: TimeColumn = None,
    rating: RatingColumn = None,
    product: ProductColumn = None,
    out: Out = None,
    workspace: Workspace = None,
    title: Title = None,
    force: Force = None,
    as_json: AsJson = False,
    llm: Llm = None,
    base_url: BaseUrl = None,
    embedder: Embedder = None,
    seed: Seed = None,
    redact: Redact = None,
    allow_unredacted: AllowUnredacted = None,
    segments: Segments = None,
    segment_by: SegmentBy = None,
    output_language: OutputLanguage = None,
    min_people: MinPeople = None,
    schema_ref: SchemaRef = None,
) -> None:
    """Write personas from what customers wrote: a report to read, a page to browse, tables to join."""
    console = stderr_console()
    options = _resolve(context, console).values
    if "-" in sources:
        options = options.model_copy(update={"stdin": _read_stdin()})
    try:
        from personas.pipeline import generate as run_pipeline

        with TerminalProgress(console) as progress:
            result = run_pipeline(sources, options, progress=progress)
    except KeyboardInterrupt:
        console.print(
            f"interrupted: what was computed is kept in {options.workspace}, {options.out} was left as it was; "
            "run the same command again to go on"
        )
        raise typer.Exit(EXIT_INTERRUPTED) from None
    _tell_result(result, console)
    if as_json:
        _echo_data(result.persona_set.model_dump_json(indent=2))


@app.command()
def show(
    out: ResultFolder = Path("personas-out"),
    persona_id: Annotated[
        str | None, typer.Argument(metavar="[PERSONA_ID]", help="One persona in full; an overview without it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show the personas of a run, or one of them with its claims and quotes."""
    from personas.showing import find_persona, load_persona_set, overview, portrait

    persona_set = load_persona_set(out)
    chosen = persona_set if persona_id is None else find_persona(persona_set, persona_id)
    if as_json:
        _echo_data(chosen.model_dump_json(indent=2))
        return
    console = Console(highlight=False, markup=False)
    console.print(overview(persona_set) if persona_id is None else portrait(find_persona(persona_set, persona_id)))


@app.command()
def verify(
    out: ResultFolder = Path("personas-out"),
    source: Annotated[
        list[str] | None,
        typer.Option(metavar="SOURCE", help="Where the sources are now, if they moved; may be given several times."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Re-read the sources and check that every quote still stands there; exit 1 when one does not."""
    from personas.verifying import verify as verify_run

    console = stderr_console()
    with TerminalProgress(console) as progress:
        result = verify_run(out, progress=progress, sources=source or None)
    for name in result.changed_uncited:
        console.print(Text(f"changed since, but nothing cites it: {name}"))
    for failure in result.failures:
        console.print(Text(f"does not verify: {failure}"))
    verdict = "every quote stands in its source" if result.ok else f"{len(result.failures)} do not verify"
    console.print(Text(f"{result.checked} quotes checked: {verdict}"))
    if as_json:
        report = {"ok": result.ok, "checked": result.checked, "failures": list(result.failures)}
        _echo_data(json.dumps(report | {"changed_uncited": list(result.changed_uncited)}, indent=2, ensure_ascii=False))
    if not result.ok:
        raise typer.Exit(EXIT_DOES_NOT_VERIFY)


@app.command()
def doctor(
    context: typer.Context,
    llm: Llm = None,
    base_url: BaseUrl = None,
    embedder: Embedder = None,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Check what a run needs, down to one small call to the engine; exit 3 when something needed is broken."""
    from personas.doctor import examine

    console = stderr_console()
    options = _resolve(context, console).values
    checks = examine(options)
    if as_json:
        _echo_data(json.dumps([check.model_dump() for check in checks], indent=2, ensure_ascii=False))
    marks = {"ok": ("ok      ", "green"), "warning": ("warning ", "yellow"), "broken": ("broken  ", "bold red")}
    for check in checks:
        console.print(Text.assemble(marks[check.status], (check.name, "bold"), f": {check.detail}"))
        if check.mend:
            console.print(Text(f"        to mend it: {check.mend}"))
    if any(check.status == "broken" for check in checks):
        raise typer.Exit(EXIT_BROKEN)


@config_app.command("show")
def config_show(context: typer.Context, as_json: AsJson = False) -> None:
    """Print each setting, its value and where it comes from."""
    from persona_kit.settings import config_path, key_name, variable_name
    from personas.options import FLAGS_ONLY

    settings = _resolve(context, stderr_console())
    rows = []
    for setting in settings.settings:
        if setting.name in FLAGS_ONLY:
            continue
        value = settings.values.model_dump(mode="json")[setting.name]
        names = {"name": key_name(setting.name), "variable": variable_name(setting.name)}
        rows.append(names | {"value": value, "origin": setting.origin, "source": setting.source})
    if as_json:
        _echo_data(json.dumps({"config_file": str(config_path()), "settings": rows}, indent=2, ensure_ascii=False))
        return
    typer.echo(f"# config file: {config_path()}")
    for row in rows:
        value = "" if row["value"] is None else row["value"]
        typer.echo(f"{row['name']} = {value}    # {row['source'] or row['origin']}; {row['variable']}")


def run() -> int:
    """The exit code of the command line called with this process's arguments."""
    _tolerate_any_text()
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


def _read_stdin() -> bytes:
    if sys.stdin.isatty():
        raise UsageError("the source is -, but nothing is piped in", mend="pipe a file in, or name it")
    content = sys.stdin.buffer.read()
    if not content:
        raise InputError("standard input is empty", where="-", mend="check the command that feeds it")
    return content


def _tell_result(result: RunResult, console: Console) -> None:
    people, count = result.persona_set.people, len(result.persona_set.personas)
    console.print(Text(f"{count} personas from {people:,} people, written to {result.out}:"))
    for path in result.files:
        console.print(Text(f"  {path}"))


def _echo_data(text: str) -> None:
    # Bytes, so that data is UTF-8 whatever the terminal's encoding is.
    typer.echo(text.encode("utf-8", "replace"))


def _tolerate_any_text() -> None:
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")

"""The options of a run as the command line takes them; `personas.options` says what each means."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import Parameter, Signature, get_annotations, signature
from pathlib import Path
from typing import Annotated

import typer

_READING, _WRITING, _ENGINES, _PRIVACY, _SHAPE = "Reading", "Writing", "Engines", "Privacy", "Personas"
_SPENDING = "Limits and budget"

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
Events = Annotated[
    str | None,
    typer.Option(
        metavar="FILE", help="Table of visits, clicks or calls, several rows a customer.", rich_help_panel=_READING
    ),
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
To = Annotated[Path, typer.Option(metavar="DIR", help="Folder that generate or segment wrote.")]
CsvFile = Annotated[Path | None, typer.Option(metavar="FILE", help="CSV file to write. Default: standard output.")]
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
Candidates = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Answers a small model may give to one question; the best grounded wins. Default: 4.",
        rich_help_panel=_ENGINES,
    ),
]
ContextTokens = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Context window. Default: 4096 of a local model, what is known of a hosted one.",
        rich_help_panel=_ENGINES,
    ),
]
Threads = Annotated[
    int | None,
    typer.Option(metavar="N", help="Threads of a local model. Default: the physical cores.", rich_help_panel=_ENGINES),
]
Reproducible = Annotated[
    bool | None,
    typer.Option(
        "--reproducible",
        help="A local model forgets each call, so that no answer depends on the calls before; slower.",
        rich_help_panel=_ENGINES,
    ),
]
MaxConcurrency = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Model calls at a time. Default: 8 of a hosted engine, 1 of a local one.",
        rich_help_panel=_SPENDING,
    ),
]
RequestsPerMinute = Annotated[
    int | None, typer.Option(metavar="N", help="Model calls begun in a minute at most.", rich_help_panel=_SPENDING)
]
TokensPerMinute = Annotated[
    int | None, typer.Option(metavar="N", help="Tokens asked for in a minute at most.", rich_help_panel=_SPENDING)
]
CallTimeout = Annotated[
    float | None,
    typer.Option(
        metavar="SECONDS",
        help="Longest one model call may take. Default: 120, or 900 of a model on this machine.",
        rich_help_panel=_SPENDING,
    ),
]
Deadline = Annotated[
    float | None,
    typer.Option(
        metavar="SECONDS",
        help="Begin no model call after so long; what is finished by then is written.",
        rich_help_panel=_SPENDING,
    ),
]
BudgetTokens = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Spend at most so many tokens, prompts and answers together; what is finished by then is written.",
        rich_help_panel=_SPENDING,
    ),
]
BudgetUsd = Annotated[
    float | None,
    typer.Option(metavar="X", help="Spend at most so many US dollars on model calls.", rich_help_panel=_SPENDING),
]
Price = Annotated[
    str | None,
    typer.Option(
        metavar="PROMPT/COMPLETION",
        help="Price of the model in US dollars per million tokens, such as 0.5/1.5, where it is not known.",
        rich_help_panel=_SPENDING,
    ),
]
DryRun = Annotated[
    bool | None,
    typer.Option(
        "--dry-run",
        help="Tell the calls, tokens and cost of a run before anything is spent.",
        rich_help_panel=_SPENDING,
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
Algorithm = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="How people are grouped: k-means, mini-batch k-means, bisecting k-means, agglomerative, dbscan, hdbscan, "
        "gaussian mixture, communities. Default: auto, what tells most of people and holds.",
        rich_help_panel=_SHAPE,
    ),
]
TextFeatures = Annotated[
    str | None,
    typer.Option(
        metavar="auto|themes|vectors|tf-idf|lda|nmf",
        help="What people are grouped by of what they wrote: profiles of themes, vectors of --embedder, TF-IDF of "
        "words, or LDA or NMF topics of words. Default: auto, themes or vectors.",
        rich_help_panel=_SHAPE,
    ),
]
Features = Annotated[
    str | None,
    typer.Option(
        metavar="NAME=WEIGHT,...",
        help="Weights of what people wrote, are, did and feel: text=1,table=0.5,behaviour=0.5,feelings=0. Default: "
        "auto, what makes the grouping tell more.",
        rich_help_panel=_SHAPE,
    ),
]
Profiles = Annotated[
    bool | None,
    typer.Option(
        "--profiles",
        help="Write a profile of every customer too: tags with their evidence, and columns for a CRM.",
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


class ReadAndWrite:
    """Flags of a run: what is read and where the results go. They stand in the order in which --help lists them."""

    customers: Customers = None
    orders: Orders = None
    events: Events = None
    text: TextColumn = None
    customer: CustomerColumn = None
    id: IdColumn = None
    time: TimeColumn = None
    rating: RatingColumn = None
    product: ProductColumn = None
    out: Out = None
    workspace: Workspace = None
    title: Title = None
    force: Force = None
    as_json: AsJson = False


class Model:
    """Flags of a run that asks a model: which, and what it may spend."""

    llm: Llm = None
    base_url: BaseUrl = None
    embedder: Embedder = None
    candidates: Candidates = None
    context_tokens: ContextTokens = None
    threads: Threads = None
    reproducible: Reproducible = None
    max_concurrency: MaxConcurrency = None
    requests_per_minute: RequestsPerMinute = None
    tokens_per_minute: TokensPerMinute = None
    call_timeout: CallTimeout = None
    deadline: Deadline = None
    budget_tokens: BudgetTokens = None
    budget_usd: BudgetUsd = None
    price: Price = None
    dry_run: DryRun = None


class Vectors:
    """Flags of a run that asks no model but for vectors."""

    embedder: Embedder = None
    base_url: BaseUrl = None


class Grouping:
    """Flags of a run: what is hidden, and how people are grouped."""

    seed: Seed = None
    redact: Redact = None
    allow_unredacted: AllowUnredacted = None
    segments: Segments = None
    segment_by: SegmentBy = None
    algorithm: Algorithm = None
    text_features: TextFeatures = None
    features: Features = None


class AskedProfiles:
    """The flag of a run that writes profiles only where they are asked for."""

    profiles: Profiles = None


class Language:
    """The flag of a run for the language of its results."""

    output_language: OutputLanguage = None


class Claims:
    """Flags of a run that writes personas: what is looked for."""

    min_people: MinPeople = None
    schema_ref: SchemaRef = None


def with_flags(*groups: type) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A decorator that gives a command these flags after its own parameters; it finds them in `context.params`.

    Args:
        groups: classes of this module, in the order in which --help is to list their flags.
    """
    flags = [
        Parameter(name, Parameter.KEYWORD_ONLY, default=vars(group)[name], annotation=annotation)
        for group in groups
        for name, annotation in get_annotations(group, eval_str=True).items()
    ]

    def give(command: Callable[..., None]) -> Callable[..., None]:
        own = signature(command, eval_str=True).parameters

        @wraps(command)
        def called(**given: object) -> None:
            command(**{name: given[name] for name in own})

        # Typer reads a command's parameters from its signature.
        vars(called)["__signature__"] = Signature([*own.values(), *flags])
        return called

    return give

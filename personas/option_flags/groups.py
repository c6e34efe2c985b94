"""Groups of flags that several commands share, and the decorator that gives them to a command."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import Parameter, Signature, get_annotations, signature

from personas.option_flags.engines import (
    BaseUrl,
    BudgetTokens,
    BudgetUsd,
    CallTimeout,
    Candidates,
    ContextTokens,
    Deadline,
    DryRun,
    Embedder,
    Llm,
    MaxConcurrency,
    Price,
    Reproducible,
    RequestsPerMinute,
    Seed,
    Threads,
    TokensPerMinute,
)
from personas.option_flags.files import (
    AsJson,
    CustomerColumn,
    Customers,
    Events,
    Force,
    IdColumn,
    Orders,
    Out,
    ProductColumn,
    RatingColumn,
    TextColumn,
    TimeColumn,
    Title,
    Workspace,
)
from personas.option_flags.shape import (
    Algorithm,
    AllowUnredacted,
    Canaries,
    Corrections,
    Export,
    Features,
    Flagged,
    MinPeople,
    Narrative,
    OutputLanguage,
    Profiles,
    Redact,
    SchemaRef,
    SegmentBy,
    Segments,
    TextFeatures,
)


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
    flagged: Flagged = None
    export: Export = None
    canaries: Canaries = None
    allow_unredacted: AllowUnredacted = None
    segments: Segments = None
    segment_by: SegmentBy = None
    algorithm: Algorithm = None
    text_features: TextFeatures = None
    features: Features = None
    corrections: Corrections = None


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
    narrative: Narrative = None


def with_flags(*groups: type) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A decorator that gives a command these flags after its own parameters; it finds them in `context.params`.

    Args:
        groups: classes such as those of this module, in the order in which --help is to list their flags.
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

"""What `generate` can be told: one record that the command line, the settings and the pipeline share."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from persona_kit.addresses import is_loopback
from persona_kit.errors import PrivacyError, UsageError
from persona_kit.records import Record
from persona_kit.settings import Settings, resolve_settings

RedactLevel = Literal["off", "standard", "strict"]
ExportLevel = Literal["internal", "shared", "public"]
FlagPolicy = Literal["withhold", "use"]
OutputLanguage = Literal["auto", "en", "zh"]
NarrativeTemplate = Literal["summary", "day-in-the-life"]
TextFeatures = Literal["auto", "themes", "vectors", "tf-idf", "lda", "nmf"]

FLAGS_ONLY = frozenset({"stdin", "force", "allow_unredacted", "dry_run"})
"""Never read from the environment or config.toml: what destroys or gives away has to be asked for each time."""

_LOCAL_ENGINES = frozenset({"auto", "extractive", "llama-cpp", "scripted"})
_HOSTED_EMBEDDERS = frozenset({"openai"})


def _expand(path: Path) -> Path:
    return path.expanduser()


def _spell_out(value: object) -> object:
    # config.toml may say `segments = 5`; TOML's `true` is a bool, which is an int to Python and a mistake here.
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _auto_or_count(value: str) -> str:
    if value == "auto" or (value.isascii() and value.isdigit() and int(value) > 0):
        return value
    raise ValueError("either `auto` or a whole number above 0")


def _http_address(value: str) -> str:
    if urlsplit(value).scheme in {"http", "https"} and urlsplit(value).hostname:
        return value
    raise ValueError("an address begins with http:// or https:// and names a host")


def _price(value: str) -> str:
    try:
        prompt, completion = (float(part) for part in value.split("/"))
    except ValueError:
        prompt = completion = -1.0
    if min(prompt, completion) < 0:
        raise ValueError("two prices in US dollars per million tokens, PROMPT/COMPLETION, such as 0.5/1.5")
    return value


ModelPrice = Annotated[str, AfterValidator(_price)]
BaseUrl = Annotated[str, AfterValidator(_http_address)]
UserPath = Annotated[Path, AfterValidator(_expand)]
SegmentCount = Annotated[str, BeforeValidator(_spell_out), AfterValidator(_auto_or_count)]


class GenerateOptions(Record):
    """The options of one run; the same names serve `--flags`, `PERSONAS_*` variables and config.toml."""

    customers: str | None = None
    """Table of customers, one row each."""
    orders: str | None = None
    """Table of orders, several rows a customer."""
    events: str | None = None
    """Table of visits, clicks or calls, several rows a customer."""
    text: str | None = None
    """Column that holds what the customer wrote; guessed where None."""
    customer: str | None = None
    """Column that holds the customer's id."""
    id: str | None = None
    """Column that holds the document's id."""
    time: str | None = None
    """Column that holds when it was written."""
    rating: str | None = None
    """Column that holds a rating."""
    product: str | None = None
    """Column that names the product."""
    out: UserPath = Path("personas-out")
    """Folder to write the results to."""
    workspace: UserPath = Path(".personas")
    """Folder that keeps what was computed, so that nothing is computed or paid for twice."""
    llm: str = "auto"
    """Who writes the personas; `auto` is the bundled model where it is installed and speaks the corpus's language."""
    base_url: BaseUrl | None = None
    """Address of a server that speaks OpenAI's protocol."""
    embedder: str = "auto"
    """What turns passages into vectors."""
    redact: RedactLevel = "standard"
    """How much personal data is replaced before anything is stored or sent."""
    flagged: FlagPolicy = "withhold"
    """What becomes of documents that speak to a machine, and of posts that repeat one of a burst: `withhold` counts
    them, and neither quotes them nor shows them to a model; `use` treats them like any other."""
    export: ExportLevel = "internal"
    """Whom the results are for: `internal` with ids and sources, `shared` without ids, `public` without quotes."""
    canaries: UserPath | None = None
    """File of secrets planted in the input, one a line; nothing is written where one of them comes out."""
    allow_unredacted: bool = False
    """Lets a hosted engine see text that was not redacted."""
    segments: SegmentCount = "auto"
    """`auto`, or how many segments to make, in digits."""
    segment_by: str | None = None
    """Column of the customer table to group people by, in place of what they voice."""
    algorithm: str = "auto"
    """How people are grouped: `auto`, or a name such as `k-means` or `hdbscan`."""
    text_features: TextFeatures = "auto"
    """What people are grouped by of what they wrote; `auto` takes what tells more and holds: themes, vectors or,
    where people wrote one longer text, TF-IDF."""
    features: str | None = None
    """Weights of what people wrote, are, did and feel, such as `text=1,table=0.5`; None chooses them."""
    profiles: bool = False
    """Write a profile of every customer too; `personas segment` always does."""
    output_language: OutputLanguage = "auto"
    """Language the personas are written in; `auto` is the language most people wrote in."""
    min_people: int | None = Field(default=None, ge=1)
    """Least number of people behind a supported claim; None leaves it to the attribute schema."""
    schema_ref: str | None = None
    """Attribute schema: `module:Class` or a TOML file; None is the one that ships."""
    narrative: NarrativeTemplate = "summary"
    """What the narrative begins with: a summary, or a day in the life."""
    candidates: int = Field(default=4, ge=1, le=16)
    """Answers a small model may give to one question; the best grounded wins."""
    context_tokens: int | None = Field(default=None, ge=256)
    """Context window; None: 4,096 of a local model, what LangChain knows of a hosted one."""
    threads: int | None = Field(default=None, ge=1)
    """Threads of a local model; None: the physical cores."""
    reproducible: bool = False
    """A local model forgets each call, so that its answers do not depend on the calls before; slower."""
    max_concurrency: int | None = Field(default=None, ge=1, le=256)
    """Model calls at a time; None: 8 of a hosted engine, 1 of a local one."""
    requests_per_minute: int | None = Field(default=None, ge=1)
    """Model calls begun in a minute at most."""
    tokens_per_minute: int | None = Field(default=None, ge=1)
    """Tokens asked for in a minute at most."""
    call_timeout: float | None = Field(default=None, gt=0)
    """Seconds one model call may take; None: 120, or 900 of a model on this machine, which may have no GPU."""
    deadline: float | None = Field(default=None, gt=0)
    """Seconds after which no further model call is begun."""
    budget_tokens: int | None = Field(default=None, ge=0)
    """Tokens, of prompts and answers together, a run may spend."""
    budget_usd: float | None = Field(default=None, ge=0)
    """US dollars a run may spend on model calls."""
    price: ModelPrice | None = None
    """What the model costs, as PROMPT/COMPLETION in US dollars per million tokens, where it is not known."""
    seed: int = Field(default=0, ge=0, le=2**31 - 1)
    """Seed of everything random; the same seed and input give the same result."""
    dry_run: bool = False
    """Tells what a run would cost, and spends nothing."""
    force: bool = False
    """Writes over the results of a different run."""
    title: str | None = None
    """Title of the report; made from the names of the sources where None."""
    corrections: UserPath | None = None
    """File of what is corrected by hand; None: `corrections.toml` in the workspace, where there is one."""
    stdin: bytes | None = Field(default=None, repr=False)
    """What was read from standard input, where a source is `-`."""

    @property
    def has_budget(self) -> bool:
        """Whether the run may have to stop before every segment has its persona."""
        return any(limit is not None for limit in (self.budget_tokens, self.budget_usd, self.deadline))

    @property
    def names_a_model(self) -> bool:
        """Whether a model was named, and not left to be chosen."""
        return self.llm not in {"auto", "extractive"}

    def redacted_as(self, level: RedactLevel) -> Self:
        """The same options for text that was redacted at this level.

        Raises:
            PrivacyError: when it was not redacted and an engine named is on another machine.
        """
        # Validated anew: what a run did not redact must not leave this machine unasked.
        return type(self).model_validate({**self.model_dump(), "redact": level})

    @property
    def hosted(self) -> tuple[str, ...]:
        """The engines named that would send text to another machine, as `--llm SPEC` and `--embedder SPEC`."""
        named = []
        if is_hosted_engine(self.llm, base_url=self.base_url):
            named.append(f"--llm {self.llm}")
        if is_hosted_embedder(self.embedder, base_url=self.base_url):
            named.append(f"--embedder {self.embedder}")
        return tuple(named)

    @model_validator(mode="after")
    def _refuse_unredacted_to_hosted(self) -> Self:
        # PrivacyError is no ValueError, so Pydantic passes it on as it is and the user reads our message.
        if self.redact == "off" and self.hosted and not self.allow_unredacted:
            raise PrivacyError(
                "`--redact off` would send personal data, as customers wrote it, to another machine",
                where=", ".join(self.hosted),
                mend="leave --redact as it is, name a local engine, or add --allow-unredacted if that is what you want",
            )
        return self


def resolve_options(
    flags: Mapping[str, object],
    *,
    environment: Mapping[str, str] | None = None,
    config: Path | None = None,
) -> Settings[GenerateOptions]:
    """The options of a run from flags, environment, config.toml and defaults, each with its origin.

    Raises:
        UsageError: when a value does not fit, or when the environment alone names an engine on another machine.
        InputError: when config.toml cannot be read, or holds a key that is not a setting.
        PrivacyError: when unredacted text would go to another machine.
    """
    settings = resolve_settings(GenerateOptions, flags, flags_only=FLAGS_ONLY, environment=environment, config=config)
    for engine in settings.values.hosted:
        option = engine.split()[0]
        setting = settings.origin(option.removeprefix("--"))
        # A variable that was exported once, for another purpose, must not send customers' words away.
        if setting.origin == "environment":
            raise UsageError(
                f"{setting.source}={setting.value} is an engine on another machine, and only the environment names it",
                where=setting.source,
                mend=f"say it on the command line (`{engine}`) or in config.toml",
            )
    return settings


def is_hosted_engine(spec: str, *, base_url: str | None = None) -> bool:
    """Whether a chat engine of this spec runs on another machine; a server on this machine is not hosted."""
    return spec.partition(":")[0] not in _LOCAL_ENGINES and not is_loopback(base_url)


def is_local_model(spec: str) -> bool:
    """Whether the engine works on this machine's own processors, where several calls at a time gain nothing."""
    return spec.partition(":")[0] in _LOCAL_ENGINES


def is_hosted_embedder(spec: str, *, base_url: str | None = None) -> bool:
    """Whether an embedder of this spec runs on another machine."""
    return spec.partition(":")[0] in _HOSTED_EMBEDDERS and not is_loopback(base_url)

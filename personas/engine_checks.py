"""What an engine is and what it does: held to a schema or not, how fast, how much it reads at once, what it speaks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from pydantic import BaseModel, Field, create_model

from persona_kit.errors import MalformedAnswer, ModelError
from persona_kit.records import Record
from persona_kit.response_store import ResponseStore
from personas.attributes import OutputLanguage
from personas.engines import BUNDLED, EXTRACTIVE, EngineChoice, choose_engine, limits_of, model_options
from personas.models import Engine
from personas.models.governor import Governor
from personas.models.retrying import RetryPolicy
from personas.options import GenerateOptions, is_hosted_engine
from prompts.loader import Message, RenderedPrompt

LARGE_PROMPTS_NEED_TOKENS = 4_096
"""Window for the full-size prompts: with room for their answers they took at most 3,272 on the Kettlebird example and
2,897 on the Jupyter survey of 2015 (dry runs); twice as much leaves room for long texts and for answers asked again."""

MOST_OF_MEMORY = 0.8
"""Share of the machine's memory a model file may take: the window, the corpus and everything else need the rest."""

IN_WORDS = "prompt"
"""The structured-output method of servers that hold their model to nothing."""

STATEMENTS = (
    "The parcel came a day early and was well wrapped.",
    "Nobody answered the phone for half an hour.",
    "The lid broke in the first week.",
    "It boils quickly and pours without a drip.",
    "The manual is missing two pages.",
    "Support replaced it the same day.",
    "It is louder than the old one.",
    "The handle stays cool.",
    "I was charged twice for one order.",
    "The colour is exactly as shown.",
    "The app forgets my settings every night.",
    "My mother uses it without any help.",
    "The cable is too short for our kitchen.",
    "It looks lovely on the table.",
    "The refund took six weeks.",
    "Cleaning it takes a minute.",
)
"""Read and rated to tell the speed; written for it."""

_SPEED_TOKENS = 16 * len(STATEMENTS)

_LANGUAGE_NAMES = {"en": "English", "zh": "Chinese"}


class Check(Record):
    """One thing that was looked at."""

    name: str
    status: Literal["ok", "warning", "broken"]
    """`warning`: a run works, with less; `broken`: a run as asked for does not."""
    detail: str
    mend: str = ""
    data: dict[str, str | int | float | bool | None] = Field(default_factory=dict)
    """The same in numbers, for programs."""


class Contradicted(BaseModel):
    """An answer that its prompt does not ask for: only a model that is held to it gives it."""

    material: Literal["brass", "linen"]


class Speed(Record):
    """Tokens a second; None where the difference of two calls was too small to tell."""

    prompt_tokens_per_s: float | None
    """None of hosted engines too: their time also holds the way there and back."""
    answer_tokens_per_s: float | None
    seconds: float
    """Of the call with the short answer."""
    prompt_tokens: int
    """Of each of the two calls."""
    answer_tokens: int
    """Of the long answer."""


def choice_check(options: GenerateOptions) -> tuple[EngineChoice, Check]:
    """The engine a run would use, and why."""
    language: OutputLanguage = "zh" if options.output_language == "zh" else "en"
    choice = choose_engine(options.llm, language)
    detail = f"{choice.spec}: {choice.reason}"
    other = choose_engine(options.llm, "zh").spec
    if other != choice.spec and options.output_language == "auto":
        detail += f"; for what is mostly written in Chinese, {other}"
    missing = options.llm == "auto" and choice.spec == EXTRACTIVE and language == "en"
    return choice, Check(
        name="engine",
        status="warning" if missing else "ok",
        detail=detail,
        mend="pip install '.[local]' in the checkout, or name an engine with --llm" if missing else "",
        data={"spec": choice.spec, "asked_for": options.llm},
    )


def engine_checks(engine: Engine) -> list[Check]:
    """Everything told of an open engine; asks it three small things.

    Raises:
        ModelError, EnvironmentProblem: when it cannot be asked at all.
    """
    proof = structure_check(engine)
    return [
        proof,
        window_check(engine),
        speed_check(engine),
        _languages_check(engine),
        _prompts_check(engine),
        *_memory_checks(engine),
    ]


@contextmanager
def opened_anew(spec: str, options: GenerateOptions, *, retries: RetryPolicy | None = None) -> Iterator[Engine]:
    """The engine, which gives no stored answer and stores none; what a workspace knows of it is used.

    Args:
        spec: the engine, not `extractive`.
        options: address, window, threads and limits.
        retries: which failed calls are made again; as in a run where None.

    Raises:
        UsageError, EnvironmentProblem, ModelError: when it cannot be opened.
    """
    from personas.models.opening import open_completer

    path = options.workspace / "responses.sqlite3"
    facts = ResponseStore(path) if path.is_file() else None
    try:
        completer = open_completer(spec, facts=facts, **model_options(options))
        with Engine(spec, completer, governor=Governor(limits_of(options)), retries=retries) as engine:
            yield engine
    finally:
        if facts is not None:
            facts.close()


def structure_check(engine: Engine) -> Check:
    """Whether the engine is held to a schema against what its prompt asks for: proved, not believed.

    Raises:
        ModelError, EnvironmentProblem: when it cannot be asked at all.
    """
    text = "Is a clear sky at noon blue or green? Reply with the one word, blue or green."
    said: str
    seconds: float | None = None
    try:
        answer = engine.ask(_prompt(text), Contradicted, seed=0, max_tokens=200)
        said, seconds = answer.value.material, round(answer.usage.seconds, 3)
    except MalformedAnswer:
        said = ""
    method = engine.structured_method
    constrained = bool(said) and method != IN_WORDS
    data: dict[str, str | int | float | bool | None] = {"constrained": constrained, "method": method}
    if constrained:
        detail = f"constrained by {method}: asked for blue or green and held to brass or linen, it answered {said}"
        return Check(name="structured output", status="ok", detail=detail, data=data | {"seconds": seconds})
    detail = (
        "not constrained: nothing holds the model to a schema; it is asked in words, and answers that do not fit are "
        "asked for again"
        if method == IN_WORDS
        else f"not constrained: held to brass or linen by {method}, it answered something else"
    )
    mend = "answers are checked all the same; a server that enforces json_schema or function calls wastes fewer calls"
    # A grammar in this process that does not hold is a fault of ours or of llama.cpp; a server may be like that.
    return Check(
        name="structured output", status="warning" if engine.hosted else "broken", detail=detail, mend=mend, data=data
    )


def window_check(engine: Engine) -> Check:
    """How much the engine reads and writes in one call."""
    tokens = engine.context_tokens
    data: dict[str, str | int | float | bool | None] = {"context_tokens": tokens}
    detail = f"{tokens:,} tokens for prompt and answer together"
    if engine.profile == "large" and tokens < LARGE_PROMPTS_NEED_TOKENS:
        return Check(
            name="context window",
            status="warning",
            detail=f"{detail}; the full-size prompts take up to {LARGE_PROMPTS_NEED_TOKENS:,}, what does not fit is "
            "written by the extractive author",
            mend=f"--context-tokens {2 * LARGE_PROMPTS_NEED_TOKENS}, if the model was trained for it",
            data=data,
        )
    return Check(name="context window", status="ok", detail=detail, data=data)


def speed_check(engine: Engine) -> Check:
    """Tokens a second on a short fixed task; a warning where it could not be measured."""
    try:
        speed = measure_speed(engine)
    except ModelError as error:
        mend = error.mend or "a run may still work; --call-timeout and --context-tokens change what a call may take"
        return Check(name="speed", status="warning", detail=f"not measured: {error.what}", mend=mend)
    answer = "too noisy to tell" if speed.answer_tokens_per_s is None else f"{speed.answer_tokens_per_s:,.0f} tokens/s"
    if engine.hosted:
        detail = (
            f"answer {answer}; {speed.seconds:.1f} s for a prompt of {speed.prompt_tokens} tokens and a short answer"
        )
    else:
        rate = speed.prompt_tokens_per_s
        read = "too noisy to tell" if rate is None else f"{rate:,.0f} tokens/s"
        detail = f"prompt {read}, answer {answer} (other programs on the same cores make it slower)"
    return Check(name="speed", status="ok", detail=detail, data=speed.model_dump())


def measure_speed(engine: Engine) -> Speed:
    """Two calls with prompts of the same size, one answered in a word and one in many: the difference is the writing.

    The prompts differ from their first word on, so that nothing of one helps the other.

    Raises:
        ModelError: when the engine fails at it.
    """
    short = engine.ask(_statements("One"), _ratings(1), seed=0, max_tokens=_SPEED_TOKENS).usage
    long = engine.ask(_statements("All"), _ratings(len(STATEMENTS)), seed=0, max_tokens=_SPEED_TOKENS).usage
    more_tokens, more_s = long.completion_tokens - short.completion_tokens, long.seconds - short.seconds
    writing = more_tokens / more_s if more_tokens > 0 and more_s > 0 else None
    reading_s = 0.0 if writing is None else short.seconds - short.completion_tokens / writing
    return Speed(
        prompt_tokens_per_s=None if engine.hosted or reading_s <= 0 else round(short.prompt_tokens / reading_s, 1),
        answer_tokens_per_s=None if writing is None else round(writing, 1),
        seconds=round(short.seconds, 3),
        prompt_tokens=short.prompt_tokens,
        answer_tokens=long.completion_tokens,
    )


def unasked_check(spec: str, options: GenerateOptions) -> Check | None:
    """Why a hosted engine that only a file or variable names is not asked; None where it may be."""
    if not is_hosted_engine(spec, base_url=options.base_url):
        return None
    return Check(
        name="structured output",
        status="warning",
        detail=f"{spec} was not asked: nothing is sent to another machine unless it is named on the command line",
        mend=f"personas doctor --llm {spec}",
    )


def _prompt(text: str) -> RenderedPrompt:
    message = Message(role="user", text=text)
    return RenderedPrompt(name="doctor", version="2", variant="small", template_sha256="", messages=(message,))


def _statements(first: str) -> RenderedPrompt:
    said = "\n".join(f"q{number}: {statement}" for number, statement in enumerate(STATEMENTS, start=1))
    text = f'{first} rating in JSON, such as {{"q1": "good", "q2": "bad", "q3": "good"}}, of what was said:\n{said}'
    return _prompt(text)


def _ratings(count: int) -> type[BaseModel]:
    """A rating of each of the first statements; the keys are written by the model, so the answer's length is known."""
    fields: dict[str, Any] = {f"q{number}": (Literal["good", "bad"], ...) for number in range(1, count + 1)}
    return create_model("Ratings", **fields)


def _languages_check(engine: Engine) -> Check:
    codes = sorted(engine.languages)
    data: dict[str, str | int | float | bool | None] = {"languages": " ".join(codes)}
    if "other" in codes:
        detail = "any: it is asked to write the language most people wrote in; how well, `--compare` shows"
        return Check(name="languages", status="ok", detail=detail, data=data)
    names = ", ".join(_LANGUAGE_NAMES.get(code, code) for code in codes)
    detail = f"{names} only; what is written in others goes to the extractive author"
    return Check(name="languages", status="ok", detail=detail, data=data)


def _prompts_check(engine: Engine) -> Check:
    detail = {
        "small": "small: one short question at a time, the best grounded of a few answers",
        "large": "large: all attributes in a few calls, at most 12 calls a persona",
    }[engine.profile]
    return Check(name="prompts", status="ok", detail=detail, data={"profile": engine.profile})


def _memory_checks(engine: Engine) -> list[Check]:
    """The model file beside the machine's memory; nothing of engines elsewhere."""
    provider, _, name = engine.spec.partition(":")
    if provider != BUNDLED:
        return []
    from personas.models.gguf_files import gguf_path

    path = gguf_path(name)
    size, memory = path.stat().st_size, _memory_bytes()
    detail = f"{path.name} takes {size / 1e6:,.0f} MB" + (f" of {memory / 1e9:.1f} GB" if memory else "")
    data: dict[str, str | int | float | bool | None] = {"model_bytes": size, "memory_bytes": memory}
    if memory is not None and size > MOST_OF_MEMORY * memory:
        mend = "a model with fewer weights, or the same in fewer bits (docs/models.md tells sizes)"
        return [Check(name="memory", status="warning", detail=detail, mend=mend, data=data)]
    return [Check(name="memory", status="ok", detail=detail + ", and its window comes on top", data=data)]


def _memory_bytes() -> int | None:
    """Of the machine; None where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # not on Windows
        return None

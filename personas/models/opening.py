"""From an engine's spec to an engine."""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict, Unpack

from persona_kit.errors import UsageError
from persona_kit.response_store import ResponseStore
from personas.models.completion import ALL_LANGUAGES, Completer, Profile
from personas.models.engine import Engine
from personas.models.governor import Governor
from personas.models.prices import parse_price

LOCAL = "llama-cpp"
OPENAI = "openai"


class ModelOptions(TypedDict, total=False):
    """How a model is reached and run."""

    base_url: str | None
    """Server that speaks OpenAI's protocol, for `openai:` only."""
    context_tokens: int | None
    """Context window; None: see `DEFAULT_CONTEXT_TOKENS` of the kind of model."""
    threads: int | None
    """Of a local model; None: the physical cores. llama.cpp's threads wait for each other busily: where other programs
    keep the cores busy, one thread is many times faster than two."""
    reproducible: bool
    """A local model forgets each call, so that answers do not depend on the calls before."""
    profile: Profile | None
    """Which prompts suit the model; None: by the number of weights of a local model, `large` for others."""
    price: str | None
    """Of a hosted model, as PROMPT/COMPLETION in US dollars per million tokens; None: what is known."""


def open_engine(
    spec: str,
    *,
    responses: Path | None = None,
    governor: Governor | None = None,
    **options: Unpack[ModelOptions],
) -> Engine:
    """An engine; close it, or use it in a `with`. Local models load and servers are asked at the first call.

    Args:
        spec: `llama-cpp` (the bundled model), `llama-cpp:PATH.gguf`, `llama-cpp:OWNER/REPO/FILE.gguf` (Hugging Face),
            `openai:MODEL`, or `PROVIDER:MODEL`.
        responses: file that keeps the answers; None: they are not kept.
        governor: limits and budget of its calls; none where None.
        options: of the model.

    Raises:
        UsageError: when the spec names no engine, the options do not fit it, or dollars are budgeted without a price.
        EnvironmentProblem: when a package or model file is missing.
        ModelError: when a hosted provider has no key.
        OutputError: when the store cannot be opened.
    """
    store = None if responses is None else ResponseStore(responses)
    try:
        completer = open_completer(spec, facts=store, **options)
        return Engine(spec, completer, store=store, governor=governor)
    except BaseException:
        if store is not None:
            store.close()
        raise


def open_completer(
    spec: str,
    *,
    facts: ResponseStore | None = None,
    vocabulary_only: bool = False,
    **options: Unpack[ModelOptions],
) -> Completer:
    """The model behind an engine; see `open_engine`.

    Args:
        spec: as the user named the engine.
        facts: where what is found out about the model is remembered; the caller closes it.
        vocabulary_only: the model counts tokens and is never asked: no weights are loaded, and no key is needed.
        options: of the model.

    Raises:
        UsageError, EnvironmentProblem, ModelError: as `open_engine`.
    """
    provider, _, model = spec.partition(":")
    if provider != LOCAL and not (provider and model):
        raise UsageError(
            f"there is no engine {spec!r}",
            where="--llm",
            mend="choose extractive, llama-cpp, llama-cpp:PATH, openai:MODEL or PROVIDER:MODEL",
        )
    if options.get("base_url") is not None and provider != OPENAI:
        raise UsageError("--base-url goes with openai: engines only", where=spec, mend="write openai:MODEL")
    if provider == LOCAL:
        from personas.models.bundled import LANGUAGES
        from personas.models.gguf_files import gguf_path
        from personas.models.llama_cpp_chat import LlamaCppChat
        from personas.models.local import LocalCompleter

        chat = LlamaCppChat(
            path=gguf_path(model),
            n_ctx=options.get("context_tokens"),
            n_threads=options.get("threads"),
            reproducible=options.get("reproducible", False),
            vocabulary_only=vocabulary_only,
        )
        languages = ALL_LANGUAGES if model else LANGUAGES
        return LocalCompleter(chat, languages=languages, profile=options.get("profile"), facts=facts)
    return _hosted(provider, model, facts, options, asked=not vocabulary_only)


def _hosted(provider: str, model: str, facts: ResponseStore | None, options: ModelOptions, *, asked: bool) -> Completer:
    from personas.models.providers import openai_completer, provider_completer

    price = options.get("price")
    given = None if price is None else parse_price(price)
    window, profile = options.get("context_tokens"), options.get("profile") or "large"
    if provider == OPENAI:
        url = options.get("base_url")
        return openai_completer(
            model, base_url=url, facts=facts, context_tokens=window, profile=profile, price=given, asked=asked
        )
    return provider_completer(provider, model, facts=facts, context_tokens=window, profile=profile, price=given)

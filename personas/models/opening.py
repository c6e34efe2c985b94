"""From an engine's spec to an engine."""

from __future__ import annotations

from pathlib import Path

from persona_kit.errors import UsageError
from persona_kit.response_store import ResponseStore
from personas.models.completion import ALL_LANGUAGES, Completer, Profile
from personas.models.engine import Engine
from personas.models.governor import Governor
from personas.models.prices import Price, parse_price

LOCAL = "llama-cpp"
OPENAI = "openai"


def open_engine(
    spec: str,
    *,
    base_url: str | None = None,
    responses: Path | None = None,
    context_tokens: int | None = None,
    threads: int | None = None,
    reproducible: bool = False,
    profile: Profile | None = None,
    price: str | None = None,
    governor: Governor | None = None,
) -> Engine:
    """An engine; close it, or use it in a `with`. Local models load and servers are asked at the first call.

    Args:
        spec: `llama-cpp` (the bundled model), `llama-cpp:PATH.gguf`, `llama-cpp:OWNER/REPO/FILE.gguf` (Hugging Face),
            `openai:MODEL`, or `PROVIDER:MODEL`.
        base_url: server that speaks OpenAI's protocol, for `openai:` only.
        responses: file that keeps the answers; None: they are not kept.
        context_tokens: context window; None: see `DEFAULT_CONTEXT_TOKENS` of the kind of model.
        threads: of a local model; None: the physical cores. llama.cpp's threads wait for each other busily: where other
            programs keep the cores busy, one thread is many times faster than two.
        reproducible: a local model forgets each call, so that answers do not depend on the calls before.
        profile: which prompts suit the model; None: by the number of weights of a local model, `large` for others.
        price: of a hosted model, as PROMPT/COMPLETION in US dollars per million tokens; None: what is known.
        governor: limits and budget of its calls; none where None.

    Raises:
        UsageError: when the spec names no engine, the options do not fit it, or dollars are budgeted without a price.
        EnvironmentProblem: when a package or model file is missing.
        ModelError: when a hosted provider has no key.
        OutputError: when the store cannot be opened.
    """
    store = None if responses is None else ResponseStore(responses)
    try:
        completer = open_completer(
            spec,
            facts=store,
            base_url=base_url,
            context_tokens=context_tokens,
            threads=threads,
            reproducible=reproducible,
            profile=profile,
            price=price,
        )
        return Engine(spec, completer, store=store, governor=governor)
    except BaseException:
        if store is not None:
            store.close()
        raise


def open_completer(
    spec: str,
    *,
    facts: ResponseStore | None = None,
    base_url: str | None = None,
    context_tokens: int | None = None,
    threads: int | None = None,
    reproducible: bool = False,
    profile: Profile | None = None,
    price: str | None = None,
    vocabulary_only: bool = False,
) -> Completer:
    """The model behind an engine; see `open_engine`.

    Args:
        spec: as the user named the engine.
        facts: where what is found out about the model is remembered; the caller closes it.
        base_url: see `open_engine`, as for the other options.
        context_tokens: context window.
        threads: of a local model.
        reproducible: a local model forgets each call.
        profile: which prompts suit the model.
        price: of a hosted model.
        vocabulary_only: a local model counts tokens and is never asked: its weights are not loaded.

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
    if base_url is not None and provider != OPENAI:
        raise UsageError("--base-url goes with openai: engines only", where=spec, mend="write openai:MODEL")
    if provider == LOCAL:
        from personas.models.bundled import LANGUAGES
        from personas.models.gguf_files import gguf_path
        from personas.models.llama_cpp_chat import LlamaCppChat
        from personas.models.local import LocalCompleter

        chat = LlamaCppChat(
            path=gguf_path(model),
            n_ctx=context_tokens,
            n_threads=threads,
            reproducible=reproducible,
            vocabulary_only=vocabulary_only,
        )
        return LocalCompleter(chat, languages=ALL_LANGUAGES if model else LANGUAGES, profile=profile, facts=facts)
    given = None if price is None else parse_price(price)
    return _hosted(provider, model, facts, context_tokens, base_url=base_url, profile=profile or "large", price=given)


def _hosted(
    provider: str,
    model: str,
    facts: ResponseStore | None,
    context_tokens: int | None,
    *,
    base_url: str | None,
    profile: Profile,
    price: Price | None,
) -> Completer:
    from personas.models.providers import openai_completer, provider_completer

    if provider == OPENAI:
        return openai_completer(
            model, base_url=base_url, facts=facts, context_tokens=context_tokens, profile=profile, price=price
        )
    return provider_completer(provider, model, facts=facts, context_tokens=context_tokens, profile=profile, price=price)

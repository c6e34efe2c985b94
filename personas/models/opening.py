"""From an engine's spec to an engine."""

from __future__ import annotations

from pathlib import Path

from persona_kit.errors import UsageError
from persona_kit.response_store import ResponseStore
from personas.models.completion import ALL_LANGUAGES, Completer, Profile
from personas.models.engine import Engine

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

    Raises:
        UsageError: when the spec names no engine, or the options do not fit it.
        EnvironmentProblem: when a package or model file is missing.
        ModelError: when a hosted provider has no key.
        OutputError: when the store cannot be opened.
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
    store = None if responses is None else ResponseStore(responses)
    try:
        completer: Completer
        if provider == LOCAL:
            completer = _local(model, store, context_tokens, threads, reproducible=reproducible, profile=profile)
        else:
            completer = _hosted(provider, model, store, context_tokens, base_url=base_url, profile=profile or "large")
    except BaseException:
        if store is not None:
            store.close()
        raise
    return Engine(spec, completer, store=store)


def _local(
    model: str,
    store: ResponseStore | None,
    context_tokens: int | None,
    threads: int | None,
    *,
    reproducible: bool,
    profile: Profile | None,
) -> Completer:
    from personas.models.bundled import LANGUAGES
    from personas.models.gguf_files import gguf_path
    from personas.models.llama_cpp_chat import LlamaCppChat
    from personas.models.local import LocalCompleter

    chat = LlamaCppChat(path=gguf_path(model), n_ctx=context_tokens, n_threads=threads, reproducible=reproducible)
    return LocalCompleter(chat, languages=ALL_LANGUAGES if model else LANGUAGES, profile=profile, facts=store)


def _hosted(
    provider: str,
    model: str,
    store: ResponseStore | None,
    context_tokens: int | None,
    *,
    base_url: str | None,
    profile: Profile,
) -> Completer:
    from personas.models.providers import openai_completer, provider_completer

    if provider == OPENAI:
        return openai_completer(model, base_url=base_url, facts=store, context_tokens=context_tokens, profile=profile)
    return provider_completer(provider, model, facts=store, context_tokens=context_tokens, profile=profile)

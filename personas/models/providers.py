"""Hosted engines by name: `openai:MODEL` on any server that speaks its protocol, and what LangChain knows besides."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import ExitStack
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from persona_kit.addresses import is_loopback
from persona_kit.errors import EnvironmentProblem, ModelError, UsageError
from persona_kit.response_store import ResponseStore
from personas.models.completion import Profile
from personas.models.hosted import GRACE_S, HostedCompleter
from personas.models.prices import Price
from personas.models.provider_errors import provider_error
from personas.models.structured import OPENAI_METHODS, OTHER_METHODS

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

OPENAI_URL = "https://api.openai.com/v1"
"""Always passed: otherwise OPENAI_BASE_URL in the environment decides where prompts go."""

KEY_VARIABLE = "OPENAI_API_KEY"

_GATEWAY_VARIABLE = "LANGSMITH_GATEWAY"
_GATEWAY_OFF = frozenset({"", "false", "0", "no"})  # as langchain-core reads it
_NO_KEY_NEEDED = "no-key-needed"  # the client refuses to be made without one
_MODELS_KEPT_OPEN = 32


def openai_completer(
    model: str,
    *,
    base_url: str | None = None,
    facts: ResponseStore | None = None,
    context_tokens: int | None = None,
    profile: Profile = "large",
    price: Price | None = None,
    asked: bool = True,
) -> HostedCompleter:
    """A model on OpenAI's servers, or on any server that speaks their protocol.

    Args:
        model: its name there.
        base_url: of the server; None: OpenAI's.
        facts: where what is found out about it is remembered.
        context_tokens: None: what LangChain knows of it.
        profile: which prompts suit it.
        price: None: what is known.
        asked: whether it will be asked; a dry run only counts, and needs no key for that.

    Raises:
        UsageError: when the base URL is none.
        ModelError: when OPENAI_API_KEY is not set, the server is not on this machine and it will be asked.
    """
    url = (base_url or OPENAI_URL).rstrip("/")
    shown = shown_url(url)
    key = os.environ.get(KEY_VARIABLE) or (_NO_KEY_NEEDED if is_loopback(url) or not asked else "")
    if not key:
        raise ModelError(
            f"{KEY_VARIABLE} is not set",
            where=f"openai:{model} at {shown}",
            mend=f"set {KEY_VARIABLE} (to any value where the server wants none), or choose a local engine",
        )

    connections = ExitStack()

    @cache
    def opened() -> BaseChatModel:
        return _openai_model(model, url=url, key=key, connections=connections)

    def open_model(timeout_s: float, options: Mapping[str, Any]) -> tuple[BaseChatModel, Mapping[str, Any]]:
        return opened(), {**options, "timeout": timeout_s}

    return HostedCompleter(
        open_model,
        identity=f"openai:{model} at {shown}",
        methods=OPENAI_METHODS,
        facts=facts,
        secrets=_secrets(key, url),
        context_tokens=context_tokens,
        profile=profile,
        price=price,
        on_close=connections.close,
    )


def provider_completer(
    provider: str,
    model: str,
    *,
    facts: ResponseStore | None = None,
    context_tokens: int | None = None,
    profile: Profile = "large",
    price: Price | None = None,
) -> HostedCompleter:
    """A model of any provider that LangChain's `init_chat_model` knows; its package reads its own key.

    Raises:
        UsageError: when there is no such provider.
        EnvironmentProblem: when the provider's package is not installed.
        ModelError: when the provider's package refuses to begin, most often for want of a key.
    """

    @lru_cache(maxsize=_MODELS_KEPT_OPEN)
    def opened(timeout_s: float, options: tuple[tuple[str, Any], ...]) -> BaseChatModel:
        return _provider_model(provider, model, timeout_s=timeout_s, options=dict(options))

    def open_model(timeout_s: float, options: Mapping[str, Any]) -> tuple[BaseChatModel, Mapping[str, Any]]:
        # Providers agree on these two where the model is made, and on nothing at the call; few take a seed.
        standard = {name: value for name, value in options.items() if name in {"max_tokens", "temperature"}}
        return opened(timeout_s, tuple(sorted(standard.items()))), {}

    completer = HostedCompleter(
        open_model,
        identity=f"{provider}:{model}",
        methods=OTHER_METHODS,
        facts=facts,
        secrets=_keys_in_environment(),
        context_tokens=context_tokens,
        profile=profile,
        price=price,
    )
    open_model(GRACE_S, {})  # a wrong name or a missing package is told before any work is done
    return completer


def shown_url(url: str) -> str:
    """The URL without user, password and query, as it may stand in stores and messages.

    Raises:
        UsageError: when it is not an http or https URL.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or parts.scheme not in {"http", "https"}:
        raise UsageError(
            "the base URL is not an address of a server",
            where="--base-url",
            mend="write it like http://127.0.0.1:8000/v1",
        )
    name = f"[{host}]" if ":" in host else host
    return urlunsplit((parts.scheme, name if port is None else f"{name}:{port}", parts.path, "", ""))


def _secrets(key: str, url: str) -> list[str]:
    password = urlsplit(url).password
    return [secret for secret in (key, password) if secret and secret != _NO_KEY_NEEDED]


def _keys_in_environment() -> list[str]:
    """Every key a provider's package may have read; which one it was, only the package knows."""
    return [value for name, value in os.environ.items() if name.endswith(("_API_KEY", "_TOKEN", "_SECRET", "_KEY"))]


def _openai_model(model: str, *, url: str, key: str, connections: ExitStack) -> BaseChatModel:
    from langchain_openai import ChatOpenAI
    from langchain_openai.chat_models.base import BaseChatOpenAI
    from openai import DefaultHttpxClient
    from pydantic import SecretStr

    direct: dict[str, Any] = {}
    if is_loopback(url):
        # What goes to this machine stays on it: a proxy named in the environment would see the customers' words.
        client = connections.enter_context(DefaultHttpxClient(trust_env=False))
        direct = {"http_client": client, "openai_proxy": None, "http_socket_options": ()}
    # ChatOpenAI renames max_tokens to max_completion_tokens, which OpenAI wants and other servers ignore.
    kind = ChatOpenAI if url == OPENAI_URL else BaseChatOpenAI
    return kind(
        model=model,
        base_url=url,
        api_key=SecretStr(key),
        max_retries=0,  # see `OpenModel`
        disable_streaming=True,  # streamed answers carry no token counts
        **direct,
    )


def _provider_model(provider: str, model: str, *, timeout_s: float, options: Mapping[str, Any]) -> BaseChatModel:
    from langchain.chat_models import init_chat_model

    where = f"{provider}:{model}"
    if os.environ.get(_GATEWAY_VARIABLE, "").lower() not in _GATEWAY_OFF:
        raise UsageError(
            f"{_GATEWAY_VARIABLE} in the environment would send every prompt through LangSmith",
            where=where,
            mend=f"unset {_GATEWAY_VARIABLE}",
        )
    try:
        opened: BaseChatModel = init_chat_model(
            model, model_provider=provider, max_retries=0, timeout=timeout_s, **options
        )
    except ImportError as error:
        raise EnvironmentProblem(
            f"the package for {provider} is not installed: {error}",
            where=where,
            mend=f"pip install langchain-{provider}",
        ) from error
    except Exception as error:  # noqa: BLE001 - every provider's library has errors of its own
        if isinstance(error, ValueError) and "nsupported" in str(error):
            raise UsageError(
                f"there is no provider {provider!r}",
                where="--llm",
                mend="choose extractive, llama-cpp, openai:MODEL or a provider that LangChain knows",
            ) from None
        raise provider_error(error, where=where, secrets=_keys_in_environment()) from None
    return opened

"""What an engine costs: a short list of known prices, what the user says instead, nothing for what runs here."""

from __future__ import annotations

import tomllib
from datetime import date
from functools import cache
from importlib.resources import files

from pydantic import Field

from persona_kit.errors import UsageError
from persona_kit.records import Record


class Price(Record):
    """What tokens cost."""

    prompt_usd_per_million: float = Field(ge=0)
    completion_usd_per_million: float = Field(ge=0)
    source: str
    """Who says so."""
    as_of: date | None = None
    """When it was so; None where the user says it."""

    def cost_usd(self, prompt_tokens: int, completion_tokens: int) -> float:
        """US dollars for so many tokens."""
        dollars = prompt_tokens * self.prompt_usd_per_million + completion_tokens * self.completion_usd_per_million
        return dollars / 1_000_000


FREE = Price(prompt_usd_per_million=0.0, completion_usd_per_million=0.0, source="runs on this machine")


class _Provider(Record):
    server: str | None = None
    """The one address at which these prices hold; None: the provider has but one."""
    source: str
    as_of: date
    models: dict[str, tuple[float, float]]


def parse_price(text: str) -> Price:
    """The price in ``PROMPT/COMPLETION``, US dollars per million tokens, such as ``0.5/1.5``.

    Raises:
        UsageError: when it is not of that form.
    """
    try:
        prompt, completion = (float(part) for part in text.split("/"))
        return Price(prompt_usd_per_million=prompt, completion_usd_per_million=completion, source="--price")
    except ValueError:
        raise UsageError(
            "a price is two numbers in US dollars per million tokens, for prompts and for answers",
            where=f"--price {text}",
            mend="write it like --price 0.5/1.5",
        ) from None


def known_price(identity: str) -> Price | None:
    """The price of an engine by its identity (``openai:gpt-4o at https://api.openai.com/v1``, ``anthropic:NAME``).

    None where it is not known: another server may ask anything for a model of the same name.
    """
    spec, _, server = identity.partition(" at ")
    name, _, model = spec.partition(":")
    provider = _providers().get(name)
    if provider is None or model not in provider.models or (server or None) != provider.server:
        return None
    prompt, completion = provider.models[model]
    return Price(
        prompt_usd_per_million=prompt,
        completion_usd_per_million=completion,
        source=provider.source,
        as_of=provider.as_of,
    )


@cache
def _providers() -> dict[str, _Provider]:
    text = files("personas.models").joinpath("prices.toml").read_text(encoding="utf-8")
    return {name: _Provider.model_validate(table) for name, table in tomllib.loads(text).items()}

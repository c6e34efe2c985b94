"""What engines cost: known prices, the user's own, and none where nobody knows."""

from __future__ import annotations

import pytest

from persona_kit.errors import UsageError
from personas.models.prices import FREE, Price, _providers, known_price, parse_price

OPENAI = "https://api.openai.com/v1"


def test_a_known_engine_has_a_price_with_its_source_and_date() -> None:
    price = known_price(f"openai:gpt-4o-mini at {OPENAI}")
    assert price is not None
    assert (price.prompt_usd_per_million, price.completion_usd_per_million) == (0.15, 0.6)
    assert price.as_of is not None
    assert "OpenAI" in price.source


def test_a_provider_without_an_address_is_known_by_its_name() -> None:
    price = known_price("anthropic:claude-sonnet-4-5")
    assert price is not None
    assert price.completion_usd_per_million == 15


@pytest.mark.parametrize(
    "identity",
    [
        "openai:gpt-4o-mini at http://127.0.0.1:8000/v1",  # another server asks what it likes
        "openai:gpt-4o-mini",
        f"openai:gpt-4o-2024-05-13 at {OPENAI}",  # an old snapshot costs more than its name
        f"openai:ft:gpt-4o-mini:us at {OPENAI}",
        "anthropic:claude-sonnet-4-5 at http://127.0.0.1",
        "nobody:anything",
        "SmolLM2.gguf sha256:00 llama-cpp-python 0.3.36 prefix reuse",
        "",
    ],
)
def test_no_price_is_guessed(identity: str) -> None:
    assert known_price(identity) is None


def test_every_price_shipped_is_sane() -> None:
    for provider in _providers().values():
        assert provider.source
        for prompt, completion in provider.models.values():
            assert 0 < prompt <= completion < 1000


def test_cost_is_tokens_by_price() -> None:
    price = Price(prompt_usd_per_million=2.0, completion_usd_per_million=8.0, source="test")
    assert price.cost_usd(1_000_000, 500_000) == pytest.approx(6.0)
    assert FREE.cost_usd(10**9, 10**9) == 0


def test_the_users_price_is_read() -> None:
    price = parse_price("0.5/1.5")
    assert (price.prompt_usd_per_million, price.completion_usd_per_million, price.source) == (0.5, 1.5, "--price")


@pytest.mark.parametrize("text", ["", "1", "1/2/3", "a/b", "-1/2", "nan/1"])
def test_what_is_no_price_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="price"):
        parse_price(text)

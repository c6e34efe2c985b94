from __future__ import annotations

import pytest

from persona_kit.addresses import is_loopback


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:1/v1", "http://127.9.9.9", "http://[::1]:1/v1", "http://LOCALHOST/", "http://me.localhost:8/"],
)
def test_this_machine(url: str) -> None:
    assert is_loopback(url)


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "127.0.0.1",
        "http://127.0.0.1.example.org/v1",
        "http://localhost.example.org",
        "http://10.0.0.1/",
        "http://127.0.0.1@example.org/",
    ],
)
def test_another_machine_or_none(url: str | None) -> None:
    assert not is_loopback(url)

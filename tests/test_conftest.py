"""The fixtures that every test relies on do what they say."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from tests.conftest import NetworkBlocked


def test_other_machines_cannot_be_reached() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as outgoing:
        with pytest.raises(NetworkBlocked):
            outgoing.connect(("192.0.2.1", 80))
        with pytest.raises(NetworkBlocked):
            outgoing.connect_ex(("192.0.2.1", 80))
    with pytest.raises(NetworkBlocked):
        socket.getaddrinfo("example.com", 80)


def test_this_machine_can_be_reached() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()[:2], timeout=5) as outgoing,
    ):
        assert outgoing.getpeername() == server.getsockname()


def test_home_and_settings_are_not_the_users(tmp_path_factory: pytest.TempPathFactory) -> None:
    assert Path.home().is_relative_to(tmp_path_factory.getbasetemp())
    assert [name for name in os.environ if name.startswith(("PERSONAS_", "OPENAI_", "LANGSMITH_"))] == []

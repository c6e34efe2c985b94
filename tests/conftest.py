"""What every test gets: no network beyond this machine, and a home of its own."""

from __future__ import annotations

import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# How long an example takes says nothing of whether it is right, least of all on a busy machine.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell without job control ignores Ctrl-C for what it starts with &, and every child inherits that.
    signal.signal(signal.SIGINT, signal.default_int_handler)

_CLEARED = ("PERSONAS_", "LANGSMITH_", "LANGCHAIN_", "OPENAI_", "ANTHROPIC_", "XDG_", "HF_")
_LOOPBACK = ("127.", "::1", "::ffff:127.")


class NetworkBlocked(AssertionError):
    """A test reached for another machine. Not an OSError: no retry and no fallback may swallow it."""


def pytest_unconfigure() -> None:
    """Closes what llama-cpp-python opens when it is imported, and leaves to Python's end: warnings are errors here."""
    opened = sys.modules.get("llama_cpp._utils")
    for name in ("outnull_file", "errnull_file"):
        if (file := getattr(opened, name, None)) is not None:
            file.close()


@pytest.fixture(autouse=True)
def _home_of_its_own(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Points the home folder and everything derived from it to an empty folder, and clears what users export."""
    home = tmp_path_factory.mktemp("home")
    for name in list(os.environ):
        if name.startswith(_CLEARED):
            monkeypatch.delenv(name)
    for name in ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(home))
    for name, folder in (("CONFIG", ".config"), ("DATA", ".local/share"), ("CACHE", ".cache"), ("STATE", ".state")):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(home / folder))
    for name in ("FORCE_COLOR", "CLICOLOR_FORCE", "TTY_COMPATIBLE", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_COLOR", "1")


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuses connections and look-ups that leave this machine; a browser is another process and has its own rules."""
    connect, connect_ex, look_up = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def checked_connect(self: socket.socket, address: Any) -> None:
        _refuse_other_machines(self.family, address)
        connect(self, address)

    def checked_connect_ex(self: socket.socket, address: Any) -> int:
        _refuse_other_machines(self.family, address)
        return connect_ex(self, address)

    def checked_look_up(host: Any, *arguments: Any, **options: Any) -> Any:
        if host is not None and not _is_this_machine(host):
            raise NetworkBlocked(f"a test looked up {host!r}; only this machine may be reached")
        return look_up(host, *arguments, **options)

    monkeypatch.setattr(socket.socket, "connect", checked_connect)
    monkeypatch.setattr(socket.socket, "connect_ex", checked_connect_ex)
    monkeypatch.setattr(socket, "getaddrinfo", checked_look_up)


@pytest.fixture
def repository() -> Path:
    """The checkout's root folder."""
    return Path(__file__).resolve().parents[1]


def _refuse_other_machines(family: int, address: Any) -> None:
    if family in {socket.AF_INET, socket.AF_INET6} and not _is_this_machine(address[0]):
        raise NetworkBlocked(f"a test connected to {address!r}; only this machine may be reached")


def _is_this_machine(host: Any) -> bool:
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    return name in {"localhost", ""} or name.startswith(_LOOPBACK)

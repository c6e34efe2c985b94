"""Which version of the tool this is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def tool_version() -> str:
    """The installed version, or `0+checkout` where the rooms are run without being installed."""
    try:
        return version("personas")
    except PackageNotFoundError:
        return "0+checkout"

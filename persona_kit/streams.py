"""Data on stdout, data from stdin, and a question to the person at the terminal."""

from __future__ import annotations

import sys

import typer

from persona_kit.errors import InputError, UsageError


def echo_data(text: str) -> None:
    """Prints the text and a line feed on stdout, as UTF-8 whatever the terminal's encoding is."""
    typer.echo(text.encode("utf-8", "replace"))


def read_stdin() -> bytes:
    """What is piped in.

    Raises:
        UsageError: when nothing is.
        InputError: when it is empty.
    """
    if sys.stdin.isatty():
        raise UsageError("the source is -, but nothing is piped in", mend="pipe a file in, or name it")
    content = sys.stdin.buffer.read()
    if not content:
        raise InputError("standard input is empty", where="-", mend="check the command that feeds it")
    return content


def is_confirmed(question: str) -> bool:
    """Whether the person at the terminal says yes to going on.

    Raises:
        UsageError: when there is nobody to ask.
    """
    if not sys.stdin.isatty():
        raise UsageError(question, mend="add --yes, since nobody can be asked here")
    return typer.confirm(f"{question} Go on?", err=True)


def tolerate_any_text() -> None:
    """From now on, what stdout and stderr cannot write is replaced instead of ending the program."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")

"""The program's start: makes sure that the rooms it is about to run are its own, then runs the command line."""

from __future__ import annotations

import contextlib
import gc
import importlib.util
import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from persona_kit.errors import EnvironmentProblem, PersonaKitError

ROOMS = ("cli", "eval", "personas", "prompts", "retrieval")
"""Top-level names so general that a file in the user's folder or another package may carry one of them."""

GARBAGE_THRESHOLD = 50_000
"""New objects after which Python looks for unreachable ones; its own default is 700."""


def main() -> None:
    """Runs the command line and ends the process with its exit code."""
    try:
        check_rooms()
    except PersonaKitError as error:
        sys.stderr.write(f"error: {error.message}\n")
        sys.exit(error.exit_code)
    # A run keeps most of what it makes, so that looking for garbage every few hundred objects finds little: a twentieth
    # of the time of a long run (docs/performance.md).
    gc.set_threshold(GARBAGE_THRESHOLD)
    try:
        # Not before the check: until then `cli` may be anybody's.
        from cli import run

        code = run()
    except KeyboardInterrupt:
        sys.stderr.write("interrupted: nothing was changed\n")
        code = 130
    end(code)


def end(code: int) -> NoReturn:
    """Ends the process; at once where threads are left behind, such as a call to a server that was given up.

    Python ends such threads by force when it shuts down; one that is inside a C++ library then aborts the process.
    """
    # What the process holds goes with it, without a last look at every object.
    gc.freeze()
    if not any(thread.daemon for thread in threading.enumerate()):
        sys.exit(code)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # nobody reads any more
            stream.flush()
    os._exit(code)


def check_rooms(rooms: Sequence[str] = ROOMS, *, home: Path | None = None) -> None:
    """Nothing, when every room is the one that lies beside this one; nothing is imported to find out.

    Args:
        rooms: top-level names to look up.
        home: the folder they must come from; the one that holds `persona_kit` where None.

    Raises:
        EnvironmentProblem: naming each room that is shadowed and the file that shadows it.
    """
    home = (home or Path(__file__).resolve().parent.parent).resolve()
    strangers = [f"{room} is {found}" for room in rooms if (found := _stranger(room, home)) is not None]
    if strangers:
        raise EnvironmentProblem(
            "files that carry the names of this program's own parts stand in their way",
            where="; ".join(strangers),
            mend=f"start from another folder, take them off PYTHONPATH, or install personas into an environment of its "
            f"own; its parts are in {home}",
        )


def _stranger(room: str, home: Path) -> str | None:
    """What stands where the room should be; None when it is the room."""
    try:
        spec = importlib.util.find_spec(room)
    except ValueError:  # a module without a spec was put into sys.modules by hand
        return "a module made at run time"
    if spec is None:
        return "missing"
    if spec.origin is None or not spec.has_location:
        return f"the folder {', '.join(spec.submodule_search_locations or [])} without an __init__.py"
    origin = Path(spec.origin).resolve()
    own = {home / f"{room}.py", home / room / "__init__.py"}
    return None if origin in own else str(origin)

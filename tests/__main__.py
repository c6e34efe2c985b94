"""`python -m tests`: everything that must pass, in the order that tells soonest."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CHECKS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
    ("docs.build_reference", "--check"),
    # A worker a core: most of a test's time is one core's. More than four would rather need memory.
    ("pytest", "-n", "auto", "--maxprocesses", "4", "--dist", "worksteal"),
)


def main() -> int:
    """The exit code of the first check that fails; 0 when all pass."""
    root = Path(__file__).resolve().parents[1]
    for check in CHECKS:
        print("+", "python", "-m", *check, flush=True)
        code = subprocess.run([sys.executable, "-m", *check], cwd=root, check=False).returncode
        if code != 0:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())

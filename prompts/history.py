"""Earlier texts of a template, from the repository it is kept in: what a prompt is compared with and bisected over."""

from __future__ import annotations

import subprocess
from pathlib import Path

from persona_kit.errors import EnvironmentProblem
from persona_kit.records import Record
from prompts.loader import Prompt, read_parts

_TIMEOUT_S = 30


class Revision(Record):
    """A commit that changed a template."""

    commit: str
    subject: str


def template_at(path: Path, revision: str) -> Prompt:
    """The template as it was at a revision; the parts it includes as they were, too.

    Raises:
        EnvironmentProblem: when the file is in no repository, or was not there.
        PromptError: when it was no template.
    """
    source = _git(path, "show", f"{revision}:./{path.name}")
    listed = _git(path, "ls-tree", "--name-only", revision, "./parts/", missing="")
    parts = {Path(name).name: _git(path, "show", f"{revision}:./parts/{Path(name).name}") for name in listed.split()}
    return Prompt(source, file_name=f"{path.name}@{revision[:12]}", parts=parts or read_parts())


def revisions_of(path: Path, *, good: str, bad: str) -> list[Revision]:
    """The commits after `good` up to `bad` that changed the template or a part, oldest first.

    Raises:
        EnvironmentProblem: when the file is in no repository, or a revision is not known.
    """
    log = _git(path, "log", "--reverse", "--format=%H%x09%s", f"{good}..{bad}", "--", f"./{path.name}", "./parts")
    rows = (line.split("\t", 1) for line in log.splitlines())
    return [Revision(commit=commit, subject=subject) for commit, subject in rows]


def _git(path: Path, *arguments: str, missing: str | None = None) -> str:
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=path.parent, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
        )
        fault = done.stderr.strip()
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EnvironmentProblem(f"git cannot be asked: {error}", where=str(path), mend="install git") from error
    if done.returncode == 0:
        return done.stdout
    if missing is not None:
        return missing
    raise EnvironmentProblem(
        f"git has no such version of the template: {fault.splitlines()[0] if fault else 'it says nothing'}",
        where=str(path),
        mend="name a revision at which the template was there, in a checkout of the project",
    )

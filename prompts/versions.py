"""Which text each version of a prompt has: a record beside the templates, so that no text changes under its version."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from persona_kit.atomic_write import write_text_atomically
from persona_kit.errors import PromptError
from prompts.loader import Prompt, folder

RECORD = "versions.json"

Versions = Mapping[str, Mapping[str, str]]
"""Prompt with its variant -> version -> `Prompt.contract_sha256`."""


def read_versions() -> Versions:
    """The record that ships."""
    return parse_versions(folder().joinpath(RECORD).read_text(encoding="utf-8"))


def parse_versions(text: str) -> Versions:
    """The record in its JSON text.

    Raises:
        PromptError: when it is no such record.
    """
    try:
        versions = json.loads(text)
        return {name: {str(version): str(sha) for version, sha in known.items()} for name, known in versions.items()}
    except (ValueError, AttributeError) as error:
        raise PromptError(f"the record of versions cannot be read: {error}", where=RECORD) from error


def version_fault(prompt: Prompt, versions: Versions) -> str:
    """What the record says against the prompt; empty where it has this text under this version."""
    known = versions.get(prompt.name, {}).get(prompt.front.version)
    if known is None:
        return f"version {prompt.front.version} is not in the record; add it with: personas prompts lint --record"
    if known != prompt.contract_sha256:
        return (
            f"the text changed under version {prompt.front.version}; give it a new version and a line in the changelog"
        )
    return ""


def record_versions(prompts: tuple[Prompt, ...], path: Path) -> list[str]:
    """Adds the versions that the record does not hold; what it holds stays as it is.

    Args:
        prompts: those that ship.
        path: of the record.

    Returns:
        What was added, as ``claim.small 1.0.0``.

    Raises:
        OutputError: when the record cannot be written.
    """
    versions = {name: dict(known) for name, known in parse_versions(_text_of(path)).items()}
    added = []
    for prompt in prompts:
        known = versions.setdefault(prompt.name, {})
        if prompt.front.version not in known:
            known[prompt.front.version] = prompt.contract_sha256
            added.append(f"{prompt.name} {prompt.front.version}")
    if added:
        write_text_atomically(path, json.dumps(versions, indent=2, sort_keys=True) + "\n")
    return added


def _text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else "{}"

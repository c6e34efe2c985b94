"""A finished run, opened to place new people in its segments."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from persona_kit.errors import EnvironmentProblem, InputError
from personas.assigning.building import MODEL_FILE
from personas.assigning.lsa_state import unpack_lsa
from personas.assigning.placing import Ruler
from personas.assigning.records import MODEL_FORMAT, SegmentModel, SpaceModel
from personas.attributes import OutputLanguage
from personas.outputs import MANIFEST
from personas.persona_set import FORMAT_VERSION
from personas.showing import load_persona_set
from retrieval.embedders import Embedder, open_embedder

AGAIN = "run it again with this version: `personas generate`, or `personas segment`"


@dataclass(frozen=True)
class FinishedRun:
    """What a run left that placing needs."""

    key: str
    language: OutputLanguage
    personas: Mapping[str, tuple[str, str]]
    """segment id -> persona id and name, of those that were written up."""
    ruler: Ruler

    @property
    def model(self) -> SegmentModel:
        """The segments."""
        return self.ruler.model


def open_run(folder: Path) -> FinishedRun:
    """The run whose results lie in the folder.

    Raises:
        InputError: when the folder holds no results, those of another version, or no model of the segments.
    """
    key = _run_key(folder)
    persona_set = load_persona_set(folder)
    model = _load_model(folder / MODEL_FILE)
    written = {persona.persona_id for persona in persona_set.personas}
    missing = {one.persona_id for space in model.spaces for one in space.segments if one.persona_id} - written
    if missing:
        raise InputError(
            f"the model of the segments belongs to another run: it names {', '.join(sorted(missing))}",
            where=str(folder / MODEL_FILE),
            mend=AGAIN,
        )
    try:
        names = {persona.segment_id: (persona.persona_id, persona.name) for persona in persona_set.personas}
        return FinishedRun(key, persona_set.language, names, Ruler(model))
    except ValueError as error:
        raise InputError(
            f"the model of the segments is damaged: {error}", where=str(folder / MODEL_FILE), mend=AGAIN
        ) from error


def _run_key(folder: Path) -> str:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        version, key = str(manifest["format_version"]), str(manifest["run_key"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            "this folder holds no finished run",
            where=str(folder / MANIFEST),
            mend="name the folder that `personas generate` or `personas segment` wrote with --to",
        ) from error
    if version != FORMAT_VERSION:
        raise InputError(
            f"the run was written in format {version}, and this version reads format {FORMAT_VERSION}",
            where=str(folder / MANIFEST),
            mend=AGAIN,
        )
    return key


def _load_model(path: Path) -> SegmentModel:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(
            "the run left no model of its segments: it was made by an older version", where=str(path), mend=AGAIN
        ) from error
    try:
        version = json.loads(content)["format_version"]
        if version != MODEL_FORMAT:
            raise InputError(
                f"the model of the segments has format {version}, and this version reads format {MODEL_FORMAT}",
                where=str(path),
                mend=AGAIN,
            )
        return SegmentModel.model_validate_json(content)
    except (ValueError, KeyError, TypeError) as error:
        detail = error.errors(include_url=False)[0]["msg"] if isinstance(error, ValidationError) else error
        raise InputError(f"the model of the segments is damaged: {detail}", where=str(path), mend=AGAIN) from error


def open_space(space: SpaceModel, *, base_url: str | None) -> Embedder:
    """The embedder that the run used for this space.

    Raises:
        EnvironmentProblem: when it is not installed here, or makes other vectors than the run's.
        InputError: when what it learnt from the run's documents is damaged.
    """
    if space.lsa is not None:
        try:
            return unpack_lsa(space.lsa)
        except ValueError as error:
            raise InputError(f"the model of the segments is damaged: {error}", where=MODEL_FILE, mend=AGAIN) from error
    embedder = open_embedder(
        space.embedder, texts=(), base_url=base_url if space.embedder.startswith("openai:") else None
    )
    if embedder.fingerprint != space.fingerprint:
        raise EnvironmentProblem(
            f"the embedder {space.embedder} is not the one that the run used: its vectors cannot be compared",
            where=f"here {embedder.fingerprint}, in the run {space.fingerprint}",
            mend="make the run again on this machine, or assign where it was made",
        )
    return embedder

"""What the people of a run wrote: from its workspace while that still holds the run, else from its sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from persona_kit.errors import InputError, PersonaKitError, WorkspaceLocked
from persona_kit.progress import Progress
from persona_kit.workspace import Workspace
from personas.verifying import load_assignments, load_manifest, load_stored_documents, read_again
from retrieval.documents import Document
from retrieval.hostile import without_words_set_aside
from retrieval.text_of_record import TextOfRecord


@dataclass(frozen=True, kw_only=True)
class RunTexts:
    """A run's documents, and who belongs where."""

    documents: tuple[Document, ...]
    """As they were when the run read them (each has the hash that documents.csv names), without the words of those that
    were set aside."""
    segment_of: Mapping[str, str]
    """Customer -> segment_id."""
    workspace: Path
    """The run's workspace; it may be gone."""

    def of(self, segment_id: str) -> tuple[Document, ...]:
        """What the members of the segment wrote."""
        return tuple(d for d in self.documents if self.segment_of.get(d.customer_id) == segment_id)

    def outside(self, segment_id: str) -> tuple[Document, ...]:
        """What everybody else wrote."""
        return tuple(d for d in self.documents if self.segment_of.get(d.customer_id) != segment_id)


def open_texts(out: Path, *, workspace: Path | None, sources: Sequence[str] | None, progress: Progress) -> RunTexts:
    """The documents of the run in the folder.

    Args:
        out: the folder that `generate` wrote.
        workspace: where the run kept its text; what the manifest names where None.
        sources: where the sources are now; then the workspace is not looked at.
        progress: told of the reading.

    Raises:
        InputError: when neither the workspace nor the sources hold the documents of the run.
    """
    manifest = load_manifest(out)
    stored = load_stored_documents(out)
    folder = workspace or Path(str(manifest["options"].get("workspace") or ".personas"))
    kept = None if sources is not None else _from_workspace(folder, stored)
    if kept is None:
        kept = _from_sources(out, stored, folder, sources=sources, progress=progress)
    return RunTexts(documents=without_words_set_aside(kept), segment_of=load_assignments(out), workspace=folder)


def _from_workspace(folder: Path, stored: Mapping[str, str]) -> tuple[Document, ...] | None:
    """The documents kept there; None where it is missing, in use, or holds other ones by now."""
    if not (folder / "corpus.sqlite3").is_file():
        return None
    try:
        with Workspace.open(folder) as workspace, TextOfRecord(workspace.database_path) as record:
            return _as_stored(record.documents(), stored)
    except WorkspaceLocked:
        return None


def _from_sources(
    out: Path, stored: Mapping[str, str], folder: Path, *, sources: Sequence[str] | None, progress: Progress
) -> tuple[Document, ...]:
    try:
        reading = read_again(out, sources=sources, progress=progress)
    except PersonaKitError as error:
        raise InputError(
            f"the workspace does not hold what this run read, and its sources cannot be read again: {error.what}",
            where=f"{folder}; {error.where or out}",
            mend="name the run's workspace with --workspace, or where its sources are now with --source",
        ) from error
    found = _as_stored(reading.documents, stored)
    if found is None:
        raise InputError(
            "the sources are not what this run read: documents were changed or removed since",
            where=str(out),
            mend="run generate again, or name the run's own workspace with --workspace",
        )
    return found


def _as_stored(documents: Sequence[Document], stored: Mapping[str, str]) -> tuple[Document, ...] | None:
    """The documents of the run among these; None where one is missing or has other words."""
    found = tuple(d for d in documents if stored.get(d.document_id) == d.text_sha256)
    return found if len(found) == len(stored) else None

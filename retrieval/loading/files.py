"""Which files a run reads: the sources the user named, folders walked in order, each read once."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from persona_kit.errors import InputError
from persona_kit.progress import Progress

TABLE_ENDINGS = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet", ".xlsx", ".xlsm")
TEXT_ENDINGS = (".txt", ".text", ".md", ".markdown", ".html", ".htm")
OFFICE_ENDINGS = (".pdf", ".docx")
ENDINGS = TABLE_ENDINGS + TEXT_ENDINGS + OFFICE_ENDINGS

MAX_FILE_BYTES = 1 << 30
"""Larger files are refused: everything is held in memory once."""

_NOT_CUSTOMER_FILES = ("license", "licence", "readme", "copying", "notice", "changelog", "contributing", "authors")


@dataclass(frozen=True)
class SourceFile:
    """One file to read."""

    source: str
    """As the user named it; relative to the folder given where a folder was."""
    label: str
    """What stands in generated ids: the file's name, or its source where two files share a name."""
    path: Path | None
    """None for stdin."""
    chosen: bool
    """True where the user named this very file, False where it was found in a folder."""

    @property
    def ending(self) -> str:
        """Lower-case suffix with its dot; empty for stdin."""
        return self.path.suffix.lower() if self.path else ""


def list_files(sources: Sequence[str], *, exclude: Sequence[str], progress: Progress) -> list[SourceFile]:
    """The files of the sources, each once: files as named, folders recursively and sorted, hidden files left out.

    Raises:
        InputError: when a source is missing, or no file that can be read is among them.
    """
    if not sources:
        raise InputError("no source was given", mend="name a file or folder of customer documents, or - for stdin")
    left_out = {Path(name).resolve() for name in exclude}
    found: list[tuple[str, Path | None, bool]] = []
    seen: set[Path | None] = set()
    for source in sources:
        for name, path, chosen in _expand(source, progress):
            key = path.resolve() if path else None
            if key not in seen and key not in left_out:
                seen.add(key)
                found.append((name, path, chosen))
    if not found:
        raise InputError(
            "no file that can be read",
            where=", ".join(sources),
            mend=f"name files or folders that hold {', '.join(ENDINGS)}",
        )
    return _label(found)


def read_bytes(file: SourceFile, *, stdin: bytes | None) -> bytes:
    """The bytes of the file, or what came in on stdin.

    Raises:
        InputError: when the file cannot be read, is empty or is larger than `MAX_FILE_BYTES`.
    """
    data = _stdin_bytes(stdin) if file.path is None else _file_bytes(file.path, file.source)
    if not data.strip(b" \t\r\n\xef\xbb\xbf\x00"):
        raise InputError(f"{file.source} is empty", where=file.source, mend="give a file that holds documents")
    return data


def _stdin_bytes(stdin: bytes | None) -> bytes:
    if stdin is None:
        raise InputError("nothing came in on stdin", where="-", mend="pipe the documents in, or name a file")
    return stdin


def _file_bytes(path: Path, name: str) -> bytes:
    try:
        if (size := path.stat().st_size) > MAX_FILE_BYTES:
            raise InputError(f"{name} is too large ({size:,} bytes)", where=name, mend="split it into smaller files")
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            f"cannot read {name}: {error.strerror or error}", where=name, mend="check the path and your permissions"
        ) from error


def _expand(source: str, progress: Progress) -> list[tuple[str, Path | None, bool]]:
    if source == "-":
        return [("-", None, True)]
    path = Path(source)
    if path.is_dir():
        return _walk(path, source, progress)
    if not path.exists():
        raise InputError(f"{source} does not exist", where=source, mend=_nearby(path))
    if path.suffix.lower() in {".xls", ".doc", ".gz", ".zip", ".rtf", ".pptx"}:
        raise InputError(
            f"{path.suffix} files are not read", where=source, mend=f"unpack or save it as one of {', '.join(ENDINGS)}"
        )
    return [(source, path, True)]


def _nearby(path: Path) -> str:
    from difflib import get_close_matches

    names = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
    close = get_close_matches(path.name, names, n=3, cutoff=0.6)
    return f"did you mean {', '.join(str(path.parent / name) for name in close)}?" if close else "check the path"


def _walk(folder: Path, source: str, progress: Progress) -> list[tuple[str, Path | None, bool]]:
    found: list[tuple[str, Path | None, bool]] = []
    skipped: list[str] = []
    for root, folders, names in os.walk(folder):
        if {"personas.json", "manifest.json"} <= set(names):
            progress.note(f"{Path(root).relative_to(folder).as_posix()}: results of an earlier run, not read")
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__")))
        for name in sorted(names):
            path = Path(root) / name
            relative = path.relative_to(folder).as_posix()
            if name.startswith((".", "~$")):
                continue
            # Nothing but files: to read a pipe or a device would never end.
            if not path.is_file() or path.suffix.lower() not in ENDINGS or path.stem.lower() in _NOT_CUSTOMER_FILES:
                skipped.append(relative)
                continue
            found.append((relative, path, False))
    if skipped:
        more = f" and {len(skipped) - 8} more" if len(skipped) > 8 else ""
        progress.note(f"{source}: not customer documents, left out: {', '.join(skipped[:8])}{more}")
    return sorted(found, key=lambda entry: entry[0])


def _label(found: list[tuple[str, Path | None, bool]]) -> list[SourceFile]:
    sources = Counter(name for name, _, _ in found)
    names = Counter(path.name if path else "stdin" for _, path, _ in found)
    files = []
    for name, path, chosen in found:
        source = name if sources[name] == 1 or path is None else path.as_posix()
        short = path.name if path else "stdin"
        files.append(SourceFile(source, short if names[short] == 1 else source, path, chosen))
    return files

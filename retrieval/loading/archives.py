"""Office files are archives of XML: what would fill memory, run entities or write elsewhere is refused unread."""

from __future__ import annotations

import io
import zlib
from pathlib import PurePosixPath, PureWindowsPath
from typing import Final
from zipfile import BadZipFile, ZipFile, ZipInfo

from persona_kit.errors import InputError

MOST_PARTS: Final = 10_000
MOST_UNPACKED: Final = 512 << 20
"""Bytes of all parts together."""
MOST_SQUEEZED: Final = 200
"""How many times smaller an archive of more than `ALWAYS_UNPACKED` may be than what is in it; real ones reach 30."""
ALWAYS_UNPACKED: Final = 64 << 20
_CHUNK: Final = 1 << 20
_DECLARATIONS: Final = tuple(
    text.encode(encoding) for text in ("<!doctype", "<!entity") for encoding in ("utf-8", "utf-16-le", "utf-16-be")
)
"""Office files have no document type; with one come entities that grow, and entities that read other files."""
_OVERLAP: Final = max(map(len, _DECLARATIONS))


def check_archive(data: bytes, *, where: str, kind: str) -> None:
    """Returns where the archive can be opened without harm.

    Args:
        data: of the file.
        where: how errors name it.
        kind: `Word` or `Excel`.

    Raises:
        InputError: when it is no archive, is made to grow without measure, holds a document type, an encrypted part,
            or a part whose name leads out of the archive.
    """
    try:
        with ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            if len(parts) > MOST_PARTS:
                raise _refused(where, f"it holds {len(parts):,} parts")
            for part in parts:
                _check_name(part, where)
            unpacked = 0
            for part in parts:
                unpacked += _check_part(archive, part, where, most=MOST_UNPACKED - unpacked, packed=len(data))
                if unpacked > ALWAYS_UNPACKED and unpacked > MOST_SQUEEZED * len(data):
                    raise _refused(where, f"it grows to more than {MOST_SQUEEZED} times its size")
    except (BadZipFile, zlib.error, NotImplementedError, EOFError, ValueError, RuntimeError, OSError) as error:
        raise InputError(
            f"{where} is not a readable {kind} file: {error}", where=where, mend="save it again in its program"
        ) from error


def _check_name(part: ZipInfo, where: str) -> None:
    name = part.filename
    paths = (PurePosixPath(name), PureWindowsPath(name))
    if any(path.is_absolute() or ".." in path.parts for path in paths) or "\x00" in name or paths[1].drive:
        raise _refused(where, f"its part {name[:80]!r} leads out of the file")
    if part.flag_bits & 1:
        raise InputError(f"{where} is locked with a password", where=where, mend="save it without a password")


def _check_part(archive: ZipFile, part: ZipInfo, where: str, *, most: int, packed: int) -> int:
    """The bytes of a part, as they are and not as the archive says."""
    is_xml = part.filename.lower().endswith((".xml", ".rels", ".vml"))
    size, last = 0, b""
    with archive.open(part) as file:
        while chunk := file.read(_CHUNK):
            size += len(chunk)
            if size > most or (size > ALWAYS_UNPACKED and size > MOST_SQUEEZED * packed):
                raise _refused(where, f"it grows to more than {min(size, MOST_UNPACKED) >> 20:,} MB")
            if is_xml:
                seen = (last + chunk).lower()
                if any(sign in seen for sign in _DECLARATIONS):
                    raise _refused(where, f"its part {part.filename[:80]!r} declares a document type or entities")
                last = chunk[-_OVERLAP:]
    return size


def _refused(where: str, why: str) -> InputError:
    return InputError(
        f"{where} is refused: {why}, as files made to do harm do",
        where=where,
        mend="do not open it; if you trust who sent it, save it again in its program, or as CSV or text",
    )

"""Every file is read before it is put in place: what must not stand in it is masked, or the files are not written.

Looked for are personal data (by the recognisers of the redaction), secrets that were planted to be found
(`--canaries`), ids of customers and documents where the export level allows none, and groups of too few people.
"""

from __future__ import annotations

import base64
import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal

from persona_kit.errors import InputError, PrivacyError
from persona_kit.records import Record
from persona_kit.response_store import ResponseStore
from personas.exporting import LEAST_PEOPLE
from personas.options import ExportLevel, RedactLevel
from retrieval.redaction import PLACEHOLDERS, find_personal_data

AuditKind = Literal["personal data", "canary", "raw id", "small group"]

_LEAST_CANARY: Final = 6
"""Characters of a secret without its spaces and signs; a shorter one would be found everywhere."""
_LEAST_ID: Final = 5
"""Characters of an id that is looked for inside of a text; a shorter one is a number or a word, too."""
_DIGEST: Final = re.compile(r"[0-9a-f]{16,}|[A-Za-z0-9+/]{40,}={0,2}")
_TOKEN: Final = re.compile(r"[^\s\"'“”‘’(),;<>|\[\]{}]+")
_BETWEEN: Final = "[\\\\\u2060]*"
"""What the escaping of Markdown puts between characters."""


class AuditReport(Record):
    """What the audit of a run's files found; stands in the manifest."""

    files: int
    masked: dict[str, int]
    """Pieces of personal data that were replaced, by file."""
    answers_removed: int = 0
    """Stored answers of the model that held personal data and were removed."""


@dataclass(frozen=True, kw_only=True)
class Auditor:
    """What is looked for."""

    level: ExportLevel
    redact: RedactLevel
    ids: frozenset[str] = frozenset()
    """Of all customers and documents."""
    canaries: tuple[str, ...] = ()

    @property
    def masks(self) -> bool:
        """Whether personal data is masked; where the user redacts nothing, only what leaves the house is."""
        return self.redact != "off" or self.level != "internal"

    def audit(self, files: Mapping[str, str], store: Path | None = None) -> tuple[dict[str, str], AuditReport]:
        """The files as they may be written, and what was found.

        Args:
            files: by name.
            store: file of the model's stored answers.

        Raises:
            PrivacyError: when a canary, an id that is not allowed or a group too small stands in a file; none may be
                written then.
        """
        blocked: list[str] = []
        masked: dict[str, int] = {}
        audited: dict[str, str] = {}
        for name, text in files.items():
            blocked += [f"{name}: {told}" for told in self._blocks(name, text)]
            audited[name], count = self._mask(name, text) if self.masks else (text, 0)
            if count:
                masked[name] = count
        removed = self._audit_store(store, blocked) if store is not None and store.is_file() else 0
        if blocked:
            raise PrivacyError(
                "the audit found what must not be written, so nothing was written: " + "; ".join(blocked[:5]),
                where=", ".join(sorted({line.partition(":")[0] for line in blocked})),
                mend="look for it in the input (redact more with --redact strict, leave the column or document out), "
                "or choose another --export level",
            )
        return audited, AuditReport(files=len(files), masked=masked, answers_removed=removed)

    def _blocks(self, name: str, text: str) -> Iterator[str]:
        """What forbids the file, without repeating it."""
        yield from self._canaries_in(text)
        if self.level == "internal":
            return
        found = {token for leaf in leaves(name, text) for token in self._ids_in(leaf)}
        if found:
            yield f"{len(found)} ids of customers or documents (raw id)"
        if name == "personas.json" and (small := sum(_small_groups(json.loads(text), LEAST_PEOPLE[self.level]))):
            yield f"{small} groups of fewer than {LEAST_PEOPLE[self.level]} people (small group)"

    def _canaries_in(self, text: str) -> Iterator[str]:
        if not self._secrets:
            return
        squeezed = _squeeze(text)
        for number, (plain, encoded) in self._secrets.items():
            if plain in squeezed or any(form in text for form in encoded):
                yield f"the canary of line {number}"

    @cached_property
    def _secrets(self) -> dict[int, tuple[str, tuple[str, ...]]]:
        """Line -> the secret without spaces and signs, and as base64 at each of the three places it may begin at."""
        found = {}
        for number, secret in enumerate(self.canaries, start=1):
            if len(_squeeze(secret)) >= _LEAST_CANARY:
                found[number] = (_squeeze(secret), tuple(_base64_forms(secret)))
        return found

    def _ids_in(self, leaf: str) -> Iterator[str]:
        if leaf in self.ids and (len(leaf) >= _LEAST_ID or not leaf.isdecimal()) and len(leaf) > 1:
            yield leaf
        for token in _TOKEN.findall(leaf):
            bare = token.strip(".,:!?*_`")
            if len(bare) >= _LEAST_ID and bare in self._searched:
                yield bare

    @cached_property
    def _searched(self) -> frozenset[str]:
        # A name of a thing or a short word as an id would be found in every sentence.
        return frozenset(one for one in self.ids if any(character.isdigit() for character in one))

    def _mask(self, name: str, text: str) -> tuple[str, int]:
        found: dict[str, str] = {}
        for leaf in leaves(name, text):
            found |= personal_data(leaf, self._strictness)
        count = 0
        for literal, placeholder in sorted(found.items(), key=lambda item: -len(item[0])):
            if literal in self.ids:
                continue  # redaction made it public; behind the words of a quote it may look like a number of theirs
            pattern = _BETWEEN.join(map(re.escape, literal))
            count += len(re.findall(pattern, text))
            text = re.sub(pattern, placeholder.replace("\\", r"\\"), text)
        return text, count

    @property
    def _strictness(self) -> RedactLevel:
        return "standard" if self.redact == "off" else self.redact

    def _audit_store(self, store: Path, blocked: list[str]) -> int:
        """Removes stored answers that hold personal data; they are asked for again when a run needs them."""
        removed = 0
        with ResponseStore(store) as answers:
            for key, value in answers.answers():
                blocked += [f"{store.name}: {told}" for told in self._canaries_in(value)]
                if self.redact != "off" and any(
                    personal_data(leaf, self._strictness) for leaf in leaves("answer.json", value)
                ):
                    answers.discard(key)
                    removed += 1
        return removed


def read_canaries(path: Path | None) -> tuple[str, ...]:
    """The secrets of a file, one a line; none where there is no file.

    Raises:
        InputError: when it cannot be read.
    """
    if path is None:
        return ()
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the canaries cannot be read: {error}", where=str(path), mend="give a text file") from error
    return tuple(line.strip() for line in lines)


def personal_data(text: str, level: RedactLevel) -> dict[str, str]:
    """Pieces of personal data in the text and what they are replaced by; a checksum or digest is none."""
    if _DIGEST.fullmatch(text):
        return {}
    return {text[start:end]: PLACEHOLDERS[kind] for start, end, kind in find_personal_data(text, level=level)}


def leaves(name: str, text: str) -> Iterator[str]:
    """The texts that a file holds, without what its format puts around them."""
    if name.endswith(".jsonl"):
        for line in text.splitlines():
            yield from _strings(_json(line))
    elif name.endswith(".json"):
        yield from _strings(_json(text))
    elif name.endswith(".csv"):
        for row in csv.reader(io.StringIO(text)):
            yield from row
    elif name.endswith(".html"):
        yield from _shown(text)
    else:
        for line in text.splitlines():
            # A row of a table is several texts: figures side by side are no phone number.
            yield from re.sub(_BETWEEN, "", line).split("|")


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield str(key)
            yield from _strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from _strings(part)


def _shown(html: str) -> Iterator[str]:
    """The texts and attributes of a page, its style and script left out."""
    from selectolax.lexbor import LexborHTMLParser

    for node in LexborHTMLParser(html).root.traverse(include_text=True):  # type: ignore[union-attr]  # a page has a root
        if node.tag in {"style", "script"} or (node.parent is not None and node.parent.tag in {"style", "script"}):
            continue
        if node.tag == "-text":
            yield node.text(deep=False)
        else:
            yield from (str(value) for key, value in node.attributes.items() if value and key not in {"d", "points"})


def _small_groups(value: Any, least: int) -> Iterator[bool]:
    """For each group of people in a persona set, whether it is too small."""
    for persona in value.get("personas", ()):
        yield persona["people"] < least
        for part in (*persona["claims"], *persona["characteristics"]):
            yield part["people"] < least
    for theme in value.get("themes", ()):
        yield theme["people"] < least


def _squeeze(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())


def _base64_forms(secret: str) -> Iterable[str]:
    """The middle of the secret's base64, whatever stands before it."""
    data = secret.encode()
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + data).decode().rstrip("=")
        middle = encoded[4 if shift else 0 : len(encoded) - 2]
        if len(middle) >= _LEAST_CANARY:
            yield middle

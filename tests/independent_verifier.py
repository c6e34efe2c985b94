"""Checks every quote of a result folder against the sources, with nothing of the product: the standard library only.

    python tests/independent_verifier.py OUT SOURCE... [--counts]

It reads all JSON and JSONL files of OUT, takes everything that has a `quote` and a `document_id`, finds the record
of that id in the sources by itself, and asks: do the characters stand there in one piece? Text is compared after NFC
and with line ends as line feeds, as the product declares; a redaction such as [email] stands for what it hides.
The offsets must be as long as the quote, and the document must be the customer's.
"""

from __future__ import annotations

import csv
import json
import re
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PLACEHOLDER = re.compile(r"\[[a-z][a-z _-]{1,30}\]")
HIDDEN = r"[\s\S]{1,120}?"
HAN = re.compile(r"[\u3400-\u9fff]")
TABLES = {".csv": ",", ".tsv": "\t"}


@dataclass
class SourceRecord:
    """What a source says of one document."""

    texts: list[str]
    """Cells, or turns in order, normalised; never joined."""
    words: set[str] = field(default_factory=set)
    """All short values of the record: ids, customers, dates."""


@dataclass
class Checked:
    """What was found."""

    quotes: int = 0
    faults: list[str] = field(default_factory=list)


def normalised(text: str) -> str:
    """NFC with line feeds; a byte order mark at the beginning goes."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff"))


def read_sources(places: list[Path]) -> dict[str, list[SourceRecord]]:
    """Every record of every file under each id it can be called by: any short cell, and FILE:NUMBER."""
    found: dict[str, list[SourceRecord]] = {}
    for place in places:
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            name = path.relative_to(place).as_posix() if place.is_dir() else path.name
            for number, record in enumerate(_records(path), start=1):
                for key in {*record.words, f"{name}:{number}", f"{path.name}:{number}", name, path.name}:
                    found.setdefault(key, []).append(record)
    return found


def _records(path: Path) -> Iterator[SourceRecord]:
    kind = path.suffix.lower()
    if not path.is_file():
        return
    if kind in TABLES:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file, delimiter=TABLES[kind]):
                yield _record([str(cell) for cell in row.values() if cell])
    elif kind == ".jsonl":
        for line in path.read_text(encoding="utf-8-sig").split("\n"):
            if line.strip():
                yield _record(list(_strings(json.loads(line))))
    elif kind == ".json":
        for item in json.loads(path.read_text(encoding="utf-8-sig")):
            yield _record(list(_strings(item)))
    elif kind in {".md", ".txt"}:
        text = path.read_text(encoding="utf-8-sig")
        head = [part.strip() for line in text.split("\n")[:6] for part in line.split(":", 1)]
        yield SourceRecord([normalised(text)], {path.stem, *head})


def _record(cells: list[str]) -> SourceRecord:
    texts = [normalised(cell) for cell in cells]
    return SourceRecord(texts, {text for text in texts if len(text) <= 80})


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _strings(part)
    elif isinstance(value, str | int) and not isinstance(value, bool):
        yield str(value)


def quotes_in(value: Any, where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Everything in a result that quotes a document, with where it stands."""
    if isinstance(value, dict):
        if isinstance(value.get("quote"), str) and "document_id" in value:
            yield where, value
        for key, part in value.items():
            yield from quotes_in(part, f"{where}.{key}")
    elif isinstance(value, list):
        for at, part in enumerate(value):
            yield from quotes_in(part, f"{where}[{at}]")


def results_in(out: Path) -> Iterator[tuple[str, Any]]:
    """Every JSON value of the folder, with its file."""
    for path in sorted(out.iterdir()):
        if path.suffix == ".json":
            yield path.name, json.loads(path.read_text(encoding="utf-8"))
        elif path.suffix == ".jsonl" and path.name != "quarantine.jsonl":
            for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
                if line:
                    yield f"{path.name}:{number}", json.loads(line)


def stands(quote: str, record: SourceRecord) -> bool:
    """Whether the quote is in the record: in one cell to the character, or over turns that follow each other."""
    if any(quote in text for text in record.texts):
        return True
    lines = [part.strip() for part in quote.split("\n") if part.strip()]
    # Turns of a conversation stand in lines of their own, each in the source by itself, in order.
    return bool(lines) and _in_order(lines, record.texts)


def _in_order(lines: list[str], texts: list[str]) -> bool:
    at = 0
    for line in lines:
        pattern = re.compile(HIDDEN.join(re.escape(part) for part in PLACEHOLDER.split(line)))
        while (
            at < len(texts) and line not in texts[at] and not (PLACEHOLDER.search(line) and pattern.search(texts[at]))
        ):
            at += 1
        if at == len(texts):
            return False
    return True


def check(out: Path, sources: list[Path]) -> Checked:
    """All quotes of the folder."""
    records = read_sources(sources)
    with (out / "documents.csv").open(encoding="utf-8", newline="") as file:
        customer_of = {row["document_id"]: row["customer_id"] for row in csv.DictReader(file)}
    done = Checked()
    for name, value in results_in(out):
        for where, cited in quotes_in(value, name):
            done.quotes += 1
            fault = _fault(cited, records, customer_of)
            if fault:
                done.faults.append(f"{where}: {fault}: {cited['quote'][:120]!r} ({cited['document_id']})")
    return done


def _fault(cited: dict[str, Any], records: dict[str, list[SourceRecord]], customer_of: dict[str, str]) -> str:
    document_id, quote = str(cited["document_id"]), str(cited["quote"])
    candidates = records.get(document_id, [])
    if document_id not in customer_of:
        return "no such document in documents.csv"
    if cited.get("customer_id", customer_of[document_id]) != customer_of[document_id]:
        return "another customer's document"
    if "start" in cited and cited["end"] - cited["start"] != len(quote):
        return "the offsets are not as long as the quote"
    if not candidates:
        return "no such record in the sources"
    return "" if any(stands(quote, record) for record in candidates) else "does not stand in its record"


def counts(out: Path) -> dict[str, float]:
    """How rich the personas are: the least of each over all personas and their supported claims."""
    personas = json.loads((out / "personas.json").read_text(encoding="utf-8"))["personas"]
    claims = [claim for persona in personas for claim in persona["claims"] if claim["basis"] is None]
    supported = [claim for claim in claims if claim["status"] == "supported"]
    quotes = [citation["quote"] for claim in claims for citation in claim["citations"]]
    return {
        "personas": len(personas),
        "claims a persona, least": min((len(persona["claims"]) for persona in personas), default=0),
        "people behind a supported claim, least": min((claim["people"] for claim in supported), default=0),
        "quotes of a supported claim, least": min((len(claim["citations"]) for claim in supported), default=0),
        "quotes too short": sum(not is_long_enough(quote) for quote in quotes),
    }


def is_long_enough(quote: str) -> bool:
    """Four words, or six Chinese characters."""
    return len(HAN.findall(quote)) >= 6 or len(re.findall(r"\S*\w\S*", HAN.sub(" ", quote))) >= 4


def main() -> int:
    """Prints what was checked; 1 where a quote does not stand."""
    arguments = [argument for argument in sys.argv[1:] if argument != "--counts"]
    out, *sources = [Path(argument) for argument in arguments]
    done = check(out, sources)
    for fault in done.faults:
        print(fault)
    if "--counts" in sys.argv:
        print(json.dumps(counts(out)))
    print(f"{done.quotes} quotes, {done.quotes - len(done.faults)} stand in their sources")
    return 1 if done.faults or not done.quotes else 0


if __name__ == "__main__":
    raise SystemExit(main())

"""A simulated corpus on disk, written as it is made: whole or not there."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

from persona_kit.errors import OutputError
from personas.simulation.options import SimulationOptions
from personas.simulation.simulating import SimulatedPerson, Simulation, simulate
from personas.simulation.truth import Tally, document_truth

DOCUMENTS = "documents.jsonl"
CUSTOMERS = "customers.csv"
ORDERS = "orders.csv"
EVENTS = "events.csv"
TRUTH = "truth.json"
DOCUMENT_TRUTH = "truth_documents.jsonl"

CORPUS_FOLDER = "corpus"
TRUTH_FOLDER = "truth"
"""Apart from the corpus, so that whoever reads the whole folder of the corpus does not read the answers too."""

_json = json.JSONEncoder(ensure_ascii=False).encode
_ORDER_COLUMNS = ("order_id", "customer_id", "order_date", "product", "quantity", "amount", "currency", "discount")
_EVENT_COLUMNS = ("event_id", "customer_id", "time", "event", "channel")


def write_simulation(simulation: Simulation, out: Path) -> dict[str, Path]:
    """Writes the corpus into a folder, one person at a time, and says where each file lies.

    Nothing of an earlier corpus is replaced before all of the new one is written.

    Raises:
        OutputError: when the folder cannot be written.
    """
    names = [DOCUMENTS, CUSTOMERS, TRUTH, DOCUMENT_TRUTH]
    if simulation.options.orders:
        names += [ORDERS, EVENTS]
    paths = {name: _place(out, name) for name in names}
    with _files(paths) as files:
        _write(simulation, files)
    return paths


def simulate_into(out: Path, options: SimulationOptions, *, force: bool = False) -> list[Path]:
    """Makes the corpus and writes it: ``out/corpus`` is what a run reads, ``out/truth`` what is true of it.

    Raises:
        OutputError: when the folder holds something already and `force` is not given, or cannot be written.
    """
    if not force and out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise OutputError(
            "there is something already", where=str(out), mend="name another folder, or add --force to write over it"
        )
    return sorted(write_simulation(simulate(options), out).values())


def _place(out: Path, name: str) -> Path:
    return out / (TRUTH_FOLDER if name in {TRUTH, DOCUMENT_TRUTH} else CORPUS_FOLDER) / name


@contextmanager
def _files(paths: dict[str, Path]) -> Iterator[dict[str, TextIO]]:
    """Files beside the ones wanted, which take their place when all went well."""
    parts = {name: path.with_name(f".{path.name}.part") for name, path in paths.items()}
    try:
        for path in parts.values():
            path.parent.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            yield {
                name: stack.enter_context(part.open("w", encoding="utf-8", newline="")) for name, part in parts.items()
            }
        for name, part in parts.items():
            part.replace(paths[name])
    except OSError as error:
        raise OutputError(
            f"the simulated corpus cannot be written: {error.strerror or error}",
            where=str(next(iter(paths.values())).parent),
            mend="choose a folder you can write to, and check that the disk has room",
        ) from error
    finally:
        for part in parts.values():
            # Where the folder could not be made there is no file either.
            with suppress(OSError):
                part.unlink()


def _write(simulation: Simulation, files: dict[str, TextIO]) -> None:
    tally = Tally(simulation.plan)
    tables = {
        name: csv.writer(files[name], lineterminator="\n") for name in (CUSTOMERS, ORDERS, EVENTS) if name in files
    }
    for name, columns in ((ORDERS, _ORDER_COLUMNS), (EVENTS, _EVENT_COLUMNS)):
        if name in tables:
            tables[name].writerow(columns)
    files[TRUTH].write(_opened(tally.head()) + ',\n"customers": [')
    for number, one in enumerate(simulation.people()):
        if number == 0:
            tables[CUSTOMERS].writerow(one.customer)
        tally.add(one.person, one.written)
        _write_person(one, files, tables)
        files[TRUTH].write(f"{',' if number else ''}\n{_json(one.truth)}")
    files[TRUTH].write("\n]")
    for key, value in tally.counts().items():
        files[TRUTH].write(f",\n{_json(key)}: {_json(value)}")
    files[TRUTH].write("\n}\n")


def _write_person(one: SimulatedPerson, files: dict[str, TextIO], tables: dict[str, Any]) -> None:
    for document in one.written:
        files[DOCUMENTS].write(_json(document.row) + "\n")
        files[DOCUMENT_TRUTH].write(_json(document_truth(document)) + "\n")
    tables[CUSTOMERS].writerow(one.customer.values())
    if ORDERS in tables:
        tables[ORDERS].writerows(row.values() for row in one.purchases.orders)
        tables[EVENTS].writerows(row.values() for row in one.purchases.events)


def _opened(head: dict[str, Any]) -> str:
    return "{\n" + ",\n".join(f"{_json(key)}: {_json(value)}" for key, value in head.items())

"""Expected orders against what came, alarms on clean orders, and time and memory of a large table, all simulated.

    python -m benchmarks.behaviour expected [--seeds 20] [--customers 2000]
    python -m benchmarks.behaviour alarms [--seeds 20] [--customers 2000]
    python -m benchmarks.behaviour size [--customers 200000]

Purchases follow BG/NBD and Gamma-Gamma over two years, with the year after known (needs the extra `value`). `expected`:
expected over real orders and money of the year after, over the seeds; `covered` is how often the ratio's interval of
the check held the ratio of the year after. `alarms`: customers shown as unusual though nobody is. `size`: about five
orders a customer; seconds of the process's CPU (the wall clock beside them) and its largest memory.
"""

from __future__ import annotations

import argparse
import csv
import resource
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from personas.behaviour import BehaviourTable, read_behaviour

DAYS, AHEAD = 730, 365
START = date(2024, 1, 1)
WORLDS = {"steady": (0.8, 6.0, 0.8, 3.0), "leaving": (0.8, 6.0, 1.5, 2.0), "often": (3.0, 6.0, 0.5, 8.0)}
"""Shape and (weeks) scale of the rate of orders, and the two parameters of leaving."""
LARGE = (0.8, 9.5, 0.8, 4.0)

Drawn = tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]


def draw(customers: int, seed: int, world: tuple[float, float, float, float]) -> Drawn:
    """Customer, day and amount of every order of three years."""
    rng = np.random.default_rng(seed)
    rate = np.maximum(rng.gamma(world[0], 1 / world[1], customers) / 7, 1e-9)
    leaving = rng.beta(world[2], world[3], customers)
    scale = rng.gamma(4.0, 1 / 60, customers)
    now = rng.uniform(0, DAYS / 2, customers)
    who, when = [np.arange(customers)], [now.copy()]
    here = np.arange(customers)
    while len(here):
        now[here] += rng.exponential(1 / rate[here])
        here = here[now[here] <= DAYS + AHEAD]
        who.append(here)
        when.append(now[here])
        here = here[rng.random(len(here)) >= leaving[here]]
    people, days = np.concatenate(who), np.concatenate(when)
    order = np.argsort(days, kind="stable")
    return people[order], days[order], rng.gamma(6.0, 1 / scale[people[order]])


def write(path: Path, drawn: Drawn) -> None:
    """The orders of the first two years as a table."""
    names = [(START + timedelta(days=day)).isoformat() for day in range(DAYS + 1)]
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["order_id", "customer_id", "order_date", "amount", "currency", "product"])
        for number, (person, day, amount) in enumerate(zip(*(values.tolist() for values in drawn), strict=True)):
            if day <= DAYS:
                row = (f"o{number:07d}", f"c{person:06d}", names[int(day)], f"{amount:.2f}", "EUR", f"p{number % 40}")
                out.writerow(row)


def read(drawn: Drawn, *, expected: bool) -> BehaviourTable:
    """The table of those orders."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "orders.csv"
        write(path, drawn)
        return read_behaviour(str(path), None, writing=["c000000", "c000001"], expected=expected)


def compare_expected(customers: int, seeds: int) -> None:
    print(f"{'world':>8} {'orders':>22} {'money':>22} {'correlation':>11} {'covered':>8} {'withheld':>8}")
    for name, world in WORLDS.items():
        rows = []
        for seed in range(seeds):
            drawn = draw(customers, seed, world)
            table = read(drawn, expected=True)
            if (model := table.report.model) is None:
                continue
            later = drawn[1] > DAYS
            pairs = np.unique(drawn[0][later] * 2000 + drawn[1][later].astype(np.int64)) // 2000
            came = np.bincount(pairs, minlength=customers)
            ratio = came.sum() / table.expected_orders.sum()
            spent = drawn[2][later].sum() / np.nansum(table.expected_value)
            held = model.check.ratio.low <= ratio <= model.check.ratio.high
            rows.append((1 / ratio, 1 / spent, np.corrcoef(came, table.expected_orders)[0, 1], held))
        found = np.array(rows, dtype=np.float64)
        told = [f"{np.median(found[:, k]):.2f} ({found[:, k].min():.2f}–{found[:, k].max():.2f})" for k in (0, 1)]
        print(
            f"{name:>8} {told[0]:>22} {told[1]:>22} {np.median(found[:, 2]):>11.2f} {found[:, 3].mean():>8.2f} "
            f"{seeds - len(rows):>8}"
        )


def count_alarms(customers: int, seeds: int) -> None:
    for name, world in WORLDS.items():
        tables = [read(draw(customers, seed, world), expected=False) for seed in range(seeds)]
        shown = sum(len(table.unusual) for table in tables)
        people = sum(len(table.customer_ids) for table in tables)
        print(f"{name:>8}: {shown} of {people:,} customers shown, {1000 * shown / people:.2f} of a thousand")


def time_large(customers: int) -> None:
    drawn = draw(customers, 1, LARGE)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "orders.csv"
        write(path, drawn)
        print(f"{(drawn[1] <= DAYS).sum():,} orders of {customers:,} customers, {path.stat().st_size / 1e6:.0f} MB")
        for expected in (False, True):
            wall, cpu = time.perf_counter(), time.process_time()
            read_behaviour(str(path), None, writing=["c000000", "c000001"], expected=expected)
            most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(
                f"{'with' if expected else 'without'} expected value: {time.process_time() - cpu:.1f} s CPU, "
                f"{time.perf_counter() - wall:.1f} s, {most:.0f} MB ({before:.0f} MB before)"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["expected", "alarms", "size"])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--customers", type=int)
    given = parser.parse_args()
    if given.what == "size":
        time_large(given.customers or 200_000)
    else:
        (compare_expected if given.what == "expected" else count_alarms)(given.customers or 2000, given.seeds)


if __name__ == "__main__":
    main()

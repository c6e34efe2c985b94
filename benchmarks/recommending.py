"""How often a recommended product is one that the customer really has: each customer's last product hidden in turn.

Run: ``python -m benchmarks.recommending [--orders orders.csv]``. Without a table, baskets are made up: with products
that go together (planted), and with products that do not (none should be recommended).
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from pathlib import Path

import numpy as np

from personas.actions.holdings import LEAST_OWNERS, Holdings
from personas.actions.recommending import MOST_OF_A_CUSTOMER, Recommender
from personas.actions.rules import PairRule, find_pair_rules
from personas.counting import wilson_interval

Baskets = dict[str, list[str]]


def made_up(people: int, products: int, *, together: bool, seed: int) -> Baskets:
    """Baskets of two to five products; those that go together come from one of four shelves in seven of ten draws."""
    draw = np.random.default_rng(seed)
    baskets: Baskets = {}
    for person in range(people):
        shelf = int(draw.integers(4))
        own = [product for product in range(products) if product % 4 == shelf]
        found: list[str] = []
        for _ in range(int(draw.integers(2, 6))):
            choice = draw.choice(own) if together and draw.random() < 0.7 else draw.integers(products)
            if (name := f"P{int(choice):02d}") not in found:
                found.append(name)
        baskets[f"c{person:05d}"] = found
    return baskets


def from_table(path: Path, *, customer: str, product: str) -> Baskets:
    """What each customer of an orders table bought, in the order of the table."""
    baskets: Baskets = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            basket = baskets.setdefault(row[customer], [])
            if row[product] and row[product] not in basket:
                basket.append(row[product])
    return baskets


def recommender_of(baskets: Baskets) -> Recommender:
    """The rules of these baskets, without segments."""
    owners = Counter(name for basket in baskets.values() for name in basket)
    names = sorted((name for name in owners if owners[name] >= LEAST_OWNERS), key=lambda name: (-owners[name], name))
    place = {name: at for at, name in enumerate(names)}
    people = sorted(baskets)
    pairs = [(at, place[name]) for at, one in enumerate(people) for name in sorted(baskets[one]) if name in place]
    grid = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    holdings = Holdings(tuple(people), tuple(names), grid[:, 0], grid[:, 1])
    rules: dict[int, list[PairRule]] = {}
    for rule in find_pair_rules(holdings.matrix, holdings.matrix, same=True):
        rules.setdefault(rule.given, []).append(rule)
    return Recommender(holdings=holdings, of_products=rules)


def measure(baskets: Baskets, *, folds: int = 5) -> str:
    """A line: customers told something, how often a product told was the hidden one, and the same for the best sold."""
    usable = sorted(one for one, basket in baskets.items() if len(basket) > 1)
    told = hits = popular = shown = 0
    for fold in range(folds):
        hidden = {one: baskets[one][-1] for at, one in enumerate(usable) if at % folds == fold}
        known = {one: basket[:-1] if one in hidden else basket for one, basket in baskets.items()}
        recommender = recommender_of(known)
        sold = [name for name, _ in Counter(name for basket in known.values() for name in basket).most_common()]
        for one, product in hidden.items():
            names = [tag.value for tag in recommender.for_customer(one, "", ())][:MOST_OF_A_CUSTOMER]
            best = [name for name in sold if name not in known[one]][: len(names)]
            told += bool(names)
            shown += len(names)
            hits += product in names
            popular += product in best
    interval = wilson_interval(hits, told)
    among = f"among as many best sold for {popular} ({popular / max(told, 1):.2f})"
    found = f"{hits} ({hits / max(told, 1):.2f}, {interval.low:.2f} to {interval.high:.2f})"
    customers = f"{len(usable)} customers, {told} told something ({shown} products)"
    return f"{customers}; the hidden product was among them for {found}, {among}"


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=Path)
    parser.add_argument("--customer", default="customer_id")
    parser.add_argument("--product", default="product")
    given = parser.parse_args()
    if given.orders is not None:
        print(measure(from_table(given.orders, customer=given.customer, product=given.product)))
        return
    for together in (True, False):
        for people in (200, 2_000):
            name = "go together" if together else "do not"
            print(f"{people} people, products that {name}: {measure(made_up(people, 24, together=together, seed=3))}")


if __name__ == "__main__":
    main()

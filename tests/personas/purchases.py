"""Simulated purchase histories with known parameters: what comes after the table ends is known too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

START = date(2024, 1, 1)

Row = tuple[str, str, str, float, str]
HEADER = ("order_id", "customer_id", "order_date", "amount", "product")


@dataclass(frozen=True)
class Purchases:
    """Orders up to the end of the table, and what the customers really did in the year after."""

    rows: list[Row]
    later_days: NDArray[np.int64]
    """``(customers,)`` days with an order in the 365 days after the table."""
    later_money: NDArray[np.float64]
    customer_ids: tuple[str, ...]


def simulate_purchases(
    *,
    customers: int,
    seed: int,
    days: int = 730,
    ahead: int = 365,
    rate: tuple[float, float] = (0.8, 6.0),
    dropout: tuple[float, float] = (0.8, 3.0),
    spend: tuple[float, float, float] = (6.0, 4.0, 60.0),
) -> Purchases:
    """Histories as BG/NBD and Gamma-Gamma tell them.

    Args:
        customers: how many; everybody's first order lies in the first half of the table.
        seed: of the draw.
        days: that the table spans.
        ahead: days after the table.
        rate: shape and (weeks) scale of the gamma distribution of orders a week.
        dropout: parameters of the beta distribution of leaving after a repeat order.
        spend: p, q and gamma of the amounts.
    """
    rng = np.random.default_rng(seed)
    rates = rng.gamma(rate[0], 1 / rate[1], customers) / 7
    leaving = rng.beta(*dropout, customers)
    scales = rng.gamma(spend[1], 1 / spend[2], customers)
    firsts = rng.uniform(0, days / 2, customers)
    rows: list[tuple[int, int, float]] = []
    later_days, later_money = np.zeros(customers, dtype=np.int64), np.zeros(customers)
    for person in range(customers):
        moments = [float(firsts[person])]
        while moments[-1] <= days + ahead:
            moments.append(moments[-1] + float(rng.exponential(1 / max(rates[person], 1e-9))))
            if rng.random() < leaving[person]:
                break
        amounts = rng.gamma(spend[0], 1 / scales[person], len(moments))
        kept = [(int(at), float(amount)) for at, amount in zip(moments, amounts, strict=True) if at <= days + ahead]
        rows += [(person, at, amount) for at, amount in kept if at <= days]
        after = [(at, amount) for at, amount in kept if at > days]
        later_days[person] = len({at for at, _ in after})
        later_money[person] = sum(amount for _, amount in after)
    rows.sort(key=lambda row: (row[1], row[0]))
    ids = tuple(f"c{person:06d}" for person in range(customers))
    products = [f"product {letter}" for letter in "abcdefgh"]
    table: list[Row] = [
        (
            f"o{number:07d}",
            ids[person],
            (START + timedelta(days=at)).isoformat(),
            round(amount, 2),
            products[number % 8],
        )
        for number, (person, at, amount) in enumerate(rows)
    ]
    # The table ends on its last day, whether anybody orders then or not.
    table.append((f"o{len(rows):07d}", ids[0], (START + timedelta(days=days)).isoformat(), 50.0, products[0]))
    return Purchases(table, later_days, later_money, ids)

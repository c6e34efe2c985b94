"""Each customer's share of the money, within the currency, so that amounts of different currencies are never added."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from personas.behaviour.history import NO_CURRENCY, History

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def orders_by_currency(history: History, currencies: int) -> Ints:
    """Orders of the customers of each currency."""
    known = history.currency != NO_CURRENCY
    return np.bincount(history.currency[known], weights=history.orders[known], minlength=currencies).astype(np.int64)


def share_of_money(money: Floats, currency: Ints, weights: Ints) -> Floats | None:
    """Each customer's part of all the money; the parts add up to 1.

    With one currency it is money over money. With several it is the share within the customer's currency, times that
    currency's share of all orders: what a unit of one currency is worth in another is never asked.

    Args:
        money: ``(customers,)``, NaN where unknown.
        currency: index of each customer's currency, or `NO_CURRENCY`.
        weights: orders by currency.

    Returns:
        ``(customers,)`` with 0 where the money is unknown; None where there is no money at all.
    """
    known = (currency != NO_CURRENCY) & ~np.isnan(money)
    totals = np.bincount(currency[known], weights=money[known], minlength=len(weights))
    # A currency in which more was given back than paid has no shares.
    used = np.where(totals > 0, weights, 0).astype(np.float64)
    if used.sum() <= 0:
        return None
    scale = np.divide(used / used.sum(), totals, out=np.zeros(len(totals)), where=totals > 0)
    shares = np.zeros(len(money))
    shares[known] = money[known] * scale[currency[known]]
    return shares

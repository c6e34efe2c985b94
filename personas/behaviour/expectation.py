"""What customers can be expected to order: BG/NBD or MBG/NBD for how often, Gamma-Gamma for how much.

The models are those of `clvkit` (extra `value`); this is the only module that knows it.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from persona_kit.errors import EnvironmentProblem
from personas.behaviour.notes import note
from personas.behaviour.records import HoldoutCheck, ValueModel
from personas.counting import Z_95
from personas.records import Interval

LEAST_REPEATING: Final = 50
"""Fewer customers with orders on two days or more do not tell how often people come back."""
LEAST_DAYS: Final = 120
"""A shorter table cannot be parted into a time to fit and a time to check."""
HOLDOUT_SHARE: Final = 0.25
FITTED_AT_MOST: Final = 4_000
"""Four parameters need no more customers than that; everybody is predicted all the same."""
FURTHEST_OFF: Final = 2.0
"""A model whose checked total is further off than this factor is not used."""
MOST_DEPENDENT: Final = 0.3
"""Rank correlation of how often and how much, from which expected money is told with a caution (clvkit's own bound)."""
Z_ONE_SIDED: Final = 1.6448536269514722
"""95 % quantile of the standard normal distribution."""
DAYS_A_WEEK: Final = 7.0

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class OrderDays:
    """Days with orders: the several orders of one day are one visit to the shop."""

    customer: Ints
    """``(order days,)`` sorted by customer, then day."""
    day: Ints
    amount: Floats
    """In medians of its currency, so that currencies can be looked at together; NaN where unknown."""


@dataclass(frozen=True)
class Expectation:
    """What is expected of each customer; NaN where nothing is."""

    orders: Floats
    """``(customers,)`` days with an order over the horizon."""
    amount: Floats
    """Money of one of them, in medians of the currency."""
    model: ValueModel | None
    why_no_orders: str = ""
    why_no_value: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Summary:
    """What the models need of each customer; times in weeks."""

    customer: Ints
    frequency: Floats
    recency: Floats
    age: Floats
    paid_times: Floats
    """Later order days with a known amount above zero."""
    paid: Floats
    """Their mean amount; 0 where there are none."""

    def part(self, which: Any) -> _Summary:
        return _Summary(*(getattr(self, name)[which] for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class _Checked:
    model: Any
    told: HoldoutCheck


def expect(days: OrderDays, *, people: int, as_of: int, horizon_days: int, seed: int) -> Expectation:
    """Expected order days and the money of one, for every customer with a dated order.

    The model is first fitted without the last quarter of the time and must meet what that quarter brought; it is used
    only where it does.

    Args:
        days: of all customers, without refunds.
        people: number of customers.
        as_of: last day of the table.
        horizon_days: how far to look ahead.
        seed: for drawing the customers to fit on, where there are many.

    Raises:
        EnvironmentProblem: when the library is not installed.
    """
    require_clvkit()
    nothing = np.full(people, np.nan)
    summary = _summarise(days, as_of)
    why = _too_little(summary, days, as_of)
    if why:
        return Expectation(nothing, nothing, None, why, why)
    checked = _check(days, as_of, seed)
    if isinstance(checked, str):
        return Expectation(nothing, nothing, None, checked, checked)
    drawn = _drawn(summary, seed)
    fitted = _fit(type(checked.model), drawn)
    orders = nothing.copy()
    orders[summary.customer] = _predict(fitted, summary, horizon_days)
    amount = nothing.copy()
    money, parameters, why_no_value, notes = _fit_money(summary, seed)
    if money is not None:
        amount[summary.customer] = money
    name = type(fitted).__name__.replace("NBD", "/NBD")
    model = ValueModel(
        name=f"{name} and Gamma-Gamma" if money is not None else name,
        library=f"clvkit {version('clvkit')}",
        parameters={**{key: float(value) for key, value in fitted.params_.items()}, **parameters},
        customers=len(summary.customer),
        fitted_on=len(drawn.customer),
        check=checked.told,
    )
    return Expectation(orders, amount, model, "", why_no_value, notes)


def require_clvkit() -> None:
    """Raise where the library of the models is not installed.

    Raises:
        EnvironmentProblem: when it is not.
    """
    try:
        import clvkit  # noqa: F401  # asks whether it can be imported
    except ImportError as error:
        raise EnvironmentProblem(
            "expected orders and their value need clvkit", where="expected value", mend="pip install '.[value]'"
        ) from error


def _summarise(days: OrderDays, as_of: int) -> _Summary:
    """Repeat order days, time from first to last and to the end, and the mean amount of the repeats."""
    starts = np.flatnonzero(np.diff(days.customer, prepend=-1))
    counts = np.diff(np.append(starts, len(days.customer)))
    first = days.day[starts]
    last = days.day[starts + counts - 1]
    later = np.ones(len(days.customer), dtype=bool)
    later[starts] = False
    known = later & (np.nan_to_num(days.amount) > 0)
    owner = np.repeat(np.arange(len(starts)), counts)
    times = np.bincount(owner[known], minlength=len(starts)).astype(np.float64)
    paid = np.bincount(owner[known], weights=days.amount[known], minlength=len(starts))
    return _Summary(
        customer=days.customer[starts],
        frequency=counts - 1.0,
        recency=(last - first) / DAYS_A_WEEK,
        age=(as_of - first) / DAYS_A_WEEK,
        paid_times=times,
        paid=np.divide(paid, times, out=np.zeros(len(starts)), where=times > 0),
    )


def _too_little(summary: _Summary, days: OrderDays, as_of: int) -> str:
    repeating = int((summary.frequency > 0).sum())
    if repeating < LEAST_REPEATING:
        return note("few repeating", repeating, least=LEAST_REPEATING)
    span = as_of - int(days.day.min())
    if span < LEAST_DAYS:
        return note("short span", days=span, least=LEAST_DAYS)
    return ""


def _base(summary: _Summary, *, money: bool = False) -> Any:
    """The customers as clvkit takes them."""
    import pandas as pd
    from clvkit import CustomerBase

    columns = {
        "frequency": summary.paid_times if money else summary.frequency,
        "recency": summary.recency,
        "T": summary.age,
    }
    if money:
        columns["monetary_value"] = summary.paid
    return CustomerBase(
        pd.DataFrame(columns, index=pd.Index(summary.customer, name="customer_id")),
        time_unit="W",
        collapse="D",
        # Told for the record alone: ages are already counted to this day.
        observation_period_end=pd.Timestamp("1970-01-01"),
        has_monetary=money,
        on_negative="net",
    )


def _drawn(summary: _Summary, seed: int) -> _Summary:
    if len(summary.customer) <= FITTED_AT_MOST:
        return summary
    rng = np.random.default_rng(seed)
    return summary.part(np.sort(rng.choice(len(summary.customer), FITTED_AT_MOST, replace=False)))


def _likelier(drawn: _Summary) -> Any:
    """The likelier of BG/NBD and MBG/NBD; both have four parameters."""
    from clvkit import BGNBD, MBGNBD

    return max((_fit(kind, drawn) for kind in (BGNBD, MBGNBD)), key=lambda model: float(model.log_likelihood_))


def _fit(kind: Any, drawn: _Summary) -> Any:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        # Steps of the search into overflow are turned back by the library itself.
        warnings.simplefilter("ignore")
        return kind().fit(_base(drawn))


def _predict(model: Any, summary: _Summary, days: int) -> Floats:
    """Expected order days of each customer over so many days."""
    ahead = days / DAYS_A_WEEK
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        told = model.predict(ahead, cb=_base(summary)).to_pandas().to_numpy(dtype=np.float64)[:, 0]
    # Nobody is expected more often than if all stayed; where the hypergeometric series overflows, that bound stands in.
    most = (model.params_["r"] + summary.frequency) / (model.params_["alpha"] + summary.age) * ahead
    alive = model.probability_alive(cb=_base(summary)).to_pandas().to_numpy(dtype=np.float64)[:, 0]
    expected: Floats = np.clip(np.where(np.isfinite(told), told, most * alive), 0.0, most)
    return expected


def _check(days: OrderDays, as_of: int, seed: int) -> _Checked | str:
    """The model fitted without the last quarter of the time and how it meets that quarter, or why none is used."""
    span = as_of - int(days.day.min())
    held = int(span * HOLDOUT_SHARE)
    cut = as_of - held
    before = days.day <= cut
    known = _summarise(OrderDays(days.customer[before], days.day[before], days.amount[before]), cut)
    if (known.frequency > 0).sum() < LEAST_REPEATING:
        return note("few early")
    fitted = _likelier(_drawn(known, seed))
    expected = _predict(fitted, known, held)
    observed = np.bincount(days.customer[~before], minlength=int(days.customer.max()) + 1)[known.customer]
    total = float(expected.sum())
    error = Z_95 * float(np.sqrt(((observed - expected) ** 2).sum())) / total if total > 0 else np.inf
    ratio = float(observed.sum()) / total if total > 0 else np.inf
    related = _rank_correlation(expected, observed.astype(np.float64))
    check = HoldoutCheck(
        days=held,
        customers=len(expected),
        expected_orders=round(total, 1),
        observed_orders=int(observed.sum()),
        ratio=Interval(low=max(0.0, ratio - error), high=ratio + error),
        rank_correlation=round(related, 4),
        beats_chance=related * np.sqrt(len(expected) - 1) > Z_ONE_SIDED,
    )
    return _why_not(check, ratio) or _Checked(fitted, check)


def _why_not(check: HoldoutCheck, ratio: float) -> str:
    met: dict[str, Any] = {
        "days": check.days,
        "observed": f"{check.observed_orders:,}",
        "expected": f"{check.expected_orders:,.0f}",
    }
    if not 1 / FURTHEST_OFF <= ratio <= FURTHEST_OFF:
        return note("does not hold", **met)
    if not check.beats_chance:
        return note("ranks nobody", **met)
    return ""


def _rank_correlation(first: Floats, second: Floats) -> float:
    """Spearman's rank correlation, 0 where either is the same for all; one large customer does not decide it."""
    ranks = [_middle_ranks(values) for values in (first, second)]
    if any(values.std() == 0 for values in ranks):
        return 0.0
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def _middle_ranks(values: Floats) -> Floats:
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    middle: Floats = np.cumsum(counts) - counts / 2
    return middle[place]


def _fit_money(summary: _Summary, seed: int) -> tuple[Floats | None, dict[str, float], str, tuple[str, ...]]:
    """Expected amount of an order day, the parameters, why there is none, and cautions."""
    from clvkit import GammaGamma
    from clvkit.clv import check_monetary_independence

    paying = summary.part(summary.paid_times > 0)
    if len(paying.customer) < LEAST_REPEATING:
        return None, {}, note("few paying", len(paying.customer)), ()
    base = _base(_drawn(paying, seed), money=True)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            model = GammaGamma().fit(base)
        except (RuntimeError, ValueError) as error:
            return None, {}, note("amounts do not fit", error=error), ()
        if not (model.q or 0) > 1:
            return None, {}, note("no mean"), ()
        money = model.predict(cb=_base(summary, money=True)).to_pandas().to_numpy(dtype=np.float64)[:, 0]
        try:
            related = float(check_monetary_independence(base).spearman_rho)
        except ValueError:
            related = 0.0
    notes: tuple[str, ...] = ()
    if abs(related) >= MOST_DEPENDENT:
        notes = (note(f"often and {'more' if related > 0 else 'less'}", related=f"{related:.2f}"),)
    fitted = {"amount_p": model.p, "amount_q": model.q, "amount_gamma": model.gamma}
    return money, {name: float(value or 0.0) for name, value in fitted.items()}, "", notes

"""The regression against what it is defined as, and against worlds whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import expit

from personas.trends.regression import (
    LARGEST_RATIO,
    Floats,
    correct_for_many,
    fit_change,
    repeat_inflation,
    settle_doubt,
)


def _penalised(beta: Floats, x: Floats, voiced: Floats, n: Floats) -> float:
    """Minus the likelihood with Jeffreys' prior, of which Firth's estimate is the mode."""
    p = expit(beta[:-1] + beta[-1] * x[:, None])
    weight = n * p * (1 - p)
    strata = n.shape[1]
    information = np.zeros((strata + 1, strata + 1))
    information[np.arange(strata), np.arange(strata)] = weight.sum(axis=0)
    information[-1, :-1] = information[:-1, -1] = x @ weight
    information[-1, -1] = float((x**2) @ weight.sum(axis=1))
    likelihood = float((voiced * np.log(p) + (n - voiced) * np.log(1 - p)).sum())
    return -likelihood - 0.5 * float(np.linalg.slogdet(information)[1])


def test_the_slope_is_the_mode_of_the_penalised_likelihood() -> None:
    rng = np.random.default_rng(0)
    x = np.linspace(0, 1, 7)
    n = rng.integers(5, 40, size=(7, 3)).astype(float)
    voiced = rng.binomial(n.astype(int), 0.15 + 0.3 * x[:, None]).astype(float)
    fit = fit_change(x, voiced, n)
    assert fit is not None
    best = minimize(_penalised, np.zeros(4), args=(x, voiced, n), method="BFGS")
    assert fit.slope == pytest.approx(best.x[-1], abs=1e-3)


def test_the_ratio_is_the_planted_one_on_many_people() -> None:
    x = np.linspace(0, 1, 12)
    share = expit(np.log(0.1 / 0.9) + x * (np.log(0.3 / 0.7) - np.log(0.1 / 0.9)))
    n = np.full((12, 1), 1e6)
    fit = fit_change(x, n * share[:, None], n)
    assert fit is not None
    assert fit.change().value == pytest.approx(3.0, rel=1e-3)


def test_a_theme_from_nothing_has_a_finite_answer() -> None:
    x = np.linspace(0, 1, 8)
    n = np.full((8, 2), 50.0)
    voiced = np.zeros((8, 2))
    voiced[-1] = 20
    fit = fit_change(x, voiced, n)
    assert fit is not None
    change = fit.change()
    assert 20 < change.value <= LARGEST_RATIO
    assert change.p < 1e-4


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_what_nobody_or_everybody_says_has_no_change(share: float) -> None:
    n = np.full((5, 2), 20.0)
    assert fit_change(np.linspace(0, 1, 5), share * n, n) is None


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_time_turned_round_turns_the_ratio_round(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = rng.integers(0, 30, size=(6, 3)).astype(float)
    voiced = rng.binomial(n.astype(int), 0.3).astype(float)
    x = np.linspace(0, 1, 6)
    forth, back = fit_change(x, voiced, n), fit_change(x, voiced[::-1], n[::-1])
    assert (forth is None) == (back is None)
    if forth is not None and back is not None:
        assert forth.log_ratio == pytest.approx(-back.log_ratio, abs=1e-4)
        assert forth.z == pytest.approx(-back.z, abs=1e-9)
        assert forth.error == pytest.approx(back.error, abs=1e-4)


def test_the_interval_covers_and_the_dispersion_is_one_where_chance_is_all() -> None:
    rng = np.random.default_rng(3)
    x, n = np.linspace(0, 1, 12), np.full((12, 1), 80.0)
    fits = [fit_change(x, rng.binomial(80, 0.05, size=(12, 1)).astype(float), n) for _ in range(300)]
    known = [fit for fit in fits if fit is not None]
    assert np.mean([fit.dispersion for fit in known]) == pytest.approx(1.0, abs=0.1)
    covered = [fit.change().low <= 1 <= fit.change().high for fit in known]
    assert 0.93 <= np.mean(covered) <= 0.99


def test_scatter_of_the_periods_widens_the_interval() -> None:
    rng = np.random.default_rng(5)
    x, n = np.linspace(0, 1, 12), np.full((12, 1), 400.0)
    fits = []
    for _ in range(30):
        share = expit(-1.5 + rng.normal(0, 0.5, size=(12, 1)))
        fit = fit_change(x, rng.binomial(400, share).astype(float), n)
        assert fit is not None
        fits.append(fit)
    settled = settle_doubt(fits, [1.0] * 30, [1000] * 30)
    assert min(fit.inflation for fit in settled) > 4
    assert sum(fit.change().p <= 0.05 for fit in fits) > 8
    assert sum(fit.change().p <= 0.05 for fit in settled) <= 4


def test_the_same_people_again_are_less_proof_than_others() -> None:
    rng = np.random.default_rng(1)
    x = np.repeat(np.linspace(0, 1, 4), 50)
    says = rng.random(100) < 0.5
    # A hundred people, half of them in the first two periods and half in the last two, saying the same in both.
    person = np.concatenate([np.arange(50), np.arange(50), np.arange(50, 100), np.arange(50, 100)])
    residual = says[person] - 0.5
    nothing = np.zeros(200, dtype=np.int64)
    weights = np.full(200, 0.25)
    assert repeat_inflation(x, nothing, residual, weights, person) > 1.5
    assert repeat_inflation(x, nothing, residual, weights, np.arange(200)) == pytest.approx(1.0)


def test_correction_for_many() -> None:
    assert correct_for_many([]) == []
    assert correct_for_many([0.01, 0.02, 0.03, 0.5]) == pytest.approx([0.04, 0.04, 0.04, 0.5])

"""How a share changes, and how sure that is: a line on the log odds, with the doubt that people and periods add."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from personas.trends.records import Change

Floats = NDArray[np.float64]

MOST_STEPS = 60
CONVERGED = 1e-6
"""Step of the log odds below which a fit has settled."""

LARGEST_STEP = 3.0
"""Newton steps of the log odds are cut here, so that a theme that appears from nothing does not overshoot."""


LARGEST_RATIO = 1000.0
"""Ratios are cut here: how many times more than next to nothing cannot be told."""


CALM_PART = 0.25
"""Part of the fits, those that scatter least, that tell how much everything scatters."""


@dataclass(frozen=True)
class Fit:
    """A change of a share from ``x = 0`` to ``x = 1``, before its doubt is settled."""

    log_ratio: float
    """Logarithm of the ratio of the fitted shares."""
    error: float
    """Standard error of the log ratio if every voice were drawn on its own."""
    z: float
    """Score statistic against no change, likewise."""
    fitted: Floats
    """``(periods, strata)`` fitted shares."""
    slope: float
    dispersion: float
    """How many times more the periods scatter about the line than chance explains; around 1 where it is chance."""
    freedom: int
    """Degrees of freedom of the dispersion."""
    inflation: float = 1.0
    """What the variance is multiplied with, see `settle_doubt`."""
    people: int | None = None
    """Whom the variance was told from, where that is people who write in several periods."""

    def change(self, q: float | None = None) -> Change:
        """The ratio with its interval."""
        from scipy.stats import t

        # Without people the quantile is that of the normal distribution.
        freedom = np.inf if self.people is None else max(self.people - 1, 1)
        half = float(t.ppf(0.975, freedom)) * self.error * np.sqrt(self.inflation)
        p = float(2 * t.sf(abs(self.z) / np.sqrt(self.inflation), freedom))
        ends = np.array([self.log_ratio, self.log_ratio - half, self.log_ratio + half])
        value, low, high = np.exp(np.clip(ends, -np.log(LARGEST_RATIO), np.log(LARGEST_RATIO)))
        return Change(value=float(value), low=float(low), high=float(high), p=p, q=p if q is None else q)


def fit_change(x: Floats, voiced: Floats, active: Floats) -> Fit | None:
    """Logistic regression of the share who voice a thing on `x`, with a level of its own for each stratum.

    The estimate is Firth's, which stays finite where a theme is silent at one end; the test is the stratified score
    test for a trend. The ratio is of shares, standardised to the strata of all periods together.

    Args:
        x: ``(periods,)`` what the share depends on, 0 to 1.
        voiced: ``(periods, strata)`` people who voice it.
        active: ``(periods, strata)`` people who wrote.

    Returns:
        None where nobody or everybody voices it, or nobody wrote at more than one x.

    Source:
        Firth, Bias reduction of maximum likelihood estimates, Biometrika 80 (1993); Mantel, Chi-square tests with one
        degree of freedom, JASA 58 (1963); Lane, Nelder, Analysis of covariance and standardization as instances of
        prediction, Biometrics 38 (1982).
    """
    strata = active.sum(axis=0) > 0
    voiced, n = voiced[:, strata], active[:, strata]
    z = _score(x, voiced, n)
    if z is None:
        return None
    beta, covariance = _firth(x, voiced, n)
    levels, slope = beta[:-1], float(beta[-1])
    mix = n.sum(axis=0) / n.sum()
    ends = [_expit(levels + slope * at) for at in (0.0, 1.0)]
    shares = [float(mix @ end) for end in ends]
    gradients = [np.append(mix * end * (1 - end), at * (mix @ (end * (1 - end)))) for at, end in enumerate(ends)]
    gradient = gradients[1] / shares[1] - gradients[0] / shares[0]
    fitted = _expit(levels + slope * x[:, None])
    dispersion, freedom = _dispersion(voiced, n, fitted)
    whole = np.zeros(active.shape)
    whole[:, strata] = fitted
    return Fit(
        log_ratio=float(np.log(shares[1] / shares[0])),
        error=float(np.sqrt(max(float(gradient @ covariance @ gradient), 0.0))),
        z=z,
        fitted=whole,
        slope=slope,
        dispersion=dispersion,
        freedom=freedom,
    )


def _expit(values: Floats) -> Floats:
    from scipy.special import expit

    # Kept off 0 and 1, where a ratio and a variance have no value.
    result: Floats = np.clip(expit(values), 1e-12, 1 - 1e-12)
    return result


def _score(x: Floats, voiced: Floats, n: Floats) -> float | None:
    """The score statistic, standard normal where the share does not depend on x within the strata."""
    totals, hits = n.sum(axis=0), voiced.sum(axis=0)
    share = hits / totals
    middle = (x @ n) / totals
    spread = (n * (x[:, None] - middle) ** 2).sum(axis=0)
    variance = float((share * (1 - share) * spread * totals / np.maximum(totals - 1, 1)).sum())
    if variance <= 0:
        return None
    return float((x @ (voiced - n * share)).sum() / np.sqrt(variance))


def _firth(x: Floats, voiced: Floats, n: Floats) -> tuple[Floats, Floats]:
    """Levels of the strata and the slope last, with their covariance."""
    periods, strata = n.shape
    design = np.zeros((periods * strata, strata + 1))
    design[np.arange(periods * strata), np.tile(np.arange(strata), periods)] = 1.0
    design[:, -1] = np.repeat(x, strata)
    used = n.ravel() > 0
    design, y, m = design[used], voiced.ravel()[used], n.ravel()[used]
    beta: Floats = np.zeros(strata + 1)
    covariance: Floats = np.eye(strata + 1)
    level = (y.sum() + 0.5) / (m.sum() + 1)
    beta[:-1] = np.log(level / (1 - level))
    for _ in range(MOST_STEPS):
        p = _expit(design @ beta)
        weight = m * p * (1 - p)
        covariance = np.linalg.inv((design * weight[:, None]).T @ design).astype(np.float64, copy=False)
        leverage = weight * np.einsum("ij,jk,ik->i", design, covariance, design)
        step = covariance @ (design.T @ (y - m * p + leverage * (0.5 - p)))
        step *= min(1.0, LARGEST_STEP / max(float(np.abs(step).max()), 1e-12))
        beta += step
        if float(np.abs(step).max()) < CONVERGED:
            break
    return beta, covariance


def _dispersion(voiced: Floats, n: Floats, fitted: Floats) -> tuple[float, int]:
    """Pearson's statistic of the periods over its degrees of freedom, corrected for small counts.

    Source:
        Fletcher, Estimating overdispersion when fitting a generalized linear model to sparse data, Biometrika 99
        (2012).
    """
    wrote = n.sum(axis=1) > 0
    expected = (n * fitted).sum(axis=1)[wrote]
    variance = np.maximum((n * fitted * (1 - fitted)).sum(axis=1)[wrote], 1e-9)
    off = voiced.sum(axis=1)[wrote] - expected
    freedom = int(wrote.sum()) - 2
    if freedom < 1:
        return 1.0, 0
    pearson = float((off**2 / variance).sum()) / freedom
    skew = (1 - 2 * expected / n.sum(axis=1)[wrote]) * off / variance
    return pearson / max(1.0 + float(skew.mean()), 0.1), freedom


def settle_doubt(fits: Sequence[Fit], repeats: Sequence[float], people: Sequence[int]) -> list[Fit]:
    """The fits with their variances inflated by the largest of four: 1, own scatter, the usual scatter, and repeats.

    The usual scatter is told from the calmest quarter of all fits: a few periods tell little of one theme's own scatter
    and much of that of all together, and themes with ups and downs of their own must not make the others doubtful.

    Args:
        fits: of a family that is looked at together.
        repeats: of each fit, how many times the variance grows because the same people write in several periods.
        people: behind each fit; few of them tell little of their repeats.
    """
    usual = _usual_scatter(fits)
    settled = []
    for fit, repeat, count in zip(fits, repeats, people, strict=True):
        scatter = max(1.0, usual, fit.dispersion)
        settled.append(replace(fit, inflation=max(scatter, repeat), people=count if repeat > scatter else None))
    return settled


def _usual_scatter(fits: Sequence[Fit]) -> float:
    from scipy.stats import chi2

    if not fits or not fits[0].freedom:
        return 1.0
    freedom = fits[0].freedom
    calm = float(np.quantile([fit.dispersion for fit in fits], CALM_PART))
    return calm * freedom / float(chi2.ppf(CALM_PART, freedom))


def repeat_inflation(
    x: Floats, stratum: NDArray[np.int64], residuals: Floats, weights: Floats, person: NDArray[np.int64]
) -> float:
    """How many times the variance of a trend grows because the same people write in several periods.

    The ratio of the sandwich variance with people as clusters to the one with every row on its own.

    Args:
        x: ``(rows,)`` place in time of each person in each period.
        stratum: ``(rows,)`` of each row; x is centred within strata.
        residuals: ``(rows,)`` observed minus fitted.
        weights: ``(rows,)`` variance of each row.
        person: ``(rows,)`` whose row it is.

    Source:
        Liang, Zeger, Longitudinal data analysis using generalized linear models, Biometrika 73 (1986).
    """
    middle = np.bincount(stratum, weights * x) / np.maximum(np.bincount(stratum, weights), 1e-12)
    scores = (x - middle[stratum]) * residuals
    alone = float((scores**2).sum())
    return float((np.bincount(person, scores) ** 2).sum()) / alone if alone > 0 else 1.0


def correct_for_many(p_values: Sequence[float]) -> list[float]:
    """Benjamini-Hochberg: of what is called out at q <= 0.05, one in twenty is expected to be chance.

    Source:
        Benjamini, Hochberg, Controlling the false discovery rate, JRSS B 57 (1995).
    """
    from scipy.stats import false_discovery_control

    return [float(q) for q in false_discovery_control(p_values)] if p_values else []
